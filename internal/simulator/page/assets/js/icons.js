// Icons: strokes in the text's colour, hidden from screen readers, which have the labels.
import { html } from "./ui.js";

const shapes = {
  send: "M4 12l16-8-6 16-3-6z M11 14l9-10",
  photo: "M4 6h16v12H4z M4 16l5-5 4 4 3-3 4 4 M9 10h.01",
  voice: "M12 4a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-5 0v-5A2.5 2.5 0 0 1 12 4z M6.5 11.5a5.5 5.5 0 0 0 11 0 M12 17v3",
  stop: "M7 7h10v10H7z",
  more: "M5.5 11h.01v.01h-.01z M12 11h.01v.01h-.01z M18.5 11h.01v.01h-.01z",
  plus: "M12 5v14 M5 12h14",
  close: "M6 6l12 12 M18 6L6 18",
  template: "M5 4h14v16H5z M8 8h8 M8 12h8 M8 16h5",
  text: "M5 6h14 M12 6v13",
  buttons: "M4 6h16v5H4z M4 14h16v5H4z",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14 M16 5v14",
  link: "M10 14l8-8 M13 6h5v5 M18 14v4H6V6h4",
  call: "M6 4h4l2 5-3 2a11 11 0 0 0 4 4l2-3 5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 4 6a2 2 0 0 1 2-2z",
  copy: "M9 9h10v11H9z M5 15V4h10",
  reply: "M10 7L5 12l5 5 M5 12h9a5 5 0 0 1 5 5v1",
  clock: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16z M12 8v4l3 2",
  light: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8z M12 3v2 M12 19v2 M3 12h2 M19 12h2 M6 6l1 1 M17 17l1 1 M18 6l-1 1 M7 17l-1 1",
  dark: "M19 14a8 8 0 0 1-9-9 8 8 0 1 0 9 9z",
  auto: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16z M12 4v16",
  person: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8z M4.5 20a7.5 7.5 0 0 1 15 0",
  ad: "M4 10v4h3l8 4V6l-8 4z M18 9a4 4 0 0 1 0 6",
  block: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16z M6.5 6.5l11 11",
  power: "M12 4v7 M7.5 7a7 7 0 1 0 9 0",
  place: "M12 21c4-5 6-8 6-11a6 6 0 0 0-12 0c0 3 2 6 6 11z M12 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  document: "M7 3h7l4 4v14H7z M14 3v4h4",
  chain: "M9 15l6-6 M11 7l2-2a4 4 0 0 1 6 6l-2 2 M13 17l-2 2a4 4 0 0 1-6-6l2-2",
  check: "M5 13l4 4L19 7",
  alert: "M12 4l9 16H3z M12 10v4 M12 17h.01",
};

export function Icon({ name, size = 18 }) {
  return html`
    <svg class="icon" width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d=${shapes[name]} />
    </svg>
  `;
}
