/**
 * The plan of one treatment: which day it is, which page that means, from when each thing is allowed,
 * and when the phone is to ring. No page, no storage, no clock: `now` is always an argument. Days are
 * for reading and turn at local midnight; hours are for allowing and are absolute time.
 *
 * @typedef {number} Instant  epoch milliseconds
 * @typedef {string} Zone  IANA name; one that Intl does not know throws its RangeError
 * @typedef {null | "morning" | "afternoon"} Rough  the answer a treatment's end was guessed from
 * @typedef {{at: string, zone: Zone, rough: Rough}} Treatment  when it ended (RFC 3339, UTC) and where
 * @typedef {{id: string, hours: number}} Activity  something allowed `hours` after the treatment
 * @typedef {{id: string, at: Instant, open: boolean}} Wait  the same, for one treatment and one now
 * @typedef {{state: "none" | "before" | "day" | "after", day: number | null}} Standing
 *
 * @typedef {Object<string, number>} Hours  waits by the id of their activity
 * @typedef {{id: string, kind: string, importance: number, lasts: number, page: string, words: string,
 *   opens?: Hours, hours?: number, days?: number[], at?: string, after?: Hours}} Reminder  what the
 *   protocol says: rings when `opens` is allowed, `hours` after the treatment, or on `days` `at` a
 *   local time; never before `after` is allowed; useful for `lasts` hours; importance 1 is the most
 * @typedef {{kinds: string[], quiet: {from: string, to: string}, offset: number, own?: Hours,
 *   rung?: string[], rangAt?: Instant[], pauses?: {from: Instant, until: Instant}[]}} Preferences  what the
 *   person wants: `offset` is 0..14 minutes, drawn once a plan; `own` are the clinic's own waits; `rung` are
 *   slots whose moment has been, and that never come again; `rangAt` is when the phone has rung for them
 * @typedef {{slot: string, holds: string[], at: Instant, until: Instant, reminders: Reminder[]}} Ring  one
 *   moment at which the phone rings, the most important first; `slot` names it, whatever becomes of
 *   its time; `holds` are the slots of all that it rings for
 */

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const HOUR = 3_600_000;
const MOST_A_DAY = 3;
const DAY = 24 * HOUR;
const EVENING = 18;
const LONGEST_OWN = 42 * 24;

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
 * @param {Hours} own  the clinic's own waits: they hold instead of the guide's
 * @returns {Wait[]}  soonest first; those of the same instant in the order given
 */
export function waits(treatment, activities, now, own = {}) {
  const wait = ({ id, hours }) => {
    const at = allowedFrom(treatment, own[id] ?? hours);
    return { id, at, open: at <= now };
  };
  return activities.map(wait).sort((one, other) => one.at - other.at);
}

/**
 * The soonest that is not open yet; null when all are.
 * @type {(treatment: Treatment, activities: Activity[], now: Instant, own?: Hours) => Wait | null}
 */
export const nextOpening = (treatment, activities, now, own = {}) =>
  waits(treatment, activities, now, own).find(({ open }) => !open) ?? null;

/**
 * Whether a clinic's own wait can be one: whole hours, from the same day to the last day of the guide.
 * @type {(hours: any) => boolean}
 */
export const isOwnWait = (hours) => Number.isInteger(hours) && 0 <= hours && hours <= LONGEST_OWN;

/**
 * The clinic's own waits; what an entry holds beside them is left out, wherever it came from.
 * @param {{waits?: Object<string, any>} | null} clinic  as the record keeps it
 * @returns {Hours}
 */
export const ownWaits = (clinic) =>
  Object.fromEntries(Object.entries(clinic?.waits ?? {}).filter(([, hours]) => isOwnWait(hours)));

/**
 * Whether a clinic's own wait is shorter than any that is known, so that it is asked about once.
 * @param {number} hours
 * @param {number | null} guide  the guide's own wait; null where it says to ask
 * @param {number | null} shortest  the shortest that a source gives; null where none does
 */
export const isShorterThanAny = (hours, guide, shortest) =>
  hours < Math.min(guide ?? Infinity, shortest ?? Infinity);

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

/**
 * When the phone is to ring. An instant is rounded up and moved by the plan's offset, which hides its
 * minute from the server, and then out of the quiet hours: always later, never earlier. What belongs
 * to an hour of a day ("Tonight …") is left out when that makes it useless. At most three a day, with those
 * that have rung: the less important one joins the one that comes after it. What is chosen after three have
 * rung rings once more.
 * @param {Treatment} treatment
 * @param {Reminder[]} reminders
 * @param {Preferences} preferences
 * @param {Zone} zone  the phone's present one
 * @returns {Ring[]}  in the order of their times, no two at once
 */
export function schedule(treatment, reminders, preferences, zone) {
  const { kinds, quiet, offset, own = {}, rung = [], rangAt = [], pauses = [] } = preferences;
  const rings = reminders
    .filter(({ kind }) => kinds.includes(kind))
    .flatMap((reminder) => moments(treatment, reminder, own, zone).map((moment) => ({ reminder, ...moment })))
    .filter(({ slot }) => !rung.includes(slot))
    .map(({ reminder, slot, at }) => ({ reminder, slot, meant: at, at: outOfQuiet(blurred(at, offset), quiet, zone) }))
    .filter(({ reminder: { days, lasts }, meant, at }) => !days || at - meant <= lasts * HOUR)
    .map(({ reminder, slot, at }) => ({ slot, holds: [slot], at, reminders: [reminder] }))
    .sort((one, other) => one.at - other.at || byImportance(one.reminders[0], other.reminders[0]));
  const paused = ({ at }) => pauses.some(({ from, until }) => from <= at && at < until);
  return atMostThreeADay(together(rings), rangAt, zone)
    .filter((ring) => !paused(ring))
    .map((ring) => ({ ...ring, until: usefulUntil(ring, quiet, zone) }));
}

/**
 * One more ring of what was put off: an hour from now, by the rules of the others.
 * @type {(now: Instant, lasts: number, preferences: Preferences, zone: Zone) => {at: Instant, until: Instant}}
 */
export function inAnHour(now, lasts, { quiet, offset }, zone) {
  const at = outOfQuiet(blurred(now + HOUR, offset), quiet, zone);
  return { at, until: usefulUntil({ at, reminders: [{ lasts }] }, quiet, zone) };
}

/**
 * How many of the last rings, counted back from now, nobody knows to have been shown.
 * @param {{id: string, at: Instant, seen: boolean}[]} rings
 * @param {Instant} now
 * @returns {number}  those less than a quarter of an hour old may still be under way
 */
export function unseenInARow(rings, now) {
  const past = rings.filter(({ at }) => at + QUARTER <= now).sort((one, other) => other.at - one.at);
  const seen = past.findIndex((ring) => ring.seen);
  return seen < 0 ? past.length : seen;
}

/** The moments of one reminder as the protocol means them, before anything is done to them. */
function moments(treatment, { id, opens, hours, days, at, after = {} }, own, zone) {
  const wait = (waits) => Math.max(0, ...Object.entries(waits).map(([name, usual]) => own[name] ?? usual));
  const earliest = allowedFrom(treatment, wait(after));
  const found = days
    ? days.map((day) => ({ slot: `${id}.${day}`, at: instantOf(`${dateOf(treatment, day)}T${at}`, zone) }))
    : [{ slot: id, at: allowedFrom(treatment, opens ? wait(opens) : hours) }];
  return found.filter((moment) => moment.at >= earliest);
}

const dateOf = (treatment, day) =>
  rfc3339(Date.parse(dateIn(Date.parse(treatment.at), treatment.zone)) + day * DAY).slice(0, 10);

const blurred = (instant, offset) => Math.ceil(instant / QUARTER) * QUARTER + offset * MINUTE;

function isQuiet(time, { from, to }) {
  return from <= to ? from <= time && time < to : from <= time || time < to;
}

/** The end of the quiet hours that hold an instant; the instant itself outside of them. */
function outOfQuiet(instant, quiet, zone) {
  const [date, time] = wallIn(instant, zone).split("T");
  if (!isQuiet(time, quiet)) return instant;
  const end = instantOf(`${time < quiet.to ? date : dayAfter(date)}T${quiet.to}`, zone);
  // A clock that skips their end may jump right into the next ones.
  return outOfQuiet(end, quiet, zone);
}

/** Nothing arrives late in quiet hours; a quarter of an hour is left even to what rings just before. */
function usefulUntil({ at, reminders }, quiet, zone) {
  const until = at + Math.max(...reminders.map(({ lasts }) => lasts)) * HOUR;
  if (quiet.from === quiet.to) return until;
  return Math.min(until, Math.max(nextQuiet(at, quiet, zone), at + QUARTER));
}

/** The first quiet minute in the day after an instant that is outside of the quiet hours. */
function nextQuiet(at, quiet, zone) {
  const [date, time] = wallIn(at, zone).split("T");
  const named = instantOf(`${time < quiet.from ? date : dayAfter(date)}T${quiet.from}`, zone);
  if (offsetAt(at, zone) === offsetAt(named, zone)) return named;
  // The clock changes on the way: it may show the hour sooner as well, or jump into the midst of it.
  let minute = at;
  while (minute < at + DAY && !isQuiet(wallIn(minute, zone).slice(11), quiet)) minute += MINUTE;
  return minute;
}

const dayAfter = (date) => rfc3339(Date.parse(date) + DAY).slice(0, 10);
const byImportance = (one, other) => one.importance - other.importance;

/** What rings at the same moment is one ring, named after the most important. */
function together(rings) {
  const byTime = new Map();
  for (const ring of rings) {
    const earlier = byTime.get(ring.at);
    byTime.set(ring.at, earlier ? joined(earlier, ring, earlier.slot) : ring);
  }
  return [...byTime.values()];
}

/** Two rings in one, at the time of the later and, unless said otherwise, under its name. */
const joined = (earlier, later, slot = later.slot) => ({
  slot,
  holds: [...earlier.holds, ...later.holds],
  at: later.at,
  reminders: [...earlier.reminders, ...later.reminders].sort(byImportance),
});

function atMostThreeADay(rings, rangAt, zone) {
  const rang = rangAt.map((at) => dateIn(at, zone));
  const days = new Map();
  for (const ring of rings) {
    const date = dateIn(ring.at, zone);
    days.set(date, [...(days.get(date) ?? []), ring]);
  }
  return [...days].flatMap(([date, day]) => {
    const most = Math.max(1, MOST_A_DAY - rang.filter((each) => each === date).length);
    while (day.length > most) {
      const at = leastMissed(day);
      day.splice(at, 2, joined(day[at], day[at + 1]));
    }
    return day;
  });
}

/** Which ring of a day is best put off and joined to the next: the least important, the least long. */
function leastMissed(day) {
  const pairs = day.slice(1).map((later, at) => ({
    at,
    importance: day[at].reminders[0].importance,
    putOff: later.at - day[at].at,
  }));
  return pairs.sort((one, other) => -byImportance(one, other) || one.putOff - other.putOff)[0].at;
}

const rfc3339 = (instant) => new Date(instant).toISOString();
const hourIn = (instant, zone) => Number(wallIn(instant, zone).slice(11, 13));
// A wall time has no seconds: they are no part of the offset.
const offsetAt = (instant, zone) => Date.parse(`${wallIn(instant, zone)}Z`) - Math.floor(instant / MINUTE) * MINUTE;

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
