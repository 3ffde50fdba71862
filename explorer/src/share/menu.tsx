// Taking the current picture away: as a link, a file of lines, an image, a table.
import { useState } from "preact/hooks";
import { nameOf } from "../app/catalog";
import { copyText } from "../app/copyable";
import { dashOf, PAPER } from "../app/palette";
import { flushHash } from "../app/state";
import { Button } from "../app/widgets";
import { t } from "../app/words";
import { lookAt, numbersAt, paneOf, type Shown } from "../curves/picture";
import { even, ORDERS } from "../curves/sample";
import { csv, png, save } from "./files";
import { type Drawing, svg } from "./svg";

const COUNT = 801;
const HEIGHT = { value: 280, slope: 180, curvature: 180, difference: 180 } as const;

function drawing({ list, curves, names, window, scale, format, pair }: Shown): Drawing {
  const looks = curves.map((curve) => lookAt(curve, window, COUNT));
  const panes = names.map((name) => {
    const pane = paneOf(name, looks, window, COUNT, format, scale, pair);
    return {
      title: t(`curves.${name}`),
      x: pane.x,
      height: HEIGHT[name],
      scale: pane.scale,
      yRange: pane.yRange,
      lines: pane.lines.map((values, place) =>
        name === "difference"
          ? { values, color: "#1c2128", dash: [] }
          : { values, color: PAPER[place] as string, dash: dashOf(place) },
      ),
    };
  });
  return {
    window,
    panes,
    legend: list.map((item, place) => ({ name: nameOf(item), color: PAPER[place] as string, dash: dashOf(place) })),
  };
}

function table({ list, curves, window, format }: Shown): string {
  const head = ["x", ...list.flatMap((item) => ORDERS.map((order) => `${nameOf(item)} ${order}`))];
  const rows = even(...window, COUNT).map((x) => [
    x,
    ...curves.flatMap((curve) => {
      const numbers = numbersAt(curve, x, format);
      return ORDERS.map((order) => numbers[order]);
    }),
  ]);
  return csv([head, ...rows]);
}

/** The ways to take the picture away. */
export function ShareMenu(shown: Shown) {
  const [told, setTold] = useState("");
  const file = (ending: string): string =>
    `${
      shown.list
        .map(({ name }) => name.replace(/[^\w]+/g, ""))
        .join("-")
        .slice(0, 60) || "actlab"
    }.${ending}`;
  const link = async (): Promise<void> => {
    flushHash();
    await copyText(location.href);
    setTold(t("share.copied"));
  };
  const image = async (): Promise<void> => {
    try {
      save(file("png"), await png(svg(drawing(shown))));
    } catch (error) {
      setTold(t("share.failed", { reason: error instanceof Error ? error.message : String(error) }));
    }
  };
  return (
    <section class="share" aria-label={t("share.title")}>
      <Button testid="copy-link" label={t("share.link")} onClick={() => void link()} />
      <Button
        testid="save-svg"
        label={t("share.svg")}
        onClick={() => save(file("svg"), new Blob([svg(drawing(shown))], { type: "image/svg+xml" }))}
      />
      <Button testid="save-png" label={t("share.png")} onClick={() => void image()} />
      <Button
        testid="save-csv"
        label={t("share.csv")}
        onClick={() => save(file("csv"), new Blob([table(shown)], { type: "text/csv" }))}
      />
      <span role="status" data-testid="share-told">
        {told}
      </span>
    </section>
  );
}
