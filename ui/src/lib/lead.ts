// What a trial is about, as named lines: those that follow each other under one name stand together below it.

export type Led = { name: string; lines: string[] };

export function underNames(lead: readonly (readonly [string, string])[]): Led[] {
  const groups: Led[] = [];
  for (const [name, line] of lead) {
    const last = groups.at(-1);
    if (last?.name === name) last.lines.push(line);
    else groups.push({ name, lines: [line] });
  }
  return groups;
}
