// What makes tampering visible: every answer is signed together with the signature before it, and the file with the last.

import { canonicalJson } from "./canonicalJson";
import type { Answer, AnswersFile, SignedAnswer } from "./contract";
import { hmacSha256 } from "./sha256";

/** HMAC-SHA-256 of a text in UTF-8 as 64 hexadecimal digits, by the browser's own where it has one. */
export type Sign = (text: string) => Promise<string>;

/** `key`: hexadecimal digits. `subtle` is missing in some browsers when a page was opened as a file. */
export function signer(key: string, subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle): Sign {
  const bytes = fromHex(key);
  const encode = (text: string) => new TextEncoder().encode(text);
  if (!subtle) return (text) => Promise.resolve(toHex(hmacSha256(bytes, encode(text))));
  const imported = subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return async (text) => toHex(new Uint8Array(await subtle.sign("HMAC", await imported, encode(text))));
}

/** Signs an answer after the signature before it; before the first stands the session's token. */
export async function signAnswer(sign: Sign, before: string, answer: Answer): Promise<SignedAnswer> {
  return { answer, mac: await sign(`${before}\n${canonicalJson(answer)}`) };
}

/** Signs the file that is handed in. */
export async function signFile(sign: Sign, file: Omit<AnswersFile, "mac">): Promise<AnswersFile> {
  const last = file.answers.at(-1)?.mac ?? file.session;
  return { ...file, mac: await sign(`${last}\n${canonicalJson(file)}`) };
}

/** How many of the answers stand in an unbroken chain from the first. */
export async function unbroken(sign: Sign, session: string, answers: readonly SignedAnswer[]): Promise<number> {
  let before = session;
  for (const [at, { answer, mac }] of answers.entries()) {
    if ((await signAnswer(sign, before, answer)).mac !== mac) return at;
    before = mac;
  }
  return answers.length;
}

export function fromHex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
