/**
 * Today and the day pages. Nothing is drawn twice: Today lifts the parts that the server marked with
 * `data-lift` out of the kept day page, and only adds what this phone knows.
 */

import { allowedFrom, dateIn, dayNumber, nextOpening, stageOf, standing, STAGES, tomorrowLine } from "./plan.js";
import { roomOf } from "./families.js";
import { homeScreenFirst } from "./notices.js";
import { change, recall } from "./record.js";
import { hoursHere, hoursOf, takesOwn, tellWaits } from "./rows.js";
import { longDate, moment, phoneZone, soon, treatmentMoment, words } from "./wording.js";

const ACTS_SHOWN = 3;
const PATIENCE_FOR_PAGE = 5000;
// In the place of a page that the site does not have.
const GONE = new Document();

/**
 * Show the state of the treatment on Today, and the day's own parts.
 * @param {Object<string, number>} own  the clinic's own waits
 * @param {"cleared" | "unreadable" | null} missing  what became of a treatment that should be here
 */
export async function showToday(main, treatment, now, own, missing = null) {
  const zone = phoneZone();
  const { state, day } = standing(treatment, now, zone);
  const stage = state === "day" ? stageOf(day) : null;
  const part = main.querySelector('[data-for="day"]');
  // Until the day is there nothing is shown, and never that there is no treatment.
  if (treatment) main.querySelector('[data-for="none"]').hidden = true;
  const fault = stage ? await liftDay(part, treatment, stage, own) : null;
  main.dataset.state = state;
  if (day === null) delete main.dataset.day;
  else main.dataset.day = day;
  for (const each of main.querySelectorAll("[data-for]")) {
    each.hidden = each.dataset.for !== (fault ?? missing ?? state);
  }
  for (const each of treatment ? main.querySelectorAll("[data-moment]") : []) {
    each.textContent = treatmentMoment(treatment);
  }
  if (stage && !fault) await tellDay(part, { treatment, now, zone, day, stage, own });
}

/**
 * Move the day's parts in; once a day, so that a page left open keeps what has the focus.
 * @returns {Promise<"lost" | "gone" | null>}  why there are none: out of reach, or not on the site any more
 */
async function liftDay(part, treatment, stage, own) {
  const path = dayPath(treatment, stage);
  const shown = `${treatment.id} ${path} ${JSON.stringify(own)}`;
  if (part.dataset.shown === shown) return null;
  const page = await pageAt(path);
  if (page === GONE) return "gone";
  if (!page?.querySelector("[data-lift]")) return "lost";
  // Coming back to a page is told twice, by the window and by the document.
  if (part.dataset.shown === shown) return null;
  part.dataset.shown = shown;
  for (const into of part.querySelectorAll("[data-into]")) {
    const lifted = [...page.querySelectorAll(`[data-lift="${into.dataset.into}"]`)];
    into.replaceChildren(...lifted.flatMap((each) => [...document.importNode(each, true).childNodes]));
  }
  keepFirst(part.querySelectorAll(".act"), ACTS_SHOWN);
  for (const row of part.querySelectorAll("[data-activity]:not([data-highlight])")) {
    if (own[row.dataset.activity] === undefined) row.remove();
  }
  const list = part.querySelector('[data-into="waits"]');
  list.append(...(await missingRows(part, treatment, own)));
  putInOrder(list, treatment, own);
  part.querySelector("[data-day-link]").href = path;
  return null;
}

async function tellDay(part, { treatment, now, zone, day, stage, own }) {
  part.querySelector("[data-eyebrow]").textContent = `${words("day", { n: day })} · ${longDate(now)}`;
  markDots(part, stage);
  tellWaits(part, treatment, now, own);
  part.querySelectorAll("[data-activity][data-open]").forEach((row) => row.remove());
  part.querySelector("[data-waits]").hidden = !part.querySelector("[data-activity]");
  tellNext(part, treatment, now, zone, own);
  const turnsPage = stageOf(day + 1) !== stage && stageOf(day + 1) !== null;
  part.querySelector("[data-tomorrow]").hidden = !turnsPage || !tomorrowLine(now, zone);
  await offerTicks(part, treatment, now, zone);
}

function tellNext(part, treatment, now, zone, own) {
  const rows = [...part.querySelectorAll("[data-activity]")];
  const activities = rows.map((row) => ({ id: row.dataset.activity, hours: hoursOf(row, treatment.variant) }));
  const next = nextOpening(treatment, activities, now, own);
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
  box.querySelector("[data-next-whose]").hidden = !row.matches("[data-theirs]");
}

/** The rows of what the clinic moved, out of the list of all activities, where `root` has none. */
async function missingRows(root, treatment, own) {
  const rowIn = (where, id) => where?.querySelector(`[data-activity="${CSS.escape(id)}"]`);
  const missing = Object.keys(own).filter((id) => !rowIn(root, id));
  const every = missing.length ? await pageAt(roomOf(treatment, "activities")) : null;
  const found = missing.map((id) => rowIn(every, id)).filter((row) => row && takesOwn(row));
  return found.map((row) => document.importNode(row, true));
}

function putInOrder(list, { variant }, own) {
  const hours = (row) => hoursHere(row, variant, own);
  list.append(...[...list.children].sort((one, other) => hours(one) - hours(other)));
}

/** On a day page: what the clinic moved stands where it belongs now, whatever day the guide has for it. */
async function placeTheirs(main, treatment, now, zone, own) {
  const placed = JSON.stringify(own);
  if (placed === (main.dataset.placed ?? "{}")) return;
  main.dataset.placed = placed;
  const [first, last = first] = main.dataset.day.split("-").map(Number);
  const lists = [...main.querySelectorAll("[data-opens]")];
  // What another wait moved before stands again where the guide has it.
  for (const list of lists) list.replaceChildren(...(list.guides ??= [...list.children]));
  const there = [...main.querySelectorAll("[data-activity]")].filter(({ dataset }) => dataset.activity in own);
  for (const row of [...there, ...(await missingRows(main, treatment, own))]) {
    const day = dayNumber(treatment, allowedFrom(treatment, own[row.dataset.activity]), zone);
    if (day < first) row.remove();
    else lists.find(({ dataset }) => dataset.opens === String(day <= last)).append(row);
  }
  for (const list of lists) {
    putInOrder(list, treatment, own);
    list.closest("section").hidden = !list.children.length;
  }
  tellWaits(main, treatment, now, own);
}

/** On a guide page: mark where today stands in it, and say the date of a single day. */
export async function markDay(main, treatment, now, own) {
  const zone = phoneZone();
  const { state, day } = standing(treatment, now, zone);
  const here = state === "day" ? stageOf(day) : null;
  for (const each of document.querySelectorAll("[data-strip]")) {
    if (each.dataset.strip === here) each.dataset.today = words("here");
  }
  if (main.dataset.page !== "day") return;
  if (own) await placeTheirs(main, treatment, now, zone, own);
  if (!/^\d$/.test(main.dataset.day)) return;
  const zero = Date.parse(`${dateIn(Date.parse(treatment.at), treatment.zone)}T12:00Z`);
  const date = new Date(zero + Number(main.dataset.day) * 86_400_000);
  // The date is that of a calendar, not of an instant: read it at noon where no zone can move it.
  main.querySelector("[data-date]").textContent = `· ${longDate(date, "UTC")}`;
  if (main.dataset.day === here) await offerTicks(main, treatment, now, zone);
}

export const dayPath = ({ protocol, version, variant }, stage) =>
  `/${document.documentElement.lang}/${protocol}/${version}/${variant}/day-${stage}`;

/** A page of the guide, from what is kept or from the server; null where it is not to be had now. */
async function pageAt(path) {
  try {
    const answer = await fetch(path, { signal: AbortSignal.timeout?.(PATIENCE_FOR_PAGE) });
    if (answer.status === 404) return GONE;
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
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
  if (await homeScreenFirst()) return;
  const date = dateIn(now, zone);
  const ticks = (await recall("ticks")) ?? {};
  for (const act of root.querySelectorAll("[data-once]")) {
    const box = act.querySelector("input") ?? tickBox(act);
    box.dataset.date = date;
    box.dataset.plan = treatment.id;
    box.checked = ticks[date]?.includes(act.dataset.once) ?? false;
  }
}

function tickBox(act) {
  const label = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox" });
  box.addEventListener("change", () => tick(box.dataset, act.dataset.once, box.checked));
  label.append(box, ...act.childNodes);
  act.replaceChildren(label);
  return box;
}

function tick({ date, plan }, id, done) {
  const ticked = (ticks) => {
    const others = (ticks?.[date] ?? []).filter((each) => each !== id);
    return { ...ticks, [date]: done ? [...others, id] : others };
  };
  return change("ticks", ticked, plan);
}
