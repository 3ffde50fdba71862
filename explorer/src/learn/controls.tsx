// What decides a training, and the buttons that run it.
import type { Option } from "../app/widgets";
import { Button, Choice, NumberBox, Select, Slider } from "../app/widgets";
import { t } from "../app/words";
import { BOUNDS, DATA, OPTIMISERS, type Settings, STARTS } from "./settings";

const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

type Texts = Parameters<typeof t>[0];

function options<T extends string>(group: string, values: readonly T[]): Option<T>[] {
  return values.map((value) => ({ value, label: t(`learn.${group}.${value}` as Texts) }));
}

export function Controls({ settings, onChange }: { settings: Settings; onChange: (change: Partial<Settings>) => void }) {
  const number = (key: "noise" | "depth" | "width" | "batch", step: number) => {
    const [low, high, whole] = BOUNDS[key];
    return (
      <Slider label={t(`learn.${key}`)} testid={`learn-${key}`} value={settings[key]} low={low} high={high} step={step}
        whole={whole} onChange={(value) => onChange({ [key]: value })} />
    );
  };
  const typed = (key: "seed" | "steps") => (
    <NumberBox label={t(`learn.${key}`)} testid={`learn-${key}`} value={settings[key]} low={BOUNDS[key][0]} high={BOUNDS[key][1]} whole
      onChange={(value) => onChange({ [key]: value })} />
  );
  const rates = [...new Set([...RATES, settings.rate])].sort((a, b) => a - b).map((rate) => ({ value: `${rate}`, label: `${rate}` }));
  return (
    <fieldset class="card learn-settings">
      <legend class="unseen">{t("learn.settings")}</legend>
      <Select label={t("learn.data")} testid="learn-data" options={options("data", DATA)} value={settings.data} onChange={(data) => onChange({ data })} />
      {number("noise", 0.01)}
      {number("depth", 1)}
      {number("width", 1)}
      <Select label={t("learn.start")} testid="learn-start" options={options("start", STARTS)} value={settings.start} onChange={(start) => onChange({ start })} />
      <Select label={t("learn.optimiser")} testid="learn-optimiser" options={options("optimiser", OPTIMISERS)} value={settings.optimiser} onChange={(optimiser) => onChange({ optimiser })} />
      <Select label={t("learn.rate")} testid="learn-rate" options={rates} value={`${settings.rate}`} onChange={(rate) => onChange({ rate: Number(rate) })} />
      {number("batch", 1)}
      {typed("steps")}
      <span class="learn-seed">
        {typed("seed")}
        <Button label={t("learn.reseed")} testid="learn-reseed" onClick={() => onChange({ seed: (settings.seed % BOUNDS.seed[1]) + 1 })} />
      </span>
      <Choice label={t("learn.bits")} testid="learn-bits" options={options("bits", ["64", "32"])} value={`${settings.bits}`}
        onChange={(bits) => onChange({ bits: bits === "32" ? 32 : 64 })} />
    </fieldset>
  );
}
