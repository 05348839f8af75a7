// PostgreSQL's own grammar, compiled to wasm (libpg_query): the exact verdict on one statement. Its version is pinned in
// `frontend/editor/package.json` and named in `src/wire.rs`.

import compiled, { type Grammar } from "postgres-grammar";

/** What PostgreSQL says of a statement that it cannot read. */
export interface Refusal {
  message: string;
  /** Characters of the statement before the place, as PostgreSQL counts them: by code point. */
  position: number;
}

/** Reads one statement. */
export type Reader = (sql: string) => Refusal | "accepted";

/** Fetches and compiles the grammar; `wasm` is the address of its module. */
export async function load(wasm: string): Promise<Reader> {
  const grammar = await compiled({ locateFile: () => wasm });
  return (sql) => read(grammar, sql);
}

// The layout of libpg_query's PgQueryParseResult and PgQueryError, in bytes.
const ERROR_OF_RESULT = 8;
const POSITION_OF_ERROR = 16;

function read(grammar: Grammar, sql: string): Refusal | "accepted" {
  const length = grammar.lengthBytesUTF8(sql) + 1;
  const text = grammar._malloc(length);
  let result = 0;
  try {
    grammar.stringToUTF8(sql, text, length);
    result = grammar._wasm_parse_query_raw(text);
    if (result === 0) throw new Error("the grammar ran out of memory");
    const error = grammar.getValue(result + ERROR_OF_RESULT, "i32");
    if (error === 0) return "accepted";
    const position = grammar.getValue(error + POSITION_OF_ERROR, "i32");
    return {
      message: grammar.UTF8ToString(grammar.getValue(error, "i32")),
      position: Math.max(position - 1, 0),
    };
  } finally {
    grammar._free(text);
    if (result !== 0) grammar._wasm_free_parse_result(result);
  }
}
