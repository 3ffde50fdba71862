// Trains in the background: orders in, frames out.
import { run } from "../formula/program";
import type { Frame, Named, Order, Pace } from "./messages";
import { Race, type Runner } from "./race";

declare function importScripts(...addresses: string[]): void;

if (!("actlabFunctions" in globalThis)) importScripts("functions.js");

const SLICE = 50; // milliseconds of training between two looks at the orders
const PAUSE = 100; // milliseconds between two frames
const SHARE = 5; // training takes at least this many times as long as measuring

let race: Race | null = null;
let id = 0;
let running = false;
let pace: Pace = null;
let waiting = false;
let [shown, cost] = [0, 0];
let [began, steps, speed] = [0, 0, 0];

function runner({ name, programs, numbers, kinks }: Named): Runner {
  if (programs) return { value: run(programs[0]), slope: run(programs[1]), p: numbers, kinks };
  const found = actlabFunctions[name];
  if (!found) throw new Error(`there is no entry called ${name}`);
  return { value: found[0], slope: found[1], p: numbers, kinks };
}

function show(): void {
  if (!race) return;
  const before = performance.now();
  const frame: Frame = {
    id, step: race.done, window: race.window, running, finished: race.finished, speed, standings: race.standings(),
  };
  postMessage(frame);
  shown = performance.now();
  cost = shown - before;
}

/** Counts steps from now on. */
function count(): void {
  [began, steps] = [performance.now(), 0];
}

function train(): void {
  waiting = false;
  if (!race || !running) return;
  const start = performance.now();
  const due = pace === null ? Infinity : ((start - began) / 1000) * pace - steps;
  for (let done = 0; done < due && !race.finished && performance.now() - start < SLICE; done++) {
    race.step();
    steps++;
  }
  const now = performance.now();
  if (now - began > 300 && pace === null) {
    speed = (1000 * steps) / (now - began);
    count();
  }
  if (race.finished) running = false;
  if (race.finished || now - shown > Math.max(PAUSE, SHARE * cost)) show();
  if (running) later();
}

function later(): void {
  if (waiting) return;
  waiting = true;
  setTimeout(train, pace === null ? 0 : Math.min(PAUSE, 500 / pace));
}

onmessage = ({ data: order }: MessageEvent<Order>): void => {
  if (order.type === "start") {
    id = order.id;
    race = new Race(order.settings, order.functions.map(runner));
    [running, pace, speed] = [order.run && !race.finished, order.pace, 0];
    count();
    show();
  } else if (order.type === "step") {
    if (race && !race.finished) race.step();
    show();
  } else if (order.type === "pace") {
    [pace, speed] = [order.pace, 0];
    count();
  } else {
    running = order.run && race !== null && !race.finished;
    count();
    show();
  }
  if (running) later();
};
