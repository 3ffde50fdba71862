// Painting lines with axes on a canvas, in the page's colours.
import { BEND, extentOf, levels, type Range, type Scale, ticks, tickTexts } from "./axes";
import { ink } from "./palette";

export interface Line {
  readonly label: string;
  readonly color: string;
  readonly dash?: readonly number[];
  readonly width?: number;
  /** One value per x, null for a gap. */
  readonly values: ArrayLike<number | null>;
  /** Drawn as a staircase and filled down to 0. */
  readonly bars?: boolean;
}

export interface Plot {
  readonly x: ArrayLike<number>;
  readonly lines: readonly Line[];
  readonly scale?: Scale;
  /** The ends of the axes; chosen from the data when missing. */
  readonly xRange?: Range;
  readonly yRange?: Range;
  readonly xLabel?: string;
}

/** Where things are, in CSS pixels of the canvas. */
export interface Frame {
  readonly ctx: CanvasRenderingContext2D;
  readonly box: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  readonly across: (x: number) => number;
  readonly down: (y: number) => number;
  readonly placeOf: (left: number) => number;
}

/** The room around the lines, in CSS pixels. */
export const GUTTER = { left: 50, right: 12, top: 8, bottom: 24, label: 16 } as const;
const FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
const FAR = 1e5;

/** The frame of a plot on a canvas of this size. */
export function frameOf(ctx: CanvasRenderingContext2D, width: number, height: number, plot: Plot): Frame {
  const { x, lines, scale = "linear", xLabel } = plot;
  const box = {
    left: GUTTER.left,
    top: GUTTER.top,
    width: Math.max(10, width - GUTTER.left - GUTTER.right),
    height: Math.max(10, height - GUTTER.top - GUTTER.bottom - (xLabel === undefined ? 0 : GUTTER.label)),
  };
  const [low, high] = xRangeOf(plot, x);
  const bend = BEND[scale];
  const [floor, ceiling] = yRangeOf(plot, lines).map(bend) as [number, number];
  return {
    ctx,
    box,
    across: (place) => box.left + (box.width * (place - low)) / (high - low),
    down: (y) =>
      Math.min(FAR, Math.max(-FAR, box.top + box.height - (box.height * (bend(y) - floor)) / (ceiling - floor))),
    placeOf: (left) => low + ((high - low) * (left - box.left)) / box.width,
  };
}

function xRangeOf(plot: Plot, x: ArrayLike<number>): Range {
  const [low, high] = plot.xRange ?? [x[0] ?? 0, x[x.length - 1] ?? 1];
  return low < high ? [low, high] : [low - 1, low + 1];
}

const yRangeOf = (plot: Plot, lines: readonly Line[]): Range =>
  plot.yRange ??
  extentOf(
    plot.scale ?? "linear",
    lines.map((line) => line.values),
  );

function paintAxes(frame: Frame, plot: Plot): void {
  const { ctx, box, across, down } = frame;
  const [grid, quiet] = [ink("grid"), ink("quiet")];
  ctx.font = `11.5px ${FONT}`;
  ctx.fillStyle = quiet;
  ctx.lineWidth = 1;
  const rule = (strong: boolean, from: [number, number], to: [number, number]): void => {
    ctx.strokeStyle = strong ? quiet : grid;
    ctx.globalAlpha = strong ? 0.55 : 1;
    ctx.beginPath();
    ctx.moveTo(...from);
    ctx.lineTo(...to);
    ctx.stroke();
    ctx.globalAlpha = 1;
  };
  const crisp = (place: number): number => Math.round(place) + 0.5;
  const xs = ticks(xRangeOf(plot, plot.x), box.width / 80);
  const ys = levels(plot.scale ?? "linear", yRangeOf(plot, plot.lines), box.height / 40);
  const [xTexts, yTexts] = [tickTexts(xs), tickTexts(ys)];
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  xs.forEach((x, at) => {
    const left = crisp(across(x));
    rule(x === 0, [left, box.top], [left, box.top + box.height]);
    ctx.fillText(xTexts[at] ?? "", left, box.top + box.height + 7);
  });
  if (plot.xLabel !== undefined)
    ctx.fillText(plot.xLabel, box.left + box.width / 2, box.top + box.height + 7 + GUTTER.label);
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ys.forEach((y, at) => {
    const top = crisp(down(y));
    rule(y === 0, [box.left, top], [box.left + box.width, top]);
    ctx.fillText(yTexts[at] ?? "", box.left - 7, top);
  });
}

function trace({ ctx, across, down }: Frame, line: Line, x: ArrayLike<number>): void {
  let drawing = false;
  ctx.beginPath();
  for (let at = 0; at < x.length; at++) {
    const y = line.values[at];
    if (y === null || y === undefined || Number.isNaN(y)) {
      drawing = false;
      continue;
    }
    const [left, top] = [across(x[at] as number), down(y)];
    if (!drawing) ctx.moveTo(left, top);
    else if (line.bars) {
      ctx.lineTo(left, down(line.values[at - 1] as number));
      ctx.lineTo(left, top);
    } else ctx.lineTo(left, top);
    drawing = true;
  }
}

function paintLine(frame: Frame, line: Line, x: ArrayLike<number>): void {
  const { ctx, across, down } = frame;
  ctx.strokeStyle = line.color;
  ctx.lineWidth = line.width ?? 2;
  ctx.lineJoin = "round";
  ctx.setLineDash([...(line.dash ?? [])]);
  trace(frame, line, x);
  ctx.stroke();
  ctx.setLineDash([]);
  if (!line.bars || x.length === 0) return;
  ctx.lineTo(across(x[x.length - 1] as number), down(0));
  ctx.lineTo(across(x[0] as number), down(0));
  ctx.globalAlpha = 0.12;
  ctx.fillStyle = line.color;
  ctx.fill();
  ctx.globalAlpha = 1;
}

/** Paints axes and lines; `below` and `above` paint inside the box, under and over the lines. */
export function paint(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  plot: Plot,
  below?: (frame: Frame) => void,
  above?: (frame: Frame) => void,
): Frame | null {
  const ctx = canvas.getContext("2d");
  if (!ctx) return null;
  const sharp = devicePixelRatio || 1;
  const [wide, tall] = [Math.round(width * sharp), Math.round(height * sharp)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== tall) canvas.height = tall;
  ctx.setTransform(sharp, 0, 0, sharp, 0, 0);
  ctx.clearRect(0, 0, width, height);
  const frame = frameOf(ctx, width, height, plot);
  const { box } = frame;
  paintAxes(frame, plot);
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.width, box.height);
  ctx.clip();
  below?.(frame);
  for (const line of plot.lines) paintLine(frame, line, plot.x);
  above?.(frame);
  ctx.restore();
  return frame;
}
