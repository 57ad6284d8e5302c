//! The formats by name.

use std::fmt;
use std::str::FromStr;

use semid_core::Error;
use serde::{Deserialize, Serialize};

/// What a file is. Compression with gzip is seen by itself and no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Fields between commas, semicolons or bars, quoted where needed.
    Csv,
    /// Fields between tabs.
    Tsv,
    /// One JSON object a line; Python dictionaries are read too.
    JsonLines,
    /// Parquet.
    Parquet,
    /// RecBole's atomic files: tabs, and a type behind each column's name.
    #[serde(rename = "recbole")]
    RecBole,
    /// MovieLens 100K: `u.data`, `u.item`.
    #[serde(rename = "movielens-100k")]
    MovieLens100k,
    /// MovieLens 1M and 10M: `ratings.dat`, `movies.dat`.
    #[serde(rename = "movielens-1m")]
    MovieLens1m,
    /// MovieLens latest, 20M, 25M, 32M: `ratings.csv`, `movies.csv`.
    #[serde(rename = "movielens")]
    MovieLens,
    /// Amazon Reviews 2014.
    #[serde(rename = "amazon-2014")]
    Amazon2014,
    /// Amazon Reviews 2018.
    #[serde(rename = "amazon-2018")]
    Amazon2018,
    /// Amazon Reviews 2023.
    #[serde(rename = "amazon-2023")]
    Amazon2023,
}

impl Format {
    /// All formats, in the order they are listed to people.
    pub const ALL: [Format; 11] = [
        Format::Csv,
        Format::Tsv,
        Format::JsonLines,
        Format::Parquet,
        Format::RecBole,
        Format::MovieLens100k,
        Format::MovieLens1m,
        Format::MovieLens,
        Format::Amazon2014,
        Format::Amazon2018,
        Format::Amazon2023,
    ];

    /// The name on the command line and in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::JsonLines => "json-lines",
            Format::Parquet => "parquet",
            Format::RecBole => "recbole",
            Format::MovieLens100k => "movielens-100k",
            Format::MovieLens1m => "movielens-1m",
            Format::MovieLens => "movielens",
            Format::Amazon2014 => "amazon-2014",
            Format::Amazon2018 => "amazon-2018",
            Format::Amazon2023 => "amazon-2023",
        }
    }

    /// What a person calls it.
    pub fn title(self) -> &'static str {
        match self {
            Format::Csv => "CSV",
            Format::Tsv => "TSV",
            Format::JsonLines => "JSON Lines",
            Format::Parquet => "Parquet",
            Format::RecBole => "RecBole atomic file",
            Format::MovieLens100k => "MovieLens 100K",
            Format::MovieLens1m => "MovieLens 1M",
            Format::MovieLens => "MovieLens CSV",
            Format::Amazon2014 => "Amazon Reviews 2014",
            Format::Amazon2018 => "Amazon Reviews 2018",
            Format::Amazon2023 => "Amazon Reviews 2023",
        }
    }

    /// Whether titles are written `Matrix, The (1999)`.
    pub(crate) fn has_film_titles(self) -> bool {
        matches!(self, Format::MovieLens100k | Format::MovieLens1m | Format::MovieLens)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let plain = text.trim().to_ascii_lowercase();
        let other = match plain.as_str() {
            "jsonl" | "ndjson" | "json" => Some(Format::JsonLines),
            "ml-100k" => Some(Format::MovieLens100k),
            "ml-1m" | "ml-10m" | "movielens-10m" => Some(Format::MovieLens1m),
            "ml-latest" | "ml-latest-small" | "ml-32m" | "ml-25m" | "movielens-latest" | "movielens-32m" => {
                Some(Format::MovieLens)
            }
            _ => None,
        };
        other.or_else(|| Format::ALL.into_iter().find(|format| format.name() == plain)).ok_or_else(|| {
            let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
            Error::input(format!("\"{text}\" is no format Semid reads; the formats are: {}", names.join(", ")))
        })
    }
}
