// The frame: header with tabs and language, messages, and the view that is open.
import { Component, type ComponentChildren, type JSX, type TargetedKeyboardEvent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { catalog } from "./catalog";
import { onTheme } from "./palette";
import { lang, view, VIEWS, type View } from "./slices";
import { type Garbage, mirrorHash, useSlice } from "./state";
import { Button } from "./widgets";
import { t } from "./words";

class Guard extends Component<{ children: ComponentChildren }, { failed: string }> {
  override state = { failed: "" };
  static override getDerivedStateFromError(error: unknown) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
  override render() {
    if (this.state.failed === "") return this.props.children;
    return (
      <div class="notice" role="alert" data-testid="failure">
        <p>{t("shell.broken", { reason: this.state.failed })}</p>
        <Button testid="reset-page" label={t("shell.reset")} onClick={() => location.replace(location.pathname)} />
      </div>
    );
  }
}

function Tabs() {
  const [open, setOpen] = useSlice(view);
  const press = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    const at = VIEWS.indexOf(open);
    const ways: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1 + VIEWS.length,
      Home: 0,
      End: VIEWS.length - 1,
    };
    const next = ways[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const name = VIEWS[next % VIEWS.length] as View;
    setOpen(name);
    event.currentTarget.querySelector<HTMLElement>(`#tab-${name}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={t("shell.views")} onKeyDown={press}>
      {VIEWS.map((name) => (
        <button
          type="button"
          key={name}
          id={`tab-${name}`}
          role="tab"
          data-testid={`tab-${name}`}
          aria-selected={name === open}
          aria-controls="panel"
          tabIndex={name === open ? 0 : -1}
          onClick={() => setOpen(name)}
        >
          {t(`view.${name}`)}
        </button>
      ))}
    </div>
  );
}

function Languages() {
  const [now, setLang] = useSlice(lang);
  const other = now === "en" ? "zh" : "en";
  return (
    <button
      type="button"
      class="button quiet"
      data-testid="language"
      lang={other === "zh" ? "zh-Hans" : "en"}
      aria-label={`${t("shell.language")}: ${other === "zh" ? "中文" : "English"}`}
      onClick={() => setLang(other)}
    >
      {other === "zh" ? "中文" : "English"}
    </button>
  );
}

const TOLD = 5; // fields of a hash that a message names

/** The page around the views. */
export function App({ panels }: { panels: Readonly<Record<View, () => JSX.Element>> }) {
  const [now] = useSlice(lang);
  const [open] = useSlice(view);
  const [garbage, setGarbage] = useState<readonly Garbage[]>([]);
  const [, redraw] = useState({});
  useEffect(() => mirrorHash(setGarbage), []);
  useEffect(() => onTheme(() => redraw({})), []);
  useEffect(() => {
    document.documentElement.lang = now === "zh" ? "zh-Hans" : "en";
    document.title = `${t(`view.${open}`)} · ${t("shell.title")} · actlab`;
  }, [now, open]);
  const Panel = panels[open];
  return (
    <>
      <a
        class="skip"
        href="#panel"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("panel")?.focus();
        }}
      >
        {t("shell.skip")}
      </a>
      <header>
        <h1>
          <b>actlab</b> <span>{t("shell.title")}</span>
        </h1>
        <Tabs />
        <Languages />
      </header>
      {garbage.length > 0 && (
        <div class="notice" role="status" data-testid="garbage">
          <p>
            {t("shell.garbage", {
              fields: [
                ...garbage.slice(0, TOLD).map(({ key, text }) => `“${key}=${text}”`),
                ...(garbage.length > TOLD ? ["…"] : []),
              ].join(t("shell.comma")),
            })}
          </p>
          <Button kind="quiet" testid="close-notice" label={t("shell.close")} icon="×" onClick={() => setGarbage([])} />
        </div>
      )}
      <main>
        <div id="panel" role="tabpanel" aria-labelledby={`tab-${open}`} tabIndex={-1} data-testid={`view-${open}`}>
          <Guard key={open}>
            <Panel />
          </Guard>
        </div>
      </main>
      <footer>actlab {catalog().version}</footer>
    </>
  );
}
