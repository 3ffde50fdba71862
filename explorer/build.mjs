// Builds the page into the Python package and refuses to exceed the size budget; `--tests` bundles the tests for node instead.
import { build } from "esbuild";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../src/actlab/explorer/built");
const budget = { raw: 150_000, gzip: 60_000 };
const shared = {
  bundle: true,
  charset: "utf8",
  jsx: "automatic",
  jsxImportSource: "preact",
  target: "es2022",
  logLevel: "warning",
};

async function page() {
  mkdirSync(out, { recursive: true });
  const entries = [
    { in: join(here, "src/main.tsx"), out: "explorer" },
    { in: join(here, "src/learn/worker.ts"), out: "worker" },
  ].filter((entry) => existsSync(entry.in));
  await build({ ...shared, entryPoints: entries, outdir: out, format: "iife", minify: true, legalComments: "none" });
  await texts();
  copyFileSync(join(here, "src/index.html"), join(out, "index.html"));
  const sizes = ["explorer.js", "explorer.css", "worker.js"]
    .filter((name) => existsSync(join(out, name)))
    .map((name) => {
      const bytes = readFileSync(join(out, name));
      return { name, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
    });
  const total = {
    name: "total",
    raw: sizes.reduce((sum, size) => sum + size.raw, 0),
    gzip: sizes.reduce((sum, size) => sum + size.gzip, 0),
  };
  for (const size of [...sizes, total])
    console.log(`${size.name.padEnd(14)}${String(size.raw).padStart(8)} bytes ${String(size.gzip).padStart(7)} gzip`);
  if (total.raw > budget.raw || total.gzip > budget.gzip) {
    console.error(
      `The page is over its budget of ${budget.raw} bytes (${budget.gzip} gzip): make it smaller before shipping it.`,
    );
    process.exit(1);
  }
}

// The texts are data like the catalogue: the page's code carries none of them.
async function texts() {
  const bundled = await build({
    ...shared,
    entryPoints: [join(here, "src/app/all_words.ts")],
    format: "esm",
    write: false,
  });
  const { TEXTS } = await import(
    `data:text/javascript;base64,${Buffer.from(bundled.outputFiles[0].text).toString("base64")}`
  );
  writeFileSync(join(out, "words.json"), JSON.stringify(TEXTS));
}

async function tests() {
  const target = join(here, ".tests");
  rmSync(target, { recursive: true, force: true });
  const folder = join(here, "tests");
  const files = readdirSync(folder)
    .filter((name) => /\.test\.tsx?$/.test(name))
    .map((name) => join(folder, name));
  await build({
    ...shared,
    entryPoints: files,
    outdir: target,
    format: "esm",
    platform: "node",
    sourcemap: "inline",
    loader: { ".css": "empty" },
  });
}

await (process.argv.includes("--tests") ? tests() : page());
