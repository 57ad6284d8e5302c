// Which charts stand together under which tab, by the engine's names for them.

export type ChartTab = { value: string; label: string; names: string[] };

const TABS: readonly [string, string, RegExp][] = [
  ["gains", "Gains", /^gains$/],
  ["differences", "Differences", /^differences/],
  ["metrics", "Metrics", /^metric-/],
  ["slices", "Slices", /^slices-/],
  ["curves", "Curves", /^curves/],
  ["ids", "ID quality", /^id-/],
  ["codes", "Code usage", /^codes-/],
];

/** Tabs that have charts; charts of a kind not known here are not lost but stand last. */
export function chartTabs(names: readonly string[]): ChartTab[] {
  const tabs = TABS.map(([value, label, pattern]) => ({ value, label, names: names.filter((name) => pattern.test(name)) }));
  const other = names.filter((name) => !TABS.some(([, , pattern]) => pattern.test(name)));
  return [...tabs, { value: "other", label: "Other", names: other }].filter((tab) => tab.names.length > 0);
}
