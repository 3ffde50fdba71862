// A line chart: accessible name, shared cursor, dragging over a stretch; the table beside it is the panel's to give.
import type { TargetedPointerEvent } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { onTheme } from "./palette";
import { type Frame, type Line, paint, type Plot } from "./plot";

export type { Scale } from "./axes";
export type { Frame, Line } from "./plot";

export interface ChartProps extends Plot {
  readonly label: string;
  readonly testid: string;
  readonly height: number;
  /** Charts with the same key share their cursor. */
  readonly sync?: string;
  /** The x under the pointer, null when it leaves. */
  readonly onCursor?: (x: number | null) => void;
  /** The stretch of x a reader dragged over. */
  readonly onSelect?: (low: number, high: number) => void;
  /** The x a reader clicked. */
  readonly onPick?: (x: number) => void;
  /** Paints under and over the lines. */
  readonly below?: (frame: Frame) => void;
  readonly above?: (frame: Frame) => void;
}

const groups = new Map<string, Set<(x: number | null) => void>>();
const SLACK = 4;

// The value nearest to x, looked up in places that rise.
function valueAt(x: ArrayLike<number>, line: Line, place: number): number | null {
  let [low, high] = [0, x.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((x[middle] as number) <= place) low = middle;
    else high = middle;
  }
  const nearest = place - (x[low] ?? 0) <= (x[high] ?? 0) - place || line.bars ? low : high;
  return line.values[nearest] ?? null;
}

/** Draws lines over x. */
export function Chart(props: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const hair = useRef<HTMLElement>(null);
  const brush = useRef<HTMLElement>(null);
  const frame = useRef<Frame | null>(null);
  const now = useRef(props);
  const pressed = useRef<number | null>(null);
  now.current = props;

  const draw = (): void => {
    const [node, sheet] = [holder.current, canvas.current];
    if (!node || !sheet || node.clientWidth === 0) return;
    frame.current = paint(
      sheet,
      node.clientWidth,
      now.current.height,
      now.current,
      now.current.below,
      now.current.above,
    );
    for (const mark of [hair.current, brush.current])
      if (mark && frame.current) mark.style.height = `${frame.current.box.height}px`;
  };
  useLayoutEffect(draw);

  const point = (x: number | null): void => {
    const [line, shown, node] = [hair.current, frame.current, holder.current];
    if (!line || !shown || !node) return;
    const left = x === null ? -1 : shown.across(x);
    const inside = left >= shown.box.left && left <= shown.box.left + shown.box.width;
    line.hidden = !inside;
    if (!inside || x === null) return;
    line.style.transform = `translateX(${left}px)`;
    now.current.lines.forEach((one, at) => {
      const dot = line.children[at] as HTMLElement | undefined;
      const y = valueAt(now.current.x, one, x);
      const top = y === null ? NaN : shown.down(y);
      if (!dot) return;
      dot.hidden = !(top >= shown.box.top - 1 && top <= shown.box.top + shown.box.height + 1);
      dot.style.transform = `translateY(${top}px)`;
      dot.style.background = one.color;
    });
  };

  useLayoutEffect(() => {
    const node = holder.current;
    if (!node) return;
    const resized = new ResizeObserver(draw);
    resized.observe(node);
    const forget = onTheme(draw);
    return () => {
      resized.disconnect();
      forget();
    };
  }, []);

  useLayoutEffect(() => {
    if (props.sync === undefined) return;
    const group = groups.get(props.sync) ?? new Set();
    groups.set(props.sync, group.add(point));
    return () => group.delete(point);
  }, [props.sync]);

  const cursor = (x: number | null): void => {
    for (const follow of groups.get(now.current.sync ?? "") ?? [point]) follow(x);
    now.current.onCursor?.(x);
  };
  const leftOf = (event: PointerEvent): number => event.clientX - (holder.current?.getBoundingClientRect().left ?? 0);
  const inside = (left: number): number => {
    const { box } = frame.current as Frame;
    return Math.min(box.left + box.width, Math.max(box.left, left));
  };
  const move = (event: TargetedPointerEvent<HTMLElement>): void => {
    const [shown, mark] = [frame.current, brush.current];
    if (!shown || !mark) return;
    const left = inside(leftOf(event));
    cursor(shown.placeOf(left));
    if (pressed.current === null || !now.current.onSelect) return;
    mark.hidden = Math.abs(left - pressed.current) < SLACK;
    mark.style.left = `${Math.min(left, pressed.current)}px`;
    mark.style.width = `${Math.abs(left - pressed.current)}px`;
  };
  const press = (event: TargetedPointerEvent<HTMLElement>): void => {
    if (event.button !== 0 || !event.isPrimary || !frame.current) return;
    pressed.current = inside(leftOf(event));
    // A finger moves the window or the page; only a mouse or a pen marks a stretch.
    if (event.pointerType !== "touch") event.currentTarget.setPointerCapture(event.pointerId);
  };
  const release = (event: TargetedPointerEvent<HTMLElement>): void => {
    const [shown, from] = [frame.current, pressed.current];
    pressed.current = null;
    if (brush.current) brush.current.hidden = true;
    if (!shown || from === null) return;
    const to = inside(leftOf(event));
    if (Math.abs(to - from) < SLACK) now.current.onPick?.(shown.placeOf(to));
    else if (event.pointerType !== "touch")
      now.current.onSelect?.(shown.placeOf(Math.min(from, to)), shown.placeOf(Math.max(from, to)));
  };
  const drop = (): void => {
    pressed.current = null;
    if (brush.current) brush.current.hidden = true;
  };

  return (
    <div
      ref={holder}
      class="chart"
      role="img"
      aria-label={props.label}
      data-testid={props.testid}
      style={{ height: `${props.height}px` }}
      onPointerMove={move}
      onPointerDown={press}
      onPointerUp={release}
      onPointerCancel={drop}
      onPointerLeave={() => pressed.current === null && cursor(null)}
    >
      <canvas ref={canvas} />
      <i class="hair" ref={hair} hidden>
        {props.lines.map((line) => (
          <i key={line.label} class="dot" />
        ))}
      </i>
      <i class="brush" ref={brush} hidden />
    </div>
  );
}
