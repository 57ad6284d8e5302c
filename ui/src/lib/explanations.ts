// How sets of explanations and their arms are named here. No DOM.

import { counted } from "./format";
import type { ExplainedArm, ExplanationSet } from "./wire";

/** "40 recommendations, by SmolLM2-135M-Instruct". */
export function setTitle(set: ExplanationSet): string {
  return `${counted(set.pairs, "recommendation")}, by ${set.model}`;
}

/** As an arm of a study names them. */
export function explanationsName(set: ExplanationSet, arm: ExplainedArm): string {
  return `${set.name}/${arm.key}`;
}

/** The same for people: a name is as long as a digest. */
export function shortName(name: string): string {
  const [set = "", ...key] = name.split("/");
  return [set.length > 12 ? `${set.slice(0, 8)}…` : set, ...key].join("/");
}

/** The title of an item that a set tells of. */
export function titleIn(set: ExplanationSet, item: number): string {
  return set.titles[item]?.trim() || `Item ${item}`;
}

/** The items that are recommended, in the order of the catalog. */
export function recommendedIn(set: ExplanationSet): number[] {
  return Object.keys(set.arms[0]?.explained ?? {}).map(Number);
}
