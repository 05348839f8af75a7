// The worker around the linter's wasm module: messages in, messages out, one at a time.
//
// `studio-linter` is the JavaScript that wasm-bindgen (target web) makes for this crate; the bundler maps the name
// to the generated file. After a trap the instance is poisoned: this worker then only says so, and the page starts
// another one.
//
// An analysis is answered at once. When no other text has come for a moment, sqlparser and PostgreSQL's own grammar read
// the statements too, and the same request is answered a second time.

import start, { analyse, analyse_with, begin, for_grammar, put, statements } from "studio-linter";

import type { Refusal } from "./grammar";
import type { Addresses, Parsers } from "./parsers";

interface File {
  path: string;
  text: string;
}

/** `start` comes first and once. */
type Request =
  | { id: number; kind: "start"; wasm: string; parsers: [script: string, ...Addresses] }
  | { id: number; kind: "load"; files: readonly File[]; applied: string[]; server?: number }
  | ({ id: number; kind: "analyse" } & File);

/** `path`: the file that was being read when it failed. */
type Answer = { id: number; ok: string } | { id: number; error: string; trapped: boolean; path: string };

let reading = "";

async function answer(request: Request): Promise<string> {
  switch (request.kind) {
    case "start":
      [script, ...addresses] = request.parsers;
      await start({ module_or_path: request.wasm });
      return "";
    case "load":
      begin(request.applied, request.server);
      for (const { path, text } of request.files) {
        reading = path;
        put(path, text);
      }
      return "";
    case "analyse":
      reading = request.path;
      return analyse(request.path, request.text);
  }
}

function failure(id: number, cause: unknown): Answer {
  // A stack overflow is a RangeError in some engines; every other trap is a RuntimeError.
  const trapped = cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError;
  return { id, error: cause instanceof Error ? cause.message : String(cause), trapped, path: reading };
}

// Messages wait for the one before: a file must not be analysed before the set is loaded.
let last = Promise.resolve();

function say(id: number, making: () => Promise<string> | string): Promise<void> {
  last = last.then(async () => {
    reading = "";
    let said: Answer;
    try {
      said = { id, ok: await making() };
    } catch (cause) {
      said = failure(id, cause);
    }
    self.postMessage(said);
  });
  return last;
}

let newest = 0;

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  newest = data.id;
  const answered = say(data.id, () => answer(data));
  if (data.kind === "analyse") void answered.then(() => readAgainSoon(data.id, data.path));
});

// The second reading -----------------------------------------------------------------------------------------------

/** Milliseconds without another text after which this one is read again. */
const PAUSE = 200;

/** Milliseconds of reading after which a message that has come meanwhile is heard. */
const SLICE = 12;

let script = "";
let addresses: Addresses = ["", ""];
let parsers: Promise<Parsers> | undefined;

/** How often an instance of a parser was given up: each time the script is a module of its own. */
let traps = 0;

/** Without it everything else works, and the page does not say how much was read. */
function load(): Promise<Parsers> {
  return import(`${script}#${traps}`).then(
    (module: typeof import("./parsers")) => module.load(addresses),
    (cause: unknown) => {
      console.warn("The second reading could not be loaded:", cause);
      // The next pause tries again.
      parsers = undefined;
      return {};
    },
  );
}

/** Asks once about each text; an edit changes few of them. A trap ends the instance, and nothing is said of this text. */
class Memory<Word> {
  private last = new Map<string, Word | null>();
  private now = new Map<string, Word | null>();

  word(sql: string, ask: (sql: string) => Word): Word | null {
    let word = this.now.get(sql);
    if (word === undefined) word = this.last.get(sql);
    if (word === undefined) {
      try {
        word = ask(sql);
      } catch (cause) {
        console.warn("A parser failed:", cause);
        traps += 1;
        parsers = undefined;
        word = null;
      }
    }
    this.now.set(sql, word);
    return word;
  }

  /** Forgets what was not asked about since the last time. */
  turn(): void {
    [this.last, this.now] = [this.now, new Map()];
  }
}

const readings = new Memory<string>();
const refusals = new Memory<Refusal | "accepted">();

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function readAgainSoon(id: number, path: string): Promise<void> {
  await later(PAUSE);
  if (id !== newest) return;
  let { grammar, parser } = await (parsers ??= load());
  let seen = traps;
  if (id !== newest) return;
  const read: string[] = [];
  const refused: ({ index: number } & Refusal)[] = [];
  const reads = for_grammar(path);
  let begun = performance.now();
  for (const [index, sql] of statements(path).entries()) {
    if (seen !== traps) {
      seen = traps;
      ({ grammar, parser } = await (parsers = load()));
    }
    read.push((parser && readings.word(sql, parser)) ?? "null");
    const refusal = grammar && reads[index] === 1 && refusals.word(sql, grammar);
    if (refusal && refusal !== "accepted") refused.push({ index, ...refusal });
    if (performance.now() - begun > SLICE) {
      await later(0);
      if (id !== newest) return;
      begun = performance.now();
    }
  }
  readings.turn();
  refusals.turn();
  const said = JSON.stringify(grammar ? refused : null);
  await say(id, () => analyse_with(path, `[${read.join()}]`, said));
}
