// What only Semid's own window can do beside its dialogs. In a browser these do nothing.

import { inWindow, toRpcError } from "./rpc";

/** Opens a report in the browser or a folder in the file manager; only what Semid wrote. */
export function showWritten(path: string): Promise<void> {
  return ask("show_written", { path });
}

/** The theme of the window's frame, and of what is seen before the page is drawn. */
export function setWindowTheme(theme: "system" | "light" | "dark"): Promise<void> {
  return ask("set_theme", { theme });
}

/** Closes the window as its button does: while a run is going on, it asks first. */
export function closeWindow(): Promise<void> {
  return ask("close_window", {});
}

/** Opens the participant's window on a session, over the whole screen; one that is open already comes to the front. */
export function openParticipant(session: string): Promise<void> {
  return ask("open_participant", { session });
}

async function ask(command: string, payload: Record<string, unknown>): Promise<void> {
  if (!inWindow) return;
  try {
    const { invoke } = await import("@tauri-apps/api/core");
    await invoke(command, payload);
  } catch (thrown) {
    throw toRpcError(thrown, command);
  }
}
