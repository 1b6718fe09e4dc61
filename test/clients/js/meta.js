import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { isMessageID } from "./check.js";

const require = createRequire(import.meta.url);
const http = require("node:http");
const https = require("node:https");

// Meta's own library, which is archived. It knows https at port 443 only, so its requests are led to
// the gateway here; the library waits for the handshake that there is none of.
function lead(gateway) {
  const { hostname, port } = new URL(gateway);
  https.request = (options) => {
    const request = http.request({ ...options, hostname, port, agent: undefined });
    request.on("socket", (socket) => socket.once("connect", () => socket.emit("secureConnect")));
    return request;
  };
}

export default function prepare(c) {
  lead(c.gateway);
  Object.assign(process.env, {
    NODE_ENV: "production", WA_BASE_URL: "gateway.example", WA_PHONE_NUMBER_ID: c.phone, CLOUD_API_VERSION: c.version,
    CLOUD_API_ACCESS_TOKEN: c.token,
  });
  console.log = () => {}; // it tells what it sends
  const WhatsApp = require("whatsapp");
  const client = new WhatsApp(c.phone);
  const accepted = async (sending) => isMessageID((await (await sending).responseBodyToJSON()).messages?.[0]?.id);
  return {
    send: () => accepted(client.messages.text({ body: "hello", preview_url: false }, c.customer)),
    template: () =>
      accepted(client.messages.template({
        name: "utility",
        language: { policy: "deterministic", code: "en_US" },
        components: [{ type: "body", parameters: [{ type: "text", text: "Ana" }] }],
      }, c.customer)),
    // It has no calls for media and templates, and its receiver fails on every webhook (it joins the
    // body's pieces as buffers, which they are not).
    async pin() {
      const answer = await (await client.twoStepVerification.setPin(123456)).responseBodyToJSON();
      assert.equal(answer.success, true);
    },
  };
}
