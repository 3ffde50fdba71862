// Facets, their counts and codec, sorting, sparklines, and the guide's dialogue.
import assert from "node:assert/strict";
import { test } from "node:test";
import { counts, decode, encode, FACETS, matches, plainFormula, sorted, toggled, years } from "../src/find/facets";
import { sparkline } from "../src/find/spark";
import { advice, next, sensible } from "../src/guide/dialogue";
import type { Entry, Guide } from "../src/types/catalog";

const entry = (name: string, family: string, year: number | null, properties: Entry["properties"], where: string[]): Entry =>
  ({ name, family, kind: "pointwise", year, properties, where, jumps: [], window: [-1, 1], spark: [] }) as unknown as Entry;

const ALL = [
  entry("relu", "rectified", 1969, { monotone: true, smooth: false, kinks: 1, gain: 1.41 }, ["torch", "jax"]),
  entry("gelu", "self_gated", 2016, { monotone: false, smooth: true, kinks: 0, gain: 1.53 }, ["torch"]),
  entry("softmax", "along_axis", null, { monotone: null, smooth: null, kinks: null, gain: null }, ["torch"]),
  entry("step5", "steps", 2022, { monotone: true, smooth: false, kinks: Infinity, gain: 0.5 }, []),
];
const facet = (id: string) => FACETS.find((each) => each.id === id)!;

test("every facet gives an entry values, and none where nothing is known", () => {
  assert.deepEqual(facet("kinks").values(ALL[3]!), ["3"]);
  assert.deepEqual(facet("monotone").values(ALL[2]!), []);
  assert.deepEqual(ALL.map((each) => facet("year").values(each).map(years)), [["< 2000"], ["2015–2017"], [], ["≥ 2021"]]);
});

test("values of one facet add up, facets narrow each other down, and counts foretell what is left", () => {
  const selection = toggled(toggled({}, "where", "torch"), "monotone", "yes");
  assert.deepEqual(ALL.filter((each) => matches(each, selection)).map(({ name }) => name), ["relu"]);
  for (const each of FACETS) {
    for (const [value, count] of counts(ALL, each, selection)) {
      const alone = { ...selection, [each.id]: [value] };
      assert.equal(ALL.filter((item) => matches(item, alone)).length, count, `${each.id}.${value}`);
    }
  }
  assert.deepEqual(toggled(toggled(selection, "where", "torch"), "monotone", "yes"), {});
});

test("a selection survives the address, and garbage is refused", () => {
  const selection = { family: ["rectified", "steps"], kind: ["along axis"], monotone: ["no"] };
  assert.deepEqual(decode(encode(selection)), selection);
  assert.deepEqual(decode(""), {});
  for (const text of ["colour.red", "family", "family.", "~", "monotone.yes~"]) assert.equal(decode(text), undefined, text);
});

test("entries without a property come last whichever way they are sorted", () => {
  assert.deepEqual(sorted(ALL, "gain", true).map(({ name }) => name), ["gelu", "relu", "step5", "softmax"]);
  assert.deepEqual(sorted(ALL, "gain", false).map(({ name }) => name), ["step5", "relu", "gelu", "softmax"]);
  assert.deepEqual(sorted(ALL, "name", false)[0]!.name, "gelu");
});

test("a formula is found however it is written", () => {
  const latex = String.raw`x\,\tanh\left(\ln\left(1 + e^{x}\right)\right)`;
  for (const typed of ["x*tanh(ln(1 + exp(x)))", "tanh(ln(1+e^x))", "TANH( ln( 1+exp(x)"]) assert.ok(plainFormula(latex).includes(plainFormula(typed)), typed);
});

test("a sparkline breaks where the function is undefined or jumps", () => {
  const moves = (numbers: (number | null)[], jumps: number[] = []): number => sparkline({ ...ALL[0]!, spark: numbers, jumps }).split("M").length - 1;
  assert.equal(moves([0, 1, 2, 3]), 1);
  assert.equal(moves([0, null, 2, 3]), 2);
  assert.equal(moves([0, 0, 1, 1], [0]), 2);
  assert.ok(!sparkline({ ...ALL[0]!, spark: [2, 2, 2] }).includes("NaN"));
});

const both = (text: string) => ({ en: text, zh: text });
const GUIDE: Guide = {
  places: [{ id: "hidden", label: both("hidden"), questions: [{ id: "task", choices: [{ id: "", label: both("any") }, { id: "binary", label: both("two") }] }] }],
  advice: ["relu", "gelu"].map((name) => ({ entries: [name], strength: "first choice", reason: both("because"), source: "", loss: "", initialisation: both("") })),
  answers: { "hidden|": [0, 1], "hidden|binary": [1] },
};

test("the guide asks what is open and ends at the advice of the data", () => {
  assert.equal(next(GUIDE, ["hidden"])?.id, "task");
  assert.equal(next(GUIDE, ["hidden", "binary"]), undefined);
  assert.deepEqual(advice(GUIDE, ["hidden", ""]).map(({ entries }) => entries[0]), ["relu", "gelu"]);
  assert.ok(sensible(GUIDE, ["hidden", "binary"]) && !sensible(GUIDE, ["hidden", "cats"]) && !sensible(GUIDE, ["attic"]));
});
