export const DATA = ["circles", "xor", "spirals", "moons", "imbalanced", "sine"] as const;
export const STARTS = ["zeros", "small", "lecun", "xavier", "he", "gain", "large"] as const;
export const OPTIMISERS = ["sgd", "momentum", "adam"] as const;

/** Everything that decides a training except the activation functions. */
export interface Settings {
  data: (typeof DATA)[number];
  noise: number;
  seed: number;
  depth: number;
  width: number;
  start: (typeof STARTS)[number];
  optimiser: (typeof OPTIMISERS)[number];
  rate: number;
  batch: number;
  steps: number;
  bits: 32 | 64;
}

export const DEFAULTS: Settings = {
  data: "circles", noise: 0.1, seed: 1, depth: 3, width: 8, start: "gain", optimiser: "sgd", rate: 0.1, batch: 32,
  steps: 1000, bits: 64,
};

/** [smallest, largest, whole numbers only] of each number; src/actlab/explorer/training.py refuses what lies outside. */
export const BOUNDS = {
  noise: [0, 0.5, false],
  seed: [0, 999999, true],
  depth: [1, 10, true],
  width: [1, 64, true],
  rate: [0.0001, 100, false],
  batch: [1, 256, true],
  steps: [1, 20000, true],
} as const;

type Key = keyof Settings;
const WORDS: Partial<Record<Key, readonly unknown[]>> = {
  data: DATA, start: STARTS, optimiser: OPTIMISERS, bits: [32, 64],
};

/** Whether a value is one that the setting may have. */
export function allowed(key: Key, value: unknown): boolean {
  const words = WORDS[key];
  if (words) return words.includes(value);
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  const [low, high, whole] = BOUNDS[key as keyof typeof BOUNDS];
  return value >= low && value <= high && (!whole || Number.isInteger(value));
}

/** The settings as `key:value` pairs, those that differ from the defaults only. */
export function encode(settings: Settings): string {
  return (Object.keys(DEFAULTS) as Key[])
    .filter((key) => settings[key] !== DEFAULTS[key])
    .map((key) => `${key}:${settings[key]}`)
    .join(",");
}

/** The settings that `encode` wrote; undefined where a pair is none. */
export function decode(text: string): Settings | undefined {
  const settings: Settings = { ...DEFAULTS };
  for (const pair of text.split(",").filter(Boolean)) {
    const [key, word, ...more] = pair.split(":") as [Key, string | undefined];
    if (!Object.hasOwn(DEFAULTS, key) || !word || more.length) return undefined;
    const value = typeof DEFAULTS[key] === "number" ? Number(word) : word;
    if (!allowed(key, value)) return undefined;
    Object.assign(settings, { [key]: value });
  }
  return settings;
}
