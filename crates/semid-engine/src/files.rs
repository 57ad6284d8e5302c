//! Reading and writing the files people name: whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::{Error, Result};

/// The bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|source| Error::io("read", path, source))
}

/// Writes a file under a temporary name beside it, syncs, renames: a full disk or a kill leaves the old one.
pub fn write_atomically(path: &Path, write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> Result<()> {
    let failed = |source| Error::io("written", path, source);
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let temporary = tempfile::Builder::new().prefix(".semid-").tempfile_in(folder).map_err(failed)?;
    let mut writer = BufWriter::new(temporary.as_file());
    write(&mut writer).and_then(|()| writer.flush()).map_err(failed)?;
    drop(writer);
    readable_by_others(temporary.as_file()).and_then(|()| temporary.as_file().sync_all()).map_err(failed)?;
    temporary.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
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
        assert_eq!(read(&path).unwrap(), b"old", "nothing was lost");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn formulas_are_neutralised_and_quotes_doubled() {
        assert_eq!(csv_field("=1+1"), "'=1+1", "a spreadsheet must not compute a title");
        assert_eq!(csv_field("a \"b\", c"), "\"a \"\"b\"\", c\"", "quotes are doubled inside quotes");
        assert_eq!(csv_field("plain"), "plain", "nothing to do");
    }
}
