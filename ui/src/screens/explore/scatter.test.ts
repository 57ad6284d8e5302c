import { describe, expect, it } from "vitest";

import { centredOn, type Label, moveBy, placed, Points, toPixels, toPlace, WHOLE, zoomAt } from "./scatter";

const SIZE = { width: 800, height: 500 };

describe("what is in sight", () => {
  it("holds the whole map at first, with a margin", () => {
    for (const [x, y] of [[-1, -1], [1, 1], [0, 0]] as const) {
      const pixel = toPixels({ x, y }, SIZE, WHOLE);
      expect(pixel.x).toBeGreaterThan(10);
      expect(pixel.x).toBeLessThan(790);
      expect(pixel.y).toBeGreaterThan(10);
      expect(pixel.y).toBeLessThan(490);
    }
  });
  it("has up above", () => {
    expect(toPixels({ x: 0, y: 1 }, SIZE, WHOLE).y).toBeLessThan(250);
  });
  it("goes from places to pixels and back", () => {
    const sight = { scale: 3, x: 0.2, y: -0.4 };
    const back = toPlace(toPixels({ x: 0.3, y: -0.5 }, SIZE, sight), SIZE, sight);
    expect(back.x).toBeCloseTo(0.3);
    expect(back.y).toBeCloseTo(-0.5);
  });
  it("keeps the place under the pointer while zooming", () => {
    const pixel = { x: 430, y: 260 };
    const before = toPlace(pixel, SIZE, WHOLE);
    const after = toPlace(pixel, SIZE, zoomAt(WHOLE, SIZE, pixel, 4));
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
  });
  it("is never smaller than the whole and comes back to it", () => {
    const inside = zoomAt(WHOLE, SIZE, { x: 700, y: 100 }, 5);
    expect(zoomAt(inside, SIZE, { x: 10, y: 400 }, 0.001)).toEqual(WHOLE);
    expect(zoomAt(WHOLE, SIZE, { x: 0, y: 0 }, 1e9).scale).toBe(200);
  });
  it("follows the hand and stops at the edge", () => {
    const sight = centredOn(WHOLE, { x: 0, y: 0 }, 4);
    expect(moveBy(sight, SIZE, 100, 0).x).toBeLessThan(0);
    expect(moveBy(sight, SIZE, 0, 100).y).toBeGreaterThan(0);
    expect(moveBy(sight, SIZE, 1e6, 0).x).toBeCloseTo(-0.75);
    expect(moveBy(WHOLE, SIZE, 50, 50)).toEqual(WHOLE);
  });
});

describe("the point under the pointer", () => {
  const points = new Points([0, 0.5, -0.5], [0, 0.5, -0.5]);
  it("is the nearest within reach", () => {
    const pixel = toPixels({ x: 0.5, y: 0.5 }, SIZE, WHOLE);
    expect(points.at({ x: pixel.x + 3, y: pixel.y - 2 }, SIZE, WHOLE, 8)).toBe(1);
    expect(points.at({ x: pixel.x + 30, y: pixel.y }, SIZE, WHOLE, 8)).toBeUndefined();
  });
  it("is found where one has zoomed to", () => {
    const sight = centredOn(WHOLE, { x: -0.5, y: -0.5 }, 20);
    expect(points.at({ x: 400, y: 250 }, SIZE, sight, 8)).toBe(2);
  });
});

describe("labels", () => {
  const label = (of: string, x: number, y: number, width = 60): Label<string> => ({ of, x, y, width, height: 16 });
  it("never cover each other, and the first keep their place", () => {
    const kept = placed([label("a", 100, 100), label("b", 120, 105), label("c", 300, 100)], SIZE);
    expect(kept.map(({ of }) => of)).toEqual(["a", "c"]);
  });
  it("stay in the picture", () => {
    expect(placed([label("out", 10, 100), label("in", 40, 100)], SIZE).map(({ of }) => of)).toEqual(["in"]);
  });
});
