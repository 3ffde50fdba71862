// The whole state of the page: named slices, each with its own codec, mirrored in the URL hash.
import { useLayoutEffect, useState } from "preact/hooks";

export interface Slice<T> {
  readonly key: string;
  readonly initial: () => T;
  readonly encode: (value: T) => string;
  /** The value, or undefined when the text makes no sense. */
  readonly decode: (text: string) => T | undefined;
}

type Change<T> = T | ((before: T) => T);

const slices = new Map<string, Slice<unknown>>();
const values = new Map<string, unknown>();
const listeners = new Map<string, Set<() => void>>();

/** Names a part of the state; a value that encodes like the initial one is left out of the hash. */
export function defineSlice<T>(
  key: string,
  initial: T | (() => T),
  encode: (value: T) => string,
  decode: (text: string) => T | undefined,
): Slice<T> {
  const slice: Slice<T> = {
    key,
    initial: typeof initial === "function" ? (initial as () => T) : () => initial,
    encode,
    decode,
  };
  slices.set(key, slice as Slice<unknown>);
  return slice;
}

/** A slice for a number between two bounds. */
export const numberSlice = (key: string, initial: number, low = -Infinity, high = Infinity): Slice<number> =>
  defineSlice(key, initial, String, (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    return value >= low && value <= high ? value : undefined;
  });

/** A slice for one of a few words. */
export const choiceSlice = <T extends string>(key: string, initial: T | (() => T), choices: readonly T[]): Slice<T> =>
  defineSlice<T>(
    key,
    initial,
    (value) => value,
    (text) => choices.find((choice) => choice === text),
  );

/** A slice for yes or no. */
export const flagSlice = (key: string, initial: boolean): Slice<boolean> =>
  defineSlice<boolean>(
    key,
    initial,
    (value) => (value ? "1" : "0"),
    (text) => (text === "1" ? true : text === "0" ? false : undefined),
  );

/** A slice for free text of at most `longest` characters. */
export const textSlice = (key: string, initial: string, longest = 1000): Slice<string> =>
  defineSlice<string>(
    key,
    initial,
    (value) => value,
    (text) => (text.length <= longest ? text : undefined),
  );

export function read<T>(slice: Slice<T>): T {
  if (!values.has(slice.key)) values.set(slice.key, slice.initial());
  return values.get(slice.key) as T;
}

export function write<T>(slice: Slice<T>, change: Change<T>): void {
  const before = read(slice);
  const after = typeof change === "function" ? (change as (before: T) => T)(before) : change;
  if (Object.is(before, after)) return;
  values.set(slice.key, after);
  announce(slice.key);
  scheduleHash();
}

function announce(key: string): void {
  for (const listener of [...(listeners.get(key) ?? [])]) listener();
}

function subscribe(slice: { readonly key: string }, listener: () => void): () => void {
  const set = listeners.get(slice.key) ?? new Set();
  listeners.set(slice.key, set.add(listener));
  return () => set.delete(listener);
}

/** The value of a slice and the way to change it; the component is drawn again when it changes. */
export function useSlice<T>(slice: Slice<T>): [T, (change: Change<T>) => void] {
  const [, draw] = useState({});
  useLayoutEffect(() => subscribe(slice, () => draw({})), [slice]);
  return [read(slice), (change) => write(slice, change)];
}

// encodeURI keeps the signs that make a hash readable; these two would end a field or start another hash.
const escaped = (text: string): string => encodeURI(text).replace(/[&#]/g, (sign) => (sign === "&" ? "%26" : "%23"));

/** The state as the text after `#`. */
export function encodeState(): string {
  return [...slices.values()]
    .map((slice) => [slice.key, slice.encode(read(slice)), slice.encode(slice.initial())] as const)
    .filter(([, now, initial]) => now !== initial)
    .map(([key, now]) => `${key}=${escaped(now)}`)
    .join("&");
}

export interface Garbage {
  readonly key: string;
  readonly text: string;
}

/** Sets every slice from a hash; what makes no sense falls back to the initial value and is returned. */
export function decodeState(hash: string): Garbage[] {
  const garbage: Garbage[] = [];
  const found = new Map<string, unknown>();
  for (const field of hash.replace(/^#/, "").split("&").filter(Boolean)) {
    const at = field.indexOf("=");
    const key = at < 0 ? field : field.slice(0, at);
    const raw = at < 0 ? "" : field.slice(at + 1);
    const value = at < 0 ? undefined : decoded(slices.get(key), raw);
    if (value === undefined) garbage.push({ key: key.slice(0, 40), text: raw.slice(0, 60) });
    else found.set(key, value);
  }
  for (const slice of slices.values()) {
    const value = found.has(slice.key) ? found.get(slice.key) : slice.initial();
    const same = values.has(slice.key) && slice.encode(value) === slice.encode(values.get(slice.key));
    if (same) continue;
    values.set(slice.key, value);
    announce(slice.key);
  }
  return garbage;
}

function decoded(slice: Slice<unknown> | undefined, raw: string): unknown {
  try {
    return slice?.decode(decodeURIComponent(raw));
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

let pending: ReturnType<typeof setTimeout> | undefined;
let mirrored = false;

// Browsers refuse more than about 100 replaceState calls in 30 seconds; a slider makes more than that.
const HASH_DELAY = 200;

function scheduleHash(): void {
  if (!mirrored) return;
  clearTimeout(pending);
  pending = setTimeout(flushHash, HASH_DELAY);
}

/** Writes the state into the address at once (before a link is copied). */
export function flushHash(): void {
  clearTimeout(pending);
  const hash = encodeState();
  if (hash !== location.hash.slice(1))
    history.replaceState(null, "", hash === "" ? location.pathname + location.search : `#${hash}`);
}

/** Reads the address now and whenever it changes, and keeps it up to date from now on. */
export function mirrorHash(complain: (garbage: Garbage[]) => void): void {
  const readHash = (): void => complain(decodeState(location.hash));
  readHash();
  mirrored = true;
  addEventListener("hashchange", () => {
    clearTimeout(pending);
    readHash();
  });
  addEventListener("pagehide", flushHash);
}
