/** Whether the phone's clock can be right. Everything here is counted from it. */

import { longDate, timeOfDay, words } from "./wording.js";

const TOLERATED = 15 * 60_000;
const PATIENCE_FOR_DATE = 5000;
const HOURLY_LOOK = 3_600_000;

let lookedAt = null;

/** Say so when phone and server do not agree; without a network nothing is known. Hourly at most. */
export async function lookAtClock() {
  const asked = performance.now();
  if (lookedAt !== null && asked - lookedAt < HOURLY_LOOK) return;
  const there = await dateOfServer();
  if (there === null) return;
  lookedAt = asked;
  const here = Date.now();
  const notice = document.querySelector("[data-clock]");
  // While the answer was under way, time went on.
  notice.hidden = Math.abs(here - there) < TOLERATED + (performance.now() - asked);
  const said = (instant) => words("at", { day: longDate(instant), time: timeOfDay(instant) });
  notice.textContent = words("clock", { here: said(here), there: said(there) });
}

/** The moment of an answer that no worker keeps and no cache may hold; null when it is not to be had. */
async function dateOfServer() {
  try {
    const signal = AbortSignal.timeout?.(PATIENCE_FOR_DATE);
    const answer = await fetch("/sw.js", { method: "HEAD", cache: "no-store", credentials: "omit", signal });
    return answer.ok ? Date.parse(answer.headers.get("Date")) || null : null;
  } catch {
    return null;
  }
}
