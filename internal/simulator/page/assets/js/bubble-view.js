// A message as a bubble, for the phones and for the desk.
import { html } from "./ui.js";
import { Icon } from "./icons.js";
import { Voice } from "./voice-view.js";

/** Bubble draws what bubbles.js returns. tap is called with a button; without it buttons are shown only. */
export function Bubble({ bubble, mine, foot, reaction, quoted, tap }) {
  return html`
    <div class="bubble-line" data-mine=${mine}>
      <div class="bubble">
        ${quoted && html`<div class="quoted">${quoted}</div>`}
        <${Parts} bubble=${bubble} />
        ${foot && html`<div class="foot">${foot}</div>`}
        ${reaction && html`<span class="reaction" role="img" aria-label=${`Reaction ${reaction}`}>${reaction}</span>`}
      </div>
      <${Buttons} buttons=${bubble.buttons} tap=${tap} />
      ${bubble.cards?.length > 0 && html`<${Carousel} cards=${bubble.cards} tap=${tap} />`}
    </div>
  `;
}

function Parts({ bubble }) {
  const { header, media, place, people, body, footer, note, offer } = bubble;
  return html`
    ${header?.text && html`<strong class="head">${header.text}</strong>`}
    ${header?.media && html`<${Media} media=${header.media} />`}
    ${media && html`<${Media} media=${media} />`}
    ${(place ?? header?.place) && html`<${Place} place=${place ?? header.place} />`}
    ${people?.map((name) => html`<div class="contact"><span class="avatar small">${name[0]}</span>${name}</div>`)}
    ${offer && html`<div class="offer">${offer}</div>`}
    ${body && html`<p class="body">${emphasised(body)}</p>`}
    ${media?.caption && html`<p class="body">${media.caption}</p>`}
    ${note && html`<p class="note">${note}</p>`}
    ${footer && html`<p class="footer">${footer}</p>`}
  `;
}

/** emphasised draws *bold*, _italic_ and ~struck~ as WhatsApp does. */
function emphasised(text) {
  const tags = { "*": "strong", _: "em", "~": "s" };
  return text.split(/(\*[^*\n]+\*|\b_[^_\n]+_\b|~[^~\n]+~)/).map((piece) => {
    const tag = piece.length > 2 && piece[0] === piece.at(-1) ? tags[piece[0]] : undefined;
    return tag ? html`<${tag}>${piece.slice(1, -1)}</${tag}>` : piece;
  });
}

function Media({ media }) {
  const { kind, id, link, filename } = media;
  if (!id) return html`<${Elsewhere} kind=${kind} link=${link} filename=${filename} />`;
  const source = `/control/media/${encodeURIComponent(id)}`;
  switch (kind) {
    case "image":
    case "sticker":
      return html`<img class=${kind} src=${source} alt=${media.caption || (kind === "image" ? "Photo" : "Sticker")} />`;
    case "audio":
      return html`<${Voice} source=${source} />`;
    case "video":
      return html`<video class="image" src=${source} controls preload="metadata"></video>`;
    default:
      return html`<a class="file" href=${source} download=${filename ?? "document"}><${Icon} name="document" />${filename ?? "Document"}</a>`;
  }
}

/** Elsewhere stands for a file at an address: this page asks nobody but its own process. */
function Elsewhere({ kind, link, filename }) {
  const name = filename ?? link?.split("/").pop() ?? kind;
  return html`
    <div class="elsewhere" title=${link ?? ""}>
      <${Icon} name=${kind === "document" ? "document" : "photo"} size=${26} />
      <span>${name}</span>
    </div>
  `;
}

function Place({ place }) {
  return html`
    <div class="elsewhere">
      <${Icon} name="place" size=${26} />
      <span>${place.name ?? "Location"}<br /><small>${place.address ?? `${place.latitude}, ${place.longitude}`}</small></span>
    </div>
  `;
}

function Buttons({ buttons, tap }) {
  if (!buttons?.length) return null;
  return html`
    <div class="taps">
      ${buttons.map((button) => html`
        <button class="tap" disabled=${!tap} onClick=${() => tap(button)}>
          <${Icon} name=${button.opens ? "link" : button.calls ? "call" : button.copies ? "copy" : "reply"} size=${14} />
          <span>${button.text}${button.hint && html`<small>${button.hint}</small>`}</span>
        </button>
      `)}
    </div>
  `;
}

function Carousel({ cards, tap }) {
  return html`
    <div class="carousel" role="group" aria-label="Cards" tabindex="0">
      ${cards.map((card, i) => html`
        <div class="card" role="group" aria-label=${`Card ${i + 1} of ${cards.length}`}>
          <div class="bubble"><${Parts} bubble=${card} /></div>
          <${Buttons} buttons=${card.buttons} tap=${tap} />
        </div>
      `)}
    </div>
  `;
}
