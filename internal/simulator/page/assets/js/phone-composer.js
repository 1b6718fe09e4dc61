// What a customer writes with: text, a photo, a voice note.
import { html, useRef, useState } from "./ui.js";
import { Icon } from "./icons.js";
import { Menu } from "./menu.js";
import { sendFile, write } from "./phones-api.js";
import { record, samplePhoto } from "./recording.js";
import { announce, getState, onWhatsApp } from "./state.js";

export function PhoneComposer({ one }) {
  const [text, setText] = useState("");
  const picker = useRef(null);
  const files = onWhatsApp(getState(), one.channel);
  const send = async (event) => {
    event.preventDefault();
    if (!text.trim()) return;
    setText("");
    await tell(write(one, { text: text.trim() }), () => setText(text));
  };
  const sendPhoto = (file) => tell(sendFile(one, { kind: "image", file }));
  const photos = [
    { text: "A parcel", icon: "photo", act: async () => sendPhoto(await samplePhoto()) },
    { text: "Choose a file…", icon: "plus", act: () => picker.current.click() },
  ];
  return html`
    <form class="composer" onSubmit=${send}>
      <input
        type="file" accept="image/*" hidden ref=${picker} aria-label=${`Photo file of ${one.name}`}
        onChange=${(event) => event.target.files[0] && sendPhoto(event.target.files[0])}
      />
      ${files && html`<${Menu} label=${`Send a photo as ${one.name}`} icon="photo" upwards items=${photos} />`}
      <input
        class="text" type="text" placeholder="Message" autocomplete="off" aria-label=${`Write as ${one.name}`}
        value=${text} onInput=${(event) => setText(event.target.value)}
      />
      ${text.trim() || !files
        ? html`<button class="round" aria-label=${`Send as ${one.name}`}><${Icon} name="send" /></button>`
        : html`<${VoiceButton} one=${one} />`}
    </form>
  `;
}

function VoiceButton({ one }) {
  const [recording, setRecording] = useState(null);
  const toggle = async () => {
    if (!recording) {
      const started = await record().catch((error) => announce(`No voice note: ${error.message}`));
      if (started?.tone) announce("There is no microphone here: a tone is recorded.");
      setRecording(started ?? null);
      return;
    }
    setRecording(null);
    await tell(sendFile(one, { kind: "audio", file: await recording.stop() }));
  };
  return html`
    <button
      type="button" class="round" data-recording=${recording !== null} aria-pressed=${recording !== null}
      aria-label=${recording ? `Send the voice note as ${one.name}` : `Record a voice note as ${one.name}`} onClick=${toggle}
    ><${Icon} name=${recording ? "stop" : "voice"} /></button>
  `;
}

async function tell(sent, undo) {
  try {
    await sent;
  } catch (error) {
    undo?.();
    announce(error.message);
  }
}
