// The path of the beam in words. Every number is the engine's; here it only finds its place in a sentence. Titles stay
// parts of their own, so that the page shows them as text and nothing else. No DOM in here.

import { count, percent } from "../../lib/format";
import type { NamedItem, WhyLevel, WhyReply } from "../../lib/wire";

/** A piece of a sentence: plain words, a title, a number that matters, or a code with its label. */
export type Part = { kind: "words" | "title" | "number" | "code"; text: string };

const words = (text: string): Part => ({ kind: "words", text });
const number = (text: string): Part => ({ kind: "number", text });
const code = (level: WhyLevel): Part => ({ kind: "code", text: codeName(level) });

/** "12 (sci-fi)", or "12" where codes mean nothing. */
export function codeName({ code, label }: { code: number; label: string }): string {
  return label ? `${code} (${label})` : String(code);
}

/** "1st", "2nd", "11th", "23rd". */
export function ordinal(rank: number): string {
  const tens = rank % 100;
  const ending = tens >= 11 && tens <= 13 ? "th" : (["th", "st", "nd", "rd"][rank % 10] ?? "th");
  return `${count(rank)}${ending}`;
}

function choice(level: WhyLevel): string {
  return level.rank === 1 ? `its first choice of ${count(level.allowed)}` : `its ${ordinal(level.rank)} choice of ${count(level.allowed)}`;
}

/** How much the model put on the only code there is: it weighs codes that lead nowhere too, so it need not be all. */
function sure(level: WhyLevel): Part[] {
  return level.probability >= 1 ? [] : [words(", on which it put "), number(percent(level.probability))];
}

/** What the model looked at last: the end of the history, oldest first. */
function after(history: readonly NamedItem[]): Part[] {
  const titles = history.slice(-2).map((item): Part => ({ kind: "title", text: item.title.trim() || item.key }));
  const [first, second] = titles;
  if (!first) return [words("With no history the model put ")];
  if (!second) return [words("After "), first, words(" the model put ")];
  const more = history.length > 2;
  return [words(more ? "After …, " : "After "), first, words(" and "), second, words(" the model put ")];
}

/** Whether the search gave the path up at this level; below, it is only followed. */
export function isGivenUp(levels: readonly WhyLevel[], at: number): boolean {
  return levels.findIndex((level) => !level.in_beam) === at;
}

/** One sentence a level. `codes` is how many levels are codes; what follows is the digit. */
export function levelSentence(why: WhyReply, at: number, codes: number, history: readonly NamedItem[]): Part[] {
  const level = why.levels[at];
  if (!level) return [];
  const end = isGivenUp(why.levels, at) ? ". Here the search gave this path up." : ".";
  if (at >= codes) {
    if (level.allowed === 1) return [words(`No other item has these codes, so the digit ${level.code} follows by itself`), ...sure(level), words(end)];
    return [
      words(`Of the ${count(level.allowed)} items with these codes it put `),
      number(percent(level.probability)),
      words(` on this one, ${choice(level)}${end}`),
    ];
  }
  if (level.allowed === 1) {
    return [words(at === 0 ? "There is only one first code, " : "Below it there is only one code, "), code(level), ...sure(level), words(end)];
  }
  const start = at === 0 ? after(history) : [words("Below it, ")];
  return [...start, number(percent(level.probability)), words(at === 0 ? " on code " : " went to code "), code(level), words(`, ${choice(level)}${end}`)];
}

/** What the whole comes to. */
export function lastSentence(why: WhyReply): Part[] {
  const place = why.rank === null ? ". It did not make the list." : `: rank ${count(why.rank)} of the list.`;
  return [words("Multiplied, that is "), number(percent(why.probability)), words(` for the whole ID${place}`)];
}

/** The sentence as plain text, for screen readers and tests. */
export function plain(parts: readonly Part[]): string {
  return parts.map((part) => part.text).join("");
}
