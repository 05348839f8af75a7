// What the linter's worker does, without a browser around it: the built module in Node.js's V8.
//
//   cargo xtask build
//   cd tests/e2e && npm ci
//   npx esbuild bench/worker.ts --bundle --platform=node --format=esm --outfile=build/worker.mjs
//   node build/worker.mjs <folder of linter.js and linter_bg.wasm>
//
// It answers edits in a file of 10,000 lines (16 ms at the median), in which a letter comes and goes at the start, in the
// middle and at the end, and reads a file of a megabyte for the first time (150 ms at the median), both made of copies of
// this repository's migrations, in the set that has those, too. Exit code 1 when a limit is passed.

import { MIGRATIONS, load, sqlFiles, type Linter } from "../wasm.ts";

const LINES = 10_000;
const EDIT_MS = 16;
const MEGABYTE = 1_000_000;
const MEGABYTE_MS = 150;
const LONG = "20990101000000_long.sql";

const [glue] = process.argv.slice(2);
if (glue === undefined) {
  console.error("usage: worker <folder of linter.js and linter_bg.wasm>");
  process.exit(2);
}
const linter = await load<Linter>(glue, "linter");
const set = sqlFiles(MIGRATIONS);
const forward = set.filter(({ path }) => !path.includes("/"));

/** Copies of the forward files, each with tables of its own. */
function copies(enough: (text: string) => boolean): string {
  let text = "";
  for (let copy = 0; ; copy += 1) {
    for (const file of forward) {
      if (enough(text)) return text;
      text += file.text.replaceAll("archon_", `archon_${copy}_`);
    }
  }
}

function begin(): void {
  linter.begin([]);
  for (const { path, text } of set) linter.put(path, text);
}

function timed(work: () => unknown): number {
  const before = performance.now();
  work();
  return performance.now() - before;
}

function say(what: string, times: number[], limit: number): boolean {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? NaN).toFixed(1);
  console.log(`${what}: median ${at(0.5)} ms of ${limit}, p95 ${at(0.95)} ms (${times.length} times)`);
  return Number(at(0.5)) <= limit;
}

const lines = copies((text) => text.split("\n").length > LINES);
begin();
linter.analyse(LONG, lines);
let held = true;
for (const [where, part] of [["start", 0.01], ["middle", 0.5], ["end", 0.99]] as const) {
  const place = lines.indexOf("archon_", Math.floor(lines.length * part)) + 3;
  const edited = `${lines.slice(0, place)}x${lines.slice(place)}`;
  const times: number[] = [];
  for (let turn = 0; turn < 60; turn += 1) {
    times.push(timed(() => linter.analyse(LONG, turn % 2 === 0 ? edited : lines)));
  }
  held = say(`an edit at the ${where} of ${LINES} lines`, times.slice(10), EDIT_MS) && held;
}

const megabyte = copies((text) => text.length >= MEGABYTE);
const times: number[] = [];
for (let turn = 0; turn < 12; turn += 1) {
  begin();
  times.push(timed(() => linter.analyse(LONG, megabyte)));
}
held = say("a megabyte, for the first time", times.slice(2), MEGABYTE_MS) && held;
process.exit(held ? 0 : 1);
