// One network: what it answers, how well, and what its layers do.
import { nameOf, resolve } from "../app/catalog";
import { Sample } from "../app/chosen_bar";
import { percent, text } from "../app/numbers";
import { colorOf } from "../app/palette";
import type { Chosen } from "../app/slices";
import { Table } from "../app/widgets";
import { t } from "../app/words";
import { Picture } from "./picture";
import { BINS, type LayerReport, type Standing } from "./race";
import type { Samples } from "./samples";

const [WIDE, HIGH] = [72, 26];
const LEAST = 8; // powers of ten below 1 that the gradient's bar shows

/** What is known of a network in one sentence; empty before the first report. */
export function sentenceOf({ broken, gainless, report }: Standing): string {
  if (gainless) return t("learn.gainless");
  if (broken) return t("learn.broken", { step: broken });
  if (!report) return "";
  const { loss, heldLoss, right, heldRight } = report;
  const values = { loss: text(loss, 4), heldLoss: text(heldLoss, 4) };
  if (right === null || heldRight === null) return t("learn.height", values);
  return t("learn.right", { ...values, right: percent(right), heldRight: percent(heldRight) });
}

function Bars({ layer, at, color }: { layer: LayerReport; at: number; color: string }) {
  const most = Math.max(...layer.counts, 1);
  const [mean, deviation, low, high] = [layer.mean, layer.deviation, layer.low, layer.high].map((value) => text(value, 3));
  const label = t("learn.histogram", { layer: at + 1, mean: mean!, deviation: deviation!, low: low!, high: high! });
  const path = layer.counts.map((count, i) => `M${((i + 0.5) * WIDE) / BINS} ${HIGH}V${HIGH - (count / most) * HIGH}`).join("");
  return (
    <svg class="learn-histogram" viewBox={`0 0 ${WIDE} ${HIGH}`} width={WIDE} height={HIGH} role="img" aria-label={label}>
      <title>{label}</title>
      <path d={path} stroke={color} stroke-width={WIDE / BINS - 0.6} />
    </svg>
  );
}

function Bar({ share, written, testid, color }: { share: number; written: string; testid: string; color: string }) {
  return (
    <span class="learn-bar">
      <span data-testid={testid}>{written}</span>
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="learn-rail" width="100" height="6" />
        <rect width={100 * Math.min(1, Math.max(0, share || 0))} height="6" fill={color} />
      </svg>
    </span>
  );
}

export function Lane({ choice, place, standing, samples, step }: {
  choice: Chosen; place: number; standing: Standing | null; samples: Samples; step: number;
}) {
  const name = nameOf(choice);
  const color = colorOf(place);
  const sentence = standing ? sentenceOf(standing) : "";
  const report = standing?.report ?? null;
  const curve = resolve(choice);
  const fixed = curve.entry && (curve.entry.kind !== "pointwise" || curve.parameters.some((each) => each.learned));
  const label = t(samples.classes ? "learn.boundary" : "learn.curve", { name, step, sentence });
  const test = (word: string): string => `learn-${word}-${place}`;
  return (
    <article class="card learn-lane" data-testid={test("lane")}>
      <h2><Sample place={place} /> {name}</h2>
      <Picture report={report} samples={samples} label={label} testid={test("picture")} ink={color} />
      <p class={standing?.broken || standing?.gainless ? "learn-bad" : ""} data-testid={test("result")}
        data-loss={report?.loss} data-right={report?.right}>{sentence}</p>
      {fixed && <p class="hint">{t("learn.curveOnly")}</p>}
      {report && (
        <Table caption={t("learn.layers", { name })} testid={test("layers")}
          head={[t("learn.layer"), t("learn.outputs"), t("learn.gradient"), t("learn.dead"), t("learn.saturated")]}
          rows={report.layers.map((layer, at) => [
            at + 1,
            <Bars layer={layer} at={at} color={color} />,
            <Bar share={1 + Math.log10(layer.gradient) / LEAST} written={text(layer.gradient, 2)} testid={`${test("gradient")}-${at}`} color={color} />,
            <Bar share={layer.dead} written={percent(layer.dead, 2)} testid={`${test("dead")}-${at}`} color={color} />,
            <Bar share={layer.saturated} written={percent(layer.saturated, 2)} testid={`${test("saturated")}-${at}`} color={color} />,
          ])} />
      )}
    </article>
  );
}
