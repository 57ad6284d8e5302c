// JSON with the keys of objects sorted by their UTF-16 units and no white space: what is signed. The engine writes the same
// bytes (semid-core, study/protocol.rs). Numbers are whole, for which both programs agree.

export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    // `<` on strings compares their UTF-16 units, whatever the language of the browser is.
    fields.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(",")}}`;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new TypeError(`${value} is not a whole number.`);
  return JSON.stringify(value);
}
