// The page: phones on the left, the business's desk in the middle, its account on the right.
import { html, render, useEffect, useState } from "./ui.js";
import { AccountPanel } from "./account.js";
import { followBooks } from "./books.js";
import { Desk } from "./desk.js";
import { takeToken } from "./desk-api.js";
import { followFeed } from "./feed.js";
import { Header } from "./header.js";
import { loadPeople, peopleOf, savePeople } from "./people.js";
import { Phones } from "./phones.js";
import { accountsOf, useStore } from "./state.js";

const views = [
  { view: "phones", text: "Phones" },
  { view: "desk", text: "Desk" },
  { view: "account", text: "Account" },
];

function Page() {
  const state = useStore();
  const [chosen, setChosen] = useState(loadPeople);
  const [view, setView] = useState("phones");
  const account = accountsOf(state).find(({ numbers }) => numbers.length > 0);
  useEffect(() => followBooks(account), [account?.id, account?.gateway, account?.numbers[0].id]);
  const choose = (people) => (setChosen(people), savePeople(people));
  const people = peopleOf(chosen, state);
  const zone = state.books?.account.timeZone;
  return html`
    <${Header} state=${state} zone=${zone} />
    <nav class="views" aria-label="Parts of the page">
      ${views.map((one) => html`
        <button aria-pressed=${one.view === view} onClick=${() => setView(one.view)}>${one.text}</button>
      `)}
    </nav>
    <main data-view=${view}>
      <${Phones} state=${state} people=${people} choose=${choose} zone=${zone} />
      <${Desk} state=${state} people=${people} zone=${zone} />
      <${AccountPanel} state=${state} zone=${zone} />
    </main>
    <p class="notice" role="status" data-shown=${state.notice !== ""}>${state.notice}</p>
  `;
}

takeToken();
followFeed();
render(html`<${Page} />`, document.getElementById("app"));
