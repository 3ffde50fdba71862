import { render } from "preact";
import { setCatalog } from "./app/catalog";
import { App } from "./app/layout";
import { data } from "./app/load";
import "./app/style.css";
import { unpack } from "./app/unpack";
import { setWords } from "./app/words";
import type { Words } from "./app/words_type";
import { ComparePanel } from "./compare/panel";
import { CurvesPanel } from "./curves/panel";
import { FindPanel } from "./find/panel";
import { FormulaPanel } from "./formula/panel";
import { GuidePanel } from "./guide/panel";
import { LearnPanel } from "./learn/panel";
import type { Packed } from "./types/catalog";

const panels = {
  curves: CurvesPanel,
  find: FindPanel,
  compare: ComparePanel,
  guide: GuidePanel,
  formula: FormulaPanel,
  learn: LearnPanel,
};

async function start(root: HTMLElement): Promise<void> {
  try {
    const [catalog, words] = await Promise.all([data<Packed>("catalog"), data<Words>("words")]);
    setWords(words);
    setCatalog(unpack(catalog));
  } catch (error) {
    // The texts may be what is missing, so these two are in the code.
    const reason = error instanceof Error ? error.message : String(error);
    root.className = "notice";
    root.textContent = `The page's data could not be read (${reason}). Open it with “actlab explore”, or build it with “make explorer”. 无法读取页面数据（${reason}）。请用“actlab explore”打开，或用“make explorer”构建。`;
    return;
  }
  render(<App panels={panels} />, root);
}

void start(document.getElementById("app") as HTMLElement);
