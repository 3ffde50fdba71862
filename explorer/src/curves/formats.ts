// Number formats: rounding to them, and where a function stops giving different outputs in them.

export const FORMATS = ["float64", "float32", "bfloat16", "float16"] as const;
export type Format = (typeof FORMATS)[number];
type Narrow = Exclude<Format, "float64">;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

const bitsOf = (x: number): number => {
  float[0] = x;
  return bits[0] as number;
};
const fromBits = (code: number): number => {
  bits[0] = code;
  return float[0] as number;
};

/** To the nearest bfloat16, ties to even, through float32 as kernels do. */
function toBrain(x: number): number {
  if (Number.isNaN(x)) return NaN;
  const code = bitsOf(x);
  return fromBits((code + 0x7fff + ((code >>> 16) & 1)) & 0xffff0000);
}

// Adding and taking away 1.5 * 2^52 rounds a smaller number to a whole one, ties to even.
const ROUNDER = 1.5 * 2 ** 52;

/** To the nearest float16, ties to even, through float32 as kernels do. */
function toHalf(x: number): number {
  const single = Math.fround(x);
  const size = Math.abs(single);
  if (!(size < 65520)) return Number.isNaN(single) ? NaN : Math.sign(single) * Infinity;
  const exponent = Math.max((bitsOf(size) >>> 23) - 127, -14);
  const unit = 2 ** (exponent - 10);
  const rounded = (size / unit + ROUNDER - ROUNDER) * unit;
  return single < 0 || Object.is(single, -0) ? -rounded : rounded;
}

const fromHalf = (code: number): number => {
  const exponent = code >> 10;
  return exponent === 0 ? code * 2 ** -24 : (1024 + (code & 1023)) * 2 ** (exponent - 25);
};

interface Layout {
  readonly round: (x: number) => number;
  /** The positive numbers of the format by their encoding, which rises with them. */
  readonly decode: (code: number) => number;
  /** The encoding of the largest finite number. */
  readonly largest: number;
}

const LAYOUTS: Readonly<Record<Narrow, Layout>> = {
  float32: { round: Math.fround, decode: fromBits, largest: 0x7f7fffff },
  bfloat16: { round: toBrain, decode: (code) => fromBits(code * 65536), largest: 0x7f7f },
  float16: { round: toHalf, decode: fromHalf, largest: 0x7bff },
};

/** The nearest number of a format. */
export const rounded = (x: number, format: Format): number => (format === "float64" ? x : LAYOUTS[format].round(x));

/** A function as a kernel of that format gives it: the input rounded, the output rounded. */
export function inFormat(f: (x: number) => number, format: Format): (x: number) => number {
  if (format === "float64") return f;
  const { round } = LAYOUTS[format];
  return (x) => round(f(round(x)));
}

/** From `from` on, every input of the format gives the output `output`. */
export interface Collapse {
  readonly from: number;
  readonly output: number;
}

const PROBES = 600;

/** Where outputs stop differing on one side; null when they differ up to the largest numbers. */
export function collapse(f: (x: number) => number, format: Narrow, side: -1 | 1): Collapse | null {
  const { round, decode, largest } = LAYOUTS[format];
  const at = (code: number): number => round(f(side * decode(code)));
  const output = at(largest);
  if (Number.isNaN(output)) return null;
  let low = 0;
  let high = largest;
  for (let probe = PROBES; probe >= 1; probe--) {
    const code = Math.max(1, Math.round((largest * probe) / PROBES) - 1);
    if (at(code) !== output) {
      low = code;
      break;
    }
    high = code;
  }
  if (low === 0) return { from: 0, output };
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (at(middle) === output) high = middle;
    else low = middle;
  }
  // Numbers within a factor 2 of the largest round together for want of room, not of slope.
  return decode(high) < decode(largest) / 2 ? { from: side * decode(high), output } : null;
}
