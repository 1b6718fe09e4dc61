// Templates: which there are, what a filled one shows, and what has to be filled in.

/** findTemplate returns the definition of a name and a language, or undefined. */
export function findTemplate(templates, name, language) {
  return templates.find((one) => one.name === name && one.language === language);
}

/** templateBubble is what a template message shows, see bubbles.js. */
export function templateBubble(send, templates, preview) {
  const language = typeof send?.language === "string" ? send.language : send?.language?.code;
  const definition = findTemplate(templates, send?.name, language);
  if (!definition) return { body: preview || `Template ${send?.name}` };
  return { ...partsOf(definition.components ?? [], send.components ?? []), template: definition };
}

function partsOf(components, filled) {
  const bubble = { buttons: [], cards: [] };
  for (const component of components) {
    const values = filled.find((one) => one.type?.toUpperCase() === component.type);
    const draw = partDrawers[component.type];
    if (draw) Object.assign(bubble, draw(component, values, filled));
  }
  return bubble;
}

const partDrawers = {
  HEADER: (component, values) => ({ header: headerOf(component, values?.parameters ?? []) }),
  BODY: (component, values) => ({ body: component.text ? fill(component.text, values?.parameters) : codeText(component, values) }),
  FOOTER: (component) => ({ footer: component.text ?? expiryText(component) }),
  BUTTONS: (component, _, filled) => ({ buttons: component.buttons.map((button, i) => buttonOf(button, i, filled)) }),
  LIMITED_TIME_OFFER: (component) => ({ offer: component.limited_time_offer?.text }),
  CAROUSEL: (component, values) => ({
    cards: component.cards.map((card, i) => {
      const own = values?.cards?.find((one) => Number(one.card_index) === i) ?? values?.cards?.[i];
      return partsOf(card.components, own?.components ?? []);
    }),
  }),
};

function headerOf(component, parameters) {
  const format = component.format ?? "TEXT";
  if (format === "TEXT") return { text: fill(component.text, parameters) };
  const kind = format.toLowerCase();
  const file = parameters[0]?.[kind] ?? {};
  if (kind === "location") return { place: file };
  const { id, link, filename } = file;
  return { media: { kind: kind === "gif" ? "video" : kind, id, link, filename } };
}

/** fill puts values into a text's {{variables}}, by name or by place. */
export function fill(text, parameters = []) {
  let place = 0;
  return text.replace(/\{\{\s*([\w]+)\s*\}\}/g, (variable, name) => {
    const named = parameters.find((one) => one.parameter_name === name);
    const parameter = named ?? parameters[/^\d+$/.test(name) ? Number(name) - 1 : place];
    place++;
    return parameter ? valueOf(parameter) : variable;
  });
}

function valueOf(parameter) {
  return parameter.text ?? parameter.currency?.fallback_value ?? parameter.date_time?.fallback_value ?? "";
}

function codeText(component, values) {
  const warning = component.add_security_recommendation ? " For your security, do not share this code." : "";
  return `${values?.parameters?.[0]?.text ?? "******"} is your verification code.${warning}`;
}

function expiryText(component) {
  return component.code_expiration_minutes ? `This code expires in ${component.code_expiration_minutes} minutes.` : undefined;
}

function buttonOf(button, index, filled) {
  const values = filled.find((one) => one.type === "button" && Number(one.index) === index)?.parameters ?? [];
  const text = button.text ?? wordsOfButtons[button.type] ?? button.type;
  switch (button.type) {
    case "QUICK_REPLY":
      return { text, reply: { type: "button", button: { text, payload: values[0]?.payload ?? text } } };
    case "POSTBACK":
      return { text, reply: { postback: { title: text, payload: values[0]?.payload ?? button.payload ?? text } } };
    case "URL":
      return { text, opens: values[0]?.url ?? fill(button.url ?? "", values) };
    case "PHONE_NUMBER":
      return { text, calls: button.phone_number };
    case "COPY_CODE":
      return { text, copies: values[0]?.coupon_code ?? [button.example].flat()[0] ?? "" };
    case "OTP":
      return { text, copies: values[0]?.text ?? "" };
    default:
      return { text };
  }
}

const wordsOfButtons = {
  COPY_CODE: "Copy offer code",
  OTP: "Copy code",
  FLOW: "Open form",
  CATALOG: "View catalog",
  MPM: "View items",
  SPM: "View",
  VOICE_CALL: "Call",
  ORDER_DETAILS: "Review and pay",
};

/** fieldsOf lists what has to be filled in: {key, label, example}, with fillers that build the request. */
export function fieldsOf(definition) {
  return fieldsIn(definition.components ?? [], definition.parameter_format === "NAMED", "");
}

function fieldsIn(components, named, prefix) {
  return components.flatMap((component) => {
    switch (component.type) {
      case "HEADER":
        return headerFields(component, named, prefix);
      case "BODY":
        return bodyFields(component, named, prefix);
      case "BUTTONS":
        return component.buttons.flatMap((button, i) => buttonFields(button, i, prefix));
      case "CAROUSEL":
        return component.cards.flatMap((card, i) =>
          fieldsIn(card.components, named, `${prefix}card ${i + 1} `).map((field) => ({ ...field, card: i })),
        );
      default:
        return [];
    }
  });
}

function headerFields(component, named, prefix) {
  const format = component.format ?? "TEXT";
  if (format === "TEXT") {
    const examples = component.example ?? {};
    return variablesOf(component.text).map((name, i) => ({
      label: `${prefix}header ${name}`,
      example: examples.header_text_named_params?.[i]?.example ?? examples.header_text?.[i] ?? "",
      component: { type: "header" },
      parameter: (text) => textParameter(named, name, text),
    }));
  }
  if (format === "LOCATION" || format === "PRODUCT") return [];
  const kind = format.toLowerCase();
  return [{ label: `${prefix}${kind}`, file: kind, component: { type: "header" }, parameter: (id) => ({ type: kind, [kind]: { id } }) }];
}

function bodyFields(component, named, prefix) {
  if (!component.text) {
    const code = { label: "code", example: "482913", component: { type: "body" }, parameter: (text) => ({ type: "text", text }) };
    return [code];
  }
  const examples = component.example ?? {};
  return variablesOf(component.text).map((name, i) => ({
    label: `${prefix}${named ? name : `{{${name}}}`}`,
    example: examples.body_text_named_params?.[i]?.example ?? examples.body_text?.[0]?.[i] ?? "",
    component: { type: "body" },
    parameter: (text) => textParameter(named, name, text),
  }));
}

function buttonFields(button, index, prefix) {
  const component = (subType) => ({ type: "button", sub_type: subType, index: String(index) });
  if (button.type === "URL" && variablesOf(button.url ?? "").length > 0) {
    const example = [button.example ?? ""].flat()[0].split("/").pop();
    return [{ label: `${prefix}link`, example, component: component("url"), parameter: (text) => ({ type: "text", text }) }];
  }
  if (button.type === "COPY_CODE") {
    const example = [button.example ?? "SAVE10"].flat()[0];
    const parameter = (code) => ({ type: "coupon_code", coupon_code: code });
    return [{ label: `${prefix}offer code`, example, component: component("copy_code"), parameter }];
  }
  if (button.type === "OTP") {
    return [{ sameAs: "code", component: component("url"), parameter: (text) => ({ type: "text", text }) }];
  }
  return [];
}

function variablesOf(text) {
  return [...new Set([...text.matchAll(/\{\{\s*([\w]+)\s*\}\}/g)].map((match) => match[1]))];
}

function textParameter(named, name, text) {
  return named ? { type: "text", parameter_name: name, text } : { type: "text", text };
}

/** componentsOf builds a message's components of fields and their values, in the same order. */
export function componentsOf(fields, values) {
  const components = [];
  const value = (field, i) => (field.sameAs ? values[fields.findIndex((f) => f.label === field.sameAs)] : values[i]);
  const place = (list, component) => {
    const found = list.find((one) => one.type === component.type && one.index === component.index);
    if (found) return found;
    list.push({ ...component, parameters: [] });
    return list.at(-1);
  };
  fields.forEach((field, i) => {
    let list = components;
    if (field.card !== undefined) {
      let carousel = components.find((one) => one.type === "carousel");
      if (!carousel) components.push((carousel = { type: "carousel", cards: [] }));
      let card = carousel.cards.find((one) => one.card_index === field.card);
      if (!card) carousel.cards.push((card = { card_index: field.card, components: [] }));
      list = card.components;
    }
    place(list, field.component).parameters.push(field.parameter(value(field, i)));
  });
  return components;
}
