import { expect, it } from "vitest";

import { underNames } from "./lead";

it("lines that follow each other under one name stand together, and no others", () => {
  const lead: [string, string][] = [["liked", "A"], ["liked", "B"], ["recommended", "C"], ["because", "D"], ["liked", "E"]];
  expect(underNames(lead)).toEqual([
    { name: "liked", lines: ["A", "B"] },
    { name: "recommended", lines: ["C"] },
    { name: "because", lines: ["D"] },
    { name: "liked", lines: ["E"] },
  ]);
});
