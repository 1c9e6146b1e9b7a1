/**
 * "May I …, now?": typing brings what is meant to the top, with its answer lifted out of its own page, and after
 * it the rows of what else may be meant.
 */

import { indexed, search } from "./ask.js";
import { ownWaits } from "./plan.js";
import { recall } from "./record.js";
import { chooseVariant, tellWaits } from "./rows.js";
import { words } from "./wording.js";

// Whoever types goes on typing.
const PAUSE_MS = 200;

/** Offer the search over the list of a page. */
export function offerSearch(main, treatment) {
  const form = main.querySelector("[data-search]");
  const index = indexed(JSON.parse(form.dataset.called));
  const field = form.querySelector("input");
  const found = main.querySelector("[data-found]");
  const list = found.querySelector("ul");
  const answer = new Answer(main, found.querySelector("[data-answer]"), treatment);
  form.hidden = false;
  const show = () => {
    const asked = field.value.trim().length > 1;
    const ids = asked ? search(index, field.value) : [];
    found.hidden = !asked;
    for (const each of main.querySelectorAll("[data-all]")) each.hidden = asked;
    const rows = ids.map((id) => rowOf(main, id).cloneNode(true));
    list.replaceChildren(...rows);
    list.hidden = !ids.length;
    answer.tell(rows[0]);
    found.querySelector("[data-nothing]").hidden = Boolean(ids.length) || !asked;
    found.querySelector("[role=status]").textContent = !asked ? "" : words(ids.length ? "found" : "nothing", { n: ids.length });
  };
  field.addEventListener("input", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.click();
  });
  // A browser that goes back fills the field again.
  show();
}

const rowOf = (main, id) => main.querySelector(`[data-all] :is([data-activity="${id}"], [data-elsewhere="${id}"])`);

/** The answer about the first row, in its place once it is there. */
class Answer {
  constructor(main, box, treatment) {
    const mine = treatment && main.dataset.set === `${treatment.protocol}/${treatment.version}` ? treatment : null;
    Object.assign(this, { box, treatment: mine, pages: new Map(), waiting: 0, meant: null });
  }

  tell(row) {
    // A page that asks in its turn has no answer to lift.
    const address = row?.matches("[data-activity]") ? row.querySelector("a").href : null;
    if (this.box.hidden || address !== this.meant) this.box.hidden = true;
    else this.replace(row);
    this.meant = address;
    clearTimeout(this.waiting);
    if (address && this.box.hidden) this.waiting = setTimeout(() => this.lift(row, address), PAUSE_MS);
  }

  async lift(row, address) {
    const page = await this.pageAt(address);
    const own = ownWaits(await recall("clinic"));
    if (!page || address !== this.meant) return;
    const part = (from) => document.importNode(page.querySelector(from), true);
    // Not its text alone: of what is said in two ways one is hidden.
    const heading = (level, from) => {
      const made = document.createElement(level);
      made.append(...part(from).childNodes);
      return made;
    };
    const parts = ["#why", "#range"].flatMap((each) => [heading("h3", each), part(`${each} ~ p`)]);
    this.box.querySelector("[data-lifted]").replaceChildren(heading("h2", "h1"), part(".answer"), ...parts);
    this.box.querySelector("[data-otherwise]").hidden = !page.querySelector("[data-own]");
    for (const link of this.box.querySelectorAll("a")) link.href = address;
    if (this.treatment) {
      chooseVariant(this.box, this.treatment.variant);
      tellWaits(this.box, this.treatment, Date.now(), own);
    }
    this.box.hidden = false;
    this.replace(row);
  }

  /** The answer stands for its row; a list of which nothing else is left has no frame. */
  replace(row) {
    row.hidden = true;
    row.parentElement.hidden = row.parentElement.childElementCount < 2;
  }

  /** What is kept, or what the server has; without either the row leads on. */
  async pageAt(address) {
    if (!this.pages.has(address)) {
      const answer = await fetch(address).catch(() => null);
      if (!answer?.ok) return null;
      this.pages.set(address, new DOMParser().parseFromString(await answer.text(), "text/html"));
    }
    return this.pages.get(address);
  }
}
