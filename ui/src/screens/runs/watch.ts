// What of a run's progress is shown.

import type { StageView, StepView } from "../../lib/wire";

/** The steps worth a line: the outermost open one and the innermost, which moves. */
export function shownSteps(steps: readonly StepView[]): StepView[] {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return [];
  return first === last ? [first] : [first, last];
}

/** Which stage goes on, counted from 1, and how many are done; none before the stages are known. */
export function stageNumber(stages: readonly StageView[]): { number: number; done: number; of: number } | undefined {
  if (stages.length === 0) return undefined;
  const done = stages.filter(({ state }) => state === "done").length;
  const running = stages.findIndex(({ state }) => state === "running");
  return { number: running >= 0 ? running + 1 : Math.min(done + 1, stages.length), done, of: stages.length };
}
