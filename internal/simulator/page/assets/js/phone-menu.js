// What a customer can do beside writing: switch the phone off, block, stop, come by an ad.
import { html } from "./ui.js";
import { Menu } from "./menu.js";
import { prefer, setPhone, write } from "./phones-api.js";
import { announce, getState, onWhatsApp } from "./state.js";

export function PhoneMenu({ one, chat, number }) {
  const items = actionsOf(one, chat, number).map((item) => ({
    ...item,
    act: () => item.act().catch((error) => announce(error.message)),
  }));
  return html`<${Menu} label=${`What else ${one.name} can do`} icon="more" items=${items} />`;
}

function actionsOf({ person, name }, chat, to) {
  const { refuses = false, stopped = false, off = false, noReceipts = false } = chat ?? {};
  return [
    { text: "Tap an ad and write", icon: "ad", act: () => write(person, adClick(to, name)) },
    { text: "Write STOP", icon: "text", act: () => write(person, { to, name, text: "STOP" }) },
    onWhatsApp(getState()) && { text: "Stop offers", icon: "block", checked: stopped, act: () => prefer(person, to, stopped ? "resume" : "stop") },
    { text: "Block the business", icon: "block", checked: refuses, act: () => setPhone(person, { refuses: refuses ? [] : [to] }) },
    { text: "Switch the phone off", icon: "power", checked: off, act: () => setPhone(person, { off: !off }) },
    { text: "Hide read receipts", icon: "check", checked: noReceipts, act: () => setPhone(person, { readReceipts: noReceipts }) },
  ].filter(Boolean);
}

/** adClick is the first message of somebody who came by an advertisement. */
function adClick(to, name) {
  return {
    to,
    name,
    text: "Hello! I saw your ad. Can you tell me more?",
    referral: {
      source_url: "https://ads.example/parcel",
      source_id: "120208480000000001",
      source_type: "ad",
      headline: "Your parcel, tomorrow",
      body: "Ask us on WhatsApp",
      media_type: "image",
      ctwa_clid: "ARAkLkA8rmlFeiCktEJQ",
    },
  };
}
