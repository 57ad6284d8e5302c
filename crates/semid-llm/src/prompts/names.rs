//! How items appear in a prompt: by title, by an ID with or without meaning, or both.

use std::collections::BTreeSet;

use rand::seq::SliceRandom;
use semid_core::labels::PrefixLabels;
use semid_core::{Catalog, Error, Result, Seed, SemanticId, SemanticIds};
use serde::{Deserialize, Serialize};

use crate::grounding::Choices;
use crate::item_text::{LONGEST_TITLE, quoted};

/// How items appear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Representation {
    /// Titles. Candidates are answered by a running number, `C1` the first shown, which says nothing about the item.
    Title,
    /// An ID drawn by a keyed hash of the item's key, written as UUIDs are: no meaning at all.
    Hash,
    /// `<12·207·9>`.
    SemanticId,
    /// The same, and before it what the codes mean, in the words that set their items apart.
    SemanticIdWithLegend,
    /// `<12·207·9> "Title"`.
    SemanticIdAndTitle,
}

impl Representation {
    /// All of them.
    pub const ALL: [Representation; 5] = [
        Representation::Title,
        Representation::Hash,
        Representation::SemanticId,
        Representation::SemanticIdWithLegend,
        Representation::SemanticIdAndTitle,
    ];

    fn shows_title(self) -> bool {
        matches!(self, Representation::Title | Representation::SemanticIdAndTitle)
    }

    fn needs_ids(self) -> bool {
        !matches!(self, Representation::Title | Representation::Hash)
    }
}

/// Names the items of a catalog for prompts. Everything it gives is one harmless line.
#[derive(Clone, Copy, Debug)]
pub struct ItemNames<'a> {
    catalog: &'a Catalog,
    ids: Option<&'a SemanticIds>,
    labels: Option<&'a PrefixLabels>,
    representation: Representation,
    seed: Seed,
}

/// An item, or a few that share an ID, as a template sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ItemLine {
    /// What it is called in answers; empty where it is not answered by.
    pub(crate) id: String,
    /// Its title between quotes; empty where titles are not shown.
    pub(crate) title: String,
    /// Both, as far as they are shown.
    pub(crate) line: String,
}

/// What a code means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LegendLine {
    /// A prefix of IDs: `<12·207·…>`.
    pub(crate) code: String,
    /// What sets its items apart, between quotes.
    pub(crate) label: String,
}

/// Candidates as they were shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The IDs that may be answered, in the order shown, each with its items.
    pub choices: Choices,
    /// The permutation: at each shown position, the place of the candidate in the order it was given, 0 the retriever's
    /// best. Candidates that share an ID are one, at the place of the first of them.
    pub order: Vec<usize>,
    pub(crate) lines: Vec<ItemLine>,
}

impl<'a> ItemNames<'a> {
    /// Checks that what the representation shows is there: one ID an item, labels for a legend. The seed is that of hash
    /// IDs; give the same for all prompts of a run.
    pub fn new(
        catalog: &'a Catalog,
        ids: Option<&'a SemanticIds>,
        labels: Option<&'a PrefixLabels>,
        representation: Representation,
        seed: Seed,
    ) -> Result<Self> {
        match ids {
            None if representation.needs_ids() => {
                return Err(Error::input(
                    "Items are to appear by semantic ID, but there are none. Choose an ID scheme.",
                ));
            }
            Some(ids) if representation.needs_ids() && ids.len() != catalog.len() => {
                return Err(Error::input(format!(
                    "There are {} IDs for {} items: they belong to another catalog. Make the IDs anew.",
                    ids.len(),
                    catalog.len()
                )));
            }
            _ => {}
        }
        if representation == Representation::SemanticIdWithLegend && labels.is_none() {
            return Err(Error::input(
                "A legend needs the labels of the codes. Make them, or show IDs without a legend.",
            ));
        }
        Ok(ItemNames { catalog, ids, labels, representation, seed })
    }

    /// How items appear.
    pub fn representation(&self) -> Representation {
        self.representation
    }

    /// The ID that an item is answered by wherever it is shown; none where items appear by title only.
    pub fn id(&self, item: u32) -> Result<Option<String>> {
        let at = item as usize;
        let known = self.catalog.items.get(at).ok_or_else(|| unknown(item, self.catalog.len()))?;
        Ok(match self.representation {
            Representation::Title => None,
            Representation::Hash => Some(self.uuid(&known.key)),
            _ => self.ids.and_then(|ids| ids.ids.get(at)).map(|id| format!("<{id}>")),
        })
    }

    /// All IDs of the catalog, as what may be answered when any item can be.
    pub fn all(&self) -> Result<Choices> {
        let mut pairs = Vec::with_capacity(self.catalog.len());
        for item in 0..self.catalog.len() as u32 {
            let id = self.id(item)?;
            pairs
                .push((id.ok_or_else(|| Error::input("Items that appear by title have no ID to answer with."))?, item));
        }
        Ok(Choices::new(pairs))
    }

    /// Candidates in an order that follows from the seed and the user alone, with the permutation.
    pub fn show(&self, candidates: &[u32], seed: Seed, user: u32) -> Result<Shown> {
        // What shares an ID is shown as one candidate.
        let mut groups: Vec<(Option<String>, Vec<u32>)> = Vec::new();
        for &item in candidates {
            let id = self.id(item)?;
            match groups.iter_mut().find(|(other, items)| items.contains(&item) || (id.is_some() && *other == id)) {
                Some((_, items)) if !items.contains(&item) => items.push(item),
                Some(_) => {}
                None => groups.push((id, vec![item])),
            }
        }
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.shuffle(&mut seed.rng(&format!("order of candidates for user {user}")));
        let (mut pairs, mut lines) = (Vec::new(), Vec::new());
        for (position, &place) in order.iter().enumerate() {
            let (id, items) = &groups[place];
            let id = id.clone().unwrap_or_else(|| format!("C{}", position + 1));
            let titles = items.iter().map(|&item| self.title(item)).collect::<Result<Vec<_>>>()?;
            lines.push(line(
                id.clone(),
                if self.representation.shows_title() { titles.join(" or ") } else { String::new() },
            ));
            pairs.extend(items.iter().map(|&item| (id.clone(), item)));
        }
        Ok(Shown { choices: Choices::new(pairs), order, lines })
    }

    /// Items that are not answered by, such as a history.
    pub(crate) fn lines(&self, items: &[u32]) -> Result<Vec<ItemLine>> {
        let one = |&item: &u32| {
            let title = if self.representation.shows_title() { self.title(item)? } else { String::new() };
            Ok(line(self.id(item)?.unwrap_or_default(), title))
        };
        items.iter().map(one).collect()
    }

    /// What the codes of some items mean, coarse to fine; empty where no legend is shown.
    pub(crate) fn legend(&self, items: impl IntoIterator<Item = u32>) -> Vec<LegendLine> {
        let (Representation::SemanticIdWithLegend, Some(ids), Some(labels)) =
            (self.representation, self.ids, self.labels)
        else {
            return Vec::new();
        };
        let of = |item: u32| ids.ids.get(item as usize).map(|id| id.codes.as_slice()).unwrap_or_default();
        let prefixes: BTreeSet<&[u32]> =
            items.into_iter().flat_map(|item| (1..=of(item).len()).map(move |length| &of(item)[..length])).collect();
        let labelled = prefixes.into_iter().filter_map(|prefix| {
            let label = labels.get(prefix).map(|entry| entry.label.as_str()).filter(|label| !label.is_empty())?;
            let code = SemanticId { codes: prefix.to_vec(), suffix: None };
            Some(LegendLine { code: format!("<{code}·…>"), label: quoted(label, LONGEST_TITLE) })
        });
        labelled.collect()
    }

    fn title(&self, item: u32) -> Result<String> {
        let known = self.catalog.items.get(item as usize).ok_or_else(|| unknown(item, self.catalog.len()))?;
        Ok(quoted(&known.title, LONGEST_TITLE))
    }

    /// Version 8 of RFC 9562: 122 bits of a hash of the key, keyed by the seed.
    fn uuid(&self, key: &str) -> String {
        let hash = blake3::keyed_hash(&self.seed.key("hash ids in prompts"), key.as_bytes());
        let mut bytes = [0u8; 16];
        bytes.copy_from_slice(&hash.as_bytes()[..16]);
        bytes[6] = (bytes[6] & 0x0f) | 0x80;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl Shown {
    /// The items at each shown position, first shown first.
    pub fn items(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.choices.len()).map(|position| self.choices.items(position))
    }
}

fn line(id: String, title: String) -> ItemLine {
    let blank = if id.is_empty() || title.is_empty() { "" } else { " " };
    ItemLine { line: format!("{id}{blank}{title}"), id, title }
}

fn unknown(item: u32, items: usize) -> Error {
    Error::input(format!("Item {item} is not in the catalog, which has {items} items."))
}
