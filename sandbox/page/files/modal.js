// The modal on top of a person's stack: shown again when its view changes, keeping what was typed.

import { h, icon, toast } from "/page/dom.js";
import { api } from "/page/api.js";
import { renderBlocks } from "/page/blocks.js";
import { plain } from "/page/mrkdwn.js";

export class Modal {
  constructor(user, names) {
    this.user = user;
    this.names = names;
    this.dialog = document.querySelector("#modal");
    this.view = null;
    this.dismissed = null; // the view that this person has just closed: a look from before must not show it again
    this.inputs = new Map();
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.dismiss();
    });
  }

  /** The dialog shows this view (null: none). */
  show(view, depth, loading) {
    if (view?.id === this.dismissed) return;
    if (view === null) {
      if (this.dialog.open) this.dialog.close();
      this.view = null;
      return;
    }
    const key = `${view.id} ${view.hash} ${depth}`;
    if (this.view && this.key === key && this.dialog.open) return;
    const kept = this.view?.id === view.id ? this.typed() : {};
    this.view = view;
    this.key = key;
    this.render(view, depth, loading, kept);
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.querySelector(".body input, .body textarea, .body button.picker, .body button")?.focus();
  }

  typed() {
    return Object.fromEntries([...this.inputs].map(([block, made]) => [block, made.read()]));
  }

  render(view, depth, loading, kept) {
    this.inputs = new Map();
    const state = structuredClone(view.state.values);
    for (const block of view.blocks) {
      const value = kept[block.block_id];
      if (typeof value === "string" && block.element && state[block.block_id]?.[block.element.action_id]?.value === null) {
        state[block.block_id][block.element.action_id].value = value;
      }
    }
    const place = { state, inputs: this.inputs, use: (block, element, value) => this.use(block, element, value) };
    const close = () => this.dismiss();
    this.submit = view.submit && h("button", { class: "btn primary", type: "submit" }, plain(view.submit.text));
    this.dialog.setAttribute("aria-label", view.title.text);
    this.dialog.replaceChildren(
      h("form", { class: "sheet", noValidate: true, onsubmit: (event) => { event.preventDefault(); this.send(); } },
        h("header", {},
          depth > 1 && h("button", { type: "button", class: "plain", "aria-label": "Back", onclick: close }, icon("back")),
          h("span", { class: "app-mark" }, icon("check")),
          h("h2", {}, plain(view.title.text)),
          h("button", { type: "button", class: "plain", "aria-label": "Close", onclick: close }, icon("close"))),
        h("div", { class: `body ${loading ? "loading" : ""}` }, renderBlocks(view.blocks, this.names(), place)),
        h("p", { class: "form-error", role: "alert", hidden: true }),
        h("footer", {},
          h("button", { class: "btn", type: "button", onclick: close }, plain(view.close?.text ?? "Cancel")),
          this.submit)));
  }

  async use(block, element, value) {
    try {
      const seen = await api.click(this.user(), { view_id: this.view.id }, { action_id: element.action_id, block_id: block.block_id, value });
      if (seen.error) toast(`That did not work (${seen.error}).`);
    } catch (error) {
      toast(error.message);
    }
  }

  async send() {
    if (!this.submit) return;
    this.submit.classList.add("busy");
    this.submit.disabled = true;
    this.complain({});
    try {
      const outcome = await api.submit(this.user(), this.view.id, this.typed());
      this.complain(outcome.errors ?? {});
      if (outcome.error) this.fail(`We had some trouble connecting. Try again? (${outcome.error})`);
    } catch (error) {
      this.fail(error.message);
    } finally {
      this.submit?.classList.remove("busy");
      if (this.submit) this.submit.disabled = false;
    }
  }

  complain(errors) {
    this.dialog.querySelectorAll(".b-input").forEach((box) => {
      const text = errors[box.dataset.block];
      box.classList.toggle("wrong", Boolean(text));
      const line = box.querySelector(".b-error");
      line.hidden = !text;
      line.textContent = text ?? "";
      box.querySelector("[aria-describedby]").setAttribute("aria-invalid", String(Boolean(text)));
    });
    this.dialog.querySelector(".form-error").hidden = true;
    const first = this.dialog.querySelector(".b-input.wrong");
    first?.scrollIntoView({ block: "center" });
    first?.querySelector("input, textarea, button")?.focus();
  }

  fail(text) {
    const line = this.dialog.querySelector(".form-error");
    line.hidden = false;
    line.textContent = text;
  }

  async dismiss() {
    if (!this.view) return;
    const closed = this.view.id;
    this.dismissed = closed;
    this.view = null;
    this.dialog.close(); // at once: a key pressed while the answer is under way must not reach it
    try {
      await api.close(this.user(), closed);
    } catch {
      this.dismissed = null; // somebody else closed it first, or it is still open: the next look tells
    }
  }
}
