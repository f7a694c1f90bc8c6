//! The configured archives: there, readable, writable, and not running out.

use std::path::{Path, PathBuf};

use super::Patient;
use crate::archive::layout;
use crate::flow::FlowError;
use crate::flow::configured::{self, Configured};
use crate::flow::project::Workspace;
use crate::flow::signing;
use crate::model::finding::with_causes;
use crate::model::{Checkup, Finding, Suite, Timestamp};
use crate::publish::health::{self, SigningKey, Thresholds};
use crate::publish::{self, Question};
use crate::sys::files;
use crate::sys::openpgp::Certificate;
use crate::sys::store::{Entry, Store};

const RULE: &str = "archive";
/// Clients refuse a suite from its `Valid-Until` on; a week is time to publish.
const SOON_DAYS: i64 = 7;

/// A suite, as far as it can stand in a release's way.
#[derive(Debug, Clone)]
struct Seen {
    suite: Suite,
    valid_until: Option<Timestamp>,
    /// The key that it was signed with, and whether its secret is here.
    key: Option<(String, bool)>,
    /// The keys that it was signed with, as its clients know them.
    keys: Vec<SigningKey>,
}

/// Looks at every archive.
pub(super) fn check(workspace: &Workspace, patient: &Patient<'_>) -> Checkup {
    let mut checkup = Checkup::default();
    for archive in configured::archives(workspace, patient.environment) {
        checkup.extend(one(&archive, workspace, patient));
    }
    checkup
}

fn one(archive: &Configured, workspace: &Workspace, patient: &Patient<'_>) -> Checkup {
    let mut checkup = Checkup::default();
    let Configured { name, location, .. } = archive;
    let subject = archive.shown();
    let store = match &archive.store {
        Ok(store) => store.as_ref(),
        Err(error @ FlowError::UnsupportedLocation { .. }) => {
            checkup.find(Finding::info(RULE, subject, with_causes(error)));
            return checkup;
        }
        Err(error) => {
            checkup.find(Finding::error(RULE, subject, with_causes(error)));
            return checkup;
        }
    };
    let suites = match publish::suites(store) {
        Ok(suites) => suites,
        Err(error) => {
            let finding = Finding::error(RULE, subject, with_causes(&error));
            checkup.find(finding.fix("correct its location in debcut.toml, or the permissions"));
            return checkup;
        }
    };
    if let Some(place) = unwritable(store) {
        let why = format!("{place} cannot be written to");
        let finding = Finding::error("archive-read-only", &subject, why);
        checkup.find(finding.fix("publish as a user who may write there, or change its owner"));
    }
    if suites.is_empty() {
        let finding = Finding::warning(RULE, subject, "there is no archive yet");
        checkup.find(finding.fix(format!("debcut archive init {location} --suite stable")));
        return checkup;
    }
    let mut names = Vec::new();
    let certificates = certificates(store);
    for suite in suites {
        match publish::observe(store, &suite, Question::Manifest) {
            Ok(current) => {
                let Some((base, manifest)) = &current.generation else {
                    continue;
                };
                names.push(format!("{suite}@{}", base.number));
                let seen = Seen {
                    key: manifest
                        .record
                        .key
                        .clone()
                        .and_then(|key| secret_is_here(key, workspace, patient)),
                    keys: health::keys(manifest, &certificates, patient.now),
                    valid_until: manifest.valid_until,
                    suite,
                };
                checkup.extend(judge(name, &seen, patient.now));
            }
            Err(error) => {
                let finding = Finding::error(RULE, format!("{name} {suite}"), with_causes(&error));
                checkup.find(finding.fix(format!("debcut archive check --archive {name}")));
            }
        }
    }
    checkup.pass(RULE, subject, names.join(", "));
    checkup
}

/// Reads the certificates that clients were given; what cannot be read is told
/// as one that lacks.
pub(in crate::flow) fn certificates(store: &dyn Store) -> Vec<Certificate> {
    let entries = store.list(&layout::certificates()).unwrap_or_default();
    let read = |entry: Entry| store.read(&entry.path).ok().flatten();
    let texts = entries.into_iter().filter_map(read);
    texts
        .flat_map(|bytes| Certificate::parse_all(&bytes).unwrap_or_default())
        .collect()
}

/// Tells whether the secret of a suite's key is here; none: only gpg knows.
fn secret_is_here(
    key: String,
    workspace: &Workspace,
    patient: &Patient<'_>,
) -> Option<(String, bool)> {
    let by_agent = workspace.project.key.as_deref();
    if by_agent.is_some_and(|name| name.starts_with("gpg:")) {
        return None;
    }
    let store = signing::key_store(patient.environment).ok()?;
    let now = patient.now;
    // CI's key is in the environment, not in the store.
    let picked = crate::keys::pick(&store, patient.environment, Some(&key), now);
    Some((key, picked.is_ok()))
}

/// Returns a directory of the archive that this user may not write into.
fn unwritable(store: &dyn Store) -> Option<String> {
    let place = store.place();
    let root = Path::new(&place);
    let below = [".debcut", "dists", "pool"].map(|name| root.join(name));
    let mut all = std::iter::once(root).chain(below.iter().map(PathBuf::as_path));
    let found = all.find(|path| path.is_dir() && !files::is_writable(path));
    found.map(|path| path.display().to_string())
}

fn judge(archive: &str, seen: &Seen, now: Timestamp) -> Checkup {
    let mut checkup = Checkup::default();
    let subject = format!("{archive} {}", seen.suite);
    match seen.valid_until {
        Some(end) if end <= now => {
            let why = format!("clients have refused it since {end}");
            let finding = Finding::error("archive-expired", &subject, why);
            checkup.find(finding.fix("publish to it, which dates it anew"));
        }
        Some(end) if end <= now.plus_seconds(SOON_DAYS * 86_400) => {
            let why = format!("clients refuse it from {end} on");
            let finding = Finding::warning("archive-expired", &subject, why);
            checkup.find(finding.fix("publish to it, which dates it anew"));
        }
        _ => {}
    }
    let limits = Thresholds::default();
    for key in &seen.keys {
        let found = health::judge_key(&subject, key, &limits, now);
        found.into_iter().for_each(|finding| checkup.find(finding));
    }
    if let Some((key, false)) = &seen.key {
        let why = format!("it is signed with {key}, whose secret is not here");
        let finding = Finding::warning("archive-key", subject, why);
        checkup
            .find(finding.fix(
                "import that key; clients that trust only it would refuse what another signs",
            ));
    }
    checkup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_judged() {
        let now = Timestamp::from_unix(1_750_000_000);
        let at = |days: i64| Some(now.plus_seconds(days * 86_400));
        let cases: &[(Option<Timestamp>, bool, &[&str])] = &[
            (None, true, &[]),
            (at(8), true, &[]),
            (at(7), true, &["warning archive-expired"]),
            (at(0), true, &["error archive-expired"]),
            (None, false, &["warning archive-key"]),
        ];
        for (valid_until, here, want) in cases {
            let seen = Seen {
                suite: Suite::new("stable").expect("a name"),
                valid_until: *valid_until,
                key: Some(("AB".into(), *here)),
                keys: Vec::new(),
            };
            let found = judge("house", &seen, now);
            assert_eq!(super::super::tests::shown(&found), *want, "{seen:?}");
        }
    }
}
