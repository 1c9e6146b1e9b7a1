/** Has products.js read everything that is written to its input, and prints what it makes of it. */
import { readFileSync } from "node:fs";
import { nameIndex } from "../../static/js/names.js";
import { answerOf, readList } from "../../static/js/products.js";

const { table, texts, variant, since, own } = JSON.parse(readFileSync(0, "utf-8"));
const index = nameIndex(table);
const told = texts.map((text) => {
  const lines = readList(index, text);
  const { answer, hours, known, all, waiting } = answerOf(index, lines, variant, since, own);
  const found = lines.flatMap(({ entries }) => entries.map(({ inci }) => inci.toUpperCase()));
  const unknown = lines.filter((each) => !each.known).map(({ text: unread }) => unread);
  return { answer, hours, known, all, found, unknown, waiting: waiting.map(({ entry }) => entry.inci.toUpperCase()) };
});
process.stdout.write(JSON.stringify(told));
