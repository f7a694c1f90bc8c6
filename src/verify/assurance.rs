//! What a second build says of a first: artifact by artifact the same, or not.
//!
//! Packages and tarballs must be the same bytes. A `.dsc` may be signed once
//! and not the other time: its text counts. `.buildinfo` and `.changes` tell
//! when they were made (`Build-Date`) and never match: what they say of the
//! other artifacts counts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use super::Kind;
use super::cause::{Cause, Explained, Known, explain};
use super::difference::{Difference, Place, Side, What, differences};
use super::variation::Variation;
use crate::format::buildinfo::Buildinfo;
use crate::format::changes::Changes;
use crate::model::{Finding, Sha256};
use crate::sys::openpgp::text_of;

/// One of the two builds' copies of an artifact.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Its digest.
    pub sha256: Sha256,
    /// Its bytes; none where only the digest is known, or where the digests
    /// are the same and the bytes were not read.
    pub bytes: Option<Vec<u8>>,
}

impl Piece {
    /// Takes an artifact that was read.
    pub fn read(bytes: Vec<u8>) -> Self {
        Self {
            sha256: Sha256::of(&bytes),
            bytes: Some(bytes),
        }
    }

    /// Takes an artifact of which only the digest is known.
    pub fn listed(sha256: Sha256) -> Self {
        let bytes = None;
        Self { sha256, bytes }
    }
}

/// What is known of an artifact after a second build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "assurance", rename_all = "kebab-case")]
pub enum Assurance {
    /// Both builds made it.
    Reproduced(Reproduced),
    /// They made something else.
    Differs {
        /// Where, and why.
        differences: Vec<Explained>,
    },
    /// Nobody can tell.
    NotTried {
        /// Why.
        why: String,
    },
}

/// Proof that two builds made the same; only [`compare`] gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reproduced {
    sha256: Sha256,
    extent: Extent,
}

/// What of an artifact was the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// Every byte.
    Bytes,
    /// Every byte but the signature.
    Text,
    /// What it says of the other artifacts.
    Checksums,
}

impl Reproduced {
    /// Returns the first build's digest.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Returns what was the same.
    pub fn extent(&self) -> Extent {
        self.extent
    }
}

/// An artifact and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Its name.
    pub name: String,
    /// What is known.
    #[serde(flatten)]
    pub assurance: Assurance,
}

/// What a second build says of a first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecondOpinion {
    /// Each artifact, by name.
    pub artifacts: Vec<Judged>,
}

impl SecondOpinion {
    /// Tells whether every artifact that could be compared is the same, and
    /// there was one.
    pub fn is_equal(&self) -> bool {
        let mut some = false;
        for Judged { assurance, .. } in &self.artifacts {
            match assurance {
                Assurance::Reproduced(_) => some = true,
                Assurance::Differs { .. } => return false,
                Assurance::NotTried { .. } => {}
            }
        }
        some
    }

    /// Returns every place that differs by itself.
    pub fn places(&self) -> BTreeSet<Place> {
        let explained = self.explained();
        let own = explained.filter(|one| one.why.cause != Cause::Follows);
        own.map(|one| one.difference.place.clone()).collect()
    }

    /// Returns the differences of all artifacts.
    pub fn explained(&self) -> impl Iterator<Item = &Explained> {
        self.artifacts
            .iter()
            .flat_map(|judged| match &judged.assurance {
                Assurance::Differs { differences } => differences.as_slice(),
                _ => &[],
            })
    }

    /// Returns the differences of all artifacts, to be explained anew.
    pub fn explained_mut(&mut self) -> impl Iterator<Item = &mut [Explained]> {
        let artifacts = self.artifacts.iter_mut();
        artifacts.filter_map(|judged| match &mut judged.assurance {
            Assurance::Differs { differences } => Some(differences.as_mut_slice()),
            _ => None,
        })
    }

    /// Returns what makes the answer a no: one finding for each artifact that
    /// differs, with the causes and the first remedy.
    pub fn findings(&self) -> Vec<Finding> {
        // A record that only lists the checksums of an artifact that differs is
        // no finding of its own.
        let is_own = |judged: &&Judged| match &judged.assurance {
            Assurance::Differs { differences } => differences
                .iter()
                .any(|one| one.why.cause != Cause::Follows),
            _ => false,
        };
        let own = self.artifacts.iter().filter(is_own);
        let mut findings: Vec<_> = own.filter_map(finding).collect();
        if findings.is_empty() {
            findings.extend(self.artifacts.iter().filter_map(finding));
        }
        if findings.is_empty() && !self.is_equal() {
            let message = "no artifact of the two builds could be compared";
            findings.push(Finding::error("nothing-compared", "reproduce", message));
        }
        findings
    }
}

fn finding(judged: &Judged) -> Option<Finding> {
    let Assurance::Differs { differences } = &judged.assurance else {
        return None;
    };
    let own: Vec<_> = differences
        .iter()
        .filter(|one| one.why.cause != Cause::Follows)
        .collect();
    let causes: BTreeSet<_> = own.iter().map(|one| one.why.cause.name()).collect();
    let causes: Vec<_> = causes.into_iter().collect();
    let places = match own.len() {
        0 => "only where another artifact's differences show".to_owned(),
        1 => "in 1 place".to_owned(),
        n => format!("in {n} places"),
    };
    let likely = match causes.as_slice() {
        [] => String::new(),
        causes => format!("; likely cause: {}", causes.join(", ")),
    };
    let message = format!("the second build differs {places}{likely}");
    let finding = Finding::error("not-reproducible", &judged.name, message);
    let first = own.iter().min_by_key(|one| one.why.certainty);
    Some(match first {
        Some(one) => finding.fix(one.why.remedy.clone()),
        None => finding,
    })
}

/// Compares the artifacts of two builds by name. `first` is the reference: what
/// only the second made is a difference, too.
pub fn compare(
    first: &BTreeMap<String, Piece>,
    second: &BTreeMap<String, Piece>,
    known: (&Known, &Known),
    varied: &BTreeSet<Variation>,
) -> SecondOpinion {
    let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let artifacts = names.into_iter().map(|name| Judged {
        name: name.clone(),
        assurance: match (first.get(name), second.get(name)) {
            (Some(a), Some(b)) => judge(name, a, b, known, varied),
            (Some(_), None) => only(name, Side::First, known, varied),
            (None, _) => only(name, Side::Second, known, varied),
        },
    });
    SecondOpinion {
        artifacts: artifacts.collect(),
    }
}

fn only(
    name: &str,
    side: Side,
    known: (&Known, &Known),
    varied: &BTreeSet<Variation>,
) -> Assurance {
    let difference = Difference {
        place: Place::of(name),
        what: What::OnlyIn { side },
    };
    Assurance::Differs {
        differences: explain(vec![difference], known, varied),
    }
}

fn judge(
    name: &str,
    first: &Piece,
    second: &Piece,
    known: (&Known, &Known),
    varied: &BTreeSet<Variation>,
) -> Assurance {
    let reproduced = |extent| {
        let sha256 = first.sha256;
        Assurance::Reproduced(Reproduced { sha256, extent })
    };
    if first.sha256 == second.sha256 {
        return reproduced(Extent::Bytes);
    }
    let digests = || {
        vec![Difference {
            place: Place::of(name),
            what: What::Digest {
                first: first.sha256.hex(),
                second: Some(second.sha256.hex()),
            },
        }]
    };
    let found = match (kind(name), &first.bytes, &second.bytes) {
        (Kind::Provenance | Kind::Sums, ..) => {
            let why = "it records one build: when it was and who signed".to_owned();
            return Assurance::NotTried { why };
        }
        (Kind::Dsc, Some(a), Some(b)) => {
            let (a, b) = (unsigned(a), unsigned(b));
            if a == b {
                return reproduced(Extent::Text);
            }
            differences(name, &a, &b)
        }
        (Kind::Buildinfo | Kind::Changes, Some(a), Some(b)) => {
            let (Some(a), Some(b)) = (listed(name, a), listed(name, b)) else {
                let why = "it cannot be read".to_owned();
                return Assurance::NotTried { why };
            };
            let found = of_lists(name, &a, &b);
            if found.is_empty() {
                return reproduced(Extent::Checksums);
            }
            let found = explain(found, known, varied).into_iter().map(|mut one| {
                one.why.cause = Cause::Follows;
                "it lists the artifact's checksums".clone_into(&mut one.why.evidence);
                one.why.remedy.clear();
                one
            });
            let differences = found.collect();
            return Assurance::Differs { differences };
        }
        (_, Some(a), Some(b)) => differences(name, a, b),
        _ => digests(),
    };
    Assurance::Differs {
        differences: explain(found, known, varied),
    }
}

fn kind(name: &str) -> Kind {
    Kind::of(Path::new(name))
}

fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let text = text_of(&text).unwrap_or_else(|_| text.into_owned());
    text.trim().as_bytes().to_vec()
}

/// Reads what a record says of packages and tarballs. The `.dsc` and the
/// `.buildinfo` in it may be signed, each time anew.
fn listed(name: &str, bytes: &[u8]) -> Option<BTreeMap<String, Sha256>> {
    let mut text = unsigned(bytes);
    text.push(b'\n');
    let files: Vec<_> = match kind(name) {
        Kind::Changes => {
            let files = Changes::parse(&text).ok()?.files;
            files.into_iter().map(|listed| listed.file).collect()
        }
        _ => Buildinfo::parse(&text).ok()?.files,
    };
    let files = files
        .into_iter()
        .map(|file| (file.name.to_string(), file.digests.sha256));
    let counts = |name: &str| !matches!(kind(name), Kind::Dsc | Kind::Buildinfo);
    Some(files.filter(|(name, _)| counts(name)).collect())
}

fn of_lists(
    name: &str,
    first: &BTreeMap<String, Sha256>,
    second: &BTreeMap<String, Sha256>,
) -> Vec<Difference> {
    let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let found = names.into_iter().filter_map(|file| {
        let what = match (first.get(file), second.get(file)) {
            (Some(a), Some(b)) if a == b => return None,
            (Some(a), b) => What::Digest {
                first: a.hex(),
                second: b.map(Sha256::hex),
            },
            (None, _) => What::OnlyIn { side: Side::Second },
        };
        Some(Difference {
            place: Place::of(name).inside(file.clone()),
            what,
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests;
