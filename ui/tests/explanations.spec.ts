// A model's explanations from being asked for to being rated, and what it does with titles that give orders.

import { expect, test } from "@playwright/test";

import type { ExplanationSet, JobView, StudyDesign } from "../src/lib/wire";
import { finished, mockEngine, recorded, refuse } from "./engine.ts";
import { designWithExplanations, EXPLAINS, explanationSet, LANGUAGE, LOCAL, ORDERS, REMOTE, SMALL, studyWithExplanations } from "./language.ts";
import { settle } from "./pages.ts";

const SET = explanationSet();
const HOSTILE = `<img src=x onerror="window.hacked=true">`;

test("recommendations are explained as asked for, and what came of it is read one by one", async ({ page }) => {
  let sets: ExplanationSet[] = [];
  let fails = true;
  const item = Number(Object.keys(SET.arms[0]!.explained)[0]);
  const written = { ...SET, titles: { ...SET.titles, [item]: HOSTILE } };
  const { asked } = await mockEngine(page, {
    ...LANGUAGE,
    explanation_sets: () => sets,
    explain: () => {
      if (fails) refuse("not-here", "The file of the model is gone.", "Fetch it again.");
      sets = [written];
      return finished("explain", written);
    },
  });
  await page.goto("#/models");
  await settle(page);
  await page.getByRole("link", { name: "Explain recommendations" }).click();
  await expect(page.getByText("Nothing on this data set yet.")).toBeVisible();
  await expect(page.getByText("Nothing leaves it.")).toBeVisible();
  await page.getByLabel("Model", { exact: true }).click();
  await page.getByRole("option", { name: REMOTE.name }).click();
  await expect(page.getByText(`Sent to ${REMOTE.about}`), "what leaves the machine is said before it does").toBeVisible();
  const [first, , hash] = await page.getByRole("group", { name: "How items are named" }).getByRole("checkbox").all();
  await expect(first!, "IDs that mean something are there to begin with").toBeChecked();
  await first!.uncheck();
  await page.getByRole("button", { name: "Explain", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("Choose IDs");
  expect(asked.some(({ command }) => command === "explain")).toBe(false);
  await first!.check();
  await hash!.check();
  await page.getByLabel("Recommendations").fill("many");
  await page.getByRole("button", { name: "Explain", exact: true }).click();
  await expect(page.getByLabel("Recommendations"), "a number that is none is not sent as another").toBeFocused();
  await page.getByLabel("Recommendations").fill("12");
  await page.getByRole("button", { name: "Explain", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("The file of the model is gone.");
  fails = false;
  await page.getByRole("button", { name: "Explain", exact: true }).click();
  const card = page.locator("section", { has: page.getByRole("heading", { name: `2 recommendations, by ${SMALL}` }) }).last();
  await expect(card).toContainText("1 left out");
  await expect(page.getByRole("alert"), "what went wrong before is over").toHaveCount(0);
  const schemes = recorded("schemes")?.reply as { ids: string }[];
  expect(asked.findLast(({ command }) => command === "explain")?.payload).toEqual({
    dataset: "sample-films",
    ids: [schemes[0]!.ids, schemes[2]!.ids],
    model: REMOTE.name,
    count: 12,
    seed: 1,
  });
  await expect(card.getByText(HOSTILE), "titles are text").toBeVisible();
  await expect(card).toContainText("but <b>you have liked</b> what others");
  await expect(card).toContainText(`Written by ${SMALL}. Nobody checked it.`);
  await card.getByRole("button", { name: "Later" }).click();
  await expect(card).toContainText("2 of 2");
  await expect(card, "the other recommendation").toContainText("And it is well liked.");
  await expect(card).not.toContainText(HOSTILE);
  expect(await page.evaluate(() => "hacked" in window)).toBe(false);
});

test("what takes long is there again for whoever comes back, and can be stopped", async ({ page }) => {
  const job: JobView = { id: 7, title: `${SMALL} explains recommendations`, state: "running", progress: { steps: [{ name: "explain", note: "hash IDs", done: 1, total: 3, elapsed_secs: 9, remaining_secs: 20 }], series: [] }, result: null, error: null };
  await mockEngine(page, { ...EXPLAINS, explain: () => ({ job: 7 }), jobs: () => [job], cancel: () => ((job.state = "cancelled"), true) });
  await page.goto("#/models/explanations");
  await settle(page);
  await page.getByRole("button", { name: "Explain", exact: true }).click();
  const main = page.getByRole("main");
  await expect(main.getByText("explain: hash IDs")).toBeVisible();
  await page.getByRole("link", { name: "Models", exact: true }).last().click();
  await page.getByRole("link", { name: "Explain recommendations" }).click();
  await expect(main.getByText("explain: hash IDs")).toBeVisible();
  await main.getByRole("button", { name: /^Stop/ }).click();
  await expect(main.getByRole("button", { name: "Explain", exact: true })).toBeVisible();
  await expect(main.getByRole("alert"), "who stopped it need not be told that it stopped").toHaveCount(0);
});

test("a study begins with explanations as arms of their own, and whoever changed it is asked before it begins again", async ({ page }) => {
  const saved: StudyDesign[] = [];
  const { asked } = await mockEngine(page, {
    ...EXPLAINS,
    study_starter: ({ explanations }) => finished("study_starter", explanations ? designWithExplanations() : (recorded("study_starter")?.result as StudyDesign)),
    study_check: () => [],
    study_save: ({ design }) => (saved.push(design), finished("study_save", studyWithExplanations())),
  });
  await page.goto("#/models/explanations");
  await settle(page);
  await page.getByRole("link", { name: "Rate in a study" }).click();
  const arms = page.getByRole("group", { name: "Arms", exact: true });
  await expect(arms.getByRole("checkbox", { name: "By hash IDs" })).toBeChecked();
  await expect(arms.getByRole("checkbox", { name: "RQ-KMeans, seed 2" }), "its IDs are told from explanations by them").toBeChecked();
  expect(asked.find(({ command }) => command === "study_starter")?.payload).toMatchObject({ explanations: SET.name });
  // Out and in again: nothing but the explanations moves.
  await arms.getByRole("checkbox", { name: "By titles" }).uncheck();
  await expect(arms.getByLabel("Key").filter({ visible: true })).toHaveCount(5);
  await arms.getByRole("checkbox", { name: "By titles" }).check();
  await page.getByRole("button", { name: /Rating explained/ }).click();
  await expect(page.getByLabel("Level", { exact: true }), "explanations have no level of codes").toHaveCount(0);
  await page.getByRole("button", { name: "Draw the stimuli" }).click();
  await expect(page).toHaveURL(/#\/studies\/films-draft/);
  const [design] = saved;
  const explained = ["explained.hash", "explained.legend.rq-kmeans", "explained.title"];
  expect(design?.tasks.at(-1)?.arms.toSorted()).toEqual(explained);
  expect(design?.tasks.slice(0, -1).every((task) => !task.arms.some((key) => key.startsWith("explained"))), "no explanation stands where IDs are compared").toBe(true);
  expect(design?.arms.find(({ key }) => key === "explained.title")?.explanations).toBe(`${SET.name}/title`);

  await page.goto(`#/studies/new?dataset=sample-films&explanations=${SET.name}`);
  await settle(page);
  await page.getByLabel("Name", { exact: true }).fill("mine");
  const begin = page.getByLabel("Begin with explanations");
  await begin.click();
  await page.getByRole("option", { name: /^None/ }).first().click();
  await page.getByRole("dialog", { name: "Begin again?" }).getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByLabel("Name", { exact: true }), "nothing is lost by a slip").toHaveValue("mine");
  await begin.click();
  await page.getByRole("option", { name: /^None/ }).first().click();
  await page.getByRole("dialog", { name: "Begin again?" }).getByRole("button", { name: "Begin again" }).click();
  await expect(page.getByRole("button", { name: /Rating explained/ })).toHaveCount(0);
  await expect(arms.getByRole("checkbox", { name: "By hash IDs" })).not.toBeChecked();
});

test("stimuli with explanations show once what all arms share, and sign what the model wrote", async ({ page }) => {
  await mockEngine(page, { study: () => studyWithExplanations() });
  await page.goto("#/studies/films-draft?task=explained");
  await settle(page);
  await expect(page.getByText("written by a language model. Nobody checked them")).toBeVisible();
  const stimulus = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: /^Item / }) }).first();
  await expect(stimulus.getByText("Recommended"), "the same in every arm").toHaveCount(1);
  await expect(stimulus.locator("blockquote")).toHaveCount(3);
  await expect(stimulus.locator("blockquote").nth(1)).toContainText("<b>you have liked</b>");
});

test("what orders in titles change is measured as asked, and never by likelihood behind a URL", async ({ page }) => {
  let models = [LOCAL, REMOTE];
  const { asked } = await mockEngine(page, { ...EXPLAINS, language_models: () => models });
  await page.goto("#/models");
  await settle(page);
  await page.getByRole("link", { name: "Measure titles that give orders" }).click();
  await page.getByLabel("Users", { exact: true }).fill("20");
  await page.getByRole("button", { name: "Measure" }).click();
  const table = page.getByRole("table");
  await expect(table.getByRole("row")).toHaveCount(1 + ORDERS.length);
  await expect(table.getByRole("row").last()).toHaveText(/10\s%\s*118\s*31\s*6\s*29\s*\.0513/);
  await expect(page.getByText("On sample-films, for 20 users at the most, by likelihood.")).toBeVisible();
  await page.getByText("How its answers could be read").click();
  await expect(page.getByText(ORDERS[2]!.answers)).toBeVisible();
  await page.getByLabel("Model", { exact: true }).click();
  await page.getByRole("option", { name: REMOTE.name }).click();
  await expect(page.getByText("likelihoods cannot be read behind a URL")).toBeVisible();
  await page.getByRole("button", { name: "Measure" }).click();
  await expect(page.getByRole("heading", { name: `What ${REMOTE.name} did with them` })).toBeVisible();
  const sent = asked.filter(({ command }) => command === "orders_in_titles").map(({ payload }) => payload);
  expect(sent).toEqual([
    { dataset: "sample-films", model: SMALL, users: 20, answer: "likelihood" },
    { dataset: "sample-films", model: REMOTE.name, users: 20, answer: "written" },
  ]);
  models = [];
  await page.goto("#/models");
  await page.goto("#/models/orders");
  await expect(page.getByRole("heading", { name: "No language model yet" })).toBeVisible();
});
