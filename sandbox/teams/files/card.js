// Adaptive Cards as elements: what Teams knows of version 1.5. Unknown types show their fallback, or nothing.
//
// `place`: {zone, visible, use(action, inputs, button), plain} – `use` gets the action and the values filled in around it;
// `plain` leaves out the card's own actions, which a dialog shows at its foot.

import { h, icon, pop, unpop } from "/page/dom.js";
import { dated, link, markdown } from "/teams/page/markdown.js";

const PRIMARY_MAX = 6;
const word = (value, fallback = "") => String(value ?? fallback).toLowerCase();
let fields = 0;

/** The card as one element. */
export function renderCard(card, place) {
  const box = h("div", { class: "ac" });
  const body = h("div", { class: "ac-body" }, elements(card.body ?? [], { ...place, root: box }));
  box.append(body);
  if (card.selectAction) selectable(body, card.selectAction, { ...place, root: box });
  if (!place.plain && card.actions?.length) box.append(actions(card.actions, { ...place, root: box }));
  return box;
}

/** The values in the inputs inside this element: id -> text, or a list where many may be chosen. */
export function valuesIn(box) {
  return Object.fromEntries([...box.querySelectorAll(".ac-input")].map((field) => [field.dataset.id, field.read()]));
}

/** Shows what is wrong beside each input, and takes back what was said before. */
export function complain(box, errors) {
  for (const field of box.querySelectorAll(".ac-input")) {
    const text = errors[field.dataset.id];
    field.classList.toggle("wrong", Boolean(text));
    const line = field.querySelector(".b-error");
    line.hidden = !text;
    line.textContent = text ?? "";
    field.querySelectorAll("input, textarea, select").forEach((control) => control.setAttribute("aria-invalid", String(Boolean(text))));
  }
  box.querySelector(".ac-input.wrong")?.querySelector("input, textarea, select")?.focus();
}

const elements = (items, place) => items.map((item) => element(item, place));

function element(item, place) {
  const make = MAKERS[item.type];
  if (!make) return item.fallback && item.fallback !== "drop" ? element(item.fallback, place) : null;
  const hidden = !(place.visible?.[item.id] ?? item.isVisible ?? true);
  const node = make(item, place);
  if (!node) return null;
  node.classList.add(`space-${word(item.spacing, "default")}`);
  if (item.separator) node.classList.add("separated");
  if (item.horizontalAlignment) node.classList.add(`align-${word(item.horizontalAlignment)}`);
  if (item.id) node.dataset.ac = item.id;
  node.hidden = hidden;
  if (item.selectAction) selectable(node, item.selectAction, place);
  return node;
}

const MAKERS = {
  TextBlock: (item, place) => {
    const heading = word(item.style) === "heading";
    const node = h(heading ? "h3" : "div", { class: `ac-text ${textClass(item)} ${item.wrap ? "" : "nowrap"}` }, markdown(item.text, place.zone));
    if (item.maxLines) {
      node.classList.add("clamped");
      node.style.setProperty("-webkit-line-clamp", String(item.maxLines));
    }
    return node;
  },
  RichTextBlock: (item, place) => h("div", { class: "ac-text" }, item.inlines.map((run) => richRun(run, place))),
  FactSet: (item, place) => h("dl", { class: "ac-facts" }, item.facts.flatMap((fact) => [
    h("dt", {}, markdown(fact.title, place.zone)), h("dd", {}, markdown(fact.value, place.zone))])),
  Container: (item, place) => h("div", { class: `ac-box style-${word(item.style, "none")} valign-${word(item.verticalContentAlignment, "top")}` }, elements(item.items, place)),
  ColumnSet: (item, place) => h("div", { class: `ac-columns style-${word(item.style, "none")}` }, (item.columns ?? []).map((column) => columnOf(column, place))),
  Image: (item) => {
    const image = h("img", { class: `ac-image size-${word(item.size, "auto")} ${word(item.style)}`, src: fetched(item.url), alt: item.altText ?? "", loading: "lazy" });
    const wrap = h("div", { class: "ac-figure" }, image);
    image.addEventListener("error", () => image.replaceWith(h("span", { class: "b-noimage" }, item.altText || "image")));
    if (/^\d+px$/.test(item.width ?? "")) image.style.width = item.width;
    if (/^\d+px$/.test(item.height ?? "")) image.style.height = item.height;
    return wrap;
  },
  ImageSet: (item, place) => h("div", { class: "ac-images" }, item.images.map((image) => element({ size: item.imageSize ?? "medium", ...image }, place))),
  ActionSet: (item, place) => actions(item.actions, place),
  Table: (item, place) => table(item, place),
  "Input.Text": (item, place) => textField(item, place),
  "Input.Number": (item) => field(item, h("input", { class: "field", type: "number", placeholder: item.placeholder ?? "", value: item.value ?? "", min: item.min ?? "", max: item.max ?? "" })),
  "Input.Date": (item) => field(item, h("input", { class: "field", type: "date", value: item.value ?? "" })),
  "Input.Time": (item) => field(item, h("input", { class: "field", type: "time", value: item.value ?? "" })),
  "Input.Toggle": (item) => toggle(item),
  "Input.ChoiceSet": (item) => choices(item),
};

// As in Teams, a service fetches images: the reader's browser asks nobody else for anything.
const fetched = (url) => (/^https?:/i.test(url ?? "") ? `/teams/page/image?url=${encodeURIComponent(url)}` : url);

const textClass = (item) => [
  `size-${word(item.size, "default")}`, `weight-${word(item.weight, "default")}`, `color-${word(item.color, "default")}`,
  item.isSubtle && "subtle", word(item.fontType) === "monospace" && "mono", word(item.style) === "heading" && "heading",
].filter(Boolean).join(" ");

function richRun(run, place) {
  if (typeof run === "string") return run;
  const tag = run.strikethrough ? "s" : run.underline ? "u" : run.italic ? "em" : "span";
  const node = h(tag, { class: `${textClass(run)} ${run.highlight ? "marked" : ""}` }, dated(run.text, place.zone));
  if (run.italic) node.classList.add("italic");
  if (run.selectAction) selectable(node, run.selectAction, place);
  return node;
}

function columnOf(column, place) {
  const node = h("div", { class: `ac-column style-${word(column.style, "none")} valign-${word(column.verticalContentAlignment, "top")}` }, elements(column.items ?? [], place));
  const width = String(column.width ?? "stretch");
  node.style.flex = width === "auto" ? "0 1 auto" : width === "stretch" ? "1 1 0" : /px$/.test(width) ? `0 0 ${width}` : `${Number(width) || 1} 1 0`;
  node.hidden = !(place.visible?.[column.id] ?? column.isVisible ?? true);
  if (column.id) node.dataset.ac = column.id;
  if (column.separator) node.classList.add("separated");
  if (column.selectAction) selectable(node, column.selectAction, place);
  return node;
}

function table(item, place) {
  const widths = item.columns ?? [];
  const first = item.firstRowAsHeader ?? item.firstRowAsHeaders ?? true;
  const cell = (content, tag, index) => {
    const node = h(tag, { class: `style-${word(content.style, "none")}`, scope: tag === "th" ? "col" : null }, elements(content.items, place));
    const share = widths[index]?.width;
    if (share) node.style.width = /px$/.test(share) ? share : `${(100 * share) / widths.reduce((sum, column) => sum + (Number(column.width) || 1), 0)}%`;
    if (content.selectAction) selectable(node, content.selectAction, place);
    return node;
  };
  return h("table", { class: `ac-table ${item.showGridLines === false ? "" : "lines"}` }, (item.rows ?? []).map((row, number) =>
    h("tr", { class: `style-${word(row.style, "none")}` }, row.cells.map((content, index) => cell(content, first && number === 0 ? "th" : "td", index)))));
}

function field(item, control, read = () => control.value || null) {
  const id = `f${(fields += 1)}`;
  const target = control.matches("input, textarea, select") ? control : control.querySelector("input, textarea, select");
  const group = control.classList.contains("choices");
  if (group) {
    control.setAttribute("aria-labelledby", `${id}-label`);
  } else if (target) {
    target.id = id;
    target.setAttribute("aria-describedby", `${id}-error`);
    if (!item.label) target.setAttribute("aria-label", item.placeholder || item.title || item.id);
  }
  const words = item.label && [item.label, item.isRequired && h("span", { class: "needed", "aria-hidden": "true" }, " *")];
  const node = h("div", { class: "ac-input b-input", "data-id": item.id },
    words && (group ? h("div", { class: "ac-label", id: `${id}-label` }, words) : h("label", { class: "ac-label", htmlFor: id }, words)),
    control, h("div", { class: "b-error", id: `${id}-error`, hidden: true }));
  node.read = read;
  return node;
}

function textField(item, place) {
  const kind = { tel: "tel", url: "url", email: "email", password: "password" }[word(item.style)] ?? "text";
  const props = { class: "field", placeholder: item.placeholder ?? "", value: item.value ?? "", ...(item.maxLength ? { maxLength: item.maxLength } : {}) };
  const control = item.isMultiline ? h("textarea", { ...props, rows: 3 }) : h("input", { ...props, type: kind });
  if (!item.inlineAction) return field(item, control);
  const button = actionButton(item.inlineAction, place);
  return field(item, h("div", { class: "ac-inline" }, control, button), () => control.value || null);
}

function toggle(item) {
  const on = item.valueOn ?? "true";
  const off = item.valueOff ?? "false";
  const box = h("input", { type: "checkbox", checked: (item.value ?? off) === on });
  const control = h("label", { class: "choice" }, box, h("span", {}, item.title));
  const node = field(item, control, () => (box.checked ? on : off));
  if (!item.label) box.removeAttribute("aria-label");
  return node;
}

function choices(item) {
  const chosen = String(item.value ?? "").split(",").filter(Boolean);
  const many = Boolean(item.isMultiSelect);
  if (!many && word(item.style, "compact") !== "expanded") {
    const select = h("select", { class: "field" }, h("option", { value: "" }, item.placeholder ?? ""), (item.choices ?? []).map((choice) =>
      h("option", { value: choice.value, selected: chosen.includes(choice.value) }, choice.title)));
    return field(item, select);
  }
  const name = `g${(fields += 1)}`;
  const group = h("div", { class: "choices", role: many ? "group" : "radiogroup" }, (item.choices ?? []).map((choice) =>
    h("label", { class: "choice" },
      h("input", { type: many ? "checkbox" : "radio", name, value: choice.value, checked: chosen.includes(choice.value) }),
      h("span", {}, choice.title))));
  const values = () => [...group.querySelectorAll("input:checked")].map((box) => box.value);
  return field(item, group, () => (many ? values() : values()[0] ?? null));
}

/** A row of buttons: the primary ones, and a menu with the rest. */
export function actions(items, place) {
  const usable = items.map(known).filter(Boolean);
  const primary = usable.filter((action) => word(action.mode, "primary") === "primary");
  const shown = primary.slice(0, PRIMARY_MAX);
  const rest = usable.filter((action) => !shown.includes(action));
  const inner = h("div", { class: "ac-inner" });
  const row = h("div", { class: "b-actions ac-actions", role: "group" }, shown.map((action) => actionButton(action, { ...place, inner })));
  if (rest.length) {
    const more = h("button", { type: "button", class: "btn overflow", "aria-label": "More actions", "aria-haspopup": "menu" }, icon("more"));
    more.addEventListener("click", () => pop(more, h("div", { role: "menu" }, rest.map((action) =>
      h("button", { type: "button", class: "row", role: "menuitem", onclick: () => { unpop(); act(action, { ...place, inner }, more); } }, action.title ?? "")))));
    row.append(more);
  }
  return h("div", { class: "ac-actionset" }, row, inner);
}

const known = (action) => (/^Action\.(Execute|Submit|OpenUrl|ShowCard|ToggleVisibility)$/.test(action.type) ? action
  : action.fallback && action.fallback !== "drop" ? known(action.fallback) : null);

export function actionButton(action, place) {
  const style = { positive: "primary", destructive: "danger" }[word(action.style)] ?? "";
  const button = h("button", { type: "button", class: `btn ${style}`, title: action.tooltip ?? "", disabled: action.isEnabled === false,
    "aria-expanded": action.type === "Action.ShowCard" ? "false" : null },
  action.title ?? "", action.type === "Action.ShowCard" && icon("chevron"));
  button.addEventListener("click", () => act(action, place, button));
  return button;
}

/** What a click does: the client's own part here, the rest by `place.use`. */
async function act(action, place, button) {
  if (action.type === "Action.OpenUrl") return open(link(action.url, "").href, "_blank", "noreferrer");
  if (action.type === "Action.ShowCard") return unfold(action, place, button);
  if (button.classList.contains("busy")) return undefined;
  if (action.type === "Action.ToggleVisibility") toggleIn(place.root, action);
  const outer = place.outer ? valuesIn(place.outer) : {};
  button.classList.add("busy");
  try {
    return await place.use(action, { ...outer, ...valuesIn(place.root) }, place.root);
  } finally {
    button.classList.remove("busy");
  }
}

/** At once, and in place: what was typed elsewhere in the card stays. The sandbox is told as well. */
function toggleIn(root, action) {
  for (const target of action.targetElements) {
    const id = target.elementId ?? target;
    const node = root.querySelector(`[data-ac="${CSS.escape(id)}"]`);
    if (node) node.hidden = target.isVisible === undefined ? !node.hidden : !target.isVisible;
  }
}

function unfold(action, place, button) {
  const isOpen = button.getAttribute("aria-expanded") === "true";
  for (const other of button.parentElement.querySelectorAll("[aria-expanded]")) other.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-expanded", String(!isOpen));
  place.inner.replaceChildren(...(isOpen ? [] : [renderCard(action.card, { ...place, plain: false, outer: place.root, inner: null })]));
}

function selectable(node, action, place) {
  node.classList.add("selectable");
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  if (action.title) node.setAttribute("aria-label", action.title);
  const go = (event) => {
    if (event.target.closest("a, button, input, select, textarea, label") && event.target !== node) return;
    event.stopPropagation();
    act(action, place, node);
  };
  node.addEventListener("click", go);
  node.addEventListener("keydown", (event) => (event.key === "Enter" || event.key === " ") && event.target === node && go(event));
}
