//! A bundle: one file with a finished run, which another machine opens.
//!
//! A zip archive. `manifest.json` comes first and names every other member with its size and BLAKE3 digest; nothing is
//! believed that it does not name. Members are never unpacked to paths: each is read into memory within limits, checked,
//! and handed to the workspace under the fingerprint that the manifest gives, so no name in a bundle can reach outside.
//!
//! | member | what |
//! |---|---|
//! | `experiment.toml`, `comparison.json` | settings and answer, as in a report |
//! | `users.json` | indices of the judged users; their keys only in `keys.json`, where asked for |
//! | `values/N.f64`, `lists/N.lists` | per-user values and ranked lists of an arm and seed |
//! | `artifacts/N` | IDs of every scheme and seed; models where asked for |
//! | `embeddings/N.f32` | vectors of the item texts by the digest of each text; with the models |

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, Write};
use std::path::Path;

use semid_core::Work;
use semid_core::comparison::Comparison;
use semid_store::{
    FinishedRun, NewRun, PerUser, RunResults, RunStage, RunStatus, decode_lists, encode_lists, text_digest,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::settings::ExperimentSettings;
use crate::{Engine, Error, Result, files};

const FORMAT: &str = "semid bundle";
const VERSION: u32 = 1;
const MANIFEST: &str = "manifest.json";

/// Bytes of the largest manifest and of the largest member that are read into memory, and of all members together.
const LARGEST_MANIFEST: u64 = 64 << 20;
const LARGEST_MEMBER: u64 = 1 << 30;
const LARGEST_BUNDLE: u64 = 16 << 30;

/// What goes into a bundle beside the run itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BundleOptions {
    /// The trained models and the embeddings, so that "why this item" and neighbours work where they were never made.
    pub models: bool,
    /// The users' keys. They are pseudonyms at best.
    pub keys: bool,
}

/// What came of opening a bundle.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct OpenedBundle {
    /// The run it became.
    pub run: i64,
    /// Whether it had been opened, or run, here before.
    pub known: bool,
    /// Whether the data set it ran on is in the workspace, so that users and items can be looked at.
    pub dataset_here: bool,
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    format: String,
    version: u32,
    /// Version of the program that wrote it.
    semid: String,
    run: RunFacts,
    stages: Vec<RunStage>,
    values: Vec<Values>,
    lists: Vec<Lists>,
    artifacts: Vec<Kept>,
    embeddings: Option<Vectors>,
    /// Every other member by name.
    members: BTreeMap<String, Member>,
}

#[derive(Serialize, Deserialize)]
struct RunFacts {
    name: String,
    dataset: String,
    dataset_digest: String,
    fingerprint: String,
    protocol: String,
    created_at: i64,
    started_at: Option<i64>,
    ended_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct Values {
    arm: String,
    seed: u64,
    metric: String,
    member: String,
}

#[derive(Serialize, Deserialize)]
struct Lists {
    arm: String,
    seed: u64,
    member: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    fingerprint: String,
    kind: String,
    settings: Value,
    member: String,
}

#[derive(Serialize, Deserialize)]
struct Vectors {
    model: String,
    dim: usize,
    /// Digest of a text (32 bytes), then its vector, again and again.
    members: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Member {
    bytes: u64,
    blake3: String,
}

impl Engine {
    /// Writes a finished run as a bundle; the bytes of the file.
    pub fn write_bundle(&self, work: &Work, run: i64, options: BundleOptions, path: &Path) -> Result<u64> {
        let past = self.past_run(run)?;
        let step = work.step("write the bundle", 0);
        let mut zip = Packing::default();
        zip.add("experiment.toml", past.run.settings.as_bytes())?;
        zip.add("comparison.json", &to_json(&*past.comparison)?)?;
        let missing = || Error::input(format!("Run {run} has no per-user values, so it cannot be bundled."));
        let users = self.store().user_order(run)?.ok_or_else(missing)?;
        zip.add("users.json", &to_json(&users)?)?;
        let (mut values, mut lists) = (Vec::new(), Vec::new());
        for arm in &past.comparison.arms {
            for &seed in &past.comparison.seeds {
                for metric in &past.comparison.metrics {
                    let of_users = self.store().per_user(run, &arm.key, seed, &metric.key)?.ok_or_else(missing)?;
                    let bytes: Vec<u8> = of_users.iter().flat_map(|value| value.to_le_bytes()).collect();
                    let member = format!("values/{}.f64", values.len());
                    zip.add(&member, &bytes)?;
                    values.push(Values { arm: arm.key.clone(), seed, metric: metric.key.clone(), member });
                }
                let member = format!("lists/{}.lists", lists.len());
                zip.add(&member, &encode_lists(&self.store().ranked_lists(run, &arm.key, seed)?))?;
                lists.push(Lists { arm: arm.key.clone(), seed, member });
                step.advance(1)?;
            }
        }
        let mut stages = self.store().stages(run)?;
        let mut artifacts: Vec<Kept> = Vec::new();
        for stage in &mut stages {
            let Some(fingerprint) = &stage.fingerprint else { continue };
            let kinds: &[&str] = if options.models { &["ids", "model"] } else { &["ids"] };
            let mut kept = artifacts.iter().any(|artifact| artifact.fingerprint == *fingerprint);
            for kind in kinds.iter().filter(|_| !kept).copied().collect::<Vec<_>>() {
                let Some(facts) = self.store().artifacts().facts(fingerprint, kind)? else { continue };
                let Some(content) = self.store().artifacts().read(fingerprint, kind)? else { continue };
                let member = format!("artifacts/{}", artifacts.len());
                zip.add(&member, &content)?;
                let (fingerprint, kind) = (fingerprint.clone(), kind.to_owned());
                artifacts.push(Kept { fingerprint, kind, settings: facts.settings, member });
                kept = true;
                step.advance(1)?;
            }
            if !kept {
                stage.fingerprint = None;
            }
        }
        let data = self.data_of(&past).ok();
        let mut embeddings = None;
        if let Some(data) = data.as_deref().filter(|_| options.models)
            && let Some(cached) = self.embeddings_of(data)?
        {
            let mut members = Vec::new();
            let rows: Vec<(&semid_core::Item, &[f32])> =
                data.catalog.items.iter().zip(cached.embeddings.iter()).collect();
            for rows in rows.chunks(65_536) {
                let mut bytes = Vec::new();
                for (item, row) in rows {
                    bytes.extend_from_slice(&text_digest(&item.text));
                    bytes.extend(row.iter().flat_map(|value| value.to_le_bytes()));
                }
                let member = format!("embeddings/{}.f32", members.len());
                zip.add(&member, &bytes)?;
                members.push(member);
                step.advance(1)?;
            }
            embeddings = Some(Vectors { model: cached.model.clone(), dim: cached.embeddings.dim(), members });
        }
        if options.keys {
            let data = data.ok_or_else(|| {
                Error::input("The data set of the run is not in the workspace, so the users' keys are not known.")
            })?;
            let keys = &data.prepared.sequences.user_keys;
            let named: BTreeMap<u32, Option<&String>> =
                users.iter().map(|&user| (user, keys.get(user as usize))).collect();
            zip.add("keys.json", &to_json(&named)?)?;
        }
        let facts = &past.run;
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            version: VERSION,
            semid: env!("CARGO_PKG_VERSION").to_owned(),
            run: RunFacts {
                name: facts.name.clone(),
                dataset: facts.dataset.clone(),
                dataset_digest: facts.dataset_digest.clone(),
                fingerprint: facts.fingerprint.clone(),
                protocol: facts.protocol.clone(),
                created_at: facts.created_at,
                started_at: facts.started_at,
                ended_at: facts.ended_at,
            },
            stages,
            values,
            lists,
            artifacts,
            embeddings,
            members: BTreeMap::new(),
        };
        zip.write(path, manifest)
    }

    /// Opens a bundle: its run with all its numbers, its artifacts under their fingerprints. A run that was opened or run
    /// here before is recognised, and only what is missing of its artifacts is added.
    pub fn open_bundle(&self, work: &Work, path: &Path) -> Result<OpenedBundle> {
        let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        let mut bundle = Opened::new(path, BufReader::new(file))?;
        let step = work.step("open the bundle", bundle.manifest.members.len());
        let dataset_here = self.dataset_of_digest(&bundle.manifest.run.dataset_digest)?.is_some();

        // Numbers first: what cannot be a run leaves nothing behind.
        let text = String::from_utf8(bundle.read("experiment.toml")?).map_err(|_| bundle.damaged("experiment.toml"))?;
        let comparison: Comparison =
            serde_json::from_slice(&bundle.read("comparison.json")?).map_err(|_| bundle.damaged("comparison.json"))?;
        let starter = ExperimentSettings::starter(&bundle.manifest.run.dataset, comparison.dataset.items);
        ExperimentSettings::from_toml(&text, &starter).map_err(|_| bundle.damaged("experiment.toml"))?;
        let users: Vec<u32> =
            serde_json::from_slice(&bundle.read("users.json")?).map_err(|_| bundle.damaged("users.json"))?;
        step.advance(3)?;
        let mut values = Vec::new();
        for Values { arm, seed, metric, member } in std::mem::take(&mut bundle.manifest.values) {
            let bytes = bundle.read(&member)?;
            let (numbers, rest) = bytes.as_chunks::<8>();
            if !rest.is_empty() || numbers.len() != users.len() {
                return Err(bundle.damaged(&member));
            }
            values.push((
                arm,
                seed,
                metric,
                numbers.iter().map(|value| f64::from_le_bytes(*value)).collect::<Vec<f64>>(),
            ));
            step.advance(1)?;
        }
        let mut lists = Vec::new();
        for Lists { arm, seed, member } in std::mem::take(&mut bundle.manifest.lists) {
            let of_users = decode_lists(&bundle.read(&member)?).ok_or_else(|| bundle.damaged(&member))?;
            lists.push((arm, seed, of_users));
            step.advance(1)?;
        }
        // Every artifact is checked before the first is written.
        let artifacts = std::mem::take(&mut bundle.manifest.artifacts);
        for artifact in &artifacts {
            if !["ids", "model"].contains(&artifact.kind.as_str()) {
                return Err(bundle.damaged(&artifact.member));
            }
            self.store().artifacts().path(&artifact.fingerprint, &artifact.kind)?;
            bundle.read(&artifact.member)?;
            step.advance(0)?;
        }
        for artifact in &artifacts {
            if !self.store().artifacts().contains(&artifact.fingerprint, &artifact.kind)? {
                let content = bundle.read(&artifact.member)?;
                self.store().artifacts().write(&artifact.fingerprint, &artifact.kind, &artifact.settings, &content)?;
            }
            step.advance(1)?;
        }
        if let Some(vectors) = bundle.manifest.embeddings.take() {
            self.keep_vectors(&mut bundle, &vectors)?;
        }

        let known = self.store().run_by_fingerprint(&bundle.manifest.run.fingerprint)?;
        if let Some(run) = known.filter(|run| run.status == RunStatus::Finished) {
            return Ok(OpenedBundle { run: run.id, known: true, dataset_here });
        }
        let facts = &bundle.manifest.run;
        let new = NewRun {
            name: facts.name.clone(),
            dataset: facts.dataset.clone(),
            dataset_digest: facts.dataset_digest.clone(),
            settings: text,
            fingerprint: facts.fingerprint.clone(),
            protocol: facts.protocol.clone(),
        };
        let per_user: Vec<PerUser<'_>> =
            values.iter().map(|(arm, seed, metric, values)| PerUser { arm, seed: *seed, metric, values }).collect();
        work.check()?;
        let run = self.store().keep_finished_run(&FinishedRun {
            new: &new,
            created_at: facts.created_at,
            started_at: facts.started_at,
            ended_at: facts.ended_at,
            stages: &bundle.manifest.stages,
            results: RunResults { comparison: &comparison, user_order: &users, per_user: &per_user },
            lists: &lists,
        })?;
        Ok(OpenedBundle { run, known: false, dataset_here })
    }

    fn keep_vectors<R: Read + Seek>(&self, bundle: &mut Opened<R>, vectors: &Vectors) -> Result<()> {
        let width = 32 + vectors.dim.saturating_mul(4);
        for member in &vectors.members {
            let bytes = bundle.read(member)?;
            if vectors.dim == 0 || !bytes.len().is_multiple_of(width) {
                return Err(bundle.damaged(member));
            }
            let (mut digests, mut values) = (Vec::new(), Vec::new());
            for row in bytes.chunks_exact(width) {
                let (digest, vector) = row.split_at(32);
                digests.extend(<[u8; 32]>::try_from(digest));
                values.extend(vector.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)));
            }
            if values.iter().any(|value| !value.is_finite()) {
                return Err(bundle.damaged(member));
            }
            self.store().cache_embeddings(&vectors.model, vectors.dim, &digests, &values)?;
        }
        Ok(())
    }
}

/// Members on their way into a bundle, packed one by one: the manifest, which comes first, is known last.
#[derive(Default)]
struct Packing {
    members: Vec<(String, Vec<u8>)>,
    named: BTreeMap<String, Member>,
}

impl Packing {
    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let digest = blake3::hash(bytes).to_hex().to_string();
        self.named.insert(name.to_owned(), Member { bytes: bytes.len() as u64, blake3: digest });
        self.members.push((name.to_owned(), bytes.to_vec()));
        Ok(())
    }

    fn write(self, path: &Path, mut manifest: Manifest) -> Result<u64> {
        manifest.members = self.named;
        let manifest = to_json(&manifest)?;
        // The same run gives the same bytes, so members carry no time of their own.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default());
        let members = std::iter::once((MANIFEST.to_owned(), manifest)).chain(self.members);
        files::write_atomically(path, |file| {
            let mut zip = ZipWriter::new_stream(file);
            for (name, bytes) in members {
                zip.start_file(name, options)?;
                zip.write_all(&bytes)?;
            }
            zip.finish()?;
            Ok(())
        })?;
        Ok(std::fs::metadata(path).map_or(0, |facts| facts.len()))
    }
}

/// A bundle being read.
struct Opened<R: Read + Seek> {
    name: String,
    zip: ZipArchive<R>,
    manifest: Manifest,
}

impl<R: Read + Seek> Opened<R> {
    fn new(path: &Path, file: R) -> Result<Self> {
        let name = path.display().to_string();
        let foreign =
            || Error::input(format!("{name} is not a bundle of Semid. Choose a file that Semid saved as one."));
        let mut zip = ZipArchive::new(file).map_err(|_| foreign())?;
        let bytes = take(&mut zip, MANIFEST, LARGEST_MANIFEST).ok_or_else(foreign)?;
        let plain: Value = serde_json::from_slice(&bytes).map_err(|_| foreign())?;
        if plain["format"] != FORMAT {
            return Err(foreign());
        }
        if plain["version"] != VERSION {
            return Err(Error::input(format!(
                "{name} was written by Semid {} in a form that this version does not know. Get the newest Semid.",
                semid_charts::text::clean(plain["semid"].as_str().unwrap_or("of another version")),
            )));
        }
        let damaged =
            || Error::input(format!("{name} is damaged: its list of contents cannot be read. Copy it again."));
        let manifest: Manifest = serde_json::from_value(plain).map_err(|_| damaged())?;
        let sizes = manifest.members.values().map(|member| member.bytes);
        let all = sizes.fold(0u64, u64::saturating_add);
        if all > LARGEST_BUNDLE || manifest.members.values().any(|member| member.bytes > LARGEST_MEMBER) {
            return Err(Error::input(format!(
                "{name} says it unpacks to {} MB, more than a bundle may. It is not opened.",
                all >> 20
            )));
        }
        Ok(Opened { name, zip, manifest })
    }

    /// A member as it was written, or an error that names it.
    fn read(&mut self, name: &str) -> Result<Vec<u8>> {
        let damaged = self.damaged(name);
        let Some(member) = self.manifest.members.get(name) else { return Err(damaged) };
        match take(&mut self.zip, name, member.bytes) {
            Some(bytes) if blake3::hash(&bytes).to_hex().as_str() == member.blake3 => Ok(bytes),
            _ => Err(damaged),
        }
    }

    fn damaged(&self, member: &str) -> Error {
        Error::input(format!(
            "{} is damaged: {} is not what was saved. Copy the bundle again, or save it again where the run is.",
            self.name,
            semid_charts::text::clean(member)
        ))
    }
}

/// A member of at most `limit` bytes; none when it is larger, absent or unreadable. What a header claims is not believed.
fn take<R: Read + Seek>(zip: &mut ZipArchive<R>, name: &str, limit: u64) -> Option<Vec<u8>> {
    let member = zip.by_name(name).ok()?;
    let mut bytes = Vec::new();
    member.take(limit + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= limit).then_some(bytes)
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|why| Error::input(format!("The bundle cannot be written: {why}.")))
}
