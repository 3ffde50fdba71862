// Texts a reader takes along.
import { useState } from "preact/hooks";
import { Button } from "./widgets";
import { t } from "./words";

/** A text to take away. */
export function Copyable({ text: content, testid }: { text: string; testid: string }) {
  const [done, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    await copyText(content);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <div class="copyable">
      <pre tabIndex={0}>
        <code data-testid={testid}>{content}</code>
      </pre>
      <Button
        testid={`copy-${testid}`}
        label={done ? t("shell.copied") : t("shell.copy")}
        onClick={() => void copy()}
      />
    </div>
  );
}

/** Puts a text on the clipboard, also where a page from a file may not use the clipboard directly. */
export async function copyText(content: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(content);
  } catch {
    const area = document.createElement("textarea");
    area.value = content;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
