/**
 * "What's in it?": what stands on a package, read name by name, and what the product's answer is. Pure: no
 * page, no storage, no clock. Whatever cannot be read for certain is unknown, never better than that.
 *
 * @typedef {"never" | "ask" | "from"} Kind
 * @typedef {{first?: number, kind?: Kind, hours?: number}} Own  what an ingredient does not share with its class;
 *   `first`: it counts among so many first ones of a list
 * @typedef {(string | Own)[]} Names  all that stands for one thing, the name of the nomenclature (INCI) first
 * @typedef {{kind: Kind, hours: number | Record<string, number>, activity?: string,
 *   beside?: {of: string, hours: number}, names: Names[]}} Class  `hours` after the treatment, of all variants or by
 *   variant; a clinic's own wait for `activity` stands instead of them; `beside`: those of a product with something of another class
 * @typedef {{classes: Record<string, Class>, bases: Names[], unlike: string[], base: number}} Table  `unlike`: names that
 *   resemble others and are unknown; `base`: the hours of any product
 * @typedef {{inci: string, of?: string, names: string[], unlike?: boolean} & Own} Entry  `of` a class; a base has none
 * @typedef {{text: string, entries: Entry[], known: boolean, place: number}} Line  `place` on its list, from 0; of what
 *   is active, or has its amount beside it, always 0
 * @typedef {{entry: Entry, of: string, kind: Kind, hours: number, theirs: boolean}} Judged  `theirs`: it waits as the clinic said
 */

import { distance } from "./slips.js";

// Between two names of one stretch; what stands on both sides is read by itself.
const BETWEEN = /\s(?:AND|ET|WITH|AVEC|OR|OU|NI|NOR)\s|[&+]/;
// What a claim does not reach over: "sans parfum avec rétinol" has retinol in it.
const JOINED = /\s(?:AND|ET|WITH|AVEC)\s|[&+]/;
const HEADINGS = [
  "(?:NON[- ]?)?MEDICINAL INGREDIENTS?", "INGREDIENTS? (?:NON[- ])?MEDICINA(?:UX|L)", "(?:IN)?ACTIVE INGREDIENTS?",
  "INGREDIENTS? (?:IN)?ACTIFS?", "OTHER INGREDIENTS?", "AUTRES? INGREDIENTS?", "INGREDIENTS?(?: ?\\/ ?INGREDIENTS?)?", "MAY CONTAIN", "PEUT CONTENIR", "COMPOSITION", "INCI",
].join("|"); // prettier-ignore
const HEADING = new RegExp(`(?:^|(?<=[\\s(\\[/.,;]))(?:${HEADINGS})\\s*(?:[:/]|$|(?=[\\s(\\[+]))`, "gm");
const NUMBER = "\\d+(?:[.,]\\d+)*";
const UNIT = "%|PER ?CENT\\b|POUR ?CENT\\b|PPM\\b|MG ?\\/ ?M?[LG]\\b|UNIT(?:E?S?)\\b(?: ?\\/ ?G\\b)?|[UI]{2}\\b(?: ?\\/ ?G\\b)?";
const AMOUNT = new RegExp(
  `\\(?[<>≤≥~]? *(?:${NUMBER} *[-–] *)?${NUMBER}[\\u00a0\\u202f ]*(?:${UNIT}) *(?:\\(?[WVP]\\/[WVP]\\)?)? *\\)?`,
  "g",
);
// What they leave behind in a text: no package has these.
const [ACTIVE, LISTED, STATED] = ["\u0001", "\u0002", "\u0003"];
const NOT_IN_IT = /^(?:SANS|WITHOUT|NON?|CONTAINS NO|DOES NOT CONTAIN|FREE (?:OF|FROM)|NE CONTIENT (?:PAS|NI|AUCUNE?))\b(?:[ -](?:ADDED\b|AJOUT D|D))?(?:E\b|')?|[ -]FREE\W*$/;
const FORM = /^(?:CREAM|CREME|GEL|OINTMENT|ONGUENT|POMMADE|LOTION|SERUM|FOAM|MOUSSE|SPRAY|SOLUTION|PATCH|TIMBRE|TOPICAL|A|LA|DE)$/;
// A letter alone is a footnote's.
const EXPLAINED = /^(?:\W*(?:ORGANIC|VEGETA(?:BLE|LE?)|NATURAL|NATUREL|BIO(?:LOGIQUE)?|PRESERVATIVE|AND|ET|[A-Z])\b)+\W*$/;
const BRACKET = /\(([^()]*)\)/g;
// "Butyrospermum Parkii (Shea) Butter": what people call it stands amid a name.
const AMID = /(?<=[A-Z]\s*)\(([^()]*)\)(?=\s*[A-Z])/g;
const GENERIC = /^\W*(?:(?:COMPLEXE?|BLEND|MELANGE|MIX|(?:MULTI)?VITAMINE?S?|ACIDE?S?|FRUITS?|[ABP]HAS?|OF|DE)\b\W*)*$/;
const SHORTEST = 5;
const MOST_SLIPS = 3;
const LONGEST_NAME = 10;
const LONGEST_SLIP = 4;
// As many words as hardly any one name has.
const A_FEW = 5;
// A text with more unread in it is no list of ingredients.
const MOST_LOOKS = 500;
// Letters and digits: what is left of a name that is compared.
const SIGNS = 36;
// A maker's own number, or any but those of dyes.
const CODE = /^(?!(?:[1-7]\d{4}\b\W*)+$)(?:\P{L}*|(?:F\W?I\W?L\b\W*)?(?:[A-Z]?\d{4}[\d\s\/.-]*)?)$/u;
const OF_ANOTHER_SCRIPT = /[^\P{L}A-Z]+/gu;

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
    met: new Map(),
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

/** Upper case without accents; the Greek letters of names as they are said. */
const plain = (text) =>
  text
    .toUpperCase()
    .replace(/Œ/g, "OE")
    .replace(/\u0391/g, "ALPHA")
    .replace(/\u0392/g, "BETA")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[’ʼ]/g, "'");

/** Names are compared without blanks and marks: a line's end may have broken them anywhere. */
const keyOf = (text) => bare(plain(text));
const bare = (text) => text.replace(/[^A-Z0-9]+/g, "");

/** @returns {Line[]}  in the order of the package, each ingredient once */
export function readList(index, text) {
  index.looks = 0;
  // Beside BHT it is a preservative, and not the acid.
  index.other = /\bBHT\b/i.test(text) && !/\bBHA\b[^,;\n]*\d/i.test(text) ? "BHA" : "";
  const lines = new Map();
  let [active, section] = [false, new Map()];
  for (const marked of piecesOf(text)) {
    if ([ACTIVE, LISTED].includes(marked[0])) [active, section] = [marked[0] === ACTIVE, new Map()];
    const piece = marked.replace(/[\u0001-\u0003]/g, " ").replace(/\s+/g, " ").trim();
    for (const line of readPiece(index, piece)) {
      const mark = line.known ? line.entries.map(({ inci }) => inci).join() : bare(line.text) || line.text;
      if (!section.has(mark)) section.set(mark, section.size);
      const place = active || marked.includes(STATED) ? 0 : section.get(mark);
      const { place: before = place } = lines.get(mark) ?? {};
      lines.set(mark, { ...line, ...lines.get(mark), place: Math.min(before, place) });
    }
  }
  return [...lines.values()];
}

/** What stands between commas, bullets or line ends. */
function piecesOf(text) {
  // A camera takes one for the other, amid capitals.
  const marked = plain(text.replace(/(?<=[A-Z])l(?=[A-Z])/g, "I"))
    .replace(/\r\n?/g, "\n")
    .replace(/[®™©*†‡¹²³°ºª]/g, "")
    .replace(/\\/g, "/")
    .replace(/\[?\b(?:NON[- ])?NANO\b\]?/g, " ")
    .replace(AMOUNT, ` ${STATED} `)
    .replace(/[-\u00ad‐]\s*\n\s*/g, "")
    .replace(/(?<!\d)(\d),(\d)(?!\d)/g, "$1$2")
    .replace(/(?<=[A-Z])0(?=[A-Z])/g, "O")
    .replace(/(?<=[A-Z])1(?=[A-Z])/g, "I")
    .replace(/(?<=[A-Z][AOY])1(?![A-Z\d])/g, "L")
    .replace(/^\s*(?:[-–—•·]|\d{1,2}[.)])\s+/gm, ";")
    .replace(HEADING, (heading) => (/(?<!NON\W?)MEDICINA|(?<!IN)ACTI/.test(heading) ? `|${ACTIVE}` : `|${LISTED}`))
    .replace(/\+\s?\/\s?-|±/g, "|")
    // A bracket around several names holds no explanation.
    .replace(/\(([^()]*[,;•][^()]*)\)/g, ";$1;");
  const separators = marked.match(/[,;•·●▪◦]/g)?.length ?? 0;
  // Where commas part the names, a line's end is only where the label was full.
  const byLine = separators * 3 < marked.trim().split("\n").length - 1;
  const columns = separators < marked.trim().split(/\t| {2,}/).length - 1;
  const split = [...(byLine ? ["\\n"] : []), ...(columns ? ["\\t", " {2,}"] : []), "[,;•·●▪◦|:\\[\\]]|(?<=[A-Z)]{2}|\u0003 )\\.\\s"];
  return marked.split(new RegExp(split.join("|"))).map((piece) => piece.replace(/\s+/g, " ").trim());
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
  if (claimed !== piece) {
    return claimed.split(BETWEEN).flatMap((each) => (look(index, bare(each)) ? [] : readStretch(index, each)));
  }
  const amid = readBrackets(index, piece, AMID);
  const beside = readBrackets(index, piece.replace(AMID, " "), BRACKET);
  const inner = [...amid, ...beside];
  const outer = piece.replace(BRACKET, " ").replace(/[()]/g, " ").trim();
  if (!outer) return inner;
  const lines = readStretch(index, outer);
  const read = lines.filter((each) => each.known);
  const named = inner.filter(({ entries }) => entries.some(({ of }) => of));
  const unread = inner.filter((each) => !each.known);
  // "Vitamin complex (Niacinamide)" says what it is.
  const plainly = (text) => text.split(" ").every((word) => GENERIC.test(word) || exact(index, bare(word)));
  const said = named.length && !unread.length && lines.every((each) => each.known || plainly(each.text));
  if (read.length < lines.length) return [...(said ? read : lines), ...named];
  return [...lines, ...named, ...(lines.length === 1 ? beside.filter((each) => !each.known) : unread)];
}

function readBrackets(index, text, which) {
  const found = [...text.matchAll(which)].map(([, each]) => each.trim());
  return found.filter((each) => !EXPLAINED.test(each)).flatMap((each) => readPiece(index, each));
}

const lineOf = (text, entry) => ({ text, entries: entry.unlike ? [] : [entry], known: !entry.unlike });
const unknown = (text) => ({ text, entries: [], known: false });

/** All names in a stretch: the whole of it first, then the longest that fit side by side. */
function readStretch(index, text) {
  const whole = look(index, bare(text));
  if (whole) return [lineOf(text, whole)];
  const parts = ` ${text} `.split(BETWEEN).map((each) => each.trim()).filter(Boolean);
  if (parts.length && parts[0] !== text) return parts.flatMap((each) => readStretch(index, each));
  const words = text.split(/[\s/]+/).filter((each) => bare(each));
  // Of "vitamine A" the letter is no word of form.
  const named = words.filter((each, at) => !FORM.test(each) || /^VITAMINE?$/.test(words[at - 1]));
  const brand = look(index, bare(named.join("")));
  if (brand?.of && waits(index.table, brand)) {
    // What else is in it is not known, which matters where a wait ends.
    const open = (brand.kind ?? index.table.classes[brand.of].kind) === "from";
    return [lineOf(text, brand), ...(open ? [unknown(text)] : [])];
  }
  const { found, left } = tile(words, LONGEST_NAME, (key) => nameAt(index, key));
  // What stands alone between commas was looked at whole.
  const alone = !found.length && words.length <= A_FEW;
  const slips = alone ? [{ found, left }] : left.map((run) => tile(run, LONGEST_SLIP, (key) => known(near(index, key))));
  const unread = slips.filter((each) => each.left.length);
  // What resembles a part of something unread is no slip.
  const meant = slips.filter((each) => !each.left.length).flatMap((each) => each.found);
  const lines = [...found, ...meant]
    // "Alcohol" beside something unread may be a part of its name.
    .filter(({ name }) => !unread.length || !name.oneWord)
    .map(({ name, words: of }) => lineOf(of.join(" "), name.entry));
  return unread.length ? [...lines, unknown(text)] : lines;
}

const known = (entry) => entry && { entry, oneWord: false };

const nameAt = ({ names, other }, key) => (key === other ? undefined : names.get(key));
const exact = (index, key) => nameAt(index, key)?.entry;
const look = (index, key) => exact(index, key) ?? near(index, key);

/** Lay the longest names over a row of words, from its beginning on; what is left comes in runs. */
function tile(words, longest, look) {
  const keys = words.map(bare);
  const found = [];
  const left = [];
  let run = [];
  for (let from = 0; from < words.length; ) {
    let to = Math.min(words.length, from + longest);
    let name = null;
    while (to > from && !(name = look(keys.slice(from, to).join("")))) to -= 1;
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
function near(index, key) {
  if (key.length < SHORTEST || key.length > index.starts.length + MOST_SLIPS) return null;
  if (!index.met.has(key)) {
    if (index.looks >= MOST_LOOKS) return null;
    index.looks += 1;
    index.met.set(key, closest(index, key));
  }
  return index.met.get(key);
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

const waits = (table, entry) => weight(table, entry) > table.base;

/**
 * The answer of a product, so many hours after the treatment: its strictest ingredient's.
 * `waiting` are what it must wait for, the strictest first; `over` what waited and no longer does.
 *
 * @param {Line[]} lines
 * @param {string} variant
 * @param {number} since  hours since the treatment
 * @param {Object<string, number>} own  the clinic's own waits, by activity
 * @returns {{answer: "unknown" | "never" | "ask" | "wait" | "clear", hours: number, known: number, all: number,
 *   waiting: Judged[], over: Judged[]}}
 *   `hours`: after which nothing of it is on the wait list; of something to ask about, before which not even that
 */
export function answerOf({ table }, lines, variant, since, own = {}) {
  const there = new Set(lines.flatMap(({ entries }) => entries.map(({ of }) => of)));
  const judged = lines.flatMap(({ entries, place }) =>
    entries.map((entry) => judge(table, entry, place, there, variant, own)),
  );
  const listed = judged.filter(({ of }) => of).sort((one, other) => rank(other) - rank(one));
  const still = ({ kind, hours }) => kind !== "from" || hours > since;
  const known = lines.filter((each) => each.known).length;
  const hours = Math.max(table.base, ...judged.map((each) => each.hours));
  const waiting = listed.filter(still);
  const kinds = new Set(waiting.map(({ kind }) => kind));
  const sure = known === lines.length && known > 0;
  const strictest = kinds.has("never") ? "never" : kinds.has("ask") ? "ask" : hours > since ? "wait" : "clear";
  return {
    answer: sure ? strictest : "unknown",
    hours,
    known,
    all: lines.length,
    waiting,
    over: listed.filter((each) => !still(each)),
  };
}

const RANK = { never: 2_000_000, ask: 1_000_000, from: 0 };
const rank = ({ kind, hours }) => RANK[kind] + hours;

function judge(table, entry, place, there, variant, own) {
  const little = entry.first && place >= entry.first;
  if (!entry.of || little) return { entry, of: null, kind: "from", hours: 0 };
  const { kind, hours, beside, activity } = table.classes[entry.of];
  const near = beside && there.has(beside.of) ? beside.hours : undefined;
  const theirs = near === undefined ? own[activity] : undefined;
  const ours = entry.hours ?? near ?? hours[variant] ?? hours;
  return { entry, of: entry.of, kind: entry.kind ?? kind, hours: theirs ?? ours, theirs: theirs !== undefined };
}
