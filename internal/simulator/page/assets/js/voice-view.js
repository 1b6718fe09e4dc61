// A voice note: a button, how far it has played, and how long it is.
import { html, useRef, useState } from "./ui.js";
import { Icon } from "./icons.js";

export function Voice({ source }) {
  const audio = useRef(null);
  const [playing, setPlaying] = useState(false);
  const [played, setPlayed] = useState(0);
  const [length, setLength] = useState(0);
  const toggle = () => (playing ? audio.current.pause() : audio.current.play());
  const measure = () => setLength(Number.isFinite(audio.current.duration) ? audio.current.duration : 0);
  const tick = () => setPlayed(audio.current.currentTime);
  return html`
    <div class="voice">
      <button class="round" aria-label=${playing ? "Pause the voice note" : "Play the voice note"} onClick=${toggle}>
        <${Icon} name=${playing ? "pause" : "play"} size=${16} />
      </button>
      <progress max="1" value=${length ? Math.min(1, played / length) : 0} aria-label="Played"></progress>
      <span class="length">${minutes(playing ? played : length)}</span>
      <audio
        ref=${audio} src=${source} preload="metadata" onLoadedMetadata=${measure} onDurationChange=${measure}
        onTimeUpdate=${tick} onPlay=${() => setPlaying(true)} onPause=${() => setPlaying(false)}
      ></audio>
    </div>
  `;
}

function minutes(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
