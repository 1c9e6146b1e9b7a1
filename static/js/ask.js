/**
 * Search as you type over what people want to do again. Pure: no page, no storage, no clock. Accents, capitals,
 * plurals and small slips do not matter; words of both languages are looked up, since Montréal mixes them.
 *
 * @typedef {{id: string, phrases: string[]}} Row  its name first, then what else people call it; without an id for what
 *   is not on the list, though it resembles something that is
 * @typedef {{rows: {id: string, phrases: string[][], every: string[]}[], rarity: Map<string, number>}} Index  words by
 *   phrase and all of them; how much a word says, 1 where one row alone has it
 */

import { distance } from "./slips.js";

const singular = (word) => (word.length > 3 ? word.replace(/(s)es$|([^s])s$|x$/, "$1$2") : word);

const ENOUGH = 0.55;
// Whoever types all of a name means it, a lone letter of it included: « vitamine C ».
const SAID_WHOLE = 0.15;
const ALONE = 0.7;
const ENDING = /^[lmn]?(|e|ee|er|ez|ed|r|s|es|ing|age|ation|ement|ment|eur|euse|ant|ante|ent|ure|ion|i|ie)$/;
const OR = /[,;\/]|\s(?:or|ou|and|et)\s/i;

/** Lower case without accents, words apart, and spelled as they sound: « ibuprophène », "polisporin". */
const wordsOf = (text) =>
  text
    .toLowerCase()
    // Of a shower, that it is long says much.
    .replace(/how long/g, "how")
    .replace(/œ/g, "oe")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/ph/g, "f")
    .replace(/y/g, "i")
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
    .map(singular);

// Looked up as words are: without their plural, which « dans » and « peux » seem to have too.
const STOP = new Set(
  wordsOf(
    `a about after again ai aimerais aller allowed am an and apres are at au aujourd aux avant avec avoid be before
     bord c ca can capable ce cette chu combien commencer correct could d dangereux dans day de demain des do
     does dois done donner droit du en encore est et everywhere faire fais faut fin for from get go going h have
     heure hour how hui i if il in is it j jai je jme jour jpeux jsuis jveux l la le les like m ma matin may me
     mes mettre microneedling microperforation moi mon morning moyen my n ne need next no not now of ok okay on
     or ou par partir partout pas peut peux please pls pour pourrais prendre prochaine puis put qu quand que
     quel quelle recommencer sa safe se semaine ses should si soir son soon start still suis sur svp t take temps the
     this to today tomorrow tonight try tu un une until up use using utiliser vais veux want wear week weekend
     what when will with would y ya you`,
  ),
);
const isMeant = (word) => !STOP.has(word) && !/^\d/.test(word);

/** @param {Row[]} rows  @returns {Index} */
export function indexed(rows) {
  const known = rows.map(({ id, phrases: called }) => {
    const phrases = called.map((each) => wordsOf(each));
    return { id, phrases, every: [...new Set(phrases.flat())] };
  });
  const homes = new Map();
  for (const { id, every } of known) {
    for (const word of every) homes.set(word, [...(homes.get(word) ?? []), id]);
  }
  const rarity = new Map([...homes].map(([word, ids]) => [word, 1 / Math.sqrt(ids.length)]));
  return { rows: known, rarity };
}

/**
 * @param {Index} index
 * @param {string} text  as it was typed so far
 * @param {number} most
 * @returns {string[]}  ids, the best first; none where nothing is near enough
 */
export function search(index, text, most = 6) {
  // Some names have an "or" of their own.
  const lists = [...new Set([text, ...text.split(OR)])].map((each) => searchOne(index, each));
  if (lists[0][0] === "") return [];
  const places = Array.from({ length: most }, (_, place) => lists.map((list) => list[place]));
  return [...new Set(places.flat().filter(Boolean))].slice(0, most);
}

function searchOne({ rows, rarity }, text) {
  const typed = wordsOf(text);
  const meant = typed.filter(isMeant);
  const asked = meant.length ? meant : typed;
  if (!asked.some((word) => word.length > 1)) return [];
  const whole = ` ${typed.join(" ")} `;
  const said = (phrases) => phrases.some((phrase) => whole.includes(` ${phrase.join(" ")} `));
  // A word that stands alone has nothing beside it that would make a likeness surer.
  const alone = asked.length === 1;
  const meanings = asked.map((word, place) => likened(word, rarity, place === asked.length - 1, alone));
  const scores = rows.map((row) => ({
    id: row.id,
    score: best(row, meanings, rarity) + (said(row.phrases) ? SAID_WHOLE : 0),
  }));
  const near = scores.filter(({ score }) => score >= ENOUGH).sort((one, other) => other.score - one.score);
  return near.map(({ id }) => id);
}

/** Every known word that one that was typed may mean, with how near it is; looked up once for all rows. */
function likened(word, rarity, unfinished, alone) {
  const words = [...rarity.keys()];
  const near = words.map((known) => [known, isFirstHalf(word, known, words) ? 0 : alike(known, word, unfinished, alone)]);
  return new Map(near.filter(([, likeness]) => likeness > 0));
}

/** How well the nearest of a row's phrases fits, its name first; and a little for each other word that the row knows. */
function best({ phrases, every }, meanings, rarity) {
  const fits = phrases.map((phrase, place) => share(phrase, meanings, rarity) * used(phrase, meanings) - (place && 0.01));
  return Math.max(...fits) * 0.7 + share(every, meanings, rarity) * 0.3;
}

/** How much of what was asked stands among some words, from 0 to 1. */
function share(among, meanings, rarity) {
  let found = 0;
  let weight = 0;
  for (const near of meanings) {
    const [likeness, known] = nearest(among, near);
    // A word that no row knows says little about which row is meant.
    const counts = rarity.get(known ?? nearestOf(near)) ?? 0.6;
    found += likeness * counts;
    weight += counts;
  }
  return weight && found / weight;
}

/** How much of a phrase was asked for, from three quarters to 1: its short names are nearer than its long ones. */
function used(phrase, meanings) {
  const meant = new Set(meanings.map((near) => nearest(phrase, near)[1]).filter(Boolean)).size;
  const meaning = phrase.filter((word) => !STOP.has(word)).length;
  return 0.75 + (0.25 * meant) / Math.max(1, meaning, meant);
}

function nearest(phrase, near) {
  let top = [0, null];
  for (const each of phrase) {
    const likeness = near.get(each) ?? 0;
    if (likeness > top[0]) top = [likeness, each];
  }
  return top;
}

const nearestOf = (near) => [...near].find(([, likeness]) => likeness === 1)?.[0];

/** « moto » is whole, and not the beginning of « motoneige » being typed: what is left of that is a word of its own. */
function isFirstHalf(word, known, words) {
  const rest = known.startsWith(word) ? known.slice(word.length) : "";
  return rest.length > 3 && words.includes(rest);
}

/** 1 for the same word, less for a beginning or a slip, 0 for another. */
function alike(known, word, unfinished, alone) {
  if (known === word) return 1;
  if (word.length > 1 && known.startsWith(word)) {
    if (unfinished) return 0.8 + (0.2 * word.length) / known.length;
    if (word.length > 3) return 0.8;
  }
  // "shaving" and "shave", « épilée » and « épilation »: the more of the stem is the same, the nearer. "Concert" and
  // "concealer" begin alike too, and are no two forms of one word.
  const stem = alikeFrom(known, word);
  const shorter = Math.min(known.length, word.length);
  const inflected = [known, word].every((each) => ENDING.test(each.slice(stem)));
  if (inflected && stem >= 4 && stem >= shorter - 2 && Math.abs(known.length - word.length) < 5) {
    const likeness = 0.5 + (0.4 * stem) / Math.max(known.length, word.length);
    if (!alone || likeness >= ALONE) return likeness;
  }
  const allowed = word.length < (alone ? 5 : 4) ? 0 : alone || word.length < 8 ? 1 : 2;
  if (!allowed || Math.abs(known.length - word.length) > allowed || known.length < 4) return 0;
  // Whoever slips has mostly begun right: to "teach" is not the beach.
  if (alone && known[0] !== word[0]) return 0;
  const slips = distance(known, word, allowed);
  return slips > allowed ? 0 : 0.85 - 0.15 * slips;
}

function alikeFrom(one, other) {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}
