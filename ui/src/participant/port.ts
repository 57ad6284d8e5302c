// Where a session comes from and where its answers go: the page itself, opened as a file anywhere, or the engine, in the
// app's own window. The page knows no more than this.

import type { Answer, AnswersFile, SessionDocument } from "./contract";
import { openKeeping } from "./keeping";
import { offlinePort } from "./offlinePort";
import { windowPort } from "./windowPort";

/** Where a session stands. */
export type Standing = {
  consentGiven: boolean;
  /** Positions of the trials that are answered. */
  answered: readonly number[];
  /** The language of the last answer or of the consent, where it is known. */
  language?: string;
  /** The participant ended early and saved the file. */
  ended?: boolean;
};

export type Port = {
  readonly document: SessionDocument;
  /** Whether answers outlive the page. */
  readonly kept: boolean;
  standing: () => Promise<Standing>;
  consent: (language: string) => Promise<Standing>;
  /** Keeps one answer: it is safe when this returns. An answer to a trial that is answered already changes nothing. */
  answer: (answer: Answer) => Promise<Standing>;
  /** The file to hand in; none where the engine has the answers already. */
  file?: (stopped: boolean) => Promise<AnswersFile>;
  /** Closes the window; none where the browser's own is enough. */
  close?: () => Promise<void>;
};

/** The session of this page; none where it holds none and was given none. */
export async function findSession(): Promise<Port | undefined> {
  const inside: unknown = JSON.parse(document.getElementById("session")?.textContent || "null");
  if (inside !== null) return offlinePort(inside as SessionDocument, await openKeeping());
  const session = new URLSearchParams(location.hash.slice(1)).get("session");
  return session ? windowPort(session) : undefined;
}
