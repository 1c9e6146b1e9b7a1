/** Asks signs.js about every cell that is written to its input, and prints what it says. */
import { readFileSync } from "node:fs";
import { resultOf } from "../../static/js/signs.js";

const { table, cells } = JSON.parse(readFileSync(0, "utf-8"));
const said = cells.map(([sign, strength, trend, days, variant, named]) => {
  const modifiers = table.modifiers.filter(({ situation }) => named.includes(situation));
  const found = resultOf(table.signs[sign], { sign, strength, trend }, days, table.variants[variant], modifiers);
  return [found.level, found.answer, found.raised];
});
process.stdout.write(JSON.stringify(said));
