// What every library's steps check in the same way.
import assert from "node:assert/strict";

// picture is a file of a size that does not fit into one packet.
export const picture = new Uint8Array(200_000).map((_, i) => i % 251);

export function isMessageID(id) {
  assert.match(id ?? "", /^wamid\./, "the answer has no message id");
}

export function isPageMessageID(id) {
  assert.match(id ?? "", /^m_/, "the answer has no message id");
}

export function isPicture(bytes, want = picture) {
  assert.equal(Buffer.compare(Buffer.from(bytes), Buffer.from(want)), 0, "the bytes are not those that went up");
}

// comesFrom checks that an address is the gateway's: the business's token opens nothing else.
export function comesFrom(address, gateway) {
  assert.equal(new URL(address).origin, gateway, "the file's address is not the gateway's");
}

export function hasTemplate(list, name) {
  const found = (list ?? []).find((template) => template.name === name);
  assert.ok(found, `the template ${name} is not listed`);
  assert.equal(found.status, "APPROVED");
}

// refuses checks that an answer about a file that is gone is an error.
export async function refuses(call) {
  let answer;
  try {
    answer = await call();
  } catch {
    return;
  }
  assert.ok(answer?.error, "the deleted file is still described");
}
