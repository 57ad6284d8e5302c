// The tables of a study's results: how each number is written, and what stands behind it. Formats only. No DOM.

import { count, decimals, p, percent, seconds, signed } from "../../lib/format";
import type { Analysis, Coefficient, KindResults, ModelAgreement, StudyDesign } from "../../lib/wire";
import { armTitle, taskTitle } from "./words";

/** Where a number comes from: facts and formula, one click away. */
export type Note = { title: string; facts: [label: string, value: string][]; formula: string };
/** A cell; with a note it can be asked. */
export type NumberCell = { text: string; note?: Note; mark?: "good" | "bad" };
export type NumberTable = {
  key: string;
  title: string;
  about: string;
  columns: { label: string; numeric?: boolean }[];
  rows: NumberCell[][];
};

const range = (low: number, high: number, write: (value: number) => string) => `[${write(low)}, ${write(high)}]`;
const two = (value: number | null) => decimals(value, 2);
const numeric = (...labels: string[]) => labels.map((label) => ({ label, numeric: true }));
const words = (...labels: string[]) => labels.map((label) => ({ label }));

/** All tables of one kind of participants that have rows, the most important first. */
export function tablesOf(design: StudyDesign, results: KindResults): NumberTable[] {
  const { analysis } = results;
  const of = { design, analysis };
  return [
    accuracy(of),
    differences(of),
    ratings(of),
    superiority(of),
    agreement(of),
    times(of),
    companions(design, results),
    twoAxes(design, results),
  ].filter((table) => table.rows.length > 0);
}

type Of = { design: StudyDesign; analysis: Analysis };

function formula({ analysis }: Of, ...names: string[]): string {
  return names.flatMap((name) => analysis.formulas[name] ?? []).join(". ");
}

function accuracy(of: Of): NumberTable {
  const { design, analysis } = of;
  const rows = analysis.accuracy.map((row): NumberCell[] => {
    const { share } = row;
    const title = `Accuracy of ${armTitle(design, row.arm)} in ${row.task}`;
    const n: Note["facts"] = [
      ["Participants", count(row.participants)],
      ["Trials", count(share.trials)],
      ["Right", count(share.hits)],
      ["Chance", percent(share.chance)],
    ];
    return [
      { text: taskTitle(design, row.task) },
      { text: armTitle(design, row.arm) },
      {
        text: percent(row.mean),
        note: {
          title,
          facts: [...n, ["Mean over participants", percent(row.mean)], ["95 % interval", range(row.low, row.high, percent)]],
          formula: formula(of, "accuracy.mean"),
        },
      },
      { text: range(row.low, row.high, percent) },
      { text: percent(share.chance) },
      {
        text: `${count(share.hits)} / ${count(share.trials)}`,
        note: {
          title: `Hits of ${armTitle(design, row.arm)} in ${row.task}`,
          facts: [
            ...n,
            ["Share", percent(share.share)],
            ["Exact 95 % interval", range(share.exact[0], share.exact[1], percent)],
            ["Wilson 95 % interval", range(share.wilson[0], share.wilson[1], percent)],
            ["p against chance (binomial)", p(share.p)],
          ],
          formula: formula(of, "accuracy.share", "accuracy.exact", "accuracy.wilson"),
        },
      },
      { text: p(row.p_participants), note: { title, facts: [...n, ["p by participant", p(row.p_participants)]], formula: formula(of, "accuracy.p_participants") } },
      { text: p(row.p_items), note: { title, facts: [...n, ["p by item", p(row.p_items)]], formula: formula(of, "accuracy.p_items") } },
    ];
  });
  return {
    key: "accuracy",
    title: "Accuracy against chance",
    about: "Share of right answers, as the mean over participants with its 95 % interval.",
    columns: [...words("Task", "Arm"), ...numeric("Right", "95 % interval", "Chance", "Hits", "p by participant", "p by item")],
    rows,
  };
}

function differences(of: Of): NumberTable {
  const { design, analysis } = of;
  const rows = analysis.differences.map((row): NumberCell[] => {
    const write = (value: number) => (row.outcome === "accuracy" ? signed(value, 3) : signed(value, 2));
    const pair = `${armTitle(design, row.arm)} − ${armTitle(design, row.against)}`;
    const note = (name: string, value: string, ...names: string[]): Note => ({
      title: `${pair}, ${row.outcome} in ${row.task}`,
      facts: [
        ["Participants", count(row.participants)],
        ["Items", count(row.items)],
        ["Mean difference over participants", write(row.difference)],
        ["95 % interval over participants", range(row.low, row.high, write)],
        ["95 % interval over items", range(row.item_low, row.item_high, write)],
        [name, value],
      ],
      formula: formula(of, ...names),
    });
    const both = row.p_adjusted < 0.05;
    return [
      { text: taskTitle(design, row.task) },
      { text: pair },
      { text: row.outcome },
      { text: write(row.difference), mark: both ? (row.difference > 0 ? "good" : "bad") : undefined, note: note("p adjusted", p(row.p_adjusted), "differences.p_adjusted") },
      { text: range(row.low, row.high, write) },
      { text: p(row.p_participants), note: note("p by participant", p(row.p_participants), "differences.p_participants") },
      { text: p(row.p_items), note: note("p by item", p(row.p_items), "differences.p_items") },
      { text: p(row.p_min_f), note: note("p of min F′", p(row.p_min_f), "differences.p_min_f") },
      { text: p(row.p_adjusted), note: note("p adjusted", p(row.p_adjusted), "differences.p_adjusted") },
    ];
  });
  return {
    key: "differences",
    title: "Differences between arms",
    about: "Tested by participant and by item: what holds for only one of both holds for these people or these items alone.",
    columns: [...words("Task", "Arms", "Outcome"), ...numeric("Difference", "95 % interval", "p by participant", "p by item", "p of min F′", "p adjusted")],
    rows,
  };
}

function ratings(of: Of): NumberTable {
  const { design, analysis } = of;
  const rows = analysis.ratings.flatMap((task) =>
    task.arms.map((arm): NumberCell[] => {
      const counts: Note["facts"] = [...task.points.map((point, at): [string, string] => [point, count(arm.counts[at])]), ["Cannot judge", count(arm.cannot_judge)]];
      const note: Note = {
        title: `Ratings of ${armTitle(design, arm.arm)} in ${task.task}`,
        facts: [...counts, ["Mean", two(arm.mean)], ["Median", two(arm.median)]],
        formula: formula(of, "ratings.mean"),
      };
      return [
        { text: taskTitle(design, task.task) },
        { text: armTitle(design, arm.arm) },
        ...arm.counts.map((n) => ({ text: count(n) })),
        { text: count(arm.cannot_judge) },
        { text: two(arm.mean), note },
        { text: two(arm.median), note },
        { text: two(arm.confidence) },
      ];
    }),
  );
  const most = Math.max(0, ...analysis.ratings.map((task) => task.points.length));
  const points = Array.from({ length: most }, (_, at) => String(at + 1));
  return {
    key: "ratings",
    title: "Ratings",
    about: "Answers at each point, from the lowest; “cannot judge” stands apart and is in no mean.",
    columns: [...words("Task", "Arm"), ...numeric(...points, "Cannot judge", "Mean", "Median", "Confidence")],
    // Scales of different lengths share one table.
    rows: rows.map((row) => {
      const short = most + 6 - row.length;
      return short > 0 ? [...row.slice(0, -4), ...Array.from({ length: short }, () => ({ text: "" })), ...row.slice(-4)] : row;
    }),
  };
}

function superiority(of: Of): NumberTable {
  const { design, analysis } = of;
  const rows = analysis.superiority.map((row): NumberCell[] => {
    const { value, low, high, n, clusters } = row.superiority;
    const pair = `${armTitle(design, row.arm)} over ${armTitle(design, row.against)}`;
    const note: Note = {
      title: `${pair} in ${row.task}`,
      facts: [
        ["Probability of superiority", decimals(value, 3)],
        ["95 % interval", range(low, high, (one) => decimals(one, 3))],
        ["Ratings", `${count(n[0])} and ${count(n[1])}`],
        ["Participants", count(clusters)],
      ],
      formula: formula(of, "superiority"),
    };
    return [
      { text: taskTitle(design, row.task) },
      { text: pair },
      { text: decimals(value, 3), note },
      { text: range(low, high, (one) => decimals(one, 3)) },
      { text: `${count(n[0])}, ${count(n[1])}` },
      { text: count(clusters) },
    ];
  });
  return {
    key: "superiority",
    title: "Probability of superiority",
    about: "That a rating of the one exceeds a rating of the other, ties counted half; .5 where neither is higher.",
    columns: [...words("Task", "Arms"), ...numeric("Probability", "95 % interval", "Ratings", "Participants")],
    rows,
  };
}

function agreement(of: Of): NumberTable {
  const { design, analysis } = of;
  const rows = analysis.agreement.map((row): NumberCell[] => {
    const cell = (name: string, value: Coefficient | null, key: string): NumberCell =>
      value === null
        ? { text: "–" }
        : {
            text: `${decimals(value.value, 3)} ${range(value.low, value.high, (one) => decimals(one, 3))}`,
            note: {
              title: `${name} in ${row.task}`,
              facts: [
                ["Value", decimals(value.value, 3)],
                ["95 % interval", range(value.low, value.high, (one) => decimals(one, 3))],
                ["Units", count(value.units)],
                ["Raters", count(value.raters)],
                ...(key === "agreement.icc" ? [["Rows of the Latin square", count(row.icc_rows)] as [string, string]] : []),
              ],
              formula: formula(of, key),
            },
          };
    return [
      { text: taskTitle(design, row.task) },
      cell(`Krippendorff’s α${row.level ? `, ${row.level}` : ""}`, row.alpha, "agreement.alpha"),
      { text: row.level ?? "–" },
      cell("ICC(A,1)", row.icc_single, "agreement.icc"),
      cell("ICC(A,k)", row.icc_average, "agreement.icc"),
    ];
  });
  return {
    key: "agreement",
    title: "Agreement between raters",
    about: "1 is perfect agreement, 0 what chance gives.",
    columns: [{ label: "Task" }, ...numeric("Krippendorff’s α"), { label: "Level" }, ...numeric("ICC(A,1)", "ICC(A,k)")],
    rows,
  };
}

function times(of: Of): NumberTable {
  const { design, analysis } = of;
  const secs = (ms: number) => seconds(ms / 1000);
  const rows = analysis.times.map((row): NumberCell[] => [
    { text: taskTitle(design, row.task) },
    { text: armTitle(design, row.arm) },
    {
      text: secs(row.median_ms),
      note: {
        title: `Response times of ${armTitle(design, row.arm)} in ${row.task}`,
        facts: [
          ["Answers", count(row.n)],
          ["Left out as too long", count(row.too_long)],
          ["Median", `${count(row.median_ms)} ms`],
          ["Quartiles", `${count(row.lower_ms)} and ${count(row.upper_ms)} ms`],
        ],
        formula: formula(of, "times"),
      },
    },
    { text: `${secs(row.lower_ms)} – ${secs(row.upper_ms)}` },
    { text: count(row.n) },
    { text: count(row.too_long) },
  ]);
  return {
    key: "times",
    title: "Response times",
    about: "From the first sight of a trial to the choice.",
    columns: [...words("Task", "Arm"), ...numeric("Median", "Quartiles", "Answers", "Too long")],
    rows,
  };
}

function companions(design: StudyDesign, results: KindResults): NumberTable {
  const rows = results.companions.map((row): NumberCell[] => {
    const arms = design.arms.filter((arm) => row.by_arm[arm.key] !== undefined);
    return [
      { text: taskTitle(design, row.task) },
      { text: row.measure },
      { text: arms.map((arm) => `${armTitle(design, arm.key)} ${decimals(row.by_arm[arm.key], 3)}`).join(" · ") },
      {
        text: decimals(row.correlation, 3),
        note: {
          title: `${row.measure} beside the human numbers in ${row.task}`,
          facts: [
            ["Spearman’s correlation", decimals(row.correlation, 3)],
            ["Stimuli as arms show them", count(row.n)],
            ...arms.map((arm): [string, string] => [armTitle(design, arm.key), decimals(row.by_arm[arm.key], 3)]),
          ],
          formula: "Spearman’s correlation of the measure with the share right, or the mean rating, over stimuli as arms show them",
        },
      },
      { text: count(row.n) },
    ];
  });
  return {
    key: "companions",
    title: "Automatic companions",
    about: "What can be computed without people, beside what people say: how far the one stands for the other.",
    columns: [...words("Task", "Measure", "Mean in each arm"), ...numeric("Correlation", "n")],
    rows,
  };
}

function twoAxes(design: StudyDesign, results: KindResults): NumberTable {
  const rows = results.two_axes.map((row): NumberCell[] => {
    const note: Note = {
      title: `${row.title} in ${row.task}`,
      facts: [
        ["Right", `${percent(row.right.value)} ${range(row.right.low, row.right.high, percent)}`],
        ["Participants", count(row.right.n)],
        ["Chance", percent(row.chance)],
        [row.metric, `${decimals(row.accuracy.value, 4)} ${range(row.accuracy.low, row.accuracy.high, (one) => decimals(one, 4))}`],
        ["Users", count(row.accuracy.n)],
        ["Run", `${row.run}, ${row.run_arm_title}`],
      ],
      formula: "mean over participants of the share right, with the 95 % bootstrap over them; the run’s metric, with the 95 % bootstrap over users",
    };
    return [
      { text: row.title || armTitle(design, row.arm) },
      { text: row.task },
      { text: percent(row.right.value), note },
      { text: range(row.right.low, row.right.high, percent) },
      { text: decimals(row.accuracy.value, 4), note },
      { text: range(row.accuracy.low, row.accuracy.high, (one) => decimals(one, 4)) },
      { text: row.run_arm_title },
    ];
  });
  const metric = results.two_axes[0]?.metric ?? "";
  return {
    key: "two-axes",
    title: "Accuracy and interpretability",
    about: "Each ID scheme by what a recommender makes of it and by what people see in it.",
    columns: [...words("Arm", "Task"), ...numeric("Right", "95 % interval", metric, "95 % interval"), { label: "Arm of the run" }],
    rows,
  };
}

/** Agreement of language models with people. */
export function modelTable(design: StudyDesign, rows: readonly ModelAgreement[]): NumberTable {
  return {
    key: "models",
    title: "Language models and people",
    about: "How often a model chose what most people chose, on the same stimuli in the same arms.",
    columns: [...words("Model", "Task"), ...numeric("Like most people", "Between people", "Krippendorff’s α", "n")],
    rows: rows.map((row) => {
      const note: Note = {
        title: `${row.model} and people in ${row.task}`,
        facts: [
          ["Chose what most people chose", percent(row.equal_share)],
          ["One person and the others", percent(row.between_people)],
          ["Krippendorff’s α", decimals(row.alpha, 3)],
          ["Stimuli as arms show them", count(row.n)],
        ],
        formula: "share of the stimuli, as arms show them, on which both agree; where people are tied, by their share",
      };
      return [
        { text: row.model },
        { text: taskTitle(design, row.task) },
        { text: percent(row.equal_share), note },
        { text: percent(row.between_people), note },
        { text: decimals(row.alpha, 3), note },
        { text: count(row.n) },
      ];
    }),
  };
}
