// PostgreSQL's own grammar in the editor: it says what it accepts, names the place of what it does not, accuses nothing
// that only psql or a template understands, and is not needed for anything else.

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

async function open(page: Page): Promise<void> {
  await page.goto(`${studio.origin}/migrations/${setup}`);
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

test("without the grammar everything else works", async () => {
  const { page } = ann;
  await page.route("**/assets/grammar-*", (route) => route.abort());
  await open(page);
  await typeInEditor(page, "create table public.bare (a int);\n");
  await finding(page, "row level security").first().waitFor();
  assert.equal(await accepted(page).count(), 0);
  await page.unroute("**/assets/grammar-*");
});
