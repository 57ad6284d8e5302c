// Where one is while exploring, as the query of the address: `?ids=…&view=tree&prefix=12.207&item=5`. No DOM in here.

export const VIEWS = ["tree", "item", "map", "collisions", "compare"] as const;
export type View = (typeof VIEWS)[number];

export type ExploreState = {
  view: View;
  /** Names the IDs, as in `SchemeRow`; empty: the first there are. */
  ids: string;
  /** Codes from the root of the tree. */
  prefix: readonly number[];
  /** Index of the item looked at. */
  item: number | null;
  /** The IDs compared with. */
  against: string;
  /** Whether the tree or the map is shown as a table. */
  table: boolean;
};

export function readState(query: URLSearchParams): ExploreState {
  const item = readIndex(query.get("item"));
  const wanted = VIEWS.find((view) => view === query.get("view"));
  return {
    // An address that names an item and no view means the item.
    view: wanted ?? (item === null ? "tree" : "item"),
    ids: query.get("ids") ?? "",
    prefix: readPrefix(query.get("prefix")),
    item,
    against: query.get("against") ?? "",
    table: query.get("as") === "table",
  };
}

/** The codes of `12.207`; none when any of them is no code. */
export function readPrefix(text: string | null): number[] {
  if (!text) return [];
  const codes = text.split(".").map(readIndex);
  return codes.includes(null) ? [] : (codes as number[]);
}

export function writePrefix(codes: readonly number[]): string {
  return codes.join(".");
}

/** A whole number from 0; none when it is not. */
export function readIndex(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

export function samePrefix(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((code, at) => code === b[at]);
}

/** Levels of the IDs, and whether a digit follows, from a shape such as "3 × 64 + digit" or "64 · 32 · 8". */
export function readShape(shape: string): { levels: number; digit: boolean } {
  const digit = shape.endsWith("digit");
  const codes = shape.replace(/\s*\+ digit$/, "");
  const uniform = /^(\d+) × /.exec(codes);
  return { levels: uniform ? Number(uniform[1]) : codes.split("·").length, digit };
}
