// Whose account it is, what time it is, and the buttons that move the time.
import { html } from "./ui.js";
import { useNow } from "./clock.js";
import { dateTimeOf } from "./format.js";
import { Icon } from "./icons.js";
import { advanceClock } from "./phones-api.js";
import { accountsOf, announce, change } from "./state.js";
import { ThemeButton } from "./theme.js";

const steps = [
  { text: "+1 h", advance: "1h", label: "Advance the clock by one hour" },
  { text: "+25 h", advance: "25h", label: "Advance the clock by 25 hours" },
  { text: "+31 d", advance: "744h", label: "Advance the clock by 31 days" },
];

export function Header({ state, zone }) {
  return html`
    <header class="top">
      <a class="brand" href="/" aria-label="Guichet"><img src="/page/icon.svg" alt="" width="28" height="28" /><span>Guichet</span></a>
      <${Businesses} state=${state} />
      <${Clock} zone=${zone} />
      <span class="live" data-connected=${state.connected} role="status">${state.connected ? "live" : "not connected"}</span>
      <${ThemeButton} />
    </header>
  `;
}

function Businesses({ state }) {
  const first = state.accounts.filter((account) => account.id === account.tenant);
  if (first.length < 2) return html`<strong class="account-name">${accountsOf(state)[0]?.name ?? ""}</strong>`;
  return html`
    <select class="account-name" aria-label="Business" value=${state.tenant} onChange=${(event) => change({ tenant: event.target.value })}>
      ${first.map((account) => html`<option value=${account.id}>${account.name || account.id}</option>`)}
    </select>
  `;
}

function Clock({ zone }) {
  const time = useNow();
  const advance = (step) => advanceClock(step.advance).catch((error) => announce(error.message));
  return html`
    <div class="clock" role="group" aria-label="Clock">
      <${Icon} name="clock" size=${16} />
      <time class="figures">${dateTimeOf(time, zone)}</time>
      ${steps.map((step) => html`<button class="chip" aria-label=${step.label} onClick=${() => advance(step)}>${step.text}</button>`)}
    </div>
  `;
}
