// Slack's mrkdwn as elements: links, mentions, dates, code, bold, italic, strike, quotes, emoji. Never as HTML text.

import { h } from "/page/dom.js";
import { emoji } from "/page/emoji.js";

const INLINE = /```([\s\S]+?)```|`([^`\n]+)`|<([^<>\n]+)>|:([a-z0-9_+'-]+):|(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])/g;

/** The text with Slack's three escapes undone. */
export function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** A text object (`mrkdwn` or `plain_text`) as nodes. */
export function rich(object, names) {
  if (typeof object === "string") return mrkdwn(object, names);
  if (object.type === "plain_text") return plain(object.text, object.emoji !== false);
  return mrkdwn(object.text, names);
}

/** mrkdwn as nodes; lines that begin with > are quotes. `names` knows people, channels, the zone. */
export function mrkdwn(text, names) {
  const nodes = [];
  let quoted = [];
  const flush = () => {
    if (quoted.length) nodes.push(h("blockquote", {}, inline(quoted.join("\n"), names)));
    quoted = [];
  };
  let lines = [];
  const flushLines = () => {
    if (lines.length) nodes.push(...inline(lines.join("\n"), names));
    lines = [];
  };
  let fenced = false;
  for (const line of text.split("\n")) {
    const quote = !fenced && /^(?:&gt;|>)\s?(.*)$/.exec(line);
    if (quote) {
      flushLines();
      quoted.push(quote[1]);
      continue;
    }
    flush();
    if ((line.match(/```/g) ?? []).length % 2) fenced = !fenced;
    lines.push(line);
  }
  flush();
  flushLines();
  return nodes;
}

/** Plain text with emoji. */
export function plain(text, withEmoji = true) {
  return [withEmoji ? text.replace(/:([a-z0-9_+'-]+):/g, (all, name) => emoji(name) ?? all) : text];
}

function inline(text, names) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    const [all, fence, code, angle, shortcode, bold, italic, strike] = match;
    let node = null;
    if (fence !== undefined) node = h("pre", {}, h("code", {}, unescape(fence.replace(/^\n|\n$/g, ""))));
    else if (code !== undefined) node = h("code", {}, unescape(code));
    else if (angle !== undefined) node = angled(angle, names);
    else if (shortcode !== undefined) node = emoji(shortcode) && h("span", { class: "emoji" }, emoji(shortcode));
    else if (bold !== undefined) node = h("strong", {}, inline(bold, names));
    else if (italic !== undefined) node = h("em", {}, inline(italic, names));
    else if (strike !== undefined) node = h("s", {}, inline(strike, names));
    if (node === null || node === undefined) continue;
    nodes.push(unescape(text.slice(last, match.index)), node);
    last = match.index + all.length;
  }
  nodes.push(unescape(text.slice(last)));
  return nodes.filter((node) => node !== "");
}

function angled(content, names) {
  const [target, label] = split(content);
  if (target.startsWith("@")) return h("span", { class: "mention" }, `@${names.person(target.slice(1)) ?? label ?? target}`);
  if (target.startsWith("#")) return h("span", { class: "mention" }, `#${names.channel(target.slice(1)) ?? label ?? target}`);
  if (target.startsWith("!date^")) return date(target, label, names.zone);
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, label ?? "@group");
  if (target.startsWith("!")) return h("span", { class: "mention broadcast" }, `@${target.slice(1)}`);
  if (!/^(https?:|mailto:|tel:)/.test(target)) return null;
  return h("a", { href: unescape(target), target: "_blank", rel: "noreferrer" }, unescape(label ?? target.replace(/^mailto:/, "")));
}

function split(content) {
  const bar = content.indexOf("|");
  return bar < 0 ? [content, undefined] : [content.slice(0, bar), content.slice(bar + 1)];
}

/** <!date^seconds^format^link|fallback>, in the reader's zone. */
function date(target, fallback, zone) {
  const [, seconds, format, link] = target.split("^");
  const when = new Date(Number(seconds) * 1000);
  if (Number.isNaN(when.getTime()) || !format) return h("span", {}, fallback ?? "");
  const show = (options) => new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone }).format(when);
  const day = (value) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(value);
  const pretty = (words) => {
    const away = Math.round((new Date(day(when)) - new Date(day(new Date()))) / 86_400_000);
    return { 0: "today", 1: "tomorrow", "-1": "yesterday" }[away] ?? words;
  };
  const long = { weekday: "long", year: "numeric", month: "long", day: "numeric" };
  const middle = { year: "numeric", month: "long", day: "numeric" };
  const short = { year: "numeric", month: "short", day: "numeric" };
  const parts = {
    date_num: day(when),
    date: show(middle),
    date_short: show(short),
    date_long: show(long),
    date_pretty: pretty(show(middle)),
    date_short_pretty: pretty(show(short)),
    date_long_pretty: pretty(show(long)),
    time: show({ hour: "numeric", minute: "2-digit" }),
    time_secs: show({ hour: "numeric", minute: "2-digit", second: "2-digit" }),
    ago: ago(when),
  };
  const words = format.replace(/\{(\w+)\}/g, (all, name) => parts[name] ?? all);
  const title = show({ dateStyle: "full", timeStyle: "short" });
  const shown = h("time", { dateTime: when.toISOString(), title }, words.replace(/^./, (first) => first.toUpperCase()));
  return /^https?:/.test(link ?? "") ? h("a", { href: link, target: "_blank", rel: "noreferrer" }, shown) : shown;
}

function ago(when) {
  const minutes = Math.round((when - Date.now()) / 60_000);
  const format = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  if (Math.abs(minutes) < 60) return format.format(minutes, "minute");
  if (Math.abs(minutes) < 48 * 60) return format.format(Math.round(minutes / 60), "hour");
  return format.format(Math.round(minutes / 1440), "day");
}
