import assert from "node:assert/strict";
import messagingAPI from "messaging-api-messenger"; // CommonJS
import { isPageMessageID, picture } from "./check.js";

const { MessengerClient } = messagingAPI;
const button = { type: "postback", title: "Yes", payload: "YES" };

export default function prepare(c) {
  // With a secret the library adds appsecret_proof, made over the token that it has: the business's.
  const client = new MessengerClient({
    accessToken: c.token, appSecret: "any", version: c.version.slice(1), origin: c.gateway,
  });
  const isSent = (sent) => {
    isPageMessageID(sent.messageId);
    assert.equal(sent.recipientId, c.person);
  };
  return {
    async send() {
      isSent(await client.sendText(c.person, "hello"));
      isSent(await client.sendText(c.person, "hello", { messagingType: "RESPONSE" }));
    },
    async address() {
      for (const send of ["sendImage", "sendAudio", "sendVideo", "sendFile"]) {
        isSent(await client[send](c.person, "https://files.example/a"));
      }
    },
    async upload() {
      const file = { filename: "a.jpg", contentType: "image/jpeg" };
      const { attachmentId } = await client.uploadImage(Buffer.from(picture), { isReusable: true, ...file });
      isSent(await client.sendImage(c.person, { attachmentId }));
      const byAddress = await client.uploadImage("https://files.example/a.jpg", { isReusable: true });
      isSent(await client.sendImage(c.person, { attachmentId: byAddress.attachmentId }));
    },
    async templates() {
      const { attachmentId } = await client.uploadImage("https://files.example/a.jpg", { isReusable: true });
      isSent(await client.sendButtonTemplate(c.person, "Shall we deliver it?", [button]));
      isSent(await client.sendGenericTemplate(c.person, [{ title: "A bike", subtitle: "blue", buttons: [button] }]));
      isSent(await client.sendMediaTemplate(c.person, [{ mediaType: "image", attachmentId, buttons: [button] }]));
      isSent(await client.sendReceiptTemplate(c.person, {
        recipientName: "Ana", orderNumber: "1", currency: "USD", paymentMethod: "card",
        elements: [{ title: "A bike", price: 100, quantity: 1 }], summary: { totalCost: 100 },
      }));
    },
    async replies() {
      isSent(await client.sendText(c.person, "Which colour?", {
        quickReplies: [
          { contentType: "text", title: "Blue", payload: "BLUE" }, { contentType: "user_phone_number" },
        ],
      }));
    },
    async actions() {
      for (const action of ["typingOn", "typingOff", "markSeen"]) {
        assert.equal((await client[action](c.person)).recipientId, c.person);
      }
    },
    async persona() {
      const { id } = await client.createPersona({ name: "Ana", profilePictureUrl: "https://files.example/ana.jpg" });
      assert.ok((await client.getAllPersonas()).some((persona) => persona.id === id), "the persona is not listed");
      isSent(await client.sendText(c.person, "It is Ana", { personaId: id }));
    },
    async person() {
      assert.equal((await client.getUserProfile(c.person)).id, c.person);
      assert.equal((await client.getPageInfo({ fields: ["id", "name"] })).id, c.page);
    },
    async profile() {
      await client.setGetStarted("START");
      await client.setGreeting("Hello!");
      assert.equal((await client.getGetStarted()).payload, "START");
      assert.equal((await client.getGreeting())[0].text, "Hello!");
      await client.deleteGreeting();
      assert.ok(!(await client.getGreeting()), "the deleted greeting is still there");
    },
    async thread() {
      assert.equal((await client.passThreadControlToPageInbox(c.person, "a question")).success, true);
      assert.equal((await client.takeThreadControl(c.person)).success, true);
    },
    // It receives nothing.
  };
}
