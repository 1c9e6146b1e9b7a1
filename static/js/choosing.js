/** The screen where reminders are chosen: what will ring, when, how it looks, and whether it works. */

import { platform, pushService, wayToRing } from "./browser.js";
import { schedule } from "./plan.js";
import { change, recall } from "./record.js";
import { ringsOf, rulesOf, USUAL, writeDown } from "./reminders.js";
import { call, stop, sync } from "./sync.js";
import { many, moment, phoneZone, timeOfClock, words } from "./wording.js";

const WEEK = 7 * 86_400_000;
const SHOWN_AT_ONCE = 4;
const POLL_MS = 2000;
const POLLS = 15;
// As the server takes it: all that can ring at one time is said to its end.
const LONGEST_TITLE = 1000;

/** Show the screen, and keep it true. */
export async function showReminders(main, treatment) {
  const screen = new Screen(main, treatment);
  screen.listen();
  await screen.refresh();
  // The link of a notice leads to what was hidden until now.
  main.querySelector(":target")?.scrollIntoView();
  await screen.confirm();
}

class Screen {
  constructor(main, treatment) {
    Object.assign(this, { main, treatment, said: null });
    this.own = document.documentElement.lang;
  }

  part(name) {
    return this.main.querySelector(`[data-${name}]`);
  }

  /** Write down, show it, send when it is on, and show what came of that: a network may be slow. `asked` is by a tap. */
  async refresh(asked = false) {
    // Another tab changed the treatment: what is chosen here must not ring for the old one.
    const { id } = (await recall("treatment")) ?? {};
    if (id !== this.treatment.id) return location.reload();
    // It may have changed the language as well.
    const { language = this.own } = (await recall("settings")) ?? {};
    const written = await writeDown(this.treatment, language);
    if (written) {
      // Only one language may be kept; each that is not to be had is waited for.
      const inOwnWords = this.own !== language && (await rulesOf(this.treatment, this.own));
      const rules = inOwnWords || written.rules;
      this.wanted = written.wanted;
      const rings = ringsOf(this.treatment, rules, { ...this.wanted, ...written.past }, phoneZone());
      this.rings = [...rings, ...written.later].sort((one, other) => one.at - other.at);
      this.possible = this.stillPossible(rules);
    }
    this.named = (await recall("situations")) ?? [];
    this.wanted ??= await recall("reminders");
    this.mine = await recall("subscription");
    const { on } = this.wanted ?? {};
    // What was stopped without a network is still to be told.
    if (on || this.mine) {
      await this.tell();
      this.mine = await sync(asked);
      this.said = on ? null : this.stopped;
    }
    await this.tell();
  }

  /** The kinds that could still ring, whatever is chosen. */
  stillPossible({ kinds, reminders }) {
    const all = { ...this.wanted, kinds: kinds.map(({ id }) => id) };
    const ahead = schedule(this.treatment, reminders, all, phoneZone()).filter(({ at }) => at > Date.now());
    return ahead.flatMap((ring) => ring.reminders.map(({ kind }) => kind));
  }

  /** What is still to ring: a ring that a change moved ahead again may have rung already. */
  get ahead() {
    const over = (this.mine?.told?.reminders ?? []).filter(({ outcome }) => outcome && outcome !== "later");
    const rung = new Set(over.map(({ id }) => id));
    return (this.rings ?? []).filter(({ id, at }) => at > Date.now() && !rung.has(id));
  }

  get state() {
    if (!this.rings) return `${this.wanted?.on ? this.stateOn : ""} no-rules`.trim();
    if (!this.wanted.on) return !this.ahead.length ? "finished" : wayToRing();
    return this.stateOn;
  }

  get stateOn() {
    const { state, told } = this.mine ?? { state: "waiting" };
    // All has rung, and the server still has the address.
    if (state === "sent" && this.rings && !this.ahead.length) return "over";
    if (state === "sent") return told.confirmed ? "on" : "unconfirmed";
    return state;
  }

  get stopped() {
    return this.mine ? "stopped_here" : "stopped";
  }

  async tell() {
    const { state } = this;
    const held = document.activeElement;
    this.main.dataset.reminders = state;
    for (const each of this.main.querySelectorAll("[data-when]")) {
      each.hidden = !each.dataset.when.split(" ").some((when) => state.split(" ").includes(when));
    }
    for (const each of this.main.querySelectorAll("[data-platform]")) {
      each.hidden = each.dataset.platform !== platform;
    }
    // What had the focus is hidden now: what came of it has it instead.
    if (this.main.contains(held) && !held.offsetParent) this.part("status").focus();
    for (const each of this.main.querySelectorAll("[data-service]")) {
      each.textContent = pushService(this.mine?.endpoint);
    }
    const said = this.part("said");
    said.textContent = this.said ? words(this.said) : "";
    said.hidden = !this.said;
    this.part("promise").textContent = this.promise();
    if (this.wanted?.kinds) this.tellChoices();
    if (this.rings) this.tellNext();
    await this.tellLast();
  }

  promise() {
    const { ahead } = this;
    if (!ahead.length) return "";
    const weeks = Math.max(1, Math.ceil((ahead.at(-1).at - Date.now()) / WEEK));
    const { from, to } = this.wanted.quiet;
    const night = from > to && from <= "22:00" && to >= "07:00";
    const quiet = night
      ? words("never_at_night")
      : from === to
        ? ""
        : words("never_between", { from: timeOfClock(from), to: timeOfClock(to) });
    const spread = words("in", { n: many("ring", ahead.length), weeks: many("week", weeks) });
    return words("sentence", { spread, quiet });
  }

  tellChoices() {
    const { kinds, look, quiet } = this.wanted;
    for (const box of this.main.querySelectorAll("[name=kind]")) box.checked = kinds.includes(box.value);
    for (const offer of this.main.querySelectorAll("[data-adds]")) {
      const { adds: kind, named } = offer.dataset;
      offer.hidden = kinds.includes(kind) || !this.named.includes(named) || !this.possible?.includes(kind);
    }
    for (const row of this.main.querySelectorAll("[name=look]")) row.checked = row.value === look;
    const example = this.ahead[0]?.words[0];
    if (example) this.part("example").textContent = example;
    for (const end of ["from", "to"]) {
      const field = this.main.querySelector(`[name=${end}]`);
      if (document.activeElement !== field) field.value = quiet[end];
    }
  }

  tellNext() {
    const { ahead } = this;
    const row = this.part("ring");
    const rowOf = ({ at, words: lines, theirs }) => {
      const item = row.content.cloneNode(true);
      const more = lines.length > 1 ? words("and_more", { n: lines.length - 1 }) : "";
      item.querySelector(".row-name").append(lines[0], more && small(more), theirs ? small(words("your_clinic")) : "");
      item.querySelector(".row-when").textContent = moment(at, Date.now(), phoneZone(), this.treatment.rough);
      return item;
    };
    this.part("next").replaceChildren(...ahead.slice(0, SHOWN_AT_ONCE).map(rowOf));
    this.part("rest").replaceChildren(...ahead.slice(SHOWN_AT_ONCE).map(rowOf));
    this.part("all").hidden = ahead.length <= SHOWN_AT_ONCE;
    this.part("ahead").hidden = !ahead.length;
    this.part("calendar").querySelector("button").disabled = !ahead.length;
  }

  async tellLast() {
    const shown = await recall("shown");
    const seen = (this.mine?.told?.reminders ?? []).map(({ seen_at: at }) => Date.parse(at ?? "")).filter(Boolean);
    const last = Math.max(0, shown?.confirmedAt ?? 0, ...seen);
    this.part("last").textContent = last ? moment(last, Date.now(), phoneZone()) : words("none_yet");
  }

  listen() {
    const { main } = this;
    this.part("turn-on").addEventListener("click", () => this.turnOn());
    this.part("stop").addEventListener("click", () => this.turnOff());
    this.part("ring-once").addEventListener("click", () => this.ringOnce());
    this.part("it-rang").addEventListener("click", () => this.itRang());
    this.part("again").addEventListener("click", () => this.tryAgain());
    this.part("calendar").addEventListener("submit", ({ target }) => this.fillCalendar(target));
    for (const field of main.querySelectorAll("[name=kind], [name=look], [name=from], [name=to]")) {
      field.addEventListener("change", () => this.choose());
    }
    for (const offer of main.querySelectorAll("[data-adds]")) {
      offer.querySelector("button").addEventListener("click", () => this.add(offer.dataset.adds));
    }
    navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.rang !== undefined && this.rang());
    addEventListener("online", () => this.refresh());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.refresh());
  }

  async turnOn() {
    this.said = null;
    if (Notification.permission === "default") await Notification.requestPermission();
    if (Notification.permission === "granted") {
      // Nothing is there any more when another tab has deleted everything.
      await change("reminders", (wanted) => wanted && { ...wanted, on: true, since: Date.now() });
      await this.refresh(true);
    } else {
      this.said = Notification.permission === "default" ? "dismissed" : null;
      await this.tell();
    }
    this.answered("turn-on");
    await this.confirm();
  }

  async turnOff() {
    this.mine = await stop();
    this.wanted = await recall("reminders");
    this.said = this.stopped;
    await this.tell();
    this.answered("stop");
  }

  /** What came of a tap has the focus, unless the person went on to something else meanwhile. */
  answered(part) {
    const { activeElement: held } = document;
    if (held === this.part(part) || !this.main.contains(held)) this.part("status").focus();
  }

  async tryAgain() {
    await this.refresh(true);
    await this.confirm();
  }

  async ringOnce() {
    const { status } = await call("POST", `subscriptions/${this.mine.id}/test`, null, this.mine.secret);
    this.said = { 202: "rings_soon", 429: "wait_a_little", 0: "no_network" }[status] ?? "try_later";
    if (status === 404) await this.refresh();
    else await this.tell();
    await this.confirm();
  }

  async itRang() {
    this.mine = await sync();
    this.said = this.stateOn === "unconfirmed" ? "tap_it" : null;
    await this.tell();
  }

  /** Until the first push is acknowledged, look for a while whether it was. */
  async confirm() {
    if (this.looking) return;
    this.looking = true;
    for (let left = POLLS; left && this.stateOn === "unconfirmed"; left -= 1) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      await this.look();
    }
    this.looking = false;
  }

  /** Ask once whether the first push was acknowledged. */
  async look() {
    if (this.stateOn !== "unconfirmed") return;
    const { id, secret } = this.mine;
    const { status, body } = await call("GET", `subscriptions/${id}`, null, secret);
    if (status !== 200 || !body.confirmed) return;
    this.mine = await change("subscription", (mine) => (mine?.id === id ? { ...mine, told: body } : mine));
    this.said = null;
    await this.tell();
  }

  /** The worker has just shown a push, or told the server what waited. */
  async rang() {
    this.said = null;
    this.mine = await recall("subscription");
    await this.look();
    await this.tell();
  }

  async choose() {
    const fault = this.part("fault");
    const hours = ["from", "to"].map((name) => this.main.querySelector(`[name=${name}]`));
    const empty = hours.find(({ value }) => !value);
    fault.hidden = !empty;
    hours.forEach((each) => each.setAttribute("aria-invalid", each === empty));
    if (empty) return;
    const [from, to] = hours.map(({ value }) => value);
    const kinds = [...this.main.querySelectorAll("[name=kind]:checked")].map(({ value }) => value);
    const look = this.main.querySelector("[name=look]:checked")?.value ?? USUAL.look;
    const chosen = { kinds, look, quiet: { from, to } };
    this.said = null;
    // What is told before that is written takes no check away.
    this.wanted = { ...this.wanted, ...chosen };
    this.wanted = await change("reminders", (wanted) => wanted && { ...wanted, ...chosen });
    await this.refresh();
  }

  /** What is offered to someone because of what they named is turned on as if they had checked it. */
  async add(kind) {
    const box = this.main.querySelector(`[name=kind][value="${kind}"]`);
    box.checked = true;
    box.focus();
    await this.choose();
  }

  /** The file is made by the server from what it is sent here: instants and titles. */
  fillCalendar(form) {
    const worded = form["calendar-words"].checked;
    const sequence = this.wanted.calendar;
    const events = this.ahead.map(({ uid, at, words: lines }) => ({
      uid,
      at: new Date(at).toISOString(),
      title: worded ? lines.join(" · ").slice(0, LONGEST_TITLE) : words("neutral"),
    }));
    form.calendar.value = JSON.stringify({ zone: phoneZone(), sequence, events });
    this.wanted = { ...this.wanted, calendar: sequence + 1 };
    change("reminders", (wanted) => wanted && { ...wanted, calendar: sequence + 1 });
  }
}

function small(text) {
  const element = document.createElement("small");
  element.textContent = ` ${text}`;
  return element;
}
