import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { isMessageID } from "./check.js";

const require = createRequire(import.meta.url);

// It knows graph.facebook.com only, so its requests are led to the gateway here.
function lead(gateway) {
  const axios = createRequire(require.resolve("whatsapp-cloud-api"))("axios");
  axios.interceptors.request.use((config) => ({
    ...config, url: config.url.replace("https://graph.facebook.com", gateway),
  }));
}

export default function prepare(c) {
  lead(c.gateway);
  console.log = () => {}; // it tells what it serves
  const { createBot } = require("whatsapp-cloud-api");
  const bot = createBot(c.phone, c.token, { version: c.version });
  const accepted = async (sending) => isMessageID((await sending).messageId);
  return {
    async send() {
      await accepted(bot.sendText(c.customer, "hello", { preview_url: true }));
      await accepted(bot.sendImage(c.customer, "https://ex.test/a.jpg", { caption: "front" }));
      await accepted(bot.sendDocument(c.customer, "https://ex.test/a.pdf", { filename: "a.pdf" }));
      await accepted(bot.sendAudio(c.customer, "https://ex.test/a.ogg"));
      await accepted(bot.sendVideo(c.customer, "https://ex.test/a.mp4"));
      await accepted(bot.sendSticker(c.customer, "https://ex.test/a.webp"));
      await accepted(bot.sendLocation(c.customer, 40.7128, -74.006, { name: "New York" }));
      await accepted(bot.sendContacts(c.customer, [{ name: { formatted_name: "Ana", first_name: "Ana" } }]));
      await accepted(bot.sendReplyButtons(c.customer, "Keep it?", { yes: "Yes", no: "No" }, { footerText: "Shop" }));
      await accepted(bot.sendList(c.customer, "Open", "Pick", { AM: [{ id: "1", title: "10:00", description: "x" }] }));
    },
    template: () =>
      accepted(bot.sendTemplate(c.customer, "utility", "en_US", [
        { type: "body", parameters: [{ type: "text", text: "Ana" }] },
      ])),
    // It has no check of signatures, and no calls for media and templates.
    async receive() {
      const { server } = await bot.startExpressServer({ port: "0", webhookVerifyToken: "x" });
      if (!server.listening) {
        await once(server, "listening");
      }
      const heard = new Promise((resolve) => bot.on("text", resolve));
      const answer = await fetch(`http://127.0.0.1:${server.address().port}/webhook/whatsapp`, {
        method: "POST", body: c.text.body, headers: { "Content-Type": "application/json" },
      });
      assert.equal(answer.status, 200);
      assert.equal((await heard).data.text, "Where is my parcel?");
      server.close();
    },
  };
}
