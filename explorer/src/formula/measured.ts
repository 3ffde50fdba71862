/** Properties of a function that the catalogue does not hold, measured on the page: of a formula, or of other parameters. */

import { outputs } from "../curves/outputs";
import { type Bend, even, flats, kinks, shapeOf } from "../curves/sample";
import type { Entry } from "../types/catalog";

export const SEEN = 10; // how far to both sides of 0
const PLACES = 1601;
const FAR = 1e6;
const NOISE = 1e-12; // of the largest value; smaller changes are rounding
const CENTRED = 1e-9;

export type Properties = Entry["properties"];

/** Where f goes far to one side: to infinity, to a number, or to nothing that could be seen. */
function limit(f: (x: number) => number, side: 1 | -1): number | null {
  const [near, far] = [f((side * FAR) / 1000), f(side * FAR)];
  if (Number.isNaN(far)) return null;
  if (Math.abs(far) > 100 && Math.abs(far) > 2 * Math.abs(near)) return far > 0 ? Infinity : -Infinity;
  return Math.abs(far - near) <= 1e-2 * Math.max(Math.abs(far), 1e-2) ? Number(far.toPrecision(3)) : null;
}

/** The lowest of f, found at a sample and then between its neighbours by thirds. */
function lowest(f: (x: number) => number, x: readonly number[]): number {
  const y = x.map(f);
  const best = y.reduce((at, value, place) => (value < y[at]! || Number.isNaN(y[at]) ? place : at), 0);
  let [low, high] = [x[Math.max(0, best - 1)]!, x[Math.min(x.length - 1, best + 1)]!];
  for (let step = 0; step < 60; step++) {
    const [left, right] = [low + (high - low) / 3, high - (high - low) / 3];
    if (f(left) <= f(right)) high = right;
    else low = left;
  }
  const between = f((low + high) / 2);
  return between < y[best]! ? between : y[best]!;
}

const highest = (f: (x: number) => number, x: readonly number[]): number => -lowest((place) => -f(place), x);

/** The largest finite size. */
const largest = (numbers: readonly number[]): number => Math.max(...numbers.filter(Number.isFinite).map(Math.abs), Number.MIN_VALUE);

/** Whether two values agree: infinite and undefined ones too. */
const same = (a: number, b: number, room: number): boolean => a === b || Math.abs(a - b) <= room || (Number.isNaN(a) && Number.isNaN(b));

/** A place on the x axis without the last steps of a search. */
const place = (x: number): number => Number(x.toFixed(9)) + 0;

/** Whether numbers ever rise, and ever fall, by more than rounding. */
function ways(numbers: readonly number[], size: number): { rises: boolean; falls: boolean } {
  const steps = numbers.slice(1).map((value, at) => value - numbers[at]!);
  return { rises: steps.some((step) => step > NOISE * size), falls: steps.some((step) => step < -NOISE * size) };
}

/** The same keys as an entry's properties, as far as they can be measured. */
export function measured(bend: Bend): Properties {
  const x = even(-SEEN, SEEN, PLACES);
  const y = x.map(bend.value);
  const defined = y.filter((value) => !Number.isNaN(value));
  const size = largest(y);
  const { rises, falls } = ways(y, size);
  const [slopeLow, slopeHigh] = [lowest(bend.slope, x), highest(bend.slope, x)];
  const slopes = x.map(bend.slope);
  const steeper = ways(slopes, largest(slopes));
  const shape = shapeOf(bend, x);
  const broken = shape.breaks.value.length > 0;
  const known = defined.length > 0;
  const { mean, second, zeros } = outputs(bend, 1);
  const steepness = outputs({ value: bend.slope, slope: bend.curvature, curvature: () => NaN }, 1).second;
  const zones = flats(bend.slope, even(-5 * SEEN, 5 * SEEN, PLACES));
  const [first, last] = [zones[0], zones.at(-1)];
  const mirrored = (sign: 1 | -1): boolean => known && x.every((from, at) => same(y[at]!, sign * bend.value(-from), NOISE * size));
  const [left, right] = [limit(bend.value, -1), limit(bend.value, 1)];
  const ends = [left, right].filter((end): end is number => end !== null);
  return {
    monotone: known ? !(rises && falls) : null,
    direction: !known ? null : rises ? (falls ? "neither" : "increasing") : falls ? "decreasing" : "constant",
    kinks: kinks(shape, 2 * SEEN).length,
    zero_centred: Number.isNaN(mean) ? null : Math.abs(mean) < CENTRED,
    odd: mirrored(-1),
    even: mirrored(1),
    // A jump bends no way, and no slope bounds it.
    convexity: !known ? null : broken ? "neither" : steeper.rises ? (steeper.falls ? "neither" : "convex") : steeper.falls ? "concave" : "affine",
    range_low: Math.min(lowest(bend.value, x), ...ends),
    range_high: Math.max(highest(bend.value, x), ...ends),
    limit_left: left,
    limit_right: right,
    slope_low: slopeLow,
    slope_high: slopeHigh,
    lipschitz: broken ? Infinity : Math.max(Math.abs(slopeLow), Math.abs(slopeHigh)),
    mean,
    second,
    slope_second: steepness,
    gain: 1 / Math.sqrt(second),
    slope_gain: 1 / Math.sqrt(steepness),
    zero_share: known ? zeros : null,
    saturated_below: first && first[0] <= -5 * SEEN ? place(first[1]) : null,
    saturated_above: last && last[1] >= 5 * SEEN ? place(last[0]) : null,
  };
}
