/** Typed formulas: text to expression, with the grammar and the limits of `actlab.define`; nothing is evaluated as code. */

import { Complaint } from "./complaints";
import { add, constant, div, type Expr, isCondition, mul, neg, node, power, sub, symbol, where } from "./expr";
import {
  COMPARISONS,
  CONSTANTS,
  DEEPEST,
  FUNCTIONS,
  KEYWORDS,
  LARGEST_EXPONENT,
  LARGEST_NUMBER,
  LONGEST,
} from "./grammar";
import { type Token, tokens } from "./tokens";

type Tree =
  | { kind: "number"; at: number; value: number; text: string }
  | { kind: "name"; at: number; name: string }
  | { kind: "sign"; at: number; sign: string; operand: Tree }
  | { kind: "pair"; at: number; sign: string; left: Tree; right: Tree }
  | { kind: "call"; at: number; name: string; operands: Tree[] };

const LEVELS = [Object.keys(COMPARISONS), ["+", "-"], ["*", "/"]];
const BUILD: Record<string, (a: Expr, b: Expr) => Expr> = { "+": add, "-": sub, "*": mul, "/": div };

export interface Formula {
  readonly expr: Expr;
  /** The free names, in the order in which they appear. */
  readonly names: readonly string[];
}

/** The formula that a text says. Throws Complaint. */
export function parse(text: string): Formula {
  const length = [...text].length;
  if (length > LONGEST) throw new Complaint("long", 0, { count: length, most: LONGEST });
  const tree = new Parser(tokens(text)).whole();
  const places = new Map<string, number>();
  const expr = read(tree, DEEPEST, places);
  if (isCondition(expr)) throw new Complaint("comparison", tree.at);
  const found = [...places].sort(([, one], [, other]) => one - other);
  for (const [name, at] of found) if (!expr.names.has(name)) throw new Complaint("unused", at, { found: name });
  return { expr, names: found.map(([name]) => name) };
}

class Parser {
  private at = 0;

  constructor(private readonly list: readonly Token[]) {}

  private next(): Token {
    return this.list[this.at]!;
  }

  private sees(...signs: readonly string[]): boolean {
    return this.next().kind === "sign" && signs.includes(this.next().text);
  }

  private take(): Token {
    return this.list[this.at++]!;
  }

  whole(): Tree {
    if (this.next().kind === "end") throw new Complaint("empty", this.next().at);
    const tree = this.binary(0);
    if (this.next().kind !== "end") throw this.surprise();
    return tree;
  }

  /** Something stands where an operation or the end should. */
  private surprise(): Complaint {
    const { kind, text, at } = this.next();
    const before = this.list[this.at - 1]!.text;
    if (KEYWORDS.has(text)) return new Complaint("keyword", at, { found: text });
    if (kind !== "sign" || text === "(") return new Complaint("times", at, { before, found: text });
    return text === "," ? new Complaint("comma", at) : new Complaint("operator", at, { found: text });
  }

  private binary(level: number): Tree {
    if (level === LEVELS.length) return this.signed();
    let left = this.binary(level + 1);
    for (let pairs = 0; this.sees(...LEVELS[level]!); pairs++) {
      const { text: sign, at } = this.take();
      if (level === 0 && pairs > 0) throw new Complaint("chained", at);
      left = { kind: "pair", at, sign, left, right: this.binary(level + 1) };
    }
    return left;
  }

  private signed(): Tree {
    if (!this.sees("-", "+")) return this.raised();
    const { text: sign, at } = this.take();
    return { kind: "sign", at, sign, operand: this.signed() };
  }

  private raised(): Tree {
    const left = this.atom();
    if (!this.sees("**")) return left;
    const { at } = this.take();
    return { kind: "pair", at, sign: "**", left, right: this.signed() };
  }

  private atom(): Tree {
    const { kind, text, at } = this.take();
    if (kind === "number") return { kind, at, text, value: Number(text) };
    if (kind === "end") throw new Complaint("end", at);
    if (kind === "sign" && text !== "(") throw new Complaint("operand", at, { found: text });
    if (KEYWORDS.has(text)) throw new Complaint("keyword", at, { found: text });
    if (kind === "sign") {
      const inside = this.binary(0);
      this.close();
      return this.uncalled(inside);
    }
    if (!this.sees("(")) return { kind: "name", at, name: text };
    this.take();
    const operands: Tree[] = [];
    while (!this.sees(")")) {
      operands.push(this.binary(0));
      if (!this.sees(",")) break;
      this.take();
    }
    this.close();
    return this.uncalled({ kind: "call", at, name: text, operands });
  }

  private close(): void {
    if (!this.sees(")")) throw this.next().kind === "end" ? new Complaint("end", this.next().at) : this.surprise();
    this.take();
  }

  private uncalled(tree: Tree): Tree {
    if (this.sees("(")) throw this.surprise();
    return tree;
  }
}

function read(tree: Tree, depth: number, names: Map<string, number>): Expr {
  if (depth === 0) throw new Complaint("deep", tree.at, { most: DEEPEST });
  const operand = (part: Tree): Expr => {
    const expr = read(part, depth - 1, names);
    if (isCondition(expr)) throw new Complaint("comparison", part.at);
    return expr;
  };
  switch (tree.kind) {
    case "number":
      if (tree.value > LARGEST_NUMBER) throw new Complaint("huge", tree.at, { found: tree.text.slice(0, 24), most: LARGEST_NUMBER });
      return constant(tree.value);
    case "name":
      if (Object.hasOwn(CONSTANTS, tree.name)) return constant(CONSTANTS[tree.name]!);
      if (FUNCTIONS.has(tree.name)) throw new Complaint("bare", tree.at, { found: tree.name });
      if (tree.name !== "x" && !names.has(tree.name)) names.set(tree.name, tree.at);
      return symbol(tree.name);
    case "sign":
      return tree.sign === "-" ? neg(operand(tree.operand)) : operand(tree.operand);
    case "call":
      return called(tree, operand, (part) => read(part, depth - 1, names));
    case "pair":
      if (tree.sign === "**") return raised(tree, operand);
      if (tree.sign in COMPARISONS) return node(COMPARISONS[tree.sign]!, [operand(tree.left), operand(tree.right)]);
      return BUILD[tree.sign]!(operand(tree.left), operand(tree.right));
  }
}

function raised({ left, right }: Tree & { kind: "pair" }, operand: (part: Tree) => Expr): Expr {
  const exponent = operand(right);
  if (exponent.op === "constant" && Math.abs(exponent.number) > LARGEST_EXPONENT) {
    throw new Complaint("exponent", right.at, { found: exponent.number, most: LARGEST_EXPONENT });
  }
  if (exponent.names.has("x")) throw new Complaint("variable", right.at);
  return power(operand(left), exponent);
}

function called(tree: Tree & { kind: "call" }, operand: (part: Tree) => Expr, either: (part: Tree) => Expr): Expr {
  const { name, operands, at } = tree;
  const known = FUNCTIONS.get(name);
  if (name === "x") throw new Complaint("times", at + 1, { before: name, found: "(" });
  if (!known) throw new Complaint("unknown", at, { found: name, known: [...FUNCTIONS.keys()].sort().join(", ") });
  if (operands.length !== known.arity) {
    throw new Complaint("arity", at, { found: name, most: known.arity, count: operands.length });
  }
  if (name !== "where") return known.build(...operands.map(operand));
  const condition = either(operands[0]!);
  if (!isCondition(condition)) throw new Complaint("condition", operands[0]!.at);
  return where(condition, operand(operands[1]!), operand(operands[2]!));
}
