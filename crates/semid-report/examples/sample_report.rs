//! Writes the report of a made-up comparison into a folder, to look at: `cargo run -p semid-report --example
//! sample_report -- FOLDER`; with the word `hostile` behind it every text is one that tries to break its format.

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("Say which folder to write into.")?);
    let hostile = std::env::args().nth(2).is_some_and(|word| word == "hostile");
    let comparison = if hostile { common::hostile() } else { common::comparison() };
    for file in semid_report::report(&comparison)? {
        let path = folder.join(&file.name);
        std::fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        std::fs::write(path, file.bytes)?;
    }
    Ok(())
}
