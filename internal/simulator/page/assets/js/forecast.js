// What the gateway says of a message before it is sent: a dry run, asked a moment after the last key.
import { html, useEffect, useState } from "./ui.js";
import { refusalOf, tryOut } from "./desk-api.js";
import { Icon } from "./icons.js";
import { getState, keyOf } from "./state.js";

const pause = 250; // milliseconds

export function Forecast({ one, content, chat }) {
  const [said, setSaid] = useState(null);
  const wanted = JSON.stringify(withoutFiles(content));
  const stands = `${chat?.windowEnds} ${chat?.stopped} ${chat?.blocked}`;
  useEffect(() => {
    // A gateway that knows no dry runs would send the message.
    if (!content || !getState().books?.dryRuns) return setSaid(null);
    const gone = new AbortController();
    const timer = setTimeout(() => {
      tryOut(one, JSON.parse(wanted), gone.signal)
        .then((answer) => setSaid(forecastOf(answer)))
        .catch((error) => error.name !== "AbortError" && setSaid({ mood: "bad", text: sentence(error) }));
    }, pause);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [keyOf(one), wanted, stands]);
  if (!said) return html`<p class="forecast" role="status"></p>`;
  return html`
    <p class="forecast" data-mood=${said.mood} role="status">
      <${Icon} name=${said.mood === "bad" ? "alert" : "check"} size=${15} /><span>${said.text}</span>
    </p>
  `;
}

function forecastOf(answer) {
  return { mood: "good", text: answer.sentence };
}

function sentence(error) {
  const { code, title, details } = refusalOf(error);
  return `${code ? `${code}: ` : ""}${details ?? title}`;
}

/** withoutFiles puts an id in the place of each file that is uploaded only with the message. */
function withoutFiles(content) {
  return JSON.parse(JSON.stringify(content, (_, value) => (typeof value === "function" ? "1" : value)) ?? "null");
}
