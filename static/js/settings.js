/** Settings: the treatment, what is kept offline, and deleting it all, reminders included. */

import { askIn, onReturn, wayToRing } from "./browser.js";
import { dropSets, isKept, keepSet, setOf } from "./keep.js";
import { linksLeft } from "./link.js";
import { askToLast, promised } from "./lasting.js";
import { forgetAll, letGo, recall } from "./record.js";
import { sync } from "./sync.js";
import { treatmentMoment, words } from "./wording.js";

const LONGEST_MS = 5000;

let shown = null;

/** Show the settings of this phone; what is kept shows once `working`, `gone` is told when everything was deleted. */
export function showSettings(main, treatment, language, working, gone) {
  shown = treatment?.id;
  // Another tab may have changed it meanwhile.
  onReturn(async () => (await recall("treatment"))?.id !== shown && location.reload());
  if (treatment) {
    main.querySelector("[data-moment]").textContent = treatmentMoment(treatment);
    for (const name of main.querySelectorAll(`[data-variant-name="${treatment.variant}"]`)) name.hidden = false;
    working.then(() => {
      for (const row of main.querySelectorAll("[data-kept]")) showKept(row, treatment, language);
    });
  }
  showLasting(main);
  offerDeletion(main, gone);
}

/** Whether the browser has promised to keep what was entered, and a button to ask it. */
async function showLasting(main) {
  const ask = main.querySelector("[data-ask]");
  const tell = (name) => {
    for (const each of main.querySelectorAll("[data-lasts]")) each.hidden = each.dataset.lasts !== name;
  };
  const tab = wayToRing() === "ios-tab";
  if (await promised()) return tell("promised");
  tell(tab ? "tab" : "perhaps");
  ask.hidden = tab || !navigator.storage?.persist;
  ask.addEventListener("click", async () => {
    ask.hidden = true;
    tell((await askToLast(true)) ? "promised" : "refused");
  });
}

/** The guide in the person's language is kept without being asked for; the other on choice. */
async function showKept(row, treatment, language) {
  const set = setOf(treatment, row.dataset.kept);
  const button = row.querySelector("[data-keep]");
  const state = row.querySelector("[data-kept-state]");
  const carry = async () => {
    button.hidden = true;
    state.textContent = words("keeping");
    const done = await keepSet(set);
    state.textContent = words(done ? "kept" : "not_kept");
    button.hidden = done;
  };
  button.addEventListener("click", carry);
  const kept = await isKept(set);
  // Deleted meanwhile: nothing is kept again.
  if (!shown) return;
  state.textContent = kept ? words("kept") : "";
  button.hidden = kept;
  if (!kept && row.dataset.kept === language) await carry();
}

/** The browser itself throws away what it has of this site, on its disk too; what has to stay is put back. */
async function throwAway(left) {
  const asked = { method: "POST", signal: AbortSignal.timeout?.(LONGEST_MS) };
  await letGo();
  const done = await fetch("/forget", asked).then(({ ok }) => ok, () => false);
  if (done && (left.links || left.subscription)) await forgetAll(left);
}

function offerDeletion(main, gone) {
  const button = main.querySelector("[data-delete]");
  const dialog = main.querySelector("[data-confirm]");
  button.disabled = false;
  button.addEventListener("click", () => askIn(dialog));
  dialog.addEventListener("close", async () => {
    if (dialog.returnValue !== "delete") return;
    const deleting = main.querySelector("[data-deleting]");
    // A slow network takes its time, and so does a worker.
    deleting.hidden = false;
    const mine = await recall("subscription");
    shown = undefined;
    // What it takes to tell the server stays until it is told, and nothing waits for that.
    const subscription = mine && { id: mine.id, secret: mine.secret, state: "waiting" };
    const links = await linksLeft();
    await forgetAll({ links, subscription });
    await dropSets();
    // Also where there was nothing to tell: what is being sent this moment comes before it.
    const untold = await sync(true);
    await throwAway({ links, subscription: untold });
    await gone();
    deleting.hidden = true;
    main.querySelector(untold ? "[data-deleted-here]" : "[data-deleted]").hidden = false;
    main.querySelector("[data-links-left]").hidden = !links;
    for (const each of main.querySelectorAll("[data-some]")) each.hidden = true;
    for (const each of main.querySelectorAll("[data-none]")) each.hidden = false;
    for (const each of main.querySelectorAll("[data-kept-state]")) each.textContent = "–";
  });
}
