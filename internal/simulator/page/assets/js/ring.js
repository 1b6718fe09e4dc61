// The time that is left of a window, as a ring that empties.
import { html } from "./ui.js";
import { countdown, inWords } from "./format.js";

const day = 24 * 3600 * 1000;

/** Ring is drawn around its children; whole is the window's length in milliseconds. */
export function Ring({ ends, time, size = 44, whole = day, children }) {
  const left = ends ? Date.parse(ends) - time : 0;
  const radius = size / 2 - 2;
  const around = 2 * Math.PI * radius;
  const part = Math.min(1, Math.max(0, left / whole));
  const mood = left <= 0 ? "closed" : left < day / 12 ? "ending" : "open";
  const said = left > 0 ? `Window open for ${inWords(left)} more` : "Window closed";
  return html`
    <span class="ring" data-mood=${mood} role="img" aria-label=${said} title=${left > 0 ? countdown(left) : said}>
      <svg width=${size} height=${size} viewBox="0 0 ${size} ${size}" aria-hidden="true">
        <circle class="track" cx=${size / 2} cy=${size / 2} r=${radius} />
        <circle
          class="left" cx=${size / 2} cy=${size / 2} r=${radius} transform="rotate(-90 ${size / 2} ${size / 2})"
          stroke-dasharray="${part * around} ${around}"
        />
      </svg>
      <span class="inner">${children}</span>
    </span>
  `;
}
