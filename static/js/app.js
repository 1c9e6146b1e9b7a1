/** Every page: read the record, then let the page's own script add what this phone knows. */

import { keepSet, setOf, startWorker } from "./keep.js";
import { keep, lasts, recall } from "./record.js";
import { tellWaits } from "./rows.js";
import { showSettings } from "./settings.js";
import { askStart } from "./start.js";
import { markDay, showToday } from "./today.js";
import { words } from "./wording.js";

const MINUTE = 60_000;
const main = document.querySelector("main");
const language = document.documentElement.lang;

async function personalise() {
  const treatment = await recall("treatment");
  const now = Date.now();
  document.querySelectorAll("[data-some]").forEach((each) => (each.hidden = !treatment));
  document.querySelectorAll("[data-none]").forEach((each) => (each.hidden = Boolean(treatment)));
  if (main.dataset.page === "today") await showToday(main, treatment, now);
  else if (treatment) {
    if (describes(treatment)) tellWaits(main, treatment, now);
    await markDay(main, treatment, now);
  }
  sayIfNothingLasts();
  return treatment;
}

/** Whether this page's hours are those of the person's own treatment and variant. */
const describes = ({ protocol, version, variant }) =>
  main.dataset.set === `${protocol}/${version}/${variant}`;

function sayIfNothingLasts() {
  const notice = main.querySelector("[data-memory]");
  if (!notice || lasts()) return;
  notice.textContent = words("memory");
  notice.hidden = false;
}

/** Following the language link keeps the place, and is the choice to keep the guide in it: the page
    it leads to asks for that. */
function keepLanguageChoice() {
  for (const link of document.querySelectorAll("[data-switch]")) {
    link.addEventListener("click", () => {
      link.hash = location.hash;
      keep("settings", { language: link.dataset.switch });
    });
  }
}

function offerPrinting() {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}

/** Times grow old on an open page: tell them anew each minute, and when the page comes back. */
function stayCurrent() {
  if (!["today", "day", "activities", "activity"].includes(main.dataset.page)) return;
  const again = () => document.visibilityState === "visible" && personalise();
  setInterval(again, MINUTE);
  document.addEventListener("visibilitychange", again);
  addEventListener("pageshow", ({ persisted }) => persisted && again());
}

/** A transition that cannot run, because the page is reloaded or hidden, is no fault. */
function letTransitionsFail() {
  for (const change of ["pageswap", "pagereveal"]) {
    addEventListener(change, ({ viewTransition }) => {
      viewTransition?.ready.catch(() => {});
      viewTransition?.finished.catch(() => {});
    });
  }
}

letTransitionsFail();
const treatment = await personalise();
const chosen = (await recall("settings"))?.language ?? language;
if (main.dataset.page === "start") askStart(main, treatment);
main.dataset.ready = "";
keepLanguageChoice();
offerPrinting();
stayCurrent();
await startWorker();
if (main.dataset.page === "settings") showSettings(main, treatment, chosen);
else if (treatment && lasts()) keepSet(setOf(treatment, chosen));
