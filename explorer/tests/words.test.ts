// The texts of the page are complete in both languages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PANELS, TEXTS } from "../src/app/all_words";
import type { Words } from "../src/app/words_type";

const panels = Object.entries<Words>(PANELS);
// Signs, names and formulas that are the same in every language.
const sameEverywhere = (text: string): boolean =>
  !/[a-z]{2}/i.test(
    text
      .replace(/\{\w+\}/g, "")
      .replace(
        /\b(E f|float\d+|bfloat16|PyTorch|JAX|LaTeX|actlab|Adam|SGD|XOR|He|Xavier|LeCun|tanh|sigmoid|relu)\b/gi,
        "",
      ),
  );

test("both languages have the same keys, which belong to one panel only", () => {
  const seen = new Set<string>();
  for (const [name, { en, zh }] of panels) {
    assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort(), name);
    for (const key of Object.keys(en)) {
      assert.ok(!seen.has(key), `${key} has two homes`);
      seen.add(key);
    }
  }
  assert.ok(seen.size > 100);
});

test("the Chinese texts are Chinese and the English texts are English", () => {
  for (const [key, english] of Object.entries(TEXTS.en)) {
    const chinese = TEXTS.zh[key] ?? "";
    assert.ok(!/\p{Script=Han}/u.test(english), `${key} in English: ${english}`);
    assert.ok(/\p{Script=Han}/u.test(chinese) || sameEverywhere(chinese), `${key} in Chinese: ${chinese}`);
  }
});

test("both languages fill the same holes", () => {
  const holes = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
  for (const [key, english] of Object.entries(TEXTS.en))
    assert.deepEqual(holes(TEXTS.zh[key] ?? ""), holes(english), key);
});
