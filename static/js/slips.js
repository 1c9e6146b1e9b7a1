/** Slips of the pen, counted. Pure. */

/** Letters left out, added, changed or swapped with a neighbour; more than `most` is not told apart. */
export function distance(one, other, most) {
  let [from, to, end] = [0, one.length, other.length];
  if (Math.abs(to - end) > most) return most + 1;
  while (from < to && from < end && one.charCodeAt(from) === other.charCodeAt(from)) from += 1;
  while (to > from && end > from && one.charCodeAt(to - 1) === other.charCodeAt(end - 1)) [to, end] = [to - 1, end - 1];
  const width = end - from + 1;
  let [twice, before, row] = [new Uint8Array(width), new Uint8Array(width), Uint8Array.from({ length: width }, (_, at) => at)];
  for (let i = 1; i <= to - from; i += 1) {
    [twice, before, row] = [before, row, twice];
    row[0] = i;
    let least = i;
    const letter = one.charCodeAt(from + i - 1);
    for (let j = 1; j < width; j += 1) {
      const across = other.charCodeAt(from + j - 1);
      let steps = Math.min(before[j], row[j - 1]) + 1;
      const change = before[j - 1] + (letter === across ? 0 : 1);
      if (change < steps) steps = change;
      const swapped =
        i > 1 && j > 1 && letter === other.charCodeAt(from + j - 2) && one.charCodeAt(from + i - 2) === across;
      if (swapped && twice[j - 2] + 1 < steps) steps = twice[j - 2] + 1;
      row[j] = steps;
      if (steps < least) least = steps;
    }
    if (least > most) return most + 1;
  }
  return row[width - 1];
}
