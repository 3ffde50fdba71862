// The parameters of every chosen function.
import { nameOf, type Curve } from "../app/catalog";
import { Sample } from "../app/chosen_bar";
import { type Chosen, chosen, setParameter } from "../app/slices";
import { write } from "../app/state";
import { Button, Slider } from "../app/widgets";
import { t } from "../app/words";
import type { Parameter } from "../types/catalog";

// An excluded end of the allowed set: the nearest number a reader can mean.
const inside = (end: number | null, excluded: boolean, way: 1 | -1): number =>
  end === null ? way * -Infinity : excluded ? end + way * Math.max(1e-9, Math.abs(end) * 1e-12) : end;

const title = (parameter: Parameter): string =>
  [parameter.name, parameter.learned ? t("curves.learned") : "", parameter.drawn ? t("curves.drawn") : ""]
    .filter(Boolean)
    .join(" · ");

function OneFunction({ item, curve, place }: { item: Chosen; curve: Curve; place: number }) {
  const number = (name: string): number =>
    curve.numbers[curve.parameters.findIndex((parameter) => parameter.name === name)] ?? NaN;
  const wrong = (curve.entry?.ordered ?? []).filter(([low, high]) => number(low) > number(high));
  return (
    <fieldset class="parameters" data-testid={`parameters-${place}`}>
      <legend>
        <Sample place={place} /> {nameOf({ name: item.name, params: {} })}
      </legend>
      {curve.parameters.map((parameter, at) => (
        <Slider
          key={parameter.name}
          label={title(parameter)}
          testid={`parameter-${place}-${parameter.name}`}
          value={curve.numbers[at] as number}
          low={parameter.low}
          high={parameter.high}
          step={parameter.step}
          whole={parameter.whole}
          floor={inside(parameter.floor, parameter.open[0], 1)}
          ceiling={inside(parameter.ceiling, parameter.open[1], -1)}
          onChange={(value) => setParameter(place, parameter.name, value)}
        />
      ))}
      {wrong.map(([low, high]) => (
        <p key={low} class="wrong" role="alert">
          {t("curves.order", { low, high })}
        </p>
      ))}
      {Object.keys(item.params).length > 0 && (
        <Button
          kind="quiet"
          testid={`defaults-${place}`}
          label={t("curves.defaults")}
          onClick={() =>
            write(chosen, (list) => list.map((other, at) => (at === place ? { name: other.name, params: {} } : other)))
          }
        />
      )}
    </fieldset>
  );
}

/** Sliders for all that can be set; functions without parameters take no room. */
export function Parameters({ list, curves }: { list: readonly Chosen[]; curves: readonly Curve[] }) {
  const places = list.map((_, place) => place).filter((place) => (curves[place] as Curve).parameters.length > 0);
  if (places.length === 0) return null;
  return (
    <section class="card" aria-label={t("curves.parameters")}>
      <h2>{t("curves.parameters")}</h2>
      {places.map((place) => (
        <OneFunction
          key={list[place]?.name}
          item={list[place] as Chosen}
          curve={curves[place] as Curve}
          place={place}
        />
      ))}
    </section>
  );
}
