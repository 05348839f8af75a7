// The main job from the keyboard to the database and back, with two people.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { approve, demandFourEyes, invite, openMigrations, outcome, propose, row, run, signIn, typeInEditor, write } from "./act.ts";
import { picture, scrollsSideways, violations } from "./see.ts";
import { newPerson, startBrowser, startStudio, type Person, type Studio } from "./start.ts";

const setup = "20250801000000_complete_setup.sql";
const workflow = "20250801000300_add_workflow_system.sql";
const validation = "validate/validate_workflow_schema.sql";
const draft = "20250801000350_add_run_notes.sql";

const notes = `-- Adds notes to workflow executions, because people explain what they saw.
--
-- role: feature
-- requires: 20250801000300_add_workflow_system
-- transaction: single
-- locks: a new table only
-- rollback: none because nothing reads it yet
-- validation: none because the table is all there is

create table if not exists public.archon_run_notes (
  id uuid primary key default gen_random_uuid(),
  body text not null
);

alter table public.archon_run_notes enable row level security;
`;

let studio: Studio;
let browser: Browser;
let ann: Person;
let bob: Person;

before(async () => {
  studio = await startStudio();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await studio?.remove();
});

test("the printed link signs in once and shows the set", async () => {
  ann = await signIn(studio, browser);
  await row(ann.page, setup).getByText("Pending").waitFor();
  assert.equal(await row(ann.page, workflow).getByText("Pending").count(), 1);
  assert.match(await row(ann.page, setup).innerText(), /public\.task_status/);
  await picture(ann.page, "migrations");

  const late = await newPerson(browser);
  await late.page.goto(studio.link);
  await late.page.getByRole("button", { name: "Sign in" }).waitFor();
  assert.match(late.page.url(), /sign-in/);
  await late.context.close();
});

test("one person alone proposes, tries, approves and runs", async () => {
  const { page } = ann;
  const change = await propose(page, [setup, workflow]);
  await page.getByTestId("one-person").waitFor();
  await page.getByTestId("missing").getByText("Nobody has approved these bytes").waitFor();

  await page.getByTestId("dry-run").click();
  assert.match(await outcome(page), /^Done/);
  await picture(page, "dry-run");
  await openMigrations(page);
  assert.equal(await row(page, setup).getByText("Pending").count(), 1, "a dry run leaves the target alone");

  await page.goto(change);
  await approve(page);
  assert.match(await run(page), /^Done/);
  await picture(page, "run");
  await openMigrations(page);
  await row(page, setup).getByText("Applied").waitFor();
  await row(page, workflow).getByText("Applied").waitFor();
});

test("a validation runs with one click and shows its lines as a table", async () => {
  const { page } = ann;
  await openMigrations(page);
  await row(page, validation).getByTestId("validate").click();
  assert.match(await outcome(page), /^Done/);
  const lines = page.getByTestId("checks").locator("tbody tr");
  assert.equal(await lines.filter({ hasText: "✅" }).count(), 13);
  assert.match(await page.getByTestId("check-counts").innerText(), /13 passed/);
  await picture(page, "validation");
});

test("findings appear while typing, and a fix removes its finding", async () => {
  const { page } = ann;
  await page.goto(`${studio.origin}/migrations/${workflow}`);
  await page.locator(".cm-content").waitFor();
  await typeInEditor(page, "create table public.bare (id int);\n");
  await page.locator(".cm-lintRange").first().waitFor();
  await page.getByText("rls-disabled-in-exposed-schema").first().waitFor();
  await picture(page, "editor");
  await page.getByRole("button", { name: "Enable row level security" }).first().click();
  await page.getByText("rls-disabled-in-exposed-schema").first().waitFor({ state: "detached" });
  assert.match(await page.locator(".cm-content").innerText(), /enable row level security/);
});

test("a second person reviews, an edit makes the approval stale, and the run follows the newest bytes", async () => {
  await demandFourEyes(ann.page);
  bob = await invite(ann.page, browser, "reviewer", "Bob");

  await write(ann.page, draft, notes, "Notes on runs");
  const change = ann.page.url();
  const mine = ann.page.getByTestId("approve");
  await mine.waitFor();
  assert.equal(await mine.isDisabled(), true, "four eyes: the author may not approve");

  await bob.page.goto(`${studio.origin}/changes`);
  await bob.page.getByText("Notes on runs").click();
  await bob.page.getByTestId("diff").getByText("archon_run_notes").first().waitFor();
  await bob.page.getByRole("button", { name: "Comment on line 10" }).click();
  await bob.page.getByLabel("Comment on the statement at line 10").fill("Why no created_at?");
  await bob.page.locator(".composer").first().getByRole("button", { name: "Comment" }).click();
  await bob.page.getByTestId("comment").getByText("Why no created_at?").waitFor();
  await approve(bob.page);
  await picture(bob.page, "change");

  await ann.page.getByTestId("comment").getByText("Why no created_at?").waitFor();
  await ann.page.getByRole("link", { name: "Edit" }).first().click();
  await ann.page.locator(".cm-content").waitFor();
  await typeInEditor(ann.page, notes.replace("body text not null", "body text not null,\n  created_at timestamptz not null default now()"));
  await ann.page.getByTestId("save").click();
  await ann.page.getByRole("dialog").getByRole("button", { name: "Save revision" }).click();
  await ann.page.waitForURL(change);
  await ann.page.getByTestId("stale-notice").waitFor();
  assert.equal(await ann.page.getByTestId("run").isDisabled(), true, "a stale approval opens nothing");

  await bob.page.getByTestId("stale-notice").waitFor();
  await picture(bob.page, "stale-approval");
  await approve(bob.page);
  await ann.page.reload();
  assert.match(await run(ann.page), /^Done/);
  await openMigrations(ann.page);
  await row(ann.page, draft).getByText("Applied").waitFor();
});

test("a failure shows SQLSTATE and the caret, and leaves nothing behind", async () => {
  const broken = "20250801000500_break.sql";
  const text = notes.replaceAll("archon_run_notes", "archon_half").replace(
    "alter table public.archon_half enable",
    "insert into public.archon_half (id, body) values (gen_random_uuid(), null);\n\nalter table public.archon_half enable",
  );
  await write(ann.page, broken, text, "Break");
  await bob.page.goto(ann.page.url());
  await approve(bob.page);
  await ann.page.reload();
  assert.match(await run(ann.page), /^Failed/);
  const failure = ann.page.getByTestId("failure");
  assert.match(await failure.innerText(), /23502/);
  assert.match(await failure.innerText(), /rolled back/);
  await picture(ann.page, "failure");
  await openMigrations(ann.page);
  assert.equal(await row(ann.page, broken).getByText("Applied").count(), 0);
});

/** The change with characters that nobody sees. */
let unseen = "";

test("what people and databases say stays text", async () => {
  const { page } = ann;
  const markup = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>";
  await page.goto(`${studio.origin}/changes/1`);
  await page.getByLabel("Comment on the change as a whole").fill(markup);
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  await page.getByTestId("comment").getByText(markup).waitFor();

  const hostile = "20250801000600_say_markup.sql";
  await write(page, hostile, `do $$ begin raise notice '%', '${markup.replaceAll("'", "''")}'; end $$;\n`, markup);
  await bob.page.goto(page.url());
  await approve(bob.page);
  await page.reload();
  assert.match(await run(page), /^Done/);
  await page.locator(".run-notices").getByText(markup).waitFor();
  assert.equal(await page.locator("main b, main img").count(), 0);
  assert.doesNotMatch(await page.title(), /owned$/);
});

test("what nobody sees is shown in a comparison, and is an error", async () => {
  const { page } = ann;
  const text = "delete from app.author where id = 1 /*\u202e safe \u2066*/;\nselect 1 as us\u200bers;\n";
  await write(page, "20250801000700_say_unseen.sql", text, "Pay\u202ements");
  await page.getByRole("heading", { level: 1, name: "Pay‹U+202E›ments" }).waitFor();
  const diff = page.getByTestId("diff");
  await diff.getByText("delete from app.author where id = 1 /*‹U+202E› safe ‹U+2066›*/;").waitFor();
  await diff.getByText("select 1 as us‹U+200B›ers;").waitFor();
  assert.equal(await diff.getByText("hidden-character").count(), 3);
  assert.equal(await page.getByTestId("run").isDisabled(), true);
  unseen = new URL(page.url()).pathname;
});

test("every page stands in both themes, wide and narrow", async () => {
  const pages = [unseen, "/migrations", `/migrations/${workflow}`, "/changes", "/changes/1", "/changes/1?tab=plan", "/runs", "/people", "/rules", "/nowhere"];
  const cookies = await ann.context.cookies();
  const runs = await ann.page.evaluate(async () => (await (await fetch("/api/runs")).json()) as { runs: { id: string }[] });
  const newest = runs.runs[0];
  assert.ok(newest);
  const wrong: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1440, 390]) {
      const looker = await newPerson(browser, { width, height: 844, colorScheme });
      await looker.context.addCookies(cookies);
      for (const path of [...pages, `/runs/${newest.id}`]) {
        await looker.page.goto(`${studio.origin}${path}`);
        await looker.page.getByRole("heading", { level: 1 }).first().waitFor();
        await looker.page.waitForLoadState("networkidle").catch(() => undefined);
        const name = `${path.replaceAll(/[^a-z0-9]+/g, "-")}-${colorScheme}-${width}`.replace(/^-/, "");
        await picture(looker.page, name);
        if (await scrollsSideways(looker.page)) wrong.push(`${name}: scrolls sideways`);
        for (const violation of await violations(looker.page)) wrong.push(`${name}: ${violation}`);
      }
      wrong.push(...looker.complaints);
      await looker.context.close();
    }
  }
  assert.deepEqual(wrong, []);
});

test("nobody's browser complained", () => {
  assert.deepEqual([...ann.complaints, ...bob.complaints], []);
});
