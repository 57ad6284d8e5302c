// What the prompts are for, in words. No DOM.

import type { DiffLine, PromptKind, PromptPart, TemplateProblem } from "./wire";

/** What people call the two parts of a prompt. */
export const PARTS: Record<PromptPart, string> = { system: "Frame", user: "Question" };

/** Each kind of prompt, and who asks with it. */
export const KINDS: Record<PromptKind, { title: string; about: string }> = {
  rank: { title: "Order candidates", about: "For the recommenders by title, by hash ID, by ID, with legend, and by ID and title." },
  generate: { title: "Write IDs", about: "For the recommender that writes the IDs of what comes next." },
  ask: { title: "Order and explain what was found", about: "For Ask." },
  explain: { title: "Explain a recommendation", about: "Why an item was recommended to somebody." },
  intrusion: { title: "Find the stranger", about: "A study's trial: which item does not belong." },
  "forward-simulation": { title: "Foresee the group", about: "A study's trial: where a new item belongs." },
  naming: { title: "Name what is common", about: "A study's trial: words for a group of items." },
  rating: { title: "Rate", about: "A study's trial: a point on a scale." },
};

/** The kind of prompt a recommender, by its key, asks a language model with; none for one that asks none. */
export function promptKind(recommender: string): PromptKind | undefined {
  if (recommender === "lm-generate") return "generate";
  // What is trained on a language model asks it nothing.
  if (recommender === "lm-soft" || recommender === "lm-speak") return undefined;
  return recommender.startsWith("lm-") ? "rank" : undefined;
}

/** What is wrong with a part, in sentences. */
export function problemsOf(part: PromptPart, problems: readonly TemplateProblem[] = []): string | undefined {
  const said = problems.filter((problem) => problem.part === part).map(({ sentence }) => sentence);
  return said.length > 0 ? said.join(" ") : undefined;
}

/** The lines of a part. */
export function linesOf(part: PromptPart, diff: readonly DiffLine[]): DiffLine[] {
  return diff.filter((line) => line.part === part);
}

/** Whether any line was added or taken away. */
export function differs(diff: readonly DiffLine[]): boolean {
  return diff.some(({ mark }) => mark !== "same");
}
