// A session in the app's own window: the engine keeps the key, signs, and has every answer on the disk when it replies.

import { inWindow, rpc, toRpcError, type Command, type Reply, type Request } from "../lib/rpc";
import type { SessionState } from "./contract";
import type { Port, Standing } from "./port";

export async function windowPort(session: string): Promise<Port> {
  const opened = await ask("participant_session", { session });
  const { document } = opened;
  let state: SessionState = opened.state;
  const standing = (): Standing => ({ consentGiven: state.consent_given, answered: state.answered });
  return {
    document,
    kept: true,
    standing: async () => standing(),
    async consent(language) {
      const text_hash = document.consent_hash[language] ?? "";
      state = await ask("participant_consent", { session, language, text_hash, given_at: Date.now() });
      return standing();
    },
    async answer(answer) {
      state = await ask("participant_answer", { session, answer });
      return standing();
    },
    ...(inWindow && { close }),
  };
}

async function close(): Promise<void> {
  const { invoke } = await import("@tauri-apps/api/core");
  await invoke("close_participant");
}

/** The participant's window has a door of its own, which leads to these commands and this session only. */
async function ask<C extends Extract<Command, `participant_${string}`>>(command: C, payload: Request<C>): Promise<Reply<C>> {
  if (!inWindow) return rpc(command, payload);
  try {
    const { invoke } = await import("@tauri-apps/api/core");
    return await invoke<Reply<C>>("participant_rpc", { command, payload });
  } catch (thrown) {
    throw toRpcError(thrown, command);
  }
}
