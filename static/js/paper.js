/** The sheet for paper: what this phone knows stands where the paper has blanks. */

import { allowedFrom, dateIn } from "./plan.js";
import { dateOfCalendar, moment, phoneZone, treatmentMoment, words } from "./wording.js";

const ONE_DAY = 86_400_000;
// Said as from long ago: "tomorrow" means nothing on paper.
const LONG_AGO = 0;

export function fillSheet(main, treatment, clinic) {
  const fill = (name, words) => {
    const blank = main.querySelector(`[data-${name}]`);
    if (blank) blank.textContent = words;
  };
  fill("my-treatment", treatmentMoment(treatment));
  fill("clinic-phone", clinic?.phone ?? "");
  const zero = Date.parse(dateIn(Date.parse(treatment.at), treatment.zone));
  for (const blank of main.querySelectorAll("[data-dates]")) {
    const dates = [...new Set(blank.dataset.dates.split(" "))];
    blank.textContent = dates.map((day) => dateOfCalendar(new Date(zero + day * ONE_DAY).toISOString())).join(" – ");
  }
  for (const row of main.querySelectorAll("[data-together]")) sayOnce(row, treatment);
  // What the clinic answered where the guide says to ask.
  for (const asked of main.querySelectorAll("[data-ask][data-from]")) {
    const time = moment(Date.parse(asked.dataset.from), LONG_AGO, phoneZone(), treatment.rough);
    asked.querySelector("[data-time]").textContent = words("at", { day: words("your_clinic"), time });
  }
}

/** A time is said once for all that opens together; what opens at another keeps its own beside it. */
function sayOnce(row, treatment) {
  const at = allowedFrom(treatment, Number(row.dataset.together));
  const said = moment(at, LONG_AGO, phoneZone(), treatment.rough);
  row.querySelector("[data-opens-at]").textContent = said;
  for (const activity of row.querySelectorAll("[data-activity]")) {
    const time = activity.querySelector("[data-time]");
    const own = Date.parse(activity.dataset.from);
    time.hidden = own === at;
    time.textContent = moment(own, LONG_AGO, phoneZone(), treatment.rough);
  }
}
