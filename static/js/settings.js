/** Settings: the treatment, what is kept offline, and deleting it all. */

import { dropSets, isKept, keepSet, setOf } from "./keep.js";
import { forgetAll } from "./record.js";
import { treatmentMoment, words } from "./wording.js";

/** Show the settings of this phone. */
export function showSettings(main, treatment) {
  if (treatment) {
    main.querySelector("[data-moment]").textContent = treatmentMoment(treatment);
    main.querySelector(`[data-variant-name="${treatment.variant}"]`).hidden = false;
    main.querySelectorAll("[data-kept]").forEach((row) => showKept(row, treatment));
  }
  offerDeletion(main);
}

async function showKept(row, treatment) {
  const set = setOf(treatment, row.dataset.kept);
  const button = row.querySelector("[data-keep]");
  const say = (name) => (row.querySelector("[data-kept-state]").textContent = words(name));
  const kept = await isKept(set);
  button.hidden = kept;
  row.querySelector("[data-kept-state]").textContent = kept ? words("kept") : "";
  button.addEventListener("click", async () => {
    button.hidden = true;
    say("keeping");
    const done = await keepSet(set);
    say(done ? "kept" : "not_kept");
    button.hidden = done;
  });
}

function offerDeletion(main) {
  const button = main.querySelector("[data-delete]");
  const dialog = main.querySelector("[data-confirm]");
  button.disabled = false;
  button.addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("close", async () => {
    if (dialog.returnValue !== "delete") return;
    await forgetAll();
    await dropSets();
    main.querySelector("[data-deleted]").hidden = false;
    for (const each of main.querySelectorAll("[data-some]")) each.hidden = true;
    for (const each of main.querySelectorAll("[data-none]")) each.hidden = false;
    for (const each of main.querySelectorAll("[data-kept-state]")) each.textContent = "–";
  });
}
