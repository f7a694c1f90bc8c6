//! Bringing generations to mirrors, each suite whole, and saying where they
//! stand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::FlowError;
use super::archiving::{Act, Desk, local_directory, open_store, open_to_read};
use super::signing;
use crate::archive::layout;
use crate::flow::embargoing::archives::refuse_leak;
use crate::model::{ArchivePath, Fingerprint, Sha256, Suite};
use crate::publish::mirror::{
    self, Compare, Live, MirrorError, Mirrored, Push, Pushed, Record, RsyncTarget, Stand,
    StoreTarget, Target, Texts,
};
use crate::publish::{PublishError, Question, Seal, observe_generation, read_manifest};
use crate::sys::outward::{Destination, archive_place};
use crate::sys::store::{Condition, Content, FetchedStore};

/// Whether a mirror gets our own state too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is a plain apt archive.
    Without,
    /// It is a second archive of debcut's.
    With,
}

/// What becomes of files that a mirror's readers need no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prune {
    /// They stay.
    Keep,
    /// They go so many seconds after the switch that dropped them.
    After(u32),
}

/// How mirrors are brought up to date.
#[derive(Debug, Clone)]
pub struct Mirroring {
    /// The suites; none for all.
    pub suites: Vec<Suite>,
    /// A generation instead of the newest.
    pub generation: Option<u64>,
    /// How closely to compare.
    pub compare: Compare,
    /// What goes.
    pub prune: Prune,
    /// Whether our own state comes along.
    pub state: State,
}

impl Desk<'_> {
    /// Opens a mirror by its location. `root` is the archive's directory, where
    /// it is one.
    fn target<'a>(
        &'a self,
        location: &str,
        directory: &Path,
        root: Option<&PathBuf>,
    ) -> Result<Box<dyn Target + 'a>, FlowError> {
        let to_place = Destination::Archive(archive_place(location, directory));
        if RsyncTarget::is_one(location) {
            refuse_leak(
                self.store.as_ref(),
                to_place.clone(),
                None,
                self.environment,
            )?;
            let permit = self.environment.gate().permit(to_place)?;
            let root = root.ok_or_else(|| MirrorError::NotADirectory {
                place: self.store.place(),
            })?;
            return Ok(Box::new(RsyncTarget {
                from_root: root.clone(),
                to: location.to_owned(),
                environment: self.environment,
                _permit: permit,
            }));
        }
        let to = match FetchedStore::is_url(location) {
            true => open_to_read(location, directory, self.environment)?,
            false => open_store(location, directory, self.environment)?,
        };
        refuse_leak(
            self.store.as_ref(),
            to_place,
            Some(to.as_ref()),
            self.environment,
        )?;
        Ok(Box::new(StoreTarget {
            from: self.store.as_ref(),
            from_root: root.cloned(),
            to,
            to_root: local_directory(location, directory),
        }))
    }

    /// Says where a mirror stands.
    pub fn stands(
        &self,
        location: &str,
        directory: &Path,
        root: Option<&PathBuf>,
        suites: &[Suite],
    ) -> Result<(String, Vec<Stand>), FlowError> {
        let target = self.target(location, directory, root)?;
        let mut stands = Vec::new();
        for suite in self.mirrored_suites(suites)? {
            let newest = self.newest(&suite)?;
            stands.push(Stand {
                newest: newest.base.number,
                standing: mirror::standing(self.store.as_ref(), target.as_ref(), &newest)?,
                suite,
            });
        }
        Ok((target.place(), stands))
    }

    /// Brings a mirror up to date.
    pub fn mirror(
        &self,
        location: &str,
        directory: &Path,
        root: Option<&PathBuf>,
        how: &Mirroring,
        act: &mut Act<'_>,
    ) -> Result<Mirrored, FlowError> {
        let store = self.store.as_ref();
        let target = self.target(location, directory, root)?;
        let mut record = self.record_of(&target.place())?;
        mirror::refuse_another(store, target.as_ref(), &record)?;
        let mut done = Mirrored {
            place: target.place(),
            suites: Vec::new(),
            files: 0,
            bytes: 0,
            pruned: Vec::new(),
            digest: Sha256::of(b""),
        };
        let purged = mirror::purged(store)?;
        let (mut all, mut needed, mut planned) = (Vec::new(), BTreeSet::new(), String::new());
        let mut sent = BTreeSet::new();
        for suite in self.mirrored_suites(&how.suites)? {
            let pushed = self.pushed(&suite, how.generation, act)?;
            let mut files = mirror::files(store, &pushed)?;
            if how.state == State::With {
                files.extend(mirror::state(store, std::slice::from_ref(&pushed))?);
            }
            let gone = |file: &mirror::MirrorFile| {
                purged
                    .iter()
                    .any(|(_, digest)| file.sha256 == Some(*digest))
            };
            files.retain(|file| !gone(file));
            needed.extend(files.iter().map(|file| file.path.clone()));
            let mut plan = mirror::plan(target.as_ref(), &pushed, files, how.compare)?;
            // What one suite brings is there for the next, and in a plan as well.
            plan.files.retain(|file| sent.insert(file.path.clone()));
            done.files += plan.files.len();
            done.bytes += plan.bytes();
            for file in &plan.files {
                planned += &format!("{} {}\n", file.path, file.size);
            }
            done.suites.push((suite, pushed.base.number));
            if !act.dry_run {
                let pushing = mirror::push(target.as_ref(), &plan, self.listener);
                if pushing.is_err() {
                    target.end();
                }
                pushing?;
            }
            all.push(pushed);
        }
        let mut noted = false;
        for pushed in &all {
            noted |= record.note(Push {
                suite: pushed.manifest.suite.clone(),
                generation: pushed.base.number,
                manifest: pushed.base.manifest,
                at: self.clock.now(),
            });
        }
        done.pruned = self.unneeded(target.as_ref(), &record, how.prune, &needed, &purged)?;
        for path in &done.pruned {
            planned += &format!("-{path}\n");
        }
        done.digest = Sha256::of(planned.as_bytes());
        if !act.dry_run {
            let is_purged = |path: &ArchivePath| purged.iter().any(|(banned, _)| banned == path);
            let pruned = done.pruned.iter().cloned();
            let (destroyed, pruned): (Vec<_>, Vec<_>) = pruned.partition(is_purged);
            target.erase(&destroyed)?;
            target.delete(&pruned)?;
            target.end();
            if noted {
                self.keep_record(&record)?;
            }
        }
        Ok(done)
    }

    fn mirrored_suites(&self, suites: &[Suite]) -> Result<Vec<Suite>, FlowError> {
        match suites {
            [] => self.suites(),
            named => {
                for suite in named {
                    self.look(suite, None, Question::Manifest)?;
                }
                Ok(named.to_vec())
            }
        }
    }

    fn newest(&self, suite: &Suite) -> Result<Pushed, FlowError> {
        let newest = Pushed::newest(self.store.as_ref(), suite)?;
        newest.ok_or_else(|| FlowError::NoArchive {
            place: self.store.place(),
        })
    }

    /// Reads the generation that is wanted. Of an earlier one the archive does
    /// not keep the signatures: it is signed again, with its own dates.
    fn pushed(
        &self,
        suite: &Suite,
        number: Option<u64>,
        act: &mut Act<'_>,
    ) -> Result<Pushed, FlowError> {
        let newest = self.newest(suite)?;
        let Some(number) = number.filter(|number| *number != newest.base.number) else {
            return Ok(newest);
        };
        self.look(suite, Some(number), Question::Manifest)?;
        let found = observe_generation(self.store.as_ref(), suite, number, Question::Manifest)?;
        let current = found.expect("it was looked at");
        let (base, manifest) = current.generation.clone().expect("it was looked at");
        let now = self.clock.now();
        let chosen = self.key(&current, None, &act.key)?;
        let signers: &[Fingerprint] = &manifest.settings.signers;
        let beside = signing::beside(self.environment, signers, chosen.certificate(), now)?;
        let release = manifest.release().text();
        let release = release.expect("it was written before");
        let texts = if act.dry_run {
            // For a plan no key is unlocked; the signatures' sizes are not in it.
            Texts {
                in_release: release.clone(),
                release_gpg: String::new(),
                release,
            }
        } else {
            let signers = signing::all_unlocked(chosen, beside, now, act.ask)?;
            let failed = |source| PublishError::Sign {
                suite: suite.clone(),
                source,
            };
            let seal: &dyn Seal = &signers;
            Texts {
                in_release: seal.clear_sign(&release, now).map_err(failed)?,
                release_gpg: seal.detach_sign(release.as_bytes(), now).map_err(failed)?,
                release,
            }
        };
        Ok(Pushed {
            base,
            manifest,
            texts: Some(texts),
            head: None,
        })
    }

    fn record_of(&self, place: &str) -> Result<Record, FlowError> {
        let bytes = self.store.read(&Record::path(place))?;
        let found = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(found.unwrap_or_else(|| Record::new(place.to_owned())))
    }

    /// Keeps the record; without it only pruning has to wait longer.
    fn keep_record(&self, record: &Record) -> Result<(), FlowError> {
        let mut bytes = serde_json::to_vec_pretty(record).expect("strings and numbers only");
        bytes.push(b'\n');
        let path = Record::path(&record.place);
        let written = self
            .store
            .write(&path, Content::Bytes(&bytes), &Condition::Always);
        if let Err(error) = written {
            self.listener
                .warn(format!("the push was not recorded: {error}"));
        }
        Ok(())
    }

    /// Finds what a mirror has and may not keep, or needs no more.
    fn unneeded(
        &self,
        target: &dyn Target,
        record: &Record,
        prune: Prune,
        needed: &BTreeSet<ArchivePath>,
        purged: &[(ArchivePath, Sha256)],
    ) -> Result<Vec<ArchivePath>, FlowError> {
        let mut there = BTreeMap::new();
        let mut look = |top: &str| {
            let top = ArchivePath::new(top).expect("a path");
            there.extend(target.list(&top)?);
            Ok::<_, FlowError>(())
        };
        if purged.is_empty() && prune == Prune::Keep {
            return Ok(Vec::new());
        }
        look("pool")?;
        look("dists")?;
        let banned = purged.iter().map(|(path, _)| path);
        let banned = banned.filter(|path| there.contains_key(*path) && !needed.contains(*path));
        let mut found: BTreeSet<ArchivePath> = banned.cloned().collect();
        if let Prune::After(grace) = prune
            && let Some(kept) = self.kept(&there, record, grace)?
        {
            let goes = |path: &&ArchivePath| {
                let text = path.as_str();
                let unnamed = text.starts_with("pool/") || text.contains("/by-hash/");
                unnamed && !kept.contains(*path) && !needed.contains(*path)
            };
            found.extend(there.keys().filter(goes).cloned());
        }
        Ok(found.into_iter().collect())
    }

    /// Returns what a mirror's readers may still need; `None` where that cannot
    /// be known, and then everything stays.
    fn kept(
        &self,
        there: &BTreeMap<ArchivePath, u64>,
        record: &Record,
        grace: u32,
    ) -> Result<Option<BTreeSet<ArchivePath>>, FlowError> {
        let recorded = |suite: &Suite| record.pushes.iter().any(|push| push.suite == *suite);
        for path in there.keys() {
            if let Some(suite) = layout::suite_of_signature(path).filter(|suite| !recorded(suite)) {
                let place = &record.place;
                self.listener.warn(format!(
                    "{place} has {suite} from elsewhere: nothing is pruned there"
                ));
                return Ok(None);
            }
        }
        let live = match record.live(self.clock.now(), grace) {
            Live::Known(live) => live,
            Live::TooEarly(until) => {
                self.listener.note(format!(
                    "nothing is pruned before {until}: who reads {} may need what was there",
                    record.place
                ));
                return Ok(None);
            }
        };
        let mut kept = BTreeSet::new();
        for manifest in live {
            match read_manifest(self.store.as_ref(), &manifest) {
                Ok(manifest) => kept.extend(mirror::needed(self.store.as_ref(), &manifest)?),
                // Collected: what it had cannot be told apart from the rest.
                Err(PublishError::Missing { .. }) => {
                    self.listener.warn(
                        "a generation that the mirror had lately is collected already: nothing \
                         is pruned",
                    );
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some(kept))
    }
}
