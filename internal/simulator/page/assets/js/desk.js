// The business's desk: whom it talks to, what was written, and what to write.
import { html, useEffect } from "./ui.js";
import { useNow } from "./clock.js";
import { Composer } from "./composer.js";
import { block, markRead } from "./desk-api.js";
import { countdown, dayOf, timeOf } from "./format.js";
import { displayAddress, initials, namesOfNetworks } from "./people.js";
import { Ring } from "./ring.js";
import { announce, change, chatOf, keyOf, networkOf } from "./state.js";
import { Thread } from "./thread.js";

export function Desk({ state, people, zone }) {
  const one = people.find((other) => keyOf(other) === state.talk) ?? people[0];
  const chat = one && chatOf(state, one);
  const network = one && networkOf(state, one.channel);
  useReadReceipts(one?.channel, network, chat);
  if (!one) return null;
  return html`
    <section class="panel desk" aria-label="The business's desk">
      <${People} people=${people} state=${state} chosen=${one} />
      <${Standing} one=${one} network=${network} chat=${chat} zone=${zone} />
      <${Thread} key=${keyOf(one)} one=${one} chat=${chat} state=${state} zone=${zone} />
      <${Composer} key=${keyOf(one)} one=${one} chat=${chat} state=${state} />
    </section>
  `;
}

/** useReadReceipts marks what the open chat shows as read. */
function useReadReceipts(number, network, chat) {
  const last = chat?.entries.findLast((entry) => entry.by === "customer");
  const unread = last && !last.read && !chat.blocked && network === "whatsapp" ? last.id : "";
  useEffect(() => {
    if (unread && document.visibilityState === "visible") markRead(number, unread).catch(() => {}); // a courtesy
  }, [number, unread]);
}

function People({ people, state, chosen }) {
  const time = useNow();
  return html`
    <div class="people" role="group" aria-label="Customers">
      ${people.map((one) => html`
        <button
          class="person" aria-pressed=${one === chosen} aria-label=${`Talk to ${one.name}`}
          onClick=${() => change({ talk: keyOf(one) })}
        >
          <${Ring} ends=${chatOf(state, one)?.windowEnds} time=${time}>
            <span class="avatar">${initials(one.name)}</span>
          <//>
          <span class="name">${one.name.split(" ")[0]}</span>
        </button>
      `)}
    </div>
  `;
}

function Standing({ one, network, chat, zone }) {
  const time = useNow();
  const left = chat?.windowEnds ? Date.parse(chat.windowEnds) - time : 0;
  const free = chat?.entryPointEnds && Date.parse(chat.entryPointEnds) > time;
  const toggleBlock = () => block(one, !chat?.blocked).catch((error) => announce(error.message));
  return html`
    <div class="standing">
      <div class="who"><strong>${one.name}</strong><small>${network === "whatsapp" ? displayAddress(one.person) : namesOfNetworks[network]}</small></div>
      <div class="window" data-open=${left > 0}>
        <strong class="figures">${left > 0 ? countdown(left) : "closed"}</strong>
        <small>${left > 0 ? `window until ${dayOf(chat.windowEnds, zone)} ${timeOf(chat.windowEnds, zone)}` : "templates only"}</small>
      </div>
      <div class="badges">
        ${free && html`<span class="badge good">ad: all free until ${dayOf(chat.entryPointEnds, zone)} ${timeOf(chat.entryPointEnds, zone)}</span>`}
        ${chat?.stopped && html`<span class="badge warn">wants no offers</span>`}
        ${chat?.blocked && html`<span class="badge bad">blocked</span>`}
        ${network === "whatsapp" && html`<button class="link" onClick=${toggleBlock}>${chat?.blocked ? "Unblock" : "Block"}</button>`}
      </div>
    </div>
  `;
}
