import { describe, expect, it } from "vitest";

import { type Box, layout, next, zoomOnto } from "./treemap";

const BOX: Box = { x: 0, y: 0, width: 600, height: 400 };
const area = (box: Box) => box.width * box.height;
const nodes = (...items: number[]) => items.map((items, code) => ({ code, items }));

describe("the layout of the map", () => {
  it("gives every code a rectangle in proportion to its items", () => {
    const { cells, rest } = layout(nodes(60, 30, 10), BOX, 100, 0);
    expect(rest).toBeNull();
    expect(cells.map((cell) => cell.node.code)).toEqual([0, 1, 2]);
    for (const cell of cells) expect(area(cell) / area(BOX)).toBeCloseTo(cell.node.items / 100, 1);
  });

  it("puts what would be too small to see into one rest, and loses no item", () => {
    const many = nodes(500, 300, ...Array.from({ length: 200 }, () => 1));
    const { cells, rest } = layout(many, BOX, 900);
    expect(cells).toHaveLength(2);
    expect(rest).toMatchObject({ codes: 200, items: 200 });
  });

  it("is all rest when not even the largest code could be seen", () => {
    const { cells, rest } = layout(nodes(...Array.from({ length: 12_000 }, () => 1)), BOX, 900);
    expect(cells).toHaveLength(0);
    expect(rest?.codes).toBe(12_000);
  });

  it("stays small for 256 codes and for a million", () => {
    const million = Array.from({ length: 1_000_000 }, (_, code) => ({ code, items: 5 }));
    const { cells } = layout(million, { ...BOX, width: 40_000, height: 40_000 }, 900);
    expect(cells.length).toBeLessThanOrEqual(320);
    expect(layout(nodes(...Array.from({ length: 256 }, () => 5)), BOX, 600).cells).toHaveLength(256);
  });

  it("keeps every rectangle within the box and apart from the others", () => {
    const { cells } = layout(nodes(9, 8, 7, 6, 5, 4, 3, 2, 1), { x: 10, y: 20, width: 300, height: 200 }, 10);
    for (const [at, a] of cells.entries()) {
      expect(a.x).toBeGreaterThanOrEqual(10);
      expect(a.y + a.height).toBeLessThanOrEqual(220);
      for (const b of cells.slice(at + 1)) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart, "two codes never cover each other").toBe(true);
      }
    }
  });

  it("has nothing to show for no items or no room", () => {
    expect(layout([], BOX, 10)).toEqual({ cells: [], rest: null });
    expect(layout(nodes(0, 0), BOX, 10)).toEqual({ cells: [], rest: null });
    expect(layout(nodes(1), { ...BOX, width: 0 }, 10)).toEqual({ cells: [], rest: null });
  });
});

describe("the arrow keys", () => {
  // a | b
  // --+-- d
  // c |
  const a = { x: 0, y: 0, width: 50, height: 50 };
  const b = { x: 52, y: 0, width: 50, height: 50 };
  const c = { x: 0, y: 52, width: 50, height: 50 };
  const d = { x: 104, y: 0, width: 50, height: 102 };
  const all = [a, b, c, d];

  it("go to the box beside", () => {
    expect(next(all, 0, "right")).toBe(1);
    expect(next(all, 0, "down")).toBe(2);
    expect(next(all, 1, "right")).toBe(3);
    expect(next(all, 3, "left")).toBe(1);
    expect(next(all, 2, "right"), "across the hole").toBe(3);
  });
  it("stay at the edge", () => {
    expect(next(all, 0, "left")).toBeUndefined();
    expect(next(all, 3, "down")).toBeUndefined();
  });
  it("reach every box of a real map", () => {
    const { cells } = layout(nodes(...Array.from({ length: 60 }, (_, at) => 60 - at)), BOX, 10);
    const seen = new Set([0]);
    const open = [0];
    while (open.length > 0) {
      const at = open.pop() ?? 0;
      for (const direction of ["left", "right", "up", "down"] as const) {
        const to = next(cells, at, direction);
        if (to !== undefined && !seen.has(to)) {
          seen.add(to);
          open.push(to);
        }
      }
    }
    expect(seen.size, "a code the keyboard cannot reach would be lost").toBe(60);
  });
});

it("zooming onto a box brings its corner to the origin and its size to the whole", () => {
  expect(zoomOnto({ x: 100, y: 50, width: 300, height: 100 }, BOX)).toBe("translate(-200px, -200px) scale(2, 4)");
});
