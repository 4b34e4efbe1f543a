// The Markdown that Teams shows in cards, as elements: bold, italic, links, lists, dates. Never as HTML text.

import { h } from "/page/dom.js";

const INLINE = /\*\*(?=\S)(.+?)(?<=\S)\*\*|__(?=\S)(.+?)(?<=\S)__|(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])|(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)|`([^`\n]+)`|\[([^\]\n]+)\]\(([^)\s]+)\)|<at>([^<]+)<\/at>|\{\{(DATE|TIME)\(([^,)]+)(?:,\s*(\w+))?\)\}\}/g;
const MOMENT = /\{\{(DATE|TIME)\(([^,)]+)(?:,\s*(\w+))?\)\}\}/g;
const ESCAPE = /\\([\\`*_{}[\]()#+\-.!|>~])/g;
const HIDDEN = "\uE000"; // stands before the code of an escaped character, out of the patterns' way

/** The text as nodes; lines that begin with "- " or "1. " are lists. */
export function markdown(text, zone) {
  const nodes = [];
  let list = null;
  let lines = [];
  const flush = () => {
    if (lines.length) nodes.push(...inline(lines.join("\n"), zone));
    lines = [];
    list = null;
  };
  const hidden = String(text).replace(ESCAPE, (_, character) => `${HIDDEN}${character.charCodeAt(0)};`);
  for (const line of hidden.split(/\r?\n/)) {
    const item = /^\s*(?:([-*+])|(\d+)\.)\s+(.*)$/.exec(line);
    if (!item) {
      if (list) list = null;
      lines.push(line);
      continue;
    }
    const tag = item[2] ? "ol" : "ul";
    if (list?.tagName.toLowerCase() !== tag) {
      flush();
      list = h(tag, {});
      if (item[2]) list.start = Number(item[2]);
      nodes.push(list);
    }
    list.append(h("li", {}, inline(item[3], zone)));
  }
  flush();
  return nodes;
}

const shown = (text) => text.replace(new RegExp(`${HIDDEN}(\\d+);`, "g"), (_, code) => String.fromCharCode(Number(code)));

function inline(text, zone) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    const [all, bold, strong, italic, emphasis, code, label, target, at, kind, instant, style] = match;
    let node = null;
    if (bold ?? strong) node = h("strong", {}, inline(bold ?? strong, zone));
    else if (italic ?? emphasis) node = h("em", {}, inline(italic ?? emphasis, zone));
    else if (code) node = h("span", {}, shown(all)); // Teams shows no code in cards
    else if (label) node = link(shown(target), inline(label, zone));
    else if (at) node = h("span", { class: "mention" }, shown(at));
    else if (kind) node = moment(kind, instant.trim(), style, zone);
    if (node === null) continue;
    nodes.push(shown(text.slice(last, match.index)), node);
    last = match.index + all.length;
  }
  nodes.push(shown(text.slice(last)));
  return nodes.filter((node) => node !== "");
}

/** The text of a run as nodes: Teams' functions for dates are its only markup. */
export function dated(text, zone) {
  const nodes = [];
  let last = 0;
  for (const match of String(text).matchAll(MOMENT)) {
    const [all, kind, instant, style] = match;
    const node = moment(kind, instant.trim(), style, zone);
    if (node === null) continue;
    nodes.push(text.slice(last, match.index), node);
    last = match.index + all.length;
  }
  nodes.push(text.slice(last));
  return nodes.filter((node) => node !== "");
}

/** A link, if it leads somewhere that a card may lead to. */
export function link(target, content) {
  if (!/^(https?:|mailto:|tel:)/i.test(target)) return h("span", {}, content);
  return h("a", { href: target, target: "_blank", rel: "noreferrer" }, content);
}

function moment(kind, instant, style, zone) {
  const when = new Date(instant);
  if (Number.isNaN(when.getTime())) return null;
  const dates = {
    SHORT: { weekday: "short", month: "short", day: "numeric", year: "numeric" },
    LONG: { weekday: "long", month: "long", day: "numeric", year: "numeric" },
    COMPACT: { year: "numeric", month: "numeric", day: "numeric" },
  };
  const options = kind === "TIME" ? { hour: "numeric", minute: "2-digit" } : dates[style ?? "COMPACT"] ?? dates.COMPACT;
  const words = new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone }).format(when);
  return h("time", { dateTime: when.toISOString() }, words);
}
