/**
 * The person's clinic: whom to call, when it is open, and what it said instead of the guide.
 *
 * Entries of the record:
 * - `clinic`: {name, phone, hours, waits}, words as they were typed, "" for none; `waits` are whole hours
 *   by the id of their activity
 * - `notices`: {clinic: "dismissed"} once nobody wants to be asked for the number
 */

import { onReturn } from "./browser.js";
import { dialled } from "./dialling.js";
import { isOwnWait, isShorterThanAny, ownWaits } from "./plan.js";
import { change, lasts, recall } from "./record.js";
import { chooseVariant, hoursOf } from "./rows.js";
import { waitInWords, words } from "./wording.js";

const NOTHING = { name: "", phone: "", hours: "", waits: {} };

/** What is said once something was entered: not "on this phone" where the phone keeps nothing. */
const told = () => words(lasts() ? "kept" : "memory");

/** Change the entry by what it was; one in which nothing is left is none. */
const keepClinic = (alter) =>
  change("clinic", (before) => {
    const clinic = { ...NOTHING, ...before };
    const { waits, ...said } = { ...clinic, ...alter(clinic) };
    return [...Object.values(said), ...Object.keys(waits)].some(Boolean) ? { ...said, waits } : null;
  });

/**
 * Whatever this page asks or tells about the clinic.
 * @param {() => void} changed  told when one of its waits is another
 */
export async function showClinic(main, treatment, changed) {
  const without = main.dataset.clinicless?.split(" ").includes(treatment?.variant) ?? false;
  for (const each of main.querySelectorAll("[data-for-clinic]")) {
    each.hidden = (each.dataset.forClinic === "none") !== without;
  }
  for (const form of main.querySelectorAll("[data-clinic-form]")) {
    form.addEventListener("submit", (event) => keepForm(event, main, without));
  }
  if (treatment && main.querySelector("[data-own]")) await offerWaits(main, treatment.variant, without, changed);
  await tellClinic(main, without);
  // Meanwhile the number may have been mended on another page: nobody is to call the wrong one.
  onReturn(() => tellClinic(main, without));
}

/** The call buttons, the fields in which nobody is typing, and the waits, by what is kept. */
async function tellClinic(main, without) {
  const clinic = { ...NOTHING, ...(await recall("clinic")) };
  const number = dialled(clinic.phone);
  for (const box of main.querySelectorAll("[data-my-clinic]")) {
    box.hidden = !number;
    box.querySelector("a").href = `tel:${number}`;
    for (const part of box.querySelectorAll("[data-said]")) part.textContent = clinic[part.dataset.said];
  }
  for (const form of main.querySelectorAll("[data-clinic-form]")) {
    form.hidden = form.matches("[data-until-known]") && Boolean(number || without);
    for (const field of form.querySelectorAll("input")) {
      if (field.value === field.defaultValue) field.value = clinic[field.name];
      field.defaultValue = clinic[field.name];
    }
  }
  tellOwn(main, clinic);
}

/** Keep the name, the number and the hours, or the number alone; say what is wrong with it. */
async function keepForm(event, main, without) {
  event.preventDefault();
  const form = event.target;
  const fields = [...form.querySelectorAll("input")];
  const said = Object.fromEntries(fields.map(({ name, value }) => [name, value.replace(/\s+/g, " ").trim()]));
  const wrong = said.phone || form.phone.required ? !dialled(said.phone) : false;
  const fault = form.querySelector(".fault");
  fault.hidden = !wrong;
  // It describes the field: words that only wait here would be read out beside a right number as well.
  fault.textContent = wrong ? fault.dataset.wrong : "";
  form.phone.setAttribute("aria-invalid", wrong);
  if (wrong) return form.phone.focus();
  await keepClinic(() => said);
  form.reset();
  await tellClinic(main, without);
  const done = form.parentElement.querySelector("[data-clinic-kept]");
  done.textContent = told();
  // What had the focus may be hidden now.
  done.focus();
}

/** The places where a wait can be entered; after a roller at home only once there is a clinic. */
async function offerWaits(main, variant, without, changed) {
  const form = new OwnForm(main, variant, changed);
  const clinic = await recall("clinic");
  chooseVariant(main, variant);
  for (const place of main.querySelectorAll("[data-own]")) {
    place.hidden = without && !clinic;
    place.addEventListener("toggle", () => (place.open ? form.open(place) : form.close(place)));
  }
}

/** One form for every wait: it goes where it is asked for, and holds what is kept there. */
class OwnForm {
  constructor(main, variant, changed) {
    const form = main.querySelector("[data-own-form]").content.firstElementChild;
    Object.assign(this, { main, variant, changed, form, place: null });
    form.addEventListener("input", () => this.tell(null));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.part("yes").addEventListener("click", () => this.save(this.typed()));
    this.part("no").addEventListener("click", () => {
      this.tell(null);
      form.amount.focus();
    });
    this.part("remove").addEventListener("click", () => this.save(null));
  }

  part(name) {
    return this.form.querySelector(`[data-${name}]`);
  }

  /** What is kept where the form stands; undefined where the guide's wait holds. */
  async kept() {
    return ownWaits(await recall("clinic"))[this.place.dataset.own];
  }

  async open(place) {
    this.place = place;
    const hours = await this.kept();
    const days = hours && hours % 24 === 0;
    this.form.reset();
    if (hours !== undefined) this.form.unit.value = days ? "24" : hours ? "1" : "0";
    this.form.amount.value = !hours ? "" : days ? hours / 24 : hours;
    this.part("remove").hidden = hours === undefined;
    this.tell(null);
    place.append(this.form);
  }

  /** It is gone until what is kept stands in it again: nothing that is typed early can be lost. */
  close(place) {
    if (place.contains(this.form)) this.form.remove();
  }

  /** Say what is wrong, or nothing; no question stands beside it. */
  tell(fault) {
    const { amount, unit } = this.form;
    const told = this.form.querySelector(".fault");
    told.hidden = !fault;
    told.textContent = fault ? told.dataset[fault] : "";
    this.part("shorter").hidden = true;
    amount.disabled = unit.value === "0";
    amount.setAttribute("aria-invalid", Boolean(fault));
    if (fault) amount.focus();
  }

  /** The hours in the form; null after telling what is wrong with them. */
  typed() {
    const unit = Number(this.form.unit.value);
    const amount = this.form.amount.value.trim();
    const hours = /^\d+$/.test(amount) ? Number(amount) * unit : null;
    if (!unit) return 0;
    if (isOwnWait(hours)) return hours;
    this.tell(amount ? "wrong" : "missing");
    return null;
  }

  async submit() {
    const hours = this.typed();
    if (hours === null) return;
    const { shortest } = this.place.dataset;
    const found = shortest === undefined ? null : Number(shortest);
    const asks = isShorterThanAny(hours, hoursOf(this.place, this.variant), found);
    if (!asks || hours === (await this.kept())) return this.save(hours);
    this.part("shorter").hidden = false;
    this.part("shorter").focus();
  }

  async save(hours) {
    const { own } = this.place.dataset;
    await keepClinic(({ waits }) => {
      const { [own]: _before, ...others } = ownWaits({ waits });
      return { waits: hours === null ? others : { ...others, [own]: hours } };
    });
    this.place.open = false;
    this.place.querySelector("summary").focus();
    this.main.querySelector("[data-own-kept]").textContent = hours === null ? words("guides_again") : told();
    tellOwn(this.main, await recall("clinic"));
    await this.changed();
  }
}

/** In the list of all waits: the clinic's beside the guide's. */
function tellOwn(main, clinic) {
  const own = ownWaits(clinic);
  for (const theirs of main.querySelectorAll("[data-clinics-wait]")) {
    const hours = own[theirs.closest("[data-own]").dataset.own];
    theirs.hidden = hours === undefined;
    const wait = hours ? words("from", { wait: waitInWords(hours) }) : words("same_day");
    theirs.textContent = theirs.hidden ? "" : words("clinic_says", { wait });
  }
}

/** On Today: ask for the number once. */
export async function askForNumber(main, treatment) {
  const notice = main.querySelector('[data-notice="clinic"]');
  const [clinic, notices] = await Promise.all(["clinic", "notices"].map(recall));
  const without = main.dataset.clinicless.split(" ").includes(treatment?.variant);
  const wanted = main.dataset.state === "day" && !without && !clinic?.phone && !notices?.clinic;
  notice.toggleAttribute("data-wanted", wanted);
}
