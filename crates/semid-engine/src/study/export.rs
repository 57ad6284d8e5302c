//! The results of a closed study as a folder of files.

use std::io::Write;
use std::path::{Path, PathBuf};

use semid_charts::Theme;
use semid_core::Work;
use semid_core::study::{KindResults, ParticipantKind, StudyResults};
use semid_report::ReportFile;
use serde::{Deserialize, Serialize};

use super::OpenedStudy;
use crate::export::{Drawn, drawn};
use crate::{Engine, Error, Result, files};

/// What the log of files calls a file of results.
pub(super) const RESULTS: &str = "results";

/// The protocol as it was locked, which holds no answers.
const PROTOCOL: &str = "protocol.json";

/// Every number of the analysis.
pub(super) const NUMBERS: &str = "results.json";

/// Results that were written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct StudyExported {
    /// The study.
    pub study: String,
    /// Its version.
    pub version: u64,
    /// The folder.
    pub folder: PathBuf,
    /// The files in it, by their path inside the folder.
    pub files: Vec<String>,
}

impl Engine {
    /// Writes the results of a closed study into a folder: long-format table, codebook, R script, methods paragraph, tables,
    /// charts, report, protocol. Every file is remembered, so that a withdrawal finds it.
    pub fn export_study(
        &self,
        work: &Work,
        name: &str,
        version: Option<u64>,
        run: Option<i64>,
        folder: &Path,
    ) -> Result<StudyExported> {
        let opened = self.locked_study(name, version)?;
        let results = self.study_results(work, name, Some(opened.study.version as u64), run)?;
        let mut written = Vec::new();
        for file in result_files(&opened, &results)? {
            let path = folder.join(&file.name);
            files::write_atomically(&path, |writer| writer.write_all(&file.bytes))?;
            // The protocol is about no participant, so a withdrawal leaves it as it is.
            let kind = if file.name == PROTOCOL { "protocol" } else { RESULTS };
            self.log_file(opened.study.id, kind, &path, None)?;
            written.push(file.name);
        }
        Ok(StudyExported {
            study: opened.study.name.clone(),
            version: opened.study.version as u64,
            folder: folder.to_owned(),
            files: written,
        })
    }
}

/// Every file of the results.
pub(super) fn result_files(opened: &OpenedStudy, results: &StudyResults) -> Result<Vec<ReportFile>> {
    semid_report::study::files(results, Some(&opened.protocol)).map_err(|error| Error::Report(error.to_string()))
}

/// The charts of a study's results, those of each kind of participants apart, in the order of the report.
pub fn study_charts(results: &StudyResults, theme: Theme) -> Result<Vec<(ParticipantKind, Vec<Drawn>)>> {
    let of_kind = |kind: &KindResults| {
        let charts = semid_report::study::charts(results, kind);
        let charts = charts.iter().map(|(name, chart)| drawn(name, chart, theme)).collect::<Result<_>>()?;
        Ok((kind.kind, charts))
    };
    results.kinds.iter().map(of_kind).collect()
}
