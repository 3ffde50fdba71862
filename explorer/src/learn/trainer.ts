// The panel's side of the worker.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Frame, Named, Order, Pace } from "./messages";
import type { Settings } from "./settings";

const RESTART_DELAY = 60; // milliseconds: a slider sends many values on its way

/** The worker's script: beside the page, or made from the texts that an exported page carries. */
function startWorker(): Worker {
  const worker = document.getElementById("worker");
  if (!worker) return new Worker("worker.js");
  const functions = document.getElementById("functions");
  const script = new Blob([functions?.textContent ?? "", "\n", worker.textContent ?? ""], { type: "text/javascript" });
  const address = URL.createObjectURL(script);
  const made = new Worker(address);
  URL.revokeObjectURL(address);
  return made;
}

export interface Trainer {
  frame: Frame | null;
  /** Why there is no training, or "". */
  failed: string;
  order: (order: Order) => void;
  /** Back to the first weights; run: and off. */
  restart: (run: boolean) => void;
}

/** Trains these functions in the background and hands out what comes back; starts over when anything changes. */
export function useTrainer(settings: Settings, functions: readonly Named[], pace: Pace): Trainer {
  const worker = useRef<Worker | null>(null);
  const [frame, setFrame] = useState<Frame | null>(null);
  const [failed, setFailed] = useState("");
  const id = useRef(0);
  /** Whether the next start runs; null: as the last one stood. */
  const wanted = useRef<boolean | null>(false);
  const [again, setAgain] = useState(0);
  const running = useRef(false);
  running.current = frame?.running ?? false;

  useEffect(() => () => worker.current?.terminate(), []);

  const send = (order: Order): void => worker.current?.postMessage(order);

  useEffect(() => {
    const timer = setTimeout(() => {
      const run = wanted.current ?? running.current;
      wanted.current = null;
      setFailed("");
      try {
        if (!worker.current) {
          worker.current = startWorker();
          worker.current.onmessage = ({ data }: MessageEvent<Frame>) => {
            if (data.id === id.current) setFrame(data);
          };
          worker.current.onerror = (event) => {
            event.preventDefault();
            worker.current?.terminate();
            worker.current = null;
            setFrame(null);
            setFailed(event.message || "worker.js");
          };
        }
      } catch (error) {
        setFailed(String(error));
        return;
      }
      id.current += 1;
      send({ type: "start", id: id.current, settings, functions, pace, run });
    }, RESTART_DELAY);
    return () => clearTimeout(timer);
  }, [JSON.stringify([settings, functions]), again]);

  useEffect(() => send({ type: "pace", pace }), [pace]);

  return {
    frame,
    failed,
    order: send,
    restart: (run) => {
      wanted.current = run;
      setAgain((count) => count + 1);
    },
  };
}
