//! A chart's numbers as a table: what is read where a picture cannot be seen.

use semid_charts::numbers::{NONE, count, decimals, interval, metric, p, signed, signed_interval};
use semid_charts::{Chart, Curves, Estimate};

use crate::study;
use crate::table::{Cell, Column, Row, Table};

/// The numbers of a chart in the order in which it shows them.
pub fn chart_table(chart: &Chart) -> Table {
    let (columns, rows) = match chart {
        Chart::MetricBars(chart) => {
            let heads =
                [Column::words("Arm"), Column::words("Group"), Column::numbers(&*chart.metric), interval_head()];
            let bars = chart.groups.iter().flat_map(|group| group.bars.iter().map(move |bar| (group, bar)));
            let rows = bars.map(|(group, bar)| {
                let [value, ends] = estimate(Some(&bar.estimate));
                row(vec![bar.label.as_str().into(), group.label.as_str().into(), value, ends], bar.baseline)
            });
            (heads.into(), rows.collect())
        }
        Chart::Differences(chart) => {
            let words = ["Arm", "Group"].map(Column::words);
            let numbers = [Column::numbers(&*chart.axis), interval_head(), Column::numbers("Adj.\u{a0}p")];
            let all = chart.groups.iter().flat_map(|group| group.rows.iter().map(move |row| (group, row)));
            let rows = all.map(|(group, difference)| {
                let Estimate { value, low, high } = difference.estimate;
                let numbers = [signed(value), signed_interval(low, high), p(difference.p_adjusted)].map(Cell::from);
                let words = [difference.label.as_str().into(), group.label.as_str().into()];
                row(words.into_iter().chain(numbers).collect(), false)
            });
            (words.into_iter().chain(numbers).collect(), rows.collect())
        }
        Chart::SliceBars(chart) => (
            vec![
                Column::words("Slice"),
                Column::numbers("Users"),
                Column::words("Arm"),
                Column::numbers(&*chart.metric),
                interval_head(),
            ],
            chart
                .slices
                .iter()
                .flat_map(|slice| {
                    let arms = chart.arms.iter().zip(&slice.estimates).enumerate();
                    arms.map(move |(at, (arm, estimate))| (slice, at, arm, estimate))
                })
                .map(|(slice, at, arm, value)| {
                    let [value, ends] = estimate(value.as_ref());
                    let who = [slice.label.as_str().into(), count(slice.users).into(), arm.as_str().into()];
                    let cells = who.into_iter().chain([value, ends]).collect();
                    Row { cells, baseline: chart.baseline == Some(at), opens: at == 0 }
                })
                .collect(),
        ),
        Chart::Curves(chart) => curves(chart),
        Chart::Histogram(chart) => (
            vec![Column::words(&*chart.along), Column::numbers(&*chart.counted)],
            chart
                .columns
                .iter()
                .map(|(label, counted)| row(vec![label.as_str().into(), count(*counted).into()], false))
                .collect(),
        ),
        Chart::RankFrequency(chart) => (
            vec![Column::numbers(format!("Rank of the {}", chart.ranked)), Column::numbers(&*chart.counted)],
            chart
                .ranks()
                .into_iter()
                .map(|rank| row(vec![count(rank as u64).into(), count(chart.counts[rank - 1]).into()], false))
                .collect(),
        ),
        Chart::CodeUsage(chart) => (
            vec![
                Column::words("Level"),
                Column::numbers("Codes"),
                Column::numbers("Used"),
                Column::numbers("Perplexity"),
                Column::numbers("Items of the most used"),
                Column::numbers("Median over codes in use"),
                Column::numbers("Items of the least used"),
            ],
            chart
                .levels
                .iter()
                .map(|level| {
                    let used: Vec<u32> = level.counts.iter().copied().filter(|&count| count > 0).collect();
                    let at = |at: Option<&u32>| at.map_or(NONE.to_owned(), |&items| count(u64::from(items)));
                    let numbers = [
                        count(u64::from(level.codes)),
                        count(used.len() as u64),
                        decimals(level.perplexity, 1),
                        at(used.first()),
                        at(used.get(used.len() / 2)),
                        at(used.last()),
                    ];
                    let cells = std::iter::once(level.label.as_str().into()).chain(numbers.map(Cell::from)).collect();
                    row(cells, false)
                })
                .collect(),
        ),
        Chart::IdQuality(chart) => {
            let words = ["Scheme", "Part"].map(Column::words);
            let rows = chart.rows.iter().enumerate().map(|(at, row)| {
                let mut cells: Vec<Cell> = vec![row.scheme.as_str().into(), row.part.as_str().into()];
                cells.extend(row.cells.iter().map(|cell| {
                    let shown = Cell::from(cell.text.as_str());
                    match cell.by_chance {
                        Some(chance) => shown.with(format!("chance {}", decimals(chance, 3))),
                        None => shown,
                    }
                }));
                cells.resize(2 + chart.columns.len(), Cell::default());
                let opens = at == 0 || chart.rows[at - 1].scheme != row.scheme;
                Row { cells, baseline: false, opens }
            });
            let heads = chart.columns.iter().map(|column| Column::numbers(&**column));
            (words.into_iter().chain(heads).collect(), rows.collect())
        }
        Chart::StudyAccuracy(_)
        | Chart::StudyRatings(_)
        | Chart::StudyTwoAxes(_)
        | Chart::StudyTimes(_)
        | Chart::StudyCompanions(_)
        | Chart::StudySuperiority(_) => study::chart_table(chart),
    };
    Table { title: chart.title().to_owned(), note: chart.note().to_owned(), columns, rows }
}

fn interval_head() -> Column {
    Column::numbers("95 % interval")
}

fn estimate(estimate: Option<&Estimate>) -> [Cell; 2] {
    match estimate {
        Some(Estimate { value, low, high }) => [metric(*value).into(), interval(*low, *high).into()],
        None => [NONE.into(), NONE.into()],
    }
}

fn row(cells: Vec<Cell>, baseline: bool) -> Row {
    Row { cells, baseline, opens: false }
}

/// One row for each position, one column for each line: an arm's lines stand in the order of its seeds.
fn curves(chart: &Curves) -> (Vec<Column>, Vec<Row>) {
    let mut columns = vec![Column::words("Curve"), Column::numbers(&*chart.axis)];
    columns.extend(chart.arms.iter().map(|arm| Column::numbers(&**arm)));
    let mut rows = Vec::new();
    for panel in &chart.panels {
        let mut positions: Vec<u64> =
            panel.lines.iter().flat_map(|line| line.points.iter().map(|point| point.0)).collect();
        positions.sort_unstable();
        positions.dedup();
        for (at, position) in positions.into_iter().enumerate() {
            let mut cells: Vec<Cell> = vec![panel.label.as_str().into(), count(position).into()];
            cells.extend((0..chart.arms.len()).map(|arm| {
                let lines = panel.lines.iter().filter(|line| line.arm == arm);
                let values = lines.filter_map(|line| line.points.iter().find(|point| point.0 == position));
                let mut values = values.map(|point| metric(point.1));
                match values.next() {
                    Some(first) => values.fold(Cell::from(first), |cell, other| cell.with(other)),
                    None => NONE.into(),
                }
            }));
            rows.push(Row { cells, baseline: false, opens: at == 0 });
        }
    }
    (columns, rows)
}
