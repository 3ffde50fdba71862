/** What a typed formula may use; a test compares every row with actlab's own grammar. */

import { type Expr, node, ZERO } from "./expr";

export const LONGEST = 1000; // characters
export const DEEPEST = 40; // nested operations
export const LARGEST_EXPONENT = 64;
export const LARGEST_NUMBER = 1e300;
export const MOST_BRACKETS = 200; // where Python's own reader stops

export const CONSTANTS: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E };

export interface Callable {
  readonly arity: number;
  readonly build: (...operands: Expr[]) => Expr;
}

const named = (names: string, arity: number): [string, Callable][] =>
  names.split(" ").map((name) => [name, { arity, build: (...operands) => node(name, operands) }]);

/** name -> how many operands, and the expression it stands for; `where` is built by the reader. */
export const FUNCTIONS: ReadonlyMap<string, Callable> = new Map<string, Callable>([
  ...named("sqrt exp expm1 log log1p sigmoid log_sigmoid softplus tanh erf Phi phi sin cos atan asinh sinh cosh sech", 1),
  ...named("log_cosh sign softsign abs", 1),
  ...named("maximum minimum hypot", 2),
  ...named("where", 3),
  ["sinc", { arity: 1, build: (a) => node("bessel", [ZERO, a!]) }],
  ["relu", { arity: 1, build: (a) => node("maximum", [a!, ZERO]) }],
]);

export const COMPARISONS: Readonly<Record<string, string>> = { "<": "lt", "<=": "le", ">": "gt", ">=": "ge" };

export const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global " +
    "if import in is lambda nonlocal not or pass raise return try while with yield"
  ).split(" "),
);
