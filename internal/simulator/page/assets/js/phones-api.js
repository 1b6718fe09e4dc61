// What a customer does, through the simulator's control API.
import { ask } from "./http.js";
import { actOf } from "./messenger.js";
import { getState, onWhatsApp } from "./state.js";

const peoplePath = (person) => `/control/people/${encodeURIComponent(person)}`;
const path = (person) => `/control/phones/${encodeURIComponent(person)}`;

export function write(person, message) {
  if (!onWhatsApp(getState())) return ask("POST", peoplePath(person), { body: actOf(message) });
  return ask("POST", `${path(person)}/messages`, { body: message });
}

/** sendFile has a phone send a Blob of a kind: image, video, audio or document. */
export function sendFile(person, { to, kind, file, caption = "" }) {
  const query = new URLSearchParams({ to, type: kind, caption });
  return ask("POST", `${path(person)}/media?${query}`, {
    body: file,
    headers: { "Content-Type": file.type || "application/octet-stream" },
  });
}

/** prefer stops or resumes marketing messages: value is "stop" or "resume". */
export function prefer(person, to, value) {
  return ask("POST", `${path(person)}/preferences`, { body: { to, value } });
}

/** setPhone changes a phone: off, readReceipts, refuses. */
export function setPhone(person, { refuses, ...members }) {
  const { channel } = getState();
  if (!onWhatsApp(getState())) {
    const blocks = refuses && { blocks: refuses.includes(channel) };
    return ask("PUT", peoplePath(person), { body: { to: channel, ...members, ...blocks } });
  }
  return ask("PUT", path(person), { body: { ...members, ...(refuses && { refuses }) } });
}

/** advanceClock moves the clock of the whole process, by a duration such as "25h". */
export function advanceClock(advance) {
  return ask("POST", "/control/clock", { body: { advance } });
}
