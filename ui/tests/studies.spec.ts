// The researcher's side of a study: designing, replacing, locking, taking answers in, reading results.

import { expect, test } from "@playwright/test";

import type { StudyDesign, StudyDetail } from "../src/lib/wire";
import { finished, mockEngine, recorded, refuse } from "./engine.ts";
import { LANGUAGE, REMOTE, SMALL } from "./language.ts";
import { settle } from "./pages.ts";

const detail = (name: string) => recorded("study", { name })?.reply as StudyDetail;
/** A job that is over at once, with its result. */
const job = (result: unknown) => ({ id: 90, title: "", state: "finished" as const, progress: { steps: [], series: [] }, result, error: null });

test("what is wrong with a design stands beside its field, and what is saved is what is on the page", async ({ page }) => {
  let problems = [{ field: "tasks.0.level", sentence: "These IDs have two levels." }];
  const saved: StudyDesign[] = [];
  await mockEngine(page, {
    study_check: () => problems,
    study_save: ({ design }) => (saved.push(design), { job: 90 }),
    job: ({ job: id }) => (id === 90 ? job(detail("films-draft")) : { ...job(recorded("study_starter")?.result), id }),
  });
  await page.goto("#/studies/new?dataset=sample-films");
  await settle(page);
  const level = page.getByRole("textbox", { name: "Level" }).or(page.getByRole("spinbutton", { name: "Level" }));
  await expect(level, "the task with a problem is unfolded, the others are not").toHaveCount(1);
  await expect(level).toHaveAttribute("aria-invalid", "true");
  await expect(level).toHaveAccessibleDescription(/These IDs have two levels/);
  problems = [];
  await page.getByLabel("Languages").fill("de");
  await page.getByLabel("Languages").blur();
  await expect(page.getByLabel("Consent (en)")).toHaveCount(0);
  await page.getByLabel("Title (de)").fill("Was passt?");
  await page.getByRole("button", { name: "Take out task 1" }).click();
  await page.getByRole("button", { name: "Draw the stimuli" }).click();
  await expect(page).toHaveURL(/#\/studies\/films-draft\?version=1/);
  const [design] = saved;
  expect(design?.languages).toEqual(["de"]);
  expect(design?.title, "languages that were left out are not sent").toEqual({ de: "Was passt?" });
  expect(design?.tasks.map(({ key }) => key)).not.toContain("intrusion-easy");
});

test("a stimulus is replaced with a reason and never without", async ({ page }) => {
  const draft = detail("films-draft");
  const { asked } = await mockEngine(page, {
    study_replace: () => {
      const [first, ...rest] = draft.stimuli;
      return { ...draft, stimuli: [{ ...first!, key: "another-1999", replaced: [{ was: first!.key, why: "Too well known.", at: 1 }] }, ...rest] };
    },
  });
  await page.goto("#/studies/films-draft");
  await settle(page);
  await page.getByRole("button", { name: "Replace…" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Replace", exact: true }).click();
  await expect(dialog.getByText("the reason is part of the record")).toBeVisible();
  expect(asked.some(({ command }) => command === "study_replace")).toBe(false);
  await dialog.getByLabel("Why").fill("Too well known.");
  await dialog.getByRole("button", { name: "Replace", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Item another-1999" })).toBeVisible();
  await expect(page.getByText("“Too well known.”")).toBeVisible();
  expect(asked.find(({ command }) => command === "study_replace")?.payload).toEqual({ name: "films-draft", stimulus: 0, item: null, why: "Too well known." });
});

test("locking says what it means before it is done", async ({ page }) => {
  const { asked } = await mockEngine(page, { study_lock: () => detail("films-open").study });
  await page.goto("#/studies/films-draft");
  await settle(page);
  await page.getByRole("button", { name: "Lock…" }).click();
  const dialog = page.getByRole("dialog", { name: "Lock the protocol?" });
  await expect(dialog).toContainText("nothing of it changes any more");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(asked.some(({ command }) => command === "study_lock")).toBe(false);
  await page.getByRole("button", { name: "Lock…" }).click();
  await dialog.getByRole("button", { name: "Lock the protocol" }).click();
  await expect(dialog).toHaveCount(0);
  expect(asked.filter(({ command }) => command === "study_lock")).toHaveLength(1);
});

test("while answers come in no arm is named", async ({ page }) => {
  await mockEngine(page);
  await page.goto("#/studies/films-open?tab=results");
  await settle(page);
  await expect(page.getByRole("heading", { name: "People" })).toBeVisible();
  const words = await page.getByRole("main").innerText();
  for (const { title } of detail("films-open").design.arms) expect(words, `${title} stays masked`).not.toContain(title);
  await page.getByRole("button", { name: "End data collection…" }).last().click();
  await expect(page.getByRole("dialog")).toContainText("it does not begin again");
});

test("every result tells its n and its formula, and people stand apart from others", async ({ page }) => {
  await mockEngine(page, { study_charts: () => [] });
  await page.goto("#/studies/films-closed");
  await settle(page);
  const accuracy = page.getByRole("region", { name: "Accuracy against chance" });
  await accuracy.getByRole("button", { name: /where it comes from/ }).first().click();
  const panel = page.getByRole("dialog", { name: /^Accuracy of RQ-KMeans/ });
  await expect(panel).toContainText("Participants");
  await expect(panel).toContainText("bootstrap over participants");
  await page.keyboard.press("Escape");
  await expect(page.getByText("Simulated participants, not people")).toHaveCount(0);
  await page.getByRole("tab", { name: /^Simulated participants/ }).click();
  await expect(page.getByText("Simulated participants, not people")).toBeVisible();
});

test("answers files are taken or refused one by one, each with its reason", async ({ page }) => {
  await mockEngine(page, {
    pick_files: () => ["/in/good.json", "/in/changed.json"],
    study_import_answers: ({ path }) =>
      path.includes("changed")
        ? refuse("input", "Answer 3 does not match its signature. Nothing was imported.")
        : { study: "films-open", version: 1, pseudonym: "P-1", answers: 33, new: 33, trials: 33, stopped: false, sentence: "33 answers of P-1 were imported." },
  });
  await page.goto("#/studies/films-open");
  await settle(page);
  await page.getByRole("button", { name: "Import answers…" }).click();
  await expect(page.getByText("33 answers of P-1 were imported.")).toBeVisible();
  await expect(page.getByText("Answer 3 does not match its signature.")).toBeVisible();
});

test("a session is opened in the participant's window, and a withdrawal tells which files it cannot reach", async ({ page }) => {
  const open = detail("films-open");
  const [person] = open.participants;
  const outcome = { study: "films-open", pseudonym: person!.pseudonym, answers: 20, at: 1, files: [{ path: "/usb/P.json", fate: "not-reached" as const, sentence: "It is on a disk that is not here." }] };
  const { asked } = await mockEngine(page, { study_withdraw: () => ({ job: 90 }), job: () => job(outcome) });
  await page.goto("#/studies/films-open");
  await settle(page);
  const more = page.getByRole("button", { name: `What can be done with ${person!.pseudonym}` });
  await more.click();
  await page.getByRole("menuitem", { name: /^Open here/ }).click();
  expect(asked.find(({ command }) => command === "open_participant")?.payload).toEqual({ session: person!.session });
  await more.click();
  await page.getByRole("menuitem", { name: /^Withdraw/ }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  expect(asked.some(({ command }) => command === "study_withdraw"), "it asks first").toBe(false);
  await more.click();
  await page.getByRole("menuitem", { name: /^Withdraw/ }).click();
  await page.getByRole("button", { name: `Delete the answers of ${person!.pseudonym}` }).click();
  await expect(page.getByRole("dialog")).toContainText("It is on a disk that is not here.");
  await expect(page.getByRole("dialog")).toContainText("not reached");
});

test("a language model takes part under its own name, and what could not be read of it is told", async ({ page }) => {
  const session = { pseudonym: "M-1", session: "s", kind: "model" as const, part: 1, trials: 33, file: null };
  const { asked } = await mockEngine(page, {
    ...LANGUAGE,
    study_rate: ({ model }) => finished("study_rate", { session, model, asked: 33, unreadable: 4 }),
  });
  await page.goto("#/studies/films-open");
  await settle(page);
  const card = page.locator("section", { has: page.getByRole("heading", { name: "A language model" }) }).last();
  await expect(card).toContainText("Nothing leaves it.");
  await card.getByLabel("Model", { exact: true }).click();
  await page.getByRole("option", { name: REMOTE.name }).click();
  await expect(card, "what leaves the machine is said before it does").toContainText(`Sent to ${REMOTE.about}`);
  await card.getByLabel("Model", { exact: true }).click();
  await page.getByRole("option", { name: SMALL }).click();
  await card.getByRole("button", { name: "Let it take part" }).click();
  await expect(card).toContainText(`${SMALL} was asked 33 trials as M-1.`);
  await expect(card).toContainText("4 unreadable");
  expect(asked.find(({ command }) => command === "study_rate")?.payload).toEqual({ name: "films-open", version: 1, part: 1, model: SMALL });
});
