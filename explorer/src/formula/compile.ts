/** A typed formula, ready for use: its functions, and its text for papers and programs. */

import type { Lang, Numeric } from "../types/catalog";
import { actlab, jax, torch } from "./code";
import { Complaint } from "./complaints";
import { derivative } from "./derivative";
import { programOf } from "./evaluate";
import { renew } from "./expr";
import { latex } from "./latex";
import { parse } from "./parse";
import { type Program, run } from "./program";

/** What a text means, or where and why it means nothing. */
export type Compiled =
  | {
      readonly ok: true;
      /** The free names, which functions take as p in this order. */
      readonly names: string[];
      readonly value: Numeric;
      readonly slope: Numeric;
      readonly curvature: Numeric;
      /** Value and slope as data, for the thread that trains networks. */
      readonly programs: readonly [value: Program, slope: Program];
      readonly latex: string;
      readonly python: string;
      readonly torch: string;
      readonly jax: string;
    }
  | { readonly ok: false; readonly at: number; readonly message: Record<Lang, string> };

/** Reads a formula of x; its other names become parameters, with these defaults (else 1) in the texts to copy. */
export function compileFormula(text: string, defaults: readonly number[] = []): Compiled {
  renew();
  try {
    const { expr, names } = parse(text);
    const slope = derivative(expr);
    const programs = [programOf(expr, names), programOf(slope, names)] as const;
    return {
      ok: true,
      names: [...names],
      value: run(programs[0]),
      slope: run(programs[1]),
      curvature: run(programOf(derivative(slope), names)),
      programs,
      latex: latex(expr),
      python: actlab(text, names, defaults),
      torch: torch(expr, names, defaults),
      jax: jax(expr, names, defaults),
    };
  } catch (fault) {
    if (fault instanceof Complaint) return { ok: false, at: fault.at, message: fault.said };
    throw fault;
  }
}
