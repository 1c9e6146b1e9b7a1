/**
 * Answers that someone keeps, and a look again tomorrow.
 *
 * Entries of the record:
 * - `answers`: [{at, said, result}], the last ones: when, what was answered and what came of it, in the words
 *   that were read
 */

import { inAnHour } from "./plan.js";
import { change, recall } from "./record.js";
import { randomId, sync } from "./sync.js";
import { moment, phoneZone, words } from "./wording.js";

const MOST = 50;
const HOUR = 3_600_000;
const LOOK_AGAIN = "look-again";
// Later in the day it has become evening, and something else to look at.
const USEFUL_HOURS = 4;

/** Keep an answer with its moment. */
export const keepAnswer = (said, result) =>
  change("answers", (before) => [...(before ?? []), { at: Date.now(), said, result }].slice(-MOST));

/**
 * Have the phone ring once more at this time tomorrow, by the rules of all reminders; whatever was asked for
 * before gives way. Resolves to when; null where reminders are off, or none can ring.
 */
export async function lookAgain(said) {
  const wanted = await recall("reminders");
  if (!wanted?.on) return null;
  const asked = Date.now() + 23 * HOUR;
  const when = inAnHour(asked, USEFUL_HOURS, wanted, phoneZone());
  const page = location.pathname.split("/").slice(2).join("/");
  const ring = { id: randomId(), uid: randomId(), slot: LOOK_AGAIN, holds: [], asked, lasts: USEFUL_HOURS, ...when, words: [said], page };
  await change("schedule", (now) => now && { ...now, later: [...now.later.filter(({ slot }) => slot !== LOOK_AGAIN), ring] });
  const mine = await sync();
  return ["sent", "waiting"].includes(mine?.state) ? when.at : null;
}

/** What was kept, the last one first; each can be taken away. */
export async function showAnswers(main) {
  const kept = (await recall("answers")) ?? [];
  const box = main.querySelector("[data-kept-answers]");
  const row = box.querySelector("template");
  box.hidden = !kept.length;
  const rows = [...kept].reverse().map(({ at, said, result }) => {
    const item = row.content.cloneNode(true);
    const when = moment(at, Date.now(), phoneZone());
    item.querySelector("[data-at]").textContent = when;
    item.querySelector("[data-result]").textContent = result;
    item.querySelector("[data-said]").textContent = said;
    const button = item.querySelector("button");
    button.setAttribute("aria-label", words("forget_answer", { moment: when }));
    button.onclick = async () => {
      await change("answers", (before) => (before ?? []).filter((each) => each.at !== at));
      await showAnswers(main);
      main.querySelector("h1").focus();
    };
    return item;
  });
  box.querySelector("ul").replaceChildren(...rows);
}
