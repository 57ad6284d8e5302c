// A session as it is under way on this page: the step it is at, and what was answered.

import { toRpcError } from "../lib/rpc";
import type { Answer, Texts } from "./contract";
import { fill, firstStep, nextStep, type Step } from "./flow";
import type { Port, Standing } from "./port";

/** What a person answered on the screen. */
export type Given = Pick<Answer, "place" | "cannot_judge" | "confidence" | "text" | "ms">;

export class Sitting {
  step: Step = $state.raw({ at: "languages" });
  language: string = $state("");
  /** Said to screen readers. */
  said = $state("");
  /** What went wrong, in the engine's words. */
  problem = $state("");
  busy = $state(false);
  /** Whether answers outlive the page. */
  kept = $state(true);
  private standing: Standing = $state.raw({ consentGiven: false, answered: [] });

  private constructor(readonly port: Port) {}

  static async open(port: Port): Promise<Sitting> {
    const sitting = new Sitting(port);
    const standing = await port.standing();
    const { languages } = port.document;
    const known = languages.find((language) => language === standing.language);
    sitting.language = known ?? ofBrowser(languages) ?? languages[0] ?? "en";
    sitting.take(standing);
    sitting.step = firstStep(port.document, standing);
    return sitting;
  }

  get document() {
    return this.port.document;
  }

  get texts(): Texts {
    const texts = this.document.texts.find((one) => one.language === this.language) ?? this.document.texts[0];
    if (!texts) throw new Error("This session has no texts.");
    return texts;
  }

  get done(): number {
    return this.standing.answered.length;
  }

  get total(): number {
    return this.document.trials.length;
  }

  get progress(): string {
    return fill(this.texts.progress, { done: this.done, total: this.total });
  }

  /** Whether there is something that could be stopped. */
  get under(): boolean {
    return this.standing.consentGiven && this.step.at !== "debrief" && this.step.at !== "stopped";
  }

  /** Whether the participant may still change their mind about stopping: nothing has been handed in yet. */
  get mayGoOn(): boolean {
    return !this.standing.ended;
  }

  next(): void {
    this.problem = "";
    this.step = nextStep(this.document, this.step, this.standing);
  }

  consent(): Promise<void> {
    return this.ask(() => this.port.consent(this.language));
  }

  answer(given: Given): Promise<void> {
    const { step, language } = this;
    if (step.at !== "trial") return Promise.resolve();
    const answer: Answer = { position: step.trial.position, ...given, answered_at: Date.now(), language };
    return this.ask(async () => {
      const standing = await this.port.answer(answer);
      this.said = `${this.texts.answer_saved} ${fill(this.texts.progress, { done: standing.answered.length, total: this.total })}`;
      return standing;
    });
  }

  stop(): void {
    this.step = { at: "stopped" };
  }

  /** From the page that says it has stopped, when nothing has been saved yet. */
  back(): void {
    this.step = firstStep(this.document, this.standing);
    if (this.step.at === "resumed") this.next();
  }

  /** Saves the answers file, by the browser's own download. */
  async save(): Promise<boolean> {
    const { file } = this.port;
    if (!file) return false;
    try {
      const signed = await file(this.step.at === "stopped");
      const blob = new Blob([JSON.stringify(signed, null, 1)], { type: "application/json" });
      const link = Object.assign(document.createElement("a"), {
        href: URL.createObjectURL(blob),
        download: `semid-answers-${signed.pseudonym}.json`,
      });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      return true;
    } catch (thrown) {
      this.problem = toRpcError(thrown).message;
      return false;
    }
  }

  private async ask(question: () => Promise<Standing>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      this.take(await question());
      this.next();
    } catch (thrown) {
      this.problem = toRpcError(thrown).message;
    }
    this.busy = false;
  }

  private take(standing: Standing): void {
    this.standing = standing;
    this.kept = this.port.kept;
  }
}

/** The first of the browser's languages that the study has. */
function ofBrowser(languages: readonly string[]): string | undefined {
  const wanted = navigator.languages.map((language) => language.toLowerCase());
  const fits = (has: string, want: string) => want === has.toLowerCase() || want.startsWith(`${has.toLowerCase()}-`);
  return wanted.map((want) => languages.find((has) => fits(has, want))).find((found) => found !== undefined);
}
