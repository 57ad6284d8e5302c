// Development only: lets a plain browser talk to the real engine.
//
// `POST /rpc` with `{command, payload}` is passed to one child process, `semid rpc`, as a line of JSON, and its answer
// comes back as it is. The plugin does nothing in a build, and refuses every request that does not come from this
// machine and from the page itself: the engine may read and write files.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createInterface } from "node:readline";
import type { Plugin } from "vite";

const BINARY = process.env.SEMID_BIN ?? "../target/debug/semid";
/** Largest request accepted, in bytes. */
const LARGEST = 4 * 1024 * 1024;

type Answer = { id: number; reply?: unknown; error?: unknown };

export function engine(): Plugin {
  let child: Engine | undefined;
  return {
    name: "semid-engine",
    apply: "serve",
    configureServer(server) {
      // vitest starts a server too, and needs no engine.
      if (process.env.VITEST) return;
      server.middlewares.use("/rpc", (request, response) => {
        if (!isLocal(request)) return send(response, 403, { error: refusal("Only this machine may ask the engine.") });
        if (request.method !== "POST") return send(response, 405, { error: refusal("Ask with POST.") });
        read(request)
          .then((body) => {
            child = child?.alive ? child : new Engine();
            return child.ask(body);
          })
          .then((answer) => send(response, 200, answer))
          .catch((error: Error) => send(response, 200, { error: refusal(error.message) }));
      });
      server.httpServer?.on("close", () => child?.stop());
    },
  };
}

/** The running `semid rpc`. Answers may come in any order: each carries the number of its question. */
class Engine {
  alive = true;
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  private next = 1;
  private lastWords = "";

  constructor() {
    this.process = spawn(BINARY, ["rpc"], { stdio: ["pipe", "pipe", "pipe"] });
    this.process.on("error", (error) => this.end(`${BINARY} does not start: ${error.message}. Set SEMID_BIN.`));
    this.process.on("exit", (code) => this.end(`The engine stopped (${code}). ${this.lastWords}`));
    this.process.stderr.on("data", (text) => (this.lastWords = String(text).slice(-2000)));
    this.process.stdin.on("error", () => undefined);
    createInterface({ input: this.process.stdout }).on("line", (line) => {
      const answer = JSON.parse(line) as Answer;
      this.waiting.get(answer.id)?.resolve(answer);
      this.waiting.delete(answer.id);
    });
  }

  ask(body: { command: string; payload: unknown }): Promise<Answer> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.process.stdin.write(JSON.stringify({ id, command: body.command, payload: body.payload }) + "\n");
    });
  }

  stop() {
    this.process.kill();
  }

  private end(why: string) {
    this.alive = false;
    for (const { reject } of this.waiting.values()) reject(new Error(why));
    this.waiting.clear();
  }
}

/** Whether the connection, the host asked for and the page asking are all this machine's. */
function isLocal(request: IncomingMessage): boolean {
  const local = (host: string | undefined) => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host ?? "");
  const from = request.socket.remoteAddress ?? "";
  const origin = request.headers.origin;
  return (
    ["127.0.0.1", "::1", "::ffff:127.0.0.1"].includes(from) &&
    local(request.headers.host) &&
    // A form of another site can be posted without asking first; JSON from our own page names its origin.
    origin !== undefined &&
    local(origin.replace(/^https?:\/\//, ""))
  );
}

async function read(request: IncomingMessage): Promise<{ command: string; payload: unknown }> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes > LARGEST) throw new Error("The request is larger than 4 MiB.");
    parts.push(part as Buffer);
  }
  return JSON.parse(Buffer.concat(parts).toString("utf8")) as { command: string; payload: unknown };
}

function send(response: ServerResponse, status: number, body: unknown) {
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
}

function refusal(message: string) {
  return { code: "internal", message, hint: "", problems: [] };
}
