//! Reading and writing the files people name: whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use crate::{Error, Result};

/// The bytes of a file of lines. Memory stays bounded on what has none: a line longer than `longest` bytes is an error.
pub fn read_lines(path: &Path, longest: usize) -> Result<Vec<u8>> {
    let failed = |source| Error::io("read", path, source);
    let mut file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    let (mut line, mut start) = (1, 0);
    loop {
        let before = bytes.len();
        if (&mut file).take(longest.max(1 << 16) as u64).read_to_end(&mut bytes).map_err(failed)? == 0 {
            return Ok(bytes);
        }
        for end in memchr::memchr_iter(b'\n', &bytes[before..]).map(|at| before + at).chain([bytes.len()]) {
            if end - start > longest {
                return Err(Error::input(format!(
                    "Line {line} of {} is longer than {} KB. The file does not seem to be one of lines of text; check \
                     the path.",
                    path.display(),
                    longest / 1000
                )));
            }
            if end < bytes.len() {
                (line, start) = (line + 1, end + 1);
            }
        }
    }
}

/// The bytes of a file that has no more than `largest` of them.
pub fn read_up_to(path: &Path, largest: u64) -> Result<Vec<u8>> {
    let failed = |source| Error::io("read", path, source);
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(largest + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > largest {
        return Err(Error::input(format!(
            "{} is larger than {} MB, more than such a file has. Check the path.",
            path.display(),
            largest / 1_000_000
        )));
    }
    Ok(bytes)
}

/// The BLAKE3 digest of a file's bytes.
pub fn digest(path: &Path) -> Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    let failed = |source| Error::io("read", path, source);
    hasher.update_reader(File::open(path).map_err(failed)?).map_err(failed)?;
    Ok(hasher.finalize())
}

/// The text of a small file, such as settings.
pub fn read_text(path: &Path) -> Result<String> {
    let bytes = read_up_to(path, 1_000_000)?;
    let foreign = |_| Error::input(format!("{} is not UTF-8. Save the file as UTF-8.", path.display()));
    String::from_utf8(bytes).map_err(foreign)
}

/// Writes a file under a temporary name beside it, syncs, renames: a full disk or a kill leaves the old one. Links are
/// followed; what is no file (a pipe, a device) is written to as it is, never replaced.
pub fn write_atomically(path: &Path, write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> Result<()> {
    let failed = |source| Error::io("written", path, source);
    match std::fs::metadata(path) {
        Ok(there) if there.is_dir() => return Err(failed(io::ErrorKind::IsADirectory.into())),
        Ok(there) if !there.is_file() => return write_through(path, write).map_err(failed),
        _ => {}
    }
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let temporary = tempfile::Builder::new().prefix(".semid-").tempfile_in(folder).map_err(failed)?;
    let mut writer = BufWriter::new(temporary.as_file());
    write(&mut writer).and_then(|()| writer.flush()).map_err(failed)?;
    drop(writer);
    readable_by_others(temporary.as_file()).and_then(|()| temporary.as_file().sync_all()).map_err(failed)?;
    temporary.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

fn write_through(path: &Path, write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
    let file = File::options().write(true).open(path)?;
    let mut writer = BufWriter::new(&file);
    write(&mut writer)?;
    writer.flush()
}

/// A field of a CSV file: quoted where it must be, and never read as a formula by a spreadsheet.
pub fn csv_field(text: &str) -> String {
    let neutral = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if neutral.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", neutral.replace('"', "\"\"")) } else { neutral }
}

/// Temporary files are made for their owner alone; a report is for everyone the folder is for.
fn readable_by_others(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/report.txt");
        write_atomically(&path, |file| file.write_all(b"old")).unwrap();
        let failed = write_atomically(&path, |file| {
            file.write_all(b"half of the new")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.unwrap_err().to_string().contains("disk full"), "the reason is told");
        assert_eq!(read_text(&path).unwrap(), "old", "nothing was lost");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_devices_stay_devices() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("real.txt"), folder.path().join("link.txt"));
        std::fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write_atomically(&link, |file| file.write_all(b"new")).unwrap();
        assert_eq!(read_text(&path).unwrap(), "new", "the file behind the link was written");
        assert!(link.is_symlink(), "the link is still one");
        let device = folder.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &device).unwrap();
        write_atomically(&device, |file| file.write_all(b"gone")).unwrap();
        assert!(!std::fs::metadata(&device).unwrap().is_file(), "no file took the place of the device");
    }

    #[test]
    fn a_line_without_end_is_an_error_and_lines_come_back_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.txt");
        let lines = format!("{}\n{}\n", "a".repeat(70_000), "b".repeat(70_000));
        std::fs::write(&path, &lines).unwrap();
        assert_eq!(read_lines(&path, 70_000).unwrap(), lines.as_bytes(), "lines as long as allowed, over two reads");
        std::fs::write(&path, format!("short\n{}", "a".repeat(70_001))).unwrap();
        let error = read_lines(&path, 70_000).unwrap_err().to_string();
        assert!(error.contains("Line 2"), "the line is named: {error}");
        assert!(read_up_to(&path, 70_000).is_err(), "a file larger than allowed is an error");
    }

    #[test]
    fn formulas_are_neutralised_and_quotes_doubled() {
        assert_eq!(csv_field("=1+1"), "'=1+1", "a spreadsheet must not compute a title");
        assert_eq!(csv_field("a \"b\", c"), "\"a \"\"b\"\", c\"", "quotes are doubled inside quotes");
        assert_eq!(csv_field("plain"), "plain", "nothing to do");
    }
}
