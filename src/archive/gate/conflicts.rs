//! Whether two packages of a suite bring the same file and can be installed
//! together, which dpkg refuses half-way through an upgrade (Debian Policy
//! 7.4, 7.6).
//!
//! Looks at paths, in the `Contents` of the suite: without these nothing is
//! asked. Diversions are made by maintainer scripts and not seen, which is why
//! a finding is a warning by default. Two architectures of one package with
//! `Multi-Arch: same` may share files that are equal; that they are is not
//! seen either, so one package is never compared with itself.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use super::{Around, Change, Names, changes, label, offer};
use crate::archive::admission::Admission;
use crate::format::index::contents::FileList;
use crate::format::index::{self, PoolFile, Stanza};
use crate::model::{Architecture, Finding, PackageName};

/// A package that comes, with the files it brings.
struct Coming<'a> {
    stanza: &'a Stanza,
    list: FileList,
}

/// Two packages, the one that comes first, with the paths that both bring.
type Pairs = BTreeMap<(usize, PackageName), Vec<String>>;

/// Says which packages bring the same files.
pub(super) fn judge<A: Around>(
    admission: &Admission,
    around: &A,
) -> Result<Vec<Finding>, A::Error> {
    if admission.settings.contents.is_empty() {
        return Ok(Vec::new());
    }
    let mut findings = BTreeMap::new();
    for (architecture, change) in changes(admission) {
        let coming = coming(admission, &change, around)?;
        let mut pairs = with_those_there(architecture, &coming, around)?;
        among_themselves(&coming, &mut pairs);
        let names: Names = pairs.keys().map(|(_, name)| name.clone()).collect();
        if names.is_empty() {
            continue;
        }
        let mut there = around.packages(architecture, &names)?;
        there.retain(|stanza| !change.removed.contains(stanza));
        for ((at, name), mut paths) in pairs {
            let own = &coming[at];
            let same = |stanza: &&Stanza| *stanza.name() == name;
            let comes = change.added.iter().copied().filter(same);
            let mut versions: Vec<_> = there.iter().filter(same).chain(comes).collect();
            versions.sort();
            versions.dedup();
            // Hosts get the newest one.
            let Some(other) = versions.last() else {
                continue;
            };
            if excluded(own.stanza, other) {
                continue;
            }
            // Contents has the files of all versions.
            if versions.len() > 1 {
                let brought = list(admission, other, around)?;
                paths.retain(|path| brought.paths().any(|own| own == path));
            }
            let Some(path) = paths.first() else {
                continue;
            };
            let more = match paths.len() {
                1 => String::new(),
                len => format!(" and {} more", len - 1),
            };
            // Once for two packages that come together, and for all architectures.
            let mut key = [label(own.stanza), label(other)];
            key.sort();
            let message = format!(
                "it brings /{path}{more}, which {} brings too, and nothing keeps hosts from \
                 installing both",
                label(other)
            );
            let gate = admission.settings.gates.file_conflicts;
            findings.entry(key).or_insert_with(|| {
                let finding = gate.finding("file-conflict", &label(own.stanza), message);
                finding.fix(
                    "leave the file to one of them; if it has moved, say Breaks and Replaces, if \
                     they are alternatives, Conflicts",
                )
            });
        }
    }
    Ok(findings.into_values().collect())
}

fn coming<'a, A: Around>(
    admission: &Admission,
    change: &Change<'a>,
    around: &A,
) -> Result<Vec<Coming<'a>>, A::Error> {
    let each = change.added.iter().map(|stanza| {
        let list = list(admission, stanza, around)?;
        Ok(Coming { stanza, list })
    });
    each.collect()
}

fn list<A: Around>(
    admission: &Admission,
    stanza: &Stanza,
    around: &A,
) -> Result<FileList, A::Error> {
    let files = index::files(stanza).unwrap_or_default();
    let Some(deb) = files.first() else {
        return Ok(FileList::default());
    };
    let deb: &PoolFile = deb;
    match admission.lists.get(&deb.sha256) {
        Some(list) => Ok(list.clone()),
        None => around.list(&admission.before(deb)),
    }
}

/// Finds which packages of the suite bring what others bring that come.
fn with_those_there<A: Around>(
    architecture: &Architecture,
    coming: &[Coming<'_>],
    around: &A,
) -> Result<Pairs, A::Error> {
    let mut pairs = Pairs::new();
    let lists: Vec<_> = coming.iter().map(|coming| &coming.list).collect();
    let brought = around.bringing(architecture, &lists)?;
    if brought.is_empty() {
        return Ok(pairs);
    }
    for (at, own) in coming.iter().enumerate() {
        for path in own.list.paths() {
            for other in brought.get(path).into_iter().flatten() {
                if other != own.stanza.name() {
                    let key = (at, other.clone());
                    pairs.entry(key).or_default().push(path.to_owned());
                }
            }
        }
    }
    Ok(pairs)
}

/// Finds which packages that come bring the same. By hashes of the paths: they
/// are millions where a whole distribution comes, and must not all be kept.
fn among_themselves(coming: &[Coming<'_>], pairs: &mut Pairs) {
    if coming.len() < 2 {
        return;
    }
    let hasher = RandomState::new();
    let mut hashes: Vec<(u64, u32)> = Vec::new();
    for (at, own) in coming.iter().enumerate() {
        let at = u32::try_from(at).expect("fewer packages than that");
        hashes.extend(own.list.paths().map(|path| (hasher.hash_one(path), at)));
    }
    hashes.sort_unstable();
    for run in hashes
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|run| run.len() > 1)
    {
        for (n, (hash, first)) in run.iter().enumerate() {
            for (_, second) in &run[n + 1..] {
                let (one, two) = (&coming[*first as usize], &coming[*second as usize]);
                let (name, other) = (one.stanza.name(), two.stanza.name());
                if name == other {
                    continue;
                }
                let mut own = one.list.paths();
                let path = own.find(|path| hasher.hash_one(path) == *hash);
                if let Some(path) = path.filter(|p| two.list.paths().any(|q| q == *p)) {
                    let paths = pairs.entry((*first as usize, other.clone())).or_default();
                    if !paths.iter().any(|known| known == path) {
                        paths.push(path.to_owned());
                    }
                }
            }
        }
    }
}

/// Tells whether one of two packages keeps the other out, or may overwrite its
/// files.
fn excluded(one: &Stanza, two: &Stanza) -> bool {
    let keeps = |one: &Stanza, two: &Stanza| {
        let fields = one.paragraph();
        let mut named = offer::pairs(&fields, "Conflicts");
        named.extend(offer::pairs(&fields, "Replaces"));
        let mut offers = offer::Offer::provided(two);
        offers.push(offer::Offer::of(two));
        named.iter().any(|(name, bound)| {
            offers.iter().any(|offer| {
                let holds = match (bound, &offer.version) {
                    (None, _) => true,
                    (Some(_), None) => false,
                    (Some((operator, bound)), Some(version)) => operator.holds(version, bound),
                };
                offer.name == *name && holds
            })
        })
    };
    keeps(one, two) || keeps(two, one)
}
