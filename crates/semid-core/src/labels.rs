//! Labels: the words that set the items under a prefix of codes apart from those beside them, so that an ID reads
//! `12·207·9  thriller › courtroom › 1990s`.
//!
//! Class-based TF-IDF (Grootendorst 2022, BERTopic) with the children of one prefix as the classes:
//!
//! `weight(t, c) = share(t, c) · ln(1 + A / f(t))`
//!
//! `share` is the share of the items of class `c` whose text has the term `t`; `f` how many items of all the children
//! have it; `A` the mean number of (item, term) pairs per child. A term counts once an item, so that a long text does
//! not outweigh the others. Terms that only one item of the catalog has tell nothing about a group and are left out
//! where there are others, and so is what the prefix above is already called.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

mod terms;

use crate::{Catalog, Code, SemanticId, SemanticIds};
use terms::Terms;

/// How labels are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelSettings {
    /// Terms kept per prefix, best first; the label is the first of them, and more only where siblings share it.
    pub terms: usize,
    /// Whether pairs of neighbouring words are terms too ("nail polish").
    pub pairs: bool,
}

impl LabelSettings {
    /// Five terms, pairs included.
    pub fn starter() -> Self {
        LabelSettings { terms: 5, pairs: true }
    }
}

/// The labels of all prefixes of a set of IDs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PrefixLabels {
    /// Sorted by prefix.
    entries: Vec<PrefixLabel>,
}

/// What one prefix is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrefixLabel {
    /// Codes, coarse to fine.
    pub prefix: Vec<Code>,
    /// What sets it apart, in a word or two; empty when nothing does.
    pub label: String,
    /// The terms that set it apart most, best first.
    pub terms: Vec<String>,
    /// The weight of each term.
    pub weights: Vec<f64>,
    /// Items under it.
    pub items: u32,
}

impl PrefixLabels {
    /// The labels along an ID: `thriller › courtroom › 1990s`. A level that has no label is skipped.
    pub fn path(&self, id: &SemanticId) -> String {
        let labels = (1..=id.codes.len()).filter_map(|length| self.get(&id.codes[..length]));
        let labels: Vec<&str> = labels.map(|entry| entry.label.as_str()).filter(|label| !label.is_empty()).collect();
        labels.join(" › ")
    }

    /// What a prefix is called; none when no item is under it.
    pub fn get(&self, prefix: &[Code]) -> Option<&PrefixLabel> {
        let at = self.entries.binary_search_by(|entry| entry.prefix.as_slice().cmp(prefix)).ok()?;
        self.entries.get(at)
    }

    /// All prefixes in the order of their codes, a parent before its children.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &PrefixLabel> {
        self.entries.iter()
    }
}

/// Labels every prefix of `ids` from the texts of `catalog`; the IDs' order is that of the catalog. Appended digits are
/// no codes and get no label.
pub fn label_prefixes(catalog: &Catalog, ids: &SemanticIds, settings: LabelSettings) -> PrefixLabels {
    let terms = Terms::of(catalog, settings.pairs);
    let mut items: Vec<usize> = (0..ids.len().min(catalog.len())).collect();
    items.sort_by(|&a, &b| ids.ids[a].codes.cmp(&ids.ids[b].codes));
    let mut labelling = Labelling {
        ids,
        terms: &terms,
        keep: settings.terms.max(1),
        in_child: vec![0; terms.len()],
        in_parent: vec![0; terms.len()],
        entries: Vec::new(),
    };
    labelling.children(&items, 0, &HashSet::new());
    let mut entries = labelling.entries;
    entries.sort_by(|a, b| a.prefix.cmp(&b.prefix));
    PrefixLabels { entries }
}

/// How well each list of terms hangs together: the mean normalised pointwise mutual information of all its pairs over the
/// items of the catalog, `ln(p(a, b) / (p(a) p(b))) / −ln p(a, b)`, which is −1 for terms that never meet and 1 for terms
/// that are never apart (Bouma 2009). None with fewer than two terms that the catalog has.
pub fn term_coherence(catalog: &Catalog, lists: &[Vec<String>]) -> Vec<Option<f64>> {
    let terms = Terms::of(catalog, true);
    let numbers: HashMap<&str, u32> = (0..terms.len() as u32).map(|term| (terms.name(term), term)).collect();
    let items = catalog.len() as f64;
    let coherence = |list: &Vec<String>| {
        let known: Vec<u32> = list.iter().filter_map(|name| numbers.get(name.as_str()).copied()).collect();
        let mut together = vec![0u32; known.len() * known.len()];
        for item in 0..catalog.len() {
            let of_item = terms.of_item(item);
            let here: Vec<usize> = (0..known.len()).filter(|&at| of_item.contains(&known[at])).collect();
            for &a in &here {
                here.iter().for_each(|&b| together[a * known.len() + b] += 1);
            }
        }
        let share = |a: usize, b: usize| f64::from(together[a * known.len() + b]) / items;
        let pairs: Vec<f64> = (0..known.len())
            .flat_map(|a| (a + 1..known.len()).map(move |b| (a, b)))
            .map(|(a, b)| match share(a, b) {
                0.0 => -1.0,
                // Both in every item: never apart.
                1.0 => 1.0,
                both => (both / (share(a, a) * share(b, b))).ln() / -both.ln(),
            })
            .collect();
        (!pairs.is_empty()).then(|| pairs.iter().sum::<f64>() / pairs.len() as f64)
    };
    lists.iter().map(coherence).collect()
}

struct Labelling<'a> {
    ids: &'a SemanticIds,
    terms: &'a Terms,
    keep: usize,
    /// Scratch: items of the child, then of its parent, that have each term.
    in_child: Vec<u32>,
    in_parent: Vec<u32>,
    entries: Vec<PrefixLabel>,
}

impl Labelling<'_> {
    /// Labels the children of one prefix; `items` are those under it, sorted by codes, `taken` the words above.
    fn children(&mut self, items: &[usize], level: usize, taken: &HashSet<u32>) {
        if level >= self.ids.shape.levels() {
            return;
        }
        let children: Vec<&[usize]> =
            items.chunk_by(|&a, &b| self.ids.ids[a].codes[level] == self.ids.ids[b].codes[level]).collect();
        let mut pairs = 0usize;
        for &item in items {
            for &term in self.terms.of_item(item) {
                self.in_parent[term as usize] += 1;
                pairs += 1;
            }
        }
        let mean = pairs as f64 / children.len().max(1) as f64;
        let (ranked, weights): (Vec<Vec<u32>>, Vec<Vec<f64>>) =
            children.iter().map(|child| self.best_terms(child, level, mean, taken)).unzip();
        for &item in items {
            self.terms.of_item(item).iter().for_each(|&term| self.in_parent[term as usize] = 0);
        }

        let shown = distinct_lengths(&ranked);
        for (((child, ranked), weights), &shown) in children.iter().zip(&ranked).zip(weights).zip(&shown) {
            let name = |&term: &u32| self.terms.name(term).to_owned();
            self.entries.push(PrefixLabel {
                prefix: self.ids.ids[child[0]].codes[..=level].to_vec(),
                label: ranked[..shown].iter().map(name).collect::<Vec<_>>().join(", "),
                terms: ranked.iter().map(name).collect(),
                weights,
                items: child.len() as u32,
            });
            let mut taken = taken.clone();
            ranked[..shown].iter().for_each(|&term| taken.extend(self.terms.words(term)));
            self.children(child, level + 1, &taken);
        }
    }

    /// The terms that set a child apart from its siblings, best first, with their weights.
    fn best_terms(&mut self, child: &[usize], level: usize, mean: f64, taken: &HashSet<u32>) -> (Vec<u32>, Vec<f64>) {
        let mut touched = Vec::new();
        for &item in child {
            for &term in self.terms.of_item(item) {
                if self.in_child[term as usize] == 0 {
                    touched.push(term);
                }
                self.in_child[term as usize] += 1;
            }
        }
        let mut weighted: Vec<(f64, u32)> = Vec::with_capacity(touched.len());
        for &term in &touched {
            if self.terms.words(term).all(|word| taken.contains(&word)) {
                continue;
            }
            let share = f64::from(self.in_child[term as usize]) / child.len() as f64;
            let rarity = (1.0 + mean / f64::from(self.in_parent[term as usize])).ln();
            weighted.push((share * rarity * self.terms.worth(term, level), term));
        }
        // Of terms that weigh the same, the one that more items have is the better known.
        let known = |term: u32| std::cmp::Reverse(self.terms.count(term));
        weighted.sort_by(|a, b| b.0.total_cmp(&a.0).then(known(a.1).cmp(&known(b.1))).then(a.1.cmp(&b.1)));

        // A pair and its words say the same thing: whichever comes first stands for all of them.
        let (mut chosen, mut weights) = (Vec::with_capacity(self.keep), Vec::with_capacity(self.keep));
        let mut said = HashSet::new();
        for (weight, term) in weighted {
            if chosen.len() == self.keep {
                break;
            }
            if self.terms.words(term).all(|word| !said.contains(&word)) {
                said.extend(self.terms.words(term));
                chosen.push(term);
                weights.push(weight);
            }
        }
        touched.iter().for_each(|&term| self.in_child[term as usize] = 0);
        (chosen, weights)
    }
}

/// How many of its terms each sibling shows: one, and more until no other shows the same, three at most.
fn distinct_lengths(ranked: &[Vec<u32>]) -> Vec<usize> {
    let mut shown: Vec<usize> = ranked.iter().map(|terms| terms.len().min(1)).collect();
    for _ in 0..2 {
        let mut counts: HashMap<Vec<u32>, usize> = HashMap::new();
        for (terms, &length) in ranked.iter().zip(&shown) {
            *counts.entry(terms[..length].to_vec()).or_default() += 1;
        }
        for (terms, length) in ranked.iter().zip(&mut shown) {
            if counts[&terms[..*length]] > 1 && *length < terms.len() {
                *length += 1;
            }
        }
    }
    shown
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::{CodeShape, Item};

    fn labelled(items: &[(&str, [Code; 2])]) -> PrefixLabels {
        let item = |(text, _): &(&str, [Code; 2])| Item { text: (*text).into(), ..Item::default() };
        let id = |(_, codes): &(&str, [Code; 2])| SemanticId { codes: codes.to_vec(), suffix: Some(0) };
        let catalog = Catalog { items: items.iter().map(item).collect() };
        let ids = SemanticIds { shape: CodeShape::uniform(2, 9), suffixes: 1, ids: items.iter().map(id).collect() };
        label_prefixes(&catalog, &ids, LabelSettings::starter())
    }

    fn path(labels: &PrefixLabels, codes: [Code; 2]) -> String {
        labels.path(&SemanticId { codes: codes.to_vec(), suffix: Some(3) })
    }

    #[test]
    fn a_path_reads_from_coarse_to_fine_in_the_words_that_set_apart() {
        let labels = labelled(&[
            ("A thriller set in a courtroom, with lawyers", [1, 0]),
            ("Another thriller in the courtroom", [1, 0]),
            ("A thriller about spies in Berlin", [1, 1]),
            ("The thriller of two spies", [1, 1]),
            ("A musical with dancing in Paris", [2, 0]),
            ("A musical, dancing again", [2, 0]),
            ("A musical about a piano", [2, 1]),
            ("The musical piano", [2, 1]),
        ]);
        assert_eq!(path(&labels, [1, 0]), "thriller › courtroom", "coarse to fine");
        assert_eq!(path(&labels, [1, 1]), "thriller › spies", "the sibling has a label of its own");
        assert_eq!(path(&labels, [2, 1]), "musical › piano", "children never repeat their parent");
        assert_eq!(path(&labels, [7, 7]), "", "nothing is under this ID");
        let musical = labels.get(&[2]).unwrap();
        assert_eq!((musical.items, musical.prefix.len()), (4, 1), "four items under one code");
    }

    #[test]
    fn siblings_with_the_same_word_show_another_one() {
        let labels = labelled(&[
            ("red lipstick", [1, 0]),
            ("red lipstick", [1, 0]),
            ("green lipstick", [2, 0]),
            ("green lipstick", [2, 0]),
            ("garden hose", [3, 0]),
            ("garden hose", [3, 0]),
        ]);
        let names: HashSet<&str> = [1, 2, 3].map(|code| labels.get(&[code]).unwrap().label.as_str()).into();
        assert_eq!(names.len(), 3, "each code is called something else: {names:?}");
    }

    #[test]
    fn texts_in_other_scripts_get_labels() {
        let labels = labelled(&[
            ("любовь и война", [1, 0]),
            ("война миров", [1, 0]),
            ("恋愛映画", [2, 0]),
            ("恋愛小説", [2, 0]),
            ("حب وحرب", [3, 0]),
            ("حب قديم", [3, 0]),
        ]);
        assert_eq!(labels.get(&[1]).unwrap().label, "война", "Cyrillic");
        assert_eq!(labels.get(&[2]).unwrap().label, "恋愛", "Han characters are read in pairs");
        assert_eq!(labels.get(&[3]).unwrap().label, "حب", "Arabic");
    }

    #[test]
    fn items_without_words_leave_labels_empty() {
        let labels = labelled(&[("", [0, 0]), ("!!! 12", [0, 1]), ("the of", [1, 0])]);
        assert_eq!(path(&labels, [0, 0]), "", "there is no word to say");
        assert_eq!(labels.iter().len(), 5, "every prefix is known all the same");
        assert_eq!(labelled(&[]), PrefixLabels::default(), "an empty catalog has no prefixes");
    }
}
