import { describe, expect, test } from "vitest";

import type { Comparison, Difference } from "../../lib/wire";
import { armColumns, armRows, direction, gainsOf, groupsOf, readState, shownRows, usuallyHidden, writeState } from "./arms";
import { chartTabs } from "./charts";

const health = { id_validity: 1, unconstrained_id_validity: null, users_without_list: 0, short_lists: 0, tie_rate: 0, distinct_in_top10: 9, warnings: [] };
const cost = { embed_secs: 0, quantize_secs: 0, train_secs: 1, rank_secs: 1, peak_bytes: 1, parameters: 0 };
const arm = (key: string, title: string, mean: number) => ({
  key,
  title,
  recommender: key.split("/")[0]!,
  ids: key.split("/")[1] ?? null,
  values: ["ndcg@10", "recall@10"].map((metric) => ({ metric, mean, low: mean - 0.01, high: mean + 0.01, by_seed: [mean], seed_sd: null })),
  cost,
  health,
  breadth: [],
  slices: [],
  curves: [],
});
const test_ = (arm: string, against: string, difference: number, p_adjusted = 0.01): Difference => ({
  arm,
  against,
  metric: "ndcg@10",
  difference,
  low: difference - 0.005,
  high: difference + 0.005,
  p: p_adjusted,
  p_adjusted,
  effect_size: 0.1,
  wins: 3,
  ties: 2,
  losses: 1,
});
const comparison = {
  primary_metric: "ndcg@10",
  baseline: 1,
  metrics: [
    { key: "ndcg@10", title: "NDCG@10", formula: "", higher_is_better: true },
    { key: "recall@10", title: "Recall@10", formula: "", higher_is_better: true },
  ],
  breadth_metrics: [],
  protocol: { correction: "Holm" },
  arms: [arm("g/hash", "Hash", 0.02), arm("popularity", "Popularity", 0.01), arm("g/rq", "RQ", 0.05), arm("g/lsh", "LSH", 0.04)],
  differences: [test_("g/hash", "popularity", 0.01), test_("g/rq", "popularity", 0.04), test_("g/lsh", "popularity", 0.03)],
  meaning_gains: [test_("g/lsh", "g/permuted", 0.01), test_("g/rq", "g/permuted", 0.02)],
  hash_gains: [test_("g/lsh", "g/hash", 0.02)],
} as unknown as Comparison;

describe("the table of arms", () => {
  const columns = armColumns(comparison, "ndcg@10");
  const rows = armRows(comparison, "ndcg@10");
  const titles = (shown: ReturnType<typeof shownRows>) => shown.map((row) => row.arm.title);

  test("the baseline stands on top whatever the order and whatever is looked for", () => {
    expect(titles(shownRows(rows, columns, "", { key: "value", down: true }))).toEqual(["Popularity", "RQ", "LSH", "Hash"]);
    expect(titles(shownRows(rows, columns, "", { key: "value", down: false }))).toEqual(["Popularity", "Hash", "LSH", "RQ"]);
    expect(titles(shownRows(rows, columns, "rq", undefined)), "others are read against it").toEqual(["Popularity", "RQ"]);
  });

  test("the baseline has no difference to itself", () => {
    const difference = columns.find(({ key }) => key === "difference")!;
    expect(difference.text?.(rows[1]!)).toBe("");
    expect(difference.text?.(rows[2]!)).toBe("+.0400");
  });

  test("columns of one group stand under one head", () => {
    const shown = columns.filter((column) => column.usual);
    expect(groupsOf(shown).map(({ title }) => title)).toEqual(["", "NDCG@10", "Against Popularity", "Cost", "Health"]);
    expect(groupsOf(shown).reduce((sum, { span }) => sum + span, 0)).toBe(shown.length);
  });
});

describe("the address of the table", () => {
  const usual = readState(new URLSearchParams(), comparison);

  test("nothing stands in it while all is as usual", () => {
    expect(usual).toMatchObject({ metric: "ndcg@10", sort: undefined, search: "" });
    expect(usual.hidden).toEqual(usuallyHidden(armColumns(comparison, "ndcg@10")));
    expect(writeState(usual, comparison)).toEqual({ metric: null, sort: null, find: null, columns: null });
  });

  test("what is chosen comes back from it", () => {
    const state = { metric: "recall@10", sort: { key: "cost:train", down: true }, search: "rq", hidden: ["value", "p"] };
    const written = writeState(state, comparison);
    const query = new URLSearchParams(Object.entries(written).flatMap(([key, value]) => (value ? [[key, value]] : [])));
    expect(readState(query, comparison)).toEqual(state);
  });

  test("all columns can be hidden but the arm", () => {
    const hidden = armColumns(comparison, "ndcg@10").filter((column) => column.hideable !== false).map((column) => column.key);
    const { columns } = writeState({ ...usual, hidden }, comparison);
    expect(readState(new URLSearchParams({ columns: columns! }), comparison).hidden).toEqual(hidden);
  });

  test("a metric or column that the run does not have falls back to the usual", () => {
    const state = readState(new URLSearchParams({ metric: "map@3", sort: "nonsense~down" }), comparison);
    expect(state).toEqual(usual);
  });
});

test("gains are those of the best arm first, with either control missing", () => {
  const gains = gainsOf(comparison, "ndcg@10");
  expect(gains.map((gain) => [gain.arm.title, gain.meaning?.difference, gain.hash?.difference])).toEqual([
    ["RQ", 0.02, undefined],
    ["LSH", 0.01, 0.02],
  ]);
});

test("a difference has a direction only when the interval and the adjusted p both say so", () => {
  expect(direction(test_("a", "b", 0.02), true)).toBe("better");
  expect(direction(test_("a", "b", -0.02), true)).toBe("worse");
  expect(direction(test_("a", "b", -0.02), false), "where less is better").toBe("better");
  expect(direction(test_("a", "b", 0.02, 0.2), true), "p above .05").toBe("open");
  expect(direction(test_("a", "b", 0.002), true), "the interval holds 0").toBe("open");
});

test("charts stand under tabs, and one of an unknown kind is not lost", () => {
  const tabs = chartTabs(["gains", "differences", "metric-ndcg-at-10", "metric-recall-at-10", "codes-hash", "sunburst"]);
  expect(tabs.map((tab) => [tab.value, tab.names.length])).toEqual([
    ["gains", 1],
    ["differences", 1],
    ["metrics", 2],
    ["codes", 1],
    ["other", 1],
  ]);
});
