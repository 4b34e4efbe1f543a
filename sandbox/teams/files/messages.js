// A conversation as rows: threads in place, cards, who sees what. Rows that did not change stay, with what was typed in them.

import { appAvatar, avatar, clockTime, dayName, h, icon } from "/page/dom.js";
import { renderCard } from "/teams/page/card.js";
import { markdown } from "/teams/page/markdown.js";

const instant = (id) => new Date(Number(id));

/** Brings `box` up to date; `view` knows the people, the zone, and what a click does. */
export function renderMessages(box, messages, view) {
  const wanted = [];
  let day = null;
  const byRoot = new Map();
  for (const message of messages) if (message.thread_ts) byRoot.set(message.thread_ts, [...(byRoot.get(message.thread_ts) ?? []), message]);
  for (const message of messages.filter((m) => !m.thread_ts)) {
    const today = dayName(instant(message.ts), view.zone);
    if (today !== day) wanted.push([`day ${today}`, "", () => h("div", { class: "day" }, h("span", {}, today))]);
    day = today;
    wanted.push([message.ts, print(message, view), () => row(message, view, true)]);
    for (const reply of byRoot.get(message.ts) ?? []) {
      wanted.push([reply.ts, print(reply, view), () => h("div", { class: "thread" }, row(reply, view, false))]);
    }
  }
  reconcile(box, wanted);
}

/** What makes a row another row. What a person toggled in it is not: it has changed in place, among what was typed. */
const print = (message, view) => JSON.stringify([{ ...message, visible: 0, words: 0, actions: 0, fields: 0 }, view.me]);

function reconcile(box, wanted) {
  const old = new Map([...box.children].map((node) => [node.dataset.key, node]));
  let at = box.firstElementChild;
  for (const [key, print, make] of wanted) {
    let node = old.get(key);
    if (!node || node.print !== print) {
      const fresh = make();
      fresh.dataset.key = key;
      fresh.print = print;
      if (node) {
        (fresh.matches(".msg") ? fresh : fresh.querySelector(".msg"))?.classList.add("changed");
        if (at === node) at = fresh;
        node.replaceWith(fresh);
      }
      node = fresh;
    }
    old.delete(key);
    if (at === node) at = node.nextElementSibling;
    else box.insertBefore(node, at);
  }
  for (const node of old.values()) node.remove();
}

function row(message, view, begins) {
  const person = view.byId(message.user);
  const when = instant(message.ts);
  const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium", timeZone: view.zone }).format(when);
  const name = message.is_app ? view.app.name : person?.real_name ?? "Somebody";
  const place = {
    zone: view.zone,
    visible: message.visible,
    use: (action, inputs, root) => view.click(message, action, inputs, root),
  };
  const said = message.text && (message.card === null || message.text !== message.summary) && h("div", { class: "b-text words" },
    message.mentions && [h("span", { class: "mention" }, message.mentions), " "], message.is_app ? markdown(message.text, view.zone) : message.text);
  return h("article", { class: ["msg", begins && "begins", message.user === view.me && "mine", message.only && "private"].filter(Boolean).join(" "), "aria-label": `${name}, ${full}` },
    message.only && h("div", { class: "only" }, icon("eye"), "Only you can see this message"),
    h("div", { class: "gutter" }, message.is_app ? appAvatar() : person && avatar(person)),
    h("div", { class: "content" },
      h("div", { class: "by" }, h("strong", {}, name), message.is_app && h("span", { class: "badge" }, "APP"),
        h("time", { dateTime: when.toISOString(), title: full }, clockTime(when, view.zone)),
        message.edited && h("span", { class: "edited" }, "Edited")),
      said,
      message.card && renderCard(message.card, place),
      message.personal_view && h("div", { class: "own-view" }, icon("eye"), "The card as you see it"),
      message.notes.length > 0 && h("details", { class: "notes" }, h("summary", {}, "What Teams would show otherwise"), message.notes.map((note) => h("div", {}, note)))),
    h("div", { class: "tools" },
      message.card?.refresh && h("button", { type: "button", class: "plain", "aria-label": "Refresh card", title: "Refresh card", onclick: () => view.refresh() }, icon("clock")),
      view.threads && h("button", { type: "button", class: "plain", "aria-label": "Reply", title: "Reply", onclick: () => view.reply(message) }, icon("thread"))));
}
