// The part of wasm-bindgen's output that the worker uses.
declare module "studio-linter" {
  /** Compiles and starts the module; first of all calls. */
  export default function start(options: { module_or_path: string }): Promise<unknown>;
  export function begin(applied: string[], server?: number): void;
  export function put(path: string, text: string): void;
  export function analyse(path: string, text: string): string;
  export function statements(path: string): string[];
  export function for_grammar(path: string): Uint8Array;
  export function analyse_with(path: string, readings: string, refusals: string): string;
}

declare module "studio-parser" {
  /** Compiles and starts the module; first of all calls. */
  export default function start(options: { module_or_path: string }): Promise<unknown>;
  export function readings(statement: string): string;
}

// libpg_query's own loader, as far as the worker uses it.
declare module "postgres-grammar" {
  export interface Grammar {
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    _wasm_parse_query_raw(text: number): number;
    _wasm_free_parse_result(result: number): void;
    lengthBytesUTF8(text: string): number;
    stringToUTF8(text: string, pointer: number, bytes: number): void;
    UTF8ToString(pointer: number): string;
    getValue(pointer: number, type: "i32"): number;
  }
  export default function compile(options: { locateFile: () => string }): Promise<Grammar>;
}
