// Four colours of Okabe and Ito (2008) that people with any colour vision tell apart, each with its own dashes.
const LIGHT: readonly string[] = ["#0072b2", "#d55e00", "#008a63", "#b4558f"];
const DARK: readonly string[] = ["#56b4e9", "#e69f00", "#2fc797", "#dd8fbd"];
const DASHES: readonly (readonly number[])[] = [[], [9, 4], [2, 3], [11, 4, 2, 4]];

const night = typeof matchMedia === "undefined" ? undefined : matchMedia("(prefers-color-scheme: dark)");

export const dark = (): boolean => night?.matches ?? false;

/** Calls back when the system changes between light and dark. */
export function onTheme(listener: () => void): () => void {
  night?.addEventListener("change", listener);
  return () => night?.removeEventListener("change", listener);
}

/** The colours on white paper. */
export const PAPER = LIGHT;

/** The colour of the function at a place among the chosen. */
export const colorOf = (place: number): string => (dark() ? DARK : LIGHT)[place % 4] as string;

/** The dashes of the function at a place, in pixels; empty for a solid line. */
export const dashOf = (place: number): readonly number[] => DASHES[place % 4] as readonly number[];

/** Ink for axes and grids, with the same names as in the style sheet. */
export const ink = (name: "text" | "quiet" | "grid" | "ground" | "accent" | "card"): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
