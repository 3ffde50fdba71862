import { formulaOf, nameOf, resolve } from "../app/catalog";
import { Chart } from "../app/chart";
import { ChosenBar } from "../app/chosen_bar";
import { text } from "../app/numbers";
import { colorOf, dashOf } from "../app/palette";
import { type Chosen, chosen, encodeChosen } from "../app/slices";
import { choiceSlice, defineSlice, useSlice } from "../app/state";
import { Button, Choice, Fold, Select, Table } from "../app/widgets";
import { t } from "../app/words";
import { Controls } from "./controls";
import { Lane } from "./lane";
import type { Frame, Pace } from "./messages";
import { STORIES, STORY_NAMES, type StoryName } from "./presets";
import { makeSamples } from "./samples";
import { DEFAULTS, decode, encode, type Settings } from "./settings";
import "./style.css";
import { Torch } from "./torch";
import { useTrainer } from "./trainer";

const PACES = { slow: 10, medium: 100, full: null } satisfies Record<string, Pace>;
type PaceName = keyof typeof PACES;

const train = defineSlice<Settings>("train", DEFAULTS, encode, decode);
const paceSlice = choiceSlice<PaceName>("pace", "full", Object.keys(PACES) as PaceName[]);
const storySlice = choiceSlice<StoryName | "own">("story", "own", ["own", ...STORY_NAMES]);

function Losses({ frame, list }: { frame: Frame; list: readonly Chosen[] }) {
  const count = Math.max(...frame.standings.map(({ losses }) => losses.length));
  if (count === 0) return null;
  const x = Array.from({ length: count }, (_, i) => (i + 1) * frame.window);
  // a loss of 0 and one beyond all bounds have no place on a logarithmic axis
  const drawn = (losses: number[]) => x.map((_, i) => (losses[i]! > 1e-12 && losses[i]! < 1e12 ? losses[i]! : null));
  const shown = frame.standings.flatMap((standing, place) => (list[place] ? [{ standing, place, name: nameOf(list[place]) }] : []));
  const every = Math.max(1, Math.ceil(count / 20));
  const rows = x.map((step, i) => [step, ...shown.map(({ standing }) => text(standing.losses[i] ?? null, 4))]);
  return (
    <section class="card learn-losses">
      <h2>{t("learn.loss")}</h2>
      <Chart label={t("learn.loss")} testid="learn-losses" x={x} height={220} scale="log" xLabel={t("learn.loss.step")}
        lines={shown.map(({ standing, place, name }) => ({ label: name, color: colorOf(place), dash: dashOf(place), values: drawn(standing.losses) }))} />
      <Fold title={t("learn.loss.table")} testid="learn-loss-fold">
        {() => (
          <Table caption={t("learn.loss")} testid="learn-loss-table" head={[t("learn.loss.step"), ...shown.map(({ name }) => name)]}
            rows={rows.filter((_, i) => (i + 1) % every === 0)} />
        )}
      </Fold>
    </section>
  );
}

export const LearnPanel = () => {
  const [list, setList] = useSlice(chosen);
  const [settings, setSettings] = useSlice(train);
  const [paceName, setPace] = useSlice(paceSlice);
  const [story, setStory] = useSlice(storySlice);
  const functions = list.map((choice) => {
    const { name, numbers, entry } = resolve(choice);
    const formula = entry ? null : formulaOf(name);
    return { name, programs: formula?.ok ? formula.programs : null, numbers, kinks: entry?.kinks ?? [] };
  });
  const trainer = useTrainer(settings, functions, PACES[paceName]);
  const { order, restart } = trainer;
  // a frame of functions that are no longer chosen has nothing to say
  const frame = trainer.frame?.standings.length === list.length ? trainer.frame : null;
  const samples = makeSamples(settings);

  const tell = (name: StoryName | "own"): void => {
    setStory(name);
    if (name === "own") return;
    setList(STORIES[name].functions.map((each) => ({ name: each, params: {} })));
    setSettings(STORIES[name].settings);
    restart(true);
  };
  const toggle = (): void => {
    if (!frame || frame.finished) restart(true); // without a frame the worker may have failed
    else order({ type: "run", run: !frame?.running });
  };
  const stories = [{ value: "own" as const, label: t("learn.own") }, ...STORY_NAMES.map((value) => ({ value, label: t(`learn.story.${value}`) }))];
  const state = frame ? (frame.finished ? t("learn.finished") : frame.running && frame.speed > 0 ? t("learn.speed", { speed: text(frame.speed, 2) }) : "") : "";
  return (
    <div class="learn">
      <p>{t("learn.intro")}</p>
      <ChosenBar />
      <Select label={t("learn.stories")} testid="learn-story" options={stories} value={story} onChange={tell} />
      {story !== "own" && (
        <section class="card learn-story" data-testid="learn-story-text">
          <h2>{t(`learn.story.${story}`)}</h2>
          <p><b>{t("learn.watch")}</b> {t(`learn.story.${story}.watch`)}</p>
          <p><b>{t("learn.why")}</b> {t(`learn.story.${story}.why`)}</p>
        </section>
      )}
      <Controls settings={settings} onChange={(change) => setSettings({ ...settings, ...change })} />
      <div class="learn-run">
        <Button kind="primary" testid="learn-run" label={t(frame?.running ? "learn.pause" : "learn.run")} onClick={toggle} disabled={list.length === 0} />
        <Button testid="learn-step" label={t("learn.step")} onClick={() => order({ type: "step" })} disabled={!frame || frame.running || frame.finished} />
        <Button testid="learn-reset" label={t("learn.reset")} onClick={() => restart(false)} disabled={list.length === 0} />
        <Choice label={t("learn.pace")} testid="learn-pace" options={(Object.keys(PACES) as PaceName[]).map((value) => ({ value, label: t(`learn.pace.${value}`) }))}
          value={paceName} onChange={setPace} />
        <output data-testid="learn-progress" data-step={frame?.step ?? 0} data-state={frame?.finished ? "finished" : frame?.running ? "running" : "paused"} data-speed={frame?.speed ?? 0}>
          {t("learn.progress", { step: frame?.step ?? 0, steps: settings.steps })}{state && ` · ${state}`}
        </output>
      </div>
      {trainer.failed && <p class="learn-bad" role="alert">{t("learn.failed", { reason: trainer.failed })}</p>}
      {list.length === 0 && <p role="status">{t("learn.empty")}</p>}
      {frame && <Losses frame={frame} list={list} />}
      <div class="learn-lanes">
        {list.map((choice, place) => (
          <Lane key={encodeChosen([choice])} choice={choice} place={place} standing={frame?.standings[place] ?? null} samples={samples} step={frame?.step ?? 0} />
        ))}
      </div>
      {list.length > 0 && <p class="hint">{t("learn.legend")}</p>}
      <Torch settings={settings} list={list} frame={frame} />
    </div>
  );
};
