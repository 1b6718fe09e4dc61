// The business's client: the Cloud API of the account's gateway, as any client uses it. Where an
// account has no gateway, the simulator itself answers.
import { now } from "./clock.js";
import { ask } from "./http.js";
import { pageContent } from "./messenger.js";
import { accountOf, change, getState, onWhatsApp } from "./state.js";

const version = "v26.0";
const storageKey = "guichet.token";

/** takeToken moves the token that the address ends with, as #token=…, to the session's storage. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(storageKey, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return token();
}

export function token() {
  return sessionStorage.getItem(storageKey) ?? "";
}

export function useToken(value) {
  sessionStorage.setItem(storageKey, value);
}

/** deskBase is the beginning of every path of the account's client. */
export function deskBase(account) {
  return `${account?.gateway ? `/desk/${account.id}` : ""}/${version}`;
}

/** call asks the client's API about a channel. */
function call(method, channel, path, options = {}) {
  const headers = { Authorization: `Bearer ${token() || "page"}`, ...options.headers };
  return ask(method, `${deskBase(accountOf(getState(), channel))}/${channel}/${path}`, { ...options, headers });
}

/** post sends or tries a message. That a person wrote it is told by a header, see docs/messenger.md. */
function post(one, content, members, signal) {
  const headers = content.byPerson ? { "Guichet-Written-By": "person" } : {};
  return call("POST", one.channel, "messages", { body: { ...messageTo(one, content), ...members }, headers, signal });
}

/** messageTo is the request for a message: content has its type and what the type needs. */
function messageTo({ channel, person }, content) {
  if (!onWhatsApp(getState(), channel)) {
    return { recipient: { id: person }, ...pageContent(content, accountOf(getState(), channel).templates) };
  }
  const to = /^\d+$/.test(person) ? { to: `+${person}` } : { recipient: person };
  return { messaging_product: "whatsapp", recipient_type: "individual", ...to, ...content };
}

/** send sends a message, and keeps what came of it until it is in the chat. */
export async function send(one, content) {
  const at = new Date(now()).toISOString();
  const attempt = { key: crypto.randomUUID(), channel: one.channel, person: one.person, at, message: content };
  try {
    const answer = await post(one, content);
    attempt.id = answer.message_id ?? answer.messages[0].id;
  } catch (error) {
    attempt.refusal = refusalOf(error);
  }
  return attempt;
}

/** refusalOf is why a send was refused: a code, a title and a sentence. */
export function refusalOf(error) {
  const said = error.answer?.error;
  if (typeof said !== "object" || said === null) return { title: error.message };
  return { code: said.code, title: said.message?.replace(/^\(#\d+\)\s*/, ""), details: said.error_data?.details };
}

/** addAttempt puts an attempt into its chat, unless it has arrived there already. */
export function addAttempt(attempt) {
  change((state) => {
    const here = [...state.chats.values()].some((chat) => chat.entries.some((e) => attempt.id && [e.id, e.callbackData].includes(attempt.id)));
    return here ? {} : { attempts: [...state.attempts.slice(-49), attempt] };
  });
}

/** tryOut asks what a message would cost, without sending it. */
export function tryOut(one, content, signal) {
  return post(one, content, { dry_run: true }, signal);
}

/** upload stores a file at the upstream and returns its id. */
export async function upload(number, file) {
  const form = new FormData();
  form.append("messaging_product", "whatsapp");
  form.append("type", file.type);
  form.append("file", file, "photo.png");
  return (await call("POST", number, "media", { body: form })).id;
}

/** markRead tells the customer that the business has read a message, and those before it. */
export function markRead(number, id) {
  return call("POST", number, "messages", { body: { messaging_product: "whatsapp", status: "read", message_id: id } });
}

export function block({ channel, person }, blocked) {
  const users = { messaging_product: "whatsapp", block_users: [{ user: person }] };
  return call(blocked ? "POST" : "DELETE", channel, "block_users", { body: users });
}
