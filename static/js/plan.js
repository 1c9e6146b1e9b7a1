/**
 * The plan of one treatment: which day it is, which page that means, from when each thing is allowed.
 * No page, no storage, no clock: `now` is always an argument. Days are for reading and turn at local
 * midnight; hours are for allowing and are absolute time.
 *
 * @typedef {number} Instant  epoch milliseconds
 * @typedef {string} Zone  IANA name; one that Intl does not know throws its RangeError
 * @typedef {null | "morning" | "afternoon"} Rough  the answer a treatment's end was guessed from
 * @typedef {{at: string, zone: Zone, rough: Rough}} Treatment  when it ended (RFC 3339, UTC) and where
 * @typedef {{id: string, hours: number}} Activity  something allowed `hours` after the treatment
 * @typedef {{id: string, at: Instant, open: boolean}} Wait  the same, for one treatment and one now
 * @typedef {{state: "none" | "before" | "day" | "after", day: number | null}} Standing
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const EVENING = 18;

/** The day pages: one day or a run of days each, day 0 to day 42 without a hole. */
export const STAGES = Object.freeze(["0", "1", "2", "3", "4", "5", "6", "7", "8-14", "15-42"]);

/** Rows under "When did it end?": the local hour each begins, the late end a rough answer takes. */
const ROWS = [
  { answer: "now", begins: 0 },
  { answer: "morning", begins: 5, lateEnd: "12:00" },
  { answer: "afternoon", begins: 12, lateEnd: "17:00" },
  { answer: "other", begins: 0 },
];

/**
 * @param {number | null} day  whole; null, as in a standing without a day, has no page
 * @returns {string | null}  the stage that holds it; null outside 0..42
 */
export function stageOf(day) {
  if (!Number.isInteger(day)) return null;
  const holds = (stage) => {
    const [first, last = first] = stage.split("-").map(Number);
    return first <= day && day <= last;
  };
  return STAGES.find(holds) ?? null;
}

/**
 * The calendar date there, "YYYY-MM-DD".
 * @type {(instant: Instant, zone: Zone) => string}
 */
export const dateIn = (instant, zone) => wallIn(instant, zone).slice(0, 10);

/**
 * Calendar days from the treatment's date, where it was given, to today's date, where the phone is.
 * @param {Treatment} treatment
 * @param {Instant} now
 * @param {Zone} zone  the phone's present one
 * @returns {number}  whole; below 0 ahead of the treatment or west of the date line
 */
export function dayNumber(treatment, now, zone) {
  const dayZero = dateIn(Date.parse(treatment.at), treatment.zone);
  // A bare date parses as UTC, where every day has 24 hours.
  return (Date.parse(dateIn(now, zone)) - Date.parse(dayZero)) / DAY;
}

/**
 * @param {Treatment | null} treatment
 * @param {Instant} now
 * @param {Zone} zone  the phone's present one
 * @returns {Standing}  day: null for "none" and for "before", 0..42 for "day", more for "after"
 */
export function standing(treatment, now, zone) {
  if (!treatment) return { state: "none", day: null };
  // Only a phone whose clock was moved meets its treatment ahead.
  if (Date.parse(treatment.at) > now) return { state: "before", day: null };
  // A flight west over the date line lands on the day before: it is still the first day.
  const day = Math.max(0, dayNumber(treatment, now, zone));
  return { state: stageOf(day) ? "day" : "after", day };
}

/**
 * Absolute time, so that a clock change neither shortens nor stretches a wait.
 * @param {Treatment} treatment
 * @param {number} hours  0 or more
 * @returns {Instant}
 * @throws {RangeError}  for anything else: null hours would otherwise allow it at once
 */
export function allowedFrom(treatment, hours) {
  if (!Number.isFinite(hours) || hours < 0) throw new RangeError(`not a number of hours: ${hours}`);
  return Date.parse(treatment.at) + hours * HOUR;
}

/**
 * @param {Treatment} treatment
 * @param {Activity[]} activities
 * @param {Instant} now
 * @returns {Wait[]}  soonest first; those of the same instant in the order given
 */
export function waits(treatment, activities, now) {
  const wait = ({ id, hours }) => {
    const at = allowedFrom(treatment, hours);
    return { id, at, open: at <= now };
  };
  return activities.map(wait).sort((one, other) => one.at - other.at);
}

/**
 * The soonest that is not open yet; null when all are.
 * @type {(treatment: Treatment, activities: Activity[], now: Instant) => Wait | null}
 */
export const nextOpening = (treatment, activities, now) =>
  waits(treatment, activities, now).find(({ open }) => !open) ?? null;

/**
 * @param {Instant} now
 * @param {Zone} zone
 * @returns {("now" | "morning" | "afternoon" | "other")[]}  the rows whose time has begun today
 */
export function rowsOffered(now, zone) {
  const hour = hourIn(now, zone);
  return ROWS.filter(({ begins }) => begins <= hour).map(({ answer }) => answer);
}

/**
 * When the treatment ended, from a one-tap answer. A rough one takes its late end, never the future.
 * @param {"now" | "morning" | "afternoon"} answer
 * @param {Instant} now
 * @param {Zone} zone
 * @returns {{at: string, rough: Rough}}  as in a Treatment
 * @throws {RangeError}  for "other", whose time goes through `instantOf`
 */
export function endOf(answer, now, zone) {
  if (answer === "now") return { at: rfc3339(now), rough: null };
  const lateEnd = ROWS.find((row) => row.answer === answer)?.lateEnd;
  if (!lateEnd) throw new RangeError(`an answer without an end: ${answer}`);
  const end = instantOf(`${dateIn(now, zone)}T${lateEnd}`, zone);
  return { at: rfc3339(Math.min(end, now)), rough: answer };
}

/**
 * The instant of a wall time, the later one of two: a wait counted from it never ends early. So for
 * an hour that comes twice (autumn) and one that is skipped (spring: 02:30 is read as 03:30).
 * @param {string} wall  "YYYY-MM-DDTHH:mm", as <input type="datetime-local"> gives it
 * @param {Zone} zone
 * @returns {Instant | null}  null when no calendar has that date and time
 */
export function instantOf(wall, zone) {
  const utc = Date.parse(`${wall}Z`);
  // Engines differ on 30 February: some refuse it, some roll on into March.
  if (Number.isNaN(utc) || rfc3339(utc).slice(0, 16) !== wall) return null;
  // A day to either side is beyond any offset: these are the offsets before and after a change.
  const readings = [-DAY, DAY].map((shift) => utc - offsetAt(utc + shift, zone));
  const real = readings.filter((reading) => wallIn(reading, zone) === wall);
  return Math.max(...(real.length ? real : readings));
}

/**
 * Whether it is evening there, time for one line about tomorrow.
 * @type {(now: Instant, zone: Zone) => boolean}
 */
export const tomorrowLine = (now, zone) => hourIn(now, zone) >= EVENING;

const rfc3339 = (instant) => new Date(instant).toISOString();
const hourIn = (instant, zone) => Number(wallIn(instant, zone).slice(11, 13));
const offsetAt = (instant, zone) => Date.parse(`${wallIn(instant, zone)}Z`) - instant;

function wallIn(instant, zone) {
  const parts = clockOf(zone).formatToParts(instant).map(({ type, value }) => [type, value]);
  const { year, month, day, hour, minute } = Object.fromEntries(parts);
  // Date.parse wants four digits even of a half-typed year (0202).
  return `${year.padStart(4, "0")}-${month}-${day}T${hour}:${minute}`;
}

const clocks = new Map();
const TWO = "2-digit";
// h23, because `hour12: false` calls midnight 24 in some engines.
const DIGITS = { year: "numeric", month: TWO, day: TWO, hour: TWO, minute: TWO, hourCycle: "h23" };

/** Kept per zone, since making one costs far more than using it; in English, for its digits. */
function clockOf(zone) {
  const clock = clocks.get(zone) ?? new Intl.DateTimeFormat("en-US", { ...DIGITS, timeZone: zone });
  clocks.set(zone, clock);
  return clock;
}
