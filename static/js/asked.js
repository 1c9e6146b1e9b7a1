/** What is often asked on this day: of all days, the one that the person has reached comes to the top. */

import { phoneZone, words } from "./wording.js";
import { standing, stageOf } from "./plan.js";

/** Show what is asked on the day of a treatment of this guide. */
export function showAsked(main, treatment) {
  const all = main.querySelector("[data-asked-all]");
  if (!all || !treatment || main.dataset.set !== `${treatment.protocol}/${treatment.version}`) return;
  const { state, day } = standing(treatment, Date.now(), phoneZone());
  const asked = state === "day" && all.querySelector(`[data-asked="${stageOf(day)}"]`);
  if (!asked) return;
  const here = main.querySelector("[data-asked-here]");
  here.querySelector("h2").textContent = words("asked_here", { day: asked.dataset.askedName });
  here.querySelector("ul").replaceChildren(...[...asked.children].map((each) => each.cloneNode(true)));
  here.hidden = false;
}
