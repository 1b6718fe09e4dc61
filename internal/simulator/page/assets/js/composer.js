// What the business writes: text, a template, a photo or a question with buttons. While it is being
// written, the line above says what it would cost.
import { html, useMemo, useState } from "./ui.js";
import { addAttempt, send, upload } from "./desk-api.js";
import { Forecast } from "./forecast.js";
import { Icon } from "./icons.js";
import { samplePhoto } from "./recording.js";
import { accountOf, announce, networkOf } from "./state.js";
import { TemplateForm, useTemplateForm } from "./template-form.js";

const kinds = [
  { kind: "text", label: "Text", icon: "text", on: ["whatsapp", "page", "instagram"] },
  { kind: "template", label: "Template", icon: "template", on: ["whatsapp", "page"] },
  { kind: "image", label: "Photo", icon: "photo", on: ["whatsapp"] },
  { kind: "person", label: "Person", icon: "person", on: ["page", "instagram"] },
  { kind: "interactive", label: "Question", icon: "buttons", on: ["whatsapp", "page", "instagram"] },
];

export function Composer({ one, chat, state }) {
  const [kind, setKind] = useState("text");
  const [text, setText] = useState("");
  const [sending, setSending] = useState(false);
  const form = useTemplateForm(accountOf(state, one.channel)?.templates ?? []);
  const content = contentOf(kind, text, form);
  const submit = async (event) => {
    event.preventDefault();
    if (!content || sending) return;
    setSending(true);
    try {
      addAttempt(await send(one, await withFiles(one.channel, content)));
      setText("");
    } catch (error) {
      announce(error.message);
    } finally {
      setSending(false);
    }
  };
  return html`
    <form class="write" onSubmit=${submit} aria-label=${`Write to ${one.name}`}>
      <${Kinds} kind=${kind} choose=${setKind} offered=${kinds.filter(({ on }) => on.includes(networkOf(state, one.channel)))} />
      ${kind === "template"
        ? html`<${TemplateForm} form=${form} />`
        : html`<${TextField} kind=${kind} one=${one} text=${text} setText=${setText} />`}
      <div class="ready">
        <${Forecast} one=${one} content=${content} chat=${chat} />
        <button class="primary" disabled=${!content || sending}><${Icon} name="send" size=${16} />Send</button>
      </div>
    </form>
  `;
}

function Kinds({ kind, choose, offered }) {
  return html`
    <div class="kinds" role="radiogroup" aria-label="Kind of message">
      ${offered.map((one) => html`
        <label class="kind">
          <input type="radio" name="kind" value=${one.kind} checked=${one.kind === kind} onChange=${() => choose(one.kind)} />
          <span><${Icon} name=${one.icon} size=${15} />${one.label}</span>
        </label>
      `)}
    </div>
  `;
}

const placeholders = {
  person: "What somebody of yours writes, for up to 7 days",
  text: "Write an answer",
  image: "Caption of the photo",
  interactive: "Ask something; the buttons are Yes, No and Later",
};

function TextField({ kind, one, text, setText }) {
  const sendOnEnter = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  };
  return html`
    <textarea
      rows="2" placeholder=${placeholders[kind]} aria-label=${`Message to ${one.name}`} value=${text}
      onInput=${(event) => setText(event.target.value)} onKeyDown=${sendOnEnter}
    ></textarea>
  `;
}

/** contentOf is the part of the request that says what is sent, or null while something is missing. */
function contentOf(kind, text, form) {
  const written = text.trim();
  return useMemo(() => {
    switch (kind) {
      case "template":
        return form.content;
      case "image":
        return { type: "image", image: { id: samplePhoto, ...(written && { caption: written }) } };
      case "person":
        return written ? { type: "text", text: { body: written }, byPerson: true } : null;
      case "interactive":
        return written ? { type: "interactive", interactive: question(written) } : null;
      default:
        return written ? { type: "text", text: { body: written } } : null;
    }
  }, [kind, written, form.content]);
}

function question(text) {
  const buttons = ["Yes", "No", "Later"].map((title) => ({ type: "reply", reply: { id: title.toLowerCase(), title } }));
  return { type: "button", body: { text }, action: { buttons } };
}

/** withFiles uploads each file that a content asks for by a function, and puts its id in its place. */
async function withFiles(number, value) {
  if (typeof value === "function") return upload(number, await value());
  if (Array.isArray(value)) return Promise.all(value.map((one) => withFiles(number, one)));
  if (value === null || typeof value !== "object") return value;
  const members = await Promise.all(Object.entries(value).map(async ([name, one]) => [name, await withFiles(number, one)]));
  return Object.fromEntries(members);
}
