/** Telephone numbers: kept as they are typed, dialled by their digits. No page, no storage. */

const FEWEST = 7;
// E.164
const MOST = 15;
// What people write between digits, the hyphens and the minus of typographers included.
const WRITTEN = /^\+?[\d\s().\/\u2010-\u2013\u2212-]+$/;
const EXTENSION = /[\s,;(]*(?:[,;#]|x|ext(?:ension)?\.?|p(?:oste)?\.?)\s*\d+\s*\)?$/i;
// What is pasted brings its name along, and marks that nobody sees.
const NAMED = /^t[eé]l(?:\.|[eé]phone)?\s*:?\s*(?=[\d+(])/i;
const UNSEEN = /\p{Cf}/gu;
// A zero that is dialled within the country only: +44 (0)20 …
const WITHIN = /^(\+.*)\(0\)/;

/**
 * What a phone dials for a number as it was typed; an extension is left out, since people dial it later.
 * @param {string} typed
 * @returns {string | null}  digits, perhaps after a +; null when it is no telephone number
 */
export function dialled(typed) {
  const number = typed.replace(UNSEEN, "").trim().replace(NAMED, "").replace(EXTENSION, "").replace(WITHIN, "$1");
  const digits = number.replace(/\D/g, "");
  if (!WRITTEN.test(number) || digits.length < FEWEST || digits.length > MOST) return null;
  return number.startsWith("+") ? `+${digits}` : digits;
}
