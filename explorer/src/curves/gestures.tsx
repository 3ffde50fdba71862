// Moving through the charts by wheel, keys, mouse and touch.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { clamp } from "../app/numbers";
import { GUTTER } from "../app/plot";
import { read, write } from "../app/state";
import { t } from "../app/words";
import { moved, pinned, type Window, windowSlice, zoomed } from "./settings";

const WHEEL = 1.0015;
const KEYED = 1.25;

const widthOf = (box: DOMRect): number => box.width - GUTTER.left - GUTTER.right;
const placeIn = ([low, high]: Window, left: number, box: DOMRect): number =>
  low + ((high - low) * (left - box.left - GUTTER.left)) / widthOf(box);
const chartOf = (event: Event): Element | null => (event.target as Element).closest(".chart");

/** Wraps charts over one window of x; `window` is what they show now. */
export function Gestures({ window, children }: { window: Window; children: ComponentChildren }) {
  const holder = useRef<HTMLDivElement>(null);
  const shown = useRef(window);
  shown.current = window;

  useEffect(() => {
    const node = holder.current;
    if (!node) return;
    const show = (next: Window): void => write(windowSlice, next);

    // Without Ctrl or a click before, the wheel scrolls the page past the charts.
    const wheel = (event: WheelEvent): void => {
      const box = chartOf(event)?.getBoundingClientRect();
      if (!box || !(event.ctrlKey || event.metaKey || event.shiftKey || node.contains(document.activeElement))) return;
      event.preventDefault();
      if (event.shiftKey) return show(moved(shown.current, clamp((event.deltaY || event.deltaX) / 1000, -0.5, 0.5)));
      show(zoomed(shown.current, WHEEL ** clamp(event.deltaY, -400, 400), placeIn(shown.current, event.clientX, box)));
    };

    const fingers = new Map<number, number>();
    let [startedAt, started] = [[] as number[], shown.current];
    const restart = (): void => {
      startedAt = [...fingers.values()];
      started = shown.current;
    };
    const down = (event: PointerEvent): void => {
      if (event.pointerType !== "touch" || !chartOf(event)) return;
      fingers.set(event.pointerId, event.clientX);
      restart();
    };
    const move = (event: PointerEvent): void => {
      if (!fingers.has(event.pointerId)) return;
      fingers.set(event.pointerId, event.clientX);
      const box = chartOf(event)?.getBoundingClientRect();
      if (!box) return;
      const width = widthOf(box);
      const [a = 0, b] = startedAt;
      const [nowA = 0, nowB] = [...fingers.values()];
      if (b === undefined || nowB === undefined) return show(moved(started, (a - nowA) / width));
      if (Math.abs(nowB - nowA) < 8) return;
      const factor = Math.abs(b - a) / Math.abs(nowB - nowA);
      show(moved(zoomed(started, factor, placeIn(started, (a + b) / 2, box)), (a + b - nowA - nowB) / 2 / width));
    };
    const up = (event: PointerEvent): void => {
      if (fingers.delete(event.pointerId)) restart();
    };
    node.addEventListener("wheel", wheel, { passive: false });
    node.addEventListener("pointerdown", down);
    node.addEventListener("pointermove", move);
    node.addEventListener("pointerup", up);
    node.addEventListener("pointercancel", up);
    return () => {
      node.removeEventListener("wheel", wheel);
      node.removeEventListener("pointerdown", down);
      node.removeEventListener("pointermove", move);
      node.removeEventListener("pointerup", up);
      node.removeEventListener("pointercancel", up);
    };
  }, []);

  const press = (event: KeyboardEvent): void => {
    if (event.target !== holder.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const [low, high] = window;
    const step = ((high - low) / 100) * (event.shiftKey ? 10 : 1);
    const steps: Record<string, () => void> = {
      ArrowLeft: () => write(pinned, Number(clamp(read(pinned) - step, low, high).toPrecision(8))),
      ArrowRight: () => write(pinned, Number(clamp(read(pinned) + step, low, high).toPrecision(8))),
      Home: () => write(pinned, low),
      End: () => write(pinned, high),
      "+": () => write(windowSlice, zoomed(window, 1 / KEYED, read(pinned))),
      "=": () => write(windowSlice, zoomed(window, 1 / KEYED, read(pinned))),
      "-": () => write(windowSlice, zoomed(window, KEYED, read(pinned))),
      PageUp: () => write(windowSlice, moved(window, -0.25)),
      PageDown: () => write(windowSlice, moved(window, 0.25)),
      "0": () => write(windowSlice, null),
    };
    const act = steps[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  return (
    <div
      class="gestures"
      ref={holder}
      tabIndex={0}
      role="group"
      aria-label={t("curves.keys")}
      data-testid="charts"
      onKeyDown={press}
    >
      {children}
    </div>
  );
}
