// The participant's page as one file, opened from a folder: nothing serves it and nothing answers it.

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";

import { canonicalJson } from "../src/participant/canonicalJson.ts";
import type { AnswersFile } from "../src/participant/contract.ts";
import { mockEngine } from "./engine.ts";
import { HOSTILE, OTHERS, session, TRIALS, writePage } from "./session.ts";

const heading = (page: Page) => page.locator("h1");
/** Presses keys one after the other, the first of them when the page has been painted: a person answers what is seen. */
const press = async (page: Page, ...keys: string[]) => {
  await page.evaluate(() => new Promise<void>((painted) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(painted)))));
  for (const key of keys) await page.keyboard.press(key);
};
const at = (page: Page, done: number, total: number) => expect(page.getByRole("progressbar")).toHaveAttribute("aria-label", `${done} of ${total}`);

/** By keyboard alone to the first trial, in English. */
async function begin(page: Page) {
  await expect(page.getByRole("button", { name: "English" })).toBeVisible();
  await press(page, "1");
  await expect(heading(page)).toHaveText("Before you begin");
  await press(page, "Enter");
  await expect(page.getByRole("checkbox")).toBeFocused();
  await press(page, "Space", "Enter");
  await expect(heading(page)).toHaveText("How it works");
  await press(page, "Enter");
  await expect(heading(page)).toContainText("These two do not count");
  await press(page, "3", "Enter");
  await expect(page.getByText("Right. This is how")).toBeVisible();
  await press(page, "Enter");
  await expect(page.getByText("2 / 2")).toBeVisible();
  await press(page, "2", "Enter");
  await expect(page.getByText("is “Bicycle”")).toBeVisible();
  await press(page, "Enter");
}

async function saved(page: Page, by: () => Promise<void>): Promise<AnswersFile> {
  const [download] = await Promise.all([page.waitForEvent("download"), by()]);
  expect(download.suggestedFilename()).toBe("semid-answers-P-KX4M.json");
  return JSON.parse(readFileSync(await download.path(), "utf8")) as AnswersFile;
}

/** Whether every signature is the one that the engine will compute. */
function verify(file: AnswersFile, key: string) {
  const sign = (text: string) => createHmac("sha256", Buffer.from(key, "hex")).update(text, "utf8").digest("hex");
  let last = file.session;
  for (const { answer, mac } of file.answers) {
    expect(mac, `answer ${answer.position} is signed after the one before it`).toBe(sign(`${last}\n${canonicalJson(answer)}`));
    last = mac;
  }
  const { mac, ...rest } = file;
  expect(mac, "the file is signed").toBe(sign(`${last}\n${canonicalJson(rest)}`));
}

test("a whole session by keyboard alone ends in a signed file, and asks the network for nothing", async ({ page }, info) => {
  const document = session(TRIALS);
  const asked: string[] = [];
  const problems: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await page.goto(writePage(info.outputPath("session.html"), document));
  await begin(page);

  await at(page, 0, 6);
  await expect(heading(page), "the question takes the focus").toBeFocused();
  await press(page, "Enter");
  await at(page, 0, 6); // Without a choice Enter does not go on.
  await press(page, "9", "2", "1", "Enter");
  await at(page, 1, 6);
  await press(page, "5", "Enter");
  await expect(heading(page)).toHaveText("To show that you are reading, please choose number 4.");
  await press(page, "4", "Enter");
  await at(page, 3, 6);
  await press(page, "3", "Enter");
  await expect(heading(page)).toHaveText("Time for a short break");
  await press(page, "Tab", "Enter");

  await expect(heading(page)).toHaveText("These items belong together.");
  await press(page, "4", "Enter");
  await expect(page.getByRole("group", { name: "How sure are you?" })).toBeVisible();
  await press(page, "2", "Enter");
  await at(page, 5, 6);
  await press(page, "0", "Enter");
  await expect(heading(page)).toHaveText("Thank you");
  await expect(page.getByText("P-KX4M").last()).toBeVisible();

  await page.keyboard.press("Tab");
  const file = await saved(page, () => page.keyboard.press("Enter"));
  verify(file, document.key);
  expect(file.answers.map(({ answer: { position, place, cannot_judge, confidence } }) => [position, place, cannot_judge, confidence])).toEqual([
    [0, 0, false, null],
    [1, 4, false, null],
    [2, 3, false, null],
    [3, 2, false, null],
    [4, 3, false, 1],
    [5, null, true, null],
  ]);
  for (const { answer } of file.answers) {
    expect(answer.ms, `the time at place ${answer.place}`).toBeGreaterThan(0);
    expect(answer.ms, `the time at place ${answer.place}`).toBeLessThan(60_000);
    expect(answer.language).toBe("en");
  }
  expect(file.consent).toMatchObject({ language: "en", text_hash: document.consent_hash.en });
  expect(file.stopped).toBe(false);
  await expect(page.getByText("Please send the file")).toBeVisible();
  const again = await saved(page, () => page.getByRole("button", { name: "Save my answers" }).click());
  expect(again, "the file can be saved again, and is the same").toEqual(file);
  expect(asked.filter((url) => !/^(file|blob|data):/.test(url)), "nothing is fetched").toEqual([]);
  expect(problems).toEqual([]);
});

test("a page that is closed goes on at the same trial, in the same language", async ({ context }, info) => {
  const document = session(TRIALS);
  const address = writePage(info.outputPath("session.html"), document);
  let page = await context.newPage();
  await page.goto(address);
  await begin(page);
  await press(page, "1", "Enter");
  await at(page, 1, 6);
  await page.getByRole("combobox").selectOption("de");
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  await expect(heading(page)).toHaveText("Alles bis auf eines gehört zusammen. Was gehört nicht dazu?");
  await heading(page).focus();
  await press(page, "2", "Enter");
  await expect(page.getByRole("progressbar")).toHaveAttribute("aria-label", "2 von 6");
  await press(page, "3");
  await page.close({ runBeforeUnload: false });

  page = await context.newPage();
  await page.goto(address);
  await expect(page.getByText("Willkommen zurück.")).toBeVisible();
  await press(page, "Tab", "Enter");
  await expect(heading(page), "what was chosen and not confirmed is asked again").toHaveText(/Wählen Sie bitte die Nummer 4/);
  await page.getByRole("button", { name: "Hier aufhören" }).click();
  await page.getByRole("button", { name: "Ja, hier aufhören" }).click();
  const file = await saved(page, () => page.getByRole("button", { name: "Meine Antworten" }).click());
  expect(file.answers.map(({ answer }) => [answer.position, answer.place, answer.language])).toEqual([[0, 0, "en"], [1, 1, "de"]]);
  verify(file, document.key);
});

test("stopping asks first, can be taken back, and hands in what there is", async ({ page }, info) => {
  const document = session(TRIALS);
  await page.goto(writePage(info.outputPath("session.html"), document));
  await expect(page.getByRole("button", { name: "Stop here" }), "nothing to stop before the consent").toHaveCount(0);
  await begin(page);
  await press(page, "1", "Enter");
  await at(page, 1, 6);
  const stop = page.getByRole("button", { name: "Stop here" });
  await stop.focus();
  await press(page, "Enter");
  await expect(page.getByRole("dialog", { name: "Stop here" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Back to the study" }), "a stray Enter is harmless").toBeFocused();
  await press(page, "Escape");
  await expect(stop).toBeFocused();
  await press(page, "Enter", "Shift+Tab", "Enter");
  await expect(heading(page)).toHaveText("You stopped the study. Thank you for the time you gave.");
  await page.getByRole("button", { name: "Back to the study" }).click();
  await at(page, 1, 6);
  await stop.click();
  await page.getByRole("button", { name: "Yes, stop here" }).click();
  const file = await saved(page, () => page.getByRole("button", { name: "Save my answers" }).click());
  verify(file, document.key);
  expect([file.stopped, file.answers.length]).toEqual([true, 1]);
  await page.reload();
  await expect(heading(page), "what was handed in is over").toHaveText("You stopped the study. Thank you for the time you gave.");
  expect(await saved(page, () => page.getByRole("button", { name: "Save my answers" }).click())).toEqual(file);
});

test("titles of items, of the study and the consent are text, whatever is in them", async ({ page }, info) => {
  const document = session(
    TRIALS.map((trial) => ({ ...trial, attention: null, options: trial.options.map(() => [HOSTILE]), lead: trial.lead.map(([label]) => [label, HOSTILE]) })),
    { languages: ["en"], title: { en: HOSTILE }, consent: { en: `${HOSTILE}\n\n</script><script>window.hacked=true</script>` } },
  );
  await page.goto(writePage(info.outputPath("session.html"), document));
  await expect(page.getByText(HOSTILE).first()).toBeVisible();
  await page.getByRole("checkbox").check();
  await press(page, "Enter", "Tab");
  await page.getByRole("button", { name: "Next" }).click();
  await press(page, "3", "Enter", "Enter");
  await expect(page.getByText("2 / 2")).toBeVisible();
  await press(page, "1", "Enter", "Enter");
  await expect(page.getByText(HOSTILE)).toHaveCount(6);
  const found = () => page.evaluate(() => ["hacked" in window, window.document.querySelectorAll("#app :is(img, script, iframe), [onerror]").length]);
  expect(await found()).toEqual([false, 0]);
  for (const done of [1, 2, 3]) {
    await press(page, "1", "Enter");
    await at(page, done, 6);
  }
  expect(await found()).toEqual([false, 0]);
});

test("a browser that keeps nothing says so, and the session ends in a signed file all the same", async ({ page }, info) => {
  const document = session(TRIALS.slice(0, 1), { languages: ["en"] });
  await page.addInitScript(() => {
    const refuse = { get: () => { throw new DOMException("Refused.", "SecurityError"); } };
    Object.defineProperty(window, "indexedDB", refuse);
    Object.defineProperty(window, "localStorage", refuse);
    // Without a browser's own signatures either.
    Object.defineProperty(crypto, "subtle", { value: undefined });
  });
  await page.goto(writePage(info.outputPath("session.html"), document));
  await expect(page.getByText("This browser does not keep answers")).toBeVisible();
  await page.getByRole("checkbox").check();
  await press(page, "Enter");
  await page.getByRole("button", { name: "Next" }).click();
  await press(page, "3", "Enter", "Enter");
  await expect(page.getByText("2 / 2")).toBeVisible();
  await press(page, "1", "Enter", "Enter");
  await at(page, 0, 1);
  await press(page, "2", "Enter");
  verify(await saved(page, () => page.getByRole("button", { name: "Save my answers" }).click()), document.key);
});

test("a page without a session says so", async ({ page }, info) => {
  await page.goto(writePage(info.outputPath("session.html"), null));
  await expect(page.getByRole("alert")).toContainText("holds no study session");
});

test("in the app's own window the engine keeps each answer, and a refusal is shown beside the question", async ({ page }) => {
  const document = session(TRIALS.slice(0, 2), { languages: ["en"], key: "" });
  const answered: number[] = [];
  let refusing = true;
  const { asked } = await mockEngine(page, {
    participant_session: () => ({ document, state: { consent_given: true, answered: [] } }),
    participant_answer: ({ answer }) => {
      if (refusing) throw { code: "disk", message: "The disk is full.", hint: "", problems: [] };
      answered.push(answer.position);
      return { consent_given: true, answered: [...answered] };
    },
  });
  // The window knows the page's script by its digest, as the page itself does; the server of these tests does not.
  await page.route("**/participant.html", (route) => route.fulfill({ path: "dist/participant.html", contentType: "text/html" }));
  await page.goto("participant.html#session=the-token");
  await page.getByRole("button", { name: "Next" }).click();
  await press(page, "3", "Enter", "Enter");
  await expect(page.getByText("2 / 2")).toBeVisible();
  await press(page, "1", "Enter", "Enter");
  await at(page, 0, 2);
  await press(page, "2", "Enter");
  await expect(page.getByRole("alert")).toHaveText("The disk is full.");
  refusing = false;
  await press(page, "Enter");
  await at(page, 1, 2);
  await expect(page.getByRole("alert")).toHaveCount(0);
  await press(page, "2", "Enter");
  await expect(heading(page)).toHaveText("Thank you");
  await expect(page.getByRole("button", { name: "Save my answers" }), "the engine has them").toHaveCount(0);
  expect(asked.every(({ command }) => command.startsWith("participant_")), "the page asks for nothing else").toBe(true);
  expect(asked[0]).toEqual({ command: "participant_session", payload: { session: "the-token" } });
});

for (const look of ["light", "dark", "200"] as const) {
  test(`every screen of a participant is open to all, ${look}`, async ({ page }, info) => {
    test.slow();
    await page.emulateMedia({ colorScheme: look === "dark" ? "dark" : "light", reducedMotion: "reduce" });
    if (look === "200") await page.addInitScript(() => localStorage.setItem("semid.text-size", "200"));
    const trials = [...TRIALS.slice(1), ...OTHERS].map((trial, position) => ({ ...trial, position }));
    await page.goto(writePage(info.outputPath("session.html"), session(trials)));
    let number = 0;
    const see = async (name: string) => {
      await page.waitForTimeout(50);
      await page.screenshot({ path: `tests/output/participant/${String(number++).padStart(2, "0")}-${name}-${look}.png` });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join("\n  ")}`), name).toEqual([]);
      const wide = await page.evaluate(() => document.querySelector(".page")!.scrollWidth - document.querySelector(".page")!.clientWidth);
      expect(wide, `${name} is not wider than the window`).toBe(0);
    };
    await expect(heading(page)).toBeVisible();
    await see("language");
    await press(page, look === "dark" ? "2" : "1");
    await see("consent");
    await page.getByRole("checkbox").check();
    await see("consent-ticked");
    await press(page, "Enter");
    await expect(page.getByRole("checkbox")).toHaveCount(0);
    await see("instructions");
    await page.locator("main button").last().click();
    await see("practice");
    await press(page, "1", "Enter");
    await see("practice-wrong");
    await press(page, "Enter", "2", "Enter", "Enter");
    for (const trial of trials) {
      const seen = page.locator(`[aria-valuenow="${trial.position}"]`);
      await expect(seen).toHaveCount(1);
      const pause = page.getByRole("button", { name: /^(Back to the study|Zurück zur Studie)$/ });
      if (await pause.isVisible()) {
        await see("break");
        await pause.click();
      }
      await see(`${trial.position}-${trial.kind}`);
      if (trial.kind === "naming") await page.getByRole("textbox").fill("quiet films");
      else await press(page, "2");
      if (trial.confidence) {
        await press(page, "Enter");
        await see(`${trial.position}-${trial.kind}-confidence`);
        await press(page, "4");
      }
      await press(page, "Enter");
    }
    await expect(page.locator("main button")).toHaveText(/Save my|Meine Antworten/);
    await see("debrief");
  });
}
