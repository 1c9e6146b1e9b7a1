/** Start: what did you have, when did it end. Two answers, then Today; with several treatments, three. */

import { dateIn, endOf, instantOf, rowsOffered } from "./plan.js";
import { beginAfresh } from "./carrying.js";
import { beginToKeep, mayLeave, setOf } from "./keep.js";
import { onReturn } from "./browser.js";
import { askToLast } from "./lasting.js";
import { FIRST_YEAR } from "./link.js";
import { change, keep, lasts, recall } from "./record.js";
import { phoneZone } from "./wording.js";

/**
 * Make the page ask its two questions one after the other.
 * @returns {{show: (step: string) => void, askWhen: (plan: Plan) => void}}  for a plan that a link brought: a
 *   clinic's card says all but when
 */
export function askStart(main, treatment) {
  const step = Object.fromEntries(
    [...main.querySelectorAll("[data-step]")].map((each) => [each.dataset.step, each]),
  );
  const lists = [...main.querySelectorAll("[data-of]")];
  const first = step.which ? "which" : "what";
  let answers = {};
  let card = null;
  main.querySelector("[data-replaces]").hidden = !treatment;

  for (const row of main.querySelectorAll("[data-answer]")) {
    row.addEventListener("click", (event) => {
      event.preventDefault();
      card = null;
      answer({ of: row.closest("[data-of]").dataset.of, variant: row.dataset.answer });
    });
  }
  for (const row of main.querySelectorAll("[data-treatment]")) {
    row.addEventListener("click", (event) => {
      event.preventDefault();
      answer({ of: row.dataset.treatment });
    });
  }
  addEventListener("popstate", ({ state }) => {
    answers = standing(state);
    show();
  });
  for (const back of main.querySelectorAll("[data-back]")) back.addEventListener("click", () => history.back());

  /** What the history holds; nothing of what an update took away, or of a card that a reload forgot. */
  function standing(state) {
    const { of, variant, linked } = state ?? {};
    const row = variant ? `[data-of="${of}"] [data-answer="${variant}"]` : `[data-treatment="${of}"]`;
    return (linked ? card : main.querySelector(row)) ? state : {};
  }

  function answer(given) {
    answers = given;
    history.pushState(given, "");
    show();
  }

  /** One question at a time: the first that has no answer yet; or what a link holds. */
  function show(asked) {
    const { of, variant } = answers;
    const name = asked ?? (variant ? "when" : of ? "what" : first);
    Object.entries(step).forEach(([each, part]) => (part.hidden = each !== name));
    if (name === "what") lists.forEach((list) => (list.hidden = Boolean(of) && list.dataset.of !== of));
    if (name === "when") {
      offerRows(main);
      for (const each of followUps()) each.hidden = each.dataset.follows !== `${of}/${variant}`;
    }
    step[name].querySelector("h1").focus();
    scrollTo(0, 0);
  }

  const followUps = () => main.querySelectorAll("[data-follows]");

  /** What was answered; a variant that follows the answer, where it was asked about and checked. */
  function chosen() {
    const { of, variant } = answers;
    const asked = [...followUps()].filter((each) => each.dataset.follows === `${of}/${variant}`);
    const deeper = asked.map((each) => each.querySelector("input")).find(({ checked }) => checked);
    if (card) return { ...card.treatment, variant: deeper?.name ?? variant };
    const { version } = lists.find((list) => list.dataset.of === of).dataset;
    return { protocol: of, version, variant: deeper?.name ?? variant };
  }

  for (const row of main.querySelectorAll("[data-when]")) {
    row.addEventListener("click", () => {
      if (row.dataset.when === "other") openForm(main, row);
      // Left open over midnight, "this afternoon" would be another day's.
      else if (!offerRows(main).includes(row.dataset.when)) return;
      else begin(chosen(), endOf(row.dataset.when, Date.now(), phoneZone()), card);
    });
  }
  main.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const at = typedEnd(event.target);
    if (at !== null) begin(chosen(), { at: new Date(at).toISOString(), rough: null }, card);
  });
  onReturn(() => offerRows(main));
  // A reload stays where it was.
  answers = standing(history.state);
  if (answers.of) show();
  const askWhen = (plan) => {
    card = plan;
    answer({ of: plan.treatment.protocol, variant: plan.treatment.variant, linked: true });
  };
  const askAll = () => {
    answers = {};
    show();
  };
  return { show, askAll, askWhen };
}

/** Show the answers that can be true now, and return them. */
function offerRows(main) {
  const offered = rowsOffered(Date.now(), phoneZone());
  for (const row of main.querySelectorAll("[data-when]")) {
    row.closest("li").hidden = !offered.includes(row.dataset.when);
  }
  return offered;
}

function openForm(main, row) {
  const form = main.querySelector("form");
  form.hidden = false;
  row.setAttribute("aria-expanded", "true");
  form.date.max = dateIn(Date.now(), phoneZone());
  form.date.value ||= form.date.max;
  form.time.focus();
  form.scrollIntoView({ block: "nearest" });
}

/** The instant typed into the form; null after saying what is wrong, and where. */
function typedEnd(form) {
  const fault = form.querySelector(".fault");
  const at = instantOf(`${form.date.value}T${form.time.value}`, phoneZone());
  const wrong = at === null || at < FIRST_YEAR ? "missing" : at > Date.now() ? "future" : null;
  fault.hidden = !wrong;
  for (const field of [form.date, form.time]) {
    const blamed = Boolean(wrong) && (wrong === "future" || !field.value || (at !== null && field === form.date));
    field.setAttribute("aria-invalid", blamed);
    if (blamed) field.setAttribute("aria-describedby", "time-fault");
    else field.removeAttribute("aria-describedby");
  }
  if (!wrong) return at;
  fault.textContent = fault.dataset[wrong];
  [form.date, form.time].find((field) => field.matches("[aria-invalid=true]")).focus();
  return null;
}

async function begin(what, { at, rough }, card) {
  const language = document.documentElement.lang;
  const id = crypto.randomUUID?.() ?? String(Date.now());
  const treatment = { ...what, id, at, rough, zone: phoneZone() };
  const before = await recall("treatment");
  // What a clinic said after one kind of treatment does not hold after another.
  const other = before && ["protocol", "variant"].some((each) => before[each] !== what[each]);
  if (other) await change("clinic", (clinic) => clinic && { ...clinic, waits: {} });
  await keep("treatment", treatment);
  if (card?.clinic) await keep("clinic", card.clinic);
  await beginAfresh();
  // Asked for here so that it goes on while Today opens; Today asks again in case it failed.
  if (lasts()) await beginToKeep(setOf(treatment, language));
  // Now there is something to lose, and a tap that meant it.
  await mayLeave(lasts() && askToLast());
  // The worker is busy keeping the guide, and Chromium 156 then stumbles over a page transition.
  addEventListener("pageswap", ({ viewTransition }) => viewTransition?.skipTransition());
  location.assign(`/${language}/today`);
}
