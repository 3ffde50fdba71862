// Typed formulas: what they mean at kinks and in overflow, and how faults are told. The full comparison with Python is in tests/explorer/test_formula.py.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Compiled, compileFormula } from "../src/formula/compile";
import { Complaint, SAID } from "../src/formula/complaints";
import { measured } from "../src/formula/measured";
import { tokens } from "../src/formula/tokens";

const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));
globalThis.actlabOperations = {
  add: (a, b) => a! + b!,
  sub: (a, b) => a! - b!,
  mul: (a, b) => a! * b!,
  div: (a, b) => a! / b!,
  neg: (a) => -a!,
  power: (a, b) => a! ** b!,
  damp: (a, b) => (a === 0 ? 0 : a! * b!),
  maximum: (a, b) => Math.max(a!, b!),
  minimum: (a, b) => Math.min(a!, b!),
  where: (c, a, b) => (c ? a! : b!),
  gt: (a, b) => a! > b!,
  lt: (a, b) => a! < b!,
  abs: (a) => Math.abs(a!),
  sign: (a) => Math.sign(a!),
  exp: (a) => Math.exp(a!),
  sigmoid: (a) => sigmoid(a!),
  sigmoid_slope: (a) => sigmoid(a!) * sigmoid(-a!),
  tanh: (a) => Math.tanh(a!),
  tanh_slope: (a) => 1 / Math.cosh(a!) ** 2,
};

function read(text: string): Extract<Compiled, { ok: true }> {
  const found = compileFormula(text);
  assert.ok(found.ok, `${text}: ${found.ok || found.message.en}`);
  return found;
}

test("slopes at kinks are those of the Python language", () => {
  const slopes: [string, number, number][] = [
    ["relu(x)", 0, 0],
    ["abs(x)", 0, 0],
    ["maximum(x, -x)", 0, -1],
    ["maximum(-x, x)", 0, 1],
    ["minimum(x, 6)", 6, 0],
    ["minimum(6, x)", 6, 1],
    ["where(x > 0, x, 2*x)", 0, 2],
    ["sign(x)", 0, 0],
  ];
  for (const [text, x, slope] of slopes) assert.equal(read(text).slope(x, []), slope, text);
});

test("a branch that is not taken, and a slope that has died out, spoil nothing", () => {
  const elu = read("where(x > 0, x, exp(x) - 1)");
  assert.equal(elu.slope(800, []), 1);
  assert.equal(elu.curvature(800, []), 0);
  assert.equal(Math.abs(read("exp(-exp(-x))").slope(-800, [])), 0);
  assert.ok(Number.isNaN(read("maximum(0, x)").value(Number.NaN, [])));
});

test("slope and curvature are exact derivatives", () => {
  const swish = read("x*sigmoid(beta*x)^2 + tanh(x/beta)");
  assert.deepEqual(swish.names, ["beta"]);
  for (const x of [-2.3, -0.4, 0.7, 3.1]) {
    const [step, p] = [1e-4, [1.7]];
    const central = (f: (x: number, p: readonly number[]) => number): number => (f(x + step, p) - f(x - step, p)) / (2 * step);
    assert.ok(Math.abs(central(swish.value) - swish.slope(x, p)) < 1e-7);
    assert.ok(Math.abs(central(swish.slope) - swish.curvature(x, p)) < 1e-7);
  }
});

test("a fault is told at its place, in both languages, with its words filled in", () => {
  const faults: [string, number, RegExp, RegExp][] = [
    ["x*sigmoid(", 9, /never closed/, /没有闭合/],
    ["x +", 3, /too early/, /不完整/],
    ["2x", 1, /Write \* between 2 and x/, /2 与 x 之间/],
    ["x（2）", 1, /instead of （/, /代替 （/],
    ["swish(x)", 0, /swish is not a function/, /没有函数 swish/],
    ["where(x, 1, 2)", 6, /comparison such as x > 0/, /必须是比较/],
    ["x^100", 2, /100 is larger than 64/, /100 超过 64/],
    [`${"x+".repeat(45)}x`, 81, /deeper than 40/, /超过 40 层/],
    ["x".repeat(1001), 0, /1001 characters/, /1001 个字符/],
  ];
  for (const [text, at, en, zh] of faults) {
    const found = compileFormula(text);
    assert.ok(!found.ok, text);
    assert.match(found.message.en, en);
    assert.match(found.message.zh, zh);
    if (text.length < 20) assert.equal(found.at, at, text);
  }
});

test("every fault is told in both languages with the same words of the formula", () => {
  const holes = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g))].sort();
  for (const [fault, [en, zh]] of Object.entries(SAID)) {
    assert.deepEqual(holes(en), holes(zh), fault);
    assert.match(zh, /[一-鿿]/, fault);
  }
});

test("a formula of any kind is read in a moment, and a fault is never an accident", () => {
  for (const text of ["(".repeat(500), "-".repeat(999) + "x", "abs(".repeat(39) + "x" + ")".repeat(39), "maximum(x,".repeat(38) + "x" + ")".repeat(38)]) {
    const found = compileFormula(text);
    if (found.ok) assert.ok(found.torch.length < 5000 && Number.isFinite(found.value(0.5, [])), text);
  }
  assert.throws(() => tokens("x ? 1"), Complaint);
});

test("measured properties are those that are known by hand", () => {
  const { value, slope, curvature } = read("maximum(x, 0)");
  const relu = measured({ value: (x) => value(x, []), slope: (x) => slope(x, []), curvature: (x) => curvature(x, []) });
  assert.equal(relu["monotone"], true);
  assert.equal(relu["kinks"], 1);
  assert.equal(relu["convexity"], "convex");
  assert.deepEqual([relu["range_low"], relu["range_high"], relu["limit_left"]], [0, Infinity, 0]);
  assert.ok(Math.abs(Number(relu["gain"]) - Math.SQRT2) < 1e-9);
  assert.ok(Math.abs(Number(relu["zero_share"]) - 0.5) < 1e-9);
  assert.equal(relu["saturated_below"], 0);
});

const propertiesOf = (text: string): ReturnType<typeof measured> => {
  const { value, slope, curvature } = read(text);
  return measured({ value: (x) => value(x, []), slope: (x) => slope(x, []), curvature: (x) => curvature(x, []) });
};

test("a pole or a hole at 0 hides no symmetry and bends no straight line", () => {
  assert.deepEqual([propertiesOf("1/x")["odd"], propertiesOf("1/x")["convexity"]], [true, "neither"]);
  assert.equal(propertiesOf("(x*x)/(x*x)")["even"], true);
});

test("a jump is bounded by no slope, and a function without values has no properties", () => {
  const step = propertiesOf("where(x > 0, 1, 0)");
  assert.deepEqual([step["lipschitz"], step["convexity"], step["monotone"]], [Infinity, "neither", true]);
  const never = propertiesOf("(x-x)/(x-x)");
  assert.deepEqual(
    ["monotone", "direction", "convexity", "zero_share"].map((key) => never[key]),
    [null, null, null, null],
  );
});
