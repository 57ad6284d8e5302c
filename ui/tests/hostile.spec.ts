import { expect, test } from "@playwright/test";

import { mockEngine, replaceStrings } from "./engine.ts";
import { SCREENS, settle } from "./pages.ts";

const HOSTILE = [
  `<img src=x onerror="window.hacked=true">`,
  `"><script>window.hacked=true</script>`,
  `</text></svg><svg onload="window.hacked=true">`,
  `{@html "<b>x</b>"} {{constructor.constructor("window.hacked=true")()}}`,
  `javascript:window.hacked=true`,
  `\u202Eevil\u202C \u0000 ${"long".repeat(400)}`,
];
/** Fields of replies that hold what stands in people's files, or what a model wrote. */
const FIELDS = new Set(
  "title key text categories file snippet reason label words exemplars error note about licence source text_template columns rows facts lines en de lead shown why was sentence measure with explanation notes prompt answer problem system question said warnings".split(" "),
);

for (const screen of SCREENS) {
  test(`hostile titles never become markup on ${screen.name}`, async ({ page }) => {
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => (dialogs.push(dialog.message()), void dialog.dismiss()));
    let at = 0;
    await mockEngine(page, screen.answers, (reply) => replaceStrings(reply, FIELDS, () => HOSTILE[at++ % HOSTILE.length] ?? ""));
    await page.goto(screen.hash);
    await settle(page);
    // Actions look for words that are no longer there; the page as it opens is enough.
    const harm = await page.evaluate(() => ({
      hacked: "hacked" in window,
      elements: document.querySelectorAll("main img, main script, main b, main iframe, main object").length,
      handlers: [...document.querySelectorAll("main *")].filter((one) => one.getAttributeNames().some((name) => /^on/i.test(name))).length,
      links: [...document.querySelectorAll("main a[href]")].filter((one) => !one.getAttribute("href")?.startsWith("#")).length,
    }));
    expect(harm, "titles, keys and file names are text, whatever is in them").toEqual({ hacked: false, elements: 0, handlers: 0, links: 0 });
    expect(dialogs).toEqual([]);
    await page.screenshot({ path: `tests/output/hostile/${screen.name}.png` });
  });
}

test("a chart that carries scripts, handlers and links is shown without them", async ({ page }) => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 50" onload="window.hacked=true">
    <script>window.hacked=true</script><a xlink:href="javascript:window.hacked=true"><text x="1" y="9">A</text></a>
    <foreignObject><img xmlns="http://www.w3.org/1999/xhtml" src="x" onerror="window.hacked=true"/></foreignObject>
    <style>@import url(https://evil.example/x.css);</style><rect width="9" height="9" fill="url(https://evil.example/#a)" onclick="window.hacked=true"/>
    <use href="#x"/><animate attributeName="href" to="javascript:window.hacked=true"/></svg>`;
  const drawn = { name: "popularity", title: "Popularity", svg, table: { title: "", note: "", columns: [], rows: [] }, marks: [] };
  await mockEngine(page, { dataset_chart: () => drawn });
  await page.goto("#/data/sample-films");
  await settle(page);
  const chart = page.locator("figure svg[aria-hidden]").first();
  await expect(chart).toBeVisible();
  expect(await chart.evaluate((svg) => [...svg.querySelectorAll("*")].map((one) => one.outerHTML))).toEqual([
    '<rect xmlns="http://www.w3.org/2000/svg" width="9" height="9"></rect>',
  ].map((rect) => rect.replace(' xmlns="http://www.w3.org/2000/svg"', "")));
  expect(await page.evaluate(() => "hacked" in window), "nothing of it ran").toBe(false);
});
