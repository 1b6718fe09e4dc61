// How far a message has come.
import { html } from "./ui.js";

const order = ["sent", "delivered", "read"];

/** progressOf returns the furthest status of an entry: accepted, sent, delivered, read or failed. */
export function progressOf(entry) {
  const statuses = entry.statuses ?? [];
  if (statuses.some((step) => step.status === "failed")) return "failed";
  const reached = order.filter((name) => statuses.some((step) => step.status === name));
  return reached.at(-1) ?? "accepted";
}

const marks = {
  accepted: "M12 6a6 6 0 1 1 0 12 6 6 0 0 1 0-12z M12 9v3l2 1",
  sent: "M6 13l4 4 8-9",
  delivered: "M2 13l4 4 8-9 M10 16l1 1 8-9",
  read: "M2 13l4 4 8-9 M10 16l1 1 8-9",
  failed: "M12 5a7 7 0 1 1 0 14 7 7 0 0 1 0-14z M12 9v4 M12 16h.01",
};

export function Ticks({ progress }) {
  return html`
    <span class="ticks" data-progress=${progress} role="img" aria-label=${progress} title=${progress}>
      <svg width="16" height="16" viewBox="0 0 22 24" aria-hidden="true"><path d=${marks[progress]} /></svg>
    </span>
  `;
}
