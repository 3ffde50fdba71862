// Rounding to narrow number formats, and where functions stop giving different outputs in them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { collapse, inFormat, rounded } from "../src/curves/formats";

test("float16 rounds to the nearest number, ties to even, with subnormals and overflow", () => {
  const cases: [number, number][] = [
    [1 + 2 ** -11, 1],
    [1 + 3 * 2 ** -11, 1 + 2 ** -9],
    [1 + 2 ** -11 + 2 ** -20, 1 + 2 ** -10],
    [65504, 65504],
    [65519.9, 65504],
    [65520, Infinity],
    [-1e9, -Infinity],
    [2 ** -24, 2 ** -24],
    [2 ** -25, 0],
    [1.5 * 2 ** -25, 2 ** -24],
    [3 * 2 ** -25, 2 ** -23],
    [2 ** -14, 2 ** -14],
    [0.1, 0.0999755859375],
    [-0.1, -0.0999755859375],
    [2049, 2048],
    [2051, 2052],
  ];
  for (const [x, expected] of cases) assert.equal(rounded(x, "float16"), expected, String(x));
  assert.ok(Object.is(rounded(-0, "float16"), -0) && Object.is(rounded(-1e-9, "float16"), -0));
  assert.ok(Number.isNaN(rounded(NaN, "float16")) && Number.isNaN(rounded(NaN, "bfloat16")));
});

test("every float16 and bfloat16 number is itself, and halfway between two goes to the even one", () => {
  const words = new DataView(new ArrayBuffer(4));
  for (let code = 0; code < 0x7c00; code++) {
    const [exponent, fraction] = [code >> 10, code & 1023];
    const at = (c: number): number => (c >> 10 === 0 ? c * 2 ** -24 : (1024 + (c & 1023)) * 2 ** ((c >> 10) - 25));
    assert.equal(rounded(at(code), "float16"), at(code), `${exponent} ${fraction}`);
    if (code + 1 < 0x7c00)
      assert.equal(rounded((at(code) + at(code + 1)) / 2, "float16"), at(code % 2 === 0 ? code : code + 1));
  }
  const brain = (code: number): number => {
    words.setUint32(0, code * 65536);
    return words.getFloat32(0);
  };
  for (let code = 0; code + 1 < 0x7f80; code++) {
    assert.equal(rounded(brain(code), "bfloat16"), brain(code));
    const half = (brain(code) + brain(code + 1)) / 2;
    assert.equal(rounded(half, "bfloat16"), brain(code % 2 === 0 ? code : code + 1), String(code));
  }
});

test("a function in a format rounds its input and its output", () => {
  assert.equal(inFormat((x) => x * x, "float16")(1.0003), 1);
  assert.equal(inFormat((x) => x * x, "float16")(300), Infinity);
  assert.equal(inFormat((x) => x / 3, "float64")(1), 1 / 3);
});

test("saturation is found to the last number of the format", () => {
  const found = collapse(Math.tanh, "float16", 1)!;
  assert.equal(found.output, 1);
  assert.ok(rounded(Math.tanh(found.from), "float16") === 1);
  // the float16 number below it still differs
  assert.ok(rounded(Math.tanh(found.from - 2 ** -8), "float16") < 1);
  assert.equal(
    collapse((x) => x, "float16", 1),
    null,
  );
  assert.deepEqual(
    collapse((x) => Math.max(x, 0), "bfloat16", -1),
    { from: 0, output: 0 },
  );
  const grows = collapse(Math.exp, "float16", 1)!;
  assert.ok(grows.output === Infinity && Math.abs(grows.from - Math.log(65520)) < 0.01);
});
