// The first script: the chosen colours before the first paint, then the app's wasm module.

import start from "studio-frontend";

const theme = readTheme();
if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;

const wasm = document.querySelector<HTMLMetaElement>("meta[name='studio:app-wasm']")?.content;
try {
  if (!wasm) throw new Error("the page does not say where the app is");
  await start({ module_or_path: wasm });
} catch (error) {
  console.error(error);
  document.body.dataset["broken"] = "true";
}

/** Storage may be forbidden; then the system's colours are right. */
function readTheme(): string | null {
  try {
    return localStorage.getItem("studio.theme");
  } catch {
    return null;
  }
}
