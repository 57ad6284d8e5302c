// What the engine says of language models and of requests in one's own words, made of the recorded items: which models a
// machine has is no recording's business.

import type {
  About,
  Asked,
  AskRequest,
  Comparison,
  ExperimentSettings,
  FieldFacts,
  FieldInput,
  IdItemPage,
  LanguageModelRow,
  LmAnswer,
  LmAnswerRequest,
  Methods,
  ModelRow,
  NamedItem,
  PromptCheck,
  PromptDraft,
  PromptTemplate,
  RecommenderMethod,
  RemoteModelDraft,
  UserDetail,
} from "../src/lib/wire";
import { finished, recorded, type Answers } from "./engine.ts";

export const SMALL = "SmolLM2-135M-Instruct";
export const LOCAL: LanguageModelRow = { name: SMALL, place: "here", about: `/home/ada/semid/models/${SMALL}/${SMALL}.Q4_1.gguf`, bytes: 98_362_432, draft: null, warnings: [] };
const DRAFT: RemoteModelDraft = {
  name: "cluster",
  model: "Qwen/Qwen3-8B",
  urls: ["http://10.0.0.5:8000/v1", "http://10.0.0.6:8000/v1"],
  concurrency: 8,
  timeout_secs: 60,
  most_tokens: 500_000,
  most_cost: null,
  prompt_price: null,
  completion_price: null,
  currency: null,
};
export const REMOTE: LanguageModelRow = {
  name: "cluster",
  place: "remote",
  about: `Qwen/Qwen3-8B at ${DRAFT.urls.join(", ")}`,
  bytes: null,
  draft: DRAFT,
  warnings: ["http://10.0.0.5:8000/v1 is not encrypted: whoever shares the network can read prompts and the key."],
};

const FETCHABLE: ModelRow = { name: SMALL, title: "SmolLM2 135M Instruct", licence: "Apache-2.0", here: false, folder: null, bytes: 98_362_432 };

/** What the program is, with the small language model among what can be fetched. */
export function about(): About {
  const reply = recorded("about")?.reply as About;
  return { ...reply, models: [...reply.models.filter(({ name }) => name !== SMALL), FETCHABLE] };
}

const items = (recorded("id_items")?.reply as IdItemPage).items;
const at = (place: number): NamedItem => items[place % items.length]!;

/** An answer to a request: two items by text, one by its codes, ordered by the model where one was named. */
export function answer({ model, count, history, earlier }: AskRequest): Asked {
  // Follow-ups find other items, and what was liked is not found.
  const first = 3 * earlier.length;
  const [a, b, c] = [at(first), at(first + 1), at(first + 2)];
  const says = (explanation: string) => (model ? explanation : null);
  const found: Asked["items"] = [
    { item: a, similarity: 0.6234, found_by: { by: "text" }, explanation: says("It plays far from here, and it is tense to the end.") },
    { item: b, similarity: 0.5871, found_by: { by: "text" }, explanation: null },
    {
      item: c,
      similarity: 0.3119,
      found_by: { by: "id", prefix: c.codes.slice(0, 2), label: c.labels.slice(0, 2).filter(Boolean).join(" › "), with: a.title },
      explanation: says("A <b>lighter</b> film of the same kind."),
    },
  ];
  return {
    items: found.filter(({ item }) => !history.includes(item.key)).slice(0, count),
    model: model ?? null,
    notes: [
      model
        ? `Ordered and explained by ${model}. The explanations are its words; nobody checked them.`
        : "No language model spoke: the order is that of the texts' similarity.",
    ],
    prompt: model ? `You recommend items from a list.\n\nThe request: a film\n\n1. ${a.codes.join("·")} ${a.title}` : null,
  };
}

/** Both models at hand, both well. */
export const LANGUAGE: Answers = {
  about,
  language_models: () => [LOCAL, REMOTE],
  test_language_model: ({ model }) =>
    finished("test_language_model", { name: model, about: model, answer: "Hello! How can I help you?", problem: null, secs: 0.84, tokens: 9 }),
  ask: (request) => finished("ask", answer(request)),
};

const TEMPLATES = recorded("prompts")?.reply as PromptTemplate[];

/** An edited prompt looked at, roughly as the engine does: it wants the candidates shown, and compares lines by their place. */
export function checkPrompt({ kind, system, user }: PromptDraft): PromptCheck {
  const builtIn = TEMPLATES.find((template) => template.kind === kind)!;
  const parts = [["system", builtIn.system, system], ["user", builtIn.user, user]] as const;
  const diff = parts.flatMap(([part, before, now]): PromptCheck["diff"] => {
    const [old, lines] = [before.split("\n"), now.split("\n")];
    return lines.flatMap((text, at): PromptCheck["diff"] => {
      if (text === old[at]) return [{ part, mark: "same", text }];
      const removed = old[at] === undefined ? [] : [{ part, mark: "removed" as const, text: old[at] }];
      return [...removed, { part, mark: "added", text }];
    });
  });
  const needed = kind === "rank" ? "candidates" : "history";
  const missing = user.includes(`in ${needed} `) ? [] : [{ part: "user" as const, sentence: `On the sample the model does not see the ${needed}. Put back what shows it.` }];
  const seen = missing.length === 0;
  return {
    problems: missing,
    system: seen ? system.trim() : "",
    question: seen ? user.trim().replaceAll(/\{%.*?%\}\n?/g, "").replaceAll(/\{\{.*?\}\}/g, '<12·7·0> "A first film"') : "",
    diff,
    digest: "0".repeat(64),
  };
}

const methods = recorded("methods")?.reply as Methods;
const TITLE: RecommenderMethod = {
  key: "lm-title",
  title: "LM by title",
  sentence: "A language model orders what a retriever found, reading titles: what it knows of items without any IDs.",
  starter: { kind: "lm-title", model: SMALL, retriever: "item-knn", candidates: 20, history: 10, answer: "likelihood" },
  speaks_ids: false,
  reads_text: false,
};
const GENERATE: RecommenderMethod = {
  key: "lm-generate",
  title: "LM writes IDs",
  sentence: "A language model writes the ID of the next item itself, without candidates.",
  starter: { kind: "lm-generate", model: SMALL, history: 10, constrained: true, beam: 20 },
  speaks_ids: true,
  reads_text: false,
};

const ANSWER: FieldInput = {
  kind: "choice",
  choices: [
    ["likelihood", "Likelihood", "By how likely each candidate is to be named first."],
    ["written", "Written", "The list that the model writes."],
  ],
};

function lmFields({ recommenders }: ExperimentSettings): FieldFacts[] {
  const fact = (field: string, title: string, input: FieldInput, advanced = true): FieldFacts => ({
    field,
    title,
    sentence: `${title}, in a sentence.`,
    input,
    unit: "",
    optional: field === "prepare.test_users",
    advanced,
  });
  const text: FieldInput = { kind: "text" };
  const asked = recommenders.filter(({ kind }) => kind.startsWith("lm-"));
  return [
    { ...fact("prepare.test_users", "Users judged", { kind: "number", low: 0, high: 1e9, whole: true }, false), unit: "users" },
    ...asked.flatMap(({ kind }) => {
      const prompt = [["version", "Prompt"], ["system", "Frame"], ["user", "Question"]] as const;
      return [
        fact(`recommenders.${kind}.model`, "Model", text, false),
        ...(kind === "lm-generate" ? [] : [fact(`recommenders.${kind}.answer`, "Answer", ANSWER)]),
        fact(`recommenders.${kind}.history`, "History", { kind: "number", low: 1, high: 200, whole: true }),
        ...prompt.map(([name, title]) => fact(`recommenders.${kind}.prompt.${name}`, title, text)),
      ];
    }),
  ];
}

const isAsked = (text: string) => /(^|\.)lm-|^prepare\.test_users$/.test(text);

/** Two recommenders that ask a language model, beside those that were recorded and ask none. */
export const LM_ARMS: Answers = {
  ...LANGUAGE,
  methods: () => ({ ...methods, recommenders: [...methods.recommenders.filter(({ key }) => !isAsked(key)), TITLE, GENERATE] }),
  fields: ({ settings }) => [...(recorded("fields")?.reply as FieldFacts[]).filter(({ field }) => !isAsked(field)), ...lmFields(settings)],
  check_prompt: checkPrompt,
};

/** An answer of a run that was written: three names, the second of which was never offered. */
export function lmAnswer({ user }: LmAnswerRequest): LmAnswer {
  return {
    user: user ?? 0,
    system: TEMPLATES[0]?.system.trim() ?? "",
    question: `The person met, oldest first:\n- "${at(0).title}"\n\nCandidates:\n- C1: "${at(1).title}"\n- C2: "${at(2).title}"`,
    shown: ["C1", "C2"],
    said: '{"ranking": ["C2", "<b>C9</b>", "C1"]}',
    named: [
      { said: "C2", counts: true },
      { said: "<b>C9</b>", counts: false },
      { said: "C1", counts: true },
    ],
    likelihoods: [],
  };
}

/** The recorded run, had a language model been asked under its second arm. */
export const LM_RUN: Answers = {
  comparison: () => {
    const comparison = recorded("comparison")?.reply as Comparison;
    const arms = comparison.arms.map((arm, at) => (at === 1 ? { ...arm, key: "lm-title", title: "LM by title", recommender: "lm-title" } : arm));
    return { ...comparison, arms };
  },
  user: () => ({ ...(recorded("user")?.reply as UserDetail), explains: false }),
  language_answer: lmAnswer,
};
