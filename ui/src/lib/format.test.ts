import { describe, expect, test } from "vitest";

import * as format from "./format";

const shown = (text: string) => text.replaceAll(format.SPACE, " ");

describe("numbers read as in the engine's charts", () => {
  test("metrics lose their leading zero and what rounds to nothing has no sign", () => {
    expect(format.metric(0.06124)).toBe(".0612");
    expect(format.metric(1)).toBe("1.0000");
    expect(format.metric(-0.00004)).toBe(".0000");
    expect(format.metric(undefined), "no number is a dash").toBe("–");
  });

  test("differences always carry a sign, with a minus and not a hyphen", () => {
    expect(format.signed(0.0123)).toBe("+.0123");
    expect(format.signed(-0.0123)).toBe("−.0123");
    expect(format.signed(0)).toBe(".0000");
    expect(format.signedInterval(-0.0012, 0.0031)).toBe("[−.0012, +.0031]");
    expect(format.interval(0.058, 0.0644)).toBe("[.0580, .0644]");
  });

  test("a small p is a bound, since flips are finite", () => {
    expect(shown(format.p(0.0002))).toBe("< .001");
    expect(format.p(0.001)).toBe(".001");
    expect(format.p(1)).toBe("1.000");
    expect(shown(format.pIs(0.043))).toBe("p = .043");
  });

  test("counts are parted by thousands", () => {
    expect(format.count(1_234_567)).toBe("1,234,567");
    expect(format.count(999)).toBe("999");
    expect(format.count(198502n)).toBe("198,502");
    expect(format.counted(1, "item")).toBe("1 item");
    expect(format.counted(1682, "item")).toBe("1,682 items");
  });

  test("not quite all is not all and a few is not none", () => {
    expect(shown(format.percent(0.973))).toBe("97.3 %");
    expect(shown(format.percent(0.99999))).toBe("> 99.9 %");
    expect(shown(format.percent(0.0001))).toBe("< 0.1 %");
    expect(shown(format.smallPercent(0.000734))).toBe(".0734 %");
    expect(shown(format.smallPercent(0.063))).toBe("6.30 %");
  });
});

describe("times and sizes change their unit before digits pile up", () => {
  test("seconds", () => {
    const cases: [number, string][] = [
      [0, "–"],
      [0.01, "< 0.1 s"],
      [9.96, "10 s"],
      [119.4, "119 s"],
      [744, "12.4 min"],
      [11_160, "3.1 h"],
    ];
    for (const [secs, text] of cases) expect(shown(format.seconds(secs))).toBe(text);
  });

  test("a range names its unit once", () => {
    expect(shown(format.secondsRange(40, 90))).toBe("40–90 s");
    expect(shown(format.secondsRange(42, 126))).toBe("42 s – 2.1 min");
    expect(shown(format.secondsRange(40.1, 40.2)), "no more exact than it reads").toBe("about 40 s");
    expect(shown(format.secondsRange(0.01, 3))).toBe("< 0.1 s – 3.0 s");
    expect(shown(format.secondsRange(0, 3))).toBe("about 3.0 s");
    expect(format.secondsRange(0, 0)).toBe("–");
  });
  test("time left is said no more exactly than it is known", () => {
    expect(shown(format.remaining(37))).toBe("about 40 s left");
    expect(shown(format.remaining(61))).toBe("about 1 min left");
    expect(format.remaining(0.4)).toBe("nearly done");
    expect(format.remaining(null)).toBe("");
  });

  test("bytes", () => {
    expect(shown(format.mebibytes(851_443_712))).toBe("812 MiB");
    expect(shown(format.fileSize(4_700_000))).toBe("4.7 MB");
    expect(shown(format.fileSize(90_868_376))).toBe("91 MB");
    expect(shown(format.fileSize(12))).toBe("12 B");
    expect(shown(format.fileSize(999_800)), "rounding does not leave a thousand").toBe("1.0 MB");
  });

  test("moments of the past", () => {
    const now = 1_795_000_000;
    expect(format.ago(now - 3, now)).toBe("just now");
    expect(shown(format.ago(now - 300, now))).toBe("5 min ago");
    expect(shown(format.ago(now - 7200, now))).toBe("2 h ago");
    expect(format.ago(now - 100_000, now)).toBe("yesterday");
    expect(format.ago(now - 400_000, now)).toBe("4 days ago");
  });
});
