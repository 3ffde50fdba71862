// The catalogue as the page reads it, and the functions behind a name or a formula.
import { compileFormula } from "../formula/compile";
import type { Catalog, Entry, Parameter } from "../types/catalog";
import type { Chosen } from "./slices";

/** A function with its parameters filled in. */
export interface Curve {
  readonly name: string;
  /** The entry, or null for a formula of the user. */
  readonly entry: Entry | null;
  readonly parameters: readonly Parameter[];
  readonly numbers: readonly number[];
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
  readonly curvature: (x: number) => number;
}

let loaded: Catalog | undefined;
let byName = new Map<string, Entry>();

/** Sets the catalogue (the page does it once, tests with their own). */
export function setCatalog(catalog: Catalog): void {
  loaded = catalog;
  byName = new Map(catalog.entries.flatMap((item) => item.aliases.map((alias) => [alias, item])));
  for (const item of catalog.entries) byName.set(item.name, item);
}

export function catalog(): Catalog {
  if (!loaded) throw new Error("the catalogue is read before it is loaded");
  return loaded;
}

export const entries = (): readonly Entry[] => catalog().entries;

/** The entry of a name or alias. */
export function entry(name: string): Entry {
  const found = byName.get(name);
  if (!found) throw new Error(`there is no entry called ${name}`);
  return found;
}

type Compiled = ReturnType<typeof compileFormula>;
const compiled = new Map<string, Compiled>();

/** The formula behind a name that starts with "="; compiled once. */
export function formulaOf(name: string): Compiled {
  const before = compiled.get(name);
  if (before) return before;
  const result = compileFormula(name.slice(1));
  if (compiled.size > 200) compiled.clear();
  compiled.set(name, result);
  return result;
}

/** Whether a name is an entry, an alias or a formula that compiles. */
export const known = (name: string): boolean => (name.startsWith("=") ? formulaOf(name).ok : byName.has(name));

const FREE = {
  default: 1,
  low: -5,
  high: 5,
  step: 0.01,
  whole: false,
  learned: false,
  drawn: false,
  floor: null,
  ceiling: null,
  open: [false, false],
} satisfies Omit<Parameter, "name">;

/** What a reader can set on a function. */
export function parametersOf(name: string): readonly Parameter[] {
  if (!name.startsWith("=")) return entry(name).parameters;
  const formula = formulaOf(name);
  return formula.ok ? formula.names.map((free) => ({ name: free, ...FREE })) : [];
}

const nowhere = (): number => NaN;
const resolved = new WeakMap<Chosen, Curve>();

/** The function that a choice names, ready to be called with x alone; the same choice gives the same curve. */
export function resolve(choice: Chosen): Curve {
  const curve = resolved.get(choice) ?? made(choice);
  resolved.set(choice, curve);
  return curve;
}

function made(choice: Chosen): Curve {
  const parameters = parametersOf(choice.name);
  // A free name of a formula may be one that every object has, such as constructor.
  const numbers = parameters.map((parameter) =>
    Object.hasOwn(choice.params, parameter.name) ? (choice.params[parameter.name] as number) : parameter.default,
  );
  const bind = (f: (x: number, p: readonly number[]) => number) => (x: number) => f(x, numbers);
  if (choice.name.startsWith("=")) {
    const formula = formulaOf(choice.name);
    if (!formula.ok)
      return {
        name: choice.name,
        entry: null,
        parameters,
        numbers,
        value: nowhere,
        slope: nowhere,
        curvature: nowhere,
      };
    return {
      name: choice.name,
      entry: null,
      parameters,
      numbers,
      value: bind(formula.value),
      slope: bind(formula.slope),
      curvature: bind(formula.curvature),
    };
  }
  const item = entry(choice.name);
  const [value, slope, curvature] = actlabFunctions[item.name] ?? [nowhere, nowhere, nowhere];
  return {
    name: item.name,
    entry: item,
    parameters,
    numbers,
    value: bind(value),
    slope: bind(slope),
    curvature: bind(curvature),
  };
}

/** How a function is called on the page: its name, with the parameters that were changed. */
export function nameOf({ name, params }: Chosen): string {
  const changed = Object.entries(params).map(([key, value]) => `${key}=${value}`);
  const shown = name.startsWith("=") ? name.slice(1).trim() : name;
  return changed.length > 0 ? `${shown} (${changed.join(", ")})` : shown;
}
