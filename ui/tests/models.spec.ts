// Language models: fetched, tested, added behind URLs, given a key, removed.

import { expect, test } from "@playwright/test";

import type { LanguageModelRow } from "../src/lib/wire";
import { finished, mockEngine, refuse } from "./engine.ts";
import { about, LANGUAGE, LOCAL, REMOTE, SMALL } from "./language.ts";
import { settle } from "./pages.ts";

test("where there is no model the small one is offered with its size and licence, and is listed once it is here", async ({ page }) => {
  let here: LanguageModelRow[] = [];
  const { asked } = await mockEngine(page, {
    about,
    language_models: () => here,
    fetch_model: ({ model }) => {
      here = [LOCAL];
      return finished("fetch_model", { ...about().models.at(-1)!, name: model, here: true });
    },
  });
  await page.goto("#/models");
  await settle(page);
  await expect(page.getByRole("heading", { name: "No language model yet" })).toBeVisible();
  await expect(page.getByText("98\u202fMB to download · Apache-2.0"), "before anything is fetched").toBeVisible();
  await page.getByRole("button", { name: "Get SmolLM2 135M Instruct" }).click();
  await expect(page.getByRole("button", { name: `Test ${SMALL}` })).toBeVisible();
  await expect(page.getByText("Nothing they are asked leaves this machine.")).toBeVisible();
  await expect(page.getByRole("button", { name: /^Get/ }), "what is here is not offered").toHaveCount(0);
  expect(asked.find(({ command }) => command === "fetch_model")?.payload).toEqual({ model: SMALL });
});

test("a test shows what the model answered, or why it did not", async ({ page }) => {
  await mockEngine(page, {
    ...LANGUAGE,
    test_language_model: ({ model }) =>
      finished("test_language_model", {
        name: model,
        about: model,
        answer: model === SMALL ? "<i>Hello!</i>" : null,
        problem: model === SMALL ? null : "cluster refused the key. Keep another one.",
        secs: 0.84,
        tokens: 9,
      }),
  });
  await page.goto("#/models");
  await settle(page);
  await page.getByRole("button", { name: `Test ${SMALL}` }).click();
  await expect(page.getByText("it answered in 0.8\u202fs with 9 tokens:")).toBeVisible();
  await expect(page.getByText("<i>Hello!</i>"), "its words are text").toBeVisible();
  await page.getByRole("button", { name: "Test cluster" }).click();
  await expect(page.getByText("cluster refused the key. Keep another one.")).toBeVisible();
});

test("what is wrong with a model behind URLs stands beside its field, and what was typed is what is kept", async ({ page }) => {
  let refused = true;
  const { asked } = await mockEngine(page, {
    ...LANGUAGE,
    language_models: () => [LOCAL],
    set_remote_model: (draft) => {
      if (refused)
        throw {
          code: "settings",
          message: "The settings have 2 problems.",
          hint: "",
          problems: [
            { field: "endpoints.1.base_url", sentence: "This is no URL." },
            { field: "price", sentence: "A limit on the cost needs a price." },
          ],
        };
      return [LOCAL, { ...REMOTE, name: draft.name }];
    },
  });
  await page.goto("#/models");
  await settle(page);
  await page.getByRole("button", { name: "Add a model behind a URL…" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a model behind a URL" });
  await expect(dialog).toContainText("Prompts are sent to the URL");
  const name = dialog.getByLabel("Name", { exact: true });
  await expect(name, "one can write at once").toBeFocused();
  await name.fill("lab");
  await dialog.getByLabel("Model", { exact: true }).fill("Qwen/Qwen3-8B");
  const urls = dialog.getByLabel("Base URLs");
  await urls.fill("http://10.0.0.5:8000/v1\nnowhere");
  await dialog.getByLabel("Requests at once").fill("many");
  await dialog.getByLabel("Cost budget").fill("2.5");
  await dialog.getByRole("button", { name: "Add the model" }).click();
  await expect(dialog.getByLabel("Requests at once"), "a number that is none is not sent as another").toBeFocused();
  expect(asked.some(({ command }) => command === "set_remote_model")).toBe(false);
  await dialog.getByLabel("Requests at once").fill("8");
  await dialog.getByRole("button", { name: "Add the model" }).click();
  await expect(urls).toHaveAccessibleDescription(/nowhere: This is no URL\./);
  await expect(urls, "one mends it where one stands").toBeFocused();
  await expect(dialog.getByLabel("Of prompts")).toHaveAccessibleDescription("A limit on the cost needs a price.");
  refused = false;
  await urls.fill("http://10.0.0.5:8000/v1\nhttp://10.0.0.6:8000/v1");
  await dialog.getByLabel("Of prompts").fill("0.15");
  await dialog.getByLabel("Of answers").fill("0.6");
  await dialog.getByRole("button", { name: "Add the model" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Test lab" })).toBeVisible();
  expect(asked.findLast(({ command }) => command === "set_remote_model")?.payload).toEqual({
    name: "lab",
    model: "Qwen/Qwen3-8B",
    urls: ["http://10.0.0.5:8000/v1", "http://10.0.0.6:8000/v1"],
    concurrency: 8,
    timeout_secs: null,
    most_tokens: null,
    most_cost: 2.5,
    prompt_price: 0.15,
    completion_price: 0.6,
    currency: null,
  });
});

test("a key is typed unseen, goes to the keychain, and can be forgotten; where there is no keychain that is said", async ({ page }) => {
  let keychain = false;
  const { asked } = await mockEngine(page, {
    ...LANGUAGE,
    keep_key: () => (keychain ? {} : refuse("input", "The system's keychain cannot be used here.", "")),
  });
  await page.goto("#/models");
  await settle(page);
  await page.getByRole("button", { name: "Key of cluster…" }).click();
  const dialog = page.getByRole("dialog", { name: "Key of cluster" });
  const field = dialog.getByLabel("Key", { exact: true });
  await expect(field).toHaveAttribute("type", "password");
  await expect(dialog).toContainText("the system's keychain and nowhere else");
  await expect(dialog).toContainText("SEMID_LLM_KEY");
  await dialog.getByRole("button", { name: "Keep the key" }).click();
  await expect(field, "an empty key would be forgotten by a slip").toHaveAccessibleDescription(/Paste a key/);
  await field.fill("sk-abc");
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toContainText("The system's keychain cannot be used here.");
  keychain = true;
  await dialog.getByRole("button", { name: "Keep the key" }).click();
  await expect(dialog).toHaveCount(0);
  await page.getByRole("button", { name: "Key of cluster…" }).click();
  await expect(field, "nothing of it stays in the window").toHaveValue("");
  await dialog.getByRole("button", { name: "Forget the kept key" }).click();
  await expect(dialog).toHaveCount(0);
  const sent = asked.filter(({ command }) => command === "keep_key").map(({ payload }) => payload);
  expect(sent).toEqual([{ model: "cluster", key: "sk-abc" }, { model: "cluster", key: "sk-abc" }, { model: "cluster", key: "" }]);
});

test("what was set of a model is edited where it stands; another name makes a new one and says so", async ({ page }) => {
  const { asked } = await mockEngine(page, {
    ...LANGUAGE,
    set_remote_model: (draft) => [LOCAL, { ...REMOTE, name: draft.name, draft, warnings: [] }],
  });
  await page.goto("#/models");
  await settle(page);
  await expect(page.getByText(REMOTE.warnings[0]!), "what a key should know stands on the card").toBeVisible();
  await expect(page.getByRole("button", { name: `Edit ${SMALL}…` }), "a file has nothing to set").toHaveCount(0);
  await page.getByRole("button", { name: "Edit cluster…" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit cluster" });
  await expect(dialog.getByLabel("Base URLs")).toHaveValue(REMOTE.draft!.urls.join("\n"));
  await expect(dialog.getByLabel("Token budget")).toHaveValue("500000");
  const name = dialog.getByLabel("Name", { exact: true });
  await name.fill("cluster 2");
  await expect(name).toHaveAccessibleDescription(/makes a new model.*cluster stays as it is/);
  await expect(dialog.getByRole("button", { name: "Add the model" })).toBeVisible();
  await name.fill("cluster");
  await dialog.getByLabel("Base URLs").fill(REMOTE.draft!.urls[0]!);
  await expect(dialog.getByLabel("Base URLs"), "keys go by the place of the URL").toHaveAccessibleDescription(/give the key again/);
  await dialog.getByRole("button", { name: "Save the changes" }).click();
  await expect(dialog).toHaveCount(0);
  expect(asked.findLast(({ command }) => command === "set_remote_model")?.payload, "all else is sent as it was").toEqual({
    ...REMOTE.draft,
    urls: [REMOTE.draft!.urls[0]],
  });
});

test("the prompts that come with the program can be read, with their versions", async ({ page }) => {
  await mockEngine(page, LANGUAGE);
  await page.goto("#/models");
  await settle(page);
  await page.getByText("Order candidates").click();
  await expect(page.getByRole("region", { name: "Question of “Order candidates”" })).toContainText("Order all {{ count }} candidates");
  await expect(page.getByText("version 1 ·")).toHaveCount(8);
});

test("removing asks first, and only models behind URLs can be removed", async ({ page }) => {
  const { asked } = await mockEngine(page, { ...LANGUAGE, remove_remote_model: () => [LOCAL] });
  await page.goto("#/models");
  await settle(page);
  await expect(page.getByRole("button", { name: `Remove ${SMALL}…` })).toHaveCount(0);
  await page.getByRole("button", { name: "Remove cluster…" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove cluster?" });
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(asked.some(({ command }) => command === "remove_remote_model")).toBe(false);
  await page.getByRole("button", { name: "Remove cluster…" }).click();
  await dialog.getByRole("button", { name: "Remove the model" }).click();
  await expect(page.getByRole("button", { name: "Test cluster" })).toHaveCount(0);
  expect(asked.find(({ command }) => command === "remove_remote_model")?.payload).toEqual({ model: "cluster" });
});
