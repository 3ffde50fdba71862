// What comes out when the input is normal: means by quadrature, and how the outputs are distributed.
import { type Bend, even, flats, type Numeric, shapeOf, stretches } from "./sample";

export interface Outputs {
  /** E f and E f² for x ~ N(0, sigma²); NaN where f is undefined there. */
  readonly mean: number;
  readonly second: number;
  /** 1/sqrt(E f²). */
  readonly gain: number;
  /** Probability that f(x) is exactly 0. */
  readonly zeros: number;
  /** Probability that |slope| < 0.01. */
  readonly flat: number;
}

// Gauss-Legendre nodes and weights on [-1, 1], 10 points (Abramowitz & Stegun, table 25.4), positive half.
const NODES = [0.14887433898163122, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845, 0.9739065285171717];
const WEIGHTS = [
  0.29552422471475287, 0.26926671930999635, 0.21908636251598204, 0.1494513491505806, 0.06667134430868814,
];

// In standard deviations. Beyond 14 the normal density is below 1e-43.
const FAR = 14;
const PANEL = 0.25;
const SEARCH = 701;

/** The normal density. */
const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

// A tail that only rounds to 0 is no zero of the function: a step beside it the value is still beyond all reason.
const STEP = 0.02;
const underflown = (value: Numeric, [from, to]: readonly [number, number]): boolean =>
  [value(from - STEP), value(to + STEP)].some((y) => y !== 0 && Math.abs(y) < 1e-200);

/** Means over x ~ N(0, sigma²), exact to about ten digits: the integral is cut at kinks, and near 0 when sigma is large. */
export function outputs(bend: Bend, sigma: number): Outputs {
  const search = even(-FAR * sigma, FAR * sigma * 1.0000001, SEARCH);
  const shape = shapeOf(bend, search);
  const seams = [...shape.breaks.value, ...shape.breaks.slope].map(
    ({ before, after }) => (before + (after - before) / 2) / sigma,
  );
  const near = sigma > 1 ? even(-4, 4, 65).map((x) => x / sigma) : [];
  const empty = stretches((x) => bend.value(x) === 0, search).filter((stretch) => !underflown(bend.value, stretch));
  const ends = [...flats(bend.slope, search), ...empty].flat().map((x) => x / sigma);
  const cuts = [
    ...even(-FAR, FAR, Math.round((2 * FAR) / PANEL) + 1),
    ...seams,
    ...near,
    ...ends,
    ...shape.shores.map((x) => x / sigma),
  ];
  const edges = [...new Set(cuts)].filter((z) => Math.abs(z) <= FAR).sort((a, b) => a - b);
  let [mean, second, zeros, flat] = [0, 0, 0, 0];
  for (let at = 0; at + 1 < edges.length; at++) {
    const half = ((edges[at + 1] as number) - (edges[at] as number)) / 2;
    const middle = (edges[at] as number) + half;
    for (let node = 0; node < 2 * NODES.length; node++) {
      const side = node % 2 === 0 ? 1 : -1;
      const z = middle + side * half * (NODES[node >> 1] as number);
      const share = half * (WEIGHTS[node >> 1] as number) * density(z);
      const y = bend.value(z * sigma);
      mean += share * y;
      second += share * y * y;
      if (empty.some(([from, to]) => z * sigma >= from && z * sigma <= to)) zeros += share;
      if (Math.abs(bend.slope(z * sigma)) < 0.01) flat += share;
    }
  }
  // Halves that cancel leave rounding.
  if (Math.abs(mean) < 1e-13 * Math.sqrt(second)) mean = 0;
  return { mean, second, gain: 1 / Math.sqrt(second), zeros, flat };
}

export interface Histogram {
  /** Left edges of the bins, and the right edge of the last one. */
  readonly edges: readonly number[];
  /** Per function, the share of its outputs in each bin. */
  readonly shares: readonly (readonly number[])[];
}

const BINS = 64;
const DRAWS = 4000;
const SHOWN = 0.002;

/** Standard normal numbers, one in the middle of each of `count` equal shares. */
function quantiles(count: number): Float64Array {
  const found = new Float64Array(count);
  const step = 1e-3;
  let [below, z, at] = [0, -8, 0];
  while (at < count) {
    const share = density(z + step / 2) * step;
    const wanted = (at + 0.5) / count;
    if (below + share >= wanted || z > 8) found[at++] = z + (step * (wanted - below)) / share;
    else [below, z] = [below + share, z + step];
  }
  return found;
}

const draws = quantiles(DRAWS);

/** The shares of outputs in common bins for x ~ N(0, sigma²); the outer 0.2 % of each function may lie outside. */
export function histogram(functions: readonly Numeric[], sigma: number): Histogram {
  const clouds = functions.map((f) =>
    draws
      .map((z) => f(z * sigma))
      .filter(Number.isFinite)
      .sort(),
  );
  const end = (share: number) =>
    clouds.filter((cloud) => cloud.length > 0).map((cloud) => cloud[Math.round(share * (cloud.length - 1))] as number);
  const [low, high] = [Math.min(...end(SHOWN)), Math.max(...end(1 - SHOWN))];
  if (!(low <= high)) return { edges: [], shares: functions.map(() => []) };
  const pad = Math.max((high - low) * 0.02, Math.abs(high) * 1e-6, 1e-9);
  const edges = even(low - pad, high + pad, BINS + 1);
  const first = edges[0] as number;
  const width = (edges[1] as number) - first;
  const shares = clouds.map((cloud) => {
    const bins = new Array<number>(BINS).fill(0);
    for (const y of cloud) {
      const bin = Math.floor((y - first) / width);
      if (bin >= 0 && bin < BINS) bins[bin] = (bins[bin] as number) + 1 / DRAWS;
    }
    return bins;
  });
  return { edges, shares };
}
