/** The part of a call that is drawn, and where on the screen a moment of it lies. Times are in milliseconds. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/** What is never zoomed into further. */
export const SHORTEST_MS = 250;

const STEPS_MS = [
  50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];

/** How long a span lasts. */
export function lengthOf(span: Span): number {
  return span.toMs - span.fromMs;
}

/** `span` moved and cut so that it lies in `whole` and lasts at least `SHORTEST_MS`. */
export function within(span: Span, whole: Span): Span {
  const most = lengthOf(whole);
  const length = Math.min(most, Math.max(Math.min(SHORTEST_MS, most), lengthOf(span)));
  const fromMs = Math.min(Math.max(span.fromMs, whole.fromMs), whole.toMs - length);
  return { fromMs, toMs: fromMs + length };
}

/** `span` made `factor` times as long around a moment that stays where it is on the screen. */
export function zoomed(span: Span, whole: Span, factor: number, aroundMs: number): Span {
  const length = lengthOf(span);
  const held = length > 0 ? (aroundMs - span.fromMs) / length : 0.5;
  const next = Math.min(lengthOf(whole), Math.max(SHORTEST_MS, length * factor));
  return within({ fromMs: aroundMs - held * next, toMs: aroundMs + (1 - held) * next }, whole);
}

/** `span` moved so that `atMs` can be seen: unchanged where it can be already. */
export function following(span: Span, whole: Span, atMs: number): Span {
  if (atMs >= span.fromMs && atMs <= span.toMs) return span;
  const fromMs = atMs - lengthOf(span) * 0.1;
  return within({ fromMs, toMs: fromMs + lengthOf(span) }, whole);
}

/** How many pixels from the left a moment lies. */
export function pixelOf(atMs: number, span: Span, widthPx: number): number {
  return ((atMs - span.fromMs) / lengthOf(span)) * widthPx;
}

/** The moment at a pixel. */
export function momentAt(px: number, span: Span, widthPx: number): number {
  return span.fromMs + (px / Math.max(1, widthPx)) * lengthOf(span);
}

/** The moments of a ruler's marks, `apartPx` or more from each other, counted from `zeroMs`. */
export function ticks(span: Span, widthPx: number, zeroMs: number, apartPx = 76): { atMs: number[]; stepMs: number } {
  const wanted = (lengthOf(span) / Math.max(1, widthPx)) * apartPx;
  const stepMs = STEPS_MS.find((step) => step >= wanted) ?? STEPS_MS.at(-1)!;
  const first = Math.ceil((span.fromMs - zeroMs) / stepMs);
  const last = Math.floor((span.toMs - zeroMs) / stepMs);
  return {
    atMs: Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => zeroMs + (first + i) * stepMs),
    stepMs,
  };
}
