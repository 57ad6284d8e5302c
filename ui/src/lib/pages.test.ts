import { expect, test, vi } from "vitest";

import { Pages } from "./pages.svelte";

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test("only pages in sight are asked for, each once", async () => {
  const fetch = vi.fn(async (offset: number, limit: number) => ({
    total: 1000,
    rows: Array.from({ length: limit }, (_, at) => offset + at),
  }));
  const pages = new Pages(fetch);
  void pages.restart();
  await settled();
  expect(pages.total).toBe(1000);
  expect(pages.rows[99]).toBe(99);
  expect(pages.rows[100], "not here yet").toBeUndefined();
  pages.want(350, 410);
  pages.want(352, 412);
  await settled();
  expect(pages.rows[410]).toBe(410);
  expect(fetch.mock.calls.map(([offset]) => offset)).toEqual([0, 300, 400]);
});

test("a reply to an older question is dropped", async () => {
  const answers: ((page: { total: number; rows: string[] }) => void)[] = [];
  const pages = new Pages(() => new Promise<{ total: number; rows: string[] }>((resolve) => answers.push(resolve)));
  void pages.restart();
  void pages.restart();
  answers[1]?.({ total: 1, rows: ["new"] });
  answers[0]?.({ total: 1, rows: ["old"] });
  await settled();
  expect(pages.rows).toEqual(["new"]);
});

test("a page that failed is asked for again when it comes into sight again", async () => {
  let fails = true;
  const pages = new Pages(async () => {
    if (fails) throw new Error("The disk is busy.");
    return { total: 1, rows: ["row"] };
  });
  void pages.restart();
  await settled();
  expect(pages.error?.message).toBe("The disk is busy.");
  fails = false;
  pages.want(0, 5);
  await settled();
  expect(pages.error).toBeUndefined();
  expect(pages.rows).toEqual(["row"]);
});
