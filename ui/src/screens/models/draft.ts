// A model behind URLs as it is typed, and where the engine's problems with it stand in the form. No DOM in here.

import type { FieldProblem, RemoteModelDraft } from "../../lib/wire";

/** The model as the form holds it; numbers that are not set are the engine's to choose. */
export type Typed = {
  name: string;
  model: string;
  /** One a line. */
  urls: string;
  concurrency: number | null;
  timeout: number | null;
  tokens: number | null;
  cost: number | null;
  promptPrice: number | null;
  answerPrice: number | null;
  currency: string;
};

export const EMPTY: Typed = {
  name: "",
  model: "",
  urls: "",
  concurrency: null,
  timeout: null,
  tokens: null,
  cost: null,
  promptPrice: null,
  answerPrice: null,
  currency: "",
};

const urlsOf = (text: string) => text.split(/\s+/).filter(Boolean);

export function draftOf(typed: Typed): RemoteModelDraft {
  return {
    name: typed.name.trim(),
    model: typed.model.trim(),
    urls: urlsOf(typed.urls),
    concurrency: typed.concurrency,
    timeout_secs: typed.timeout,
    most_tokens: typed.tokens,
    most_cost: typed.cost,
    prompt_price: typed.promptPrice,
    completion_price: typed.answerPrice,
    currency: typed.currency.trim() || null,
  };
}

/** What was set, as the form holds it. */
export function typedOf(draft: RemoteModelDraft): Typed {
  return {
    name: draft.name,
    model: draft.model,
    urls: draft.urls.join("\n"),
    concurrency: draft.concurrency ?? null,
    timeout: draft.timeout_secs ?? null,
    tokens: draft.most_tokens ?? null,
    cost: draft.most_cost ?? null,
    promptPrice: draft.prompt_price ?? null,
    answerPrice: draft.completion_price ?? null,
    currency: draft.currency ?? "",
  };
}

/** What keeping a model as typed comes to: a model more, this one as it is now, or another one's place taken. */
export function outcomeOf(typed: Typed, editing: RemoteModelDraft | undefined, taken: readonly string[]): "new" | "saved" | "replaced" {
  const name = typed.name.trim();
  if (editing && name === editing.name) return "saved";
  return taken.includes(name) ? "replaced" : "new";
}

/** Whether keys have to be given anew: a key is kept for each URL by the model's name and the URL's place. */
export function losesKeys(typed: Typed, editing: RemoteModelDraft | undefined): boolean {
  return editing !== undefined && urlsOf(typed.urls).length !== editing.urls.length;
}

/** Fields of the form, and the engine's fields whose problems stand beside them. */
const PLACES: Record<Exclude<keyof Typed, "answerPrice" | "currency">, RegExp> = {
  name: /^name$/,
  model: /^model$/,
  urls: /^endpoints(\.|$)/,
  concurrency: /^concurrency$/,
  timeout: /^timeout_secs$/,
  tokens: /^budget\.tokens$/,
  cost: /^budget\.cost$/,
  promptPrice: /^price(\.|$)/,
};

/** What is wrong with a field, in sentences; a problem of one URL among several says which. */
export function problemAt(place: keyof typeof PLACES, problems: readonly FieldProblem[], urls = ""): string | undefined {
  const several = urlsOf(urls);
  const said = problems
    .filter(({ field }) => PLACES[place].test(field))
    .map(({ field, sentence }) => {
      const at = /^endpoints\.(\d+)\./.exec(field)?.[1];
      return at !== undefined && several.length > 1 ? `${several[Number(at)] ?? ""}: ${sentence}` : sentence;
    });
  return said.length > 0 ? [...new Set(said)].join(" ") : undefined;
}

/** Problems that belong to no field of the form. */
export function otherProblems(problems: readonly FieldProblem[]): FieldProblem[] {
  return problems.filter(({ field }) => !Object.values(PLACES).some((place) => place.test(field)));
}
