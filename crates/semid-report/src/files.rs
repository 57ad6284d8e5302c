//! The files besides the page: JSON, CSV, SVG.

use semid_charts::{Theme, draw};
use semid_core::comparison::Comparison;

use crate::{Error, ReportChart, ReportFile, Result, escape};

/// The whole comparison, as it was computed.
pub(crate) fn json(comparison: &Comparison) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(comparison)
        .map_err(|error| Error::Writing { what: "comparison.json", reason: error.to_string() })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Every chart twice, light and dark.
pub(crate) fn pictures(charts: &[ReportChart]) -> Result<Vec<ReportFile>> {
    let mut files = Vec::with_capacity(charts.len() * 2);
    for chart in charts {
        for (ending, theme) in [("svg", Theme::Light), ("dark.svg", Theme::Dark)] {
            let name = format!("charts/{}.{ending}", chart.name);
            files.push(ReportFile { name, bytes: draw(&chart.chart, theme)?.into_string().into_bytes() });
        }
    }
    Ok(files)
}

/// The table of arms and differences as one CSV file: every metric of every arm with its difference against the
/// baseline, all digits.
pub(crate) fn summary(comparison: &Comparison) -> Result<Vec<u8>> {
    let mut csv = Csv::new(&[
        "arm",
        "title",
        "metric",
        "mean",
        "low",
        "high",
        "seed_sd",
        "users",
        "against",
        "difference",
        "difference_low",
        "difference_high",
        "p",
        "p_adjusted",
        "effect_size",
        "wins",
        "ties",
        "losses",
    ]);
    for arm in &comparison.arms {
        for value in &arm.values {
            let difference = comparison.differences.iter().find(|d| d.arm == arm.key && d.metric == value.metric);
            let mut numbers: Vec<String> = [value.mean, value.low, value.high].map(|number| number.to_string()).into();
            numbers.push(optional(value.seed_sd));
            numbers.push(comparison.protocol.users.to_string());
            match difference {
                Some(d) => {
                    numbers.push(escape::csv(&d.against));
                    let values = [d.difference, d.low, d.high, d.p, d.p_adjusted, d.effect_size];
                    numbers.extend(values.map(|number| number.to_string()));
                    numbers.extend([d.wins, d.ties, d.losses].map(|users| users.to_string()));
                }
                None => numbers.extend(std::iter::repeat_n(String::new(), 10)),
            }
            csv.row([&*arm.key, &arm.title, &value.metric], numbers);
        }
    }
    Ok(csv.file("summary.csv")?.bytes)
}

/// The tables as CSV: numbers with all their digits, in long format.
pub(crate) fn tables(comparison: &Comparison) -> Result<Vec<ReportFile>> {
    Ok(vec![
        metrics(comparison).file("metrics.csv")?,
        seeds(comparison).file("seeds.csv")?,
        breadth(comparison).file("breadth.csv")?,
        differences(comparison).file("differences.csv")?,
        slices(comparison).file("slices.csv")?,
        costs(comparison).file("costs.csv")?,
        id_quality(comparison).file("id_quality.csv")?,
        curves(comparison).file("curves.csv")?,
        stages(comparison).file("stages.csv")?,
    ])
}

/// Rows of text and numbers, the head first.
pub(crate) struct Csv {
    rows: Vec<Vec<String>>,
}

impl Csv {
    pub(crate) fn new(head: &[&str]) -> Self {
        Csv { rows: vec![head.iter().map(|&head| head.to_owned()).collect()] }
    }

    pub(crate) fn row<'f>(
        &mut self,
        words: impl IntoIterator<Item = &'f str>,
        numbers: impl IntoIterator<Item = String>,
    ) {
        self.rows.push(words.into_iter().map(escape::csv).chain(numbers).collect());
    }

    pub(crate) fn file(self, name: &'static str) -> Result<ReportFile> {
        let failed = |reason: String| Error::Writing { what: name, reason };
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &self.rows {
            writer.write_record(row).map_err(|error| failed(error.to_string()))?;
        }
        let bytes = writer.into_inner().map_err(|error| failed(error.to_string()))?;
        Ok(ReportFile { name: name.to_owned(), bytes })
    }
}

fn metrics(comparison: &Comparison) -> Csv {
    let mut csv =
        Csv::new(&["arm", "title", "recommender", "ids", "metric", "mean", "low", "high", "seed_sd", "users"]);
    for arm in &comparison.arms {
        for value in &arm.values {
            let words = [&*arm.key, &arm.title, &arm.recommender, arm.ids.as_deref().unwrap_or(""), &value.metric];
            let mut numbers: Vec<String> = [value.mean, value.low, value.high].map(|number| number.to_string()).into();
            numbers.push(optional(value.seed_sd));
            numbers.push(comparison.protocol.users.to_string());
            csv.row(words, numbers);
        }
    }
    csv
}

fn seeds(comparison: &Comparison) -> Csv {
    let mut csv = Csv::new(&["arm", "metric", "seed", "mean"]);
    for arm in &comparison.arms {
        for value in &arm.values {
            for (at, mean) in value.by_seed.iter().enumerate() {
                let seed = comparison.seeds.get(at).map(u64::to_string).unwrap_or_default();
                csv.row([&*arm.key, &value.metric], [seed, mean.to_string()]);
            }
        }
    }
    csv
}

fn breadth(comparison: &Comparison) -> Csv {
    let mut csv = Csv::new(&["arm", "metric", "mean"]);
    for arm in &comparison.arms {
        for (metric, value) in comparison.breadth_metrics.iter().zip(&arm.breadth) {
            csv.row([&*arm.key, &metric.key], [value.to_string()]);
        }
    }
    csv
}

fn differences(comparison: &Comparison) -> Csv {
    let mut csv = Csv::new(&[
        "family",
        "arm",
        "against",
        "metric",
        "difference",
        "low",
        "high",
        "p",
        "p_adjusted",
        "effect_size",
        "wins",
        "ties",
        "losses",
    ]);
    let families = [
        ("baseline", &comparison.differences),
        ("meaning gain", &comparison.meaning_gains),
        ("hash gain", &comparison.hash_gains),
    ];
    for (family, differences) in families {
        for d in differences {
            let numbers =
                [d.difference, d.low, d.high, d.p, d.p_adjusted, d.effect_size].map(|number| number.to_string());
            let users = [d.wins, d.ties, d.losses].map(|users| users.to_string());
            csv.row([family, &d.arm, &d.against, &d.metric], numbers.into_iter().chain(users));
        }
    }
    csv
}

fn slices(comparison: &Comparison) -> Csv {
    let mut csv = Csv::new(&["arm", "slicing", "slice", "metric", "users", "mean", "low", "high"]);
    for arm in &comparison.arms {
        for slice in &arm.slices {
            let numbers = [slice.mean, slice.low, slice.high].map(|number| number.to_string());
            let words = [&*arm.key, &slice.slicing, &slice.slice, &slice.metric];
            csv.row(words, std::iter::once(slice.users.to_string()).chain(numbers));
        }
    }
    csv
}

fn costs(comparison: &Comparison) -> Csv {
    let mut csv = Csv::new(&[
        "arm",
        "title",
        "embed_secs",
        "quantize_secs",
        "train_secs",
        "rank_secs",
        "peak_bytes",
        "parameters",
    ]);
    for arm in &comparison.arms {
        let cost = &arm.cost;
        let secs = [cost.embed_secs, cost.quantize_secs, cost.train_secs, cost.rank_secs].map(|secs| secs.to_string());
        let whole = [cost.peak_bytes, cost.parameters].map(|number| number.to_string());
        csv.row([&*arm.key, &arm.title], secs.into_iter().chain(whole));
    }
    csv
}

fn id_quality(comparison: &Comparison) -> Csv {
    let mut csv = Csv::new(&["scheme", "title", "shape", "level", "measure", "value"]);
    for scheme in &comparison.id_schemes {
        let words = [&*scheme.key, &scheme.title, &scheme.shape];
        let mut row = |level: &str, measure: &str, value: String| {
            csv.row(words.into_iter().chain([level, measure]), [value]);
        };
        for (at, level) in scheme.quality.levels.iter().enumerate() {
            let at = (at + 1).to_string();
            row(&at, "codes", level.codes.to_string());
            row(&at, "usage_share", level.usage_share.to_string());
            row(&at, "entropy_bits", level.entropy_bits.to_string());
            row(&at, "perplexity", level.perplexity.to_string());
            if let Some(category) = level.category {
                row(&at, "purity", category.purity.to_string());
                row(&at, "purity_by_chance", category.purity_by_chance.to_string());
                row(&at, "nmi", category.nmi.to_string());
                row(&at, "nmi_by_chance", category.nmi_by_chance.to_string());
                row(&at, "ami", category.ami.to_string());
            }
        }
        row("whole", "unique_share", scheme.quality.unique_share.to_string());
        row("whole", "largest_group", scheme.quality.largest_group.to_string());
        row("whole", "reconstruction_error", optional(scheme.quality.reconstruction_error));
        row("whole", "neighbour_recall10", optional(scheme.quality.neighbour_recall10));
    }
    csv
}

fn curves(comparison: &Comparison) -> Csv {
    let mut csv = Csv::new(&["arm", "series", "seed", "at", "value"]);
    let arms = comparison.arms.iter().map(|arm| (&arm.key, &arm.curves));
    let schemes = comparison.id_schemes.iter().map(|scheme| (&scheme.key, &scheme.curves));
    for (key, curves) in arms.chain(schemes) {
        for curve in curves {
            for (at, value) in &curve.points {
                csv.row([&**key, &curve.series], [curve.seed.to_string(), at.to_string(), value.to_string()]);
            }
        }
    }
    csv
}

fn stages(comparison: &Comparison) -> Csv {
    let mut csv = Csv::new(&["stage", "secs", "reused"]);
    for stage in &comparison.stages {
        csv.row([&*stage.stage], [stage.secs.to_string(), stage.reused.to_string()]);
    }
    csv
}

fn optional(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
