/** Formulas as shared, immutable nodes: two equal expressions are the same object. */

export interface Expr {
  /** "symbol", "constant" or the name of an operation, as in actlab's language. */
  readonly op: string;
  readonly args: readonly Expr[];
  readonly name: string;
  readonly number: number;
  /** The symbols below this node. */
  readonly names: ReadonlySet<string>;
  readonly id: number;
}

const HOLDS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
};
// operations whose values stay within a fixed interval
const BOUNDED = new Set([
  ...Object.keys(HOLDS),
  ..."sign sigmoid sigmoid_slope tanh tanh_slope sech softsign erf Phi phi sin cos atan bessel".split(" "),
]);

let pool = new Map<string, Expr>();
let count = 0;

export function node(op: string, args: readonly Expr[] = [], name = "", number = 0): Expr {
  const key = `${op}(${args.map((arg) => arg.id).join()})${name}${Object.is(number, -0) ? "-0" : number}`;
  let found = pool.get(key);
  if (!found) {
    const names = new Set(args.flatMap((arg) => [...arg.names]));
    if (op === "symbol") names.add(name);
    found = { op, args, name, number, names, id: count++ };
    pool.set(key, found);
  }
  return found;
}

export const symbol = (name: string): Expr => node("symbol", [], name);
export const constant = (value: number): Expr => node("constant", [], "", value);
export const ZERO = constant(0);
export const ONE = constant(1);
const lasting = [...pool];

/** Forget all expressions but 0 and 1; those that are still held are only equal among themselves. */
export function renew(): void {
  pool = new Map(lasting);
}

export const isCondition = (expr: Expr): boolean => expr.op in HOLDS;
export const isNumber = (expr: Expr, value: number): boolean => expr.op === "constant" && expr.number === value;

function folded(op: string, compute: (a: number, b: number) => number, a: Expr, b: Expr): Expr {
  if (a.op === "constant" && b.op === "constant") {
    const result = compute(a.number, b.number);
    if (Number.isFinite(result)) return constant(result);
  }
  return node(op, [a, b]);
}

/** The operand of a negation; the number of signs written before factors decides that of their product. */
const inner = (expr: Expr): Expr => (expr.op === "neg" ? expr.args[0]! : expr);

function signed(a: Expr, b: Expr, build: (a: Expr, b: Expr) => Expr): Expr | undefined {
  if (a.op !== "neg" && b.op !== "neg") return undefined;
  const product = build(inner(a), inner(b));
  return (a.op === "neg") === (b.op === "neg") ? product : neg(product);
}

export function neg(a: Expr): Expr {
  if (a.op === "constant") return constant(-a.number);
  return a.op === "neg" ? a.args[0]! : node("neg", [a]);
}

export function add(a: Expr, b: Expr): Expr {
  if (isNumber(a, 0)) return b;
  if (isNumber(b, 0)) return a;
  return b.op === "neg" ? sub(a, inner(b)) : folded("add", (p, q) => p + q, a, b);
}

export function sub(a: Expr, b: Expr): Expr {
  if (isNumber(b, 0)) return a;
  if (isNumber(a, 0)) return neg(b);
  return b.op === "neg" ? add(a, inner(b)) : folded("sub", (p, q) => p - q, a, b);
}

export function mul(a: Expr, b: Expr): Expr {
  if (isNumber(a, 0) || isNumber(b, 0)) return ZERO;
  if (isNumber(a, 1)) return b;
  if (isNumber(b, 1)) return a;
  return signed(a, b, mul) ?? folded("mul", (p, q) => p * q, a, b);
}

export function div(a: Expr, b: Expr): Expr {
  if (isNumber(b, 1) || isNumber(a, 0)) return a;
  return a.op === "neg" ? neg(div(inner(a), b)) : folded("div", (p, q) => p / q, a, b);
}

export function power(base: Expr, exponent: Expr): Expr {
  if (isNumber(exponent, 1)) return base;
  if (isNumber(exponent, 0)) return ONE;
  return folded("power", (p, q) => p ** q, base, exponent);
}

export function where(condition: Expr, then: Expr, otherwise: Expr): Expr {
  const [a, b] = condition.args as [Expr, Expr];
  if (then === otherwise) return then;
  if (a.op !== "constant" || b.op !== "constant") return node("where", [condition, then, otherwise]);
  return HOLDS[condition.op]!(a.number, b.number) ? then : otherwise;
}

/** a times b where a may vanish faster than b grows: 0 wherever a is 0, even if b overflowed. */
export function damp(a: Expr, b: Expr): Expr {
  if (b.op === "constant" || isNumber(a, 0) || staysBounded(b)) return mul(a, b);
  return signed(a, b, damp) ?? node("damp", [a, b]);
}

function staysBounded(expr: Expr): boolean {
  if (!expr.names.has("x")) return true;
  if (["neg", "add", "sub", "mul"].includes(expr.op)) return expr.args.every(staysBounded);
  if (expr.op === "where") return expr.args.slice(1).every(staysBounded);
  return BOUNDED.has(expr.op);
}

/** Every distinct node below, operands before the nodes that use them. */
export function walk(...roots: readonly Expr[]): Expr[] {
  const seen = new Set<Expr>();
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    for (const arg of expr.args) visit(arg);
    seen.add(expr);
  };
  roots.forEach(visit);
  return [...seen];
}
