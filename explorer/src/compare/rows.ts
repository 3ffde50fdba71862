/** The properties of several functions side by side, and where they differ. */

import { type Curve, resolve } from "../app/catalog";
import { text } from "../app/numbers";
import type { Chosen } from "../app/slices";
import { label, t } from "../app/words";
import { measured, type Properties } from "../formula/measured";

const SHARES = new Set(["zero_share", "zero_slope_share"]);

/** What is known of a function: from the catalogue at its defaults, else measured here. */
export function propertiesOf(choice: Chosen, curve: Curve = resolve(choice)): Properties {
  const { entry } = curve;
  return entry && Object.keys(choice.params).length === 0 ? entry.properties : measured(curve);
}

/** A property as people read it. */
export function shown(key: string, value: Properties[string] | undefined): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return t(value ? "find.yes" : "find.no");
  if (typeof value === "string") return label(`${key}.${value}`);
  if (key === "year") return String(value);
  return SHARES.has(key) ? `${text(100 * value, 4)} %` : text(value, 6);
}

export interface Row {
  readonly key: string;
  readonly cells: readonly string[];
  /** Whether two functions that have the property differ in it. */
  readonly differs: boolean;
}

export function rows(choices: readonly Chosen[]): Row[] {
  const known = choices.map((choice) => propertiesOf(choice));
  const keys = [...new Set(known.flatMap((each) => Object.keys(each)))];
  return keys
    .map((key) => {
      const cells = known.map((each) => shown(key, each[key]));
      const told = cells.filter((cell) => cell !== "–");
      return { key, cells, differs: new Set(told).size > 1 };
    })
    .filter((row) => row.cells.some((cell) => cell !== "–"));
}
