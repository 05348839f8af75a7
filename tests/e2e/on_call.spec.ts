// What the one on call lives through: a run that hangs, a server that dies, a review on a phone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { approve, invite, openMigrations, outcome, row, signIn, typeInEditor, write } from "./act.ts";
import { picture, scrollsSideways } from "./see.ts";
import { startBrowser, startStudio, type Person, type Studio } from "./start.ts";

/** Makes a table, then takes its time. */
const slow = (table: string) =>
  `create table if not exists public.${table} (id bigint primary key);\n\nalter table public.${table} enable row level security;\n\nselect pg_sleep(60);\n`;

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

/** Approves and starts the change on this page, and waits until its slow statement runs. */
async function startSlowly(page: Page): Promise<void> {
  await approve(page);
  await page.getByTestId("run").click();
  await page.getByTestId("confirm-run").click();
  await page.waitForURL(/\/runs\//);
  await page.locator('[data-state="running"]').getByText("pg_sleep").waitFor();
}

test("a run that is cancelled says so and leaves nothing", async () => {
  const { page } = ann;
  const path = "20250801000700_hang.sql";
  await write(page, path, slow("archon_hang"), "Hang");
  await startSlowly(page);
  await picture(page, "running");
  await page.getByTestId("cancel").click();
  assert.match(await outcome(page), /^Cancelled/);
  await openMigrations(page);
  assert.equal(await row(page, path).getByText("Applied").count(), 0);
});

test("after the server dies in the middle of a run, the page finds it again and tells the truth", async () => {
  const { page } = ann;
  const path = "20250801000800_die.sql";
  await write(page, path, slow("archon_die"), "Die");
  await startSlowly(page);
  await studio.kill();
  await page.getByTestId("reconnecting").waitFor();
  await picture(page, "reconnecting");
  studio = await studio.restart();
  const said = await outcome(page);
  assert.match(said, /^Failed/);
  assert.match(said, /Nothing of this run is in the database/);
  assert.equal(await page.getByTestId("reconnecting").count(), 0);
  await picture(page, "after-the-kill");
  await openMigrations(page);
  assert.equal(await row(page, path).getByText("Applied").count(), 0);
});

test("a reviewer on a phone reads, asks, and sees what changed since", async () => {
  const path = "20250801000900_pocket.sql";
  const text = "create table if not exists public.archon_pocket (id bigint primary key);\n\nalter table public.archon_pocket enable row level security;\n";
  await write(ann.page, path, text, "Pocket");
  const change = ann.page.url();
  const eve = await invite(ann.page, browser, "reviewer", "Eve", { width: 390, height: 844 });
  const { page } = eve;
  await page.goto(change);
  await page.getByTestId("request-changes").click();
  await page.getByRole("dialog").getByLabel("What should change").fill("Add created_at.");
  await page.getByTestId("confirm-decision").click();
  await page.getByTestId("missing").getByText("Eve requests changes").waitFor();
  await page.getByRole("button", { name: "Comment on line 1" }).click();
  await page.getByLabel("Comment on the statement at line 1").fill("Here.");
  await page.locator(".composer").first().getByRole("button", { name: "Comment" }).click();
  await page.getByTestId("comment").getByText("Here.").waitFor();
  await picture(page, "review-390");
  assert.equal(await scrollsSideways(page), false);

  await ann.page.goto(change);
  const thread = ann.page.getByTestId("thread");
  await thread.getByRole("button", { name: "Reply" }).click();
  await thread.getByLabel("Reply").fill("Done.");
  await thread.locator(".composer").getByRole("button", { name: "Reply" }).click();
  await ann.page.getByTestId("comment").getByText("Done.").waitFor();
  await ann.page.getByRole("link", { name: "Edit" }).click();
  await ann.page.locator(".cm-content").waitFor();
  await typeInEditor(ann.page, text.replace("primary key", "primary key,\n  created_at timestamptz not null default now()"));
  await ann.page.getByTestId("save").click();
  await ann.page.getByRole("dialog").getByRole("button", { name: "Save revision" }).click();
  await ann.page.waitForURL(change);

  await page.getByRole("link", { name: "See what changed since" }).click();
  await page.waitForURL(/since=1/);
  await page.locator('.diff-code[data-kind="new"]').getByText("created_at").waitFor();
  assert.equal(await page.locator('.diff-code[data-kind="new"]').count(), 2, "the line that is new and the one that got its comma");
  await page.getByTestId("thread").getByRole("button", { name: "Resolve" }).click();
  await page.getByTestId("thread").getByRole("button", { name: "Reopen" }).waitFor();
  await approve(page);
  await page.getByTestId("missing").getByText("Running needs the role operator").waitFor();
  assert.deepEqual(eve.complaints, []);
});
