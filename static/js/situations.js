/** Situations: what the guide says of what a person named about themselves. */

import { recall } from "./record.js";
import { holdsFor } from "./rows.js";

/**
 * What is said of the situations that were named stands open at the top of its page, and no longer
 * below; what is said of all others stays where everyone reads it.
 */
export async function tellSituations(main, { variant }) {
  const named = (await recall("situations")) ?? [];
  for (const mine of main.querySelectorAll("[data-mine]")) {
    const list = mine.querySelector("ul");
    const others = main.querySelector(`[data-others="${mine.dataset.mine}"]`);
    const said = others?.querySelectorAll("[data-situation]") ?? [];
    if (!list.children.length) {
      list.append(...[...said].filter((each) => each.matches("li")).map((each) => each.cloneNode(true)));
    }
    const show = (each, wanted) =>
      (each.hidden = !holdsFor(each, variant) || named.includes(each.dataset.situation) !== wanted);
    mine.hidden = [...list.children].map((each) => show(each, true)).every(Boolean);
    if (others) others.hidden = [...said].map((each) => show(each, false)).every(Boolean);
  }
}
