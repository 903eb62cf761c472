/**
 * The known word that is most similar to `word`, if one is similar enough.
 * Case, `-`, `_` and a leading `vm_` are ignored: `vmId`, `node-cidr` and a node's `cores` are found too.
 */
export function closestWord(word: string, known: Iterable<string>): string | undefined {
  const typed = simplify(word);
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const meant = simplify(candidate);
    const allowed = tolerance(Math.max(typed.length, meant.length));
    if (Math.abs(typed.length - meant.length) > allowed) continue;
    const distance = editDistance(typed, meant);
    if (distance > allowed) continue;
    if (best === undefined || distance < best.distance) best = { word: candidate, distance };
  }
  return best?.word;
}

function simplify(word: string): string {
  const plain = word.toLowerCase().replace(/[-_\s]/g, "");
  return plain.startsWith("vm") && plain.length > 2 ? plain.slice(2) : plain;
}

/** Short words are similar to other words by chance (`ip`, `id`), long words are not. */
function tolerance(length: number): number {
  if (length < 3) return 0;
  if (length < 6) return 1;
  return length < 10 ? 2 : 3;
}

/** Letters to insert, delete, replace, or swap with their neighbour (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replace = at(last, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1);
      let best = Math.min(at(last, column) + 1, at(current, column - 1) + 1, replace);
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped) best = Math.min(best, at(beforeLast, column - 2) + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
