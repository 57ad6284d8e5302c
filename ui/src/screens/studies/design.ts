// A study's design as it is being written: what one change does to the rest of it. No DOM.

import { explanationsName } from "../../lib/explanations";
import type { ArmDesign, ExplainedArm, ExplanationSet, FieldProblem, RatedAbout, SchemeRow, StudyDesign, TaskDesign } from "../../lib/wire";

export type TaskKind = TaskDesign["kind"];
type OfKind<K extends TaskKind> = Extract<TaskDesign, { kind: K }>;
export type Rating = OfKind<"rating">;

/** What a rating can be about. */
export const ABOUTS: readonly { value: RatedAbout; label: string }[] = [
  { value: "group", label: "Items that share a code" },
  { value: "id", label: "An item and its ID" },
  { value: "recommendation", label: "A recommendation and what both IDs share" },
  { value: "explanation", label: "A recommendation and a language model's explanation" },
];

/** The labels of agreement that stand in a new question, in the languages that come with the program. */
const AGREEMENT: Record<string, string[]> = {
  en: ["Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"],
  de: ["Stimme überhaupt nicht zu", "Stimme eher nicht zu", "Teils, teils", "Stimme eher zu", "Stimme voll und ganz zu"],
};
const POINTS = 5;

/** What is wrong with a field, or with a field below it. */
export function problemOf(problems: readonly FieldProblem[], field: string): string | undefined {
  const found = problems.filter((problem) => problem.field === field || problem.field.startsWith(`${field}.`));
  return found.length > 0 ? found.map((problem) => problem.sentence).join(" ") : undefined;
}

/** What is wrong with exactly this field. */
export function problemAt(problems: readonly FieldProblem[], field: string): string | undefined {
  return problemOf(problems.filter((problem) => problem.field === field), field);
}

/** A name that is not taken: `rating`, `rating-2`. */
export function freeKey(wanted: string, taken: readonly string[], between = "-"): string {
  for (let at = 1; ; at++) {
    const key = at === 1 ? wanted : `${wanted}${between}${at}`;
    if (!taken.includes(key)) return key;
  }
}

/** Whether a task rates explanations, so that only arms that have some can be in it. */
export function ratesExplanations(task: TaskDesign): boolean {
  return task.kind === "rating" && task.about === "explanation";
}

const isIn = (task: TaskDesign, key: string) => task.arms.length === 0 || task.arms.includes(key);

/** Whether an arm stands for explanations alone: it has some, and no task shows its IDs. */
export function isForExplanations(design: StudyDesign, arm: ArmDesign): boolean {
  return arm.explanations !== undefined && !design.tasks.some((task) => !ratesExplanations(task) && isIn(task, arm.key));
}

/** The arm that compares these IDs. */
export function armOfIds(design: StudyDesign, row: SchemeRow): ArmDesign | undefined {
  return design.arms.find((arm) => arm.ids === row.ids && !isForExplanations(design, arm));
}

/** The arm that stands for these explanations and for nothing else. */
export function armOfExplanations(design: StudyDesign, name: string): ArmDesign | undefined {
  return design.arms.find((arm) => arm.explanations === name && isForExplanations(design, arm));
}

/** Without an arm; tasks that name it lose it. */
export function withoutArm(design: StudyDesign, arm: ArmDesign): StudyDesign {
  const tasks = design.tasks.map((task) => ({ ...task, arms: task.arms.filter((key) => key !== arm.key) }));
  return { ...design, arms: design.arms.filter((other) => other !== arm), tasks };
}

/** Takes IDs into the study, or out of it. Tasks in which all other IDs are compared take them too. */
export function toggledArm(design: StudyDesign, row: SchemeRow): StudyDesign {
  const there = armOfIds(design, row);
  if (there) return withoutArm(design, there);
  const key = freeKey(row.scheme, design.arms.map((arm) => arm.key), ".");
  const number = key.slice(row.scheme.length + 1);
  const others = design.arms.filter((arm) => !isForExplanations(design, arm));
  const tasks = design.tasks.map((task) => {
    const takes = !ratesExplanations(task) && task.arms.length > 0 && others.length > 0 && others.every((arm) => isIn(task, arm.key));
    return takes ? { ...task, arms: [...task.arms, key] } : task;
  });
  return { ...design, arms: [...design.arms, { key, title: number ? `${row.title} ${number}` : row.title, ids: row.ids }], tasks };
}

/**
 * Takes explanations into the study as an arm of their own, or out of it. Tasks that show IDs keep the arms they have;
 * those that rate explanations take them.
 */
export function toggledExplanations(design: StudyDesign, set: ExplanationSet, arm: ExplainedArm): StudyDesign {
  const explanations = explanationsName(set, arm);
  const there = armOfExplanations(design, explanations);
  if (there) return withoutArm(design, there);
  const known = design.arms.map((one) => one.key);
  const key = freeKey(`explained.${arm.key}`, known, ".");
  const tasks = design.tasks.map((task) => {
    if (!ratesExplanations(task)) return task.arms.length > 0 ? task : { ...task, arms: known };
    return task.arms.length > 0 ? { ...task, arms: [...task.arms, key] } : task;
  });
  // Explanations by title or by hash used no IDs; those of the set are over the same items.
  const ids = arm.ids ?? set.arms.find((other) => other.ids !== null)?.ids ?? design.arms[0]?.ids ?? "";
  return { ...design, arms: [...design.arms, { key, title: `Explained: ${arm.title}`, ids, explanations }], tasks };
}

/** An arm with these explanations beside its IDs; none: without any. */
export function withExplanations(design: StudyDesign, at: number, explanations: string | undefined): StudyDesign {
  const arms = design.arms.map((arm, place) => {
    if (place !== at) return arm;
    const { explanations: _, ...rest } = arm;
    return explanations === undefined ? rest : { ...rest, explanations };
  });
  return { ...design, arms };
}

/** A rating about something else. Only arms with explanations stay where those are rated. */
export function ratingAbout(design: StudyDesign, task: Rating, about: RatedAbout): Rating {
  if (about === task.about) return task;
  const explained = design.arms.filter((arm) => arm.explanations !== undefined).map((arm) => arm.key);
  if (about === "explanation") return { ...task, about, level: 1, arms: explained.length === design.arms.length ? [] : explained };
  // Arms that stand for explanations alone have nothing to show elsewhere.
  const others = design.arms.filter((arm) => !isForExplanations(design, arm)).map((arm) => arm.key);
  return task.about === "explanation" ? { ...task, about, arms: others.length === design.arms.length ? [] : others } : { ...task, about };
}

export function withArm(design: StudyDesign, at: number, change: Partial<ArmDesign>): StudyDesign {
  return { ...design, arms: design.arms.map((arm, place) => (place === at ? { ...arm, ...change } : arm)) };
}

export function withTask(design: StudyDesign, at: number, task: TaskDesign): StudyDesign {
  const old = design.tasks[at];
  const tasks = design.tasks.map((other, place) => {
    if (place === at) return task;
    // A matching follows its naming when that is called something else.
    return old && other.kind === "matching" && other.of === old.key ? { ...other, of: task.key } : other;
  });
  return { ...design, tasks };
}

export function withoutTask(design: StudyDesign, at: number): StudyDesign {
  return { ...design, tasks: design.tasks.filter((_, place) => place !== at) };
}

export function movedTask(design: StudyDesign, at: number, by: -1 | 1): StudyDesign {
  const tasks = [...design.tasks];
  const [task] = tasks.splice(at, 1);
  if (task && at + by >= 0) tasks.splice(at + by, 0, task);
  return task && at + by >= 0 ? { ...design, tasks } : design;
}

/** A task to begin with. */
export function newTask(design: StudyDesign, kind: TaskKind): TaskDesign {
  const keys = design.tasks.map((task) => task.key);
  const about = { key: freeKey(kind, keys), level: 1, per_arm: 8, arms: [], confidence: false };
  switch (kind) {
    case "intrusion":
      return { ...about, kind, members: 4, hard: false };
    case "forward-simulation":
      return { ...about, kind, codes: 4, exemplars: 4 };
    case "naming":
      return { ...about, kind, exemplars: 6 };
    case "matching":
      return { ...about, kind, of: design.tasks.find((task) => task.kind === "naming")?.key ?? "", codes: 4, exemplars: 4 };
    case "rating":
      return { ...about, kind, about: "group", exemplars: 5, question: newQuestion(design), confidence: true };
  }
}

/** The scale of a question there is already, else agreement; the question itself is left to be written. */
function newQuestion(design: StudyDesign): Rating["question"] {
  const known = design.tasks.find((task): task is Rating => task.kind === "rating")?.question;
  const each = <T>(make: (language: string) => T) => Object.fromEntries(design.languages.map((language) => [language, make(language)]));
  return {
    wording: each(() => ""),
    points: each((language) => known?.points[language] ?? AGREEMENT[language] ?? Array.from({ length: POINTS }, () => "")),
    cannot_judge: true,
  };
}

/** The languages of a text such as "en, de"; what is written in those left out stays, should they come back. */
export function withLanguages(design: StudyDesign, text: string): StudyDesign {
  const languages = [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
  const tasks = design.tasks.map((task) => {
    if (task.kind !== "rating") return task;
    const { wording, points } = task.question;
    const length = Object.values(points)[0]?.length ?? POINTS;
    const question = { ...task.question, wording: { ...wording }, points: { ...points } };
    for (const language of languages) {
      question.wording[language] ??= "";
      const usual = AGREEMENT[language];
      question.points[language] ??= usual?.length === length ? usual : Array.from({ length }, () => "");
    }
    return { ...task, question };
  });
  return { ...design, languages, tasks };
}

/** The same scale with so many points in every language. */
export function withPoints<Q extends Rating["question"]>(question: Q, count: number): Q {
  const resized = Object.entries(question.points).map(([language, points]) => [
    language,
    Array.from({ length: count }, (_, at) => points[at] ?? ""),
  ]);
  return { ...question, points: Object.fromEntries(resized) as Q["points"] };
}

/** Words without those of languages that the study does not have: what is sent. */
export function trimmed(design: StudyDesign): StudyDesign {
  const kept = <T>(words: { [language in string]: T }) =>
    Object.fromEntries(Object.entries(words).filter(([language]) => design.languages.includes(language))) as { [language in string]: T };
  const tasks = design.tasks.map((task) =>
    task.kind === "rating"
      ? { ...task, question: { ...task.question, wording: kept(task.question.wording), points: kept(task.question.points) } }
      : task,
  );
  return { ...design, title: kept(design.title), consent: kept(design.consent), tasks };
}
