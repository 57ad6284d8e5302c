//! `semid doctor`: the workspace, the models and the machine looked at together.

use semid_fetch::{Fetch, Home, Silent};
use semid_store::{Finding, Severity, Store};

use crate::Result;

/// Everything there is to say about a home. Works on a home without workspace too.
pub fn examine(home: &Home) -> Result<Vec<Finding>> {
    let mut findings = semid_store::check(&home.workspace());
    let fetch = Fetch::new(home, &Silent);
    for recipe in semid_fetch::models()? {
        if fetch.present(&recipe)?.is_none() {
            findings.push(Finding {
                severity: Severity::Warning,
                what: format!("The text encoder {} is not on this machine.", recipe.name),
                advice: "Run `semid doctor --fetch`, or `cargo xtask setup` in a checkout.".to_owned(),
                repair: None,
            });
        }
    }
    Ok(findings)
}

/// Mends what can be mended without losing anything; what was done, in sentences.
pub fn repair(home: &Home) -> Result<Vec<String>> {
    let folder = home.workspace();
    if !folder.join("semid.db").is_file() {
        return Ok(Vec::new());
    }
    let store = Store::open(&folder)?;
    Ok(store.repair(&store.check())?)
}
