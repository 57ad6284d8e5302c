// Jobs that these pages start, kept while the window is open: whoever comes back finds them going on, or what came of them.

import { jobs, type JobCommand } from "../../lib/jobs.svelte";
import { toRpcError, type Request, type RpcError } from "../../lib/rpc";
import type { JobResults } from "../../lib/wire";

export class KeptJob<C extends JobCommand> {
  /** The job that is under way. */
  job: number | undefined = $state();
  /** What was asked last, and what came of it. */
  asked: Request<C> | undefined = $state.raw();
  result: JobResults[C] | undefined = $state.raw();
  error: RpcError | undefined = $state.raw();
  /** Whether a job is under way, or about to be. */
  busy = $state(false);

  constructor(private readonly command: C) {}

  /** Asks. What came of the last question stays until this one has an answer. */
  async start(request: Request<C>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.error = undefined;
    try {
      const { id, done } = await jobs.start(this.command, request);
      this.job = id;
      this.result = await done;
      this.asked = request;
    } catch (thrown) {
      const stopped = toRpcError(thrown, this.command);
      if (!stopped.cancelled) this.error = stopped;
    }
    this.job = undefined;
    this.busy = false;
  }
}

export const explaining = new KeptJob("explain");
export const measuringOrders = new KeptJob("orders_in_titles");
