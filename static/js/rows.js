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
    sayWhen(row, at, treatment, now);
  }
}

function sayWhen(row, at, { rough }, now) {
  const time = row.querySelector("[data-time]");
  const said = moment(at, now, phoneZone(), rough);
  const left = row.matches(".answer") ? soon(at, now) : "";
  time.textContent =
    at <= now ? words("since", { time: said }) : [said, left].filter(Boolean).join(" · ");
  time.hidden = false;
}
