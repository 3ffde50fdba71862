// The numbers of every function at one place.
import { nameOf, type Curve } from "../app/catalog";
import { Sample } from "../app/chosen_bar";
import { text } from "../app/numbers";
import type { Chosen } from "../app/slices";
import { useSlice } from "../app/state";
import { NumberBox, Table } from "../app/widgets";
import { t } from "../app/words";
import type { Format } from "./formats";
import { hover } from "./hover";
import { numbersAt } from "./picture";
import { ORDERS } from "./sample";
import { pinned } from "./settings";

/** Value, slope and curvature under the pointer, or at the pinned place. */
export function Readout({
  list,
  curves,
  format,
}: {
  list: readonly Chosen[];
  curves: readonly Curve[];
  format: Format;
}) {
  const [pin, setPin] = useSlice(pinned);
  const under = hover.use();
  const x = under ?? pin;
  // Spoken when a place is chosen, not with every move of a mouse.
  const live = under === null ? "polite" : "off";
  return (
    <div class="readout">
      <NumberBox
        label={t("curves.at")}
        testid="reading-at"
        value={under === null ? pin : Number(x.toPrecision(5))}
        step={0.1}
        onChange={setPin}
      />
      <div aria-live={live} data-testid="reading" data-x={x}>
        <Table
          caption={t("curves.reading")}
          testid="reading-table"
          head={[t("curves.function"), ...ORDERS.map((order) => t(`curves.${order}`))]}
          rows={list.map((item, place) => {
            const numbers = numbersAt(curves[place] as Curve, x, format);
            return [
              <>
                <Sample place={place} /> {nameOf(item)}
              </>,
              ...ORDERS.map((order) =>
                Number.isNaN(numbers[order]) ? t("curves.undefined") : text(numbers[order], 7),
              ),
            ];
          })}
        />
      </div>
    </div>
  );
}
