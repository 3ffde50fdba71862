// The whole state travels in the hash and garbage in it does no harm.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formulaOf, resolve, setCatalog } from "../src/app/catalog";
import {
  chosen,
  choose,
  decodeChosen,
  dismiss,
  encodeChosen,
  focus,
  lang,
  setParameter,
  view,
} from "../src/app/slices";
import { decodeState, encodeState, read, textSlice, write } from "../src/app/state";
import { windowSlice, zoomed, moved } from "../src/curves/settings";
import type { Catalog, Entry, Parameter } from "../src/types/catalog";

const parameter = (name: string, standard: number, floor: number | null = null) =>
  ({ name, default: standard, floor, ceiling: null, open: [true, false], whole: false }) as unknown as Parameter;
const entry = (name: string, aliases: string[] = [], parameters: Parameter[] = []) =>
  ({ name, aliases, parameters }) as unknown as Entry;
setCatalog({
  entries: [
    entry("relu"),
    entry("gelu"),
    entry("tanh"),
    entry("elu", ["ELU"], [parameter("alpha", 1)]),
    entry("mish"),
    entry("celu", [], [parameter("alpha", 1, 0)]),
  ],
} as unknown as Catalog);
globalThis.actlabOperations ??= {};
const note = textSlice("note", "");

test("what is written into the hash is read back", () => {
  write(view, "formula");
  write(lang, "zh");
  write(chosen, [
    { name: "elu", params: { alpha: -2.5e-7 } },
    { name: "gelu", params: {} },
  ]);
  write(windowSlice, [-0.125, 1e6]);
  write(note, "50% & a=b #1, ~×x 数");
  const hash = encodeState();
  assert.ok(!/[&#]1|\s/.test(hash), hash);
  const before = [view, lang, chosen, windowSlice, note].map((slice) => read<unknown>(slice as never));
  decodeState("");
  assert.equal(read(view), "curves");
  assert.equal(read(note), "");
  assert.deepEqual(decodeState(`#${hash}`), []);
  assert.deepEqual(
    [view, lang, chosen, windowSlice, note].map((slice) => read<unknown>(slice as never)),
    before,
  );
});

test("a state at its defaults has an empty hash", () => {
  decodeState("");
  assert.equal(encodeState(), "");
});

test("garbage falls back to the defaults and is told, good fields beside it are kept", () => {
  const hashes: [string, string[]][] = [
    ["view=nothing&x=-1,1", ["view"]],
    ["f=no_such_function", ["f"]],
    ["f=elu:alpha=x&view=find", ["f"]],
    ["f=elu:nothing=1", ["f"]],
    ["f=relu,gelu,tanh,elu,mish", ["f"]],
    ["x=5,-5&sigma=0", ["x", "sigma"]],
    ["x=1,2,3", ["x"]],
    ["x=,", ["x"]],
    ["%E0%A4%A=1&note=%E0%A4%A", ["%E0%A4%A", "note"]],
    ["&&=&==&what", ["", "", "what"]],
    ["__proto__=1&constructor=2", ["__proto__", "constructor"]],
  ];
  for (const [hash, wrong] of hashes) {
    assert.deepEqual(
      decodeState(hash).map(({ key }) => key),
      wrong,
      hash,
    );
    const plain = ["relu", "gelu", "tanh"];
    if (wrong.includes("f"))
      assert.deepEqual(
        read(chosen).map(({ name }) => name),
        plain,
      );
    if (wrong.includes("x")) assert.equal(read(windowSlice), null);
  }
  decodeState("view=nothing&x=-1,1");
  assert.deepEqual(read(windowSlice), [-1, 1]);
});

test("aliases are read as the entries they mean, and an empty choice stays empty", () => {
  assert.deepEqual(decodeChosen("ELU:alpha=3"), [{ name: "elu", params: { alpha: 3 } }]);
  assert.deepEqual(decodeChosen(""), []);
  assert.equal(encodeChosen([]), "");
});

test("a parameter outside its allowed set and a fifth function make no sense in a hash", () => {
  for (const text of ["celu:alpha=0", "celu:alpha=-1", "celu:alpha=NaN", "celu:alpha=1e999", "relu,relu,relu,relu,relu"])
    assert.equal(decodeChosen(text), undefined, text);
  assert.deepEqual(decodeChosen("celu:alpha=1e-300"), [{ name: "celu", params: { alpha: 1e-300 } }]);
  // More than four are refused before any of them is compiled.
  const many = Array.from({ length: 300 }, (_, at) => `=x*${at + 7000}`).join(",");
  const before = formulaOf("=x*7000");
  assert.equal(decodeChosen(many), undefined);
  assert.equal(formulaOf("=x*7000"), before);
});

test("a free name that every object has is a parameter like another", () => {
  for (const name of ["constructor", "__proto__", "toString"]) {
    const { numbers } = resolve({ name: `=x*${name}`, params: {} });
    assert.deepEqual(numbers, [1], name);
  }
});

test("at most four functions are chosen and a parameter at its default leaves the state", () => {
  decodeState("f=relu,gelu,tanh,elu");
  choose("mish");
  assert.deepEqual(
    read(chosen).map(({ name }) => name),
    ["mish", "gelu", "tanh", "elu"],
  );
  choose("tanh");
  assert.equal(read(focus), 2);
  setParameter(3, "alpha", 2);
  assert.equal(encodeChosen(read(chosen)), "mish,gelu,tanh,elu:alpha=2");
  setParameter(3, "alpha", 1);
  assert.equal(encodeChosen(read(chosen)), "mish,gelu,tanh,elu");
  dismiss(2);
  assert.deepEqual(
    read(chosen).map(({ name }) => name),
    ["mish", "gelu", "elu"],
  );
});

test("zooming and moving stop before the window stops making sense", () => {
  let window = [-1, 1] as readonly [number, number];
  for (let step = 0; step < 200; step++) window = zoomed(window, 0.5, 0.3);
  assert.ok(window[1] > window[0]);
  for (let step = 0; step < 200; step++) window = zoomed(window, 2);
  assert.ok(Math.abs(window[0]) <= 1e9);
  assert.deepEqual(moved([0, 4], 0.25), [1, 5]);
});
