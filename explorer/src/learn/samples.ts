import { Random } from "./random";
import type { Settings } from "./settings";

/** Points to train on, and as many held out. */
export const TRAINED = 256;
/** Half the side of the square that is shown. */
export const REACH = 3;

/** Points and their targets: inputs row by row, `wide` numbers each; targets are 0 and 1, or heights. */
export interface Samples {
  wide: 1 | 2;
  classes: boolean;
  inputs: Float64Array;
  targets: Float64Array;
  heldInputs: Float64Array;
  heldTargets: Float64Array;
}

type Point = [x: number, y: number, target: number];
type Shape = (index: number, random: Random, noise: number) => Point;

const turn = 2 * Math.PI;

/** A cloud around (x, y). */
function near(random: Random, x: number, y: number, spread: number, target: number): Point {
  const across = x + spread * random.normal();
  return [across, y + spread * random.normal(), target];
}

const SHAPES: Record<Settings["data"], Shape> = {
  circles(index, random, noise) {
    const inner = index % 2;
    const radius = inner ? 0.7 * Math.sqrt(random.uniform()) : 1.4 + 0.6 * random.uniform();
    const angle = turn * random.uniform();
    return near(random, radius * Math.cos(angle), radius * Math.sin(angle), noise, inner);
  },
  xor(_, random, noise) {
    const x = 3.6 * random.uniform() - 1.8;
    const y = 3.6 * random.uniform() - 1.8;
    return near(random, x + (x < 0 ? -0.2 : 0.2), y + (y < 0 ? -0.2 : 0.2), noise, x * y > 0 ? 1 : 0);
  },
  spirals(index, random, noise) {
    const arm = index % 2;
    const along = random.uniform();
    const angle = 1.6 * turn * along + arm * Math.PI;
    const radius = 0.2 + 2.1 * along;
    return near(random, radius * Math.cos(angle), radius * Math.sin(angle), noise, arm);
  },
  moons(index, random, noise) {
    const lower = index % 2;
    const angle = Math.PI * random.uniform();
    const x = lower ? 0.5 - Math.cos(angle) : Math.cos(angle) - 0.5;
    const y = lower ? 0.25 - Math.sin(angle) : Math.sin(angle) - 0.25;
    return near(random, 1.4 * x, 1.4 * y, noise, lower);
  },
  imbalanced(index, random, noise) {
    const rare = index % 10 === 0 ? 1 : 0;
    return near(random, rare ? 0.9 : -0.6, rare ? 0.9 : -0.6, 0.6 + noise, rare);
  },
  sine(_, random, noise) {
    const x = 2 * REACH * random.uniform() - REACH;
    return [x, 0, Math.sin(2 * x) + noise * random.normal()];
  },
};

/** The points of a data set: the same for a seed, whatever is trained on them. */
export function makeSamples(settings: Pick<Settings, "data" | "noise" | "seed">): Samples {
  const random = new Random(settings.seed, 1);
  const classes = settings.data !== "sine";
  const wide = classes ? 2 : 1;
  const draw = (): [Float64Array, Float64Array] => {
    const inputs = new Float64Array(TRAINED * wide);
    const targets = new Float64Array(TRAINED);
    for (let i = 0; i < TRAINED; i++) {
      const [x, y, target] = SHAPES[settings.data](i, random, settings.noise);
      inputs[i * wide] = x;
      if (classes) inputs[i * wide + 1] = y;
      targets[i] = target;
    }
    return [inputs, targets];
  };
  const [inputs, targets] = draw();
  const [heldInputs, heldTargets] = draw();
  return { wide, classes, inputs, targets, heldInputs, heldTargets };
}
