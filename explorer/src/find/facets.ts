/** What entries are narrowed down by: each facet gives an entry one or several values, which are counted. */

import type { Entry } from "../types/catalog";

export interface Facet {
  readonly id: string;
  readonly values: (entry: Entry) => readonly string[];
}

// first years of the periods; the first holds all before the second
const PERIODS = [0, 2000, 2010, 2015, 2018, 2021];

const period = (year: number | null): string[] =>
  year === null ? [] : [String(PERIODS.findLastIndex((start) => year >= start))];

/** The years of a period, as people write them. */
export function years(at: string): string {
  const [from, next] = [PERIODS[Number(at)] ?? 0, PERIODS[Number(at) + 1]];
  return from === 0 ? `< ${next}` : next ? `${from}–${next - 1}` : `≥ ${from}`;
}

const flag = (id: string): Facet => ({
  id,
  values: ({ properties }) => (typeof properties[id] === "boolean" ? [properties[id] ? "yes" : "no"] : []),
});

export const FACETS: readonly Facet[] = [
  { id: "family", values: (entry) => [entry.family] },
  { id: "kind", values: (entry) => [entry.kind] },
  ...["monotone", "smooth", "bounded", "zero_centred"].map(flag),
  { id: "kinks", values: ({ properties: { kinks } }) => (typeof kinks === "number" ? [kinks > 2 ? "3" : String(kinks)] : []) },
  flag("learned"),
  { id: "year", values: (entry) => period(entry.year) },
  { id: "where", values: (entry) => entry.where },
];

/** facet -> the values asked for, any of which will do; facets without any are absent. */
export type Selection = Readonly<Record<string, readonly string[]>>;

const meets = (entry: Entry, { id, values }: Facet, selection: Selection): boolean =>
  !selection[id] || values(entry).some((value) => selection[id]!.includes(value));

export const matches = (entry: Entry, selection: Selection): boolean => FACETS.every((facet) => meets(entry, facet, selection));

/** value -> how many entries it would leave, given what is asked of the other facets; in order of the values. */
export function counts(entries: readonly Entry[], facet: Facet, selection: Selection): Map<string, number> {
  const others = FACETS.filter((other) => other !== facet);
  const found = new Map<string, number>();
  for (const entry of entries) {
    const left = others.every((other) => meets(entry, other, selection)) ? 1 : 0;
    for (const value of facet.values(entry)) found.set(value, (found.get(value) ?? 0) + left);
  }
  const ordered = ["kinks", "year"].includes(facet.id);
  return new Map([...found].sort(([a, m], [b, n]) => (ordered ? a.localeCompare(b) : n - m || a.localeCompare(b))));
}

/** The selection with a value asked for, or no longer. */
export function toggled(selection: Selection, id: string, value: string): Selection {
  const before = selection[id] ?? [];
  const after = before.includes(value) ? before.filter((each) => each !== value) : [...before, value];
  const { [id]: _, ...rest } = selection;
  return after.length ? { ...rest, [id]: after } : rest;
}

/** A selection as text: `family.leaky.hard~smooth.yes`. */
export const encode = (selection: Selection): string =>
  Object.entries(selection)
    .map(([id, values]) => [id, ...values].join("."))
    .join("~");

export function decode(text: string): Selection | undefined {
  const parts = text ? text.split("~").map((part) => part.split(".")) : [];
  const known = parts.every(([id, ...values]) => values.length && values.every(Boolean) && FACETS.some((facet) => facet.id === id));
  return known ? Object.fromEntries(parts.map(([id, ...values]) => [id!, values])) : undefined;
}

/** The entries by name or a property; those without it last. */
export function sorted(entries: readonly Entry[], by: string, falling: boolean): Entry[] {
  if (by === "") return [...entries];
  const of = (entry: Entry): string | number | boolean | null => (by === "name" ? entry.name : (entry.properties[by] ?? null));
  const way = falling ? -1 : 1;
  return [...entries].sort((one, other) => {
    const [a, b] = [of(one), of(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return way * (typeof a === "string" ? a.localeCompare(String(b)) : a === b ? 0 : a < b ? -1 : 1);
  });
}

/** A formula without what people write differently: layout commands, spaces, products. */
export const plainFormula = (text: string): string =>
  text
    .replace(/\\(left|right|,|cdot|text|operatorname|mathit)|[\s{}*·\\]/g, "")
    .replace(/exp\(([^()]*)\)/g, "e^$1")
    .replace(/\*\*/g, "^")
    .toLowerCase();
