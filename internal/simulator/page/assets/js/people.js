// Who holds the phones: those that were chosen here, and whoever has written or was written to.

const storageKey = "guichet.phones";

const cast = [
  { person: "5511987654321", name: "Ana Souza", country: "Brazil" },
  { person: "919812345678", name: "Priya Nair", country: "India" },
  { person: "4915112345678", name: "Jonas Weber", country: "Germany" },
  { person: "33612345678", name: "Zoé Martin", country: "France" },
  { person: "525512345678", name: "Diego Luna", country: "Mexico" },
  { person: "14155552671", name: "Maya Brooks", country: "United States" },
];

/** suggestions are people who are not there yet. */
export function suggestions(people) {
  return cast.filter((one) => !people.some((other) => other.person === one.person));
}

/** peopleOf returns those with a phone on the page: the chosen ones first, then those of the chats. */
export function peopleOf(chosen, chats, number) {
  const people = chosen.map((one) => ({ ...one }));
  for (const chat of chats.values()) {
    if (chat.channel !== number || chat.group) continue;
    const known = people.find((one) => one.person === chat.person);
    if (known) known.name = chat.name || known.name;
    else people.push({ person: chat.person, name: chat.name || nameOf(chat.person) });
  }
  return people;
}

/** nameOf is a name for an address that has none. */
export function nameOf(person) {
  return cast.find((one) => one.person === person)?.name ?? displayAddress(person);
}

/** displayAddress writes digits as a phone number, and other addresses as they are. */
export function displayAddress(person) {
  return /^\d{7,15}$/.test(person) ? `+${person.replace(/(\d{2})(\d{2})(\d+)(\d{4})$/, "$1 $2 $3 $4")}` : person;
}

export function countryOf(person) {
  return cast.find((one) => one.person === person)?.country ?? "";
}

export function initials(name) {
  const words = name.split(/\s+/).filter((word) => /\p{L}/u.test(word));
  return (words.length ? words.slice(0, 2).map((word) => word[0]) : ["#"]).join("").toUpperCase();
}

/** loadPeople returns the phones that were chosen the last time, or two of the cast. */
export function loadPeople() {
  try {
    const stored = JSON.parse(localStorage.getItem(storageKey));
    if (Array.isArray(stored) && stored.length > 0) return stored;
  } catch {
    // nothing, or nothing readable, was stored
  }
  return cast.slice(0, 2).map(({ person, name }) => ({ person, name }));
}

export function savePeople(people) {
  try {
    localStorage.setItem(storageKey, JSON.stringify(people));
  } catch {
    // a browser that stores nothing asks again the next time
  }
}
