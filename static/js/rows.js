/** Activities, once the phone knows the treatment: "from 48 hours" gains "Tuesday, 2:30 pm". */

import { allowedFrom } from "./plan.js";
import { moment, phoneZone, soon, words } from "./wording.js";

/**
 * Tell every activity below `root` from when it is allowed.
 * `data-from` (RFC 3339) is the exact instant; `data-open` is there once it has passed.
 */
export function tellWaits(root, treatment, now) {
  for (const row of root.querySelectorAll("[data-activity][data-hours]")) {
    const at = allowedFrom(treatment, Number(row.dataset.hours));
    row.dataset.from = new Date(at).toISOString();
    row.toggleAttribute("data-open", at <= now);
    sayWhen(row.querySelector("[data-time]"), at, treatment, now);
  }
}

function sayWhen(time, at, treatment, now) {
  const said = moment(at, now, phoneZone());
  const around = treatment.rough ? words("around", { time: said }) : said;
  const left = soon(at, now);
  time.dateTime = new Date(at).toISOString();
  time.textContent = at <= now ? words("since", { time: said }) : left ? `${around} · ${left}` : around;
  time.hidden = false;
}
