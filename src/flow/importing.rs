//! Archives of other programs, taken over with the paths of their files: into
//! another archive, or in place.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::FlowError;
use super::archiving::{Act, Desk, Judged, Outcome};
use super::signing;
use crate::archive::import::take_over;
use crate::archive::layout::{self, IndexName};
use crate::archive::settings::{Descriptions, StatedSuite};
use crate::archive::{Admission, Current, Settings};
use crate::format::index::Stanza;
use crate::format::index::contents::FileList;
use crate::format::index::translation::Translation;
use crate::model::{ArchivePath, FileDigests, Finding, Fingerprint, Sha256, Suite, Timestamp};
use crate::publish::import::{self, ForeignSuite, Hashing, Journal, Lists, Reading};
use crate::publish::{self, Question, observe, read_manifest};
use crate::sys::openpgp::{Certificate, Keyring};
use crate::sys::store::{Condition, Content, DirectoryStore, Linked, Store};

/// A suite that is wanted, and the name it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// The suite at a path below `dists/`.
    Suite {
        /// Its path in the old archive.
        from: Suite,
        /// Its path in ours.
        to: Suite,
    },
    /// A flat repository, `Packages` beside the packages.
    Flat {
        /// Its directory below the old archive's root; empty for that itself.
        below: String,
        /// The name it gets.
        to: Suite,
    },
}

/// What becomes of packages whose files are missing or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damaged {
    /// Nothing is taken over.
    Refuse,
    /// They are left out, and named.
    LeaveOut,
}

/// Whether clients in place may meet another key than the one they trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChange {
    /// They may not.
    Refuse,
    /// They have been told.
    Allow,
}

/// What is to be taken over.
pub struct Import<'a> {
    /// The old archive.
    pub from: Box<dyn Store>,
    /// Its directory, where it is one.
    pub from_root: Option<PathBuf>,
    /// Our directory, where it is one.
    pub to_root: Option<PathBuf>,
    /// The suites.
    pub wishes: Vec<Wish>,
    /// Whose signatures count.
    pub keyring: Option<Keyring>,
    /// The keys that sign beside the chosen one.
    pub also: Vec<Fingerprint>,
    /// Whether the suites get `Contents`.
    pub contents: bool,
    /// What becomes of damaged packages.
    pub damaged: Damaged,
    /// Whether another key may sign.
    pub key_change: KeyChange,
    /// Says when to stop.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// What came of an import.
#[derive(Debug, Default)]
pub struct Imported {
    /// Each suite.
    pub suites: Vec<(Suite, Outcome)>,
    /// How many files its packages have.
    pub files: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

/// Whether clients know a suite by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    /// As the old archive had it.
    Kept,
    /// It gets this one now.
    New,
}

/// A suite that was read, with complete stanzas.
struct Ready {
    suite: Suite,
    settings: Settings,
    date: Option<Timestamp>,
    signer: Option<String>,
    stanzas: BTreeMap<IndexName, Vec<Stanza>>,
    lists: BTreeMap<Sha256, FileList>,
    translations: BTreeSet<Translation>,
}

impl Ready {
    fn admission(&self, current: &Current) -> Result<Admission, Vec<Finding>> {
        let admission = take_over(current, &self.settings, &self.stanzas, &self.translations)?;
        Ok(admission.with_lists(self.lists.clone()))
    }
}

impl Import<'_> {
    /// Tells whether the old archive becomes ours where it is.
    pub fn is_in_place(&self) -> bool {
        let real = |path: &Option<PathBuf>| path.as_deref().and_then(|p| p.canonicalize().ok());
        real(&self.from_root).is_some_and(|from| Some(from) == real(&self.to_root))
    }

    fn settings(&self, foreign: &ForeignSuite, name: Name, to: &Suite) -> Settings {
        let indices: Vec<_> = foreign.indices.keys().cloned().collect();
        let mut settings = foreign.release.settings(to, &indices);
        if name == Name::New {
            // No client knows it yet, and apt warns where neither is the one asked for.
            settings.stated = StatedSuite::OfPath;
            settings.codename = Some(to.to_string());
        }
        if !self.contents {
            settings.contents.clear();
        }
        settings.signers = self.also.clone();
        if !foreign.translations.is_empty() {
            settings.descriptions = Descriptions::InTranslation;
        }
        settings
    }
}

impl Desk<'_> {
    /// Finds the suites of another archive, where it can be listed.
    pub fn foreign_suites(&self, from: &dyn Store) -> Result<Vec<Suite>, FlowError> {
        Ok(import::suites(from)?)
    }

    /// Takes suites over: all of them or none, up to the moment when the first
    /// one is published.
    pub fn import(&self, import: &Import<'_>, act: &mut Act<'_>) -> Result<Imported, FlowError> {
        let mut imported = Imported::default();
        let (mut findings, mut read) = (Vec::new(), Vec::new());
        let reading = Reading {
            from: import.from.as_ref(),
            keyring: import.keyring.as_ref(),
            listener: self.listener,
        };
        for wish in &import.wishes {
            let (Wish::Suite { to, .. } | Wish::Flat { to, .. }) = wish;
            if import.is_in_place() && self.store.size(&layout::head(to))?.is_some() {
                // It is ours already.
                self.complete(to)?;
                let outcome = self.signed_also(to, &import.also, act)?;
                imported.suites.push((to.clone(), outcome));
                continue;
            }
            match wish {
                Wish::Suite { from, .. } => {
                    let name = match from == to {
                        true => Name::Kept,
                        false => Name::New,
                    };
                    read.push((to, name, import::read(&reading, from)?));
                }
                Wish::Flat { below, .. } => match import::flat(&reading, below, to)? {
                    Some(flat) => read.push((to, Name::New, flat)),
                    None => {
                        let message = "there is no Packages in it";
                        let subject = format!("{}/{below}", import.from.place());
                        findings.push(Finding::error("nothing-to-import", subject, message));
                    }
                },
            }
        }
        for (_, _, foreign) in &mut read {
            findings.append(&mut foreign.findings);
        }
        let wanted = wanted(read.iter().map(|(_, _, foreign)| foreign), &mut findings);
        let journal = match (act.dry_run, self.environment.data_home()) {
            (false, Some(home)) => Some(Journal::open(journal(&home, import, self))?),
            _ => None,
        };
        let hashed = import::hash(
            &Hashing {
                from: import.from.as_ref(),
                root: import.from_root.clone(),
                journal: journal.as_ref(),
                lists: match (import.contents, act.dry_run) {
                    (false, _) => Lists::Unwanted,
                    (true, false) => Lists::Kept(self.store.as_ref()),
                    (true, true) => Lists::Returned,
                },
                stop: import.stop,
                listener: self.listener,
            },
            &wanted,
        )?;
        if hashed.stopped {
            return Err(FlowError::ImportStopped);
        }
        findings.extend(hashed.findings);
        if !import.is_in_place() {
            findings.extend(self.taken_paths(import, &hashed.files, journal.as_ref())?);
        }
        let mut ready = Vec::new();
        for (to, name, mut foreign) in read {
            ready.push(Ready {
                suite: to.clone(),
                settings: import.settings(&foreign, name, to),
                translations: std::mem::take(&mut foreign.translations),
                date: foreign.release.date,
                signer: foreign.signer.clone(),
                stanzas: complete(foreign, &hashed.files, &mut findings),
                lists: hashed.lists.clone(),
            });
        }
        if import.damaged == Damaged::LeaveOut {
            findings.iter_mut().for_each(left_out);
        }
        let findings = self.judged(import, &ready, findings, act)?;
        if findings.iter().any(Finding::is_error) {
            let first = import.wishes.first().map(|wish| match wish {
                Wish::Suite { to, .. } | Wish::Flat { to, .. } => to.clone(),
            });
            let suite = ready.first().map(|ready| ready.suite.clone()).or(first);
            let refused = Outcome::Refused(findings);
            imported.suites.extend(suite.map(|suite| (suite, refused)));
            return Ok(imported);
        }
        imported.files = hashed.files.len();
        imported.bytes = hashed.files.values().map(|found| found.size).sum();
        if !act.dry_run && !import.is_in_place() {
            self.place(import, &hashed.files, journal.as_ref())?;
        }
        let mut remarks = findings;
        for ready in ready {
            let remarks = std::mem::take(&mut remarks);
            let outcome = self.publish_import(import, &ready, &remarks, act)?;
            let refused = matches!(outcome, Outcome::Refused(_));
            imported.suites.push((ready.suite, outcome));
            if refused {
                return Ok(imported);
            }
        }
        if let Some(journal) = journal {
            journal.remove();
        }
        Ok(imported)
    }

    /// Lets more keys sign a suite that was taken over before.
    fn signed_also(
        &self,
        suite: &Suite,
        also: &[Fingerprint],
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        let current = self.look(suite, None, Question::Manifest)?;
        let there = current.manifest().expect("it is there").settings.clone();
        let lacks = |key: &&Fingerprint| !there.signers.contains(key);
        let more: Vec<_> = also.iter().filter(lacks).cloned().collect();
        if more.is_empty() {
            return Ok(Outcome::Unchanged(Box::new(current), Vec::new()));
        }
        let adjust = |before: Option<&Settings>| {
            let mut settings = before.unwrap_or(&there).clone();
            for key in &more {
                if !settings.signers.contains(key) {
                    settings.signers.push(key.clone());
                }
            }
            settings
        };
        self.settle(suite, &adjust, act)
    }

    /// Asks what stands against each suite before anything is written.
    fn judged(
        &self,
        import: &Import<'_>,
        ready: &[Ready],
        mut findings: Vec<Finding>,
        act: &Act<'_>,
    ) -> Result<Vec<Finding>, FlowError> {
        for ready in ready {
            let current = match import.is_in_place() {
                true => import::look(&ready.suite),
                false => observe(self.store.as_ref(), &ready.suite, Question::Whole)?,
            };
            let reasons = ready.admission(&current).err();
            findings.extend(reasons.unwrap_or_default());
            let Some(signer) = &ready.signer else {
                continue;
            };
            let chosen = self.key(&current, None, &act.key)?;
            let now = self.clock.now();
            let signers = &ready.settings.signers;
            let beside = signing::beside(self.environment, signers, chosen.certificate(), now)?;
            let mut ours = beside
                .iter()
                .chain([&chosen])
                .map(|choice| choice.certificate());
            if !ours.any(|own| is_of(own, signer)) {
                findings.push(other_key(import, ready, signer));
            }
        }
        let mut seen = BTreeSet::new();
        findings.retain(|f| seen.insert((f.rule, f.subject.clone(), f.message.clone())));
        Ok(findings)
    }

    /// Publishes one suite.
    fn publish_import(
        &self,
        import: &Import<'_>,
        ready: &Ready,
        remarks: &[Finding],
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        let suite = &ready.suite;
        if !import.is_in_place() {
            return self.change(suite, act, remarks, &|| {
                let current = observe(self.store.as_ref(), suite, Question::Whole)?;
                let answer = ready.admission(&current);
                Ok(Judged::new(current, answer))
            });
        }
        let current = import::look(suite);
        match ready.admission(&current) {
            Err(findings) => Ok(Outcome::Refused([remarks, &findings].concat())),
            Ok(admission) => self.adopt(ready, &admission, remarks, act),
        }
    }

    /// Publishes a suite where another program has published it.
    fn adopt(
        &self,
        ready: &Ready,
        admission: &Admission,
        remarks: &[Finding],
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        let (suite, store) = (&ready.suite, self.store.as_ref());
        let current = import::look(suite);
        let now = self.clock.now();
        let chosen = self.key(&current, None, &act.key)?;
        let certificate = chosen.certificate().clone();
        let signers = &admission.settings().signers;
        let beside = signing::beside(self.environment, signers, &certificate, now)?;
        let findings = [remarks, admission.notes()].concat();
        if let Some(finding) = self.rules.publisher(suite, certificate.fingerprint()) {
            return Ok(Outcome::Refused([findings, vec![finding]].concat()));
        }
        let record = self.record(&certificate, act.reason.clone());
        let next = publish::next(store, &current, admission.clone(), &[], record)?;
        let plan = publish::plan(next.expect("a suite that begins is a change"));
        if act.dry_run {
            return Ok(Outcome::Planned(Box::new(plan), findings));
        }
        let _guard = self.lock()?;
        let all = signing::all_unlocked(chosen, beside, now, act.ask)?;
        for certificate in all.certificates() {
            self.keep_certificate(&certificate)?;
        }
        self.explain()?;
        let when = self.dating();
        let done = import::adopt(store, &plan, &all, when, ready.date, self.listener)?;
        let manifest = read_manifest(store, &done.generation.manifest)?;
        import::drop_stale(store, &manifest)?;
        Ok(Outcome::Done(Box::new(done), findings))
    }

    /// Finds the paths at which our archive has something else.
    fn taken_paths(
        &self,
        import: &Import<'_>,
        files: &BTreeMap<ArchivePath, FileDigests>,
        journal: Option<&Journal>,
    ) -> Result<Vec<Finding>, FlowError> {
        let one = |(path, wanted): (&ArchivePath, &FileDigests)| {
            if self.is_placed(import, path, wanted, journal) {
                return Ok(None);
            }
            let Some(size) = self.store.size(path)? else {
                return Ok(None);
            };
            let found = match size == wanted.size {
                true => self.store.digest(path)?.map(|(_, sha256)| sha256),
                false => None,
            };
            let fix = "import it into an archive of its own, or remove the other file's package";
            Ok((found != Some(wanted.sha256)).then(|| {
                let message = "the archive has another file at this path";
                Finding::error("pool-path-taken", path.as_str(), message).fix(fix)
            }))
        };
        let found: Result<Vec<_>, FlowError> = files.par_iter().map(one).collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// Tells without reading it whether a file of ours is the one that is to
    /// come.
    fn is_placed(
        &self,
        import: &Import<'_>,
        path: &ArchivePath,
        wanted: &FileDigests,
        journal: Option<&Journal>,
    ) -> bool {
        let Some(root) = &import.to_root else {
            return false;
        };
        let ours = root.join(path.as_str());
        let noted = journal.and_then(|journal| journal.known(&ours));
        if noted.is_some_and(|noted| noted.sha256 == wanted.sha256) {
            return true;
        }
        let inode = |path: &Path| {
            let found = path.metadata().ok()?;
            use std::os::unix::fs::MetadataExt;
            Some((found.dev(), found.ino()))
        };
        let theirs = import
            .from_root
            .as_ref()
            .map(|from| from.join(path.as_str()));
        let theirs = theirs.and_then(|theirs| inode(&theirs));
        theirs.is_some() && theirs == inode(&ours)
    }

    /// Brings the files into our archive, by links where that is possible.
    fn place(
        &self,
        import: &Import<'_>,
        files: &BTreeMap<ArchivePath, FileDigests>,
        journal: Option<&Journal>,
    ) -> Result<(), FlowError> {
        self.listener
            .begin(format!("taking over {} files", files.len()));
        let one = |(path, wanted): (&ArchivePath, &FileDigests)| {
            if (import.stop)() {
                return Err(FlowError::ImportStopped);
            }
            if self.is_placed(import, path, wanted, journal) {
                return Ok(());
            }
            self.place_one(import, path, wanted.sha256)?;
            if let Some((journal, root)) = journal.zip(import.to_root.as_ref()) {
                journal.note(&root.join(path.as_str()), wanted);
            }
            Ok(())
        };
        files.par_iter().map(one).collect()
    }

    fn place_one(
        &self,
        import: &Import<'_>,
        path: &ArchivePath,
        sha256: Sha256,
    ) -> Result<(), FlowError> {
        let write = |local: &Path| {
            let content = Content::File {
                path: local,
                sha256,
            };
            Ok(self.store.write(path, content, &Condition::IfAbsent)?)
        };
        let local = import
            .from_root
            .as_ref()
            .map(|root| root.join(path.as_str()));
        // A link is no write that the store sees.
        self.store.admits(Some(&sha256))?;
        if let (Some(local), Some(root)) = (&local, &import.to_root) {
            match DirectoryStore::new(root).link(local, path)? {
                Linked::Done | Linked::Already => return Ok(()),
                Linked::Taken | Linked::Impossible => {}
            }
        }
        if let Some(local) = local {
            return write(&local);
        }
        let failed = |source| FlowError::Fetch {
            path: path.clone(),
            source,
        };
        let mut fetched = tempfile::NamedTempFile::new().map_err(failed)?;
        let gone = || failed(io::Error::from(io::ErrorKind::NotFound));
        let mut from = import.from.open(path)?.ok_or_else(gone)?;
        io::copy(&mut from, &mut fetched).map_err(failed)?;
        write(fetched.path())
    }
}

/// Returns where the notes about this import are.
fn journal(home: &Path, import: &Import<'_>, desk: &Desk<'_>) -> PathBuf {
    let place = |root: &Option<PathBuf>, store: &dyn Store| match root {
        Some(root) => root
            .canonicalize()
            .unwrap_or_else(|_| root.clone())
            .display()
            .to_string(),
        None => store.place(),
    };
    let from = place(&import.from_root, import.from.as_ref());
    let to = place(&import.to_root, desk.store.as_ref());
    let name = Sha256::of(format!("{from}\n{to}").as_bytes()).hex();
    home.join("debcut/import").join(name)
}

/// Gathers the files that suites promise; what two of them contradict each
/// other about is a finding.
fn wanted<'a>(
    suites: impl Iterator<Item = &'a ForeignSuite>,
    findings: &mut Vec<Finding>,
) -> BTreeMap<ArchivePath, import::Listed> {
    let mut found = BTreeMap::<ArchivePath, import::Listed>::new();
    let stanzas = suites.flat_map(|suite| suite.indices.values().flatten());
    for wanted in stanzas.flat_map(|stanza| &stanza.wanted) {
        let there = found.entry(wanted.path.clone());
        let there = there.or_insert_with(|| wanted.listed.clone());
        let alike =
            std::mem::discriminant(&there.digest) == std::mem::discriminant(&wanted.listed.digest);
        if there.size != wanted.listed.size || (alike && there.digest != wanted.listed.digest) {
            let message = "it is listed with two contents";
            let finding = Finding::error("path-with-two-contents", wanted.path.as_str(), message);
            findings.push(finding.fix("remove one of the packages from the old archive"));
        }
        // The strongest digest that anybody lists is the one that counts.
        if matches!(wanted.listed.digest, import::Digest::Sha256(_)) {
            *there = wanted.listed.clone();
        }
    }
    found
}

/// Completes a suite's stanzas; those with a file that is not whole stay out,
/// for which there is a finding already.
fn complete(
    foreign: ForeignSuite,
    files: &BTreeMap<ArchivePath, FileDigests>,
    findings: &mut Vec<Finding>,
) -> BTreeMap<IndexName, Vec<Stanza>> {
    let mut found = BTreeMap::new();
    for (name, stanzas) in foreign.indices {
        let mut whole = Vec::new();
        for stanza in stanzas {
            let digests = stanza
                .wanted
                .iter()
                .map(|wanted| files.get(&wanted.path).cloned());
            let Some(digests) = digests.collect::<Option<Vec<_>>>() else {
                continue;
            };
            match stanza.complete(&digests) {
                Ok(stanza) => whole.push(stanza),
                Err(why) => {
                    let subject = stanza.subject.as_str();
                    findings.push(Finding::error("invalid-stanza", subject, why));
                }
            }
        }
        found.insert(name, whole);
    }
    found
}

/// Turns what is about single packages into a remark.
fn left_out(finding: &mut Finding) {
    let rules = [
        "missing-file",
        "damaged-file",
        "unreadable-file",
        "invalid-stanza",
    ];
    if rules.contains(&finding.rule) {
        let message = format!("left out: {}", finding.message);
        *finding = Finding::warning(finding.rule, finding.subject.as_str(), message);
    }
}

/// Tells whether a signature names this certificate, by a whole fingerprint or
/// its end.
fn is_of(certificate: &Certificate, signer: &str) -> bool {
    let mut keys = certificate.keys();
    keys.any(|key| key.fingerprint.as_str().ends_with(signer))
}

fn other_key(import: &Import<'_>, ready: &Ready, signer: &str) -> Finding {
    let message = format!(
        "it was signed with {signer}, which will not sign any more: clients that trust no other \
         key refuse the suite"
    );
    let subject = ready.suite.as_str();
    let finding = match import.is_in_place() && import.key_change == KeyChange::Refuse {
        true => Finding::error("key-changes", subject, message),
        false => Finding::warning("key-changes", subject, message),
    };
    finding.fix(format!(
        "--also-key gpg:{signer} lets it sign beside the new key until all clients have that \
         (--change-key goes on without it)"
    ))
}
