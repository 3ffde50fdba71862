// The stacked charts of value, slope, curvature and difference, with one cursor and one window.
import { useMemo } from "preact/hooks";
import { nameOf } from "../app/catalog";
import { Chart, type Frame } from "../app/chart";
import { text } from "../app/numbers";
import { colorOf, dashOf, ink } from "../app/palette";
import { type Chosen, focused } from "../app/slices";
import { write } from "../app/state";
import { Fold, Select, Table } from "../app/widgets";
import { t } from "../app/words";
import { hover } from "./hover";
import { lookAt, type Look, numbersAt, paneOf, type Pane, type PlotName, type Shown } from "./picture";
import { even, ORDERS } from "./sample";
import { pair, pinned, showable, type Window, windowSlice } from "./settings";

export const SAMPLES = 801;
const TALL = { value: 300, slope: 190, curvature: 190, difference: 190 } as const;
const LISTED = 6;

/** Places as a list that does not grow without end. */
export function listed(places: readonly string[]): string {
  const shown = places.slice(0, LISTED).join(t("shell.comma"));
  return places.length > LISTED ? t("curves.more", { places: shown, count: places.length - LISTED }) : shown;
}

function stretches(look: Look, [low, high]: Window): string {
  const told = look.flats.map(([from, to]) => {
    if (from <= low && to >= high) return t("curves.everywhere");
    if (from <= low) return t("curves.below", { high: text(to, 4) });
    return to >= high
      ? t("curves.above", { low: text(from, 4) })
      : t("curves.from-to", { low: text(from, 4), high: text(to, 4) });
  });
  return listed(told);
}

/** Shades where the focused function is flat; every function has a strip of its own at the foot. */
function shade({ ctx, box, across }: Frame, looks: readonly Look[], at: number): void {
  looks.forEach((look, place) => {
    ctx.fillStyle = colorOf(place);
    for (const [from, to] of look.flats) {
      const [left, right] = [across(from), across(to)];
      ctx.globalAlpha = 0.1;
      if (place === at) ctx.fillRect(left, box.top, right - left, box.height);
      ctx.globalAlpha = 0.75;
      ctx.fillRect(left, box.top + box.height - 3 * (place + 1), right - left, 2);
    }
  });
  ctx.globalAlpha = 1;
}

const SIZE = 4.5;

/** Marks the pinned place, and the kinks on the lines of the value. */
function mark({ ctx, box, across, down }: Frame, looks: readonly Look[], name: PlotName, at: number): void {
  const x = across(at);
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = ink("quiet");
  ctx.setLineDash([3, 3]);
  ctx.beginPath();
  ctx.moveTo(x, box.top);
  ctx.lineTo(x, box.top + box.height);
  ctx.stroke();
  ctx.setLineDash([]);
  if (name !== "value") return;
  ctx.fillStyle = ink("card");
  looks.forEach(({ curve, kinks }, place) => {
    ctx.strokeStyle = colorOf(place);
    for (const kink of kinks) {
      const [left, top] = [across(kink), down(curve.value(kink))];
      if (Number.isNaN(top)) continue;
      ctx.beginPath();
      ctx.moveTo(left - SIZE, top);
      ctx.lineTo(left, top - SIZE);
      ctx.lineTo(left + SIZE, top);
      ctx.lineTo(left, top + SIZE);
      ctx.closePath();
      ctx.fill();
      ctx.stroke();
    }
  });
}

function Pair({ list, value }: { list: readonly Chosen[]; value: readonly [number, number] }) {
  const options = list.map((item, place) => ({ value: String(place), label: nameOf(item) }));
  const [a, b] = value.map((place) => String(Math.min(place, list.length - 1))) as [string, string];
  return (
    <span class="pair">
      <Select
        label={t("curves.first")}
        testid="pair-first"
        options={options}
        value={a}
        onChange={(place) => write(pair, [Number(place), Number(b)])}
      />
      <Select
        label={t("curves.second")}
        testid="pair-second"
        options={options}
        value={b}
        onChange={(place) => write(pair, [Number(a), Number(place)])}
      />
    </span>
  );
}

function farthest(pane: Pane): string {
  let [size, place] = [-1, NaN];
  pane.lines[0]?.forEach((y, at) => {
    if (y !== null && Math.abs(y) > size) [size, place] = [Math.abs(y), pane.x[at] as number];
  });
  return size < 0 ? "" : t("curves.largest", { size: text(size), place: text(place, 5) });
}

/** The charts, each under its title. */
export function Plots({ list, curves, names, window, scale, format, pair: two, at }: Shown & { readonly at: number }) {
  const looks = useMemo(() => curves.map((curve) => lookAt(curve, window, SAMPLES)), [curves, window]);
  const panes = useMemo(
    () => names.map((name) => paneOf(name, looks, window, SAMPLES, format, scale, two)),
    [looks, names, format, scale, two],
  );
  const shown = list.map(nameOf);
  const front = focused();
  const look = looks[front];
  const select = (low: number, high: number): void => {
    if (showable(low, high)) write(windowSlice, [low, high]);
  };
  return (
    <>
      {panes.map((pane) => (
        <section key={pane.name} class="pane" data-testid={`pane-${pane.name}`}>
          <h2>
            {t(`curves.${pane.name}`)}{" "}
            {pane.name === "difference" && list.length > 1 && <Pair list={list} value={two} />}
          </h2>
          {pane.name === "difference" && list.length < 2 && <p class="quiet">{t("curves.pair-one")}</p>}
          <Chart
            label={t("curves.chart", {
              pane: t(`curves.${pane.name}`),
              names: shown.join(t("shell.comma")),
              low: text(window[0]),
              high: text(window[1]),
            })}
            testid={`chart-${pane.name}`}
            x={pane.x}
            height={TALL[pane.name]}
            scale={pane.scale}
            xRange={window}
            yRange={pane.yRange}
            sync="curves"
            lines={pane.lines.map((values, place) =>
              pane.name === "difference"
                ? { label: t("curves.difference"), color: ink("text"), values }
                : {
                    label: shown[place] ?? "",
                    color: colorOf(place),
                    dash: dashOf(place),
                    width: place === front ? 2.75 : 1.75,
                    values,
                  },
            )}
            onCursor={hover.set}
            onSelect={select}
            onPick={(x) => write(pinned, Number(x.toPrecision(5)))}
            below={(frame) => pane.name !== "difference" && shade(frame, looks, front)}
            above={(frame) => mark(frame, looks, pane.name, at)}
          />
          {pane.name === "difference" && (
            <p class="quiet" data-testid="largest-difference">
              {farthest(pane)}
            </p>
          )}
        </section>
      ))}
      {look && (
        <p class="quiet notes" data-testid="notes">
          {look.flats.length > 0
            ? t("curves.flat", { name: shown[front] ?? "", places: stretches(look, window) })
            : t("curves.not-flat", { name: shown[front] ?? "" })}{" "}
          {look.kinks.length > 0 && t("curves.kinks", { places: listed(look.kinks.map((place) => text(place))) })}{" "}
          {look.jumps.length > 0 && t("curves.jumps", { places: listed(look.jumps.map((place) => text(place))) })}{" "}
          {scale === "log" && t("curves.log-note")}
        </p>
      )}
      <Fold title={t("chart.numbers")} testid="curve-numbers">
        {() => (
          <Table
            caption={t("chart.numbers")}
            testid="curve-table"
            head={["x", ...shown.flatMap((name) => ORDERS.map((order) => `${name}: ${t(`curves.${order}`)}`))]}
            rows={even(...window, 21).map((x) => [
              text(x),
              ...curves.flatMap((curve) => ORDERS.map((order) => text(numbersAt(curve, x, format)[order]))),
            ])}
          />
        )}
      </Fold>
    </>
  );
}
