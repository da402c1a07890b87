/** A part of a text, and whether the other text lacks it. */
export interface Part {
  text: string;
  differs: boolean;
}

/** The comparison grows with the square of the words: of longer texts the middle counts as different. */
const MOST_WORDS = 1_200;

/** The parts of `after`, of which those that `before` lacks are marked. */
export function wordDiff(before: string, after: string): Part[] {
  const [old, now] = [wordsOf(before), wordsOf(after)];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const middle = now.slice(start, now.length - end);
  const common = commonIn(old.slice(start, old.length - end), middle);
  return joined([
    ...now.slice(0, start).map((text) => ({ text, differs: false })),
    ...middle.map((text, place) => ({ text, differs: !common.has(place) })),
    ...now.slice(now.length - end).map((text) => ({ text, differs: false })),
  ]);
}

function wordsOf(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
}

/** The places in `now` of a longest common subsequence. */
function commonIn(old: string[], now: string[]): Set<number> {
  const common = new Set<number>();
  if (old.length > MOST_WORDS || now.length > MOST_WORDS) return common;
  const width = now.length + 1;
  const lengths = new Uint16Array((old.length + 1) * width);
  const at = (row: number, column: number) => lengths[row * width + column]!;
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = now.length - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        old[row] === now[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  let [row, column] = [0, 0];
  while (row < old.length && column < now.length) {
    if (old[row] === now[column]) {
      common.add(column);
      row += 1;
      column += 1;
    } else if (at(row + 1, column) >= at(row, column + 1)) row += 1;
    else column += 1;
  }
  return common;
}

/** Parts of one kind as one. A blank between two words that differ differs with them. */
function joined(parts: Part[]): Part[] {
  const found: Part[] = [];
  parts.forEach(({ text, differs }, place) => {
    const isBetween = text.trim() === "" && parts[place - 1]?.differs === true && parts[place + 1]?.differs === true;
    const last = found.at(-1);
    if (last?.differs === (differs || isBetween)) last.text += text;
    else found.push({ text, differs: differs || isBetween });
  });
  return found;
}
