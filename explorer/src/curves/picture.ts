// The picture as data: what the charts draw, the files export and the tables list.
import { extentOf, type Range, type Scale } from "../app/axes";
import type { Curve } from "../app/catalog";
import type { Chosen } from "../app/slices";
import { type Format, inFormat } from "./formats";
import {
  even,
  flats,
  type Jump,
  kinks,
  type Numeric,
  ORDERS,
  type Order,
  placesOf,
  sampled,
  type Shape,
  shapeOf,
} from "./sample";
import type { Window } from "./settings";

/** What a function looks like over the window. */
export interface Look {
  readonly curve: Curve;
  readonly shape: Shape;
  readonly kinks: readonly number[];
  readonly jumps: readonly number[];
  readonly flats: readonly (readonly [number, number])[];
}

export type PlotName = Order | "difference";

/** What is shown: which functions and pictures, over which window, on which scale and in which number format. */
export interface Shown {
  readonly list: readonly Chosen[];
  readonly curves: readonly Curve[];
  readonly names: readonly PlotName[];
  readonly window: Window;
  readonly scale: Scale;
  readonly format: Format;
  /** The places of the two functions whose difference is shown. */
  readonly pair: readonly [number, number];
}

export interface Pane {
  readonly name: PlotName;
  readonly x: readonly number[];
  readonly lines: readonly (readonly (number | null)[])[];
  readonly scale: Scale;
  readonly yRange: Range;
}

const known = new WeakMap<Curve, { key: string; look: Look }>();

/** Looks at a function over a window; the last look is kept. */
export function lookAt(curve: Curve, [low, high]: Window, count: number): Look {
  const key = `${low},${high},${count}`;
  const before = known.get(curve);
  if (before?.key === key) return before.look;
  const grid = even(low, high, count);
  const shape = shapeOf(curve, grid);
  const span = high - low;
  const look = {
    curve,
    shape,
    kinks: kinks(shape, span),
    jumps: placesOf(shape.breaks.value, span),
    flats: flats(curve.slope, grid),
  };
  known.set(curve, { key, look });
  return look;
}

// A log axis has no place for zero and below.
const above = (lines: Pane["lines"]): Pane["lines"] =>
  lines.map((line) => line.map((y) => (y !== null && y > 0 ? y : null)));

/** One pane: an order of every function, or the difference of two. */
export function paneOf(
  name: PlotName,
  looks: readonly Look[],
  [low, high]: Window,
  count: number,
  format: Format,
  wanted: Scale,
  [a, b]: readonly [number, number],
): Pane {
  // A difference is often negative.
  const scale = name === "difference" && wanted === "log" ? "linear" : wanted;
  const grid = even(low, high, count);
  const extra = looks.flatMap(({ kinks: places, shape }) => [...places, ...shape.shores]);
  let functions: Numeric[];
  let gaps: (readonly Jump[])[];
  if (name === "difference") {
    const [first, second] = [looks[a], looks[b]];
    if (!first || !second) return { name, x: grid, lines: [], scale, yRange: [-1, 1] };
    const [f, g] = [inFormat(first.curve.value, format), inFormat(second.curve.value, format)];
    functions = [(x) => f(x) - g(x)];
    gaps = [[...first.shape.breaks.value, ...second.shape.breaks.value]];
  } else {
    functions = looks.map(({ curve }) => inFormat(curve[name], format));
    gaps = looks.map(({ shape }) => shape.breaks[name]);
  }
  const { x, lines } = sampled(functions, grid, gaps, extra);
  const shown = scale === "log" ? above(lines) : lines;
  return { name, x, lines: shown, scale, yRange: extentOf(scale, shown) };
}

/** The numbers of a function at x: value, slope, curvature as the format gives them. */
export const numbersAt = (curve: Curve, x: number, format: Format): Readonly<Record<Order, number>> =>
  Object.fromEntries(ORDERS.map((order) => [order, inFormat(curve[order], format)(x)])) as Record<Order, number>;
