/**
 * A plan that an address brings, and the address that brings it: on an iPhone the page's own. What
 * arrives in an address leaves it at once.
 */

import { installed, platform } from "./browser.js";
import { isSpent, linkOf, noteLink, planOf } from "./link.js";
import { change, keep, recall } from "./record.js";
import { words } from "./wording.js";

const here = document.documentElement.lang;
export const guidesHere = () => words("guides").split(" ");
const never = () => new Promise(() => {});

/** A plan that the address brings: taken when there is none, asked about once when there is another. */
export async function takePlan(main) {
  const asked = new URLSearchParams(location.search);
  const link = asked.get("plan");
  if (link === null) return;
  asked.delete("plan");
  address(`${asked}`, location.hash);
  const plan = planOf(link, guidesHere(), Date.now());
  const mine = plan && (await recall("treatment"));
  if (!plan || mine?.id === plan.treatment.id || (await isSpent(plan.treatment.id))) return;
  if (!mine && plan.treatment.at) {
    await moveIn(plan);
    // Used only once it is here: an app may be closed at any moment.
    return noteLink(plan.treatment.id);
  }
  await noteLink(plan.treatment.id);
  if (main.dataset.page === "start") return address(`${asked}`, `#${link}`);
  location.replace(`/${here}/start#${link}`);
  await never();
}

export const address = (query, hash) =>
  history.replaceState(history.state, "", location.pathname + (query && `?${query}`) + hash);

/** Put a plan in the place of what is here. */
export async function moveIn({ treatment, clinic }) {
  // What another plan's clinic said must not be counted for this one.
  if (clinic || (await recall("treatment"))) await keep("clinic", clinic);
  await beginAfresh();
  await keep("treatment", treatment);
}

/** What was of the treatment before goes: its ticks and answers, and what Start says was so of it alone. */
export async function beginAfresh() {
  const passing = document.querySelector("main").dataset.passing?.split(" ") ?? [];
  await keep("ticks", {});
  await keep("answers", null);
  await change("situations", (named) => named?.filter((each) => !passing.includes(each)) ?? null);
  await keep("settings", { language: here });
}

/**
 * On an iPhone or iPad the app on the home screen begins empty: in a tab there, the page's address and
 * its manifest carry the plan, so that whichever of them an icon is made from brings it along.
 */
export async function carryPlan(main, treatment) {
  if (platform !== "ios" || installed()) return;
  main.querySelectorAll("[data-carried]").forEach((each) => (each.hidden = false));
  const link = treatment && linkOf(treatment, await recall("clinic"));
  const query = link ? `plan=${link}` : "";
  document.querySelector("link[rel=manifest]").href = `/${here}/manifest.webmanifest${query && `?${query}`}`;
  if (main.dataset.page !== "today") return;
  if (link) await noteLink(treatment.id);
  if (location.search.slice(1) !== query) address(query, location.hash);
}
