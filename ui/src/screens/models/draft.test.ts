import { describe, expect, test } from "vitest";

import { draftOf, EMPTY, losesKeys, otherProblems, outcomeOf, problemAt, typedOf } from "./draft";

describe("a model behind URLs", () => {
  test("has one URL a line, and what is left open stays open for the engine to choose", () => {
    const draft = draftOf({ ...EMPTY, name: " lab ", model: "m", urls: " http://a/v1\n\n  http://b/v1 \n" });
    expect(draft.urls, "empty lines and blanks are no URLs").toEqual(["http://a/v1", "http://b/v1"]);
    expect(draft.name).toBe("lab");
    expect(draft.most_tokens, "an empty field is no number").toBeNull();
    expect(draft.currency).toBeNull();
  });

  test("tells which of several URLs is wrong, and loses no problem", () => {
    const problems = [
      { field: "endpoints.1.base_url", sentence: "No URL." },
      { field: "retries.attempts", sentence: "Too many." },
    ];
    expect(problemAt("urls", problems, "http://a/v1\nx")).toBe("x: No URL.");
    expect(problemAt("urls", problems, "x"), "a single URL needs no name").toBe("No URL.");
    expect(problemAt("name", problems)).toBeUndefined();
    expect(otherProblems(problems).map(({ field }) => field), "what has no field is said all the same").toEqual(["retries.attempts"]);
  });
});

describe("a model that is edited", () => {
  const draft = draftOf({ ...EMPTY, name: "lab", model: "m", urls: "http://a/v1\nhttp://b/v1", tokens: 5000, promptPrice: 0.15, answerPrice: 0.6 });

  test("is shown as it was set and kept as it was shown", () => {
    expect(draftOf(typedOf(draft))).toEqual(draft);
    const sparse = { name: "lab", model: "m", urls: ["http://a/v1"] };
    expect(typedOf(sparse).timeout, "what is absent is empty").toBeNull();
  });

  test("under its name is saved, under another's takes its place, under a new one is a model more", () => {
    const named = (name: string) => outcomeOf({ ...typedOf(draft), name }, draft, ["lab", "cluster"]);
    expect([named(" lab "), named("cluster"), named("lab 2")]).toEqual(["saved", "replaced", "new"]);
    expect(losesKeys({ ...typedOf(draft), urls: "http://a/v1" }, draft)).toBe(true);
    expect(losesKeys({ ...typedOf(draft), urls: "http://c/v1 http://b/v1" }, draft)).toBe(false);
  });
});
