import { describe, expect, it } from "vitest";

import type { NamedItem, WhyLevel, WhyReply } from "../../lib/wire";
import { lastSentence, levelSentence, ordinal, plain } from "./sentences";

const item = (title: string): NamedItem => ({ item: 1, key: "key-1", title, categories: [], codes: [], labels: [] });
const level = (over: Partial<WhyLevel> = {}): WhyLevel => ({
  title: "Level 1",
  code: 12,
  label: "sci-fi › thriller",
  probability: 0.412,
  rank: 1,
  allowed: 64,
  items: 41,
  in_beam: true,
  alternatives: [],
  ...over,
});
const why = (...levels: WhyLevel[]): WhyReply => ({ item: item("Brazil"), rank: 3, probability: 0.0251, levels, shared: [] });
/** Numbers and their units are held together by narrow spaces. */
const said = (...args: Parameters<typeof levelSentence>) => plain(levelSentence(...args)).replaceAll("\u202f", " ");

describe("the sentences of a path", () => {
  it("begin with what was met last", () => {
    const sentence = said(why(level()), 0, 3, [item("Alien"), item("Blade Runner")]);
    expect(sentence).toBe("After Alien and Blade Runner the model put 41.2 % on code 12 (sci-fi › thriller), its first choice of 64.");
  });
  it("say that there was more before", () => {
    expect(said(why(level()), 0, 3, [item("A"), item("B"), item("C")])).toMatch(/^After …, B and C the model/);
    expect(said(why(level()), 0, 3, [])).toMatch(/^With no history/);
  });
  it("name codes without meaning by their number alone", () => {
    expect(said(why(level(), level({ label: "", code: 7, rank: 2, allowed: 14 })), 1, 3, [])).toBe(
      "Below it, 41.2 % went to code 7, its 2nd choice of 14.",
    );
  });
  it("do not speak of a choice where there was none", () => {
    expect(said(why(level(), level({ allowed: 1, probability: 1 })), 1, 3, [])).toBe("Below it there is only one code, 12 (sci-fi › thriller).");
    expect(said(why(level({ code: 0, allowed: 1, probability: 1 })), 0, 0, [])).toMatch(/so the digit 0 follows by itself\.$/);
  });
  it("leave out no factor of the product, also where there was no choice", () => {
    expect(said(why(level(), level({ allowed: 1, probability: 0.511 })), 1, 3, [])).toBe(
      "Below it there is only one code, 12 (sci-fi › thriller), on which it put 51.1 %.",
    );
  });
  it("say where the search gave the path up, and only there", () => {
    const path = why(level({ in_beam: false }), level({ in_beam: false }));
    expect(said(path, 0, 3, [])).toMatch(/Here the search gave this path up\.$/);
    expect(said(path, 1, 3, [])).not.toMatch(/gave this path up/);
  });
  it("end with the whole", () => {
    expect(plain(lastSentence(why())).replaceAll("\u202f", " ")).toBe("Multiplied, that is 2.5 % for the whole ID: rank 3 of the list.");
    expect(plain(lastSentence({ ...why(), rank: null }))).toMatch(/It did not make the list\.$/);
  });
  it("keep titles apart from words, so that none becomes anything but text", () => {
    const parts = levelSentence(why(level()), 0, 3, [item("<b>x</b>")]);
    expect(parts.filter((part) => part.kind === "title").map((part) => part.text)).toEqual(["<b>x</b>"]);
  });
});

it("ordinals read as in English", () => {
  expect([1, 2, 3, 4, 11, 12, 13, 21, 112, 1003].map(ordinal)).toEqual(
    ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th", "1,003rd"],
  );
});
