// Finding an entry by what a reader types, in both languages.
import type { Entry } from "../types/catalog";
import { catalog, entries } from "./catalog";

const plain = (text: string): string => text.toLowerCase().replace(/[\s_-]+/g, "");

/** How well an entry answers a question: 0 for the name itself, larger for worse, Infinity for not at all. */
function distance(item: Entry, wanted: string): number {
  const names = [item.name, ...item.aliases].map(plain);
  if (names.includes(wanted)) return plain(item.name) === wanted ? 0 : 1;
  const starts = names.findIndex((name) => name.startsWith(wanted));
  if (starts >= 0) return starts === 0 ? 2 : 3;
  const inside = names.findIndex((name) => name.includes(wanted));
  if (inside >= 0) return inside === 0 ? 4 : 5;
  const { en, zh } = catalog().labels;
  const family = `family.${item.family}`;
  if ([item.family, en[family] ?? "", zh[family] ?? ""].some((text) => plain(text).includes(wanted))) return 6;
  return [item.summary.en, item.summary.zh].some((text) => plain(text).includes(wanted)) ? 7 : Infinity;
}

/** The entries that answer a question, the best first. */
export function search(text: string, most = Infinity): Entry[] {
  const wanted = plain(text);
  if (wanted === "") return entries().slice(0, most);
  const ranked = entries()
    .map((item) => ({ item, far: distance(item, wanted) }))
    .filter(({ far }) => far < Infinity);
  return ranked
    .sort((a, b) => a.far - b.far || a.item.name.length - b.item.name.length)
    .slice(0, most)
    .map(({ item }) => item);
}
