/** Keeping the app on the phone: by the browser's own prompt where it gives one, by words elsewhere. */

import { installed, isPad, wayToInstall } from "./browser.js";
import { homeScreenFirst, remember, remembered } from "./notices.js";
import { words } from "./wording.js";

// Ways that are offered on Today by name. Chromium tells by itself when it can, and whether it has.
const BY_NAME = ["ios-safari", "ios-chrome", "mac", "samsung", "firefox", "in-app"];

let prompting = null;
let tellAgain = () => {};

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  prompting = event;
  tellAgain();
});
addEventListener("appinstalled", () => {
  prompting = null;
  tellAgain();
  document.querySelectorAll("[data-notice=install]").forEach((each) => delete each.dataset.wanted);
});

/** On every page that has a button for it: show it while the browser has a prompt to give. */
export function offerPrompt(root) {
  const show = () => root.querySelectorAll("[data-prompt]").forEach((each) => (each.hidden = !prompting));
  tellAgain = show;
  root.querySelectorAll("[data-prompt] button").forEach((each) => each.addEventListener("click", async () => {
    // A prompt can be given once.
    const event = prompting;
    prompting = null;
    tellAgain();
    event.prompt();
    if ((await event.userChoice)?.outcome === "dismissed") remember("install", "dismissed");
  }));
  show();
}

/** On Today: the iPhone's card first, or else one offer below. */
export function offerInstall(main, treatment) {
  const card = main.querySelector("[data-notice=iphone]");
  const offer = main.querySelector("[data-notice=install]");
  const steps = card.querySelector("[data-steps]");
  const show = async () => {
    const wanted = treatment && main.dataset.state === "day" && !installed();
    const way = wayToInstall();
    if (wanted && (await homeScreenFirst())) card.dataset.wanted = "";
    const open = "wanted" in card.dataset;
    const able = prompting || BY_NAME.includes(way);
    const answer = wanted && !open && able ? await remembered("install") : "dismissed";
    offer.toggleAttribute("data-wanted", answer !== "dismissed");
    offer.querySelector("[data-in-app]").hidden = way !== "in-app";
    offer.querySelector("[data-elsewhere]").hidden = way === "in-app";
  };
  const button = card.querySelector("[aria-expanded]");
  button.onclick = () => {
    steps.hidden = false;
    button.setAttribute("aria-expanded", "true");
  };
  tellDevice(card);
  const promptToo = tellAgain;
  tellAgain = () => (promptToo(), show());
  return show();
}

/** An iPad is no iPhone, and of two browsers only the steps of this one are shown. */
function tellDevice(root) {
  for (const each of root.querySelectorAll("[data-device]")) {
    each.hidden = (each.dataset.device === "ipad") !== isPad;
  }
  for (const each of root.querySelectorAll("[data-steps-of]")) {
    each.hidden = each.dataset.stepsOf !== wayToInstall();
  }
}

/** On its own page: this browser's way first and open, the others folded. */
export function showInstall(main) {
  const way = wayToInstall();
  for (const each of main.querySelectorAll("details[data-way]")) {
    each.open = each.dataset.way === way;
    if (each.open) each.parentElement.prepend(each);
  }
  const copy = main.querySelector("[data-copy]");
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
    const address = `${location.origin}/${document.documentElement.lang}/`;
    const done = await navigator.clipboard.writeText(address).then(() => true, () => false);
    main.querySelector("[data-copied]").textContent = done ? words("copied") : address;
  });
}

/** Where a window belongs to another app, say so before anything is entered. */
export function warnInApp(root) {
  for (const each of root.querySelectorAll("[data-warn-in-app]")) each.hidden = wayToInstall() !== "in-app";
}
