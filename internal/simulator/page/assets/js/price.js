// What a message cost and why, as its record in the ledger says.
import { html } from "./ui.js";
import { amountOf, words } from "./format.js";

export function Price({ entry, books, progress }) {
  const record = recordOf(books, entry);
  if (record) return html`<p class="price" data-free=${Boolean(record.freeReason)}>${priceParts(record)}</p>`;
  if (!books) return html`<${Verdict} pricing=${entry.pricing} />`;
  if (progress === "failed") return null;
  return html`<p class="price waiting">priced when it is delivered</p>`;
}

/** recordOf returns an entry's latest record in the ledger, if it is among those that are shown. */
export function recordOf(books, entry) {
  const id = entry.callbackData || entry.id;
  return books?.records.find((record) => record.messageId === id);
}

function priceParts(record) {
  const why = [words(record.category), record.market, record.tier > 0 && `tier ${record.tier + 1}`].filter(Boolean);
  if (record.freeReason) why.unshift(words(record.freeReason));
  if (record.allowance) why.push(`number ${record.allowanceUsed} of ${record.allowance}`);
  return html`<strong class="figures">${record.freeReason ? "free" : amountOf(record.charge, record.currency)}</strong> ${why.join(" · ")}`;
}

/** Verdict is the upstream's own word, where nobody keeps a ledger. */
function Verdict({ pricing }) {
  if (!pricing) return null;
  const what = [pricing.category, pricing.type].map(words).join(" · ");
  return html`<p class="price" data-free=${!pricing.billable}><strong>${pricing.billable ? "billable" : "free"}</strong> ${what}</p>`;
}
