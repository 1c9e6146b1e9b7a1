/** Activities, once the phone knows the treatment: "from 48 hours" gains "Tuesday, 2:30 pm". */

import { allowedFrom } from "./plan.js";
import { moment, phoneZone, soon, waitInWords, words } from "./wording.js";

/** Whether what stands on a page that several guides share holds for this variant. */
export const holdsFor = ({ dataset }, variant) => dataset.variants?.split(" ").includes(variant) ?? true;

/** On a page that several guides share: show what holds for this variant. */
export function chooseVariant(root, variant) {
  for (const each of root.querySelectorAll("[data-variants]")) each.hidden = !holdsFor(each, variant);
  // The other guides are not kept on this phone: without a network their days would lead nowhere.
  for (const each of root.querySelectorAll("[data-guide]")) {
    each.open = each.dataset.guide === variant;
    each.hidden = !each.open;
  }
}

/** The guide's hours of a row for a variant, which may have its own; null where it has none. */
export function hoursOf(row, variant) {
  const hours = row.getAttribute(`data-hours-${variant}`) ?? row.dataset.hours;
  return hours ? Number(hours) : null;
}

/** Whether a clinic's own wait may stand in a row: only the server says so, row by row. */
export const takesOwn = ({ dataset }) => "hours" in dataset || "ask" in dataset;

/** The hours that hold in a row: the clinic's own where it has any, else the guide's. */
export const hoursHere = (row, variant, own) =>
  (takesOwn(row) ? own[row.dataset.activity] : null) ?? hoursOf(row, variant);

/**
 * Tell every activity below `root` from when it is allowed.
 * `data-from` (RFC 3339) is the exact instant; `data-open` is there once it has passed; `data-theirs`
 * where the wait is the clinic's own.
 */
export function tellWaits(root, treatment, now, own) {
  for (const row of root.querySelectorAll("[data-activity]")) {
    sayWhose(row, takesOwn(row) && own[row.dataset.activity] !== undefined);
    const hours = hoursHere(row, treatment.variant, own);
    if (hours === null) {
      forgetWhen(row);
      continue;
    }
    const at = allowedFrom(treatment, hours);
    row.dataset.from = new Date(at).toISOString();
    row.toggleAttribute("data-open", at <= now);
    sayWhen(row, at, treatment, now);
    for (const wait of row.querySelectorAll("[data-own-wait]")) wait.textContent = fromInWords(hours);
  }
}

/** "From 72 hours after your treatment", "From the same day". */
const fromInWords = (hours) =>
  hours ? words("from_after", { wait: waitInWords(hours) }) : words("from_same_day");

function sayWhose(row, theirs) {
  row.toggleAttribute("data-theirs", theirs);
  for (const wait of row.querySelectorAll("[data-wait]")) {
    wait.dataset.ours ??= wait.textContent;
    wait.textContent = theirs ? words("your_clinic") : wait.dataset.ours;
  }
}

/** The clinic's own answer was taken back where the guide says to ask. */
function forgetWhen(row) {
  delete row.dataset.from;
  delete row.dataset.open;
  for (const time of row.querySelectorAll("[data-time]")) time.hidden = true;
}

function sayWhen(row, at, { rough }, now) {
  const said = moment(at, now, phoneZone(), rough);
  const left = row.matches(".answer") ? soon(at, now) : "";
  for (const time of row.querySelectorAll("[data-time]")) {
    time.textContent =
      at <= now ? words("since", { time: said }) : [said, left].filter(Boolean).join(" · ");
    time.hidden = false;
  }
}
