/**
 * plan.js for a test in another language: a line in is a list of [question, ...arguments], the line out
 * the list of answers. A ring is [slot, at, until, ids of its reminders].
 */
import { createInterface } from "node:readline";
import { schedule } from "../../static/js/plan.js";

const clocks = new Map();

/** Minutes ahead of UTC, read by an Intl of its own: it tells the tables of two languages apart. */
function offsetAt(instant, zone) {
  const clock = clocks.get(zone) ?? new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: zone });
  clocks.set(zone, clock);
  return Math.round((Date.parse(`${clock.format(instant).replace(" ", "T")}Z`) - instant) / 60_000);
}

const ANSWERS = {
  about: () => ({ tz: process.versions.tz, zones: Intl.supportedValuesOf("timeZone") }),
  offsets: (instants, zone) => instants.map((instant) => offsetAt(instant, zone)),
  rings: (...asked) => schedule(...asked).map(({ slot, at, until, reminders }) => [slot, at, until, reminders.map(({ id }) => id)]),
};

for await (const line of createInterface({ input: process.stdin })) {
  const answers = JSON.parse(line).map(([question, ...asked]) => ANSWERS[question](...asked));
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}
