// An import as it is put together: files, roles, template, name, the check, the import itself.

import { jobs } from "../../lib/jobs.svelte";
import { rpc, RpcError, toRpcError } from "../../lib/rpc";
import type { Format, FileKind, ImportCheck, ImportRequest, Role, TextsReply } from "../../lib/wire";
import { type ChosenFile, choose, missingRoles, requestOf, sortFiles, type Words } from "./importDraft";

const PAUSE_MS = 250;

export class ImportState {
  files: ChosenFile[] = $state.raw([]);
  /** Files that could not be looked at. */
  refused: { path: string; error: RpcError }[] = $state.raw([]);
  looking = $state(0);
  words: Words = $state({ name: "", title: "", licence: "", simulated: false, text: null });

  texts: TextsReply | undefined = $state.raw();
  textsError: RpcError | undefined = $state.raw();

  job: number | undefined = $state();
  doing: "check" | "import" | undefined = $state();
  error: RpcError | undefined = $state.raw();
  /** What the check found, and the request it was of: after a change it no longer counts. */
  private checked: { of: string; check: ImportCheck } | undefined = $state.raw();

  readonly sorted = $derived(sortFiles(this.files));
  readonly request: ImportRequest | undefined = $derived(requestOf(this.files, this.words, false));
  readonly missing: { file: string; roles: string[] }[] = $derived(
    this.files
      .map((file) => ({ file: file.reply.preview.name, roles: missingRoles(file) }))
      .filter(({ roles }) => roles.length > 0),
  );
  readonly ready = $derived(this.request !== undefined && this.missing.length === 0);
  readonly check: ImportCheck | undefined = $derived(
    this.checked && this.checked.of === fingerprint(this.request) ? this.checked.check : undefined,
  );

  /** What was recognised among the files first dropped, in a sentence; and those that take no part, each with why. */
  recognised = $state("");
  unused: [string, string][] = $state.raw([]);

  /** The first files dropped, or folders of files, are told from each other; later ones are looked at one by one. */
  async add(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    this.looking += 1;
    try {
      if (this.files.length > 0) await this.lookAt(paths);
      else await this.recognise([...paths]);
    } catch (thrown) {
      this.error = toRpcError(thrown);
    }
    this.looking -= 1;
  }

  private async recognise(paths: string[]): Promise<void> {
    const { import: draft, unused, sentence } = await rpc("recognise_files", { paths });
    this.recognised = sentence;
    this.unused = unused;
    this.words = { name: draft.name, title: draft.title, licence: draft.licence, simulated: draft.simulated, text: draft.text };
    if (draft.interactions) await this.lookAt([draft.interactions], "interactions", draft.interactions_format);
    if (draft.items) await this.lookAt([draft.items], "items", draft.items_format);
  }

  private async lookAt(paths: readonly string[], kind: FileKind | null = null, format: Format | null = null): Promise<void> {
    for (const path of paths) {
      if (this.files.some((file) => file.path === path)) continue;
      this.unused = this.unused.filter(([other]) => other !== path);
      this.refused = this.refused.filter((refused) => refused.path !== path);
      try {
        const reply = await rpc("preview_file", { path, kind, format });
        this.files = [...this.files, { path, reply, format, choices: {} }];
        if (!this.words.name) this.words.name = reply.suggested_name;
      } catch (thrown) {
        this.refused = [...this.refused, { path, error: toRpcError(thrown) }];
      }
    }
  }

  /** Looks at a file that was not recognised after all. */
  async addAnyway(path: string): Promise<void> {
    this.looking += 1;
    await this.lookAt([path]);
    this.looking -= 1;
  }

  remove(path: string) {
    this.files = this.files.filter((file) => file.path !== path);
    this.refused = this.refused.filter((refused) => refused.path !== path);
  }

  /** Reads the file as something else; columns chosen for what it was no longer count. */
  async readAs(path: string, as: { kind?: FileKind; format?: Format }): Promise<void> {
    const file = this.files.find((file) => file.path === path);
    if (!file) return;
    const format = as.format ?? file.format;
    try {
      const reply = await rpc("preview_file", { path, kind: as.kind ?? file.reply.preview.kind, format });
      this.replace({ ...file, reply, format, choices: {} });
      this.refused = this.refused.filter((refused) => refused.path !== path);
    } catch (thrown) {
      this.refused = [...this.refused.filter((refused) => refused.path !== path), { path, error: toRpcError(thrown) }];
    }
  }

  setRole(path: string, column: string, role: Role | null) {
    const file = this.files.find((file) => file.path === path);
    if (file) this.replace({ ...file, choices: choose(file, column, role) });
  }

  private replace(file: ChosenFile) {
    this.files = this.files.map((other) => (other.path === file.path ? file : other));
  }

  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked = 0;

  /** Asks for the texts as they would be embedded, once typing pauses. */
  previewTexts() {
    const request = this.request;
    clearTimeout(this.timer);
    if (!request?.items || this.missing.length > 0) return;
    const mine = ++this.asked;
    this.timer = setTimeout(async () => {
      try {
        const texts = await rpc("preview_texts", { import: request });
        if (mine !== this.asked) return;
        this.texts = texts;
        this.textsError = undefined;
      } catch (thrown) {
        if (mine === this.asked) this.textsError = toRpcError(thrown);
      }
    }, PAUSE_MS);
  }

  async runCheck(): Promise<void> {
    const request = this.request;
    if (!request) return;
    const check = await this.run("check", () => jobs.start("check_import", { import: request }));
    if (check) this.checked = { of: fingerprint(request), check };
  }

  /** The name of the data set once it is in the workspace. */
  async runImport(options: { strict?: boolean; replace: boolean }): Promise<string | undefined> {
    const request = this.request;
    if (!request) return undefined;
    const report = await this.run("import", () => jobs.start("import", { ...request, ...options }));
    return report?.dataset.name;
  }

  private async run<T>(
    doing: "check" | "import",
    start: () => Promise<{ id: number; done: Promise<T> }>,
  ): Promise<T | undefined> {
    this.doing = doing;
    this.error = undefined;
    try {
      const { id, done } = await start();
      this.job = id;
      return await done;
    } catch (thrown) {
      const error = toRpcError(thrown);
      if (!error.cancelled) this.error = error;
      return undefined;
    } finally {
      this.job = this.doing = undefined;
    }
  }
}

function fingerprint(request: ImportRequest | undefined): string {
  return JSON.stringify(request);
}
