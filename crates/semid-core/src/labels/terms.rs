//! Terms: the words of item texts, counted once an item, with the form in which people write them.

use std::collections::HashMap;

use rayon::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::super::Catalog;

/// A word in more than this share of the items tells nothing apart.
const COMMON_SHARE: f64 = 0.5;
/// In a catalog smaller than this, a share says little and every word stays.
const COMMON_FROM_ITEMS: usize = 20;

/// English words that say nothing about an item, units of measure and words of trade. Short on purpose: what is common
/// in a catalog is left out by its frequency.
const STOP_WORDS: &str = "\
    a about above after again against all almost along already also although always am among an and another any anyone \
    anything are around as at away back be became because become becomes been before begin begins behind being below \
    between both but by came can cannot come comes could did do does doing done down during each either else end ends \
    even ever every everyone everything few find finds first five for former found four from further gets getting give \
    given gives go goes going got had has have having he her here hers herself him himself his how however i if in \
    instead into is it its itself just keep know known knows last later least leave leaves left less let like little \
    long look looking made make makes making many may me might mine more most much must my myself near need needs \
    neither never new next no nobody none nor not nothing now of off often old on once one only onto or other others \
    our ours out over own part per perhaps put rather really same see seem seems set several shall she should show \
    since so some someone something soon still such take takes taking tell tells than that the their them themselves \
    then there these they thing things third this those though three through thus time to together too toward towards \
    tries try trying turn turns two under until up upon us use used uses using various very want wants was way we well \
    went were what whatever when where whether which while who whole whom whose why will with within without would yet \
    you your yours yourself \
    cm count ct fl fluid free gram inch inches kg lb lbs mg ml mm ounce ounces oz pack pc pcs piece pieces pk qty size";

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
        let stop: std::collections::HashSet<&str> = STOP_WORDS.split_whitespace().collect();
        let texts: Vec<Vec<Token>> = catalog.items.par_iter().map(|item| tokens(&item.text)).collect();
        let mut numbering = Numbering::default();
        let mut sequences: Vec<Vec<Option<u32>>> = Vec::with_capacity(texts.len());
        for text in texts {
            // A stop word keeps its place, so that words on both sides of it are no pair.
            let number = |token: Token| {
                let stopped = token.ends_phrase || stop.contains(token.key.as_str());
                (!stopped).then(|| numbering.word(token))
            };
            sequences.push(text.into_iter().map(number).collect());
        }

        let mut of_item: Vec<Vec<u32>> =
            sequences.iter().map(|words| words.iter().flatten().copied().collect()).collect();
        of_item.par_iter_mut().for_each(distinct);
        let mut counts = vec![0u32; numbering.keys.len()];
        of_item.iter().flatten().for_each(|&word| counts[word as usize] += 1);
        let common = |word: u32| {
            catalog.len() >= COMMON_FROM_ITEMS && f64::from(counts[word as usize]) > COMMON_SHARE * catalog.len() as f64
        };
        of_item.par_iter_mut().for_each(|words| words.retain(|&word| !common(word)));

        let mut names: Vec<String> = numbering.forms.iter().map(preferred_form).collect();
        let mut words: Vec<[u32; 2]> = (0..names.len() as u32).map(|word| [word, word]).collect();
        if pairs {
            let mut pair_counts: HashMap<[u32; 2], u32> = HashMap::new();
            let of_text: Vec<Vec<[u32; 2]>> =
                sequences.par_iter().map(|sequence| neighbours(sequence, &common)).collect();
            of_text.iter().flatten().for_each(|&pair| *pair_counts.entry(pair).or_default() += 1);
            // A pair is a term where its words belong together: it makes up a good part of the rarer word.
            let rarer = |pair: [u32; 2]| counts[pair[0] as usize].min(counts[pair[1] as usize]);
            let mut kept: Vec<[u32; 2]> = pair_counts
                .iter()
                .filter(|&(&pair, &count)| count >= 3 && 3 * count >= rarer(pair))
                .map(|(&pair, _)| pair)
                .collect();
            kept.sort_unstable();
            let numbers: HashMap<[u32; 2], u32> = kept.iter().copied().zip(names.len() as u32..).collect();
            for &[first, second] in &kept {
                names.push(format!("{} {}", names[first as usize], names[second as usize]));
                words.push([first, second]);
                counts.push(pair_counts[&[first, second]]);
            }
            for (terms, pairs) in of_item.iter_mut().zip(&of_text) {
                terms.extend(pairs.iter().filter_map(|pair| numbers.get(pair)));
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

    /// What a term is worth beside another of the same weight: a term that a single item has says nothing of a group,
    /// and a pair says more than one of its words.
    pub(super) fn worth(&self, term: u32) -> f64 {
        let lone = if self.counts[term as usize] < 2 { 0.1 } else { 1.0 };
        let pair = if self.words[term as usize][0] == self.words[term as usize][1] { 1.0 } else { 1.2 };
        lone * pair
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

/// Neighbouring words, each pair once an item.
fn neighbours(sequence: &[Option<u32>], common: &(impl Fn(u32) -> bool + Sync)) -> Vec<[u32; 2]> {
    let mut pairs: Vec<[u32; 2]> = sequence
        .windows(2)
        .filter_map(|window| Some([window[0]?, window[1]?]))
        .filter(|&[first, second]| first != second && !common(first) && !common(second))
        .collect();
    distinct(&mut pairs);
    pairs
}

fn distinct<T: Ord>(values: &mut Vec<T>) {
    values.sort_unstable();
    values.dedup();
}
