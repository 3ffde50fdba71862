// Every panel's texts together; the build writes them to words.json, so that the page's code carries none.
import { words as compare } from "../compare/words";
import { words as curves } from "../curves/words";
import { words as find } from "../find/words";
import { words as formula } from "../formula/words";
import { words as guide } from "../guide/words";
import { words as learn } from "../learn/words";
import { words as share } from "../share/words";
import type { Lang } from "../types/catalog";
import { words as shell } from "./shell_words";
import type { Words } from "./words_type";

export const PANELS = { shell, curves, share, find, compare, guide, formula, learn } as const;

type Panels = typeof PANELS;
type KeysOf<W> = W extends { en: infer E } ? keyof E : never;
export type Key = { [P in keyof Panels]: KeysOf<Panels[P]> }[keyof Panels] & string;

// A panel whose languages have different keys does not type-check here.
type Same<W extends Words> = [keyof W["en"]] extends [keyof W["zh"]]
  ? [keyof W["zh"]] extends [keyof W["en"]]
    ? W
    : never
  : never;
const checked: { [P in keyof Panels]: Same<Panels[P]> } = PANELS;

const together = (lang: Lang): Record<string, string> =>
  Object.assign({}, ...Object.values<Words>(checked).map((words) => words[lang]));

/** All texts of both languages by key. */
export const TEXTS: Words = { en: together("en"), zh: together("zh") };
