/** Differentiation by the chain rule over the formula: the rows of actlab's own table, for what can be typed. */

import { add, constant, damp, div, type Expr, mul, neg, node, ONE, power, sub, symbol, walk, where, ZERO } from "./expr";

type Row = (self: Expr, a: readonly Expr[], d: readonly Expr[]) => Expr;

const of =
  (op: string) =>
  (u: Expr): Expr =>
    node(op, [u]);
const times = (factor: number, u: Expr): Expr => mul(constant(factor), u);
const plusOne = (u: Expr): Expr => add(ONE, u);
const bessel = (order: number, u: Expr): Expr => node("bessel", [constant(order), u]);

/** A slope that does not vanish faster than its argument can grow. */
const chain =
  (slope: (u: Expr) => Expr): Row =>
  (_, a, d) =>
    mul(slope(a[0]!), d[0]!);
/** A slope that reaches 0: the zero wins over a large inner slope. */
const vanishing =
  (slope: (u: Expr) => Expr): Row =>
  (_, a, d) =>
    damp(slope(a[0]!), d[0]!);
const none: Row = () => ZERO;

function besselSlope(order: number, u: Expr): Expr {
  // Abramowitz & Stegun 10.1.20
  if (order === 0) return neg(bessel(1, u));
  const difference = sub(times(order, bessel(order - 1, u)), times(order + 1, bessel(order + 1, u)));
  return div(difference, constant(2 * order + 1));
}

const ROWS: Record<string, Row> = {
  add: (_, __, d) => add(d[0]!, d[1]!),
  sub: (_, __, d) => sub(d[0]!, d[1]!),
  mul: (_, a, d) => add(mul(d[0]!, a[1]!), mul(a[0]!, d[1]!)),
  damp: (_, a, d) =>
    add(d[0] === ZERO ? ZERO : damp(d[0]!, a[1]!), d[1] === ZERO ? ZERO : damp(a[0]!, d[1]!)),
  // d0/b - (a/b)(d1/b): no square of b, so nothing overflows before the quotient does
  div: (self, a, d) => {
    const first = div(d[0]!, a[1]!);
    return d[1] === ZERO ? first : sub(first, damp(self, div(d[1]!, a[1]!)));
  },
  neg: (_, __, d) => neg(d[0]!),
  power: (self, [base, exponent], d) => {
    const steeper = (): Expr => mul(mul(exponent!, power(base!, sub(exponent!, ONE))), d[0]!);
    const throughBase = d[0] === ZERO ? ZERO : steeper();
    if (d[1] === ZERO) return throughBase;
    const positive = node("gt", [base!, ZERO]);
    return add(throughBase, mul(where(positive, mul(self, node("log", [base!])), ZERO), d[1]!));
  },
  hypot: (self, a, d) => add(mul(div(a[0]!, self), d[0]!), mul(div(a[1]!, self), d[1]!)),
  abs: chain(of("sign")),
  sign: none,
  maximum: (_, a, d) => where(node("gt", a), d[0]!, d[1]!),
  minimum: (_, a, d) => where(node("lt", a), d[0]!, d[1]!),
  where: (_, a, d) => where(a[0]!, d[1]!, d[2]!),
  lt: none,
  le: none,
  gt: none,
  ge: none,
  sqrt: (self, _, d) => div(d[0]!, times(2, self)),
  exp: (self, _, d) => damp(self, d[0]!),
  expm1: vanishing(of("exp")),
  log: (_, a, d) => div(d[0]!, a[0]!),
  log1p: (_, a, d) => div(d[0]!, plusOne(a[0]!)),
  sigmoid: vanishing(of("sigmoid_slope")),
  sigmoid_slope: (self, a, d) => neg(damp(self, mul(node("tanh", [div(a[0]!, constant(2))]), d[0]!))),
  log_sigmoid: vanishing((u) => node("sigmoid", [neg(u)])),
  softplus: vanishing(of("sigmoid")),
  tanh: vanishing(of("tanh_slope")),
  tanh_slope: (self, a, d) => neg(damp(self, mul(times(2, node("tanh", a)), d[0]!))),
  sinh: chain(of("cosh")),
  cosh: chain(of("sinh")),
  sech: (self, a, d) => neg(damp(self, mul(node("tanh", a), d[0]!))),
  log_cosh: chain(of("tanh")),
  softsign: chain((u) => power(div(ONE, plusOne(node("abs", [u]))), constant(2))),
  erf: vanishing((u) => times(2 * Math.SQRT2, node("phi", [times(Math.SQRT2, u)]))),
  Phi: vanishing(of("phi")),
  phi: (self, a, d) => neg(damp(self, mul(a[0]!, d[0]!))),
  sin: chain(of("cos")),
  cos: chain((u) => neg(node("sin", [u]))),
  atan: (_, a, d) => div(d[0]!, plusOne(power(a[0]!, constant(2)))),
  asinh: (_, a, d) => div(d[0]!, node("hypot", [ONE, a[0]!])),
  bessel: (_, a, d) => mul(besselSlope(a[0]!.number, a[1]!), d[1]!),
};

/** The derivative by `name`. */
export function derivative(expr: Expr, name = "x"): Expr {
  const made = new Map<Expr, Expr>();
  const itself = symbol(name);
  for (const each of walk(expr)) {
    const own = each === itself ? ONE : undefined;
    const slope = each.names.has(name) ? (own ?? ROWS[each.op]!(each, each.args, each.args.map((arg) => made.get(arg)!))) : ZERO;
    made.set(each, slope);
  }
  return made.get(expr)!;
}
