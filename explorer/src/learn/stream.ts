// Server-sent events of an answer to a POST, which EventSource cannot make.
import type { Lang } from "../types/catalog";

/** A sentence from the server, in every language. */
export class Told extends Error {
  constructor(readonly said: Record<Lang, string>) {
    super(said.en);
  }
}

/** The JSON values of an event stream, one by one; throws Told where the server complains. */
export async function* events<T>(answer: Response): AsyncGenerator<T> {
  if (!answer.ok || !answer.body) throw new Told(((await answer.json()) as { error: Record<Lang, string> }).error);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const event = JSON.parse(part.replace(/^data: /, "")) as { type?: string; error?: Record<Lang, string> };
      if (!event.type && event.error) throw new Told(event.error);
      yield event as Awaited<T>;
    }
  }
}
