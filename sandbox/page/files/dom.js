// Building elements without a framework, and the few drawings and formats that every part of the page shares.

/** An element; `on…` properties are listeners, `class`, `data-*` and `aria-*` are attributes, null leaves out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (name in element && !name.startsWith("aria") && name !== "list" && name !== "role") element[name] = value;
    else element.setAttribute(name === "class" ? "class" : name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const PATHS = {
  hash: "M9 4 7 20M17 4l-2 16M4 9h17M3 15h17",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6",
  close: "M6 6l12 12M18 6 6 18",
  back: "M14.5 5.5 8 12l6.5 6.5",
  chevron: "M6 9.5l6 6 6-6",
  send: "M4 12 20 4.5 15.5 20l-4-6.2L4 12Zm7.5 1.8L20 4.5",
  thread: "M4 5h16v11H10l-4 3.5V16H4zM8 9h8M8 12.2h5",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z",
  sun: "M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM12 2v2.2M12 19.8V22M2 12h2.2M19.8 12H22M5 5l1.5 1.5M17.5 17.5 19 19M5 19l1.5-1.5M17.5 6.5 19 5",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.5V12l3.2 2",
  people: "M9 5a3.3 3.3 0 1 0 0 6.6A3.3 3.3 0 0 0 9 5ZM2.5 19.5c0-3.4 2.9-5.6 6.5-5.6s6.5 2.2 6.5 5.6M15.5 5.3a3.2 3.2 0 0 1 0 6.1M17.5 14.2c2.4.7 4 2.6 4 5.3",
  check: "M5 12.5l4.5 4.5L19 7.5",
  home: "M4 11.5 12 4.5l8 7M6 10v9.5h12V10",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
};

/** One of our line drawings; decoration only, so hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Initials on a colour of the person's own (while there are no more than eight people). */
export function avatar(person, size = "") {
  const words = person.real_name.split(/\s+/);
  const initials = (words[0][0] + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
  return h("span", { class: `avatar hue-${(person.position ?? 0) % 8} ${size}`, "aria-hidden": "true" }, initials);
}

/** The app's own picture: a countersigned tick. */
export function appAvatar(size = "") {
  return h("span", { class: `avatar app ${size}`, "aria-hidden": "true" }, icon("check"));
}

/** The instant of a ts. */
export const instant = (ts) => new Date(Number(ts.split(".")[0]) * 1000);

/** Hours and minutes where this person lives. */
export function clockTime(date, zone) {
  return new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", timeZone: zone }).format(date);
}

/** "Today", "Yesterday", or the date, where this person lives. */
export function dayName(date, zone) {
  const day = (value) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(value);
  const now = new Date();
  if (day(date) === day(now)) return "Today";
  if (day(date) === day(new Date(now - 86_400_000))) return "Yesterday";
  return new Intl.DateTimeFormat(undefined, { weekday: "long", month: "long", day: "numeric", timeZone: zone }).format(date);
}

let popover = null;

/** Closes what `pop` opened. */
export function unpop() {
  popover?.remove();
  popover = null;
}

/** Shows `content` beside `anchor`, above everything; a click elsewhere, Escape or `unpop` closes it. */
export function pop(anchor, content, { above = false, wide = false } = {}) {
  unpop();
  const layer = anchor.closest("dialog") ?? document.body;
  const box = h("div", { class: `pop ${wide ? "wide" : ""}` }, content);
  popover = box;
  layer.append(box);
  const at = anchor.getBoundingClientRect();
  if (wide) box.style.width = `${at.width}px`;
  const size = box.getBoundingClientRect();
  const upwards = above || (at.bottom + size.height > innerHeight - 8 && at.top > size.height + 8);
  box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
  box.style.top = upwards ? `${Math.max(8, at.top - size.height - 6)}px` : `${at.bottom + 6}px`;
  const away = (event) => {
    if (!box.isConnected) return document.removeEventListener("pointerdown", away, true);
    if (!box.contains(event.target) && !anchor.contains(event.target)) unpop();
  };
  document.addEventListener("pointerdown", away, true);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      unpop();
      anchor.focus();
    }
    moveFocus(event, box);
  });
  return box;
}

/** Arrow keys walk over the buttons of a menu. */
function moveFocus(event, box) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const stops = [...box.querySelectorAll("button:not([disabled])")];
  const next = stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length];
  event.preventDefault();
  next?.focus();
}

/** A sentence at the edge of the page that goes by itself. */
export function toast(text, kind = "error") {
  const line = h("div", { class: `toast ${kind}`, role: "status" }, text);
  document.querySelector("#toasts").append(line);
  setTimeout(() => line.remove(), 6000);
}
