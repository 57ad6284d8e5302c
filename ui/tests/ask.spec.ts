// A request in one's own words: what is sent, what is shown, who spoke, and what leaves the machine.

import { expect, test } from "@playwright/test";

import type { AskRequest, IdItemPage } from "../src/lib/wire";
import { finished, mockEngine, recorded, refuse, replaceStrings } from "./engine.ts";
import { answer, LANGUAGE, LOCAL } from "./language.ts";
import { settle } from "./pages.ts";

const requests = (asked: { command: string; payload: unknown }[]) =>
  asked.filter(({ command }) => command === "ask").map(({ payload }) => payload as AskRequest);

test("without a model the page says that none spoke, and a follow-up is steered by the turn before", async ({ page }) => {
  const { asked } = await mockEngine(page, LANGUAGE);
  await page.goto("#/ask");
  await settle(page);
  await expect(page.getByText("Nothing leaves this machine.")).toBeVisible();
  await page.getByRole("textbox", { name: "What would you like to find?" }).fill("sci-fi thrillers");
  await page.keyboard.press("Enter");
  const first = page.getByRole("article", { name: "Answer to “sci-fi thrillers”" });
  await expect(first.getByText("no model spoke")).toBeVisible();
  await expect(first.getByText("No language model spoke: the order is that of the texts' similarity.")).toBeVisible();
  const field = page.getByRole("textbox", { name: /^What next/ });
  await expect(field, "one goes on writing where one wrote").toBeFocused();
  await expect(field).toHaveValue("");
  await expect(page.getByRole("status", { name: "Answer" }), "what came is told to those who do not see it").toContainText(
    "3 found for “sci-fi thrillers”. No model spoke.",
  );
  await field.fill("but lighter");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article", { name: "Answer to “but lighter”" })).toBeVisible();
  await expect(first, "the turn before stays above").toBeAttached();
  const [one, two] = requests(asked);
  const shown = answer(one!).items.map(({ item }) => item.key);
  expect(one).toMatchObject({ dataset: "sample-films", text: "sci-fi thrillers", model: null, earlier: [], count: 5 });
  expect(two?.earlier, "the engine is told what was asked and shown").toEqual([{ text: "sci-fi thrillers", items: shown }]);
  await page.getByRole("button", { name: "Start over" }).click();
  await expect(page.getByRole("article")).toHaveCount(0);
  await page.getByRole("textbox", { name: "What would you like to find?" }).fill("westerns");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article")).toHaveCount(1);
  expect(requests(asked)[2]?.earlier, "one begins anew").toEqual([]);
});

test("an answer says where each item came from, and what a model wrote is signed and stays text", async ({ page }) => {
  await mockEngine(page, LANGUAGE);
  await page.goto("#/ask?model=cluster");
  await settle(page);
  await expect(page.getByRole("region", { name: "Your request" }), "what leaves is said before it leaves").toContainText(
    "Sent to Qwen/Qwen3-8B at http://10.0.0.5:8000/v1",
  );
  await page.getByRole("textbox", { name: /^What/ }).fill("like Blade Runner but lighter");
  await page.keyboard.press("Enter");
  const [, , third] = answer({ dataset: "", ids: "", text: "", model: "cluster", history: [], earlier: [], count: 5 }).items;
  const rows = page.getByRole("article").getByRole("listitem");
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(0)).toContainText("Similar text, .62");
  if (third?.found_by.by !== "id") throw new Error("the third item is found by its codes");
  await expect(rows.nth(2)).toContainText(`(${third.found_by.label}) with ${third.found_by.with}`);
  await expect(rows.nth(2).getByRole("img", { name: `Semantic ID ${third.found_by.prefix.join("·")}`, exact: true })).toBeVisible();
  await expect(rows.nth(2)).toContainText("A <b>lighter</b> film of the same kind.");
  await expect(rows.nth(2)).toContainText("Written by cluster. Nobody checked it.");
  await expect(rows.nth(1), "of this item the model said nothing, and so nothing is signed").not.toContainText("Written by");
  const prompt = page.getByRole("region", { name: /^Prompt for/ });
  await expect(prompt).toBeHidden();
  await page.getByText("The prompt the model was given").click();
  await expect(prompt).toContainText("You recommend items from a list.");
});

test("items that were liked are sent oldest first and can be taken out again", async ({ page }) => {
  const { asked } = await mockEngine(page, LANGUAGE);
  await page.goto("#/ask");
  await settle(page);
  const { items } = recorded("id_items")?.reply as IdItemPage;
  const wanted = items[5]!;
  await page.getByRole("button", { name: "5 answers, nothing liked" }).click();
  await page.getByLabel("Answers at the most").fill("2");
  await page.getByRole("combobox", { name: "Find an item you liked" }).click();
  await page.getByRole("option", { name: wanted.title }).first().click();
  await page.getByRole("textbox", { name: /^What/ }).fill("war");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article").getByRole("listitem"), "no more than wanted").toHaveCount(2);
  const like = page.getByRole("article").getByRole("button", { name: /^I like/ }).first();
  await like.click();
  await page.getByRole("textbox", { name: /^What/ }).fill("newer");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article")).toHaveCount(2);
  const [one, two] = requests(asked);
  expect(one).toMatchObject({ history: [wanted.key], count: 2 });
  expect(two?.history).toEqual([wanted.key, items[0]!.key]);
  await page.getByRole("list", { name: "Items you liked" }).getByRole("button").first().click();
  await expect(page.getByRole("button", { name: "2 answers, 1 item liked" })).toBeVisible();
});

test("a request that fails keeps its words, and what is empty is not asked", async ({ page }) => {
  let fails = true;
  const { asked } = await mockEngine(page, {
    ...LANGUAGE,
    ask: (request) =>
      fails ? refuse("not-here", "The vectors of sample-films are not here.", "Build its IDs once.") : finished("ask", answer(request)),
  });
  await page.goto("#/ask");
  await settle(page);
  const field = page.getByRole("textbox", { name: /^What/ });
  await field.fill("  ");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await expect(field).toHaveAccessibleDescription("Write what you would like to find.");
  expect(requests(asked)).toEqual([]);
  await field.fill("films of 1942");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("The vectors of sample-films are not here.");
  await expect(field).toHaveValue("films of 1942");
  fails = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("article", { name: "Answer to “films of 1942”" })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("what has the focus is never left behind the box one writes in", async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 600 });
  await mockEngine(page, LANGUAGE);
  await page.goto("#/ask?model=cluster");
  await settle(page);
  for (const [at, text] of ["trains", "faster"].entries()) {
    await page.getByRole("textbox", { name: /^What/ }).fill(text);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("article")).toHaveCount(at + 1);
  }
  await page.getByRole("main").evaluate((main) => main.scrollTo(0, 0));
  await page.getByRole("article").first().getByRole("link").first().focus();
  // Three items and a prompt in each turn: a link and a button of each, then the words the prompt folds under.
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press("Tab");
    const hidden = await page.evaluate(() => {
      const focused = document.activeElement!;
      const { left, top, width, height } = focused.getBoundingClientRect();
      const shown = document.elementFromPoint(left + width / 2, top + height / 2);
      return shown && focused.contains(shown) ? null : focused.outerHTML.slice(0, 120);
    });
    expect(hidden, "whoever goes by keyboard sees where they are").toBeNull();
  }
});

test("what takes too long is stopped, and what was found before stays", async ({ page }) => {
  let slow = false;
  const running = { id: 90, title: "Ask", state: "running" as const, progress: { steps: [], series: [] }, result: null, error: null };
  const done = { ...running, state: "finished" as const, result: answer({ dataset: "", ids: "", text: "", history: [], earlier: [], count: 5 }) };
  const { asked } = await mockEngine(page, { ...LANGUAGE, ask: () => ({ job: 90 }), job: () => (slow ? running : done) });
  await page.goto("#/ask");
  await settle(page);
  const field = page.getByRole("textbox", { name: /^What/ });
  await field.fill("trains");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article")).toHaveCount(1);
  slow = true;
  await field.fill("faster trains");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("progressbar", { name: "Looking for “faster trains”" })).toBeVisible();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect.poll(() => asked.filter(({ command }) => command === "cancel").map(({ payload }) => payload)).toEqual([{ job: 90 }]);
  await expect(page.getByRole("article")).toHaveCount(1);
  await expect(field, "the words are there to be changed").toHaveValue("faster trains");
});

test("turns are there again after a look at an item, and belong to their data set", async ({ page }) => {
  await mockEngine(page, { ...LANGUAGE, language_models: () => [LOCAL] });
  await page.goto("#/ask");
  await settle(page);
  await page.getByRole("textbox", { name: /^What/ }).fill("trains");
  await page.keyboard.press("Enter");
  await page.getByRole("article").getByRole("link").first().click();
  await expect(page).toHaveURL(/#\/explore\/sample-films\?ids=[0-9a-f]+&view=item&item=\d+/);
  await page.goBack();
  await expect(page.getByRole("article", { name: "Answer to “trains”" })).toBeVisible();
});

test("hostile titles, labels and words of a model never become markup in an answer", async ({ page }) => {
  const hostile = `<img src=x onerror="window.hacked=true">${"long".repeat(200)}`;
  const fields = new Set(["title", "labels", "label", "with", "explanation", "notes", "prompt"]);
  await mockEngine(page, LANGUAGE, (reply, command) => (command === "ask" ? replaceStrings(reply, fields, () => hostile) : reply));
  await page.setViewportSize({ width: 900, height: 600 });
  await page.goto("#/ask?model=cluster");
  await settle(page);
  await page.getByRole("textbox", { name: /^What/ }).fill(`<b onclick="window.hacked=true">x</b>`);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article")).toContainText("Nobody checked it.");
  await page.getByText("The prompt the model was given").click();
  const main = page.getByRole("main");
  expect(await main.locator("img, b, script").count(), "it is all text").toBe(0);
  expect(await page.evaluate(() => "hacked" in window)).toBe(false);
  const { wide, room } = await main.evaluate((main) => ({ wide: main.scrollWidth, room: main.clientWidth }));
  expect(wide, "long words are broken").toBeLessThanOrEqual(room);
});
