// Every page has an address: links write it, a reload shows the same page, and back leads back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { invite, openMigrations, row, signIn, typeInEditor } from "./act.ts";
import { newPerson, startBrowser, startStudio, type Person, type Studio } from "./start.ts";

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

test("each entry of the navigation is a link with an address of its own", async () => {
  const { page } = ann;
  for (const [name, path] of [["Changes", "/changes"], ["Runs", "/runs"], ["Rules", "/rules"], ["People", "/people"], ["Migrations", "/migrations"]] as const) {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
    await page.waitForURL(`${studio.origin}${path}`);
    await page.reload();
    await page.getByRole("heading", { level: 1, name }).waitFor();
  }
  await page.goBack();
  await page.waitForURL(`${studio.origin}/people`);
  await page.getByRole("heading", { level: 1, name: "People" }).waitFor();
});

test("a file of the list opens under its address", async () => {
  const { page } = ann;
  await openMigrations(page);
  await row(page, setup).getByRole("link", { name: setup }).click();
  await page.waitForURL(`${studio.origin}/migrations/${setup}`);
  await page.reload();
  await page.getByRole("heading", { level: 1, name: setup }).waitFor();
});

test("a page whose code does not arrive says so, and comes with the next try", async () => {
  const { page } = ann;
  await page.route("**/assets/split_*", (route) => route.abort());
  await page.goto(`${studio.origin}/rules`);
  await page.getByTestId("error").getByText("page-not-loaded").waitFor();
  await page.unroute("**/assets/split_*");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { level: 1, name: "Rules" }).waitFor();
});

test("a draft outlives leaving at once, and ends with its proposal", async () => {
  const { page } = ann;
  await page.goto(`${studio.origin}/migrations/${setup}`);
  await page.locator(".cm-content").waitFor();
  await typeInEditor(page, "select 'kept';\n");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Runs" }).click();
  await page.waitForURL(/runs/);
  await page.goBack();
  await page.getByTestId("draft-restored").waitFor();
  await page.getByTestId("save").click();
  await page.getByRole("dialog").getByLabel("Title").fill("Kept");
  await page.getByRole("dialog").getByRole("button", { name: "Propose change" }).click();
  await page.waitForURL(/\/changes\/\d+/);
  await page.goto(`${studio.origin}/migrations/${setup}`);
  await page.getByTestId("draft-state").getByText("No edits").waitFor();
});

test("signing out takes drafts along, also what was typed a moment before", async () => {
  const kim = await invite(ann.page, browser, "author", "Kim");
  const { page } = kim;
  const drafts = () => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("studio.draft")));
  await page.goto(`${studio.origin}/migrations/${setup}`);
  await page.locator(".cm-content").waitFor();
  await typeInEditor(page, "select 'kept';\n");
  await page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith("studio.draft")));
  await typeInEditor(page, "select 'gone';\n");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  await page.waitForFunction(() => localStorage.length === 0);
  // Nothing of the page that is left writes one behind it.
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  assert.deepEqual(await drafts(), []);
});

test("a comment that cannot be sent is not lost", async () => {
  const { page } = ann;
  await page.goto(`${studio.origin}/changes/1`);
  const field = page.getByLabel("Comment on the change as a whole");
  await page.route("**/comments", (route) => route.abort());
  await field.fill("Long thought.");
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  await page.locator(".composer").getByTestId("error").waitFor();
  assert.equal(await field.inputValue(), "Long thought.");
  await page.unroute("**/comments");
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  await page.getByTestId("comment").getByText("Long thought.").waitFor();
  assert.equal(await field.inputValue(), "");
});

test("who signs in arrives where they wanted to go", async () => {
  await studio.stop();
  studio = await studio.restart();
  const stranger = await newPerson(browser);
  await stranger.page.goto(`${studio.origin}/rules?from=deep`);
  await stranger.page.waitForURL(/sign-in/);
  await stranger.page.getByLabel("Link or token").fill(studio.link);
  await stranger.page.getByRole("button", { name: "Use link" }).click();
  await stranger.page.waitForURL(`${studio.origin}/rules?from=deep`);
  await stranger.page.getByRole("heading", { level: 1, name: "Rules" }).waitFor();
});
