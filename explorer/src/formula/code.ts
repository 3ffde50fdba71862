/** A formula as a function to paste into a program: with actlab, PyTorch or JAX. */

import { evaluator } from "./evaluate";
import { constant as literal, type Expr, isCondition, isNumber } from "./expr";
import { ATOM, type Cell, LOOSE, POWER, PRODUCT, SIGN, type Style, SUM, write, type Written } from "./infix";

/** What one library calls its parts. */
interface Library {
  readonly imports: readonly string[];
  readonly own: string;
  /** The line that makes a parameter a value of x's dtype: a Python number would turn complex, or refuse to divide by 0. */
  readonly lift: (name: string) => string;
  readonly calls: Readonly<Record<string, string>>;
}

const plainly = (names: string): Record<string, string> => Object.fromEntries(names.split(" ").map((name) => [name, name]));
const SAME = plainly("abs sign sqrt exp expm1 log log1p tanh sinh cosh sin cos hypot where full_like zeros_like");

const TORCH: Library = {
  imports: ["import torch"],
  own: "torch",
  lift: (name) => `${name} = torch.as_tensor(${name}, dtype=x.dtype, device=x.device)`,
  calls: {
    ...SAME,
    ...plainly("erf atan asinh sinc sigmoid relu"),
    Phi: "special.ndtr",
    softplus: "nn.functional.softplus",
    log_sigmoid: "nn.functional.logsigmoid",
    softsign: "nn.functional.softsign",
  },
};

const JAX: Library = {
  imports: ["import jax", "import jax.numpy as jnp"],
  own: "jnp",
  lift: (name) => `${name} = jnp.asarray(${name}, dtype=x.dtype)`,
  calls: {
    ...SAME,
    ...{ atan: "arctan", asinh: "arcsinh", sinc: "sinc" },
    ...{ erf: "jax.scipy.special.erf", Phi: "jax.scipy.special.ndtr", sigmoid: "jax.nn.sigmoid", relu: "jax.nn.relu" },
    ...{ softplus: "jax.nn.softplus", log_sigmoid: "jax.nn.log_sigmoid", softsign: "jax.nn.soft_sign" },
  },
};

const CALLED =
  "abs sign sqrt exp expm1 log log1p tanh sinh cosh sin cos erf atan asinh sigmoid Phi log_sigmoid softsign".split(" ");
const NAME = "my_activation";

/** A Python number: whole ones stay short while every library holds them. */
function constant(value: number, own: string): Written {
  if (!Number.isFinite(value)) return value < 0 ? [`-${own}.inf`, SIGN] : [`${own}.${Number.isNaN(value) ? "nan" : "inf"}`, ATOM];
  const text = Object.is(value, -0) ? "-0.0" : String(value);
  return [Number.isInteger(value) && Math.abs(value) >= 1e6 && !text.includes("e") ? `${text}.0` : text, text[0] === "-" ? SIGN : ATOM];
}

function program(library: Library, expr: Expr, names: readonly string[], defaults: readonly number[]): string {
  const { own, calls } = library;
  const spelled = (op: string): string => (calls[op]!.startsWith("jax.") ? calls[op]! : `${own}.${calls[op]}`);
  const renamed = (name: string): string => (["torch", "jax", "jnp"].includes(name) ? `${name}_` : name);
  const steps: string[] = [];
  const taken = new Set(names);
  const kept = new Map<string, string>();

  /** A name for what is written more than once. */
  const once = (text: string): string => {
    if (/^[\w.]+$/u.test(text)) return text;
    let name = kept.get(text);
    for (let at = kept.size + 1; !name; at++) if (!taken.has(`t${at}`)) name = `t${at}`;
    if (!kept.has(text)) steps.push(`${name} = ${text}`);
    taken.add(name);
    kept.set(text, name);
    return name;
  };
  const arranged = ([condition, then, otherwise]: string[]): Written => [`${spelled("where")}(${condition}, ${then}, ${otherwise})`, ATOM];
  const number = (value: number): string => constant(value, own)[0];

  const instead = (node: Expr, written: (expr: Expr) => Written): Written | undefined => {
    if (node.names.size === 0 && !isCondition(node)) return written(literal(evaluator(node, [])(0, [])));
    const [a, b, c] = node.args as [Expr, Expr, Expr];
    const text = (part: Expr): string => written(part)[0];
    if (node.op === "where") {
      if (a.names.size === 0) return written(evaluator(a, [])(0, []) ? b : c);
      const settled = b.names.size + c.names.size === 0;
      return arranged([text(a), settled ? `${spelled("full_like")}(x, ${text(b)})` : text(b), text(c)]);
    }
    if (node.op === "maximum" && isNumber(b, 0)) return [`${spelled("relu")}(${text(a)})`, ATOM];
    if (node.op === "maximum" || node.op === "minimum") {
      // where, since the slope at a tie is b's; the side with x comes last, so that NaN stays NaN
      const sign = node.op === "maximum" ? ">" : "<";
      const [left, right] = [side(a, written), side(b, written)].map(once) as [string, string];
      const inLast = !a.names.has("x") && b.names.has("x");
      return arranged(inLast ? [`${left} ${sign} ${right}`, left, right] : [`${right} ${sign}= ${left}`, right, left]);
    }
    if (node.op === "hypot") {
      const sides = [a, b].map((part) => (part.names.size ? text(part) : `${spelled("full_like")}(x, ${text(part)})`));
      return [`${spelled("hypot")}(${sides.join(", ")})`, ATOM];
    }
    if (node.op === "log_cosh") {
      const operand = once(text(a));
      return [`${spelled("abs")}(${operand}) + ${spelled("log1p")}(${spelled("expm1")}(-2 * ${spelled("abs")}(${operand})) / 2)`, SUM];
    }
    return undefined;
  };
  const side = (part: Expr, written: (expr: Expr) => Written): string => {
    const [text, binds] = written(part);
    return binds > LOOSE ? text : `(${text})`;
  };

  const cells: Record<string, Cell> = {
    add: ["{0} + {1}", SUM, [SUM, PRODUCT]],
    sub: ["{0} - {1}", SUM, [SUM, PRODUCT]],
    mul: ["{0} * {1}", PRODUCT, [PRODUCT, POWER]],
    div: ["{0} / {1}", PRODUCT, [PRODUCT, POWER]],
    neg: ["-{0}", SIGN, [PRODUCT]],
    power: ["{0} ** {1}", POWER, [ATOM, ATOM]],
    lt: ["{0} < {1}", LOOSE, [SIGN, SIGN]],
    le: ["{0} <= {1}", LOOSE, [SIGN, SIGN]],
    gt: ["{0} > {1}", LOOSE, [SIGN, SIGN]],
    ge: ["{0} >= {1}", LOOSE, [SIGN, SIGN]],
    // beyond 40 the logarithm is x itself in float64
    softplus: [own === "torch" ? `${spelled("softplus")}({0}, threshold=40)` : `${spelled("softplus")}({0})`, ATOM, []],
    phi: [`${spelled("exp")}(-0.5 * {0} ** 2) / ${number(Math.sqrt(2 * Math.PI))}`, PRODUCT, [ATOM]],
    sech: [`1 / ${spelled("cosh")}({0})`, PRODUCT, []],
    bessel: [`${spelled("sinc")}({1} / ${number(Math.PI)})`, ATOM, [LOOSE, POWER]],
    ...Object.fromEntries(CALLED.map((op) => [op, [`${spelled(op)}({0})`, ATOM, []]])),
  };
  const style: Style = {
    cells,
    name: renamed,
    constant: (value) => constant(value, own),
    parentheses: (text) => `(${text})`,
    instead,
    regroups: false,
  };
  let [result] = write(style, expr);
  if (expr.names.size === 0) result = `${spelled("full_like")}(x, ${result})`;
  else if (!expr.names.has("x")) result = `${spelled("zeros_like")}(x) + (${result})`;
  const lifts = names.map((name) => library.lift(renamed(name)));
  const given = names.map((name, at) => `, ${renamed(name)}=${number(defaults[at] ?? 1)}`).join("");
  const body = [...lifts, ...steps, `return ${result}`].map((line) => `    ${line}\n`);
  return `${library.imports.join("\n")}\n\n\ndef ${NAME}(x${given}):\n${body.join("")}`;
}

/** The formula as a function of PyTorch tensors. */
export const torch = (expr: Expr, names: readonly string[], defaults: readonly number[]): string =>
  program(TORCH, expr, names, defaults);

/** The formula as a function of JAX arrays. */
export const jax = (expr: Expr, names: readonly string[], defaults: readonly number[]): string =>
  program(JAX, expr, names, defaults);

/** The formula as an entry of one's own, with exact slopes and everything else that entries have. */
export function actlab(text: string, names: readonly string[], defaults: readonly number[]): string {
  const given = names.map((name, at) => `, ${name}=${constant(defaults[at] ?? 1, "math")[0]}`).join("");
  return `import actlab\n\n${NAME} = actlab.define(${JSON.stringify(text.trim())}, name="${NAME}"${given})\nmodule = actlab.create(${NAME})\n`;
}
