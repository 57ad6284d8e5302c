import { describe, expect, it } from "vitest";

import { canonicalJson } from "./canonicalJson";
import type { Answer, SignedAnswer } from "./contract";
import { sha256 } from "./sha256";
import { signAnswer, signer, signFile, toHex, unbroken } from "./signing";

const hex = (text: string) => toHex(new TextEncoder().encode(text));
/** RFC 4231, with SHA-256 (case 5 is truncated and not of use here). */
const VECTORS: [name: string, key: string, data: string, mac: string][] = [
  ["1", "0b".repeat(20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  ["2", hex("Jefe"), "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
  ["6", "aa".repeat(131), "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"],
  [
    "7",
    "aa".repeat(131),
    "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
  ],
];

describe.each([
  ["the browser's own", globalThis.crypto.subtle],
  ["the page's own", undefined],
])("signatures by %s", (_, subtle) => {
  it.each(VECTORS)("are those of RFC 4231, case %s", async (_, key, data, mac) => {
    expect(await signer(key, subtle)(data)).toBe(mac);
  });
});

it("digests agree with the browser's for every length around the edges of a block", async () => {
  for (let length = 0; length <= 200; length++) {
    const message = Uint8Array.from({ length }, (_, at) => (at * 151 + length) & 255);
    const known = new Uint8Array(await crypto.subtle.digest("SHA-256", message));
    expect(toHex(sha256(message)), `${length} bytes`).toBe(toHex(known));
  }
});

it("both ways of signing agree on words of any language", async () => {
  const text = "Mächtige Größe — 東京 🎬 \u2028 \u0000";
  const key = "00ff".repeat(16);
  expect(await signer(key, undefined)(text)).toBe(await signer(key)(text));
});

describe("canonical JSON", () => {
  it("is what the engine writes", () => {
    // The same value and the same text as in semid-core, study/protocol.rs.
    expect(canonicalJson({ b: [1, { z: null, a: 'é\n\u2028"' }], a: true })).toBe('{"a":true,"b":[1,{"a":"é\\n\u2028\\"","z":null}]}');
  });

  it("sorts keys by their UTF-16 units", () => {
    // U+1F600 is written with the unit D83D, which comes before FB33.
    expect(canonicalJson({ "\uFB33": 1, "\u{1F600}": 2, a: 3 })).toBe('{"a":3,"\u{1F600}":2,"\uFB33":1}');
  });

  it("takes no number that two programs could write differently", () => {
    expect(() => canonicalJson({ ms: 1.5 })).toThrow(TypeError);
    expect(() => canonicalJson({ ms: 2 ** 60 })).toThrow(TypeError);
  });
});

describe("a chain of answers", () => {
  const sign = signer("11".repeat(32));
  const answer = (position: number): Answer => ({
    position, place: 1, cannot_judge: false, confidence: null, text: null, ms: 900, answered_at: 1_790_000_000_000, language: "en",
  });
  async function chain() {
    const answers = [];
    let before = "token";
    for (const position of [0, 1, 2]) {
      const signed = await signAnswer(sign, before, answer(position));
      answers.push(signed);
      before = signed.mac;
    }
    return answers;
  }

  it("breaks where an answer was changed, taken out or moved", async () => {
    const [a, b, c] = (await chain()) as [SignedAnswer, SignedAnswer, SignedAnswer];
    expect(await unbroken(sign, "token", [a, b, c])).toBe(3);
    expect(await unbroken(sign, "token", [a, { ...b, answer: { ...b.answer, place: 2 } }, c]), "changed").toBe(1);
    expect(await unbroken(sign, "token", [a, c]), "taken out").toBe(1);
    expect(await unbroken(sign, "token", [b, a, c]), "moved").toBe(0);
    expect(await unbroken(sign, "another token", [a, b, c]), "of another session").toBe(0);
  });

  it("ends in the signature of the file, which stands on the last answer or on the token", async () => {
    const consent = { language: "en", text_hash: "ab", given_at: 1 };
    const file = { form: 1, pseudonym: "P-1", session: "token", protocol_hash: "ff", consent, answers: await chain(), stopped: false };
    const signed = await signFile(sign, file);
    expect(signed.mac).toBe(await sign(`${file.answers[2]?.mac}\n${canonicalJson(file)}`));
    const empty = { ...file, answers: [], stopped: true };
    expect((await signFile(sign, empty)).mac).toBe(await sign(`token\n${canonicalJson(empty)}`));
  });
});
