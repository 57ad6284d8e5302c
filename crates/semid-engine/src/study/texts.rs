//! What the participant's page says: English and German come with the program, others by file.

use std::path::{Path, PathBuf};

use semid_core::study::{StudyDesign, Texts};

use crate::{Error, Result, files};

const BUILT_IN: [&str; 2] = [include_str!("texts/en.toml"), include_str!("texts/de.toml")];

/// The texts that come with the program.
pub(super) fn built_in() -> Result<Vec<Texts>> {
    BUILT_IN.iter().map(|text| read(text, "The built-in texts")).collect()
}

/// The texts of a file, in TOML as the built-in ones are.
pub(super) fn of_file(path: &Path) -> Result<Texts> {
    read(&files::read_text(path)?, &path.display().to_string())
}

fn read(text: &str, whence: &str) -> Result<Texts> {
    let texts: Texts = toml::from_str(text)
        .map_err(|error| Error::input(format!("{whence} cannot be read as texts: {}", error.message().trim())))?;
    let problems = texts.problems();
    if !problems.is_empty() {
        return Err(Error::input(format!("{whence}: these texts are empty or incomplete: {}.", problems.join(", "))));
    }
    for (field, text, parts) in [
        ("practice_wrong", &texts.practice_wrong, &["{answer}"][..]),
        ("attention", &texts.attention, &["{n}"]),
        ("progress", &texts.progress, &["{done}", "{total}"]),
        ("keys", &texts.keys, &["{n}"]),
    ] {
        if let Some(part) = parts.iter().find(|part| !text.contains(**part)) {
            return Err(Error::input(format!("{whence}: {field} must contain {part}, which is replaced on the page.")));
        }
    }
    Ok(texts)
}

/// The texts of every language of a design, in its order: from the files, else from an earlier draft, else built in.
pub(super) fn of_design(design: &StudyDesign, given: &[PathBuf], earlier: &[Texts]) -> Result<Vec<Texts>> {
    let mut known = given.iter().map(|path| of_file(path)).collect::<Result<Vec<_>>>()?;
    if let Some(unused) = known.iter().find(|texts| !design.languages.contains(&texts.language)) {
        return Err(Error::input(format!(
            "There is a file of texts in “{}”, which is no language of the study. Add it to `languages`, or leave the \
             file out.",
            unused.language
        )));
    }
    known.extend(earlier.iter().cloned());
    known.extend(built_in()?);
    let of = |language: &String| {
        known.iter().find(|texts| texts.language == *language).cloned().ok_or_else(|| {
            Error::input(format!(
                "There are no texts for the participant's page in “{language}”. English (en) and German (de) come with \
                 the program; give a file of texts for others, with the same fields as those."
            ))
        })
    };
    design.languages.iter().map(of).collect()
}

/// The file of built-in texts to translate from.
pub fn template() -> &'static str {
    BUILT_IN[0]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_built_in_texts_are_complete_and_a_file_with_gaps_says_all_of_them() {
        let languages: Vec<String> = built_in().unwrap().into_iter().map(|texts| texts.language).collect();
        assert_eq!(languages, ["en", "de"], "both languages are whole");
        let gaps = template().replace("begin = \"Begin\"", "begin = ' '").replace("next = \"Next\"", "next = ''");
        let error = read(&gaps, "fr.toml").unwrap_err().to_string();
        assert!(error.contains("begin, next"), "every gap at once: {error}");
        let deaf = template().replace("number {n}", "the right number");
        assert!(read(&deaf, "fr.toml").unwrap_err().to_string().contains("{n}"), "what the page fills in is asked for");
    }
}
