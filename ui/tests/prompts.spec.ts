// Prompts in one's own words, and what language models answered in a run.

import { expect, test } from "@playwright/test";

import type { ExperimentSettings, PromptTemplate } from "../src/lib/wire";
import { mockEngine, recorded, refuse } from "./engine.ts";
import { LM_ARMS, LM_RUN, lmAnswer } from "./language.ts";
import { settle } from "./pages.ts";

const [RANK] = recorded("prompts")?.reply as [PromptTemplate];
const MINE = "You know films.\nRank <b>them</b> for one person.";

test("a prompt is looked at as one types, is used only when nothing is wrong with it, and can be taken out again", async ({ page }) => {
  const { asked } = await mockEngine(page, LM_ARMS);
  const checked = () => (asked.findLast(({ command }) => command === "check")?.payload as { settings: ExperimentSettings }).settings;
  const recommender = () => checked().recommenders.find(({ kind }) => kind === "lm-title");
  await page.goto("#/compare?dataset=sample-films");
  await settle(page);
  const users = page.getByLabel("Users judged");
  await expect(users, "none: all are judged").toHaveValue("");
  await page.getByRole("checkbox", { name: "LM by title" }).click();
  await expect(users, "a language model takes seconds a user").toHaveValue("200");
  await expect.poll(() => checked().prepare.test_users).toBe(200);
  await users.fill("");
  await expect.poll(() => Object.keys(checked().prepare), "emptied, it is left out").not.toContain("test_users");
  const row = page.getByRole("group", { name: "Prompt of LM by title" });
  await expect(row).toContainText("built-in, version 1");
  await row.getByRole("button", { name: "Edit the prompt" }).click();
  const dialog = page.getByRole("dialog", { name: "Prompt of LM by title" });
  const use = dialog.getByRole("button", { name: "Use this prompt" });
  const [frame, question] = [dialog.getByLabel("Frame", { exact: true }), dialog.getByLabel("Question", { exact: true })];
  await expect(frame).toHaveValue(RANK.system);
  await expect(dialog.getByRole("region", { name: "Question of what the model sees" })).toContainText("A first film");
  await expect(use, "the built-in one is no prompt of one's own").toBeDisabled();
  await question.fill("Order them.");
  await expect(question).toHaveAccessibleDescription(/does not see the candidates/);
  await expect(dialog.getByText("The model cannot be shown it")).toBeVisible();
  await expect(use).toBeDisabled();
  await question.fill(RANK.user);
  await frame.fill(MINE);
  await expect(use).toBeEnabled();
  await expect(dialog.getByRole("region", { name: "Frame of what the model sees" }), "text, never markup").toContainText("Rank <b>them</b>");
  await dialog.getByRole("tab", { name: "What differs" }).click();
  const differing = dialog.getByRole("region", { name: "What differs in the frame" });
  await expect(differing.locator("ins").first()).toHaveText("Added: You know films.");
  await expect(differing.locator("del").first()).toContainText("You rank items for one person");
  await page.keyboard.press("Escape");
  await expect(row, "what was typed is not lost by a slip").toContainText("An edit of yours is kept");
  await row.getByRole("button", { name: "Edit the prompt" }).click();
  await expect(frame).toHaveValue(MINE);
  await dialog.getByLabel("Name", { exact: true }).fill("films");
  await use.click();
  await expect(row).toContainText("your own, “films”");
  await expect.poll(recommender).toMatchObject({ prompt: { version: "films", system: MINE, user: RANK.user } });
  await expect(page.getByLabel("Frame", { exact: true }), "the prompt has an editor, not fields of one line").toHaveCount(0);
  await row.getByRole("button", { name: "Edit the prompt" }).click();
  await dialog.getByRole("button", { name: "Back to the built-in one" }).click();
  await expect(row).toContainText("built-in, version 1");
  await expect.poll(() => Object.keys(recommender() ?? {})).not.toContain("prompt");
});

test("a model that cannot answer as it is asked is told before the start, and what leaves the machine is said", async ({ page }) => {
  const { asked } = await mockEngine(page, {
    ...LM_ARMS,
    check: ({ settings }) =>
      settings.recommenders.some((one) => one.kind === "lm-title" && one.model === "cluster" && one.answer === "written")
        ? [{ field: "recommenders.lm-title.prompt.user", sentence: "The prompt of the file is broken." }]
        : [],
  });
  await page.goto("#/compare?dataset=sample-films");
  await settle(page);
  await page.getByRole("checkbox", { name: "LM by title" }).click();
  const model = page.getByLabel("Model", { exact: true });
  await expect(model).toHaveText("SmolLM2-135M-Instruct");
  await model.click();
  await page.getByRole("option", { name: "cluster" }).click();
  await expect(model).toHaveAccessibleDescription(/likelihoods cannot be read/);
  await expect(page.getByText(/^Sent to Qwen\/Qwen3-8B at http:/)).toBeVisible();
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(model, "one mends it before it starts").toBeFocused();
  expect(asked.some(({ command }) => command === "start_run")).toBe(false);
  await page.locator("summary").filter({ hasText: "of LM by title" }).click();
  await page.getByLabel("Answer", { exact: true }).click();
  await page.getByRole("option", { name: "Written" }).click();
  await expect(model).not.toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("group", { name: "Prompt of LM by title" }), "what is wrong stands beside its editor").toContainText("is broken");
});

test("the answer behind a list opens with its prompt, signed, misses marked; an order by likelihood says so", async ({ page }) => {
  let how: "written" | "likelihood" | "gone" = "written";
  const { asked } = await mockEngine(page, {
    ...LM_RUN,
    language_answer: (request) => {
      if (how === "gone") return refuse("input", "LM by title has no answers of a language model, or they are no longer in the workspace.");
      const answer = lmAnswer(request);
      const counting = answer.named.filter(({ counts }) => counts);
      return how === "written" ? answer : { ...answer, said: "", named: counting, likelihoods: [-0.5, -1.25] };
    },
  });
  await page.goto("#/runs/1/users/0?arm=popularity");
  await settle(page);
  const open = page.getByRole("button", { name: /^Its prompt and answer/ });
  await expect(open, "no language model was asked").toHaveCount(0);
  await page.goto("#/runs/1/users/0?arm=lm-title");
  await open.click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("region", { name: "Question of the prompt" })).toContainText("Candidates:");
  await expect(dialog.getByRole("region", { name: "What it said" })).toHaveText('{"ranking": ["C2", "<b>C9</b>", "C1"]}');
  await expect(dialog).toContainText("A language model's words. Nobody checked them.");
  await expect(dialog.getByRole("listitem")).toHaveText([/C2\s*$/, /<b>C9<\/b>\s*miss/, /C1\s*$/]);
  expect(asked.find(({ command }) => command === "language_answer")?.payload).toEqual({ run: 1, arm: "lm-title", seed: 1, user: 0 });
  await page.keyboard.press("Escape");
  how = "likelihood";
  await open.click();
  await expect(dialog).toContainText("It wrote nothing");
  await expect(dialog.getByRole("listitem").nth(1)).toContainText("−1.25");
  await page.keyboard.press("Escape");
  how = "gone";
  await open.click();
  await expect(dialog.getByRole("alert")).toContainText("no longer in the workspace");
});
