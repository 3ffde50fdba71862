// Means over normal inputs agree with closed forms and, for the whole catalogue, with the numbers that Python computed.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import vm from "node:vm";
import { resolve, setCatalog } from "../src/app/catalog";
import { unpack } from "../src/app/unpack";
import { histogram, outputs } from "../src/curves/outputs";

const near = (found: number, expected: number, relative: number, what: string): void =>
  assert.ok(
    Math.abs(found - expected) <= relative * Math.max(Math.abs(expected), 1e-3),
    `${what}: ${found} is not ${expected}`,
  );

test("relu, the identity and the square have the means of the textbook at every width", () => {
  for (const sigma of [0.01, 0.5, 1, 3, 100]) {
    const relu = outputs({ value: (x) => Math.max(x, 0), slope: (x) => (x > 0 ? 1 : 0), curvature: () => 0 }, sigma);
    near(relu.mean / sigma, 1 / Math.sqrt(2 * Math.PI), 1e-9, `mean of relu, ${sigma}`);
    near(relu.second / sigma ** 2, 0.5, 1e-9, `second moment of relu, ${sigma}`);
    near(relu.zeros, 0.5, 1e-9, "zeros of relu");
    near(relu.flat, 0.5, 1e-9, "flat share of relu");
    const square = outputs({ value: (x) => x * x, slope: (x) => 2 * x, curvature: () => 2 }, sigma);
    near(square.mean / sigma ** 2, 1, 1e-10, "mean of the square");
    near(square.second / sigma ** 4, 3, 1e-10, "second moment of the square");
    assert.equal(square.zeros, 0);
  }
});

test("the histogram holds all outputs but the far tails", () => {
  const { edges, shares } = histogram([(x) => x, (x) => Math.max(x, 0), () => 7], 1);
  assert.equal(edges.length, shares[0]!.length + 1);
  for (const one of shares)
    near(
      one.reduce((sum, share) => sum + share, 0),
      1,
      0.006,
      "sum of shares",
    );
  assert.ok(Math.max(...shares[1]!) > 0.5);
});

const built = join(process.cwd(), "../src/actlab/explorer/built");
const missing = ["catalog.json", "functions.js"].find((name) => !existsSync(join(built, name)));

test(
  "every entry's means, zeros and gain are those of Python",
  { skip: missing === undefined ? false : `${missing} is not built` },
  () => {
    vm.runInThisContext(readFileSync(join(built, "functions.js"), "utf8"));
    const catalog = unpack(JSON.parse(readFileSync(join(built, "catalog.json"), "utf8")));
    setCatalog(catalog);
    const wrong: string[] = [];
    let compared = 0;
    for (const { name, properties } of catalog.entries) {
      const { mean, second, gain, zero_share: zeros } = properties as Record<string, number | null>;
      if (typeof mean !== "number" || typeof second !== "number") continue;
      const found = outputs(resolve({ name, params: {} }), 1);
      const size = Math.sqrt(second);
      const pairs: [string, number, number | null | undefined][] = [
        ["mean", found.mean, mean],
        ["second", found.second, second],
        ["gain", found.gain, gain],
        ["zeros", found.zeros, zeros],
      ];
      for (const [what, here, there] of pairs) {
        if (typeof there !== "number") continue;
        compared++;
        const scale = what === "mean" ? size : what === "zeros" ? 1 : Math.abs(there);
        // A value that falls flatly into its zeros underflows before it reaches them: exp(-1/(1 - x²)) at |x| = 0.9993.
        const tolerance = what === "zeros" ? 5e-4 : 2e-6;
        if (!(Math.abs(here - there) <= tolerance * scale))
          wrong.push(`${name} ${what}: ${here} here, ${there} in Python`);
      }
    }
    assert.ok(compared > 1000, `only ${compared} numbers were compared`);
    assert.deepEqual(wrong, []);
  },
);

test("a comparison of means notices a wrong one", () =>
  assert.throws(() =>
    near(outputs({ value: Math.tanh, slope: () => 1, curvature: () => 0 }, 1).second, 0.3943, 1e-6, "canary"),
  ));
