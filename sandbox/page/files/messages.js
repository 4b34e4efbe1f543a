// A conversation as rows: days, authors, blocks, threads, private answers. Rows that did not change stay in place.

import { appAvatar, avatar, clockTime, dayName, h, icon, instant } from "/page/dom.js";
import { renderBlocks, uploaded } from "/page/blocks.js";
import { mrkdwn } from "/page/mrkdwn.js";

const TOGETHER_S = 300; // messages of one author closer than this share a heading

/** Brings `box` up to date with the messages; `view` knows names, zone, actions. */
export function renderMessages(box, messages, view, { unreadFrom = "", inThread = false, dismissed = new Set() } = {}) {
  const shown = messages.filter((m) => !dismissed.has(m.ts)).sort((a, b) => (a.ts < b.ts ? -1 : 1));
  const wanted = [];
  let day = null;
  let before = null;
  let marked = false;
  for (const message of shown) {
    const today = dayName(instant(message.ts), view.names.zone);
    if (today !== day && !inThread) {
      wanted.push([`day ${today}`, "", () => h("div", { class: "day" }, h("span", {}, today))]);
      before = null;
    }
    day = today;
    if (!marked && unreadFrom && message.ts > unreadFrom && !message.private && message.user !== view.me) {
      marked = true;
      wanted.push(["new", "", () => h("div", { class: "new" }, h("span", {}, "New"))]);
      before = null;
    }
    const follows = before !== null && before.user === message.user && !message.private && !before.private &&
      Number(message.ts) - Number(before.ts) < TOGETHER_S;
    wanted.push([message.ts, JSON.stringify([message, follows, view.me]), () => row(message, follows, view, inThread)]);
    before = message;
  }
  reconcile(box, wanted);
}

function reconcile(box, wanted) {
  const old = new Map([...box.children].map((node) => [node.dataset.key, node]));
  let at = box.firstElementChild;
  for (const [key, print, make] of wanted) {
    let node = old.get(key);
    const keep = node && (node.print === print || (node.contains(document.activeElement) && node.querySelector(".btn.busy") === null && node.print === print));
    if (!keep) {
      const fresh = make();
      fresh.dataset.key = key;
      fresh.print = print;
      if (node) {
        fresh.classList.add("changed");
        if (at === node) at = fresh;
        node.replaceWith(fresh);
      }
      node = fresh;
    }
    old.delete(key);
    if (at === node) at = at.nextElementSibling;
    else box.insertBefore(node, at);
  }
  for (const node of old.values()) node.remove();
}

function row(message, follows, view, inThread) {
  const { names } = view;
  const isApp = Boolean(message.bot_id);
  const person = names.byId(message.user);
  const when = instant(message.ts);
  const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium", timeZone: names.zone }).format(when);
  const time = h("time", { dateTime: when.toISOString(), title: full }, clockTime(when, names.zone));
  const heading = h("div", { class: "by" },
    h("strong", {}, isApp ? names.app.name : person?.real_name ?? "Somebody"),
    isApp && h("span", { class: "badge" }, "APP"),
    time);
  const place = {
    state: {},
    use: (block, element, value) => view.click({ channel: view.channel, ts: message.ts }, { action_id: element.action_id, block_id: block.block_id, value }),
  };
  const body = message.blocks?.length
    ? h("div", { class: "blocks" }, renderBlocks(message.blocks, names, place))
    : h("div", { class: "b-text words" }, mrkdwn(message.text, names));
  const replies = message.reply_count ?? 0;
  return h("article", { class: ["msg", follows && "follows", message.private && "private", `p${message.ts.replace(".", "")}`].filter(Boolean).join(" "), "aria-label": `${isApp ? names.app.name : person?.real_name}, ${full}` },
    message.private && h("div", { class: "only" }, icon("eye"), "Only visible to you"),
    h("div", { class: "gutter" }, follows ? time.cloneNode(true) : isApp ? appAvatar() : person && avatar(person)),
    h("div", { class: "content" },
      !follows && heading,
      body,
      message.files?.map((file) => h("figure", { class: "b-image" }, h("figcaption", {}, file.title),
        h("img", { src: uploaded(file), alt: file.alt_txt || file.title }))),
      message.edited && h("span", { class: "edited", title: "This message was updated" }, "(edited)"),
      !inThread && replies > 0 && h("button", { type: "button", class: "replies", onclick: () => view.openThread(message.ts) },
        h("span", { class: "faces" }, (message.reply_users ?? []).slice(0, 3).map((id) => (id === names.app.user ? appAvatar("tiny") : names.byId(id) && avatar(names.byId(id), "tiny")))),
        h("span", {}, `${replies} ${replies === 1 ? "reply" : "replies"}`),
        h("small", {}, message.latest_reply && `Last ${dayName(instant(message.latest_reply), names.zone).toLowerCase()} at ${clockTime(instant(message.latest_reply), names.zone)}`)),
      message.private && h("button", { type: "button", class: "link", onclick: () => view.dismiss(message.ts) }, "Dismiss message")),
    !inThread && !message.private && h("div", { class: "tools" },
      h("button", { type: "button", class: "plain", "aria-label": "Reply in thread", title: "Reply in thread", onclick: () => view.openThread(message.ts) }, icon("thread"))));
}
