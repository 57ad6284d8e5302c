// How IDs are told apart in a list. No DOM in here.

import type { SchemeRow } from "../../lib/wire";

type Option = { value: string; label: string; about: string };

/** "RQ-KMeans, seed 2", with the shape where IDs of several shapes are there. */
export function schemeName(row: SchemeRow, rows: readonly SchemeRow[]): string {
  const same = rows.filter((other) => other.scheme === row.scheme && other.seed === row.seed);
  const shapes = new Set(same.map((other) => other.shape));
  const name = shapes.size > 1 ? `${row.title} ${row.shape}` : row.title;
  return `${name}, seed ${row.seed}`;
}

export function schemeOptions(rows: readonly SchemeRow[]): Option[] {
  return rows.map((row) => ({
    value: row.ids,
    label: schemeName(row, rows),
    about: `${row.shape}${row.run === null ? ", built here" : `, run ${row.run}`}${row.has_meaning ? "" : ", codes without meaning"}`,
  }));
}

/** What to show when nothing was asked for: learned codes before others with meaning, and those before the rest. */
export function firstScheme(rows: readonly SchemeRow[]): SchemeRow | undefined {
  const worth = (row: SchemeRow) => (row.scheme.startsWith("rq-") ? 2 : row.has_meaning ? 1 : 0);
  return rows.reduce<SchemeRow | undefined>((best, row) => (best && worth(best) >= worth(row) ? best : row), undefined);
}
