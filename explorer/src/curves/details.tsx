// What is known of the focused function.
import { useMemo } from "preact/hooks";
import { formulaOf, type Curve } from "../app/catalog";
import { Copyable } from "../app/copyable";
import { text } from "../app/numbers";
import { type Chosen, lang } from "../app/slices";
import { read } from "../app/state";
import { Table } from "../app/widgets";
import { either, type Key, label, t } from "../app/words";
import { collapse, FORMATS } from "./formats";

// At 0 itself another piece may begin.
const beyond = (from: number, side: 1 | -1): string =>
  from === 0 ? `x ${side > 0 ? ">" : "<"} 0` : `x ${side > 0 ? "≥" : "≤"} ${text(from)}`;

/** Where outputs stop differing in a narrow format, and where the slope is 0; formats that agree share a sentence. */
function sentences(curve: Curve): string[] {
  const told = new Map<string, { key: Key; values: Record<string, string>; formats: string[] }>();
  const tell = (format: string, key: Key, values: Record<string, string> = {}): void => {
    const id = JSON.stringify([key, values]);
    told.set(id, { key, values, formats: [...(told.get(id)?.formats ?? []), format] });
  };
  for (const format of FORMATS) {
    if (format === "float64") continue;
    let silent = true;
    for (const side of [-1, 1] as const) {
      const value = collapse(curve.value, format, side);
      const slope = collapse(curve.slope, format, side);
      if (value)
        tell(format, Number.isFinite(value.output) ? "curves.constant" : "curves.overflow", {
          where: beyond(value.from, side),
          output: text(value.output),
        });
      if (slope?.output === 0 && slope.from !== value?.from)
        tell(format, "curves.vanishes", { where: beyond(slope.from, side) });
      silent &&= !value;
    }
    if (silent) tell(format, "curves.never");
  }
  return [...told.values()].map(({ key, values, formats }) => t(key, { ...values, type: formats.join(", ") }));
}

function Rounding({ curve }: { curve: Curve }) {
  const told = useMemo(() => sentences(curve), [curve, read(lang)]);
  return (
    <section>
      <h3>{t("curves.rounding")}</h3>
      <ul class="told" data-testid="rounding">
        {told.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

// The formulas carry their few words in English.
const translated = (mathml: string): string =>
  read(lang) === "en"
    ? mathml
    : mathml.replace(
        /<mtext>(if|otherwise)(&#160;|\u00a0)?<\/mtext>/g,
        (_, word: string) => `<mtext>${label(`formula.${word}`)}\u00a0</mtext>`,
      );

const Formula = ({ mathml, testid }: { mathml: string; testid: string }) => (
  <div class="formula" data-testid={testid} tabIndex={0} dangerouslySetInnerHTML={{ __html: translated(mathml) }} />
);

function OwnFormula({ item }: { item: Chosen }) {
  const formula = formulaOf(item.name);
  return (
    <>
      <h2>{t("curves.own")}</h2>
      <pre class="formula">{item.name.slice(1).trim()}</pre>
      {formula.ok && <Copyable text={formula.python} testid="snippet" />}
    </>
  );
}

/** The focused function in words, formulas and rows. */
export function Details({ item, curve }: { item: Chosen; curve: Curve }) {
  const { entry } = curve;
  if (!entry)
    return (
      <section class="card details" data-testid="details">
        <OwnFormula item={item} />
        <Rounding curve={curve} />
      </section>
    );
  const usage = either(entry.usage);
  const remark = either(entry.remark);
  return (
    <section class="card details" data-testid="details">
      <h2>{entry.name}</h2>
      <p class="tags">
        <span>{label(`kind.${entry.kind}`)}</span> <span>{label(`family.${entry.family}`)}</span>{" "}
        {entry.year !== null && <span>{entry.year}</span>}
      </p>
      <p>{either(entry.summary)}</p>
      {remark !== "" && <p class="quiet">{remark}</p>}
      {entry.mathml.value !== "" && (
        <>
          <h3>{t("curves.formula")}</h3>
          <Formula mathml={entry.mathml.value} testid="formula" />
        </>
      )}
      {entry.mathml.slope !== "" && (
        <>
          <h3>{t("curves.formula-slope")}</h3>
          <Formula mathml={entry.mathml.slope} testid="formula-slope" />
        </>
      )}
      {(usage.good.length > 0 || usage.bad.length > 0) && (
        <>
          <h3>{t("curves.usage")}</h3>
          <ul class="told usage">
            {usage.good.map((line) => (
              <li key={line} class="good">
                <b>{t("curves.good")}</b> {line}
              </li>
            ))}
            {usage.bad.map((line) => (
              <li key={line} class="bad">
                <b>{t("curves.bad")}</b> {line}
              </li>
            ))}
          </ul>
        </>
      )}
      <Rounding curve={curve} />
      <h3>{t("curves.properties")}</h3>
      {Object.keys(item.params).length > 0 && <p class="quiet">{t("curves.defaults-note")}</p>}
      <Table
        caption={t("curves.properties")}
        testid="properties"
        head={[t("curves.properties"), entry.name]}
        rows={either(entry.rows)}
      />
      <h3>{t("curves.code")}</h3>
      <Copyable text={entry.code} testid="snippet" />
      <dl class="facts">
        {entry.aliases.length > 0 && (
          <>
            <dt>{t("curves.aliases")}</dt>
            <dd>{entry.aliases.join(", ")}</dd>
          </>
        )}
        {entry.where.length > 0 && (
          <>
            <dt>{t("curves.exists")}</dt>
            <dd>{entry.where.join(", ")}</dd>
          </>
        )}
        <dt>{t("curves.source")}</dt>
        <dd>{entry.source}</dd>
      </dl>
    </section>
  );
}
