// What a page asks the engine for, with its three states: waiting, an error, the reply. A reply that comes too late,
// because the question changed, is dropped.

import { rpc, toRpcError, type Command, type Request, type Reply, type RpcError } from "./rpc";

export class Load<T> {
  value: T | undefined = $state.raw();
  error: RpcError | undefined = $state.raw();
  /** Whether a question is out. The last reply stays in `value` until the next one is here, so that nothing jumps. */
  loading = $state(false);

  private asked = 0;

  constructor(private readonly question: () => Promise<T> | undefined) {}

  async again(): Promise<void> {
    const mine = ++this.asked;
    const promise = this.question();
    if (!promise) {
      this.value = this.error = undefined;
      this.loading = false;
      return;
    }
    this.loading = true;
    try {
      const value = await promise;
      if (mine !== this.asked) return;
      this.value = value;
      this.error = undefined;
    } catch (thrown) {
      if (mine !== this.asked) return;
      this.error = toRpcError(thrown);
    }
    this.loading = false;
  }
}

/**
 * Asks at once, and again whenever something that `payload` reads changes. Call it while a component is made. No
 * payload, no question.
 */
export function load<C extends Command>(command: C, payload: () => Request<C> | undefined): Load<Reply<C>> {
  let asked: Request<C> | undefined;
  const loading = new Load(() => (asked === undefined ? undefined : rpc(command, asked)));
  $effect(() => {
    asked = payload();
    void loading.again();
  });
  return loading;
}
