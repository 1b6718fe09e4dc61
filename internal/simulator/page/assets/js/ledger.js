// The last records of the ledger, each with the hash of the one before it.
import { html } from "./ui.js";
import { shortHash, timeOf, words } from "./format.js";
import { Icon } from "./icons.js";

export function Ledger({ books, zone }) {
  const { records, head } = books;
  return html`
    <div class="panel box">
      <h2>Ledger <small>${head.sequence} ${head.sequence === 1 ? "record" : "records"}</small></h2>
      ${records.length === 0 && html`<p class="muted">The first delivered message makes the first record.</p>`}
      <ol class="ledger" reversed>
        ${records.slice(0, 5).map((record) => html`<${Entry} key=${record.sequence} record=${record} zone=${zone} />`)}
      </ol>
    </div>
  `;
}

function Entry({ record, zone }) {
  const what = [words(record.category || record.kind), record.market].filter(Boolean).join(" · ");
  return html`
    <li data-sequence=${record.sequence}>
      <span class="seq">${record.sequence}</span>
      <span class="what">
        <span>${what}</span>
        <small>${timeOf(record.settledAt, zone)} · ${record.freeReason ? words(record.freeReason) : record.revision}</small>
      </span>
      <strong class="figures" data-figure="charge" data-free=${Boolean(record.freeReason)}>${record.freeReason ? "free" : record.charge}</strong>
      <code class="hash" title=${`Hash ${record.hash}, after ${record.previousHash}`}>
        <${Icon} name="chain" size=${12} />${shortHash(record.previousHash)} → ${shortHash(record.hash)}
      </code>
    </li>
  `;
}
