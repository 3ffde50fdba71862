// A formula of one's own: typed, read at once, drawn, measured, and written for other programs.
import type { TargetedInputEvent } from "preact";
import { useEffect, useId, useMemo, useState } from "preact/hooks";
import { parametersOf, resolve } from "../app/catalog";
import { Chart } from "../app/chart";
import { text as written } from "../app/numbers";
import { colorOf, dashOf } from "../app/palette";
import { choose, lang, view } from "../app/slices";
import { choiceSlice, defineSlice, textSlice, useSlice, write } from "../app/state";
import { Button, Choice, Fold, Slider, Table } from "../app/widgets";
import { either, label, t } from "../app/words";
import { shown } from "../compare/rows";
import { Copyable } from "../app/copyable";
import { even, sampled, shapeOf } from "../curves/sample";
import type { Parameter } from "../types/catalog";
import { compileFormula } from "./compile";
import { FUNCTIONS, LONGEST } from "./grammar";
import { measured, SEEN } from "./measured";
import "./style.css";

type Numbers = Readonly<Record<string, number>>;

const typed = textSlice("formula", "x*sigmoid(beta*x)", LONGEST + 200);
const numbers = defineSlice<Numbers>("given", () => ({}), (given) => Object.entries(given).map(([name, value]) => `${name}:${value}`).join(","), (text) => {
  const given = text === "" ? [] : text.split(",").map((part) => part.split(":"));
  return given.every(([name, value]) => name && value && Number.isFinite(Number(value))) ? Object.fromEntries(given.map(([name, value]) => [name!, Number(value)])) : undefined;
});
const TARGETS = ["python", "torch", "jax", "latex"] as const;
const target = choiceSlice<(typeof TARGETS)[number]>("copy", "torch", TARGETS);
const TARGET_NAMES = { python: "actlab", torch: "PyTorch", jax: "JAX", latex: "LaTeX" };

const EXAMPLES = ["x*tanh(softplus(x))", "where(x > 0, x, alpha*expm1(x))", "x + sin(a*x)^2/a", "exp(-x^2/(2*sigma^2))", "maximum(x, 0.1*x)"];
const GRID = even(-SEEN / 2, SEEN / 2, 401);

/** A formula as a name: without comments, on one line. */
const oneLine = (text: string): string => text.replace(/#.*|\\\r?\n/g, "").replace(/\s+/g, " ").trim();

/** The line of a text with a caret under the place of a fault. */
export function caret(text: string, at: number): string {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const line = text.slice(start).split("\n")[0]!;
  // a wide letter takes two places of a fixed-width font
  const gap = [...text.slice(start, at)].map((letter) => (/[\u1100-\uffdc]/.test(letter) ? "　" : " ")).join("");
  return `${line}\n${gap}^`;
}

const numberOf = (given: Numbers, { name, default: standard }: Parameter): number => (Object.hasOwn(given, name) ? given[name]! : standard);

const PAUSE = 120; // ms without a change before what takes longer than a frame is measured

/** The value, once it has not changed for a while. */
function useSettled<T>(value: T): T {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const waiting = setTimeout(() => settle(value), PAUSE);
    return () => clearTimeout(waiting);
  }, [value]);
  return settled;
}

function Drawn({ name, given }: { name: string; given: Numbers }) {
  const [now] = useSlice(lang);
  const curve = useMemo(() => resolve({ name, params: given }), [name, given]);
  const settled = useSettled(curve);
  const facts = useMemo(() => measured(settled), [settled]);
  const drawing = useMemo(() => {
    const { breaks } = shapeOf(curve, GRID);
    return sampled([curve.value, curve.slope, curve.curvature], GRID, [breaks.value, breaks.slope, breaks.curvature], []);
  }, [curve]);
  const lines = drawing.lines.map((values, at) => ({ label: t(`formula.${(["value", "slope", "curvature"] as const)[at]!}`), color: colorOf(at), dash: dashOf(at), values }));
  const rows = useMemo(() => Object.entries(facts).map(([key, value]) => [label(key), <span data-testid={`fact-${key}`}>{shown(key, value)}</span>]), [facts, now]);
  const few = GRID.filter((_, at) => at % 40 === 0);
  return (
    <div class="formula-result">
      <figure class="card">
        <ul class="legend">{lines.map((line) => (
          <li key={line.label}><svg width="28" height="8" aria-hidden="true"><line x1="1" y1="4" x2="27" y2="4" stroke={line.color} stroke-width="2.5" stroke-dasharray={line.dash.join(" ")} /></svg> {line.label}</li>
        ))}</ul>
        <Chart label={t("formula.chart", { formula: name.slice(1) })} testid="formula-chart" x={drawing.x} lines={lines} height={300} />
        <Fold title={t("chart.numbers")} testid="formula-numbers">{() => (
          <Table caption={t("formula.chart", { formula: name.slice(1) })} testid="formula-table" head={["x", ...lines.map((line) => line.label)]}
            rows={few.map((x) => [x, curve.value(x), curve.slope(x), curve.curvature(x)].map((number) => written(number, 8)))} />
        )}</Fold>
      </figure>
      <div class="card">
        <Table caption={t("formula.properties")} testid="formula-facts" head={[t("compare.property"), t("formula.measured")]} rows={rows} captionSeen />
        <p class="hint">{t("formula.seen", { far: SEEN })}</p>
      </div>
    </div>
  );
}

export function FormulaPanel() {
  const id = useId();
  const [text, type] = useSlice(typed);
  const [given, give] = useSlice(numbers);
  const [to, copyTo] = useSlice(target);
  const name = `=${oneLine(text)}`;
  const parameters = parametersOf(name);
  const kept = Object.fromEntries(parameters.filter((each) => Object.hasOwn(given, each.name)).map((each) => [each.name, given[each.name]!]));
  const key = JSON.stringify(kept);
  const params = useMemo(() => kept, [key]);
  const formula = useMemo(() => compileFormula(text, parameters.map((each) => numberOf(params, each))), [text, params]);
  return (
    <div class="typed">
      <div class="typed-text">
        <label for={id}>f(x) =</label>
        <textarea id={id} rows={2} data-testid="formula-text" spellcheck={false} autocomplete="off" autocapitalize="off" value={text} aria-invalid={!formula.ok}
          aria-describedby={`${id}-fault`} onInput={(event: TargetedInputEvent<HTMLTextAreaElement>) => type(event.currentTarget.value)} />
      </div>
      <div id={`${id}-fault`} role="status" aria-live="polite">
        {!formula.ok && <><pre class="caret" data-testid="formula-caret">{caret(text, formula.at)}</pre><p class="fault" data-testid="formula-fault">{either(formula.message)}</p></>}
      </div>
      <p class="examples">{t("formula.examples")} {EXAMPLES.map((each, at) => <button type="button" key={each} class="button quiet" data-testid={`example-${at}`} onClick={() => type(each)}><code>{each}</code></button>)}</p>
      <Fold title={t("formula.grammar")} testid="formula-grammar">{() => (
        <p>{t("formula.signs")} <code>+ - * / ^ ( ) pi e</code>; {t("formula.choices")} <code>where(x &gt; 0, a, b)</code>; {t("formula.functions")} <code>{[...FUNCTIONS].map(([each, { arity }]) => `${each}(${"abc".slice(0, arity).split("").join(", ")})`).join(" ")}</code></p>
      )}</Fold>
      {formula.ok && (
        <>
          <div class="typed-sliders">{parameters.map((each) => (
            <Slider key={each.name} label={each.name} testid={`formula-${each.name}`} value={numberOf(params, each)} low={each.low} high={each.high} step={each.step} floor={-Infinity} ceiling={Infinity}
              onChange={(value) => give({ ...params, [each.name]: value })} />
          ))}</div>
          <Button kind="primary" testid="formula-use" label={t("formula.use")} onClick={() => {
            choose(name, params);
            write(view, "curves");
          }} />
          <Drawn name={name} given={params} />
        </>
      )}
      {formula.ok && (
        <section class="card">
          <Choice label={t("formula.copy")} testid="formula-target" options={TARGETS.map((value) => ({ value, label: TARGET_NAMES[value] }))} value={to} onChange={copyTo} />
          <Copyable text={formula[to]} testid="formula-code" />
          {(to === "torch" || to === "jax") && <p class="hint">{t("formula.autograd")}</p>}
        </section>
      )}
    </div>
  );
}
