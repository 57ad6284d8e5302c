// The way through a session, step after step. Nothing here knows of a page.

import type { SessionDocument, SessionTrial, Texts } from "./contract";
import type { Standing } from "./port";

export type Step =
  | { at: "languages" | "consent" | "instructions" | "resumed" | "break" | "debrief" | "stopped" }
  | { at: "practice"; number: number }
  | { at: "trial"; trial: SessionTrial };

type Doc = Pick<SessionDocument, "languages" | "texts" | "trials" | "break_every">;

/** Where somebody who opens the page begins or goes on. */
export function firstStep(document: Doc, standing: Standing): Step {
  if (!standing.consentGiven) return { at: document.languages.length > 1 ? "languages" : "consent" };
  if (standing.ended) return { at: "stopped" };
  if (standing.answered.length === 0) return { at: "instructions" };
  return nextTrial(document, standing) ? { at: "resumed" } : { at: "debrief" };
}

/** What follows a step that is done. */
export function nextStep(document: Doc, step: Step, standing: Standing): Step {
  switch (step.at) {
    case "languages":
      return { at: "consent" };
    case "consent":
      return { at: "instructions" };
    case "instructions":
      return practice(document, 0) ?? goOn(document, standing);
    case "practice":
      return practice(document, step.number + 1) ?? goOn(document, standing);
    case "trial": {
      const done = standing.answered.length;
      const pause = document.break_every > 0 && done > 0 && done % document.break_every === 0;
      return pause && nextTrial(document, standing) ? { at: "break" } : goOn(document, standing);
    }
    case "resumed":
    case "break":
      return goOn(document, standing);
    case "debrief":
    case "stopped":
      return step;
  }
}

/** The first trial without an answer. */
export function nextTrial(document: Pick<Doc, "trials">, standing: Standing): SessionTrial | undefined {
  return document.trials.find((trial) => !standing.answered.includes(trial.position));
}

function goOn(document: Doc, standing: Standing): Step {
  const trial = nextTrial(document, standing);
  return trial ? { at: "trial", trial } : { at: "debrief" };
}

function practice(document: Doc, number: number): Step | undefined {
  const count = Math.min(...document.texts.map((texts) => texts.practice.length));
  return number < count ? { at: "practice", number } : undefined;
}

/** A practice trial: items that belong together, with the stranger, the last of them, at a place among them. */
export function practiceTrial(texts: Texts, number: number): { items: string[]; right: number; stranger: string } {
  const together = (texts.practice[number] ?? []).slice(0, -1);
  const stranger = texts.practice[number]?.at(-1) ?? "";
  const right = (2 + 3 * number) % (together.length + 1);
  return { items: [...together.slice(0, right), stranger, ...together.slice(right)], right, stranger };
}

/** What stands above a trial: the prompt, or in an attention check what to choose. */
export function promptOf(trial: SessionTrial, texts: Texts): string {
  if (trial.attention != null) return fill(texts.attention, { n: trial.attention + 1 });
  return trial.prompt[texts.language] ?? "";
}

/** A text with its `{names}` filled in. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The paragraphs of a text: blank lines part them. */
export function paragraphs(text: string): string[] {
  return text.split(/\n\s*\n/).map((part) => part.trim()).filter(Boolean);
}

/** The words of a name. */
export function wordsOf(text: string): string[] {
  return text.trim().split(/\s+/).filter(Boolean);
}

/** Text that any program can write as UTF-8: half a character, as some keyboards leave behind, would not be. */
export function wellFormed(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text)).normalize("NFC");
}
