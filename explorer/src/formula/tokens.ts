/** The words of a formula, by the rules of Python's own reader. */

import { Complaint } from "./complaints";
import { MOST_BRACKETS } from "./grammar";

export interface Token {
  readonly kind: "number" | "name" | "sign" | "end";
  readonly text: string;
  readonly at: number;
}

const DIGITS = "\\d(?:_?\\d)*";
const EXPONENT = `(?:[eE][+-]?${DIGITS})?`;
const NUMBER = new RegExp(
  `0[xX](?:_?[\\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:${DIGITS})?\\.${DIGITS}${EXPONENT}|${DIGITS}\\.?${EXPONENT}`,
  "y",
);
const NAME = /[\p{XID_Start}_]\p{XID_Continue}*/uy;
const SIGN = /\*\*|\/\/|<=|>=|==|!=|<<|>>|[-+*/^<>(),%@&|~=]/y;
const BLANK = /[ \t\f]+|#[^\n\r]*|\\\r?\n/y;

/** The tokens in order, the last of kind "end". Throws Complaint. */
export function tokens(text: string): Token[] {
  const start = text.length - text.trimStart().length;
  const end = text.trimEnd().length;
  const found: Token[] = [];
  const open: number[] = [];
  let at = start;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    return pattern.exec(text.slice(0, end))?.[0] ?? "";
  };
  while (at < end) {
    const blank = take(BLANK);
    const number = blank ? "" : take(NUMBER);
    const name = blank || number ? "" : take(NAME);
    const sign = blank || number || name ? "" : take(SIGN);
    if (number) found.push({ kind: "number", text: checked(number, at, text), at });
    else if (name) found.push({ kind: "name", text: name.normalize("NFKC"), at });
    else if (sign) {
      found.push({ kind: "sign", text: sign === "^" ? "**" : sign, at });
      if (sign === "(" && open.push(at) > MOST_BRACKETS) throw new Complaint("brackets", at, { most: MOST_BRACKETS });
      if (sign === ")" && open.pop() === undefined) throw new Complaint("unopened", at);
    } else if (!blank && /[\r\n]/.test(text[at]!)) {
      if (open.length === 0 && found.length > 0) throw new Complaint("line", at);
      at += 1;
      continue;
    } else if (!blank) throw strange(text, at);
    at += (blank || number || name || sign).length;
  }
  if (open.length) throw new Complaint("unclosed", open.at(-1)!);
  found.push({ kind: "end", text: "", at: end });
  return found;
}

function checked(number: string, at: number, text: string): string {
  const next = text.slice(at + number.length).match(/^[\p{XID_Continue}]+/u)?.[0] ?? "";
  const plain = number.replaceAll("_", "");
  if (/^[jJ]$/.test(next)) throw new Complaint("imaginary", at, { found: number + next });
  if (/^[\p{XID_Start}]/u.test(next) && !/[xXoObB]/.test(number)) {
    throw new Complaint("times", at + number.length, { before: number, found: next });
  }
  if (next) throw new Complaint("number", at, { found: number + next });
  if (/^0\d*[1-9]/.test(plain) && /^\d+$/.test(plain)) {
    throw new Complaint("zeros", at, { plain: plain.replace(/^0+/, "") });
  }
  return plain;
}

// what people type for the signs of a formula
const FOREIGN: Readonly<Record<string, string>> = {
  ...{ "×": "*", "·": "*", "⋅": "*", "÷": "/", "−": "-", "–": "-", "≤": "<=", "≥": ">=", "²": "^2", "³": "^3" },
  ...{ "、": ",", "√": "sqrt" },
};

function strange(text: string, at: number): Complaint {
  const found = String.fromCodePoint(text.codePointAt(at)!);
  const plain = FOREIGN[found] ?? found.normalize("NFKC");
  return plain === found ? new Complaint("character", at, { found }) : new Complaint("foreign", at, { found, plain });
}
