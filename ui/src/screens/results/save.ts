// Writing something of a run to a file, with a word about it.

import { fileSize } from "../../lib/format";
import { notices } from "../../lib/notices.svelte";
import { rpc } from "../../lib/rpc";
import type { SaveWhat } from "../../lib/wire";

export async function saveTo(run: number, what: SaveWhat, output: string): Promise<void> {
  try {
    const saved = await rpc("save", { run, what, output });
    notices.say(`Saved to ${saved.path}, ${fileSize(saved.bytes)}.`);
  } catch (thrown) {
    notices.fail(thrown);
  }
}
