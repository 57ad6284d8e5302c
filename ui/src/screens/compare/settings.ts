// Settings of an experiment as a form handles them: read and written by the paths that facts and problems name. No DOM.

import { promptKind } from "../../lib/prompts";
import type {
  ExperimentSettings,
  FieldFacts,
  FieldProblem,
  IdMethod,
  LanguageModelRow,
  Methods,
  OwnPrompt,
  RecommenderMethod,
  RecommenderSettings,
} from "../../lib/wire";

type Tree = Record<string, unknown>;

/** The value at a path: `codes.levels`, `recommenders.generative.epochs`. */
export function valueAt(settings: ExperimentSettings, field: string): unknown {
  let at: unknown = settings;
  for (const step of field.split(".")) at = child(at, step);
  return at;
}

/** The settings with another value at a path; nothing else is changed, nothing is shared that could be. */
export function withValue(settings: ExperimentSettings, field: string, value: unknown): ExperimentSettings {
  return replaced(settings, field.split("."), value) as ExperimentSettings;
}

function child(at: unknown, step: string): unknown {
  if (Array.isArray(at)) return at.find((entry) => keyOf(entry) === step);
  return typeof at === "object" && at !== null ? (at as Tree)[step] : undefined;
}

function replaced(at: unknown, steps: readonly string[], value: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (Array.isArray(at)) return at.map((entry) => (keyOf(entry) === step ? replaced(entry, rest, value) : entry));
  // A split at one moment needs its two shares, which the other rule does not have.
  if (step === "rule" && value === "global-time") return { ...SHARES, ...(at as Tree), rule: value };
  if (step === "rule") return { rule: value };
  // What may be left out is left out again when it is emptied.
  if (value == null && (step === "prompt" || step === "test_users")) {
    return Object.fromEntries(Object.entries(at as Tree).filter(([name]) => name !== step));
  }
  return { ...(at as Tree), [step]: replaced((at as Tree)[step], rest, value) };
}

/** Recommenders that train a model of their own. */
const TRAIN = new Set(["sasrec", "sasrec-bce", "generative", "tiger"]);

const SHARES = { validation_share: 0.1, test_share: 0.1 };

/** What names an entry of the ID schemes or recommenders. */
export function keyOf(entry: unknown): string {
  const { scheme, kind, name } = entry as { scheme?: string; kind?: string; name?: string };
  // Imported lists go by their name, since there may be several.
  return scheme ?? (kind === "imported" ? name : kind) ?? "";
}

export type Arm = { key: string; title: string; trains: boolean };

/** The arms these settings have: each recommender, and each ID scheme under one that speaks in IDs. */
export function armsOf(settings: ExperimentSettings, methods: Methods): Arm[] {
  return settings.recommenders.flatMap((recommender): Arm[] => {
    if (recommender.kind === "imported") {
      return [{ key: recommender.name, title: recommender.title.trim() || recommender.name, trains: false }];
    }
    const method = methods.recommenders.find(({ key }) => key === recommender.kind);
    const title = method?.title ?? recommender.kind;
    const trains = TRAIN.has(recommender.kind);
    if (!method?.speaks_ids) return [{ key: recommender.kind, title, trains }];
    return settings.ids.map(({ scheme }) => ({
      key: `${recommender.kind}/${scheme}`,
      title: `${title} · ${methods.ids.find(({ key }) => key === scheme)?.title ?? scheme}`,
      trains,
    }));
  });
}

/** With an ID scheme or without it, in the order of the methods, and with a baseline that is still an arm. */
export function toggledScheme(settings: ExperimentSettings, method: IdMethod, methods: Methods): ExperimentSettings {
  const has = settings.ids.some(({ scheme }) => scheme === method.key);
  const started = method.starter ?? { scheme: "imported", file: "" };
  const ids = has ? settings.ids.filter(({ scheme }) => scheme !== method.key) : [...settings.ids, started];
  return settled({ ...settings, ids: inOrder(ids, methods.ids) }, methods);
}

/** The same for a recommender. */
export function toggledRecommender(settings: ExperimentSettings, method: RecommenderMethod, methods: Methods): ExperimentSettings {
  const has = settings.recommenders.some(({ kind }) => kind === method.key);
  const recommenders = has
    ? settings.recommenders.filter(({ kind }) => kind !== method.key)
    : [...settings.recommenders, method.starter];
  return settled(judged({ ...settings, recommenders: inOrder(recommenders, methods.recommenders) }, settings), methods);
}

/** Users judged where a language model is asked or taught IDs, unless a number is set: it takes seconds a user. As the engine has it. */
const USERS_OF_A_LANGUAGE_MODEL = 200;

/** With fewer users as long as a language model is asked or taught IDs; a number that a person set stays. */
function judged(settings: ExperimentSettings, before: ExperimentSettings): ExperimentSettings {
  const asks = ({ recommenders }: ExperimentSettings) => recommenders.some(({ kind }) => kind === "lm-speak" || promptKind(kind) !== undefined);
  const users = settings.prepare.test_users;
  if (asks(settings) && !asks(before) && users === undefined) return withValue(settings, TEST_USERS, USERS_OF_A_LANGUAGE_MODEL);
  if (!asks(settings) && asks(before) && users === USERS_OF_A_LANGUAGE_MODEL) return withValue(settings, TEST_USERS, null);
  return settings;
}

const TEST_USERS = "prepare.test_users";

/** The recommender that asks or trains on the language model this field names; none for other fields. */
export function askingAt(settings: ExperimentSettings, field: string): AskingSettings | undefined {
  const key = /^recommenders\.(lm-[^.]+)\.model$/.exec(field)?.[1];
  return settings.recommenders.find((one): one is AskingSettings => one.kind === key);
}

/** Settings of a recommender that asks a language model, or trains on one. */
export type AskingSettings = Extract<RecommenderSettings, { kind: `lm-${string}` }>;

/** Why a recommender cannot ask this model; none: it can, as far as is known here. */
export function modelProblem(asking: AskingSettings, models: readonly LanguageModelRow[]): string | undefined {
  const { model } = asking;
  const row = models.find(({ name }) => name === model);
  // A file's path names a model, too, and an empty name is told by the engine.
  if (!row) return model.trim() === "" || /\.gguf$/i.test(model) ? undefined : `${model} is not at hand. Get it on the Models page, or choose another.`;
  if (row.place === "here") return undefined;
  if (asking.kind === "lm-soft" || asking.kind === "lm-speak") {
    return `${model} answers behind a URL, and only a model of this machine can be trained on. Choose one of the llama family, such as SmolLM2.`;
  }
  if (asking.kind === "lm-generate") {
    return asking.constrained ? `${model} answers behind a URL, where nothing holds it to IDs of the catalog. Switch “Constrained” off, or choose a model of this machine.` : undefined;
  }
  return asking.answer === "likelihood"
    ? `${model} answers behind a URL, where likelihoods cannot be read. Choose the written answer, or a model of this machine.`
    : undefined;
}

/** A recommender's prompt in a person's own words; none: the built-in one. */
export function promptOf(settings: ExperimentSettings, key: string): OwnPrompt | undefined {
  return valueAt(settings, `recommenders.${key}.prompt`) as OwnPrompt | undefined;
}

/** Whether a field is a part of a prompt, which has an editor of its own. */
export function isPrompt(field: string): boolean {
  return /^recommenders\.lm-[^.]*\.prompt(\.|$)/.test(field);
}

function inOrder<T>(entries: readonly T[], methods: readonly { key: string }[]): T[] {
  const place = (entry: T) => {
    const at = methods.findIndex(({ key }) => key === keyOf(entry));
    return at < 0 ? methods.length : at;
  };
  return [...entries].sort((a, b) => place(a) - place(b));
}

function settled(settings: ExperimentSettings, methods: Methods): ExperimentSettings {
  const arms = armsOf(settings, methods);
  const first = arms[0];
  return first && !arms.some(({ key }) => key === settings.baseline) ? { ...settings, baseline: first.key } : settings;
}

/** A list as typed, `1, 2, 3`. Numbers where all are numbers; what is none stays as typed, for the engine to name. */
export function parseList(text: string, numbers: boolean): (string | number)[] {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  return numbers ? parts.map(Number) : parts;
}

/** Why a list of seeds cannot be one, before the engine is asked: it takes whole numbers only. */
export function seedsProblem(text: string): string | undefined {
  const wrong = text.split(/[\s,;]+/).filter(Boolean).find((part) => !/^\d{1,15}$/.test(part));
  return wrong === undefined ? undefined : `“${wrong}” is not a seed. Seeds are whole numbers, such as 1, 2, 3.`;
}

/** Facts of the fields below a path. */
export function fieldsUnder(fields: readonly FieldFacts[], ...paths: string[]): FieldFacts[] {
  return fields.filter(({ field }) => paths.some((path) => field === path || field.startsWith(`${path}.`)));
}

/** A field that has no place in these settings, such as the shares of a split that has none, is not shown. */
export function applies(settings: ExperimentSettings, { field }: FieldFacts): boolean {
  // Absent, it judges all; it can be set all the same.
  return field === TEST_USERS || valueAt(settings, field) !== undefined;
}

export function problemOf(problems: readonly FieldProblem[], field: string): string | undefined {
  const own = problems.filter((problem) => problem.field === field).map(({ sentence }) => sentence);
  return own.length > 0 ? own.join(" ") : undefined;
}
