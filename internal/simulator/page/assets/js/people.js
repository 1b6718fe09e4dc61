// Who holds the phones: those that were chosen here, and whoever has written or was written to. Each
// is {channel, person, name}: the number or page that the phone writes to, and the person's address.
import { channelsOf, keyOf } from "./state.js";

const storageKey = "guichet.phones";

const castOfNumbers = [
  { person: "5511987654321", name: "Ana Souza", country: "Brazil" },
  { person: "919812345678", name: "Priya Nair", country: "India" },
  { person: "4915112345678", name: "Jonas Weber", country: "Germany" },
  { person: "33612345678", name: "Zoé Martin", country: "France" },
  { person: "525512345678", name: "Diego Luna", country: "Mexico" },
  { person: "14155552671", name: "Maya Brooks", country: "United States" },
];

const castOfPages = [
  { person: "7301982645501234", name: "Léa Moreau" },
  { person: "7301982645505678", name: "Noah Kim" },
  { person: "7301982645509012", name: "Ines Alves" },
];

const cast = [...castOfNumbers, ...castOfPages];

/** namesOfNetworks are those that people know. */
export const namesOfNetworks = { whatsapp: "WhatsApp", page: "Messenger", instagram: "Instagram" };

const castOf = (network) => (network === "whatsapp" ? castOfNumbers : castOfPages);

/** suggestions are people of a channel who are not there yet. */
export function suggestions(people, channel) {
  if (!channel) return [];
  return castOf(channel.network)
    .map(({ person, name }) => ({ channel: channel.id, person, name }))
    .filter((one) => !people.some((other) => keyOf(other) === keyOf(one)));
}

/** peopleOf returns those with a phone on the page: the chosen ones first, then those of the chats. */
export function peopleOf(chosen, state) {
  const channels = channelsOf(state);
  const there = (channel) => channels.some(({ id }) => id === channel);
  // A phone that was chosen for no channel in particular writes to the first one.
  const people = (chosen ?? firstPeople(channels)).map((one) => ({ ...one, channel: one.channel ?? channels[0]?.id }));
  for (const chat of state.chats.values()) {
    if (chat.group) continue;
    const known = people.find((one) => keyOf(one) === keyOf(chat));
    if (known) known.name = chat.name || known.name;
    else people.push({ channel: chat.channel, person: chat.person, name: chat.name || nameOf(chat.person) });
  }
  return people.filter((one) => there(one.channel));
}

/** firstPeople are one of each network, and a second one of the first. */
function firstPeople(channels) {
  const first = channels.filter((one, i) => channels.findIndex(({ network }) => network === one.network) === i);
  const phone = ({ id, network }, i) => ({ channel: id, person: castOf(network)[i].person, name: castOf(network)[i].name });
  return [...first.map((channel) => phone(channel, 0)), ...first.slice(0, 1).map((channel) => phone(channel, 1))];
}

/** nameOf is a name for an address that has none. */
export function nameOf(person) {
  return cast.find((one) => one.person === person)?.name ?? displayAddress(person);
}

/** displayAddress writes digits as a phone number, and other addresses as they are. */
export function displayAddress(person) {
  return /^\d{7,15}$/.test(person) ? `+${person.replace(/(\d{2})(\d{2})(\d+)(\d{4})$/, "$1 $2 $3 $4")}` : person;
}

/** scopedID is an id that a page has for a person of a name; the same name is the same person. */
export function scopedID(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 1e12;
  return `7${String(sum).padStart(15, "0")}`;
}

export function countryOf(person) {
  return cast.find((one) => one.person === person)?.country ?? "";
}

export function initials(name) {
  const words = name.split(/\s+/).filter((word) => /\p{L}/u.test(word));
  return (words.length ? words.slice(0, 2).map((word) => word[0]) : ["#"]).join("").toUpperCase();
}

/** loadPeople returns the phones that were chosen the last time, or null. */
export function loadPeople() {
  try {
    const stored = JSON.parse(localStorage.getItem(storageKey));
    return Array.isArray(stored) && stored.length > 0 ? stored : null;
  } catch {
    return null; // nothing, or nothing readable, was stored
  }
}

export function savePeople(people) {
  try {
    localStorage.setItem(storageKey, JSON.stringify(people));
  } catch {
    // a browser that stores nothing asks again the next time
  }
}
