import { expect, test } from "@playwright/test";

import type { JobView } from "../src/lib/wire";
import { mockEngine, refuse } from "./engine.ts";
import { settle } from "./pages.ts";

test("the sections are reached by keyboard, and the focus goes to the page's title", async ({ page }) => {
  await mockEngine(page);
  await page.goto("#/");
  await settle(page);
  await page.getByRole("link", { name: "Data", exact: true }).focus();
  await page.keyboard.press("Enter");
  const title = page.getByRole("heading", { level: 1, name: "Data" });
  await expect(title).toBeFocused();
  await expect(page.getByRole("link", { name: "Data", exact: true })).toHaveAttribute("aria-current", "page");
  await expect(page).toHaveTitle("Data – Semid");
});

test("no page needs what the window's security policy forbids", async ({ page }) => {
  const refused: string[] = [];
  page.on("console", (message) => /Content Security Policy/.test(message.text()) && refused.push(message.text()));
  await mockEngine(page);
  for (const hash of ["#/", "#/data", "#/data/sample-films", "#/import", "#/settings"]) {
    await page.goto(hash);
    await settle(page);
  }
  expect(refused).toEqual([]);
});

test("a running job is shown wherever one is, and stops on request", async ({ page }) => {
  const job: JobView = {
    id: 7,
    title: "Run <b>films</b>",
    state: "running",
    progress: {
      steps: [
        { name: "run", note: "", done: 2, total: 9, elapsed_secs: 60, remaining_secs: 200 },
        { name: "train", note: "epoch 3", done: 3, total: 16, elapsed_secs: 20, remaining_secs: 87 },
      ],
      series: [],
    },
    result: null,
    error: null,
  };
  let stopped = false;
  await mockEngine(page, {
    jobs: () => [stopped ? { ...job, state: "cancelled" as const } : job],
    cancel: ({ job }) => (stopped = job === 7),
  });
  await page.goto("#/settings");
  const strip = page.getByRole("region", { name: "Running job" });
  await expect(strip.getByRole("progressbar", { name: "Run <b>films</b>" })).toHaveAttribute("aria-valuenow", "18");
  await expect(strip.getByText("train: epoch 3")).toBeVisible();
  await expect(strip.getByText("about 1\u202fmin left")).toBeVisible();
  await strip.getByRole("button", { name: "Stop “Run <b>films</b>”" }).click();
  await expect(strip).toHaveCount(0);
  expect(stopped).toBe(true);
});

test("an error says what happened and what to do, and its details can be copied", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  let asked = 0;
  await mockEngine(page, {
    datasets: () => {
      asked += 1;
      return refuse("machine", "The workspace cannot be opened: the disk is full.", "Free some space and try again.");
    },
  });
  await page.goto("#/data");
  const notice = page.getByRole("alert");
  await expect(notice).toContainText("the disk is full");
  await expect(notice).toContainText("Free some space");
  await notice.getByRole("button", { name: "Copy details" }).click();
  await expect(notice.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    "code: machine\nmessage: The workspace cannot be opened: the disk is full.\nhint: Free some space and try again.\ncommand: datasets",
  );
  const before = asked;
  await notice.getByRole("button", { name: "Try again" }).click();
  await expect.poll(() => asked).toBeGreaterThan(before);
});

test("an empty workspace offers the sample, MovieLens 100K with size and licence, and one's own files", async ({ page }) => {
  const jobs: JobView[] = [];
  await mockEngine(page, {
    datasets: () => ({
      datasets: [],
      recipes: [
        { name: "sample-films", title: "Sample films", licence: "MIT", about: "Films.", here: true, bytes: 0 },
        { name: "movielens-100k", title: "MovieLens 100K", licence: "Research use.", about: "Ratings.", here: false, bytes: 4_924_029 },
      ],
    }),
    runs: () => [],
    open_sample: () => {
      jobs.push({
        id: 1,
        title: "Open the sample",
        state: "finished",
        progress: { steps: [], series: [] },
        result: { dataset: "sample-films", run: 1 },
        error: null,
      });
      return { job: 1 };
    },
    jobs: () => jobs,
  });
  await page.goto("#/");
  await expect(page.getByText("4.9\u202fMB to download · Research use.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Import files…" })).toBeVisible();
  await page.getByRole("button", { name: "Open the sample" }).click();
  await expect(page, "one click leads to the finished comparison").toHaveURL(/#\/runs\/1$/);
});

test("the theme follows the system until one is chosen", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await mockEngine(page);
  await page.goto("#/settings");
  await settle(page);
  const theme = () => page.locator("html").getAttribute("data-theme");
  expect(await theme()).toBe("dark");
  await page.getByText("Light", { exact: true }).click();
  expect(await theme()).toBe("light");
  await page.reload();
  await settle(page);
  expect(await theme(), "it is remembered").toBe("light");
});

test("a narrow window keeps every section within reach", async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 600 });
  await mockEngine(page);
  await page.goto("#/");
  await settle(page);
  for (const name of ["Start", "Data", "Compare", "Runs", "Explore", "Ask", "Studies", "Models", "Settings"]) {
    await expect(page.getByRole("link", { name, exact: true })).toBeInViewport();
  }
});
