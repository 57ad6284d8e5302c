// What was asked of a data set and what was found, kept while the window is open: whoever looks at an item and comes back
// finds the turns as they were, and an answer that was on its way arrives meanwhile.

import { runJob } from "../../lib/jobLoad.svelte";
import { toRpcError, type RpcError } from "../../lib/rpc";
import type { Asked, AskTurn, JobView, NamedItem } from "../../lib/wire";

/** A request and its answer, with the IDs that its codes are of. */
export type Turn = { id: number; text: string; ids: string; levels: number; asked: Asked };

/** How to ask: what is the same from turn to turn unless a person changes it. */
export type How = { ids: string; levels: number; model: string | null; count: number };

export class Conversation {
  turns: Turn[] = $state.raw([]);
  /** Items the asker liked, oldest first. */
  liked: NamedItem[] = $state.raw([]);
  /** The request whose answer is on its way. */
  asking: { text: string; job?: JobView } | undefined = $state.raw();
  /** Why the last request has no answer. */
  failed: { text: string; error: RpcError } | undefined = $state.raw();

  private abort: AbortController | undefined;
  private next = 1;

  constructor(private readonly dataset: string) {}

  /** Asks, steered by the turns before. Whether there is an answer. */
  async ask(text: string, { ids, levels, model, count }: How): Promise<boolean> {
    if (this.asking) return false;
    const abort = (this.abort = new AbortController());
    this.failed = undefined;
    this.asking = { text };
    const request = { dataset: this.dataset, ids, text, model, history: this.liked.map(({ key }) => key), earlier: this.earlier, count };
    try {
      const asked = await runJob("ask", request, { signal: abort.signal, onprogress: (job) => abort.signal.aborted || (this.asking = { text, job }) });
      if (abort.signal.aborted) return false;
      this.turns = [...this.turns, { id: this.next++, text, ids, levels, asked }];
      return true;
    } catch (thrown) {
      if (abort.signal.aborted) return false;
      const error = toRpcError(thrown, "ask");
      if (!error.cancelled) this.failed = { text, error };
      return false;
    } finally {
      if (this.abort === abort) this.asking = undefined;
    }
  }

  /** Asks the engine to stop; what was found before stays. */
  stop() {
    this.abort?.abort();
    this.asking = undefined;
  }

  /** Forgets the turns. What was liked stays. */
  startOver() {
    this.stop();
    this.turns = [];
    this.failed = undefined;
  }

  /** Likes an item, or no more. */
  like(item: NamedItem) {
    const known = this.liked.some(({ key }) => key === item.key);
    this.liked = known ? this.liked.filter(({ key }) => key !== item.key) : [...this.liked, item];
  }

  private get earlier(): AskTurn[] {
    return this.turns.map(({ text, asked }) => ({ text, items: asked.items.map(({ item }) => item.key) }));
  }
}

const CONVERSATIONS = new Map<string, Conversation>();

/** The conversation about a data set. */
export function conversationOf(dataset: string): Conversation {
  const known = CONVERSATIONS.get(dataset) ?? new Conversation(dataset);
  CONVERSATIONS.set(dataset, known);
  return known;
}
