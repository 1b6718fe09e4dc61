// What the simulator tells: its time, its accounts, and the chats that change.
import { setNow } from "./clock.js";
import { change, chatKey } from "./state.js";

/** followFeed keeps the state up to date. The browser connects again by itself. */
export function followFeed() {
  const source = new EventSource("/control/feed");
  source.onmessage = (event) => take(JSON.parse(event.data));
  source.onerror = () => change({ connected: false });
}

function take(part) {
  setNow(part.now);
  change((state) => {
    const accounts = part.accounts ?? state.accounts;
    const chats = new Map(part.reset ? [] : state.chats);
    for (const chat of part.chats ?? []) chats.set(chatKey(chat.channel, chat.person), chat);
    return {
      connected: true,
      accounts,
      chats,
      tenant: accounts.some(({ tenant }) => tenant === state.tenant) ? state.tenant : firstTenant(accounts),
      callbacks: callbacksWith(part.reset ? [] : state.callbacks, part.callbacks ?? []),
      attempts: part.reset ? [] : state.attempts.filter((a) => a.refusal || !arrived(chats, a)),
    };
  });
}

function firstTenant(accounts) {
  return accounts.find((account) => account.numbers.length > 0)?.tenant ?? "";
}

/** arrived tells whether a send of the desk's is in its chat by now. */
function arrived(chats, attempt) {
  const entries = chats.get(chatKey(attempt.channel, attempt.person))?.entries ?? [];
  return entries.some((entry) => entry.callbackData === attempt.id || entry.id === attempt.id);
}

const keptCallbacks = 50;
let taken = 0;

/** callbacksWith adds callbacks to those that are there, each with a key of its own. */
function callbacksWith(before, added) {
  return [...before, ...added.map((one) => ({ ...one, key: ++taken }))].slice(-keptCallbacks);
}
