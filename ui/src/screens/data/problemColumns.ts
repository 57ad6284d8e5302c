// The columns of a list of rows that could not be used, before an import and after it.

import { count } from "../../lib/format";
import type { Column } from "../../lib/table";

type Problem = { file: string; line: number | null; kind: string; reason: string; snippet: string };

export const problemColumns: Column<Problem & { at: number }>[] = [
  { key: "file", label: "File", value: (row) => row.file, width: 8, grow: 0, sortable: false },
  {
    key: "line",
    label: "Line",
    value: (row) => row.line,
    text: (row) => (row.line == null ? "–" : count(row.line)),
    numeric: true,
    width: 6,
    sortable: false,
  },
  { key: "reason", label: "What is wrong", value: (row) => row.reason, width: 16, grow: 2, sortable: false },
  { key: "snippet", label: "The row begins", value: (row) => row.snippet, width: 14, grow: 2, sortable: false },
];
