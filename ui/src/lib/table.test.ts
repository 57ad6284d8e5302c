import { expect, test } from "vitest";

import { type Column, found, nextSort, sorted, tracks } from "./table";

type Row = { name: string; score: number | null };
const rows: Row[] = [
  { name: "item 10", score: 0.2 },
  { name: "Item 9", score: null },
  { name: "item 2", score: 0.9 },
  { name: "<b>item 3</b>", score: 0.2 },
];
const name: Column<Row> = { key: "name", label: "Name", value: (row) => row.name };
const score: Column<Row> = {
  key: "score",
  label: "Score",
  value: (row) => row.score,
  text: (row) => (row.score == null ? "–" : `${row.score * 100} %`),
  numeric: true,
};
const names = (rows: readonly Row[]) => rows.map((row) => row.name);

test("what has no value comes last in both directions", () => {
  expect(names(sorted(rows, [name, score], { key: "score", down: true }))).toEqual([
    "item 2",
    "item 10",
    "<b>item 3</b>",
    "Item 9",
  ]);
  expect(names(sorted(rows, [name, score], { key: "score", down: false })).at(-1)).toBe("Item 9");
});

test("numbers inside words are ordered as numbers, and case does not matter", () => {
  expect(names(sorted(rows, [name], { key: "name", down: false }))).toEqual([
    "<b>item 3</b>",
    "item 2",
    "Item 9",
    "item 10",
  ]);
});

test("no sorting leaves the order of the engine", () => {
  expect(sorted(rows, [name], undefined)).toBe(rows);
});

test("a search finds every word in what is shown, in any column", () => {
  expect(names(found(rows, [name, score], "ITEM 90"))).toEqual(["item 2"]);
  expect(names(found(rows, [name, score], "<b>"))).toEqual(["<b>item 3</b>"]);
  expect(found(rows, [name, score], "  ")).toBe(rows);
});

test("a head turns from the natural direction to the other one to none", () => {
  const first = nextSort(score, undefined);
  expect(first).toEqual({ key: "score", down: true });
  const second = nextSort(score, first);
  expect(second).toEqual({ key: "score", down: false });
  expect(nextSort(score, second)).toBeUndefined();
  expect(nextSort(name, first), "words begin at A").toEqual({ key: "name", down: false });
});

test("words share the room left over and numbers keep their width", () => {
  expect(tracks([name, score])).toBe("minmax(10rem, 1fr) 7rem");
});
