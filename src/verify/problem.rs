//! What stands against files: each problem once, with the files it is about.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::attest::is_reproducible;
use super::facts::{Further, Listed, Signature, SourceNamed, file_name};
use super::kind::Kind;
use crate::model::{Finding, Severity};

/// A finding, and which files are not verified because of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    finding: Finding,
    blamed: BTreeSet<PathBuf>,
}

impl Problem {
    fn new(finding: Finding, path: &Path) -> Self {
        Self {
            finding,
            blamed: BTreeSet::from([path.to_owned()]),
        }
    }

    fn error(rule: &'static str, path: &Path, message: impl Into<String>) -> Self {
        Self::new(Finding::error(rule, display(path), message), path)
    }

    fn warning(rule: &'static str, path: &Path, message: impl Into<String>) -> Self {
        Self::new(Finding::warning(rule, display(path), message), path)
    }

    fn fix(mut self, fix: &str) -> Self {
        self.finding = self.finding.fix(fix);
        self
    }

    /// Says that other files suffer from it too.
    pub fn blaming<'a>(mut self, paths: impl IntoIterator<Item = &'a Path>) -> Self {
        self.blamed.extend(paths.into_iter().map(Path::to_owned));
        self
    }

    /// Tells whether a file is not verified because of it.
    pub fn stands_against(&self, path: &Path) -> bool {
        self.finding.severity == Severity::Error && self.blamed.contains(path)
    }

    /// What stands against a text because of its signature. One without is not
    /// refused where a signed text `vouches` for it.
    pub fn of_signature(
        kind: Kind,
        path: &Path,
        signature: &Signature,
        vouches: Option<&Path>,
    ) -> Option<Self> {
        const AGAIN: &str = "do not use it; fetch it again from whoever published it";
        Some(match (signature, vouches) {
            (Signature::Good(signer), _) => {
                let since = signer.since.as_ref()?;
                let key = &signer.fingerprint;
                let message = format!("signed by {key}, which was valid then but {since}");
                if kind.is_of_suite() {
                    Self::error("key-expired", path, message)
                        .fix("apt refuses it: the archive must be signed again with a valid key")
                } else {
                    Self::warning("key-expired", path, message)
                }
            }
            (Signature::Absent, Some(other)) => {
                let message = format!(
                    "it is not signed, but the signed {} lists it",
                    file_name(other)
                );
                Self::warning("unsigned", path, message)
            }
            (Signature::Absent, None) => Self::error("unsigned", path, "it is not signed")
                .fix("build it again with a key, or fetch the signed one"),
            (Signature::Unknown { key }, _) => {
                let message = format!("signed by key {key}, which is not in the keyring");
                Self::error("unknown-signer", path, message).fix(
                    "if the key is the right one: debcut key import FILE keeps it, \
                     --keyring FILE takes it once",
                )
            }
            (Signature::Bad { why }, _) => Self::error("bad-signature", path, why).fix(AGAIN),
            (Signature::Refused { why }, _) => {
                Self::error("signature-not-accepted", path, why).fix(AGAIN)
            }
        })
    }

    /// What stands against an attestation behind the first: one that is false,
    /// or speaks of other files. One whose key nobody here knows only does not
    /// count.
    pub fn of_further(path: &Path, first: &[Listed], further: &Further) -> Option<Self> {
        let line = format!("its attestation in line {}", further.line);
        if let Signature::Unknown { key } = &further.signature {
            let message = format!("{line} does not count: key {key} is not in the keyring");
            return Some(Self::warning("unknown-signer", path, message));
        }
        if let Signature::Bad { why } | Signature::Refused { why } = &further.signature {
            let message = format!("{line} is not accepted: {why}");
            return Some(Self::error("bad-attestation", path, message).fix("take that line out"));
        }
        let content = match &further.content {
            Ok(content) => content,
            Err(why) => {
                let message = format!("{line} cannot be read: {why}");
                return Some(
                    Self::error("bad-attestation", path, message).fix("take that line out"),
                );
            }
        };
        if further.signature == Signature::Absent {
            let message = format!("{line} does not count: it is not signed");
            return Some(Self::warning("unsigned", path, message));
        }
        let other = |own: &&Listed| {
            let mut first = first.iter();
            first.any(|first| first.name == own.name && first.sha256 != own.sha256)
        };
        let differs = content.listed.iter().filter(reproducible).find(other)?;
        let message = format!("{line} is of another {}", differs.name);
        Some(
            Self::error("attestation-differs", path, message)
                .fix("find out why the two builds differ, or take that line out"),
        )
    }

    /// The text does not hold what its name says.
    pub fn invalid(path: &Path, why: &str) -> Self {
        Self::error(
            "invalid-artifact",
            path,
            format!("it cannot be read: {why}"),
        )
    }

    /// A package that is no sound one.
    pub fn hostile(path: &Path, why: &str) -> Self {
        let message = format!("no package to install: {why}");
        Self::error("unsound-package", path, message).fix("do not install it")
    }

    /// A package that says it is of another source than a text about it.
    pub fn of_other_source(
        path: &Path,
        own: &SourceNamed,
        list: &Path,
        said: &SourceNamed,
    ) -> Self {
        let list = file_name(list);
        let message = format!("it says it is of the source {own}, {list} is about {said}");
        Self::error("other-source", path, message).fix("do not install it; tell who built it")
    }

    /// Neither a signature nor a list speaks for a file.
    pub fn unattested(kind: Kind, path: &Path) -> Self {
        if kind == Kind::Other {
            let message = "no artifact that debcut makes, and no list beside it names it";
            return Self::error("not-an-artifact", path, message);
        }
        let message = "nothing beside it lists its SHA-256: no provenance, .changes, .buildinfo, .dsc or SHA256SUMS";
        Self::error("unattested", path, message)
            .fix("put the provenance or the .changes of its build beside it")
    }

    /// Only a list that nobody signs speaks for a file.
    pub fn only_summed(path: &Path, list: &Path) -> Self {
        let list = file_name(list);
        let message = format!("only {list} lists its SHA-256, and nobody signs that");
        Self::error("unattested", path, message)
            .fix("put the provenance or the .changes of its build beside it")
    }

    /// A file is not what texts list under its name.
    pub fn differs(path: &Path, found: &str, listed: &str, by: &[&Path]) -> Self {
        let names = joined(by);
        let message = format!("it has {found}, but {names} says {listed}");
        Self::error("digest-mismatch", path, message)
            .fix("do not use it; fetch it again from whoever published it")
            .blaming(by.iter().copied())
    }

    /// A text lists something else than a file that a signature speaks for.
    pub fn lists_wrongly(
        path: &Path,
        file: &Path,
        found: &str,
        listed: &str,
        signed: &Path,
    ) -> Self {
        let (file, signed) = (file_name(file), file_name(signed));
        let message =
            format!("it says {listed} of {file}, which has {found} as the signed {signed} says");
        Self::error("digest-mismatch", path, message).fix("fetch it again, or make it again")
    }

    /// A listed file is not there.
    pub fn missing(path: &Path, by: &[&Path]) -> Self {
        let message = format!("it is not here, but {} lists it", joined(by));
        let finding = Finding::error("missing-file", display(path), message);
        Self {
            finding,
            blamed: by.iter().map(|path| (*path).to_owned()).collect(),
        }
        .fix("put it beside, or fetch all files of the build again")
    }

    /// Some of a suite's indices are here in no compression.
    pub fn missing_indices(path: &Path, missing: usize, all: usize, such_as: &str) -> Self {
        let message = format!("{missing} of its {all} indices are not here, such as {such_as}");
        Self::warning("missing-index", path, message)
    }

    /// apt takes a suite no longer.
    pub fn outdated(path: &Path, valid_until: &str) -> Self {
        let message = format!("it was valid until {valid_until}, and apt refuses it since");
        Self::error("release-expired", path, message).fix("publish the suite again")
    }

    /// A file is listed under other names only.
    pub fn renamed(path: &Path, list: &Path, name: &str) -> Self {
        let message = format!("the signed {} calls it {name}", file_name(list));
        Self::warning("renamed", path, message)
    }

    /// A directory without files.
    pub fn empty(path: &Path) -> Self {
        Self::error("nothing-to-verify", path, "there is no file in it")
    }

    /// A directory inside one that was asked about.
    pub fn inner(path: &Path) -> Self {
        Self::warning(
            "not-looked-into",
            path,
            "a directory inside is not looked into",
        )
        .fix("name it too, if its files matter")
    }
}

/// Makes findings of problems, errors first; the same one with several files is
/// one finding.
pub(super) fn findings(problems: &[Problem]) -> Vec<Finding> {
    let mut grouped: Vec<(Finding, Vec<&str>)> = Vec::new();
    for Problem { finding, .. } in problems {
        let same = |(other, _): &&mut (Finding, Vec<&str>)| {
            (other.rule, other.severity) == (finding.rule, finding.severity)
                && (&other.message, &other.fix) == (&finding.message, &finding.fix)
        };
        match grouped.iter_mut().find(same) {
            Some((_, subjects)) if subjects.contains(&finding.subject.as_str()) => {}
            Some((_, subjects)) => subjects.push(&finding.subject),
            None => grouped.push((finding.clone(), vec![&finding.subject])),
        }
    }
    grouped.sort_by_key(|(finding, _)| std::cmp::Reverse(finding.severity));
    let joined = grouped.into_iter().map(|(finding, subjects)| Finding {
        subject: subjects.join(", "),
        ..finding
    });
    joined.collect()
}

fn joined(paths: &[&Path]) -> String {
    let names: Vec<_> = paths.iter().map(|path| file_name(path)).collect();
    match names.split_last() {
        Some((last, [_, ..])) => {
            format!("each of {} and {last}", names[..names.len() - 1].join(", "))
        }
        _ => names.concat(),
    }
}

fn display(path: &Path) -> String {
    path.display()
        .to_string()
        .replace(char::is_control, "\u{fffd}")
}

/// Tells whether two builders can come to the same file: texts that carry a
/// signature or a date never are the same.
fn reproducible(listed: &&Listed) -> bool {
    is_reproducible(&listed.name)
}
