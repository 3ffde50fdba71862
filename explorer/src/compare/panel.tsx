// The chosen functions side by side, row by row, with what differs marked.
import { useMemo } from "preact/hooks";
import { nameOf, resolve } from "../app/catalog";
import { ChosenBar, Sample } from "../app/chosen_bar";
import { chosen, focus, lang, view } from "../app/slices";
import { flagSlice, useSlice, write } from "../app/state";
import { Button, Table, Toggle } from "../app/widgets";
import { either, label, t } from "../app/words";
import { SEEN } from "../formula/measured";
import { rows } from "./rows";
import "./style.css";

const onlyDifferences = flagSlice("diff", false);

export function ComparePanel() {
  const [list, change] = useSlice(chosen);
  const [only, setOnly] = useSlice(onlyDifferences);
  const [now] = useSlice(lang);
  const told = useMemo(() => rows(list), [list, now]);
  const curves = list.map((choice) => resolve(choice));
  const measuredHere = list.some(({ params }, at) => !curves[at]!.entry || Object.keys(params).length > 0);
  const swap = (at: number): void => change((before) => before.map((each, place) => (place === at ? before[at + 1]! : place === at + 1 ? before[at]! : each)));
  const head = list.map((choice, at) => (
    <div class="compared" key={choice.name}>
      <span><Sample place={at} /> <b>{nameOf(choice)}</b></span>
      <span>
        <Button kind="quiet" testid={`compare-curves-${at}`} label={t("compare.curves", { name: nameOf(choice) })} icon="↗"
          onClick={() => {
            write(focus, at);
            write(view, "curves");
          }} />
        {at + 1 < list.length && <Button kind="quiet" testid={`compare-swap-${at}`} label={t("compare.swap", { name: nameOf(choice) })} icon="⇄" onClick={() => swap(at)} />}
      </span>
    </div>
  ));
  const about = [
    [t("find.by-family"), ...curves.map(({ entry }) => (entry ? label(`family.${entry.family}`) : label("family.own")))],
    [t("find.by-where"), ...curves.map(({ entry }) => entry?.where.join(", ") || "–")],
  ];
  const facts = told.filter((row) => row.differs || !only).map((row) => [
    label(row.key),
    ...row.cells.map((cell) => (row.differs && cell !== "–" ? <mark data-testid={`differs-${row.key}`}>{cell}</mark> : cell)),
  ]);
  return (
    <div class="compare">
      <ChosenBar />
      {list.length === 0 ? <p>{t("chosen.empty")}</p> : (
        <>
          <Toggle label={t("compare.only")} testid="compare-only" checked={only} onChange={setOnly} />
          <div class="card"><Table caption={t("compare.caption")} testid="compare-table" head={[t("compare.property"), ...head]} rows={[...(only ? [] : about), ...facts]} /></div>
          {measuredHere && <p class="hint">{t("compare.measured", { far: SEEN })}</p>}
          <div class="uses">
            {curves.map(({ entry, name }) => entry && (
              <section class="card" key={name}>
                <h3>{name}</h3>
                <p>{either(entry.summary)}</p>
                <ul class="good">{either(entry.usage).good.map((text) => <li key={text}>{text}</li>)}</ul>
                <ul class="bad">{either(entry.usage).bad.map((text) => <li key={text}>{text}</li>)}</ul>
              </section>
            ))}
          </div>
        </>
      )}
    </div>
  );
}
