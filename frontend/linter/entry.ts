// The worker around the linter's wasm module: messages in, messages out, one at a time.
//
// `studio-linter` is the JavaScript that wasm-bindgen (target web) makes for this crate; the bundler maps the name
// to the generated file. After a trap the instance is poisoned: this worker then only says so, and the page starts
// another one.

import start, { analyse, begin, put } from "studio-linter";

interface File {
  path: string;
  text: string;
}

/** `start` comes first and once. */
type Request =
  | { id: number; kind: "start"; wasm: string }
  | { id: number; kind: "load"; files: readonly File[]; applied: string[] }
  | ({ id: number; kind: "analyse" } & File);

/** `path`: the file that was being read when it failed. */
type Answer = { id: number; ok: string } | { id: number; error: string; trapped: boolean; path: string };

let reading = "";

async function answer(request: Request): Promise<string> {
  switch (request.kind) {
    case "start":
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

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  last = last.then(async () => {
    reading = "";
    let said: Answer;
    try {
      said = { id: data.id, ok: await answer(data) };
    } catch (cause) {
      said = failure(data.id, cause);
    }
    self.postMessage(said);
  });
});
