// The dialog (task module) before a person: its card, with the card's own actions at its foot.

import { h, icon, toast } from "/page/dom.js";
import { api } from "/teams/page/api.js";
import { actionButton, complain, renderCard, valuesIn } from "/teams/page/card.js";

export class Dialog {
  constructor(user, zone) {
    this.user = user;
    this.zone = zone;
    this.box = document.querySelector("#modal");
    this.view = null;
    this.dismissed = null; // what this person has just closed: a look from before must not show it again
    this.box.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.dismiss();
    });
  }

  /** The dialog shows this view (null: none). What was typed stays while its card is the same. */
  show(view) {
    if (view?.view_id === this.dismissed) return;
    if (view === null) {
      if (this.box.open) this.box.close();
      this.view = null;
      return;
    }
    const key = JSON.stringify([view.view_id, view.title, view.card]);
    if (this.view && this.key === key && this.box.open) return;
    this.view = view;
    this.key = key;
    this.render(view);
    if (!this.box.open) this.box.showModal();
    this.box.querySelector(".body input, .body textarea, .body select")?.focus();
  }

  render(view) {
    const close = () => this.dismiss();
    const place = { zone: this.zone(), plain: true, use: (action, inputs, root) => this.use(action, root) };
    const card = renderCard(view.card, place);
    const foot = (view.card.actions ?? []).map((action) => actionButton(action, { ...place, root: card, inner: h("div", {}) }));
    this.box.setAttribute("aria-label", view.title || "Dialog");
    this.box.replaceChildren(
      h("form", { class: "sheet", noValidate: true, onsubmit: (event) => event.preventDefault() },
        h("header", {}, h("span", { class: "app-mark" }, icon("check")), h("h2", {}, view.title),
          h("button", { type: "button", class: "plain", "aria-label": "Close", onclick: close }, icon("close"))),
        h("div", { class: "body" }, card),
        h("p", { class: "form-error", role: "alert", hidden: true }),
        h("footer", {}, h("button", { class: "btn", type: "button", onclick: close }, "Cancel"), foot)));
  }

  async use(action, root) {
    if (action.type !== "Action.Submit") return;
    complain(root, {});
    this.fail("");
    try {
      const data = action.data;
      const name = action.id ?? data?.action ?? action.title;
      const outcome = await api.submit(this.user(), this.view.view_id, valuesIn(root), name);
      complain(root, outcome.errors ?? {});
      if (outcome.error) this.fail(outcome.error);
    } catch (error) {
      this.fail(error.message);
    }
  }

  fail(text) {
    const line = this.box.querySelector(".form-error");
    if (!line) return;
    line.hidden = !text;
    line.textContent = text;
  }

  async dismiss() {
    if (!this.view) return;
    const closed = this.view.view_id;
    this.dismissed = closed;
    this.view = null;
    this.box.close();
    try {
      await api.close(this.user(), closed);
    } catch (error) {
      this.dismissed = null;
      toast(error.message);
    }
  }
}
