// The parts of the state that every panel shares: language, view, the chosen functions.
import type { Lang, Parameter } from "../types/catalog";
import { entry, known, parametersOf } from "./catalog";
import { choiceSlice, defineSlice, read, write } from "./state";

export const VIEWS = ["curves", "find", "compare", "guide", "formula", "learn"] as const;
export type View = (typeof VIEWS)[number];

/** A function with the parameters that differ from their defaults; a name that starts with "=" is a formula. */
export interface Chosen {
  readonly name: string;
  readonly params: Readonly<Record<string, number>>;
}

export const MOST_CHOSEN = 4;

// What `--lang` asked for stands in the document; else the browser decides.
const browserLanguage = (): Lang => {
  const asked = typeof document === "undefined" ? undefined : document.documentElement.dataset["lang"];
  if (asked === "en" || asked === "zh") return asked;
  const wanted = typeof navigator === "undefined" ? [] : (navigator.languages ?? []);
  return (wanted.find((tag) => /^(zh|en)\b/i.test(tag)) ?? "en").toLowerCase().startsWith("zh") ? "zh" : "en";
};

export const lang = choiceSlice<Lang>("lang", browserLanguage, ["en", "zh"]);
export const view = choiceSlice<View>("view", "curves", VIEWS);
export const chosen = defineSlice<readonly Chosen[]>(
  "f",
  () => FIRST.filter(({ name }) => known(name)),
  encodeChosen,
  decodeChosen,
);

const FIRST: readonly Chosen[] = ["relu", "gelu", "tanh"].map((name) => ({ name, params: {} }));

/** Chosen functions as text: `gelu,elu:alpha=2,=x*max(x,a):a=0.5`. */
export function encodeChosen(list: readonly Chosen[]): string {
  return list
    .map(({ name, params }) => [name, ...Object.entries(params).map(([key, value]) => `${key}=${value}`)].join(":"))
    .join(",");
}

// A formula has commas of its own, but only inside brackets.
const splitOutside = (text: string): string[] => {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")") depth--;
    else if (text[at] === "," && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
};

const permitted = ({ floor, ceiling, open, whole }: Parameter, value: number): boolean =>
  Number.isFinite(value) &&
  (!whole || Number.isInteger(value)) &&
  (floor === null || value > floor || (value === floor && !open[0])) &&
  (ceiling === null || value < ceiling || (value === ceiling && !open[1]));

/** The chosen functions that a text names, or undefined when it names an unknown function or parameter. */
export function decodeChosen(text: string): readonly Chosen[] | undefined {
  if (text === "") return [];
  const list: Chosen[] = [];
  const parts = splitOutside(text);
  if (parts.length > MOST_CHOSEN) return undefined;
  for (const part of parts) {
    const [name = "", ...fields] = part.split(":");
    if (!known(name)) return undefined;
    const params: Record<string, number> = {};
    const parameters = parametersOf(name);
    for (const field of fields) {
      const [key = "", written = ""] = field.split("=");
      const value = written.trim() === "" ? NaN : Number(written);
      const parameter = parameters.find(({ name }) => name === key);
      if (!parameter || !permitted(parameter, value)) return undefined;
      params[key] = value;
    }
    list.push({ name: name.startsWith("=") ? name : entry(name).name, params });
  }
  return list;
}

/** Which of the chosen functions the details speak of. */
export const focus = defineSlice<number>("focus", 0, String, (text) =>
  /^[0-3]$/.test(text) ? Number(text) : undefined,
);

/** The place of the focused function among the chosen ones. */
export const focused = (): number => Math.max(0, Math.min(read(focus), read(chosen).length - 1));

/** Adds a function, or focuses it when it is there already; a fifth one replaces the focused one. */
export function choose(name: string, params: Readonly<Record<string, number>> = {}): void {
  const list = read(chosen);
  const there = list.findIndex((item) => item.name === name);
  if (there >= 0) return write(focus, there);
  const at = list.length < MOST_CHOSEN ? list.length : focused();
  write(chosen, [...list.slice(0, at), { name, params }, ...list.slice(at + 1)]);
  write(focus, at);
}

/** Takes the function at a place away. */
export function dismiss(at: number): void {
  write(
    chosen,
    read(chosen).filter((_, place) => place !== at),
  );
  if (read(focus) >= at) write(focus, Math.max(0, read(focus) - 1));
}

/** Sets one parameter of the function at a place; its default leaves the state. */
export function setParameter(at: number, key: string, value: number): void {
  write(chosen, (list) =>
    list.map((item, place) => {
      if (place !== at) return item;
      const standard = parametersOf(item.name).find((parameter) => parameter.name === key)?.default;
      const { [key]: _, ...rest } = item.params;
      return { name: item.name, params: value === standard ? rest : { ...rest, [key]: value } };
    }),
  );
}
