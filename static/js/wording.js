/** Dates and times as people say them, in the page's language and the phone's zone. */

import { dateIn } from "./plan.js";

const DAY_MS = 86_400_000;
const SHORT_TIME = { hour: "numeric", minute: "2-digit" };
const french = () => document.documentElement.lang === "fr";
const locale = () => (french() ? "fr-CA" : "en-CA");

/** The phone's zone; one that was never set reads as "Etc/Unknown", which Intl itself then refuses. */
export function phoneZone() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return timeZone === "Etc/Unknown" ? "UTC" : timeZone;
}

let found = null;
/** The page's words for scripts, with `{n}`-like gaps filled. */
export function words(name, gaps = {}) {
  const scripts = [...document.querySelectorAll("script[data-words]")];
  found ??= Object.assign({}, ...scripts.map(({ textContent }) => JSON.parse(textContent)));
  return found[name].replace(/\{(\w+)\}/g, (_, gap) => gaps[gap]);
}

/** "1 reminder", "8 reminders": the page's words for a number of things, under `name_one` or `name_other`. */
export function many(name, n, gaps) {
  const one = new Intl.PluralRules(locale()).select(n) === "one";
  return words(`${name}_${one ? "one" : "other"}`, { n, ...gaps });
}

const inWords = (instant, options) => new Intl.DateTimeFormat(locale(), options).format(instant);

/** "72 hours", "5 days": hours up to four days, as the pages say it. */
export function waitInWords(hours) {
  const days = hours > 96 && hours % 24 === 0;
  const unit = { style: "unit", unit: days ? "day" : "hour", unitDisplay: "long" };
  return new Intl.NumberFormat(locale(), unit).format(days ? hours / 24 : hours);
}

/** "2:30 pm", « 14 h 30 »; a whole hour is « 14 h ». */
export const timeOfDay = (instant) => clean(inWords(instant, SHORT_TIME));

function clean(time) {
  const said = time.replace(/\s/g, "\u00a0");
  // Firefox begins a morning with a zero.
  return french() ? said.replace(/^0(?=\d)/, "").replace(/h\u00a000$/, "h") : said.replace(/([ap])\.m\./i, "$1m");
}

/** The same of a clock's "21:30", which is in no zone. */
export const timeOfClock = (time) =>
  clean(new Intl.DateTimeFormat(locale(), { ...SHORT_TIME, timeZone: "UTC" }).format(Date.parse(`1970-01-01T${time}Z`)));

function dateInWords(instant, weekday, month, timeZone, year) {
  const said = inWords(instant, { weekday, day: "numeric", month, year, timeZone });
  return french() ? said.replace(/\b1 /, "1er ") : said;
}

/** "Tuesday, November 24", « mardi 24 novembre », « mardi 1er décembre ». */
export const longDate = (instant, zone) => dateInWords(instant, "long", "long", zone);

const shortDate = (instant) => dateInWords(instant, "short", "short");

/** A calendar's date, which no zone can move: "Tue, Nov 24". */
export const dateOfCalendar = (date) => dateInWords(Date.parse(date), "short", "short", "UTC");

/** Whole days from today's date to that of an instant, in a zone. */
function daysAway(instant, now, zone) {
  return (Date.parse(dateIn(instant, zone)) - Date.parse(dateIn(now, zone))) / DAY_MS;
}

/**
 * An instant as said today: "today, 2:30 pm", "Thursday, 2:30 pm", "Mon, Nov 30, around 2:30 pm".
 * It is rounded up to a minute, so that what is said is never earlier than what is allowed.
 */
export function moment(instant, now, zone, rough = null) {
  const minute = Math.ceil(instant / 60_000) * 60_000;
  const away = daysAway(minute, now, zone);
  const near = { "-1": "yesterday", 0: "today", 1: "tomorrow" }[away];
  const weekday = away > 1 && away < 7;
  const day = near ? words(near) : weekday ? inWords(minute, { weekday: "long" }) : shortDate(minute);
  return words("at", { day, time: about(minute, rough) });
}

/** A time of day, said to be about right when it was counted from a rough answer. */
const about = (instant, rough) =>
  rough ? words("around", { time: timeOfDay(instant) }) : timeOfDay(instant);

/** "in 4 h", "in 20 min"; nothing beyond a day, where the date says it better. */
export function soon(instant, now) {
  const minutes = Math.ceil((instant - now) / 60_000);
  if (minutes <= 0 || minutes > 24 * 60) return "";
  return minutes < 90
    ? words("in_minutes", { n: minutes })
    : words("in_hours", { n: Math.ceil(minutes / 60) });
}

/**
 * The treatment's moment: "Tuesday, November 24, 2:30 pm", "around" it when the answer was rough; with the year once
 * that is long ago: the year may be the slip.
 */
export function treatmentMoment({ at, rough }) {
  const instant = Date.parse(at);
  const year = Date.now() - instant > 180 * DAY_MS ? "numeric" : undefined;
  const day = dateInWords(instant, "long", "long", undefined, year);
  return words("at", { day, time: about(instant, rough) });
}
