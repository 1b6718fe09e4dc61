// The callbacks that the business's endpoint received: headers and bytes.
import { html } from "./ui.js";
import { bytesOf, timeOf } from "./format.js";

export function Callbacks({ callbacks, zone }) {
  return html`
    <div class="panel box">
      <h2>Callbacks <small>newest first</small></h2>
      ${callbacks.length === 0 && html`<p class="muted">The gateway has called back nothing yet.</p>`}
      ${callbacks.slice(0, 5).map((one, i) => html`
        <details class="callback" key=${one.id} open=${i === 0}>
          <summary><span>${one.summary}</span><small>${timeOf(one.at, zone)} · ${bytesOf(one.bytes)}</small></summary>
          <code class="signature">X-Hub-Signature-256: ${one.signature}</code>
          <pre tabindex="0" aria-label="Body of the callback">${one.body}</pre>
        </details>
      `)}
    </div>
  `;
}
