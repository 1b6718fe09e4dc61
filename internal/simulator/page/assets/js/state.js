// The page's state: one value that is replaced, never changed, and those who draw it.
import { useEffect, useState } from "./ui.js";

let state = {
  connected: false,
  accounts: [], // those of the simulator
  chats: new Map(), // by chatKey
  books: null, // the account's money, windows and ledger, see books.js; null where nobody tells
  callbacks: [], // what the sink received, newest at the end
  channel: "", // the phone number id or page that everything is about
  person: "", // whom the desk talks to
  attempts: [], // the desk's own sends that were refused, or are not at the upstream yet
  notice: "", // a sentence for everybody, such as a failure
};

const followers = new Set();

export function getState() {
  return state;
}

/** change replaces members of the state; a function gets the state as it is. */
export function change(members) {
  state = { ...state, ...(typeof members === "function" ? members(state) : members) };
  for (const follow of followers) follow(state);
}

/** useStore returns the state, and draws the component again when it is replaced. */
export function useStore() {
  const [value, follow] = useState(state);
  useEffect(() => {
    followers.add(follow);
    follow(state);
    return () => followers.delete(follow);
  }, []);
  return value;
}

export function chatKey(channel, person) {
  return `${channel}|${person}`;
}

export function chatOf(current, person) {
  return current.chats.get(chatKey(current.channel, person));
}

/** accountOf returns the simulator's account that the chosen number belongs to. */
export function accountOf(current) {
  return current.accounts.find((a) => a.numbers.some((n) => n.id === current.channel)) ?? current.accounts[0];
}

/** onWhatsApp tells whether the chosen channel is a number; pages can do less here. */
export function onWhatsApp(current) {
  return (accountOf(current)?.network ?? "whatsapp") === "whatsapp";
}

export function numberOf(current) {
  return accountOf(current)?.numbers.find((n) => n.id === current.channel);
}

let noticeTimer;

/** announce shows a sentence for some seconds, and has it read aloud. */
export function announce(notice) {
  clearTimeout(noticeTimer);
  change({ notice });
  noticeTimer = setTimeout(() => change({ notice: "" }), 6000);
}
