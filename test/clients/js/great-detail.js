import assert from "node:assert/strict";
import { Client } from "@great-detail/whatsapp";
import { comesFrom, hasTemplate, isMessageID, isPicture, picture, refuses } from "./check.js";

export default function prepare(c) {
  const headers = { Authorization: `Bearer ${c.token}` };
  const client = new Client({ prefixUrl: c.gateway, graphVersion: c.version, request: { headers } });
  const phoneNumberID = c.phone;
  const download = async (mediaURL) =>
    client.media.download({ mediaURL, request: { headers: { ...headers, Host: undefined } } }).arrayBuffer();
  return {
    async send() {
      const sent = await client.message
        .createMessage({ phoneNumberID, to: c.customer, type: "text", text: { body: "hello" } })
        .json();
      isMessageID(sent.messages[0].id);
    },
    async template() {
      const sent = await client.message
        .createMessage({
          phoneNumberID,
          to: c.customer,
          type: "template",
          template: {
            name: "utility",
            language: { code: "en_US" },
            components: [{ type: "body", parameters: [{ type: "text", text: "Ana" }] }],
          },
        })
        .json();
      isMessageID(sent.messages[0].id);
    },
    async media() {
      const { id: mediaID } = await client.media
        .upload({ phoneNumberID, mimeType: "image/jpeg", file: new Blob([picture], { type: "image/jpeg" }), filename: "a.jpg" })
        .json();
      const about = await client.media.getURL({ mediaID, phoneNumberID }).json();
      comesFrom(about.url, c.gateway);
      isPicture(await download(about.url));
      await client.media.delete({ mediaID, phoneNumberID }).json();
      await refuses(() => client.media.getURL({ mediaID }).json());
    },
    async templates() {
      const list = await client.template
        .list(c.account, { limit: 10, status: ["APPROVED", "PAUSED"], fields: ["id", "name", "status"] })
        .json();
      hasTemplate(list.data, "utility");
    },
    async receive() {
      const { body, signature } = c.text;
      const request = (text) => ({ method: "POST", query: {}, headers: { "x-hub-signature-256": signature }, body: text });
      const event = await client.webhook.eventNotification(request(body));
      await event.verifySignature(c.secret);
      const changed = await client.webhook.eventNotification(request(body + " "));
      await assert.rejects(changed.verifySignature(c.secret), "a changed body is accepted");
      assert.equal(event.eventNotification.entry[0].changes[0].value.messages[0].text.body, "Where is my parcel?");
    },
    async photo() {
      const event = JSON.parse(c.photo.body);
      const { id: mediaID } = event.entry[0].changes[0].value.messages[0].image;
      const about = await client.media.getURL({ mediaID }).json();
      isPicture(await download(about.url), Buffer.from(c.photoBytes, "base64"));
    },
  };
}
