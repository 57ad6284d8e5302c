// What a person chose in an import, put together to a request. No DOM in here.

import type { FileKind, Format, ImportRequest, Mapping, PreviewReply, Role } from "../../lib/wire";

/** Columns by role, where a person chose them; `null`: the role has no column. */
export type Choices = Mapping;

/** A file that was chosen, and how it would be read. */
export type ChosenFile = { path: string; reply: PreviewReply; format: Format | null; choices: Choices };

/** What is asked beside the files. */
export type Words = { name: string; title: string; licence: string; simulated: boolean; text: string | null };

/** The column of each role: what was guessed, then what a person chose. */
export function columnsByRole(file: ChosenFile): Map<Role, string> {
  const columns = new Map<Role, string>(file.reply.preview.mapping);
  for (const [role, column] of Object.entries(file.choices) as [Role, string | null][]) {
    if (column === null) columns.delete(role);
    else columns.set(role, column);
  }
  return columns;
}

/** The role of each column that has one. */
export function rolesByColumn(file: ChosenFile): Map<string, Role> {
  return new Map([...columnsByRole(file)].map(([role, column]) => [column, role]));
}

/** The choices after a column was given a role, or none. A role has one column and a column one role. */
export function choose(file: ChosenFile, column: string, role: Role | null): Choices {
  const choices: Choices = { ...file.choices };
  for (const [other, itsColumn] of columnsByRole(file)) {
    if (itsColumn === column && other !== role) choices[other] = null;
  }
  if (role) choices[role] = column;
  return choices;
}

/** Required roles that no column of the file has. */
export function missingRoles(file: ChosenFile): string[] {
  const columns = columnsByRole(file);
  return file.reply.roles.filter(({ required, role }) => required && !columns.has(role as Role)).map(({ role }) => role);
}

/** The files by what is in them, and what is wrong with the choice, in a sentence. */
export function sortFiles(files: readonly ChosenFile[]): {
  items?: ChosenFile;
  interactions?: ChosenFile;
  problem?: string;
} {
  const of = (kind: FileKind) => files.filter((file) => file.reply.preview.kind === kind);
  const [items, moreItems] = of("items");
  const [interactions, moreInteractions] = of("interactions");
  let problem: string | undefined;
  if (moreInteractions) problem = "Two files are read as interactions. Take one away, or say that it holds items.";
  else if (moreItems) problem = "Two files are read as items. Take one away, or say that it holds interactions.";
  else if (!interactions) problem = "A file of interactions is needed: who met which item. Add one.";
  return { items, interactions, problem };
}

/** The request; none while the files are not right. */
export function requestOf(files: readonly ChosenFile[], words: Words, strict: boolean): ImportRequest | undefined {
  const { items, interactions, problem } = sortFiles(files);
  if (problem || !interactions) return undefined;
  return {
    name: words.name.trim(),
    title: words.title.trim(),
    licence: words.licence.trim(),
    simulated: words.simulated,
    items: items?.path ?? null,
    interactions: interactions.path,
    format: null,
    items_format: items?.format ?? null,
    interactions_format: interactions.format,
    map: null,
    mapping: { ...items?.choices, ...interactions.choices },
    text: items ? words.text : null,
    strict,
    keep_unknown_items: false,
    replace: false,
  };
}
