import assert from "node:assert/strict";
import { WhatsAppAPI } from "whatsapp-api-js";
import { BodyComponent, BodyParameter, Language, Template, Text } from "whatsapp-api-js/messages";
import { comesFrom, hasTemplate, isMessageID, isPicture, picture, refuses } from "./check.js";

export default function prepare(c) {
  // The library's base URL is changed by its fetch.
  const toGateway = (address, init) => fetch(String(address).replace("https://graph.facebook.com", c.gateway), init);
  const client = new WhatsAppAPI({
    token: c.token, appSecret: c.secret, webhookVerifyToken: "unused", v: c.version, ponyfill: { fetch: toGateway },
  });
  const bytesOf = async (address) => (await client.fetchMedia(address)).arrayBuffer();
  return {
    async send() {
      const sent = await client.sendMessage(c.phone, c.customer, new Text("hello"));
      isMessageID(sent.messages?.[0]?.id);
    },
    async template() {
      const message = new Template("utility", new Language("en_US"), new BodyComponent(new BodyParameter("Ana")));
      const sent = await client.sendMessage(c.phone, c.customer, message);
      isMessageID(sent.messages?.[0]?.id);
    },
    async media() {
      const form = new FormData();
      form.set("file", new Blob([picture], { type: "image/jpeg" }), "a.jpg");
      const { id } = await client.uploadMedia(c.phone, form);
      const about = await client.retrieveMedia(id, c.phone);
      comesFrom(about.url, c.gateway);
      isPicture(await bytesOf(about.url));
      assert.equal((await client.deleteMedia(id, c.phone)).success, true);
      await refuses(() => client.retrieveMedia(id));
    },
    // It has no call for templates, but for any: $$apiFetch$$.
    async templates() {
      const answer = await client.$$apiFetch$$(`https://graph.facebook.com/${c.version}/${c.account}/message_templates`);
      hasTemplate((await answer.json()).data, "utility");
    },
    async receive() {
      const { body, signature } = c.text;
      let text;
      client.on.message = ({ message }) => { text = message.text.body; };
      await client.post(JSON.parse(body), body, signature);
      assert.equal(text, "Where is my parcel?");
      await assert.rejects(client.post(JSON.parse(body), body + " ", signature), "a changed body is accepted");
    },
    async photo() {
      const { id } = JSON.parse(c.photo.body).entry[0].changes[0].value.messages[0].image;
      isPicture(await bytesOf((await client.retrieveMedia(id)).url), Buffer.from(c.photoBytes, "base64"));
    },
  };
}
