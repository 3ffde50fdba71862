// Turning functions into points for lines: no line through a place where the function jumps or is undefined.

export type Numeric = (x: number) => number;

/** `count` even places from `low` to `high`, both included. */
export function even(low: number, high: number, count: number): number[] {
  const step = (high - low) / (count - 1);
  return Array.from({ length: count }, (_, at) => (at === count - 1 ? high : low + at * step));
}

/** A jump between two places so close that nothing is drawn between them. */
export interface Jump {
  readonly before: number;
  readonly after: number;
}

const HALVINGS = 34;
// What a smooth function may change between two samples, in units of step times the larger slope at the ends.
const STEEP = 3;

/** Follows the larger difference into ever smaller intervals: it dies out where f is continuous and stays at a jump. */
function pursue(f: Numeric, low: number, high: number, atLow: number, atHigh: number): Jump | null {
  const whole = Math.abs(atHigh - atLow);
  let [a, b, fa, fb] = [low, high, atLow, atHigh];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = a + (b - a) / 2;
    if (middle <= a || middle >= b) break;
    const fm = f(middle);
    if (!Number.isFinite(fm)) return { before: a, after: b };
    if (Math.abs(fm - fa) >= Math.abs(fb - fm)) [b, fb] = [middle, fm];
    else [a, fa] = [middle, fm];
    if (Math.abs(fb - fa) < whole / 8) return null;
  }
  return { before: a, after: b };
}

/** The place where f stops or starts to be defined between two samples of which one is not finite. */
function shore(f: Numeric, low: number, high: number, lowGood: boolean): number {
  let [a, b] = [low, high];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = a + (b - a) / 2;
    if (Number.isFinite(f(middle)) === lowGood) a = middle;
    else b = middle;
  }
  return lowGood ? a : b;
}

/** The jumps of f between neighbouring places of `x`, at which it has the values `y` and (if known) the slopes `slope`. */
export function jumps(f: Numeric, x: readonly number[], y: readonly number[], slope?: readonly number[]): Jump[] {
  const found: Jump[] = [];
  for (let at = 0; at + 1 < x.length; at++) {
    const [a, b, fa, fb] = [x[at] as number, x[at + 1] as number, y[at] as number, y[at + 1] as number];
    const change = Math.abs(fb - fa);
    if (!(change > 0) || change === Infinity) continue;
    const tiny = 1e-9 * Math.max(1, Math.abs(fa), Math.abs(fb));
    const usual = slope
      ? STEEP * (b - a) * Math.max(Math.abs(slope[at] as number), Math.abs(slope[at + 1] as number))
      : STEEP * Math.max(Math.abs(fa - (y[at - 1] ?? fa)), Math.abs((y[at + 2] ?? fb) - fb));
    // A value that rises while its slopes fall has passed a pole.
    const against =
      slope !== undefined && Math.max((slope[at] as number) * (fb - fa), (slope[at + 1] as number) * (fb - fa)) < 0;
    if (change <= (against ? 0 : usual) + tiny) continue;
    const jump = pursue(f, a, b, fa, fb);
    if (jump) found.push(jump);
  }
  return found;
}

/** A function with its slope and curvature. */
export interface Bend {
  readonly value: Numeric;
  readonly slope: Numeric;
  readonly curvature: Numeric;
}

export const ORDERS = ["value", "slope", "curvature"] as const;
export type Order = (typeof ORDERS)[number];

/** What one function looks like over a window: places to add to the grid, and where its orders break. */
export interface Shape {
  readonly breaks: Readonly<Record<Order, readonly Jump[]>>;
  /** Ends of the stretches on which the value is defined. */
  readonly shores: readonly number[];
}

/** Finds jumps of value and slope (kinks) and of curvature, and the ends of the domain, inside a grid. */
export function shapeOf(bend: Bend, x: readonly number[]): Shape {
  const y = x.map(bend.value);
  const slope = x.map(bend.slope);
  const curvature = x.map(bend.curvature);
  const shores: number[] = [];
  for (let at = 0; at + 1 < x.length; at++) {
    const good = Number.isFinite(y[at]);
    if (good !== Number.isFinite(y[at + 1])) shores.push(shore(bend.value, x[at] as number, x[at + 1] as number, good));
  }
  return {
    breaks: {
      value: jumps(bend.value, x, y, slope),
      slope: jumps(bend.slope, x, slope, curvature),
      curvature: jumps(bend.curvature, x, curvature),
    },
    shores,
  };
}

/** A place as people write it: rounded to what a window of this width can tell apart. */
export function tidy(place: number, span: number): number {
  const unit = 10 ** Math.floor(Math.log10(span) - 7);
  return Number((Math.round(place / unit) * unit).toPrecision(9)) + 0;
}

const middle = ({ before, after }: Jump): number => before + (after - before) / 2;

/** Places of jumps as people write them, in order. */
export const placesOf = (jumps: readonly Jump[], span: number): number[] =>
  [...new Set(jumps.map((jump) => tidy(middle(jump), span)))].sort((a, b) => a - b);

/** Where value or slope jumps, in order. */
export const kinks = ({ breaks }: Shape, span: number): number[] => placesOf([...breaks.value, ...breaks.slope], span);

export interface Sampled {
  readonly x: readonly number[];
  /** Per function, its order's values; null where the line breaks. */
  readonly lines: readonly (readonly (number | null)[])[];
}

/** Samples one order of several functions at common places, with a gap at every break. */
export function sampled(
  functions: readonly Numeric[],
  grid: readonly number[],
  gaps: readonly (readonly Jump[])[],
  extra: readonly number[],
): Sampled {
  const middles = gaps.map((list) => list.map(middle));
  const added = [...extra, ...gaps.flat().flatMap(({ before, after }) => [before, after]), ...middles.flat()];
  const first = grid[0] as number;
  const last = grid[grid.length - 1] as number;
  const x = [...new Set([...grid, ...added.filter((place) => place >= first && place <= last)])].sort((a, b) => a - b);
  const lines = functions.map((f, at) => {
    const holes = new Set(middles[at]);
    return x.map((place) => {
      if (holes.has(place)) return null;
      const y = f(place);
      return Number.isFinite(y) ? y : null;
    });
  });
  return { x, lines };
}

/** The stretches on which a test holds, their ends found by halving. */
export function stretches(test: (x: number) => boolean, x: readonly number[]): [number, number][] {
  const span = (x[x.length - 1] as number) - (x[0] as number);
  const found: [number, number][] = [];
  let start: number | null = null;
  for (let at = 0; at < x.length; at++) {
    const place = x[at] as number;
    const before = x[at - 1];
    const now = test(place);
    if (now === (start !== null)) continue;
    const edge = before === undefined ? place : tidy(border(test, before, place), span);
    if (start !== null) found.push([start, edge]);
    start = now ? edge : null;
  }
  if (start !== null) found.push([start, x[x.length - 1] as number]);
  return found.filter(([from, to]) => to > from);
}

const FLAT = 0.01;

/** The stretches on which |slope| < 0.01. */
export const flats = (slope: Numeric, x: readonly number[]): [number, number][] =>
  stretches((place) => Math.abs(slope(place)) < FLAT, x);

function border(test: (x: number) => boolean, low: number, high: number): number {
  const before = test(low);
  let [a, b] = [low, high];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = a + (b - a) / 2;
    if (test(middle) === before) a = middle;
    else b = middle;
  }
  return b;
}
