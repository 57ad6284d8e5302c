// Items as an arm names them.

import type { Comparison, NamedItem } from "../../lib/wire";

/** Whether the last part of the IDs of an arm is the digit that makes them unique. */
export function hasDigit(comparison: Comparison, arm: string): boolean {
  const ids = comparison.arms.find(({ key }) => key === arm)?.ids;
  return comparison.id_schemes.find(({ key }) => key === ids)?.shape.includes("digit") ?? false;
}

/** Codes and digit apart. */
export function partsOf(item: NamedItem, digit: boolean): { codes: number[]; suffix: number | null } {
  if (!digit || item.codes.length < 2) return { codes: item.codes, suffix: null };
  return { codes: item.codes.slice(0, -1), suffix: item.codes.at(-1) ?? null };
}
