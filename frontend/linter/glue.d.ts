// The part of wasm-bindgen's output that the worker uses.
declare module "studio-linter" {
  /** Compiles and starts the module; first of all calls. */
  export default function start(options: { module_or_path: string }): Promise<unknown>;
  export function begin(applied: string[]): void;
  export function put(path: string, text: string): void;
  export function analyse(path: string, text: string): string;
}
