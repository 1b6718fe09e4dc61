// Choosing a template and filling it in.
import { html, useMemo, useState } from "./ui.js";
import { Bubble } from "./bubble-view.js";
import { words } from "./format.js";
import { samplePhoto } from "./recording.js";
import { componentsOf, fieldsOf, templateBubble } from "./templates.js";

/** useTemplateForm holds which template is chosen and its values. Its content is null if there is none. */
export function useTemplateForm(templates) {
  const [chosen, choose] = useState("");
  const [typed, setTyped] = useState({});
  const usable = templates.filter((one) => one.status === "APPROVED");
  const definition = usable.find((one) => one.id === chosen) ?? usable[0];
  const fields = useMemo(() => (definition ? fieldsOf(definition) : []), [definition]);
  const values = fields.map((field) => (field.file ? samplePhoto : typed[`${definition.id} ${field.label}`] ?? field.example));
  const content = useMemo(() => definition && templateContent(definition, fields, values), [definition, ...values]);
  const fill = (field, value) => setTyped({ ...typed, [`${definition.id} ${field.label}`]: value });
  return { usable, pending: templates.length - usable.length, definition, fields, values, content: content ?? null, choose, fill };
}

function templateContent({ name, language }, fields, values) {
  const components = componentsOf(fields, values);
  return { type: "template", template: { name, language: { code: language }, ...(components.length > 0 && { components }) } };
}

export function TemplateForm({ form }) {
  const { usable, pending, definition, fields, values } = form;
  if (!definition) {
    return html`<p class="hint">${pending ? "The templates are being reviewed." : "The account has no approved template."}</p>`;
  }
  return html`
    <div class="template-form">
      <label class="field wide">
        <span>Template</span>
        <select value=${definition.id} onChange=${(event) => form.choose(event.target.value)}>
          ${usable.map((one) => html`<option value=${one.id}>${one.name} · ${words(one.category)} · ${one.language}</option>`)}
        </select>
      </label>
      ${fields.map((field, i) => field.sameAs === undefined && !field.file && html`
        <label class="field" key=${field.label}>
          <span>${field.label}</span>
          <input type="text" value=${values[i]} onInput=${(event) => form.fill(field, event.target.value)} />
        </label>
      `)}
      <div class="preview" aria-label="What it will look like">
        <${Bubble} bubble=${templateBubble(withoutFiles(form.content.template), usable)} mine=${true} />
      </div>
    </div>
  `;
}

/** withoutFiles leaves out the files, which have no address before they are uploaded. */
function withoutFiles(template) {
  return JSON.parse(JSON.stringify(template));
}
