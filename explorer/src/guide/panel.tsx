// The choice guide as a dialogue: one question at a time, then what to take, why, and who says so.
import { catalog } from "../app/catalog";
import { chosen, choose, view } from "../app/slices";
import { defineSlice, useSlice, write } from "../app/state";
import { Button } from "../app/widgets";
import { either, type Key, t } from "../app/words";
import type { Advised } from "../types/catalog";
import { advice, type Answers, next, placeOf, sensible } from "./dialogue";
import "./style.css";

const given = defineSlice<Answers>("guide", () => [], (answers) => answers.map((id) => id || "any").join("."), (text) => {
  const answers = text === "" ? [] : text.split(".").map((id) => (id === "any" ? "" : id));
  return sensible(catalog().guide, answers) ? answers : undefined;
});

const STRENGTHS: Readonly<Record<string, string>> = { "first choice": "first", alternative: "alternative", avoid: "avoid" };

function Recommendation({ told, at }: { told: Advised; at: number }) {
  const strength = STRENGTHS[told.strength]!;
  return (
    <li class={`advice ${strength}`} data-testid={`advice-${at}`}>
      <p class="advice-head">
        <span class="strength">{t(`guide.${strength}` as Key)}</span>
        {told.entries.map((name) => (
          <button type="button" key={name} class="button" data-testid={`advice-${at}-${name}`} title={t("guide.open", { name })}
            onClick={() => {
              choose(name);
              write(view, "curves");
            }}>{name}</button>
        ))}
        {told.loss && <span>{t("guide.loss")} <code>{told.loss}</code></span>}
      </p>
      <p>{either(told.reason)}</p>
      {either(told.initialisation) && <p>{either(told.initialisation)}</p>}
      <p class="hint">{t("guide.source")} {told.source}</p>
    </li>
  );
}

export function GuidePanel() {
  const { guide } = catalog();
  const [answers, answer] = useSlice(given);
  const place = placeOf(guide, answers);
  const question = next(guide, answers);
  const open = place ? question : { id: "where", choices: guide.places };
  const told = question || !place ? [] : advice(guide, answers);
  const best = told.filter((each) => each.strength !== "avoid").flatMap((each) => each.entries);
  const labels = place ? [place.label, ...answers.slice(1).map((id, at) => place.questions[at]!.choices.find((choice) => choice.id === id)!.label)] : [];
  const asked = ["where", ...(place?.questions.map(({ id }) => id) ?? [])];
  return (
    <div class="guide">
      <p>{t("guide.intro")}</p>
      {labels.length > 0 && (
        <ol class="answered" data-testid="guide-answers">
          {labels.map((each, at) => (
            <li key={asked[at]}>
              <span>{t(`guide.${asked[at]}` as Key)}</span> <b>{either(each)}</b>{" "}
              <Button kind="quiet" testid={`guide-change-${at}`} label={t("guide.change")} onClick={() => answer(answers.slice(0, at))} />
            </li>
          ))}
        </ol>
      )}
      {open && (
        <section aria-live="polite" data-testid={`guide-${open.id}`}>
          <h2>{t(`guide.${open.id}` as Key)}</h2>
          <div class="answers">
            {open.choices.map(({ id, label }) => (
              <button type="button" key={id} class="button" data-testid={`answer-${id || "any"}`} onClick={() => answer([...answers, id])}>{either(label)}</button>
            ))}
          </div>
        </section>
      )}
      {told.length > 0 && (
        <section aria-live="polite" data-testid="guide-advice">
          <h2>{t("guide.advice")}</h2>
          <ul class="advised">{told.map((each, at) => <Recommendation key={at} told={each} at={at} />)}</ul>
          <div class="answers">
            {best.length > 1 && (
              <Button kind="primary" testid="guide-compare" label={t("guide.compare")} onClick={() => {
                write(chosen, [...new Set(best)].slice(0, 4).map((name) => ({ name, params: {} })));
                write(view, "compare");
              }} />
            )}
            <Button testid="guide-again" label={t("guide.again")} onClick={() => answer([])} />
          </div>
        </section>
      )}
    </div>
  );
}
