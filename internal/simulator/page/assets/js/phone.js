// A customer's phone.
import { html } from "./ui.js";
import { Bubble } from "./bubble-view.js";
import { bubbleOf, reactionOf, summaryOf } from "./bubbles.js";
import { Scroll } from "./chat-view.js";
import { useNow } from "./clock.js";
import { timeOf } from "./format.js";
import { Icon } from "./icons.js";
import { countryOf, displayAddress, initials, namesOfNetworks } from "./people.js";
import { PhoneComposer } from "./phone-composer.js";
import { PhoneMenu } from "./phone-menu.js";
import { write } from "./phones-api.js";
import { accountOf, announce, chatOf, networkOf, numberOf } from "./state.js";
import { Ticks } from "./ticks.js";

export function Phone({ state, one, zone, remove }) {
  const chat = chatOf(state, one);
  const business = numberOf(state, one.channel);
  const network = networkOf(state, one.channel);
  const title = `${one.name}'s phone`;
  return html`
    <article class="phone" data-off=${chat?.off} data-network=${network} aria-label=${title}>
      <header class="owner">
        <span class="avatar">${initials(one.name)}</span>
        <span class="who"><strong>${one.name}</strong><small>${network === "whatsapp" ? `${displayAddress(one.person)} ${countryOf(one.person)}` : `on ${namesOfNetworks[network]}`}</small></span>
        <button class="quiet" aria-label=${`Put ${one.name}'s phone away`} onClick=${remove}><${Icon} name="close" size=${16} /></button>
      </header>
      <div class="frame">
        <${StatusBar} zone=${zone} off=${chat?.off} />
        <div class="peer">
          <span class="avatar business">${initials(business?.verifiedName || "Business")}</span>
          <span class="who">
            <strong>${business?.verifiedName || accountOf(state, one.channel)?.name || "Business"}</strong>
            <small>${chat?.refuses ? "You blocked this business" : `Business on ${namesOfNetworks[network]}`}</small>
          </span>
          <${PhoneMenu} one=${one} chat=${chat} />
        </div>
        <${Messages} chat=${chat} one=${one} state=${state} zone=${zone} />
        <${PhoneComposer} one=${one} />
      </div>
    </article>
  `;
}

function StatusBar({ zone, off }) {
  const time = useNow();
  return html`
    <div class="status" aria-hidden="true">
      <span>${timeOf(time, zone)}</span><span class="notch"></span><span class="signal">${off ? "off" : "5G"}</span>
    </div>
  `;
}

function Messages({ chat, one, state, zone }) {
  const templates = accountOf(state, one.channel)?.templates ?? [];
  const entries = shownOn(chat);
  const tap = (entry) => (button) => tapped(one, entry, button);
  return html`
    <${Scroll} label=${`What ${one.name} sees`}>
      ${entries.length === 0 && html`<p class="hint">Write to the business. That opens its window to answer freely for 24 hours.</p>`}
      ${entries.map((entry) => html`
        <${Bubble}
          key=${entry.id} bubble=${bubbleOf(entry, templates)} mine=${entry.by === "customer"}
          reaction=${reactionTo(chat, entry)} quoted=${quotedBy(chat, entry, templates)}
          tap=${entry.by === "business" ? tap(entry) : undefined}
          foot=${html`<time>${timeOf(entry.at, zone)}</time>${entry.by === "customer" && html`<${Ticks} progress=${entry.read ? "read" : "delivered"} />`}`}
        />
      `)}
    <//>
  `;
}

/** shownOn lists what has arrived on a phone, without reactions, which stand at their message. */
export function shownOn(chat) {
  return (chat?.entries ?? []).filter((entry) => {
    if (reactionOf(entry)) return false;
    return entry.by === "customer" || entry.statuses?.some((step) => step.status === "delivered");
  });
}

/** reactionTo returns the latest emoji about an entry. */
export function reactionTo(chat, entry) {
  const about = (chat?.entries ?? []).map(reactionOf).filter((r) => r && [entry.id, entry.callbackData].includes(r.about));
  return about.at(-1)?.emoji;
}

/** quotedBy returns a line of the message that an entry answers. */
export function quotedBy(chat, entry, templates) {
  const id = entry.message?.context?.id ?? entry.message?.context?.message_id;
  const quoted = id && chat.entries.find((other) => other.id === id || other.callbackData === id);
  return quoted && summaryOf(quoted, templates);
}

async function tapped(one, entry, button) {
  if (button.opens) return announce(`${one.name} would open ${button.opens}`);
  if (button.calls) return announce(`${one.name} would call ${button.calls}`);
  if (button.copies !== undefined) return announce(`${one.name} would copy the code ${button.copies}`);
  if (!button.reply) return announce(`The simulator has nothing behind “${button.text}”.`);
  try {
    await write(one, { replyTo: entry.id, message: button.reply });
  } catch (error) {
    announce(error.message);
  }
}
