//! What is shown: anchors drawn by seed and matched on popularity, each realised in every arm of its task.

use std::collections::{BTreeMap, HashSet};

use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{About, StudyDesign, TaskDesign, TaskKind};
use crate::labels::PrefixLabels;
use crate::{Catalog, Code, Error, Result, Seed, SemanticIds};

/// One stimulus: an item, and what is shown around it in each arm. All arms share the item, so its popularity, its title
/// and how well people know it are the same in all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct Stimulus {
    /// Key of the task.
    pub task: String,
    /// Its class in the Latin square.
    pub class: u32,
    /// The item, by its place in the catalog.
    pub anchor: u32,
    /// The item's key.
    pub key: String,
    /// The third of the catalog it is in by popularity: 0 the least met.
    pub band: u8,
    /// One an arm of the task, in the order of the design.
    pub views: Vec<View>,
    /// What was replaced by hand, oldest first.
    pub replaced: Vec<Replacement>,
}

/// A stimulus as one arm shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct View {
    /// Key of the arm.
    pub arm: String,
    /// The prefix whose items are shown.
    pub prefix: Vec<Code>,
    /// What stands above: a new item, an item and its ID, each with the name of its label (`new_item`, `id`).
    pub lead: Vec<(String, String)>,
    /// Items shown that cannot be chosen.
    pub shown: Vec<String>,
    /// What is chosen from, each a list of lines.
    pub options: Vec<Vec<String>>,
    /// The option that is right; none where none is.
    pub answer: Option<u32>,
    /// Items shown, by their place in the catalog.
    pub items: Vec<u32>,
}

/// A replacement by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct Replacement {
    /// Key of the item that was drawn.
    pub was: String,
    /// Why, in the words of whoever did it.
    pub why: String,
    /// Unix seconds.
    pub at: i64,
}

/// The IDs of an arm.
#[derive(Clone, Copy)]
pub struct ArmIds<'a> {
    /// Its key.
    pub key: &'a str,
    /// One ID an item.
    pub ids: &'a SemanticIds,
    /// Labels made from the texts under these IDs, by the same procedure in every arm: words are no privilege of one.
    pub labels: &'a PrefixLabels,
    /// What a language model wrote of recommended items, where it did.
    pub explained: Option<&'a BTreeMap<u32, Explained>>,
}

/// Why an item was recommended, in a language model's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Explained {
    /// Items that the person had met, oldest first, by their place in the catalog: the same in every arm.
    pub liked: Vec<u32>,
    /// The explanation, one line; hostile text.
    pub text: String,
}

/// Draws the stimuli of all tasks: for each as many from every third of popularity as can be, so many that a participant
/// sees `per_arm` in each arm. No item is the anchor of two stimuli.
///
/// Fails with a sentence where an arm has too few groups that are large enough.
pub fn draw_stimuli(
    catalog: &Catalog,
    popularity: &[u32],
    arms: &[ArmIds<'_>],
    design: &StudyDesign,
) -> Result<Vec<Stimulus>> {
    let mut stimuli = Vec::new();
    let mut taken = HashSet::new();
    for task in design.tasks.iter().filter(|task| !task.is_second_part()) {
        let drawer = Drawer::new(catalog, popularity, arms, design, task)?;
        let mut rng = Seed(design.seed).rng(&format!("study stimuli {}", task.key));
        let wanted = task.per_arm as usize * drawer.arms.len();
        stimuli.extend(drawer.draw(wanted, &mut taken, &mut rng)?);
    }
    for task in &design.tasks {
        let TaskKind::Matching { of, .. } = &task.kind else { continue };
        let drawer = Drawer::new(catalog, popularity, arms, design, task)?;
        let mut rng = Seed(design.seed).rng(&format!("study stimuli {}", task.key));
        // What was named is what is matched, in the same arms.
        let named: Vec<Stimulus> = stimuli.iter().filter(|stimulus| stimulus.task == *of).cloned().collect();
        for stimulus in named {
            let views = drawer.views(stimulus.anchor, &mut rng).ok_or_else(|| {
                Error::input(format!(
                    "Task “{}” cannot show enough groups around “{}” in every arm. Let it show fewer codes or items.",
                    task.key, stimulus.key
                ))
            })?;
            stimuli.push(Stimulus { task: task.key.clone(), views, ..stimulus });
        }
    }
    Ok(stimuli)
}

/// The same stimulus around another item: the one of `key`, or the next that the seed gives. What is named is also what is
/// matched, so the matching of a naming changes with it. Nothing else changes; the replacement is kept with its reason.
#[allow(clippy::too_many_arguments)] // What stimuli are drawn from, which one, and why.
pub fn redraw(
    catalog: &Catalog,
    popularity: &[u32],
    arms: &[ArmIds<'_>],
    design: &StudyDesign,
    stimuli: &mut [Stimulus],
    at: usize,
    key: Option<&str>,
    record: (String, i64),
) -> Result<()> {
    let none = || Error::input(format!("There is no stimulus {at}; there are {}.", stimuli.len()));
    let old = stimuli.get(at).cloned().ok_or_else(none)?;
    let task = design.task(&old.task).ok_or_else(|| Error::input(format!("There is no task “{}”.", old.task)))?;
    if let TaskKind::Matching { of, .. } = &task.kind {
        return Err(Error::input(format!(
            "Stimulus {at} matches names, and its item is the one that is named. Replace it in the task “{of}”."
        )));
    }
    let drawer = Drawer::new(catalog, popularity, arms, design, task)?;
    let taken: HashSet<u32> = stimuli.iter().map(|stimulus| stimulus.anchor).collect();
    let mut rng = Seed(design.seed).rng(&format!("study replacement {at} {}", old.replaced.len()));
    let anchor = match key {
        Some(key) => {
            let found = catalog.items.iter().position(|item| item.key == key).map(|at| at as u32);
            let anchor = found.ok_or_else(|| Error::input(format!("There is no item with the key “{key}”.")))?;
            if taken.contains(&anchor) {
                return Err(Error::input(format!("“{key}” is a stimulus already. Choose another item.")));
            }
            anchor
        }
        None => {
            let mut same_band: Vec<u32> = drawer
                .eligible()
                .filter(|item| !taken.contains(item) && drawer.bands[*item as usize] == old.band)
                .collect();
            same_band.sort_unstable();
            *same_band.choose(&mut rng).ok_or_else(|| {
                Error::input("No other item of the same popularity has groups that are large enough in every arm.")
            })?
        }
    };
    let views = drawer.views(anchor, &mut rng).ok_or_else(|| {
        Error::input(format!(
            "“{}” cannot be a stimulus of {}: in one of the arms too few items share its code.",
            catalog.items[anchor as usize].key, task.key
        ))
    })?;
    let mut renewed = vec![(at, views)];
    for (twin, stimulus) in stimuli.iter().enumerate().filter(|(_, stimulus)| stimulus.anchor == old.anchor) {
        let Some(matching) = design.task(&stimulus.task).filter(|task| task.is_second_part()) else { continue };
        let views =
            Drawer::new(catalog, popularity, arms, design, matching)?.views(anchor, &mut rng).ok_or_else(|| {
                Error::input(format!(
                    "“{}” cannot be matched in {}: too few other groups are large enough. Choose another item.",
                    catalog.items[anchor as usize].key, matching.key
                ))
            })?;
        renewed.push((twin, views));
    }
    let (key, band) = (catalog.items[anchor as usize].key.clone(), drawer.bands[anchor as usize]);
    for (at, views) in renewed {
        let stimulus = &mut stimuli[at];
        stimulus.replaced.push(Replacement { was: old.key.clone(), why: record.0.clone(), at: record.1 });
        (stimulus.anchor, stimulus.key, stimulus.band, stimulus.views) = (anchor, key.clone(), band, views);
    }
    Ok(())
}

/// Draws the stimuli of one task.
struct Drawer<'a> {
    catalog: &'a Catalog,
    popularity: &'a [u32],
    design: &'a StudyDesign,
    task: &'a TaskDesign,
    arms: Vec<ArmGroups<'a>>,
    bands: Vec<u8>,
}

/// The groups of an arm at the task's level.
struct ArmGroups<'a> {
    arm: ArmIds<'a>,
    level: usize,
    groups: BTreeMap<&'a [Code], Vec<u32>>,
}

impl<'a> Drawer<'a> {
    fn new(
        catalog: &'a Catalog,
        popularity: &'a [u32],
        arms: &[ArmIds<'a>],
        design: &'a StudyDesign,
        task: &'a TaskDesign,
    ) -> Result<Self> {
        let mut of_task = Vec::new();
        for arm in design.arms_of(task).into_iter().map(|at| &design.arms[at]) {
            let found = arms.iter().find(|given| given.key == arm.key);
            let given = *found.ok_or_else(|| Error::input(format!("The IDs of the arm “{}” are missing.", arm.key)))?;
            if let (TaskKind::Rating { about: About::Explanation, .. }, None) = (&task.kind, given.explained) {
                return Err(Error::input(format!("The explanations of the arm “{}” are missing.", arm.key)));
            }
            let level = task.level as usize;
            if level > given.ids.shape.levels() {
                return Err(Error::input(format!(
                    "Task “{}” asks for level {level}, and the IDs of “{}” have {}. Choose a coarser level, or leave \
                     the arm out of this task.",
                    task.key,
                    arm.key,
                    given.ids.shape.levels()
                )));
            }
            let mut groups: BTreeMap<&[Code], Vec<u32>> = BTreeMap::new();
            for (item, id) in given.ids.ids.iter().enumerate() {
                groups.entry(&id.codes[..level]).or_default().push(item as u32);
            }
            of_task.push(ArmGroups { arm: given, level, groups });
        }
        Ok(Drawer { catalog, popularity, design, task, arms: of_task, bands: bands(popularity, catalog.len()) })
    }

    /// Items whose group is large enough in every arm.
    fn eligible(&self) -> impl Iterator<Item = u32> + '_ {
        let needed = self.needed();
        (0..self.catalog.len() as u32).filter(move |&item| {
            !self.catalog.items[item as usize].title.trim().is_empty()
                && (!self.is_explained()
                    || self.arms.iter().all(|arm| arm.arm.explained.is_some_and(|of| of.contains_key(&item))))
                && self
                    .arms
                    .iter()
                    .all(|arm| arm.of(item).len() >= needed && (!self.is_hard() || !arm.cousins(item).is_empty()))
        })
    }

    fn is_explained(&self) -> bool {
        matches!(self.task.kind, TaskKind::Rating { about: About::Explanation, .. })
    }

    fn is_hard(&self) -> bool {
        matches!(self.task.kind, TaskKind::Intrusion { hard: true, .. })
    }

    /// Items a group must have, the anchor included.
    fn needed(&self) -> usize {
        match &self.task.kind {
            TaskKind::Intrusion { members, .. } => *members as usize,
            TaskKind::ForwardSimulation { exemplars, .. } | TaskKind::Matching { exemplars, .. } => {
                *exemplars as usize + 1
            }
            TaskKind::Naming { exemplars } => self.most_matched().max(*exemplars as usize),
            TaskKind::Rating { about: About::Group, exemplars, .. } => *exemplars as usize,
            TaskKind::Rating { about: About::Recommendation, .. } => 2,
            TaskKind::Rating { about: About::Id | About::Explanation, .. } => 1,
        }
    }

    /// Items that a matching of these names shows beside the anchor, and the anchor.
    fn most_matched(&self) -> usize {
        let matching = self.design.tasks.iter().filter_map(|task| match &task.kind {
            TaskKind::Matching { of, exemplars, .. } if *of == self.task.key => Some(*exemplars as usize + 1),
            _ => None,
        });
        matching.max().unwrap_or(0)
    }

    fn draw(&self, wanted: usize, taken: &mut HashSet<u32>, rng: &mut ChaCha8Rng) -> Result<Vec<Stimulus>> {
        let mut candidates: [Vec<u32>; 3] = Default::default();
        for item in self.eligible().filter(|item| !taken.contains(item)) {
            candidates[self.bands[item as usize] as usize].push(item);
        }
        candidates.iter_mut().for_each(|band| band.shuffle(rng));
        let all: usize = candidates.iter().map(Vec::len).sum();
        // A code that was shown once is shown again only when no other is left: first in all arms, then in none.
        let mut used: Vec<HashSet<&[Code]>> = vec![HashSet::new(); self.arms.len()];
        let mut stimuli: Vec<Stimulus> = Vec::new();
        let mut band = 0;
        while stimuli.len() < wanted && candidates.iter().any(|band| !band.is_empty()) {
            band = (band + 1) % 3;
            let fresh = |item: &u32| self.arms.iter().zip(&used).all(|(arm, used)| !used.contains(arm.prefix(*item)));
            let at = candidates[band].iter().position(fresh).or(candidates[band].len().checked_sub(1));
            let Some(at) = at else { continue };
            let anchor = candidates[band].remove(at);
            let Some(views) = self.views(anchor, rng) else { continue };
            for (arm, used) in self.arms.iter().zip(&mut used) {
                used.insert(arm.prefix(anchor));
            }
            taken.insert(anchor);
            stimuli.push(Stimulus {
                task: self.task.key.clone(),
                class: stimuli.len() as u32,
                anchor,
                key: self.catalog.items[anchor as usize].key.clone(),
                band: band as u8,
                views,
                replaced: Vec::new(),
            });
        }
        if stimuli.len() < wanted {
            return Err(Error::input(format!(
                "Task “{}” needs {wanted} stimuli ({} in each of {} arms), and only {} of {all} items can be drawn: in \
                 the others' groups at level {} too few items share a code in every arm. Show fewer in each arm, choose \
                 a coarser level, make IDs with fewer codes, or leave an arm out of this task.",
                self.task.key,
                self.task.per_arm,
                self.arms.len(),
                stimuli.len(),
                self.task.level
            )));
        }
        // Classes are places in the drawn order; shuffled, so that bands do not go with rows.
        let mut classes: Vec<u32> = (0..stimuli.len() as u32).collect();
        classes.shuffle(rng);
        stimuli.iter_mut().zip(classes).for_each(|(stimulus, class)| stimulus.class = class);
        Ok(stimuli)
    }

    /// What every arm shows around an item; none where one of them cannot.
    fn views(&self, anchor: u32, rng: &mut ChaCha8Rng) -> Option<Vec<View>> {
        self.arms.iter().map(|arm| self.view(arm, anchor, rng)).collect()
    }

    fn view(&self, arm: &ArmGroups<'_>, anchor: u32, rng: &mut ChaCha8Rng) -> Option<View> {
        let mut view = View { arm: arm.arm.key.to_owned(), prefix: arm.prefix(anchor).to_vec(), ..View::default() };
        match &self.task.kind {
            TaskKind::Intrusion { members, hard } => {
                let mut items = self.companions(arm, anchor, *members as usize - 1, rng)?;
                items.insert(0, anchor);
                let strangers = match hard {
                    true => arm.cousins(anchor),
                    false => arm.others(anchor),
                };
                items.push(self.matched(&strangers, anchor, rng)?);
                view.answer = Some(*members);
                view.options = items.iter().map(|&item| vec![self.line(item)]).collect();
                view.items = items;
            }
            TaskKind::ForwardSimulation { codes, exemplars } => {
                view.lead = vec![("new_item".to_owned(), self.line(anchor))];
                self.choose_groups(arm, anchor, (*codes, *exemplars), &mut view, rng)?;
                view.items.push(anchor);
            }
            TaskKind::Matching { codes, exemplars, .. } => {
                self.choose_groups(arm, anchor, (*codes, *exemplars), &mut view, rng)?;
            }
            TaskKind::Naming { exemplars } | TaskKind::Rating { about: About::Group, exemplars, .. } => {
                let mut items = self.companions(arm, anchor, *exemplars as usize - 1, rng)?;
                items.push(anchor);
                items.shuffle(rng);
                view.shown = items.iter().map(|&item| self.line(item)).collect();
                view.items = items;
            }
            TaskKind::Rating { about: About::Id, .. } => {
                let item = ("item".to_owned(), self.line(anchor));
                view.lead = vec![item, ("id".to_owned(), arm.described(anchor))];
                view.items = vec![anchor];
            }
            TaskKind::Rating { about: About::Explanation, .. } => {
                let explained = arm.arm.explained?.get(&anchor)?;
                view.lead = explained.liked.iter().map(|&item| ("liked".to_owned(), self.line(item))).collect();
                view.lead.push(("recommended".to_owned(), self.line(anchor)));
                view.lead.push(("because".to_owned(), explained.text.clone()));
                view.items = explained.liked.iter().copied().chain([anchor]).collect();
            }
            TaskKind::Rating { about: About::Recommendation, .. } => {
                let liked = arm.nearest(anchor, rng)?;
                view.lead = vec![
                    ("liked".to_owned(), self.line(liked)),
                    ("recommended".to_owned(), self.line(anchor)),
                    ("because".to_owned(), arm.shared(anchor, liked)),
                ];
                view.items = vec![liked, anchor];
            }
        }
        Some(view)
    }

    /// Groups to choose from: the anchor's own (without the anchor) and others of the arm, by seed.
    fn choose_groups(
        &self,
        arm: &ArmGroups<'_>,
        anchor: u32,
        (codes, exemplars): (u32, u32),
        view: &mut View,
        rng: &mut ChaCha8Rng,
    ) -> Option<()> {
        let own = arm.prefix(anchor);
        let mut others: Vec<&Vec<u32>> = arm
            .groups
            .iter()
            .filter(|(prefix, items)| **prefix != own && items.len() >= exemplars as usize)
            .map(|(_, items)| items)
            .collect();
        others.shuffle(rng);
        let mut groups = vec![self.companions(arm, anchor, exemplars as usize, rng)?];
        for others in others.into_iter().take(codes as usize - 1) {
            // Around a member that is about as much met as the anchor, so that fame does not tell the groups apart.
            let middle = self.matched(others, anchor, rng)?;
            let mut items = self.companions(arm, middle, exemplars as usize - 1, rng)?;
            items.push(middle);
            groups.push(items);
        }
        if groups.len() < codes as usize {
            return None;
        }
        view.options = groups.iter().map(|group| group.iter().map(|&item| self.line(item)).collect()).collect();
        view.items = groups.into_iter().flatten().collect();
        view.answer = Some(0);
        Some(())
    }

    /// Others of the anchor's group: of those nearest in popularity (three times as many as needed) some by seed.
    fn companions(&self, arm: &ArmGroups<'_>, anchor: u32, count: usize, rng: &mut ChaCha8Rng) -> Option<Vec<u32>> {
        let mut others: Vec<u32> = arm.of(anchor).iter().copied().filter(|&item| item != anchor).collect();
        self.sort_by_popularity(&mut others, anchor, rng);
        others.truncate((3 * count).max(count));
        let chosen: Vec<u32> = others.choose_multiple(rng, count).copied().collect();
        (chosen.len() == count).then_some(chosen)
    }

    /// One of those who are most alike in popularity, by seed.
    fn matched(&self, candidates: &[u32], anchor: u32, rng: &mut ChaCha8Rng) -> Option<u32> {
        let mut sample: Vec<u32> = candidates.choose_multiple(rng, 60).copied().collect();
        self.sort_by_popularity(&mut sample, anchor, rng);
        sample.truncate(8);
        sample.choose(rng).copied()
    }

    /// Nearest in popularity first, by ratio; equals in the order of the seed. Items without a title come last.
    fn sort_by_popularity(&self, items: &mut [u32], anchor: u32, rng: &mut ChaCha8Rng) {
        let met = |item: u32| f64::from(self.popularity.get(item as usize).copied().unwrap_or(0)) + 1.0;
        items.shuffle(rng);
        items.sort_by(|&a, &b| {
            let untitled = |item: u32| self.catalog.items[item as usize].title.trim().is_empty();
            let far = |item: u32| (met(item) / met(anchor)).ln().abs();
            untitled(a).cmp(&untitled(b)).then(far(a).total_cmp(&far(b)))
        });
    }

    /// An item as participants see it.
    fn line(&self, item: u32) -> String {
        let item = &self.catalog.items[item as usize];
        let chars = self.design.text_chars as usize;
        if chars == 0 || item.text.trim() == item.title.trim() {
            return item.title.clone();
        }
        let rest = item.text.strip_prefix(item.title.as_str()).unwrap_or(&item.text);
        let rest = rest.trim_start_matches(|letter: char| !letter.is_alphanumeric());
        let cut: String = rest.chars().take(chars).collect();
        let dots = if rest.chars().count() > chars { "…" } else { "" };
        format!("{}\n{}{dots}", item.title, cut.trim_end())
    }
}

impl<'a> ArmGroups<'a> {
    fn prefix(&self, item: u32) -> &'a [Code] {
        let ids: &'a SemanticIds = self.arm.ids;
        &ids.ids[item as usize].codes[..self.level]
    }

    /// All items of an item's group.
    fn of(&self, item: u32) -> &[u32] {
        self.groups.get(self.prefix(item)).map_or(&[], Vec::as_slice)
    }

    /// Items of all other groups.
    fn others(&self, item: u32) -> Vec<u32> {
        let own = self.prefix(item);
        self.groups.iter().filter(|(prefix, _)| **prefix != own).flat_map(|(_, items)| items).copied().collect()
    }

    /// Items that share the prefix above, and not the group.
    fn cousins(&self, item: u32) -> Vec<u32> {
        let own = self.prefix(item);
        let above = &own[..own.len().saturating_sub(1)];
        let near = self.groups.range(above..).take_while(|(prefix, _)| prefix.starts_with(above));
        near.filter(|(prefix, _)| **prefix != own).flat_map(|(_, items)| items).copied().collect()
    }

    /// An item that shares the longest prefix, by seed among equals.
    fn nearest(&self, item: u32, rng: &mut ChaCha8Rng) -> Option<u32> {
        let of = |item: u32| self.arm.ids.ids[item as usize].codes.as_slice();
        let shared = |other: u32| of(other).iter().zip(of(item)).take_while(|(a, b)| a == b).count();
        let others: Vec<u32> = self.of(item).iter().copied().filter(|&other| other != item).collect();
        let longest = others.iter().map(|&other| shared(other)).max()?;
        let best: Vec<u32> = others.into_iter().filter(|&other| shared(other) == longest).collect();
        best.get(rng.random_range(0..best.len())).copied()
    }

    /// `12 · 207 · 9` and below it what the codes are called.
    fn described(&self, item: u32) -> String {
        let id = &self.arm.ids.ids[item as usize];
        with_labels(&id.codes, self.arm.labels)
    }

    /// The codes that two items share, and what they are called.
    fn shared(&self, one: u32, other: u32) -> String {
        let (one, other) = (&self.arm.ids.ids[one as usize].codes, &self.arm.ids.ids[other as usize].codes);
        let length = one.iter().zip(other).take_while(|(a, b)| a == b).count();
        with_labels(&one[..length], self.arm.labels)
    }
}

fn with_labels(codes: &[Code], labels: &PrefixLabels) -> String {
    let numbers: Vec<String> = codes.iter().map(Code::to_string).collect();
    let words: Vec<&str> = (1..=codes.len())
        .filter_map(|length| labels.get(&codes[..length]))
        .map(|entry| entry.label.as_str())
        .filter(|label| !label.is_empty())
        .collect();
    match words.is_empty() {
        true => numbers.join(" · "),
        false => format!("{}\n{}", numbers.join(" · "), words.join(" › ")),
    }
}

/// The third each item is in by how often it was met; ties by place, so that every third is full.
fn bands(popularity: &[u32], items: usize) -> Vec<u8> {
    let met = |item: usize| popularity.get(item).copied().unwrap_or(0);
    let mut order: Vec<usize> = (0..items).collect();
    order.sort_by_key(|&item| (met(item), item));
    let mut bands = vec![0; items];
    for (rank, item) in order.into_iter().enumerate() {
        bands[item] = (3 * rank / items.max(1)) as u8;
    }
    bands
}

#[cfg(test)]
pub(super) mod tests;
