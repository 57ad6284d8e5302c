// A session that is one file in any browser: answers are signed in a chain and kept by the browser until they are saved.

import type { ConsentGiven, SessionDocument, SignedAnswer } from "./contract";
import { FORM } from "./contract";
import type { Keeping } from "./keeping";
import type { Port, Standing } from "./port";
import { signAnswer, signer, signFile, unbroken, type Sign } from "./signing";

export function offlinePort(document: SessionDocument, keeping: Keeping, sign: Sign = signer(document.key)): Port {
  const { session } = document;
  const key = (at: number) => `${session}/answer/${String(at).padStart(6, "0")}`;
  let answers: SignedAnswer[] = [];
  let consent: ConsentGiven | undefined;
  let ended = false;
  let lasting = keeping.lasting;

  /** What was kept, up to where its chain breaks. What stands behind a break cannot be handed in and makes room. */
  async function read(): Promise<void> {
    const records = new Map(await keeping.all(`${session}/`));
    consent = records.get(`${session}/consent`) as ConsentGiven | undefined;
    ended = records.has(`${session}/ended`);
    const found: SignedAnswer[] = [];
    while (records.has(key(found.length))) found.push(records.get(key(found.length)) as SignedAnswer);
    const whole = found.findIndex((one) => typeof one?.mac !== "string");
    answers = found.slice(0, whole < 0 ? found.length : whole);
    answers = answers.slice(0, await unbroken(sign, session, answers));
    for (let at = answers.length; at < found.length; at++) await keeping.remove(key(at));
  }

  /** Adds a record. Where the browser's room is used up, the page goes on and says that it no longer keeps answers. */
  async function add(name: string, value: unknown): Promise<boolean> {
    if (!lasting && keeping.lasting) return true;
    try {
      return await keeping.add(name, value);
    } catch {
      lasting = false;
      return true;
    }
  }

  function standing(): Standing {
    return {
      consentGiven: consent !== undefined,
      answered: answers.map(({ answer }) => answer.position),
      language: answers.at(-1)?.answer.language ?? consent?.language,
      ended,
    };
  }

  return {
    document,
    get kept() {
      return lasting;
    },
    async standing() {
      await read();
      return standing();
    },
    async consent(language) {
      const given = { language, text_hash: document.consent_hash[language] ?? "", given_at: Date.now() };
      if (await add(`${session}/consent`, given)) consent = given;
      else await read();
      return standing();
    },
    async answer(answer) {
      if (answers.some((given) => given.answer.position === answer.position)) return standing();
      const signed = await signAnswer(sign, answers.at(-1)?.mac ?? session, answer);
      if (await add(key(answers.length), signed)) answers = [...answers, signed];
      // Another window of this session answered meanwhile: this one goes on from there.
      else await read();
      return standing();
    },
    async file(stopped) {
      if (!consent) throw new Error("Nothing is handed in before the consent is given.");
      if (stopped) {
        await add(`${session}/ended`, true);
        ended = true;
      }
      const { pseudonym, protocol_hash } = document;
      return signFile(sign, { form: FORM, pseudonym, session, protocol_hash, consent, answers, stopped });
    },
  };
}
