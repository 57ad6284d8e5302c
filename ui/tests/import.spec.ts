import { expect, test } from "@playwright/test";

import type { Commands, ImportCheck, ImportReport, JobView } from "../src/lib/wire";
import { mockEngine } from "./engine.ts";
import { settle } from "./pages.ts";

type Preview = Commands["preview_file"]["reply"];
const FORMATS = [
  { format: "csv", title: "CSV" },
  { format: "tsv", title: "TSV" },
] as const;

const LOG: Preview = {
  preview: {
    name: "log.csv",
    bytes: 4_924_029,
    compressed: false,
    format: "csv",
    kind: "interactions",
    columns: ["reader", "book", "stars", "when"],
    rows: [["ada", "<b>dune</b>", "5", "1389657600"]],
    mapping: [
      ["item", "book"],
      ["timestamp", "when"],
    ],
    text: null,
  },
  roles: [
    { role: "user", sentence: "Who met the item.", required: true },
    { role: "item", sentence: "Which item.", required: true },
    { role: "rating", sentence: "How much it was liked.", required: false },
    { role: "timestamp", sentence: "When.", required: false },
  ],
  formats: [...FORMATS],
  suggested_name: "books",
};
const ITEMS: Preview = {
  preview: {
    ...LOG.preview,
    name: "items.csv",
    kind: "items",
    columns: ["book", "title"],
    rows: [["<b>dune</b>", "Dune"]],
    mapping: [
      ["key", "book"],
      ["title", "title"],
    ],
    text: "{title}",
  },
  roles: [
    { role: "key", sentence: "The key.", required: true },
    { role: "title", sentence: "The title.", required: false },
  ],
  formats: [...FORMATS],
  suggested_name: "items",
};
const CHECK: ImportCheck = {
  summary: {
    items: 2,
    users: 3,
    interactions: 5,
    items_created: 0,
    items_with_categories: 0,
    with_rating: 5,
    with_time: 5,
    time_span: [1_389_657_600, 1_389_757_600],
    problems: [["bad-rating", 2]],
    files: [],
    text: "{title}",
    digest: "d",
  },
  kinds: [{ kind: "bad-rating", sentence: "rows with a rating that is no number", rows: 2 }],
  problems: [
    { file: "log.csv", line: 17, kind: "bad-rating", reason: 'the rating "good" is not a number', snippet: "ada,dune,good" },
    { file: "log.csv", line: 1204, kind: "bad-rating", reason: 'the rating "bad" is not a number', snippet: "bob,dune,bad" },
  ],
  name_taken: false,
};

function job(id: number, result: unknown): JobView {
  return { id, title: "Import", state: "finished", progress: { steps: [], series: [] }, result, error: null };
}

test("files become a data set: roles, item text, problems with their lines, then the import", async ({ page }) => {
  const jobs: JobView[] = [];
  const imports: Commands["import"]["request"][] = [];
  const checks: Commands["check_import"]["request"][] = [];
  const start = (result: unknown) => {
    jobs.push(job(jobs.length + 1, result));
    return { job: jobs.length };
  };
  await mockEngine(page, {
    pick_files: () => ["/data/log.csv", "/data/items.csv"],
    recognise_files: ({ paths }) => ({
      import: { ...EMPTY, name: "books", interactions: "/data/log.csv", items: "/data/items.csv" },
      unused: paths.length > 2 ? [["/data/notes.txt", "It has no rows."]] : [],
      sentence: "A log of interactions and a catalog.",
    }),
    preview_file: ({ path }) => (path.endsWith("log.csv") ? LOG : ITEMS),
    preview_texts: ({ import: request }) => ({
      template: request.text ?? "{title}",
      fields: ["title", "book"],
      texts: [{ key: "<b>dune</b>", title: "Dune", text: `Filled: ${request.text ?? "{title}"}` }],
      problem: request.text?.includes("{year}") ? 'No column is called "year".' : null,
    }),
    check_import: (request) => (checks.push(request), start(CHECK)),
    import: (request) => (imports.push(request), start({ dataset: { name: "sample-films" } } as ImportReport)),
    jobs: () => jobs,
  });

  await page.goto("#/import");
  await page.getByRole("button", { name: /Drop files here/ }).click();
  await expect(page.getByRole("heading", { name: "log.csv" })).toBeVisible();
  await expect(page.getByText("<b>dune</b>").first(), "a value of a file is text").toBeVisible();

  // What was not recognised is said, and chosen above its column.
  await expect(page.getByText("log.csv has no column for: user.")).toBeVisible();
  await page.getByRole("combobox", { name: "Role of reader" }).click();
  await page.getByRole("option", { name: /User/ }).click();
  await expect(page.getByText("has no column for")).toHaveCount(0);
  // By keyboard as well.
  const stars = page.getByRole("combobox", { name: "Role of stars" });
  await stars.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("option", { name: /Rating/ }).waitFor();
  await page.keyboard.type("Rat");
  await page.keyboard.press("Enter");
  await expect(stars).toHaveText(/Rating/);

  // The item text is shown as it is typed, and what is wrong with it beside it.
  const text = page.getByRole("textbox", { name: "Item text" });
  await text.fill("{title} ({year})");
  await expect(page.getByText('No column is called "year".')).toBeVisible();
  await text.fill("A book: {title}");
  await expect(page.getByText("Filled: A book: {title}")).toBeVisible();

  // Nothing is written before the rows that cannot be used were shown.
  await page.getByRole("button", { name: "Check the files" }).click();
  const problems = page.getByRole("grid", { name: "Rows that would be left out" });
  await expect(problems.getByRole("row", { name: /log\.csv 1,204 the rating "bad"/ })).toBeVisible();
  expect(imports, "the check writes nothing").toEqual([]);
  expect(checks[0]?.import).toMatchObject({
    name: "books",
    items: "/data/items.csv",
    interactions: "/data/log.csv",
    mapping: { user: "reader", rating: "stars" },
    text: "A book: {title}",
  });

  // A change after the check makes it stale.
  await page.getByRole("textbox", { name: "Name" }).fill("novels");
  await expect(page.getByRole("button", { name: "Check the files" })).toBeVisible();
  await page.getByRole("button", { name: "Check the files" }).click();
  await page.getByRole("button", { name: "Import without those rows" }).click();
  await expect(page).toHaveURL(/#\/data\/sample-films$/);
  expect(imports).toHaveLength(1);
  expect(imports[0]).toMatchObject({ name: "novels", replace: false });
});

test("a name that is taken is replaced only when that is said", async ({ page }) => {
  const jobs: JobView[] = [];
  const start = (result: unknown) => {
    jobs.push(job(jobs.length + 1, result));
    return { job: jobs.length };
  };
  await mockEngine(page, {
    pick_files: () => ["/data/log.csv"],
    recognise_files: () => ({ import: { ...EMPTY, interactions: "/data/log.csv" }, unused: [], sentence: "" }),
    preview_file: () => ({ ...LOG, preview: { ...LOG.preview, mapping: [["user", "reader"], ["item", "book"]] } }),
    check_import: () => start({ ...CHECK, problems: [], kinds: [], name_taken: true }),
    jobs: () => jobs,
  });
  await page.goto("#/import");
  await settle(page);
  await page.getByRole("button", { name: /Drop files here/ }).click();
  await page.getByRole("button", { name: "Check the files" }).click();
  const button = page.getByRole("button", { name: "Import", exact: true });
  await expect(button).toBeDisabled();
  await page.getByRole("checkbox", { name: "Replace it" }).check();
  await expect(button).toBeEnabled();
});

const EMPTY: Commands["import"]["request"] = {
  name: "",
  title: "",
  licence: "",
  simulated: false,
  items: null,
  interactions: "",
  format: null,
  items_format: null,
  interactions_format: null,
  map: null,
  mapping: {},
  text: null,
  strict: false,
  keep_unknown_items: false,
  replace: false,
};
