// The controls of Block Kit: each is {node, read()}; read() gives the value as the control surface takes it.

import { h, avatar, icon, pop, unpop } from "/page/dom.js";
import { plain } from "/page/mrkdwn.js";

/** The control for an element, showing the state `entry`; `changed(value)` is called after each choice. */
export function control(item, entry, names, { id = null, changed = () => {} } = {}) {
  const hint = item.placeholder?.text ?? "";
  switch (item.type) {
    case "plain_text_input":
      return typed(item.multiline ? "textarea" : "input", { id, placeholder: hint, maxLength: item.max_length ?? 3000 }, entry, changed);
    case "number_input":
      return typed("input", { id, placeholder: hint, inputMode: "decimal" }, entry, changed);
    case "email_text_input":
      return typed("input", { id, placeholder: hint, type: "email" }, entry, changed);
    case "url_text_input":
      return typed("input", { id, placeholder: hint, type: "url" }, entry, changed);
    case "datepicker":
      return typed("input", { id, type: "date" }, { value: entry?.selected_date ?? item.initial_date }, changed);
    case "timepicker":
      return typed("input", { id, type: "time" }, { value: entry?.selected_time ?? item.initial_time }, changed);
    case "datetimepicker":
      return moment(id, entry?.selected_date_time ?? item.initial_date_time, changed);
    case "checkboxes":
      return choices(item, "checkbox", (entry?.selected_options ?? item.initial_options ?? []).map((o) => o.value), id, changed);
    case "radio_buttons":
      return choices(item, "radio", [(entry?.selected_option ?? item.initial_option)?.value], id, changed);
    default:
      return picker(item, entry, names, { id, hint, changed });
  }
}

function typed(tag, props, entry, changed) {
  const kind = tag === "textarea" ? { rows: 4 } : { type: "text" };
  const node = h(tag, { class: "field", ...kind, ...props, value: entry?.value ?? "" });
  node.addEventListener("change", () => changed(node.value || null));
  return { node, read: () => node.value || null };
}

function moment(id, seconds, changed) {
  const local = (date) => new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  const node = h("input", { class: "field", id, type: "datetime-local", value: seconds ? local(new Date(seconds * 1000)) : "" });
  const read = () => (node.value ? Math.floor(new Date(node.value).getTime() / 1000) : null);
  node.addEventListener("change", () => changed(read()));
  return { node, read };
}

function choices(item, type, chosen, id, changed) {
  const name = `g${Math.random().toString(36).slice(2)}`;
  const node = h("div", { class: "choices", role: type === "radio" ? "radiogroup" : "group", id },
    item.options.map((option) =>
      h("label", { class: "choice" },
        h("input", { type, name, value: option.value, checked: chosen.includes(option.value) }),
        h("span", {}, plain(option.text.text), option.description && h("small", {}, plain(option.description.text))))));
  const values = () => [...node.querySelectorAll("input:checked")].map((box) => box.value);
  const read = () => (type === "radio" ? values()[0] ?? null : values());
  node.addEventListener("change", () => changed(read()));
  return { node, read };
}

/** What can be picked: the element's options, the people, or the channels. */
function offers(item, names) {
  if (item.type.includes("users")) {
    return [{ rows: names.people.map((p) => ({ value: p.id, text: p.real_name, detail: p.title || p.email, person: p })) }];
  }
  if (item.type.includes("conversations") || item.type.includes("channels")) {
    return [{ rows: names.channels.map((c) => ({ value: c.id, text: `#${c.name}` })) }];
  }
  const row = (option) => ({ value: option.value, text: option.text.text, detail: option.description?.text });
  if (item.option_groups) return item.option_groups.map((group) => ({ label: group.label.text, rows: group.options.map(row) }));
  return [{ rows: (item.options ?? []).map(row) }];
}

const KEYS = ["selected_option", "selected_options", "selected_user", "selected_users", "selected_conversation",
  "selected_conversations", "selected_channel", "selected_channels"];

function chosenIn(item, entry) {
  const found = KEYS.map((key) => entry?.[key]).find((value) => value !== undefined && value !== null)
    ?? KEYS.map((key) => item[key.replace("selected", "initial")]).find((value) => value !== undefined);
  return [found ?? []].flat().map((value) => (typeof value === "object" ? value.value : value));
}

/** A select with a filter; `multi_…` collects chips. */
function picker(item, entry, names, { id, hint, changed }) {
  const many = item.type.startsWith("multi_");
  const groups = offers(item, names);
  const all = groups.flatMap((group) => group.rows);
  let chosen = chosenIn(item, entry);
  const node = h("button", { type: "button", class: "field picker", id, "aria-haspopup": "listbox" });
  const read = () => (many ? chosen : chosen[0] ?? null);
  const show = () => {
    const rows = all.filter((row) => chosen.includes(row.value));
    node.replaceChildren(
      h("span", { class: rows.length ? "picked" : "picked unset" },
        rows.length ? rows.map((row) => (many ? h("span", { class: "chip" }, plain(row.text)) : h("span", {}, plain(row.text)))) : hint || "Choose …"),
      icon("chevron"));
  };
  const choose = (value) => {
    if (many) chosen = chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value];
    else chosen = [value];
    show();
    changed(read());
  };
  node.addEventListener("click", () => open(node, groups, { many, isChosen: (value) => chosen.includes(value), choose }));
  show();
  return { node, read };
}

function open(node, groups, { many, isChosen, choose }) {
  const list = h("div", { class: "options", role: "listbox" });
  const filter = h("input", { class: "filter", type: "search", placeholder: "Find …", "aria-label": "Find" });
  const fill = () => {
    const wanted = filter.value.trim().toLowerCase();
    const fits = (row) => `${row.text} ${row.detail ?? ""}`.toLowerCase().includes(wanted);
    list.replaceChildren(...groups.flatMap((group) => {
      const rows = group.rows.filter(fits).map((row) =>
        h("button", {
          type: "button", class: "row", role: "option", "aria-selected": String(isChosen(row.value)),
          onclick: () => {
            choose(row.value);
            if (many) return fill();
            unpop();
            return node.focus();
          },
        },
        row.person && avatar(row.person, "small"),
        h("span", { class: "row-words" }, h("span", {}, plain(row.text)), row.detail && h("small", {}, plain(row.detail))),
        isChosen(row.value) && icon("check")));
      return rows.length && group.label ? [h("div", { class: "group" }, plain(group.label)), ...rows] : rows;
    }));
    if (!list.children.length) list.append(h("div", { class: "nothing" }, "Nothing fits."));
  };
  filter.addEventListener("input", fill);
  filter.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    list.querySelector("button")?.click();
  });
  fill();
  const searchable = groups.flatMap((group) => group.rows).length > 6;
  pop(node, h("div", {}, searchable && filter, list), { wide: true });
  (searchable ? filter : list.querySelector("[aria-selected=true]") ?? list.querySelector("button"))?.focus();
}
