// Block Kit as elements. `place` says how a use of an element reaches the product: place.use(block, element, value).

import { h, icon, pop, unpop } from "/page/dom.js";
import { control } from "/page/inputs.js";
import { plain, rich } from "/page/mrkdwn.js";

/** A list of blocks as elements. */
export function renderBlocks(blocks, names, place) {
  return blocks.map((block) => renderBlock(block, names, place)).filter(Boolean);
}

function renderBlock(block, names, place) {
  switch (block.type) {
    case "section":
      return section(block, names, place);
    case "header":
      return h("h3", { class: "b-header" }, plain(block.text.text));
    case "divider":
      return h("hr", { class: "b-divider" });
    case "context":
      return h("div", { class: "b-context" }, block.elements.map((item) =>
        item.type === "image" ? picture(item, "b-context-image") : h("span", {}, rich(item, names))));
    case "actions":
      return h("div", { class: "b-actions" }, block.elements.map((item) => element(block, item, names, place)));
    case "image":
      return h("figure", { class: "b-image" }, block.title && h("figcaption", {}, rich(block.title, names)), picture(block, ""));
    case "input":
      return input(block, names, place);
    case "rich_text":
      return h("div", { class: "b-section" }, block.elements.map((part) => richText(part, names)));
    case "markdown":
      return h("div", { class: "b-section b-text" }, rich({ type: "mrkdwn", text: block.text.replaceAll("**", "*") }, names));
    default:
      return null;
  }
}

function section(block, names, place) {
  const words = h("div", { class: "b-words" },
    block.text && h("div", { class: "b-text" }, rich(block.text, names)),
    block.fields && h("div", { class: "b-fields" }, block.fields.map((field) => h("div", { class: "b-field b-text" }, rich(field, names)))));
  const accessory = block.accessory && h("div", { class: "b-accessory" }, element(block, block.accessory, names, place));
  return h("div", { class: "b-section" }, words, accessory);
}

/** Where the page finds an uploaded file, which a block names by its id or by its address. */
export function uploaded(file) {
  const id = file.id ?? file.url.match(/F[A-Z0-9]{8,}/)?.[0];
  return `${location.origin}/page/file/${id}`;
}

function picture(item, kind) {
  // Pictures from elsewhere are not loaded (the page talks to nobody else): their description stands in for them.
  const source = item.slack_file ? uploaded(item.slack_file) : item.image_url;
  const own = source?.startsWith("data:") || source?.startsWith(location.origin);
  return own
    ? h("img", { class: kind, src: source, alt: item.alt_text })
    : h("span", { class: `b-noimage ${kind}`, title: item.image_url, role: "img", "aria-label": item.alt_text }, kind ? "▧" : item.alt_text);
}

/** An interactive element outside an input block. */
function element(block, item, names, place) {
  if (item.type === "image") return picture(item, "b-thumb");
  if (item.type === "button" || item.type === "workflow_button") return button(block, item, names, place);
  if (item.type === "overflow") return overflow(block, item, place, names);
  const made = control(item, place.state?.[block.block_id]?.[item.action_id], names, {
    changed: (value) => confirmed(item.confirm, names, () => place.use(block, item, value)),
  });
  return h("div", { class: "b-control" }, made.node);
}

function button(block, item, names, place) {
  const node = h("button", { type: "button", class: `btn ${item.style ?? ""}`, "aria-label": item.accessibility_label ?? null }, plain(item.text.text));
  node.addEventListener("click", () =>
    confirmed(item.confirm, names, async () => {
      visit(item.url);
      node.classList.add("busy");
      node.disabled = true;
      await place.use(block, item, item.value ?? null);
      node.classList.remove("busy");
      node.disabled = false;
    }));
  return node;
}

function overflow(block, item, place, names) {
  const node = h("button", { type: "button", class: "btn overflow", "aria-label": "More actions", "aria-haspopup": "menu" }, icon("more"));
  node.addEventListener("click", () => {
    const box = pop(node, h("div", { role: "menu" }, item.options.map((option) =>
      h("button", {
        type: "button", class: "row", role: "menuitem",
        onclick: () => {
          unpop();
          visit(option.url);
          confirmed(item.confirm, names, () => place.use(block, item, option.value));
        },
      }, plain(option.text.text)))));
    box.querySelector("button").focus();
  });
  return node;
}

function input(block, names, place) {
  const id = `in-${block.block_id}`;
  const item = block.element;
  const made = control(item, place.state?.[block.block_id]?.[item.action_id], names, {
    id,
    changed: (value) => block.dispatch_action && place.use(block, item, value),
  });
  place.inputs?.set(block.block_id, made);
  // A group of boxes is no control that a label could be `for`: it is named, and like the others described, by id.
  if (made.node.matches(".choices")) made.node.setAttribute("aria-labelledby", `${id}-label`);
  made.node.setAttribute("aria-describedby", `${id}-error${block.hint ? ` ${id}-hint` : ""}`);
  return h("div", { class: "b-input", "data-block": block.block_id },
    h("label", { htmlFor: id, id: `${id}-label` }, plain(block.label.text), block.optional && h("span", { class: "optional" }, " (optional)")),
    made.node,
    h("p", { class: "b-error", id: `${id}-error`, role: "alert", hidden: true }),
    block.hint && h("p", { class: "b-hint", id: `${id}-hint` }, plain(block.hint.text)));
}

/** Opens a web address beside this page; nothing else (no javascript:). */
function visit(url) {
  if (/^https?:/.test(url ?? "")) window.open(url, "_blank", "noreferrer");
}

/** Runs `go` after the person agreed, if the element asks for it. */
export function confirmed(confirm, names, go) {
  if (!confirm) return go();
  const box = h("dialog", { class: "confirm" },
    h("form", { method: "dialog" },
      h("h2", {}, plain(confirm.title.text)),
      h("div", { class: "b-text" }, rich(confirm.text, names)),
      h("div", { class: "foot" },
        h("button", { class: "btn", value: "no" }, plain(confirm.deny.text)),
        h("button", { class: `btn ${confirm.style === "danger" ? "danger" : "primary"}`, value: "yes" }, plain(confirm.confirm.text)))));
  document.body.append(box);
  box.addEventListener("close", () => {
    box.remove();
    if (box.returnValue === "yes") go();
  });
  box.showModal();
  return undefined;
}

function richText(part, names) {
  const run = (item) => {
    switch (item.type) {
      case "text": {
        const wraps = { bold: "strong", italic: "em", strike: "s", code: "code" };
        return Object.entries(wraps).reduce((node, [style, tag]) => (item.style?.[style] ? h(tag, {}, node) : node), item.text);
      }
      case "link":
        return h("a", { href: /^https?:/.test(item.url) ? item.url : "#", target: "_blank", rel: "noreferrer" }, item.text ?? item.url);
      case "user":
        return h("span", { class: "mention" }, `@${names.person(item.user_id) ?? item.user_id}`);
      case "channel":
        return h("span", { class: "mention" }, `#${names.channel(item.channel_id) ?? item.channel_id}`);
      case "emoji":
        return plain(`:${item.name}:`);
      default:
        return "";
    }
  };
  switch (part.type) {
    case "rich_text_list":
      return h(part.style === "ordered" ? "ol" : "ul", {}, part.elements.map((line) => h("li", {}, line.elements.map(run))));
    case "rich_text_quote":
      return h("blockquote", {}, part.elements.map(run));
    case "rich_text_preformatted":
      return h("pre", {}, h("code", {}, part.elements.map(run)));
    default:
      return h("div", { class: "b-text" }, part.elements.map(run));
  }
}
