import { DEFAULTS, type Settings } from "./settings";

/** A training that tells a story: what to watch stands in the texts under the same key. */
export interface Story {
  functions: readonly string[];
  settings: Settings;
}

const of = (functions: string, settings: Partial<Settings>): Story => ({
  functions: functions.split(" "),
  settings: { ...DEFAULTS, ...settings },
});

const deep = { data: "circles", depth: 6, width: 16, steps: 1500 } as const;

export const STORIES = {
  linear: of("identity relu tanh", { data: "xor", depth: 5, steps: 1500 }),
  starved: of("sigmoid tanh relu", { ...deep, depth: 8, start: "xavier" }),
  killed: of("relu", { depth: 3, width: 16, start: "he", rate: 3, steps: 600 }),
  survives: of("relu leaky_relu", { depth: 3, width: 16, start: "he", rate: 3, steps: 600 }),
  small: of("relu tanh sigmoid", { ...deep, start: "small" }),
  large: of("relu tanh sigmoid", { ...deep, start: "large" }),
  gain: of("relu tanh sigmoid", { ...deep, start: "gain" }),
  zeros: of("relu tanh gelu", { ...deep, start: "zeros", steps: 500 }),
} satisfies Record<string, Story>;

export type StoryName = keyof typeof STORIES;
export const STORY_NAMES = Object.keys(STORIES) as StoryName[];
