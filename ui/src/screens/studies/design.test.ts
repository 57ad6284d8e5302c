import { describe, expect, it } from "vitest";

import type { SchemeRow, StudyDesign } from "../../lib/wire";
import { freeKey, movedTask, newTask, problemAt, problemOf, toggledArm, trimmed, withLanguages, withoutTask, withPoints, withTask } from "./design";

const DESIGN: StudyDesign = {
  name: "s", title: { en: "T", de: "T" }, dataset: "d", languages: ["en", "de"], seed: 1, participants: 24, consent: { en: "C", de: "E" },
  arms: [], tasks: [], attention_share: 0.1, break_every: 30, text_chars: 0,
  rules: { failed_checks: 1, median_ms: 800, answered_share: 0.8, longest_ms: 120_000 }, analysis_plan: "",
};
const scheme = (ids: string, key: string): SchemeRow => ({
  ids, scheme: key, title: key.toUpperCase(), shape: "3 × 8", seed: 1, items: 10, run: 1, made_at: 1, has_meaning: true,
});
const add = (design: StudyDesign, kind: Parameters<typeof newTask>[1]) => ({ ...design, tasks: [...design.tasks, newTask(design, kind)] });

describe("arms", () => {
  it("of one scheme twice get keys and titles of their own", () => {
    const design = [scheme("1/rq", "rq"), scheme("2/rq", "rq")].reduce(toggledArm, DESIGN);
    expect(design.arms.map((arm) => [arm.key, arm.title])).toEqual([["rq", "RQ"], ["rq.2", "RQ 2"]]);
  });

  it("that are taken out are taken out of tasks that name them", () => {
    const row = scheme("1/rq", "rq");
    const design = add(toggledArm(DESIGN, row), "intrusion");
    const task = { ...design.tasks[0]!, arms: ["rq", "hash"] };
    expect(toggledArm(withTask(design, 0, task), row).tasks[0]?.arms).toEqual(["hash"]);
  });
});

describe("tasks", () => {
  it("get keys that are not taken", () => {
    expect(freeKey("rating", ["rating", "rating-2"])).toBe("rating-3");
    expect(add(add(DESIGN, "naming"), "naming").tasks.map((task) => task.key)).toEqual(["naming", "naming-2"]);
  });

  it("that match names follow their naming when it is renamed", () => {
    const design = add(add(DESIGN, "naming"), "matching");
    const renamed = withTask(design, 0, { ...design.tasks[0]!, key: "words" });
    expect(renamed.tasks[1]).toMatchObject({ kind: "matching", of: "words" });
  });

  it("move and go, and never leave the list", () => {
    const design = add(add(DESIGN, "intrusion"), "naming");
    const keys = (one: StudyDesign) => one.tasks.map((task) => task.key);
    expect(keys(movedTask(design, 1, -1))).toEqual(["naming", "intrusion"]);
    expect(keys(movedTask(design, 0, -1))).toEqual(["intrusion", "naming"]);
    expect(keys(withoutTask(design, 0))).toEqual(["naming"]);
  });
});

describe("languages", () => {
  it("that are added give every question room for them, and those left out are not sent", () => {
    const design = withLanguages(add(DESIGN, "rating"), "de, fr de");
    expect(design.languages).toEqual(["de", "fr"]);
    const task = design.tasks[0]!;
    if (task.kind !== "rating") throw new Error("It is a rating.");
    expect(task.question.points.fr, "as many points as the scale has").toEqual(["", "", "", "", ""]);
    expect(Object.keys(task.question.points).sort(), "what was written stays").toEqual(["de", "en", "fr"]);
    const sent = trimmed(design);
    expect(Object.keys(sent.consent)).toEqual(["de"]);
    expect(sent.tasks[0]?.kind === "rating" && Object.keys(sent.tasks[0].question.points).sort()).toEqual(["de", "fr"]);
  });

  it("keep a scale as long in one as in another", () => {
    const task = newTask(DESIGN, "rating");
    if (task.kind !== "rating") throw new Error("It is a rating.");
    const longer = withPoints(task.question, 7);
    expect(Object.values(longer.points).map((points) => points.length)).toEqual([7, 7]);
    expect(withPoints(longer, 5)).toEqual(task.question);
  });
});

it("problems stand beside their fields and with what holds them", () => {
  const problems = [{ field: "tasks.1.level", sentence: "Too deep." }, { field: "tasks.10.level", sentence: "Another." }];
  expect(problemOf(problems, "tasks.1")).toBe("Too deep.");
  expect(problemAt(problems, "tasks.1")).toBeUndefined();
  expect(problemAt(problems, "tasks.1.level")).toBe("Too deep.");
});
