/**
 * "Is this expected?": what somebody sees, how strong and heading where, to one level. Pure: no page, no
 * storage, no clock. It errs towards a call: of both ways to count days, of every variant that it may have been,
 * and of every milder answer, the highest level counts; so nothing that is worse ever comes out lower.
 *
 * @typedef {"expected" | "watch" | "clinic" | "today" | "emergency"} Level
 * @typedef {{id: number, level: Level, days?: [number, number], strength?: string[], trend?: string[],
 *   variants?: string[]}} Answer  what is left out fits anything; days are the first and the last
 * @typedef {{asks: string[], infection: boolean, otherwise: Level, answers: Answer[]}} Sign  `otherwise` where
 *   no answer fits
 * @typedef {{situation: string, signs: string[] | null, raises: Object<Level, Level>}} Modifier  null for all signs
 */

export const LEVELS = ["expected", "watch", "clinic", "today", "emergency"];
const STRENGTHS = ["mild", "moderate", "severe"];
const TRENDS = ["better", "same", "worse"];
const DAY_MS = 86_400_000;

const isHigher = (one, other) => LEVELS.indexOf(one) > LEVELS.indexOf(other);

/**
 * @param {Sign} sign
 * @param {{sign: string, strength?: string, trend?: string}} given  its id, and what was answered of what it asks
 * @param {number[]} days  since the treatment, as a calendar counts them and as full days
 * @param {string[]} variants  all that it may have been
 * @param {Modifier[]} modifiers  of the situations that were named
 * @returns {{level: Level, answer: number | null, raised: string[]}}  the number of the answer to tell, null where
 *   none fits; the situations because of which the level is higher
 */
export function resultOf(sign, given, days, variants, modifiers) {
  const found = highest(sign, milder(sign, given), days, variants);
  const raising = modifiers.filter(
    ({ signs, raises }) => raises[found.level] && (!signs || signs.includes(given.sign)),
  );
  const level = raising.reduce(
    (top, { raises }) => (isHigher(raises[found.level], top) ? raises[found.level] : top),
    found.level,
  );
  return { level, answer: found.id, raised: raising.map(({ situation }) => situation) };
}

/** What was given, then everything that is milder or getting better; "new" is compared with "new" only. */
function milder({ asks }, { strength, trend }) {
  const upTo = (all, one) => (all.includes(one) ? all.slice(0, all.indexOf(one) + 1).reverse() : [one]);
  const strengths = asks.includes("strength") ? upTo(STRENGTHS, strength) : [undefined];
  const trends = asks.includes("trend") ? upTo(TRENDS, trend) : [undefined];
  return strengths.flatMap((one) => trends.map((other) => ({ strength: one, trend: other })));
}

/** The answer of the highest level; of those alike, what fits what was given, then the lower number. */
function highest(sign, cells, days, variants) {
  let top = null;
  for (const cell of cells) {
    const fitting = days.flatMap((day) => variants.map((variant) => answerTo(sign, { ...cell, day, variant })));
    fitting.sort(bySeverity);
    if (!top || isHigher(fitting[0].level, top.level)) [top] = fitting;
  }
  return top;
}

const bySeverity = (one, other) =>
  LEVELS.indexOf(other.level) - LEVELS.indexOf(one.level) || (one.id ?? Infinity) - (other.id ?? Infinity) || 0;

function answerTo({ answers, otherwise }, { strength, trend, day, variant }) {
  const fits = (all, one) => !all || one === undefined || all.includes(one);
  const found = answers.filter(
    ({ days: [first, last] = [0, Infinity], ...answer }) =>
      first <= day && day <= last && fits(answer.strength, strength) && fits(answer.trend, trend) &&
      fits(answer.variants, variant),
  );
  return found.sort(bySeverity)[0] ?? { id: null, level: otherwise };
}

/** How many full days lie between two instants, in epoch milliseconds; a calendar may count one more. */
export const fullDays = (from, to) => Math.max(0, Math.floor((to - from) / DAY_MS));
