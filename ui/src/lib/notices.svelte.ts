// Short words about what has just happened, at the lower edge: "Saved to …". They go by themselves; what needs an answer
// or must not be missed is a dialog or an ErrorNotice instead.

import { toRpcError, type RpcError } from "./rpc";

export type Notice = { id: number; text: string; error?: RpcError };

const STAYS_MS = 5000;

class Notices {
  shown: Notice[] = $state.raw([]);
  private next = 1;

  say(text: string) {
    const id = this.add({ text });
    setTimeout(() => this.close(id), STAYS_MS);
  }

  /** An error stays until it is closed. A cancel is what was asked for, and said as such. */
  fail(thrown: unknown) {
    const error = toRpcError(thrown);
    if (error.cancelled) this.say(error.message);
    else this.add({ text: error.message, error });
  }

  close(id: number) {
    this.shown = this.shown.filter((notice) => notice.id !== id);
  }

  private add(notice: Omit<Notice, "id">): number {
    const id = this.next++;
    this.shown = [...this.shown.slice(-2), { id, ...notice }];
    return id;
  }
}

export const notices = new Notices();
