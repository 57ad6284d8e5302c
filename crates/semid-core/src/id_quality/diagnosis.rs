//! What is remarkable about a set of IDs, in words, beside what is normal for such a catalog.

use crate::comparison::IdQuality;

/// Sentences about the IDs of a catalog of `items`, most serious first; empty when nothing is remarkable.
///
/// The yardstick is codes drawn at random in the same shape: they use all codes that the catalog can fill, and share IDs
/// only by accident. Learned codes are less even, so only a wide gap is called a collapse.
pub fn diagnose(quality: &IdQuality, items: usize) -> Vec<String> {
    let mut sentences = Vec::new();
    let n = items as f64;
    for (level, use_of) in quality.levels.iter().enumerate() {
        let (level, codes) = (level + 1, f64::from(use_of.codes));
        let used = (use_of.usage_share * codes).round();
        let expected = 1.0 - (1.0 - 1.0 / codes).powf(n);
        if codes > 1.0 && use_of.usage_share < 0.5 * expected {
            sentences.push(format!(
                "Level {level} has collapsed: {used} of {codes} codes are in use ({}); codes drawn at random would use {}. \
                 Start the codebook from k-means, restart dead codes, or ask for fewer codes.",
                percent(use_of.usage_share),
                percent(expected)
            ));
        } else if codes > 1.0 && use_of.perplexity < 0.25 * used.min(n) {
            sentences.push(format!(
                "Level {level} is used very unevenly: its {used} used codes are as diverse as {:.1} equally used ones \
                 (perplexity), and the largest holds {} of the items. Balanced assignment evens this out.",
                use_of.perplexity,
                percent(use_of.counts.first().map_or(0.0, |&most| f64::from(most) / n))
            ));
        }
    }
    sentences.extend(on_uniqueness(quality, n));
    sentences.extend(on_meaning(quality, n));
    sentences
}

fn on_uniqueness(quality: &IdQuality, items: f64) -> Option<String> {
    let capacity: f64 = quality.levels.iter().map(|level| f64::from(level.codes)).product();
    let unique = percent(quality.unique_share);
    if capacity < items {
        return Some(format!(
            "The shape spells {capacity} IDs for {items} items, so at most {} could have codes of their own; {unique} do. \
             Add a level or codes.",
            percent(capacity / items)
        ));
    }
    let random = (1.0 - 1.0 / capacity).powf(items - 1.0);
    // A shape with little room collides by accident too; learned codes lose some 3 to 25 % on top.
    if quality.unique_share < 0.7 * random {
        return Some(format!(
            "Only {unique} of the items have codes of their own, and the largest group that shares all codes has {} items. \
             Codes drawn at random in this shape would give {}; learned codes of three levels usually give 75 to 97 % \
             where the shape has room. The appended digit, not meaning, tells the others apart.",
            quality.largest_group,
            percent(random)
        ));
    }
    (quality.largest_group as f64 > 20.0f64.max(0.01 * items)).then(|| {
        format!(
            "{} items share all their codes: look for items with the same or no text. {unique} of the items have codes of \
             their own.",
            quality.largest_group
        )
    })
}

fn on_meaning(quality: &IdQuality, items: f64) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(category) = quality.levels.first().and_then(|level| level.category) {
        let (purity, chance) = (category.purity, category.purity_by_chance);
        if category.ami < 0.02 {
            sentences.push(format!(
                "The first code says nothing about the category: purity {}, by chance {}, AMI {}.",
                decimals(purity, 3),
                decimals(chance, 3),
                decimals(category.ami, 3)
            ));
        } else {
            sentences.push(format!(
                "The first code agrees with the category: purity {} against {} by chance, AMI {}.",
                decimals(purity, 3),
                decimals(chance, 3),
                decimals(category.ami, 3)
            ));
        }
    }
    if let Some(recall) = quality.neighbour_recall10 {
        let chance = (10.0 / (items - 1.0)).min(1.0);
        if recall < 2.0 * chance && chance < 0.5 {
            sentences.push(format!(
                "Neighbours in embedding space are not neighbours in code space: recall@10 is {}, by chance \
                 {}.",
                decimals(recall, 4),
                decimals(chance, 4)
            ));
        }
    }
    sentences
}

/// A number that is at most 1 without its leading zero, as it stands in the tables beside.
fn decimals(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let sign = if value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { "−" } else { "" };
    format!("{sign}{}", text.strip_prefix('0').unwrap_or(&text))
}

fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent > 99.9 && percent < 100.0 {
        "over 99.9 %".to_owned()
    } else if percent > 0.0 && percent < 9.95 || percent > 99.0 && percent < 100.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}
