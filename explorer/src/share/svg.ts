// A picture of panes as one SVG: the same data as on the screen, on white, with a legend.
import { BEND, levels, type Range, type Scale, ticks, tickTexts } from "../app/axes";

export interface DrawnLine {
  readonly values: readonly (number | null)[];
  readonly color: string;
  readonly dash: readonly number[];
}

export interface DrawnPane {
  readonly title: string;
  readonly x: readonly number[];
  readonly lines: readonly DrawnLine[];
  readonly height: number;
  readonly scale: Scale;
  readonly yRange: Range;
}

export interface Drawing {
  readonly window: Range;
  readonly panes: readonly DrawnPane[];
  readonly legend: readonly { readonly name: string; readonly color: string; readonly dash: readonly number[] }[];
}

const WIDTH = 760;
const LEFT = 62;
const RIGHT = 16;
const TITLE = 26;
const FOOT = 26;
const LEGEND_ROW = 22;

const escape = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const short = (place: number): string => String(Number(place.toFixed(2)));

function path(
  line: DrawnLine,
  x: readonly number[],
  across: (x: number) => number,
  down: (y: number) => number,
): string {
  let pen = "M";
  return line.values
    .map((y, at) => {
      if (y === null) {
        pen = "M";
        return "";
      }
      const step = `${pen}${short(across(x[at] as number))} ${short(down(y))}`;
      pen = "L";
      return step;
    })
    .join("");
}

function drawPane(pane: DrawnPane, [low, high]: Drawing["window"], top: number, at: number): string {
  const bend = BEND[pane.scale];
  const [bottom, ceiling] = pane.yRange.map(bend) as [number, number];
  const inner = WIDTH - LEFT - RIGHT;
  const floor = top + TITLE + pane.height;
  const across = (x: number): number => LEFT + (inner * (x - low)) / (high - low);
  const down = (y: number): number =>
    Math.min(1e5, Math.max(-1e5, floor - (pane.height * (bend(y) - bottom)) / (ceiling - bottom)));
  const [xs, ys] = [ticks([low, high], 10), levels(pane.scale, pane.yRange, pane.height / 40)];
  const [xTexts, yTexts] = [tickTexts(xs), tickTexts(ys)];
  const stroke = (place: number): string => (place === 0 ? "#9aa3ad" : "#e3e6ea");
  const grid = [
    ...xs.map(
      (x, k) =>
        `<path d="M${short(across(x))} ${top + TITLE}V${floor}" stroke="${stroke(x)}"/><text x="${short(across(x))}" y="${floor + 16}" text-anchor="middle">${xTexts[k]}</text>`,
    ),
    ...ys.map(
      (y, k) =>
        `<path d="M${LEFT} ${short(down(y))}H${WIDTH - RIGHT}" stroke="${stroke(y)}"/><text x="${LEFT - 6}" y="${short(down(y) + 4)}" text-anchor="end">${yTexts[k]}</text>`,
    ),
  ];
  const lines = pane.lines.map(
    (line) =>
      `<path d="${path(line, pane.x, across, down)}" fill="none" stroke="${line.color}" stroke-width="2" stroke-linejoin="round" stroke-dasharray="${line.dash.join(" ")}"/>`,
  );
  return `<text x="${LEFT}" y="${top + 17}" font-size="14" font-weight="600" fill="#1c2128">${escape(pane.title)}</text>${grid.join("")}<clipPath id="c${at}"><rect x="${LEFT}" y="${top + TITLE}" width="${inner}" height="${pane.height}"/></clipPath><g clip-path="url(#c${at})">${lines.join("")}</g>`;
}

/** The whole drawing as the text of an SVG file. */
export function svg(drawing: Drawing): string {
  let top = 12;
  const legend = drawing.legend.map(({ name, color, dash }, at) => {
    const y = top + LEGEND_ROW * at + 12;
    return `<path d="M${LEFT} ${y - 4}h34" stroke="${color}" stroke-width="2.5" stroke-dasharray="${dash.join(" ")}"/><text x="${LEFT + 42}" y="${y}" font-size="13" fill="#1c2128">${escape(name)}</text>`;
  });
  top += LEGEND_ROW * legend.length + 6;
  const panes = drawing.panes.map((pane, at) => {
    const drawn = drawPane(pane, drawing.window, top, at);
    top += TITLE + pane.height + FOOT;
    return drawn;
  });
  const height = top + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif" font-size="11" fill="#57606a"><rect width="100%" height="100%" fill="#fff"/>${legend.join("")}${panes.join("")}</svg>\n`;
}
