// What people do in the studio, in their words. Each waits until the page shows that it happened.

import type { Locator, Page } from "playwright-core";
import { newPerson, type Look, type Person, type Studio } from "./start.ts";
import type { Browser } from "playwright-core";

/** Opens the printed link; it works once. */
export async function signIn(studio: Studio, browser: Browser, look: Look = {}): Promise<Person> {
  const person = await newPerson(browser, look);
  await person.page.goto(studio.link);
  await person.page.getByRole("heading", { level: 1, name: "Migrations" }).waitFor();
  return person;
}

/** Makes an invitation and opens it in another browser. */
export async function invite(host: Page, browser: Browser, role: string, name: string, look: Look = {}): Promise<Person> {
  await host.goto(new URL("/people", host.url()).href);
  await host.getByLabel("Name of the invited person").fill(name);
  await host.getByLabel("Role of the invited person").selectOption(role);
  await host.getByRole("button", { name: "Make link" }).click();
  const link = await host.getByLabel("Invitation link").inputValue();
  const guest = await newPerson(browser, look);
  await guest.page.goto(link);
  await guest.page.getByRole("button", { name: "Join" }).click();
  await guest.page.getByRole("heading", { level: 1, name: "Migrations" }).waitFor();
  return guest;
}

/** Nobody approves what they wrote, from now on. */
export async function demandFourEyes(page: Page): Promise<void> {
  await page.goto(new URL("/people", page.url()).href);
  await page.getByLabel("Four eyes").check();
  await page.getByText("Somebody else must approve each change.").waitFor();
}

/** The row of a file on the migrations page. */
export function row(page: Page, path: string): Locator {
  return page.locator(`tr[data-path="${path}"]`);
}

export async function openMigrations(page: Page): Promise<void> {
  await page.goto(new URL("/migrations", page.url()).href);
  await page.locator("tr[data-path]").first().waitFor();
}

/** Proposes files of the folder as they are; returns the change's address. */
export async function propose(page: Page, paths: string[]): Promise<string> {
  await openMigrations(page);
  for (const path of paths) await row(page, path).getByRole("checkbox").check();
  await page.locator(".bulk").getByRole("button", { name: "Propose for review" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Propose for review" }).click();
  await page.waitForURL(/\/changes\/\d+/);
  return page.url();
}

export async function approve(page: Page): Promise<void> {
  await page.getByTestId("approve").click();
  await page.getByTestId("confirm-decision").click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.locator('[data-test="decision"]:not([data-stale])').first().waitFor();
}

/** Presses Run, confirms, and waits for the end; returns the outcome as the page words it. */
export async function run(page: Page): Promise<string> {
  await page.getByTestId("run").click();
  await page.getByTestId("confirm-run").click();
  return outcome(page);
}

/** Waits until the run on this page has ended. */
export async function outcome(page: Page): Promise<string> {
  await page.waitForURL(/\/runs\//);
  const said = page.getByTestId("outcome");
  await said.waitFor({ timeout: 60_000 });
  return (await said.innerText()).trim();
}

/** Puts the text of a file into the editor in place of what stands there. */
export async function typeInEditor(page: Page, text: string): Promise<void> {
  const editor = page.locator(".cm-content");
  await editor.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}

/** Writes a file that does not exist yet and proposes it; ends on the change's page. */
export async function write(page: Page, path: string, text: string, title: string): Promise<void> {
  await page.goto(new URL(`/migrations/new?name=${path}`, page.url()).href);
  await page.locator(".cm-content").waitFor();
  await typeInEditor(page, text);
  await page.getByTestId("save").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Title").fill(title);
  await dialog.getByRole("button", { name: "Propose change" }).click();
  await page.waitForURL(/\/changes\/\d+/);
}
