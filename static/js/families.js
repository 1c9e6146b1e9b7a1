/** A phone follows one treatment in one version: what every page has for all leads to that one. */

const familyOf = ({ protocol, version }) => `${protocol}/${version}`;

/** The address of a room of a treatment's own guide; that of the main one has the short address. */
export function roomOf(treatment, room) {
  const [, ...others] = document.body.dataset.families.split(" ");
  const mine = familyOf(treatment);
  return `/${document.documentElement.lang}/${others.includes(mine) ? `${mine}/` : ""}${room}`;
}

/**
 * Lead the links of `data-room` into the person's own guide, and leave only its own of what a page has
 * for each (`data-family`). A version that this server does not have changes nothing.
 */
export function keepToFamily(treatment) {
  const [main, ...others] = document.body.dataset.families.split(" ");
  const mine = familyOf(treatment);
  if (mine !== main && !others.includes(mine)) return;
  for (const part of document.querySelectorAll("[data-family]")) {
    if (part.dataset.family === mine) part.hidden = false;
    else part.remove();
  }
  if (mine === main) return;
  for (const link of document.querySelectorAll("[data-room]")) {
    link.pathname = roomOf(treatment, link.dataset.room);
  }
}
