// How numbers are written for people: the same rules as crates/semid-charts/src/numbers.rs, so that a table beside a
// chart reads like the chart. Formats only; what is shown was computed by the engine.

/** What stands between a number and its unit: a narrow no-break space. */
export const SPACE = "\u202f";
/** What stands where there is no number. */
export const NONE = "–";

type Maybe = number | null | undefined;

const missing = (value: Maybe): value is null | undefined => value == null || Number.isNaN(value);

/** A metric, four decimals: `.0612`, `−.0003`, `1.0000`. */
export function metric(value: Maybe): string {
  return decimals(value, 4);
}

/** A number with so many decimals: `.92`, `57.3`. */
export function decimals(value: Maybe, places: number): string {
  if (missing(value)) return NONE;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const digits = Math.abs(value).toFixed(places).replace(/^0\./, ".");
  // What rounds to nothing has no sign.
  return value < 0 && /[1-9]/.test(digits) ? `−${digits}` : digits;
}

/** A difference, four decimals and always a sign: `+.0123`, `−.0123`; `.0000` when it rounds to nothing. */
export function signed(value: Maybe, places = 4): string {
  const text = decimals(value, places);
  return !missing(value) && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** A 95 % interval: `[.0580, .0644]`. */
export function interval(low: Maybe, high: Maybe): string {
  return missing(low) || missing(high) ? NONE : `[${metric(low)}, ${metric(high)}]`;
}

/** An interval of a difference: `[−.0012, +.0031]`. */
export function signedInterval(low: Maybe, high: Maybe): string {
  return missing(low) || missing(high) ? NONE : `[${signed(low)}, ${signed(high)}]`;
}

/** A p-value: `< .001`, `.043`, `1.000`. */
export function p(value: Maybe): string {
  if (missing(value)) return NONE;
  return value < 0.001 ? `<${SPACE}.001` : decimals(value, 3);
}

/** A p-value in a sentence: `p < .001`, `p = .043`. */
export function pIs(value: Maybe): string {
  if (missing(value)) return NONE;
  return value < 0.001 ? `p${SPACE}<${SPACE}.001` : `p${SPACE}=${SPACE}${decimals(value, 3)}`;
}

/** A count: `22,363`. */
export function count(value: number | bigint | null | undefined): string {
  if (value == null || Number.isNaN(value)) return NONE;
  const text = typeof value === "bigint" ? value.toString() : Math.round(value).toString();
  return text.replace(/^-/, "−").replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count with its noun: `1 item`, `1,682 items`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A share as a percentage: `97.3 %`. What is not quite none or all never reads as none or all. */
export function percent(share: Maybe): string {
  if (missing(share)) return NONE;
  const value = share * 100;
  if (value > 0 && value < 0.05) return `<${SPACE}0.1${SPACE}%`;
  if (value >= 99.95 && value < 100) return `>${SPACE}99.9${SPACE}%`;
  return `${value.toFixed(1)}${SPACE}%`.replace("-", "−");
}

/** A small share, such as a density, with as many digits as it needs: `6.30 %`, `.0734 %`. */
export function smallPercent(share: Maybe): string {
  if (missing(share)) return NONE;
  const value = share * 100;
  if (value === 0) return `0${SPACE}%`;
  const places = value >= 10 ? 1 : value >= 1 ? 2 : Math.min(6, 2 - Math.floor(Math.log10(value)));
  return `${decimals(value, places)}${SPACE}%`;
}

/** Wall seconds: `0.4 s`, `42 s`, `12.4 min`, `3.1 h`; a dash for nothing at all. */
export function seconds(secs: Maybe): string {
  if (missing(secs) || secs <= 0) return NONE;
  if (secs < 0.05) return `<${SPACE}0.1${SPACE}s`;
  if (secs < 9.95) return `${secs.toFixed(1)}${SPACE}s`;
  if (secs < 119.5) return `${secs.toFixed(0)}${SPACE}s`;
  if (secs < 7170) return `${(secs / 60).toFixed(1)}${SPACE}min`;
  return `${(secs / 3600).toFixed(1)}${SPACE}h`;
}

/** Between so many seconds and so many: `40–90 s`, `42 s – 2.1 min`; one when both read alike. */
export function secondsRange(low: Maybe, high: Maybe): string {
  const [from, to] = [seconds(low), seconds(high)];
  if (from === to || from === NONE) return to === NONE ? to : `about ${to}`;
  const [number, unit] = from.split(SPACE);
  return to.endsWith(`${SPACE}${unit}`) && !from.startsWith("<") ? `${number}–${to}` : `${from} – ${to}`;
}

/** Seconds left, said no more exactly than they are known: `about 40 s left`. */
export function remaining(secs: Maybe): string {
  if (missing(secs)) return "";
  if (secs < 1) return "nearly done";
  if (secs < 55) return `about ${Math.ceil(secs / 5) * 5}${SPACE}s left`;
  if (secs < 5400) return `about ${Math.max(1, Math.round(secs / 60))}${SPACE}min left`;
  return `about ${(secs / 3600).toFixed(1)}${SPACE}h left`;
}

/** Bytes in MiB, as in reports: `812 MiB`; a dash for nothing at all. */
export function mebibytes(bytes: Maybe): string {
  if (missing(bytes) || bytes === 0) return NONE;
  if (bytes < 2 ** 20) return `<${SPACE}1${SPACE}MiB`;
  return `${count(bytes / 2 ** 20)}${SPACE}MiB`;
}

/** The size of a file: `812 B`, `4.7 MB`, `91 MB`. Decimal units, as download pages and file browsers show. */
export function fileSize(bytes: Maybe): string {
  if (missing(bytes)) return NONE;
  if (bytes < 1000) return `${bytes}${SPACE}B`;
  let value = bytes;
  for (const unit of ["kB", "MB", "GB", "TB"]) {
    value /= 1000;
    if (value < 999.5 || unit === "TB") return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)}${SPACE}${unit}`;
  }
  return NONE;
}

/** A moment of the past, from Unix seconds: `just now`, `5 min ago`, `yesterday`, `12 Nov 2026`. */
export function ago(unixSecs: Maybe, now = Date.now() / 1000): string {
  if (missing(unixSecs)) return NONE;
  const secs = now - unixSecs;
  if (secs < 45) return "just now";
  if (secs < 3570) return `${Math.max(1, Math.round(secs / 60))}${SPACE}min ago`;
  if (secs < 86_400) return `${Math.round(secs / 3600)}${SPACE}h ago`;
  if (secs < 2 * 86_400) return "yesterday";
  if (secs < 14 * 86_400) return `${Math.floor(secs / 86_400)} days ago`;
  return day(unixSecs);
}

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** A day, from Unix seconds: `12 Nov 2026`. */
export function day(unixSecs: Maybe): string {
  return missing(unixSecs) ? NONE : DAY.format(new Date(unixSecs * 1000));
}

/** A day and its time, from Unix seconds: `12 Nov 2026, 09:41`. */
export function moment(unixSecs: Maybe): string {
  return missing(unixSecs) ? NONE : MOMENT.format(new Date(unixSecs * 1000));
}
