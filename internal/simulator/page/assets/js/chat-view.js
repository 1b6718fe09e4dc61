// A list of messages that stays at its end, unless somebody has scrolled up.
import { html, useEffect, useLayoutEffect, useRef } from "./ui.js";

export function Scroll({ label, children }) {
  const list = useRef(null);
  const atEnd = useRef(true);
  const before = useRef(0);
  const settle = () => {
    if (atEnd.current && list.current) list.current.scrollTop = list.current.scrollHeight;
  };
  useLayoutEffect(settle); // whatever was drawn
  useEffect(() => {
    const observer = new ResizeObserver(settle);
    observer.observe(list.current);
    return () => observer.disconnect();
  }, []);
  const look = (event) => {
    const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
    // What grows is not what somebody has scrolled: only a way upwards leaves the end.
    if (scrollHeight - scrollTop - clientHeight < 60) atEnd.current = true;
    else if (scrollTop < before.current) atEnd.current = false;
    before.current = scrollTop;
  };
  // A picture has its height only when it is there.
  return html`
    <div class="scroll" ref=${list} role="log" aria-label=${label} tabindex="0" onScroll=${look} onLoadCapture=${settle}>
      ${children}
    </div>
  `;
}
