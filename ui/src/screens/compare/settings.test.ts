import { describe, expect, test } from "vitest";

import { promptKind } from "../../lib/prompts";
import type { ExperimentSettings, LanguageModelRow, Methods } from "../../lib/wire";
import { applies, armsOf, askingAt, isPrompt, modelProblem, parseList, problemOf, promptOf, seedsProblem, toggledRecommender, toggledScheme, valueAt, withValue } from "./settings";

const settings = {
  name: "films",
  dataset: "films",
  seeds: [1, 2, 3],
  baseline: "popularity",
  prepare: { min_rating: null, k_core: 5, duplicates: "keep-first", ties: "shuffle", split: { rule: "leave-last-out" } },
  codes: { levels: 3, codes: 64, collisions: "append-digit" },
  ids: [{ scheme: "hash" }, { scheme: "rq-kmeans", iterations: 25, standardise: false, balanced: false }],
  recommenders: [{ kind: "popularity" }, { kind: "generative", epochs: 16 }],
} as unknown as ExperimentSettings;

const id = (key: string, title: string) => ({ key, title, sentence: "", starter: { scheme: key }, reads_text: false });
const methods = {
  ids: [id("hash", "Hash"), id("lsh", "LSH"), id("rq-kmeans", "RQ-KMeans"), { ...id("imported", "Imported"), starter: null }],
  recommenders: [
    { key: "popularity", title: "Popularity", sentence: "", starter: { kind: "popularity" }, speaks_ids: false, reads_text: false },
    { key: "generative", title: "Generative", sentence: "", starter: { kind: "generative" }, speaks_ids: true, reads_text: false },
    { key: "lm-id", title: "LM by ID", sentence: "", starter: { kind: "lm-id", model: "m" }, speaks_ids: true, reads_text: false },
  ],
  metrics: [],
} as unknown as Methods;

describe("a setting is read and written by the path that its facts name", () => {
  test("plain, nested, and inside a scheme or recommender", () => {
    expect(valueAt(settings, "codes.levels")).toBe(3);
    expect(valueAt(settings, "ids.rq-kmeans.iterations")).toBe(25);
    expect(valueAt(settings, "recommenders.generative.epochs")).toBe(16);
    expect(valueAt(settings, "recommenders.item-knn.history"), "no such recommender").toBeUndefined();
    const next = withValue(settings, "recommenders.generative.epochs", 4);
    expect(valueAt(next, "recommenders.generative.epochs")).toBe(4);
    expect(valueAt(settings, "recommenders.generative.epochs"), "the old settings stay as they were").toBe(16);
    expect(next.ids, "what is not on the path is kept").toBe(settings.ids);
  });

  test("another split brings and takes its shares", () => {
    const share = { field: "prepare.split.test_share" } as Parameters<typeof applies>[1];
    expect(applies(settings, share)).toBe(false);
    const moment = withValue(settings, "prepare.split.rule", "global-time");
    expect(moment.prepare.split).toEqual({ rule: "global-time", validation_share: 0.1, test_share: 0.1 });
    expect(applies(moment, share)).toBe(true);
    expect(withValue(moment, "prepare.split.rule", "leave-last-out").prepare.split).toEqual({ rule: "leave-last-out" });
  });
});

describe("arms", () => {
  test("a recommender that speaks in IDs has one for each scheme", () => {
    expect(armsOf(settings, methods).map(({ key, title }) => [key, title])).toEqual([
      ["popularity", "Popularity"],
      ["generative/hash", "Generative · Hash"],
      ["generative/rq-kmeans", "Generative · RQ-KMeans"],
    ]);
  });

  test("a scheme added stands in the order of the list, and one that needs a file waits for it", () => {
    const more = toggledScheme(toggledScheme(settings, methods.ids[3]!, methods), methods.ids[1]!, methods);
    expect(more.ids.map(({ scheme }) => scheme)).toEqual(["hash", "lsh", "rq-kmeans", "imported"]);
    expect(more.ids[3]).toEqual({ scheme: "imported", file: "" });
  });

  test("when the baseline goes, another arm is what all are compared with", () => {
    const without = toggledRecommender(settings, methods.recommenders[0]!, methods);
    expect(without.baseline).toBe("generative/hash");
    const none = toggledRecommender(without, methods.recommenders[1]!, methods);
    expect(none.baseline, "without arms the engine says what is missing").toBe("generative/hash");
  });
});

describe("recommenders that ask a language model", () => {
  const users = { field: "prepare.test_users" } as Parameters<typeof applies>[1];
  const asking = toggledRecommender(settings, methods.recommenders[2]!, methods);

  test("bring a number of users that is told, and take away only what they brought", () => {
    expect(applies(settings, users), "absent, it can be set").toBe(true);
    expect(asking.prepare.test_users).toBe(200);
    expect(armsOf(asking, methods).filter(({ trains }) => trains).map(({ key }) => key), "they train nothing").toEqual([
      "generative/hash",
      "generative/rq-kmeans",
    ]);
    expect(toggledRecommender(asking, methods.recommenders[2]!, methods).prepare).toEqual(settings.prepare);
    const set = withValue(settings, "prepare.test_users", 50);
    const [on, off] = [toggledRecommender(set, methods.recommenders[2]!, methods), methods.recommenders[2]!];
    expect(on.prepare.test_users, "what a person set stays").toBe(50);
    expect(toggledRecommender(on, off, methods).prepare.test_users).toBe(50);
    expect("test_users" in withValue(set, "prepare.test_users", null).prepare, "emptied, it is absent").toBe(false);
  });

  test("are told of a model that cannot answer as they ask before hours were spent on the other arms", () => {
    const model = (name: string, place: "here" | "remote") => ({ name, place }) as LanguageModelRow;
    const models = [model("small", "here"), model("cluster", "remote")];
    const ask = (kind: string, name: string, how: object) =>
      askingAt({ ...settings, recommenders: [{ kind, model: name, ...how }] } as unknown as ExperimentSettings, `recommenders.${kind}.model`)!;
    expect(askingAt(settings, "recommenders.generative.model"), "others name no model").toBeUndefined();
    expect(modelProblem(ask("lm-id", "small", { answer: "likelihood" }), models)).toBeUndefined();
    expect(modelProblem(ask("lm-id", "cluster", { answer: "likelihood" }), models)).toContain("likelihoods cannot be read");
    expect(modelProblem(ask("lm-id", "cluster", { answer: "written" }), models)).toBeUndefined();
    expect(modelProblem(ask("lm-generate", "cluster", { constrained: true }), models)).toContain("“Constrained”");
    expect(modelProblem(ask("lm-generate", "cluster", { constrained: false }), models)).toBeUndefined();
    expect(modelProblem(ask("lm-speak", "cluster", {}), models)).toContain("only a model of this machine can be trained on");
    expect(modelProblem(ask("lm-soft", "small", {}), models)).toBeUndefined();
    expect(modelProblem(ask("lm-id", "gone", { answer: "written" }), models)).toContain("not at hand");
    expect(modelProblem(ask("lm-id", "/models/x.gguf", { answer: "written" }), models), "a path is a name").toBeUndefined();
  });

  test("have a prompt that is put in and taken out whole", () => {
    const own = { version: "mine", system: "S", user: "U" };
    const with_ = withValue(asking, "recommenders.lm-id.prompt", own);
    expect(promptOf(with_, "lm-id")).toEqual(own);
    expect(withValue(with_, "recommenders.lm-id.prompt", undefined), "as if there had been none").toEqual(asking);
    expect([promptKind("lm-generate"), promptKind("lm-id-title"), promptKind("generative")]).toEqual(["generate", "rank", undefined]);
    expect([promptKind("lm-soft"), promptKind("lm-speak")], "what is trained is asked nothing").toEqual([undefined, undefined]);
    expect([isPrompt("recommenders.lm-id.prompt.user"), isPrompt("recommenders.lm-id.model")]).toEqual([true, false]);
  });
});

test("lists are taken as people type them", () => {
  expect(parseList(" 1, 2;3  4 ", true)).toEqual([1, 2, 3, 4]);
  expect(parseList("ndcg@10,recall@5", false)).toEqual(["ndcg@10", "recall@5"]);
  expect(seedsProblem("1, two, 3")).toContain("“two”");
  expect(seedsProblem("-1")).toContain("“-1”");
  expect(seedsProblem("1, 2, 3")).toBeUndefined();
});

test("all problems of a field are shown beside it", () => {
  const problems = [
    { field: "seeds", sentence: "There is no seed." },
    { field: "codes.levels", sentence: "Too many." },
    { field: "seeds", sentence: "Name one." },
  ];
  expect(problemOf(problems, "seeds")).toBe("There is no seed. Name one.");
  expect(problemOf(problems, "name")).toBeUndefined();
});
