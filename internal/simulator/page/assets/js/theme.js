// Light, dark, or as the system is.
import { html, useLayoutEffect, useState } from "./ui.js";
import { Icon } from "./icons.js";

const storageKey = "guichet.theme";
const themes = ["auto", "light", "dark"];

export function ThemeButton() {
  const [theme, setTheme] = useState(stored());
  // before the page is painted, so that it never shows the other theme for a moment
  useLayoutEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem(storageKey, theme);
    } catch {
      // it is chosen anew the next time
    }
  }, [theme]);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length];
  return html`
    <button class="quiet" aria-label=${`Theme: ${theme}. Change to ${next}`} title=${`Theme: ${theme}`} onClick=${() => setTheme(next)}>
      <${Icon} name=${theme} />
    </button>
  `;
}

function stored() {
  try {
    const theme = localStorage.getItem(storageKey);
    return themes.includes(theme) ? theme : "auto";
  } catch {
    return "auto";
  }
}
