// The worker around the linter's wasm module: messages in, messages out, one at a time.
//
// `studio-linter` is the JavaScript that wasm-bindgen (target web) makes for this crate; the bundler maps the name
// to the generated file. After a trap the instance is poisoned: this worker then only says so, and the page starts
// another one.
//
// An analysis is answered at once. When no other text has come for a moment, PostgreSQL's own grammar reads the
// statements too, and the same request is answered a second time if that changes anything.

import start, { analyse, analyse_with, begin, put, statements } from "studio-linter";

import type { Reader, Refusal } from "./grammar";

interface File {
  path: string;
  text: string;
}

/** Where the grammar is: its script and its wasm module. */
interface GrammarAddress {
  script: string;
  wasm: string;
}

/** `start` comes first and once. */
type Request =
  | { id: number; kind: "start"; wasm: string; grammar: GrammarAddress }
  | { id: number; kind: "load"; files: readonly File[]; applied: string[] }
  | ({ id: number; kind: "analyse" } & File);

/** `path`: the file that was being read when it failed. */
type Answer = { id: number; ok: string } | { id: number; error: string; trapped: boolean; path: string };

let reading = "";

async function answer(request: Request): Promise<string> {
  switch (request.kind) {
    case "start":
      grammarAddress = request.grammar;
      await start({ module_or_path: request.wasm });
      return "";
    case "load":
      begin(request.applied);
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
  if (data.kind === "analyse") void answered.then(() => judgeSoon(data.id, data));
});

// The grammar ------------------------------------------------------------------------------------------------------

/** Milliseconds without another text after which the grammar reads this one. */
const PAUSE = 200;

/** Milliseconds that the grammar may read before a message that has come meanwhile is heard. */
const SLICE = 12;

let grammarAddress: GrammarAddress | undefined;
let grammar: Promise<Reader | null> | undefined;

/** Without it everything else works, and the page does not say that PostgreSQL accepts the text. */
async function loadGrammar(): Promise<Reader | null> {
  if (!grammarAddress) return null;
  try {
    const script = (await import(grammarAddress.script)) as typeof import("./grammar");
    return await script.load(grammarAddress.wasm);
  } catch (cause) {
    console.warn("PostgreSQL's grammar could not be loaded:", cause);
    // The next pause tries again.
    grammar = undefined;
    return null;
  }
}

/** What the grammar said of the statements of the text before: an edit changes few of them. */
let known = new Map<string, Refusal | null>();

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function judgeSoon(id: number, file: File): Promise<void> {
  await later(PAUSE);
  if (id !== newest) return;
  const read = await (grammar ??= loadGrammar());
  if (!read || id !== newest) return;
  const refusals: ({ index: number } & Refusal)[] = [];
  const now = new Map<string, Refusal | null>();
  let begun = performance.now();
  for (const [index, sql] of statements(file.path).entries()) {
    if (sql === "") continue;
    let refusal = known.get(sql);
    if (refusal === undefined) {
      try {
        refusal = read(sql);
      } catch (cause) {
        // A trap: the instance is of no more use, and nothing is said of this text.
        console.warn("PostgreSQL's grammar failed:", cause);
        grammar = undefined;
        return;
      }
    }
    now.set(sql, refusal);
    if (refusal) refusals.push({ index, ...refusal });
    if (performance.now() - begun > SLICE) {
      await later(0);
      if (id !== newest) return;
      begun = performance.now();
    }
  }
  known = now;
  await say(id, () => analyse_with(file.path, JSON.stringify(refusals)));
}
