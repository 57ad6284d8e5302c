// Starting a comparison, and finding the run that a job became.

import { isOver, jobs } from "../../lib/jobs.svelte";
import { rpc, RpcError } from "../../lib/rpc";
import type { ExperimentSettings, RunReport } from "../../lib/wire";

const LOOK_MS = 200;
const LOOKS = 150;

export type StartedRun = { run: number; finished: boolean };

/** Starts or resumes, and answers once the run has a number. */
export async function startRun(settings: ExperimentSettings): Promise<StartedRun> {
  const { job } = await rpc("start_run", { settings });
  return runOfJob(job);
}

/** The run that a job works on. A job that waits behind another may not have a row yet: then it is looked for a while. */
export async function runOfJob(job: number): Promise<StartedRun> {
  await jobs.refresh();
  for (let look = 0; look < LOOKS; look++) {
    const view = await rpc("job", { job });
    if (view.error) throw new RpcError(view.error.code, view.error.message, view.error.hint, view.error.problems, "start_run");
    if (isOver(view)) return { run: (view.result as RunReport).run, finished: view.state === "finished" };
    const open = (await rpc("runs", {})).filter(({ status }) => status === "running" || status === "queued");
    for (const { run } of open) {
      if ((await rpc("run_view", { run })).job === job) return { run, finished: false };
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new RpcError("busy", "The comparison waits behind other work.", "It starts by itself; look at the list of runs.");
}
