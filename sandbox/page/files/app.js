// The page: holds what one person sees, asks for it again whenever something happened, and draws it.

import { api, watch } from "/page/api.js";
import { renderBlocks } from "/page/blocks.js";
import { Composer } from "/page/composer.js";
import { appAvatar, avatar, h, icon, toast, unpop } from "/page/dom.js";
import { renderMessages } from "/page/messages.js";
import { Modal } from "/page/modal.js";
import { renderSidebar } from "/page/sidebar.js";

const $ = (selector) => document.querySelector(selector);
const asked = new URLSearchParams(location.search);
const here = { user: asked.get("as") ?? sessionStorage.getItem("user"), place: null, thread: null, live: true };
const dismissed = new Set();
let state = null;
let unreadFrom = "";
let pending = null;
let again = false;

const names = () => ({
  person: (id) => (id === state.app.user ? state.app.name : state.people.find((p) => p.id === id)?.real_name),
  byId: (id) => state.people.find((p) => p.id === id),
  channel: (id) => state.channels.find((c) => c.id === id)?.name,
  people: state.people,
  channels: state.channels,
  app: state.app,
  zone: zoneOf(state.people.find((p) => p.id === state.me)?.tz),
});

function zoneOf(zone) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return zone;
  } catch {
    return undefined; // an unknown zone: the reader's own
  }
}

const modal = new Modal(() => here.user, names);
const suggestions = () => ({ commands: state?.commands ?? [], people: state?.people ?? [] });
const composer = new Composer({ label: "Message", suggestions, send: (text) => say(text, null) });
const replier = new Composer({ label: "Reply …", suggestions, send: (text) => say(text, here.thread) });
$("#composer").append(composer.node);

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
  const { user, place, thread } = here;
  let fresh;
  try {
    fresh = await api.state(user, place === "home" ? null : place, thread);
  } catch (error) {
    return toast(error.message);
  }
  if (user !== here.user || place !== here.place || thread !== here.thread) return undefined;
  state = fresh;
  state.people.forEach((person, position) => { person.position = position; });
  here.user = state.me;
  sessionStorage.setItem("user", here.user);
  // Not awaited: going somewhere waits for the next look, which waits for this one.
  if (here.place === null) void go(placeFromAddress() ?? state.channels.find((c) => c.member)?.id ?? state.direct.id, { quiet: true });
  else if (here.place !== "home" && !state.open) void go(state.direct.id);
  else draw();
  return undefined;
}

function draw() {
  const me = names().byId(state.me);
  document.title = `${here.place === "home" ? state.app.name : title(state.open)} · ${state.team.name}`;
  renderSidebar($("#sidebar"), state, { place: here.place, go, become, live: here.live });
  drawHead(me);
  const staysAtEnd = here.place === "home" ? drawHome() : drawMessages();
  drawThread();
  if (staysAtEnd) $("#messages").scrollTop = $("#messages").scrollHeight; // a thread beside it narrows the lines
  $("#composer").hidden = here.place === "home";
  composer.label(`Message ${state.open?.im ? state.app.name : `#${state.open?.name ?? ""}`}`);
  modal.show(state.modal, state.modal_depth, state.modal_loading);
}

const title = (open) => (open?.im ? state.app.name : `#${open?.name ?? ""}`);

function drawHead() {
  const isApp = here.place === "home" || state.open?.im;
  const tab = (name, place) => h("button", { type: "button", role: "tab", "data-key": `tab-${name}`, "aria-selected": String(here.place === place), onclick: () => go(place) }, name);
  const faces = (state.open?.members ?? []).slice(0, 4).map((id) => avatar(names().byId(id) ?? { id, real_name: "?" }, "tiny"));
  const focused = $("#head").contains(document.activeElement) ? document.activeElement.dataset.key : null;
  $("#head").replaceChildren(...[
    h("button", { type: "button", class: "plain to-list", "aria-label": "Channels", onclick: () => pane("list") }, icon("back")),
    isApp ? appAvatar("small") : h("span", { class: "sign" }, icon(state.open.private ? "lock" : "hash")),
    h("h1", {}, isApp ? state.app.name : state.open.name),
    isApp && h("div", { class: "tabs", role: "tablist" }, tab("Home", "home"), tab("Messages", state.direct.id)),
    h("span", { class: "space" }),
    !isApp && h("span", { class: "faces", title: state.open.members.map((id) => names().person(id)).join(", ") }, faces, h("span", { class: "members" }, String(state.open.members.length))),
    h("button", { type: "button", class: "plain", "data-key": "theme", "aria-label": "Light or dark", title: "Light or dark", onclick: theme }, icon("moon"), icon("sun")),
  ].filter(Boolean));
  if (focused) $(`#head [data-key="${focused}"]`)?.focus();
}

function drawHome() {
  const box = $("#messages");
  const home = state.home;
  const key = `home ${home?.hash ?? "none"} ${state.me}`;
  if (box.dataset.shown === key) return false;
  box.dataset.shown = key;
  const place = {
    state: home?.state?.values ?? {},
    use: (block, element, value) => click({ home: true }, { action_id: element.action_id, block_id: block.block_id, value }),
  };
  box.replaceChildren(h("section", { class: "home blocks", "data-key": "home" }, home
    ? renderBlocks(home.blocks, names(), place)
    : h("div", { class: "empty" }, appAvatar("big"), h("p", {}, `${state.app.name} has not published anything here yet.`))));
  box.scrollTop = 0;
  return false;
}

const view = (channel) => ({ names: names(), me: state.me, channel, click, openThread, dismiss });

/** Draws the open channel; true if the reader is at its end and should stay there. */
function drawMessages() {
  const box = $("#messages");
  const fresh = box.dataset.shown !== here.place;
  const atEnd = fresh || box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  if (fresh) box.replaceChildren();
  box.dataset.shown = here.place;
  const own = state.open.ephemerals.filter((m) => !m.thread_ts).map((m) => ({ ...m, private: true }));
  const all = [...state.open.messages, ...own];
  renderMessages(box, all, view(here.place), { unreadFrom, dismissed });
  if (!all.length && !box.querySelector(".empty")) {
    box.replaceChildren(h("div", { class: "empty" }, h("span", { class: "big-sign" }, state.open.im ? appAvatar("big") : icon("hash")),
      h("h2", {}, state.open.im ? `Your conversation with ${state.app.name}` : `#${state.open.name}`),
      h("p", {}, "Nothing has been said here yet. Type / to see what you can ask for.")));
  }
  if (atEnd) box.scrollTop = box.scrollHeight;
  const isLinked = fresh && showLinked(box);
  if (atEnd && !isLinked) stayAtEnd(box);
  markRead();
  return atEnd && !isLinked;
}

/** Pictures have no height before they are there: a reader at the end stays there, unless they have scrolled up. */
function stayAtEnd(box) {
  const at = box.scrollTop;
  for (const image of box.querySelectorAll("img")) {
    if (image.complete) continue;
    image.addEventListener("load", () => { if (box.scrollTop >= at) box.scrollTop = box.scrollHeight; }, { once: true });
  }
}

function showLinked(box) {
  const linked = /\/p(\d+)$/.exec(location.hash)?.[1];
  const message = linked && box.querySelector(`.p${linked}`);
  message?.scrollIntoView({ block: "center" });
  message?.classList.add("changed");
  return Boolean(message);
}

function markRead() {
  const last = state.open.messages.at(-1);
  const latest = [last?.ts, last?.latest_reply].filter(Boolean).sort().at(-1);
  const open = state.open;
  if (open.unread && latest && document.visibilityState === "visible" && $("#main").offsetParent !== null) {
    api.read(here.user, here.place, state.open.messages.map((m) => m.latest_reply ?? m.ts).concat(latest).sort().at(-1));
  }
}

function drawThread() {
  const box = $("#thread");
  const thread = here.thread && state.thread;
  box.hidden = !thread;
  document.body.classList.toggle("with-thread", Boolean(thread));
  if (!thread) return;
  if (!box.firstChild) {
    box.append(
      h("header", {}, h("h2", {}, "Thread"), h("small", {}), h("span", { class: "space" }),
        h("button", { type: "button", class: "plain", "aria-label": "Close thread", onclick: () => openThread(null) }, icon("close"))),
      h("div", { class: "replies-box", role: "log" }), replier.node);
  }
  box.querySelector("header small").textContent = title(state.open);
  const list = box.querySelector(".replies-box");
  const own = state.open.ephemerals.filter((m) => m.thread_ts === here.thread).map((m) => ({ ...m, private: true }));
  const before = list.children.length;
  renderMessages(list, [thread.parent, ...thread.replies, ...own], view(here.place), { inThread: true, dismissed });
  if (list.children.length !== before) list.scrollTop = list.scrollHeight;
}

async function say(text, thread) {
  try {
    const seen = text.startsWith("/")
      ? await api.command(here.user, here.place, text)
      : await api.message(here.user, here.place, text, thread);
    if (seen.error) toast(`${text.split(" ")[0]} failed with the error “${seen.error}”.`);
    return true;
  } catch (error) {
    toast(error.message);
    return false;
  }
}

async function click(place, action) {
  try {
    const seen = await api.click(here.user, place, action);
    if (seen.error) toast(`That did not work: ${seen.error}.`);
  } catch (error) {
    toast(error.message);
  }
}

function go(place, { quiet = false } = {}) {
  unpop();
  here.place = place;
  here.thread = null;
  unreadFrom = "";
  if (!quiet) history.replaceState(null, "", `#${place}`);
  if (!quiet) pane("main");
  if (place === "home") openHome();
  return api.state(here.user, place === "home" ? null : place).then((fresh) => {
    if (here.place === place) unreadFrom = fresh.open?.unread ? fresh.open.read || "0" : "";
    return refresh();
  });
}

async function openHome() {
  try {
    await api.home(here.user);
  } catch (error) {
    toast(error.message);
  }
}

function become(user) {
  here.user = user;
  here.thread = null;
  if (here.place !== "home" && state.open?.im) here.place = null;
  $("#messages").dataset.shown = "";
  sessionStorage.setItem("user", user);
  const direct = here.place === null;
  if (direct) return api.state(user).then((fresh) => go(fresh.direct.id));
  return go(here.place);
}

function openThread(ts) {
  here.thread = ts;
  if (ts) pane("thread");
  else pane("main");
  return refresh().then(() => ts && replier.box.focus());
}

function dismiss(ts) {
  dismissed.add(ts);
  draw();
}

function pane(name) {
  document.body.dataset.pane = name;
}

function theme() {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", document.documentElement.dataset.theme);
}

const placeFromAddress = () => decodeURIComponent(location.hash.slice(1)).split("/")[0] || null;

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && here.thread && !$("#modal").open) openThread(null);
});
addEventListener("hashchange", () => go(placeFromAddress() ?? here.place));
document.addEventListener("visibilitychange", () => state && refresh());
if (localStorage.getItem("theme")) document.documentElement.dataset.theme = localStorage.getItem("theme");
if (location.hash) pane("main");

watch(refresh, (live) => {
  here.live = live;
  if (live || state) refresh();
});
