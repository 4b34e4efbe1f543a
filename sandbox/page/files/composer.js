// Where a person types: Enter sends, Shift+Enter breaks the line, "/" suggests commands, "@" suggests people.

import { h, avatar, appAvatar, icon } from "/page/dom.js";

export class Composer {
  /** `send(text)` returns a promise; `suggestions()` gives {commands, people}. */
  constructor({ send, suggestions, label }) {
    this.send = send;
    this.suggestions = suggestions;
    this.box = h("textarea", { rows: 1, "aria-label": label, placeholder: label, autocomplete: "off", spellcheck: true });
    this.menu = h("div", { class: "suggest", role: "listbox", hidden: true });
    this.button = h("button", { type: "button", class: "send", "aria-label": "Send", disabled: true, onclick: () => this.submit() }, icon("send"));
    this.node = h("div", { class: "composer" }, this.menu, this.box, this.button);
    this.chosen = 0;
    this.box.addEventListener("input", () => this.changed());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("blur", () => setTimeout(() => { this.menu.hidden = true; }, 150));
  }

  label(text) {
    this.box.placeholder = text;
    this.box.setAttribute("aria-label", text);
  }

  changed() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, 200)}px`;
    this.button.disabled = !this.box.value.trim();
    this.suggest();
  }

  suggest() {
    const before = this.box.value.slice(0, this.box.selectionStart);
    const { commands, people } = this.suggestions();
    const slash = /^\/(\S*)$/.exec(before);
    const at = /(?:^|\s)@([\w.-]*)$/.exec(before);
    let rows = [];
    if (slash) {
      rows = commands.filter((c) => c.command.slice(1).startsWith(slash[1])).map((c) => ({
        put: `${c.command} `, from: 0, node: [appAvatar("small"), h("span", { class: "row-words" },
          h("span", {}, h("strong", {}, c.command), " ", h("span", { class: "usage" }, c.usage_hint ?? "")), h("small", {}, c.description ?? ""))],
      }));
    } else if (at) {
      const wanted = at[1].toLowerCase();
      rows = people.filter((p) => `${p.name} ${p.real_name}`.toLowerCase().includes(wanted)).slice(0, 6).map((p) => ({
        put: `@${p.name} `, from: before.length - at[1].length - 1, node: [avatar(p, "small"), h("span", { class: "row-words" },
          h("span", {}, p.real_name), h("small", {}, `@${p.name}`))],
      }));
    }
    this.rows = rows;
    this.chosen = 0;
    this.menu.hidden = !rows.length;
    this.draw();
  }

  draw() {
    this.menu.replaceChildren(...this.rows.map((row, index) =>
      h("button", {
        type: "button", class: "row", role: "option", tabIndex: -1, "aria-selected": String(index === this.chosen),
        onmousedown: (event) => { event.preventDefault(); this.take(row); },
      }, row.node)));
  }

  take(row) {
    const end = this.box.selectionStart;
    this.box.value = this.box.value.slice(0, row.from) + row.put + this.box.value.slice(end);
    this.menu.hidden = true;
    this.box.setSelectionRange(row.from + row.put.length, row.from + row.put.length);
    this.box.focus();
    this.button.disabled = false;
  }

  key(event) {
    if (!this.menu.hidden) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        this.chosen = (this.chosen + step + this.rows.length) % this.rows.length;
        return this.draw();
      }
      const whole = this.rows[this.chosen]?.put.trim() === this.box.value.trim();
      if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !whole)) {
        event.preventDefault();
        return this.take(this.rows[this.chosen]);
      }
      if (event.key === "Escape") {
        event.stopPropagation();
        this.menu.hidden = true;
        return undefined;
      }
    }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.submit();
    }
    return undefined;
  }

  async submit() {
    const text = this.box.value.trim();
    if (!text) return;
    this.box.value = "";
    this.changed();
    this.node.classList.add("busy");
    if (!(await this.send(text)) && !this.box.value) {
      this.box.value = text; // nothing was sent: what was typed is not lost
      this.changed();
    }
    this.node.classList.remove("busy");
  }
}
