/**
 * All names that are known, and the one that a slip of the pen or of a camera stands for. Pure.
 *
 * @typedef {"never" | "ask" | "from"} Kind
 * @typedef {{first?: number, kind?: Kind, hours?: number}} Own  what an ingredient does not share with its class;
 *   `first`: it counts among so many first ones of a list
 * @typedef {(string | Own)[]} Names  all that stands for one thing, the name of the nomenclature (INCI) first
 * @typedef {{kind: Kind, hours: number | Record<string, number>, activity?: string,
 *   beside?: {of: string, hours: number}, names: Names[]}} Class  `hours` after the treatment, of all variants or by
 *   variant; a clinic's own wait for `activity` stands instead of them; `beside`: those of a product that something of another class leads
 * @typedef {{classes: Record<string, Class>, bases: Names[], unlike: string[], base: number}} Table  `unlike`: names that
 *   resemble others and are unknown; `base`: the hours of any product
 * @typedef {{inci: string, of?: string, names: string[], unlike?: boolean} & Own} Entry  `of` a class; a base has none
 */

import { plain } from "./labels.js";
import { distance } from "./slips.js";

const SHORTEST = 5;
const MOST_SLIPS = 3;
// A text with more unread in it is no list of ingredients.
const MOST_LOOKS = 500;
// Letters and digits: what is left of a name that is compared.
const SIGNS = 36;

/** @param {Table} table */
export function nameIndex(table) {
  const entries = entriesOf(table);
  const unlike = table.unlike.map((name) => ({ inci: name, names: [name], unlike: true }));
  const named = [...entries, ...unlike]
    .flatMap((entry) =>
      entry.names.map((name) => ({
        key: keyOf(name),
        entry,
        oneWord: name !== entry.inci && !/[\s/-]/.test(name.trim()),
        tail: keyOf(/^vitamine?\s(.+)/i.exec(name)?.[1] ?? ""),
      })),
    )
    .sort((one, other) => one.key.length - other.key.length);
  const longest = named.at(-1).key.length;
  const pairs = Array.from({ length: SIGNS * SIGNS }, () => []);
  named.forEach(({ key }, number) => {
    for (const pair of pairsOf(key)) pairs[pair].push(number);
  });
  return {
    table,
    entries,
    named,
    names: new Map(named.map((each) => [each.key, each])),
    // The first name of each length: a slip makes no name much longer.
    starts: Array.from({ length: longest + 2 }, (_, long) => named.findIndex(({ key }) => key.length >= long) >>> 0),
    pairs,
    own: Uint8Array.from(named, ({ key }) => pairsOf(key).length),
    most: Uint8Array.from(named, (each) => allowed(table, each)),
    shared: new Uint8Array(named.length),
    nearest: new Map(),
    looks: 0,
    other: "",
  };
}

/** @returns {Entry[]} */
function entriesOf({ classes, bases }) {
  const entryOf = (row, of) => {
    const names = row.filter((each) => typeof each === "string");
    const own = row.find((each) => typeof each !== "string");
    return { inci: names[0], of, names, ...own };
  };
  const listed = Object.entries(classes).flatMap(([of, { names }]) => names.map((row) => entryOf(row, of)));
  return [...listed, ...bases.map((row) => entryOf(row))];
}

/** Names are compared without blanks and marks: a line's end may have broken them anywhere. */
const keyOf = (text) => bare(plain(text));
export const bare = (text) => text.replace(/[^A-Z0-9]+/g, "");

// `other`: what stands for something else on this one package.
export const nameAt = ({ names, other }, key) => (key === other ? undefined : names.get(key));
export const exact = (index, key) => nameAt(index, key)?.entry;
export const look = (index, key) => exact(index, key) ?? near(index, key);

// In which turn each pair was last met: cheaper than a set for every name.
const met = new Uint32Array(SIGNS * SIGNS);
let turn = 0;

/** The pairs of neighbouring signs in a name, each once, as numbers. */
function pairsOf(key) {
  const found = [];
  turn += 1;
  let before = signOf(key, 0);
  for (let at = 1; at < key.length; at += 1) {
    const sign = signOf(key, at);
    const pair = before * SIGNS + sign;
    if (met[pair] !== turn) found.push(pair);
    met[pair] = turn;
    before = sign;
  }
  return found;
}

function signOf(key, at) {
  const code = key.charCodeAt(at);
  return code < 65 ? code - 48 : code - 55;
}

const digitsOf = (key) => key.replace(/\D/g, "");

/** The name that a slip of the pen or of a camera stands for; none where it may be another substance. */
export function near(index, key) {
  if (key.length < SHORTEST || key.length > index.starts.length + MOST_SLIPS) return null;
  if (!index.nearest.has(key)) {
    if (index.looks >= MOST_LOOKS) return null;
    index.looks += 1;
    index.nearest.set(key, closest(index, key));
  }
  return index.nearest.get(key);
}

function closest({ table, named, starts, pairs, own, most, shared }, key) {
  const from = starts[Math.max(0, key.length - MOST_SLIPS)] ?? named.length;
  const to = Math.min(named.length, starts[key.length + MOST_SLIPS + 1] ?? named.length);
  const mine = pairsOf(key);
  shared.fill(0);
  for (const pair of mine) {
    for (const number of pairs[pair]) if (number >= from && number < to) shared[number] += 1;
  }
  let [best, slips] = [null, Infinity];
  for (let number = from; number < to; number += 1) {
    const allow = most[number];
    // One slip touches three pairs at most.
    if (shared[number] < Math.max(1, Math.min(own[number], mine.length) - 3 * allow)) continue;
    const name = named[number];
    const found = distance(name.key, key, allow);
    if (found > allow || found > slips || digitsOf(name.key) !== digitsOf(key) || !key.endsWith(name.tail)) continue;
    if (found < slips || weight(table, name.entry) > weight(table, best)) [best, slips] = [name.entry, found];
  }
  return best;
}

/** Something that waits is recognised sooner than something that does not: chemists' names are alike. */
function allowed(table, { key, entry }) {
  // What many names begin with makes none of them longer.
  const long = key.replace(/^(?:ACIDE|SODIUM|POTASSIUM)/, "").length;
  if (!waits(table, entry)) return long < 7 ? 0 : long < 14 ? 1 : 2;
  return long < 5 ? 0 : long < 11 ? 1 : long < 18 ? 2 : 3;
}

/** How strict an ingredient is, whatever the treatment; what is unknown is stricter than what any product is. */
function weight(table, { of, kind, hours, unlike }) {
  if (!of) return unlike ? table.base + 1 : 0;
  const found = table.classes[of];
  const longest = hours ?? Math.max(...(typeof found.hours === "number" ? [found.hours] : Object.values(found.hours)));
  return rank({ kind: kind ?? found.kind, hours: longest });
}

export const waits = (table, entry) => weight(table, entry) > table.base;

const RANK = { never: 2_000_000, ask: 1_000_000, from: 0 };
export const rank = ({ kind, hours }) => RANK[kind] + hours;
