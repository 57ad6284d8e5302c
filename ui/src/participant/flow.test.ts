import { describe, expect, it } from "vitest";

import type { Answer, SessionDocument, SessionTrial, Texts } from "./contract";
import { fill, firstStep, nextStep, nextTrial, paragraphs, practiceTrial, promptOf, wellFormed, wordsOf, type Step } from "./flow";
import { inMemory } from "./keeping";
import { offlinePort } from "./offlinePort";
import { signer, unbroken } from "./signing";

const texts = (language: string) =>
  ({ language, attention: "Choose number {n}.", practice: [["a", "b", "c", "d", "x"], ["e", "f", "g", "y"]] }) as unknown as Texts;
const trial = (position: number): SessionTrial => ({
  position, task: 0, kind: "intrusion", prompt: { en: "Which?", de: "Was?" }, lead: [], shown: [], options: [["a"], ["b"]],
  points: null, cannot_judge: false, confidence: false, name: null, attention: position === 3 ? 1 : null,
});
const document: SessionDocument = {
  form: 1, pseudonym: "P-7", session: "token", key: "22".repeat(32), protocol_hash: "ff", languages: ["en", "de"],
  title: { en: "T" }, consent: { en: "C", de: "E" }, consent_hash: { en: "c0", de: "c1" },
  texts: [texts("en"), texts("de")], break_every: 2, trials: [0, 1, 2, 3, 4].map(trial),
};
const answer = (position: number, place = 0): Answer => ({
  position, place, cannot_judge: false, confidence: null, text: null, ms: 1000, answered_at: 1, language: "de",
});
const name = (step: Step) => (step.at === "trial" ? `trial ${step.trial.position}` : step.at === "practice" ? `practice ${step.number}` : step.at);

describe("the way through a session", () => {
  it("leads through every step in order, with a break after every second trial but the last", () => {
    const standing = { consentGiven: false, answered: [] as number[] };
    const seen: string[] = [];
    let step = firstStep(document, standing);
    for (let guard = 0; guard < 50; guard++) {
      seen.push(name(step));
      if (step.at === "debrief") break;
      if (step.at === "consent") standing.consentGiven = true;
      if (step.at === "trial") standing.answered.push(step.trial.position);
      step = nextStep(document, step, standing);
    }
    expect(seen).toEqual([
      "languages", "consent", "instructions", "practice 0", "practice 1", "trial 0", "trial 1", "break", "trial 2", "trial 3",
      "break", "trial 4", "debrief",
    ]);
    const even = { ...document, trials: document.trials.slice(0, 4) };
    const four = { consentGiven: true, answered: [0, 1, 2, 3] };
    expect(name(nextStep(even, { at: "trial", trial: trial(3) }, four)), "nobody rests before the end").toBe("debrief");
  });

  it("asks for no language where there is one, and shows nothing before the consent", () => {
    expect(firstStep({ ...document, languages: ["en"] }, { consentGiven: false, answered: [] }).at).toBe("consent");
    expect(firstStep(document, { consentGiven: false, answered: [0, 1] }).at).toBe("languages");
  });

  it("goes on with the first trial that has no answer", () => {
    const standing = { consentGiven: true, answered: [0, 1, 2] };
    expect(firstStep(document, standing).at).toBe("resumed");
    expect(name(nextStep(document, { at: "resumed" }, standing))).toBe("trial 3");
    expect(nextTrial(document, { consentGiven: true, answered: [0, 2] })?.position).toBe(1);
    expect(firstStep(document, { consentGiven: true, answered: [0, 1, 2, 3, 4] }).at).toBe("debrief");
    expect(firstStep(document, { consentGiven: true, answered: [0], ended: true }).at, "what was handed in early is over").toBe("stopped");
  });
});

describe("answers kept by the browser", () => {
  it("are there when the page is opened again, each trial once, in an unbroken chain", async () => {
    const keeping = inMemory();
    const first = offlinePort(document, keeping);
    await first.standing();
    await first.consent("de");
    await first.answer(answer(0));
    await first.answer(answer(1, 1));
    expect((await first.answer(answer(1, 0))).answered, "a second answer to a trial changes nothing").toEqual([0, 1]);

    const again = offlinePort(document, keeping);
    const standing = await again.standing();
    expect(standing).toEqual({ consentGiven: true, answered: [0, 1], language: "de", ended: false });
    await again.answer(answer(2));
    const file = await again.file?.(false);
    expect(file?.answers.map((one) => [one.answer.position, one.answer.place])).toEqual([[0, 0], [1, 1], [2, 0]]);
    expect(await unbroken(signer(document.key), "token", file?.answers ?? [])).toBe(3);
    expect(file?.consent).toMatchObject({ language: "de", text_hash: "c1" });
  });

  it("of two windows do not overwrite each other", async () => {
    const keeping = inMemory();
    const [one, other] = [offlinePort(document, keeping), offlinePort(document, keeping)];
    await one.standing();
    await one.consent("en");
    await other.standing();
    await one.answer(answer(0, 1));
    const standing = await other.answer(answer(0, 0));
    expect(standing.answered, "the second goes on from where the first is").toEqual([0]);
    expect((await other.file?.(true))?.answers[0]?.answer.place, "the first answer stands").toBe(1);
  });

  it("end where their chain breaks", async () => {
    const keeping = inMemory();
    const port = offlinePort(document, keeping);
    await port.standing();
    await port.consent("en");
    for (const position of [0, 1, 2]) await port.answer(answer(position));
    const [key, signed] = (await keeping.all("token/answer/"))[1] as [string, { answer: Answer }];
    await keeping.remove(key);
    await keeping.add(key, { ...signed, answer: { ...signed.answer, place: 1 } });
    const again = offlinePort(document, keeping);
    expect((await again.standing()).answered, "what could not be handed in is asked again").toEqual([0]);
    expect((await again.answer(answer(1))).answered).toEqual([0, 1]);
  });

  it("are told to be unsafe when the browser's room is used up, and the session goes on", async () => {
    const keeping = { ...inMemory(), lasting: true };
    const add = keeping.add;
    const full = { ...keeping, add: (key: string, value: unknown) => (key.endsWith("1") ? Promise.reject(new Error("full")) : add(key, value)) };
    const port = offlinePort(document, full);
    await port.standing();
    await port.consent("en");
    await port.answer(answer(0));
    expect(port.kept).toBe(true);
    const standing = await port.answer(answer(1));
    expect([port.kept, standing.answered]).toEqual([false, [0, 1]]);
  });
});

describe("texts", () => {
  it("put the stranger of a practice trial at another place each time, and never lose an item", () => {
    for (const number of [0, 1]) {
      const { items, right, stranger } = practiceTrial(texts("en"), number);
      expect(items[right]).toBe(stranger);
      expect([...items].sort()).toEqual([...(texts("en").practice[number] ?? [])].sort());
    }
    expect(practiceTrial(texts("en"), 0).right).not.toBe(practiceTrial(texts("en"), 1).right);
  });

  it("tell which number an attention check wants", () => {
    expect(promptOf(trial(3), texts("de"))).toBe("Choose number 2.");
    expect(promptOf(trial(0), texts("de"))).toBe("Was?");
  });

  it("are filled in, parted and made well-formed", () => {
    expect(fill("{done} of {total} {other}", { done: 1, total: 2 })).toBe("1 of 2 {other}");
    expect(paragraphs("a\nb\n\n c \n\n\n")).toEqual(["a\nb", "c"]);
    expect(wordsOf("  two  words ")).toEqual(["two", "words"]);
    expect(wellFormed("a\uD83D b"), "half a character cannot be written as UTF-8").toBe("a\uFFFD b");
  });
});
