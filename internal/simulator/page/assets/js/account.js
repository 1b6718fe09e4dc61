// The account: its budget, what was charged, its windows, its ledger and its callbacks.
import { html } from "./ui.js";
import { Callbacks } from "./callbacks.js";
import { CategoryChart } from "./chart.js";
import { amountOf } from "./format.js";
import { Ledger } from "./ledger.js";
import { accountsOf } from "./state.js";

export function AccountPanel({ state, zone }) {
  const { books } = state;
  const ours = accountsOf(state).map(({ id }) => id);
  return html`
    <section class="account" aria-label="The account">
      ${books
        ? html`
            <${Budget} books=${books} />
            <${CategoryChart} books=${books} />
            <${Ledger} books=${books} zone=${zone} />
            <${Callbacks} callbacks=${state.callbacks.filter((one) => ours.includes(one.account))} zone=${zone} />
          `
        : html`<${NoBooks} />`}
    </section>
  `;
}

function Budget({ books }) {
  const { period, budget, account, openWindows } = books;
  const part = (amount) => (budget ? Math.min(100, (100 * Number(amount)) / Number(budget.limit)) : 0);
  const used = part(period.billed);
  const held = Math.min(100 - used, part(period.reserved));
  const sentence = budget
    ? `${amountOf(period.billed, account.currency)} of ${amountOf(budget.limit, account.currency)} billed, ${period.reserved} reserved`
    : `${amountOf(period.billed, account.currency)} billed, no budget`;
  return html`
    <div class="panel box budget">
      <h2>${account.displayName} <small>${period.name}</small></h2>
      <p class="billed"><strong class="figures" data-figure="billed">${period.billed}</strong> ${account.currency}</p>
      <div class="bar" role="img" aria-label=${sentence}>
        <span class="used" style=${{ width: `${used}%` }}></span><span class="held" style=${{ width: `${held}%` }}></span>
        ${budget?.warnAtPercent?.map((percent) => html`<i style=${{ left: `${percent}%` }}></i>`)}
      </div>
      <dl class="facts">
        <div><dt>budget</dt><dd class="figures">${budget ? amountOf(budget.limit, account.currency) : "none"}</dd></div>
        <div><dt>reserved</dt><dd class="figures" data-figure="reserved">${period.reserved}</dd></div>
        <div><dt>messages</dt><dd class="figures" data-figure="messages">${period.messages}</dd></div>
        <div><dt>open windows</dt><dd class="figures" data-figure="windows">${openWindows}</dd></div>
      </dl>
      ${budget && html`<p class="muted">When it is used up, messages are ${budget.action === "Warn" ? "still sent" : "refused"}. Plan: ${account.plan}.</p>`}
    </div>
  `;
}

function NoBooks() {
  return html`
    <div class="panel box">
      <h2>No gateway here</h2>
      <p class="muted">
        This is the simulator alone: the desk talks to it as a client talks to Meta. With a gateway in
        between, its budget, its ledger and its callbacks are here.
      </p>
      <pre>go run ./cmd/guichet dev</pre>
    </div>
  `;
}
