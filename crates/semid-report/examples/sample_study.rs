//! Writes the report of a made-up study into a folder, to look at: `cargo run -p semid-report --example sample_study --
//! FOLDER`; with the word `hostile` behind it every text is one that tries to break its format.

#[path = "../tests/common_study/mod.rs"]
mod common;

use std::path::PathBuf;

use semid_core::study::ParticipantKind;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("Say which folder to write into.")?);
    let hostile = std::env::args().nth(2).is_some_and(|word| word == "hostile");
    let kinds = [(ParticipantKind::Person, 24), (ParticipantKind::Simulated, 6), (ParticipantKind::Model, 2)];
    let results = if hostile { common::hostile() } else { common::results(&kinds) };
    for file in semid_report::study::files(&results, Some(&common::protocol()))? {
        let path = folder.join(&file.name);
        std::fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        std::fs::write(path, file.bytes)?;
    }
    Ok(())
}
