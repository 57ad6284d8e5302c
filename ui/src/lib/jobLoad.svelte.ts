// What a page asks a job for: the states of `Load`, and how far the job is. A question that changes stops the job of the
// last one, so that nobody's machine works for an answer that no one waits for.

import { isOver, jobs } from "./jobs.svelte";
import { rpc, RpcError, toRpcError, type Request } from "./rpc";
import type { Commands, JobResults, JobView, Started } from "./wire";

/** Commands that start a job whose result is told. */
export type JobCommand = {
  [C in keyof Commands & keyof JobResults]: Commands[C]["reply"] extends Started ? C : never;
}[keyof Commands & keyof JobResults];

/** Pauses between looks: most jobs a page waits for are over within a blink, the rest take seconds. */
const PAUSES_MS = [40, 60, 100, 150, 250, 500];

/** Starts a job and waits for what comes of it. Aborting asks it to stop. */
export async function runJob<C extends JobCommand>(
  command: C,
  payload: Request<C>,
  { signal, onprogress }: { signal?: AbortSignal; onprogress?: (job: JobView) => void } = {},
): Promise<JobResults[C]> {
  const { job } = (await rpc(command, payload)) as Started;
  for (let look = 0; ; look += 1) {
    if (signal?.aborted) {
      void rpc("cancel", { job }).catch(() => undefined);
      throw new RpcError("cancelled", "Nobody waits for this any more.", "", [], command);
    }
    const view = await rpc("job", { job });
    onprogress?.(view);
    if (isOver(view)) {
      if (view.state === "finished") return view.result as JobResults[C];
      throw view.error ? toRpcError(view.error, command) : new RpcError("cancelled", "It was stopped.", "", [], command);
    }
    // The strip at the side shows what takes longer than a blink.
    if (look === PAUSES_MS.length) void jobs.refresh();
    await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[Math.min(look, PAUSES_MS.length - 1)]));
  }
}

export class JobLoad<C extends JobCommand> {
  value: JobResults[C] | undefined = $state.raw();
  error: RpcError | undefined = $state.raw();
  loading = $state(false);
  /** How far it is, once it is known. */
  job: JobView | undefined = $state.raw();

  private abort: AbortController | undefined;
  private last: Request<C> | undefined;

  constructor(
    private readonly command: C,
    private readonly kept: (payload: Request<C>) => JobResults[C] | undefined = () => undefined,
  ) {}

  async ask(payload: Request<C> | undefined): Promise<void> {
    this.abort?.abort();
    this.last = payload;
    this.job = undefined;
    const known = payload === undefined ? undefined : this.kept(payload);
    if (payload === undefined || known) {
      this.value = known;
      this.error = undefined;
      this.loading = false;
      return;
    }
    const abort = (this.abort = new AbortController());
    this.loading = true;
    try {
      const value = await runJob(this.command, payload, {
        signal: abort.signal,
        onprogress: (job) => abort.signal.aborted || (this.job = job),
      });
      if (abort.signal.aborted) return;
      this.value = value;
      this.error = undefined;
    } catch (thrown) {
      if (abort.signal.aborted) return;
      this.error = toRpcError(thrown, this.command);
    }
    this.loading = false;
    this.job = undefined;
  }

  again = () => void this.ask(this.last);

  stop() {
    this.abort?.abort();
  }
}

/** As `load`, for a command that starts a job. `kept` gives an answer that is here already. */
export function loadJob<C extends JobCommand>(
  command: C,
  payload: () => Request<C> | undefined,
  kept?: (payload: Request<C>) => JobResults[C] | undefined,
): JobLoad<C> {
  const loading = new JobLoad(command, kept);
  $effect(() => {
    void loading.ask(payload());
  });
  $effect(() => () => loading.stop());
  return loading;
}
