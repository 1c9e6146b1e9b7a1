/** Every page: read the record, then let the page's own script add what this phone knows. */

import { readAloud } from "./aloud.js";
import { installed, onReturn } from "./browser.js";
import { carryPlan, takePlan } from "./carrying.js";
import { askForNumber, showClinic } from "./clinic.js";
import { lookAtClock } from "./clock.js";
import { keepToFamily } from "./families.js";
import { offerInstall, offerPrompt, showInstall, warnInApp } from "./install.js";
import { keepSet, setOf, SHELL_SET, startWorker, takeOver } from "./keep.js";
import { askToLast, missing } from "./lasting.js";
import { tendNotices } from "./notices.js";
import { fillSheet } from "./paper.js";
import { ownWaits } from "./plan.js";
import { keep, lasts, recall, witness } from "./record.js";
import { noticeReminders, pauseOnCalls, refresh, takeReceipt } from "./reminders.js";
import { chooseVariant, tellWaits } from "./rows.js";
import { tellSituations } from "./situations.js";
import { followOnce, sync, unsubscribe } from "./sync.js";
import { markDay, showToday } from "./today.js";
import { offerVersion, showCorrections } from "./versions.js";
import { words } from "./wording.js";

const EACH_MINUTE = 60_000;
const TIMED = ["today", "day", "activities", "activity"];
const main = document.querySelector("main");
const language = document.documentElement.lang;

export async function personalise() {
  const treatment = await recall("treatment");
  const own = ownWaits(await recall("clinic"));
  const now = Date.now();
  document.querySelectorAll("[data-some]").forEach((each) => (each.hidden = !treatment));
  document.querySelectorAll("[data-none]").forEach((each) => (each.hidden = Boolean(treatment)));
  if (treatment) keepToFamily(treatment);
  if (treatment && lasts()) witness(true);
  if (main.dataset.page === "today") await showToday(main, treatment, now, own, treatment ? null : await missing());
  else if (treatment) {
    if (describes(treatment)) {
      chooseVariant(main, treatment.variant);
      tellWaits(main, treatment, now, own);
      if (main.dataset.page === "paper") fillSheet(main, treatment, await recall("clinic"));
    }
    await markDay(main, treatment, now, describes(treatment) ? own : null);
  }
  if (treatment) {
    await tellSituations(main, treatment);
    await showCorrections(main);
    offerVersion(main, treatment, (await recall("settings"))?.language ?? language);
  }
  await carryPlan(main, treatment);
  if (main.dataset.page === "today") await askForNumber(main, treatment);
  sayIfNothingLasts();
  return treatment;
}

/** Whether this page is of the person's own variant, or shared by it with others. */
const describes = ({ protocol, version, variant }) =>
  [`${protocol}/${version}/${variant}`, `${protocol}/${version}`].includes(main.dataset.set);

function sayIfNothingLasts() {
  const notice = main.querySelector("[data-notice=memory]");
  if (!notice || lasts()) return;
  notice.textContent = words("memory");
  notice.dataset.wanted = "";
}

/** Following the language link keeps the place, and is the choice to keep the guide in it: the page
    it leads to asks for that. */
function keepLanguageChoice() {
  for (const link of document.querySelectorAll("[data-switch]")) {
    link.addEventListener("click", (tap) => {
      link.hash = location.hash;
      followOnce(keep("settings", { language: link.dataset.switch }), link, tap);
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
  // What a person named meanwhile stands open when they come back, and what the clinic said on the sheet.
  if (!TIMED.includes(main.dataset.page)) return main.querySelector("[data-mine], .sheet") && onReturn(personalise);
  const again = async () => (await personalise()) && lookAtClock();
  setInterval(() => document.visibilityState === "visible" && personalise(), EACH_MINUTE);
  onReturn(again);
}

/** A new release waits until it is asked for: nothing changes under a reader's eyes. */
function announceUpdate(waiting) {
  const notice = document.querySelector("[data-update]");
  notice.querySelector("[data-take]").onclick = () => takeOver(waiting);
  notice.dataset.wanted = "";
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

/** WebKit sets what is not to be completed back to how it came when a page is gone back to: a clinic's number too. */
function holdWhatStands() {
  addEventListener("pagehide", () => {
    for (const field of document.querySelectorAll("input[autocomplete=off]")) field.defaultValue = field.value;
  });
}

/** Everything was deleted, the worker too: it starts anew, and the address says nothing any more. */
export async function beginAnew() {
  await carryPlan(main, null);
  await startWorker(announceUpdate);
  // One that was on its way when the browser threw everything away comes with nothing kept.
  keepSet(SHELL_SET);
}

/** Every opening brings reminders up to date; a page that is seen again, when something changed. */
async function keepReminders(opening) {
  const treatment = await recall("treatment");
  // Everything was deleted here without a network: the server still has to be told.
  if (!treatment && (await recall("subscription"))) return sync();
  // The browser cleared the plan and left its address: nothing may ring that nobody can stop.
  if (!treatment) return (await missing()) === "cleared" && unsubscribe();
  const chosen = (await recall("settings"))?.language ?? language;
  await refresh(treatment, chosen, opening || main.dataset.page === "today");
  if (main.dataset.page === "today") await noticeReminders(main, treatment);
}

/** What the clinic said moves what this page tells, and what rings. */
async function replan(treatment, chosen) {
  await personalise();
  if (treatment) await refresh(treatment, chosen, true);
}

/** What comes while the first words with the server are still under way must not be missed. */
function listen() {
  addEventListener("hashchange", takeReceipt);
  // The screen of reminders has its own, which shows what came of it.
  if (main.dataset.page === "reminders") return;
  // What was chosen while the guide could not be read is planned now, and then sent.
  addEventListener("online", () => keepReminders());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && keepReminders());
}

/** Resolves to what a screen needs to begin. */
async function openPage() {
  letTransitionsFail();
  holdWhatStands();
  readAloud();
  takeReceipt();
  document.documentElement.toggleAttribute("data-app", installed());
  await takePlan(main);
  offerPrompt(main);
  tendNotices(main, personalise);
  const treatment = await personalise();
  const chosen = (await recall("settings"))?.language ?? language;
  if (main.dataset.page === "install") showInstall(main);
  if (main.dataset.page === "today") await offerInstall(main, treatment);
  warnInApp(main);
  await showClinic(main, treatment, () => replan(treatment, chosen));
  if (!document.querySelector("script[data-screens]")) main.dataset.ready = "";
  keepLanguageChoice();
  offerPrinting();
  stayCurrent();
  listen();
  if (treatment && TIMED.includes(main.dataset.page)) lookAtClock();
  return { main, treatment, chosen };
}

/** What may take as long as the network does. */
async function goOn({ treatment, chosen }) {
  const lasting = lasts();
  if (lasting && main.dataset.page !== "settings") keepSet(treatment ? setOf(treatment, chosen) : SHELL_SET);
  if (treatment && lasting && (installed() || self.Notification?.permission === "granted")) askToLast();
  if (treatment) pauseOnCalls(main, treatment, chosen);
  // The screen of reminders brings them up to date by itself.
  if (!treatment || main.dataset.page !== "reminders") await keepReminders(true);
}

// Not waited for here: a screen's own script begins when this one has run to its end.
export const opening = openPage();
export const working = opening.then(() => startWorker(announceUpdate));
working.then(() => opening).then(goOn);
