/** The page where situations are named: each answer is kept at once, and can be taken back. */

import { change, lasts, recall } from "./record.js";
import { holdsFor } from "./rows.js";
import { words } from "./wording.js";

/** Make its rows answer for what this phone keeps. */
export async function askSituations(main, treatment) {
  const named = (await recall("situations")) ?? [];
  for (const box of main.querySelectorAll("[name=situation]")) {
    const row = box.closest("li");
    row.hidden = Boolean(treatment) && !holdsFor(row, treatment.variant);
    box.checked = named.includes(box.value);
    box.disabled = false;
    offerToRing(main, box);
    box.addEventListener("change", async () => {
      offerToRing(main, box);
      await keepNamed(box.value, box.checked);
      main.querySelector("[data-kept-here]").textContent = words(lasts() ? "kept" : "memory");
    });
  }
}

const keepNamed = (id, so) =>
  change("situations", (named) => {
    const all = (named ?? []).filter((each) => each !== id).concat(so ? id : []);
    return all.length ? all : null;
  });

function offerToRing(main, { value, checked }) {
  for (const each of main.querySelectorAll(`[data-rings-for="${value}"]`)) each.hidden = !checked;
}
