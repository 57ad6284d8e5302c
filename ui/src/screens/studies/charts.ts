// The charts of a study's results, drawn by the engine from the results it gave.

import { rpc } from "../../lib/rpc";
import type { DrawnChart, ParticipantKind, StudyResults } from "../../lib/wire";

/** The charts of one kind of participants, in the order of the report. */
export type KindCharts = { kind: ParticipantKind; charts: DrawnChart[] };

type Draw = (command: "study_charts", payload: { results: StudyResults; dark: boolean }) => Promise<KindCharts[]>;

export function drawCharts(results: StudyResults, dark: boolean): Promise<KindCharts[]> {
  return (rpc as unknown as Draw)("study_charts", { results, dark });
}
