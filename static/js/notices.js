/**
 * One notice at a time: the first that is wanted, in this order. A feature sets `data-wanted` on its
 * `[data-notice]` and leaves `hidden` alone.
 */

import { change, lasts, recall } from "./record.js";
import { wayToRing } from "./browser.js";
import { followOnce } from "./sync.js";

// A correction, and a fault of the phone's; then what concerns the guide itself, and what could be better.
const ORDER = ["correction", "memory", "iphone", "silence", "version", "clinic", "install", "reminders", "update"];
// On the day itself nothing else asks for attention before the person looks further down.
const AT_ONCE = ["correction", "memory", "iphone"];
// Whoever has just put off one of these is not asked the next one.
const OFFERS = ["clinic", "install", "reminders"];

const rankOf = ({ dataset }) => ORDER.indexOf(dataset.notice) >>> 0;

/** Show one notice, whatever comes to be wanted; `answered` is called when one was answered for good. */
export function tendNotices(main, answered) {
  let [looked, putOff] = [scrollY > 0, false];
  const early = () => {
    // Where all is in sight there is nothing to scroll to.
    looked ||= "ready" in main.dataset && document.documentElement.scrollHeight <= innerHeight;
    return main.dataset.page === "today" && main.dataset.day === "0" && !looked;
  };
  const may = ({ dataset: { notice } }) =>
    early() ? AT_ONCE.includes(notice) : !(putOff && OFFERS.includes(notice));
  const show = () => {
    const notices = [...document.querySelectorAll("[data-notice]")].sort((a, b) => rankOf(a) - rankOf(b));
    const shown = notices.find((each) => "wanted" in each.dataset && may(each));
    for (const each of notices) each.hidden = each !== shown;
  };
  const attributes = ["data-wanted", "data-day", "data-ready"];
  new MutationObserver(show).observe(document.body, { subtree: true, attributeFilter: attributes });
  addEventListener("scroll", () => (looked = true) && show(), { once: true });
  document.addEventListener("click", async (tap) => {
    const asked = tap.target.closest("[data-answers]");
    const notice = asked?.closest("[data-notice]");
    if (!notice) return;
    putOff = true;
    // What opens something within the notice leaves it there for this visit.
    const stays = asked.matches("[aria-expanded]");
    if (!stays) delete notice.dataset.wanted;
    if (!stays && notice.contains(document.activeElement)) main.focus({ preventScroll: true });
    const written = remember(notice.dataset.remembered ?? notice.dataset.notice, asked.dataset.answers);
    if (asked.matches("a")) return followOnce(written, asked, tap);
    await written;
    answered();
  });
  show();
}

/** Remember for good what became of an offer: "shown" or "dismissed". */
export const remember = (name, answer) => change("notices", (before) => ({ ...before, [name]: answer }));

/** What became of an offer; undefined while it was never answered. */
export const remembered = async (name) => (await recall("notices"))?.[name];

/**
 * Whether the home screen comes before all else: what is entered in a tab of an iPhone or iPad does
 * not come along to the app on its home screen.
 */
export const homeScreenFirst = async () =>
  wayToRing() === "ios-tab" && lasts() && !(await remembered("install"));
