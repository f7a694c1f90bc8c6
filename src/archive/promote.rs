//! Taking packages from one suite into another of the same archive: the same
//! stanzas for the same files of the pool, nothing is built again.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::admission::{Admission, PoolCopy};
use crate::archive::admit::{Older, judge, no_such_suite, unread};
use crate::archive::current::Current;
use crate::archive::demand::Grounds;
use crate::archive::descriptions::formed;
use crate::archive::layout::IndexName;
use crate::archive::manifest::Manifest;
use crate::archive::proposal::Proposal;
use crate::archive::remove::Removal;
use crate::format::index::{self, IndexError, Kind, Stanza, source_word};
use crate::model::{Component, Finding, PackageName};

/// What is to be promoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// The newest version of everything.
    All,
    /// These, source and the binaries made of it; without a version the newest.
    Packages(Vec<Removal>),
}

/// Returns the change of `to` that takes packages as `from` lists them. `from`
/// must have been observed for the selection (whatever has been read of it is
/// searched), `to` for the names that [`names`] finds.
pub fn promote(
    from: &Current,
    to: &Current,
    selection: &Selection,
    older: Older,
    grounds: &Grounds,
) -> Result<Admission, Vec<Finding>> {
    let Some(manifest) = to.manifest() else {
        return Err(vec![no_such_suite(to)]);
    };
    let chosen = chosen(from, selection)?;
    let mut findings = absent(from, selection, &chosen);
    let mut admission = Admission::of(to, manifest.settings.clone());
    for (component, stanza) in chosen {
        let proposal = match propose(from, to, manifest, component, stanza) {
            Ok(proposal) => proposal,
            Err(finding) => {
                findings.push(finding);
                continue;
            }
        };
        match judge(to, manifest, &proposal, older) {
            Ok(lack) => {
                findings.extend(lack.proof(grounds, &manifest.settings, &proposal));
                admission.take(proposal, lack);
            }
            Err(finding) => findings.push(finding),
        }
    }
    match findings.is_empty() {
        true => Ok(admission.tidied()),
        false => Err(findings),
    }
}

/// Returns the chosen packages with their components, or what is not there.
pub fn selected<'a>(
    from: &'a Current,
    selection: &Selection,
) -> Result<Vec<(&'a Component, &'a Stanza)>, Vec<Finding>> {
    let chosen = chosen(from, selection)?;
    let findings = absent(from, selection, &chosen);
    match findings.is_empty() {
        true => Ok(chosen),
        false => Err(findings),
    }
}

/// Returns the names under which the chosen packages are listed.
pub fn names(from: &Current, selection: &Selection) -> Result<Vec<PackageName>, Vec<Finding>> {
    let chosen = chosen(from, selection)?;
    let mut names: Vec<_> = chosen
        .iter()
        .map(|(_, stanza)| stanza.name().clone())
        .collect();
    names.dedup();
    Ok(names)
}

/// Returns the sources of the chosen packages with the versions that their
/// uploads can have: the binary's, and the source's where that is another.
pub fn sources(
    from: &Current,
    selection: &Selection,
) -> Result<Vec<(PackageName, Vec<String>)>, Vec<Finding>> {
    let source = |(_, stanza): (_, &Stanza)| {
        let own = stanza.version().to_string();
        let field = stanza.paragraph().get("Source").map(str::to_owned);
        let field = field.unwrap_or_default();
        let mut words = field.split_whitespace();
        let named = words.next().and_then(|name| PackageName::new(name).ok());
        let version = words.next().map(|word| word.trim_matches(['(', ')']));
        let versions = [Some(own.as_str()), version].into_iter().flatten();
        let versions = versions.map(str::to_owned).collect();
        (named.unwrap_or_else(|| stanza.name().clone()), versions)
    };
    Ok(chosen(from, selection)?.into_iter().map(source).collect())
}

/// Finds the stanzas, each once with its component.
fn chosen<'a>(
    from: &'a Current,
    selection: &Selection,
) -> Result<Vec<(&'a Component, &'a Stanza)>, Vec<Finding>> {
    let Some(manifest) = from.manifest() else {
        return Err(vec![no_such_suite(from)]);
    };
    let named = Named::of(selection);
    let mut newest = BTreeMap::new();
    for index in manifest.listings() {
        let whole = *selection == Selection::All;
        let mut stanzas = Vec::new();
        for chunk in &index.chunks {
            match from.chunk(chunk) {
                Ok(read) => stanzas.extend(read),
                Err(error) if whole => return Err(vec![unread(&error)]),
                // Nothing of what is named is in it.
                Err(_) => {}
            }
        }
        for stanza in stanzas {
            let wanted = wanted(stanza, &named);
            let Some(exact) = wanted else {
                continue;
            };
            let kind = stanza.kind() == Kind::Sources;
            let version = exact.then(|| stanza.version().clone());
            let key = (stanza.name(), kind, stanza.architecture(), version);
            let place = (index.name.component(), stanza);
            let best = newest.entry(key).or_insert(place);
            if best.1.version() < stanza.version() {
                *best = place;
            }
        }
    }
    Ok(newest.into_values().collect())
}

/// A selection by name; `None` for everything.
struct Named<'a>(Option<BTreeMap<&'a str, Vec<&'a Removal>>>);

impl<'a> Named<'a> {
    fn of(selection: &'a Selection) -> Self {
        let Selection::Packages(packages) = selection else {
            return Self(None);
        };
        let mut named = BTreeMap::<_, Vec<_>>::new();
        for wanted in packages {
            named.entry(wanted.name.as_str()).or_default().push(wanted);
        }
        Self(Some(named))
    }

    /// Finds what was asked for that means this stanza by its name.
    fn meaning(&self, stanza: &Stanza) -> impl Iterator<Item = &&'a Removal> {
        let named = self.0.as_ref();
        let by = |name: &str| named.and_then(|named| named.get(name));
        let source = match stanza.kind() {
            Kind::Packages => source_word(stanza.text()).map(|(_, name)| name),
            Kind::Sources => None,
        };
        let own = by(stanza.name().as_str());
        let source = source.filter(|source| *source != stanza.name().as_str());
        own.into_iter().chain(source.and_then(by)).flatten()
    }
}

/// Tells whether a stanza is wanted, and whether in this version and no other.
fn wanted(stanza: &Stanza, named: &Named<'_>) -> Option<bool> {
    if named.0.is_none() {
        return Some(false);
    }
    let mut found = None;
    for wanted in named.meaning(stanza) {
        match &wanted.version {
            None => found = found.or(Some(false)),
            Some(version) if version.compare(stanza.version()).is_eq() => return Some(true),
            Some(_) => {}
        }
    }
    found
}

/// Refuses what the suite does not have.
fn absent(from: &Current, selection: &Selection, chosen: &[(&Component, &Stanza)]) -> Vec<Finding> {
    let Selection::Packages(packages) = selection else {
        return Vec::new();
    };
    let named = Named::of(selection);
    let is = |wanted: &Removal, stanza: &Stanza| {
        let version = wanted.version.as_ref();
        version.is_none_or(|version| version.compare(stanza.version()).is_eq())
    };
    let mut there = BTreeSet::new();
    for (_, stanza) in chosen {
        let meant = named.meaning(stanza).filter(|wanted| is(wanted, stanza));
        there.extend(meant.map(|wanted| std::ptr::from_ref(*wanted)));
    }
    let refuse = |wanted: &Removal| {
        let subject = match &wanted.version {
            Some(version) => format!("{}={version}", wanted.name),
            None => wanted.name.to_string(),
        };
        let message = format!("it is not in {}", from.suite);
        let list = format!("debcut archive list {}", from.suite);
        Finding::error("not-in-suite", subject, message).fix(list)
    };
    let lacking = packages
        .iter()
        .filter(|wanted| !there.contains(&std::ptr::from_ref(*wanted)));
    lacking.map(refuse).collect()
}

fn propose(
    from: &Current,
    to: &Current,
    manifest: &Manifest,
    component: &Component,
    stanza: &Stanza,
) -> Result<Proposal, Finding> {
    let subject = format!("{} {}", stanza.name(), stanza.version());
    let settings = &manifest.settings;
    if !settings.components.contains(component) {
        let message = format!("{} has no component {component}", to.suite);
        return Err(Finding::error("unknown-component", subject, message)
            .fix("add the component to the suite"));
    }
    let indices = match stanza.kind() {
        Kind::Sources => vec![IndexName::Sources {
            component: component.clone(),
        }],
        Kind::Packages => {
            let own = stanza.architecture();
            let mut indices = settings.packages_of(component);
            indices.retain(|index| own.is_all() || index.is_for(own));
            indices
        }
    };
    if indices.is_empty() {
        let message = format!("{} has no architecture {}", to.suite, stanza.architecture());
        return Err(Finding::error("unknown-architecture", subject, message)
            .fix("add the architecture to the suite"));
    }
    let (stanza, copies) = moved(from, to, manifest, component, stanza).map_err(|error| {
        let message = format!(
            "its files cannot be named in the pool of {}: {error}",
            to.suite
        );
        Finding::error("invalid-control", subject.as_str(), message).fix("publish it again")
    })?;
    // To how many hosts a suite offers it is that suite's own affair.
    let stanza = match stanza.kind() {
        Kind::Packages => stanza.phased(None),
        Kind::Sources => stanza,
    };
    let (stanza, translation) = formed(settings, stanza, &from.translations);
    Ok(Proposal {
        subject,
        component: component.clone(),
        indices,
        stanza,
        translation,
        incoming: Vec::new(),
        copies,
        list: None,
        notes: Vec::new(),
    })
}

/// Returns a stanza as `to` lists it, and the files that its pool lacks: none
/// where both suites have the same pool.
fn moved(
    from: &Current,
    to: &Current,
    manifest: &Manifest,
    component: &Component,
    stanza: &Stanza,
) -> Result<(Stanza, Vec<PoolCopy>), IndexError> {
    let own = from.manifest().map(|m| m.settings.pool_of(&from.suite));
    let pool = manifest.settings.pool_of(&to.suite);
    if own == Some(pool) {
        return Ok((stanza.clone(), Vec::new()));
    }
    let fields = stanza.paragraph();
    let named = fields
        .get("Source")
        .and_then(|field| field.split_whitespace().next());
    let named = named.and_then(|name| PackageName::new(name).ok());
    let directory = pool.directory(component, named.as_ref().unwrap_or(stanza.name()));
    let moved = stanza.moved_to(&directory)?;
    let (before, after) = (index::files(stanza)?, index::files(&moved)?);
    let pairs = before.into_iter().zip(after);
    let copies = pairs.map(|(before, file)| PoolCopy {
        from: before.path,
        file,
    });
    Ok((moved, copies.collect()))
}
