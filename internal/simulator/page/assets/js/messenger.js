// Messenger and Instagram: what their messages show, and how they are written.
import { fill, findTemplate, templateBubble } from "./templates.js";

/** actOf turns what a phone writes into what somebody does on a page. */
export function actOf({ to, name, text, replyTo, referral, message }) {
  const act = { to, name, ...(replyTo && { replyTo }) };
  if (message?.postback) return { ...act, postback: message.postback };
  if (message?.quickReply) return { ...act, text: message.quickReply.title, quickReply: message.quickReply.payload };
  if (referral) return { ...act, text, referral: { source: "ADS", type: "OPEN_THREAD", ad_id: referral.source_id } };
  return { ...act, text };
}

/** pageContent turns a content of the composer into one for a page with these templates. */
export function pageContent(content, templates) {
  if (content.type === "template") {
    return { messaging_type: "UTILITY", message: { template: pageTemplate(content.template, templates) } };
  }
  if (content.byPerson) {
    return { messaging_type: "MESSAGE_TAG", tag: "HUMAN_AGENT", message: { text: content.text.body } };
  }
  if (content.type === "interactive") {
    const { body, action } = content.interactive;
    const replies = action.buttons.map(({ reply }) => ({ content_type: "text", title: reply.title, payload: reply.id }));
    return { messaging_type: "RESPONSE", message: { text: body.text, quick_replies: replies } };
  }
  return { messaging_type: "RESPONSE", message: { text: content.text.body } };
}

/** pageTemplate turns a filled template into a page's, whose buttons are filled in one list. */
function pageTemplate({ name, language, components = [] }, templates) {
  const definition = findTemplate(templates, name, language.code);
  const buttons = definition?.components?.find(({ type }) => type === "BUTTONS")?.buttons ?? [];
  const values = (i) => components.find(({ type, index }) => type === "button" && Number(index) === i)?.parameters ?? [];
  const parameters = buttons.map((button, i) => buttonParameter(button, values(i)));
  const others = components.filter(({ type }) => type !== "button");
  return { name, language, components: buttons.length ? [...others, { type: "buttons", parameters }] : others };
}

function buttonParameter({ type, text, url }, values) {
  return type === "URL" ? { type, url: fill(url, values) } : { type: "POSTBACK", payload: text };
}

/** isOfPage tells whether an entry's message is one of a page's. */
export function isOfPage(message) {
  return Boolean(message.message || message.postback || message.reaction?.mid || (message.referral && !message.type));
}

/** pageBubble is what a message of a page shows, see bubbles.js. */
export function pageBubble({ message, postback, referral }, templates) {
  if (postback) return { body: postback.title };
  if (!message) return { note: referral ? "came by a link" : "an event" };
  if (message.template) return templateBubble(withSingleButtons(message.template), templates);
  const payload = message.attachment?.payload ?? {};
  const buttons = payload.buttons ?? [];
  return {
    body: message.text ?? payload.text,
    note: message.attachment && !payload.text ? `${message.attachment.type}` : undefined,
    buttons: [...buttons.map(buttonOf), ...(message.quick_replies ?? []).map(quickReplyOf)],
    cards: (payload.elements ?? []).map((one) => ({
      header: { text: one.title },
      body: one.subtitle,
      buttons: (one.buttons ?? []).map(buttonOf),
    })),
  };
}

/** withSingleButtons writes each button's value by itself, as WhatsApp's templates do. */
function withSingleButtons({ components = [], ...template }) {
  const single = ({ parameters }) => parameters.map((value, index) => ({ type: "button", index, parameters: [value] }));
  return { ...template, components: components.flatMap((one) => (one.type === "buttons" ? single(one) : [one])) };
}

function buttonOf({ type, title, payload, url }) {
  if (type === "web_url") return { text: title, opens: url };
  return { text: title, reply: { postback: { title, payload } } };
}

function quickReplyOf({ title, payload }) {
  return { text: title, reply: { quickReply: { title, payload } } };
}
