// Choosing files, folders and a place to save: the system's dialogs in the window, a box to type a path into in a
// browser. Every function answers none when the person changed their mind.

import { inWindow, toRpcError } from "./rpc";

/** What the box of a browser asks for; the shell shows it. */
export type PathQuestion = {
  title: string;
  about: string;
  suggested: string;
  answer: (path: string | null) => void;
};

class PathPrompt {
  question: PathQuestion | undefined = $state.raw();

  ask(title: string, about: string, suggested = ""): Promise<string | null> {
    this.question?.answer(null);
    return new Promise((resolve) => {
      this.question = {
        title,
        about,
        suggested,
        answer: (path) => {
          this.question = undefined;
          resolve(path?.trim() || null);
        },
      };
    });
  }
}

export const pathPrompt = new PathPrompt();

/** Files to read. `extensions` without dots; none for any file. */
export async function pickFiles(
  title: string,
  options: { extensions?: string[]; multiple?: boolean } = {},
): Promise<string[]> {
  const { extensions = null, multiple = false } = options;
  if (inWindow) return call<string[]>("pick_files", { title, extensions, multiple });
  const about = multiple ? "Paths on this machine, one after another, separated by |" : "A path on this machine";
  const typed = await pathPrompt.ask(title, about);
  return typed ? typed.split("|").map((path) => path.trim()).filter(Boolean) : [];
}

/** A folder that exists. */
export async function pickFolder(title: string): Promise<string | null> {
  if (inWindow) return call<string | null>("pick_folder", { title });
  return pathPrompt.ask(title, "A folder on this machine");
}

/** A place to write a file or folder to. */
export async function pickSave(title: string, suggested: string): Promise<string | null> {
  if (inWindow) return call<string | null>("pick_save", { title, suggested });
  return pathPrompt.ask(title, "A path on this machine", suggested);
}

/**
 * Files dropped on the window, with `over` while they hover. Only the window gets to know their paths; a browser keeps
 * them to itself. Answers a function that stops listening.
 */
export function onFilesDropped(handlers: { drop: (paths: string[]) => void; over?: (hovering: boolean) => void }): () => void {
  if (!inWindow) return () => undefined;
  let stopped = false;
  let stop: (() => void) | undefined;
  void (async () => {
    const { getCurrentWebview } = await import("@tauri-apps/api/webview");
    const unlisten = await getCurrentWebview().onDragDropEvent(({ payload }) => {
      if (payload.type === "enter") handlers.over?.(true);
      if (payload.type === "leave") handlers.over?.(false);
      if (payload.type === "drop") {
        handlers.over?.(false);
        handlers.drop(payload.paths);
      }
    });
    if (stopped) unlisten();
    else stop = unlisten;
  })();
  return () => {
    stopped = true;
    stop?.();
  };
}

async function call<T>(command: string, payload: Record<string, unknown>): Promise<T> {
  const { invoke } = await import("@tauri-apps/api/core");
  try {
    return await invoke<T>(command, payload);
  } catch (thrown) {
    throw toRpcError(thrown, command);
  }
}
