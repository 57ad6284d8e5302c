// Sorting and filtering of a table's rows. No DOM in here.

export type Cell = string | number | null | undefined;

/** One column. `value` is what is sorted and searched; `text` is what is shown. */
export type Column<Row> = {
  key: string;
  label: string;
  value: (row: Row) => Cell;
  /** As people read it; the value itself when there is none. Only formats: numbers come from the engine. */
  text?: (row: Row) => string;
  /** Right-aligned in tabular figures, largest first when sorted. */
  numeric?: boolean;
  /** What the column means, shown at its head. */
  about?: string;
  /** Least width in rem; 7 for numbers and 10 for words when not said. */
  width?: number;
  /** How much of the room left over it takes; none for numbers and one part for words when not said. */
  grow?: number;
  /** Stays in sight when the table is scrolled sideways: for the first column. */
  pinned?: boolean;
  /** Whether it may be hidden; yes when not said. */
  hideable?: boolean;
  sortable?: boolean;
};

export type Sort = { key: string; down: boolean };

export function textOf<Row>(column: Column<Row>, row: Row): string {
  if (column.text) return column.text(row);
  const value = column.value(row);
  return value == null ? "–" : String(value);
}

/**
 * Rows in order. What has no value comes last in both directions, and equal rows keep their order, so that sorting by one
 * column after another does what is expected.
 */
export function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: Sort | undefined): readonly Row[] {
  const column = columns.find((column) => column.key === sort?.key);
  if (!column || !sort) return rows;
  const keyed = rows.map((row) => ({ row, value: column.value(row) }));
  const order = sort.down ? -1 : 1;
  keyed.sort((a, b) => {
    const [gone, also] = [isMissing(a.value), isMissing(b.value)];
    if (gone || also) return Number(gone) - Number(also);
    return order * compare(a.value, b.value);
  });
  return keyed.map(({ row }) => row);
}

/** Rows in whose shown text every word of the search stands, in any column and any case. */
export function found<Row>(rows: readonly Row[], columns: readonly Column<Row>[], search: string): readonly Row[] {
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = columns.map((column) => textOf(column, row)).join("\n").toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The next sorting when a head is clicked: the natural direction, the other one, none. */
export function nextSort<Row>(column: Column<Row>, sort: Sort | undefined): Sort | undefined {
  const first = column.numeric ?? false;
  if (sort?.key !== column.key) return { key: column.key, down: first };
  return sort.down === first ? { key: column.key, down: !first } : undefined;
}

export function widthOf<Row>(column: Column<Row>): number {
  return column.width ?? (column.numeric ? 7 : 10);
}

/** The tracks of a row as a grid. */
export function tracks<Row>(columns: readonly Column<Row>[]): string {
  return columns
    .map((column) => {
      const least = `${widthOf(column)}rem`;
      const grow = column.grow ?? (column.numeric ? 0 : 1);
      return grow > 0 ? `minmax(${least}, ${grow}fr)` : least;
    })
    .join(" ");
}

const WORDS = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function compare(a: Cell, b: Cell): number {
  return typeof a === "number" && typeof b === "number" ? a - b : WORDS.compare(String(a), String(b));
}

function isMissing(value: Cell): boolean {
  return value == null || (typeof value === "number" && Number.isNaN(value));
}
