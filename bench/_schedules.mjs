/**
 * The lists that phones would send, by the app's own plan.js: first a line {variant: reminders}, then
 * one line a person, {treatment, variant, preferences, zone}; for each a line {blurred, plain}, two
 * lists of {at, until}, `plain` as they would be without rounding and offset.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import * as plan from "../static/js/plan.js";

const BLURS = /^const blurred = .*$/m;
const source = readFileSync(new URL("../static/js/plan.js", import.meta.url), "utf8");
if (!BLURS.test(source)) throw new Error("plan.js no longer says where it blurs");
const sharp = source.replace(BLURS, "const blurred = (instant) => instant;");
const sharpPlan = await import(`data:text/javascript,${encodeURIComponent(sharp)}`);

let rules = null;
for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line);
  if (rules) {
    const { treatment, variant, preferences, zone } = told;
    const listOf = ({ schedule }) =>
      schedule(treatment, rules[variant], preferences, zone).map(({ at, until }) => ({ at, until }));
    console.log(JSON.stringify({ blurred: listOf(plan), plain: listOf(sharpPlan) }));
  } else {
    rules = told;
  }
}
