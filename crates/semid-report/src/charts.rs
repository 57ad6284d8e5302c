//! The charts of a comparison, as data.

use semid_charts::numbers::{NONE, count, decimals, percent};
use semid_charts::{
    Bar, BarGroup, Chart, CodeUsage, Curves, DifferenceGroup, DifferenceRow, Differences, Estimate, IdQuality,
    LevelUsage, Line, MetricBars, Panel, QualityCell, QualityRow, Slice, SliceBars,
};
use semid_core::comparison::{Comparison, Curve, Difference, IdSchemeResult, LevelQuality, MetricFacts, SliceValue};
use serde::Serialize;

use crate::lookup;
use crate::tables::{in_sentence, scheme_title};

/// A chart of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportChart {
    /// Name of its file without an ending: letters, digits and `-`.
    pub name: String,
    /// Where it stands.
    pub section: Section,
    /// The chart.
    pub chart: Chart,
}

/// Parts of a report that hold charts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// Gains, the primary metric, the differences, the curves.
    Charts,
    /// The other metrics, folded away.
    OtherMetrics,
    /// Parts of the users.
    Slices,
    /// ID schemes.
    Ids,
}

/// All charts that a comparison has data for, in the order of the report.
pub fn charts(comparison: &Comparison) -> Vec<ReportChart> {
    let mut named = Names(Vec::new());
    let primary = lookup::primary(comparison);
    if let Some(primary) = primary {
        named.push("gains", Section::Charts, gains(comparison, primary));
        named.push("differences", Section::Charts, differences(comparison, primary));
        named.push(&format!("metric-{}", primary.key), Section::Charts, metric_bars(comparison, primary));
    }
    named.push("curves", Section::Charts, curves(comparison));
    for metric in comparison.metrics.iter().filter(|metric| primary.is_none_or(|primary| primary.key != metric.key)) {
        named.push(&format!("metric-{}", metric.key), Section::OtherMetrics, metric_bars(comparison, metric));
    }
    for (slicing, chart) in slice_bars(comparison) {
        named.push(&format!("slices-{slicing}"), Section::Slices, Some(chart));
    }
    named.push("id-quality", Section::Ids, id_quality(comparison));
    named.push("id-curves", Section::Ids, id_curves(comparison));
    for scheme in &comparison.id_schemes {
        named.push(&format!("codes-{}", scheme.key), Section::Ids, code_usage(scheme));
    }
    named.0
}

/// Charts under names that no file system minds, each once.
struct Names(Vec<ReportChart>);

impl Names {
    fn push(&mut self, name: &str, section: Section, chart: Option<Chart>) {
        let Some(chart) = chart else { return };
        let mut slug = String::new();
        for char in name.chars() {
            match char.to_ascii_lowercase() {
                char if char.is_ascii_alphanumeric() => slug.push(char),
                '@' => slug.push_str("-at-"),
                _ if slug.ends_with('-') => {}
                _ => slug.push('-'),
            }
        }
        slug.truncate(60);
        let slug = slug.trim_matches('-').to_owned();
        let taken = |name: &str| self.0.iter().any(|chart| chart.name == name);
        let numbered = (2..).map(|number| format!("{slug}-{number}"));
        let name = std::iter::once(slug.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(slug);
        self.0.push(ReportChart { name, section, chart });
    }
}

fn metric_bars(comparison: &Comparison, metric: &MetricFacts) -> Option<Chart> {
    let mut groups: Vec<BarGroup> = Vec::new();
    for (at, arm) in comparison.arms.iter().enumerate() {
        let Some(value) = lookup::value(arm, &metric.key) else { continue };
        let estimate = Estimate { value: value.mean, low: value.low, high: value.high };
        let bar = Bar { label: lookup::title(arm).to_owned(), estimate, baseline: at == comparison.baseline };
        let label = if arm.ids.is_some() { sentence(&arm.recommender) } else { "Without IDs".to_owned() };
        match groups.iter_mut().find(|group| group.label == label) {
            Some(group) => group.bars.push(bar),
            None => groups.push(BarGroup { label, bars: vec![bar] }),
        }
    }
    if groups.len() == 1 {
        groups[0].label.clear();
    }
    let judged = format!("Mean over {} users with its 95 % interval.", count(comparison.protocol.users));
    let better = if metric.higher_is_better { "Higher is better." } else { "Lower is better." };
    (!groups.is_empty()).then(|| {
        Chart::MetricBars(MetricBars {
            title: format!("{} of every arm", metric.title),
            note: lookup::note(comparison, &format!("{judged} {better}")),
            metric: metric.title.clone(),
            groups,
        })
    })
}

/// A key as it begins a line: "generative" becomes "Generative".
fn sentence(key: &str) -> String {
    let mut chars = key.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn rows<'d>(
    differences: impl Iterator<Item = &'d Difference>,
    label: impl Fn(&Difference) -> String,
) -> Vec<DifferenceRow> {
    let row = |difference: &Difference| DifferenceRow {
        label: label(difference),
        estimate: Estimate { value: difference.difference, low: difference.low, high: difference.high },
        p_adjusted: difference.p_adjusted,
    };
    differences.map(row).collect()
}

fn forest(title: String, note: String, metric: &MetricFacts, groups: Vec<DifferenceGroup>) -> Option<Chart> {
    let groups: Vec<DifferenceGroup> = groups.into_iter().filter(|group| !group.rows.is_empty()).collect();
    let axis = format!("difference in {}", metric.title);
    let higher_is_better = metric.higher_is_better;
    (!groups.is_empty()).then_some(Chart::Differences(Differences { title, note, axis, higher_is_better, groups }))
}

fn gains(comparison: &Comparison, metric: &MetricFacts) -> Option<Chart> {
    let group = |label: &str, differences: &[Difference]| DifferenceGroup {
        label: label.to_owned(),
        rows: rows(lookup::of_metric(differences, &metric.key), |difference| {
            lookup::arm_title(comparison, &difference.arm).to_owned()
        }),
    };
    forest(
        format!("What meaning is worth in {}", metric.title),
        lookup::note(
            comparison,
            "Semantic IDs minus the same IDs dealt to other items (meaning gain), and minus hash IDs; same recommender, \
             same users, 95 % paired intervals.",
        ),
        metric,
        vec![group("Minus permuted", &comparison.meaning_gains), group("Minus hash", &comparison.hash_gains)],
    )
}

fn differences(comparison: &Comparison, metric: &MetricFacts) -> Option<Chart> {
    let baseline = lookup::title(lookup::baseline(comparison)?);
    let rows = rows(lookup::of_metric(&comparison.differences, &metric.key), |difference| {
        lookup::arm_title(comparison, &difference.arm).to_owned()
    });
    forest(
        format!("{} against {baseline}", metric.title),
        lookup::note(comparison, "Mean paired difference over the same users with its 95 % interval."),
        metric,
        vec![DifferenceGroup { label: String::new(), rows }],
    )
}

fn curves(comparison: &Comparison) -> Option<Chart> {
    let trained: Vec<Learned<'_>> = comparison
        .arms
        .iter()
        .filter(|arm| !arm.curves.is_empty())
        .map(|arm| Learned { title: lookup::title(arm), curves: &arm.curves })
        .collect();
    learning(comparison, "Training", &trained)
}

/// How the quantizers that learn in steps came along.
fn id_curves(comparison: &Comparison) -> Option<Chart> {
    let learned: Vec<Learned<'_>> = comparison
        .id_schemes
        .iter()
        .filter(|scheme| !scheme.curves.is_empty())
        .map(|scheme| Learned { title: scheme_title(scheme), curves: &scheme.curves })
        .collect();
    learning(comparison, "Learning the codebooks", &learned)
}

/// Something that learned, with its curves.
struct Learned<'a> {
    title: &'a str,
    curves: &'a [Curve],
}

/// A panel for each series, a line for each seed.
fn learning(comparison: &Comparison, title: &str, learned: &[Learned<'_>]) -> Option<Chart> {
    let all = || learned.iter().flat_map(|one| one.curves);
    // A series measured once, at the end of a training, is a number and no curve; while all have just begun, all are shown.
    let begun = all().all(|curve| curve.points.len() < 2);
    let drawn = all().filter(|curve| begun || curve.points.len() > 1);
    let mut shown = lookup::distinct(drawn.map(|curve| curve.series.as_str()));
    shown.sort_by_key(|series| {
        ["training", "validation"].iter().position(|first| series.starts_with(first)).unwrap_or(2)
    });
    let panels = shown.into_iter().map(|series| Panel {
        label: sentence(&comparison.metrics.iter().fold(
            series.to_owned(),
            |label, metric| match metric.key.as_str() {
                "" => label,
                key => label.replace(key, &metric.title),
            },
        )),
        lines: learned
            .iter()
            .enumerate()
            .flat_map(|(at, one)| one.curves.iter().map(move |curve| (at, curve)))
            .filter(|(_, curve)| curve.series == series)
            .map(|(arm, curve)| Line { arm, points: curve.points.clone() })
            .collect(),
    });
    (!learned.is_empty()).then(|| {
        Chart::Curves(Curves {
            title: title.to_owned(),
            note: lookup::note(comparison, "One line per seed."),
            axis: "epoch".to_owned(),
            arms: learned.iter().map(|one| one.title.to_owned()).collect(),
            panels: panels.collect(),
        })
    })
}

fn slice_bars(comparison: &Comparison) -> Vec<(&str, Chart)> {
    let Some(primary) = lookup::primary(comparison) else { return Vec::new() };
    let of_primary = |slice: &&SliceValue| slice.metric == primary.key;
    let all = || comparison.arms.iter().flat_map(|arm| &arm.slices).filter(of_primary);
    let charts = lookup::distinct(all().map(|slice| slice.slicing.as_str())).into_iter().map(|slicing| {
        let of_slicing = || all().filter(|slice| slice.slicing == slicing);
        let slices = lookup::distinct(of_slicing().map(|slice| slice.slice.as_str())).into_iter().map(|name| Slice {
            label: name.to_owned(),
            users: of_slicing().find(|slice| slice.slice == name).map_or(0, |slice| slice.users),
            estimates: comparison
                .arms
                .iter()
                .map(|arm| {
                    let mut slices = arm.slices.iter().filter(of_primary);
                    let slice = slices.find(|slice| slice.slicing == slicing && slice.slice == name)?;
                    Some(Estimate { value: slice.mean, low: slice.low, high: slice.high })
                })
                .collect(),
        });
        let chart = SliceBars {
            title: format!("{} by {}", primary.title, in_sentence(slicing)),
            note: lookup::note(comparison, "Mean over the users of each slice with its 95 % interval."),
            metric: primary.title.clone(),
            arms: comparison.arms.iter().map(|arm| lookup::title(arm).to_owned()).collect(),
            baseline: Some(comparison.baseline),
            slices: slices.collect(),
        };
        (slicing, Chart::SliceBars(chart))
    });
    charts.collect()
}

fn id_quality(comparison: &Comparison) -> Option<Chart> {
    let columns = ["codes used", "perplexity", "purity", "NMI", "unique IDs", "neighbour recall@10"];
    let share = |text: String, share: f64| QualityCell { text, share: Some(share), by_chance: None };
    let level = |level: &LevelQuality| {
        let mut cells = vec![
            share(percent(level.usage_share), level.usage_share),
            share(
                format!("{} of {}", decimals(level.perplexity, 1), count(u64::from(level.codes))),
                level.perplexity / f64::from(level.codes.max(1)),
            ),
        ];
        cells.extend(match level.category {
            Some(category) => [(category.purity, category.purity_by_chance), (category.nmi, category.nmi_by_chance)]
                .map(|(value, chance)| QualityCell { by_chance: Some(chance), ..share(decimals(value, 3), value) }),
            None => [(); 2].map(|()| QualityCell { text: NONE.to_owned(), ..Default::default() }),
        });
        cells
    };
    let mut rows = Vec::new();
    for scheme in &comparison.id_schemes {
        let name = scheme_title(scheme);
        for (at, quality) in scheme.quality.levels.iter().enumerate() {
            rows.push(QualityRow { scheme: name.to_owned(), part: format!("level {}", at + 1), cells: level(quality) });
        }
        let quality = &scheme.quality;
        let mut cells = vec![QualityCell::default(); 4];
        cells.push(share(percent(quality.unique_share), quality.unique_share));
        cells.push(match quality.neighbour_recall10 {
            Some(recall) => share(decimals(recall, 3), recall),
            None => QualityCell { text: NONE.to_owned(), ..Default::default() },
        });
        rows.push(QualityRow { scheme: name.to_owned(), part: "whole ID".to_owned(), cells });
    }
    (!rows.is_empty()).then(|| {
        Chart::IdQuality(IdQuality {
            title: "Quality of the IDs".to_owned(),
            note: "Bars run from 0 to 1. Purity and NMI compare prefixes with categories.".to_owned(),
            columns: columns.map(str::to_owned).into(),
            rows,
        })
    })
}

fn code_usage(scheme: &IdSchemeResult) -> Option<Chart> {
    let levels: Vec<LevelUsage> = scheme
        .quality
        .levels
        .iter()
        .enumerate()
        .map(|(at, level)| LevelUsage {
            label: format!("Level {}", at + 1),
            codes: level.codes,
            perplexity: level.perplexity,
            counts: level.counts.clone(),
        })
        .collect();
    (!levels.is_empty()).then(|| {
        Chart::CodeUsage(CodeUsage {
            title: format!("How {} uses its codes", scheme_title(scheme)),
            note: "Items per code.".to_owned(),
            levels,
        })
    })
}
