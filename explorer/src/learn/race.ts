import { gainOf } from "./gain";
import { type Activation, Network, type Room } from "./network";
import { Random } from "./random";
import { makeSamples, REACH, type Samples, TRAINED } from "./samples";
import type { Settings } from "./settings";

/** A chosen function as the trainer needs it; kinks: where the integral of its gain is cut. */
export interface Runner extends Activation {
  kinks: readonly number[];
}

/** What a layer does over all training points; shares are of units (dead) and of single numbers (saturated). */
export interface LayerReport {
  /** Norm of the loss gradient at what goes into the layer's activation. */
  gradient: number;
  /** Share of units whose slope is below DEAD at every point: no gradient reaches their weights. */
  dead: number;
  /** Share of slopes below FLAT. */
  saturated: number;
  mean: number;
  deviation: number;
  /** Outputs counted in BINS equal parts from low to high. */
  low: number;
  high: number;
  counts: number[];
}

export interface Report {
  loss: number;
  heldLoss: number;
  /** Share of training points on the right side; null for heights. */
  right: number | null;
  heldRight: number | null;
  layers: LayerReport[];
  /** The output on a grid: SIDE x SIDE from the top left, or SIDE places from left to right. */
  picture: number[];
}

export interface Standing {
  /** Mean batch loss of every `window` steps. */
  losses: number[];
  /** The step after which the loss was no longer a number, or 0. */
  broken: number;
  /** True where `start: "gain"` was asked for a function that has none. */
  gainless: boolean;
  report: Report | null;
}

export const DEAD = 1e-6;
export const FLAT = 0.01;
export const BINS = 24;
export const SIDE = 40;
const CURVE_POINTS = 200;

class Lane {
  readonly standing: Standing = { losses: [], broken: 0, gainless: false, report: null };
  readonly network: Network;
  private readonly batch: Room;
  private readonly whole: Room;
  private sum = 0;

  constructor(
    private readonly runner: Runner,
    private readonly settings: Settings,
    private readonly samples: Samples,
  ) {
    const gain = settings.start === "gain" ? gainOf(runner, runner.kinks) : 1;
    this.standing.gainless = Number.isNaN(gain);
    this.network = new Network(settings, samples.wide, samples.classes, runner, gain, new Random(settings.seed, 2));
    this.batch = this.network.room(settings.batch);
    this.whole = this.network.room(TRAINED);
  }

  get running(): boolean {
    return !this.standing.broken && !this.standing.gainless;
  }

  step(order: Int32Array, targets: Float64Array, at: number, window: number): void {
    const { network, batch, samples } = this;
    const { wide } = samples;
    for (let i = 0; i < order.length; i++) {
      for (let k = 0; k < wide; k++) batch.input[i * wide + k] = samples.inputs[order[i]! * wide + k]!;
    }
    network.forward(batch);
    const loss = network.loss(batch, targets);
    network.backward(batch, targets);
    network.update();
    this.sum += loss;
    if (at % window === 0) {
      this.standing.losses.push(this.sum / window);
      this.sum = 0;
    }
    if (!Number.isFinite(loss)) this.standing.broken = at;
  }

  report(): Report {
    const { network, samples, whole } = this;
    whole.input.set(samples.heldInputs);
    const heldOutput = network.forward(whole);
    const heldLoss = network.loss(whole, samples.heldTargets);
    const heldRight = rightShare(heldOutput, samples.heldTargets, samples.classes);
    whole.input.set(samples.inputs);
    const output = network.forward(whole);
    const loss = network.loss(whole, samples.targets);
    const right = rightShare(output, samples.targets, samples.classes);
    network.backward(whole, samples.targets);
    const layers = Array.from({ length: this.settings.depth }, (_, l) => this.layer(l));
    return { loss, heldLoss, right, heldRight, layers, picture: this.picture() };
  }

  private layer(l: number): LayerReport {
    const { slope, p } = this.runner;
    const { width } = this.settings;
    const [before, after, gradient] = [this.whole.before[l]!, this.whole.after[l]!, this.whole.gradient[l]!];
    const alive = new Uint8Array(width);
    let [flat, square, sum, second] = [0, 0, 0, 0];
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i < before.length; i++) {
      const steep = Math.abs(slope(before[i]!, p));
      if (!(steep < DEAD)) alive[i % width] = 1;
      if (steep < FLAT) flat++;
      square += gradient[i]! * gradient[i]!;
      const y = after[i]!;
      sum += y;
      second += y * y;
      if (y < low) low = y;
      if (y > high) high = y;
    }
    const mean = sum / before.length;
    const counts = Array<number>(BINS).fill(0);
    if (Number.isFinite(high - low)) {
      for (const y of after) counts[Math.min(BINS - 1, Math.floor((BINS * (y - low)) / (high - low || 1)))]!++;
    }
    return {
      gradient: Math.sqrt(square),
      dead: 1 - alive.reduce((total, unit) => total + unit, 0) / width,
      saturated: flat / before.length,
      mean,
      deviation: Math.sqrt(Math.max(0, second / before.length - mean * mean)),
      low,
      high,
      counts,
    };
  }

  private picture(): number[] {
    const { network, samples, whole } = this;
    const across = samples.classes ? SIDE : CURVE_POINTS;
    const total = samples.classes ? SIDE * SIDE : CURVE_POINTS;
    const place = (i: number): number => REACH * ((2 * i + 1) / across - 1);
    const found: number[] = [];
    for (let start = 0; start < total; start += TRAINED) {
      const rows = Math.min(TRAINED, total - start);
      for (let row = 0; row < rows; row++) {
        const i = start + row;
        whole.input[row * samples.wide] = place(i % across);
        if (samples.classes) whole.input[row * 2 + 1] = -place(Math.floor(i / across));
      }
      const output = network.forward(whole);
      for (let row = 0; row < rows; row++) found.push(output[row]!);
    }
    return found;
  }
}

/** Up to four networks that differ in their activation alone: the same data, first draws and batches. */
export class Race {
  readonly samples: Samples;
  readonly lanes: readonly Lane[];
  /** Steps per point of the loss curve. */
  readonly window: number;
  done = 0;
  private readonly random: Random;
  private readonly order = Int32Array.from({ length: TRAINED }, (_, i) => i);
  private next = TRAINED;
  private readonly targets: Float64Array;

  constructor(
    readonly settings: Settings,
    runners: readonly Runner[],
  ) {
    this.samples = makeSamples(settings);
    this.random = new Random(settings.seed, 3);
    this.targets = new Float64Array(settings.batch);
    this.window = Math.max(1, Math.ceil(settings.steps / 200));
    this.lanes = runners.map((runner) => new Lane(runner, settings, this.samples));
  }

  get finished(): boolean {
    return this.done >= this.settings.steps || !this.lanes.some((lane) => lane.running);
  }

  /** One step of every network that still has a finite loss. */
  step(): void {
    const { batch } = this.settings;
    if (this.next + batch > TRAINED) {
      this.random.shuffle(this.order);
      this.next = 0;
    }
    const order = this.order.subarray(this.next, this.next + batch);
    this.next += batch;
    this.done++;
    for (let i = 0; i < batch; i++) this.targets[i] = this.samples.targets[order[i]!]!;
    for (const lane of this.lanes) if (lane.running) lane.step(order, this.targets, this.done, this.window);
  }

  /** Where every network stands; measuring what it does to all points. */
  standings(): Standing[] {
    return this.lanes.map((lane) => ({ ...lane.standing, report: lane.standing.gainless ? null : lane.report() }));
  }
}

function rightShare(output: ArrayLike<number>, targets: Float64Array, classes: boolean): number | null {
  if (!classes) return null;
  return targets.reduce((count, y, i) => count + Number(output[i]! > 0 === y > 0.5), 0) / targets.length;
}
