// Scales and the round numbers on them, for the screen and for files.

export type Scale = "linear" | "log" | "symlog";
export type Range = readonly [low: number, high: number];

/** From a number to where it stands on an axis. */
export const BEND: Readonly<Record<Scale, (y: number) => number>> = {
  linear: (y) => y,
  log: Math.log10,
  symlog: Math.asinh,
};

/** Round numbers between two ends, about `count` of them. */
export function ticks([low, high]: Range, count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((nice) => nice * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const many = Math.floor(high / step + 1e-9) - first;
  // Far from 0 a narrow range has no such numbers in float64.
  if (!(many < 10 * count + 10)) return [];
  return Array.from({ length: many + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)) + 0);
}

const POWERS = Array.from({ length: 31 }, (_, at) => 10 ** (at - 12));

/** The numbers to write on a vertical axis. */
export function levels(scale: Scale, range: Range, count: number): number[] {
  const between = (y: number): boolean => y >= range[0] && y <= range[1];
  const powers =
    scale === "log"
      ? POWERS.filter(between)
      : POWERS.filter((y) => y >= 1)
          .flatMap((y) => [y, -y])
          .filter(between);
  if (scale === "linear" || powers.length < 2) return ticks(range, count);
  const every = Math.ceil(powers.length / (1.5 * count));
  return [
    ...powers.filter((y) => Math.round(Math.log10(Math.abs(y))) % every === 0),
    ...(between(0) && scale === "symlog" ? [0] : []),
  ];
}

/** The numbers of an axis as texts with equally many decimals. */
export function tickTexts(places: readonly number[]): string[] {
  const size = Math.max(...places.map(Math.abs));
  if (places.length > 0 && (size >= 1e6 || size < 1e-4))
    return places.map((place) => (place === 0 ? "0" : place.toExponential().replace("e+", "e")));
  return places.map((place) => (Math.abs(place) < 1e-4 && place !== 0 ? place.toExponential() : String(place)));
}

const HUGE = 4e307; // beyond, the width of a range is no float64

/** The range to show for lines: everything, unless a pole would flatten the rest. */
export function extent(lines: readonly ArrayLike<number | null>[]): Range | null {
  const all = Float64Array.from(
    lines.flatMap((line) => Array.from(line)).filter((y): y is number => y !== null && Number.isFinite(y)),
  ).sort();
  if (all.length === 0) return null;
  const quantile = (share: number): number => all[Math.round(share * (all.length - 1))] as number;
  const [low, high, inner, outer] = [quantile(0), quantile(1), quantile(0.03), quantile(0.97)];
  const room = 3 * Math.max(outer - inner, 1e-9 * Math.max(Math.abs(inner), Math.abs(outer)));
  const shown: Range = [Math.max(low, inner - room, -HUGE), Math.min(high, outer + room, HUGE)];
  const pad = 0.06 * (shown[1] - shown[0]) || Math.max(1, Math.abs(shown[0])) * 0.5;
  return [shown[0] - pad, shown[1] + pad];
}

// How far a logarithmic axis follows the outermost hundredth of its numbers: beside a jump or a root they have no bound.
const BEYOND = 1e3;

/** The range of a logarithmic axis: what is positive, unless a pole or a root would flatten the rest. */
export function logExtent(lines: readonly ArrayLike<number | null>[]): Range | null {
  const all = Float64Array.from(
    lines.flatMap((line) => Array.from(line)).filter((y): y is number => y !== null && y > 0 && y < Infinity),
  ).sort();
  if (all.length === 0) return null;
  const quantile = (share: number): number => all[Math.round(share * (all.length - 1))] as number;
  return [Math.max(quantile(0), quantile(0.01) / BEYOND) / 1.3, Math.min(quantile(1), quantile(0.99) * BEYOND) * 1.3];
}

export const extentOf = (scale: Scale, lines: readonly ArrayLike<number | null>[]): Range =>
  (scale === "log" ? logExtent(lines) : extent(lines)) ?? (scale === "log" ? [0.1, 10] : [-1, 1]);
