// What the states of a run are called, and what can be done in each.

import { statusTone } from "../../lib/status";
import type { RunStatus } from "../../lib/wire";

const LABELS: Record<RunStatus, string> = {
  queued: "waiting",
  running: "running",
  finished: "finished",
  failed: "failed",
  cancelled: "stopped",
  interrupted: "interrupted",
};

export function stateOf(status: string): { label: string; tone: ReturnType<typeof statusTone> } {
  return { label: LABELS[status as RunStatus] ?? status, tone: statusTone(status) };
}

/** Whether something happens or will happen without anybody doing anything. */
export function isOpen(status: string): boolean {
  return status === "queued" || status === "running";
}

/** Whether it can be gone on with from where it stopped. */
export function canResume(status: string): boolean {
  return status === "cancelled" || status === "failed" || status === "interrupted";
}

/** Where a run is looked at. */
export function placeOf(status: string): "/runs/:id" | "/runs/:id/watch" {
  return status === "finished" ? "/runs/:id" : "/runs/:id/watch";
}
