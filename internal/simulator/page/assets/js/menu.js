// A button that opens a menu: arrows move, Escape closes.
import { html, useLayoutEffect, useRef, useState } from "./ui.js";
import { Icon } from "./icons.js";

/** Menu shows items of {text, icon, checked, act}; checked is left out of what cannot be checked. */
export function Menu({ label, icon, items, upwards }) {
  const [open, setOpen] = useState(false);
  const menu = useRef(null);
  // before the next key is pressed: after the next paint would be too late
  useLayoutEffect(() => {
    if (!open) return undefined;
    menu.current.querySelector("[role^=menuitem]").focus();
    const leave = (event) => !menu.current.contains(event.target) && setOpen(false);
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, [open]);
  const close = () => {
    setOpen(false);
    menu.current.querySelector("button").focus();
  };
  const keys = (event) => (event.key === "Escape" ? close() : steer(event, menu.current));
  return html`
    <div class="menu" ref=${menu} onKeyDown=${keys}>
      <button
        type="button" class="quiet" aria-haspopup="menu" aria-expanded=${open} aria-label=${label} title=${label}
        onClick=${() => setOpen(!open)}
      ><${Icon} name=${icon} /></button>
      ${open && html`
        <div class="items" role="menu" aria-label=${label} data-upwards=${upwards}>
          ${items.map((item) => html`
            <button
              type="button" role=${item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
              aria-checked=${item.checked} tabindex="-1" onClick=${() => (close(), item.act())}
            ><${Icon} name=${item.checked ? "check" : item.icon} size=${16} />${item.text}</button>
          `)}
        </div>
      `}
    </div>
  `;
}

function steer(event, menu) {
  const items = [...menu.querySelectorAll("[role^=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined || items.length === 0) return;
  event.preventDefault();
  items[(to + items.length) % items.length].focus();
}
