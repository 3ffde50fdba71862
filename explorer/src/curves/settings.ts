// What a reader can set in this view.
import type { Chosen } from "../app/slices";
import { resolve } from "../app/catalog";
import { choiceSlice, defineSlice, numberSlice } from "../app/state";
import { FORMATS } from "./formats";

export type Window = readonly [low: number, high: number];

export const PANES = ["value", "slope", "curvature", "difference", "outputs"] as const;
export type PaneName = (typeof PANES)[number];

const NARROWEST = 1e-9;
const WIDEST = 1e9;

/** Whether a stretch of x can be shown. */
export const showable = (low: number, high: number): boolean =>
  Math.abs(low) <= WIDEST &&
  Math.abs(high) <= WIDEST &&
  high - low >= NARROWEST * Math.max(1, Math.abs(low), Math.abs(high));

/** The stretch of x that is shown; null for what suits the chosen functions. */
export const windowSlice = defineSlice<Window | null>(
  "x",
  null,
  (value) => (value ? value.join(",") : ""),
  (text) => {
    const [low = NaN, high = NaN, ...rest] = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
    return rest.length === 0 && showable(low, high) ? [low, high] : undefined;
  },
);

export const panes = defineSlice<readonly PaneName[]>(
  "panes",
  ["value", "slope", "outputs"],
  (value) => value.join(","),
  (text) => {
    const names = text.split(",").filter(Boolean);
    return names.every((name) => PANES.some((pane) => pane === name))
      ? PANES.filter((pane) => names.includes(pane))
      : undefined;
  },
);

export const scale = choiceSlice("y", "linear", ["linear", "symlog", "log"]);
export const format = choiceSlice("type", "float64", FORMATS);
export const sigma = numberSlice("sigma", 1, 0.01, 100);
/** The x that the read-out speaks of while no pointer is over a chart. */
export const pinned = numberSlice("at", 1, -WIDEST, WIDEST);
/** Which two of the chosen functions the difference is between. */
export const pair = defineSlice<readonly [number, number]>(
  "minus",
  [0, 1],
  (value) => value.join("-"),
  (text) => {
    const found = /^([0-3])-([0-3])$/.exec(text);
    return found ? [Number(found[1]), Number(found[2])] : undefined;
  },
);

/** The stretch that suits the chosen functions: as wide as the widest of their own. */
export function suitable(list: readonly Chosen[]): Window {
  const windows = list.map((item) => resolve(item).entry?.window ?? ([-6, 6] as const));
  if (windows.length === 0) return [-6, 6];
  return [Math.min(...windows.map(([low]) => low)), Math.max(...windows.map(([, high]) => high))];
}

/** A stretch zoomed by `factor` around `center`, or itself when the result could not be shown. */
export function zoomed([low, high]: Window, factor: number, center = (low + high) / 2): Window {
  const next: Window = [center + (low - center) * factor, center + (high - center) * factor];
  return showable(...next) ? next : [low, high];
}

/** A stretch moved by a share of its width, or itself when the result could not be shown. */
export function moved([low, high]: Window, share: number): Window {
  const by = (high - low) * share;
  return showable(low + by, high + by) ? [low + by, high + by] : [low, high];
}
