/** Formulas as text for people: infix with as few parentheses as the reader needs, by the bindings of actlab's renderers. */

import { type Expr, node } from "./expr";

// how tightly things bind; what reaches over everything that follows it stands in a product only inside parentheses
export const [LOOSE, SIGN, SUM, REACH, PRODUCT, FRACTION, POWER, ATOM] = [0, 0.9, 1, 1.5, 2, 3, 4, 9] as const;

/** An operation: its text with operands in {0} {1} {2}, how it binds, and the binding asked of each operand. */
export type Cell = readonly [text: string | ((...operands: string[]) => string), binds: number, asks: readonly number[]];

export interface Style {
  readonly cells: Readonly<Record<string, Cell>>;
  readonly name: (name: string) => string;
  readonly constant: (value: number) => readonly [text: string, binds: number];
  readonly parentheses: (text: string) => string;
  /** What an operation is written as in place of its cell, if anything. */
  readonly instead: (expr: Expr, write: (expr: Expr) => Written) => Written | undefined;
  /** Whether a + (b - c) may be read as a + b - c. */
  readonly regroups: boolean;
}

export type Written = readonly [text: string, binds: number];

const OPPOSITE: Readonly<Record<string, string>> = { add: "sub", sub: "add" };

export function write(style: Style, given: Expr): Written {
  const again = (expr: Expr): Written => write(style, expr);
  if (given.op === "symbol") return [style.name(given.name), ATOM];
  if (given.op === "constant") return style.constant(given.number);
  const instead = style.instead(given, again);
  if (instead) return instead;
  let expr = given;
  while (style.regroups && expr.op === "add" && expr.args[1]!.op in OPPOSITE) {
    const [left, right] = expr.args as [Expr, Expr];
    expr = node(right.op, [node("add", [left, right.args[0]!]), right.args[1]!]);
  }
  if (expr.op in OPPOSITE) {
    const rest = unsigned(expr.args[1]!); // a - b c, not a + -b c
    if (rest) expr = node(OPPOSITE[expr.op]!, [expr.args[0]!, rest]);
  }
  const [text, binds, asks] = style.cells[expr.op]!;
  const operands = expr.args.map((arg, at) => {
    const [written, tight] = again(arg);
    return tight >= (asks[at] ?? LOOSE) ? written : style.parentheses(written);
  });
  return [typeof text === "string" ? text.replace(/\{(\d)\}/g, (_, at: string) => operands[Number(at)]!) : text(...operands), binds];
}

/** The expression without the minus that it would start with. */
function unsigned(expr: Expr): Expr | undefined {
  if (expr.op === "neg") return expr.args[0];
  if (expr.op !== "mul" && expr.op !== "div") return undefined;
  const first = unsigned(expr.args[0]!);
  return first && node(expr.op, [first, expr.args[1]!]);
}
