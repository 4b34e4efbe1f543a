// The page: holds what one person sees, asks for it again whenever something happened, and draws it.

import { Composer } from "/page/composer.js";
import { appAvatar, avatar, h, icon, toast, unpop } from "/page/dom.js";
import { api, watch } from "/teams/page/api.js";
import { complain, renderCard } from "/teams/page/card.js";
import { Dialog } from "/teams/page/dialog.js";
import { renderMessages } from "/teams/page/messages.js";
import { renderSidebar } from "/teams/page/sidebar.js";

const $ = (selector) => document.querySelector(selector);
const asked = new URLSearchParams(location.search);
const here = { user: asked.get("as") ?? sessionStorage.getItem("teams-user"), place: null, thread: null, live: true };
let state = null;
let home = null;
let pending = null;
let again = false;
let toasted = null; // the toasts of before are not shown again

const byId = (id) => state.people.find((person) => person.id === id);

function zone() {
  try {
    const wanted = byId(state.me)?.tz;
    new Intl.DateTimeFormat("en", { timeZone: wanted });
    return wanted;
  } catch {
    return undefined; // an unknown zone: the reader's own
  }
}

const dialog = new Dialog(() => here.user, zone);
const suggestions = () => ({ commands: [], people: state ? [{ name: state.app.name, real_name: state.app.name }, ...state.people] : [] });
const composer = new Composer({ label: "Message", suggestions, send: say });
const replying = h("div", { class: "replying", hidden: true },
  h("span", {}, "Reply in the thread"),
  h("button", { type: "button", class: "plain", "aria-label": "Start a new post instead", onclick: () => reply(null) }, icon("close")));
$("#composer").append(replying, composer.node);

/** Looks again; calls that come meanwhile are answered by one further look. */
function refresh() {
  if (pending) {
    again = true;
    return pending;
  }
  pending = look().finally(() => {
    pending = null;
    if (again) {
      again = false;
      refresh();
    }
  });
  return pending;
}

async function look() {
  const { user, place } = here;
  let fresh;
  try {
    fresh = await api.state(user, place === "home" ? null : place);
  } catch (error) {
    return toast(error.message);
  }
  if (user !== here.user || place !== here.place) return undefined;
  state = fresh;
  state.people.forEach((person, position) => { person.position = position; });
  here.user = state.me;
  sessionStorage.setItem("teams-user", here.user);
  // Not awaited: going somewhere waits for the next look, which waits for this one.
  if (here.place === null) void go(placeFromAddress() ?? state.direct.id, { quiet: true });
  else if (here.place !== "home" && !state.open) void go(state.direct.id);
  else draw();
  return undefined;
}

const title = () => (here.place === "home" || state.open.kind === "personal" ? state.app.name : state.open.name);

function draw() {
  document.title = `${title()} · ${state.tenant.name}`;
  renderSidebar($("#sidebar"), state, { place: here.place, go, become, live: here.live });
  drawHead();
  if (here.place === "home") drawHome();
  else drawMessages();
  const open = state.open;
  $("#composer").hidden = here.place === "home" || !open.installed;
  replying.hidden = here.thread === null;
  if (open) composer.label(here.thread ? "Reply" : open.kind === "personal" ? `Message ${state.app.name}` : open.kind === "channel" ? `New post in ${open.name}` : `Message ${open.name}`);
  drawToasts();
  dialog.show(state.dialog);
}

function drawHead() {
  const isApp = here.place === "home" || state.open.kind === "personal";
  const tab = (name, place) => h("button", { type: "button", role: "tab", "data-key": `tab-${name}`, "aria-selected": String(here.place === place), onclick: () => go(place) }, name);
  const members = state.open?.members ?? [];
  const faces = members.slice(0, 4).map((id) => avatar(byId(id) ?? { id, real_name: "?" }, "tiny"));
  const focused = $("#head").contains(document.activeElement) ? document.activeElement.dataset.key : null;
  $("#head").replaceChildren(...[
    h("button", { type: "button", class: "plain to-list", "aria-label": "Chats and channels", onclick: () => pane("list") }, icon("back")),
    isApp ? appAvatar("small") : h("span", { class: "sign" }, icon(state.open.kind === "channel" ? "hash" : "people")),
    h("h1", {}, title()),
    isApp && h("div", { class: "tabs", role: "tablist" }, tab("Chat", state.direct.id), tab("Home", "home")),
    h("span", { class: "space" }),
    !isApp && h("span", { class: "faces", title: members.map((id) => byId(id)?.real_name).join(", ") }, faces, h("span", { class: "members" }, String(members.length))),
    h("button", { type: "button", class: "plain", "data-key": "theme", "aria-label": "Light or dark", title: "Light or dark", onclick: theme }, icon("moon"), icon("sun")),
  ].filter(Boolean));
  if (focused) $(`#head [data-key="${focused}"]`)?.focus();
}

function drawHome() {
  const box = $("#messages");
  const cards = state.home ?? home?.cards ?? [];
  const key = `home ${state.me} ${JSON.stringify(cards)}`;
  if (box.dataset.shown === key) return;
  box.dataset.shown = key;
  const place = { zone: zone(), use: (action, inputs, root) => click({ home: true }, action, inputs, root) };
  box.replaceChildren(h("section", { class: "home blocks", "data-key": "home" }, cards.length
    ? cards.map((card) => renderCard(card, place))
    : h("div", { class: "empty" }, appAvatar("big"), h("p", {}, `${state.app.name} shows nothing here yet.`))));
}

/** Draws the open conversation; a reader at its end stays there. */
function drawMessages() {
  const box = $("#messages");
  const shown = `${here.place} ${state.me}`;
  const fresh = box.dataset.shown !== shown;
  const atEnd = fresh || box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  if (fresh) box.replaceChildren();
  box.dataset.shown = shown;
  renderMessages(box, state.open.messages, {
    me: state.me, app: state.app, zone: zone(), byId, threads: state.open.kind === "channel", reply, refresh: refreshCards,
    click: (message, action, inputs, root) => click({ channel: here.place, ts: message.ts }, action, inputs, root),
  });
  if (!state.open.messages.length) {
    box.replaceChildren(h("div", { class: "empty" }, h("span", { class: "big-sign" }, state.open.kind === "personal" ? appAvatar("big") : icon("hash")),
      h("h2", {}, title()), h("p", {}, state.open.kind === "personal" ? "Nothing has been said here yet. Write “help” to see what you can ask for."
        : `Nothing has been said here yet. Write @${state.app.name} to be heard by it.`)));
  }
  if (!state.open.installed) {
    box.append(h("div", { class: "notice", "data-key": "notice" }, h("span", {}, state.open.kind === "personal" ? `You have not added ${state.app.name}.` : `${state.app.name} is not here.`),
      state.open.kind === "personal" && h("button", { type: "button", class: "btn primary", onclick: install }, "Add")));
  }
  if (atEnd) box.scrollTop = box.scrollHeight;
  const last = state.open.messages.at(-1);
  if (state.open.unread && last && document.visibilityState === "visible") api.read(here.user, here.place, last.ts);
}

function drawToasts() {
  const key = (one) => JSON.stringify(one);
  const before = toasted;
  toasted = new Set(state.toasts.map(key));
  if (before?.user !== state.me) {
    toasted.user = state.me;
    return;
  }
  toasted.user = state.me;
  for (const one of state.toasts) if (!before.has(key(one))) toast(one.text, one.kind === "error" ? "error" : "done");
}

async function say(text) {
  const thread = here.thread;
  try {
    const seen = text.startsWith("/")
      ? await api.command(here.user, here.place, text, thread)
      : await api.message(here.user, here.place, text, thread);
    if (seen.error) toast(seen.error);
    return true;
  } catch (error) {
    toast(error.message);
    return false;
  }
}

/** A click on an action of a card; what is wrong with its inputs is said beside them. */
async function click(place, action, inputs, root) {
  complain(root, {});
  try {
    const name = action.verb ?? action.data?.action ?? action.id ?? action.title;
    const seen = await api.click(here.user, place, { action_id: name, inputs, ...(action.data ? { value: action.data } : {}) });
    if (seen.errors) complain(root, seen.errors);
    if (seen.error && !seen.toasts?.length) toast(seen.error);
  } catch (error) {
    toast(error.message);
  }
}

async function refreshCards() {
  try {
    await api.refresh(here.user, here.place);
  } catch (error) {
    toast(error.message);
  }
}

async function install() {
  try {
    const seen = await api.install(here.user);
    if (seen.error) toast(seen.error);
  } catch (error) {
    toast(error.message);
  }
}

function go(place, { quiet = false } = {}) {
  unpop();
  here.place = place;
  here.thread = null;
  if (!quiet) history.replaceState(null, "", `#${encodeURIComponent(place)}`);
  if (!quiet) pane("main");
  if (place === "home") openHome();
  return refresh();
}

async function openHome() {
  try {
    home = await api.home(here.user);
  } catch (error) {
    toast(error.message);
  }
  refresh();
}

function become(user) {
  here.user = user;
  here.thread = null;
  home = null;
  $("#messages").dataset.shown = "";
  sessionStorage.setItem("teams-user", user);
  if (state.open?.kind === "personal") here.place = null;
  history.replaceState(null, "", here.place === null ? location.pathname : `#${encodeURIComponent(here.place)}`);
  return here.place === "home" ? go("home") : refresh();
}

function reply(message) {
  here.thread = message && (message.thread_ts ?? message.ts);
  draw();
  if (message) composer.box.focus();
}

function pane(name) {
  document.body.dataset.pane = name;
}

function theme() {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", document.documentElement.dataset.theme);
}

/** The place in the address: an id, or the name of a channel or chat. */
function placeFromAddress() {
  const word = decodeURIComponent(location.hash.slice(1));
  if (!word || !state) return word || null;
  const named = [...state.channels, ...state.chats].find((row) => row.name.toLowerCase() === word.toLowerCase());
  return named?.id ?? word;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && here.thread && !$("#modal").open) reply(null);
});
addEventListener("hashchange", () => go(placeFromAddress() ?? here.place, { quiet: true }));
document.addEventListener("visibilitychange", () => state && refresh());
if (localStorage.getItem("theme")) document.documentElement.dataset.theme = localStorage.getItem("theme");
if (location.hash) pane("main");

watch(refresh, (live) => {
  here.live = live;
  if (live || state) refresh();
});
