import { expect, test } from "@playwright/test";

import { mockEngine } from "./engine.ts";
import { SCREENS, settle } from "./pages.ts";

const WINDOWS = [
  { name: "the smallest window", width: 900, height: 600, text: "100" },
  { name: "text at 200 %", width: 1280, height: 800, text: "200" },
  { name: "the smallest window with text at 200 %", width: 900, height: 600, text: "200" },
  { name: "4K", width: 3840, height: 2160, text: "100" },
];

for (const { name, width, height, text } of WINDOWS) {
  for (const screen of SCREENS) {
    test(`${screen.name} fits in ${name}`, async ({ page }) => {
      await page.setViewportSize({ width, height });
      await page.addInitScript((text) => localStorage.setItem("semid.text-size", text), text);
      await mockEngine(page);
      await page.goto(screen.hash);
      await settle(page);
      await screen.act?.(page);
      await settle(page);
      const { wide, room } = await page.locator("main").evaluate((main) => ({ wide: main.scrollWidth, room: main.clientWidth }));
      expect(wide, "the page itself never scrolls sideways; tables and charts do inside").toBeLessThanOrEqual(room);
    });
  }
}
