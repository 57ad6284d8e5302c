//! Takes the participant's page into the program. Where the web view has not been built yet, an empty page stands in for it,
//! so that the Rust side builds without Node; asked to write a session, the program then says what to do.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new("../../ui/dist");
    // A folder that is not there would be looked for again at every build.
    std::fs::create_dir_all(folder)?;
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");
    let page = match std::fs::read(folder.join("participant.html")) {
        Ok(page) => page,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("participant.html"), page)?;
    Ok(())
}
