// The phones, side by side, and the button that takes out another one.
import { html, useState } from "./ui.js";
import { Icon } from "./icons.js";
import { countryOf, displayAddress, nameOf, namesOfNetworks, scopedID, suggestions } from "./people.js";
import { Phone } from "./phone.js";
import { channelsOf, keyOf } from "./state.js";

export function Phones({ state, people, choose, zone }) {
  const [away, setAway] = useState([]);
  const shown = people.filter((one) => !away.includes(keyOf(one)));
  const remove = (one) => {
    setAway([...away, keyOf(one)]);
    choose(people.filter((other) => keyOf(other) !== keyOf(one)));
  };
  const add = (one) => {
    setAway(away.filter((key) => key !== keyOf(one)));
    choose([...people.filter((other) => keyOf(other) !== keyOf(one)), one]);
  };
  return html`
    <section class="phones" aria-label="Phones">
      ${shown.map((one) => html`<${Phone} key=${keyOf(one)} state=${state} one=${one} zone=${zone} remove=${() => remove(one)} />`)}
      <${AddPhone} channels=${channelsOf(state)} people=${people} away=${people.filter((one) => away.includes(keyOf(one)))} add=${add} />
    </section>
  `;
}

function AddPhone({ channels, people, away, add }) {
  const [chosen, setChosen] = useState("");
  const [text, setText] = useState("");
  const channel = channels.find(({ id }) => id === chosen) ?? channels[0];
  const others = [...away.filter((one) => one.channel === channel?.id), ...suggestions(people, channel)];
  const written = channel?.network === "whatsapp" ? personByNumber(text) : personByName(text);
  const submit = (event) => {
    event.preventDefault();
    if (!written) return;
    add({ channel: channel.id, ...written });
    setText("");
  };
  return html`
    <aside class="add-phone" aria-label="More phones">
      <h2>Another phone</h2>
      ${channels.length > 1 && html`
        <select aria-label="Whom the phone writes to" value=${channel.id} onChange=${(event) => setChosen(event.target.value)}>
          ${channels.map((one) => html`<option value=${one.id}>${namesOfNetworks[one.network]} · ${one.displayPhoneNumber || one.id}</option>`)}
        </select>
      `}
      ${others.slice(0, 4).map((one) => html`
        <button class="chip" onClick=${() => add(one)}>
          <${Icon} name="plus" size=${14} />${one.name}<small>${countryOf(one.person) || displayAddress(one.person)}</small>
        </button>
      `)}
      <form onSubmit=${submit}>
        ${channel?.network === "whatsapp"
          ? html`<input type="tel" placeholder="+44 7700 900123" aria-label="Number of another phone" value=${text} onInput=${(event) => setText(event.target.value)} />`
          : html`<input type="text" placeholder="Kim Lee" aria-label="Name of another person" value=${text} onInput=${(event) => setText(event.target.value)} />`}
        <button class="quiet" aria-label="Take this phone out" disabled=${!written}><${Icon} name="plus" /></button>
      </form>
    </aside>
  `;
}

function personByNumber(text) {
  const digits = text.replace(/\D/g, "");
  return digits.length < 7 || digits.length > 15 ? null : { person: digits, name: nameOf(digits) };
}

function personByName(text) {
  const name = text.trim();
  return name ? { person: scopedID(name), name } : null;
}
