// Reads {"texts", "x", "numbers"} from stdin and tells what the page makes of each text; argv[2] is the script of functions.
import { readFileSync } from "node:fs";
import vm from "node:vm";
import { compileFormula } from "../src/formula/compile";
import { CONSTANTS, DEEPEST, FUNCTIONS, LARGEST_EXPONENT, LARGEST_NUMBER, LONGEST } from "../src/formula/grammar";

vm.runInThisContext(readFileSync(process.argv[2]!, "utf8"));
const { texts, x, numbers } = JSON.parse(readFileSync(0, "utf8")) as { texts: string[]; x: number[]; numbers: number[] };

const read = (text: string): unknown => {
  const found = compileFormula(text, numbers);
  if (!found.ok) return found;
  const given = found.names.map((_, at) => numbers[at % numbers.length]!);
  const along = (f: (x: number, p: readonly number[]) => number): string[] => x.map((place) => String(f(place, given)));
  const { value, slope, curvature, ...rest } = found;
  return { ...rest, given, value: along(value), slope: along(slope), curvature: along(curvature) };
};

const arities = Object.fromEntries([...FUNCTIONS].map(([name, { arity }]) => [name, arity]));
const limits = [LONGEST, DEEPEST, LARGEST_EXPONENT, LARGEST_NUMBER];
process.stdout.write(JSON.stringify({ read: texts.map(read), grammar: { arities, constants: CONSTANTS, limits } }));
