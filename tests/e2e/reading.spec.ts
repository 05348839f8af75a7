// The second reading of a text in the editor. PostgreSQL's own grammar says what it accepts, names the place of what it
// does not, and accuses nothing that only psql or a template understands; sqlparser says how much it reads; the model of
// the set gives names. Neither parser is needed for anything else.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { signIn, typeInEditor } from "./act.ts";
import { startBrowser, startStudio, type Person, type Studio } from "./start.ts";

const setup = "20250801000000_complete_setup.sql";

let studio: Studio;
let browser: Browser;
let ann: Person;

before(async () => {
  studio = await startStudio();
  browser = await startBrowser();
  ann = await signIn(studio, browser);
});

after(async () => {
  await browser?.close();
  await studio?.remove();
});

async function open(page: Page, file = setup): Promise<void> {
  await page.goto(`${studio.origin}/migrations/${file}`);
  await page.locator(".cm-content").waitFor();
}

const accepted = (page: Page) => page.getByTestId("coverage").getByText("PostgreSQL 18 reads them all");
const finding = (page: Page, text: string) =>
  page.getByRole("list", { name: "Findings" }).getByRole("listitem").filter({ hasText: text });

test("what PostgreSQL reads is said, and what it does not is shown at its place", async () => {
  const { page } = ann;
  await open(page);
  await accepted(page).waitFor();
  await typeInEditor(page, "select 'ä', 1 frm t;\n");
  const refused = finding(page, 'syntax error at or near "t"');
  await refused.waitFor();
  assert.match((await refused.textContent()) ?? "", /Line 1:19/);
  assert.equal(await accepted(page).count(), 0);
  // Undone, it is gone.
  await page.keyboard.press("Control+z");
  await refused.waitFor({ state: "detached" });
  await accepted(page).waitFor();
});

test("what only psql understands is not accused", async () => {
  const { page } = ann;
  await open(page);
  await typeInEditor(page, "select :'name', :other;\nselect 1 frm t;\n");
  // The second statement is judged, so the first one was passed over.
  await finding(page, 'syntax error at or near "t"').waitFor();
  assert.equal(await finding(page, "syntax-error").count(), 1);
  await page.keyboard.press("Control+z");
});

test("how much was read in full is said", async () => {
  const { page } = ann;
  await open(page, "20250801000300_add_workflow_system.sql");
  const read = page.getByTestId("coverage").getByText(/^\d+ of \d+ statements read in full/);
  await read.waitFor();
  const [, parsed, statements] = /(\d+) of (\d+)/.exec((await read.textContent()) ?? "") ?? [];
  assert.ok(Number(parsed) > 0 && Number(parsed) < Number(statements), `${parsed} of ${statements}`);
  await typeInEditor(page, "select 1;\ndo $$ begin execute current_setting('a.b'); end $$;\n");
  const dynamic = "1 of 2 statements read in full; PostgreSQL 18 reads them all; 1 EXECUTE of unknown text";
  await page.getByTestId("coverage").getByText(dynamic).waitFor();
  await page.keyboard.press("Control+z");
});

test("the set's tables are offered, and their columns", async () => {
  const { page } = ann;
  await open(page, "20250801000400_add_additional_workflow_templates.sql");
  await accepted(page).waitFor();
  const offered = page.locator(".cm-tooltip-autocomplete");
  for (const [typed, name] of [
    ["select * from archon_tas", "archon_tasks"],
    ["select public.archon_tasks.", "title"],
    ["select archon_tasks.", "title"],
  ] as const) {
    await typeInEditor(page, typed);
    await page.keyboard.press("Control+Space");
    await offered.getByText(name, { exact: true }).first().waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+z");
  }
});

test("where neither parser can be loaded it is tried once a pause", async () => {
  const { page } = ann;
  let tries = 0;
  await page.route("**/assets/parsers-*", (route) => {
    tries += 1;
    return route.abort();
  });
  await open(page, "20250801000400_add_additional_workflow_templates.sql");
  await typeInEditor(page, `${"select 1;\n".repeat(50)}create table public.bare (a int);\nselect bare.`);
  // The names of what is being written come with the second reading.
  const offered = page.locator(".cm-tooltip-autocomplete").getByText("a", { exact: true });
  for (let attempt = 0; attempt < 15 && (await offered.count()) === 0; attempt += 1) {
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+Space");
    await offered.first().waitFor({ timeout: 1_000 }).catch(() => undefined);
  }
  assert.equal(await offered.count(), 1);
  assert.ok(tries <= 4, `${tries} tries`);
  await page.unroute("**/assets/parsers-*");
});

for (const [name, file, missing] of [
  ["PostgreSQL's grammar", "grammar-*", "reads them all"],
  ["sqlparser", "parser-*", "read in full"],
] as const) {
  test(`without ${name} everything else works`, async () => {
    const { page } = ann;
    const asked = page.waitForRequest(`**/assets/${file}`);
    await page.route(`**/assets/${file}`, (route) => route.abort());
    await open(page);
    await asked;
    await typeInEditor(page, "create table public.bare (a int);\n");
    await finding(page, "row level security").first().waitFor();
    await page.keyboard.type(" select 1 frm t;");
    if (name === "sqlparser") await finding(page, 'syntax error at or near "t"').waitFor();
    else await page.getByTestId("coverage").getByText("read in full").waitFor();
    assert.equal(await page.getByTestId("coverage").getByText(missing).count(), 0);
    await page.unroute(`**/assets/${file}`);
  });
}
