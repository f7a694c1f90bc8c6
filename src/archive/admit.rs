//! The gate: which packages may come into a suite, and all reasons against it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::archive::admission::{Admission, Incoming};
use crate::archive::candidate::Candidate;
use crate::archive::current::{Current, Unread};
use crate::archive::demand::Grounds;
use crate::archive::gate::uploads;
use crate::archive::keep;
use crate::archive::layout::IndexName;
use crate::archive::manifest::Manifest;
use crate::archive::proposal::{Brought, Proposal, propose};
use crate::archive::settings::Settings;
use crate::format::index::{Kind, Stanza};
use crate::model::{ArchivePath, Finding, PackageName};

/// What to do with a version older than the newest one that a suite has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Older {
    /// Refuse it: nobody would get it, and it is most likely a mistake.
    #[default]
    Refuse,
    /// Take it.
    Allow,
}

/// Asks every rule about every candidate. `current` must have been observed for
/// these candidates. The answer is all findings, or the proof that there are
/// none; candidates that are there already change nothing.
pub fn admit(
    current: &Current,
    candidates: &[Candidate],
    older: Older,
) -> Result<Admission, Vec<Finding>> {
    admit_proven(current, candidates, older, &Grounds::default())
}

/// Asks every rule, and of what would come in also whether as many builders
/// attest it as the suite and the publisher demand.
pub fn admit_proven(
    current: &Current,
    candidates: &[Candidate],
    older: Older,
    grounds: &Grounds,
) -> Result<Admission, Vec<Finding>> {
    draft(current, candidates, older, grounds).settled()
}

/// A change whose packages have been judged one by one, with the reasons
/// against it so far: what they do to each other and to the suite is asked by
/// [`gate`](crate::archive::gate).
#[derive(Debug)]
pub struct Draft {
    admission: Option<Admission>,
    findings: Vec<Finding>,
}

impl Draft {
    /// Returns what would come of those packages that nothing stands against;
    /// none where there is no such suite.
    pub fn admission(&self) -> Option<&Admission> {
        self.admission.as_ref()
    }

    /// Adds what else was found: errors stand against it, the rest is told.
    #[must_use]
    pub fn also(mut self, findings: Vec<Finding>) -> Self {
        let (errors, notes): (Vec<_>, Vec<_>) = findings.into_iter().partition(Finding::is_error);
        self.findings.extend(errors);
        if let Some(admission) = &mut self.admission {
            admission.notes.extend(notes);
        }
        self
    }

    /// Returns the change, or all reasons against it and what is told beside.
    pub fn settled(self) -> Result<Admission, Vec<Finding>> {
        match self.admission {
            Some(admission) if self.findings.is_empty() => Ok(admission),
            Some(admission) => Err([self.findings, admission.notes].concat()),
            None => Err(self.findings),
        }
    }
}

impl From<Admission> for Draft {
    fn from(admission: Admission) -> Self {
        Self {
            admission: Some(admission),
            findings: Vec::new(),
        }
    }
}

/// Judges every candidate by itself, as [`admit_proven`] does.
pub fn draft(
    current: &Current,
    candidates: &[Candidate],
    older: Older,
    grounds: &Grounds,
) -> Draft {
    let Some(manifest) = current.manifest() else {
        return Draft {
            admission: None,
            findings: vec![no_such_suite(current)],
        };
    };
    let (mut offer, mut findings) = (Offer::default(), Vec::new());
    let brought = Brought::by(candidates, &current.suite, &manifest.settings);
    for candidate in candidates {
        match propose(current, &manifest.settings, &brought, candidate) {
            Err(reasons) => findings.extend(reasons),
            Ok(proposal) => findings.extend(offer.take(proposal)),
        }
    }
    let mut admission = Admission::of(current, manifest.settings.clone());
    for proposal in offer.proposals {
        match judge(current, manifest, &proposal, older) {
            Ok(lack) => {
                findings.extend(lack.proof(grounds, &manifest.settings, &proposal));
                findings.extend(lack.signature(grounds, &manifest.settings, &proposal));
                admission.take(proposal, lack);
            }
            Err(reason) => findings.push(reason),
        }
    }
    match keep::newest(current, &mut admission) {
        Ok(()) => {}
        Err(error) => findings.push(unread(&error)),
    }
    // The same package offered twice is one reason.
    let mut seen = BTreeSet::new();
    findings.retain(|f| seen.insert((f.rule, f.subject.clone(), f.message.clone())));
    Draft {
        admission: Some(admission.tidied()),
        findings,
    }
}

/// What is offered and does not collide, found by path and by name.
#[derive(Default)]
struct Offer {
    proposals: Vec<Proposal>,
    by_path: BTreeMap<ArchivePath, usize>,
    by_name: BTreeMap<PackageName, Vec<usize>>,
}

impl Offer {
    /// Takes a proposal, unless it collides with an earlier one.
    fn take(&mut self, proposal: Proposal) -> Option<Finding> {
        let (stanza, indices) = (&proposal.stanza, &proposal.indices);
        for file in proposal.incoming.iter().map(|incoming| &incoming.file) {
            let other = self.by_path.get(&file.path).map(|at| &self.proposals[*at]);
            let mut there = other.iter().flat_map(|other| &other.incoming);
            if there.any(|i| i.file.path == file.path && i.file.sha256 != file.sha256) {
                let message = format!("{} would have two contents", file.path);
                return Some(collides(&proposal, message));
            }
        }
        let own_name = self.by_name.entry(stanza.name().clone()).or_default();
        for other in own_name.iter().map(|at| &self.proposals[*at]) {
            let meet = |index| other.indices.iter().any(|other| beside(index, other));
            let same = proposal.listed() == other.listed() && same_content(stanza, &other.stanza);
            if indices.iter().any(meet) && same_version(stanza, &other.stanza) && !same {
                let message = format!("{} has the same version", other.subject);
                return Some(collides(&proposal, message));
            }
            if same && *indices == other.indices {
                // The first says more: an upload knows the section of its source.
                return None;
            }
        }
        let at = self.proposals.len();
        own_name.push(at);
        for incoming in &proposal.incoming {
            self.by_path.entry(incoming.file.path.clone()).or_insert(at);
        }
        self.proposals.push(proposal);
        None
    }
}

fn collides(proposal: &Proposal, message: String) -> Finding {
    let message = format!("two packages that are offered collide: {message}");
    Finding::error("colliding-candidates", proposal.subject.as_str(), message)
        .fix("offer only one of them")
}

impl Admission {
    pub(super) fn take(&mut self, proposal: Proposal, lack: Lack) {
        let listed = proposal.listed();
        if lack.indices.is_empty() {
            self.unchanged.push(listed);
            for incoming in lack.files {
                let message = format!(
                    "{} is listed and was not in the pool: it is put back",
                    incoming.file.path
                );
                let subject = proposal.subject.as_str();
                let note = Finding::warning("pool-file-missing", subject, message);
                self.notes.push(note);
                self.pool.push(incoming);
            }
            return;
        }
        self.added.push(listed);
        self.notes.extend(proposal.notes);
        for index in lack.indices {
            let edit = self.edits.entry(index).or_default();
            edit.add.push(proposal.stanza.clone());
        }
        self.pool.extend(proposal.incoming);
        self.copies.extend(proposal.copies);
        self.lists.extend(proposal.list);
        self.translations.extend(proposal.translation);
    }
}

/// What an archive lacks of a proposal.
pub(super) struct Lack {
    /// The indices that do not list it.
    indices: Vec<IndexName>,
    /// The files that are not in the pool.
    files: Vec<Incoming>,
}

impl Lack {
    /// Says what a proposal that would come in lacks of what is demanded.
    pub(super) fn proof(
        &self,
        grounds: &Grounds,
        settings: &Settings,
        proposal: &Proposal,
    ) -> Vec<Finding> {
        match self.indices.is_empty() {
            true => Vec::new(),
            false => grounds.judge(&settings.demand, proposal),
        }
    }

    /// Says who should have signed a proposal that would come in.
    fn signature(
        &self,
        grounds: &Grounds,
        settings: &Settings,
        proposal: &Proposal,
    ) -> Option<Finding> {
        match self.indices.is_empty() {
            true => None,
            false => uploads::judge(&grounds.uploads, &settings.gates.uploaders, proposal),
        }
    }
}

/// Says that there is no such suite.
pub(super) fn no_such_suite(current: &Current) -> Finding {
    let message = "there is no such suite in the archive";
    Finding::error("no-such-suite", current.suite.as_str(), message)
        .fix("create the suite first, or name another one")
}

/// Says that the suite was observed for another question, as a reason like any
/// other: nothing is admitted without having looked.
pub(super) fn unread(error: &Unread) -> Finding {
    Finding::error("not-observed", error.suite.as_str(), error.to_string())
        .fix("this is a bug in debcut; please report it")
}

/// Judges a proposal by what the archive has; returns what lacks.
pub(super) fn judge(
    current: &Current,
    manifest: &Manifest,
    proposal: &Proposal,
    older: Older,
) -> Result<Lack, Finding> {
    let mut missing = Vec::new();
    for index in manifest.listings() {
        let own = proposal.indices.contains(&index.name);
        if !own && !proposal.indices.iter().any(|own| beside(own, &index.name)) {
            continue;
        }
        let versions = current.versions(index, proposal.stanza.name());
        let versions = versions.map_err(|error| unread(&error))?;
        if !own {
            elsewhere(proposal, index.name.component().as_str(), versions)?;
        } else if !listed(current, proposal, versions, older)? {
            missing.push(index.name.clone());
        }
    }
    if !missing.is_empty() {
        pool_is_free(current, proposal)?;
    }
    let mut files = proposal.incoming.clone();
    files.retain(|incoming| !current.pool.contains_key(&incoming.file.path));
    Ok(Lack {
        indices: missing,
        files,
    })
}

/// Tells whether hosts that read one index read the other one too.
fn beside(a: &IndexName, b: &IndexName) -> bool {
    match (a, b) {
        (
            IndexName::Packages {
                architecture: a, ..
            },
            IndexName::Packages {
                architecture: b, ..
            },
        ) => a == b,
        (IndexName::Sources { .. }, IndexName::Sources { .. }) => true,
        _ => false,
    }
}

/// Judges a proposal by the versions of its package in another component.
fn elsewhere(proposal: &Proposal, other: &str, versions: &[Stanza]) -> Result<(), Finding> {
    match versions.iter().find(|v| same_version(v, &proposal.stanza)) {
        None => Ok(()),
        Some(_) => {
            let own = &proposal.component;
            let message = format!("the suite has this version in {other}, it would go to {own}");
            let fix = format!("offer it for {other}, or remove it from there first");
            Err(Finding::error("in-another-component", proposal.subject.as_str(), message).fix(fix))
        }
    }
}

/// Judges a proposal by the versions of its package in one of its indices;
/// tells whether it is there already.
fn listed(
    current: &Current,
    proposal: &Proposal,
    versions: &[Stanza],
    older: Older,
) -> Result<bool, Finding> {
    let (stanza, suite) = (&proposal.stanza, &current.suite);
    let refuse = |rule, message: String| Finding::error(rule, proposal.subject.as_str(), message);
    if let Some(there) = versions.iter().find(|v| same_version(v, stanza)) {
        if there.architecture() != stanza.architecture() {
            let arch = there.architecture();
            let message = format!("{suite} has this version for the architecture {arch}");
            let fix = "give it a version of its own, or remove the other one first";
            return Err(refuse("same-version-other-architecture", message).fix(fix));
        }
        if !same_content(there, stanza) {
            let message = format!(
                "{suite} has {} {} with other content",
                there.name(),
                there.version()
            );
            let fix = "give it a new version: hosts that have the old one would never take it";
            return Err(refuse("same-version-other-content", message).fix(fix));
        }
        return Ok(true);
    }
    match versions.last() {
        Some(newest) if older == Older::Refuse && newest.version() > stanza.version() => {
            let message = format!("{suite} has {}, which is newer", newest.version());
            let fix = "give it a higher version, or, where that is meant, --allow-older";
            Err(refuse("older-version", message).fix(fix))
        }
        _ => Ok(false),
    }
}

/// Refuses a proposal whose place in the pool has other content: the pool is
/// shared by all suites, and its files never change.
fn pool_is_free(current: &Current, proposal: &Proposal) -> Result<(), Finding> {
    for incoming in &proposal.incoming {
        let file = &incoming.file;
        match current.pool.get(&file.path) {
            Some(there) if there.sha256 != file.sha256 => {
                let message = format!(
                    "{} is there with other content: sha256 {}, this one has {}",
                    file.path, there.sha256, file.sha256
                );
                let fix = "give it a new version, for another distribution one of its own \
                           (1.0-1+deb12u1), or keep that suite's files in a pool of its own \
                           (archive init --own-pool); if no suite has the other file, \
                           collecting garbage removes it";
                let subject = proposal.subject.as_str();
                return Err(Finding::error("pool-path-taken", subject, message).fix(fix));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Tells whether hosts would take two stanzas for the same version.
pub(super) fn same_version(a: &Stanza, b: &Stanza) -> bool {
    a.name() == b.name() && a.version().compare(b.version()) == Ordering::Equal
}

/// Tells whether two stanzas of one version stand for the same files. What else
/// they say can differ: only an upload knows a source package's section.
pub(super) fn same_content(a: &Stanza, b: &Stanza) -> bool {
    let digests = match a.kind() {
        Kind::Packages => "SHA256",
        Kind::Sources => "Checksums-Sha256",
    };
    a.paragraph().get(digests) == b.paragraph().get(digests)
}
