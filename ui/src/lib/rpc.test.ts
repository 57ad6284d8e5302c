import { afterEach, describe, expect, test, vi } from "vitest";

import { rpc, RpcError, toRpcError } from "./rpc";

const answers = (body: unknown) =>
  vi.stubGlobal("fetch", vi.fn(async () => ({ json: async () => body })));

afterEach(() => vi.unstubAllGlobals());

describe("errors of the engine", () => {
  test("arrive with code, message, hint and problems", async () => {
    const problems = [{ field: "seeds", sentence: "At least one seed is needed." }];
    answers({ error: { code: "settings", message: "The settings have 1 problem.", hint: "Mend it.", problems } });
    const error = await rpc("jobs", {}).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({ code: "settings", hint: "Mend it.", problems, command: "jobs" });
  });

  test("an empty reply is a reply and not an error", async () => {
    answers({ reply: null });
    expect(await rpc("jobs", {})).toBeNull();
  });

  test("an engine that does not answer is told as such", async () => {
    vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("Failed to fetch")));
    await expect(rpc("jobs", {})).rejects.toMatchObject({ code: "machine", message: "The engine does not answer." });
  });

  test("details hold all that a report of a bug needs", () => {
    const error = toRpcError({ code: "machine", message: "The disk is full.", hint: "Free some space." }, "import");
    expect(error.details).toBe(
      "code: machine\nmessage: The disk is full.\nhint: Free some space.\ncommand: import",
    );
  });
});

describe("whatever else is thrown", () => {
  test("becomes an internal error with its words", () => {
    expect(toRpcError("plain words")).toMatchObject({ code: "internal", message: "plain words" });
    expect(toRpcError(new Error("boom"))).toMatchObject({ code: "internal", message: "boom" });
    expect(toRpcError(undefined).message).not.toBe("");
  });

  test("an error that is one already stays itself", () => {
    const error = new RpcError("busy", "Another process is at it.");
    expect(toRpcError(error, "runs")).toBe(error);
  });
});
