// What comes out of each function when the input is normal.
import { useMemo } from "preact/hooks";
import { nameOf, type Curve } from "../app/catalog";
import { Chart } from "../app/chart";
import { Sample } from "../app/chosen_bar";
import { percent, text } from "../app/numbers";
import { colorOf, dashOf } from "../app/palette";
import type { Chosen } from "../app/slices";
import { useSlice } from "../app/state";
import { Fold, Slider, Table } from "../app/widgets";
import { t } from "../app/words";
import { histogram, outputs, type Outputs } from "./outputs";
import { sigma as sigmaSlice } from "./settings";

const known = new WeakMap<Curve, { sigma: number; means: Outputs }>();

const POINT_MASS = 0.25;

// A point mass (relu sends half of everything to 0) would flatten the rest: it leaves through the top.
function ceiling(shares: readonly (readonly number[])[]): number {
  const spread = shares.flat().filter((share) => share < POINT_MASS);
  return 1.2 * Math.max(...spread, 0.01);
}

/** The means of one function, computed again only when it or sigma changes. */
export function meansOf(curve: Curve, sigma: number): Outputs {
  const before = known.get(curve);
  if (before?.sigma === sigma) return before.means;
  const means = outputs(curve, sigma);
  known.set(curve, { sigma, means });
  return means;
}

export function OutputsPane({ list, curves }: { list: readonly Chosen[]; curves: readonly Curve[] }) {
  const [sigma, setSigma] = useSlice(sigmaSlice);
  const shown = useMemo(
    () =>
      histogram(
        curves.map((curve) => curve.value),
        sigma,
      ),
    [curves, sigma],
  );
  const names = list.map(nameOf);
  // The last edge closes the last step of the staircase.
  const lines = shown.shares.map((shares, place) => ({
    label: names[place] ?? "",
    color: colorOf(place),
    dash: dashOf(place),
    width: 1.75,
    bars: true,
    values: [...shares, shares[shares.length - 1] ?? null],
  }));
  return (
    <section class="pane" data-testid="pane-outputs">
      <h2>{t("curves.outputs-title")}</h2>
      <Slider
        label={t("curves.sigma")}
        testid="sigma"
        value={sigma}
        low={0.05}
        high={5}
        step={0.05}
        floor={0.01}
        ceiling={100}
        onChange={setSigma}
      />
      <p class="quiet notes">{t("curves.share")}</p>
      <Chart
        label={t("curves.outputs-chart", { names: names.join(t("shell.comma")), sigma: text(sigma) })}
        testid="chart-outputs"
        x={shown.edges}
        lines={lines}
        yRange={[0, ceiling(shown.shares)]}
        height={190}
        xLabel={t("curves.output")}
      />
      <Table
        caption={t("curves.outputs-title")}
        testid="outputs-table"
        head={[
          t("curves.function"),
          t("curves.mean"),
          t("curves.second-moment"),
          t("curves.gain"),
          t("curves.zeros"),
          t("curves.flat-share"),
        ]}
        rows={list.map((_, place) => {
          const means = meansOf(curves[place] as Curve, sigma);
          return [
            <>
              <Sample place={place} /> {names[place]}
            </>,
            text(means.mean),
            text(means.second),
            text(means.gain),
            percent(means.zeros),
            percent(means.flat),
          ];
        })}
      />
      <Fold title={t("chart.numbers")} testid="outputs-numbers">
        {() => (
          <Table
            caption={t("curves.share")}
            testid="histogram-table"
            head={[t("curves.output"), ...names]}
            rows={shown.edges
              .slice(1)
              .map((edge, bin) => [
                `${text(shown.edges[bin], 3)} – ${text(edge, 3)}`,
                ...shown.shares.map((shares) => percent(shares[bin] ?? 0, 3)),
              ])}
          />
        )}
      </Fold>
    </section>
  );
}
