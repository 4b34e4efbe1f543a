// Keeps the page current: when a request changes, the part that shows it is fetched anew and takes the place of the old
// one. Without this script everything works after a reload. Nobody is interrupted: what is being typed stays, and so
// does the focus.

const QUIET_MS = 250; // several changes in a row become one look
const main = () => document.querySelector("main");
const news = document.getElementById("news");
let waiting = 0;

function isBusy() {
  const fields = main().querySelectorAll("textarea, input:not([type=hidden]), select");
  return [...fields].some((field) =>
    field.type === "checkbox" ? field.checked !== field.defaultChecked
      : field.tagName === "SELECT" ? ![...field.options].every((each, index) => each.selected === (each.defaultSelected || (index === 0 && !field.querySelector("[selected]"))))
        : field.value !== field.defaultValue);
}

function pathTo(element) { // how to find the same control in the new part
  if (!element || !main().contains(element) || element === main()) return null;
  if (element.id) return `#${CSS.escape(element.id)}`;
  if (element.getAttribute("href")) return `a[href="${CSS.escape(element.getAttribute("href"))}"]`;
  return element.name ? `[name="${CSS.escape(element.name)}"]${element.value ? `[value="${CSS.escape(element.value)}"]` : ""}` : null;
}

async function refresh(reference, isQuiet = false) {
  if (isBusy()) {
    if (!isQuiet) say(`${reference || "Something here"} has changed. Reload the page to see it; what you typed is still here.`, true);
    return;
  }
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = fresh.querySelector("main");
  if (!next || isBusy()) return;
  const open = [...main().querySelectorAll("details")].map((each) => each.open);
  const path = pathTo(document.activeElement);
  const scroll = window.scrollY;
  main().replaceChildren(...document.adoptNode(next).childNodes);
  main().querySelectorAll("details").forEach((each, index) => { each.open = open[index] ?? each.open; });
  if (path) main().querySelector(path)?.focus({ preventScroll: true });
  window.scrollTo({ top: scroll });
  document.title = fresh.title;
  if (!isQuiet) say(`${reference || "The page"} was updated.`, false);
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
  const isList = ["/console", "/console/"].includes(location.pathname);
  let wasAway = false;
  const listen = () => {
    source = new EventSource(address);
    source.addEventListener("error", () => { wasAway = true; });
    source.addEventListener("open", () => { if (wasAway && (subject || isList)) look(""); wasAway = false; });
    source.addEventListener("changed", (event) => {
      const { request } = JSON.parse(event.data);
      if (subject ? subject === request : isList) look(request);
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
