// The harness can fail: what it looks for it finds, and what is broken it reports.

import assert from "node:assert/strict";
import { test } from "node:test";
import { scrollsSideways, violations } from "./see.ts";
import { newPerson, startBrowser } from "./start.ts";

test("a broken page is caught", async () => {
  const browser = await startBrowser();
  try {
    const { page, complaints } = await newPerson(browser, { width: 390, height: 844 });
    await page.setContent("<html lang=en><title>x</title><main><img src='data:,'><div style='width:900px'>wide</div></main></html>");
    assert.equal(await scrollsSideways(page), true);
    assert.match((await violations(page)).join("\n"), /image-alt/);
    await page.evaluate(() => console.error("broken"));
    assert.match(complaints.join("\n"), /broken/);
  } finally {
    await browser.close();
  }
});
