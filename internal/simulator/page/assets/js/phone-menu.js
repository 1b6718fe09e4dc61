// What a customer can do beside writing: switch the phone off, block, stop, come by an ad.
import { html } from "./ui.js";
import { Menu } from "./menu.js";
import { prefer, setPhone, write } from "./phones-api.js";
import { announce, getState, onWhatsApp } from "./state.js";

export function PhoneMenu({ one, chat }) {
  const items = actionsOf(one, chat).map((item) => ({
    ...item,
    act: () => item.act().catch((error) => announce(error.message)),
  }));
  return html`<${Menu} label=${`What else ${one.name} can do`} icon="more" items=${items} />`;
}

function actionsOf(one, chat) {
  const { refuses = false, stopped = false, off = false, noReceipts = false } = chat ?? {};
  return [
    { text: "Tap an ad and write", icon: "ad", act: () => write(one, adClick) },
    { text: "Write STOP", icon: "text", act: () => write(one, { text: "STOP" }) },
    onWhatsApp(getState(), one.channel) && { text: "Stop offers", icon: "block", checked: stopped, act: () => prefer(one, stopped ? "resume" : "stop") },
    { text: "Block the business", icon: "block", checked: refuses, act: () => setPhone(one, { refuses: !refuses }) },
    { text: "Switch the phone off", icon: "power", checked: off, act: () => setPhone(one, { off: !off }) },
    { text: "Hide read receipts", icon: "check", checked: noReceipts, act: () => setPhone(one, { readReceipts: noReceipts }) },
  ].filter(Boolean);
}

// The first message of somebody who came by an advertisement.
const adClick = {
  text: "Hello! I saw your ad. Can you tell me more?",
  referral: {
    source_url: "https://ads.example/parcel",
    source_id: "120208480000000001",
    source_type: "ad",
    headline: "Your parcel, tomorrow",
    body: "Ask us in a message",
    media_type: "image",
    ctwa_clid: "ARAkLkA8rmlFeiCktEJQ",
  },
};
