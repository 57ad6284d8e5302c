// The one door to the engine. In the window it is Tauri's `invoke`; in a plain browser under `npm run dev` it is the dev
// server's `/rpc`. Errors of both arrive as `RpcError`, and callers branch on its code, never on its text.

import type { ApiError, Commands } from "./wire";

export type Command = keyof Commands;
export type Request<C extends Command> = Commands[C]["request"];
export type Reply<C extends Command> = Commands[C]["reply"];
export type Code = ApiError["code"];
export type Problem = ApiError["problems"][number];

/** What happened, to what, and what to do. */
export class RpcError extends Error {
  constructor(
    readonly code: Code,
    message: string,
    readonly hint = "",
    readonly problems: readonly Problem[] = [],
    readonly command = "",
  ) {
    super(message);
    this.name = "RpcError";
  }

  get cancelled(): boolean {
    return this.code === "cancelled";
  }

  /** Everything known, as text for a report of a bug. */
  get details(): string {
    const lines = [`code: ${this.code}`, `message: ${this.message}`];
    if (this.hint) lines.push(`hint: ${this.hint}`);
    if (this.command) lines.push(`command: ${this.command}`);
    for (const problem of this.problems) lines.push(`problem: ${JSON.stringify(problem)}`);
    return lines.join("\n");
  }
}

/** Whether the page runs in Semid's own window rather than in a browser. */
export const inWindow = typeof window !== "undefined" && "__TAURI_INTERNALS__" in window;

/** Asks the engine. */
export async function rpc<C extends Command>(command: C, payload: Request<C>): Promise<Reply<C>> {
  try {
    return (await (inWindow ? throughWindow(command, payload) : throughBrowser(command, payload))) as Reply<C>;
  } catch (thrown) {
    throw toRpcError(thrown, command);
  }
}

/** Whatever was thrown, as an error people can read. */
export function toRpcError(thrown: unknown, command = ""): RpcError {
  if (thrown instanceof RpcError) return thrown;
  if (isApiError(thrown)) {
    return new RpcError(thrown.code, thrown.message, thrown.hint ?? "", thrown.problems ?? [], command);
  }
  const message = thrown instanceof Error ? thrown.message : typeof thrown === "string" ? thrown : "";
  return new RpcError("internal", message || "Something went wrong inside Semid.", "", [], command);
}

function isApiError(value: unknown): value is Pick<ApiError, "code" | "message"> & Partial<ApiError> {
  if (typeof value !== "object" || value === null) return false;
  const { code, message } = value as Record<string, unknown>;
  return typeof code === "string" && typeof message === "string";
}

async function throughWindow(command: string, payload: unknown): Promise<unknown> {
  const { invoke } = await import("@tauri-apps/api/core");
  return invoke("rpc", { command, payload });
}

async function throughBrowser(command: string, payload: unknown): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch("/rpc", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ command, payload }),
    });
  } catch {
    throw new RpcError("machine", "The engine does not answer.", "Start the development server again: npm run dev.");
  }
  const answer = (await response.json()) as { reply?: unknown; error?: unknown };
  if (answer.error != null) throw answer.error;
  return answer.reply;
}
