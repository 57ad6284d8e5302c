// The code tree as far as it has been looked at: nodes are asked for when one goes to them, and kept.

import { rpc, toRpcError, type RpcError } from "../../lib/rpc";
import type { TreeNode } from "../../lib/wire";
import { samePrefix, writePrefix } from "./state";

/** The codes below the codes below are fetched with a node while there are no more than these of them. */
const CHEAP = 2000;

export class CodeTree {
  /** From the root to the node gone to; empty until they are here. */
  path: readonly TreeNode[] = $state.raw([]);
  error: RpcError | undefined = $state.raw();
  loading = $state(false);

  private readonly known = new Map<string, Promise<TreeNode>>();
  private asked = 0;

  constructor(
    readonly dataset: string,
    readonly ids: string,
  ) {}

  /** The node gone to. */
  get node(): TreeNode | undefined {
    return this.path.at(-1);
  }

  /** The node whose codes the map shows: the one gone to, or the one above where no codes are below. */
  get shown(): TreeNode | undefined {
    const node = this.node;
    return node && node.children_count === 0 && this.path.length > 1 ? this.path.at(-2) : node;
  }

  async open(prefix: readonly number[]): Promise<void> {
    const mine = ++this.asked;
    this.loading = true;
    try {
      const asked = Array.from({ length: prefix.length + 1 }, (_, length) => this.fetch(prefix.slice(0, length), 1));
      const path = await Promise.all(asked);
      if (mine !== this.asked) return;
      this.path = path;
      this.error = undefined;
    } catch (thrown) {
      if (mine !== this.asked) return;
      this.error = toRpcError(thrown);
    }
    this.loading = false;
    await this.deepen(mine);
  }

  /** Fetches what the rectangles of the map are divided into, where that is not too much. */
  private async deepen(mine: number): Promise<void> {
    const shown = this.shown;
    const below = shown?.children.reduce((sum, child) => sum + child.children_count, 0) ?? 0;
    if (!shown || below === 0 || below > CHEAP || shown.children.some((child) => child.children.length > 0)) return;
    try {
      const deeper = await this.fetch(shown.prefix, 2);
      if (mine !== this.asked) return;
      this.path = this.path.map((node) => (samePrefix(node.prefix, deeper.prefix) ? deeper : node));
    } catch {
      // The map does without; whoever goes there is told why.
    }
  }

  private fetch(prefix: readonly number[], depth: 1 | 2): Promise<TreeNode> {
    const key = writePrefix(prefix);
    const deep = this.known.get(`${key}/2`);
    const known = deep ?? this.known.get(`${key}/${depth}`);
    if (known) return known;
    const asked = rpc("id_tree", { dataset: this.dataset, ids: this.ids, prefix: [...prefix], depth });
    this.known.set(`${key}/${depth}`, asked);
    asked.catch(() => this.known.delete(`${key}/${depth}`));
    return asked;
  }
}

/** What a node is called: its label, or its code where codes mean nothing. */
export function nameOf(node: Pick<TreeNode, "prefix" | "label">): string {
  const code = node.prefix.at(-1);
  if (code === undefined) return "All items";
  return node.label || `Code ${code}`;
}
