// How numbers are written for people and for files.

/** A number in at most `digits` significant digits; missing numbers are a dash. */
export function text(value: number | null | undefined, digits = 6): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6)
    return value
      .toExponential(Math.min(digits - 1, 4))
      .replace(/\.?0+e/, "e")
      .replace("e+", "e");
  return String(Number(value.toPrecision(digits)));
}

/** A share as a percentage. */
export const percent = (share: number, digits = 4): string => `${text(100 * share, digits)} %`;

/** `value` moved into [low, high]; a number that is none becomes `otherwise`. */
export const clamp = (value: number, low: number, high: number, otherwise = low): number =>
  Number.isNaN(value) ? otherwise : Math.min(high, Math.max(low, value));
