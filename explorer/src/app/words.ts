// Every text of the page, by key, in the language of the reader.
import type { Lang } from "../types/catalog";
import type { Key } from "./all_words";
import { catalog } from "./catalog";
import { lang } from "./slices";
import { read } from "./state";
import type { Words } from "./words_type";

export type { Key } from "./all_words";

let texts: Words = { en: {}, zh: {} };

/** Sets the texts (the page does it once, tests too). */
export const setWords = (words: Words): void => void (texts = words);

type Values = Readonly<Record<string, string | number>>;

const filled = (text: string, values: Values): string =>
  text.replace(/\{(\w+)\}/g, (hole, key: string) => String(values[key] ?? hole));

/** The text of a key in the reader's language, with `{name}` replaced by values. */
export const t = (key: Key, values: Values = {}): string => filled(texts[read(lang)][key] ?? key, values);

/** The label of a property, `family.<id>` or `kind.<id>`, from the catalogue. */
export const label = (key: string): string => catalog().labels[read(lang)][key] ?? key;

/** The right one of two texts that come with the data. */
export const either = <T>(both: Readonly<Record<Lang, T>>): T => both[read(lang)];
