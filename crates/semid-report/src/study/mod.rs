//! A study as a report folder: [`files()`] gives file names and bytes, whoever calls it writes them.
//!
//! Nothing here computes: every number comes from [`StudyResults`]. People, simulated participants and language models
//! never share a table; one chart shows people and models side by side, told apart by their marks.

mod answers;
mod blocks;
mod chart_tables;
mod charts;
mod codebook;
mod methods;
mod pages;
mod tables;
mod verdict;
mod words;

use semid_core::study::{KindResults, Protocol, StudyResults, canonical_json};

pub use answers::answers_csv;
pub(crate) use chart_tables::chart_table;
pub use charts::charts;
pub use methods::methods;
pub use verdict::{pilot, verdict};

use crate::{Error, ReportFile, Result, files};

/// All files of a study's report: `report.html`, which needs no other; `report.md`; `tables.tex`; `methods.md`;
/// `answers.csv` with its `codebook.md` and `analysis.R`; `results.json`, everything but the answers; the charts as SVG,
/// light and dark; and, where the locked protocol is given, `protocol.json`, whose BLAKE3 is the protocol's hash. The same
/// results give the same bytes.
///
/// # Errors
/// When a number is not finite, or the protocol is not the one that the results name.
pub fn files(results: &StudyResults, protocol: Option<&Protocol>) -> Result<Vec<ReportFile>> {
    check(results)?;
    let text = |name: &str, text: String| ReportFile { name: name.to_owned(), bytes: text.into_bytes() };
    let blocks = blocks::parts(results);
    let mut all = vec![
        text("report.html", pages::html(results, &blocks)?),
        text("report.md", pages::markdown(results, &blocks)?),
        text("tables.tex", pages::latex(results, &blocks)?),
        text("methods.md", methods(results)),
        answers_csv(results)?,
        text("codebook.md", codebook::codebook(results)),
        text("analysis.R", include_str!("../../templates/analysis.R").to_owned()),
        ReportFile { name: "results.json".to_owned(), bytes: json(results)? },
    ];
    if let Some(protocol) = protocol {
        all.push(locked(results, protocol)?);
    }
    let charts: Vec<_> = blocks.into_iter().flat_map(|part| part.blocks).flat_map(|block| block.figures).collect();
    all.extend(files::pictures(&charts)?);
    Ok(all)
}

/// The analysis without the answers, which stand in `answers.csv`.
fn json(results: &StudyResults) -> Result<Vec<u8>> {
    let analysis = StudyResults { rows: Vec::new(), ..results.clone() };
    let failed = |error: serde_json::Error| Error::Writing { what: "results.json", reason: error.to_string() };
    let mut bytes = serde_json::to_vec_pretty(&analysis).map_err(failed)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The protocol byte for byte as it was hashed, so that anybody can hash it again.
fn locked(results: &StudyResults, protocol: &Protocol) -> Result<ReportFile> {
    let failed = |reason: String| Error::Writing { what: "protocol.json", reason };
    let hash = protocol.hash().map_err(|error| failed(error.to_string()))?;
    if hash != results.protocol_hash {
        return Err(Error::Comparison(format!(
            "The protocol has the hash {hash}, the results were made under {}. No report is written; give the protocol \
             that was locked.",
            results.protocol_hash
        )));
    }
    let value = serde_json::to_value(protocol).map_err(|error| failed(error.to_string()))?;
    Ok(ReportFile { name: "protocol.json".to_owned(), bytes: canonical_json(&value).into_bytes() })
}

/// Refuses what no table can show; charts check their own numbers.
fn check(results: &StudyResults) -> Result<()> {
    let finite = |kind: &KindResults, of: [&str; 3], numbers: &[f64]| match numbers.iter().find(|it| !it.is_finite()) {
        Some(number) => Err(Error::Comparison(format!(
            "A number of the study is not finite ({number}): {}, {}. No report is written; analyse the study again.",
            kind.kind.title(),
            semid_charts::text::clean(&of.join(" "))
        ))),
        None => Ok(()),
    };
    for kind in &results.kinds {
        for row in &kind.analysis.accuracy {
            let numbers = [row.mean, row.low, row.high, row.p_participants, row.p_items, row.share.share, row.share.p];
            finite(kind, ["accuracy", &row.task, &row.arm], &numbers)?;
        }
        for row in &kind.analysis.differences {
            let numbers = [row.difference, row.low, row.high, row.item_low, row.item_high];
            finite(kind, [&row.task, &row.arm, &row.against], &numbers)?;
            finite(
                kind,
                [&row.task, &row.arm, &row.against],
                &[row.p_participants, row.p_items, row.p_min_f, row.p_adjusted],
            )?;
        }
        for row in &kind.analysis.agreement {
            let found = [row.alpha, row.icc_single, row.icc_average];
            let numbers: Vec<f64> = found.iter().flatten().flat_map(|one| [one.value, one.low, one.high]).collect();
            finite(kind, ["agreement", &row.task, ""], &numbers)?;
        }
    }
    Ok(())
}
