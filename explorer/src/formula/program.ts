/** A formula as plain data that any thread can run: a flat list of instructions over registers; no text becomes code. */

import type { Numeric } from "../types/catalog";

interface Instruction {
  readonly op: string;
  readonly count: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly to: number;
}

/** registers: the constants in their places; input and given: where x and the parameters go, -1 for nowhere. */
export interface Program {
  readonly registers: readonly number[];
  readonly input: number;
  readonly given: readonly number[];
  readonly instructions: readonly Instruction[];
}

type Operation = (...operands: number[]) => number | boolean;

/** The function of x and of the parameters' numbers that a program stands for. */
export function run(program: Program): Numeric {
  const { input, given } = program;
  const r = Float64Array.from(program.registers);
  const steps = program.instructions.map(({ op, ...places }) => ({ ...places, operation: globalThis.actlabOperations[op] as Operation }));
  return (x, p) => {
    if (input >= 0) r[input] = x;
    given.forEach((to, index) => {
      if (to >= 0) r[to] = p[index]!;
    });
    for (const { operation, count, a, b, c, to } of steps) {
      // conditions give true and false, which a register keeps as 1 and 0
      r[to] = (count === 1 ? operation(r[a]!) : count === 2 ? operation(r[a]!, r[b]!) : operation(r[a]!, r[b]!, r[c]!)) as number;
    }
    return Number.isNaN(x) ? Number.NaN : r[r.length - 1]!;
  };
}
