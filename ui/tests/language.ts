// What the engine says of language models and of requests in one's own words, made of the recorded items: which models a
// machine has is no recording's business.

import type { About, Asked, AskRequest, IdItemPage, LanguageModelRow, ModelRow, NamedItem } from "../src/lib/wire";
import { finished, recorded, type Answers } from "./engine.ts";

export const SMALL = "SmolLM2-135M-Instruct";
export const LOCAL: LanguageModelRow = { name: SMALL, place: "here", about: `/home/ada/semid/models/${SMALL}/${SMALL}.Q4_1.gguf`, bytes: 98_362_432 };
export const REMOTE: LanguageModelRow = { name: "cluster", place: "remote", about: "Qwen/Qwen3-8B at http://10.0.0.5:8000/v1, http://10.0.0.6:8000/v1", bytes: null };

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
