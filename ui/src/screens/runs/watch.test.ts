import { expect, test } from "vitest";

import type { StageView, StepView } from "../../lib/wire";
import { canResume, isOpen, placeOf, stateOf } from "./status";
import { shownSteps, stageNumber } from "./watch";

const stages = (...states: StageView["state"][]): StageView[] =>
  states.map((state) => ({ state, stage: { stage: state, secs: 1, reused: false } }));
const step = (name: string): StepView => ({ name, note: "", done: 1, total: 2, elapsed_secs: 1, remaining_secs: null });

test("the stage that goes on is counted from one", () => {
  expect(stageNumber(stages("done", "done", "running", "waiting"))).toEqual({ number: 3, done: 2, of: 4 });
  expect(stageNumber(stages("done", "waiting")), "between two stages the next one is named").toEqual({ number: 2, done: 1, of: 2 });
  expect(stageNumber(stages("done", "done")), "there is no stage after the last").toEqual({ number: 2, done: 2, of: 2 });
  expect(stageNumber([])).toBeUndefined();
});

test("of nested steps the outermost and the one that moves are shown", () => {
  expect(shownSteps([step("train"), step("epoch"), step("batch")]).map(({ name }) => name)).toEqual(["train", "batch"]);
  expect(shownSteps([step("train")])).toHaveLength(1);
  expect(shownSteps([])).toEqual([]);
});

test("a run is looked at where it stands", () => {
  expect(placeOf("finished")).toBe("/runs/:id");
  expect(placeOf("interrupted")).toBe("/runs/:id/watch");
  expect([isOpen("running"), isOpen("queued"), isOpen("failed")]).toEqual([true, true, false]);
  expect([canResume("cancelled"), canResume("finished"), canResume("running")]).toEqual([true, false, false]);
  expect(stateOf("cancelled").label, "people stop a run, they do not cancel it").toBe("stopped");
  expect(stateOf("something new").label, "an unknown state is shown as it is called").toBe("something new");
});
