// The table of arms as data: its rows, its columns in groups, and what of it stands in the address. No DOM in here.

import { count, decimals, interval, mebibytes, metric as metricText, p, percent, seconds, signed, signedInterval } from "../../lib/format";
import { found, sorted, type Column, type Sort } from "../../lib/table";
import type { ArmResult, Comparison, Difference, MetricValue } from "../../lib/wire";

/** One arm under the metric chosen. */
export type ArmRow = {
  arm: ArmResult;
  baseline: boolean;
  value: MetricValue | undefined;
  /** Against the baseline; none for the baseline itself. */
  difference: Difference | undefined;
};

/** How a cell is drawn besides its text. */
export type Look = "arm" | "number" | "interval" | "difference" | "tally" | "plain";

export type ArmColumn = Column<ArmRow> & {
  group: string;
  look: Look;
  /** What belongs to the number, below it. */
  detail?: (row: ArmRow) => string;
  /** The metric behind the number: a click opens where it comes from. */
  opens?: string;
  /** Whether it is shown when nobody chose. */
  usual: boolean;
};

export function metricTitle(comparison: Comparison, key: string): string {
  return comparison.metrics.find((metric) => metric.key === key)?.title ?? key;
}

export function armTitle(comparison: Comparison, key: string): string {
  return comparison.arms.find((arm) => arm.key === key)?.title ?? key;
}

export function baselineOf(comparison: Comparison): ArmResult | undefined {
  return comparison.arms[comparison.baseline];
}

export function valueOf(arm: ArmResult, metric: string): MetricValue | undefined {
  return arm.values.find((value) => value.metric === metric);
}

export function armRows(comparison: Comparison, metric: string): ArmRow[] {
  return comparison.arms.map((arm, at) => ({
    arm,
    baseline: at === comparison.baseline,
    value: valueOf(arm, metric),
    difference: comparison.differences.find((test) => test.arm === arm.key && test.metric === metric),
  }));
}

export function armColumns(comparison: Comparison, metric: string): ArmColumn[] {
  const title = metricTitle(comparison, metric);
  const better = comparison.metrics.find(({ key }) => key === metric)?.higher_is_better === false ? "lower" : "higher";
  const against = `Against ${baselineOf(comparison)?.title ?? "the baseline"}`;
  const family = `adjusted by ${comparison.protocol.correction}`;
  const columns: ArmColumn[] = [
    {
      key: "arm",
      label: "Arm",
      group: "",
      look: "arm",
      usual: true,
      hideable: false,
      pinned: true,
      value: (row) => row.arm.title,
    },
    {
      key: "value",
      label: "Mean",
      about: `${title}, mean over users; ${better} is better`,
      group: title,
      look: "number",
      usual: true,
      numeric: true,
      opens: metric,
      value: (row) => row.value?.mean,
      text: (row) => metricText(row.value?.mean),
      detail: (row) => interval(row.value?.low, row.value?.high),
    },
    {
      key: "interval",
      label: "95 % interval",
      about: "The mean and its bootstrap interval over users, all arms on one scale",
      group: title,
      look: "interval",
      usual: true,
      sortable: false,
      value: (row) => row.value?.low,
      text: (row) => interval(row.value?.low, row.value?.high),
    },
    {
      key: "seed-sd",
      label: "SD over seeds",
      about: "Standard deviation of the mean between seeds",
      group: title,
      look: "plain",
      usual: false,
      numeric: true,
      value: (row) => row.value?.seed_sd,
      text: (row) => metricText(row.value?.seed_sd),
    },
    {
      key: "difference",
      label: "Difference",
      about: "Mean paired difference over the same users, with its 95 % interval",
      group: against,
      look: "difference",
      usual: true,
      numeric: true,
      opens: metric,
      value: (row) => row.difference?.difference,
      text: (row) => (row.baseline ? "" : signed(row.difference?.difference)),
      detail: (row) => (row.difference ? signedInterval(row.difference.low, row.difference.high) : ""),
    },
    {
      key: "p",
      label: "Adjusted p",
      about: `Two-sided sign-flip p, ${family}`,
      group: against,
      look: "plain",
      usual: true,
      numeric: true,
      opens: metric,
      value: (row) => row.difference?.p_adjusted,
      text: (row) => (row.baseline ? "" : p(row.difference?.p_adjusted)),
    },
    {
      key: "effect",
      label: "Effect size",
      about: "Mean difference over its standard deviation, d_z",
      group: against,
      look: "plain",
      usual: false,
      numeric: true,
      value: (row) => row.difference?.effect_size,
      text: (row) => (row.baseline ? "" : signed(row.difference?.effect_size, 2)),
    },
    {
      key: "tally",
      label: "Win · tie · loss",
      about: "Users for whom the arm is better, equal, worse; sorted by wins",
      group: against,
      look: "tally",
      usual: true,
      numeric: true,
      value: (row) => row.difference?.wins,
      text: (row) => (row.difference ? tallyText(row.difference) : ""),
    },
  ];
  for (const other of comparison.metrics) {
    if (other.key === metric) continue;
    columns.push({
      key: `metric:${other.key}`,
      label: other.title,
      about: other.formula,
      group: "Other metrics",
      look: "number",
      usual: false,
      numeric: true,
      opens: other.key,
      value: (row) => valueOf(row.arm, other.key)?.mean,
      text: (row) => metricText(valueOf(row.arm, other.key)?.mean),
      detail: (row) => interval(valueOf(row.arm, other.key)?.low, valueOf(row.arm, other.key)?.high),
    });
  }
  for (const [at, measure] of comparison.breadth_metrics.entries()) {
    columns.push({
      key: `breadth:${measure.key}`,
      label: measure.title,
      about: measure.formula,
      group: "Breadth",
      look: "plain",
      usual: false,
      numeric: true,
      value: (row) => row.arm.breadth[at],
      text: (row) => decimals(row.arm.breadth[at], 3),
    });
  }
  const cost = (key: string, label: string, about: string, usual: boolean, value: (arm: ArmResult) => number, text: (value: number) => string) =>
    columns.push({
      key: `cost:${key}`,
      label,
      about,
      group: "Cost",
      look: "plain",
      usual,
      numeric: true,
      value: (row) => value(row.arm),
      text: (row) => text(value(row.arm)),
    });
  cost("embed", "Embed", "Seconds spent embedding what the arm needs", false, (arm) => arm.cost.embed_secs, seconds);
  cost("ids", "Make IDs", "Seconds of learning the quantizer and assigning IDs", false, (arm) => arm.cost.quantize_secs, seconds);
  cost("train", "Train", "Seconds of training, mean over seeds", true, (arm) => arm.cost.train_secs, seconds);
  cost("rank", "Rank", "Seconds of ranking all judged users, mean over seeds", false, (arm) => arm.cost.rank_secs, seconds);
  cost("memory", "Memory", "Highest resident memory of the process while the arm worked", false, (arm) => arm.cost.peak_bytes, mebibytes);
  cost("parameters", "Parameters", "Learned numbers", true, (arm) => arm.cost.parameters, (value) => (value === 0 ? "–" : count(value)));
  const health = (key: string, label: string, about: string, usual: boolean, value: (arm: ArmResult) => number | null, text: (value: number | null) => string) =>
    columns.push({
      key: `health:${key}`,
      label,
      about,
      group: "Health",
      look: "plain",
      usual,
      numeric: true,
      value: (row) => value(row.arm),
      text: (row) => text(value(row.arm)),
    });
  health("unconstrained", "Valid IDs, free", "Share of IDs that are an item's when nothing constrains decoding, on a sample of users", false, (arm) => arm.health.unconstrained_id_validity, percent);
  health("validity", "Valid IDs", "Share of emitted IDs that are an item's ID, as decoded", false, (arm) => arm.health.id_validity, percent);
  health("distinct", "Distinct items", "Different items in the top 10 over all users", true, (arm) => arm.health.distinct_in_top10, count);
  health("ties", "Equal scores", "Share of neighbouring ranks with equal scores", false, (arm) => arm.health.tie_rate, percent);
  health("short", "Short lists", "Users whose list was shorter than the largest K", false, (arm) => arm.health.short_lists, count);
  health("none", "No list", "Users for whom no list came", false, (arm) => arm.health.users_without_list, count);
  return columns;
}

export function tallyText(difference: Difference): string {
  return `${count(difference.wins)} · ${count(difference.ties)} · ${count(difference.losses)}`;
}

/** The rows as shown: the baseline stands on top whatever the order, the rest is searched and sorted. */
export function shownRows(rows: readonly ArmRow[], columns: readonly ArmColumn[], search: string, sort: Sort | undefined): ArmRow[] {
  const rest = rows.filter((row) => !row.baseline);
  const [arm] = columns;
  const matching = found(rest, arm ? [arm] : [], search);
  return [...rows.filter((row) => row.baseline), ...sorted(matching, columns, sort)];
}

/** Columns that are not shown, when nobody chose. */
export function usuallyHidden(columns: readonly ArmColumn[]): string[] {
  return columns.filter((column) => !column.usual).map((column) => column.key);
}

/** Neighbouring columns of one group under one head. */
export function groupsOf(columns: readonly ArmColumn[]): { title: string; span: number }[] {
  const groups: { title: string; span: number }[] = [];
  for (const { group } of columns) {
    const last = groups.at(-1);
    if (last?.title === group) last.span += 1;
    else groups.push({ title: group, span: 1 });
  }
  return groups;
}

/** The lowest and highest end of all intervals: the scale of the small drawings. */
export function scaleOf(rows: readonly ArmRow[]): [number, number] {
  const values = rows.flatMap((row) => (row.value ? [row.value.low, row.value.high] : []));
  return values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
}

/** What a difference says: sure in one direction, or not sure. Sure as the verdict means it. */
export function direction(difference: Difference, higherIsBetter: boolean): "better" | "worse" | "open" {
  const sure = difference.p_adjusted < 0.05 && (difference.low > 0 || difference.high < 0);
  if (!sure) return "open";
  return difference.difference > 0 === higherIsBetter ? "better" : "worse";
}

/** What of the table stands in the address. */
export type TableState = { metric: string; sort: Sort | undefined; search: string; hidden: string[] };

export function readState(query: URLSearchParams, comparison: Comparison): TableState {
  const asked = query.get("metric") ?? "";
  const metric = comparison.metrics.some(({ key }) => key === asked) ? asked : comparison.primary_metric;
  const columns = armColumns(comparison, metric);
  const [key = "", way] = (query.get("sort") ?? "").split("~");
  const sort = columns.some((column) => column.key === key && column.sortable !== false) ? { key, down: way === "down" } : undefined;
  const shown = query.get("columns")?.split("~");
  const hidden = shown
    ? columns.filter((column) => column.hideable !== false && !shown.includes(column.key)).map((column) => column.key)
    : usuallyHidden(columns);
  return { metric, sort, search: query.get("find") ?? "", hidden };
}

/** The address of a state; what is as usual is left out. */
export function writeState(state: TableState, comparison: Comparison): Record<"metric" | "sort" | "find" | "columns", string | null> {
  const columns = armColumns(comparison, state.metric);
  const usual = usuallyHidden(columns);
  const asUsual = usual.length === state.hidden.length && usual.every((key) => state.hidden.includes(key));
  const shown = columns.filter((column) => column.hideable !== false && !state.hidden.includes(column.key));
  return {
    metric: state.metric === comparison.primary_metric ? null : state.metric,
    sort: state.sort ? `${state.sort.key}~${state.sort.down ? "down" : "up"}` : null,
    find: state.search || null,
    columns: asUsual ? null : shown.map((column) => column.key).join("~") || "none",
  };
}

/** The gains a headline shows: the semantic arms under the primary metric, the arm with the highest value first. */
export type Gain = { arm: ArmResult; meaning: Difference | undefined; hash: Difference | undefined };

export function gainsOf(comparison: Comparison, metric: string): Gain[] {
  const meaning = comparison.meaning_gains.filter((gain) => gain.metric === metric);
  const hash = comparison.hash_gains.filter((gain) => gain.metric === metric);
  const gains = comparison.arms.flatMap((arm) => {
    const found = { arm, meaning: meaning.find((gain) => gain.arm === arm.key), hash: hash.find((gain) => gain.arm === arm.key) };
    return found.meaning || found.hash ? [found] : [];
  });
  const mean = (gain: Gain) => valueOf(gain.arm, metric)?.mean ?? -Infinity;
  return gains.sort((a, b) => mean(b) - mean(a));
}
