/** "Is this expected?": one question at a time, then one result; what it says is lifted from the page. */

import { keepAnswer, lookAgain } from "./answers.js";
import { onReturn } from "./browser.js";
import { dayNumber } from "./plan.js";
import { change, recall } from "./record.js";
import { fullDays, resultOf } from "./signs.js";
import { moment, phoneZone, words } from "./wording.js";

/** Make the page ask; each answer is a step that the phone's own way back takes back. */
export async function askSigns(main) {
  const asking = new Asking(main);
  await asking.remember();
  asking.listen();
  asking.show(asking.asked(history.state));
  // A page that was left open overnight, or gone back to once something else is so, answers by what is so now.
  onReturn(async () => (await asking.remember()) && asking.show(asking.given));
}

class Asking {
  constructor(main) {
    const table = JSON.parse(main.querySelector("[data-table]").dataset.table);
    const steps = [...main.querySelectorAll("[data-step]")];
    Object.assign(this, { main, table, given: {} });
    this.step = Object.fromEntries(steps.map((each) => [each.dataset.step, each]));
  }

  /** What the record says of the treatment and the person; resolves to whether anything in it, or the days, is new. */
  async remember() {
    const [treatment, named] = [await recall("treatment"), (await recall("situations")) ?? []];
    const mine = treatment && this.main.dataset.set === `${treatment.protocol}/${treatment.version}` ? treatment : null;
    const before = this.so;
    Object.assign(this, { treatment: mine, named });
    this.so = JSON.stringify([mine, [...named].sort(), this.days()]);
    return this.so !== before;
  }

  listen() {
    const { main } = this;
    const tap = (selector, act) => {
      for (const each of main.querySelectorAll(selector)) each.addEventListener("click", (event) => act(each, event));
    };
    tap("[data-next]", (each) => {
      const emergency = each.closest("[data-step]").dataset.step === "emergency";
      this.go({ step: emergency ? "today" : "seen" });
    });
    tap("[data-sign]", ({ dataset }, event) => this.choose(dataset.sign, event));
    tap("[data-strength]", ({ dataset }) => this.answer({ strength: dataset.strength }));
    tap("[data-trend]", ({ dataset }) => this.answer({ trend: dataset.trend }));
    tap("[data-back], [data-mistake]", () => history.back());
    tap("[data-again]", () => this.go({ step: "emergency" }));
    tap("[data-abroad]", () => (main.querySelector("[data-abroad-told]").hidden = false));
    tap("[data-copy]", () => this.copy());
    tap("[data-keep-answer]", () => this.keep());
    tap("[data-look-again]", () => this.again());
    for (const box of main.querySelectorAll("[name=about]")) {
      box.addEventListener("change", () => this.name(box.value, box.checked));
    }
    for (const each of main.querySelectorAll("[data-next]")) each.hidden = false;
    addEventListener("popstate", ({ state }) => {
      // A place on this page, such as where "Skip to the page" leads.
      if (!state && location.hash) return;
      this.show(this.asked(state));
      this.begin();
    });
  }

  /** A step that was taken; the first question for one from before an update that took its sign away. */
  asked(state) {
    const known = this.step[state?.step] && (!state.sign || this.table.signs[state.sign]);
    return known ? state : { step: "emergency" };
  }

  go(given) {
    history.pushState(given, "");
    this.show(given);
    this.begin();
  }

  /** At the top, with the focus where reading goes on. */
  begin() {
    scrollTo(0, 0);
    this.shown().querySelector("h1:not([hidden] h1)")?.focus();
  }

  shown() {
    return Object.values(this.step).find(({ hidden }) => !hidden);
  }

  /** Without a treatment no day is known: then what is said of every day can be read below. */
  choose(sign, event) {
    event.preventDefault();
    if (!this.treatment && this.table.signs[sign].asks.length) return this.readOf(sign);
    this.given = { sign };
    this.answer({});
  }

  readOf(sign) {
    history.pushState({ step: "seen", sign }, "");
    const name = this.part(`#sign-${sign}-name`);
    name.tabIndex = -1;
    name.focus();
    name.scrollIntoView();
  }

  answer(given) {
    const all = { ...this.given, ...given };
    const open = this.table.signs[all.sign].asks.find((each) => !all[each]);
    this.go({ ...all, step: open ?? "result" });
  }

  /** One step, and nothing of the others. */
  show(given) {
    this.given = given;
    const { sign } = given;
    // Gone back to once everything was deleted, no day is known any more.
    const known = this.treatment || !sign || !this.table.signs[sign].asks.length;
    const step = known ? given.step : "seen";
    for (const [name, part] of Object.entries(this.step)) part.hidden = name !== step;
    this.main.querySelector("[data-reading]").hidden = step !== "seen" || Boolean(this.treatment);
    this.main.querySelector("[data-unknown]").hidden = Boolean(this.treatment);
    for (const each of this.main.querySelectorAll("[data-sign-name]")) each.textContent = sign ? this.nameOf(sign) : "";
    if (step === "strength") this.nameStrengths(sign);
    if (step === "result") this.tell();
    else delete document.body.dataset.emergency;
  }

  nameOf(sign) {
    return this.part(`section [data-sign="${sign}"] span`).firstChild.textContent.trim();
  }

  part(selector) {
    return this.main.querySelector(selector);
  }

  /** "A little" says nothing of some signs: they have words of their own. */
  nameStrengths(sign) {
    const own = Boolean(this.part(`[data-of-sign="${sign}"]`));
    for (const each of this.main.querySelectorAll("[data-of-sign]")) {
      each.hidden = each.dataset.ofSign !== (own ? sign : "");
    }
  }

  /** Since the treatment, as a calendar counts them and as full days. */
  days() {
    const { treatment } = this;
    const now = Date.now();
    return treatment ? [Math.max(0, dayNumber(treatment, now, phoneZone())), fullDays(Date.parse(treatment.at), now)] : [0];
  }

  result() {
    const { treatment, table, given } = this;
    const days = this.days();
    const every = [...new Set(Object.values(table.variants).flat())];
    const variants = treatment ? table.variants[treatment.variant] : every;
    const modifiers = table.modifiers.filter(({ situation }) => this.named.includes(situation));
    return { day: days[0], ...resultOf(table.signs[given.sign], given, days, variants, modifiers) };
  }

  tell() {
    const { main, table, treatment, given } = this;
    const { level, answer, raised, day } = this.result();
    const sign = table.signs[given.sign];
    const shown = this.part(`[data-result="${level}"]`);
    for (const each of main.querySelectorAll("[data-result]")) each.hidden = each !== shown;
    document.body.toggleAttribute("data-emergency", level === "emergency");
    this.part("[data-step-back]").hidden = level === "emergency";
    const said = [treatment && words("day", { n: day }), this.nameOf(given.sign), ...this.answersInWords()];
    this.part("[data-answered]").textContent = said.filter(Boolean).join(" · ");
    if (level === "expected") shown.querySelector("h1").textContent = words("expected_on", { n: day });
    if (level === "watch") {
      shown.querySelector("h1").textContent = words(sign.worry ? "worry" : "watch");
      shown.querySelector("[data-worry]").hidden = !sign.worry;
    }
    const from = answer ? `[data-answer-words="${answer}"]` : `[data-unlisted="${sign.otherwise}"]`;
    lift(this.part(from), shown.querySelector("[data-words]"));
    shown.querySelector("[data-raised]").replaceChildren(...raised.map((each) => this.raisedBy(each)));
    const eye = shown.querySelector("[data-near-eye]");
    if (eye) eye.hidden = !sign.infection;
    this.offerCalls(shown);
    this.liftSources(shown, given.sign);
    for (const box of main.querySelectorAll("[name=about]")) box.checked = this.named.includes(box.value);
  }

  answersInWords() {
    const { sign, strength, trend } = this.given;
    const named = this.part(`[data-strength="${strength}"] [data-of-sign="${sign}"]`);
    const usual = this.part(`[data-strength="${strength}"] [data-of-sign=""]`);
    return [strength && (named ?? usual).textContent, trend && this.part(`[data-trend="${trend}"]`).textContent];
  }

  raisedBy(situation) {
    const line = document.createElement("p");
    lift(this.part(`[data-modifier="${situation}"]`), line);
    return line;
  }

  /** The first filled button is the call: the clinic where its number is known, else 811. */
  offerCalls(shown) {
    const known = shown.querySelector("[data-my-clinic]:not([hidden])");
    const other = shown.querySelector("[data-until-clinic]");
    if (other) other.hidden = Boolean(known);
    const copy = shown.querySelector("[data-copy]");
    if (copy) copy.hidden = !navigator.clipboard || !this.treatment;
    for (const each of shown.querySelectorAll("[data-copied], [data-kept-answer], [data-looks-again], [data-rings-off]")) each.hidden = true;
    for (const each of shown.querySelectorAll("[data-look-again]")) each.hidden = !this.treatment;
  }

  liftSources(shown, sign) {
    const into = shown.querySelector("[data-sources]");
    into?.replaceChildren(this.part(`[data-about-sign="${sign}"] .sources`).cloneNode(true));
  }

  /** What is so of a person is kept at once, and the result told anew. */
  async name(situation, so) {
    const all = await change("situations", (before) => {
      const others = (before ?? []).filter((each) => each !== situation).concat(so ? situation : []);
      return others.length ? others : null;
    });
    this.named = all ?? [];
    const { level } = this.result();
    const higher = this.part(`[data-result="${level}"]`).hidden;
    this.tell();
    if (higher) this.begin();
  }

  /** Said again where it was said already. */
  say(name) {
    this.told(name).hidden = true;
    this.told(name).hidden = false;
  }

  told(name) {
    return this.part(`[data-result]:not([hidden]) [data-${name}]`);
  }

  async keep() {
    // What is hidden holds for others.
    const result = this.part("[data-result]:not([hidden]) .result-title").innerText;
    await keepAnswer(this.part("[data-answered]").textContent, result);
    this.say("kept-answer");
  }

  async again() {
    const at = await lookAgain(words("look_again", { seen: this.nameOf(this.given.sign) }));
    this.told("rings-off").hidden = at !== null;
    const told = this.told("looks-again");
    told.hidden = at === null;
    if (at !== null) told.textContent = words("rings", { moment: moment(at, Date.now(), phoneZone()) });
  }

  async copy() {
    const { given, treatment } = this;
    const seen = [this.nameOf(given.sign), ...this.answersInWords()].filter(Boolean).join(", ");
    const at = moment(Date.parse(treatment.at), Date.now(), phoneZone(), treatment.rough);
    await navigator.clipboard.writeText(words("message", { n: this.result().day, moment: at, seen }));
    this.say("copied");
  }
}

const lift = (from, into) => into.replaceChildren(...[...from.childNodes].map((each) => each.cloneNode(true)));
