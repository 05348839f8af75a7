// The part of wasm-bindgen's output that boot.ts uses.
declare module "studio-frontend" {
  /** Compiles and starts the app. */
  export default function start(options: { module_or_path: string }): Promise<unknown>;
}
