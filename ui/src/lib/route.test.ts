import { expect, test } from "vitest";

import { href, match, parse } from "./route";

test("an empty hash is the start", () => {
  expect(parse("").path).toBe("/");
  expect(parse("#/").path).toBe("/");
});

test("a path and its query come apart", () => {
  const { path, query } = parse("#/runs/12/?tab=charts&sort=ndcg%4010");
  expect(path).toBe("/runs/12");
  expect(query.get("tab")).toBe("charts");
  expect(query.get("sort")).toBe("ndcg@10");
});

test("parameters are whole parts, and never empty", () => {
  expect(match("/runs/:id", "/runs/12")).toEqual({ id: "12" });
  expect(match("/runs/:id", "/runs")).toBeUndefined();
  expect(match("/runs/:id", "/runs/12/watch")).toBeUndefined();
  expect(match("/runs/:id", "/runs/")).toBeUndefined();
});

test("a hostile name makes a round trip through the address", () => {
  const name = 'a/b?c#d"><script>%';
  const { path, query } = parse(href("/data/:name", { name }, { search: name }));
  expect(match("/data/:name", path)).toEqual({ name });
  expect(query.get("search")).toBe(name);
});

test("a broken escape is no page rather than a crash", () => {
  expect(match("/data/:name", "/data/%E0%A4%A")).toBeUndefined();
});

test("what is not set stays out of the address", () => {
  expect(href("/runs/:id", { id: 3 }, { tab: undefined, only: false, sort: "" })).toBe("#/runs/3");
});
