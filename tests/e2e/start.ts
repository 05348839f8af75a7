// Starts what a story needs and stops it again: the studio on folders of its own, the browser, people.
// It knows no page.

import { spawn, type ChildProcess } from "node:child_process";
import { chmod, cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, selectors, type Browser, type BrowserContext, type Page } from "playwright-core";

/** The repository's root: tests run from `tests/e2e`. */
export const root = join(process.cwd(), "..", "..");

export interface Studio {
  /** The address, without a path. */
  readonly origin: string;
  /** The one-time link that was printed. */
  readonly link: string;
  /** The studio's own copy of the migrations. */
  readonly migrations: string;
  /** What it printed so far. */
  output(): string;
  /** Ends it as Ctrl-C does and waits until it is gone. */
  stop(): Promise<void>;
  /** Ends it as a power cut does. */
  kill(): Promise<void>;
  /** Starts it again on the same folders and at the same address. */
  restart(): Promise<Studio>;
  /** Stops it and removes its folders. */
  remove(): Promise<void>;
}

/** A studio on a copy of the repository's migrations and an empty database. */
export async function startStudio(): Promise<Studio> {
  const home = await mkdtemp(join(tmpdir(), "studio-e2e-"));
  // Under root PostgreSQL runs as another user, who must be able to enter.
  await chmod(home, 0o755);
  const migrations = join(home, "migrations");
  await cp(join(root, "migrations"), migrations, { recursive: true });
  return startIn(home, migrations, "127.0.0.1:0");
}

async function startIn(home: string, migrations: string, listen: string): Promise<Studio> {
  const binary = process.env["STUDIO_BINARY"] ?? join(root, "target", "release", "studio");
  const args = ["serve", "--listen", listen, "--migrations", migrations, "--data-dir", join(home, "data")];
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
  const said: string[] = [];
  const link = await printedLink(child, said);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  };
  return {
    origin: new URL(link).origin,
    link,
    migrations,
    output: () => said.join(""),
    stop: () => end("SIGINT"),
    kill: () => end("SIGKILL"),
    restart: () => startIn(home, migrations, new URL(link).host),
    remove: async () => {
      await end("SIGINT");
      await rm(home, { recursive: true, force: true });
    },
  };
}

function printedLink(child: ChildProcess, said: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const giveUp = setTimeout(() => reject(new Error(`no link within 60 s:\n${said.join("")}`)), 60_000);
    const hear = (chunk: Buffer) => {
      said.push(chunk.toString());
      // Its output is no terminal, so the link is in a file.
      const file = / is in (.+)\n/.exec(said.join(""))?.[1];
      if (file) {
        clearTimeout(giveUp);
        readFile(file, "utf8").then((link) => resolve(link.trim()), reject);
      }
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("error", (error) => reject(error));
    child.once("exit", (code) => {
      clearTimeout(giveUp);
      reject(new Error(`the studio ended with ${code}:\n${said.join("")}`));
    });
  });
}

/** The system's Chromium. */
export function startBrowser(): Promise<Browser> {
  selectors.setTestIdAttribute("data-test");
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];
  return chromium.launch({ executablePath, args, headless: true });
}

export interface Person {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the page and refused resources: a story ends with none. */
  readonly complaints: string[];
}

export interface Look {
  width?: number;
  height?: number;
  colorScheme?: "light" | "dark";
}

/** Somebody with a browser of their own: other cookies, other storage. */
export async function newPerson(browser: Browser, look: Look = {}): Promise<Person> {
  const context = await browser.newContext({
    viewport: { width: look.width ?? 1440, height: look.height ?? 900 },
    colorScheme: look.colorScheme ?? "light",
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    // The browser logs each refused request; who is not signed in yet is refused once, by design.
    const refused = message.text().includes("401 (Unauthorized)");
    // Chromium itself styles text that replaces a selection in an editable element; no script of the page
    // does, and the policy stops it. A style of the page's own would name the line that set it.
    const { lineNumber, columnNumber } = message.location();
    const editing = message.text().startsWith("Applying inline style") && lineNumber === 0 && columnNumber === 0;
    if (message.type() === "error" && !refused && !editing) complaints.push(`console: ${message.text()}`);
  });
  return { page, context, complaints };
}
