//! IDs as a place to walk around in: which there are, their tree, items and neighbours, collisions, two side by side.

use std::collections::HashMap;
use std::sync::Arc;

use semid_charts::numbers::{NONE, count, decimals, percent};
use semid_core::comparison::{IdQuality, IdSchemeResult};
use semid_core::id_quality::{EmbeddingSpace, adjusted_mutual_information, category_depth};
use semid_core::metrics::slices::popularity;
use semid_core::prepare::PrepareSettings;
use semid_core::{Catalog, Embeddings, Seed, TokenTrie, Work};
use semid_store::Artifact;
use serde::{Deserialize, Serialize};

use crate::cached_embeddings::CachedEmbeddings;
use crate::envelope::open_envelope;
use crate::id_report::{describe, shape};
use crate::opened_ids::{NamedItem, OpenedIds};
use crate::settings::{ExperimentSettings, IdSettings};
use crate::stages::AssignedIds;
use crate::{Engine, Error, Result};

/// Titles shown as examples of what is below a prefix.
const EXEMPLARS: usize = 3;

/// IDs there are for a data set: of runs, and built on their own.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct SchemeRow {
    /// Names the IDs in the requests of this file.
    pub ids: String,
    /// `rq-kmeans`.
    pub scheme: String,
    /// "RQ-KMeans".
    pub title: String,
    /// "3 × 64 + digit".
    pub shape: String,
    /// Seed they were made with.
    pub seed: u64,
    /// Items that have one.
    pub items: u64,
    /// A run that uses them, the newest.
    pub run: Option<i64>,
    /// Unix seconds.
    pub made_at: i64,
    /// Whether codes mean something, so that labels are shown.
    pub has_meaning: bool,
}

/// A prefix of the tree.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct TreeNode {
    /// Codes from the root.
    pub prefix: Vec<u32>,
    /// Its label; empty where codes mean nothing.
    pub label: String,
    /// Words that set it apart, with their weight.
    pub words: Vec<(String, f64)>,
    /// Items below it.
    pub items: u64,
    /// Most frequent first category below it, and its share; none where there are no categories.
    pub category: Option<(String, f64)>,
    /// Titles of items nearest to its middle, or most met.
    pub exemplars: Vec<String>,
    /// Number of different codes below it.
    pub children_count: u32,
    /// The nodes below it, most items first; empty beyond the depth asked for.
    pub children: Vec<TreeNode>,
}

/// A page of items with their IDs.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct IdItemPage {
    /// Items that match.
    pub total: u64,
    /// The page.
    pub items: Vec<NamedItem>,
}

/// An item's neighbours in both spaces.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct NeighboursReply {
    /// The item.
    pub item: NamedItem,
    /// What is embedded.
    pub text: String,
    /// Nearest by shared prefix.
    pub by_codes: Vec<Neighbour>,
    /// Nearest by cosine; none where the texts were never embedded.
    pub by_embedding: Option<Vec<Neighbour>>,
    /// How many are in both.
    pub in_both: u32,
}

/// A neighbour.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct Neighbour {
    /// The item.
    pub item: NamedItem,
    /// Levels it shares from the root.
    pub shared_levels: u32,
    /// Cosine of the embeddings; none where the texts were never embedded.
    pub cosine: Option<f64>,
    /// Whether it is a neighbour in the other space too.
    pub in_both: bool,
}

/// Groups of items that share all codes, largest first.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct CollisionPage {
    /// Groups in all.
    pub groups: u64,
    /// Items in them.
    pub items: u64,
    /// In a sentence: what it means and what is done about it.
    pub sentence: String,
    /// The page.
    pub page: Vec<Vec<NamedItem>>,
}

/// Two schemes side by side.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct CompareIdsReply {
    /// Each measure as label, left, right, formatted: unique share, purity, neighbour recall, … .
    pub measures: Vec<(String, String, String)>,
    /// Adjusted mutual information between the prefixes of the two, one a level.
    pub agreement: Vec<f64>,
    /// Items that match.
    pub total: u64,
    /// The page.
    pub rows: Vec<ComparedItem>,
}

/// An item under two schemes.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ComparedItem {
    /// Under the one.
    pub left: NamedItem,
    /// Under the other.
    pub right: NamedItem,
}

/// What the IDs were made for, as the artifact or the run that uses it says.
struct MadeFor {
    scheme: IdSettings,
    seed: u64,
    digest: String,
    prepare: PrepareSettings,
    data_seed: u64,
}

/// Some of a list.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// First row.
    pub offset: u64,
    /// Rows at most.
    pub limit: u64,
}

impl Page {
    fn of<'t, T>(&self, all: &'t [T]) -> &'t [T] {
        let from = (self.offset as usize).min(all.len());
        &all[from..(from + self.limit.min(10_000) as usize).min(all.len())]
    }
}

impl Engine {
    /// IDs there are for a data set, by scheme, the newest first.
    pub fn schemes(&self, dataset: &str) -> Result<Vec<SchemeRow>> {
        let dataset = self.store().dataset(dataset)?;
        let mut rows = Vec::new();
        for artifact in self.store().artifacts().list_kind("ids")? {
            let Some(made) = self.made_for(&artifact)?.filter(|made| made.digest == dataset.digest) else { continue };
            let Some((shape, items)) = self.shape_of(&artifact)? else { continue };
            let run = self.store().runs_using(&artifact.fingerprint)?.first().copied();
            rows.push(SchemeRow {
                scheme: made.scheme.key().to_owned(),
                title: made.scheme.title().to_owned(),
                has_meaning: made.scheme.has_meaning(),
                shape,
                seed: made.seed,
                items,
                run,
                made_at: artifact.written_at.unwrap_or_default(),
                ids: artifact.fingerprint,
            });
        }
        let place = |row: &SchemeRow| (!row.has_meaning, std::cmp::Reverse(row.run), row.scheme.clone(), row.seed);
        rows.sort_by_cached_key(place);
        Ok(rows)
    }

    /// Shape, quality and diagnosis of IDs.
    pub fn id_scheme(&self, dataset: &str, ids: &str) -> Result<IdSchemeResult> {
        let described = self.cache().get_or_make(&format!("described {ids}"), || {
            let (opened, made) = self.selected_ids(dataset, ids)?;
            // What a run measured is shown as it was stored.
            if let Some(stored) = self.described_by_a_run(ids, &made)? {
                return Ok((stored, 1 << 16));
            }
            let work = Work::new(Seed(made.seed));
            let cached = self.embeddings_of(&opened.data)?;
            let space = cached.as_ref().map(|cached| EmbeddingSpace::new(&work, &cached.embeddings)).transpose()?;
            let catalog = &opened.data.catalog;
            let (described, _) = describe(&work, catalog, space.as_ref(), &made.scheme, &opened.assigned)?;
            Ok((described, 1 << 16))
        })?;
        Ok((*described).clone())
    }

    /// A node of the tree of codes with `depth` levels below it.
    pub fn id_tree(&self, dataset: &str, ids: &str, prefix: &[u32], depth: usize) -> Result<TreeNode> {
        let (opened, _) = self.selected_ids(dataset, ids)?;
        let node = find_node(&opened, prefix)?;
        let cached = self.embeddings_of(&opened.data)?;
        let met = popularity(&opened.data.prepared.split.train, opened.data.catalog.len());
        let depth_of_categories = category_depth(&opened.data.catalog);
        let tree = Tree { opened: &opened, embeddings: cached.as_deref(), met: &met, depth_of_categories };
        Ok(tree.node(node, prefix.to_vec(), depth.min(2)))
    }

    /// Items below a prefix that match all words of the query, in the order of their IDs.
    pub fn id_items(
        &self,
        dataset: &str,
        ids: &str,
        prefix: &[u32],
        query: Option<&str>,
        page: Page,
    ) -> Result<IdItemPage> {
        let (opened, _) = self.selected_ids(dataset, ids)?;
        let below = opened.trie().items(find_node(&opened, prefix)?);
        let words = words_of(query);
        let found: Vec<u32> = below.iter().copied().filter(|&item| matches(&words, &[(&opened, item)])).collect();
        let items = page.of(&found).iter().map(|&item| opened.named(item)).collect();
        Ok(IdItemPage { total: found.len() as u64, items })
    }

    /// Neighbours of an item by shared prefix and by cosine.
    pub fn neighbours(&self, dataset: &str, ids: &str, item: u32, k: usize) -> Result<NeighboursReply> {
        let (opened, _) = self.selected_ids(dataset, ids)?;
        let catalog = &opened.data.catalog;
        let of = catalog.items.get(item as usize).ok_or_else(|| {
            Error::input(format!("There is no item {item}: the catalog has {} items.", catalog.len()))
        })?;
        let k = k.clamp(1, 1000);
        let cached = self.embeddings_of(&opened.data)?;
        let cosines = cached.as_ref().map(|cached| cosines(&cached.embeddings, item));
        let own = &opened.ids().ids[item as usize].codes;
        let shared = |other: u32| {
            let codes = &opened.ids().ids[other as usize].codes;
            (shared_levels(own, codes), own.iter().zip(codes).filter(|(a, b)| a != b).count())
        };
        let mut others: Vec<u32> = (0..catalog.len() as u32).filter(|&other| other != item).collect();
        // As the neighbour recall has it: the longer the shared prefix the nearer, then the fewer levels differ.
        others.sort_by_cached_key(|&other| {
            let (levels, differing) = shared(other);
            (std::cmp::Reverse(levels), differing, other)
        });
        let by_codes: Vec<u32> = others.iter().copied().take(k).collect();
        let by_embedding = cosines.as_ref().map(|cosines| {
            let nearer = |a: &u32, b: &u32| cosines[*b as usize].total_cmp(&cosines[*a as usize]).then(a.cmp(b));
            others.sort_by(nearer);
            others.iter().copied().take(k).collect::<Vec<u32>>()
        });
        let both = |other: &u32| {
            by_codes.contains(other) && by_embedding.as_ref().is_some_and(|nearest| nearest.contains(other))
        };
        let neighbour = |&other: &u32| Neighbour {
            item: opened.named(other),
            shared_levels: shared(other).0 as u32,
            cosine: cosines.as_ref().map(|cosines| f64::from(cosines[other as usize])),
            in_both: both(&other),
        };
        Ok(NeighboursReply {
            item: opened.named(item),
            text: of.text.clone(),
            by_codes: by_codes.iter().map(neighbour).collect(),
            in_both: by_codes.iter().filter(|other| both(other)).count() as u32,
            by_embedding: by_embedding.as_ref().map(|nearest| nearest.iter().map(neighbour).collect()),
        })
    }

    /// Items that share all codes, the largest groups first.
    pub fn collisions(&self, dataset: &str, ids: &str, page: Page) -> Result<CollisionPage> {
        let (opened, _) = self.selected_ids(dataset, ids)?;
        let trie = opened.trie();
        let mut groups: Vec<&[u32]> = trie
            .at_depth(opened.ids().shape.levels())
            .map(|node| trie.items(node))
            .filter(|items| items.len() > 1)
            .collect();
        groups.sort_by_key(|items| std::cmp::Reverse(items.len()));
        let named = |items: &&[u32]| items.iter().map(|&item| opened.named(item)).collect();
        Ok(CollisionPage {
            groups: groups.len() as u64,
            items: groups.iter().map(|items| items.len() as u64).sum(),
            sentence: opened.assigned.collisions.sentence(),
            page: page.of(&groups).iter().map(named).collect(),
        })
    }

    /// Two schemes on the items that both know.
    pub fn compare_ids(
        &self,
        dataset: &str,
        left: &str,
        right: &str,
        query: Option<&str>,
        page: Page,
    ) -> Result<CompareIdsReply> {
        let [(left_ids, _), (right_ids, _)] = [self.selected_ids(dataset, left)?, self.selected_ids(dataset, right)?];
        let pairs = shared_items(&left_ids, &right_ids);
        let agreement = self.cache().get_or_make(&format!("agreement {left} {right}"), || {
            let levels = left_ids.ids().shape.levels().min(right_ids.ids().shape.levels());
            let sides = |level: usize| {
                let [left, right] = [(&left_ids, 0), (&right_ids, 1)].map(|(ids, side)| {
                    let items = pairs.iter().map(|pair| if side == 0 { pair.0 } else { pair.1 });
                    groups_at(ids, items, level)
                });
                adjusted_mutual_information(&left, &right)
            };
            Ok(((1..=levels).map(sides).collect::<Vec<f64>>(), 64))
        })?;
        let [of_left, of_right] = [self.id_scheme(dataset, left)?, self.id_scheme(dataset, right)?];
        let words = words_of(query);
        let sides = |pair: &(u32, u32)| [(&*left_ids, pair.0), (&*right_ids, pair.1)];
        let found: Vec<(u32, u32)> = pairs.into_iter().filter(|pair| matches(&words, &sides(pair))).collect();
        let row = |&(a, b): &(u32, u32)| ComparedItem { left: left_ids.named(a), right: right_ids.named(b) };
        Ok(CompareIdsReply {
            measures: measures(&of_left, &of_right),
            agreement: (*agreement).clone(),
            total: found.len() as u64,
            rows: page.of(&found).iter().map(row).collect(),
        })
    }

    /// IDs of a data set by the name they have in [`SchemeRow`].
    pub fn opened_ids(&self, dataset: &str, ids: &str) -> Result<Arc<OpenedIds>> {
        Ok(self.selected_ids(dataset, ids)?.0)
    }

    /// The same IDs and what they were made for.
    fn selected_ids(&self, dataset: &str, ids: &str) -> Result<(Arc<OpenedIds>, Arc<MadeFor>)> {
        let dataset = self.store().dataset(dataset)?;
        let gone = || Error::Unknown {
            kind: "set of IDs",
            name: ids.chars().take(64).collect(),
            known: format!(
                "It was removed, or made for other data than {}. Choose another, or build it.",
                dataset.name
            ),
        };
        let made = self.cache().get_or_make(&format!("made for {ids}"), || {
            let artifact = self.store().artifacts().facts(ids, "ids")?.ok_or_else(gone)?;
            Ok((self.made_for(&artifact)?.ok_or_else(gone)?, 1 << 10))
        })?;
        if made.digest != dataset.digest {
            return Err(gone());
        }
        let data = self.prepared(&dataset, &made.prepare, made.data_seed)?;
        let opened = self.open_ids(ids, data, made.scheme.has_meaning())?.ok_or_else(gone)?;
        Ok((opened, made))
    }

    /// What IDs were made for: as their artifact says, or as a run that uses them says.
    fn made_for(&self, artifact: &Artifact) -> Result<Option<MadeFor>> {
        let about = &artifact.settings;
        let scheme = serde_json::from_value(about["scheme"].clone()).ok();
        let (Some(scheme), Some(seed)) = (scheme, about["seed"].as_u64()) else { return Ok(None) };
        let data = &about["data"];
        if let (Some(digest), Ok(prepare), Some(data_seed)) =
            (data["dataset"].as_str(), serde_json::from_value(data["prepare"].clone()), data["data_seed"].as_u64())
        {
            return Ok(Some(MadeFor { scheme, seed, digest: digest.to_owned(), prepare, data_seed }));
        }
        let Some(&run) = self.store().runs_using(&artifact.fingerprint)?.first() else { return Ok(None) };
        let run = self.store().run(run)?;
        let settings = ExperimentSettings::from_toml(&run.settings, &ExperimentSettings::starter(&run.dataset, 0))?;
        let (digest, prepare, data_seed) = (run.dataset_digest, settings.prepare, settings.data_seed);
        Ok(Some(MadeFor { scheme, seed, digest, prepare, data_seed }))
    }

    /// Shape and number of items.
    fn shape_of(&self, artifact: &Artifact) -> Result<Option<(String, u64)>> {
        if let (Some(shape), Some(items)) = (artifact.settings["shape"].as_str(), artifact.settings["items"].as_u64()) {
            return Ok(Some((shape.to_owned(), items)));
        }
        let name = format!("shape {}", artifact.fingerprint);
        let known = self.cache().get_or_make(&name, || {
            let content = self.store().artifacts().read(&artifact.fingerprint, "ids")?;
            let opened = content.as_deref().and_then(open_envelope::<AssignedIds>);
            Ok((opened.map(|(assigned, _)| (shape(&assigned.ids), assigned.ids.len() as u64)), 200))
        })?;
        Ok((*known).clone())
    }

    /// What the run that uses these IDs as its first seed's said of them.
    fn described_by_a_run(&self, ids: &str, made: &MadeFor) -> Result<Option<IdSchemeResult>> {
        for run in self.store().runs_using(ids)? {
            let Ok(Some(comparison)) = self.store().comparison(run) else { continue };
            if comparison.seeds.first() == Some(&made.seed) {
                let key = made.scheme.key();
                return Ok(comparison.id_schemes.into_iter().find(|scheme| scheme.key == key));
            }
        }
        Ok(None)
    }
}

/// What a node is described with.
struct Tree<'a> {
    opened: &'a OpenedIds,
    embeddings: Option<&'a CachedEmbeddings>,
    met: &'a [u32],
    depth_of_categories: Option<usize>,
}

impl Tree<'_> {
    fn node(&self, node: u32, prefix: Vec<u32>, depth: usize) -> TreeNode {
        let trie = self.opened.trie();
        let items = trie.items(node);
        // The digit tells items apart and says nothing: the tree ends with the last code.
        let children = if prefix.len() < self.opened.ids().shape.levels() { trie.children(node) } else { 0..0 };
        let children_count = children.len() as u32;
        let mut below: Vec<TreeNode> = Vec::new();
        if depth > 0 {
            below.extend(children.map(|child| {
                let prefix = prefix.iter().copied().chain([trie.code(child)]).collect();
                self.node(child, prefix, depth - 1)
            }));
            below.sort_by_key(|child| (std::cmp::Reverse(child.items), child.prefix.last().copied()));
        }
        let labelled = self.opened.has_meaning.then(|| self.opened.labels().get(&prefix)).flatten();
        TreeNode {
            label: labelled.map(|entry| entry.label.clone()).unwrap_or_default(),
            words: labelled
                .map(|entry| entry.terms.iter().cloned().zip(entry.weights.clone()).collect())
                .unwrap_or_default(),
            items: items.len() as u64,
            category: self.category(items),
            exemplars: self.exemplars(items),
            children_count,
            children: below,
            prefix,
        }
    }

    fn category(&self, items: &[u32]) -> Option<(String, f64)> {
        let depth = self.depth_of_categories?;
        let catalog: &Catalog = &self.opened.data.catalog;
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for &item in items {
            let path = &catalog.items[item as usize].categories;
            if let Some(name) = path.get(depth.min(path.len()).wrapping_sub(1)) {
                *counts.entry(name).or_default() += 1;
            }
        }
        let most = counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0)))?;
        Some((most.0.to_owned(), most.1 as f64 / items.len() as f64))
    }

    fn exemplars(&self, items: &[u32]) -> Vec<String> {
        let mut order: Vec<u32> = items.to_vec();
        match self.embeddings.filter(|_| items.len() > EXEMPLARS) {
            Some(cached) => {
                let middle = mean_direction(&cached.embeddings, items);
                let near: HashMap<u32, f32> =
                    items.iter().map(|&item| (item, cosine(cached.embeddings.row(item as usize), &middle))).collect();
                order.sort_by(|a, b| near[b].total_cmp(&near[a]).then(a.cmp(b)));
            }
            None => order.sort_by_key(|&item| (std::cmp::Reverse(self.met[item as usize]), item)),
        }
        let title = |&item: &u32| self.opened.data.catalog.items[item as usize].title.clone();
        order.iter().take(EXEMPLARS).map(title).collect()
    }
}

fn find_node(opened: &OpenedIds, prefix: &[u32]) -> Result<u32> {
    let trie = opened.trie();
    let node = prefix.iter().try_fold(TokenTrie::ROOT, |node, &code| trie.child(node, code));
    node.ok_or_else(|| {
        let codes: Vec<String> = prefix.iter().map(u32::to_string).collect();
        Error::input(format!("No item's ID begins with {}.", codes.join("·")))
    })
}

fn shared_levels(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

fn cosines(embeddings: &Embeddings, item: u32) -> Vec<f32> {
    let own = embeddings.row(item as usize);
    embeddings.iter().map(|row| cosine(row, own)).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let (mut dot, mut of_a, mut of_b) = (0.0f32, 0.0f32, 0.0f32);
    for (&x, &y) in a.iter().zip(b) {
        dot += x * y;
        of_a += x * x;
        of_b += y * y;
    }
    let length = (of_a * of_b).sqrt();
    if length > 0.0 { dot / length } else { 0.0 }
}

fn mean_direction(embeddings: &Embeddings, items: &[u32]) -> Vec<f32> {
    let mut middle = vec![0.0f32; embeddings.dim()];
    for &item in items {
        let row = embeddings.row(item as usize);
        middle.iter_mut().zip(row).for_each(|(middle, x)| *middle += x);
    }
    middle
}

/// The words of a query in lower case.
fn words_of(query: Option<&str>) -> Vec<String> {
    query.unwrap_or_default().split_whitespace().map(str::to_lowercase).collect()
}

/// Whether every word stands in the key, the title or one of the IDs of an item.
fn matches(words: &[String], sides: &[(&OpenedIds, u32)]) -> bool {
    if words.is_empty() {
        return true;
    }
    let texts: Vec<String> = sides
        .iter()
        .map(|&(ids, item)| {
            let of = &ids.data.catalog.items[item as usize];
            let id = ids.ids().ids[item as usize].to_string();
            format!("{}\n{}\n{id}\n{}", of.key, of.title, id.replace('·', "-")).to_lowercase()
        })
        .collect();
    words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
}

/// Items that two sets of IDs both know, by their keys.
fn shared_items(left: &OpenedIds, right: &OpenedIds) -> Vec<(u32, u32)> {
    if left.data.fingerprint == right.data.fingerprint {
        return (0..left.ids().len() as u32).map(|item| (item, item)).collect();
    }
    let items = right.data.catalog.items.iter().enumerate();
    let there: HashMap<&str, u32> = items.map(|(at, item)| (item.key.as_str(), at as u32)).collect();
    let items = left.data.catalog.items.iter().enumerate();
    items.filter_map(|(at, item)| Some((at as u32, *there.get(item.key.as_str())?))).collect()
}

/// The group of each item: its prefix of so many levels.
fn groups_at(ids: &OpenedIds, items: impl Iterator<Item = u32>, level: usize) -> Vec<u32> {
    let mut numbers: HashMap<&[u32], u32> = HashMap::new();
    items
        .map(|item| {
            let next = numbers.len() as u32;
            *numbers.entry(&ids.ids().ids[item as usize].codes[..level]).or_insert(next)
        })
        .collect()
}

/// Each measure of two schemes, formatted.
fn measures(left: &IdSchemeResult, right: &IdSchemeResult) -> Vec<(String, String, String)> {
    type Measure<'a> = (String, Box<dyn Fn(&IdQuality) -> Option<String> + 'a>);
    let mut measures: Vec<Measure<'_>> = vec![
        ("Items with codes of their own".into(), Box::new(|q| Some(percent(q.unique_share)))),
        ("Largest group with equal codes".into(), Box::new(|q| Some(count(q.largest_group)))),
        ("Neighbour recall@10".into(), Box::new(|q| q.neighbour_recall10.map(|value| decimals(value, 3)))),
        ("Reconstruction error".into(), Box::new(|q| q.reconstruction_error.map(|value| decimals(value, 3)))),
    ];
    for level in 0..left.quality.levels.len().max(right.quality.levels.len()) {
        let name = |what: &str| format!("{what}, level {}", level + 1);
        measures.push((name("Codes used"), Box::new(move |q| Some(percent(q.levels.get(level)?.usage_share)))));
        measures.push((name("Perplexity"), Box::new(move |q| Some(decimals(q.levels.get(level)?.perplexity, 1)))));
        measures.push((
            name("Purity"),
            Box::new(move |q| {
                let category = q.levels.get(level)?.category?;
                Some(format!("{} (chance {})", decimals(category.purity, 3), decimals(category.purity_by_chance, 3)))
            }),
        ));
        measures.push((
            name("AMI with the categories"),
            Box::new(move |q| Some(decimals(q.levels.get(level)?.category?.ami, 3))),
        ));
    }
    let shown = |value: Option<String>| value.unwrap_or_else(|| NONE.to_owned());
    let mut rows = vec![("Shape".to_owned(), left.shape.clone(), right.shape.clone())];
    rows.extend(measures.into_iter().map(|(name, of)| (name, shown(of(&left.quality)), shown(of(&right.quality)))));
    rows.retain(|row| row.1 != NONE || row.2 != NONE);
    rows
}

/// What an artifact of IDs says about itself, so that it is found by its data set.
pub(crate) fn about_ids(
    scheme: &IdSettings,
    settings: &ExperimentSettings,
    seed: Seed,
    dataset_digest: &str,
    assigned: &AssignedIds,
) -> serde_json::Value {
    serde_json::json!({
        "scheme": scheme, "codes": settings.codes, "seed": seed,
        "shape": shape(&assigned.ids), "items": assigned.ids.len(),
        "data": { "dataset": dataset_digest, "prepare": settings.prepare, "data_seed": settings.data_seed },
    })
}
