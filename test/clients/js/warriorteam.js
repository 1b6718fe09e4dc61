import assert from "node:assert/strict";
import { extractWebhookEvents, isMessageEvent, Messenger, verifyWebhookSignature } from "@warriorteam/messenger-sdk";
import { isPageMessageID } from "./check.js";

const button = { type: "postback", title: "Yes", payload: "YES" };

export default function prepare(c) {
  const client = new Messenger({ accessToken: c.token, version: c.version, baseUrl: c.gateway, maxRetries: 0 });
  const recipient = { id: c.person };
  const isSent = (sent) => {
    isPageMessageID(sent.message_id);
    assert.equal(sent.recipient_id, c.person);
  };
  return {
    async send() {
      isSent(await client.send.message({ recipient, messaging_type: "RESPONSE", message: { text: "hello" } }));
      isSent(await client.send.message({ recipient, message: { text: "hello" } }));
    },
    async address() {
      for (const type of ["image", "audio", "video", "file"]) {
        isSent(await client.send.attachmentFromUrl({ recipient, type, url: "https://files.example/a" }));
      }
    },
    async upload() { // by address: it has no call that takes bytes
      const { attachment_id } = await client.attachments.upload({
        type: "image", url: "https://files.example/a.jpg", is_reusable: true,
      });
      isSent(await client.send.attachment({ recipient, type: "image", attachment_id }));
    },
    async templates() {
      const { attachment_id } = await client.attachments.upload({ type: "image", url: "https://files.example/a.jpg" });
      isSent(await client.templates.button({ recipient, text: "Shall we deliver it?", buttons: [button] }));
      isSent(await client.templates.generic({ recipient, elements: [{ title: "A bike", buttons: [button] }] }));
      isSent(await client.templates.media({ recipient, element: { media_type: "image", attachment_id } }));
      isSent(await client.templates.product({ recipient, elements: [{ id: "1" }] }));
    },
    async replies() {
      isSent(await client.send.message({
        recipient,
        message: { text: "Which colour?", quick_replies: [{ content_type: "text", title: "Blue", payload: "BLUE" }] },
      }));
    },
    async actions() {
      for (const action of ["typingOn", "typingOff", "markSeen"]) {
        assert.equal((await client.send[action](c.person)).recipient_id, c.person);
      }
      const { message } = JSON.parse(c.pageText.body).entry[0].messaging[0];
      const reaction = { messageId: message.mid, emoji: "❤️" };
      assert.equal((await client.send.addReaction(c.person, reaction)).recipient_id, c.person);
    },
    // It has no calls for personas.
    async person() {
      assert.equal((await client.profile.getBasic(c.person)).id, c.person);
      assert.equal((await client.profile.getFull(c.person)).id, c.person);
    },
    // It has no calls for the page's profile and for thread control.
    async receive() {
      const { body, signature } = c.pageText;
      assert.equal((await verifyWebhookSignature(body, signature, c.secret)).isValid, true, "the signature is not accepted");
      assert.equal((await verifyWebhookSignature(body + " ", signature, c.secret)).isValid, false, "a changed body is accepted");
      const [event] = extractWebhookEvents(JSON.parse(body));
      assert.ok(isMessageEvent(event));
      assert.equal(event.message.text, "Where is my parcel?");
    },
  };
}
