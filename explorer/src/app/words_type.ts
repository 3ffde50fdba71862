import type { Lang } from "../types/catalog";

/** A panel's texts: the same keys in both languages. */
export type Words = Readonly<Record<Lang, Readonly<Record<string, string>>>>;
