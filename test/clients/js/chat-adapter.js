import assert from "node:assert/strict";
import http from "node:http";
import { WhatsAppAdapter } from "@chat-adapter/whatsapp";
import { isMessageID, isPicture, picture } from "./check.js";

// The library reads files over https and from no internal address only. A proxy that ends TLS before
// the gateway is played here: it adds the headers that such proxies add.
const proxy = "https://gateway.example";
const forwarded = { "x-forwarded-proto": "https", "x-forwarded-host": "gateway.example" };

export default function prepare(c) {
  const direct = globalThis.fetch;
  globalThis.fetch = (address, init) =>
    direct(String(address).replace(proxy, c.gateway), { ...init, headers: { ...init?.headers, ...forwarded } });
  const transport = (url, signal, headers) =>
    new Promise((resolve, reject) => {
      http.get(url.href.replace(proxy, c.gateway), { signal, headers }, resolve).on("error", reject);
    });
  const silent = { debug() {}, info() {}, warn() {}, error() {}, child() { return silent; } };
  const adapter = new WhatsAppAdapter({
    accessToken: c.token, appSecret: c.secret, phoneNumberId: c.phone, verifyToken: "unused", userName: "guichet",
    apiUrl: proxy, apiVersion: c.version, logger: silent,
  });
  const thread = `whatsapp:${c.phone}:${c.customer}`;
  const received = [];
  adapter.chat = {
    processMessage(_adapter, _thread, message) { received.push(message); },
    getState() { return { get: async () => null, set: async () => {}, delete: async () => {} }; },
  };
  const deliver = ({ body, signature }) =>
    adapter.handleWebhook(new Request("http://business/webhook", {
      method: "POST", body, headers: { "x-hub-signature-256": signature },
    }));
  return {
    async send() {
      isMessageID((await adapter.postMessage(thread, "hello")).id);
    },
    // It has no call for templates.
    async media() {
      const sent = await adapter.postMessage(thread, {
        markdown: "a picture", files: [{ data: Buffer.from(picture), filename: "a.jpg", mimeType: "image/jpeg" }],
      });
      isMessageID(sent.id);
    },
    async receive() {
      const answer = await deliver(c.text);
      assert.equal(answer.status, 200, "the signature is not accepted");
      const changed = await deliver({ ...c.text, body: c.text.body + " " });
      assert.equal(changed.status, 401, "a changed body is accepted");
    },
    async photo() {
      const { id } = JSON.parse(c.photo.body).entry[0].changes[0].value.messages[0].image;
      isPicture(await adapter.downloadMedia(id, transport), Buffer.from(c.photoBytes, "base64"));
    },
  };
}
