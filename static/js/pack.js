/**
 * The record as a file, and a file as a record: for another phone, or for after this one was lost. A file
 * holds all but what belongs to this phone alone: its push address and secrets, its receipts, its links.
 *
 *     {"format": "lendemain", "number": 1, "entries": {"treatment": {…}, …}}
 *
 * @typedef {{why: "size" | "format" | "newer"} | {why: "entry", at: string, wants: string}} Fault  where
 *   something is not as it should be, and which kind of thing belongs there
 */

import { isMoment, isZone } from "./link.js";
import { ENTRIES } from "./record.js";

const FORMAT = "lendemain";
const NUMBER = 1;
const LARGEST = 1_000_000;
const OF_THIS_PHONE = ["subscription", "links"];
const PACKED = ENTRIES.filter((name) => !OF_THIS_PHONE.includes(name));

/** What belongs where; `*` is any name or number, `?` may be missing. Elsewhere anything plain may stand. */
const PLACES = {
  table: "treatment settings? ticks? reminders? schedule? shown? shown.ids clinic? clinic.waits notices?",
  list: "ticks.* situations? answers? reminders.kinds? schedule.rings schedule.later schedule.*.*.words",
  any: "acknowledged? reminders.ids? reminders.uids? reminders.quiet? reminders.pauses?",
  name:
    "treatment.id treatment.protocol treatment.version ticks.*.* situations.* reminders.kinds.* reminders.ids.* " +
    "reminders.uids.* schedule.plan schedule.*.*.id",
  guide: "treatment.variant",
  moment: "treatment.at",
  zone: "treatment.zone schedule.zone",
  rough: "treatment.rough",
  language: "settings.language? schedule.language",
  look: "reminders.look?",
  flag: "reminders.on",
  time: "reminders.quiet.from reminders.quiet.to",
  hours: "clinic.waits.* reminders.offset? reminders.calendar?",
  number: "shown.ids.* answers.*.at schedule.*.*.at schedule.*.*.until reminders.pauses.*.from reminders.pauses.*.until",
  text: "answers.*.said answers.*.result clinic.name clinic.phone schedule.*.*.words.*",
  page: "schedule.*.*.page",
};
const RULES = Object.entries(PLACES).flatMap(([wants, places]) =>
  places.split(" ").map((place) => ({ wants, due: !/[*?]$/.test(place), steps: place.replace("?", "").split(".") })),
);

/** @returns {string}  the file's text */
export function pack(entries) {
  const packed = Object.fromEntries(PACKED.filter((name) => entries[name]).map((name) => [name, entries[name]]));
  if (packed.shown) packed.shown = { ids: packed.shown.ids ?? {} };
  return JSON.stringify({ format: FORMAT, number: NUMBER, entries: packed });
}

/**
 * @param {string} text
 * @param {string[]} guides  those this site has
 * @param {number} now
 * @returns {{entries: object, rang: boolean} | {fault: Fault}}  reminders are off in it, whether or not they
 *   rang where it was made: they are asked for anew
 */
export function unpack(text, guides, now) {
  if (text.length > LARGEST) return { fault: { why: "size" } };
  const file = parsedFile(text);
  if (file?.format !== FORMAT || !Number.isInteger(file.number) || !isTable(file.entries)) {
    return { fault: { why: "format" } };
  }
  if (file.number > NUMBER) return { fault: { why: "newer" } };
  const { entries } = file;
  const wrong = faultIn(entries, [], testsFor(entries, guides, now));
  if (wrong) return { fault: { why: "entry", ...wrong } };
  const rang = Boolean(entries.reminders?.on);
  if (rang) entries.reminders.on = false;
  return { entries, rang };
}

function parsedFile(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isTable = (it) => typeof it === "object" && it !== null && !Array.isArray(it);
const fits = (pattern) => (it) => typeof it === "string" && pattern.test(it);
const isText = fits(/^[\P{C}\p{Cf}\p{Cn}\p{Co}\s]{0,2000}$/u);

function testsFor(entries, guides, now) {
  const { protocol, version, variant } = entries.treatment ?? {};
  return {
    table: isTable,
    list: Array.isArray,
    name: fits(/^[\w.-]{1,80}$/),
    guide: () => guides.includes(`${protocol}/${version}/${variant}`),
    moment: (it) => isMoment(it, now),
    zone: isZone,
    rough: (it) => [null, "morning", "afternoon"].includes(it),
    language: fits(/^(en|fr)$/),
    look: fits(/^(neutral|words)$/),
    flag: (it) => typeof it === "boolean",
    time: fits(/^([01]\d|2[0-3]):[0-5]\d$/),
    hours: (it) => Number.isInteger(it) && it >= 0,
    number: Number.isFinite,
    text: isText,
    page: fits(/^[a-z0-9/-]{1,120}$/),
    any: (it) => typeof it !== "string" || isText(it),
    entry: () => false,
  };
}

const stands = (steps, path) =>
  steps.length === path.length && steps.every((step, at) => step === "*" || step === path[at]);

/** The first thing that is not as it should be, from the outside in; null when all is well. */
function faultIn(it, path, tests) {
  const known = RULES.find(({ steps }) => stands(steps, path))?.wants;
  // Nothing is an entry but those that are known; within one, a later release may have added something.
  const wants = known ?? (path.length === 1 ? "entry" : "any");
  if (!tests[wants](it)) return { at: path.join("."), wants };
  if (typeof it !== "object" || it === null) return null;
  const due = RULES.filter(({ due, steps }) => due && stands(steps.slice(0, -1), path));
  for (const name of new Set([...due.map(({ steps }) => steps.at(-1)), ...Object.keys(it)])) {
    // A name that scripts take for something else is none.
    const inside = /^(?!__)[\w.:-]{1,80}$/.test(name) ? faultIn(it[name], [...path, name], tests) : { at: [...path, name].join("."), wants: "name" };
    if (inside) return inside;
  }
  return null;
}
