// The pages that are recorded, looked at by axe, and shown hostile titles. A new screen is a line here.

import type { Page } from "@playwright/test";

import type { DrawnChart, RunStatus, RunView } from "../src/lib/wire";
import { recorded, type Answers } from "./engine.ts";
import { about, LANGUAGE, LM_ARMS, LM_RUN } from "./language.ts";

export type Screen = {
  name: string;
  hash: string;
  /** What the engine says instead of what was recorded. */
  answers?: Answers;
  /** What a person does on it before it is looked at. */
  act?: (page: Page) => Promise<void>;
};

/** The recorded run as it stood in its fifth stage. */
function halfWay(status: RunStatus): RunView {
  const view = recorded("run_view")?.reply as RunView;
  const going = status === "running";
  const step = { name: "train the recommender", note: "epoch 7, loss 3.214, validation NDCG@10 0.0613" };
  return {
    ...view,
    status,
    elapsed_secs: 74,
    remaining_secs: going ? 122 : null,
    stages: view.stages.map((stage, at) => ({ ...stage, state: at < 4 ? "done" : at === 4 && going ? "running" : "waiting" })),
    progress: { series: [], steps: going ? [{ ...step, done: 45_000, total: 103_000, elapsed_secs: 31, remaining_secs: 40 }] : [] },
  };
}

/** Some chart where those of a study stand: how they are drawn is looked at where they are drawn. */
const STUDY_CHARTS: Answers = { study_charts: () => [{ kind: "person", charts: [recorded("drawn_chart")?.reply as DrawnChart] }] };

/** Two requests, the second of which steers what the first found. */
async function askTwice(page: Page): Promise<void> {
  for (const [at, text] of ["sci-fi thrillers", "but lighter"].entries()) {
    await page.getByRole("textbox", { name: /^What/ }).fill(text);
    await page.keyboard.press("Enter");
    await page.getByRole("article").nth(at).waitFor();
  }
}

/** A prompt in one's own words, with what differs beside it. */
async function editPrompt(page: Page): Promise<void> {
  await page.getByRole("checkbox", { name: "LM by title" }).click();
  await page.getByRole("button", { name: "Edit the prompt of LM by title" }).click();
  const frame = page.getByRole("dialog").getByLabel("Frame", { exact: true });
  await frame.fill("You know films. Rank them for one person.");
  await page.getByText("It can be used.").waitFor();
  await page.getByRole("tab", { name: "What differs" }).click();
}

export const SCREENS: readonly Screen[] = [
  { name: "start", hash: "#/" },
  { name: "data", hash: "#/data" },
  { name: "data-set", hash: "#/data/sample-films" },
  { name: "items", hash: "#/data/sample-films?tab=items" },
  { name: "rows-left-out", hash: "#/data/sample-films?tab=problems" },
  { name: "import", hash: "#/import" },
  { name: "compare", hash: "#/compare?dataset=sample-films" },
  { name: "compare-prompt", hash: "#/compare?dataset=sample-films", answers: LM_ARMS, act: editPrompt },
  { name: "runs", hash: "#/runs" },
  { name: "watch", hash: "#/runs/1/watch", answers: { run_view: () => halfWay("running") } },
  { name: "interrupted", hash: "#/runs/1/watch", answers: { run_view: () => halfWay("interrupted") } },
  { name: "results", hash: "#/runs/1" },
  { name: "number", hash: "#/runs/1?arm=generative%2Frq-kmeans&of=ndcg%4010" },
  { name: "user", hash: "#/runs/1/users/0?arm=generative%2Frq-kmeans" },
  {
    name: "user-answer",
    hash: "#/runs/1/users/0?arm=lm-title",
    answers: LM_RUN,
    act: async (page) => {
      await page.getByRole("button", { name: /^Its prompt and answer/ }).click();
      await page.getByRole("heading", { name: "What it named" }).waitFor();
    },
  },
  { name: "why", hash: "#/runs/1/why?user=0" },
  { name: "explore", hash: "#/explore" },
  { name: "explore-tree", hash: "#/explore/sample-films" },
  { name: "explore-item", hash: "#/explore/sample-films?view=item&item=0" },
  { name: "explore-map", hash: "#/explore/sample-films?view=map" },
  { name: "explore-collisions", hash: "#/explore/sample-films?view=collisions" },
  { name: "explore-compare", hash: "#/explore/sample-films?view=compare" },
  { name: "ask", hash: "#/ask" },
  { name: "ask-retrieval", hash: "#/ask", answers: LANGUAGE, act: askTwice },
  { name: "ask-model", hash: "#/ask?model=cluster", answers: LANGUAGE, act: askTwice },
  { name: "studies", hash: "#/studies" },
  { name: "study-new", hash: "#/studies/new?dataset=sample-films" },
  { name: "study-stimuli", hash: "#/studies/films-draft" },
  { name: "study-sessions", hash: "#/studies/films-open", answers: LANGUAGE },
  { name: "study-progress", hash: "#/studies/films-open?tab=results" },
  { name: "study-results", hash: "#/studies/films-closed", answers: STUDY_CHARTS },
  { name: "study-protocol", hash: "#/studies/films-closed?tab=protocol" },
  { name: "models-none", hash: "#/models", answers: { about } },
  { name: "models", hash: "#/models", answers: LANGUAGE, act: (page) => page.getByRole("button", { name: "Test cluster" }).click() },
  {
    name: "model-new",
    hash: "#/models",
    answers: LANGUAGE,
    act: (page) => page.getByRole("button", { name: "Add a model behind a URL…" }).click(),
  },
  { name: "model-edit", hash: "#/models", answers: LANGUAGE, act: (page) => page.getByRole("button", { name: "Edit cluster…" }).click() },
  {
    name: "prompts",
    hash: "#/models",
    answers: LANGUAGE,
    act: (page) => page.getByText("Order candidates").click(),
  },
  { name: "settings", hash: "#/settings" },
  { name: "no-such-page", hash: "#/nowhere" },
];

/** Waits until the page shows what it loaded: nothing is waited for and nothing moves any more. */
export async function settle(page: Page): Promise<void> {
  await page.locator("main h1").first().waitFor();
  await page
    .locator("main [role=status][aria-label^=Loading], main [role=status][aria-label^=Drawing]")
    .first()
    .waitFor({ state: "detached" });
  // An animation that is called off has ended too.
  await page.evaluate(() =>
    Promise.allSettled(document.getAnimations().filter((one) => one.effect?.getTiming().iterations !== Infinity).map((one) => one.finished)),
  );
}
