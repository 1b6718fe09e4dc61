// The phones, side by side, and the button that takes out another one.
import { html, useState } from "./ui.js";
import { Icon } from "./icons.js";
import { countryOf, displayAddress, nameOf, suggestions } from "./people.js";
import { Phone } from "./phone.js";

export function Phones({ state, people, chosen, choose, zone }) {
  const [away, setAway] = useState([]);
  const shown = people.filter((one) => !away.includes(one.person));
  const remove = (one) => {
    setAway([...away, one.person]);
    choose(chosen.filter((other) => other.person !== one.person));
  };
  const add = (one) => {
    setAway(away.filter((person) => person !== one.person));
    if (!chosen.some((other) => other.person === one.person)) choose([...chosen, one]);
  };
  const others = [...people.filter((one) => away.includes(one.person)), ...suggestions(people)];
  return html`
    <section class="phones" aria-label="Phones">
      ${shown.map((one) => html`<${Phone} key=${one.person} state=${state} one=${one} zone=${zone} remove=${() => remove(one)} />`)}
      <${AddPhone} others=${others} add=${add} />
    </section>
  `;
}

function AddPhone({ others, add }) {
  const [number, setNumber] = useState("");
  const digits = number.replace(/\D/g, "");
  const submit = (event) => {
    event.preventDefault();
    if (digits.length < 7 || digits.length > 15) return;
    add({ person: digits, name: nameOf(digits) });
    setNumber("");
  };
  return html`
    <aside class="add-phone" aria-label="More phones">
      <h2>Another phone</h2>
      ${others.slice(0, 4).map((one) => html`
        <button class="chip" onClick=${() => add({ person: one.person, name: one.name })}>
          <${Icon} name="plus" size=${14} />${one.name}<small>${countryOf(one.person) || displayAddress(one.person)}</small>
        </button>
      `)}
      <form onSubmit=${submit}>
        <input type="tel" placeholder="+44 7700 900123" aria-label="Number of another phone" value=${number} onInput=${(event) => setNumber(event.target.value)} />
        <button class="quiet" aria-label="Take this phone out" disabled=${digits.length < 7}><${Icon} name="plus" /></button>
      </form>
    </aside>
  `;
}
