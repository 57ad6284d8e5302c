// Writes tests/fixtures/ from the real engine: opens every screen against `npm run dev` and keeps what was asked and
// answered. Start the server with a home that holds only the sample, whose licence lets its titles stand in this
// repository, then `npm run record`; SEMID_URL names another server than the usual one.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { test } from "@playwright/test";

import { SCREENS, settle } from "./pages.ts";

type Recorded = { payload: unknown; reply?: unknown; error?: unknown; result?: unknown };

const URL = process.env.SEMID_URL ?? "http://127.0.0.1:5173/";
const FOLDER = join(import.meta.dirname, "fixtures");
/** Asked all the time, and answered by the stand-in itself. */
const NOT_KEPT = new Set(["jobs", "job", "cancel"]);

const kept = new Map<string, Recorded[]>();
const waiting: Promise<void>[] = [];

async function ask(command: string, payload: unknown): Promise<{ reply?: unknown; error?: unknown }> {
  const origin = URL.replace(/\/$/, "");
  const response = await fetch(`${origin}/rpc`, {
    method: "POST",
    headers: { origin, "content-type": "application/json" },
    body: JSON.stringify({ command, payload }),
  });
  return (await response.json()) as { reply?: unknown; error?: unknown };
}

/** What came of a job, once it is over. */
async function outcome(job: number): Promise<unknown> {
  for (;;) {
    const { reply } = await ask("job", { job });
    const view = reply as { state: string; result: unknown } | undefined;
    if (!view || view.state === "failed" || view.state === "cancelled") return undefined;
    if (view.state === "finished") return view.result;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function keep(command: string, payload: unknown, answer: { reply?: unknown; error?: unknown }): Promise<void> {
  if (NOT_KEPT.has(command)) return;
  if ((answer.error as { code?: string } | undefined)?.code === "internal") throw new Error(`${command}: ${JSON.stringify(answer.error)}`);
  const all = kept.get(command) ?? [];
  kept.set(command, all);
  if (all.some((one) => JSON.stringify(one.payload) === JSON.stringify(payload))) return;
  const one: Recorded = { payload, ...(answer.error ? { error: answer.error } : { reply: answer.reply ?? null }) };
  all.push(one);
  const job = (answer.reply as { job?: number } | null)?.job;
  if (job !== undefined) one.result = await outcome(job);
}

test("record", async ({ page }) => {
  test.setTimeout(600_000);
  page.on("response", (response) => {
    if (!response.url().endsWith("/rpc")) return;
    const { command, payload } = response.request().postDataJSON() as { command: string; payload: unknown };
    waiting.push(
      response
        .json()
        .then((answer: object) => keep(command, payload, answer))
        .catch((error: Error) => console.error(error.message)),
    );
  });
  for (const { hash, act } of SCREENS) {
    await page.goto(`${URL}${hash}`);
    await page.waitForLoadState("networkidle");
    await settle(page);
    await act?.(page);
    await page.waitForLoadState("networkidle");
    await settle(page);
  }
  await Promise.all(waiting);
  // Paths and names of the machine they were recorded on are nobody's business.
  const { home } = (await ask("about", {})).reply as { home: string };
  mkdirSync(FOLDER, { recursive: true });
  for (const [command, answers] of kept) {
    const text = JSON.stringify(answers, null, 1).replaceAll(home, "/home/ada/semid");
    writeFileSync(join(FOLDER, `${command}.json`), `${text}\n`);
  }
});
