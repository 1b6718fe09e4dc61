// The simulator's time, which may be days ahead of this machine's.
import { useEffect, useState } from "./ui.js";

let ahead = 0; // milliseconds

/** setNow learns the simulator's time from an RFC 3339 instant. */
export function setNow(instant) {
  ahead = Date.parse(instant) - Date.now();
}

export function now() {
  return Date.now() + ahead;
}

/** useNow returns the time, and draws the component again every second. */
export function useNow() {
  const [time, tick] = useState(now());
  useEffect(() => {
    const timer = setInterval(() => tick(now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(time, now() - 1000);
}
