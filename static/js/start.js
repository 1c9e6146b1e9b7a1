/** Start: what did you have, when did it end. Two answers, then Today. */

import { endOf, instantOf, rowsOffered } from "./plan.js";
import { keepSet, setOf } from "./keep.js";
import { keep, lasts } from "./record.js";
import { dateIn } from "./plan.js";
import { phoneZone } from "./wording.js";

/** Make the page ask its two questions one after the other. */
export function askStart(main, treatment) {
  const step = Object.fromEntries(
    [...main.querySelectorAll("[data-step]")].map((each) => [each.dataset.step, each]),
  );
  let variant = null;
  main.querySelector("[data-replaces]").hidden = !treatment;

  for (const row of main.querySelectorAll("[data-answer][data-written]")) {
    row.addEventListener("click", (event) => {
      event.preventDefault();
      variant = row.dataset.answer;
      history.pushState({ variant }, "");
      show("when");
    });
  }
  addEventListener("popstate", ({ state }) => {
    variant = state?.variant ?? null;
    show(variant ? "when" : "what");
  });
  main.querySelector("[data-back]").addEventListener("click", () => history.back());

  function show(name) {
    step.what.hidden = name !== "what";
    step.when.hidden = name !== "when";
    if (name === "when") offerRows(main);
    step[name].querySelector("h1").focus();
    scrollTo(0, 0);
  }

  for (const row of main.querySelectorAll("[data-when]")) {
    row.addEventListener("click", () => {
      if (row.dataset.when === "other") openForm(main, row);
      else begin(main, variant, endOf(row.dataset.when, Date.now(), phoneZone()));
    });
  }
  main.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const at = typedEnd(event.target);
    if (at !== null) begin(main, variant, { at: new Date(at).toISOString(), rough: null });
  });
}

function offerRows(main) {
  const offered = rowsOffered(Date.now(), phoneZone());
  for (const row of main.querySelectorAll("[data-when]")) {
    row.closest("li").hidden = !offered.includes(row.dataset.when);
  }
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
  const wrong = at === null ? "missing" : at > Date.now() ? "future" : null;
  fault.hidden = !wrong;
  for (const field of [form.date, form.time]) {
    const blamed = Boolean(wrong) && (wrong === "future" || !field.value);
    field.setAttribute("aria-invalid", blamed);
    if (blamed) field.setAttribute("aria-describedby", "time-fault");
    else field.removeAttribute("aria-describedby");
  }
  if (!wrong) return at;
  fault.textContent = fault.dataset[wrong];
  [form.date, form.time].find((field) => field.ariaInvalid === "true").focus();
  return null;
}

async function begin(main, variant, { at, rough }) {
  const { protocol, version } = main.dataset;
  const language = document.documentElement.lang;
  const id = crypto.randomUUID?.() ?? String(Date.now());
  const treatment = { id, protocol, version, variant, at, rough, zone: phoneZone() };
  await keep("treatment", treatment);
  await keep("ticks", {});
  await keep("settings", { language });
  // Asked for here so that it goes on while Today opens; Today asks again in case it failed.
  if (lasts()) keepSet(setOf(treatment, language));
  // The worker is busy keeping the guide, and Chromium 156 then stumbles over a page transition.
  addEventListener("pageswap", ({ viewTransition }) => viewTransition?.skipTransition());
  location.assign(`/${language}/today`);
}
