// Writes a brotli copy beside each file named in the arguments, at the highest quality.
// Node's zlib is native code: the same work in a debug build of a Rust crate takes minutes.

import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const compress = promisify(brotliCompress);

// Run by `node --eval`, which puts no script's name before the arguments.
await Promise.all(
  process.argv.slice(1).map(async (path) => {
    const bytes = await readFile(path);
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    await writeFile(`${path}.br`, await compress(bytes, { params }));
  }),
);
