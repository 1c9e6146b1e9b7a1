/**
 * The plan link: one plan in a few url-safe characters, for another phone and for the app on an iPhone's
 * home screen, whose storage begins empty. First the codec, which is pure; then what this phone
 * remembers of links, the entry `links`: {used, deleted}.
 *
 *     1.ID.PROTOCOL.VERSION.VARIANT.AT.ROUGH.WAITS.TEXT
 *
 * AT is in milliseconds, base 36, and empty on a clinic's card; ROUGH "m", "a" or empty; WAITS such as
 * `makeup_48_sauna_72`; TEXT the base64url of JSON [zone, clinic's name, phone]: its bracket shows that the
 * end has arrived, in a character that no program cuts off a link.
 *
 * @typedef {{name: string, phone: string, hours: string, waits: Object<string, number>}} Clinic  waits in
 *   whole hours by the id of their activity
 * @typedef {{treatment: {id, protocol, version, variant, at, rough, zone}, clinic: Clinic | null}} Plan  `at`
 *   is null, and `zone` empty, where the one who made it cannot know
 */

import { change, recall } from "./record.js";
import { base64url } from "./sync.js";

const LONGEST = 1200;
/** No plan is older: what is typed as older is a slip, and neither a link nor a file would take it. */
export const FIRST_YEAR = Date.UTC(2020);
const CLOCKS_DIFFER = 86_400_000;
const MOST_HOURS = 2016;
const MOST_REMEMBERED = 100;
const ROUGH = { "": null, m: "morning", a: "afternoon" };
const INVISIBLE = /\p{C}/u;

/**
 * @param {Plan["treatment"]} treatment
 * @param {Clinic | null} clinic
 * @returns {string | null}  null where it is too long for a link
 */
export function linkOf(treatment, clinic) {
  const { id, protocol, version, variant, at, rough, zone } = treatment;
  const said = [at ? zone : "", plain(clinic?.name, 80), plain(clinic?.phone, 40)];
  const link = [
    "1",
    id,
    protocol,
    version,
    variant,
    at ? Date.parse(at).toString(36) : "",
    rough?.[0] ?? "",
    Object.entries(clinic?.waits ?? {}).flat().join("_"),
    base64url(new TextEncoder().encode(JSON.stringify(said))),
  ].join(".");
  return link.length > LONGEST ? null : link;
}

/**
 * @param {string} link  from anywhere: whatever is not exactly as `linkOf` writes it is refused
 * @param {string[]} guides  those this site has, "protocol/version/variant"
 * @param {number} now  epoch milliseconds
 * @returns {Plan | null}
 */
export function planOf(link, guides, now) {
  if (link.length > LONGEST) return null;
  try {
    const [, id, protocol, version, variant, at, rough, waits, text] = link.split(".");
    const [zone, name, phone] = JSON.parse(unpacked(text));
    const pairs = waits.match(/[^_]+_\d+/g)?.map((each) => each.split("_")) ?? [];
    const own = Object.fromEntries(pairs.map(([activity, hours]) => [activity, Number(hours)]));
    const when = at ? new Date(parseInt(at, 36)).toISOString() : null;
    const treatment = { id, protocol, version, variant, at: when, rough: ROUGH[rough], zone };
    const clinic = name || phone || waits ? { name, phone, hours: "", waits: own } : null;
    const sound =
      /^[\w-]{8,64}$/.test(id) &&
      guides.includes(`${protocol}/${version}/${variant}`) &&
      (when ? isMoment(when, now) && isZone(zone) : rough === "") &&
      pairs.every(([activity, hours]) => /^[a-z][a-z0-9-]{0,39}$/.test(activity) && hours <= MOST_HOURS);
    return sound && linkOf(treatment, clinic) === link ? { treatment, clinic } : null;
  } catch {
    return null;
  }
}

/** Whether a treatment can have ended then: clocks of two phones may differ by a day, not by more. */
export const isMoment = (at, now) =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(at) &&
  FIRST_YEAR <= Date.parse(at) &&
  Date.parse(at) <= now + CLOCKS_DIFFER;

/** Whether this phone knows a zone. */
export function isZone(zone) {
  try {
    return typeof zone === "string" && zone.length <= 64 && Boolean(Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}

/** A line of text without what cannot be seen in it. */
const plain = (text = "", longest) =>
  [...text].filter((each) => !INVISIBLE.test(each)).slice(0, longest).join("").trim();

function unpacked(text) {
  const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

/** Remember that a link was in an address here: an icon on the home screen may bring it again and again. */
export const noteLink = (id) =>
  change("links", (links) => {
    const { used = [], deleted = [] } = links ?? {};
    return { used: [...used.filter((each) => each !== id), id].slice(-MOST_REMEMBERED), deleted };
  });

/** Whether a link was in an address here before, or was deleted here. */
export async function isSpent(id) {
  const { used = [], deleted = [] } = (await recall("links")) ?? {};
  return used.includes(id) || deleted.includes(await hashOf(id));
}

/** What stays of `links` when everything is deleted: hashes, so that no icon brings a plan back; null: nothing. */
export async function linksLeft() {
  const { used = [], deleted = [] } = (await recall("links")) ?? {};
  const hashes = (await Promise.all(used.map(hashOf))).filter(Boolean);
  const left = [...new Set([...deleted, ...hashes])].slice(-MOST_REMEMBERED);
  return left.length ? { used: [], deleted: left } : null;
}

async function hashOf(id) {
  // Only a page that came safely can hash; no other is ever on a home screen either.
  const bytes = await crypto.subtle?.digest("SHA-256", new TextEncoder().encode(id));
  return bytes && base64url(bytes);
}
