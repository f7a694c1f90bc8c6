//! The uploads of a lift: where `release` and `build` put them, and whether
//! somebody could try them in a private archive.

use std::path::{Path, PathBuf};

use crate::archive::query::show;
use crate::flow::FlowError;
use crate::flow::archiving::open_store;
use crate::flow::project::Workspace;
use crate::format::changes::Changes;
use crate::model::{Finding, PackageName, Sha256, Suite, TagName};
use crate::patch::embargo::{Embargo, Upload};
use crate::publish::{self, PublishError, Question};
use crate::sys::environment::Environment;
use crate::sys::files;
use crate::sys::openpgp::text_of;
use crate::sys::store::Store;

/// An upload with what it lists.
#[derive(Debug)]
pub(super) struct Found {
    /// The upload.
    pub upload: Upload,
    changes: Changes,
}

/// Finds the uploads of a tag.
pub(super) fn of(
    workspace: &Workspace,
    tag: &TagName,
    suite: &Suite,
) -> Result<Vec<Found>, FlowError> {
    let place = place(workspace, tag);
    let mut found = Vec::new();
    for path in changes_below(&place) {
        let bytes = files::read(&path)?;
        let framed = String::from_utf8_lossy(&bytes);
        let text = text_of(&framed).unwrap_or(framed.clone().into_owned());
        let Ok(changes) = Changes::parse(text.as_bytes()) else {
            continue;
        };
        found.push(Found {
            upload: Upload {
                tag: tag.clone(),
                suite: suite.clone(),
                source: changes.source.to_string(),
                version: changes.version.to_string(),
                sha256: Sha256::of(&bytes),
                changes: path,
            },
            changes,
        });
    }
    Ok(found)
}

/// Returns where the uploads of a tag are.
pub(super) fn place(workspace: &Workspace, tag: &TagName) -> PathBuf {
    workspace.repository.top().join("dist").join(tag.as_str())
}

/// Lists the `.changes` of a directory and of those in it, by path.
fn changes_below(place: &Path) -> Vec<PathBuf> {
    let list = |place: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let mut all = list(place);
    let below: Vec<_> = all.iter().filter(|path| path.is_dir()).cloned().collect();
    all.extend(below.iter().flat_map(|path| list(path)));
    all.retain(|path| path.extension().is_some_and(|ending| ending == "changes"));
    all.sort();
    all
}

/// Finds uploads that no private archive has: nobody could have installed these
/// very packages before everybody gets them. Where no archive is private, nobody
/// asked for that.
pub(super) fn untried(
    embargo: &Embargo,
    uploads: &[Found],
    environment: &Environment,
) -> Result<Vec<Finding>, FlowError> {
    let private = &embargo.mark.private.archives;
    let Some(first) = private.first() else {
        return Ok(Vec::new());
    };
    let mut stores = Vec::new();
    for place in private {
        stores.push(open_store(place, Path::new("/"), environment)?);
    }
    let mut findings = Vec::new();
    for Found { upload, changes } in uploads {
        let mut is_there = false;
        for store in &stores {
            is_there = is_there || has(store.as_ref(), changes)?;
        }
        if !is_there {
            let subject = format!("{} {}", upload.source, upload.version);
            let message = "no private archive has these packages, so nobody has installed them yet";
            let directory = upload.changes.parent().unwrap_or(&upload.changes);
            let fix = format!(
                "debcut publish {} --to {} --archive {first}",
                directory.display(),
                upload.suite
            );
            findings.push(Finding::error("not-in-private", subject, message).fix(fix));
        }
    }
    Ok(findings)
}

/// Tells whether one suite of an archive has every package and the source of an
/// upload, the same bytes.
fn has(store: &dyn Store, changes: &Changes) -> Result<bool, FlowError> {
    let mut names: Vec<PackageName> = changes.binaries.clone();
    names.push(changes.source.clone());
    let counts = |name: &str| name.ends_with(".deb") && !name.contains("-dbgsym_");
    let files = changes.files.iter().map(|one| &one.file);
    let wanted: Vec<String> = files
        .filter(|file| counts(file.name.as_str()) || file.name.as_str().ends_with(".dsc"))
        .map(|file| file.digests.sha256.to_string())
        .collect();
    for suite in publish::suites(store)? {
        let current = publish::observe(store, &suite, Question::Packages(&names))?;
        let mut texts = String::new();
        for name in &names {
            for (_, stanza) in show(&current, name).map_err(PublishError::from)? {
                texts.push_str(stanza.text());
            }
        }
        if wanted.iter().all(|digest| texts.contains(digest)) {
            return Ok(true);
        }
    }
    Ok(false)
}
