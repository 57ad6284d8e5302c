// A stand-in for the window's engine: answers `invoke` from recorded fixtures, or from what a test says instead. Files in
// fixtures/ are named by command and written by record.mjs; each holds the questions asked and the real engine's answers.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Page } from "@playwright/test";

import type { ApiError, Commands, JobResults, JobView, Started } from "../src/lib/wire";

type Recorded = { payload: unknown; reply?: unknown; error?: ApiError; result?: unknown };
export type Answers = {
  [C in keyof Commands]?: (payload: Commands[C]["request"]) => Commands[C]["reply"] | Promise<Commands[C]["reply"]>;
} & { pick_files?: () => string[]; pick_save?: () => string | null; pick_folder?: () => string | null };

const FOLDER = join(import.meta.dirname, "fixtures");
const FIXTURES = new Map<string, Recorded[]>(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .map((name) => [name.replace(/\.json$/, ""), JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Recorded[]]),
);

/** What the engine would say: an error to throw in the page. */
export function refuse(code: ApiError["code"], message: string, hint = ""): never {
  throw { code, message, hint, problems: [] } satisfies ApiError;
}

/** What a command that starts a job says when its job is over at once, with this result. */
export function finished<C extends keyof JobResults>(_command: C, result: JobResults[C]): Started {
  return { job: -1, result } as Started;
}

/** The recorded answer to a command: of the same question when there is one, else of any. */
export function recorded(command: string, payload: unknown = undefined): Recorded | undefined {
  const all = FIXTURES.get(command) ?? [];
  const asked = canonical(payload);
  return structuredClone(all.find((one) => canonical(one.payload) === asked) ?? all[0]);
}

/** Puts the stand-in into the page. Call it before going anywhere. */
export async function mockEngine(
  page: Page,
  answers: Answers = {},
  /** Changes every answer on its way to the page. */
  change: <T>(reply: T, command: string) => T = (reply) => reply,
): Promise<{ asked: { command: string; payload: unknown }[] }> {
  const asked: { command: string; payload: unknown }[] = [];
  const jobs: JobView[] = [];

  /** A job that is over, with its result. */
  const over = (command: string, result: unknown): Started => {
    const id = jobs.length + 1;
    jobs.push({ id, title: command, state: "finished", progress: { steps: [], series: [] }, result: change(result, command), error: null });
    return { job: id };
  };
  const answer = async (command: string, payload: unknown): Promise<unknown> => {
    asked.push({ command, payload });
    const said = (answers as Record<string, ((payload: unknown) => unknown) | undefined>)[command];
    if (said) {
      const reply = await said(payload);
      return isFinished(reply) ? over(command, reply.result) : change(reply, command);
    }
    if (command === "jobs") return jobs;
    if (command === "job") return jobs.find((job) => job.id === (payload as { job: number }).job);
    if (command === "cancel") return true;
    // A machine has none until a test says so.
    if (command === "language_models") return [];
    const known = recorded(command, payload);
    if (!known) return refuse("internal", `No fixture answers ${command} ${JSON.stringify(payload)}.`);
    if (known.error) throw known.error;
    if (known.result === undefined) return change(known.reply, command);
    return over(command, known.result);
  };

  await page.exposeBinding("__engine", async (_, command: string, args: Record<string, unknown>) => {
    try {
      if (command === "rpc" || command === "participant_rpc") return { reply: await answer(String(args.command), args.payload) };
      if (command.startsWith("open_")) asked.push({ command, payload: args });
      if (command.startsWith("pick_")) {
        const said = (answers as Record<string, (() => unknown) | undefined>)[command];
        return { reply: said ? said() : command === "pick_files" ? [] : null };
      }
      return { reply: null };
    } catch (error) {
      return { error };
    }
  });
  await page.addInitScript(() => {
    const engine = (window as unknown as { __engine: (command: string, args: unknown) => Promise<{ reply?: unknown; error?: unknown }> })
      .__engine;
    Object.assign(window, {
      __TAURI_INTERNALS__: {
        metadata: { currentWindow: { label: "main" }, currentWebview: { windowLabel: "main", label: "main" } },
        transformCallback: () => 1,
        invoke: async (command: string, args: unknown) => {
          const { reply, error } = await engine(command, args ?? {});
          if (error) throw error;
          return reply;
        },
      },
    });
  });
  return { asked };
}

/** Replaces every string below certain fields, deep inside a value: to try hostile titles everywhere. */
export function replaceStrings<T>(value: T, fields: ReadonlySet<string>, text: (old: string) => string, field = ""): T {
  if (typeof value === "string") return (fields.has(field) ? text(value) : value) as T;
  if (Array.isArray(value)) return value.map((one) => replaceStrings(one as unknown, fields, text, field)) as T;
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, replaceStrings(one as unknown, fields, text, name)]),
    ) as T;
  }
  return value;
}

function isFinished(reply: unknown): reply is { result: unknown } {
  return typeof reply === "object" && reply !== null && "job" in reply && reply.job === -1 && "result" in reply;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => {
    if (one === null || typeof one !== "object" || Array.isArray(one)) return one;
    // The theme of a chart does not choose its fixture, and a field that is not there is one without a value.
    const entries = Object.entries(one).filter(([name, value]) => name !== "dark" && value != null);
    return Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b)));
  });
}
