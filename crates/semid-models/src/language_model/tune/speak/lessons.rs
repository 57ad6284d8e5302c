//! What is taught: questions and answers made of the catalog, the IDs and the training sequences; drawn by share and seed.

use std::collections::HashMap;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use semid_core::{Catalog, Error, Result, SemanticIds};

use super::settings::SpeakSettings;
use super::vocabulary::CodeTokens;
use crate::language_model::tune::{TextTokens, soft::known};

/// A question and its answer, end to end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lesson {
    pub tokens: Vec<u32>,
    /// Where the answer starts; at least 1.
    pub answer: usize,
}

impl Lesson {
    /// Rows through the network: the last token is only told.
    pub fn rows(&self) -> usize {
        self.tokens.len() - 1
    }
}

/// A kind of lesson, in the order of [`super::LessonShares`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    NextItem,
    IdToTitle,
    TitleToId,
    IdToCategory,
    CategoryToId,
    Explain,
}

const KINDS: [Kind; 6] =
    [Kind::NextItem, Kind::IdToTitle, Kind::TitleToId, Kind::IdToCategory, Kind::CategoryToId, Kind::Explain];

/// The words of the lessons, split into tokens once.
struct Words {
    opening: Vec<u32>,
    turn: Vec<u32>,
    closing: Vec<u32>,
    liked: Vec<u32>,
    what_next: Vec<u32>,
    title_of: Vec<u32>,
    called: Vec<u32>,
    category_of: Vec<u32>,
    item_of: Vec<u32>,
    why: Vec<u32>,
    after: Vec<u32>,
    both: Vec<u32>,
    fits: Vec<u32>,
    question: Vec<u32>,
    stop: Vec<u32>,
}

/// All that lessons are made of.
pub(crate) struct Lessons {
    sequences: Vec<Vec<u32>>,
    max_history: usize,
    /// Tokens that spell each item.
    spelled: Vec<Vec<u32>>,
    titles: Vec<Vec<u32>>,
    categories: Vec<Vec<u32>>,
    /// The innermost category of each item as a number, for what two items share.
    innermost: Vec<Option<usize>>,
    words: Words,
    /// Kinds that can be taught, with their shares added up.
    kinds: Vec<(Kind, f64)>,
    /// Users with a next item, items with a title, items with a category.
    users: Vec<u32>,
    titled: Vec<u32>,
    sorted: Vec<u32>,
}

impl Lessons {
    pub fn new(
        catalog: &Catalog,
        ids: &SemanticIds,
        sequences: &[Vec<u32>],
        tokens: &CodeTokens,
        text: &dyn TextTokens,
        settings: &SpeakSettings,
    ) -> Result<Self> {
        let split = |words: &str| match words.is_empty() {
            true => Ok(Vec::new()),
            false => known(text.tokens(words)?, tokens.first as usize),
        };
        let cut = |words: &str| {
            let mut split = known(text.plain(words)?, tokens.first as usize)?;
            split.truncate(settings.text_tokens);
            Ok::<_, Error>(split)
        };
        let items = &catalog.items;
        let titles: Vec<Vec<u32>> = items.iter().map(|item| cut(item.title.trim())).collect::<Result<_>>()?;
        let categories = items.iter().map(|item| cut(&item.categories.join(" > ")));
        let categories: Vec<Vec<u32>> = categories.collect::<Result<_>>()?;
        let frame = &settings.frame;
        let words = Words {
            opening: split(&frame.opening)?,
            turn: split(&frame.turn)?,
            closing: split(&frame.closing)?,
            liked: split("A user liked, one after another: ")?,
            what_next: split("\nWhich item comes next?")?,
            title_of: split("What is the title of ")?,
            called: split("Which item is called ")?,
            category_of: split("Which category is ")?,
            item_of: split("Name an item of the category ")?,
            why: split("\nWhy is this one next? ")?,
            after: split(" comes after ")?,
            both: split(": both are ")?,
            fits: split(". It is ")?,
            question: split("?")?,
            stop: split(".")?,
        };
        if words.opening.is_empty() && words.liked.is_empty() {
            return Err(Error::input(
                "The tokenizer gives no token for the prompt. Choose the tokenizer of this model.",
            ));
        }
        let of =
            |has: &dyn Fn(usize) -> bool, count: usize| (0..count).filter(|&at| has(at)).map(|at| at as u32).collect();
        let users: Vec<u32> = of(&|user| sequences[user].len() > 1, sequences.len());
        let titled: Vec<u32> = of(&|item| !titles[item].is_empty(), items.len());
        let sorted: Vec<u32> = of(&|item| !categories[item].is_empty(), items.len());
        if users.is_empty() {
            return Err(Error::input(
                "No user has two training items, so there is no next item to learn. Import more interactions or loosen \
                 the k-core filter.",
            ));
        }
        let possible = |kind: Kind| match kind {
            Kind::NextItem => true,
            Kind::IdToTitle | Kind::TitleToId => !titled.is_empty(),
            Kind::IdToCategory | Kind::CategoryToId => !sorted.is_empty(),
            Kind::Explain => !titled.is_empty(),
        };
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut number = |name| {
            let next = numbers.len();
            Some(*numbers.entry(name).or_insert(next))
        };
        let mut sum = 0.0;
        let shares = KINDS.into_iter().zip(settings.shares.all());
        let kinds = shares.filter(|(kind, (_, share))| *share > 0.0 && possible(*kind)).map(|(kind, (_, share))| {
            sum += share;
            (kind, sum)
        });
        Ok(Lessons {
            kinds: kinds.collect(),
            sequences: sequences.to_vec(),
            max_history: settings.max_history,
            spelled: (0..ids.len() as u32).map(|item| tokens.of_item(ids, item).collect()).collect(),
            innermost: items.iter().map(|item| number(item.categories.last()?.as_str())).collect(),
            titles,
            categories,
            words,
            users,
            titled,
            sorted,
        })
    }

    /// The lessons of one epoch.
    pub fn draw(&self, count: usize, rng: &mut ChaCha8Rng) -> Vec<Lesson> {
        (0..count).map(|_| self.one(rng)).collect()
    }

    /// Items that can be spelled.
    pub fn items(&self) -> usize {
        self.spelled.len()
    }

    /// What the catalog and the IDs put into lessons, for a fingerprint.
    pub fn told(&self) -> impl Iterator<Item = &Vec<u32>> {
        self.spelled.iter().chain(&self.titles).chain(&self.categories)
    }

    /// Most tokens of a ranking's prompt and its answer.
    pub fn longest(&self) -> usize {
        let spelled = self.spelled.first().map_or(0, Vec::len);
        let words = &self.words;
        let text = self.titles.iter().chain(&self.categories).map(Vec::len).max().unwrap_or(0);
        let fixed = words.opening.len() + words.turn.len() + words.closing.len() + words.liked.len() + words.why.len();
        fixed + words.what_next.len() + spelled * (self.max_history + 1) + 4 * text + 32
    }

    /// The prompt that asks for what comes after a history.
    pub fn prompt(&self, history: &[u32]) -> Vec<u32> {
        let words = &self.words;
        let mut tokens = words.opening.clone();
        self.history(&mut tokens, history);
        tokens.extend_from_slice(&words.what_next);
        tokens.extend_from_slice(&words.turn);
        tokens
    }

    fn history(&self, tokens: &mut Vec<u32>, history: &[u32]) {
        tokens.extend_from_slice(&self.words.liked);
        for &item in &history[history.len().saturating_sub(self.max_history)..] {
            tokens.extend_from_slice(&self.spelled[item as usize]);
        }
    }

    fn one(&self, rng: &mut ChaCha8Rng) -> Lesson {
        let total = self.kinds.last().map_or(1.0, |kind| kind.1);
        let drawn = rng.random::<f64>() * total;
        let kind = self.kinds.iter().find(|kind| drawn < kind.1).map_or(Kind::NextItem, |kind| kind.0);
        let words = &self.words;
        let mut pick = |from: &[u32]| from[rng.random_range(0..from.len())];
        match kind {
            Kind::NextItem | Kind::Explain => {
                let sequence = &self.sequences[pick(&self.users) as usize];
                let place = rng.random_range(1..sequence.len());
                let (history, item) = (&sequence[..place], sequence[place]);
                let reason = if kind == Kind::Explain { self.reason(history, item) } else { None };
                let Some(reason) = reason else {
                    return self.closed(self.prompt(history), &[&self.spelled[item as usize]]);
                };
                let mut tokens = words.opening.clone();
                self.history(&mut tokens, history);
                tokens.extend_from_slice(&words.why);
                tokens.extend_from_slice(&self.spelled[item as usize]);
                tokens.extend_from_slice(&words.turn);
                self.closed(tokens, &[&reason])
            }
            Kind::IdToTitle => {
                let item = pick(&self.titled) as usize;
                self.asked(&[&words.title_of, &self.spelled[item], &words.question], &self.titles[item])
            }
            Kind::TitleToId => {
                let item = pick(&self.titled) as usize;
                self.asked(&[&words.called, &self.titles[item], &words.question], &self.spelled[item])
            }
            Kind::IdToCategory => {
                let item = pick(&self.sorted) as usize;
                self.asked(&[&words.category_of, &self.spelled[item], &words.question], &self.categories[item])
            }
            Kind::CategoryToId => {
                let item = pick(&self.sorted) as usize;
                self.asked(&[&words.item_of, &self.categories[item], &words.stop], &self.spelled[item])
            }
        }
    }

    /// A sentence why an item comes after a history, of what the catalog says; none without titles.
    fn reason(&self, history: &[u32], item: u32) -> Option<Vec<u32>> {
        let item = item as usize;
        let titled = |item: usize| !self.titles[item].is_empty();
        let last = history.iter().rev().map(|&item| item as usize).find(|&item| titled(item))?;
        if !titled(item) {
            return None;
        }
        let shares = |other: usize| self.innermost[item].is_some() && self.innermost[other] == self.innermost[item];
        let words = &self.words;
        let recent = &history[history.len().saturating_sub(self.max_history)..];
        let mut recent = recent.iter().rev().map(|&item| item as usize);
        let alike = recent.find(|&other| titled(other) && shares(other));
        let (other, middle) = match alike {
            Some(other) => (other, &words.both),
            None => (last, &words.fits),
        };
        let mut tokens = [&self.titles[item][..], &words.after, &self.titles[other]].concat();
        if !self.categories[item].is_empty() {
            tokens.extend_from_slice(middle);
            tokens.extend_from_slice(&self.categories[item]);
        }
        tokens.extend_from_slice(&words.stop);
        Some(tokens)
    }

    fn asked(&self, question: &[&[u32]], answer: &[u32]) -> Lesson {
        let tokens = [&self.words.opening[..], &question.concat(), &self.words.turn].concat();
        self.closed(tokens, &[answer])
    }

    fn closed(&self, mut tokens: Vec<u32>, answer: &[&[u32]]) -> Lesson {
        let start = tokens.len();
        answer.iter().for_each(|part| tokens.extend_from_slice(part));
        tokens.extend_from_slice(&self.words.closing);
        Lesson { tokens, answer: start }
    }
}
