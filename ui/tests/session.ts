// A small session for the participant's page, in English and German with the engine's own texts: two tasks, an attention
// check, and the other kinds of trial for their looks. Written into the built page as the engine writes it.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { SessionDocument, SessionTrial, Texts } from "../src/lib/wire";

export const HOSTILE = `<img src=x onerror="window.hacked=true">`;
const PLACE = '<script id="session" type="application/json">null</script>';
const ENGINE = join(import.meta.dirname, "../../crates/semid-engine/src/study/texts");

/** The engine's texts of a language: strings, long strings and arrays are all the TOML in them. */
function texts(language: string): Texts {
  const toml = readFileSync(join(ENGINE, `${language}.toml`), "utf8").replace(/^#.*$/gm, "");
  const found = [...toml.matchAll(/^(\w+) = ("""[\s\S]*?"""|\[[\s\S]*?\](?=\n\w|\n*$)|.*)$/gm)];
  const read = (value: string): unknown =>
    value.startsWith('"""')
      ? value.slice(3, -3).replace(/^\n/, "").replace(/\\\n\s*/g, "")
      : JSON.parse(value.replace(/,(\s*\])/g, "$1"));
  return Object.fromEntries(found.map(([, name = "", value = ""]) => [name, read(value)])) as Texts;
}

const both = [texts("en"), texts("de")];
const prompts = (field: "intrusion" | "forward_simulation" | "naming" | "matching") => Object.fromEntries(both.map((one) => [one.language, one[field]]));

function trial(position: number, kind: SessionTrial["kind"], rest: Partial<SessionTrial>): SessionTrial {
  const plain = { task: 0, prompt: {}, lead: [], shown: [], options: [], points: null, cannot_judge: false, confidence: false };
  return { position, kind, name: null, attention: null, ...plain, ...rest };
}

const RATING: Partial<SessionTrial> = {
  task: 1,
  prompt: { en: "These items belong together.", de: "Diese Einträge gehören zusammen." },
  points: {
    en: ["Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"],
    de: ["Stimme überhaupt nicht zu", "Stimme eher nicht zu", "Teils, teils", "Stimme eher zu", "Stimme voll zu"],
  },
  cannot_judge: true,
  confidence: true,
};
const FILMS = ["The Third Man (1949)", "Alien (1979)\nA crew answers a call for help from a moon that nobody has seen.", "Stalker (1979)", "Solaris (1972)", "Brazil (1985)"];
const INTRUSION = (position: number, films = FILMS) =>
  trial(position, "intrusion", { prompt: prompts("intrusion"), options: films.map((film) => [film]) });

/** Two tasks: intrusions, one of them an attention check, then ratings. */
export const TRIALS: SessionTrial[] = [
  INTRUSION(0, [HOSTILE, ...FILMS.slice(1)]),
  INTRUSION(1),
  trial(2, "intrusion", { prompt: prompts("intrusion"), options: ["1", "2", "3", "4", "5"].map((one) => [one]), attention: 3 }),
  INTRUSION(3, FILMS.toReversed()),
  trial(4, "rating", { ...RATING, shown: FILMS.slice(0, 4) }),
  trial(5, "rating", { ...RATING, lead: [["item", "Alien (1979)"], ["id", "12 · 207 · 9\nscience fiction › in space › horror"]], shown: [HOSTILE] }),
];

/** The other kinds of trial. */
export const OTHERS: SessionTrial[] = [
  trial(0, "forward-simulation", {
    prompt: prompts("forward_simulation"),
    lead: [["new_item", "Metropolis (1927)\nIn a city of the future the son of its master falls in love with a prophet of the workers."]],
    options: [FILMS.slice(0, 3), FILMS.slice(1, 4), FILMS.slice(2, 5), [FILMS[0] ?? "", "M (1931)", "Nosferatu (1922)"]],
    confidence: true,
  }),
  trial(1, "naming", { prompt: prompts("naming"), shown: FILMS }),
  trial(2, "matching", { prompt: prompts("matching"), name: "quiet science fiction", options: [FILMS.slice(0, 3), FILMS.slice(1, 4), FILMS.slice(2, 5)] }),
  trial(3, "rating", {
    ...RATING,
    prompt: { en: "I understand why this was recommended.", de: "Ich verstehe, warum das empfohlen wurde." },
    lead: [["liked", "Alien (1979)"], ["recommended", "Solaris (1972)"], ["because", "12 · 207\nscience fiction › in space"]],
  }),
];

export function session(trials: SessionTrial[], rest: Partial<SessionDocument> = {}): SessionDocument {
  const consent = {
    en: "You are asked to take part in a study about lists of films.\n\nIt takes about ten minutes. Your answers are kept under a code, never your name.",
    de: "Sie werden gebeten, an einer Studie über Listen von Filmen teilzunehmen.\n\nSie dauert etwa zehn Minuten. Ihre Antworten werden unter einem Code aufbewahrt, nie unter Ihrem Namen.",
  };
  return {
    form: 1,
    pseudonym: "P-KX4M",
    session: createHash("sha256").update(String(Math.random())).digest("hex").slice(0, 32),
    key: createHash("sha256").update("a key").digest("hex"),
    protocol_hash: "ab".repeat(32),
    languages: ["en", "de"],
    title: { en: "Lists of films", de: "Listen von Filmen" },
    consent,
    consent_hash: Object.fromEntries(Object.entries(consent).map(([language, text]) => [language, createHash("sha256").update(text).digest("hex")])),
    texts: both,
    break_every: 4,
    trials,
    ...rest,
  };
}

/** Writes the built page with a session inside, and answers its address. */
export function writePage(path: string, document: SessionDocument | null): string {
  const page = readFileSync(join(import.meta.dirname, "../dist/participant.html"), "utf8");
  if (page.split(PLACE).length !== 2) throw new Error("The page has no place for a session, or two.");
  const safe = JSON.stringify(document).replace(/[<>&\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
  writeFileSync(path, page.replace(PLACE, () => PLACE.replace("null", () => safe)));
  return `file://${path}`;
}
