// What a message shows, as data: pure functions from the wire's JSON to a bubble's parts.
//
// A bubble is {header, body, footer, buttons, cards, media, place, people, note}; every part may be
// absent. A button has its text and what a tap does: {reply} is what the phone writes, {opens},
// {calls} and {copies} are what the phone would do.
import { isOfPage, pageBubble } from "./messenger.js";
import { templateBubble } from "./templates.js";

const mediaKinds = ["image", "video", "audio", "document", "sticker"];

/** bubbleOf returns what an entry of a chat shows. */
export function bubbleOf(entry, templates) {
  const message = entry.message ?? {};
  if (isOfPage(message)) return pageBubble(message, templates);
  const type = message.type ?? "text";
  if (type === "template") return templateBubble(message.template, templates, entry.preview);
  if (mediaKinds.includes(type)) return mediaBubble(type, message[type] ?? {});
  const draw = drawers[type];
  return draw ? draw(message[type] ?? {}, message) : { note: `${type} message` };
}

/** reactionOf returns what a reaction is about, or null for any other message. */
export function reactionOf(entry) {
  const reaction = entry.message?.type === "reaction" || entry.message?.reaction?.mid ? entry.message.reaction : null;
  return reaction && { about: reaction.message_id ?? reaction.mid, emoji: reaction.emoji };
}

/** summaryOf is one line that says what a message is. */
export function summaryOf(entry, templates) {
  const bubble = bubbleOf(entry, templates);
  return bubble.body || bubble.header?.text || bubble.media?.caption || bubble.note || bubble.media?.kind || "";
}

const drawers = {
  text: (text) => ({ body: text.body }),
  button: (button) => ({ body: button.text }),
  location: (place) => ({ place }),
  contacts: (people) => ({ people: [people].flat().map((one) => one.name?.formatted_name ?? "Contact") }),
  reaction: (reaction) => ({ body: reaction.emoji }),
  interactive: interactiveBubble,
  system: (system) => ({ note: system.body ?? "The number has changed." }),
  unsupported: () => ({ note: "A message that the Cloud API does not support" }),
};

function mediaBubble(kind, file) {
  const { id, link, caption, filename, mime_type: mime } = file;
  return { media: { kind, id, link, caption, filename, mime } };
}

function interactiveBubble(interactive) {
  const reply = interactive.button_reply ?? interactive.list_reply;
  if (reply) return { body: reply.title };
  if (interactive.nfm_reply) return { note: "The form was filled in" };
  const { header, body, footer, action = {} } = interactive;
  return {
    header: interactiveHeader(header),
    body: body?.text,
    footer: footer?.text,
    buttons: interactiveButtons(interactive.type, action),
    cards: (action.cards ?? []).map((card) => ({ ...interactiveBubble(card), cards: [] })),
  };
}

function interactiveHeader(header) {
  if (!header) return undefined;
  if (header.type === "text") return { text: header.text };
  return { media: mediaBubble(header.type, header[header.type] ?? {}).media };
}

function interactiveButtons(type, action) {
  const answer = (kind, about) => ({
    type: "interactive",
    interactive: { type: kind, [kind]: about },
  });
  if (type === "list") {
    const rows = (action.sections ?? []).flatMap((section) => section.rows ?? []);
    return rows.map(({ id, title, description }) => ({
      text: title,
      hint: description,
      reply: answer("list_reply", { id, title, ...(description && { description }) }),
    }));
  }
  if (type === "cta_url") {
    return [{ text: action.parameters?.display_text, opens: action.parameters?.url }];
  }
  if (type === "location_request_message") return [{ text: "Send location", reply: myPlace() }];
  const buttons = (action.buttons ?? []).map(({ reply = {} }) => ({
    text: reply.title,
    reply: answer("button_reply", { id: reply.id, title: reply.title }),
  }));
  return buttons.length || !action.name ? buttons : [{ text: action.parameters?.display_text ?? action.name }];
}

function myPlace() {
  return { type: "location", location: { latitude: -23.5614, longitude: -46.6559, name: "Avenida Paulista" } };
}
