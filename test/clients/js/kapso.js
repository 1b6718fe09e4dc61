import assert from "node:assert/strict";
import { WhatsAppClient } from "@kapso/whatsapp-cloud-api";
import { normalizeWebhook, verifySignature } from "@kapso/whatsapp-cloud-api/server";
import { comesFrom, hasTemplate, isMessageID, isPicture, picture, refuses } from "./check.js";

export default function prepare(c) {
  const client = new WhatsAppClient({ baseUrl: c.gateway, accessToken: c.token, graphVersion: c.version });
  const phoneNumberId = c.phone;
  return {
    async send() {
      const sent = await client.messages.sendText({ phoneNumberId, to: c.customer, body: "hello" });
      isMessageID(sent.messages[0].id);
    },
    async template() {
      const sent = await client.messages.sendTemplate({
        phoneNumberId,
        to: c.customer,
        template: {
          name: "utility",
          language: { code: "en_US" },
          components: [{ type: "body", parameters: [{ type: "text", text: "Ana" }] }],
        },
      });
      isMessageID(sent.messages[0].id);
    },
    async media() {
      const { id } = await client.media.upload({
        phoneNumberId, type: "image/jpeg", file: picture.buffer, fileName: "a.jpg",
      });
      const about = await client.media.get({ mediaId: id, phoneNumberId });
      comesFrom(about.url, c.gateway);
      isPicture(await client.media.download({ mediaId: id, phoneNumberId, auth: "always" }));
      await client.media.delete({ mediaId: id, phoneNumberId });
      await refuses(() => client.media.get({ mediaId: id, phoneNumberId }));
    },
    async templates() {
      const list = await client.templates.list({ businessAccountId: c.account, limit: 10, status: "APPROVED" });
      hasTemplate(list.data, "utility");
    },
    receive() {
      const { body, signature } = c.text;
      const check = (rawBody) => verifySignature({ appSecret: c.secret, rawBody, signatureHeader: signature });
      assert.ok(check(body), "the signature is not accepted");
      assert.ok(!check(body + " "), "a changed body is accepted");
      assert.equal(normalizeWebhook(JSON.parse(body)).messages[0].text.body, "Where is my parcel?");
    },
    async photo() {
      const { id } = normalizeWebhook(JSON.parse(c.photo.body)).messages[0].image;
      isPicture(await client.media.download({ mediaId: id, auth: "always" }), Buffer.from(c.photoBytes, "base64"));
    },
  };
}
