/** Settings: the treatment, what is kept offline, and deleting it all. */

import { dropSets, isKept, keepSet, setOf } from "./keep.js";
import { forgetAll } from "./record.js";
import { treatmentMoment, words } from "./wording.js";

/** Show the settings of this phone. */
export function showSettings(main, treatment, language) {
  if (treatment) {
    main.querySelector("[data-moment]").textContent = treatmentMoment(treatment);
    main.querySelector(`[data-variant-name="${treatment.variant}"]`).hidden = false;
    for (const row of main.querySelectorAll("[data-kept]")) showKept(row, treatment, language);
  }
  offerDeletion(main);
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
  state.textContent = kept ? words("kept") : "";
  button.hidden = kept;
  if (!kept && row.dataset.kept === language) await carry();
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
