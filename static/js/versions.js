/** Versions: a newer one is offered and taken when asked for; a correction stays until it is acknowledged. */

import { keepSet, setOf } from "./keep.js";
import { change, recall } from "./record.js";

/** Offer the version that people begin with now to whom follows an older one. */
export function offerVersion(main, treatment, language) {
  for (const offer of main.querySelectorAll("[data-offer]")) {
    const { family, forVariants } = offer.dataset;
    const theirs = family === `${treatment.protocol}/${treatment.version}`;
    if (!theirs || !forVariants.split(" ").includes(treatment.variant)) {
      offer.remove();
      continue;
    }
    offer.hidden = false;
    want(offer.closest("[data-notice]"), true);
    offer.querySelector("[data-use]").onclick = () => moveOn(offer, treatment, language);
  }
}

/** The new version is on this phone, or at hand, before the old one is left; Today plans the reminders anew. */
async function moveOn(offer, treatment, language) {
  const button = offer.querySelector("[data-use]");
  const failed = offer.querySelector("[data-not-moved]");
  const version = offer.dataset.offer;
  button.disabled = true;
  failed.hidden = true;
  const moved = { ...treatment, version };
  if ((await keepSet(setOf(moved, language))) ?? (await isAtHand(moved, language))) {
    await change("treatment", (now) => (now?.id === treatment.id ? { ...now, version } : now));
    location.assign(`/${document.documentElement.lang}/today`);
  } else {
    failed.hidden = false;
    button.disabled = false;
  }
}

/** Where nothing can be kept, a version that answers will do. */
const isAtHand = ({ protocol, version, variant }, language) =>
  fetch(`/${language}/${protocol}/${version}/${variant}/day-0`).then(({ ok }) => ok, () => false);

/** Show the corrections that were not acknowledged on this phone yet. */
export async function showCorrections(main) {
  const read = (await recall("acknowledged")) ?? [];
  const corrections = [...main.querySelectorAll("[data-correction]")];
  for (const each of corrections) {
    const { correction } = each.dataset;
    each.hidden = read.includes(correction);
    const answer = each.querySelector("[data-answer-correction]");
    answer.hidden = false;
    answer.firstElementChild.onclick = async () => {
      await change("acknowledged", (before) => [...new Set([...(before ?? []), correction])]);
      await showCorrections(main);
      main.focus({ preventScroll: true });
    };
  }
  want(main.querySelector("[data-notice=correction]"), corrections.some(({ hidden }) => !hidden));
}

function want(notice, wanted) {
  if (!notice) return;
  if (wanted) notice.dataset.wanted = "";
  else delete notice.dataset.wanted;
}
