// Takes pictures of pages to look at: `node tests/look.mjs '#/data' '#/settings'`, against a running `npm run dev`.
// Each page is taken light, dark, in the smallest window, and with text at 200 %. Options: --url, --out, --only, --full.

import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";

import { chromium } from "@playwright/test";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: "string", default: "http://127.0.0.1:5173/" },
    out: { type: "string", default: "tests/output/look" },
    only: { type: "string", default: "light,dark,small,text-200" },
    full: { type: "boolean", default: false },
    wait: { type: "string", default: "700" },
  },
});
const LOOKS = {
  light: { width: 1280, height: 800 },
  dark: { width: 1280, height: 800, theme: "dark" },
  small: { width: 900, height: 600 },
  "text-200": { width: 1280, height: 800, text: "200" },
  "4k": { width: 3840, height: 2160 },
};

mkdirSync(values.out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});
for (const look of values.only.split(",")) {
  const { width, height, theme = "light", text = "100" } = LOOKS[look];
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: "reduce" });
  await context.addInitScript(
    ([theme, text]) => {
      localStorage.setItem("semid.theme", theme);
      localStorage.setItem("semid.text-size", text);
    },
    [theme, text],
  );
  for (const hash of positionals) {
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && console.error(hash, message.text()));
    page.on("pageerror", (error) => console.error(hash, error.message));
    await page.goto(values.url + hash);
    await page.waitForTimeout(Number(values.wait));
    // The page scrolls inside the shell: a tall window shows all of it.
    if (values.full) {
      const tall = await page.evaluate(() => document.querySelector("main")?.scrollHeight ?? 800);
      await page.setViewportSize({ width, height: Math.max(height, tall) });
      await page.waitForTimeout(200);
    }
    const name = hash.replace(/^#\//, "").replace(/[^\w-]+/g, "-") || "start";
    await page.screenshot({ path: `${values.out}/${name}-${look}.png` });
    await page.close();
  }
  await context.close();
}
await browser.close();
