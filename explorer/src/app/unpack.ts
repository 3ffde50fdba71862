// The catalogue travels by columns, which compress to half; here it becomes entries again, each part when it is asked for.
import type { Catalog, Entry, Packed } from "../types/catalog";

const SPARKS = 40;

const pick = (column: unknown, at: number): unknown =>
  Array.isArray(column)
    ? (column[at] as unknown)
    : Object.fromEntries(Object.entries(column as object).map(([key, inner]) => [key, pick(inner, at)]));

/** The value at even places over the window, null where undefined; nothing where the functions are not loaded. */
function spark({ name, window: [low, high], parameters }: Entry): (number | null)[] {
  const value = globalThis.actlabFunctions?.[name]?.[0];
  if (!value) return [];
  const numbers = parameters.map((parameter) => parameter.default);
  return Array.from({ length: SPARKS }, (_, k) => {
    const y = value(low + ((high - low) * k) / (SPARKS - 1), numbers);
    return Number.isFinite(y) ? y : null;
  });
}

/** What is told of an entry under each label, in reading order. */
const told = (rows: Record<string, Record<string, string | null>>): unknown =>
  Object.fromEntries(
    Object.entries(rows).map(([lang, own]) => [lang, Object.entries(own).filter(([, text]) => text !== null)]),
  );

/** Entries whose records are made at the first look: making all of them would take longer than the first picture. */
export function unpack({ columns, ...rest }: Packed): Catalog {
  const plain = Object.keys(columns).filter((key) => Array.isArray(columns[key]));
  const shape = {};
  const later = (key: string, make: (entry: Entry & { at: number }) => unknown): void => {
    Object.defineProperty(shape, key, {
      get(this: Entry & { at: number }) {
        const value = make(this);
        Object.defineProperty(this, key, { value });
        return value;
      },
    });
  };
  for (const key of Object.keys(columns))
    if (!plain.includes(key) && key !== "rows") later(key, ({ at }) => pick(columns[key], at));
  later("rows", ({ at }) => told(pick(columns["rows"], at) as Parameters<typeof told>[0]));
  later("spark", spark);
  const entries = (columns["name"] as string[]).map((_, at) => {
    const entry = Object.create(shape) as Record<string, unknown>;
    for (const key of plain) entry[key] = (columns[key] as unknown[])[at];
    entry["at"] = at;
    return entry as unknown as Entry;
  });
  return { ...rest, entries };
}
