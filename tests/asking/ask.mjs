/** Asks ask.js everything that is written to its input, and prints the ids it finds. */
import { readFileSync } from "node:fs";
import { indexed, search } from "../../static/js/ask.js";

const { rows, queries } = JSON.parse(readFileSync(0, "utf-8"));
const index = indexed(rows);
process.stdout.write(JSON.stringify(queries.map((query) => search(index, query))));
