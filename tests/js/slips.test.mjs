/** slips.js against the plainest definition of what it counts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { distance } from "../../static/js/slips.js";

/** Restricted edit distance (Damerau, optimal string alignment), without any shortcut. */
function counted(one, other) {
  const rows = [];
  for (let i = 0; i <= one.length; i += 1) {
    rows.push([]);
    for (let j = 0; j <= other.length; j += 1) {
      if (!i || !j) {
        rows[i].push(i + j);
        continue;
      }
      const change = rows[i - 1][j - 1] + Number(one[i - 1] !== other[j - 1]);
      const steps = [rows[i - 1][j] + 1, rows[i][j - 1] + 1, change];
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) steps.push(rows[i - 2][j - 2] + 1);
      rows[i].push(Math.min(...steps));
    }
  }
  return rows[one.length][other.length];
}

test("words of up to six letters, A or B, each with each, at every limit", () => {
  const words = [""];
  for (const word of words) if (word.length < 6) words.push(`${word}A`, `${word}B`);
  assert.equal(words.length, 127);
  for (const one of words) {
    for (const other of words) {
      const steps = counted(one, other);
      for (let most = 0; most <= 3; most += 1) {
        assert.equal(Math.min(distance(one, other, most), most + 1), Math.min(steps, most + 1), `${one} ${other} ${most}`);
      }
    }
  }
});

test("one slip of each kind, anywhere in a name", () => {
  const name = "NIACINAMIDE";
  for (let at = 0; at < name.length; at += 1) {
    const [left, right] = [name.slice(0, at), name.slice(at)];
    const slips = [left + right.slice(1), `${left}Q${right}`, `${left}Q${right.slice(1)}`];
    if (right.length > 1 && right[0] !== right[1]) slips.push(left + right[1] + right[0] + right.slice(2));
    for (const slip of slips) assert.equal(distance(name, slip, 3), 1, slip);
  }
});
