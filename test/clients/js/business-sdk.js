import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { comesFrom, hasTemplate, isMessageID, isPicture, picture, refuses } from "./check.js";

const { FacebookAdsApi, WhatsAppBusinessAccount } = createRequire(import.meta.url)("facebook-nodejs-business-sdk");

// Meta's Business SDK. It has a class for business accounts; numbers and files have the general call.
export default function prepare(c) {
  Object.defineProperty(FacebookAdsApi, "GRAPH", { get: () => c.gateway });
  Object.defineProperty(FacebookAdsApi, "VERSION", { get: () => c.version });
  const api = FacebookAdsApi.init(c.token, "en_US", false);
  const send = (message) =>
    api.call("POST", [c.phone, "messages"], { messaging_product: "whatsapp", to: c.customer, ...message });
  const account = new WhatsAppBusinessAccount(c.account);
  const bytes = async (url) =>
    (await fetch(url, { headers: { Authorization: `Bearer ${c.token}` } })).arrayBuffer();
  return {
    async send() {
      isMessageID((await send({ type: "text", text: { body: "hello" } })).messages[0].id);
      const { id } = JSON.parse(c.text.body).entry[0].changes[0].value.messages[0];
      const read = { messaging_product: "whatsapp", status: "read", message_id: id };
      assert.equal((await api.call("POST", [c.phone, "messages"], read)).success, true);
    },
    async template() {
      const sent = await send({
        type: "template",
        template: {
          name: "utility",
          language: { code: "en_US" },
          components: [{ type: "body", parameters: [{ type: "text", text: "Ana" }] }],
        },
      });
      isMessageID(sent.messages[0].id);
    },
    // Its general call has no way to name a file's type, so the file goes up without it.
    async media() {
      const form = new FormData();
      form.set("messaging_product", "whatsapp");
      form.set("file", new Blob([picture], { type: "image/jpeg" }), "a.jpg");
      const up = await fetch(`${c.gateway}/${c.version}/${c.phone}/media?access_token=${c.token}`, {
        method: "POST", body: form,
      });
      const { id } = await up.json();
      const { url } = await api.call("GET", [id], {});
      comesFrom(url, c.gateway);
      isPicture(await bytes(url));
      assert.equal((await api.call("DELETE", [id], {})).success, true);
      await refuses(() => api.call("GET", [id], {}));
    },
    async templates() {
      const list = await account.getMessageTemplates(["name", "status", "category", "language"], { limit: 10 });
      hasTemplate(list.map((template) => template._data), "utility");
      assert.equal((await account.get(["id", "name"])).id, c.account);
    },
    async photo() {
      const { id } = JSON.parse(c.photo.body).entry[0].changes[0].value.messages[0].image;
      isPicture(await bytes((await api.call("GET", [id], {})).url), Buffer.from(c.photoBytes, "base64"));
    },
    async pin() {
      assert.equal((await api.call("POST", [c.phone], { pin: "123456" })).success, true);
      const numbers = await account.getPhoneNumbers(["id", "display_phone_number"], {});
      assert.ok(numbers.some((number) => number.id === c.phone), "the number is not listed");
    },
  };
}
