// The page's state: one value that is replaced, never changed, and those who draw it.
import { useEffect, useState } from "./ui.js";

let state = {
  connected: false,
  accounts: [], // those of the simulator
  chats: new Map(), // by chatKey
  books: null, // the business's money, windows and ledger, see books.js; null where nobody tells
  callbacks: [], // what the sink received, newest at the end
  tenant: "", // the business that everything is about: the id of the first of its accounts
  talk: "", // whom the desk talks to, by chatKey
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

/** keyOf is the chatKey of somebody with a phone: {channel, person, name}. */
export function keyOf(one) {
  return chatKey(one.channel, one.person);
}

export function chatOf(current, one) {
  return current.chats.get(keyOf(one));
}

/** accountsOf returns the accounts and pages of the chosen business, which share a gateway. */
export function accountsOf(current) {
  return current.accounts.filter((account) => account.tenant === current.tenant);
}

/** accountOf returns the account that a channel belongs to. */
export function accountOf(current, channel) {
  return current.accounts.find((account) => account.numbers.some((number) => number.id === channel));
}

/** channelsOf lists the numbers and pages of the chosen business, each with its network. */
export function channelsOf(current) {
  return accountsOf(current).flatMap(({ network, numbers }) => numbers.map((number) => ({ ...number, network })));
}

/** onWhatsApp tells whether a channel is a number; pages can do less here. */
export function onWhatsApp(current, channel) {
  return networkOf(current, channel) === "whatsapp";
}

/** networkOf is whatsapp, page or instagram. */
export function networkOf(current, channel) {
  return accountOf(current, channel)?.network ?? "whatsapp";
}

export function numberOf(current, channel) {
  return accountOf(current, channel)?.numbers.find((number) => number.id === channel);
}

let noticeTimer;

/** announce shows a sentence for some seconds, and has it read aloud. */
export function announce(notice) {
  clearTimeout(noticeTimer);
  change({ notice });
  noticeTimer = setTimeout(() => change({ notice: "" }), 6000);
}
