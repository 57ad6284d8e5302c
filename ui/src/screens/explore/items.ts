// How an item with its ID is written. No DOM in here.

import type { NamedItem } from "../../lib/wire";

export function titleOf(item: Pick<NamedItem, "title" | "key">): string {
  return item.title.trim() || `(no title) ${item.key}`;
}

/** `thriller › courtroom › 1990s`; what has no label is left out. */
export function labelsOf(item: Pick<NamedItem, "labels">): string {
  return item.labels.filter(Boolean).join(" › ") || "–";
}

/** The codes of an ID, and the digit that only tells it apart from others. */
export function parts(codes: readonly number[], levels: number): { codes: readonly number[]; digit: number | null } {
  return { codes: codes.slice(0, levels), digit: codes[levels] ?? null };
}
