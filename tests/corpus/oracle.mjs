// PostgreSQL's own grammar as the judge: reads JSON strings, one SQL text a line, and answers one line each.
// It says where statements lie, what kind each is, which objects it names, and what PL/pgSQL bodies hold.
// It knows nothing of the reader that is judged.
//
// Usage: node oracle.mjs FOLDER_WITH_NODE_MODULES < texts.jsonl

import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bodies } from "./oracle_bodies.mjs";
import { describe } from "./oracle_objects.mjs";

const grammar = createRequire(join(process.argv[2], "package.json"))("libpg-query");
await grammar.loadModule();

/** @param {string} text */
function judge(text) {
  let tree;
  try {
    tree = grammar.parseSync(text);
  } catch (error) {
    return { error: error.message };
  }
  const bytes = Buffer.from(text);
  const statements = (tree.stmts ?? []).map(({ stmt, stmt_location: start = 0, stmt_len: length }) => {
    const end = length ? start + length : bytes.length;
    const own = bytes.subarray(start, end).toString();
    return { start, end, ...describe(stmt, own), bodies: bodies(grammar, stmt, own) };
  });
  return { statements };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(`${JSON.stringify(judge(JSON.parse(line)))}\n`);
}
