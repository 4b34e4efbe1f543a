"use strict";
// Search, theme and copy buttons of the reference page. The page is complete and readable without this.
(() => {
  const root = document.documentElement;
  const search = document.getElementById("search");
  const entries = [...document.querySelectorAll("[data-search]")];
  const groups = [...document.querySelectorAll("[data-group]")];
  const nothing = document.getElementById("nothing");

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const entry of entries) {
      entry.hidden = !words.every((word) => entry.dataset.search.includes(word));
    }
    for (const group of groups) {
      group.hidden = !group.querySelector("[data-search]:not([hidden])");
    }
    nothing.hidden = entries.some((entry) => !entry.hidden);
  };

  search.addEventListener("input", filter);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      filter();
    }
  });

  const remembered = () => {
    try {
      return localStorage.getItem("countersign-theme");
    } catch {
      return null; // storage is switched off
    }
  };
  const use = (theme) => {
    root.dataset.theme = theme;
    try {
      localStorage.setItem("countersign-theme", theme);
    } catch {
      // storage is switched off: the choice lasts until the page is left
    }
  };
  if (remembered()) {
    use(remembered());
  }
  document.getElementById("theme").addEventListener("click", () => {
    const systemIsDark = matchMedia("(prefers-color-scheme: dark)").matches;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark;
    use(isDark ? "light" : "dark");
  });

  document.addEventListener("click", async (event) => {
    if (!event.target.classList.contains("copy")) {
      return;
    }
    const button = event.target;
    try {
      await navigator.clipboard.writeText(button.parentElement.querySelector("pre").innerText);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select and copy";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
})();
