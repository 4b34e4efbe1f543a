// The column on the left: the bot's chat, group chats, the team's channels, and who one acts as.

import { appAvatar, avatar, h, icon, pop, toast, unpop } from "/page/dom.js";
import { api } from "/teams/page/api.js";

/** Draws the sidebar; `go(place)` opens a conversation or "home", `become(id)` changes the person. */
export function renderSidebar(box, state, { place, go, become, live }) {
  const focused = document.activeElement?.dataset?.key;
  const me = state.people.find((person) => person.id === state.me);
  const line = (row, sign) => item(`c-${row.id}`, sign, row.name, row.unread, place === row.id, () => go(row.id));
  box.replaceChildren(
    h("header", { class: "team" },
      h("span", { class: "team-mark", "aria-hidden": "true" }, state.tenant.name[0]),
      h("div", {}, h("strong", {}, state.tenant.name), h("small", {}, h("span", { class: `dot ${live ? "on" : ""}` }), live ? "Simulated Teams" : "Reconnecting …"))),
    h("div", { class: "lists" },
      h("h2", {}, "Chat"),
      item("direct", appAvatar("tiny"), state.app.name, state.direct.unread, place === state.direct.id, () => go(state.direct.id)),
      state.chats.map((chat) => line(chat, icon("people"))),
      h("h2", {}, state.team.name),
      state.channels.map((channel) => line(channel, icon("hash"))),
      h("h2", {}, "Apps"),
      item("home", icon("home"), `${state.app.name} home`, 0, place === "home", () => go("home"))),
    h("footer", {},
      h("button", { type: "button", class: "world", "data-key": "world", onclick: (event) => clock(event.currentTarget) }, icon("clock"), "Advance the clock"),
      h("button", { type: "button", class: "persona", "data-key": "persona", "aria-haspopup": "menu", "aria-label": `Acting as ${me.real_name}. Change person`, onclick: (event) => personas(event.currentTarget, state, become) },
        avatar(me),
        h("span", { class: "row-words" }, h("small", {}, "Acting as"), h("strong", {}, me.real_name), h("small", {}, me.guest ? "Guest" : me.title || me.email)),
        icon("chevron"))));
  if (focused) box.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function item(key, sign, name, unread, current, open) {
  return h("button", { type: "button", class: `place ${unread ? "unread" : ""}`, "data-key": key, "aria-current": current ? "page" : null, onclick: open },
    h("span", { class: "sign" }, sign), h("span", { class: "name" }, name),
    unread > 0 && h("span", { class: "count", "aria-label": `${unread} unread` }, unread > 99 ? "99+" : String(unread)));
}

function personas(anchor, state, become) {
  const box = pop(anchor, h("div", { role: "menu", class: "people" },
    h("div", { class: "group" }, "Act as"),
    state.people.map((person) => {
      const unread = state.unread_by_person[person.id];
      return h("button", { type: "button", class: "row", role: "menuitemradio", "aria-checked": String(person.id === state.me), onclick: () => { unpop(); become(person.id); } },
        avatar(person, "small"),
        h("span", { class: "row-words" }, h("span", {}, person.real_name), h("small", {}, person.guest ? "Guest" : person.title || person.email)),
        unread > 0 && h("span", { class: "count" }, String(unread)),
        person.id === state.me && icon("check"));
    })), { above: true });
  (box.querySelector("[aria-checked=true]") ?? box.querySelector("button")).focus();
}

function clock(anchor) {
  const steps = [["1h", "1 hour"], ["4h", "4 hours"], ["25h", "25 hours"], ["7d", "7 days"]];
  const box = pop(anchor, h("div", { role: "menu" },
    h("div", { class: "group" }, "The product's clock jumps by"),
    steps.map(([advance, words]) => h("button", { type: "button", class: "row", role: "menuitem", onclick: async () => {
      unpop();
      try {
        await api.clock(advance);
        toast(`The product's clock has jumped by ${words}.`, "done");
      } catch (error) {
        toast(error.message);
      }
    } }, words))), { above: true });
  box.querySelector("button").focus();
}
