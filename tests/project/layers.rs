//! A folder of `src/` imports only folders above it, in the order of the table
//! in `src/lib.rs`; what a stage does to the world is called by `flow/` alone.

use std::collections::BTreeSet;
use std::path::Path;

use crate::source::{self, Source};
use crate::{Breach, assert_none};

/// Folders that hand one stage's result to the next and may call its verbs.
const CALLERS: [&str; 2] = ["flow", "cli"];
/// The verbs that touch the world.
const EFFECTS: [&str; 2] = ["observe", "apply"];

/// Reads the folders from the table: `| [`model`] | …`.
fn order(text: &str) -> Vec<String> {
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! | [`"));
    let names = rows.filter_map(|row| row.split_once("`]"));
    names.map(|(name, _)| name.to_owned()).collect()
}

fn breaches(source: &Source, order: &[String]) -> Vec<Breach> {
    let Some(own) = source.folder() else {
        return Vec::new();
    };
    let place_of = |folder: &str| order.iter().position(|known| known == folder);
    // Below `src/FOLDER/a/b.rs` lies the module `FOLDER::a::b`.
    let module = source.path.with_extension("");
    let depth = module.iter().filter(|part| *part != "mod").count();
    let mut found = Vec::new();
    for name in &source.names {
        let mut breach = |why: String| {
            let place = source.place(name);
            found.push(Breach { place, why });
        };
        let shown = name.parts.join("::");
        let ups = name.parts.iter().take_while(|part| *part == "super");
        if ups.count() >= depth {
            breach(format!(
                "{shown} leaves {own}/: name the folder with crate::"
            ));
        }
        let [root, folder, rest @ ..] = name.parts.as_slice() else {
            continue;
        };
        if root != "crate" || folder == own {
            continue;
        }
        let is_folder = folder.starts_with(|c: char| c.is_ascii_lowercase());
        match (place_of(own), place_of(folder)) {
            (Some(own_place), Some(place)) if place > own_place => {
                breach(format!(
                    "{shown}: {own}/ must not know {folder}/, which is below it"
                ));
            }
            (_, None) if is_folder => {
                breach(format!(
                    "{shown}: {folder} is not in the table of src/lib.rs"
                ));
            }
            _ => {}
        }
        let effect = rest.iter().find(|part| EFFECTS.contains(&part.as_str()));
        if let Some(effect) = effect
            && is_stage_effect(folder)
            && !CALLERS.contains(&own)
        {
            let callers = CALLERS.join("/ and ");
            breach(format!("{shown}: only {callers}/ use a stage's {effect}"));
        }
    }
    found
}

/// Tells stages from folders where “apply” would only be a word.
fn is_stage_effect(folder: &str) -> bool {
    !["model", "format", "sys"].contains(&folder)
}

#[test]
fn every_folder_imports_only_what_is_above_it() {
    let order = order(include_str!("../../src/lib.rs"));
    let sources = source::all();
    assert!(sources.len() > 50, "src/ was read");
    let found: Vec<_> = sources.iter().flat_map(|s| breaches(s, &order)).collect();
    assert_none(&found);
}

#[test]
fn the_table_names_every_folder_and_no_other() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = std::fs::read_dir(top).expect("src/ can be listed");
    let entries = entries.map(|entry| entry.expect("src/ can be listed").path());
    let folders = entries.filter(|path| path.is_dir());
    let name = |path: std::path::PathBuf| path.file_name()?.to_str().map(str::to_owned);
    let folders: BTreeSet<String> = folders.filter_map(name).collect();
    let table = order(include_str!("../../src/lib.rs"));
    assert_eq!(table.first().map(String::as_str), Some("model"));
    assert_eq!(table.iter().cloned().collect::<BTreeSet<_>>(), folders);
}

#[test]
fn a_wrong_import_is_found() {
    let order: Vec<String> = ["model", "sys", "build", "publish", "report", "flow", "cli"]
        .map(str::to_owned)
        .into();
    let cases: &[(&str, &str, Option<&str>)] = &[
        (
            "model/name.rs",
            "use crate::sys::clock;",
            Some("must not know sys/"),
        ),
        (
            "model/name.rs",
            "use crate::{sys::git, VERSION};",
            Some("must not know sys/"),
        ),
        (
            "model/name.rs",
            "fn f() { crate::cli::run() }",
            Some("must not know cli/"),
        ),
        (
            "model/name.rs",
            "#[cfg(test)] mod t { use crate::cli; }",
            None,
        ),
        ("model/name.rs", "// crate::cli", None),
        (
            "model/name.rs",
            "use super::super::cli;",
            Some("leaves model/"),
        ),
        ("model/a/mod.rs", "use super::b;", None),
        (
            "model/a/mod.rs",
            "use super::super::b;",
            Some("leaves model/"),
        ),
        ("sys/git/tag.rs", "use super::super::files;", None),
        (
            "publish/plan.rs",
            "use crate::build::plan::BuildPlan;",
            None,
        ),
        (
            "publish/plan.rs",
            "use crate::build::apply::BuildError;",
            Some("use a stage's apply"),
        ),
        (
            "publish/plan.rs",
            "crate::build::{observe::Wanted, plan}",
            Some("use a stage's observe"),
        ),
        (
            "report/build.rs",
            "crate::build::observe::observe()",
            Some("use a stage's observe"),
        ),
        ("flow/building.rs", "use crate::build::apply;", None),
        (
            "build/plan.rs",
            "use super::observe; use crate::build::apply;",
            None,
        ),
        (
            "build/plan.rs",
            "use crate::helpers::x;",
            Some("not in the table"),
        ),
        ("main.rs", "use crate::cli;", None),
    ];
    for (path, text, want) in cases {
        let found = breaches(&Source::parse(path, text), &order);
        match want {
            None => assert_eq!(found, [], "{path}: {text}"),
            Some(why) => {
                assert_eq!(found.len(), 1, "{path}: {text}: {found:?}");
                assert!(found[0].why.contains(why), "{path}: {text}: {found:?}");
            }
        }
    }
}
