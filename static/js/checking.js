/** "What's in it?": a list is read, and its answer told; what it says of a class is lifted from the page. */

import { platform } from "./browser.js";
import { nameIndex } from "./names.js";
import { allowedFrom, ownWaits } from "./plan.js";
import { answerOf, readList } from "./products.js";
import { recall } from "./record.js";
import { many, moment, phoneZone, waitInWords, words } from "./wording.js";

const HOUR_MS = 3_600_000;

/** Offer to read a list. */
export function checkProducts(main, treatment) {
  const mine = treatment && main.dataset.set === `${treatment.protocol}/${treatment.version}` ? treatment : null;
  const form = main.querySelector("[data-package]");
  const index = nameIndex(JSON.parse(form.dataset.table));
  const said = new Product(main, mine);
  for (const each of main.querySelectorAll("[data-platform]")) each.hidden = each.dataset.platform !== platform;
  const early = main.querySelector("[data-first-days]");
  early.hidden = Boolean(mine) && Date.now() >= allowedFrom(mine, Number(early.dataset.firstDays));
  form.hidden = false;
  // Long, and read by few: an answer has its part of it.
  const everything = main.querySelector("[data-everything]");
  everything.open = location.hash.startsWith("#class-");
  form.addEventListener("focusin", () => requestAnimationFrame(() => said.warmUp(index)), { once: true });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    said.tell(index, readList(index, form.querySelector("textarea").value));
  });
}

class Product {
  constructor(main, treatment) {
    Object.assign(this, { main, treatment, times: new Map() });
    this.shown = main.querySelector("[data-made-out]");
  }

  part(name) {
    return this.shown.querySelector(`[data-${name}]`);
  }

  /** An hour after the treatment, or how long after it where none is known. */
  time(hours) {
    if (!this.times.has(hours)) this.times.set(hours, this.timeInWords(hours));
    return this.times.get(hours);
  }

  timeInWords(hours) {
    if (!this.treatment) return waitInWords(hours);
    return moment(allowedFrom(this.treatment, hours), Date.now(), phoneZone(), this.treatment.rough);
  }

  /** What runs for the first time takes longest: it does so before anything is typed. */
  warmUp(index) {
    const names = index.entries.flatMap(({ inci }) => [inci, inci.slice(0, 3) + inci.slice(4)]);
    this.byClass(answerOf(index, readList(index, names.join(", ")), "unknown", 0).waiting);
  }

  async tell(index, lines) {
    const own = this.treatment ? ownWaits(await recall("clinic")) : {};
    // Dates take their time to be put into words, and one answer says the same one often.
    this.times.clear();
    const { treatment, shown } = this;
    const since = treatment ? (Date.now() - allowedFrom(treatment, 0)) / HOUR_MS : 0;
    const variant = treatment?.variant ?? "unknown";
    const found = answerOf(index, lines, variant, since, own);
    const title = shown.querySelector("h2");
    title.textContent = this.title(found);
    shown.hidden = false;
    const sure = ["wait", "clear"].includes(found.answer);
    this.part("sure").hidden = !sure;
    this.part("waits-anyway").hidden = found.answer !== "unknown" || !found.waiting.length;
    this.part("ask-someone").hidden = sure;
    this.part("waiting").replaceChildren(...this.byClass(found.waiting));
    const unread = lines.filter(({ known }) => !known).map(({ text }) => quietly(text));
    this.list(this.part("unread"), unread);
    const waiting = new Set(found.waiting.map(({ entry }) => entry));
    const others = lines.flatMap(({ entries }) => entries).filter((each) => !waiting.has(each));
    this.list(this.part("others"), [...new Set(others)].map(nameOf));
    title.focus();
  }

  title({ answer, known, all, hours, waiting }) {
    if (!all) return words("nothing_read");
    const time = this.time(hours);
    if (answer === "unknown") return many(this.alone ? "cannot_say_alone" : "cannot_say", known, { all });
    const later = waiting.some((each) => each.kind === "ask" && each.hours);
    return words(answer === "ask" && later ? "ask_from" : answer, { time });
  }

  get alone() {
    return this.main.dataset.clinicless.split(" ").includes(this.treatment?.variant);
  }

  list(box, texts) {
    box.hidden = !texts.length;
    box.querySelector("ul").replaceChildren(...texts.map((each) => element("li", each)));
  }

  /** What waits, by class: the strictest first. */
  byClass(waiting) {
    const classes = [...new Set(waiting.map(({ entry }) => entry.of))];
    return classes.map((of) => {
      const members = waiting.filter(({ entry }) => entry.of === of);
      const about = this.main.querySelector(`[data-class="${of}"]`);
      const section = element("section");
      section.className = "sign";
      section.append(
        element("h3", about.querySelector("h3").textContent),
        element("p", members.map(({ entry }) => nameOf(entry)).join(", ")),
        element("p", "", element("strong", this.when(members[0]))),
        about.querySelector("[data-why]").cloneNode(true),
        this.whereFrom(about.id),
      );
      return section;
    });
  }

  /** The class stands below with all its sources. */
  whereFrom(id) {
    const link = element("a", words("where_from"));
    link.href = `#${id}`;
    link.onclick = () => (this.main.querySelector("[data-everything]").open = true);
    return element("p", "", link);
  }

  when({ kind, hours, theirs }) {
    if (kind === "never") return words("not_at_home");
    if (kind === "ask") return words("ask_someone");
    const wait = words(this.treatment ? "until" : "so_long", { time: this.time(hours) });
    return theirs ? `${wait} · ${words("your_clinic")}` : wait;
  }
}

/** Packages shout; people read more easily what does not. */
const quietly = (text) => text.replace(/[A-Z]{4,}/g, (word) => word[0] + word.slice(1).toLowerCase());
const nameOf = ({ inci }) => inci;

function element(tag, text = "", ...inside) {
  const made = document.createElement(tag);
  made.append(text, ...inside);
  return made;
}
