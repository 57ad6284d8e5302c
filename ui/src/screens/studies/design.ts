// A study's design as it is being written: what one change does to the rest of it. No DOM.

import type { ArmDesign, FieldProblem, RatedAbout, SchemeRow, StudyDesign, TaskDesign } from "../../lib/wire";

export type TaskKind = TaskDesign["kind"];
type OfKind<K extends TaskKind> = Extract<TaskDesign, { kind: K }>;
export type Rating = OfKind<"rating">;

/** What a rating can be about. */
export const ABOUTS: readonly { value: RatedAbout; label: string }[] = [
  { value: "group", label: "Items that share a code" },
  { value: "id", label: "An item and its ID" },
  { value: "recommendation", label: "A recommendation and what both IDs share" },
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

/** Takes IDs into the study, or out of it; tasks that name the arm lose it. */
export function toggledArm(design: StudyDesign, row: SchemeRow): StudyDesign {
  const there = design.arms.find((arm) => arm.ids === row.ids);
  if (there) {
    const tasks = design.tasks.map((task) => ({ ...task, arms: task.arms.filter((key) => key !== there.key) }));
    return { ...design, arms: design.arms.filter((arm) => arm !== there), tasks };
  }
  const key = freeKey(row.scheme, design.arms.map((arm) => arm.key), ".");
  const number = key.slice(row.scheme.length + 1);
  return { ...design, arms: [...design.arms, { key, title: number ? `${row.title} ${number}` : row.title, ids: row.ids }] };
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
