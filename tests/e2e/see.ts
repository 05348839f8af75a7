// What a person perceives: screenshots for the eye, axe for assistive technology.

import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "playwright-core";

const shots = join(process.cwd(), "screenshots");

/** Keeps a picture of what the page shows. */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(shots, { recursive: true });
  // Hiding the caret would add a style to the page, which its policy rightly refuses.
  await page.screenshot({ path: join(shots, `${name}.png`), caret: "initial" });
}

interface Violation {
  id: string;
  help: string;
  nodes: { target: unknown; failureSummary?: string }[];
}

/** What axe-core objects to, by the rules of WCAG 2.2 A and AA. */
export async function violations(page: Page): Promise<string[]> {
  const script = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  const { readFile } = await import("node:fs/promises");
  // Evaluated through the debugger, so the page's own content security policy stays as strict as it is.
  await page.evaluate(await readFile(script, "utf8"));
  const found = await page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run: (root: unknown, options: unknown) => Promise<{ violations: Violation[] }> } }).axe;
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    return (await axe.run(document, { runOnly: { type: "tag", values: tags } })).violations;
  });
  return found.map((violation) => {
    const places = violation.nodes.slice(0, 3).map((node) => `${JSON.stringify(node.target)} ${node.failureSummary ?? ""}`);
    return `${violation.id}: ${violation.help}\n  ${places.join("\n  ")}`;
  });
}

/** Whether the page scrolls sideways, which it never should. */
export function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}
