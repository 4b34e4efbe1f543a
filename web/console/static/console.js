// Keeps the page current: when what it shows changes, the part that shows it is fetched anew and takes the place of the old
// one. Without this script everything works after a reload. Nobody is interrupted: what is being typed stays, and so
// does the focus.

const QUIET_MS = 250; // several changes in a row become one look
const main = () => document.querySelector("main");
const news = document.getElementById("news");
let waiting = 0;

function isBusy(part = main()) { // somebody types in it, or it has what was typed and refused
  const fields = part.querySelectorAll("textarea, input:not([type=hidden]), select");
  return part.querySelector("[data-kept]") !== null || [...fields].some((field) =>
    field.type === "checkbox" ? field.checked !== field.defaultChecked
      : field.tagName === "SELECT" ? ![...field.options].every((each, index) => each.selected === (each.defaultSelected || (index === 0 && !field.querySelector("[selected]"))))
        : field.value !== field.defaultValue);
}

function finderOf(element) { // how to find the same control in the new part
  if (!element || !main().contains(element) || element === main()) return () => null;
  const path = pathTo(element);
  if (path) return () => main().querySelector(path);
  const name = nameOf(element); // those of one name are told apart by their order
  const alike = () => [...main().querySelectorAll(element.tagName)].filter((each) => nameOf(each) === name);
  const index = alike().indexOf(element);
  return () => alike()[index];
}

function pathTo(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  if (element.getAttribute("href")) return `a[href="${CSS.escape(element.getAttribute("href"))}"]`;
  return element.name ? `[name="${CSS.escape(element.name)}"]${element.value ? `[value="${CSS.escape(element.value)}"]` : ""}` : null;
}

const nameOf = (element) => element.getAttribute("aria-label") ?? element.textContent.trim();

async function refresh(reference, isQuiet = false) {
  const hasParts = main().querySelector("[data-part]") !== null;
  if (isBusy() && !hasParts) {
    if (!isQuiet) say(`${reference || "Something here"} has changed. Reload the page to see it; what you typed is still here.`, true);
    return;
  }
  const answer = await fetch(main().dataset.page || location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = fresh.querySelector("main");
  if (!next || (isBusy() && !hasParts)) return;
  const find = finderOf(document.activeElement);
  const scroll = window.scrollY;
  const isKept = isBusy();
  if (isKept) replaceParts(next); else replace(main(), next);
  if (!main().contains(document.activeElement)) find()?.focus({ preventScroll: true });
  window.scrollTo({ top: scroll });
  document.title = fresh.title;
  if (!isQuiet) say(`${reference || "The page"} was updated.${isKept ? " What you typed is still here." : ""}`, isKept);
}

function replace(old, next) { // what was open or moved sideways stays so, whatever comes or goes beside it
  const open = {};
  const name = (each) => each.querySelector("summary")?.textContent.trim() ?? "";
  const moved = new Map([...old.querySelectorAll(".scroll")].map((each) => [nameOf(each), each.scrollLeft]));
  for (const each of old.querySelectorAll("details")) (open[name(each)] ??= []).push(each.open);
  old.replaceChildren(...document.adoptNode(next).childNodes);
  for (const each of old.querySelectorAll("details")) each.open = open[name(each)]?.shift() ?? each.open;
  for (const each of old.querySelectorAll(".scroll")) each.scrollLeft = moved.get(nameOf(each)) ?? 0;
}

function replaceParts(next) { // all but those in which somebody types
  for (const part of main().querySelectorAll("[data-part]")) {
    const now = next.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
    if (now && !isBusy(part)) replace(part, now);
  }
}

function say(text, isShown) {
  news.textContent = text;
  news.className = isShown ? "toast" : "hidden";
}

function follow() {
  const address = main()?.dataset.live;
  if (!address || !window.EventSource) return;
  const subject = main().dataset.subject;
  const look = (reference) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => refresh(reference).catch(() => {}), QUIET_MS);
  };
  let source = null;
  const listed = main().dataset.list; // how the references of what is listed begin
  let wasAway = false;
  const listen = () => {
    source = new EventSource(address);
    source.addEventListener("error", () => { wasAway = true; });
    source.addEventListener("open", () => { if (wasAway && (subject || listed)) look(""); wasAway = false; });
    source.addEventListener("changed", (event) => {
      const changed = JSON.parse(event.data).subject;
      if (subject ? subject === changed : listed && changed.startsWith(listed)) look(changed);
    });
  };
  // A browser has six connections to one server: a page that nobody sees gives its own back.
  document.addEventListener("visibilitychange", () => {
    source?.close();
    if (document.hidden) wasAway = true; else listen();
  });
  addEventListener("pagehide", () => source?.close());
  if (!document.hidden) listen(); else wasAway = true;
}

function renew() { // figures that nobody tells of: looked at again and again while somebody sees them, and said to nobody
  const every = Number(main()?.dataset.every);
  if (every) setInterval(() => { if (!document.hidden) refresh("", true).catch(() => {}); }, every * 1000);
}

document.addEventListener("submit", (event) => { // a second press sends nothing twice
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
follow();
renew();
