// What a customer does, through the simulator's control API.
import { ask } from "./http.js";
import { actOf } from "./messenger.js";
import { getState, onWhatsApp } from "./state.js";

const peoplePath = (person) => `/control/people/${encodeURIComponent(person)}`;
const path = (person) => `/control/phones/${encodeURIComponent(person)}`;

/** write has somebody's phone write: {text}, or {message} with what was tapped. */
export function write(one, said) {
  const message = { to: one.channel, name: one.name, ...said };
  if (!onWhatsApp(getState(), one.channel)) return ask("POST", peoplePath(one.person), { body: actOf(message) });
  return ask("POST", `${path(one.person)}/messages`, { body: message });
}

/** sendFile has a phone send a Blob of a kind: image, video, audio or document. */
export function sendFile(one, { kind, file, caption = "" }) {
  const query = new URLSearchParams({ to: one.channel, type: kind, caption });
  return ask("POST", `${path(one.person)}/media?${query}`, {
    body: file,
    headers: { "Content-Type": file.type || "application/octet-stream" },
  });
}

/** prefer stops or resumes marketing messages: value is "stop" or "resume". */
export function prefer(one, value) {
  return ask("POST", `${path(one.person)}/preferences`, { body: { to: one.channel, value } });
}

/** setPhone changes a phone: off, readReceipts, and whether it refuses the business. */
export function setPhone({ channel, person }, { refuses, ...members }) {
  if (!onWhatsApp(getState(), channel)) {
    const blocks = refuses === undefined ? {} : { blocks: refuses };
    return ask("PUT", peoplePath(person), { body: { to: channel, ...members, ...blocks } });
  }
  const blocks = refuses === undefined ? {} : { refuses: refuses ? [channel] : [] };
  return ask("PUT", path(person), { body: { ...members, ...blocks } });
}

/** advanceClock moves the clock of the whole process, by a duration such as "25h". */
export function advanceClock(advance) {
  return ask("POST", "/control/clock", { body: { advance } });
}
