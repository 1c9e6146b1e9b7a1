/**
 * Today and the day pages. Nothing is drawn twice: Today lifts the parts that the server marked with
 * `data-lift` out of the kept day page, and only adds what this phone knows.
 */

import { dateIn, nextOpening, stageOf, standing, STAGES, tomorrowLine } from "./plan.js";
import { keep, recall } from "./record.js";
import { tellWaits } from "./rows.js";
import { longDate, moment, phoneZone, soon, treatmentMoment, words } from "./wording.js";

const ACTS_SHOWN = 3;

/** Show the state of the treatment on Today, and the day's own parts. */
export async function showToday(main, treatment, now) {
  const zone = phoneZone();
  const { state, day } = standing(treatment, now, zone);
  const stage = state === "day" ? stageOf(day) : null;
  const part = main.querySelector('[data-for="day"]');
  const there = !stage || (await liftDay(part, treatment, stage));
  main.dataset.state = state;
  if (day === null) delete main.dataset.day;
  else main.dataset.day = day;
  for (const each of main.querySelectorAll("[data-for]")) {
    each.hidden = each.dataset.for !== (there ? state : "lost");
  }
  for (const each of treatment ? main.querySelectorAll("[data-moment]") : []) {
    each.textContent = treatmentMoment(treatment);
  }
  if (stage && there) await tellDay(part, { treatment, now, zone, day, stage });
}

/** Move the day's parts in; once a day, so that a page left open keeps what has the focus. */
async function liftDay(part, treatment, stage) {
  const path = dayPath(treatment, stage);
  const shown = `${treatment.id} ${path}`;
  if (part.dataset.shown === shown) return true;
  const page = await dayPage(path);
  if (!page) return false;
  for (const into of part.querySelectorAll("[data-into]")) {
    const lifted = [...page.querySelectorAll(`[data-lift="${into.dataset.into}"]`)];
    into.replaceChildren(...lifted.flatMap((each) => [...document.importNode(each, true).childNodes]));
  }
  keepFirst(part.querySelectorAll(".act"), ACTS_SHOWN);
  part.querySelectorAll("[data-activity]:not([data-highlight])").forEach((row) => row.remove());
  part.querySelector("[data-day-link]").href = path;
  part.dataset.shown = shown;
  return true;
}

async function tellDay(part, { treatment, now, zone, day, stage }) {
  part.querySelector("[data-eyebrow]").textContent = `${words("day", { n: day })} · ${longDate(now)}`;
  markDots(part, stage);
  tellWaits(part, treatment, now);
  part.querySelectorAll("[data-activity][data-open]").forEach((row) => row.remove());
  part.querySelector("[data-waits]").hidden = !part.querySelector("[data-activity]");
  tellNext(part, treatment, now, zone);
  const turnsPage = stageOf(day + 1) !== stage && stageOf(day + 1) !== null;
  part.querySelector("[data-tomorrow]").hidden = !turnsPage || !tomorrowLine(now, zone);
  await offerTicks(part, treatment, now, zone);
}

function tellNext(part, treatment, now, zone) {
  const rows = [...part.querySelectorAll("[data-activity]")];
  const activities = rows.map(({ dataset }) => ({ id: dataset.activity, hours: Number(dataset.hours) }));
  const next = nextOpening(treatment, activities, now);
  const box = part.querySelector("[data-next]");
  box.hidden = !next;
  if (!next) return;
  const row = rows.find(({ dataset }) => dataset.activity === next.id);
  const name = box.querySelector("[data-next-name]");
  name.textContent = row.querySelector(".row-name").textContent;
  name.href = row.querySelector("a").href;
  const time = box.querySelector("[data-next-time]");
  time.textContent = moment(next.at, now, zone, treatment.rough);
  box.querySelector("[data-next-soon]").textContent = soon(next.at, now);
}

/** On a guide page: mark where today stands in it, and say the date of a single day. */
export async function markDay(main, treatment, now) {
  const zone = phoneZone();
  const { state, day } = standing(treatment, now, zone);
  const here = state === "day" ? stageOf(day) : null;
  for (const each of document.querySelectorAll("[data-strip]")) {
    if (each.dataset.strip === here) each.dataset.today = words("here");
  }
  if (main.dataset.page !== "day" || !/^\d$/.test(main.dataset.day)) return;
  const zero = Date.parse(`${dateIn(Date.parse(treatment.at), treatment.zone)}T12:00Z`);
  const date = new Date(zero + Number(main.dataset.day) * 86_400_000);
  // The date is that of a calendar, not of an instant: read it at noon where no zone can move it.
  const said = new Intl.DateTimeFormat(document.documentElement.lang === "fr" ? "fr-CA" : "en-CA", {
    weekday: "long", day: "numeric", month: "long", timeZone: "UTC",
  }).format(date);
  main.querySelector("[data-date]").textContent = `· ${said}`;
  if (main.dataset.day === here) await offerTicks(main, treatment, now, zone);
}

export const dayPath = ({ protocol, version, variant }, stage) =>
  `/${document.documentElement.lang}/${protocol}/${version}/${variant}/day-${stage}`;

async function dayPage(path) {
  try {
    const answer = await fetch(path);
    if (!answer.ok) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.querySelector("[data-lift]") ? page : null;
  } catch {
    return null;
  }
}

function keepFirst(elements, count) {
  [...elements].slice(count).forEach((each) => each.remove());
}

function markDots(part, stage) {
  const today = STAGES.indexOf(stage);
  for (const dot of part.querySelectorAll("[data-dot]")) {
    const at = STAGES.indexOf(dot.dataset.dot);
    dot.className = at < today ? "dot-past" : at === today ? "dot-today" : "";
  }
}

/** Give acts that are done once a day a tick; ticks belong to a date and are never carried over. */
async function offerTicks(root, treatment, now, zone) {
  const date = dateIn(now, zone);
  const ticks = (await recall("ticks")) ?? {};
  for (const act of root.querySelectorAll("[data-once]")) {
    const box = act.querySelector("input") ?? tickBox(act);
    box.dataset.date = date;
    box.checked = ticks[date]?.includes(act.dataset.once) ?? false;
  }
}

function tickBox(act) {
  const label = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox" });
  box.addEventListener("change", () => tick(box.dataset.date, act.dataset.once, box.checked));
  label.append(box, ...act.childNodes);
  act.replaceChildren(label);
  return box;
}

let written = Promise.resolve();

/** Two quick taps are two writes, one after the other. */
function tick(date, id, done) {
  written = written.then(async () => {
    const ticks = (await recall("ticks")) ?? {};
    const others = (ticks[date] ?? []).filter((each) => each !== id);
    await keep("ticks", { ...ticks, [date]: done ? [...others, id] : others });
  });
}
