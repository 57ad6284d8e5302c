//! TREC run and qrels files: the lists of any other system, judged by the same ruler.
//!
//! A run line is `user Q0 document rank score tag`, a qrels line `user iteration document relevance`; blanks and tabs
//! separate. As in trec_eval the rank column is ignored: documents are sorted by score, highest first. The files are read
//! in place, in parallel; keys are slices of the bytes given.

mod evaluate;
mod parse;

pub use evaluate::{Ties, TrecEvaluation, evaluate};

use crate::Result;

/// A run: for each user the documents some system returned, with their scores.
#[derive(Debug)]
pub struct Run<'a> {
    lists: parse::Grouped<'a>,
}

/// Relevance judgements: for each user the documents that are relevant.
#[derive(Debug)]
pub struct Qrels<'a> {
    judgements: parse::Grouped<'a>,
}

impl<'a> Run<'a> {
    /// Reads a run. Refuses, naming the line: a line without exactly six fields, a score that is not a finite number, a
    /// document that a user has twice.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        Ok(Run { lists: parse::grouped(bytes, &parse::RUN)? })
    }

    /// Each user's key, sorted, with their documents and scores in the order of the file.
    pub fn lists(&self) -> impl Iterator<Item = (&[u8], impl Iterator<Item = (&[u8], f64)>)> {
        self.lists.iter().map(|(user, rows)| (user, rows.iter().map(|row| (row.document, row.number))))
    }

    /// Number of users with at least one document.
    pub fn users(&self) -> usize {
        self.lists.users()
    }

    /// Number of lines.
    pub fn rows(&self) -> usize {
        self.lists.rows
    }
}

impl<'a> Qrels<'a> {
    /// Reads judgements. Refuses, naming the line: a line without exactly four fields, a relevance that is not a whole
    /// number, a document that is judged twice for a user.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        Ok(Qrels { judgements: parse::grouped(bytes, &parse::QRELS)? })
    }

    /// Number of users with at least one judgement.
    pub fn users(&self) -> usize {
        self.judgements.users()
    }

    /// Number of lines.
    pub fn rows(&self) -> usize {
        self.judgements.rows
    }
}
