// The worker's modules outside of a browser, as the build leaves them, and the SQL they are given.

import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

interface Module {
  default(options: { module_or_path: Uint8Array }): Promise<unknown>;
}

/** `studio-linter`, as `frontend/linter/glue.d.ts` has it. */
export interface Linter extends Module {
  begin(applied: string[]): void;
  put(path: string, text: string): void;
  analyse(path: string, text: string): string;
  statements(path: string): string[];
  analyse_with(path: string, readings: string, refusals: string): string;
}

/** `studio-parser`. */
export interface Parser extends Module {
  readings(statement: string): string;
}

/** Compiles and starts a module: `linter` or `parser`. */
export async function load<M extends Module>(folder: string, name: string): Promise<M> {
  const module = (await import(pathToFileURL(resolve(folder, `${name}.js`)).href)) as M;
  await module.default({ module_or_path: readFileSync(resolve(folder, `${name}_bg.wasm`)) });
  return module;
}

/** The `.sql` files below a folder, by path. */
export function sqlFiles(folder: string): { path: string; text: string }[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".sql"));
  return names.sort().map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") }));
}

/** This repository's migrations, seen from `build`, where esbuild puts what imports this. */
export const MIGRATIONS = resolve(import.meta.dirname, "../../../migrations");
