import { addProduct, affine, type Numbers } from "./products";
import type { Random } from "./random";
import type { Settings } from "./settings";

export type Curve = (x: number, p: readonly number[]) => number;

/** An activation function as the trainer needs it. */
export interface Activation {
  value: Curve;
  slope: Curve;
  p: readonly number[];
}

/** Room for the numbers of `rows` examples: per layer what goes in, what comes out, and the gradient at what goes in. */
export interface Room {
  rows: number;
  input: Numbers;
  before: Numbers[];
  after: Numbers[];
  gradient: Numbers[];
}

const MOMENTUM = 0.9;
// Kingma & Ba 2015
const [FIRST, SECOND, TINY] = [0.9, 0.999, 1e-8];

/** Standard deviation of the first weights: [inputs, outputs of the layer, gain of the activation] -> number. */
export const SPREADS: Record<Settings["start"], (inputs: number, outputs: number, gain: number) => number> = {
  zeros: () => 0,
  small: (inputs) => 0.2 / Math.sqrt(inputs),
  lecun: (inputs) => 1 / Math.sqrt(inputs),
  xavier: (inputs, outputs) => Math.sqrt(2 / (inputs + outputs)),
  he: (inputs) => Math.sqrt(2 / inputs),
  gain: (inputs, _, gain) => gain / Math.sqrt(inputs),
  large: (inputs) => 5 / Math.sqrt(inputs),
};

/** A fully connected network with one output, its exact gradient and its optimiser. */
export class Network {
  /** Units per layer, from the input to the one output. */
  readonly sizes: readonly number[];
  readonly weights: Numbers[] = [];
  readonly biases: Numbers[] = [];
  readonly weightGradients: Numbers[] = [];
  readonly biasGradients: Numbers[] = [];
  private readonly all: Numbers;
  private readonly gradients: Numbers;
  private readonly speed: Numbers;
  private readonly squares: Numbers;
  private updates = 0;

  constructor(
    readonly settings: Settings,
    wide: number,
    private readonly classes: boolean,
    private readonly activation: Activation,
    gain: number,
    random: Random,
  ) {
    this.sizes = [wide, ...Array<number>(settings.depth).fill(settings.width), 1];
    let total = 0;
    for (let l = 0; l + 1 < this.sizes.length; l++) total += this.sizes[l + 1]! * (this.sizes[l]! + 1);
    [this.all, this.gradients] = [this.numbers(total), this.numbers(total)];
    [this.speed, this.squares] = [this.numbers(total), this.numbers(total)];
    let at = 0;
    for (let l = 0; l + 1 < this.sizes.length; l++) {
      const [inputs, outputs] = [this.sizes[l]!, this.sizes[l + 1]!];
      // the output unit is linear: its gain is 1
      const spread = SPREADS[settings.start](inputs, outputs, l + 2 < this.sizes.length ? gain : 1);
      const [middle, end] = [at + inputs * outputs, at + (inputs + 1) * outputs];
      this.weights.push(this.all.subarray(at, middle));
      this.biases.push(this.all.subarray(middle, end));
      this.weightGradients.push(this.gradients.subarray(at, middle));
      this.biasGradients.push(this.gradients.subarray(middle, end));
      // drawn for every start, so that starts differ in scale only
      for (let i = at; i < middle; i++) this.all[i] = spread * random.normal();
      at = end;
    }
  }

  private numbers(length: number): Numbers {
    return this.settings.bits === 32 ? new Float32Array(length) : new Float64Array(length);
  }

  /** Room for `rows` examples. */
  room(rows: number): Room {
    const layers = (): Numbers[] => this.sizes.slice(1).map((units) => this.numbers(rows * units));
    return { rows, input: this.numbers(rows * this.sizes[0]!), before: layers(), after: layers(), gradient: layers() };
  }

  /** Fills `before` and `after`; the output is the last of `before`. */
  forward(room: Room): Numbers {
    const { value, p } = this.activation;
    const last = this.weights.length - 1;
    let given = room.input;
    for (let l = 0; l <= last; l++) {
      const [inputs, outputs] = [this.sizes[l]!, this.sizes[l + 1]!];
      const before = room.before[l]!;
      affine(room.rows, inputs, outputs, this.weights[l]!, this.biases[l]!, given, before);
      if (l === last) return before;
      const after = room.after[l]!;
      for (let i = 0; i < before.length; i++) after[i] = value(before[i]!, p);
      given = after;
    }
    return given;
  }

  /** The mean loss over the rows after `forward`: cross-entropy with logits for classes, else the mean square. */
  loss(room: Room, targets: ArrayLike<number>): number {
    const output = room.before[this.weights.length - 1]!;
    let total = 0;
    for (let row = 0; row < room.rows; row++) {
      const [z, y] = [output[row]!, targets[row]!];
      total += this.classes ? Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z))) : (z - y) * (z - y);
    }
    return total / room.rows;
  }

  /** The gradient of `loss` at every weight, and at what goes into every layer (`room.gradient`). */
  backward(room: Room, targets: ArrayLike<number>): void {
    const { slope, p } = this.activation;
    const last = this.weights.length - 1;
    const output = room.before[last]!;
    const first = room.gradient[last]!;
    for (let row = 0; row < room.rows; row++) {
      const [z, y] = [output[row]!, targets[row]!];
      first[row] = (this.classes ? logistic(z) - y : 2 * (z - y)) / room.rows;
    }
    this.gradients.fill(0);
    for (let l = last; l >= 0; l--) {
      const [inputs, outputs] = [this.sizes[l]!, this.sizes[l + 1]!];
      const gradient = room.gradient[l]!;
      const biasGradient = this.biasGradients[l]!;
      for (let i = 0; i < gradient.length; i++) biasGradient[i % outputs]! += gradient[i]!;
      addProduct(outputs, room.rows, inputs, gradient, 1, outputs, l ? room.after[l - 1]! : room.input, this.weightGradients[l]!);
      if (l === 0) return;
      const passed = room.gradient[l - 1]!.fill(0);
      addProduct(room.rows, outputs, inputs, gradient, outputs, 1, this.weights[l]!, passed);
      const before = room.before[l - 1]!;
      for (let i = 0; i < passed.length; i++) if (passed[i] !== 0) passed[i]! *= slope(before[i]!, p);
    }
  }

  /** One step of the optimiser with the gradient that `backward` left. */
  update(): void {
    const { all, gradients, speed, squares } = this;
    const rate = this.settings.rate;
    this.updates++;
    if (this.settings.optimiser === "adam") {
      const step = rate / (1 - FIRST ** this.updates);
      const scale = 1 / Math.sqrt(1 - SECOND ** this.updates);
      for (let i = 0; i < all.length; i++) {
        const g = gradients[i]!;
        speed[i] = FIRST * speed[i]! + (1 - FIRST) * g;
        squares[i] = SECOND * squares[i]! + (1 - SECOND) * g * g;
        all[i]! -= (step * speed[i]!) / (Math.sqrt(squares[i]!) * scale + TINY);
      }
      return;
    }
    const kept = this.settings.optimiser === "momentum" ? MOMENTUM : 0;
    for (let i = 0; i < all.length; i++) {
      speed[i] = kept * speed[i]! + gradients[i]!;
      all[i]! -= rate * speed[i]!;
    }
  }
}

function logistic(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}
