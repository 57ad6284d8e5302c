import { describe, expect, it } from "vitest";

import { readPrefix, readShape, readState, writePrefix } from "./state";

const read = (query: string) => readState(new URLSearchParams(query));

describe("where one is", () => {
  it("begins with the whole tree", () => {
    expect(read("")).toEqual({ view: "tree", ids: "", prefix: [], item: null, against: "", table: false });
  });
  it("shows the item when an address names one and no view", () => {
    expect(read("item=5").view).toBe("item");
    expect(read("item=5&view=map").view).toBe("map");
  });
  it("does not follow what is no view, no item and no prefix", () => {
    const state = read("view=<b>&item=-1&prefix=1.x");
    expect(state).toMatchObject({ view: "tree", item: null, prefix: [] });
  });
  it("keeps a prefix through an address", () => {
    expect(readPrefix(writePrefix([12, 0, 207]))).toEqual([12, 0, 207]);
    expect(readPrefix("")).toEqual([]);
  });
});

describe("shapes", () => {
  it("tells levels and the digit", () => {
    expect(readShape("3 × 64 + digit")).toEqual({ levels: 3, digit: true });
    expect(readShape("1 × 1682")).toEqual({ levels: 1, digit: false });
    expect(readShape("12 · 40 · 7 + digit")).toEqual({ levels: 3, digit: true });
    expect(readShape("12 · 40")).toEqual({ levels: 2, digit: false });
  });
});
