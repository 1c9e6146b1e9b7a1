/** A plan on its way to another phone: by link, by code, in a file; and what arrives on Start. */

import { askIn, onReturn, platform } from "./browser.js";
import { address, guidesHere, moveIn } from "./carrying.js";
import { beginToKeep, keepSet, setOf } from "./keep.js";
import { linkOf, planOf } from "./link.js";
import { pack, unpack } from "./pack.js";
import { ENTRIES, forgetAll, lasts, recall } from "./record.js";
import { sync } from "./sync.js";
import { treatmentMoment, words } from "./wording.js";

const LONGEST_IN_A_CODE = 700;
const here = document.documentElement.lang;

/** On Start: a link shows what it holds, and nothing changes before a tap. `steps` are Start's own. */
export function receiveLinks(main, treatment, steps) {
  const part = (name) => main.querySelector(`[data-link-${name}]`);
  const read = () => {
    const link = location.hash.slice(1);
    if (!/^\d+\./.test(link)) return;
    address(location.search.slice(1), "");
    const plan = planOf(link, guidesHere(), Date.now());
    part("refused").hidden = Boolean(plan);
    if (plan) show(plan);
    else part("refused").focus();
  };
  const show = (plan) => {
    const { protocol, version, variant, at, id } = plan.treatment;
    const state = !treatment ? "new" : treatment.id === id ? "same" : "over";
    for (const each of main.querySelectorAll("[data-guide]")) {
      each.hidden = each.dataset.guide !== `${protocol}/${version}/${variant}`;
    }
    for (const each of main.querySelectorAll("[data-link-when]")) {
      each.hidden = !each.dataset.linkWhen.split(" ").includes(state);
    }
    const { name, phone, waits } = plan.clinic ?? {};
    const tell = (row, text) => {
      part(row).textContent = text;
      part(row).closest("li").hidden = !text;
    };
    tell("moment", at && treatmentMoment(plan.treatment));
    tell("clinic", name || phone);
    part("phone").textContent = name && phone ? `, ${phone}` : "";
    part("waits").hidden = !Object.keys(waits ?? {}).length;
    part("follow").onclick = () => (at ? follow(plan) : steps.askWhen(plan));
    steps.show("link");
  };
  part("other").addEventListener("click", () => steps.askAll());
  addEventListener("hashchange", read);
  read();
}

async function follow(plan) {
  await moveIn(plan);
  if (lasts()) await beginToKeep(setOf(plan.treatment, here));
  location.assign(`/${here}/today`);
}

/** The screen "Move to another phone"; `personalise` tells the page anew, and which treatment is here now. */
export async function showMoving(main, personalise) {
  const part = (name) => main.querySelector(`[data-move-${name}]`);
  const say = (name) => {
    part("said").textContent = words(name);
    part("said").hidden = false;
  };
  part("pack").onclick = () => saveFile(say);
  const dialog = part("confirm");
  let found = null;
  part("file").addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    if (!file) return;
    found = unpack(await textOf(file), guidesHere(), Date.now());
    target.value = "";
    if (found.fault) return tellFault(part, found.fault);
    part("fault").hidden = true;
    if (await recall("treatment")) askIn(dialog);
    else await unpackHere(part, found, offer);
  });
  dialog.addEventListener("close", () => dialog.returnValue === "replace" && unpackHere(part, found, offer));
  // A file, or another page meanwhile, may have put another plan here: its link is the one to take along.
  const offer = async () => {
    const treatment = await personalise();
    if (treatment) offerLink(part, linkOf(treatment, await recall("clinic")), say);
  };
  onReturn(offer);
  await offer();
}

/** No more than shows that it is too long; "" for what cannot be read: a video may be picked by mistake. */
const textOf = (file) => file.slice(0, 4_000_000).text().catch(() => "");

function offerLink(part, link, say) {
  part("too-long").hidden = link?.length <= LONGEST_IN_A_CODE;
  part("code").querySelector("button").disabled = !(link?.length <= LONGEST_IN_A_CODE);
  part("code").plan.value = link;
  part("by-link").hidden = !link;
  const field = part("link");
  field.value = `${location.origin}/${here}/start#${link}`;
  part("copy").onclick = async () => {
    field.select();
    const copied = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
    say(copied ? "copied" : "copy_yourself");
  };
  part("share").hidden = !navigator.share;
  // Whoever closes the sheet has changed their mind: that is no fault.
  part("share").onclick = () => navigator.share({ title: "Lendemain", url: field.value }).catch(() => {});
}

async function saveFile(say) {
  const values = await Promise.all(ENTRIES.map(async (name) => [name, await recall(name)]));
  const name = `lendemain-${new Date().toISOString().slice(0, 10)}.json`;
  const file = new File([pack(Object.fromEntries(values))], name, { type: "application/json" });
  // An app on the home screen of an iPhone shows a download instead of keeping it; its share sheet keeps it.
  if (platform === "ios" && navigator.canShare?.({ files: [file] })) {
    return navigator.share({ files: [file] }).then(() => say("saved"), () => {});
  }
  const anchor = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
  say("saved");
}

function tellFault(part, { why, at, wants }) {
  const fault = part("fault");
  fault.textContent = words(`fault_${why}`, { at, wants: wants && words(`wants_${wants}`) });
  fault.hidden = false;
  fault.focus();
}

async function unpackHere(part, { entries, rang }, offer) {
  await forgetAll({ ...entries, links: await recall("links"), subscription: await recall("subscription") });
  await offer();
  part("done").hidden = false;
  part("anew").hidden = !rang;
  part("done").focus();
  if (lasts()) keepSet(setOf(entries.treatment, entries.settings?.language ?? here));
  // What rang for the plan that was here must not ring for this one.
  await sync(true);
}
