// The worker's own modules, as they are shipped, given what no person writes: broken files and absurdly deep ones. No
// input may trap, hang or come back without an answer. It runs in a thread with a stack like a browser's.

import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { MIGRATIONS, load, sqlFiles, type Linter, type Parser } from "./wasm.ts";

/** Mutated texts in a run. STUDIO_ROUNDS asks for more. */
const ROUNDS = Number(process.env.STUDIO_ROUNDS ?? 1_500);

/** Larger files only take longer. */
const LARGEST = 12_000;

/** Megabytes, as in a browser's thread. */
const STACK = 1;

/** Without a word for so long, the thread hangs. */
const SILENCE_MS = 60_000;

const PATH = "20250101000000_a.sql";

interface Analysis {
  outline: { span: { start: number; end: number } }[];
  report: { coverage: { statements: number; unread: number } };
}

/** What is read, and what came of it. */
type Reader = (text: string) => void;

// Texts --------------------------------------------------------------------------------------------------------------

const times = (count: number, piece: string) => piece.repeat(count);

/** Each is as deep or as long as it is told to be. */
const TOWERS: Record<string, (height: number) => string> = {
  parentheses: (n) => `select ${times(n, "(")}1${times(n, ")")};`,
  "open parentheses": (n) => `select ${times(n, "(")}`,
  brackets: (n) => `select a${times(n, "[")}1${times(n, "]")};`,
  queries: (n) => `select ${times(n, "(select ")}1${times(n, ")")};`,
  calls: (n) => `select ${times(n, "f(")}1${times(n, ")")};`,
  arrays: (n) => `select ${times(n, "array[")}1${times(n, "]")};`,
  cases: (n) => `select ${times(n, "case when a then ")}1${times(n, " end")};`,
  joins: (n) => `select * from ${times(n, "(a join ")}b${times(n, " on true)")};`,
  negations: (n) => `select ${times(n, "not ")}a;`,
  signs: (n) => `select ${times(n, "- ")}1;`,
  disjunctions: (n) => `select a${times(n, " or a")};`,
  sums: (n) => `select 1${times(n, " + 1")};`,
  concatenations: (n) => `select 'a'${times(n, " || 'a'")};`,
  casts: (n) => `select 1${times(n, "::int")};`,
  unions: (n) => `select 1${times(n, " union select 1")};`,
  lists: (n) => `select 1${times(n, ", 1")};`,
  names: (n) => `select a${times(n, ".a")};`,
  comments: (n) => `${times(n, "/*")} ${times(n, "*/")} select 1;`,
  "open comments": (n) => times(n, "/*"),
  explanations: (n) => `${times(n, "explain ")}select 1;`,
  "common tables": (n) => `${times(n, "with a as (")}select 1${times(n, ") select 1")};`,
  blocks: (n) => `do $$ ${times(n, "begin ")}null;${times(n, " end;")} $$;`,
  conditions: (n) => `do $$ begin ${times(n, "if a then ")}null;${times(n, " end if;")} end $$;`,
  loops: (n) => `do $$ begin ${times(n, "loop ")}exit;${times(n, " end loop;")} end $$;`,
  "texts in texts": (n) => {
    let text = "select 1";
    for (let depth = 0; depth < Math.min(n, 200); depth += 1) {
      text = `do $d${depth}$ begin execute $e${depth}$${text}$e${depth}$; end $d${depth}$`;
    }
    return `${text};`;
  },
  "doubled quotes": (n) => `select ${times(n, "''''")};`,
  "dollar signs": (n) => times(n, "$"),
  columns: (n) => `create table t (a int${times(n, ", a int check (a > 0)")});`,
  actions: (n) => `alter table t drop a${times(n, ", drop a")};`,
  atomic: (n) => `create function f() returns int begin atomic ${times(n, "select case when a then 1 end;")} end;`,
  elements: (n) => `create schema s ${times(n, "create table t (a int references t) ")};`,
  statements: (n) => times(n, "create table t (a int);"),
  markers: (n) => times(n, "-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;\n"),
  partitions: (n) => `create table t (a int) partition by list (a);${times(n, "create table p partition of t for values in (1);")}`,
  "quotes in quotes": (n) => `do 'begin ${times(n, `insert into "a''b" values (c); `)}end';`,
  semicolons: (n) => times(n, ";"),
  templates: (n) => `select ${times(n, "{{")}a${times(n, "}}")};`,
  "meta-commands": (n) => times(n, "\\if a\n"),
};

const HEIGHTS = [30, 60, 300, 3_000, 30_000];

/** What opens, closes and turns the meaning of what follows. */
const PIECES = [
  ..."'\"()[];,\\:%\0é",
  "$$",
  "$x$",
  "/*",
  "*/",
  "--",
  "{{",
  "}}",
  "\\;",
  "\n\\if a\n",
  "E'",
  " begin atomic ",
  " case ",
  " end ",
  " do $$ begin ",
  " execute format('",
  "😀",
];

/** Numbers that look random and are the same each time (xorshift). */
class Dice {
  private state = 0x9e37_79b9;

  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % Math.max(limit, 1);
  }

  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  range(text: string): [number, number] {
    const [a, b] = [this.below(text.length + 1), this.below(text.length + 1)];
    return [Math.min(a, b), Math.max(a, b)];
  }

  mutate(text: string, other: string): string {
    const at = this.below(text.length + 1);
    const [from, to] = this.range(text);
    const insert = (piece: string) => text.slice(0, at) + piece + text.slice(at);
    switch (this.below(7)) {
      case 0:
        return text.slice(0, from) + text.slice(to);
      case 1:
        return insert(text.slice(from, to));
      case 2:
        return insert(other.slice(...this.range(other)));
      case 3:
        return text.slice(0, at);
      case 4:
        return insert(times(1 + this.below(60), this.one(PIECES)));
      default:
        return insert(times(1 + this.below(3), this.one(PIECES)));
    }
  }
}

const small = (folder: string) => sqlFiles(folder).map(({ text }) => text).filter((text) => text.length <= LARGEST);

function* broken(): Generator<string> {
  const corpora = process.env.STUDIO_CORPORA;
  const files = small(MIGRATIONS);
  if (corpora !== undefined) files.push(...small(join(corpora, "sql")));
  const dice = new Dice();
  for (let round = 0; round < ROUNDS; round += 1) {
    let text = dice.one(files);
    const other = dice.one(files);
    for (let turns = dice.below(6); turns >= 0; turns -= 1) text = dice.mutate(text, other);
    yield text;
  }
}

function* towers(): Generator<string> {
  for (const tower of Object.values(TOWERS)) {
    for (const height of HEIGHTS) yield tower(height);
  }
}

const SUITES = { broken, towers };

// The thread ---------------------------------------------------------------------------------------------------------

async function reader(): Promise<Reader> {
  const folder = process.env.STUDIO_WASM ?? resolve(import.meta.dirname, "../../../target/bundle/glue");
  const linter = await load<Linter>(folder, "linter");
  const parser = await load<Parser>(folder, "parser");
  linter.begin([]);
  return (text) => {
    const first = JSON.parse(linter.analyse(PATH, text)) as Analysis;
    const readings = linter.statements(PATH).map((sql) => parser.readings(sql));
    const second = JSON.parse(linter.analyse_with(PATH, `[${readings.join()}]`, "[]")) as Analysis;
    assert.equal(readings.length, first.outline.length);
    assert.equal(second.report.coverage.unread, 0, "every statement was read, and those in it");
    let end = 0;
    for (const { span } of second.outline) {
      assert.ok(end <= span.start && span.start < span.end, `${span.start}..${span.end} behind ${end}`);
      end = span.end;
    }
    assert.ok(end <= Buffer.byteLength(text));
  };
}

/** For the test of the test: what fails in each of the ways there are. */
const FAULTY: Record<string, Reader> = {
  hangs: () => {
    for (;;);
  },
  traps: () => {
    throw new WebAssembly.RuntimeError("unreachable");
  },
  "overflows the stack": function deeper(text): void {
    deeper(text);
    deeper(text);
  },
};

type Asked = { suite: keyof typeof SUITES; faulty?: string };
type Said = { read: number; longest: number } | { text: string; error: string } | { done: true };

async function serve({ suite, faulty }: Asked): Promise<void> {
  const read = (faulty !== undefined && FAULTY[faulty]) || (await reader());
  const say = (said: Said) => parentPort?.postMessage(said);
  let [count, longest] = [0, 0];
  for (const text of SUITES[suite]()) {
    const before = performance.now();
    try {
      read(text);
    } catch (cause) {
      say({ text, error: String(cause) });
      return;
    }
    longest = Math.max(longest, performance.now() - before);
    count += 1;
    if (count % 20 === 0) say({ read: count, longest });
  }
  say({ read: count, longest });
  say({ done: true });
}

if (!isMainThread) parentPort?.once("message", (asked: Asked) => void serve(asked));

// The tests ----------------------------------------------------------------------------------------------------------

/** Reads a whole suite in a thread of its own. */
function run(asked: Asked, silence = SILENCE_MS): Promise<{ read: number; longest: number }> {
  const thread = new Worker(new URL(import.meta.url), { resourceLimits: { stackSizeMb: STACK } });
  let last = { read: 0, longest: 0 };
  return new Promise<typeof last>((resolve, reject) => {
    let watch: NodeJS.Timeout | undefined;
    const listen = () => {
      clearTimeout(watch);
      watch = setTimeout(() => reject(new Error(`no word after ${last.read} texts`)), silence);
    };
    thread.on("message", (said: Said) => {
      listen();
      if ("done" in said) resolve(last);
      else if ("error" in said) reject(new Error(`${said.error} of ${JSON.stringify(said.text.slice(0, 2_000))}`));
      else last = said;
    });
    thread.on("error", reject);
    thread.on("exit", (code) => reject(new Error(`the thread ended with ${code}`)));
    listen();
    thread.postMessage(asked);
  }).finally(() => thread.terminate());
}

if (isMainThread) {
  for (const suite of ["towers", "broken"] as const) {
    test(`nothing ${suite === "towers" ? "too deep" : suite} traps or hangs the worker's modules`, async (context) => {
      const { read, longest } = await run({ suite });
      assert.ok(read >= 100, `${read} texts`);
      context.diagnostic(`${read} texts, the longest took ${longest.toFixed(0)} ms`);
    });
  }

  for (const faulty of Object.keys(FAULTY)) {
    test(`a reader that ${faulty} is found`, async () => {
      await assert.rejects(run({ suite: "towers", faulty }, 2_000));
    });
  }
}
