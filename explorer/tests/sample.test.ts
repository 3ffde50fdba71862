// Lines break where a function jumps or is undefined; kinks and flat stretches are found where they are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { extent, levels, logExtent, ticks, tickTexts } from "../src/app/axes";
import { type Bend, even, flats, kinks, placesOf, sampled, shapeOf } from "../src/curves/sample";

const grid = even(-5, 5, 801);
const bend = (
  value: (x: number) => number,
  slope: (x: number) => number,
  curvature: (x: number) => number = () => 0,
): Bend => ({ value, slope, curvature });
const line = (f: Bend, places = grid) => {
  const shape = shapeOf(f, places);
  return { shape, ...sampled([f.value], places, [shape.breaks.value], [...kinks(shape, 10), ...shape.shores]) };
};

// No drawn piece may pass a place where the function jumps by more than `most`.
function assertBroken(x: readonly number[], values: readonly (number | null)[], place: number): void {
  const after = x.findIndex((one) => one > place);
  const near = values.slice(after - 3, after + 3);
  assert.ok(near.includes(null), `a line passes ${place}: ${near}`);
}

test("a step has a gap at its jump and nowhere else", () => {
  const { x, lines, shape } = line(
    bend(
      (z) => (z > 0.3 ? 1 : 0),
      () => 0,
    ),
  );
  assert.deepEqual(placesOf(shape.breaks.value, 10), [0.3]);
  assertBroken(x, lines[0]!, 0.3);
  assert.equal(lines[0]!.filter((y) => y === null).length, 1);
  assert.deepEqual(
    [...x].sort((a, b) => a - b),
    x,
  );
});

test("steps closer than two samples each have a gap", () => {
  const { x, lines } = line(
    bend(
      (z) => Math.floor(z * 40),
      () => 0,
    ),
  );
  for (const place of [-1.025, 0.525, 2.475]) assertBroken(x, lines[0]!, place);
});

test("a pole has a gap and its sides stay within the range shown", () => {
  const f = bend(
    (z) => 1 / (z - 0.123),
    (z) => -1 / (z - 0.123) ** 2,
    (z) => 2 / (z - 0.123) ** 3,
  );
  const { x, lines } = line(f);
  assertBroken(x, lines[0]!, 0.123);
  const [low, high] = extent(lines)!;
  assert.ok(low > -100 && high < 100, `${low} ${high}`);
});

test("a sample on either side of a pole is as broken as one far from it", () => {
  for (const place of [0.0001, 0.3333, 1.0064])
    for (const power of [1, 2]) {
      const { x, lines } = line(
        bend(
          (z) => (z - place) ** -power,
          (z) => -power * (z - place) ** (-power - 1),
          (z) => power * (power + 1) * (z - place) ** (-power - 2),
        ),
      );
      if (power === 1) assertBroken(x, lines[0]!, place);
    }
});

test("a function undefined on one side has no line there, and reaches its border", () => {
  const { x, lines, shape } = line(
    bend(
      (z) => Math.sqrt(z - 0.5),
      (z) => 0.5 / Math.sqrt(z - 0.5),
      (z) => -0.25 * (z - 0.5) ** -1.5,
    ),
  );
  assert.ok(Math.abs(shape.shores[0]! - 0.5) < 1e-9);
  x.forEach((place, at) => assert.equal(lines[0]![at] === null, place < 0.5));
  assert.ok(Math.abs(x.find((_, at) => lines[0]![at] !== null)! - 0.5) < 1e-9);
});

test("a smooth function has no gap however steep it is", () => {
  for (const sharpness of [1, 30, 1000, 1e5]) {
    const e = (z: number) => Math.exp(-Math.abs(sharpness * z));
    const slope = (z: number) => (sharpness * e(z)) / (1 + e(z)) ** 2;
    const f = bend(
      (z) => 1 / (1 + Math.exp(-sharpness * z)),
      slope,
      (z) => -Math.sign(z) * sharpness * slope(z) * Math.tanh(Math.abs(sharpness * z) / 2),
    );
    const { lines, shape } = line(f);
    assert.equal(lines[0]!.includes(null), false, String(sharpness));
    assert.deepEqual(shape.breaks.value, []);
  }
  const wave = bend(
    (z) => Math.sin(20 * z),
    (z) => 20 * Math.cos(20 * z),
    (z) => -400 * Math.sin(20 * z),
  );
  assert.deepEqual(kinks(shapeOf(wave, grid), 10), []);
});

test("kinks are found at any place, also where the parameters moved them", () => {
  for (const place of [0, 1, -2.37, 1 / 3]) {
    const f = bend(
      (z) => Math.max(z - place, 0),
      (z) => (z > place ? 1 : 0),
    );
    const [found, ...more] = kinks(shapeOf(f, grid), 10);
    assert.ok(Math.abs(found! - place) < 1e-6, `${found} is not ${place}`);
    assert.deepEqual(more, []);
  }
});

test("two functions share their places, and a gap of one is no gap of the other", () => {
  const [step, straight] = [
    bend(
      (z) => (z > 0 ? 1 : -1),
      () => 0,
    ),
    bend(
      (z) => z,
      () => 1,
    ),
  ];
  const shape = shapeOf(step, grid);
  const { x, lines } = sampled([step.value, straight.value], grid, [shape.breaks.value, []], []);
  assert.ok(lines[0]!.includes(null));
  assert.equal(lines[1]!.includes(null), false);
  assert.ok(lines.every((one) => one.length === x.length));
});

test("flat stretches end where |slope| crosses 0.01", () => {
  const slope = (z: number): number => 1 - Math.tanh(z) ** 2;
  const edge = Math.atanh(Math.sqrt(0.99));
  const found = flats(slope, grid);
  assert.equal(found.length, 2);
  assert.ok(Math.abs(found[0]![1] + edge) < 1e-6 && Math.abs(found[1]![0] - edge) < 1e-6);
  assert.deepEqual(
    flats((z) => (z > 0 ? 1 : 0), grid),
    [[-5, 0]],
  );
  assert.deepEqual(
    flats(() => 0, grid),
    [[-5, 5]],
  );
  assert.deepEqual(
    flats(() => 1, grid),
    [],
  );
});

test("axes show round numbers that lie within their ends", () => {
  assert.deepEqual(ticks([-5, 5], 5), [-4, -2, 0, 2, 4]);
  assert.deepEqual(tickTexts(ticks([1, 1.000002], 4)), ["1", "1.0000005", "1.000001", "1.0000015", "1.000002"]);
  assert.deepEqual(levels("log", [0.01, 1000], 5), [0.01, 0.1, 1, 10, 100, 1000]);
  assert.ok(levels("symlog", [-1e6, 1e6], 5).includes(0));
  for (const range of [
    [-1e-300, 1e-300],
    [1e9 - 1, 1e9],
    [1e15, 1e15 + 0.001],
  ] as const)
    for (const place of ticks(range, 5)) assert.ok(place >= range[0] && place <= range[1]);
  assert.equal(logExtent([[0, -1, null]]), null);
  assert.equal(extent([[null]]), null);
  // from the smallest to the largest number: a range whose width is a number too
  const [least, most] = extent([[-1.7e308, 0, 1.7e308]])!;
  assert.ok(Number.isFinite(most - least));
});
