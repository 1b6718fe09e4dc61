import { WhatsAppBusinessSDK } from "@microfox/whatsapp-business";
import { comesFrom, hasTemplate, isMessageID, isPicture, picture } from "./check.js";

export default function prepare(c) {
  const client = new WhatsAppBusinessSDK({
    phoneNumberId: c.phone, businessAccountId: c.account, accessToken: c.token, baseUrl: `${c.gateway}/${c.version}`,
  });
  return {
    async send() {
      isMessageID((await client.sendTextMessage(c.customer, "hello")).data.messages[0].id);
      await client.sendLocationMessage(c.customer, { latitude: 48.85, longitude: 2.35, name: "Shop", address: "Rue 1" });
      await client.sendLocationRequestMessage(c.customer, "Where are you?");
      const { id } = JSON.parse(c.text.body).entry[0].changes[0].value.messages[0];
      await client.sendReaction(c.customer, id, "👍");
      await client.sendReply(c.customer, "text", "Yes", id);
      await client.markMessageAsRead(id);
      await client.sendTypingIndicator({ messageId: id });
    },
    async template() {
      const sent = await client.sendTemplateMessage(c.customer, "utility", "en_US", [
        { type: "body", parameters: [{ type: "text", text: "Ana" }] },
      ]);
      isMessageID(sent.data.messages[0].id);
    },
    // It has no call that deletes a file.
    async media() {
      const { data } = await client.uploadMedia(new Blob([picture], { type: "image/jpeg" }), "image");
      comesFrom((await client.getMediaUrl(data.id)).data.url, c.gateway);
      isPicture((await client.downloadMedia(data.id)).data);
      isMessageID((await client.sendImageMessage(c.customer, { id: data.id })).data.messages[0].id);
    },
    async templates() {
      hasTemplate((await client.getTemplates()).data.data, "utility");
    },
    async photo() {
      const { id } = JSON.parse(c.photo.body).entry[0].changes[0].value.messages[0].image;
      isPicture((await client.downloadMedia(id)).data, Buffer.from(c.photoBytes, "base64"));
    },
  };
}
