// All entries as cards with their line: searched, narrowed down, sorted.
import { useMemo } from "preact/hooks";
import { entries } from "../app/catalog";
import { ChosenBar } from "../app/chosen_bar";
import { search } from "../app/search";
import { chosen, choose, dismiss, lang, view } from "../app/slices";
import { defineSlice, flagSlice, textSlice, useSlice, write } from "../app/state";
import { Button, Fold, Select, Toggle } from "../app/widgets";
import { either, type Key, label, t } from "../app/words";
import type { Entry } from "../types/catalog";
import { counts, decode, encode, type Facet, FACETS, matches, plainFormula, type Selection, sorted, toggled, years } from "./facets";
import { HEIGHT, sparkline, WIDTH } from "./spark";
import "./style.css";

const asked = textSlice("q", "", 200);
const narrowed = defineSlice<Selection>("by", () => ({}), encode, decode);
/** What entries can be sorted by: the properties that every entry is asked for. */
const orders = (): string[] => ["name", "year", ...Object.keys(entries()[0]?.properties ?? {}).filter((key) => key !== "year" && key !== "direction")];
const order = defineSlice<string>("sort", "", String, (text) => (text === "" || orders().includes(text) ? text : undefined));
const falling = flagSlice("down", false);

function named(facet: Facet, value: string): string {
  if (facet.id === "family" || facet.id === "kind") return label(`${facet.id}.${value}`);
  if (facet.id === "year") return years(value);
  if (facet.id === "kinks") return value === "3" ? "≥ 3" : value;
  return value === "yes" || value === "no" ? t(`find.${value}`) : value;
}

const titled = (id: string): string => (["family", "kind", "where", "name", ""].includes(id) ? t(`find.by-${id}` as Key) : label(id));

/** The entries that a question finds: by name, alias, family or summary, else by formula. */
export function found(text: string): Entry[] {
  const formula = plainFormula(text);
  const named = search(text);
  const seen = new Set(named);
  return formula.length < 2 ? named : [...named, ...entries().filter((entry) => !seen.has(entry) && plainFormula(entry.latex).includes(formula))];
}

// on a phone the facets would hide the cards
const roomy = typeof matchMedia === "undefined" || matchMedia("(min-width: 46rem)").matches;

function FacetGroup({ facet, pool }: { facet: Facet; pool: readonly Entry[] }) {
  const [selection, select] = useSlice(narrowed);
  const told = counts(pool, facet, selection);
  return (
    <Fold title={titled(facet.id)} testid={`facet-${facet.id}`} open={(roomy && facet.id !== "family") || !!selection[facet.id]}>
      {() => (
        <ul class="facet">
          {[...told].map(([value, count]) => (
            <li key={value}>
              <label>
                <input type="checkbox" data-testid={`facet-${facet.id}-${value}`} checked={selection[facet.id]?.includes(value) ?? false}
                  onChange={() => select(toggled(selection, facet.id, value))} />
                <span>{named(facet, value)}</span> <small>{count}</small>
              </label>
            </li>
          ))}
        </ul>
      )}
    </Fold>
  );
}

function Card({ entry, at }: { entry: Entry; at: number }) {
  const path = useMemo(() => sparkline(entry), [entry]);
  return (
    <li class="tile">
      <button type="button" data-testid={`card-${entry.name}`} aria-pressed={at >= 0} title={either(entry.summary)}
        onClick={() => (at >= 0 ? dismiss(at) : choose(entry.name))}>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true"><path d={path} /></svg>
        <b>{entry.name.split("_").flatMap((part, place) => (place ? ["_", <wbr key={place} />, part] : [part]))}</b>
        <small>{label(`family.${entry.family}`)}{entry.year ? ` · ${entry.year}` : ""}</small>
      </button>
      <Button kind="quiet" testid={`open-${entry.name}`} label={t("find.open", { name: entry.name })} icon="↗"
        onClick={() => {
          choose(entry.name);
          write(view, "curves");
        }} />
    </li>
  );
}

export function FindPanel() {
  const [text, ask] = useSlice(asked);
  const [selection, select] = useSlice(narrowed);
  const [by, sort] = useSlice(order);
  const [down, turn] = useSlice(falling);
  const [list] = useSlice(chosen);
  const [now] = useSlice(lang);
  const pool = useMemo(() => found(text), [text, now]);
  const shown = useMemo(() => sorted(pool.filter((entry) => matches(entry, selection)), by, down), [pool, selection, by, down]);
  const places = new Map(list.map(({ name }, at) => [name, at]));
  const empty = text === "" && Object.keys(selection).length === 0;
  return (
    <div class="find">
      <ChosenBar />
      <div class="find-asked">
        <label class="grow">{t("find.search")} <input type="search" data-testid="find-search" value={text} placeholder={t("find.hint")} onInput={(event) => ask(event.currentTarget.value)} /></label>
        <Select label={t("find.sort")} testid="find-sort" value={by} onChange={sort}
          options={["", ...orders()].map((value) => ({ value, label: titled(value) }))} />
        <Toggle label={t("find.falling")} testid="find-falling" checked={down} onChange={turn} />
        <output data-testid="find-count" aria-live="polite">{t("find.count", { count: shown.length, all: entries().length })}</output>
        <Button testid="find-clear" label={t("find.clear")} disabled={empty} onClick={() => {
          ask("");
          select({});
        }} />
      </div>
      <div class="find-columns">
        <aside aria-label={t("find.narrow")}>{FACETS.map((facet) => <FacetGroup key={facet.id} facet={facet} pool={pool} />)}</aside>
        {shown.length === 0 ? <p data-testid="find-none">{t("find.none")}</p> : (
          <ul class="tiles" data-testid="cards">{shown.map((entry) => <Card key={entry.name} entry={entry} at={places.get(entry.name) ?? -1} />)}</ul>
        )}
      </div>
    </div>
  );
}
