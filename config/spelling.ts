/**
 * The known key or value that `word` is a misspelling of. Case, `-`, `_` and a leading `vm_` are ignored: `vmId`, `node-cidr`
 * and a node's `cores` are found too.
 *
 * Words are compared one by one, since a word more or less is no misspelling: a `cluster_cidr` is no `cluster_pod_cidr`.
 */
export function closestWord(word: string, known: Iterable<string>): string | undefined {
  const typed = wordsOf(word);
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const distance = misspellings(typed, wordsOf(candidate));
    if (distance !== undefined && (best === undefined || distance < best.distance)) {
      best = { word: candidate, distance };
    }
  }
  return best?.word;
}

/** `vm_cores`, `vmCores` and `Cores` are the same words. */
function wordsOf(word: string): readonly string[] {
  const words = word
    .replace(/([a-z])(?=[A-Z])/g, "$1_")
    .toLowerCase()
    .split(/[-_\s]+/);
  return words.length > 1 && words[0] === "vm" ? words.slice(1) : words;
}

/** How many edits lead from one to the other; undefined if it is more than a misspelling. */
function misspellings(typed: readonly string[], meant: readonly string[]): number | undefined {
  // A separator too many or too few: `nodecidr`.
  if (typed.length !== meant.length) return distanceWithin(1, typed.join(""), meant.join(""));
  let sum = 0;
  for (const [index, word] of typed.entries()) {
    const other = meant[index] ?? "";
    const distance = distanceWithin(tolerance(Math.max(word.length, other.length)), word, other);
    if (distance === undefined) return undefined;
    sum += distance;
  }
  return sum;
}

/** The edit distance; undefined if it is more than `limit`. Most words differ in length already. */
function distanceWithin(limit: number, from: string, to: string): number | undefined {
  if (Math.abs(from.length - to.length) > limit) return undefined;
  const distance = editDistance(from, to);
  return distance <= limit ? distance : undefined;
}

/** Short words are similar to other words by chance (`ip`, `id`), long words are not. */
function tolerance(length: number): number {
  if (length < 3) return 0;
  return length < 6 ? 1 : 2;
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
