// Written by `cargo xtask wire` from the Rust types; a test checks that it is current. Do not edit.

/** What this program is and stands on. */
export type About = {
  /** `0.1.0`. */
  version: string,
  /** Each fact as label and value ("SQLite", "3.51.0"; "Processor", "…"). */
  facts: Array<[string, string]>,
  /** Where everything is kept. */
  home: string,
  /** Whether the environment (`SEMID_HOME`) decides where that is, so that the preference does not count. */
  home_is_set: boolean,
  /** Bytes it takes on the disk. */
  home_bytes: number,
  /** Threads in use now. */
  threads: number,
  /** Processor cores. */
  cores: number,
  /** What a person set. */
  preferences: Preferences,
  /** Models at hand, and those that can be fetched. */
  models: Array<ModelRow>,
};

/** Accuracy of an arm in a task. */
export type AccuracyRow = {
  /** Key of the task. */
  task: string,
  /** Key of the arm. */
  arm: string,
  /** Hits, trials, chance, exact and Wilson interval, binomial p. */
  share: Share,
  /** Mean over participants with its bootstrap interval over them. */
  mean: number,
  /** Lower end. */
  low: number,
  /** Upper end. */
  high: number,
  /** Participants. */
  participants: number,
  /** Sign-flip p of the participants' accuracies against chance. */
  p_participants: number,
  /** The same over stimuli. */
  p_items: number,
};

/** What a language model learned in a run, to be written down. */
export type AdaptersRequest = {
  /** Which run. */
  run: number,
  /** Key of an arm that trained on a language model: `lm-soft`, `lm-speak/rq-kmeans`. */
  arm: string,
  /** Seed of the replicate. */
  seed: number,
  /** Folder to write into. */
  output: string,
};

/** What was written. */
export type AdaptersWritten = {
  /** The language model that it belongs to. */
  model: string,
  /** The files. */
  files: Array<string>,
};

/** Agreement in a task. */
export type AgreementRow = {
  /** Key of the task. */
  task: string,
  /** Krippendorff's α: ordinal for ratings, nominal for choices. */
  alpha: Coefficient | null,
  /** The level of measurement. */
  level: Measurement | null,
  /** ICC(A,1): mean over the rows of the Latin square, whose raters rated the same stimuli; ends likewise. */
  icc_single: Coefficient | null,
  /** ICC(A,k). */
  icc_average: Coefficient | null,
  /** Rows of the Latin square that had two raters or more. */
  icc_rows: number,
};

/** Everything the answers say. */
export type Analysis = {
  /** Participants with answers. */
  participants: number,
  /** Those left out, each with the rule. */
  excluded: Array<Excluded>,
  /** Trials of each task, before and after. */
  counts: Array<TaskCounts>,
  /** Accuracy per arm. */
  accuracy: Array<AccuracyRow>,
  /** Differences between arms: accuracy or mean rating, by participant and by item. */
  differences: Array<DifferenceRow>,
  /** Ratings. */
  ratings: Array<RatingRow>,
  /** Probability of superiority between arms. */
  superiority: Array<SuperiorityRow>,
  /** Agreement between raters. */
  agreement: Array<AgreementRow>,
  /** Response times. */
  times: Array<TimeRow>,
  /** What each number is, by the name of its table or column. */
  formulas: { [key in string]: string
  },
};

/** One answer, as the page gives it. */
export type Answer = {
  /** Place of the trial in the session, from 0. */
  position: number,
  /** Place chosen on the screen, from 0. */
  place: number | null,
  /** "Cannot judge" was chosen. */
  cannot_judge: boolean,
  /** How sure, 0 to 4. */
  confidence: number | null,
  /** Words. */
  text: string | null,
  /** Milliseconds from showing to answering. */
  ms: number,
  /** Unix milliseconds on the participant's clock. */
  answered_at: number,
  /** Language of the page. */
  language: string,
};

/** How an order is read from a model. */
export type AnswerBy = "likelihood" | "written";

/** Answer a trial. */
export type AnswerRequest = {
  /** Token of the session. */
  session: string,
  /** The answer. */
  answer: Answer,
};

/** One answer, with all that is known of it: a row of the long format. */
export type AnswerRow = {
  /** Who. */
  pseudonym: string,
  /** What kind of participant. */
  kind: ParticipantKind,
  /** 2 for those who match names that others gave. */
  part: number,
  /** Row in the Latin square. */
  row: number,
  /** The rule that leaves this participant out; none for those who stay in. */
  excluded: string | null,
  /** Place in the session, from 1. */
  position: number,
  /** Key of the task. */
  task: string,
  /** `intrusion`, `forward-simulation`, `naming`, `matching`, `rating`. */
  task_kind: string,
  /** Whether it is an attention check, which has no stimulus and no arm. */
  attention: boolean,
  /** Place of the stimulus among those of the study. */
  stimulus: number | null,
  /** Key of its item. */
  item: string | null,
  /** The item's title. */
  item_title: string | null,
  /** The third by popularity: 0 the least met. */
  band: number | null,
  /** Key of the arm. */
  arm: string | null,
  /** The code shown: `3·14`. */
  prefix: string | null,
  /** Place chosen on the screen, from 1. */
  place: number | null,
  /** Number of the option chosen, from 1, whatever its place on the screen. */
  choice: number | null,
  /** Whether the choice is right (for checks: as instructed); none where nothing is right or wrong. */
  right: boolean | null,
  /** What guessing gives. */
  chance: number | null,
  /** Point chosen on a scale, from 1. */
  rating: number | null,
  /** The point's label in the participant's language. */
  rating_label: string | null,
  /** "Cannot judge" was chosen. */
  cannot_judge: boolean,
  /** Confidence, from 1 to 5. */
  confidence: number | null,
  /** Words that were written. Free text: escape it. */
  text: string | null,
  /** Milliseconds from showing to answering. */
  ms: number,
  /** Language of the page. */
  language: string,
  /** Unix milliseconds on the participant's clock. */
  answered_at: number,
};

/** What an answers file brought. */
export type AnswersImported = {
  /** The study. */
  study: string,
  /** Its version. */
  version: number,
  /** Whose answers they are. */
  pseudonym: string,
  /** Answers in the file. */
  answers: number,
  /** Those that were not here before. */
  new: number,
  /** Trials of the session. */
  trials: number,
  /** Whether the participant ended early. */
  stopped: boolean,
  /** What happened, in a sentence. */
  sentence: string,
};

/** An error as every client sees it. */
export type ApiError = {
  /** What kind; stable. */
  code: Code,
  /** What happened, to what. */
  message: string,
  /** What to do; empty when the message says it. */
  hint: string,
  /** Problems with fields, for forms. */
  problems: Array<FieldProblem>,
};

/** The curves of an arm. */
export type ArmCurves = {
  /** `generative/rq-kmeans`. */
  arm: string,
  /** "Generative · RQ-KMeans". */
  title: string,
  /** One a series and seed. */
  curves: Array<Curve>,
};

/** One way of naming items. */
export type ArmDesign = {
  /** `rq-kmeans`, `hash`, `permuted`, `category-path`. Never shown to participants. */
  key: string,
  /** "RQ-KMeans". */
  title: string,
  /** Names the IDs, as `SchemeRow` does. */
  ids: string,
  /** Names the explanations that a language model wrote under this way of naming, as `SET/KEY`; none: there are none. */
  explanations?: string,
};

/** One arm: a recommender, with an ID scheme where it speaks in IDs. */
export type ArmResult = {
  /** `generative/rq-kmeans`, `popularity`. */
  key: string,
  /** "Generative · RQ-KMeans". */
  title: string,
  /** Recommender's key. */
  recommender: string,
  /** ID scheme's key; none for recommenders that name items directly. */
  ids: string | null,
  /** One entry per metric of the comparison, in its order. */
  values: Array<MetricValue>,
  /** What it cost, mean over seeds. */
  cost: Cost,
  /** Whether to believe it. */
  health: Health,
  /** One value per measure of breadth, in their order, mean over seeds. */
  breadth: Array<number>,
  /** The primary metric and its companions by slice. */
  slices: Array<SliceValue>,
  /** Training curves of every seed. */
  curves: Array<Curve>,
};

/** A request in a person's own words. */
export type AskRequest = {
  /** The data set. */
  dataset: string,
  /** Names the IDs, as `SchemeRow` does. */
  ids: string,
  /** What is wished for. */
  text: string,
  /** The language model; none: the page answers by retrieval alone. */
  model?: string | null,
  /** Keys of items that the person liked, oldest first. */
  history: Array<string>,
  /** What was asked and shown before, oldest first: the list is steered from there. */
  earlier: Array<AskTurn>,
  /** Items wanted at the most. */
  count: number,
};

/** A request before, and what was shown for it. */
export type AskTurn = {
  /** In the person's words. */
  text: string,
  /** Keys of the items shown, best first. */
  items: Array<string>,
};

/** What was found for a request. */
export type Asked = {
  /** The items, best first. */
  items: Array<AskedItem>,
  /** The model that ordered and explained them; none: no model spoke. */
  model: string | null,
  /** Who spoke, and what of it could not be used, in sentences. */
  notes: Array<string>,
  /** What the model was asked, to be looked at. */
  prompt: string | null,
};

/** One item of an answer. */
export type AskedItem = {
  /** The item with its ID and labels. */
  item: NamedItem,
  /** Cosine of its text with the request. */
  similarity: number,
  /** Where it came from. */
  found_by: FoundBy,
  /** The words of the model, which nobody checked; none: it said nothing of this item. */
  explanation: string | null,
};

/** A value with its interval. */
export type Axis = {
  /** The value. */
  value: number,
  /** Lower end of the 95 % interval. */
  low: number,
  /** Upper end. */
  high: number,
  /** Participants, or users. */
  n: number,
};

/** Write a data set, as an experiment prepares and splits it, in another system's forms. */
export type BridgeExportRequest = {
  /** The experiment. */
  settings: ExperimentSettings,
  /** Key of the scheme whose IDs go along; none when null. */
  ids?: string | null,
  /** Seed of the IDs. */
  seed: number,
  /** Whose forms. */
  format: BridgeFormat,
  /** Also the vectors of the items. */
  embeddings: boolean,
  /** The folder. */
  output: string,
};

/** What was exported. */
export type BridgeExported = {
  /** Whose forms. */
  format: BridgeFormat,
  /** The folder. */
  folder: string,
  /** Its files and what each holds. */
  files: Array<[string, string]>,
  /** Users with at least one interaction. */
  users: number,
  /** Items that take part. */
  items: number,
  /** Interactions that take part. */
  interactions: number,
  /** Users to be judged. */
  test_cases: number,
  /** "keys" or "indices": what stands for users and items in the files. */
  names: string,
  /** What was left out or renamed, in sentences; empty when nothing. */
  notes: Array<string>,
};

/** Whose forms are written. */
export type BridgeFormat = "grid" | "lcrec" | "recbole" | "parquet";

/** The catalog on a plane (result of the job `catalog_map`; kept, so that a second call is quick). */
export type CatalogMap = {
  /** Across, one an item, in −1 … 1. */
  x: Array<number>,
  /** Up, one an item, in −1 … 1. */
  y: Array<number>,
  /** First code, one an item. */
  code: Array<number>,
  /** Title, one an item. */
  title: Array<string>,
  /** ID as text, one an item. */
  id: Array<string>,
  /** First codes with label and items, most items first. */
  codes: Array<MapCode>,
  /** How the plane was made, in a sentence. */
  method: string,
};

/** How well prefixes agree with categories, beside what chance gives. */
export type CategoryAgreement = {
  /** Purity. */
  purity: number,
  /** Mean purity over random permutations of the IDs. */
  purity_by_chance: number,
  /** Normalised mutual information (arithmetic mean). */
  nmi: number,
  /** Mean NMI over the same permutations. */
  nmi_by_chance: number,
  /** Adjusted mutual information. */
  ami: number,
};

/** A place on a drawing, in the units of its `viewBox`, and what to say there. */
export type ChartMark = {
  /** Left. */
  x: number,
  /** Top. */
  y: number,
  /** Width. */
  width: number,
  /** Height. */
  height: number,
  /** What to say, one line each. */
  lines: Array<string>,
};

/** A chart, or the names of the charts. */
export type ChartReply = {
  /** The charts there are. */
  names: Array<string>,
  /** The drawing; none when only names were asked for. */
  svg: string | null,
};

/** Draw a chart. */
export type ChartRequest = {
  /** Which run. */
  run: number,
  /** Which chart; `list` names them. */
  chart: string,
  /** Dark instead of light. */
  dark: boolean,
};

/** What stands around a question and its answer: the model's chat template, written out. */
export type ChatFrame = {
  /** Before the question. */
  opening: string,
  /** Between question and answer. */
  turn: string,
  /** After the answer; learned with it. */
  closing: string,
};

/** Kinds of errors, each for someone who acts differently on it. */
export type Code = "cancelled" | "input" | "settings" | "not-found" | "exists" | "not-here" | "machine" | "busy" | "internal";

/** The shape of IDs. */
export type CodeSettings = {
  /** Levels of an ID. */
  levels: number,
  /** Codes of each level. */
  codes: number,
  /** What to do when items share all codes. */
  collisions: CollisionRule,
};

/** An agreement coefficient with its interval. */
export type Coefficient = {
  /** The value: 1 is perfect agreement, 0 what chance gives. */
  value: number,
  /** Lower end of the 95 % interval. */
  low: number,
  /** Upper end. */
  high: number,
  /** Units that at least two raters rated. */
  units: number,
  /** Raters. */
  raters: number,
};

/** Groups of items that share all codes, largest first. */
export type CollisionPage = {
  /** Groups in all. */
  groups: number,
  /** Items in them. */
  items: number,
  /** In a sentence: what it means and what is done about it. */
  sentence: string,
  /** The page. */
  page: Array<Array<NamedItem>>,
};

/** How items that share all their codes are told apart. */
export type CollisionRule = "append-digit" | "next-best" | "keep";

/** A page of groups of items that share all codes. */
export type CollisionsRequest = {
  /** The data set. */
  dataset: string,
  /** Names the IDs. */
  ids: string,
  /** First group. */
  offset: number,
  /** Groups at most. */
  limit: number,
};

/** Companions beside a human number, for one task. */
export type CompanionRow = {
  /** Key of the task. */
  task: string,
  /** `prefix purity` or `label coherence`. */
  measure: string,
  /** Mean of the measure in each arm, by key. */
  by_arm: { [key in string]: number
  },
  /** Spearman's correlation with the human number (share right, or mean rating) over stimuli as arms show them; none
   * with fewer than three, or without spread. */
  correlation: number | null,
  /** Stimuli as arms show them, behind the correlation. */
  n: number,
};

/** Two schemes side by side. */
export type CompareIdsReply = {
  /** Each measure as label, left, right, formatted: unique share, purity, neighbour recall, … . */
  measures: Array<[string, string, string]>,
  /** Adjusted mutual information between the prefixes of the two, one a level. */
  agreement: Array<number>,
  /** Items that match. */
  total: number,
  /** The page. */
  rows: Array<ComparedItem>,
};

/** Lay two schemes side by side on the same items. */
export type CompareIdsRequest = {
  /** The data set. */
  dataset: string,
  /** One. */
  left: string,
  /** The other. */
  right: string,
  /** Words that key, title or an ID must contain; none: all. */
  query?: string | null,
  /** First row. */
  offset: number,
  /** Rows at most. */
  limit: number,
};

/** An item under two schemes. */
export type ComparedItem = {
  /** Under the one. */
  left: NamedItem,
  /** Under the other. */
  right: NamedItem,
};

/** The outcome of one experiment. */
export type Comparison = {
  /** The name the person gave it. */
  name: string,
  /** Unix seconds at which it finished. */
  finished_at: number,
  /** What it ran on. */
  dataset: DatasetFacts,
  /** How it was judged. Two comparisons with different protocols never share an axis or a test. */
  protocol: Protocol,
  /** Seeds of the replicates. */
  seeds: Array<number>,
  /** The metric the headline, the charts and the sorting speak of first, for instance `ndcg@10`. */
  primary_metric: string,
  /** Definitions of all metrics shown. */
  metrics: Array<MetricFacts>,
  /** Definitions of the measures of breadth: what all lists of an arm together look like. */
  breadth_metrics: Array<MetricFacts>,
  /** The arms, in the order asked for. */
  arms: Array<ArmResult>,
  /** Index of the arm that all others are compared with. */
  baseline: number,
  /** Every arm against the baseline, for every metric shown. */
  differences: Array<Difference>,
  /** Semantic − permuted under the same recommender: the meaning gain, the headline. */
  meaning_gains: Array<Difference>,
  /** Semantic − hash under the same recommender. */
  hash_gains: Array<Difference>,
  /** The question answered in a few sentences, every number from this struct. */
  verdict: Array<string>,
  /** The ID schemes: shape, quality, examples. */
  id_schemes: Array<IdSchemeResult>,
  /** Seconds of every stage of the run, in order. */
  stages: Array<StageTime>,
  /** The machine and the versions, as label and value. */
  provenance: Array<[string, string]>,
  /** The settings that reproduce it, as an experiment file. */
  settings_toml: string,
};

/** Where a model in candle's words computes. Another device adds in another order, so it gives other last bits. */
export type ComputeDevice = "cpu" | "cuda" | "metal";

/** Agree to take part. */
export type ConsentRequest = {
  /** Token of the session. */
  session: string,
  /** Language of the text that was read. */
  language: string,
  /** Its SHA-256. */
  text_hash: string,
  /** Unix milliseconds. */
  given_at: number,
};

/** Which correction. */
export type Correction = "holm" | "benjamini-hochberg";

/** What an arm cost. */
export type Cost = {
  /** Wall seconds spent embedding what this arm needs; 0 when it needs no embeddings. */
  embed_secs: number,
  /** Wall seconds for learning the quantizer and assigning IDs. */
  quantize_secs: number,
  /** Wall seconds of training, mean over seeds. */
  train_secs: number,
  /** Wall seconds of ranking all judged users, mean over seeds. */
  rank_secs: number,
  /** Highest resident memory of the process while the arm worked. */
  peak_bytes: number,
  /** Learned numbers. */
  parameters: number,
};

/** A curve recorded while training. */
export type Curve = {
  /** "training loss", "validation ndcg@10". */
  series: string,
  /** Seed of the replicate. */
  seed: number,
  /** (epoch or step, value). */
  points: Array<[number, number]>,
};

/** A data set of the workspace. */
export type Dataset = {
  /** Number inside this workspace; a replaced data set gets a new one. */
  id: number,
  /** Its name in the workspace; unique. */
  name: string,
  /** What a person calls it. */
  title: string,
  /** Licence in a sentence; empty when unknown. */
  licence: string,
  /** Whether the interactions were simulated; said wherever the data set is shown. */
  simulated: boolean,
  /** Where it came from. */
  source: string,
  /** The template that made each item's text. */
  text_template: string,
  /** Columns, filters and whatever else the import was told. */
  settings: unknown,
  /** Digest of items, users and interactions as stored. */
  digest: string,
  /** Unix seconds. */
  imported_at: number,
  /** Items of the catalog. */
  items: number,
  /** Users. */
  users: number,
  /** Interactions. */
  interactions: number,
  /** Rows of the files that could not be used. */
  problems: number,
};

/** A chart of a data set. */
export type DatasetChartRequest = {
  /** Its name. */
  dataset: string,
  /** Which chart. */
  chart: string,
  /** Dark instead of light. */
  dark: boolean,
};

/** A data set with everything its page shows. */
export type DatasetDetail = {
  /** As stored. */
  dataset: Dataset,
  /** Interactions over users times items, 0–1. */
  density: number,
  /** Each fact as label and value, formatted ("Median history", "26"). */
  facts: Array<[string, string]>,
  /** Problems by kind. */
  problems: Array<ProblemCount>,
  /** Charts there are: `history-lengths`, `popularity`, … */
  charts: Array<string>,
  /** Its runs, newest first. */
  runs: Array<number>,
};

/** What is known of a data set. */
export type DatasetFacts = {
  /** Its name in the workspace. */
  name: string,
  /** What a person calls it. */
  title: string,
  /** Licence in a sentence; empty when unknown. */
  licence: string,
  /** Whether the interactions were simulated; said wherever the data set is shown. */
  simulated: boolean,
  /** Users, items, interactions after the filters. */
  users: number,
  /** Items of the catalog that take part. */
  items: number,
  /** Interactions that take part. */
  interactions: number,
  /** Items that are learned to be predicted: every training item of a user after the first. */
  training_windows: number,
  /** Digest of the data as imported. */
  digest: string,
};

/** Data sets in the workspace and recipes at hand. */
export type DatasetList = {
  /** In the workspace. */
  datasets: Array<Dataset>,
  /** At hand. */
  recipes: Array<RecipeRow>,
};

/** Names a data set. */
export type DatasetRequest = {
  /** Its name. */
  dataset: string,
};

/** One line of a comparison with the built-in template. */
export type DiffLine = {
  /** In which part. */
  part: PromptPart,
  /** Whether it was added, taken away, or is the same. */
  mark: DiffMark,
  /** The line, without its end. */
  text: string,
};

/** What happened to a line. */
export type DiffMark = "same" | "added" | "removed";

/** One arm minus another on the same users. */
export type Difference = {
  /** Key of the arm. */
  arm: string,
  /** Key of the arm subtracted. */
  against: string,
  /** `ndcg@10`. */
  metric: string,
  /** Mean paired difference. */
  difference: number,
  /** 95 % paired bootstrap interval. */
  low: number,
  /** Upper end. */
  high: number,
  /** Two-sided sign-flip p, (b + 1) / (m + 1). */
  p: number,
  /** Adjusted over the family the comparison names. */
  p_adjusted: number,
  /** Mean difference over its standard deviation. */
  effect_size: number,
  /** Users for whom the arm is better. */
  wins: number,
  /** Users for whom both are equal. */
  ties: number,
  /** Users for whom it is worse. */
  losses: number,
};

/** One arm minus another. */
export type DifferenceRow = {
  /** Key of the task. */
  task: string,
  /** `accuracy` or `rating`. */
  outcome: string,
  /** Key of the one. */
  arm: string,
  /** Key of the other. */
  against: string,
  /** Mean difference over participants. */
  difference: number,
  /** Lower end of its 95 % interval over participants. */
  low: number,
  /** Upper end. */
  high: number,
  /** Participants. */
  participants: number,
  /** Items. */
  items: number,
  /** Interval over items. */
  item_low: number,
  /** Upper end. */
  item_high: number,
  /** Sign-flip p by participant. */
  p_participants: number,
  /** Sign-flip p by item. */
  p_items: number,
  /** p of min F′. */
  p_min_f: number,
  /** The larger of the two sign-flip p-values, adjusted by Holm over all rows of this table. */
  p_adjusted: number,
};

/** What the doctor saw. */
export type DoctorReport = {
  /** Worst first; empty when all is well. */
  findings: Array<Finding>,
  /** What was mended. */
  repaired: Array<string>,
  /** The home looked at. */
  home: string,
};

/** Look at everything. */
export type DoctorRequest = {
  /** Mend what can be mended without losing anything. */
  repair: boolean,
  /** Fetch the text encoder if it is not here. */
  fetch: boolean,
};

/** A chart and the same numbers as a table. */
export type DrawnChart = {
  /** Its name. */
  name: string,
  /** Its title. */
  title: string,
  /** The drawing; scale it by its `viewBox`. */
  svg: string,
  /** The same numbers. */
  table: Table,
  /** Where on the drawing a value can be pointed at; may be empty. */
  marks: Array<ChartMark>,
};

/** What to do when a user met an item more than once. */
export type Duplicates = "keep-all" | "keep-first" | "keep-last";

/** Settings of EASE. */
export type EaseSettings = {
  /** L2 penalty on the weights, in interactions, since it is added to each item's count: the higher, the less items with
   * few interactions are believed. */
  lambda: number,
};

/** Vectors were written. */
export type EmbedReport = {
  /** Number of texts. */
  rows: number,
  /** Numbers in a vector. */
  dim: number,
  /** Instructions and precision used: "bf16-avx512". */
  kernel: string,
  /** Wall seconds of loading the encoder. */
  load_secs: number,
  /** Wall seconds of embedding. */
  embed_secs: number,
  /** Where they are. */
  output: string,
};

/** Turn a file of texts into vectors. */
export type EmbedRequest = {
  /** One text a line. */
  texts: string,
  /** `.npy`, f32 rows. */
  output: string,
  /** Name or folder of the encoder. */
  model: string,
};

/** How long an experiment will take. */
export type Estimate = {
  /** Each stage with its seconds, in order; 0 where an artifact is reused. */
  stages: Array<EstimatedStage>,
  /** Seconds in all, the likeliest. */
  secs: number,
  /** Seconds in all, likely at least. */
  low_secs: number,
  /** Seconds in all, likely at most. */
  high_secs: number,
  /** What it rests on, in a sentence. */
  basis: string,
  /** A finished run of the same experiment on the same data, which will be shown instead. */
  finished_run: number | null,
  /** A stopped run of the same experiment, which will be resumed. */
  resumes_run: number | null,
  /** What must be fetched first, such as the text encoder; empty when nothing. */
  missing: Array<string>,
};

/** A stage to come. */
export type EstimatedStage = {
  /** "Train and rank Generative · Hash, seed 1". */
  stage: string,
  /** Seconds. */
  secs: number,
  /** Whether it is done already. */
  reused: boolean,
};

/** Judge the lists of any system. */
export type EvalRequest = {
  /** TREC run. */
  run: string,
  /** TREC qrels. */
  qrels: string,
  /** `ndcg@10`, … */
  metrics: Array<string>,
  /** Write every user's values here. */
  per_user?: string | null,
};

/** How lists are judged. */
export type EvaluationSettings = {
  /** Metrics shown, such as `ndcg@10`; the first is the one the headline speaks of. */
  metrics: Array<string>,
  /** Bootstrap resamples behind the intervals, at least 1,000. */
  resamples: number,
  /** Sign flips behind the p-values, at least 1,000. */
  flips: number,
  /** How p-values are adjusted over all arms and metrics shown. */
  correction: Correction,
};

/** A participant left out. */
export type Excluded = {
  /** Number of the participant. */
  participant: number,
  /** `failed-checks`, `too-fast`, `too-few-answers`. */
  rule: string,
  /** In a sentence. */
  sentence: string,
};

/** An experiment as typed. */
export type ExperimentSettings = {
  /** What a person calls it. */
  name: string,
  /** Name of a data set in the workspace. */
  dataset: string,
  /** One replicate of everything after the embeddings per seed: IDs, initialisation, shuffling. */
  seeds: Array<number>,
  /** The seed of the split, the ties, the bootstrap: shared by all replicates, so that users stay comparable. */
  data_seed: number,
  /** Key of the arm that all others are compared with. */
  baseline: string,
  /** Filters, order in time, split. */
  prepare: PrepareSettings,
  /** How texts become vectors. */
  text: TextSettings,
  /** The shape all ID schemes share, so that arms spend the same tokens. */
  codes: CodeSettings,
  /** ID schemes, each an arm of every recommender that speaks in IDs. */
  ids: Array<IdSettings>,
  /** Recommenders. */
  recommenders: Array<RecommenderSettings>,
  /** How lists are judged. */
  evaluation: EvaluationSettings,
};

/** Ask for explanations. */
export type ExplainRequest = {
  /** The data set. */
  dataset: string,
  /** IDs to name items by, as `SchemeRow` names them; at least one. */
  ids: Array<string>,
  /** The language model. */
  model: string,
  /** Recommendations that are explained. */
  count: number,
  /** Draws them. */
  seed: number,
};

/** Why an item was recommended, in a language model's words. */
export type Explained = {
  /** Items that the person had met, oldest first, by their place in the catalog: the same in every arm. */
  liked: Array<number>,
  /** The explanation, one line; hostile text. */
  text: string,
};

/** One way of naming items, with its explanations. */
export type ExplainedArm = {
  /** `title`, `hash`, `legend.rq-kmeans`. */
  key: string,
  /** "RQ-KMeans with legend". */
  title: string,
  /** Names the IDs it named items by; none: it used none. */
  ids: string | null,
  /** Explanations by recommended item. */
  explained: { [key in number]: Explained
  },
};

/** Explanations of the same recommendations under several ways of naming items. */
export type ExplanationSet = {
  /** Names it in a study's design. */
  name: string,
  /** The data set. */
  dataset: string,
  /** Digest of the data as filtered and split: the items are places in this catalog. */
  data: string,
  /** Who wrote them. */
  model: string,
  /** Digest of the prompt. */
  prompt: string,
  /** Recommendations that are explained in every arm. */
  pairs: number,
  /** Recommendations that were left out because an answer could not be read in one of the arms. */
  left_out: number,
  /** Titles of the items that are recommended or told, by their place. */
  titles: { [key in number]: string
  },
  /** One a way of naming. */
  arms: Array<ExplainedArm>,
};

/** A report was written. */
export type ExportReport = {
  /** Which run. */
  run: number,
  /** The page to open. */
  report: string,
};

/** Write a report. */
export type ExportRequest = {
  /** Which run; the newest finished one when none. */
  run?: number | null,
  /** The folder. */
  output: string,
  /** Also per-user values. */
  per_user: boolean,
};

/** Write a session as one file that runs in any browser. */
export type ExportSessionRequest = {
  /** Whose. */
  pseudonym: string,
  /** The file, or a folder for it. */
  output: string,
};

/** A setting explained. */
export type FieldFacts = {
  /** Path in the settings: `codes.levels`, `recommenders.generative.d_model`; the path problems name, too. */
  field: string,
  /** What a form calls it. */
  title: string,
  /** What it does, in a sentence. */
  sentence: string,
  /** What can be typed. */
  input: FieldInput,
  /** Unit, such as "items"; may be empty. */
  unit: string,
  /** Whether it may be left empty. */
  optional: boolean,
  /** Whether a beginner never needs it. */
  advanced: boolean,
};

/** What can be typed into a field. */
export type FieldInput = { "kind": "text"
} | { "kind": "number",
  /** Lowest. */
  low: number,
  /** Highest. */
  high: number,
  /** Whether only whole numbers. */
  whole: boolean,
} | { "kind": "switch"
} | { "kind": "choice",
  /** Value, title and sentence of each. */
  choices: Array<[string, string, string]>,
} | { "kind": "list"
} | { "kind": "file"
};

/** What is wrong with one field. */
export type FieldProblem = {
  /** Path of the field: `codes.levels`. */
  field: string,
  /** What is wrong and what to do. */
  sentence: string,
};

/** What became of a file. */
export type FileFate = "rewritten" | "deleted" | "not-reached";

/** What the rows of a file are. */
export type FileKind = "items" | "interactions";

/** What became of a file. */
export type FileOutcome = {
  /** Where it was put, or read. */
  path: string,
  /** What became of it. */
  fate: FileFate,
  /** In a sentence. */
  sentence: string,
};

/** What a file would be read as. */
export type FilePreview = {
  /** Name without its folder. */
  name: string,
  /** Size on the disk. */
  bytes: number,
  /** Whether it is compressed with gzip. */
  compressed: boolean,
  /** Its format. */
  format: Format,
  /** What its rows seem to be. */
  kind: FileKind,
  /** Its columns. */
  columns: Array<string>,
  /** The first rows as text, one entry a column. */
  rows: Array<Array<string>>,
  /** The column of each role that has one. */
  mapping: Array<[Role, string]>,
  /** The template the item texts would be made with; none for interactions. */
  text: string | null,
};

/** Names a file. */
export type FileRequest = {
  /** The file. */
  path: string,
};

/** A file as it was read. */
export type FileSummary = {
  /** Name without its folder. */
  name: string,
  /** What its rows are. */
  kind: FileKind,
  /** Its format. */
  format: Format,
  /** Size on the disk. */
  bytes: number,
  /** Rows read, good and bad, without the header. */
  rows: number,
  /** Its columns by role. */
  columns: Array<[Role, string]>,
};

/** Tell dropped files from each other. */
export type FilesRequest = {
  /** Files, or folders that stand for the files in them. */
  paths: Array<string>,
};

/** One thing the doctor noticed. */
export type Finding = {
  /** How much it matters. */
  severity: Severity,
  /** What it is, in a sentence. */
  what: string,
  /** What to do, in a sentence. */
  advice: string,
  /** What [`Store::repair`] would do about it, where that is safe. */
  repair: Repair | null,
};

/** What a file is. Compression with gzip is seen by itself and no part of it. */
export type Format = "csv" | "tsv" | "json-lines" | "parquet" | "recbole" | "movielens-100k" | "movielens-1m" | "movielens" | "amazon-2014" | "amazon-2018" | "amazon-2023";

/** A file format. */
export type FormatFacts = {
  /** The value. */
  format: Format,
  /** What people call it. */
  title: string,
};

/** Where an item came from. */
export type FoundBy = { "by": "text",
} | { "by": "id",
  /** Codes shared from the root. */
  prefix: Array<number>,
  /** What they mean; empty where codes mean nothing. */
  label: string,
  /** Title of the item it shares them with. */
  with: string,
};

/** What a position of the transformer reads. */
export type GenerativePositions = "tokens" | "items";

/** How the generative recommender is built, trained and decoded. Every field counts; nothing is implied. */
export type GenerativeSettings = {
  /** What a position of the transformer reads. */
  positions: GenerativePositions,
  /** Whether a token's softmax runs over the tokens that continue an ID of the catalog, in training and in ranking;
   * else over all tokens of the level. A token that nothing else could follow then costs nothing. */
  trie_softmax: boolean,
  /** Whether the output matrix of a level is the embedding of its tokens (Press & Wolf 2017), not one of its own. */
  tied: boolean,
  /** Where positions are items, the width between the two products of a level's head; 0 for heads that only add the
   * tokens before. */
  head_width: number,
  /** Transformer blocks. */
  layers: number,
  /** Width of the residual stream. */
  d_model: number,
  /** Attention heads; must divide `d_model`. */
  heads: number,
  /** Share of the numbers dropped after the embedding and after each half of a block. */
  dropout: number,
  /** The model looks at this many of the last items. */
  max_history: number,
  /** Items that are targets in one window of a long history; `max_history + 1` makes windows follow each other
   * without overlap (cheapest), fewer give every target more context and cost proportionally more. */
  window_stride: number,
  /** Tokens in one optimiser step. */
  batch_tokens: number,
  /** Passes over the training interactions. */
  epochs: number,
  /** Highest learning rate, reached after the warm-up, falling along a cosine to a tenth. */
  learning_rate: number,
  /** Share of the training over which the learning rate rises from 0. */
  warm_up_share: number,
  /** AdamW's decoupled decay of matrices and embeddings. */
  weight_decay: number,
  /** Share of the target probability spread evenly over the codes of the level. */
  label_smoothing: number,
  /** Gradients longer than this (Euclidean norm) are shortened to it. */
  clip_norm: number,
  /** Epochs from one validation to the next. */
  validate_every: number,
  /** Validations without a better NDCG@10 after which training stops. */
  patience: number,
  /** At most this many validation cases, drawn with the seed. */
  validation_cases: number,
  /** Prefixes kept per level when ranking; never fewer than twice the length of the list asked for. */
  beam: number,
  /** Parts a batch is cut into, each computed by one thread. Part of the settings and not of the machine, since the
   * order in which gradients are added decides the last bits. */
  shards: number,
  /** What the products of training multiply; ranking multiplies f32. */
  precision: TrainingPrecision,
};

/** How the gradient gets past the choice of a code, which has none of its own. */
export type GradientRoute = "straight-through" | "rotation";

/** Signs that an arm works as it should. */
export type Health = {
  /** Share of emitted IDs that are an item's ID, as decoded: 1 where decoding is constrained by the trie. */
  id_validity: number,
  /** The same share on a sample of users when nothing constrains decoding; none where there is nothing to constrain. */
  unconstrained_id_validity: number | null,
  /** Users for whom no list came. */
  users_without_list: number,
  /** Users whose list was shorter than the largest K. */
  short_lists: number,
  /** Share of neighbouring ranks with equal scores. */
  tie_rate: number,
  /** Distinct items in the top 10 over all users. */
  distinct_in_top10: number,
  /** What to worry about, in sentences; empty when nothing. */
  warnings: Array<string>,
};

/** One item with its ID. */
export type IdExample = {
  /** Item title. */
  title: string,
  /** `12·207·9`. */
  id: string,
  /** `thriller › courtroom › 1990s`. */
  labels: string,
};

/** A page of items with their IDs. */
export type IdItemPage = {
  /** Items that match. */
  total: number,
  /** The page. */
  items: Array<NamedItem>,
};

/** Items below a prefix, or that match words. */
export type IdItemsRequest = {
  /** The data set. */
  dataset: string,
  /** Names the IDs. */
  ids: string,
  /** Codes from the root; empty: all. */
  prefix: Array<number>,
  /** Words that key, title or ID must contain; none: all. */
  query?: string | null,
  /** First row. */
  offset: number,
  /** Rows at most. */
  limit: number,
};

/** An ID scheme. */
export type IdMethod = {
  /** `rq-kmeans`. */
  key: string,
  /** "RQ-KMeans". */
  title: string,
  /** What it does, in a sentence. */
  sentence: string,
  /** Its settings with their defaults; none where a file is needed first. */
  starter: IdSettings | null,
  /** Whether it needs the text encoder. */
  reads_text: boolean,
};

/** Quality of a set of IDs. */
export type IdQuality = {
  /** One entry per level, coarse to fine. */
  levels: Array<LevelQuality>,
  /** Share of items whose codes, before any digit, are theirs alone. */
  unique_share: number,
  /** Items in the largest group that shares all codes. */
  largest_group: number,
  /** Mean squared error of decoding, over the mean squared distance from the mean; none where codes cannot be decoded. */
  reconstruction_error: number | null,
  /** Share of an item's 10 nearest in embedding space found among its 10 nearest in code space. */
  neighbour_recall10: number | null,
};

/** An ID scheme on this catalog. */
export type IdSchemeResult = {
  /** `rq-kmeans`. */
  key: string,
  /** "RQ-KMeans". */
  title: string,
  /** Shape such as "3 × 64 + digit". */
  shape: string,
  /** Quality by level, then of the whole. */
  quality: IdQuality,
  /** What is remarkable, in words, beside what is normal for such a catalog. */
  diagnosis: Array<string>,
  /** A few items with their IDs: (item title, ID, labels). */
  examples: Array<IdExample>,
  /** What was recorded while its codebooks were learned; empty where nothing was, or nothing in steps. */
  curves: Array<Curve>,
};

/** One ID scheme. */
export type IdSettings = { "scheme": "hash",
} | { "scheme": "permuted",
  /** Key of the scheme whose IDs are dealt. */
  of: string,
} | { "scheme": "lsh",
} | { "scheme": "rq-kmeans",
  /** Lloyd's iterations on each level at most. */
  iterations: number,
  /** Whether each dimension is brought to mean 0 and standard deviation 1 first. */
  standardise: boolean,
  /** Whether no code may have more items than an even share. */
  balanced: boolean,
} | { "scheme": "rq-vae"
} & RqVaeSettings | { "scheme": "opq",
  /** Lloyd's iterations of each part at most, and as many rotations before. */
  iterations: number,
  /** Whether vectors are rotated first; without, it is PQ. */
  rotate: boolean,
} | { "scheme": "category-path",
} | { "scheme": "atomic",
} | { "scheme": "imported",
  /** The file. */
  file: string,
};

/** The IDs of a data set. */
export type IdsReport = {
  /** Quality, diagnosis, examples. */
  scheme: IdSchemeResult,
  /** Items. */
  items: number,
  /** Wall seconds. */
  secs: number,
  /** Whether they were made before. */
  reused: boolean,
  /** Where they were written. */
  output: string | null,
};

/** Build the IDs of a data set. */
export type IdsRequest = {
  /** Data set, schemes, shape, encoder, filters; recommenders are not looked at. */
  settings: ExperimentSettings,
  /** The seed. */
  seed: number,
  /** Write item, ID and labels here, as CSV. */
  output?: string | null,
};

/** Names IDs. */
export type IdsSelector = {
  /** The data set. */
  dataset: string,
  /** Names the IDs, as in `SchemeRow`. */
  ids: string,
};

/** What an import would come to (result of the job `check_import`, which writes nothing). */
export type ImportCheck = {
  /** Counts, columns, problems by kind. */
  summary: ImportSummary,
  /** Problems by kind, each kind as a sentence. */
  kinds: Array<ProblemKindCount>,
  /** The first problems in full. */
  problems: Array<RowProblem>,
  /** Whether a data set of that name is there already. */
  name_taken: boolean,
};

/** Check or preview an import as it is typed. */
export type ImportDraft = {
  /** What would be imported. */
  import: ImportRequest,
};

/** One row that could not be used. */
export type ImportProblem = {
  /** The file it is in. */
  file: string,
  /** Line, counted from 1; none where the format has no lines. */
  line: number | null,
  /** Short and the same for all alike: "duplicate item", "bad rating". */
  kind: string,
  /** Why, in a sentence. */
  reason: string,
  /** The beginning of the row. */
  snippet: string,
};

/** What came of an import. */
export type ImportReport = {
  /** The data set as stored. */
  dataset: Dataset,
  /** Counts, columns, problems by kind. */
  summary: ImportSummary,
  /** The first problems in full. */
  problems: Array<ImportProblem>,
  /** Wall seconds. */
  secs: number,
};

/** What to import from files, as typed. */
export type ImportRequest = {
  /** Name in the workspace. */
  name: string,
  /** What a person calls it; the name when empty. */
  title: string,
  /** Licence in a sentence. */
  licence: string,
  /** Whether the interactions are simulated. */
  simulated: boolean,
  /** The catalog; none: items are those the interactions name. */
  items: string | null,
  /** Who met what when. */
  interactions: string,
  /** Format of both files; none: seen from each. */
  format: string | null,
  /** Format of the items alone, where it is another one. */
  items_format: Format | null,
  /** Format of the interactions alone, where it is another one. */
  interactions_format: Format | null,
  /** Columns by role, `user=reviewerID,item=asin`. */
  map: string | null,
  /** Columns by role, where a person chose them; null: the role has no column. Wins over `map`. */
  mapping: Mapping,
  /** Template of the item text. */
  text: string | null,
  /** Import nothing if any row is wrong. */
  strict: boolean,
  /** Give items that only interactions name a place in the catalog. */
  keep_unknown_items: boolean,
  /** Replace a data set of the same name. */
  replace: boolean,
};

/** What an import came to. */
export type ImportSummary = {
  /** Items delivered. */
  items: number,
  /** Users delivered. */
  users: number,
  /** Interactions delivered. */
  interactions: number,
  /** Items created because interactions name them and no items file has them. */
  items_created: number,
  /** Items with a category path. */
  items_with_categories: number,
  /** Interactions with a rating. */
  with_rating: number,
  /** Interactions with a time. */
  with_time: number,
  /** Earliest and latest time, unix seconds. */
  time_span: [number, number] | null,
  /** Problems by kind, only kinds that occurred, in the order of [`ProblemKind::ALL`]. */
  problems: Array<[ProblemKind, number]>,
  /** The files as they were read. */
  files: Array<FileSummary>,
  /** The template the item texts were made with; empty when there was none to fill. */
  text: string,
  /** Digest over everything delivered but the problems, hexadecimal: the same data, the same digest. */
  digest: string,
};

/** The texts of a language. */
export type InstrumentFacts = {
  /** `en`. */
  language: string,
  /** Version of the texts. */
  version: number,
  /** BLAKE3 of the texts' canonical JSON. */
  digest: string,
};

/** Settings of item-kNN. */
export type ItemKnnSettings = {
  /** Neighbours kept per item: memory is at most items × neighbours × 8 bytes. */
  neighbours: number,
  /** What is added to the denominator of the cosine, in users: the higher, the less a few common users count. */
  shrinkage: number,
  /** How many of the last items of a history vote. */
  history: number,
  /** Weight of an item relative to the one after it: 1 weighs all alike. */
  recency: number,
};

/** A page of items. */
export type ItemPage = {
  /** Items that match. */
  total: number,
  /** The page. */
  items: Array<ItemRow>,
};

/** An item. */
export type ItemRow = {
  /** Its index in the catalog as imported. */
  item: number,
  /** Its key. */
  key: string,
  /** Its title. */
  title: string,
  /** Coarse to fine. */
  categories: Array<string>,
  /** What is embedded. */
  text: string,
  /** Interactions with it. */
  interactions: number,
};

/** An item's text, as it would be embedded. */
export type ItemText = {
  /** Its key. */
  key: string,
  /** Its title. */
  title: string,
  /** What will be embedded. */
  text: string,
};

/** A page of something, by data set. */
export type ItemsRequest = {
  /** Its name. */
  dataset: string,
  /** Words that key, title or categories must contain; none: all. */
  query?: string | null,
  /** First row. */
  offset: number,
  /** Rows at most. */
  limit: number,
};

/** Names a job. */
export type JobRequest = {
  /** Its number. */
  job: number,
};

/** Where a job stands. */
export type JobState = "queued" | "running" | "finished" | "failed" | "cancelled";

/** What a reader sees of a job. */
export type JobView = {
  /** Names it. */
  id: number,
  /** What it does, for people. */
  title: string,
  /** Where it stands. */
  state: JobState,
  /** Open steps and curves. */
  progress: ProgressView,
  /** What came of it, when finished. */
  result: unknown,
  /** Why it failed, when it did. */
  error: ApiError | null,
};

/** What `semid eval` prints: a contract for scripts. */
export type JudgedLists = {
  /** Means over the users, in the order asked for. */
  metrics: Array<NamedValue>,
  /** Users judged: all with at least one relevant item. */
  users: number,
  /** Those of them for whom the run has no list; each counts 0. */
  users_without_list: number,
  /** Users of the qrels left out because nothing is relevant for them. */
  users_without_relevant_item: number,
};

/** A key for the keychain. */
export type KeyRequest = {
  /** Name of the model whose endpoints it is for. */
  model: string,
  /** The key; empty: forget it. Kept in the system's keychain and nowhere else. */
  key: string,
};

/** The charts of one kind of participants, in the order of the report. */
export type KindCharts = {
  /** Who answered. */
  kind: ParticipantKind,
  /** Each with its numbers as a table. */
  charts: Array<DrawnChart>,
};

/** How far the participants of one kind are. */
export type KindProgress = {
  /** Which. */
  kind: ParticipantKind,
  /** Sessions that were made. */
  sessions: number,
  /** Those with at least one answer. */
  with_answers: number,
  /** Those that were handed in or answered to the end. */
  handed_in: number,
  /** Trials of all sessions. */
  trials: number,
  /** Answers. */
  answers: number,
  /** Median minutes from the first to the last answer; none without answers. */
  median_minutes: number | null,
  /** Answers and times of the arms under letters that do not follow their order. */
  arms: Array<MaskedArm>,
};

/** Everything one kind of participants says. */
export type KindResults = {
  /** Which. */
  kind: ParticipantKind,
  /** Sessions that were made. */
  sessions: number,
  /** Those with at least one answer. */
  with_answers: number,
  /** Those that were handed in or answered to the end. */
  handed_in: number,
  /** Pseudonyms; the number of a participant in `analysis` is a place in this list. */
  pseudonyms: Array<string>,
  /** Median minutes from the first to the last answer; none without answers. */
  median_minutes: number | null,
  /** Tests, intervals, agreement, times. */
  analysis: Analysis,
  /** Automatic companions beside the human numbers. */
  companions: Array<CompanionRow>,
  /** Each ID scheme by accuracy and by interpretability. */
  two_axes: Array<TwoAxesRow>,
  /** Names that were given to codes, and how often they were matched. */
  names: Array<NameRow>,
};

/** Names a language model. */
export type LanguageModelRequest = {
  /** Its name. */
  model: string,
};

/** A language model in a list. */
export type LanguageModelRow = {
  /** Names it in requests. */
  name: string,
  /** Where it answers. */
  place: ModelPlace,
  /** Its file, or its name and URLs. */
  about: string,
  /** Bytes of its file; none behind a URL. */
  bytes: number | null,
  /** What was set of a model behind URLs, to be edited; none of one on this machine. */
  draft: RemoteModelDraft | null,
  /** What a person should know before a key goes to its URLs, such as that one is not encrypted. */
  warnings: Array<string>,
};

/** How often each kind of lesson is drawn, in proportion to the others. A kind that the catalog has nothing for
 * (no titles, no categories) is left out. */
export type LessonShares = {
  /** A history of IDs, answered by the next ID. */
  next_item: number,
  /** An ID, answered by its title. */
  id_to_title: number,
  /** A title, answered by its ID. */
  title_to_id: number,
  /** An ID, answered by its category path. */
  id_to_category: number,
  /** A category path, answered by the ID of one of its items. */
  category_to_id: number,
  /** A history and the next ID, answered by a sentence made of titles and categories. */
  explain: number,
};

/** Quality of one level. */
export type LevelQuality = {
  /** Codes the level has. */
  codes: number,
  /** Share of them in use. */
  usage_share: number,
  /** Entropy of the codes in bits. */
  entropy_bits: number,
  /** 2^entropy: the number of equally used codes that would be as diverse. */
  perplexity: number,
  /** Items per code, most used first (for the chart). */
  counts: Array<number>,
  /** Agreement of the prefixes up to this level with the categories; none where there are none. */
  category: CategoryAgreement | null,
};

/** An entry of a list. */
export type ListEntry = {
  /** Rank from 1. */
  rank: number,
  /** Higher is better. */
  score: number,
  /** Whether it holds a target. */
  hit: boolean,
  /** Its items: none for an ID that is no item's, several where items share an ID. */
  items: Array<NamedItem>,
};

/** What stands for users and items in a file that another system wrote. */
export type ListNames = "auto" | "keys" | "indices";

/** What was found in a file of lists, counted. */
export type ListsFound = {
  /** The file's name. */
  file: string,
  /** Users with a list in it. */
  users: number,
  /** Entries of all lists. */
  entries: number,
  /** "key" or "index": what stands for users and for items. */
  named_by: [string, string],
  /** Users to be judged. */
  users_judged: number,
  /** Those of them without a list; each counts 0. */
  users_without_list: number,
  /** Users that the data set does not have; left out. */
  unknown_users: number,
  /** Users that the data set has and does not judge; left out. */
  users_not_judged: number,
  /** Entries naming items that the catalog does not have; each keeps its rank as a miss. */
  unknown_items: number,
  /** Entries that were items of the user's own history; left out, as for all arms. */
  history_items: number,
  /** The same and what else is remarkable, in sentences; empty when nothing. */
  notes: Array<string>,
};

/** Look at a file of another system's lists. */
export type ListsRequest = {
  /** The experiment they would be an arm of. */
  settings: ExperimentSettings,
  /** TREC run, Parquet or JSON. */
  file: string,
  /** What stands for users and items in it. */
  names: ListNames,
};

/** One answer of a run. */
export type LmAnswer = {
  /** Index of the user in the run's data. */
  user: number,
  /** The frame the model was given. */
  system: string,
  /** The question it was asked. */
  question: string,
  /** The names that were offered, in the order shown; empty where any ID could be written. */
  shown: Array<string>,
  /** The answer in the model's own words, hostile text; empty where the order was read from likelihoods. */
  said: string,
  /** What was named, best first. */
  named: Array<LmNamed>,
  /** Natural logarithms of how likely each was to be named first, in the order of `named`; empty where it was written. */
  likelihoods: Array<number>,
};

/** Which answer to open. */
export type LmAnswerRequest = {
  /** Which run. */
  run: number,
  /** Key of an arm that asked a language model. */
  arm: string,
  /** Seed of the replicate. */
  seed: number,
  /** Index of the user in the run's data; none: the first. */
  user?: number,
};

/** A language model that writes IDs. */
export type LmGenerateSettings = {
  /** Name of a language model. */
  model: string,
  /** Items of the history that are told, the last ones. */
  history: number,
  /** Whether only IDs of the catalog can be written. */
  constrained: boolean,
  /** Where constrained: beginnings kept at each token. */
  beam: number,
  /** The prompt in a person's own words; none: the built-in one. */
  prompt?: OwnPrompt,
};

/** A name in an answer. */
export type LmNamed = {
  /** As it was said. */
  said: string,
  /** Whether it was offered and stands there for the first time; else it is a miss. */
  counts: boolean,
};

/** A language model that orders candidates. */
export type LmRankSettings = {
  /** Name of a language model. */
  model: string,
  /** What finds the candidates. */
  retriever: Retriever,
  /** How many. */
  candidates: number,
  /** Items of the history that are told, the last ones. */
  history: number,
  /** How the order is read from the model. */
  answer: AnswerBy,
  /** The prompt in a person's own words; none: the built-in one. */
  prompt?: OwnPrompt,
};

/** Soft tokens before a language model. */
export type LmSoftSettings = {
  /** Name of a language model of this machine, of the llama family. */
  model: string,
  /** What is learned before it. */
  tuning: SoftTokenSettings,
};

/** A language model that learns to speak in IDs. */
export type LmSpeakSettings = {
  /** Name of a language model of this machine, of the llama family. */
  model: string,
  /** What it learns. */
  tuning: SpeakSettings,
};

/** Which matrices of a block have an adapter. */
export type LoraModules = "attention" | "mlp" | "all";

/** How adapters are made. */
export type LoraSettings = {
  /** Rank of each adapter. */
  rank: number,
  /** An adapter's output is multiplied by `alpha / rank`. */
  alpha: number,
  /** Share of an adapter's input that is dropped while training. */
  dropout: number,
  /** Which matrices have one. */
  modules: LoraModules,
};

/** A session that was made. */
export type MadeSession = {
  /** What the participant is called. */
  pseudonym: string,
  /** Names the session to the participant's window. */
  session: string,
  /** Who answers. */
  kind: ParticipantKind,
  /** 2 for those who match names that others gave. */
  part: number,
  /** Trials. */
  trials: number,
  /** The file, where one was written. */
  file: string | null,
};

/** A first code on the map. */
export type MapCode = {
  /** The code. */
  code: number,
  /** Its label. */
  label: string,
  /** Items. */
  items: number,
  /** Where its label stands. */
  x: number,
  /** Where its label stands. */
  y: number,
};

/** Columns set by a person: `user=reviewerID,item=asin`; `rating=none` says that a role has no column. */
export type Mapping = { [key in Role]?: string | null
};

/** An arm nobody knows yet. */
export type MaskedArm = {
  /** "A". */
  letter: string,
  /** Answers. */
  answers: number,
  /** Their median time; none without answers. */
  median_ms: number | null,
};

/** What the numbers of a rating mean, which decides how far apart two of them are. */
export type Measurement = "nominal" | "ordinal" | "interval" | "ratio";

/** ID schemes and recommenders at hand. */
export type Methods = {
  /** ID schemes. */
  ids: Array<IdMethod>,
  /** Recommenders. */
  recommenders: Array<RecommenderMethod>,
  /** Metrics, as typed (`ndcg@10`), with titles and formulas; K can be any number. */
  metrics: Array<MetricFacts>,
};

/** A metric's definition, one click from its numbers. */
export type MetricFacts = {
  /** `ndcg@10`. */
  key: string,
  /** `NDCG@10`. */
  title: string,
  /** The formula in a sentence. */
  formula: string,
  /** Whether more is better. */
  higher_is_better: boolean,
};

/** A metric of an arm over the judged users. */
export type MetricValue = {
  /** `ndcg@10`. */
  metric: string,
  /** Mean over users of the per-user mean over seeds. */
  mean: number,
  /** 95 % bootstrap interval over users. */
  low: number,
  /** Upper end. */
  high: number,
  /** Mean over users, one value per seed. */
  by_seed: Array<number>,
  /** Standard deviation over seeds (n − 1); none with one seed. */
  seed_sd: number | null,
};

/** Agreement of language models with people in one task and arm. */
export type ModelAgreement = {
  /** Pseudonym of the model's session. */
  model: string,
  /** Key of the task. */
  task: string,
  /** Stimuli, as arms show them, that both answered. */
  n: number,
  /** Share of them in which the model chose what most people chose; ties count by their share. */
  equal_share: number,
  /** The same share for one person against the other people, the mean over people; none with a single person. */
  between_people: number | null,
  /** Krippendorff's α of the model and the people's most frequent choice: nominal for choices, ordinal for ratings; none
   * where it is not defined. */
  alpha: number | null,
};

/** Where a language model answers. */
export type ModelPlace = "here" | "remote";

/** A language model that took part. */
export type ModelRated = {
  /** Its session. */
  session: MadeSession,
  /** The model. */
  model: string,
  /** Trials it was asked. */
  asked: number,
  /** Trials whose answer could not be read or did not come; they count as not answered. */
  unreadable: number,
};

/** Names a model. */
export type ModelRequest = {
  /** Its name. */
  model: string,
};

/** A model. */
export type ModelRow = {
  /** The name settings use. */
  name: string,
  /** What people call it. */
  title: string,
  /** Licence in a sentence. */
  licence: string,
  /** Whether it is here. */
  here: boolean,
  /** Where, when it is here. */
  folder: string | null,
  /** Bytes on the disk, or to download. */
  bytes: number | null,
};

/** A model that was tried. */
export type ModelTest = {
  /** Names it. */
  name: string,
  /** What it is, in words. */
  about: string,
  /** What it answered to a greeting; none where it failed. */
  answer: string | null,
  /** Why it failed, and what to do. */
  problem: string | null,
  /** Seconds from opening it to its answer. */
  secs: number,
  /** Tokens it wrote. */
  tokens: number,
};

/** A name that somebody gave to a code. */
export type NameRow = {
  /** Key of the naming task. */
  task: string,
  /** Key of the arm. */
  arm: string,
  /** Place of the stimulus among those of the study. */
  stimulus: number,
  /** Who gave it. */
  pseudonym: string,
  /** The words. Free text: escape it. */
  text: string,
  /** How often others were asked to match it. */
  asked: number,
  /** How often they matched it to its own code. */
  matched: number,
};

/** An item with its ID. */
export type NamedItem = {
  /** Index in the catalog that takes part. */
  item: number,
  /** Its key. */
  key: string,
  /** Its title. */
  title: string,
  /** Coarse to fine. */
  categories: Array<string>,
  /** Codes and digit; empty where there are no IDs. */
  codes: Array<number>,
  /** One label a code, without the digit, an empty one where nothing sets the code apart; empty where codes mean
   * nothing. */
  labels: Array<string>,
};

/** A metric's mean. */
export type NamedValue = {
  /** `ndcg@10`, as asked for. */
  name: string,
  /** The mean over users. */
  value: number,
};

/** A neighbour. */
export type Neighbour = {
  /** The item. */
  item: NamedItem,
  /** Levels it shares from the root. */
  shared_levels: number,
  /** Cosine of the embeddings; none where the texts were never embedded. */
  cosine: number | null,
  /** Whether it is a neighbour in the other space too. */
  in_both: boolean,
};

/** An item's neighbours in both spaces. */
export type NeighboursReply = {
  /** The item. */
  item: NamedItem,
  /** What is embedded. */
  text: string,
  /** Nearest by shared prefix. */
  by_codes: Array<Neighbour>,
  /** Nearest by cosine; none where the texts were never embedded. */
  by_embedding: Array<Neighbour> | null,
  /** How many are in both. */
  in_both: number,
};

/** Ask for the neighbours of an item. */
export type NeighboursRequest = {
  /** The data set. */
  dataset: string,
  /** Names the IDs. */
  ids: string,
  /** Index of the item. */
  item: number,
  /** Neighbours in each space. */
  k: number,
};

/** A request without fields. */
export type Nothing = Record<symbol, never>;

/** Where a number comes from. */
export type NumberFacts = {
  /** Definition of the metric. */
  metric: MetricFacts,
  /** Title of the arm. */
  arm: string,
  /** Title of the arm it is compared with. */
  against: string,
  /** Each fact as label and value, formatted: mean, interval, n, seeds, resamples, p, adjusted p, wins/ties/losses. */
  facts: Array<[string, string]>,
  /** What was left out, in sentences with numbers; never empty: "Nobody was left out." is said too. */
  excluded: Array<string>,
};

/** Names a number of a comparison. */
export type NumberRequest = {
  /** Which run. */
  run: number,
  /** Key of the arm. */
  arm: string,
  /** Key of the arm it is compared with; none: the run's baseline. */
  against?: string | null,
  /** `ndcg@10`. */
  metric: string,
};

/** What came of opening a bundle. */
export type OpenedBundle = {
  /** The run it became. */
  run: number,
  /** Whether it had been opened, or run, here before. */
  known: boolean,
  /** Whether the data set it ran on is in the workspace, so that users and items can be looked at. */
  dataset_here: boolean,
};

/** Ask what orders in titles change. */
export type OrdersRequest = {
  /** The data set. */
  dataset: string,
  /** The language model. */
  model: string,
  /** Users whose candidates it orders. */
  users: number,
  /** How the order is read from it. */
  answer: AnswerBy,
};

/** What came of one share. */
export type OrdersRow = {
  /** Share of the items whose titles give orders. */
  share: number,
  /** Such items among all that were shown as candidates, counted once a list. */
  shown: number,
  /** How often one of them was ranked first. */
  first: number,
  /** How often one of the same items was ranked first when its title gave no order. */
  first_before: number,
  /** Users for whom another item was ranked first than without orders. */
  changed: number,
  /** Mean over the users. */
  ndcg: number,
  /** How the answers could be read, in a sentence. */
  answers: string,
};

/** A prompt of one's own. */
export type OwnPrompt = {
  /** What it is called. */
  version: string,
  /** The frame. */
  system: string,
  /** The question, with holes. */
  user: string,
};

/** Who answers. The three are never mixed. */
export type ParticipantKind = "person" | "simulated" | "model";

/** A participant in a list. */
export type ParticipantRow = {
  /** What they are called everywhere. */
  pseudonym: string,
  /** Who answers. */
  kind: ParticipantKind,
  /** 2 for those who match names that others gave. */
  part: number,
  /** Names the session to the participant's window. */
  session: string,
  /** Trials. */
  trials: number,
  /** Those that are answered. */
  answered: number,
  /** Unix seconds. */
  created_at: number,
  /** Unix seconds; none before. */
  handed_in: number | null,
};

/** A session as the app's own window opens it. */
export type ParticipantSession = {
  /** All that the page may know. */
  document: SessionDocument,
  /** Where it goes on. */
  state: SessionState,
};

/** How similarities to several items become one score. */
export type Pooling = "mean" | "max";

/** What answers are taken to vary with. All are standard deviations on the scale of the outcome: points of a 5-point
 * scale, or logits of a choice. */
export type PowerAssumptions = {
  /** Difference between two arms to be found: points of the scale. */
  difference: number,
  /** Between participants, in all arms alike. */
  participants: number,
  /** Between participants, in how much they gain by an arm. */
  participant_by_arm: number,
  /** Between stimuli, in all arms alike. */
  stimuli: number,
  /** Between stimuli, in how much they gain by an arm. */
  stimulus_by_arm: number,
  /** From answer to answer. */
  answers: number,
  /** Points of the scale; ratings are rounded to it and cut at its ends. */
  points: number,
};

/** How often a study finds the difference. */
export type PowerEstimate = {
  /** Participants. */
  participants: number,
  /** Stimuli in each arm that a participant sees. */
  per_arm: number,
  /** Arms. */
  arms: number,
  /** Studies simulated. */
  studies: number,
  /** Share in which p by participant is below .05. */
  by_participant: number,
  /** Share in which p by item is. */
  by_item: number,
  /** Share in which both are. */
  both: number,
  /** Share in which p of min F′ is. */
  min_f: number,
  /** Half the width of the 95 % interval of these shares. */
  give_or_take: number,
};

/** What a person set for the program. Fields that are not set follow the system. */
export type Preferences = {
  /** Light, dark, or as the system has it. */
  theme: ThemeChoice,
  /** Size of text in per cent; none: 100. */
  text_size: number | null,
  /** Threads to compute with; none: all the machine has. Takes effect at the next start. */
  threads: number | null,
  /** Folder of data sets, runs and downloads; none: the usual place. Takes effect at the next start. */
  data_folder: string | null,
  /** Further folders in which models are looked for. */
  model_folders: Array<string>,
};

/** How rows become sequences and sequences a split. */
export type PrepareSettings = {
  /** Rows rated below are dropped; rows without a rating stay. None keeps all. */
  min_rating: number | null,
  /** Users and items with fewer interactions are dropped until none is left; 0 or 1 keeps all. */
  k_core: number,
  /** What to do when a user met an item more than once. */
  duplicates: Duplicates,
  /** The order of a user's interactions with the same time. */
  ties: Ties,
  /** What is held out. */
  split: SplitRule,
  /** How many users are judged, drawn by the seed; 0 or none: all. What is learned from is the same. */
  test_users?: number,
};

/** What a file would be read as, and what it could be read as. */
export type PreviewReply = {
  /** What it would be read as. */
  preview: FilePreview,
  /** Every role its columns can have, each with a sentence. */
  roles: Array<RoleFacts>,
  /** Every format there is. */
  formats: Array<FormatFacts>,
  /** A name for the data set, made from the file's name, that is not taken. */
  suggested_name: string,
};

/** Look at a file before importing it. */
export type PreviewRequest = {
  /** The file. */
  path: string,
  /** What its rows are, where a person said so. */
  kind?: FileKind | null,
  /** Its format, where a person said so. */
  format?: Format | null,
};

/** How many rows had one kind of problem. */
export type ProblemCount = {
  /** The kind. */
  kind: string,
  /** Rows. */
  rows: number,
};

/** Kinds of problems; they are counted by kind. */
export type ProblemKind = "field-count" | "missing-key" | "bad-rating" | "bad-timestamp" | "invalid-utf8" | "unknown-item" | "duplicate-item" | "line-too-long" | "binary" | "broken-json" | "open-quote" | "broken-parquet";

/** How often a kind of problem occurred. */
export type ProblemKindCount = {
  /** The kind. */
  kind: ProblemKind,
  /** What it means, in a sentence. */
  sentence: string,
  /** Rows. */
  rows: number,
};

/** A page of a data set's problems. */
export type ProblemPage = {
  /** Kept problems in all; the counts by kind may be larger. */
  kept: number,
  /** The page. */
  problems: Array<ImportProblem>,
};

/** What a reader sees of work in progress. */
export type ProgressView = {
  /** Open steps, outermost first. */
  steps: Array<StepView>,
  /** Curves recorded and not yet taken. */
  series: Array<SeriesPoint>,
};

/** An edited prompt looked at. */
export type PromptCheck = {
  /** What is wrong; empty when it can be used. */
  problems: Array<TemplateProblem>,
  /** The frame as the model would see it on a small sample; empty when it cannot be filled in. */
  system: string,
  /** The question, the same. */
  question: string,
  /** Line by line against the built-in one. */
  diff: Array<DiffLine>,
  /** 64 hex digits that name exactly this text, as runs record it. */
  digest: string,
};

/** A prompt while it is edited. */
export type PromptDraft = {
  /** What it asks for. */
  kind: PromptKind,
  /** The frame. */
  system: string,
  /** The question, with holes. */
  user: string,
};

/** What a prompt asks for. */
export type PromptKind = "rank" | "generate" | "ask" | "explain" | "intrusion" | "forward-simulation" | "naming" | "rating";

/** The two parts of a template. */
export type PromptPart = "system" | "user";

/** A prompt with holes. */
export type PromptTemplate = {
  /** What it asks for. */
  kind: PromptKind,
  /** "2" of the built-in ones; what a person called it of others. */
  version: string,
  /** The frame the model works in. */
  system: string,
  /** The question. */
  user: string,
};

/** How lists were made and judged. */
export type Protocol = {
  /** Each fact as label and value ("Split", "leave-last-out"), for people. */
  facts: Array<[string, string]>,
  /** Digest of the protocol: only equal digests may be compared. */
  digest: string,
  /** Users judged. */
  users: number,
  /** Users left out because they have no relevant item. */
  users_without_target: number,
  /** Test targets that were in the user's own history, so that no arm can hit them. */
  targets_in_history: number,
  /** Share of the users whose test and validation item carry the same time. */
  tied_in_time: number,
  /** Bootstrap resamples behind the intervals. */
  resamples: number,
  /** Sign flips behind the p-values. */
  flips: number,
  /** "Holm" or "Benjamini–Hochberg". */
  correction: string,
};

/** Names a participant. */
export type PseudonymRequest = {
  /** What the participant is called. */
  pseudonym: string,
};

/** A question with its scale. */
export type Question = {
  /** What is asked, by language. */
  wording: { [key in string]: string
  },
  /** The points from the lowest, every one labelled, by language. */
  points: { [key in string]: Array<string>
  },
  /** Whether "cannot judge" is offered, apart from the points. */
  cannot_judge: boolean,
};

/** What a rating is about. */
export type RatedAbout = "group" | "id" | "recommendation" | "explanation";

/** Ratings of an arm. */
export type RatedArm = {
  /** Key of the arm. */
  arm: string,
  /** Answers of each point. */
  counts: Array<number>,
  /** "Cannot judge", apart. */
  cannot_judge: number,
  /** Mean point, from 1; none without ratings. */
  mean: number | null,
  /** Median point. */
  median: number | null,
  /** Mean confidence, from 1; none where it was not asked. */
  confidence: number | null,
};

/** Ratings of a task. */
export type RatingRow = {
  /** Key of the task. */
  task: string,
  /** Labels of the points in the first language. */
  points: Array<string>,
  /** One an arm. */
  arms: Array<RatedArm>,
};

/** Import a recipe. */
export type RecipeRequest = {
  /** `movielens-100k`. */
  recipe: string,
  /** Fetch what is not here. */
  download: boolean,
  /** Replace a data set of the same name. */
  replace: boolean,
};

/** A recipe and whether its files are here. */
export type RecipeRow = {
  /** `movielens-100k`. */
  name: string,
  /** What people call it. */
  title: string,
  /** Licence in a sentence. */
  licence: string,
  /** A sentence or two about it. */
  about: string,
  /** Whether it can be imported without a download. */
  here: boolean,
  /** Bytes to download; none where its publisher does not say. */
  bytes: number | null,
};

/** What dropped files seem to be. */
export type Recognised = {
  /** An import of them, filled in as far as they say it. `interactions` is empty when none of the files has any. */
  import: ImportRequest,
  /** Files that take no part in it, each with the reason in a sentence. */
  unused: Array<[string, string]>,
  /** What was recognised, in a sentence. */
  sentence: string,
};

/** A recommender. */
export type RecommenderMethod = {
  /** `generative`. */
  key: string,
  /** "Generative". */
  title: string,
  /** What it does, in a sentence. */
  sentence: string,
  /** Its settings with their defaults. */
  starter: RecommenderSettings,
  /** Whether it gives an arm for every ID scheme. */
  speaks_ids: boolean,
  /** Whether it needs the text encoder. */
  reads_text: boolean,
};

/** One recommender. */
export type RecommenderSettings = { "kind": "popularity",
} | { "kind": "item-knn"
} & ItemKnnSettings | { "kind": "text-knn"
} & TextKnnSettings | { "kind": "ease"
} & EaseSettings | { "kind": "sasrec"
} & SasrecSettings | { "kind": "sasrec-bce"
} & SasrecSettings | { "kind": "generative"
} & GenerativeSettings | { "kind": "tiger"
} & TigerSettings | { "kind": "lm-title"
} & LmRankSettings | { "kind": "lm-hash"
} & LmRankSettings | { "kind": "lm-id"
} & LmRankSettings | { "kind": "lm-legend"
} & LmRankSettings | { "kind": "lm-id-title"
} & LmRankSettings | { "kind": "lm-generate"
} & LmGenerateSettings | { "kind": "lm-soft"
} & LmSoftSettings | { "kind": "lm-speak"
} & LmSpeakSettings | { "kind": "imported",
  /** Key of the arm. */
  name: string,
  /** What people call it; the name when empty. */
  title: string,
  /** One file for all seeds, or one a seed in their order: TREC runs, Parquet, JSON. */
  files: Array<string>,
  /** What stands for users and items in them. */
  names: ListNames,
};

/** A model behind one or several URLs. Its key is no part of it: that is in the system's keychain or the environment. */
export type RemoteModelDraft = {
  /** What people call it. */
  name: string,
  /** The model's name at the endpoints. */
  model: string,
  /** Base URLs up to and with the version; several share the requests. */
  urls: Array<string>,
  /** Requests on their way at once; none: four. */
  concurrency?: number | null,
  /** Seconds until an attempt counts as lost; none: two minutes. */
  timeout_secs?: number | null,
  /** Tokens a run may spend; none: a million. */
  most_tokens?: number | null,
  /** What a run may cost; none: no bound. Needs the price. */
  most_cost?: number | null,
  /** What a million tokens of a prompt cost; none: unknown. */
  prompt_price?: number | null,
  /** What a million tokens of an answer cost; none: unknown. */
  completion_price?: number | null,
  /** The currency of both. */
  currency?: string | null,
};

/** A repair that loses nothing. */
export type Repair = { "delete_file": string
} | { "delete_artifact": {
    /** Its fingerprint. */
    fingerprint: string,
    /** Its kind. */
    kind: string,
  }
} | "fold_log" | "compact";

/** Put another item in the place of a stimulus. */
export type ReplaceStimulusRequest = {
  /** Name of the study, which must be a draft. */
  name: string,
  /** Place of the stimulus among those of the study. */
  stimulus: number,
  /** Key of the item; none: the next that the seed gives. */
  item?: string | null,
  /** Why; kept with the stimulus. */
  why: string,
};

/** A replacement by hand. */
export type Replacement = {
  /** Key of the item that was drawn. */
  was: string,
  /** Why, in the words of whoever did it. */
  why: string,
  /** Unix seconds. */
  at: number,
};

/** What finds candidates. */
export type Retriever = "item-knn" | "popularity" | "text-knn";

/** What a column means. */
export type Role = "user" | "item" | "rating" | "timestamp" | "key" | "title" | "description" | "categories" | "year";

/** A role a column can have. */
export type RoleFacts = {
  /** `user`. */
  role: string,
  /** What it means, in a sentence. */
  sentence: string,
  /** Whether an import needs it. */
  required: boolean,
};

/** One thing that was wrong with one row. The row was left out; the rows around it were not. */
export type RowProblem = {
  /** Name of the file, without its folder. */
  file: string,
  /** One-based line; for Parquet the one-based row. */
  line: number,
  /** What kind of thing was wrong. */
  kind: ProblemKind,
  /** Why, as a sentence without its full stop: "the rating "good" is not a number". */
  reason: string,
  /** The beginning of the offending line or field, at most 200 bytes, never with line breaks or control characters. */
  snippet: string,
};

/** How an RQ-VAE is built and trained. */
export type RqVaeSettings = {
  /** Width of the encoder's first hidden layer; each further one is half as wide. The decoder is its mirror image. */
  width: number,
  /** Hidden layers of the encoder. */
  layers: number,
  /** Numbers in the latent vector, which is what is quantized. */
  latent: number,
  /** Weight of the commitment loss, which keeps the encoder near the codes it chose. */
  commitment: number,
  /** Passes over the items at most. */
  epochs: number,
  /** Epochs without a better reconstruction of held-out items after which training stops. */
  patience: number,
  /** Items in one step of the optimiser. */
  batch: number,
  /** Highest learning rate of AdamW, falling along a cosine to a tenth. */
  learning_rate: number,
  /** AdamW's decoupled decay of the layers' weights; codebooks do not decay. */
  weight_decay: number,
  /** How the gradient gets past the choice of a code. */
  gradient: GradientRoute,
  /** Whether codebooks start from k-means on the residuals of the first rows, and not at random. */
  kmeans_start: boolean,
  /** Whether a code that no item chose in an epoch starts anew from the residual of some item. */
  restart_dead: boolean,
  /** Whether the last level is balanced (LC-Rec, Zheng et al. 2024): in training its codes are assigned by optimal
   * transport, so that all have about the same number of items; afterwards items that share the codes before it get last
   * codes of their own, as far as there are any. */
  balanced: boolean,
};

/** Who is left out of the analysis. */
export type Rules = {
  /** Attention checks that may be failed; who fails more is left out. */
  failed_checks: number,
  /** Milliseconds; whose median response is faster is left out. */
  median_ms: number,
  /** Share of the trials that must be answered. */
  answered_share: number,
  /** Milliseconds; single answers that took longer are left out of the response times (never of the outcomes). */
  longest_ms: number,
};

/** Draw the training curves of a run, also while it goes. */
export type RunCurvesRequest = {
  /** Its number. */
  run: number,
  /** Dark instead of light. */
  dark: boolean,
};

/** A finished run in two numbers, for a list. */
export type RunGlance = {
  /** The metric both numbers are of: "NDCG@10". */
  metric: string,
  /** Title of the arm with the highest value. */
  best_arm: string,
  /** Its value. */
  best: number,
  /** The first meaning gain, semantic − permuted, where there is one. */
  meaning_gain: Difference | null,
};

/** A run in a list, with its two most important numbers. */
export type RunLine = {
  /** Its number. */
  run: number,
  /** Its name. */
  name: string,
  /** Its data set. */
  dataset: string,
  /** Where it stands. */
  status: RunStatus,
  /** Unix seconds. */
  created_at: number,
  /** Wall seconds from start to end. */
  secs: number | null,
  /** Why it failed, when it did. */
  error: string | null,
  /** Best arm and meaning gain, when it is finished. */
  glance: RunGlance | null,
  /** Digest of its protocol: only equal ones may be compared. */
  protocol: string,
  /** The job that runs it in this process, if one does. */
  job: number | null,
};

/** Names a run. */
export type RunNumber = {
  /** Its number. */
  run: number,
};

/** What runs are ordered by. */
export type RunOrder = "newest" | "oldest" | "name" | "dataset" | "longest";

/** A page of runs. */
export type RunPage = {
  /** Runs of this kind. */
  total: number,
  /** The page. */
  rows: Array<RunLine>,
};

/** A finished run. */
export type RunReport = {
  /** Its number. */
  run: number,
  /** The page to open. */
  report: string,
  /** Whether it had been finished before. */
  finished_before: boolean,
  /** Wall seconds of this call. */
  secs: number,
};

/** Start an experiment, or resume it. */
export type RunRequest = {
  /** The settings. */
  settings: ExperimentSettings,
  /** Folder of the report; below the home when none is named. */
  output?: string | null,
};

/** One line of the list of runs. */
export type RunRow = {
  /** Its number. */
  run: number,
  /** Its name. */
  name: string,
  /** Its data set. */
  dataset: string,
  /** `finished`, `interrupted`, … */
  status: string,
  /** Unix seconds. */
  created_at: number,
  /** Wall seconds from start to end. */
  secs: number | null,
  /** Why it failed, when it did. */
  error: string | null,
};

/** Names a run; the newest finished one when none. */
export type RunSelector = {
  /** Its number. */
  run?: number | null,
};

/** Where a run stands. */
export type RunStatus = "queued" | "running" | "finished" | "failed" | "cancelled" | "interrupted";

/** A run as it goes or as it ended; the same whichever process runs it. */
export type RunView = {
  /** Its number. */
  run: number,
  /** Its name. */
  name: string,
  /** Its data set. */
  dataset: string,
  /** Where it stands. */
  status: RunStatus,
  /** Why it failed, when it did. */
  error: string | null,
  /** Unix seconds at which it was asked for. */
  created_at: number,
  /** Wall seconds since it started, or until it ended. */
  elapsed_secs: number,
  /** Seconds left; none before there is a pace. */
  remaining_secs: number | null,
  /** Every stage it has, in order: done, going on, to come. */
  stages: Array<StageView>,
  /** Open steps of the stage that goes on. */
  progress: ProgressView,
  /** Training curves so far, by arm. */
  curves: Array<ArmCurves>,
  /** The last job of this process that ran it, if one did: when the run has failed, it knows why. */
  job: number | null,
  /** Its settings as an experiment file. */
  settings_toml: string,
};

/** Which runs, and which part of them. */
export type RunsRequest = {
  /** Words that name or data set must contain; none: all. */
  query?: string | null,
  /** Only those on this data set. */
  dataset?: string | null,
  /** Only those that stand so. */
  status?: RunStatus | null,
  /** First row. */
  offset?: number | null,
  /** Rows at most; 50 when none is said. */
  limit?: number | null,
  /** What they are ordered by; newest first when nothing is said. */
  order?: RunOrder | null,
};

/** The sample is in the workspace, with its finished comparison (result of the job `open_sample`). */
export type SampleReport = {
  /** The data set. */
  dataset: string,
  /** Its finished comparison. */
  run: number,
};

/** How SASRec is built and trained. Every field counts; nothing is implied. */
export type SasrecSettings = {
  /** Transformer blocks. */
  layers: number,
  /** Width of the residual stream: numbers that stand for an item. */
  d_model: number,
  /** Attention heads; must divide `d_model`. */
  heads: number,
  /** Width between the two products of a block's feed-forward half. */
  feed_forward: number,
  /** Share of the numbers dropped after the embedding and after each half of a block. */
  dropout: number,
  /** The model looks at this many of the last items. */
  max_history: number,
  /** Items that are targets in one window of a long history; `max_history + 1` makes windows follow each other
   * without overlap (cheapest), fewer give every target more context and cost proportionally more. */
  window_stride: number,
  /** Items in one optimiser step. */
  batch_items: number,
  /** Passes over the training interactions. */
  epochs: number,
  /** Highest learning rate, reached after the warm-up, falling along a cosine to a tenth. */
  learning_rate: number,
  /** Share of the training over which the learning rate rises from 0. */
  warm_up_share: number,
  /** AdamW's decoupled decay of matrices and embeddings. */
  weight_decay: number,
  /** Gradients longer than this (Euclidean norm) are shortened to it. */
  clip_norm: number,
  /** Epochs from one validation to the next. */
  validate_every: number,
  /** Validations without a better NDCG@10 after which training stops. */
  patience: number,
  /** At most this many validation cases, drawn with the seed. */
  validation_cases: number,
  /** Parts a batch is cut into, each computed by one thread. Part of the settings and not of the machine, since the
   * order in which gradients are added decides the last bits. */
  shards: number,
  /** What the products of training multiply; ranking multiplies f32. */
  precision: TrainingPrecision,
};

/** Write something of a run to a file. */
export type SaveRequest = {
  /** Which run. */
  run: number,
  /** What. */
  what: SaveWhat,
  /** The file. */
  output: string,
};

/** What can be written. */
export type SaveWhat = { "what": "csv",
} | { "what": "markdown",
} | { "what": "latex",
} | { "what": "json",
} | { "what": "html",
} | { "what": "per-user",
} | { "what": "bundle",
  /** Also the trained models and the embeddings, so that "why this item" and neighbours work there. */
  models: boolean,
  /** Also the users' keys. */
  keys: boolean,
} | { "what": "chart-svg",
  /** Its name. */
  chart: string,
  /** Dark instead of light. */
  dark: boolean,
} | { "what": "chart-png",
  /** Its name. */
  chart: string,
  /** Dark instead of light. */
  dark: boolean,
};

/** Something was written. */
export type Saved = {
  /** The file. */
  path: string,
  /** Its size. */
  bytes: number,
};

/** How the learning rate falls after the warm-up. */
export type Schedule = "cosine" | "inverse-square-root";

/** IDs there are for a data set: of runs, and built on their own. */
export type SchemeRow = {
  /** Names the IDs in the requests of this file. */
  ids: string,
  /** `rq-kmeans`. */
  scheme: string,
  /** "RQ-KMeans". */
  title: string,
  /** "3 × 64 + digit". */
  shape: string,
  /** Seed they were made with. */
  seed: number,
  /** Items that have one. */
  items: number,
  /** A run that uses them, the newest. */
  run: number | null,
  /** Unix seconds. */
  made_at: number,
  /** Whether codes mean something, so that labels are shown. */
  has_meaning: boolean,
};

/** One point of a recorded curve. */
export type SeriesPoint = {
  /** Which curve. */
  series: string,
  /** Position: a step, an epoch. */
  at: number,
  /** The value there. */
  value: number,
};

/** All that a participant's page may know. */
export type SessionDocument = {
  /** Version of this document's form. */
  form: number,
  /** What the participant is called. */
  pseudonym: string,
  /** Token of the session. */
  session: string,
  /** 64 hexadecimal digits: the HMAC-SHA-256 key of this session. Empty in the app's own window, where the engine signs. */
  key: string,
  /** Hash of the locked protocol. */
  protocol_hash: string,
  /** Languages to choose from; the first is shown first. */
  languages: Array<string>,
  /** By language. */
  title: { [key in string]: string
  },
  /** By language. */
  consent: { [key in string]: string
  },
  /** SHA-256 of the consent text in UTF-8 as hexadecimal digits, by language. */
  consent_hash: { [key in string]: string
  },
  /** One a language. */
  texts: Array<Texts>,
  /** Trials between two breaks. */
  break_every: number,
  /** In the order they are shown. */
  trials: Array<SessionTrial>,
};

/** Names a session. */
export type SessionRequest = {
  /** Its token. */
  session: string,
};

/** Where a session in the app's own window goes on. */
export type SessionState = {
  /** Whether the participant agreed to take part. */
  consent_given: boolean,
  /** Positions of the trials that are answered. */
  answered: Array<number>,
};

/** One trial as the page shows it. */
export type SessionTrial = {
  /** Place in the session, from 0. */
  position: number,
  /** Running number of the task. */
  task: number,
  /** How it is shown. */
  kind: TrialTask,
  /** What is asked, by language. */
  prompt: { [key in string]: string
  },
  /** What stands above, each as the name of a label in `Texts` and a line. */
  lead: Array<[string, string]>,
  /** Items shown that cannot be chosen. */
  shown: Array<string>,
  /** What is chosen from, in the order of the screen, each a list of lines. */
  options: Array<Array<string>>,
  /** Labels of a scale from the lowest, by language; none where there is no scale. */
  points: { [key in string]: Array<string>
  } | null,
  /** Whether "cannot judge" is offered. */
  cannot_judge: boolean,
  /** Whether confidence is asked. */
  confidence: boolean,
  /** The name that somebody gave, to be matched. */
  name: string | null,
  /** An attention check: the place to choose, from 0. */
  attention: number | null,
};

/** A field and its value in each run. */
export type SettingRow = {
  /** `codes.levels`. */
  field: string,
  /** What a form calls it. */
  title: string,
  /** One a run; none where the run has no such setting. */
  values: Array<string | null>,
};

/** Only what differs between the settings of runs. */
export type SettingsDifference = {
  /** The runs, in the order asked for: number and name. */
  runs: Array<[number, string]>,
  /** Fields that differ. */
  rows: Array<SettingRow>,
  /** Number of fields that are equal. */
  equal: number,
  /** Whether all were judged under one protocol, so that their numbers may stand side by side. */
  same_protocol: boolean,
};

/** Runs whose settings are laid side by side. */
export type SettingsDifferenceRequest = {
  /** Their numbers, two or more. */
  runs: Array<number>,
};

/** An experiment file. */
export type SettingsFileRequest = {
  /** TOML. */
  text: string,
};

/** Settings as typed. */
export type SettingsRequest = {
  /** The settings. */
  settings: ExperimentSettings,
};

/** How much a finding matters. */
export type Severity = "note" | "warning" | "error";

/** Hits of trials, with both intervals and the test against chance. */
export type Share = {
  /** Hits. */
  hits: number,
  /** Trials. */
  trials: number,
  /** hits / trials. */
  share: number,
  /** What guessing gives. */
  chance: number,
  /** The exact 95 % interval. */
  exact: [number, number],
  /** Wilson's 95 % interval. */
  wilson: [number, number],
  /** Two-sided p of the exact binomial test against chance. */
  p: number,
};

/** A metric on a part of the users. */
export type SliceValue = {
  /** "Target popularity", "History length". */
  slicing: string,
  /** "≤ 5", "6–20", "> 20". */
  slice: string,
  /** Users in it. */
  users: number,
  /** `ndcg@10`. */
  metric: string,
  /** Mean over the slice. */
  mean: number,
  /** 95 % bootstrap interval. */
  low: number,
  /** Upper end. */
  high: number,
};

/** What a projected item competes with while the projection learns. */
export type SoftSoftmax = "catalog" | "sampled";

/** How soft tokens are read, learned and ranked by. Every field counts; nothing is implied. */
export type SoftTokenSettings = {
  /** Text before the items. */
  prompt: string,
  /** Text between the last item and the answer. Without one, each item's own position answers what comes after it, and
   * a history is taught at all its positions in one pass; with one, only one position of a pass can be taught. */
  answer: string,
  /** Width between the two layers of the projection, which GELU parts; 0 makes the projection one linear layer. */
  projection_hidden: number,
  /** Blocks of the model that are used, from the first; 0 takes all. Fewer are faster in proportion. */
  layers: number,
  /** What the next item competes with. */
  softmax: SoftSoftmax,
  /** Items drawn evenly for a sampled softmax. */
  negatives: number,
  /** Share of the numbers of a projected item dropped where the model reads it. */
  dropout: number,
  /** The model reads this many of the last items. */
  max_history: number,
  /** Items that are targets in one window of a long history; `max_history + 1` makes windows follow each other without
   * overlap. */
  window_stride: number,
  /** Windows (users, but for long histories) in one epoch, drawn anew for each; 0 takes all. */
  windows_an_epoch: number,
  /** Rows through the network in one optimiser step. */
  batch_rows: number,
  /** Passes over the training interactions. */
  epochs: number,
  /** Highest learning rate, reached after the warm-up, falling along a cosine to a tenth. */
  learning_rate: number,
  /** Share of the training over which the learning rate rises from 0. */
  warm_up_share: number,
  /** AdamW's decoupled decay of the projection. */
  weight_decay: number,
  /** Gradients longer than this (Euclidean norm) are shortened to it. */
  clip_norm: number,
  /** Epochs from one validation to the next. */
  validate_every: number,
  /** Validations without a better NDCG@10 after which training stops. */
  patience: number,
  /** At most this many validation cases, drawn with the seed. */
  validation_cases: number,
  /** Parts a batch is cut into, each computed by one thread. */
  shards: number,
  /** What products with the frozen weights multiply, in training as in ranking. */
  precision: TrainingPrecision,
};

/** How a model learns to speak in IDs. Every field counts; nothing is implied. */
export type SpeakSettings = {
  /** What stands around questions and answers. */
  frame: ChatFrame,
  /** What is taught, in which proportion. */
  shares: LessonShares,
  /** The model reads this many of the last items. */
  max_history: number,
  /** A title or a category path is cut to so many tokens. */
  text_tokens: number,
  /** Lessons drawn for one epoch. */
  lessons_an_epoch: number,
  /** Epochs that teach the rows of the new tokens alone. */
  token_epochs: number,
  /** Epochs after them that teach adapters and rows together. */
  adapter_epochs: number,
  /** Lessons in one optimiser step. */
  batch_lessons: number,
  /** The adapters. */
  lora: LoraSettings,
  /** Highest learning rate of the first epochs, falling along a cosine to a tenth. */
  token_learning_rate: number,
  /** The same of the later epochs. */
  adapter_learning_rate: number,
  /** Share of each phase over which the learning rate rises from 0. */
  warm_up_share: number,
  /** AdamW's decoupled decay. */
  weight_decay: number,
  /** Gradients longer than this (Euclidean norm) are shortened to it. */
  clip_norm: number,
  /** Epochs from one validation to the next. */
  validate_every: number,
  /** Validations without a better NDCG@10 after which a phase stops. */
  patience: number,
  /** At most this many validation cases, drawn with the seed; each costs about as much as two lessons. */
  validation_cases: number,
  /** Prefixes kept at each level of the search. */
  beam: number,
  /** Parts a batch is cut into, each computed by one thread. */
  shards: number,
  /** What products with the frozen weights multiply, in training as in ranking. */
  precision: TrainingPrecision,
};

/** What is held out. */
export type SplitRule = { "rule": "leave-last-out"
} | { "rule": "global-time",
  /** Share of the interactions in the validation period. */
  validation_share: number,
  /** Share of the interactions in the test period. */
  test_share: number,
};

/** Where a stage stands. */
export type StageState = "done" | "running" | "waiting";

/** Seconds of a stage. */
export type StageTime = {
  /** "embed", "train generative/rq-kmeans, seed 1". */
  stage: string,
  /** Wall seconds. */
  secs: number,
  /** Whether an artifact of an earlier run was used instead. */
  reused: boolean,
};

/** A stage of a run. */
export type StageView = {
  /** Its title, "Train and rank Generative · Hash, seed 1", and, when done, its seconds. */
  stage: StageTime,
  /** Where it stands. */
  state: StageState,
};

/** A job was queued. */
export type Started = {
  /** Ask after it by this number. */
  job: number,
};

/** A run was queued. */
export type StartedRun = {
  /** Ask after the job by this number. */
  job: number,
  /** Look at the run by this number. */
  run: number,
};

/** One open step. */
export type StepView = {
  /** What is being done. */
  name: string,
  /** A few words of detail; may be empty. */
  note: string,
  /** Units done. */
  done: number,
  /** Units in all; 0 when unknown. */
  total: number,
  /** Seconds since the step opened. */
  elapsed_secs: number,
  /** Seconds left at the pace so far; none before there is a pace. */
  remaining_secs: number | null,
};

/** One stimulus: an item, and what is shown around it in each arm. All arms share the item, so its popularity, its title
 * and how well people know it are the same in all of them. */
export type Stimulus = {
  /** Key of the task. */
  task: string,
  /** Its class in the Latin square. */
  class: number,
  /** The item, by its place in the catalog. */
  anchor: number,
  /** The item's key. */
  key: string,
  /** The third of the catalog it is in by popularity: 0 the least met. */
  band: number,
  /** One an arm of the task, in the order of the design. */
  views: Array<View>,
  /** What was replaced by hand, oldest first. */
  replaced: Array<Replacement>,
};

/** A stimulus, without what is shown around it. */
export type StimulusFacts = {
  /** Key of the task. */
  task: string,
  /** Key of its item. */
  item: string,
  /** The item's title. */
  title: string,
  /** The third of the catalog it is in by popularity: 0 the least met. */
  band: number,
  /** Replacements by hand, oldest first. */
  replaced: Array<Replacement>,
};

/** A study as far as it may be looked at. */
export type StudyAnalysis = {
  /** As in the list. */
  study: StudyRow,
  /** Whether arms are still masked, because data are still collected. */
  masked: boolean,
  /** In a sentence: what is shown, and why not more. */
  sentence: string,
  /** How far each kind of participants is; people first, those without sessions left out. */
  progress: Array<KindProgress>,
  /** Everything the answers say, without the answers themselves; none while masked. */
  results: StudyResults | null,
};

/** Analyse a study. */
export type StudyAnalysisRequest = {
  /** Name of the study. */
  name: string,
  /** Its version; none: the latest that is locked. */
  version?: number | null,
  /** The run whose accuracy the ID schemes are shown with; none: the newest that used most of them. */
  run?: number | null,
};

/** Draw the charts of results. */
export type StudyChartsRequest = {
  /** As `study_analysis` gave them. */
  results: StudyResults,
  /** For a dark page. */
  dark: boolean,
};

/** A study as a person designs it. */
export type StudyDesign = {
  /** Names the study in commands. */
  name: string,
  /** What participants see as its title. */
  title: { [key in string]: string
  },
  /** The data set. */
  dataset: string,
  /** Languages participants may choose from; the first is shown first. */
  languages: Array<string>,
  /** Draws stimuli, rotation and order. */
  seed: number,
  /** Participants planned. */
  participants: number,
  /** What participants agree to. Only ever shown and hashed. */
  consent: { [key in string]: string
  },
  /** What is compared. */
  arms: Array<ArmDesign>,
  /** What participants do, in this order. */
  tasks: Array<TaskDesign>,
  /** Attention checks, as a share of all trials. */
  attention_share: number,
  /** Trials between two breaks. */
  break_every: number,
  /** Characters of an item's text shown below its title; 0: the title alone. */
  text_chars: number,
  /** Who is left out of the analysis; fixed before the first answer. */
  rules: Rules,
  /** The analysis in words, beside what the program does. Locked with the rest. */
  analysis_plan: string,
};

/** A study with everything its page shows. */
export type StudyDetail = {
  /** As in the list. */
  study: StudyRow,
  /** The design. */
  design: StudyDesign,
  /** What is shown, in every arm. */
  stimuli: Array<Stimulus>,
  /** What the participant's page says, by language in the order of the design. */
  texts: Array<Texts>,
  /** Rows of the Latin square: participants come in multiples of it. */
  block: number,
  /** Trials of one participant, attention checks among them; those of a second part are not. */
  trials: number,
  /** Minutes that a session is likely to take. */
  minutes: number,
  /** Sessions that were made, oldest first. */
  participants: Array<ParticipantRow>,
  /** Withdrawals, oldest first. */
  withdrawals: Array<Withdrawn>,
  /** Files with answers or sessions that were written or read. */
  files: Array<StudyFile>,
};

/** A design as it is being written. */
export type StudyDraft = {
  /** The design. */
  design: StudyDesign,
  /** Files with the texts of languages that do not come with the program. */
  texts: Array<string>,
};

/** Write the results of a study. */
export type StudyExportRequest = {
  /** Name of the study. */
  name: string,
  /** Its version; none: the latest that is locked. */
  version?: number | null,
  /** The run whose accuracy the ID schemes are shown with; none: the newest that used most of them. */
  run?: number | null,
  /** The folder. */
  output: string,
};

/** Results that were written. */
export type StudyExported = {
  /** The study. */
  study: string,
  /** Its version. */
  version: number,
  /** The folder. */
  folder: string,
  /** The files in it, by their path inside the folder. */
  files: Array<string>,
};

/** A file with answers or a session. */
export type StudyFile = {
  /** `results`, `protocol`, `session`, `answers`. */
  kind: string,
  /** Where it was put, or read. */
  path: string,
  /** Whose; none: of all. */
  pseudonym: string | null,
  /** Unix seconds. */
  at: number,
};

/** Ask for the power of a design. */
export type StudyPowerRequest = {
  /** The design, saved or not. */
  design: StudyDesign,
  /** Participants; none: as many as planned. */
  participants?: number | null,
};

/** Let a language model take part in a study. */
export type StudyRateRequest = {
  /** Name of the study, which must be locked and open. */
  name: string,
  /** Its version; none: the latest that is locked. */
  version?: number | null,
  /** 2 to match names that others gave. */
  part: number,
  /** The language model. */
  model: string,
};

/** A study whose data collection has ended, with everything its answers say. */
export type StudyResults = {
  /** Version of this document's form. */
  form: number,
  /** 1, and one more for each new version after a lock. */
  version: number,
  /** As locked. */
  design: StudyDesign,
  /** What a person calls the data set. */
  dataset_title: string,
  /** Digest of the data set. */
  dataset_digest: string,
  /** BLAKE3 of the locked protocol's canonical JSON, 64 hexadecimal digits. */
  protocol_hash: string,
  /** The program's version at the lock. */
  program: string,
  /** Languages with the version of their texts. */
  instruments: Array<InstrumentFacts>,
  /** Unix seconds of the lock. */
  locked_at: number,
  /** Unix seconds of the end of data collection. */
  closed_at: number,
  /** Unix seconds of this analysis. */
  analysed_at: number,
  /** Rows of the Latin square: after so many participants each stimulus was in each arm equally often. */
  block: number,
  /** What was shown. */
  stimuli: Array<StimulusFacts>,
  /** The power of the planned size, one a task. */
  power: Array<TaskPower>,
  /** Participants who withdrew; nothing else is known of them. */
  withdrawals: number,
  /** People, simulated participants, language models, in this order; those without answers are left out. */
  kinds: Array<KindResults>,
  /** How far language models agree with people on the same stimuli in the same arms; empty unless both answered. */
  model_agreement: Array<ModelAgreement>,
  /** Bootstrap resamples behind the intervals. */
  resamples: number,
  /** Sign flips behind the p-values. */
  flips: number,
  /** One row an answer, in the order of participants and trials. Empty where only the analysis was asked for. */
  rows: Array<AnswerRow>,
};

/** A study in a list. */
export type StudyRow = {
  /** Names it in commands. */
  name: string,
  /** 1, and one more for each new version after a lock. */
  version: number,
  /** Its title in its first language. */
  title: string,
  /** The data set. */
  dataset: string,
  /** Where it is. */
  state: StudyState,
  /** Hash of the locked protocol. */
  protocol_hash: string | null,
  /** Unix seconds. */
  created_at: number,
  /** Unix seconds; none before the lock. */
  locked_at: number | null,
  /** Unix seconds of the end of data collection; none before. */
  closed_at: number | null,
  /** Participants planned. */
  planned: number,
  /** People with at least one answer. */
  people: number,
  /** Simulated participants with at least one answer. */
  simulated: number,
  /** Language models with at least one answer. */
  models: number,
};

/** Names a study. */
export type StudySelector = {
  /** Its name. */
  name: string,
  /** Its version; none: the latest, and for everything that needs a locked study the latest that is locked. */
  version?: number | null,
};

/** Make sessions. */
export type StudySessionsRequest = {
  /** Name of the study. */
  name: string,
  /** Its version; none: the latest that is locked. */
  version?: number | null,
  /** How many. */
  count: number,
  /** 2 for sessions that match names that others gave; 1 else. */
  part?: number | null,
  /** A folder, where each session is also written as one file that runs in any browser. */
  output?: string | null,
};

/** Try a study with simulated participants. */
export type StudySimulateRequest = {
  /** Name of the study. */
  name: string,
  /** Its version; none: the latest that is locked. */
  version?: number | null,
  /** How many. */
  count: number,
  /** 2 to match names that simulated participants gave; 1 else. */
  part?: number | null,
  /** How much the codes of an arm say, by its key: 0 is guessing, 1 is always seeing it. */
  meaning?: { [key in string]: number
  } | null,
};

/** Ask for a design to begin with. */
export type StudyStarterRequest = {
  /** The data set. */
  dataset: string,
  /** IDs of the arms, by their name as in `SchemeRow` or by the key of their scheme; empty: the usual ones. */
  ids: Array<string>,
  /** Whom participants can ask; stands in the consent. */
  contact?: string | null,
  /** Name of a set of explanations to be rated beside; none: no explanations. */
  explanations?: string | null,
};

/** Where a study is. */
export type StudyState = "draft" | "open" | "closed";

/** P(one > other) + ½ P(one = other). */
export type Superiority = {
  /** .5: neither is rated higher. */
  value: number,
  /** Lower end of the 95 % interval over clusters. */
  low: number,
  /** Upper end. */
  high: number,
  /** Values of the one and of the other. */
  n: [number, number],
  /** Clusters: people. */
  clusters: number,
};

/** Probability that a rating under one arm exceeds one under another. */
export type SuperiorityRow = {
  /** Key of the task. */
  task: string,
  /** Key of the one. */
  arm: string,
  /** Key of the other. */
  against: string,
  /** The probability with its interval. */
  superiority: Superiority,
};

/** A table of formatted cells. Texts are raw: each format escapes what it shows. */
export type Table = {
  /** What it shows. */
  title: string,
  /** How to read it, in a sentence; may be empty. */
  note: string,
  /** Heads of the columns. */
  columns: Array<TableColumn>,
  /** From top to bottom; each with one cell per column. */
  rows: Array<TableRow>,
};

/** A cell. */
export type TableCell = {
  /** The number or the word. */
  text: string,
  /** What belongs to it, smaller: an interval, a standard deviation. */
  details: Array<string>,
  /** Whether it is the best of its column. */
  best: boolean,
};

/** A column. */
export type TableColumn = {
  /** Its head. */
  title: string,
  /** What it shares with its neighbours ("Quality", "Cost"); may be empty. */
  group: string,
  /** Whether it holds numbers, which stand on the right. */
  numeric: boolean,
};

/** A row. */
export type TableRow = {
  /** One per column. */
  cells: Array<TableCell>,
  /** Whether all other rows are compared with this one. */
  baseline: boolean,
  /** Whether something new begins here, so that formats may set it apart. */
  opens: boolean,
};

/** Trials of a task. */
export type TaskCounts = {
  /** Key of the task. */
  task: string,
  /** Answers there are. */
  answers: number,
  /** Answers of those who stay in. */
  analysed: number,
  /** Stimuli they are about. */
  stimuli: number,
};

/** One task. */
export type TaskDesign = {
  /** Names it in tables: `intrusion-easy`. */
  key: string,
  /** Codes from the root that make a group; 1 is the coarsest. */
  level: number,
  /** Stimuli a participant sees in each arm. */
  per_arm: number,
  /** Keys of the arms; empty: all. */
  arms: Array<string>,
  /** Whether participants are asked how sure they are. */
  confidence: boolean,
} & ({ "kind": "intrusion",
  /** Items that share the prefix. */
  members: number,
  /** Whether the stranger shares the prefix above, so that only the last code tells it apart. */
  hard: boolean,
} | { "kind": "forward-simulation",
  /** Codes to choose from. */
  codes: number,
  /** Items shown of each. */
  exemplars: number,
} | { "kind": "naming",
  /** Items shown. */
  exemplars: number,
} | { "kind": "matching",
  /** Key of the naming task. */
  of: string,
  /** Codes to choose from. */
  codes: number,
  /** Items shown of each. */
  exemplars: number,
} | { "kind": "rating",
  /** What is shown. */
  about: RatedAbout,
  /** Items shown, where items are. */
  exemplars: number,
  /** The question and its scale. */
  question: Question,
});

/** How sure a task is to find a difference. */
export type TaskPower = {
  /** Key of the task. */
  task: string,
  /** The difference that is to be found, in words: "0.3 points of 5", "15 percentage points right". */
  difference: string,
  /** What was assumed. */
  assumptions: PowerAssumptions,
  /** What came out. */
  estimate: PowerEstimate,
  /** Power and size in a sentence; says that it is a pilot where both tests together stay below 80 %. */
  sentence: string,
};

/** One thing that is wrong with an edited template. */
export type TemplateProblem = {
  /** Where. */
  part: PromptPart,
  /** What is wrong, and what to do. */
  sentence: string,
};

/** Settings of text-kNN. */
export type TextKnnSettings = {
  /** How many of the last items of a history are looked at. */
  history: number,
  /** Weight of an item relative to the one after it: 1 weighs all alike. */
  recency: number,
  /** How the similarities to those items become one score. */
  pooling: Pooling,
};

/** How texts become vectors. */
export type TextSettings = {
  /** Name of a model folder. */
  encoder: string,
};

/** The words of the participant's page in one language. */
export type Texts = {
  /** Short name of the language: `en`. */
  language: string,
  /** Raised whenever a text changes, so that data tell what was read. */
  version: number,
  /** Labels of the five points of confidence, from the lowest. */
  confidence_points: Array<string>,
  /** Practice trials: four that belong together, then the stranger. Two of them. */
  practice: Array<Array<string>>,
  /** Name of the language in itself. */
  language_name: string,
  /** Above the consent text. */
  consent_heading: string,
  /** Beside the box to tick. */
  consent_agree: string,
  /** A button. */
  begin: string,
  /** A button. */
  next: string,
  /** A button. */
  back_to_study: string,
  /** Above the instructions. */
  instructions_heading: string,
  /** Before the first task; says how keys work and that answers are saved. */
  instructions: string,
  /** Above the practice. */
  practice_heading: string,
  /** What practice is for. */
  practice_note: string,
  /** Feedback. */
  practice_right: string,
  /** Feedback; `{answer}` is the right one. */
  practice_wrong: string,
  /** Above an intrusion: find the stranger. */
  intrusion: string,
  /** Above a forward simulation. */
  forward_simulation: string,
  /** The new item's label. */
  new_item: string,
  /** Above a naming. */
  naming: string,
  /** Label of the field for words. */
  naming_field: string,
  /** Above a matching. */
  matching: string,
  /** The name's label. */
  name_given: string,
  /** "Group", before a letter. */
  group: string,
  /** Label of an item whose ID is shown. */
  item: string,
  /** Label of an ID. */
  id: string,
  /** Label of an item that was liked. */
  liked: string,
  /** Label of a recommended item. */
  recommended: string,
  /** Label of why an item was recommended: what both share, or an explanation. */
  because: string,
  /** Offered apart from a scale. */
  cannot_judge: string,
  /** The question of confidence. */
  confidence: string,
  /** An attention check; `{n}` is the number to choose. */
  attention: string,
  /** Progress; `{done}` and `{total}`. */
  progress: string,
  /** Above a break. */
  break_heading: string,
  /** What to do in it. */
  break_note: string,
  /** After the last trial. */
  debrief_heading: string,
  /** What the study was about and what to do with the file. */
  debrief: string,
  /** A button. */
  save_answers: string,
  /** After saving. */
  saved_note: string,
  /** A button that ends it without handing in. */
  stop: string,
  /** What stopping does. */
  stop_note: string,
  /** A button: confirms. */
  stop_confirm: string,
  /** A button that closes the window, where the page has one of its own. */
  close_window: string,
  /** After stopping. */
  stopped: string,
  /** Said when the browser cannot keep answers. */
  not_kept: string,
  /** Said when work is resumed. */
  resumed: string,
  /** How to use the keys; `{n}` is the number of options. */
  keys: string,
  /** Said to a screen reader when an answer is saved. */
  answer_saved: string,
  /** A light or dark page. */
  theme: string,
};

/** The first item texts, as they would be embedded. */
export type TextsReply = {
  /** The template in use. */
  template: string,
  /** Fields a template can name. */
  fields: Array<string>,
  /** Key, title and text of the first items. */
  texts: Array<ItemText>,
  /** What is wrong with the template; none when it is fine. */
  problem: string | null,
};

/** The file of English texts, to be translated. */
export type TextsTemplate = {
  /** TOML. */
  toml: string,
};

/** Light, dark, or as the system has it. */
export type ThemeChoice = "system" | "light" | "dark";

/** The order of a user's interactions with the same time. */
export type Ties = "shuffle" | "file-order";

/** How TIGER is built, trained and decoded. Every field counts; nothing is implied. */
export type TigerSettings = {
  /** Blocks of the encoder, which reads the history. */
  encoder_layers: number,
  /** Blocks of the decoder, which writes the next item's ID. */
  decoder_layers: number,
  /** Width of the residual streams. */
  d_model: number,
  /** Attention heads. */
  heads: number,
  /** Width of one attention head; as in T5 the heads together need not be as wide as the model. */
  head_width: number,
  /** Width between the two products of a block's feed-forward half. */
  feed_forward: number,
  /** Share of the numbers dropped after embeddings, in attention, between the two products of a feed-forward half and
   * after each part of a block. */
  dropout: number,
  /** The model looks at this many of the last items. */
  max_history: number,
  /** Tokens that users are hashed to, one of which opens each history; 0 for none. */
  user_tokens: number,
  /** Pairs of a history and its next item in one optimiser step. */
  batch_pairs: number,
  /** Passes over the pairs. */
  epochs: number,
  /** Highest learning rate, reached after the warm-up. */
  learning_rate: number,
  /** How the learning rate falls after the warm-up. */
  schedule: Schedule,
  /** Share of the training over which the learning rate rises from 0. */
  warm_up_share: number,
  /** AdamW's decoupled decay of matrices and embeddings. */
  weight_decay: number,
  /** Share of the target probability spread evenly over the codes of the level. */
  label_smoothing: number,
  /** Gradients longer than this (Euclidean norm) are shortened to it. */
  clip_norm: number,
  /** Epochs from one validation to the next. */
  validate_every: number,
  /** Validations without a better NDCG@10 after which training stops. */
  patience: number,
  /** At most this many validation cases, drawn with the seed. */
  validation_cases: number,
  /** Prefixes kept per level when ranking; never fewer than twice the length of the list asked for. */
  beam: number,
  /** Where it computes. */
  device: ComputeDevice,
};

/** Response times of an arm in a task. */
export type TimeRow = {
  /** Key of the task. */
  task: string,
  /** Key of the arm. */
  arm: string,
  /** Answers. */
  n: number,
  /** Answers that took longer than the rule allows, left out here. */
  too_long: number,
  /** Milliseconds. */
  median_ms: number,
  /** Lower quartile. */
  lower_ms: number,
  /** Upper quartile. */
  upper_ms: number,
};

/** What the products of training multiply. Sums, weights, norms, softmax and the optimiser are f32 always. */
export type TrainingPrecision = "f32" | "bf16";

/** A prefix of the tree. */
export type TreeNode = {
  /** Codes from the root. */
  prefix: Array<number>,
  /** Its label; empty where codes mean nothing. */
  label: string,
  /** Words that set it apart, with their weight. */
  words: Array<[string, number]>,
  /** Items below it. */
  items: number,
  /** Most frequent first category below it, and its share; none where there are no categories. */
  category: [string, number] | null,
  /** Titles of items nearest to its middle, or most met. */
  exemplars: Array<string>,
  /** Number of different codes below it. */
  children_count: number,
  /** The nodes below it, most items first; empty beyond the depth asked for. */
  children: Array<TreeNode>,
};

/** Open a node of the tree. */
export type TreeRequest = {
  /** The data set. */
  dataset: string,
  /** Names the IDs. */
  ids: string,
  /** Codes from the root; empty: the root. */
  prefix: Array<number>,
  /** Levels below it to send, 1 or 2. */
  depth: number,
};

/** How a trial is shown. */
export type TrialTask = "intrusion" | "forward-simulation" | "naming" | "matching" | "rating";

/** An ID scheme by how well recommendations with it are, and how well people see what its codes say. */
export type TwoAxesRow = {
  /** Key of the study's arm. */
  arm: string,
  /** Its title. */
  title: string,
  /** Key of the intrusion task. */
  task: string,
  /** What guessing gives in it. */
  chance: number,
  /** Mean over participants of the share right, and its 95 % bootstrap interval over them. */
  right: Axis,
  /** The run's metric with its 95 % bootstrap interval over users. */
  accuracy: Axis,
  /** `NDCG@10`. */
  metric: string,
  /** Number of the run. */
  run: number,
  /** Key of the run's arm: `generative/rq-kmeans`. */
  run_arm: string,
  /** Title of the run's arm. */
  run_arm_title: string,
};

/** One user: history, what was held out, and the list of an arm. */
export type UserDetail = {
  /** The user's key in the files. */
  key: string,
  /** Oldest first. */
  history: Array<NamedItem>,
  /** The items held out as the test. */
  targets: Array<NamedItem>,
  /** The list, best first. */
  list: Array<ListEntry>,
  /** Every metric of the run for this list, as title and value. */
  values: Array<[string, number]>,
  /** Seeds that can be asked for. */
  seeds: Array<number>,
  /** Whether `why_item` can tell how an entry came about. */
  explains: boolean,
  /** What cannot be shown and why, in a sentence; empty when all can. */
  note: string,
};

/** A page of users. */
export type UserPage = {
  /** Users in all, under the query. */
  total: number,
  /** The page. */
  rows: Array<UserRow>,
  /** What cannot be shown and why, in a sentence; empty when all can. */
  note: string,
};

/** Names a user's list. */
export type UserRequest = {
  /** Which run. */
  run: number,
  /** Key of the arm. */
  arm: string,
  /** Seed of the replicate. */
  seed: number,
  /** Index in the run's data. */
  user: number,
};

/** One user's values, mean over seeds. */
export type UserRow = {
  /** Index in the run's data, which `user` asks with. */
  user: number,
  /** The user's key in the files; the index where the data set is not here. */
  key: string,
  /** Items of the history; none where the data set is not here. */
  history: number | null,
  /** Value under the arm. */
  value: number,
  /** Value under the other arm. */
  against: number,
  /** Value minus the other. */
  difference: number,
  /** Rank of the first target under each seed; none where the list has none, or the data set is not here. */
  ranks: Array<number | null>,
};

/** Columns of the users behind a number. */
export type UserSort = "user" | "value" | "against" | "difference" | "history";

/** A page of the users behind a number. */
export type UsersRequest = {
  /** Which run. */
  run: number,
  /** Key of the arm. */
  arm: string,
  /** Key of the arm it is compared with; none: the run's baseline. */
  against?: string | null,
  /** `ndcg@10`. */
  metric: string,
  /** Column to sort by. */
  sort: UserSort,
  /** Largest first. */
  descending: boolean,
  /** Part of the user's key; none: all. */
  query?: string | null,
  /** First row. */
  offset: number,
  /** Rows at most. */
  limit: number,
};

/** A stimulus as one arm shows it. */
export type View = {
  /** Key of the arm. */
  arm: string,
  /** The prefix whose items are shown. */
  prefix: Array<number>,
  /** What stands above: a new item, an item and its ID, each with the name of its label (`new_item`, `id`). */
  lead: Array<[string, string]>,
  /** Items shown that cannot be chosen. */
  shown: Array<string>,
  /** What is chosen from, each a list of lines. */
  options: Array<Array<string>>,
  /** The option that is right; none where none is. */
  answer: number | null,
  /** Items shown, by their place in the catalog. */
  items: Array<number>,
};

/** A code that could have been chosen. */
export type WhyAlternative = {
  /** The code. */
  code: number,
  /** Its label. */
  label: string,
  /** Its probability given the codes before it. */
  probability: number,
  /** Whether it is the one of the item. */
  chosen: boolean,
  /** Whether prefix and code stayed in the beam. */
  in_beam: boolean,
  /** Titles of a few items below it. */
  exemplars: Array<string>,
};

/** One level of the path. */
export type WhyLevel = {
  /** "Level 1", "Digit". */
  title: string,
  /** The code chosen. */
  code: number,
  /** Its label; empty where codes mean nothing. */
  label: string,
  /** Its probability given the codes before it. */
  probability: number,
  /** Its place among the allowed codes, from 1. */
  rank: number,
  /** Codes the trie allows here. */
  allowed: number,
  /** Items of the catalog below the prefix up to here. */
  items: number,
  /** Whether the prefix stayed in the beam; a prefix that fell out ends the path of the search. */
  in_beam: boolean,
  /** The most probable codes here, the chosen one among them. */
  alternatives: Array<WhyAlternative>,
};

/** The beam's path to an item, level by level (result of the job `why_item`). */
export type WhyReply = {
  /** The item. */
  item: NamedItem,
  /** Rank in the list; none when it is not in it. */
  rank: number | null,
  /** Probability of its whole ID: the product over the levels, whose logarithm is the score in the list. */
  probability: number,
  /** One a level, the digit last. */
  levels: Array<WhyLevel>,
  /** Items of the history that share codes with it, most shared first: item and shared levels. */
  shared: Array<[NamedItem, number]>,
};

/** Ask how the generative model came to an item. */
export type WhyRequest = {
  /** Which run. */
  run: number,
  /** Key of an arm that speaks in IDs. */
  arm: string,
  /** Seed of the replicate. */
  seed: number,
  /** Index of the user in the run's data. */
  user: number,
  /** Index of the item in the run's catalog. */
  item: number,
};

/** A withdrawal that was carried out. */
export type Withdrawn = {
  /** The study. */
  study: string,
  /** Who. */
  pseudonym: string,
  /** Answers that were deleted. */
  answers: number,
  /** What became of each file that held something of this person. */
  files: Array<FileOutcome>,
  /** Unix seconds. */
  at: number,
};

/** Every command: its request and its reply. */
export interface Commands {
  /** Data sets in the workspace and recipes at hand. */
  datasets: { request: Nothing; reply: DatasetList };
  /** One data set with everything its page shows. */
  dataset: { request: DatasetRequest; reply: DatasetDetail };
  /** One chart of a data set. */
  dataset_chart: { request: DatasetChartRequest; reply: DrawnChart };
  /** Rows that could not be used, page by page. */
  dataset_problems: { request: ItemsRequest; reply: ProblemPage };
  /** Items of a data set, page by page. */
  items: { request: ItemsRequest; reply: ItemPage };
  /** Remove a data set from the workspace. */
  remove_dataset: { request: DatasetRequest; reply: Nothing };
  /** Tell items from interactions among dropped files. */
  recognise_files: { request: FilesRequest; reply: Recognised };
  /** What a file would be read as. */
  preview_file: { request: PreviewRequest; reply: PreviewReply };
  /** The first item texts as they would be embedded. */
  preview_texts: { request: ImportDraft; reply: TextsReply };
  /** Read files through without writing anything; a job. */
  check_import: { request: ImportDraft; reply: Started };
  /** Import files; a job. */
  import: { request: ImportRequest; reply: Started };
  /** Import a recipe's data set; a job. */
  import_recipe: { request: RecipeRequest; reply: Started };
  /** The sample and its finished comparison; a job. */
  open_sample: { request: Nothing; reply: Started };
  /** Turn a file of texts into vectors; a job. */
  embed: { request: EmbedRequest; reply: Started };
  /** ID schemes, recommenders, metrics at hand. */
  methods: { request: Nothing; reply: Methods };
  /** The default settings for a data set. */
  starter: { request: DatasetRequest; reply: ExperimentSettings };
  /** Every setting explained. */
  fields: { request: SettingsRequest; reply: Array<FieldFacts> };
  /** Settings from an experiment file. */
  read_settings: { request: SettingsFileRequest; reply: ExperimentSettings };
  /** Problems of settings, each with its field. */
  check: { request: SettingsRequest; reply: Array<FieldProblem> };
  /** How long an experiment will take. */
  estimate: { request: SettingsRequest; reply: Estimate };
  /** Run or resume an experiment; a job. */
  start_run: { request: RunRequest; reply: StartedRun };
  /** Go on with a run that was stopped; a job. */
  resume_run: { request: RunNumber; reply: StartedRun };
  /** All runs, newest first. */
  runs: { request: Nothing; reply: Array<RunRow> };
  /** Runs of a kind, page by page, each at a glance. */
  run_page: { request: RunsRequest; reply: RunPage };
  /** A run as it goes or as it ended. */
  run_view: { request: RunNumber; reply: RunView };
  /** The training curves of a run so far, drawn. */
  run_curves: { request: RunCurvesRequest; reply: DrawnChart | null };
  /** Ask a run to stop, whichever process runs it. */
  cancel_run: { request: RunNumber; reply: Nothing };
  /** Remove a run and what only it uses. */
  remove_run: { request: RunNumber; reply: Nothing };
  /** What differs between the settings of runs. */
  settings_difference: { request: SettingsDifferenceRequest; reply: SettingsDifference };
  /** The comparison of a run. */
  comparison: { request: RunSelector; reply: Comparison };
  /** One chart of a run as SVG. */
  chart: { request: ChartRequest; reply: ChartReply };
  /** One chart of a run with its table and marks. */
  drawn_chart: { request: ChartRequest; reply: DrawnChart };
  /** Where a number comes from. */
  number: { request: NumberRequest; reply: NumberFacts };
  /** The users behind a number, page by page. */
  users: { request: UsersRequest; reply: UserPage };
  /** One user's history, targets and list. */
  user: { request: UserRequest; reply: UserDetail };
  /** How the generative model came to an item; a job. */
  why_item: { request: WhyRequest; reply: Started };
  /** Write a table, a report, a chart or a bundle to a file. */
  save: { request: SaveRequest; reply: Saved };
  /** Open a bundle of another machine; a job. */
  open_bundle: { request: FileRequest; reply: Started };
  /** Write the report of a run. */
  export: { request: ExportRequest; reply: ExportReport };
  /** Judge the lists of any system. */
  eval: { request: EvalRequest; reply: JudgedLists };
  /** Write a data set and its IDs in another system's forms; a job. */
  bridge_export: { request: BridgeExportRequest; reply: Started };
  /** What a file of another system's lists holds; a job. */
  look_at_lists: { request: ListsRequest; reply: Started };
  /** Build the IDs of a data set; a job. */
  ids: { request: IdsRequest; reply: Started };
  /** IDs there are for a data set. */
  schemes: { request: DatasetRequest; reply: Array<SchemeRow> };
  /** Shape, quality and diagnosis of IDs. */
  id_scheme: { request: IdsSelector; reply: IdSchemeResult };
  /** A node of the tree of codes. */
  id_tree: { request: TreeRequest; reply: TreeNode };
  /** Items below a prefix, page by page. */
  id_items: { request: IdItemsRequest; reply: IdItemPage };
  /** Neighbours of an item in codes and in embeddings. */
  neighbours: { request: NeighboursRequest; reply: NeighboursReply };
  /** The catalog on a plane; a job. */
  catalog_map: { request: IdsSelector; reply: Started };
  /** Items that share all codes. */
  collisions: { request: CollisionsRequest; reply: CollisionPage };
  /** Two schemes on the same items. */
  compare_ids: { request: CompareIdsRequest; reply: CompareIdsReply };
  /** All studies, newest first. */
  studies: { request: Nothing; reply: Array<StudyRow> };
  /** One study with everything its page shows. */
  study: { request: StudySelector; reply: StudyDetail };
  /** A design to begin with; a job. */
  study_starter: { request: StudyStarterRequest; reply: Started };
  /** Problems of a design, each with its field. */
  study_check: { request: StudyDraft; reply: Array<FieldProblem> };
  /** Draw the stimuli of a design and keep both as a draft; a job. */
  study_save: { request: StudyDraft; reply: Started };
  /** Put another item in the place of a stimulus. */
  study_replace: { request: ReplaceStimulusRequest; reply: StudyDetail };
  /** How sure a design is to find a difference; a job. */
  study_power: { request: StudyPowerRequest; reply: Started };
  /** Fix a draft under the hash of its protocol. */
  study_lock: { request: StudySelector; reply: StudyRow };
  /** Make sessions for participants. */
  study_sessions: { request: StudySessionsRequest; reply: Array<MadeSession> };
  /** Write a session as one file for any browser. */
  study_export_session: { request: ExportSessionRequest; reply: MadeSession };
  /** Import the answers that a session's file gave back. */
  study_import_answers: { request: FileRequest; reply: AnswersImported };
  /** Try a study with simulated participants; a job. */
  study_simulate: { request: StudySimulateRequest; reply: Started };
  /** End data collection, which unmasks the arms. */
  study_close: { request: StudySelector; reply: StudyRow };
  /** What the answers say, as far as it may be looked at; a job. */
  study_analysis: { request: StudyAnalysisRequest; reply: Started };
  /** The charts of a study's results, drawn. */
  study_charts: { request: StudyChartsRequest; reply: Array<KindCharts> };
  /** Write the results of a closed study; a job. */
  study_export: { request: StudyExportRequest; reply: Started };
  /** Delete everything of a participant; a job. */
  study_withdraw: { request: PseudonymRequest; reply: Started };
  /** The texts of the participant's page, to be translated. */
  study_texts: { request: Nothing; reply: TextsTemplate };
  /** A session for the participant's window. */
  participant_session: { request: SessionRequest; reply: ParticipantSession };
  /** Keep a participant's consent. */
  participant_consent: { request: ConsentRequest; reply: SessionState };
  /** Keep an answer; it is on the disk when this returns. */
  participant_answer: { request: AnswerRequest; reply: SessionState };
  /** Language models at hand. */
  language_models: { request: Nothing; reply: Array<LanguageModelRow> };
  /** Keep a model behind URLs. */
  set_remote_model: { request: RemoteModelDraft; reply: Array<LanguageModelRow> };
  /** Forget a model behind URLs. */
  remove_remote_model: { request: LanguageModelRequest; reply: Array<LanguageModelRow> };
  /** Put a key into the system's keychain. */
  keep_key: { request: KeyRequest; reply: Nothing };
  /** Greet a model; a job. */
  test_language_model: { request: LanguageModelRequest; reply: Started };
  /** Items for a request in one's own words; a job. */
  ask: { request: AskRequest; reply: Started };
  /** Let a language model explain the same recommendations under several ways of naming items; a job. */
  explain: { request: ExplainRequest; reply: Started };
  /** Sets of explanations of a data set, the newest first. */
  explanation_sets: { request: DatasetRequest; reply: Array<ExplanationSet> };
  /** What a language model does with titles that give orders; a job. */
  orders_in_titles: { request: OrdersRequest; reply: Started };
  /** An answer of a language model in a run, with its prompt. */
  language_answer: { request: LmAnswerRequest; reply: LmAnswer };
  /** The prompts that come with the program. */
  prompts: { request: Nothing; reply: Array<PromptTemplate> };
  /** What an edited prompt would show, what is wrong with it, what differs. */
  check_prompt: { request: PromptDraft; reply: PromptCheck };
  /** Write what a language model learned in a run as safetensors. */
  export_adapters: { request: AdaptersRequest; reply: AdaptersWritten };
  /** Let a language model take part in a study; a job. */
  study_rate: { request: StudyRateRequest; reply: Started };
  /** What this program is and stands on. */
  about: { request: Nothing; reply: About };
  /** What a person set. */
  preferences: { request: Nothing; reply: Preferences };
  /** Keep what a person set. */
  set_preferences: { request: Preferences; reply: Preferences };
  /** Fetch a model; a job. */
  fetch_model: { request: ModelRequest; reply: Started };
  /** Check workspace, models, machine; a job. */
  doctor: { request: DoctorRequest; reply: Started };
  /** One job as it is now. */
  job: { request: JobRequest; reply: JobView };
  /** All jobs of this process. */
  jobs: { request: Nothing; reply: Array<JobView> };
  /** Ask a job to stop. */
  cancel: { request: JobRequest; reply: boolean };
}

/** What comes of the job that a command starts. */
export interface JobResults {
  check_import: ImportCheck;
  import: ImportReport;
  import_recipe: ImportReport;
  open_sample: SampleReport;
  embed: EmbedReport;
  start_run: RunReport;
  resume_run: RunReport;
  why_item: WhyReply;
  open_bundle: OpenedBundle;
  bridge_export: BridgeExported;
  look_at_lists: ListsFound;
  ids: IdsReport;
  catalog_map: CatalogMap;
  study_starter: StudyDesign;
  study_save: StudyDetail;
  study_power: Array<TaskPower>;
  study_simulate: Array<MadeSession>;
  study_analysis: StudyAnalysis;
  study_export: StudyExported;
  study_withdraw: Withdrawn;
  test_language_model: ModelTest;
  ask: Asked;
  explain: ExplanationSet;
  orders_in_titles: Array<OrdersRow>;
  study_rate: ModelRated;
  fetch_model: ModelRow;
  doctor: DoctorReport;
}
