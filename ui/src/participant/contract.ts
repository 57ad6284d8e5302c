// What the engine gives a participant's page and gets back. The types are those of the engine; the file that is handed in is
// no command's, and stands here (semid-engine, study/document.rs, reads it).

import type { Answer } from "../lib/wire";

export type { Answer, SessionDocument, SessionState, SessionTrial, Texts } from "../lib/wire";

/** The form of documents this page reads and writes. */
export const FORM = 1;

/** An answer with the signature of it and all before it. */
export type SignedAnswer = { answer: Answer; mac: string };

/** What was agreed to: the language of the text that was read, its SHA-256, and when (Unix milliseconds). */
export type ConsentGiven = { language: string; text_hash: string; given_at: number };

/** What is handed in. */
export type AnswersFile = {
  form: number;
  pseudonym: string;
  session: string;
  protocol_hash: string;
  consent: ConsentGiven;
  /** In the order given. */
  answers: SignedAnswer[];
  /** Whether the participant ended early. */
  stopped: boolean;
  /** Of all else in this file, after the last answer's. */
  mac: string;
};
