import { expect, test } from "@playwright/test";

import { mockEngine } from "./engine.ts";
import { SCREENS, settle } from "./pages.ts";

const WINDOWS = [
  { name: "4K", width: 3840, height: 2160, text: 100 },
  { name: "text at 200 %", width: 1280, height: 800, text: 200 },
  { name: "the smallest window", width: 900, height: 600, text: 100 },
  { name: "the smallest window with text at 200 %", width: 900, height: 600, text: 200 },
];

for (const screen of SCREENS) {
  test(`${screen.name} fits in every window, from 900 × 600 with text at 200 % to 4K`, async ({ page }) => {
    await mockEngine(page, screen.answers);
    await page.goto(screen.hash);
    await settle(page);
    await screen.act?.(page);
    for (const { name, width, height, text } of WINDOWS) {
      await page.setViewportSize({ width, height });
      await page.evaluate((text) => (document.documentElement.style.fontSize = `${text}%`), text);
      await settle(page);
      await page.screenshot({ path: `tests/output/sizes/${screen.name}-${width}-${text}.png` });
      const { wide, room } = await page.locator("main").evaluate((main) => ({ wide: main.scrollWidth, room: main.clientWidth }));
      expect(wide, `${name}: the page itself never scrolls sideways; tables and charts do inside`).toBeLessThanOrEqual(room);
      for (const dialog of await page.getByRole("dialog").all()) {
        const { sideways, inside } = await dialog.evaluate((dialog) => {
          const [body, { left, top, right, bottom }] = [dialog.querySelector(".body") ?? dialog, dialog.getBoundingClientRect()];
          return { sideways: body.scrollWidth - body.clientWidth, inside: left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight };
        });
        expect({ sideways, inside }, `${name}: a dialog is whole, and scrolls only down`).toEqual({ sideways: 0, inside: true });
      }
    }
  });
}
