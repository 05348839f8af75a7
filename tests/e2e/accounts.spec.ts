// Coming in and being put out: a password, a remembered address, sessions, and an account that is closed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { invite, signIn } from "./act.ts";
import { picture, scrollsSideways, violations } from "./see.ts";
import { newPerson, startBrowser, startStudio, type Person, type Studio } from "./start.ts";

const password = "four words are plenty";

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

async function enter(page: Page, name: string): Promise<void> {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function isSound(page: Page, name: string): Promise<void> {
  assert.deepEqual(await violations(page), []);
  assert.equal(await scrollsSideways(page), false);
  await picture(page, name);
}

test("with a password somebody comes back without a link, to where they wanted to go", async () => {
  const { page, complaints } = ann;
  await page.getByTitle("Your account").click();
  await page.getByRole("heading", { level: 1, name: "Your account" }).waitFor();
  const field = page.getByLabel("New password");
  assert.deepEqual([await field.getAttribute("type"), await field.getAttribute("autocomplete")], ["password", "new-password"]);
  await field.fill("short");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByText("A password has 12 to 128 characters").waitFor();
  await page.getByLabel("New password").fill(password);
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByText("Your password is set").waitFor();
  await isSound(page, "account");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  await isSound(page, "sign-in");
  await page.goto(new URL("/runs", studio.origin).href);
  await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  await enter(page, "owner");
  await page.getByRole("heading", { level: 1, name: "Runs" }).waitFor();
  assert.deepEqual(complaints.filter((complaint) => !complaint.includes("422")), []);
});

test("another browser is seen among the sessions and ended from here", async () => {
  const phone = await newPerson(browser, { width: 390, height: 844, colorScheme: "dark" });
  await phone.page.goto(new URL("/account", studio.origin).href);
  await enter(phone.page, "Owner");
  await phone.page.getByTestId("sessions").getByText("This one").waitFor();
  await isSound(phone.page, "account-on-a-phone-in-the-dark");
  const { page } = ann;
  await page.goto(new URL("/account", studio.origin).href);
  await page.getByTestId("sessions").getByRole("button", { name: "End" }).first().click();
  await page.getByTestId("sessions").getByRole("button", { name: "End" }).first().waitFor({ state: "detached" });
  await phone.page.reload();
  await phone.page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  await isSound(phone.page, "sign-in-on-a-phone-in-the-dark");
});

test("the studio says what protects people here, and what is missing", async () => {
  const { page, complaints } = ann;
  const before = complaints.length;
  await page.goto(new URL("/account", studio.origin).href);
  await page.getByRole("link", { name: "About this studio" }).click();
  await page.getByRole("heading", { level: 1, name: "About this studio" }).waitFor();
  const about = page.getByTestId("about");
  await about.getByText("In force: a server process of its own, without network").waitFor();
  await about.getByText("In force: Only this machine can reach the studio").waitFor();
  await about.getByText("Missing: It is not production").waitFor();
  await isSound(page, "about");
  const phone = await newPerson(browser, { width: 390, height: 844, colorScheme: "dark" });
  await phone.page.goto(new URL("/about", studio.origin).href);
  await enter(phone.page, "Owner");
  await phone.page.getByTestId("about").waitFor();
  await isSound(phone.page, "about-on-a-phone-in-the-dark");
  assert.deepEqual(complaints.slice(before), []);
});

test("whoever is disabled is out, and an open link can be taken back", async () => {
  const eve = await invite(ann.page, browser, "viewer", "Eve");
  const { page } = ann;
  await page.goto(new URL("/people", studio.origin).href);
  await page.getByLabel("Name of the invited person").fill("Kim");
  await page.getByRole("button", { name: "Make link" }).click();
  const link = await page.getByLabel("Invitation link").inputValue();
  await page.getByTestId("invitations").getByText("Kim").waitFor();
  await isSound(page, "people");
  await page.getByRole("button", { name: "Revoke" }).click();
  await page.getByTestId("invitations").waitFor({ state: "detached" });
  const kim = await newPerson(browser);
  await kim.page.goto(link);
  await kim.page.getByRole("button", { name: "Join" }).click();
  await kim.page.getByText("was used already, has expired, or never existed").waitFor();
  await page.getByRole("row", { name: /Eve/ }).getByRole("button", { name: "Disable" }).click();
  await page.getByRole("button", { name: "Disable the account" }).click();
  await page.getByRole("row", { name: /Eve/ }).getByRole("button", { name: "Enable" }).waitFor();
  await eve.page.reload();
  await eve.page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
});

test("a pasted invitation opens the page to join, and an address of nothing leads back", async () => {
  const { page } = ann;
  await page.goto(new URL("/people", studio.origin).href);
  await page.getByLabel("Name of the invited person").fill("Lea");
  await page.getByRole("button", { name: "Make link" }).click();
  const link = await page.getByLabel("Invitation link").inputValue();
  const lea = await newPerson(browser, { width: 390, height: 844, colorScheme: "dark" });
  await lea.page.goto(new URL("/sign-in", studio.origin).href);
  await lea.page.getByLabel("Link or token").fill(link);
  await lea.page.getByRole("button", { name: "Use link" }).click();
  await lea.page.getByRole("heading", { level: 1, name: "Join the team" }).waitFor();
  assert.equal(new URL(lea.page.url()).hash, "", "the token does not stay in the address");
  await isSound(lea.page, "join-on-a-phone-in-the-dark");
  await lea.page.getByRole("button", { name: "Join" }).click();
  await lea.page.getByRole("heading", { level: 1, name: "Migrations" }).waitFor();
  for (const [path, heading, back] of [
    ["/changes/999", "There is no such change.", "Changes"],
    ["/runs/999", "There is no such run.", "Runs"],
  ] as const) {
    await lea.page.goto(new URL(path, studio.origin).href);
    await lea.page.getByRole("heading", { level: 1, name: heading }).waitFor();
    await isSound(lea.page, `nothing-at-${back.toLowerCase()}`);
    await lea.page.getByTestId("error").getByRole("link", { name: back }).click();
    await lea.page.getByRole("heading", { level: 1, name: back }).waitFor();
  }
});

test("disabling an account is asked about", async () => {
  const sue = await invite(ann.page, browser, "viewer", "Sue");
  const { page } = ann;
  await page.goto(new URL("/people", studio.origin).href);
  await page.getByRole("row", { name: /Sue/ }).getByRole("button", { name: "Disable" }).click();
  await isSound(page, "disable-an-account");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("row", { name: /Sue/ }).getByRole("button", { name: "Disable" }).waitFor();
  await sue.page.reload();
  await sue.page.getByRole("heading", { level: 1, name: "Migrations" }).waitFor();
});
