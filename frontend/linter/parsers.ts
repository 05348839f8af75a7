// The two parsers of the second reading, in one script of their own: they are larger than everything else in the worker,
// and nothing waits for them.

import startParser, { readings } from "studio-parser";

import { load as loadGrammar, type Reader } from "./grammar";

/** Where the wasm modules are. */
export type Addresses = [grammar: string, parser: string];

/** One is missing when its module could not be loaded. */
export interface Parsers {
  grammar?: Reader | undefined;
  /** How much sqlparser reads of a statement and of those in its bodies, as JSON. */
  parser?: ((sql: string) => string) | undefined;
}

/** Fetches and compiles both modules. */
export async function load([grammar, parser]: Addresses): Promise<Parsers> {
  const [reader, started] = await Promise.all([
    loadGrammar(grammar).catch(missing),
    startParser({ module_or_path: parser }).catch(missing),
  ]);
  return { grammar: reader, parser: started === undefined ? undefined : readings };
}

function missing(cause: unknown): undefined {
  console.warn("A parser could not be loaded:", cause);
}
