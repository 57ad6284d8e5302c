// Jobs as the engine tells them. The UI pulls: twice a second while anything runs, rarely otherwise, never while hidden.

import { rpc, RpcError, toRpcError, type Request } from "./rpc";
import type { Commands, JobResults, JobView } from "./wire";

/** Commands that start a job and whose result has a type. */
export type JobCommand = keyof JobResults & keyof Commands;

const BUSY_MS = 500;
const IDLE_MS = 5000;

export function isOver(job: Pick<JobView, "state">): boolean {
  return job.state === "finished" || job.state === "failed" || job.state === "cancelled";
}

/** The step to show when there is room for one: the innermost that knows its total, else the innermost. */
export function shownStep(job: JobView) {
  const steps = job.progress.steps;
  return steps.findLast((step) => step.total > 0) ?? steps.at(-1);
}

function resultOf<C extends JobCommand>(job: JobView, command: C): JobResults[C] {
  if (job.state === "finished") return job.result as JobResults[C];
  throw job.error ? toRpcError(job.error, command) : new RpcError("cancelled", "Stopped.", "", [], command);
}

class Jobs {
  /** Every job of this process, oldest first. */
  all: JobView[] = $state.raw([]);
  /** Why the list could not be read, when it could not. */
  problem: RpcError | undefined = $state.raw();

  private timer: ReturnType<typeof setTimeout> | undefined;
  private watching = false;
  private readonly waiting = new Map<number, ((job: JobView) => void)[]>();

  get running(): JobView | undefined {
    return this.all.find((job) => job.state === "running");
  }

  get queued(): JobView[] {
    return this.all.filter((job) => job.state === "queued");
  }

  get(id: number): JobView | undefined {
    return this.all.find((job) => job.id === id);
  }

  /** Starts looking. The shell calls it once. */
  watch(): () => void {
    this.watching = true;
    const onVisible = () => (document.hidden ? clearTimeout(this.timer) : void this.refresh());
    document.addEventListener("visibilitychange", onVisible);
    void this.refresh();
    return () => {
      this.watching = false;
      clearTimeout(this.timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }

  /** Looks now: call it after starting a job, so that it shows at once. */
  async refresh(): Promise<void> {
    clearTimeout(this.timer);
    try {
      this.all = await rpc("jobs", {});
      this.problem = undefined;
      this.settle();
    } catch (thrown) {
      this.problem = toRpcError(thrown);
    }
    const busy = this.waiting.size > 0 || this.all.some((job) => !isOver(job));
    if (this.watching && !document.hidden) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.refresh(), busy ? BUSY_MS : IDLE_MS);
    }
  }

  /** The job once it is over, whatever came of it. */
  over(id: number): Promise<JobView> {
    const done = new Promise<JobView>((resolve) => {
      this.waiting.set(id, [...(this.waiting.get(id) ?? []), resolve]);
    });
    void this.refresh();
    return done;
  }

  /**
   * Starts a job. `id` comes first, to show its progress; `done` is what came of it, or throws why nothing did.
   */
  async start<C extends JobCommand>(command: C, payload: Request<C>): Promise<{ id: number; done: Promise<JobResults[C]> }> {
    const { job: id } = (await rpc(command, payload)) as { job: number };
    return { id, done: this.over(id).then((job) => resultOf<C>(job, command)) };
  }

  /** Asks a job to stop. */
  async cancel(id: number): Promise<void> {
    await rpc("cancel", { job: id });
    await this.refresh();
  }

  private settle() {
    for (const job of this.all) {
      if (!isOver(job)) continue;
      for (const resolve of this.waiting.get(job.id) ?? []) resolve(job);
      this.waiting.delete(job.id);
    }
  }
}

export const jobs = new Jobs();
