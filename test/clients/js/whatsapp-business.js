import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { webhookHandler } from "whatsapp-business/dist/src/webhooks/helpers.js";
import { WABAClient } from "whatsapp-business";
import { comesFrom, isMessageID, isPicture, picture, refuses } from "./check.js";

// It reads files from a directory and writes them there.
async function inDirectory(use) {
  const directory = await mkdtemp(join(tmpdir(), "clients-"));
  try {
    await use((name) => join(directory, name));
  } finally {
    await rm(directory, { recursive: true });
  }
}

export default function prepare(c) {
  const client = new WABAClient({ apiToken: c.token, phoneId: c.phone, accountId: c.account });
  client.restClient.fetch.defaults.baseURL = `${c.gateway}/${c.version}`;
  const comesBack = async (url, to, want) => {
    const saved = await client.downloadMedia(url, to);
    await once(saved, "finish");
    isPicture(await readFile(to), want);
  };
  return {
    async send() {
      const message = { to: c.customer, type: "text", text: { body: "hello" } };
      isMessageID((await client.sendMessage(message)).messages[0].id);
      const { id } = JSON.parse(c.text.body).entry[0].changes[0].value.messages[0];
      assert.equal((await client.markMessageAsRead(id)).success, true);
    },
    async template() {
      const sent = await client.sendMessage({
        to: c.customer,
        type: "template",
        template: {
          name: "utility",
          language: { policy: "deterministic", code: "en_US" },
          components: [{ type: "body", parameters: [{ type: "text", text: "Ana" }] }],
        },
      });
      isMessageID(sent.messages[0].id);
    },
    media: () =>
      inDirectory(async (path) => {
        await writeFile(path("a.jpg"), picture);
        const { id } = await client.uploadMedia({ file: path("a.jpg"), type: "image/jpeg" });
        const { url } = await client.getMedia(id);
        comesFrom(url, c.gateway);
        await comesBack(url, path("b.jpg"));
        await client.deleteMedia(id);
        await refuses(() => client.getMedia(id));
      }),
    // It has no check of signatures.
    receive() {
      const texts = [];
      webhookHandler(JSON.parse(c.text.body), { onTextMessageReceived: (message) => texts.push(message.text.body) });
      assert.deepEqual(texts, ["Where is my parcel?"]);
    },
    photo: () =>
      inDirectory(async (path) => {
        const { id } = JSON.parse(c.photo.body).entry[0].changes[0].value.messages[0].image;
        const { url } = await client.getMedia(id);
        await comesBack(url, path("c.jpg"), Buffer.from(c.photoBytes, "base64"));
      }),
    async pin() {
      const numbers = await client.getBusinessPhoneNumbers();
      assert.ok(numbers.data.some((number) => number.id === c.phone), "the number is not listed");
      assert.equal((await client.getSingleBusinessPhoneNumber(c.phone)).id, c.phone);
      assert.equal((await client.setupTwoStepAuth({ phoneNumberId: c.phone, pin: "123456" })).success, true);
    },
  };
}
