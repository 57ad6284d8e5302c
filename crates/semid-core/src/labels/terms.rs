//! Terms: the words of item texts, counted once an item, with the form in which people write them.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::super::Catalog;

/// A word in more than this share of the items tells nothing apart.
const COMMON_SHARE: f64 = 0.5;
/// In a catalog smaller than this, a share says little and every word stays.
const COMMON_FROM_ITEMS: usize = 20;

/// A term in one of this many items is as special as a term needs to be.
const SPECIAL_RATIO: f64 = 50.0;

/// English words that say nothing about an item: function words, the verbs of synopses, units of measure. Short on purpose: what is common
/// in a catalog is left out by its frequency.
const STOP_WORDS: &str = "\
    a about above after again against all almost along already also although always am among an and another any anyone \
    anything are around as at away back be became because become becomes been before begin begins behind being below \
    between both but by came can cannot come comes could did do does doing done down during each either else end ends \
    even ever every everyone everything few find finds five for former found four from further gets getting give \
    given gives go goes going got had has have having he her here hers herself him himself his how however i if in \
    instead into is it its itself just keep know known knows last later least leave leaves left less let like \
    look looking made make makes making many may me might mine more most much must my myself near need needs \
    neither never next no nobody none nor not nothing now of off often on once one only onto or other others \
    our ours out over own part per perhaps put rather really same see seem seems set several shall she should show \
    since so some someone something soon still such take takes taking tell tells than that the their them themselves \
    then there these they thing things third this those though three through thus time to together too toward towards \
    tries try trying turn turns two under until up upon us use used uses using various very want wants was way we well \
    went were what whatever when where whether which while who whole whom whose why will with within without would yet \
    you your yours yourself \
    based befriend befriends begin begins called decide decides discover discovers film follow following follows forced \
    forces happen happens help helps including involved lead leads learn learning learns life live lives living \
    meanwhile meet meeting meets movie moves named place plot return returns reveal reveals role run running runs seek \
    seeks sends sent start starts story work working works \
    cm count ct fl fluid free gram inch inches kg lb lbs mg ml mm ounce ounces oz pack pc pcs piece pieces pk qty qv size";

/// Words that say nothing alone and much beside another: they are terms in pairs only ("New York", "high school").
const WEAK_WORDS: &str = "\
    big de del der des die du el first good great high la las last le les little long los low new old super top von";

/// The terms of a catalog.
pub(super) struct Terms {
    /// How each term is written.
    names: Vec<String>,
    /// The words a term is made of: itself, or the two of a pair.
    words: Vec<[u32; 2]>,
    /// Items that have each term.
    counts: Vec<u32>,
    /// The terms of each item, ascending, each once.
    of_item: Vec<Vec<u32>>,
}

impl Terms {
    pub(super) fn of(catalog: &Catalog, pairs: bool) -> Terms {
        let stop: HashSet<&str> = STOP_WORDS.split_whitespace().collect();
        let texts: Vec<Vec<Token>> = catalog.items.par_iter().map(|item| tokens(&item.text)).collect();
        let mut numbering = Numbering::default();
        let mut sequences: Vec<Vec<Option<Word>>> = Vec::with_capacity(texts.len());
        for text in texts {
            // A stop word keeps its place, so that words on both sides of it are no pair.
            let number = |token: Token| {
                let stopped = token.ends_phrase || stop.contains(token.key.as_str());
                let capital = token.form.starts_with(char::is_uppercase);
                (!stopped).then(|| Word { number: numbering.word(token), capital })
            };
            sequences.push(text.into_iter().map(number).collect());
        }

        let mut of_item: Vec<Vec<u32>> =
            sequences.iter().map(|words| words.iter().flatten().map(|word| word.number).collect()).collect();
        of_item.par_iter_mut().for_each(distinct);
        let mut counts = vec![0u32; numbering.keys.len()];
        of_item.iter().flatten().for_each(|&word| counts[word as usize] += 1);
        let common = |word: u32| {
            catalog.len() >= COMMON_FROM_ITEMS && f64::from(counts[word as usize]) > COMMON_SHARE * catalog.len() as f64
        };
        let weak: HashSet<u32> =
            WEAK_WORDS.split_whitespace().filter_map(|word| numbering.keys.get(word).copied()).collect();
        let weak = |word: u32| weak.contains(&word);
        of_item.par_iter_mut().for_each(|words| words.retain(|&word| !common(word) && !weak(word)));

        let mut names: Vec<String> = numbering.forms.iter().map(preferred_form).collect();
        let mut words: Vec<[u32; 2]> = (0..names.len() as u32).map(|word| [word, word]).collect();
        if pairs {
            let of_text: Vec<Vec<Pair>> =
                sequences.par_iter().map(|sequence| neighbours(sequence, &common, &weak)).collect();
            // How many items have each pair, and in how many it is written with capitals.
            let mut found: HashMap<[u32; 2], [u32; 2]> = HashMap::new();
            for pair in of_text.iter().flatten() {
                let [count, capitals] = found.entry(pair.words).or_default();
                *count += 1;
                *capitals += u32::from(pair.capitals);
            }
            // A pair is a term where its words belong together: it makes up a good part of the rarer word.
            let rarer = |[first, second]: [u32; 2]| counts[first as usize].min(counts[second as usize]);
            let mut kept: Vec<[u32; 2]> = found
                .iter()
                .filter(|&(&words, &[count, _])| count >= 3 && 3 * count >= rarer(words))
                .map(|(&words, _)| words)
                .collect();
            kept.sort_unstable();
            let numbers: HashMap<[u32; 2], u32> = kept.iter().copied().zip(names.len() as u32..).collect();
            for &[first, second] in &kept {
                let [count, capitals] = found[&[first, second]];
                let form = |word: u32| match &names[word as usize] {
                    name if 2 * capitals > count => capitalised(name),
                    name => name.clone(),
                };
                names.push(format!("{} {}", form(first), form(second)));
                words.push([first, second]);
                counts.push(count);
            }
            for (terms, pairs) in of_item.iter_mut().zip(&of_text) {
                terms.extend(pairs.iter().filter_map(|pair| numbers.get(&pair.words)));
            }
        }
        Terms { names, words, counts, of_item }
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn name(&self, term: u32) -> &str {
        &self.names[term as usize]
    }

    /// The words of a term: one, or the two of a pair.
    pub(super) fn words(&self, term: u32) -> impl Iterator<Item = u32> + use<> {
        let [first, second] = self.words[term as usize];
        std::iter::once(first).chain((second != first).then_some(second))
    }

    pub(super) fn of_item(&self, item: usize) -> &[u32] {
        &self.of_item[item]
    }

    /// Items that have a term.
    pub(super) fn count(&self, term: u32) -> u32 {
        self.counts[term as usize]
    }

    /// What a term is worth beside another of the same weight: a term that a single item has says nothing of a group,
    /// and a pair says more than one of its words. Below the first level, where groups are small, a term is worth less
    /// the more of the whole catalog has it: that a film in a group of three is a comedy tells little.
    pub(super) fn worth(&self, term: u32, level: usize) -> f64 {
        let count = f64::from(self.counts[term as usize]);
        let lone = if count < 2.0 { 0.1 } else { 1.0 };
        let pair = if self.words[term as usize][0] == self.words[term as usize][1] { 1.0 } else { 1.2 };
        let special = match level {
            0 => 1.0,
            _ => ((self.of_item.len() as f64 / count).ln() / SPECIAL_RATIO.ln()).clamp(0.1, 1.0),
        };
        lone * pair * special
    }
}

/// A word of a text.
struct Token {
    /// What counts as the same word: lower case, no possessive, no plural s.
    key: String,
    /// As it stands in the text.
    form: String,
    /// Whether this is no word but the end of a phrase, across which no pair reaches.
    ends_phrase: bool,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut end = 0;
    // Where words are written without spaces, segmentation gives single characters; their pairs are the words.
    let mut before: Option<&str> = None;
    for (start, word) in text.unicode_word_indices() {
        let adjacent = start == end;
        if text[end..start].chars().any(|c| !c.is_whitespace() && c != '-') {
            tokens.push(Token { key: String::new(), form: String::new(), ends_phrase: true });
        }
        end = start + word.len();
        let mut characters = word.chars();
        let unspaced =
            characters.next().is_some_and(|c| c.is_alphabetic() && (c as u32) >= 0x0e00) && characters.next().is_none();
        if unspaced {
            if let Some(first) = before.filter(|_| adjacent) {
                let pair = format!("{first}{word}");
                tokens.push(Token { key: pair.clone(), form: pair, ends_phrase: false });
                tokens.push(Token { key: String::new(), form: String::new(), ends_phrase: true });
            }
            before = Some(word);
            continue;
        }
        before = None;
        tokens.push(token(word));
    }
    tokens
}

fn token(word: &str) -> Token {
    let ended = Token { key: String::new(), form: String::new(), ends_phrase: true };
    if word.chars().all(|c| c.is_numeric() || c == '.' || c == ',') {
        // A year says its decade; other numbers are sizes and counts.
        return match word.parse::<u32>() {
            Ok(year @ 1880..=2039) if word.len() == 4 => {
                let decade = format!("{}s", year / 10 * 10);
                Token { key: decade.clone(), form: decade, ends_phrase: false }
            }
            _ => ended,
        };
    }
    let form = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
    if form.chars().count() < 2 || !form.starts_with(char::is_alphabetic) {
        return ended;
    }
    let lower = form.to_lowercase().replace('’', "'");
    Token { key: singular(lower), form: form.to_owned(), ends_phrase: false }
}

/// Takes the plural s off an English-looking word; both forms count as one word.
fn singular(mut word: String) -> String {
    let plural = word.len() > 3 && word.ends_with('s') && !["ss", "us", "is"].iter().any(|end| word.ends_with(end));
    if plural {
        word.pop();
    }
    word
}

#[derive(Default)]
struct Numbering {
    keys: HashMap<String, u32>,
    /// Per word the forms it was met in, and how often.
    forms: Vec<HashMap<String, u32>>,
}

impl Numbering {
    fn word(&mut self, token: Token) -> u32 {
        let next = self.forms.len() as u32;
        let word = *self.keys.entry(token.key).or_insert(next);
        if word == next {
            self.forms.push(HashMap::new());
        }
        *self.forms[word as usize].entry(token.form).or_default() += 1;
        word
    }
}

/// The form people write most often; a form without capitals wins over capitals at a fifth of all, since titles and
/// beginnings of sentences have capitals for reasons of their own.
fn preferred_form(forms: &HashMap<String, u32>) -> String {
    let total: u32 = forms.values().sum();
    let is_lower = |form: &&String| !form.chars().any(char::is_uppercase);
    let lower: u32 = forms.iter().filter(|(form, _)| is_lower(form)).map(|(_, &count)| count).sum();
    let eligible = forms.iter().filter(|(form, _)| lower * 5 < total || is_lower(form));
    eligible.max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map_or(String::new(), |(form, _)| form.clone())
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
}

/// A word where it stands in a text.
#[derive(Clone, Copy)]
struct Word {
    number: u32,
    capital: bool,
}

/// Two words, one after the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    words: [u32; 2],
    capitals: bool,
}

/// Neighbouring words of which at least one says something, each pair once an item.
fn neighbours(
    sequence: &[Option<Word>],
    common: &(impl Fn(u32) -> bool + Sync),
    weak: &(impl Fn(u32) -> bool + Sync),
) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = sequence
        .windows(2)
        .filter_map(|window| Some((window[0]?, window[1]?)))
        .filter(|(first, second)| first.number != second.number)
        .filter(|(first, second)| !common(first.number) && !common(second.number))
        .filter(|(first, second)| !weak(first.number) || !weak(second.number))
        .map(|(first, second)| Pair { words: [first.number, second.number], capitals: first.capital && second.capital })
        .collect();
    pairs.sort_unstable();
    pairs.dedup_by_key(|pair| pair.words);
    pairs
}

fn distinct<T: Ord>(values: &mut Vec<T>) {
    values.sort_unstable();
    values.dedup();
}
