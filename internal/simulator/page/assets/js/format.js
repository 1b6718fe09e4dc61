// How instants, durations and amounts are written. Amounts are decimal strings and stay so: what is
// shown is what the ledger says, digit for digit.

const zoneParts = {};

function formatter(zone, options) {
  const key = JSON.stringify([zone, options]);
  zoneParts[key] ??= new Intl.DateTimeFormat("en-GB", { timeZone: zone || undefined, ...options });
  return zoneParts[key];
}

/** timeOf is such as 14:02, in a time zone or in the browser's. */
export function timeOf(instant, zone) {
  return formatter(zone, { hour: "2-digit", minute: "2-digit" }).format(new Date(instant));
}

/** dayOf is such as Tue 1 Dec. */
export function dayOf(instant, zone) {
  return formatter(zone, { weekday: "short", day: "numeric", month: "short" }).format(new Date(instant)).replace(",", "");
}

/** dateTimeOf is such as Tue 1 Dec 2026, 14:02:33. */
export function dateTimeOf(instant, zone) {
  const at = new Date(instant);
  const day = formatter(zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(at);
  return `${day.replace(",", "")}, ${formatter(zone, { timeStyle: "medium" }).format(at)}`;
}

/** countdown is such as 23:59:12 or 2d 03:00, of milliseconds that are left. */
export function countdown(left) {
  const seconds = Math.max(0, Math.floor(left / 1000));
  const days = seconds > 2 * 86400 ? Math.floor(seconds / 86400) : 0;
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor((seconds - days * 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return days > 0 ? `${days}d ${two(hours)}:${two(minutes)}` : `${two(hours)}:${two(minutes)}:${two(seconds % 60)}`;
}

/** inWords is such as "5 hours 3 minutes", for those who hear it. */
export function inWords(left) {
  const minutes = Math.max(0, Math.floor(left / 60000));
  const plural = (n, unit) => `${n} ${unit}${n === 1 ? "" : "s"}`;
  const hours = Math.floor(minutes / 60);
  return [hours && plural(hours, "hour"), plural(minutes % 60, "minute")].filter(Boolean).join(" ");
}

/** amountOf writes a decimal string with its currency. */
export function amountOf(amount, currency) {
  return `${amount} ${currency ?? ""}`.trim();
}

export function bytesOf(count) {
  return count < 1024 ? `${count} bytes` : `${(count / 1024).toFixed(1)} KB`;
}

export function shortHash(hash) {
  return (hash ?? "").replace("sha256:", "").slice(0, 8);
}

/** words turns freeEntryPoint or UPSTREAM_STOPPED into "free entry point", "upstream stopped". */
export function words(name) {
  return String(name).replace(/([a-z])([A-Z])/g, "$1 $2").replace(/_/g, " ").toLowerCase();
}
