/**
 * "What's in it?": what stands on a package, read name by name, and what the product's answer is. Pure: no
 * page, no storage, no clock. Whatever cannot be read for certain is unknown, never better than that.
 *
 * @typedef {import("./names.js").Kind} Kind
 * @typedef {import("./names.js").Entry} Entry
 * @typedef {{text: string, entries: Entry[], known: boolean, place: number, leads: boolean}} Line  `place` on its list,
 *   from 0; of what is active, or has its amount beside it, always 0, and it leads, as does the first of all
 * @typedef {{entry: Entry, of: string, kind: Kind, hours: number, theirs: boolean}} Judged  `theirs`: it waits as the clinic said
 */

import { ACTIVE, ANYWHERE, LISTED, piecesOf, STATED } from "./labels.js";
import { bare, exact, look, nameAt, near, rank, waits } from "./names.js";

// Between two names of one stretch; what stands on both sides is read by itself.
const BETWEEN = /\s(?:AND|ET|WITH|AVEC|OR|OU|NI|NOR)\s|[&+]/;
// What a claim does not reach over: "sans parfum avec rétinol" has retinol in it.
const JOINED = /\s(?:AND|ET|WITH|AVEC)\s|[&+]/;
const NOT_IN_IT = /^(?:SANS|WITHOUT|NON?|CONTAINS NO|DOES NOT CONTAIN|FREE (?:OF|FROM)|NE CONTIENT (?:PAS|NI|AUCUNE?))\b(?:[ -](?:ADDED\b|AJOUT D|D))?(?:E\b|')?|[ -]FREE\W*$/;
const FORM = /^(?:CREAM|CREME|GEL|OINTMENT|ONGUENT|POMMADE|LOTION|SERUM|FOAM|MOUSSE|SPRAY|SOLUTION|PATCH|TIMBRE|TOPICAL|A|LA|DE)$/;
// A letter alone is a footnote's.
const EXPLAINED = /^(?:\W*(?:ORGANIC|VEGETA(?:BLE|LE?)|NATURAL|NATUREL|BIO(?:LOGIQUE)?|PRESERVATIVE|AND|ET|[A-Z])\b)+\W*$/;
const BRACKET = /\(([^()]*)\)/g;
// "Butyrospermum Parkii (Shea) Butter": what people call it stands amid a name.
const AMID = /(?<=[A-Z]\s*)\(([^()]*)\)(?=\s*[A-Z])/g;
const GENERIC = /^\W*(?:(?:COMPLEXE?|BLEND|MELANGE|MIX|(?:MULTI)?VITAMINE?S?|ACIDE?S?|FRUITS?|[ABP]HAS?|OF|DE)\b\W*)*$/;
const LONGEST_NAME = 10;
const LONGEST_SLIP = 4;
// As many words as hardly any one name has.
const A_FEW = 5;
// A maker's own number, or any but those of dyes.
const CODE = /^(?!(?:[1-7]\d{4}\b\W*)+$)(?:\P{L}*|(?:F\W?I\W?L\b\W*)?(?:[A-Z]?\d{4}[\d\s\/.-]*)?)$/u;
const OF_ANOTHER_SCRIPT = /[^\P{L}A-Z]+/gu;

/** @returns {Line[]}  in the order of the package, each ingredient once */
export function readList(index, text) {
  index.looks = 0;
  // Beside BHT it is a preservative, and not the acid.
  index.other = /\bBHT\b/i.test(text) && !/\bBHA\b[^,;\n]*\d/i.test(text) ? "BHA" : "";
  const lines = new Map();
  let [active, section] = [false, new Map()];
  for (const marked of piecesOf(text)) {
    if ([ACTIVE, LISTED].includes(marked[0])) [active, section] = [marked[0] === ACTIVE, new Map()];
    const stated = active || marked.includes(STATED);
    const piece = marked.replace(/[\u0001-\u0004]/g, " ").replace(/\s+/g, " ").trim();
    for (const line of readPiece(index, piece)) {
      const mark = line.known ? line.entries.map(({ inci }) => inci).join() : bare(line.text) || line.text;
      if (!section.has(mark)) section.set(mark, section.size);
      const place = stated || marked.includes(ANYWHERE) ? 0 : section.get(mark);
      const before = lines.get(mark) ?? { place, leads: !lines.size };
      lines.set(mark, { ...line, ...before, place: Math.min(before.place, place), leads: before.leads || stated });
    }
  }
  return [...lines.values()];
}

function readPiece(index, piece) {
  if (CODE.test(piece)) return [];
  const latin = piece.replace(OF_ANOTHER_SCRIPT, " ");
  if (latin !== piece) return [...readPiece(index, latin.trim()), unknown(piece)];
  const joined = piece.split(JOINED);
  if (joined.length > 1 && joined.some((each) => NOT_IN_IT.test(each))) {
    return joined.flatMap((each) => readPiece(index, each.trim()));
  }
  const claimed = piece.replace(NOT_IN_IT, "").trim();
  return claimed === piece ? readBracketed(index, piece) : readClaim(index, claimed);
}

/** One name after a claim is not in it; what is not one name is read. */
function readClaim(index, claimed) {
  return claimed.split(BETWEEN).flatMap((each) => (look(index, bare(each)) ? [] : readStretch(index, each)));
}

function readBracketed(index, piece) {
  const amid = readBrackets(index, piece, AMID);
  const beside = readBrackets(index, piece.replace(AMID, " "), BRACKET);
  const inner = [...amid, ...beside];
  const outer = piece.replace(BRACKET, " ").replace(/[()]/g, " ").trim();
  if (!outer) return inner;
  const lines = readStretch(index, outer);
  const named = inner.filter(({ entries }) => entries.some(({ of }) => of));
  if (lines.every(isKnown)) return [...lines, ...named, ...(lines.length === 1 ? beside : inner).filter(isUnread)];
  // "Vitamin complex (Niacinamide)" says what it is.
  const said = named.length && inner.every(isKnown) && lines.every((each) => isKnown(each) || isGeneric(index, each));
  return [...(said ? lines.filter(isKnown) : lines), ...named];
}

function readBrackets(index, text, which) {
  const found = [...text.matchAll(which)].map(([, each]) => each.trim());
  return found.filter((each) => !EXPLAINED.test(each)).flatMap((each) => readPiece(index, each));
}

const isKnown = (line) => line.known;
const isUnread = (line) => !line.known;
const isGeneric = (index, { text }) => text.split(" ").every((word) => GENERIC.test(word) || exact(index, bare(word)));

const lineOf = (text, entry) => ({ text, entries: entry.unlike ? [] : [entry], known: !entry.unlike });
const unknown = (text) => ({ text, entries: [], known: false });

/** All names in a stretch: the whole of it first, then the longest that fit side by side. */
function readStretch(index, text) {
  const whole = look(index, bare(text));
  if (whole) return [lineOf(text, whole)];
  const parts = ` ${text} `.split(BETWEEN).map((each) => each.trim()).filter(Boolean);
  if (parts.length && parts[0] !== text) return parts.flatMap((each) => readStretch(index, each));
  const words = text.split(/[\s/]+/).filter(bare);
  return readBrand(index, text, words) ?? readWords(index, text, words);
}

/** "EMLA cream" is EMLA; what else is in it is not known, which matters where a wait ends. */
function readBrand(index, text, words) {
  // Of "vitamine A" the letter is no word of form.
  const named = words.filter((each, at) => !FORM.test(each) || /^VITAMINE?$/.test(words[at - 1]));
  const brand = look(index, bare(named.join("")));
  if (!brand?.of || !waits(index.table, brand)) return null;
  const ends = (brand.kind ?? index.table.classes[brand.of].kind) === "from";
  return [lineOf(text, brand), ...(ends ? [unknown(text)] : [])];
}

function readWords(index, text, words) {
  const { found, left } = tile(words, LONGEST_NAME, (key) => nameAt(index, key));
  // What stands alone between commas was looked at whole.
  const alone = !found.length && words.length <= A_FEW;
  const slips = alone ? [{ found, left }] : left.map((run) => tile(run, LONGEST_SLIP, (key) => nearName(index, key)));
  const unread = slips.filter((each) => each.left.length);
  // What resembles a part of something unread is no slip.
  const meant = slips.filter((each) => !each.left.length).flatMap((each) => each.found);
  const lines = [...found, ...meant]
    // "Alcohol" beside something unread may be a part of its name.
    .filter(({ name }) => !unread.length || !name.oneWord)
    .map(({ name, words: of }) => lineOf(of.join(" "), name.entry));
  return unread.length ? [...lines, unknown(text)] : lines;
}

function nearName(index, key) {
  const entry = near(index, key);
  return entry && { entry, oneWord: false };
}

/** Lay the longest names over a row of words, from its beginning on; what is left comes in runs. */
function tile(words, longest, nameOfKey) {
  const keys = words.map(bare);
  const found = [];
  const left = [];
  let run = [];
  for (let from = 0; from < words.length; ) {
    let to = Math.min(words.length, from + longest);
    let name = null;
    while (to > from && !(name = nameOfKey(keys.slice(from, to).join("")))) to -= 1;
    if (name) {
      found.push({ name, words: words.slice(from, to) });
      if (run.length) left.push(run);
      run = [];
      from = to;
    } else {
      run.push(words[from]);
      from += 1;
    }
  }
  if (run.length) left.push(run);
  return { found, left };
}

/**
 * The answer of a product, so many hours after the treatment: its strictest ingredient's.
 * `waiting` are what it must wait for, the strictest first.
 *
 * @param {Line[]} lines
 * @param {string} variant
 * @param {number} since  hours since the treatment
 * @param {Object<string, number>} own  the clinic's own waits, by activity
 * @returns {{answer: "unknown" | "never" | "ask" | "wait" | "clear", hours: number, known: number, all: number,
 *   waiting: Judged[]}}
 *   `hours`: after which nothing of it is on the wait list; of something to ask about, before which not even that
 */
export function answerOf({ table }, lines, variant, since, own = {}) {
  // A pigment of makeup has the name of a filter: what is one stands first, or with its amount.
  const there = new Set(lines.filter(({ leads }) => leads).flatMap(({ entries }) => entries.map(({ of }) => of)));
  const judged = lines.flatMap(({ entries, place }) =>
    entries.map((entry) => judge(table, entry, place, there, variant, own)),
  );
  const listed = judged.filter(({ of }) => of).sort((one, other) => rank(other) - rank(one));
  const waiting = listed.filter((each) => each.kind !== "from" || each.hours > since);
  const known = lines.filter(isKnown).length;
  const hours = Math.max(table.base, ...judged.map((each) => each.hours));
  const kinds = new Set(waiting.map(({ kind }) => kind));
  const sure = known === lines.length && known > 0;
  const strictest = kinds.has("never") ? "never" : kinds.has("ask") ? "ask" : hours > since ? "wait" : "clear";
  return { answer: sure ? strictest : "unknown", hours, known, all: lines.length, waiting };
}

function judge(table, entry, place, there, variant, own) {
  const little = entry.first && place >= entry.first;
  if (!entry.of || little) return { entry, of: null, kind: "from", hours: 0 };
  const { kind, hours, beside, activity } = table.classes[entry.of];
  const near = beside && there.has(beside.of) ? beside.hours : undefined;
  const theirs = near === undefined ? own[activity] : undefined;
  const ours = entry.hours ?? near ?? hours[variant] ?? hours;
  return { entry, of: entry.of, kind: entry.kind ?? kind, hours: theirs ?? ours, theirs: theirs !== undefined };
}
