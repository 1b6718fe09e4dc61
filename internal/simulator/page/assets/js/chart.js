// What was charged, by category, as bars with their exact amounts.
import { html } from "./ui.js";
import { words } from "./format.js";

export function CategoryChart({ books }) {
  const { categories, account } = books;
  const largest = Math.max(...categories.map((one) => Number(one.billed)), 0) || 1;
  return html`
    <div class="panel box">
      <h2>By category <small>${account.currency}</small></h2>
      ${categories.length === 0 && html`<p class="muted">Nothing was delivered yet.</p>`}
      <ul class="chart">
        ${categories.map((one) => html`
          <li key=${one.name} data-category=${one.name}>
            <span class="label">${words(one.name)}</span>
            <span class="count">${one.messages}${one.free > 0 && html` <small>(${one.free} free)</small>`}</span>
            <span class="figures" data-figure="category">${one.billed}</span>
            <span class="meter" aria-hidden="true"><span style=${{ width: `${(100 * Number(one.billed)) / largest}%` }}></span></span>
          </li>
        `)}
      </ul>
    </div>
  `;
}
