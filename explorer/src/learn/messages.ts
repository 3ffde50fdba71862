import type { Program } from "../formula/program";
import type { Standing } from "./race";
import type { Settings } from "./settings";

/** A chosen function as it travels to the worker: the name of an entry, or a formula as value and slope. */
export interface Named {
  name: string;
  programs: readonly [value: Program, slope: Program] | null;
  numbers: readonly number[];
  kinks: readonly number[];
}

/** Steps per second; null: as many as the machine does. */
export type Pace = number | null;

export type Order =
  | { type: "start"; id: number; settings: Settings; functions: readonly Named[]; pace: Pace; run: boolean }
  | { type: "run"; run: boolean }
  | { type: "step" }
  | { type: "pace"; pace: Pace };

/** Where the race with this id stands. speed: steps per second of late, each step one update of every network. */
export interface Frame {
  id: number;
  step: number;
  window: number;
  running: boolean;
  finished: boolean;
  speed: number;
  standings: Standing[];
}
