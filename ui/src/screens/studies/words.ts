// What studies, tasks and participants are called here. No DOM.

import type { ParticipantKind, StudyDesign, StudyState, TaskDesign } from "../../lib/wire";

type Tone = "plain" | "accent" | "good" | "warn";

export const STATES: Record<StudyState, { label: string; tone: Tone; about: string }> = {
  draft: { label: "draft", tone: "plain", about: "Can still be changed" },
  open: { label: "collecting", tone: "accent", about: "Locked; answers come in, and arms are masked" },
  closed: { label: "closed", tone: "good", about: "Data collection has ended" },
};

export const KINDS: Record<ParticipantKind, { one: string; many: string; title: string }> = {
  person: { one: "person", many: "people", title: "People" },
  simulated: { one: "simulated participant", many: "simulated participants", title: "Simulated participants" },
  model: { one: "language model", many: "language models", title: "Language models" },
};

export const TASKS: Record<TaskDesign["kind"], { title: string; about: string }> = {
  intrusion: { title: "Intrusion", about: "Items that share a code and one from elsewhere: find the stranger." },
  "forward-simulation": { title: "Forward simulation", about: "Groups of items and a new one: to which group does it go?" },
  naming: { title: "Naming", about: "Up to three words for what the items of a code have in common." },
  matching: { title: "Matching", about: "Others match the names that were given to one of several groups." },
  rating: { title: "Rating", about: "A question of your own on a scale whose points are all labelled." },
};

/** The words in the study's first language, or in any. */
export function firstOf<T>(words: { [language in string]?: T }, languages: readonly string[]): T | undefined {
  return languages.map((language) => words[language]).find((text) => text !== undefined) ?? Object.values(words)[0];
}

export function armTitle(design: StudyDesign, key: string): string {
  return design.arms.find((arm) => arm.key === key)?.title.trim() || key;
}

/** "intrusion-easy · Intrusion". */
export function taskTitle(design: StudyDesign, key: string): string {
  const task = design.tasks.find((task) => task.key === key);
  return task ? `${key} · ${TASKS[task.kind].title.toLowerCase()}` : key;
}

export const BANDS = ["little known", "known", "well known"] as const;
