import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";

import { mockEngine } from "./engine.ts";
import { SCREENS, settle } from "./pages.ts";

for (const screen of SCREENS) {
  test(`${screen.name} has no violations of accessibility rules, light and dark`, async ({ page }) => {
    test.slow();
    await mockEngine(page, screen.answers);
    await page.goto(screen.hash);
    await settle(page);
    await screen.act?.(page);
    for (const theme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: theme });
      await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
      await settle(page);
      // Kept as pictures to look at.
      await page.screenshot({ path: `tests/output/screens/${screen.name}-${theme}.png` });
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join("\n   ")}`);
      expect(found, `what axe finds shuts somebody out (${theme})`).toEqual([]);
    }
  });
}
