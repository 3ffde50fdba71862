// Curves: the chosen functions, their slopes and what follows, as pictures and numbers.
import { useMemo } from "preact/hooks";
import { type Curve, resolve } from "../app/catalog";
import { ChosenBar } from "../app/chosen_bar";
import { chosen, focus, focused } from "../app/slices";
import { useSlice } from "../app/state";
import { Button, Choice, NumberBox, Select, Toggle } from "../app/widgets";
import { t } from "../app/words";
import { ShareMenu } from "../share/menu";
import { Details } from "./details";
import { FORMATS } from "./formats";
import { Gestures } from "./gestures";
import { OutputsPane } from "./outputs_pane";
import { Parameters } from "./parameters";
import { Plots } from "./plots";
import { Readout } from "./readout";
import {
  format as formatSlice,
  moved,
  pair as pairSlice,
  PANES,
  panes as panesSlice,
  pinned,
  scale as scaleSlice,
  showable,
  suitable,
  type Window,
  windowSlice,
  zoomed,
} from "./settings";
import "./style.css";

const SCALES = ["linear", "symlog", "log"] as const;

function WindowBar({ window }: { window: Window }) {
  const [, setWindow] = useSlice(windowSlice);
  const [low, high] = window;
  const set = (from: number, to: number): void => {
    if (showable(from, to)) setWindow([from, to]);
  };
  return (
    <fieldset class="window">
      <legend>{t("curves.window")}</legend>
      <NumberBox
        label={t("curves.low")}
        testid="window-low"
        value={Number(low.toPrecision(6))}
        step={0.5}
        onChange={(from) => set(from, high)}
      />
      <NumberBox
        label={t("curves.high")}
        testid="window-high"
        value={Number(high.toPrecision(6))}
        step={0.5}
        onChange={(to) => set(low, to)}
      />
      <span class="buttons">
        <Button testid="zoom-in" label={t("curves.zoom-in")} icon="+" onClick={() => setWindow(zoomed(window, 0.5))} />
        <Button testid="zoom-out" label={t("curves.zoom-out")} icon="−" onClick={() => setWindow(zoomed(window, 2))} />
        <Button testid="move-left" label={t("curves.left")} icon="←" onClick={() => setWindow(moved(window, -0.25))} />
        <Button testid="move-right" label={t("curves.right")} icon="→" onClick={() => setWindow(moved(window, 0.25))} />
        <Button testid="reset-window" label={t("curves.all")} onClick={() => setWindow(null)} />
      </span>
    </fieldset>
  );
}

function Toolbar({ window }: { window: Window }) {
  const [panes, setPanes] = useSlice(panesSlice);
  const [scale, setScale] = useSlice(scaleSlice);
  const [format, setFormat] = useSlice(formatSlice);
  return (
    <div class="toolbar">
      <fieldset class="toggles">
        <legend>{t("curves.panes")}</legend>
        {PANES.map((name) => (
          <Toggle
            key={name}
            label={t(`curves.${name}`)}
            testid={`show-${name}`}
            checked={panes.includes(name)}
            onChange={(on) => setPanes(PANES.filter((other) => (other === name ? on : panes.includes(other))))}
          />
        ))}
      </fieldset>
      <WindowBar window={window} />
      <Choice
        label={t("curves.scale")}
        testid="scale"
        value={scale}
        onChange={setScale}
        options={SCALES.map((value) => ({ value, label: t(`curves.${value}`) }))}
      />
      <Select
        label={t("curves.type")}
        testid="format"
        value={format}
        onChange={setFormat}
        options={FORMATS.map((value) => ({ value, label: value === "float64" ? t("curves.float64") : value }))}
      />
    </div>
  );
}

export function CurvesPanel() {
  const [list] = useSlice(chosen);
  useSlice(focus);
  const [manual] = useSlice(windowSlice);
  const [panes] = useSlice(panesSlice);
  const [scale] = useSlice(scaleSlice);
  const [format] = useSlice(formatSlice);
  const [pair] = useSlice(pairSlice);
  const [at] = useSlice(pinned);
  const curves = useMemo(() => list.map(resolve), [list]);
  const automatic = suitable(list).join();
  const window = useMemo<Window>(() => manual ?? suitable(list), [manual, automatic]);
  const names = useMemo(() => panes.filter((name) => name !== "outputs"), [panes]);
  const shown = { list, curves, names, window, scale, format, pair };
  const front = list[focused()];
  return (
    <div class="curves">
      <ChosenBar />
      {front === undefined ? (
        <p class="empty">{t("chosen.empty")}</p>
      ) : (
        <>
          <div class="pictures">
            <Toolbar window={window} />
            <Readout list={list} curves={curves} format={format} />
            <Gestures window={window}>
              <Plots {...shown} at={at} />
            </Gestures>
            <p class="quiet hint">{t("curves.hint")}</p>
            <ShareMenu {...shown} />
            {panes.includes("outputs") && <OutputsPane list={list} curves={curves} />}
          </div>
          <aside>
            <Parameters list={list} curves={curves} />
            <Details item={front} curve={curves[focused()] as Curve} />
          </aside>
        </>
      )}
    </div>
  );
}
