// A conversation as the business sees it: what was sent, how far it came, what it cost and why, and
// what was refused.
import { html } from "./ui.js";
import { Bubble } from "./bubble-view.js";
import { bubbleOf, reactionOf } from "./bubbles.js";
import { Scroll } from "./chat-view.js";
import { timeOf } from "./format.js";
import { Icon } from "./icons.js";
import { quotedBy, reactionTo } from "./phone.js";
import { Price } from "./price.js";
import { accountOf, keyOf } from "./state.js";
import { progressOf, Ticks } from "./ticks.js";

export function Thread({ one, chat, state, zone }) {
  const templates = accountOf(state, one.channel)?.templates ?? [];
  const lines = linesOf(chat, state, one);
  return html`
    <${Scroll} label=${`Conversation with ${one.name}`}>
      ${lines.length === 0 && html`<p class="hint">Nothing yet. Until ${one.name} writes, only a template may be sent.</p>`}
      ${lines.map((line) => html`<${Line} key=${line.key} line=${line} chat=${chat} state=${state} templates=${templates} zone=${zone} />`)}
    <//>
  `;
}

/** linesOf joins what is in the chat with what never got there, by time. */
function linesOf(chat, state, one) {
  const entries = (chat?.entries ?? []).filter((entry) => !reactionOf(entry));
  const attempts = state.attempts.filter((a) => keyOf(a) === keyOf(one));
  return [
    ...entries.map((entry) => ({ key: entry.id, at: entry.at, entry })),
    ...attempts.map((attempt) => ({ key: attempt.key, at: attempt.at, entry: { ...attempt, by: "business" }, attempt })),
  ].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function Line({ line, chat, state, templates, zone }) {
  const { entry, attempt } = line;
  const ours = entry.by === "business";
  const refusal = attempt?.refusal;
  const progress = refusal ? "failed" : progressOf(entry);
  const foot = html`<time>${timeOf(entry.at, zone)}</time>${ours && !refusal && html`<${Ticks} progress=${progress} />`}`;
  return html`
    <div class="line" data-mine=${ours} data-refused=${Boolean(refusal)}>
      <${Bubble}
        bubble=${bubbleOf(entry, templates)} mine=${ours} foot=${foot} reaction=${chat && reactionTo(chat, entry)}
        quoted=${chat && quotedBy(chat, entry, templates)}
      />
      ${referralOf(entry) && html`<p class="origin"><${Icon} name="ad" size=${14} /> came by an ad${referralOf(entry).headline && `: ${referralOf(entry).headline}`}</p>`}
      ${refusal && html`<${Refusal} word="Refused" failure=${refusal} />`}
      ${!refusal && progress === "failed" && html`<${Refusal} word="Failed" failure=${failureOf(entry)} />`}
      ${ours && !refusal && html`<${Price} entry=${entry} books=${state.books} progress=${progress} />`}
    </div>
  `;
}

/** referralOf is where a message's writer came from: a member of the message, on pages one deeper. */
function referralOf({ message }) {
  return message?.referral ?? message?.message?.referral;
}

function failureOf(entry) {
  return entry.statuses?.find((step) => step.status === "failed") ?? {};
}

function Refusal({ word, failure }) {
  return html`
    <div class="refusal" role="alert">
      <${Icon} name="alert" size=${16} />
      <p><strong>${word}${failure.code && ` · ${failure.code}`}</strong> ${failure.details ?? failure.title}</p>
    </div>
  `;
}
