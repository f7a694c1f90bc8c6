//! Archives: made, added to, looked at. A publish that lost against another
//! one looks and plans again.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::FlowError;
use super::evidence::{self, Rules};
use super::paging;
use super::signing::{self, KeyWanted};
use crate::archive::gate::Way;
use crate::archive::manifest::{Index, Manifest};
use crate::archive::query;
use crate::archive::{
    Admission, Candidate, Current, Generation, Grounds, Older, Record, Removal, Settings, draft,
    layout, remove, settle,
};
use crate::format::index::Kind;
use crate::format::version::Version;
use crate::keys::{Ask, Choice};
use crate::model::{Component, Event, Finding, Fingerprint, Listener, PackageName, Suite};
use crate::publish::client::{ClientSources, file_uri};
use crate::publish::incoming::{self, Incoming};
use crate::publish::{
    self, Dating, Depth, PublishError, PublishPlan, Published, Question, observe,
    observe_generation,
};
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;
use crate::sys::files;
use crate::sys::openpgp::{Certificate, Keyring, Signers};
use crate::sys::outward::archive_place;
use crate::sys::store::{
    Condition, Content, DirectoryStore, Entry, FetchedStore, Guard, GuardedStore, Holder, S3Store,
    Store, StoreError,
};

/// How often a publish that lost is tried again before it is told so: each
/// time, somebody else's publish has succeeded.
const ATTEMPTS: usize = 10;

/// An archive and what working on it takes.
pub struct Desk<'a> {
    /// Where the archive is.
    pub store: Box<dyn Store>,
    /// The environment of the process.
    pub environment: &'a Environment,
    /// What tells the present moment.
    pub clock: Clock,
    /// What dates the generations that are made, and nothing else.
    pub dates: Clock,
    /// The key that the configuration names.
    pub configured_key: Option<String>,
    /// What the configuration demands of a publish.
    pub rules: Rules,
    /// How long to wait for another publisher.
    pub wait: Duration,
    /// Who works: recorded in each generation.
    pub who: String,
    /// The command as it was given: recorded in each generation.
    pub command: String,
    /// Who hears of progress.
    pub listener: &'a dyn Listener,
}

/// How a change of a suite is signed, and whether it is made at all.
pub struct Act<'a> {
    /// Which key signs.
    pub key: KeyWanted,
    /// Asks for its passphrase.
    pub ask: &'a mut Ask<'a>,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
    /// Why it is made, for the history.
    pub reason: Option<String>,
}

/// What came of a change.
#[derive(Debug)]
pub enum Outcome {
    /// Not done, for these reasons.
    Refused(Vec<Finding>),
    /// This would be done.
    Planned(Box<PublishPlan>, Vec<Finding>),
    /// There is nothing to change.
    Unchanged(Box<Current>, Vec<Finding>),
    /// Done.
    Done(Box<Published>, Vec<Finding>),
}

/// Opens an archive by its location: a directory, or a part of a bucket. What
/// is written to it passes the gate.
pub fn open_store(
    location: &str,
    directory: &Path,
    environment: &Environment,
) -> Result<Box<dyn Store>, FlowError> {
    let store = open_unguarded(location, directory, environment)?;
    let place = archive_place(location, directory);
    let guarded = GuardedStore::new(store, environment.gate(), place)?;
    Ok(Box::new(guarded))
}

fn open_unguarded(
    location: &str,
    directory: &Path,
    environment: &Environment,
) -> Result<Box<dyn Store>, FlowError> {
    if S3Store::is_s3(location) {
        let store = S3Store::new(location, environment, layout::freshness)?;
        return Ok(Box::new(store));
    }
    if let Some(root) = location
        .strip_prefix("file:")
        .and(local_directory(location, directory))
    {
        return Ok(Box::new(DirectoryStore::new(root)));
    }
    if let Some((scheme, _)) = location.split_once("://") {
        if scheme != "file" {
            return Err(FlowError::UnsupportedLocation {
                location: location.to_owned(),
            });
        }
        return Ok(Box::new(DirectoryStore::new(
            location.trim_start_matches("file://"),
        )));
    }
    Ok(Box::new(DirectoryStore::new(directory.join(location))))
}

/// Returns the directory that a location is, where it is one.
pub fn local_directory(location: &str, directory: &Path) -> Option<PathBuf> {
    match location.strip_prefix("file:") {
        Some(path) => Some(PathBuf::from(format!("/{}", path.trim_start_matches('/')))),
        None if location.contains("://") => None,
        None => Some(directory.join(location)),
    }
}

/// Opens an archive that is only read: also one on a web server.
pub fn open_to_read(
    location: &str,
    directory: &Path,
    environment: &Environment,
) -> Result<Box<dyn Store>, FlowError> {
    if FetchedStore::is_url(location) {
        let store = FetchedStore::new(location).map_err(files::failed(
            "keep what is fetched from",
            Path::new(location),
        ))?;
        return Ok(Box::new(store));
    }
    open_store(location, directory, environment)
}

impl Drop for Desk<'_> {
    /// Tells what the store was asked for, to whoever wants to know all.
    fn drop(&mut self) {
        if let Some(traffic) = self.store.traffic() {
            self.listener.hear(Event::Output(traffic));
        }
    }
}

/// A change of a suite that may happen.
pub(super) enum Change {
    /// Of its packages or settings, by the rules of admission.
    Admitted(Box<Admission>),
    /// To a generation that is known already, if there is anything to change.
    Made(Option<Box<Generation>>),
    /// To one without what must not exist: also where nothing else may change.
    Purged(Option<Box<Generation>>),
}

impl Change {
    /// Returns the keys that sign beside the chosen one afterwards.
    fn signers(&self) -> &[Fingerprint] {
        match self {
            Self::Admitted(admission) => &admission.settings().signers,
            Self::Made(Some(next)) | Self::Purged(Some(next)) => &next.settings.signers,
            Self::Made(None) | Self::Purged(None) => &[],
        }
    }

    fn notes(&self) -> &[Finding] {
        match self {
            Self::Admitted(admission) => admission.notes(),
            Self::Made(_) | Self::Purged(_) => &[],
        }
    }
}

/// The suite as it is, and whether it may change as it is asked to.
pub(super) struct Judged {
    pub(super) current: Current,
    pub(super) answer: Result<Change, Vec<Finding>>,
    /// Generations of this archive that have much of what comes.
    pub(super) donors: Vec<Manifest>,
    /// Whether it takes up what nothing may need any more: then it is judged
    /// once more when that is sure to stay.
    pub(super) revives: bool,
}

impl Judged {
    pub(super) fn new(current: Current, answer: Result<Admission, Vec<Finding>>) -> Self {
        let answer = answer.map(|admission| Change::Admitted(Box::new(admission)));
        Self::of(current, answer)
    }

    /// Takes any change; one of a snapshot is refused.
    pub(super) fn of(current: Current, answer: Result<Change, Vec<Finding>>) -> Self {
        let origin = current
            .manifest()
            .and_then(|m| m.settings.snapshot_of.as_ref());
        let frozen = origin.map(|origin| {
            let (suite, number) = (&origin.suite, origin.generation.number);
            let message = format!("it is a snapshot of {suite}@{number}, which never changes");
            let copy = format!(
                "debcut archive copy {} NEW makes a suite of it",
                current.suite
            );
            Finding::error("snapshot", current.suite.as_str(), message).fix(copy)
        });
        let changes = matches!(answer, Ok(Change::Admitted(_) | Change::Made(Some(_))));
        let answer = match frozen.filter(|_| changes) {
            Some(finding) => Err(vec![finding]),
            None => answer,
        };
        Self {
            current,
            answer,
            donors: Vec::new(),
            revives: false,
        }
    }

    /// Tells whether what comes is of an older generation.
    pub(super) fn reviving(mut self, revives: bool) -> Self {
        self.revives = revives;
        self
    }

    /// Names generations that have much of what comes.
    pub(super) fn with_donors(mut self, donors: impl IntoIterator<Item = Manifest>) -> Self {
        self.donors.extend(donors);
        self
    }
}

/// Who signs a change.
struct Party {
    choice: Choice,
    beside: Vec<Choice>,
    /// Their keys, the chosen one first.
    keys: Vec<Fingerprint>,
}

/// What a judged change leads to.
enum Next {
    /// Nowhere, for these reasons.
    Refused(Vec<Finding>),
    /// To what is there already.
    Same(Box<Current>),
    /// To another generation.
    Other(Box<Generation>),
}

/// So many packages are forgotten once they are judged, and read again in the
/// rare case that somebody else was faster: 60,000 take 130 MB.
const TOO_MANY_TO_KEEP: usize = 1000;

impl Desk<'_> {
    pub(super) fn lock(&self) -> Result<Guard, FlowError> {
        let holder = Holder {
            pid: std::process::id(),
            host: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            since: self.clock.now(),
            command: self.command.clone(),
        };
        let told = |other: &Holder| self.listener.note(format!("waiting for {other}"));
        let guard = self.store.lock(&holder, self.wait, &told)?;
        if let Some(caution) = self.store.caution() {
            self.listener.warn(caution);
        }
        if guard.excludes() {
            // Whoever was deleting before us is dead.
            publish::abandon(self.store.as_ref())?;
        }
        Ok(guard)
    }

    /// Creates a suite, or gives one that is there what it lacks. `adjust`
    /// makes the wanted settings of those there are.
    pub fn settle(
        &self,
        suite: &Suite,
        adjust: &dyn Fn(Option<&Settings>) -> Settings,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        self.change(suite, act, &[], &|| {
            let current = observe(self.store.as_ref(), suite, Question::Whole)?;
            let before = current.manifest().map(|manifest| &manifest.settings);
            let admission = settle(&current, &adjust(before));
            Ok(Judged::new(current, admission))
        })
    }

    /// Adds packages to a suite: all of them or none.
    pub fn add(
        &self,
        paths: &[PathBuf],
        suite: &Suite,
        component: Option<&Component>,
        older: Older,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        let keyring = self.keyring()?;
        let reader = incoming::Reader {
            keyring: &keyring,
            component,
            now: self.clock.now(),
            listener: self.listener,
        };
        let Incoming {
            candidates,
            mut findings,
            distributions,
            proofs,
            evidence,
            uncounted,
            uploads,
        } = incoming::read(paths, &reader)?;
        for meant in distributions {
            if meant != suite.as_str() && meant != "UNRELEASED" {
                let note = format!("an upload is meant for {meant}; it goes to {suite}, as asked");
                self.listener.note(note);
            }
        }
        if act.dry_run {
            findings.extend(not_admitted(self.store.as_ref(), &candidates));
        }
        let grounds = Grounds {
            evidence,
            demand: self.rules.demand.clone(),
            uploads,
        };
        let judged = |candidates: &[Candidate]| -> Result<_, PublishError> {
            let question = Question::Candidates(candidates);
            let current = observe(self.store.as_ref(), suite, question)?;
            let draft = draft(&current, candidates, older, &grounds);
            let answer = self.gated(&current, draft, Way::In)?;
            Ok((current, answer))
        };
        if findings.iter().any(Finding::is_error) {
            // Everything that is wrong is told at once.
            let (_, answer) = judged(&candidates)?;
            findings.extend(answer.err().unwrap_or_default());
            return Ok(Outcome::Refused(findings));
        }
        let offered = RefCell::new(Some(candidates));
        self.change(suite, act, &findings, &|| {
            let candidates = match offered.take() {
                Some(candidates) => candidates,
                None => {
                    (incoming::read(paths, &reader))
                        .map_err(|error| StoreError::Local {
                            file: error.path,
                            source: error.source,
                        })?
                        .candidates
                }
            };
            let (current, answer) = judged(&candidates)?;
            let admission = match answer {
                Ok(admission) => {
                    let store = self.store.as_ref();
                    let (there, offered) = evidence::joined(store, &current, proofs.clone())?;
                    Ok(admission.with_proofs(&there, offered))
                }
                // Where attestations are missed, those that do not count matter.
                Err(reasons) => Err([reasons, uncounted.clone()].concat()),
            };
            if candidates.len() < TOO_MANY_TO_KEEP {
                offered.replace(Some(candidates));
            }
            Ok(Judged::new(current, admission))
        })
    }

    /// Removes packages from a suite: all of them or none.
    pub fn remove(
        &self,
        removals: &[Removal],
        suite: &Suite,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        let names: Vec<_> = removals
            .iter()
            .map(|removal| removal.name.clone())
            .collect();
        self.change(suite, act, &[], &|| {
            let current = observe(self.store.as_ref(), suite, Question::Packages(&names))?;
            let admission = match remove(&current, removals) {
                Ok(admission) => self.gated(&current, admission.into(), Way::Out)?,
                Err(findings) => Err(findings),
            };
            Ok(Judged::new(current, admission))
        })
    }

    /// Makes one generation of what `admitted` finds, and makes it again when
    /// somebody else was faster.
    pub(super) fn change(
        &self,
        suite: &Suite,
        act: &mut Act<'_>,
        remarks: &[Finding],
        admitted: &dyn Fn() -> Result<Judged, PublishError>,
    ) -> Result<Outcome, FlowError> {
        let (judged, records) = self.judge(admitted)?;
        let change = match &judged.answer {
            Ok(change) => change,
            Err(findings) => {
                return Ok(Outcome::Refused([remarks, findings].concat()));
            }
        };
        let findings = [remarks, change.notes()].concat();
        let party = self.party(&judged, &act.key, None)?;
        if let Some(finding) = self.rules.publisher(suite, &party.keys[0]) {
            return Ok(Outcome::Refused([findings, vec![finding]].concat()));
        }
        if act.dry_run {
            let record = self.record(party.choice.certificate(), act.reason.clone());
            return Ok(match self.next(judged, record)? {
                Next::Refused(findings) => Outcome::Refused(findings),
                Next::Same(current) => Outcome::Unchanged(current, findings),
                Next::Other(next) => Outcome::Planned(Box::new(publish::plan(*next)), findings),
            });
        }
        let _guard = self.lock()?;
        // Also where nothing is to be changed, what a crash left is completed.
        let there = publish::recover(self.store.as_ref(), suite)?;
        let base = there.map(|there| there.head.generation);
        if judged.revives {
            publish::spare_all(self.store.as_ref(), self.clock.now())?;
        }
        // Nobody was faster, and nothing was destroyed: what was judged before
        // the wait still holds.
        let holds = base == judged.current.base()
            && !judged.revives
            && publish::purge_records(self.store.as_ref())? == records;
        let mut told = party.keys[0].clone();
        let mut earlier = holds.then_some((judged, party));
        let mut signers: Option<(Vec<Fingerprint>, Signers)> = None;
        for attempt in 1.. {
            let (judged, party) = match earlier.take() {
                Some(earlier) => earlier,
                None => {
                    let (judged, _) = self.judge(admitted)?;
                    // Who signs may have changed with the suite.
                    let party = self.party(&judged, &act.key, Some(&told))?;
                    if let Some(finding) = self.rules.publisher(suite, &party.keys[0]) {
                        return Ok(Outcome::Refused([findings, vec![finding]].concat()));
                    }
                    told = party.keys[0].clone();
                    (judged, party)
                }
            };
            let record = self.record(party.choice.certificate(), act.reason.clone());
            let next = match self.next(judged, record)? {
                Next::Refused(findings) => return Ok(Outcome::Refused(findings)),
                Next::Same(current) => {
                    if let Some(manifest) = current.manifest() {
                        paging::after_publish(self, &manifest.settings);
                    }
                    return Ok(Outcome::Unchanged(current, findings));
                }
                Next::Other(next) => next,
            };
            let Party {
                choice,
                beside,
                keys,
            } = party;
            if signers.as_ref().is_none_or(|(known, _)| *known != keys) {
                let all = signing::all_unlocked(choice, beside, self.clock.now(), act.ask)?;
                for certificate in all.certificates() {
                    self.keep_certificate(&certificate)?;
                }
                signers = Some((keys, all));
            }
            let (_, seal) = signers.as_ref().expect("they were unlocked");
            let plan = publish::plan(*next);
            // Asked only now: the wait for another publisher may have been long.
            let when = self.dating();
            if plan.base().is_none() {
                self.explain()?;
            }
            match publish::apply(self.store.as_ref(), &plan, seal, when, self.listener) {
                Ok(published) => {
                    paging::after_publish(self, &plan.next().settings);
                    return Ok(Outcome::Done(Box::new(published), findings));
                }
                Err(error) if error.is_lost_race() && attempt < ATTEMPTS => {
                    self.listener
                        .note(format!("{suite} has changed meanwhile; planning again"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        unreachable!("the last attempt returns")
    }

    /// Judges a change; also returns what had been destroyed before.
    fn judge(
        &self,
        admitted: &dyn Fn() -> Result<Judged, PublishError>,
    ) -> Result<(Judged, Vec<Entry>), FlowError> {
        // First: what is destroyed meanwhile is not among these.
        let records = publish::purge_records(self.store.as_ref())?;
        let mut judged = admitted()?;
        if let Ok(Change::Admitted(admission)) = &judged.answer {
            let purged = publish::purged(&records, admission);
            if !purged.is_empty() {
                judged.answer = Err(purged);
            }
        }
        Ok((judged, records))
    }

    /// Finds who signs a judged change; `told` is the key that was spoken of.
    fn party(
        &self,
        judged: &Judged,
        wanted: &KeyWanted,
        told: Option<&Fingerprint>,
    ) -> Result<Party, FlowError> {
        let another = judged.donors.first();
        let (choice, caution) = self.choice(&judged.current, another, wanted)?;
        let certificate = choice.certificate();
        if let Some(caution) = caution.filter(|_| told != Some(certificate.fingerprint())) {
            self.listener.warn(caution);
        }
        let signers = judged.answer.as_ref().map_or(&[][..], Change::signers);
        let now = self.clock.now();
        let beside = signing::beside(self.environment, signers, certificate, now)?;
        let mut keys = vec![certificate.fingerprint().clone()];
        let others = beside.iter().map(Choice::certificate);
        keys.extend(others.map(|other| other.fingerprint().clone()));
        Ok(Party {
            choice,
            beside,
            keys,
        })
    }

    /// Returns when what is published now is published, and its date.
    pub(super) fn dating(&self) -> Dating {
        Dating {
            now: self.clock.now(),
            date: self.dates.now(),
        }
    }

    /// Returns what a judged change leads to.
    fn next(&self, judged: Judged, record: Record) -> Result<Next, FlowError> {
        let Judged {
            current,
            answer,
            donors,
            ..
        } = judged;
        let next = match answer {
            Ok(Change::Admitted(admission)) => {
                let donors: Vec<_> = donors.iter().collect();
                publish::next(self.store.as_ref(), &current, *admission, &donors, record)?
            }
            Ok(Change::Made(next) | Change::Purged(next)) => {
                next.map(|next| Generation { record, ..*next })
            }
            Err(findings) => return Ok(Next::Refused(findings)),
        };
        Ok(match next {
            Some(next) => Next::Other(Box::new(next)),
            None => Next::Same(Box::new(current)),
        })
    }

    pub(super) fn record(&self, certificate: &Certificate, why: Option<String>) -> Record {
        Record {
            who: self.who.clone(),
            why,
            command: self.command.clone(),
            key: Some(certificate.fingerprint().to_string()),
        }
    }

    /// Chooses the key: the one that is asked for, else CI's, else the
    /// configured one, else the one that the suite was signed with before,
    /// which its clients know.
    ///
    /// A suite that is made of `another` one is signed as that is.
    pub(super) fn key(
        &self,
        current: &Current,
        another: Option<&Manifest>,
        wanted: &KeyWanted,
    ) -> Result<Choice, FlowError> {
        let (choice, caution) = self.choice(current, another, wanted)?;
        if let Some(caution) = caution {
            self.listener.warn(caution);
        }
        Ok(choice)
    }

    /// Chooses the key; says where clients may not know it.
    fn choice(
        &self,
        current: &Current,
        another: Option<&Manifest>,
        wanted: &KeyWanted,
    ) -> Result<(Choice, Option<String>), FlowError> {
        let before = current.manifest().or(another);
        let before = before.and_then(|manifest| manifest.record.key.clone());
        let usual = self.configured_key.as_deref().or(before.as_deref());
        let choice = signing::chosen(self.environment, wanted, usual, self.clock.now())?;
        let choice = choice.ok_or(FlowError::UnsignedArchive)?;
        let fingerprint = choice.certificate().fingerprint();
        let known = current.manifest().is_some_and(|manifest| {
            let signers = &manifest.settings.signers;
            signers.contains(fingerprint)
        });
        let other = before.filter(|before| before != fingerprint.as_str() && !known);
        let caution = other.map(|before| {
            format!(
                "{} was signed with {before} and will be with {fingerprint}: \
                 clients that trust only the former refuse it",
                current.suite
            )
        });
        Ok((choice, caution))
    }

    /// Leaves word for whoever finds the archive without debcut.
    pub(super) fn explain(&self) -> Result<(), FlowError> {
        let text = Content::Bytes(layout::EXPLANATION.as_bytes());
        let path = layout::explanation();
        self.store.write(&path, text, &Condition::Always)?;
        Ok(())
    }

    /// Keeps the certificate that clients need in the archive itself.
    pub(super) fn keep_certificate(&self, certificate: &Certificate) -> Result<(), FlowError> {
        let path = layout::certificate(certificate.fingerprint());
        let text = certificate.armored();
        self.store
            .write(&path, Content::Bytes(text.as_bytes()), &Condition::Always)?;
        Ok(())
    }

    /// Returns the certificates that suites were signed with.
    pub fn certificates(&self) -> Result<Vec<Certificate>, FlowError> {
        let mut found = Vec::new();
        for entry in self.store.list(&layout::certificates())? {
            let bytes = self.store.read(&entry.path)?.unwrap_or_default();
            // One that is damaged verifies nothing; the check says what lacks.
            found.extend(Certificate::parse_all(&bytes).unwrap_or_default());
        }
        Ok(found)
    }

    /// Returns what a client needs to use these suites, or all of them.
    pub fn client_sources(&self, suites: &[Suite]) -> Result<ClientSources, FlowError> {
        let suites = if suites.is_empty() {
            self.suites()?
        } else {
            suites.to_vec()
        };
        let mut sources = ClientSources::new(file_uri(&self.store.place()));
        let certificates = self.certificates()?;
        for suite in suites {
            let current = self.look(&suite, None, Question::Manifest)?;
            let manifest = current
                .manifest()
                .expect("a suite that is there has a manifest");
            let listed = |index: &Index| index.name.kind() == Some(Kind::Sources) && index.size > 0;
            let has_sources = manifest.indices.iter().any(listed);
            let mut keys = Vec::new();
            for fingerprint in manifest.signers() {
                let known = certificates
                    .iter()
                    .find(|certificate| certificate.fingerprint().as_str() == fingerprint);
                keys.push(known.cloned().ok_or_else(|| FlowError::NoCertificate {
                    place: self.store.place(),
                    suite: suite.to_string(),
                })?);
            }
            let components = &manifest.settings.components;
            sources.add(suite, components, has_sources, &keys);
        }
        Ok(sources)
    }

    /// Lists suites; an archive without any is none.
    pub fn suites(&self) -> Result<Vec<Suite>, FlowError> {
        let suites = publish::suites(self.store.as_ref())?;
        if suites.is_empty() {
            return Err(FlowError::NoArchive {
                place: self.store.place(),
            });
        }
        Ok(suites)
    }

    /// Looks at a suite, or at one of its earlier generations.
    pub fn look(
        &self,
        suite: &Suite,
        number: Option<u64>,
        question: Question<'_>,
    ) -> Result<Current, FlowError> {
        let known = self.suites()?;
        if !known.contains(suite) {
            return Err(FlowError::NoSuite {
                place: self.store.place(),
                wanted: suite.to_string(),
                known: known.iter().map(ToString::to_string).collect(),
            });
        }
        match number {
            None => Ok(observe(self.store.as_ref(), suite, question)?),
            Some(number) => {
                let found = observe_generation(self.store.as_ref(), suite, number, question)?;
                match found {
                    Some(found) => Ok(found),
                    None => Err(self.no_generation(suite, &number.to_string())?),
                }
            }
        }
    }

    /// Returns every stanza of a package in a suite, with its index.
    pub fn show(
        &self,
        suite: &Suite,
        name: &PackageName,
    ) -> Result<Vec<(String, String)>, FlowError> {
        let names = std::slice::from_ref(name);
        let current = self.look(suite, None, Question::Packages(names))?;
        let found = query::show(&current, name).map_err(PublishError::from)?;
        let stanza = |(index, stanza): (&layout::IndexName, &crate::format::index::Stanza)| {
            (index.to_string(), stanza.text().to_owned())
        };
        Ok(found.into_iter().map(stanza).collect())
    }

    /// Completes what a killed publish left between a suite's head and what
    /// clients read.
    pub fn complete(&self, suite: &Suite) -> Result<(), FlowError> {
        let _guard = self.lock()?;
        publish::recover(self.store.as_ref(), suite)?;
        Ok(())
    }

    /// Tells whether a kept generation of a suite has a package in this version.
    pub fn had(
        &self,
        suite: &Suite,
        name: &PackageName,
        version: &Version,
    ) -> Result<bool, FlowError> {
        let mut found = false;
        let names = std::slice::from_ref(name);
        publish::history(self.store.as_ref(), suite, names, &mut |current| {
            let stanzas = query::show(current, name)?;
            found = stanzas
                .iter()
                .any(|(_, stanza)| stanza.version() == version);
            Ok(match found {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        })?;
        Ok(found)
    }

    /// Checks all suites, also those that have nothing but what clients read;
    /// returns the others with the findings.
    pub fn check_all(
        &self,
        depth: Depth,
        more: Vec<Certificate>,
    ) -> Result<(Vec<Suite>, Vec<Finding>), FlowError> {
        let lost = publish::lost_heads(self.store.as_ref())?;
        // Where we have left a certificate, there is an archive of ours.
        let suites = match !lost.is_empty() && !self.certificates()?.is_empty() {
            true => publish::suites(self.store.as_ref())?,
            false => self.suites()?,
        };
        let mut findings = self.check(&suites, depth, more)?;
        findings.extend(lost);
        Ok((suites, findings))
    }

    /// Checks suites against what clients and we were promised. Signatures
    /// count by the user's keys and by `more`; only where neither knows the
    /// signer, by the certificate that the archive itself holds.
    pub fn check(
        &self,
        suites: &[Suite],
        depth: Depth,
        more: Vec<Certificate>,
    ) -> Result<Vec<Finding>, FlowError> {
        let mut certificates = signing::keyring(self.environment)?.certificates().to_vec();
        certificates.extend(more);
        for own in self.certificates()? {
            if certificates
                .iter()
                .all(|known| known.fingerprint() != own.fingerprint())
            {
                self.listener.note(format!(
                    "the key {} is known from the archive itself alone: \
                     --keyring FILE checks against one you trust",
                    own.fingerprint()
                ));
                certificates.push(own);
            }
        }
        let keyring = Keyring::new(certificates);
        let store = self.store.as_ref();
        Ok(publish::check(
            store,
            suites,
            depth,
            &keyring,
            self.clock.now(),
            self.listener,
        )?)
    }
}

/// Finds the first of what is offered that an embargo keeps from a store: where
/// nothing is written, nothing else asks it.
fn not_admitted(store: &dyn Store, candidates: &[Candidate]) -> Option<Finding> {
    candidates.iter().find_map(|candidate| {
        let sha256 = match candidate {
            Candidate::Binary(binary) => &binary.sha256,
            Candidate::Source(source) => &source.digests.sha256,
        };
        let error = store.admits(Some(sha256)).err()?;
        let why = format!("{error}; this is only a plan");
        Some(Finding::warning("embargoed", candidate.subject(), why))
    })
}
