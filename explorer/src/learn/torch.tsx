// The same training in PyTorch, where the page is served by `actlab explore`.
import { useEffect, useRef, useState } from "preact/hooks";
import { nameOf, resolve } from "../app/catalog";
import { percent, text } from "../app/numbers";
import type { Chosen } from "../app/slices";
import { Button, Table } from "../app/widgets";
import { either, t } from "../app/words";
import type { Lang } from "../types/catalog";
import type { Frame } from "./messages";
import type { Settings } from "./settings";
import { events, Told } from "./stream";

interface Finding {
  name: string;
  severity: string;
  title: Record<Lang, string>;
  text: Record<Lang, string>;
}

type Event =
  | { type: "progress"; function: number; step: number; loss: number | null }
  | { type: "trained"; function: number; loss: number | null; heldLoss: number | null; right: number | null; heldRight: number | null; broken: number }
  | { type: "findings"; function: number; findings: Finding[]; error?: Record<Lang, string> };

interface Outcome {
  step: number;
  loss: number | null;
  right: number | null;
  findings: readonly Finding[] | null;
  error: Record<Lang, string> | null;
}

interface Trial {
  /** What was run, so that a later change of the settings is not compared with it. */
  key: string;
  running: boolean;
  /** Why it did not finish, in the reader's language. */
  failed: (() => string) | null;
  outcomes: Outcome[];
}

function told(outcome: Outcome, event: Event): Outcome {
  if (event.type === "findings") return { ...outcome, findings: event.findings, error: event.error ?? null };
  const right = event.type === "trained" ? event.right : outcome.right;
  const step = event.type === "trained" ? outcome.step : event.step;
  return { ...outcome, step, loss: event.loss, right };
}

function Findings({ outcome }: { outcome: Outcome }) {
  if (outcome.error) return <>{either(outcome.error)}</>;
  if (!outcome.findings) return <>…</>;
  if (outcome.findings.length === 0) return <>{t("learn.torch.healthy")}</>;
  return (
    <ul class="learn-findings">
      {outcome.findings.map((finding) => (
        <li key={finding.name}><b>{either(finding.title)}</b> {either(finding.text)}</li>
      ))}
    </ul>
  );
}

export function Torch({ settings, list, frame }: { settings: Settings; list: readonly Chosen[]; frame: Frame | null }) {
  const [token, setToken] = useState("");
  const [trial, setTrial] = useState<Trial | null>(null);
  const stop = useRef<AbortController | null>(null);

  useEffect(() => {
    // an exported page carries its worker inside and has no server to ask
    if (document.getElementById("worker") || !location.protocol.startsWith("http")) return;
    const asking = new AbortController();
    fetch("health", { signal: asking.signal })
      .then(async (answer) => setToken(answer.ok ? ((await answer.json()) as { token: string }).token : ""))
      .catch(() => setToken(""));
    return () => {
      asking.abort();
      stop.current?.abort();
    };
  }, []);

  if (!token) return null;

  const body = JSON.stringify({
    settings,
    functions: list.map((choice) => {
      const { name, parameters, numbers } = resolve(choice);
      return { name, params: Object.fromEntries(parameters.map((parameter, i) => [parameter.name, numbers[i]])) };
    }),
  });

  const start = async (): Promise<void> => {
    const control = new AbortController();
    stop.current = control;
    let now: Trial = { key: body, running: true, failed: null, outcomes: list.map(() => ({ step: 0, loss: null, right: null, findings: null, error: null })) };
    const show = (change: Partial<Trial>): void => setTrial((now = { ...now, ...change }));
    show({});
    try {
      const headers = { "Content-Type": "application/json", "X-Actlab-Token": token };
      const answer = await fetch("run", { method: "POST", headers, body, signal: control.signal });
      for await (const event of events<Event>(answer)) {
        show({ outcomes: now.outcomes.map((outcome, i) => (i === event.function ? told(outcome, event) : outcome)) });
      }
    } catch (fault) {
      if (!control.signal.aborted) show({ failed: () => (fault instanceof Told ? either(fault.said) : t("learn.torch.gone")) });
    }
    show({ running: false });
  };

  const current = trial?.key === body ? trial : null;
  const at = current?.outcomes.findIndex((outcome) => !outcome.findings) ?? -1;
  const training = at < 0 ? undefined : list[at];
  const here = frame?.finished ? frame : null;
  return (
    <section class="card learn-torch">
      <h2>{t("learn.torch")}</h2>
      <p>{t("learn.torch.about")}</p>
      <div class="learn-run">
        {trial?.running
          ? <Button testid="learn-torch-stop" label={t("learn.torch.stop")} onClick={() => stop.current?.abort()} />
          : <Button kind="primary" testid="learn-torch" label={t("learn.torch")} onClick={() => void start()} disabled={list.length === 0} />}
        <output data-testid="learn-torch-progress" data-running={trial?.running ?? false}>
          {current?.running && training && t("learn.torch.running", { name: nameOf(training), step: current.outcomes[at]?.step ?? 0, steps: settings.steps })}
        </output>
      </div>
      {trial?.failed && <p class="learn-bad" role="alert" data-testid="learn-torch-failed">{t("learn.torch.failed", { reason: trial.failed() })}</p>}
      {current && (
        <Table caption={t("learn.torch.result", { steps: settings.steps })} testid="learn-torch-table"
          head={[t("learn.torch.function"), t("learn.torch.loss"), t("learn.torch.here"), t("learn.torch.right"), t("learn.torch.doctor")]}
          rows={list.map((choice, i) => {
            const outcome = current.outcomes[i]!;
            return [
              nameOf(choice),
              <span data-testid={`learn-torch-loss-${i}`} data-loss={outcome.loss}>{text(outcome.loss, 6)}</span>,
              text(here?.standings[i]?.report?.loss, 6),
              outcome.right === null ? "–" : percent(outcome.right),
              <Findings outcome={outcome} />,
            ];
          })} />
      )}
    </section>
  );
}
