//! A directory that uploads are put into: each whole one is published, or moved
//! aside with the reasons, by itself and in the order in which they came.
//!
//! dput(1) and its kin write the `.changes` last, so an upload is there when
//! each file that it lists is. Nothing is ever half done:
//!
//! - What was published is first marked, by renaming its `.changes` to
//!   `.NAME.changes.done`, and then removed, the marker last. Killed before the
//!   marker, it is there already for the next run; killed after, the next run
//!   removes the rest.
//! - What is refused goes to `rejected/.NAME.part/`, reasons and `.changes`
//!   first, which becomes `rejected/NAME/` when all is in it.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::FlowError;
use super::archiving::{Act, Desk, Outcome};
use crate::archive::{Listed, Older};
use crate::format::changes::Changes;
use crate::format::version::Version;
use crate::model::finding::with_causes;
use crate::model::{FileDigests, Finding, PackageName, Suite, Timestamp};
use crate::sys::files::{self, Access, FileError, failed};
use crate::sys::openpgp::text_of;

/// A `.changes` that cannot be read may still be on its way for so long.
const ARRIVING_SECONDS: i64 = 60;

/// A directory for uploads.
#[derive(Debug)]
pub struct Tray {
    directory: PathBuf,
    /// The suite for all uploads; otherwise their own `Distribution` tells.
    pub to: Option<Suite>,
    /// Which suites take which distributions' uploads.
    pub map: Vec<(Suite, Suite)>,
    /// What becomes of uploads that were published.
    pub after: After,
    /// After how many seconds what lacks files is told of.
    pub stale_seconds: i64,
    /// What was published and stays.
    done: BTreeSet<Look>,
    /// What was told of what stays, each as it was then and whether it was late.
    told: BTreeSet<(Look, bool)>,
}

/// A file as it was seen: its time and its size.
type Look = (PathBuf, i64, u64);

/// What becomes of an upload that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Its files are removed.
    Remove,
    /// They stay.
    Keep,
}

/// An upload that was seen to.
#[derive(Debug)]
pub struct Handled {
    /// The name of its `.changes`; of a file that none lists, that.
    pub name: String,
    /// The source package and its version, where they are known.
    pub source: Option<(PackageName, Version)>,
    /// Where it goes.
    pub suite: Option<Suite>,
    /// What became of it.
    pub fate: Fate,
    /// Why, and what is worth knowing.
    pub findings: Vec<Finding>,
}

/// What became of an upload.
#[derive(Debug)]
pub enum Fate {
    /// It is published, in this generation.
    Published {
        /// The generation.
        generation: u64,
        /// What came.
        added: Vec<Listed>,
        /// What went.
        removed: Vec<Listed>,
    },
    /// It is in the suite already.
    Unchanged,
    /// It would be published.
    Planned {
        /// What would come.
        added: Vec<Listed>,
        /// What would go.
        removed: Vec<Listed>,
        /// The digest of the plan.
        digest: String,
    },
    /// It was moved to this directory; nowhere, where only the plan is wanted.
    Rejected(Option<PathBuf>),
    /// It is not whole yet.
    Waiting,
    /// Something outside failed; it stays for the next time.
    Failed,
}

/// An upload that lies in the directory.
struct Found {
    path: PathBuf,
    name: String,
    modified: i64,
    size: u64,
    changes: Result<Changes, String>,
}

impl Tray {
    /// Takes a directory.
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            to: None,
            map: Vec::new(),
            after: After::Remove,
            stale_seconds: 24 * 60 * 60,
            done: BTreeSet::new(),
            told: BTreeSet::new(),
        }
    }

    /// Returns the directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Lists the uploads in the order in which they came.
    fn uploads(&self) -> Result<Vec<Found>, FileError> {
        let mut found = Vec::new();
        for (path, metadata) in regular_files(&self.directory)? {
            let name = name_of(&path);
            if !name.ends_with(".changes") || name.starts_with('.') {
                continue;
            }
            found.push(Found {
                changes: read_changes(&path)?,
                modified: metadata.mtime(),
                size: metadata.len(),
                name,
                path,
            });
        }
        found.sort_by(|a, b| (a.modified, &a.name).cmp(&(b.modified, &b.name)));
        Ok(found)
    }

    /// Returns the suite that an upload is for.
    fn suite(&self, changes: &Changes) -> Result<Suite, String> {
        if let Some(suite) = &self.to {
            return Ok(suite.clone());
        }
        match changes.distributions.as_slice() {
            [meant] => {
                let mapped = self.map.iter().find(|(from, _)| from == meant);
                Ok(mapped.map_or(meant, |(_, to)| to).clone())
            }
            several => {
                let names: Vec<_> = several.iter().map(Suite::as_str).collect();
                Err(format!(
                    "it is for {}: one upload is for one suite",
                    names.join(" and ")
                ))
            }
        }
    }

    /// Completes what a run that was killed left. What cannot be completed is
    /// told to `failed`, and keeps nothing else from being seen to.
    fn complete(&self, failed: &mut dyn FnMut(FileError)) -> Result<(), FileError> {
        for (path, _) in regular_files(&self.directory)? {
            let name = name_of(&path);
            if name.starts_with('.') && name.ends_with(".changes.done") {
                self.remove_marked(&path).unwrap_or_else(&mut *failed);
            }
        }
        let rejected = self.directory.join("rejected");
        for entry in entries(&rejected)? {
            let name = name_of(&entry);
            let own = name
                .strip_prefix('.')
                .and_then(|name| name.strip_suffix(".part"));
            let Some(own) = own.filter(|_| entry.is_dir()) else {
                continue;
            };
            let changes = entry.join(format!("{own}.changes"));
            if changes.exists()
                && let Err(error) = self.fill(&entry, &changes, own)
            {
                failed(error);
            }
        }
        Ok(())
    }

    /// Removes the files of an upload whose marker this is, and the marker.
    fn remove_marked(&self, marker: &Path) -> Result<(), FileError> {
        for path in self.own_files(marker)? {
            fs::remove_file(&path).map_err(failed("remove", &path))?;
        }
        fs::remove_file(marker).map_err(failed("remove", marker))
    }

    /// Returns the files that a `.changes` lists and no other upload that is
    /// here: two revisions may share their upstream tarball. What is not as it
    /// lists them is not taken either, and no `.changes` is: anybody can list
    /// the files of others, whose own upload may be still on its way.
    fn own_files(&self, changes: &Path) -> Result<Vec<PathBuf>, FileError> {
        let mut others = BTreeSet::new();
        for other in self.uploads()?.iter().filter(|other| other.path != changes) {
            others.extend(other.changes.iter().flat_map(listed));
        }
        let Ok(own) = read_changes(changes)? else {
            return Ok(Vec::new());
        };
        let mut found = BTreeSet::new();
        for listed in &own.files {
            let name = listed.file.name.as_str();
            if others.contains(name) || name.ends_with(".changes") || name.starts_with('.') {
                continue;
            }
            let path = self.directory.join(name);
            if is_as_listed(&path, &listed.file.digests)? {
                found.insert(path);
            }
        }
        Ok(found.into_iter().collect())
    }

    fn remove(&self, upload: &Found) -> Result<(), FileError> {
        let marker = self.directory.join(format!(".{}.done", upload.name));
        fs::rename(&upload.path, &marker).map_err(failed("rename", &upload.path))?;
        self.remove_marked(&marker)
    }

    /// Moves an upload aside, with the reasons; returns where to.
    fn reject(
        &self,
        upload: &Found,
        suite: Option<&Suite>,
        findings: &[Finding],
        now: Timestamp,
    ) -> Result<PathBuf, FileError> {
        let own = upload.name.strip_suffix(".changes").unwrap_or(&upload.name);
        let part = self.directory.join("rejected").join(format!(".{own}.part"));
        files::create_dir(&part)?;
        let reason = reason(&upload.name, suite, findings, now);
        files::replace(&part.join("REASON"), reason.as_bytes(), Access::Public)?;
        let changes = part.join(&upload.name);
        fs::rename(&upload.path, &changes).map_err(failed("move", &upload.path))?;
        self.fill(&part, &changes, own)
    }

    /// Moves the files of a refused upload beside its `.changes`, and gives the
    /// directory a name that is free.
    fn fill(&self, part: &Path, changes: &Path, own: &str) -> Result<PathBuf, FileError> {
        for path in self.own_files(changes)? {
            fs::rename(&path, part.join(name_of(&path))).map_err(failed("move", &path))?;
        }
        let rejected = self.directory.join("rejected");
        let mut names = (2..).map(|n| format!("{own}.{n}"));
        let mut to = rejected.join(own);
        while to.symlink_metadata().is_ok() {
            to = rejected.join(names.next().expect("numbers do not end"));
        }
        fs::rename(part, &to).map_err(failed("rename", part))?;
        Ok(to)
    }

    /// Finds files that no upload lists and that have been there for long.
    fn strays(&self, uploads: &[Found], now: Timestamp) -> Result<Vec<Handled>, FileError> {
        let known: BTreeSet<_> = uploads
            .iter()
            .flat_map(|u| u.changes.iter().flat_map(listed))
            .collect();
        let mut found = Vec::new();
        for (path, metadata) in regular_files(&self.directory)? {
            let name = name_of(&path);
            let is_old = metadata.mtime() + self.stale_seconds <= now.unix();
            if is_old
                && !name.ends_with(".changes")
                && !name.starts_with('.')
                && !known.contains(&name)
            {
                let since = Timestamp::from_unix(metadata.mtime());
                let message = format!("it is there since {since}, and no .changes lists it");
                found.push(Handled {
                    findings: vec![stale(&name, message)],
                    fate: Fate::Waiting,
                    source: None,
                    suite: None,
                    name,
                });
            }
        }
        Ok(found)
    }
}

impl Desk<'_> {
    /// Sees once to everything that is in a directory for uploads, and tells
    /// `told` of each. What was told and has not changed since is not told
    /// again. The first failure from outside is returned at the end: it stops
    /// none of the others.
    pub fn take_in(
        &self,
        tray: &mut Tray,
        act: &mut Act<'_>,
        stop: &dyn Fn() -> bool,
        told: &mut dyn FnMut(Handled),
    ) -> Result<Option<FlowError>, FlowError> {
        let _lock = files::lock_directory(&tray.directory)?;
        if !act.dry_run {
            tray.complete(&mut |error| self.listener.warn(with_causes(&error)))?;
        }
        let mut failure = None;
        let uploads = tray.uploads()?;
        for upload in &uploads {
            if stop() {
                break;
            }
            let look: Look = (upload.path.clone(), upload.modified, upload.size);
            if tray.done.contains(&look) {
                continue;
            }
            let (handled, error) = self.take_one(tray, upload, act);
            failure = failure.or(error);
            let is_news = match handled.fate {
                Fate::Waiting | Fate::Failed => {
                    let is_late = handled.findings.iter().any(|f| f.rule == STALE);
                    tray.told.insert((look, is_late))
                }
                Fate::Published { .. } | Fate::Unchanged if tray.after == After::Keep => {
                    tray.done.insert(look)
                }
                _ => true,
            };
            if is_news {
                told(handled);
            }
        }
        for stray in tray.strays(&uploads, self.clock.now())? {
            if tray
                .told
                .insert(((tray.directory.join(&stray.name), 0, 0), true))
            {
                told(stray);
            }
        }
        Ok(failure)
    }

    fn take_one(
        &self,
        tray: &Tray,
        upload: &Found,
        act: &mut Act<'_>,
    ) -> (Handled, Option<FlowError>) {
        let mut handled = Handled {
            name: upload.name.clone(),
            source: None,
            suite: None,
            fate: Fate::Waiting,
            findings: Vec::new(),
        };
        let result = self.judge_one(tray, upload, act, &mut handled);
        let settled = result.and_then(|()| Ok(self.settle_one(tray, upload, act, &mut handled)?));
        match settled {
            Ok(()) => (handled, None),
            Err(error) => {
                handled.fate = Fate::Failed;
                let finding =
                    Finding::warning("not-done", handled.name.as_str(), with_causes(&error));
                let fix = "it stays where it is: run again when the cause is gone";
                handled.findings.push(finding.fix(fix));
                (handled, Some(error))
            }
        }
    }

    /// Publishes an upload, or says why not.
    fn judge_one(
        &self,
        tray: &Tray,
        upload: &Found,
        act: &mut Act<'_>,
        handled: &mut Handled,
    ) -> Result<(), FlowError> {
        let now = self.clock.now();
        let refuse = |rule, message: String, fix: &str| {
            Finding::error(rule, upload.name.as_str(), message).fix(fix)
        };
        let changes = match &upload.changes {
            Ok(changes) => changes,
            // Somebody may be writing it just now.
            Err(why)
                if (0..ARRIVING_SECONDS).contains(&(now.unix() - upload.modified))
                    && !has_end(&upload.path) =>
            {
                let message = format!(
                    "it cannot be read: {why}; unless more of it comes, it is refused in \
                     {ARRIVING_SECONDS} seconds"
                );
                let finding = Finding::info("upload-incomplete", upload.name.as_str(), message);
                handled.findings.push(finding);
                return Ok(());
            }
            Err(why) => {
                let fix = "build the upload again and send all of it";
                handled
                    .findings
                    .push(refuse("invalid-changes", why.clone(), fix));
                handled.fate = Fate::Rejected(None);
                return Ok(());
            }
        };
        handled.source = Some((changes.source.clone(), changes.version.clone()));
        let suite = match tray.suite(changes) {
            Ok(suite) => suite,
            Err(message) => {
                let fix = "name one distribution in debian/changelog";
                handled
                    .findings
                    .push(refuse("several-distributions", message, fix));
                handled.fate = Fate::Rejected(None);
                return Ok(());
            }
        };
        handled.suite = Some(suite.clone());
        let mut lacking = Vec::new();
        for file in &changes.files {
            let (name, wanted) = (file.file.name.as_str(), file.file.digests.size);
            match tray.directory.join(name).symlink_metadata() {
                Ok(found) if !found.is_file() => {
                    let message = format!("{name} is not a plain file");
                    let finding = refuse("not-a-file", message, "upload the file itself");
                    handled.findings.push(finding);
                    handled.fate = Fate::Rejected(None);
                    return Ok(());
                }
                Ok(found) if found.len() >= wanted => {}
                _ => lacking.push(name),
            }
        }
        if !lacking.is_empty() {
            let lacking = lacking.join(", ");
            let is_late = upload.modified + tray.stale_seconds <= now.unix();
            handled.findings.push(match is_late {
                true => {
                    let since = Timestamp::from_unix(upload.modified);
                    stale(
                        &upload.name,
                        format!("it waits since {since} for {lacking}"),
                    )
                }
                false => {
                    let message = format!("it waits for {lacking}");
                    Finding::info("upload-incomplete", upload.name.as_str(), message)
                }
            });
            return Ok(());
        }
        let paths = [upload.path.clone()];
        let outcome = self.add(&paths, &suite, None, Older::Refuse, act)?;
        let findings;
        (handled.fate, findings) = match outcome {
            Outcome::Refused(findings) => (Fate::Rejected(None), findings),
            Outcome::Unchanged(_, findings) => (Fate::Unchanged, findings),
            Outcome::Planned(plan, findings) => {
                let fate = Fate::Planned {
                    added: plan.next().added.clone(),
                    removed: plan.next().removed.clone(),
                    digest: plan.digest().hex(),
                };
                (fate, findings)
            }
            Outcome::Done(published, findings) => {
                let fate = Fate::Published {
                    generation: published.generation.number,
                    added: published.added,
                    removed: published.removed,
                };
                (fate, findings)
            }
        };
        handled.findings.extend(findings);
        Ok(())
    }

    /// Clears away what was published, and moves aside what is refused.
    fn settle_one(
        &self,
        tray: &Tray,
        upload: &Found,
        act: &Act<'_>,
        handled: &mut Handled,
    ) -> Result<(), FileError> {
        if act.dry_run {
            return Ok(());
        }
        match &handled.fate {
            Fate::Published { .. } | Fate::Unchanged if tray.after == After::Remove => {
                tray.remove(upload)
            }
            Fate::Rejected(_) => {
                let suite = handled.suite.as_ref();
                let to = tray.reject(upload, suite, &handled.findings, self.clock.now())?;
                handled.fate = Fate::Rejected(Some(to));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

const STALE: &str = "stale-upload";

fn stale(name: &str, message: String) -> Finding {
    let fix = "upload the rest, or remove it";
    Finding::warning(STALE, name, message).fix(fix)
}

/// Writes why an upload was refused, for whoever sent it.
fn reason(name: &str, suite: Option<&Suite>, findings: &[Finding], now: Timestamp) -> String {
    let to = suite.map_or(String::new(), |suite| format!(" for {suite}"));
    let mut text = format!("{name}{to} was not accepted on {now}.\n");
    for Finding {
        rule,
        severity,
        subject,
        message,
        fix,
    } in findings
    {
        let weight = match severity {
            crate::model::Severity::Error => "error",
            crate::model::Severity::Warning => "warning",
            crate::model::Severity::Info => "note",
        };
        text.push_str(&format!("\n{weight} [{rule}] {subject}: {message}\n"));
        if !fix.is_empty() {
            text.push_str(&format!("  fix: {fix}\n"));
        }
    }
    text
}

fn listed(changes: &Changes) -> Vec<String> {
    let names = changes.files.iter().map(|file| file.file.name.to_string());
    names.collect()
}

/// Reads an upload without asking who signed it; says what is wrong with it.
fn read_changes(path: &Path) -> Result<Result<Changes, String>, FileError> {
    // A pipe would keep us waiting.
    if !path
        .symlink_metadata()
        .map_err(failed("read", path))?
        .is_file()
    {
        return Ok(Err("it is not a plain file".to_owned()));
    }
    let bytes = files::read(path)?;
    let Ok(text) = String::from_utf8(bytes) else {
        return Ok(Err("it is not UTF-8".to_owned()));
    };
    let plain = match text.starts_with("-----BEGIN PGP") {
        true => text_of(&text),
        false => Ok(text),
    };
    Ok(match plain {
        Ok(plain) => Changes::parse(plain.as_bytes()).map_err(|error| with_causes(&error)),
        Err(error) => Err(with_causes(&error)),
    })
}

/// Tells whether a signed upload is there to its end.
fn has_end(path: &Path) -> bool {
    let bytes = files::read(path).unwrap_or_default();
    let end = b"-----END PGP SIGNATURE-----";
    bytes.trim_ascii_end().ends_with(end)
}

/// Tells whether a plain file is the one that an upload lists.
fn is_as_listed(path: &Path, wanted: &FileDigests) -> Result<bool, FileError> {
    let is_of_size = |found: Metadata| found.is_file() && found.len() == wanted.size;
    if !path.symlink_metadata().is_ok_and(is_of_size) {
        return Ok(false);
    }
    let file = files::open(path)?;
    let found = FileDigests::of_reader(file).map_err(failed("read", path))?;
    Ok(found.sha256 == wanted.sha256)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Lists a directory in order; one that is not there has nothing.
fn entries(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    let listing = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.map_err(failed("list", directory))?,
    };
    let mut found: Vec<_> = listing.flatten().map(|entry| entry.path()).collect();
    found.sort();
    Ok(found)
}

/// Lists the plain files of a directory; those that go meanwhile are not there.
fn regular_files(directory: &Path) -> Result<Vec<(PathBuf, Metadata)>, FileError> {
    let with_metadata = |path: PathBuf| {
        let metadata = path.symlink_metadata().ok()?;
        metadata.is_file().then_some((path, metadata))
    };
    let found = entries(directory)?.into_iter().filter_map(with_metadata);
    Ok(found.collect())
}
