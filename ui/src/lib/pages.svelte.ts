// Rows that the engine gives page by page, fetched as they come into sight. For a DataTable with `total` and `onrange`.

import { toRpcError, type RpcError } from "./rpc";

const PAGE = 100;

export class Pages<Row> {
  rows: readonly (Row | undefined)[] = $state.raw([]);
  total = $state(0);
  error: RpcError | undefined = $state.raw();
  /** Whether the first page is here. */
  ready = $state(false);

  private asked = new Set<number>();
  private generation = 0;

  constructor(private readonly fetch: (offset: number, limit: number) => Promise<{ total: number; rows: Row[] }>) {}

  /** Begins anew: another search, another order. Old rows stay in sight until the first new page is here. */
  async restart(): Promise<void> {
    this.generation += 1;
    this.asked = new Set();
    await this.page(0);
  }

  /** Fetches what is not here of the rows in sight. */
  want(from: number, to: number) {
    for (let page = Math.floor(from / PAGE); page <= Math.floor(to / PAGE); page += 1) {
      if (!this.asked.has(page)) void this.page(page);
    }
  }

  private async page(page: number): Promise<void> {
    const generation = this.generation;
    this.asked.add(page);
    try {
      const { total, rows } = await this.fetch(page * PAGE, PAGE);
      if (generation !== this.generation) return;
      const all = page === 0 ? [] : this.rows.slice();
      for (const [at, row] of rows.entries()) all[page * PAGE + at] = row;
      this.rows = all;
      this.total = total;
      this.ready = true;
      this.error = undefined;
    } catch (thrown) {
      if (generation !== this.generation) return;
      this.asked.delete(page);
      this.error = toRpcError(thrown);
    }
  }
}
