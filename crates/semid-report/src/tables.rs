//! The tables of a comparison. Here numbers become text, once for all formats.

use semid_charts::numbers::{
    NONE, count, decimals, interval, mebibytes, metric, p, percent, seconds, signed, signed_interval,
};
use semid_core::comparison::{ArmResult, CategoryAgreement, Comparison, Difference};

use crate::lookup::{self, arm_title, metric_title};
use crate::table::{Cell, Column, Row, Table};

/// The main table: one row per arm; every metric with its interval and the spread over seeds, the difference against
/// the baseline in the primary metric with its adjusted p, wins, ties and losses, and the cost beside the gain.
pub fn summary_rows(comparison: &Comparison) -> Table {
    let primary = lookup::primary(comparison);
    let mut columns = vec![Column::words("Arm")];
    columns.extend(comparison.metrics.iter().map(|metric| Column::numbers(&metric.title).under("Quality")));
    let against = match (primary, lookup::baseline(comparison)) {
        (Some(primary), Some(baseline)) => format!("{} against {}", primary.title, lookup::title(baseline)),
        _ => "Against the baseline".to_owned(),
    };
    columns.extend(["Difference", "Adj.\u{a0}p", "Win/tie/loss"].map(|title| Column::numbers(title).under(&against)));
    let costs = ["Embed", "Quantize", "Train", "Rank", "Peak memory", "Parameters"];
    columns.extend(costs.map(|title| Column::numbers(title).under("Cost")));

    let best: Vec<Option<f64>> = comparison
        .metrics
        .iter()
        .map(|metric| {
            let means = comparison.arms.iter().filter_map(|arm| Some(lookup::value(arm, &metric.key)?.mean));
            means.reduce(if metric.higher_is_better { f64::max } else { f64::min })
        })
        .collect();
    let rows = comparison
        .arms
        .iter()
        .enumerate()
        .map(|(at, arm)| {
            let baseline = at == comparison.baseline;
            let mut cells = vec![Cell::from(lookup::title(arm))];
            for (metric, best) in comparison.metrics.iter().zip(&best) {
                cells.push(metric_cell(arm, &metric.key, *best));
            }
            let difference = primary.and_then(|primary| {
                lookup::of_metric(&comparison.differences, &primary.key).find(|difference| difference.arm == arm.key)
            });
            cells.extend(match difference.filter(|_| !baseline) {
                Some(difference) => [
                    Cell::from(signed(difference.difference)).with(signed_interval(difference.low, difference.high)),
                    p(difference.p_adjusted).into(),
                    wins(difference).into(),
                ],
                None => [NONE.into(), NONE.into(), NONE.into()],
            });
            let cost = &arm.cost;
            cells.extend(
                [cost.embed_secs, cost.quantize_secs, cost.train_secs, cost.rank_secs].map(|secs| seconds(secs).into()),
            );
            let parameters = if cost.parameters == 0 { NONE.to_owned() } else { count(cost.parameters) };
            cells.extend([mebibytes(cost.peak_bytes).into(), parameters.into()]);
            Row { cells, baseline, opens: false }
        })
        .collect();
    let title = "Arms: what each gains and what it costs".to_owned();
    let seeds = match comparison.seeds.len() {
        0 | 1 => String::new(),
        seeds => format!(" Means over {seeds} seeds; sd is the spread over them."),
    };
    let note = lookup::note(comparison, &format!("Brackets hold 95 % intervals over users.{seeds}"));
    Table { title, note, columns, rows }
}

fn metric_cell(arm: &ArmResult, key: &str, best: Option<f64>) -> Cell {
    let Some(value) = lookup::value(arm, key) else { return NONE.into() };
    let mut cell = Cell::from(metric(value.mean)).with(interval(value.low, value.high));
    if let Some(sd) = value.seed_sd {
        cell = cell.with(format!("sd {}", metric(sd)));
    }
    cell.best = best == Some(value.mean);
    cell
}

fn wins(difference: &Difference) -> String {
    format!("{}/{}/{}", count(difference.wins), count(difference.ties), count(difference.losses))
}

/// Every arm against the baseline in every metric.
pub fn differences(comparison: &Comparison) -> Table {
    let title = match lookup::baseline(comparison) {
        Some(baseline) => format!("Differences against {}", lookup::title(baseline)),
        None => "Differences against the baseline".to_owned(),
    };
    let metrics = lookup::distinct(comparison.differences.iter().map(|difference| difference.metric.as_str()));
    let rows = metrics.into_iter().flat_map(|metric| {
        lookup::of_metric(&comparison.differences, metric).enumerate().map(|(at, difference)| {
            let arm = arm_title(comparison, &difference.arm);
            let first = if at == 0 { metric_title(comparison, metric) } else { "" };
            difference_row(&[first, arm], difference, at == 0)
        })
    });
    let rows = rows.collect();
    Table { title, note: tested(comparison), columns: difference_columns(&["Metric", "Arm"]), rows }
}

/// Meaning gains and hash gains in every metric.
pub fn gains(comparison: &Comparison) -> Table {
    let families = [("Meaning gain", &comparison.meaning_gains), ("Hash gain", &comparison.hash_gains)];
    let rows = families.into_iter().flat_map(|(family, differences)| {
        differences.iter().enumerate().map(move |(at, difference)| {
            let [arm, against] = [&difference.arm, &difference.against].map(|key| arm_title(comparison, key));
            let pair = format!("{arm} − {against}");
            let metric = metric_title(comparison, &difference.metric);
            difference_row(&[if at == 0 { family } else { "" }, metric, &pair], difference, at == 0)
        })
    });
    Table {
        title: "What meaning is worth: semantic IDs against permuted and against hash IDs".to_owned(),
        note: tested(comparison),
        rows: rows.collect(),
        columns: difference_columns(&["Gain", "Metric", "Pair"]),
    }
}

fn tested(comparison: &Comparison) -> String {
    let protocol = &comparison.protocol;
    let note = format!(
        "Paired over {} users: 95 % bootstrap intervals from {} resamples, two-sided sign-flip p from {} flips, adjusted by {}.",
        count(protocol.users),
        count(u64::from(protocol.resamples)),
        count(u64::from(protocol.flips)),
        if protocol.correction.is_empty() { "no correction" } else { &protocol.correction }
    );
    lookup::note(comparison, &note)
}

fn difference_columns(words: &[&str]) -> Vec<Column> {
    let mut columns: Vec<Column> = words.iter().copied().map(Column::words).collect();
    let numbers = ["Difference", "95 % interval", "p", "Adj.\u{a0}p", "Effect size d", "Win", "Tie", "Loss"];
    columns.extend(numbers.map(Column::numbers));
    columns
}

fn difference_row(words: &[&str], difference: &Difference, opens: bool) -> Row {
    let mut cells: Vec<Cell> = words.iter().copied().map(Cell::from).collect();
    cells.extend([
        signed(difference.difference).into(),
        signed_interval(difference.low, difference.high).into(),
        p(difference.p).into(),
        p(difference.p_adjusted).into(),
        decimals(difference.effect_size, 2).into(),
    ]);
    cells.extend([difference.wins, difference.ties, difference.losses].map(|users| Cell::from(count(users))));
    Row { cells, baseline: false, opens }
}

/// One table per slicing and metric: arms down, slices across.
pub fn slices(comparison: &Comparison) -> Vec<Table> {
    let all = || comparison.arms.iter().flat_map(|arm| &arm.slices);
    let mut tables = Vec::new();
    for slicing in lookup::distinct(all().map(|slice| slice.slicing.as_str())) {
        let of_slicing = || all().filter(|slice| slice.slicing == slicing);
        let names = lookup::distinct(of_slicing().map(|slice| slice.slice.as_str()));
        for key in lookup::distinct(of_slicing().map(|slice| slice.metric.as_str())) {
            let mut columns = vec![Column::words("Arm")];
            columns.extend(names.iter().map(|name| {
                let users = of_slicing().find(|slice| slice.slice == *name).map_or(0, |slice| slice.users);
                Column::numbers(format!("{name} ({} users)", count(users)))
            }));
            let rows = comparison.arms.iter().enumerate().map(|(at, arm)| {
                let mut cells = vec![Cell::from(lookup::title(arm))];
                cells.extend(names.iter().map(|name| {
                    let found = arm
                        .slices
                        .iter()
                        .find(|slice| slice.slicing == slicing && slice.slice == *name && slice.metric == key);
                    found.map_or(NONE.into(), |slice| {
                        Cell::from(metric(slice.mean)).with(interval(slice.low, slice.high))
                    })
                }));
                Row { cells, baseline: at == comparison.baseline, opens: false }
            });
            tables.push(Table {
                title: format!("{} by {}", metric_title(comparison, key), in_sentence(slicing)),
                note: lookup::note(comparison, "Brackets hold 95 % intervals over the users of the slice."),
                rows: rows.collect(),
                columns,
            });
        }
    }
    tables
}

/// A label as it stands inside a sentence: "Target popularity" becomes "target popularity", "ID length" stays.
pub(crate) fn in_sentence(label: &str) -> String {
    let mut chars = label.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain([second]).chain(chars).collect()
        }
        _ => label.to_owned(),
    }
}

/// Quality of every ID scheme, level by level and of the whole.
pub fn id_quality(comparison: &Comparison) -> Table {
    let mut columns = vec![Column::words("Scheme"), Column::words("Part")];
    let heads = ["Codes used", "Entropy, bits", "Perplexity", "Purity", "NMI", "AMI"];
    columns.extend(heads.map(|head| Column::numbers(head).under("By level")));
    let heads = ["Unique IDs", "Largest group", "Reconstruction error", "Neighbour recall@10"];
    columns.extend(heads.map(|head| Column::numbers(head).under("Whole ID")));
    let mut rows = Vec::new();
    for scheme in &comparison.id_schemes {
        let quality = &scheme.quality;
        for (at, level) in quality.levels.iter().enumerate() {
            let mut cells = vec![Cell::from(if at == 0 { scheme_title(scheme) } else { "" })];
            cells.push(format!("level\u{a0}{}", at + 1).into());
            cells.push(Cell::from(percent(level.usage_share)).with(format!("of {}", count(u64::from(level.codes)))));
            cells.push(decimals(level.entropy_bits, 2).into());
            cells.push(decimals(level.perplexity, 1).into());
            cells.extend(agreement(level.category));
            cells.extend([(); 4].map(|()| Cell::from("")));
            rows.push(Row { cells, baseline: false, opens: at == 0 });
        }
        let optional = |value: Option<f64>| Cell::from(value.map_or(NONE.to_owned(), |value| decimals(value, 3)));
        let opens = quality.levels.is_empty();
        let mut cells = vec![Cell::from(if opens { scheme_title(scheme) } else { "" }), "whole".into()];
        cells.extend([(); 6].map(|()| Cell::from("")));
        cells.extend([
            percent(quality.unique_share).into(),
            count(quality.largest_group).into(),
            optional(quality.reconstruction_error),
            optional(quality.neighbour_recall10),
        ]);
        rows.push(Row { cells, baseline: false, opens });
    }
    let title = "Quality of the IDs".to_owned();
    let note =
        "Purity, NMI and AMI compare the prefixes up to a level with the categories; beneath them, what IDs dealt \
                at random give."
            .to_owned();
    Table { title, note, columns, rows }
}

pub(crate) fn scheme_title(scheme: &semid_core::comparison::IdSchemeResult) -> &str {
    if scheme.title.trim().is_empty() { &scheme.key } else { &scheme.title }
}

fn agreement(category: Option<CategoryAgreement>) -> [Cell; 3] {
    match category {
        Some(category) => [
            Cell::from(decimals(category.purity, 3)).with(format!("chance {}", decimals(category.purity_by_chance, 3))),
            Cell::from(decimals(category.nmi, 3)).with(format!("chance {}", decimals(category.nmi_by_chance, 3))),
            decimals(category.ami, 3).into(),
        ],
        None => [NONE.into(), NONE.into(), NONE.into()],
    }
}

/// What all lists of an arm together look like.
pub fn breadth(comparison: &Comparison) -> Table {
    let mut columns = vec![Column::words("Arm")];
    columns.extend(comparison.breadth_metrics.iter().map(|metric| Column::numbers(&*metric.title)));
    let rows = comparison.arms.iter().enumerate().map(|(at, arm)| {
        let mut cells: Vec<Cell> = vec![lookup::title(arm).into()];
        cells.extend(arm.breadth.iter().map(|&value| Cell::from(decimals(value, 3))));
        cells.resize(columns.len(), NONE.into());
        Row { cells, baseline: at == comparison.baseline, opens: false }
    });
    let rows = rows.collect();
    let note = lookup::note(comparison, "Over the lists of all users together; means over the seeds.");
    Table { title: "Breadth of the lists".to_owned(), note, columns, rows }
}

/// Signs that the arms work as they should.
pub fn health(comparison: &Comparison) -> Table {
    let mut columns = vec![Column::words("Arm")];
    let heads = [
        "ID validity",
        "Without the trie",
        "Users without a list",
        "Short lists",
        "Equal neighbours",
        "Distinct items in the top 10",
    ];
    columns.extend(heads.map(Column::numbers));
    let rows = comparison.arms.iter().enumerate().map(|(at, arm)| {
        let health = &arm.health;
        // Only arms that spell IDs can spell one that is no item's.
        let validity = if arm.ids.is_some() { percent(health.id_validity) } else { NONE.to_owned() };
        let cells = vec![
            lookup::title(arm).into(),
            validity.into(),
            health.unconstrained_id_validity.map_or(NONE.to_owned(), percent).into(),
            count(health.users_without_list).into(),
            count(health.short_lists).into(),
            percent(health.tie_rate).into(),
            count(health.distinct_in_top10).into(),
        ];
        Row { cells, baseline: at == comparison.baseline, opens: false }
    });
    let note = "Equal neighbours: share of neighbouring ranks with the same score, whose order is drawn.";
    let note = lookup::note(comparison, note);
    Table { title: "Health of the arms".to_owned(), note, columns, rows: rows.collect() }
}

/// Seconds of every stage.
pub fn stages(comparison: &Comparison) -> Table {
    let rows = comparison.stages.iter().map(|stage| {
        let time = if stage.reused { "reused".to_owned() } else { seconds(stage.secs) };
        Row { cells: vec![stage.stage.as_str().into(), time.into()], baseline: false, opens: false }
    });
    Table {
        title: "Stages".to_owned(),
        note: "Wall time; “reused” took the artifact of an earlier run.".to_owned(),
        columns: vec![Column::words("Stage"), Column::numbers("Time")],
        rows: rows.collect(),
    }
}
