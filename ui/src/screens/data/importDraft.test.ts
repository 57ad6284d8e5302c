import { describe, expect, test } from "vitest";

import type { FileKind, PreviewReply, Role } from "../../lib/wire";
import { choose, type ChosenFile, columnsByRole, missingRoles, requestOf, rolesByColumn, sortFiles } from "./importDraft";

function file(path: string, kind: FileKind, columns: string[], mapping: [Role, string][]): ChosenFile {
  const roles = kind === "items" ? ["key", "title"] : ["user", "item", "rating"];
  const reply = {
    preview: { name: path, bytes: 1, compressed: false, format: "csv", kind, columns, rows: [], mapping, text: null },
    roles: roles.map((role) => ({ role, sentence: "", required: role !== "rating" && role !== "title" })),
    formats: [],
    suggested_name: "log",
  } as PreviewReply;
  return { path, reply, format: null, choices: {} };
}
const log = () =>
  file("log.csv", "interactions", ["who", "what", "stars"], [
    ["user", "who"],
    ["item", "what"],
    ["rating", "stars"],
  ]);
const words = { name: " shop ", title: "", licence: "", simulated: false, text: "{title}" };

describe("roles of columns", () => {
  test("a column that gets another role leaves its old one without a column", () => {
    const changed = { ...log(), choices: choose(log(), "stars", "item") };
    expect(changed.choices).toEqual({ rating: null, item: "stars" });
    expect(rolesByColumn(changed).get("stars")).toBe("item");
    expect(rolesByColumn(changed).has("what"), "a role has one column").toBe(false);
  });

  test("a column that is not used takes its role with it, which is then missing", () => {
    const changed = { ...log(), choices: choose(log(), "who", null) };
    expect(columnsByRole(changed).has("user")).toBe(false);
    expect(missingRoles(changed)).toEqual(["user"]);
    expect(missingRoles(log())).toEqual([]);
  });
});

describe("the request", () => {
  test("needs interactions, and one file of a kind", () => {
    const items = file("items.csv", "items", ["id"], [["key", "id"]]);
    expect(sortFiles([items]).problem).toMatch(/interactions is needed/);
    expect(sortFiles([log(), log()]).problem).toMatch(/Two files are read as interactions/);
    expect(requestOf([items], words, false)).toBeUndefined();
    expect(sortFiles([items, log()]).problem).toBeUndefined();
  });

  test("carries only what a person chose, and no text without items", () => {
    const chosen = { ...log(), choices: choose(log(), "stars", null) };
    expect(requestOf([chosen], words, true)).toMatchObject({
      name: "shop",
      items: null,
      interactions: "log.csv",
      mapping: { rating: null },
      text: null,
      strict: true,
    });
  });
});
