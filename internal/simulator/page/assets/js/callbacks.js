// The callbacks that the business's endpoint received: headers and bytes.
import { html } from "./ui.js";
import { bytesOf, timeOf } from "./format.js";

export function Callbacks({ callbacks, zone }) {
  const newest = callbacks.slice(-5).reverse();
  return html`
    <div class="panel box">
      <h2>Callbacks <small>newest first</small></h2>
      ${callbacks.length === 0 && html`<p class="muted">The gateway has called back nothing yet.</p>`}
      ${newest.map((one, i) => html`
        <details class="callback" key=${one.key} open=${i === 0}>
          <summary><span>${summaryOf(one.body)}</span><small>${timeOf(one.at, zone)} · ${bytesOf(new TextEncoder().encode(one.body).length)}</small></summary>
          <code class="signature">X-Hub-Signature-256: ${one.signature}</code>
          <pre tabindex="0" aria-label="Body of the callback">${one.body}</pre>
        </details>
      `)}
    </div>
  `;
}

/** summaryOf says in a few words what a callback is about. */
function summaryOf(body) {
  const things = [];
  try {
    for (const change of JSON.parse(body).entry.flatMap((entry) => entry.changes ?? entry.messaging ?? [])) {
      const { messages = [], statuses = [] } = change.value ?? {};
      things.push(...messages.map((one) => `${one.type} message`), ...statuses.map((one) => `status ${one.status}`));
      if (messages.length + statuses.length === 0) things.push(change.field ?? eventOf(change));
    }
  } catch {
    // it is shown as it came
  }
  return things.join(", ") || "callback";
}

/** eventOf names an event of a page by its member. */
function eventOf(event) {
  if (event.message?.is_echo) return "echo";
  return ["message", "postback", "reaction", "delivery", "read", "referral", "optin"].find((name) => event[name]) ?? "event";
}
