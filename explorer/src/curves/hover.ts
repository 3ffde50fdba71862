// The place under the pointer: it changes with every move, so only the read-out listens to it.
import { useLayoutEffect, useState } from "preact/hooks";

let place: number | null = null;
const listeners = new Set<() => void>();

export const hover = {
  set(x: number | null): void {
    if (x === place) return;
    place = x;
    for (const listener of listeners) listener();
  },
  /** The x under the pointer, or null. */
  use(): number | null {
    const [, draw] = useState({});
    useLayoutEffect(() => {
      const listener = (): void => draw({});
      listeners.add(listener);
      return () => listeners.delete(listener);
    }, []);
    return place;
  },
};
