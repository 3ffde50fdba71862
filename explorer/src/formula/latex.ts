/** LaTeX, as actlab writes it; a test compares both on a corpus. */

import type { Expr } from "./expr";
import { ATOM, type Cell, FRACTION, LOOSE, POWER, PRODUCT, REACH, SIGN, type Style, SUM, write, type Written } from "./infix";

const GREEK = new Set("alpha beta gamma delta epsilon zeta theta kappa lambda mu rho sigma tau omega".split(" "));
const NAMED = new Map([
  [Math.PI, "\\pi"],
  [Math.SQRT2, "\\sqrt{2}"],
  [2 * Math.SQRT2, "2\\sqrt{2}"],
  [Math.E, "e"],
  [Infinity, "\\infty"],
]);
const DECIMAL = new Set([2, 4, 5, 8, 10, 20, 25, 40, 50]);

function name(text: string): string {
  if (GREEK.has(text)) return `\\${text}`;
  return [...text].length === 1 ? text : `\\mathit{${text.replaceAll("_", "\\_")}}`;
}

function constant(value: number): Written {
  if (value < 0) return [`-${constant(-value)[0]}`, SIGN];
  const named = NAMED.get(value);
  if (named) return [named, value === 2 * Math.SQRT2 ? PRODUCT : ATOM];
  const below = Array.from({ length: 64 }, (_, at) => at + 1).find((each) => Math.round(value * each) / each === value);
  if (below && below > 1 && !DECIMAL.has(below)) return [`\\tfrac{${Math.round(value * below)}}{${below}}`, FRACTION];
  const [mantissa, exponent] = rounded(value);
  return exponent === undefined ? [mantissa, ATOM] : [`${mantissa} \\cdot 10^{${exponent}}`, PRODUCT];
}

/** Six significant digits, and an exponent of ten where the number is large or small. */
function rounded(value: number): [string, number?] {
  const [mantissa, exponent] = value.toExponential(5).split("e") as [string, string];
  const plain = (digits: string): string => (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 6)) return [plain(mantissa), power];
  return [Object.is(value, -0) ? "-0" : plain(value.toFixed(Math.max(0, 5 - power)))];
}

const brackets = (text: string): string => `\\left(${text}\\right)`;
const call = (symbol: string): Cell => [`${symbol}\\left({0}\\right)`, ATOM, [LOOSE]];
const named = (symbol: string): Cell => call(`\\operatorname{${symbol}}`);
const compared = (sign: string): Cell => [`{0} ${sign} {1}`, LOOSE, [SIGN, SIGN]];

const CELLS: Readonly<Record<string, Cell>> = {
  add: ["{0} + {1}", SUM, [SIGN, SUM]],
  sub: ["{0} - {1}", SUM, [SIGN, PRODUCT]],
  mul: [(a, b) => (/^(\d|\\tfrac)/.test(b!) ? `${a} \\cdot ${b}` : `${a}\\,${b}`), PRODUCT, [PRODUCT, PRODUCT]],
  div: ["\\frac{{0}}{{1}}", FRACTION, []],
  neg: ["-{0}", SIGN, [PRODUCT]],
  power: ["{{0}}^{{1}}", POWER, [ATOM]],
  hypot: ["\\sqrt{{0}^2 + {1}^2}", ATOM, [ATOM, ATOM]],
  abs: ["\\left|{0}\\right|", ATOM, []],
  sign: named("sgn"),
  maximum: ["\\max\\left({0}, {1}\\right)", ATOM, []],
  minimum: ["\\min\\left({0}, {1}\\right)", ATOM, []],
  lt: compared("<"),
  le: compared("\\le"),
  gt: compared(">"),
  ge: compared("\\ge"),
  sqrt: ["\\sqrt{{0}}", ATOM, []],
  exp: ["e^{{0}}", POWER, []],
  expm1: ["e^{{0}} - 1", SUM, []],
  log: call("\\ln"),
  log1p: ["\\ln\\left(1 + {0}\\right)", ATOM, [SUM]],
  sigmoid: call("\\sigma"),
  log_sigmoid: ["\\ln \\sigma\\left({0}\\right)", REACH, []],
  softplus: ["\\ln\\left(1 + e^{{0}}\\right)", ATOM, []],
  tanh: call("\\tanh"),
  sinh: call("\\sinh"),
  cosh: call("\\cosh"),
  sech: named("sech"),
  log_cosh: ["\\ln \\cosh\\left({0}\\right)", REACH, []],
  softsign: ["\\frac{{0}}{1 + \\left|{0}\\right|}", FRACTION, []],
  erf: named("erf"),
  Phi: call("\\Phi"),
  phi: call("\\varphi"),
  sin: call("\\sin"),
  cos: call("\\cos"),
  atan: call("\\arctan"),
  asinh: named("arsinh"),
  bessel: ["\\operatorname{sinc}\\left({1}\\right)", FRACTION, [LOOSE, ATOM]],
};

function cases(expr: Expr, written: (expr: Expr) => Written): Written | undefined {
  if (expr.op !== "where") return undefined;
  const rows: string[] = [];
  let rest = expr;
  for (; rest.op === "where"; rest = rest.args[2]!) {
    rows.push(`${written(rest.args[1]!)[0]} & \\text{if } ${written(rest.args[0]!)[0]}`);
  }
  rows.push(`${written(rest)[0]} & \\text{otherwise}`);
  return [`\\begin{cases} ${rows.join(" \\\\ ")} \\end{cases}`, SUM];
}

const STYLE: Style = { cells: CELLS, name, constant, parentheses: brackets, instead: cases, regroups: true };

export const latex = (expr: Expr): string => write(STYLE, expr)[0];
