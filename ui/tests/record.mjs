// Writes tests/fixtures/ from the real engine: asks `semid rpc` what the screens ask, and keeps questions and answers.
// SEMID_HOME must hold only the sample and its comparison as run 1, whose licence lets its titles stand in this
// repository; SEMID_BIN names the program. Run with `npm run record`.

import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const FOLDER = join(import.meta.dirname, "fixtures");
const DATASET = "sample-films";
const RUN = 1;

const engine = spawn(process.env.SEMID_BIN ?? "../target/debug/semid", ["rpc"], { stdio: ["pipe", "pipe", "inherit"] });
const waiting = new Map();
createInterface({ input: engine.stdout }).on("line", (line) => {
  const answer = JSON.parse(line);
  waiting.get(answer.id)?.(answer);
});

let next = 1;
function ask(command, payload) {
  const id = next++;
  engine.stdin.write(`${JSON.stringify({ id, command, payload })}\n`);
  return new Promise((resolve) => waiting.set(id, resolve));
}

const kept = new Map();
/** Asks and keeps; a job's result is kept with it. A refusal is no fixture: whoever records mends the question. */
async function keep(command, payload = {}) {
  const { reply, error } = await ask(command, payload);
  if (error) throw new Error(`${command} ${JSON.stringify(payload)}: ${error.message}`);
  const one = { payload, reply };
  if (Object.keys(reply ?? {}).join() === "job") one.result = await outcome(reply.job);
  kept.set(command, [...(kept.get(command) ?? []), one]);
  return one.result ?? reply;
}

async function outcome(job) {
  for (;;) {
    const { reply } = await ask("job", { job });
    if (reply.state === "finished") return reply.result;
    if (reply.state === "failed" || reply.state === "cancelled") throw new Error(JSON.stringify(reply.error));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const page = { offset: 0, limit: 100 };
await keep("datasets");
await keep("preferences");
const about = await keep("about");
const detail = await keep("dataset", { dataset: DATASET });
for (const chart of detail.charts) await keep("dataset_chart", { dataset: DATASET, chart, dark: false });
await keep("items", { dataset: DATASET, query: null, ...page });
await keep("dataset_problems", { dataset: DATASET, query: null, ...page });
await keep("doctor", { repair: false, fetch: false });

await keep("methods");
const settings = await keep("starter", { dataset: DATASET });
await keep("fields", { settings });
await keep("check", { settings });
await keep("estimate", { settings });

await keep("prompts");

await keep("runs");
await keep("run_view", { run: RUN });
await keep("run_curves", { run: RUN, dark: false });
const comparison = await keep("comparison", { run: RUN });
const { names } = await keep("chart", { run: RUN, chart: "list", dark: false });
for (const chart of names) await keep("drawn_chart", { run: RUN, chart, dark: false });
const arm = comparison.arms.at(-1).key;
const against = comparison.arms[comparison.baseline].key;
const metric = comparison.primary_metric;
await keep("number", { run: RUN, arm, metric, against: null });
await keep("users", { run: RUN, arm, against, metric, sort: "difference", descending: true, query: null, ...page });
const user = await keep("user", { run: RUN, arm, seed: comparison.seeds[0], user: 0 });
const { item } = user.list[0].items[0];
await keep("why_item", { run: RUN, arm, seed: comparison.seeds[0], user: 0, item });

const [scheme] = await keep("schemes", { dataset: DATASET });
const ids = { dataset: DATASET, ids: scheme.ids };
await keep("id_scheme", ids);
await keep("id_tree", { ...ids, prefix: [], depth: 2 });
await keep("id_items", { ...ids, prefix: [], query: null, ...page });
await keep("neighbours", { ...ids, item: 0, k: 10 });
await keep("catalog_map", ids);
await keep("collisions", { ...ids, offset: 0, limit: 50 });
await keep("compare_ids", { dataset: DATASET, left: scheme.ids, right: scheme.ids, query: null, ...page });

// Three studies of one design: a draft, one that collects answers, one that is closed.
const starter = await keep("study_starter", { dataset: DATASET, ids: [] });
const small = {
  ...starter,
  consent: Object.fromEntries(Object.entries(starter.consent).map(([language, text]) => [language, text.replaceAll(/⟨.*?⟩/g, "A. Name, name@example.org")])),
  participants: 6,
  tasks: starter.tasks.filter(({ key }) => key !== "tells").map((task) => ({ ...task, per_arm: 2 })),
};
const study = (name) => ({ ...small, name });
await keep("study_check", { design: starter, texts: [] });
await keep("study_power", { design: study("films-draft") });
for (const name of ["films-draft", "films-open", "films-closed"]) await outcome((await must("study_save", { design: study(name), texts: [] })).job);
await must("study_replace", { name: "films-draft", stimulus: 0, item: null, why: "Everybody knows it." });
for (const name of ["films-open", "films-closed"]) await must("study_lock", { name });
await answered(await keep("study_sessions", { name: "films-open", count: 3 }), 0.6);
const people = await must("study_sessions", { name: "films-closed", count: 6 });
await answered(people, 1);
await outcome((await must("study_simulate", { name: "films-closed", count: 6, meaning: { "rq-kmeans": 0.8 } })).job);
await answered(await must("study_sessions", { name: "films-closed", count: 3, part: 2 }), 1);
await keep("study_withdraw", { pseudonym: people[5].pseudonym });
await must("study_close", { name: "films-closed" });
await keep("studies");
for (const name of ["films-draft", "films-open", "films-closed"]) await keep("study", { name });
for (const name of ["films-open", "films-closed"]) await keep("study_analysis", { name, version: 1 });
await keep("study_texts");

/** Asks without keeping. */
async function must(command, payload) {
  const { reply, error } = await ask(command, payload);
  if (error) throw new Error(`${command} ${JSON.stringify(payload)}: ${error.message}`);
  return reply;
}

/** Somebody who answers a share of each session, by the clock rather than by thinking. */
async function answered(sessions, share) {
  for (const [person, { session }] of sessions.entries()) {
    const { document } = await must("participant_session", { session });
    const [language] = document.languages;
    let now = 1_790_000_000_000 + person * 3_600_000;
    await must("participant_consent", { session, language, text_hash: document.consent_hash[language], given_at: now });
    for (const trial of document.trials.slice(0, Math.ceil(share * document.trials.length))) {
      const ms = 1500 + ((trial.position * 733 + person * 211) % 4000);
      now += ms + 500;
      const naming = trial.kind === "naming";
      const places = trial.points?.[language].length ?? trial.options.length;
      const answer = {
        position: trial.position,
        place: naming ? null : (trial.attention ?? (trial.position * 7 + person * 3) % places),
        cannot_judge: false,
        confidence: trial.confidence ? (trial.position + person) % 5 : null,
        text: naming ? ["films about war", "love", "crime in towns"][(trial.position + person) % 3] : null,
        ms,
        answered_at: now,
        language,
      };
      await must("participant_answer", { session, answer });
    }
  }
}

mkdirSync(FOLDER, { recursive: true });
for (const [command, answers] of kept) {
  // Where the machine that recorded keeps its files is nobody's business.
  const text = JSON.stringify(answers, null, 1).replaceAll(about.home, "/home/ada/semid");
  writeFileSync(join(FOLDER, `${command}.json`), `${text}\n`);
}
engine.stdin.end();
