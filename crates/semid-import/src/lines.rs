//! Lines of a file of any size in bounded memory: a line longer than the cap is skipped, not held.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::rc::Rc;

use memchr::memchr;
use semid_core::{Error, Result, Step};

/// Longest line kept, in bytes.
pub(crate) const LINE_CAP: usize = 16 << 20;
const CHUNK: usize = 256 << 10;

/// Reads lines. A record begins with [`Lines::next`] and can be extended line by line with [`Lines::more`], for quoted
/// fields that contain line breaks.
pub(crate) struct Lines<'w> {
    input: Box<dyn Read + 'w>,
    name: String,
    meter: Meter<'w>,
    buffer: Vec<u8>,
    /// Where the current record begins, where its first line ends, where its last line begins, where its content ends,
    /// where the next line begins.
    anchor: usize,
    first_end: usize,
    last_start: usize,
    content_end: usize,
    position: usize,
    filled: usize,
    /// One-based number of the current record's first line, and of the last line read.
    first_line: u64,
    line: u64,
    ended: bool,
    /// Why compressed data ended before their end.
    broken: Option<io::Error>,
    cap: usize,
}

/// What [`Lines::next`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line, to be had from [`Lines::record`].
    Text,
    /// A line over the cap was skipped; its beginning is in [`Lines::record`].
    TooLong { bytes: u64 },
    /// No more lines.
    End,
}

impl<'w> Lines<'w> {
    pub(crate) fn new(input: Box<dyn Read + 'w>, name: &str, meter: Meter<'w>) -> Self {
        Lines {
            input,
            name: name.to_owned(),
            meter,
            buffer: Vec::new(),
            anchor: 0,
            first_end: 0,
            last_start: 0,
            content_end: 0,
            position: 0,
            filled: 0,
            first_line: 0,
            line: 0,
            ended: false,
            broken: None,
            cap: LINE_CAP,
        }
    }

    #[cfg(test)]
    pub(crate) fn of(bytes: &'w [u8], cap: usize) -> Self {
        Lines { cap, ..Lines::new(Box::new(bytes), "test", Meter::default()) }
    }

    /// Moves to the next line.
    pub(crate) fn next(&mut self) -> Result<Line> {
        self.anchor = self.position;
        let mut scanned = self.position;
        loop {
            if let Some(at) = memchr(b'\n', &self.buffer[scanned..self.filled]) {
                self.take(scanned + at, scanned + at + 1);
                self.first_line = self.line;
                if self.line == 1 {
                    self.skip_byte_order_mark();
                }
                return Ok(Line::Text);
            }
            scanned = self.filled;
            if self.filled - self.anchor > self.cap {
                return self.skip_long_line();
            }
            let before = self.anchor;
            if self.ended || !self.fill()? {
                // Half a line is all that is left of compressed data that broke off: it is not to be trusted.
                if self.filled == self.anchor || self.broken.is_some() {
                    self.position = self.filled;
                    return Ok(Line::End);
                }
                self.take(self.filled, self.filled);
                self.first_line = self.line;
                if self.line == 1 {
                    self.skip_byte_order_mark();
                }
                return Ok(Line::Text);
            }
            scanned -= before - self.anchor;
        }
    }

    /// Extends the record by the line that follows; false when there is none or the record would pass the cap.
    pub(crate) fn more(&mut self) -> Result<bool> {
        let mut scanned = self.position;
        loop {
            if let Some(at) = memchr(b'\n', &self.buffer[scanned..self.filled]) {
                self.extend(scanned + at, scanned + at + 1);
                return Ok(true);
            }
            scanned = self.filled;
            if self.filled - self.anchor > self.cap {
                return Ok(false);
            }
            let before = self.anchor;
            if self.ended || !self.fill()? {
                if self.filled == self.position || self.broken.is_some() {
                    return Ok(false);
                }
                self.extend(self.filled, self.filled);
                return Ok(true);
            }
            scanned -= before - self.anchor;
        }
    }

    /// Gives back every line of the record but the first.
    pub(crate) fn keep_first_line(&mut self) {
        self.position = self.first_end;
        self.line = self.first_line;
        self.last_start = self.anchor;
        self.content_end = self.anchor + self.first_line().len();
    }

    /// The record's first line without its line break.
    pub(crate) fn first_line(&self) -> &[u8] {
        let broken = self.first_end > self.anchor && self.buffer[self.first_end - 1] == b'\n';
        let end = trimmed(&self.buffer, self.anchor, self.first_end - usize::from(broken));
        &self.buffer[self.anchor..end]
    }

    /// The record's last line with its line break.
    pub(crate) fn last_line(&self) -> &[u8] {
        &self.buffer[self.last_start..self.position]
    }

    /// The current record without its last line break.
    pub(crate) fn record(&self) -> &[u8] {
        &self.buffer[self.anchor..self.content_end]
    }

    /// One-based number of the record's first line.
    pub(crate) fn number(&self) -> u64 {
        self.first_line
    }

    /// What to say if compressed data broke off before their end.
    pub(crate) fn broken(&self) -> Option<Error> {
        let why = self.broken.as_ref()?;
        let what = if why.kind() == io::ErrorKind::UnexpectedEof { "end early" } else { "are damaged" };
        Some(Error::input(format!(
            "{}: the compressed data {what} after line {} ({why}). Nothing was imported. Fetch the file again; or unpack \
             what there is of it (gzip -dc) and import that.",
            self.name, self.line
        )))
    }

    fn take(&mut self, content_end: usize, next: usize) {
        self.line += 1;
        self.first_end = next;
        self.last_start = self.anchor;
        self.content_end = trimmed(&self.buffer, self.anchor, content_end);
        self.position = next;
    }

    fn extend(&mut self, content_end: usize, next: usize) {
        self.line += 1;
        self.last_start = self.position;
        self.content_end = trimmed(&self.buffer, self.anchor, content_end);
        self.position = next;
    }

    fn skip_byte_order_mark(&mut self) {
        if self.record().starts_with(b"\xEF\xBB\xBF") {
            self.anchor += 3;
            self.last_start += 3;
        }
    }

    fn skip_long_line(&mut self) -> Result<Line> {
        let mut bytes = 0u64;
        let beginning = self.buffer[self.anchor..self.anchor + 1024.min(self.filled - self.anchor)].to_vec();
        self.line += 1;
        self.first_line = self.line;
        let mut from = self.anchor;
        loop {
            if let Some(at) = memchr(b'\n', &self.buffer[from..self.filled]) {
                bytes += at as u64;
                self.position = from + at + 1;
                break;
            }
            bytes += (self.filled - from) as u64;
            // The line is given up: its bytes make room for the next ones.
            self.anchor = self.filled;
            self.position = self.filled;
            if self.ended || !self.fill()? {
                break;
            }
            from = self.anchor;
        }
        // The beginning is put where `record` looks, before the unread rest.
        let rest = self.buffer[self.position..self.filled].to_vec();
        self.buffer.clear();
        self.buffer.extend_from_slice(&beginning);
        self.buffer.extend_from_slice(&rest);
        (self.anchor, self.content_end, self.first_end) = (0, beginning.len(), beginning.len());
        (self.position, self.filled) = (beginning.len(), self.buffer.len());
        self.buffer.shrink_to(CHUNK);
        Ok(Line::TooLong { bytes })
    }

    /// Reads more; false at the end. The current record moves to the front of the buffer.
    fn fill(&mut self) -> Result<bool> {
        if self.anchor > 0 {
            self.buffer.copy_within(self.anchor..self.filled, 0);
            let places = [
                &mut self.first_end,
                &mut self.last_start,
                &mut self.content_end,
                &mut self.position,
                &mut self.filled,
            ];
            for place in places {
                *place = place.saturating_sub(self.anchor);
            }
            self.anchor = 0;
        }
        // Doubling keeps the copying of a long line linear; the buffer never grows far past the cap.
        if self.buffer.len() < self.filled + CHUNK / 2 {
            self.buffer.resize((self.buffer.len() * 2).clamp(CHUNK, self.cap + 2 * CHUNK), 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.filled..]) {
                Ok(0) => {
                    self.ended = true;
                    self.meter.advance()?;
                    return Ok(false);
                }
                Ok(read) => {
                    self.filled += read;
                    self.meter.advance()?;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if self.meter.disk_failed() => return Err(unreadable(&self.name, &error)),
                Err(error) => {
                    self.ended = true;
                    self.broken = Some(error);
                    return Ok(false);
                }
            }
        }
    }
}

/// The sentence for a file that the system does not give back.
pub(crate) fn unreadable(name: &str, error: &io::Error) -> Error {
    Error::input(format!("{name} could not be read: {error}. Check that the disk is still there, then import again."))
}

/// End of a line's content: without its `\r`.
fn trimmed(buffer: &[u8], start: usize, end: usize) -> usize {
    if end > start && buffer[end - 1] == b'\r' { end - 1 } else { end }
}

/// Counts the bytes that leave the disk, reports them as progress, and is where a cancel takes effect.
#[derive(Clone, Default)]
pub(crate) struct Meter<'w> {
    step: Option<&'w Step<'w>>,
    counts: Rc<Counts>,
}

#[derive(Default)]
struct Counts {
    read: Cell<u64>,
    reported: Cell<u64>,
    failed: Cell<bool>,
}

impl<'w> Meter<'w> {
    pub(crate) fn new(step: &'w Step<'w>) -> Self {
        Meter { step: Some(step), counts: Rc::default() }
    }

    /// The file, counted.
    pub(crate) fn over(&self, file: File) -> Metered {
        Metered { file, counts: self.counts.clone() }
    }

    /// Reports what was read since the last call.
    pub(crate) fn advance(&self) -> Result<()> {
        let read = self.counts.read.get();
        let news = read - self.counts.reported.replace(read);
        match self.step {
            Some(step) => Ok(step.advance(news as usize)?),
            None => Ok(()),
        }
    }

    /// Adds bytes read by other means.
    pub(crate) fn add(&self, bytes: u64) {
        self.counts.read.set(self.counts.read.get() + bytes);
    }

    fn disk_failed(&self) -> bool {
        self.counts.failed.get()
    }
}

/// A file whose bytes are counted.
pub(crate) struct Metered {
    file: File,
    counts: Rc<Counts>,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.file.read(buffer) {
            Ok(read) => {
                self.counts.read.set(self.counts.read.get() + read as u64);
                Ok(read)
            }
            Err(error) => {
                self.counts.failed.set(error.kind() != io::ErrorKind::Interrupted);
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn all(bytes: &[u8], cap: usize) -> Vec<(u64, String)> {
        let mut lines = Lines::of(bytes, cap);
        let mut found = Vec::new();
        loop {
            match lines.next().unwrap() {
                Line::Text => found.push((lines.number(), String::from_utf8(lines.record().to_vec()).unwrap())),
                Line::TooLong { bytes } => found.push((lines.number(), format!("<{bytes}>"))),
                Line::End => return found,
            }
        }
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_are_not_content() {
        let found = all(b"\xEF\xBB\xBFa,b\r\n\n1,2\nlast", LINE_CAP);
        let expected = vec![(1, "a,b".into()), (2, String::new()), (3, "1,2".into()), (4, "last".into())];
        assert_eq!(found, expected, "both kinds of line end, an empty line and a last line without end are lines");
    }

    #[test]
    fn a_line_over_the_cap_is_skipped_and_counted_and_the_next_one_is_read() {
        let mut bytes = b"ab\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', 3_000_000));
        bytes.extend(b"\ncd\n");
        let mut lines = Lines::of(&bytes, 1_000);
        assert_eq!(lines.next().unwrap(), Line::Text, "the first line is short");
        assert_eq!(lines.next().unwrap(), Line::TooLong { bytes: 3_000_000 }, "the long line is measured");
        assert!(lines.record().starts_with(b"xxx"), "its beginning is there for the report");
        assert_eq!(lines.next().unwrap(), Line::Text, "reading goes on");
        assert_eq!((lines.number(), lines.record()), (3, &b"cd"[..]), "with the line after it");
        assert!(lines.buffer.capacity() < 2 * CHUNK + 2_000, "the long line was never held");
    }

    #[test]
    fn a_record_of_several_lines_survives_refills_and_can_be_given_back() {
        let long = "y".repeat(CHUNK);
        let bytes = format!("one\n\"{long}\n{long}\"\nfour\n").into_bytes();
        let mut lines = Lines::of(&bytes, LINE_CAP);
        lines.next().unwrap();
        lines.next().unwrap();
        assert!(lines.more().unwrap(), "there is a third line");
        assert_eq!(lines.record().len(), 2 * CHUNK + 3, "the record spans both lines and the break between them");
        lines.keep_first_line();
        assert_eq!(lines.record().len(), CHUNK + 1, "the first line alone");
        lines.next().unwrap();
        assert_eq!((lines.number(), lines.record().len()), (3, CHUNK + 1), "the second line comes again");
    }
}
