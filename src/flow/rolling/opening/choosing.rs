//! Which versions of a source a rollout means, of those that a suite has. Pure.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::archive::Current;
use crate::format::index::{self, Kind, Stanza};
use crate::format::version::Version;
use crate::model::PackageName;
use crate::rollout::target::Binary;
pub use crate::rollout::target::{release_name, release_number, same_release};

/// One version of a source, as a suite has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The source's version.
    pub version: Version,
    /// What was built from it, in the order of names, architectures and
    /// versions; empty where the suite has the source alone.
    pub binaries: Vec<Binary>,
    /// Whether the suite lists the source itself.
    pub has_source: bool,
}

/// Returns what a suite has of a source, the oldest first. All of it must have
/// been read.
pub fn offers(current: &Current, source: &PackageName) -> Vec<Offer> {
    let mut found: BTreeMap<Version, Offer> = BTreeMap::new();
    for stanza in stanzas(current) {
        let (name, version) = stanza.source();
        if name != *source {
            continue;
        }
        let offer = found.entry(version.clone()).or_insert_with(|| Offer {
            version,
            binaries: Vec::new(),
            has_source: false,
        });
        match stanza.kind() {
            Kind::Sources => offer.has_source = true,
            Kind::Packages => offer.binaries.extend(binary(stanza)),
        }
    }
    for offer in found.values_mut() {
        let key = |b: &Binary| (b.package.clone(), b.architecture.clone(), b.version.clone());
        offer.binaries.sort_by_key(key);
        // What is for all architectures is in each one's index.
        offer.binaries.dedup();
    }
    found.into_values().collect()
}

/// Returns every stanza that was read of a suite.
pub(in crate::flow::rolling) fn stanzas(current: &Current) -> impl Iterator<Item = &Stanza> {
    let listings = current.manifest().into_iter().flat_map(|m| m.listings());
    let chunks = listings.flat_map(|index| &index.chunks);
    chunks.flat_map(|chunk| current.chunks.get(&chunk.sha256).into_iter().flatten())
}

fn binary(stanza: &Stanza) -> Option<Binary> {
    let file = index::files(stanza).ok()?.into_iter().next()?;
    Some(Binary {
        package: stanza.name().clone(),
        architecture: stanza.architecture().clone(),
        version: stanza.version().clone(),
        sha256: file.sha256,
    })
}

/// Returns the version that was built again for a release of Debian, and that
/// release's number: `1.2-1+deb12u1`, `1.2-1~deb13u1`, `1.2-1~bpo12+1`.
pub fn built_for(version: &Version) -> Option<(Version, u32)> {
    let text = version.as_str();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    for (marks, word, mark) in [(&['+', '~'][..], "deb", 'u'), (&['~'][..], "bpo", '+')] {
        let Some(at) = text.rfind(word) else {
            continue;
        };
        let Some(base) = text[..at].strip_suffix(marks) else {
            continue;
        };
        let Some((release, count)) = text[at + word.len()..].split_once(mark) else {
            continue;
        };
        if is_number(release) && is_number(count) {
            return Some((Version::new(base).ok()?, release.parse().ok()?));
        }
    }
    None
}

/// Why no version is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclear {
    /// None fits.
    NotThere,
    /// These fit equally well.
    Several(Vec<Version>),
}

/// Returns the offers that somebody means, each with the number of the release
/// that it was built for; those first, the one for all others last. Without a
/// version the newest are meant.
pub fn meant<'a>(
    wanted: Option<&Version>,
    offers: &'a [Offer],
) -> Result<Vec<(Option<u32>, &'a Offer)>, Unclear> {
    let all: Vec<_> = offers.iter().map(|offer| (offer, apart(offer))).collect();
    let is = |a: &Version, b: &Version| a.compare(b) == Ordering::Equal;
    let fitting = |fits: &dyn Fn(&Offer, &Version) -> bool| -> Vec<(&'a Offer, Apart)> {
        let found = all.iter().filter(|(offer, apart)| fits(offer, &apart.base));
        found.cloned().collect()
    };
    let found = match wanted {
        None => {
            let newest = all.iter().map(|(_, apart)| &apart.base).max();
            fitting(&|_, base| newest.is_some_and(|newest| is(newest, base)))
        }
        Some(wanted) => {
            let exact = fitting(&|offer, base| is(&offer.version, wanted) || is(base, wanted));
            // One that was built for a release is meant by all of its name.
            let only = exact.iter().find(|(o, apart)| {
                is(&o.version, wanted) && apart.release.is_some() && wanted == &o.version
            });
            match (only, exact.is_empty()) {
                (Some((offer, apart)), _) => return Ok(vec![(apart.release, offer)]),
                (None, false) => exact,
                (None, true) => fitting(&|_, base| {
                    wanted.is_native()
                        && (base.epoch(), base.upstream()) == (wanted.epoch(), wanted.upstream())
                }),
            }
        }
    };
    let mut bases: Vec<Version> = Vec::new();
    for (_, apart) in &found {
        if !bases.iter().any(|base| is(base, &apart.base)) {
            bases.push(apart.base.clone());
        }
    }
    match bases.len() {
        0 => return Err(Unclear::NotThere),
        1 => {}
        _ => {
            let versions = found.iter().map(|(offer, _)| offer.version.clone());
            return Err(Unclear::Several(versions.collect()));
        }
    }
    // The newest for each release; they come in the order of versions.
    let mut chosen: BTreeMap<Option<u32>, &Offer> = BTreeMap::new();
    for (offer, apart) in found {
        chosen.insert(apart.release, offer);
    }
    let (for_all, mut own): (Vec<_>, Vec<_>) = chosen
        .into_iter()
        .partition(|(release, _)| release.is_none());
    own.extend(for_all);
    Ok(own)
}

/// A version, and what it was built for.
#[derive(Debug, Clone)]
struct Apart {
    base: Version,
    release: Option<u32>,
}

fn apart(offer: &Offer) -> Apart {
    match built_for(&offer.version) {
        Some((base, release)) => Apart {
            base,
            release: Some(release),
        },
        None => Apart {
            base: offer.version.clone(),
            release: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(versions: &[&str]) -> Vec<Offer> {
        let offer = |version: &&str| Offer {
            version: Version::new(*version).expect("a version"),
            binaries: Vec::new(),
            has_source: false,
        };
        let mut all: Vec<_> = versions.iter().map(offer).collect();
        all.sort_by(|a, b| a.version.cmp(&b.version));
        all
    }

    #[test]
    fn a_version_means_all_that_was_built_of_it() {
        let one = &["1.1-1", "1.2-1"][..];
        let two = &["1.1-1", "1.2-1+deb12u1", "1.2-1~deb13u1"][..];
        let all = &["1.2-1", "1.2-1+deb12u1", "1.2-1+deb12u2", "1.2-1~bpo11+1"][..];
        let cases = [
            (None, one, "*=1.2-1"),
            (None, two, "12=1.2-1+deb12u1 13=1.2-1~deb13u1"),
            (Some("1.2"), one, "*=1.2-1"),
            (Some("1.2"), two, "12=1.2-1+deb12u1 13=1.2-1~deb13u1"),
            (Some("1.2-1"), two, "12=1.2-1+deb12u1 13=1.2-1~deb13u1"),
            (Some("1.2-1~deb13u1"), two, "13=1.2-1~deb13u1"),
            (Some("1.1"), two, "*=1.1-1"),
            (
                Some("1.2-1"),
                all,
                "11=1.2-1~bpo11+1 12=1.2-1+deb12u2 *=1.2-1",
            ),
            (Some("1.2-1+deb12u1"), all, "12=1.2-1+deb12u1"),
            (Some("1.3"), one, "not there"),
            (Some("1:1.2"), one, "not there"),
            (Some("1.2-2"), one, "not there"),
            (Some("1.2"), &["1.2-1", "1.2-2"], "several: 1.2-1 1.2-2"),
            (Some("1.2"), &["1.2", "1.2-2"], "*=1.2"),
            (None, &[], "not there"),
        ];
        for (wanted, there, want) in cases {
            let wanted = wanted.map(|text| Version::new(text).expect("a version"));
            let offers = offers(there);
            let found = match meant(wanted.as_ref(), &offers) {
                Ok(found) => {
                    let words = found.iter().map(|(release, offer)| {
                        let release = release.map_or("*".to_owned(), |number| number.to_string());
                        format!("{release}={}", offer.version.as_str())
                    });
                    words.collect::<Vec<_>>().join(" ")
                }
                Err(Unclear::NotThere) => "not there".to_owned(),
                Err(Unclear::Several(all)) => {
                    let all: Vec<_> = all.iter().map(Version::as_str).collect();
                    format!("several: {}", all.join(" "))
                }
            };
            assert_eq!(found, want, "{wanted:?} of {there:?}");
        }
    }

    #[test]
    fn releases_are_told_by_the_end_of_a_version() {
        for (text, want) in [
            ("1.2-1+deb12u1", Some(("1.2-1", 12))),
            ("1:1.2~deb13u2", Some(("1:1.2", 13))),
            ("1.2-1~bpo12+1", Some(("1.2-1", 12))),
            ("1.2-1deb12u1", None),
            ("1.2-1+deb12", None),
            ("1.2+debug1u1", None),
            ("1.2-1", None),
        ] {
            let version = Version::new(text).expect(text);
            let want = want.map(|(base, release)| (Version::new(base).expect(base), release));
            assert_eq!(built_for(&version), want, "{text}");
        }
        for (a, b, want) in [
            ("bookworm", "12", true),
            ("12", "12", true),
            ("noble", "noble", true),
            ("noble", "12", false),
            ("trixie", "12", false),
        ] {
            assert_eq!(same_release(a, b), want, "{a} {b}");
        }
    }
}
