/** The line of a card. */

import type { Entry } from "../types/catalog";

export const WIDTH = 100;
export const HEIGHT = 44;

/** An SVG path through the entry's samples; it breaks where the function is undefined or jumps. */
export function sparkline({ spark, jumps, window: [low, high] }: Entry): string {
  const seen = spark.filter((y): y is number => y !== null);
  const [least, most] = [Math.min(...seen), Math.max(...seen)];
  const scale = most > least ? (HEIGHT - 4) / (most - least) : 0;
  const x = (at: number): number => low + ((high - low) * at) / (spark.length - 1);
  let path = "";
  spark.forEach((y, at) => {
    if (y === null) return;
    const joined = at > 0 && spark[at - 1] !== null && !jumps.some((jump) => jump >= x(at - 1) && jump <= x(at));
    const down = scale ? HEIGHT - 2 - (y - least) * scale : HEIGHT / 2;
    path += `${joined ? "L" : "M"}${((at * WIDTH) / (spark.length - 1)).toFixed(1)} ${down.toFixed(1)}`;
  });
  return path;
}
