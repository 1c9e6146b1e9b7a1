/** What stands on a package, in pieces: what a camera took wrongly, amounts and headings told apart. Pure. */

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
// Left behind in a text where a list of what is active begins, where any other does, where an amount stood, and where
// no place on a list is certain: no package has these.
export const ACTIVE = "\u0001";
export const LISTED = "\u0002";
export const STATED = "\u0003";
export const ANYWHERE = "\u0004";
const BETWEEN_NAMES = `[,;•·●▪◦|:\\[\\]]|(?<=[A-Z)]{2}|${STATED} )\\.\\s`;

/** Upper case without accents; the Greek letters of names as they are said. */
export const plain = (text) =>
  text
    .toUpperCase()
    .replace(/Œ/g, "OE")
    .replace(/\u0391/g, "ALPHA")
    .replace(/\u0392/g, "BETA")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[’ʼ]/g, "'");

/** What stands between commas, bullets or line ends. */
export function piecesOf(text) {
  const marked = markedUp(text);
  const separators = marked.match(/[,;•·●▪◦]/g)?.length ?? 0;
  // Where commas part the names, a line's end is only where the label was full.
  const byLine = separators * 3 < marked.trim().split("\n").length - 1;
  const columns = separators < marked.split(/(?<=\S)(?:\t| {2,})(?=\S)/).length - 1;
  const split = [...(byLine ? ["\\n"] : []), ...(columns ? ["\\t", " {2,}"] : []), BETWEEN_NAMES];
  const pieces = marked.split(new RegExp(split.join("|"))).map((piece) => piece.replace(/\s+/g, " ").trim());
  // Two columns are read downwards or across: no place is known for certain, and each name counts.
  return byLine && columns ? pieces.map((piece) => piece + ANYWHERE) : pieces;
}

/** A label as it was meant, with headings and amounts marked. */
function markedUp(text) {
  // A camera takes one sign for the other, amid capitals.
  return plain(text.replace(/(?<=[A-Z])l(?=[A-Z])/g, "I"))
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
}
