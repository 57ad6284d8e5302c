import { expect, test } from "@playwright/test";

import { mockEngine } from "./engine.ts";
import { settle } from "./pages.ts";

const ROWS = 100_000;
const RUNS = 10_000;

test.beforeEach(async ({ page }) => {
  await mockEngine(page, {
    items: ({ offset, limit, query }) => ({
      total: query ? 1 : ROWS,
      items: Array.from({ length: query ? 1 : Math.max(0, Math.min(limit, ROWS - offset)) }, (_, at) => ({
        item: offset + at,
        key: `key ${offset + at}`,
        title: query ? `Found ${query}` : `Item ${offset + at}`,
        categories: [],
        text: "",
        interactions: offset + at,
      })),
    }),
    runs: () =>
      Array.from({ length: RUNS }, (_, at) => ({
        run: RUNS - at,
        name: `Run of day ${at}`,
        dataset: at % 10 ? "shop" : "films",
        status: at % 7 ? "finished" : "failed",
        created_at: 1_700_000_000 - at * 60,
        secs: at % 600,
        error: null,
      })),
  });
  await page.goto("#/data/sample-films?tab=items");
  await settle(page);
});

test("100,000 rows scroll, and only those in sight are in the page", async ({ page }) => {
  const grid = page.getByRole("grid", { name: "Items" });
  await expect(grid.getByText("Item 0", { exact: true })).toBeVisible();
  expect(await grid.getAttribute("aria-rowcount")).toBe(String(ROWS + 1));
  // A jump into the middle, then a long way in small steps, as a wheel does.
  await grid.evaluate((box) => box.scrollTo(0, box.scrollHeight / 2));
  await expect(grid.getByText(/^Item 5\d{4}$/).first()).toBeVisible();
  const slowest = await grid.evaluate(async (box) => {
    let slowest = 0;
    for (let step = 0; step < 60; step += 1) {
      const before = performance.now();
      box.scrollBy(0, 400);
      await new Promise(requestAnimationFrame);
      slowest = Math.max(slowest, performance.now() - before);
    }
    return slowest;
  });
  test.info().annotations.push({ type: "slowest frame of 60, ms", description: slowest.toFixed(0) });
  expect(await grid.getByRole("row").count(), "rows out of sight leave the page").toBeLessThan(80);
  await grid.evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await expect(grid.getByText("Item 99999", { exact: true })).toBeVisible();
});

test("the keyboard walks through the cells and opens one", async ({ page }) => {
  const grid = page.getByRole("grid", { name: "Items" });
  await expect(grid.getByText("Item 0", { exact: true })).toBeVisible();
  await grid.focus();
  await page.keyboard.press("Control+End");
  await expect(grid.getByText("Item 99999", { exact: true })).toBeVisible();
  const active = await grid.getAttribute("aria-activedescendant");
  await expect(page.locator(`[id="${active}"]`), "the active cell is in the page and in sight").toBeInViewport();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const panel = page.getByRole("dialog", { name: "Item 1" });
  await expect(panel).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
  await expect(grid, "the focus returns to where it was").toBeFocused();
});

test("a search is the engine's, and columns can be hidden", async ({ page }) => {
  await page.getByRole("searchbox", { name: "Search" }).fill("alien");
  await expect(page.getByText("Found alien")).toBeVisible();
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Key" }).click();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("columnheader", { name: "Key" })).toHaveCount(0);
});

test("10,000 runs are listed, filtered and sorted, and only those in sight are in the page", async ({ page }) => {
  await page.goto("#/runs");
  await settle(page);
  const grid = page.getByRole("grid", { name: "Runs" });
  await expect(grid.getByText("Run of day 0", { exact: true })).toBeVisible();
  expect(await grid.getAttribute("aria-rowcount")).toBe(String(RUNS + 1));
  expect(await grid.getByRole("row").count(), "rows out of sight are not in the page").toBeLessThan(80);
  await page.getByRole("columnheader", { name: "Took" }).click();
  await expect(grid.getByText("Run of day 599", { exact: true }), "one that took longest comes first").toBeVisible();
  await grid.evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await expect(grid.getByText("Run of day 9600", { exact: true }), "one that took no time comes last").toBeVisible();
  await page.goto("#/runs?dataset=films&state=failed");
  await expect(grid).toHaveAttribute("aria-rowcount", String(Math.ceil(RUNS / 70) + 1));
});
