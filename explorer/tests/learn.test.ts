// The trainer: its gradients, its agreement with PyTorch, and that the stories tell the truth.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gainOf } from "../src/learn/gain";
import { type Activation, Network } from "../src/learn/network";
import { STORIES, STORY_NAMES, type StoryName } from "../src/learn/presets";
import { Race, type Report, type Runner, type Standing } from "../src/learn/race";
import { Random } from "../src/learn/random";
import { makeSamples, TRAINED } from "../src/learn/samples";
import { DATA, decode, DEFAULTS, encode, OPTIMISERS, type Settings, STARTS } from "../src/learn/settings";
import { words } from "../src/learn/words";

const logistic = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const phi = (x: number): number => Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
/** Normal distribution function by its series (Marsaglia 2004), good near 0. */
function Phi(x: number): number {
  let [sum, term] = [x, x];
  for (let i = 3; Math.abs(term) > 1e-18; i += 2) sum += term *= (x * x) / i;
  return x < -8 ? 0 : x > 8 ? 1 : 0.5 + sum * phi(x);
}

const FUNCTIONS: Record<string, Runner> = {
  identity: { value: (x) => x, slope: () => 1, p: [], kinks: [] },
  relu: { value: (x) => Math.max(x, 0), slope: (x) => (x > 0 ? 1 : 0), p: [], kinks: [0] },
  leaky_relu: { value: (x, [a]) => (x > 0 ? x : a! * x), slope: (x, [a]) => (x > 0 ? 1 : a!), p: [0.01], kinks: [0] },
  tanh: { value: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2, p: [], kinks: [] },
  sigmoid: { value: logistic, slope: (x) => logistic(x) * logistic(-x), p: [], kinks: [] },
  gelu: { value: (x) => x * Phi(x), slope: (x) => Phi(x) + x * phi(x), p: [], kinks: [] },
};

const runner = (name: string): Runner => FUNCTIONS[name]!;

function finish(settings: Settings, functions: readonly string[]): { first: Standing[]; last: Standing[] } {
  const race = new Race(settings, functions.map(runner));
  const first = race.standings();
  while (!race.finished) race.step();
  return { first, last: race.standings() };
}

const near = (a: number | null, b: number | null, within: number, what: string): void =>
  assert.ok(a === b || (a !== null && b !== null && Math.abs(a - b) <= within * Math.max(1, Math.abs(b))), `${what}: ${a} beside ${b}`);

test("the generator gives the same numbers for a seed and others for another stream", () => {
  const [a, b, c] = [new Random(5, 1), new Random(5, 1), new Random(5, 2)];
  const drawn = [a, b, c].map((random) => Array.from({ length: 50 }, () => random.bits()));
  assert.deepEqual(drawn[0], drawn[1]);
  assert.ok(drawn[0]!.every((bits, i) => bits !== drawn[2]![i]));
});

test("normal numbers have mean 0 and deviation 1", () => {
  const random = new Random(1, 1);
  const count = 40000;
  let [sum, square] = [0, 0];
  for (let i = 0; i < count; i++) {
    const z = random.normal();
    sum += z;
    square += z * z;
  }
  assert.ok(Math.abs(sum / count) < 4 / Math.sqrt(count));
  assert.ok(Math.abs(square / count - 1) < 4 * Math.sqrt(2 / count));
});

test("every data set has finite points inside the picture and, if it has classes, both of them", () => {
  for (const data of DATA) {
    const samples = makeSamples({ data, noise: 0.1, seed: 3 });
    assert.equal(samples.inputs.length, TRAINED * samples.wide);
    assert.ok([...samples.inputs, ...samples.heldInputs].every((x) => Math.abs(x) < 3.5), data);
    if (samples.classes) assert.deepEqual([...new Set(samples.targets)].sort(), [0, 1]);
  }
});

test("the exact gradient is the limit of finite differences, for both losses and every layer", () => {
  let compared = 0;
  for (const [classes, name] of [[true, "tanh"], [false, "sigmoid"], [true, "gelu"]] as const) {
    const settings: Settings = { ...DEFAULTS, depth: 3, width: 4, start: "gain" };
    const network = new Network(settings, 2, classes, runner(name), 1.3, new Random(2, 2));
    const room = network.room(6);
    const random = new Random(9, 9);
    room.input.forEach((_, i) => (room.input[i] = random.normal()));
    const targets = Array.from({ length: 6 }, (_, i) => (classes ? i % 2 : random.normal()));
    const lossNow = (): number => {
      network.forward(room);
      return network.loss(room, targets);
    };
    lossNow();
    network.backward(room, targets);
    const pairs = network.weights.flatMap((weight, l) => [[weight, network.weightGradients[l]!], [network.biases[l]!, network.biasGradients[l]!]] as const);
    for (const [weight, gradient] of pairs.map(([w, g]) => [w, g.slice()] as const)) {
      for (let i = 0; i < weight.length; i++) {
        const kept = weight[i]!;
        const h = 1e-5;
        weight[i] = kept + h;
        const up = lossNow();
        weight[i] = kept - h;
        const down = lossNow();
        weight[i] = kept;
        near((up - down) / (2 * h), gradient[i]!, 1e-9, `${name} weight ${i}`);
        compared++;
      }
    }
  }
  assert.equal(compared, 3 * (2 * 4 + 4 + 2 * (16 + 4) + 4 + 1));
});

test("the finite differences notice a slope that is wrong by one part in a thousand", () => {
  const wrong: Activation = { value: Math.tanh, slope: (x) => 1.001 * (1 - Math.tanh(x) ** 2), p: [] };
  const network = new Network({ ...DEFAULTS, depth: 1, width: 1 }, 1, false, wrong, 1, new Random(2, 2));
  const room = network.room(1);
  room.input[0] = 0.7;
  const lossNow = (): number => {
    network.forward(room);
    return network.loss(room, [1]);
  };
  lossNow();
  network.backward(room, [1]);
  const exact = network.weightGradients[0]![0]!;
  const weight = network.weights[0]!;
  const kept = weight[0]!;
  weight[0] = kept + 1e-5;
  const up = lossNow();
  weight[0] = kept - 1e-5;
  assert.throws(() => near((up - lossNow()) / 2e-5, exact, 1e-9 * Math.abs(exact), "planted"));
});

interface TorchRun {
  given: { settings: Omit<Settings, "bits">; functions: { name: string }[] };
  functions: (Pick<Report, "loss" | "heldLoss" | "right" | "heldRight"> & { losses: number[]; broken: number; layers: Pick<Report["layers"][0], "gradient" | "dead" | "saturated">[] })[];
}

test("every data set, start and optimiser gives the losses and gradients that PyTorch gives, to nine digits", () => {
  const runs = JSON.parse(readFileSync(new URL("../tests/torch_runs.json", import.meta.url), "utf8")) as TorchRun[];
  for (const { given, functions } of runs) {
    const settings: Settings = { ...given.settings, bits: 64 };
    const { last } = finish(settings, given.functions.map(({ name }) => name));
    functions.forEach((expected, i) => {
      const { losses, broken, report } = last[i]!;
      const what = `${settings.data} ${given.functions[i]!.name}`;
      assert.equal(losses.length, expected.losses.length);
      losses.forEach((loss, at) => near(loss, expected.losses[at]!, 1e-9, `${what} step ${at + 1}`));
      assert.equal(broken, expected.broken);
      for (const key of ["loss", "heldLoss", "right", "heldRight"] as const) near(report![key], expected[key], 1e-9, `${what} ${key}`);
      assert.equal(report!.layers.length, expected.layers.length);
      expected.layers.forEach((layer, at) => {
        for (const key of ["gradient", "dead", "saturated"] as const) near(report!.layers[at]![key], layer[key], 1e-9, `${what} layer ${at} ${key}`);
      });
    });
  }
  assert.deepEqual(new Set(runs.map(({ given }) => given.settings.data)), new Set(DATA));
  assert.deepEqual(new Set(runs.map(({ given }) => given.settings.optimiser)), new Set(OPTIMISERS));
});

test("float32 follows float64 for a while and keeps its numbers in float32", () => {
  const settings: Settings = { ...DEFAULTS, steps: 50 };
  const [double, single] = ([64, 32] as const).map((bits) => finish({ ...settings, bits }, ["tanh"]).last[0]!.report!);
  near(single!.loss, double!.loss, 1e-4, "loss");
  assert.notEqual(single!.loss, double!.loss);
  assert.equal(new Network({ ...settings, bits: 32 }, 2, true, runner("tanh"), 1, new Random(1, 2)).weights[0]!.constructor, Float32Array);
});

test("gains by quadrature are those of the textbooks", () => {
  near(gainOf(runner("relu"), [0]), Math.SQRT2, 1e-12, "relu");
  near(gainOf(runner("identity"), []), 1, 1e-12, "identity");
  near(gainOf(runner("tanh"), []), 1.5925374197228312, 1e-9, "tanh");
  assert.ok(Number.isNaN(gainOf({ value: () => 0, slope: () => 0, p: [] }, [])));
});

test("a function without a gain is not trained and says so, while its neighbour trains", () => {
  const zero: Runner = { value: () => 0, slope: () => 0, p: [], kinks: [] };
  const race = new Race({ ...DEFAULTS, steps: 5 }, [zero, runner("relu")]);
  while (!race.finished) race.step();
  const [none, one] = race.standings();
  assert.deepEqual([none!.gainless, none!.report, one!.losses.length], [true, null, 5]);
});

test("a network whose loss is no longer a number stops and names the step", () => {
  const { last } = finish({ ...DEFAULTS, data: "sine", rate: 100, steps: 500 }, ["identity"]);
  assert.ok(last[0]!.broken > 0 && last[0]!.broken < 500);
});

test("the same settings give the same numbers, and another seed gives others", () => {
  const settings: Settings = { ...DEFAULTS, steps: 20, noise: 0.2 };
  assert.deepEqual(finish(settings, ["gelu"]), finish(settings, ["gelu"]));
  assert.notDeepEqual(finish(settings, ["gelu"]).last[0]!.losses, finish({ ...settings, seed: 2 }, ["gelu"]).last[0]!.losses);
});

test("a function trains the same alone and beside others", () => {
  const settings: Settings = { ...DEFAULTS, steps: 20 };
  assert.deepEqual(finish(settings, ["relu"]).last[0], finish(settings, ["tanh", "relu"]).last[1]);
});

test("settings survive their way through the address, and garbage does not pass", () => {
  const settings: Settings = { ...DEFAULTS, data: "moons", rate: 0.03, depth: 10, bits: 32, optimiser: "adam", start: STARTS[0] };
  assert.deepEqual(decode(encode(settings)), settings);
  assert.deepEqual(decode(""), DEFAULTS);
  for (const text of ["depth:11", "depth:1.5", "depth:", "rate:NaN", "data:cats", "nonsense:1", "depth:3:4", "bits:16", "steps:1e9", "seed:-1", "toString:1"]) {
    assert.equal(decode(text), undefined, text);
  }
});

const RIGHT = 0.98;
type Truth = (outcome: { first: Record<string, Report>; last: Record<string, Report> }) => void;

const gradients = (report: Report): number[] => report.layers.map(({ gradient }) => gradient);
const learned = (report: Report): void => assert.ok(report.right! >= RIGHT, `right: ${report.right}`);
const lost = (report: Report): void => assert.ok(Math.abs(report.loss - Math.LN2) < 0.002 && report.right! < 0.6, `loss ${report.loss}, right ${report.right}`);
const between = (value: number, low: number, high: number): void => assert.ok(value >= low && value <= high, `${value} is not in [${low}, ${high}]`);

/** What the texts of each story claim. */
const TRUTHS: Record<StoryName, Truth> = {
  linear({ last }) {
    between(last.identity!.right!, 0.5, 0.65);
    assert.equal(last.relu!.right, 1);
    assert.equal(last.tanh!.right, 1);
  },
  starved({ first, last }) {
    const shrunk = (name: string): number => gradients(first[name]!)[7]! / gradients(first[name]!)[0]!;
    between(shrunk("sigmoid"), 1e4, 1e6);
    between(shrunk("tanh"), 1.5, 2.5);
    between(shrunk("relu"), 7, 14);
    lost(last.sigmoid!);
    learned(last.tanh!);
    learned(last.relu!);
  },
  killed({ last }) {
    assert.equal(last.relu!.layers[2]!.dead, 1);
    lost(last.relu!);
    learned(finish({ ...STORIES.killed.settings, rate: 0.1 }, ["relu"]).last[0]!.report!);
  },
  survives({ last }) {
    assert.equal(last.relu!.layers[2]!.dead, 1);
    lost(last.relu!);
    assert.ok(last.leaky_relu!.layers.every(({ dead }) => dead === 0));
    assert.equal(last.leaky_relu!.right, 1);
  },
  small({ first, last }) {
    for (const name of ["relu", "tanh"]) {
      const layers = first[name]!.layers;
      assert.ok(layers[5]!.deviation < layers[0]!.deviation / 1000);
      assert.ok(layers[0]!.gradient < layers[5]!.gradient / 1000);
    }
    for (const report of Object.values(last)) lost(report);
  },
  large({ first, last }) {
    const relu = first.relu!.layers;
    assert.ok(relu[5]!.deviation > 100 * relu[0]!.deviation);
    assert.ok(last.relu!.layers.some(({ dead }) => dead === 1));
    lost(last.relu!);
    assert.ok(first.tanh!.layers.every(({ saturated }) => saturated > 1 / 3));
    learned(last.tanh!);
    learned(last.sigmoid!);
    // that sigmoid learns nothing from the other two starts is part of their stories
    for (const other of [STORIES.small, STORIES.gain]) {
      assert.deepEqual({ ...other.settings, start: "large" }, STORIES.large.settings);
    }
  },
  gain({ first, last }) {
    for (const name of ["relu", "tanh"]) {
      const sizes = first[name]!.layers.map(({ mean, deviation }) => Math.hypot(mean, deviation));
      between(Math.max(...sizes) / Math.min(...sizes), 1, 2);
      assert.equal(last[name]!.right, 1);
    }
    const layers = first.sigmoid!.layers;
    between(Math.hypot(layers[5]!.mean, layers[5]!.deviation) / Math.hypot(layers[0]!.mean, layers[0]!.deviation), 0.6, 1.6);
    assert.ok(layers[0]!.gradient < layers[5]!.gradient / 100);
    lost(last.sigmoid!);
  },
  zeros({ first, last }) {
    for (const report of [...Object.values(first), ...Object.values(last)]) {
      assert.ok(gradients(report).every((gradient) => gradient === 0));
    }
    for (const report of Object.values(last)) lost(report);
  },
};

for (const name of STORY_NAMES) {
  test(`the story "${words.en[`learn.story.${name}`]}" is true`, () => {
    const { functions, settings } = STORIES[name];
    const { first, last } = finish(settings, functions);
    const named = (standings: Standing[]): Record<string, Report> => Object.fromEntries(functions.map((each, i) => [each, standings[i]!.report!]));
    TRUTHS[name]({ first: named(first), last: named(last) });
  });
}

test("stories start from settings that the panel can show", () => {
  for (const { settings, functions } of Object.values(STORIES)) {
    assert.deepEqual(decode(encode(settings)), settings);
    assert.ok(functions.length <= 4 && functions.every((each) => each in FUNCTIONS));
  }
});
