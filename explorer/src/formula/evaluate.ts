/** Numbers from formulas: from the tree to a program, and from the program to a function. */

import type { Numeric } from "../types/catalog";
import { type Expr, walk } from "./expr";
import { type Program, run } from "./program";

/** The program of x and of the numbers of `names`, in that order. */
export function programOf(expr: Expr, names: readonly string[]): Program {
  const nodes = walk(expr);
  const place = new Map(nodes.map((each, at) => [each, at]));
  const at = (name: string): number => nodes.findIndex((each) => each.op === "symbol" && each.name === name);
  const instructions = nodes
    .filter((each) => each.args.length)
    .map((each) => {
      const operands = each.args.map((arg) => place.get(arg)!);
      return { op: each.op, count: operands.length, a: operands[0]!, b: operands[1] ?? 0, c: operands[2] ?? 0, to: place.get(each)! };
    });
  return { registers: nodes.map((each) => each.number), input: at("x"), given: names.map(at), instructions };
}

/** A function of x and of the numbers of `names`, in that order. */
export const evaluator = (expr: Expr, names: readonly string[]): Numeric => run(programOf(expr, names));
