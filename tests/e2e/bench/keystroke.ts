// From a key to the painted finding, in the real editor of a running studio.
//
//   cd tests/e2e && npm ci
//   npx esbuild bench/keystroke.ts --bundle --platform=node --format=esm --packages=external --outfile=build/keystroke.mjs
//   node build/keystroke.mjs <address of a page with an editor> [one-time sign-in link]
//
// It fills the file to 800 lines, types statements at 60 ms a key, and ends each with a `)` too many: the time counts
// from that key's event to the frame with the new squiggle. Exit code 1 when p95 is over 100 ms or a task of the
// main thread took more than 50 ms while it typed. Nothing is saved; CHROMIUM names another browser.

import type { Page } from "playwright-core";
import { newPerson, startBrowser } from "../start";

const LINES = 800;
const ROUNDS = 40;
const KEY_PAUSE_MS = 60;
const P95_MS = 100;
const GIVE_UP_MS = 5_000;

interface Measured {
  readonly milliseconds: number[];
  readonly longTasks: number[];
}

declare global {
  interface Window {
    keystroke: { painted: Promise<number>; longTasks: number[]; marks(): number };
  }
}

const [address, link] = process.argv.slice(2);
if (address === undefined) {
  console.error("usage: keystroke <address of a page with an editor> [one-time sign-in link]");
  process.exit(2);
}

const browser = await startBrowser();
try {
  const { page } = await newPerson(browser);
  if (link !== undefined) {
    await page.goto(link);
    await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
  }
  await page.goto(address);
  process.exitCode = report(await measure(page));
} finally {
  await browser.close();
}

async function measure(page: Page): Promise<Measured> {
  const content = page.locator(".cm-content[contenteditable=true]");
  await content.click();
  await page.keyboard.press("ControlOrMeta+End");
  await fill(page);
  await watch(page);
  await settled(page);
  await page.evaluate(() => window.keystroke.longTasks.splice(0));

  const milliseconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await page.keyboard.type(`\nselect ${round} from bench_1`, { delay: KEY_PAUSE_MS });
    await page.keyboard.press("Escape");
    const before = await settled(page);
    await arm(page, before);
    await page.keyboard.press(")");
    milliseconds.push(await page.evaluate(() => window.keystroke.painted));
    await page.keyboard.type(" and;", { delay: KEY_PAUSE_MS });
    for (let key = 0; key < 6; key++) await page.keyboard.press("Backspace", { delay: KEY_PAUSE_MS });
    await page.waitForFunction((marks) => window.keystroke.marks() <= marks, before);
    await page.keyboard.type(";", { delay: KEY_PAUSE_MS });
  }
  return { milliseconds, longTasks: await page.evaluate(() => window.keystroke.longTasks) };
}

/** Brings the file to the length the bar is about. */
async function fill(page: Page): Promise<void> {
  const last = await page.locator(".cm-lineNumbers .cm-gutterElement").last().textContent();
  const missing = Math.max(0, LINES - ROUNDS - Number(last));
  const line = (at: number) => `create table if not exists bench_${at} (id bigint primary key, name text not null);`;
  await page.keyboard.insertText(`\n${Array.from({ length: missing }, (_, at) => line(at + 1)).join("\n")}`);
}

/** Collects long tasks from now on and says how many errors are marked. */
async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const longTasks: number[] = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration))).observe({
      type: "longtask",
    });
    const marks = () => document.querySelectorAll(".cm-content :is(.cm-lintRange-error, .cm-lintPoint-error)").length;
    window.keystroke = { painted: Promise.resolve(0), longTasks, marks };
  });
}

/** The number of marks once it stays the same for ten frames. */
function settled(page: Page): Promise<number> {
  return page.evaluate(async () => {
    let last = -1;
    for (let same = 0; same < 10; ) {
      await new Promise(requestAnimationFrame);
      const now = window.keystroke.marks();
      same = now === last ? same + 1 : 0;
      last = now;
    }
    return last;
  });
}

/** `painted` becomes the time from the next key to the frame in which there are more marks than before. */
async function arm(page: Page, before: number): Promise<void> {
  const arming = ({ marks, giveUp }: { marks: number; giveUp: number }) => {
    window.keystroke.painted = new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error(`no new finding within ${giveUp} ms`)), giveUp);
      let pressed = 0;
      addEventListener("keydown", (event) => (pressed = event.timeStamp), { capture: true, once: true });
      const observer = new MutationObserver(() => {
        if (pressed === 0 || window.keystroke.marks() <= marks) return;
        observer.disconnect();
        // The frame's callbacks come before its paint, a message after them comes behind it.
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => resolve(performance.now() - pressed);
          port2.postMessage(null);
        });
      });
      const content = document.querySelector(".cm-content");
      if (content) observer.observe(content, { subtree: true, childList: true, attributes: true });
    });
  };
  await page.evaluate(arming, { marks: before, giveUp: GIVE_UP_MS });
}

function report({ milliseconds, longTasks }: Measured): number {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity;
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  console.log(`key to painted finding, ${sorted.length} times: p50 ${ms(at(0.5))}, p95 ${ms(at(0.95))}, worst ${ms(at(1))}`);
  console.log(`main-thread tasks over 50 ms: ${longTasks.length}${longTasks.length > 0 ? ` (${longTasks.map(ms).join(", ")})` : ""}`);
  return at(0.95) <= P95_MS && longTasks.length === 0 ? 0 : 1;
}
