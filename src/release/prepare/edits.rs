//! Edits of files, one after the other: several packages may share a file.

use std::collections::BTreeMap;

use super::observe::Tree;
use super::plan::{FileEdit, Means};
use crate::format::changelog::Entry;
use crate::model::{Finding, Sha256, Suite, finding::with_causes};
use crate::release::changelog::{self, EntryError, Wanted};
use crate::release::notes::changes_file::{self, ChangesFileError};
use crate::release::notes::{self, Notes};
use crate::release::plan::{Next, PackagePlan, ReleasePlan};
use crate::release::policy::{DebianKind, DebianPolicy, Policy};
use crate::release::version_file::{VersionFile, VersionFileError};

/// What an entry says that has nothing to say; one without a line is invalid.
const NOTHING: &str = "No changes to mention.";

type WriteEntry = fn(&[u8], &Wanted<'_>, &DebianPolicy) -> Result<Vec<u8>, EntryError>;

/// Who writes the files.
pub(super) struct Writers {
    pub(super) version_file: fn(&VersionFile, &str, &str) -> Result<String, VersionFileError>,
    pub(super) changelog: WriteEntry,
    pub(super) changes_file: fn(&str, &Notes) -> Result<String, ChangesFileError>,
}

impl Writers {
    /// Those of this program; tests of what is made of their answers bring
    /// simpler ones.
    pub(super) const OWN: Self = Self {
        version_file: VersionFile::edited,
        changelog: changelog::write,
        changes_file: changes_file::continued,
    };
}

/// The files of a release on their way from before to after, with what stands
/// against it.
pub(super) struct Edits<'a> {
    tree: &'a Tree,
    writers: &'a Writers,
    now: BTreeMap<String, Vec<u8>>,
    what: BTreeMap<String, Vec<String>>,
    findings: Vec<Finding>,
}

impl<'a> Edits<'a> {
    pub(super) fn new(tree: &'a Tree, writers: &'a Writers) -> Self {
        let mut now = BTreeMap::new();
        for (path, (content, _)) in &tree.files {
            let before = tree.before.get(path).cloned();
            if let Some(content) = before.unwrap_or(Some(content.clone())) {
                now.insert(path.clone(), content);
            }
        }
        Self {
            tree,
            writers,
            now,
            what: BTreeMap::new(),
            findings: Vec::new(),
        }
    }

    /// Makes all edits of one package's release.
    pub(super) fn package(
        &mut self,
        policy: &Policy,
        package: &PackagePlan,
        next: &Next,
        means: &Means<'_>,
    ) {
        let unit = &policy.units[package.unit];
        if let Some(number) = &next.number {
            for file in &unit.version_files {
                self.version_file(file, number);
            }
        }
        for (file, version) in &next.requirements {
            self.edit(file, version);
        }
        if let Some(path) = unit.changelog_path() {
            self.changelog(path, policy, package, next, means);
        }
        if let Some(path) = &unit.changes_file {
            self.changes_file(path, policy, package, next, means);
        }
    }

    fn refuse(&mut self, rule: &'static str, path: &str, found: impl Into<String>, fix: &str) {
        let finding = Finding::error(rule, path, found).fix(fix);
        // A file that several packages share is complained about once.
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Returns a file's text, or says why there is none.
    fn text(&mut self, path: &str) -> Option<String> {
        if let Some(kind) = self.tree.no_files.get(path) {
            let found = format!("it is {kind}, and cannot be edited");
            let fix = "name the file that it leads to in debcut.toml";
            self.refuse("release-file-kind", path, found, fix);
            return None;
        }
        match self.now.get(path).map(|bytes| std::str::from_utf8(bytes)) {
            None => None,
            Some(Ok(text)) => Some(text.to_owned()),
            Some(Err(_)) => {
                let fix = "write it as UTF-8";
                self.refuse("release-file-encoding", path, "it is not UTF-8", fix);
                None
            }
        }
    }

    fn put(&mut self, path: &str, content: Vec<u8>, what: String) {
        if self.now.get(path) != Some(&content) {
            self.now.insert(path.to_owned(), content);
            self.what.entry(path.to_owned()).or_default().push(what);
        }
    }

    /// Finds the file that a version file's version is written in: itself,
    /// unless it takes it from another one.
    fn source(&mut self, file: &VersionFile) -> VersionFile {
        let Some(text) = self.text(&file.path) else {
            return file.clone();
        };
        let read = |path: &str| String::from_utf8(self.now.get(path)?.clone()).ok();
        match file.resolved(&text, &read) {
            Ok((source, _)) => source,
            Err(_) => file.clone(),
        }
    }

    fn version_file(&mut self, file: &VersionFile, version: &str) {
        let file = self.source(file);
        let companions = self.text(&file.path).map(|text| {
            let manifests = self.now.iter().filter_map(|(path, content)| {
                let is_manifest = path == "Cargo.toml" || path.ends_with("/Cargo.toml");
                let text = std::str::from_utf8(content).ok()?;
                is_manifest.then_some((path.as_str(), text))
            });
            file.companions_among(&text, &manifests.collect::<Vec<_>>())
        });
        self.edit(&file, version);
        for companion in companions.unwrap_or_default() {
            if self.now.contains_key(&companion.path) {
                self.edit(&companion, version);
            }
        }
    }

    fn edit(&mut self, file: &VersionFile, version: &str) {
        let path = &file.path;
        let Some(text) = self.text(path) else {
            if !self.now.contains_key(path) && !self.tree.no_files.contains_key(path) {
                let found = "the tree of the planned commit has no such file";
                let fix = "commit it, or remove it from debcut.toml";
                self.refuse("version-file-missing", path, found, fix);
            }
            return;
        };
        let old = file.version_in(&text);
        if old.as_deref() == Ok(version) {
            return;
        }
        match (self.writers.version_file)(file, &text, version) {
            Ok(edited) => {
                let what = match old {
                    Ok(old) => format!("{old} → {version}"),
                    Err(_) => version.to_owned(),
                };
                self.put(path, edited.into_bytes(), what);
            }
            Err(error) => {
                let fix = "correct the file or its pattern in debcut.toml";
                self.refuse("version-file-unreadable", path, with_causes(&error), fix);
            }
        }
    }

    fn changelog(
        &mut self,
        path: &str,
        policy: &Policy,
        package: &PackagePlan,
        next: &Next,
        means: &Means<'_>,
    ) {
        let declared = match &policy.units[package.unit].debian {
            DebianKind::Declared { distribution, .. } => Some(distribution),
            DebianKind::Changelog { .. } => None,
        };
        let distribution = match next.distribution.as_ref().or(declared).map(Suite::new) {
            None => None,
            Some(Ok(suite)) => Some(suite),
            Some(Err(error)) => {
                let fix = "name a distribution such as unstable";
                return self.refuse("changelog-entry", path, with_causes(&error), fix);
            }
        };
        if self.tree.no_files.contains_key(path) {
            self.text(path);
            return;
        }
        let wanted = Wanted {
            source: &package.name,
            version: &next.debian_version,
            distribution: distribution.as_ref(),
            urgency: None,
            binary_only: false,
            opening: next.opening.as_deref(),
            changes: &package.changes,
            maintainer: means.author,
            date: means.date,
        };
        let old = self.now.get(path).map_or(&[][..], Vec::as_slice);
        // Prepared by hand, or by a run before this one.
        if Entry::newest(old).is_ok_and(|newest| is_that_release(&newest, package, next)) {
            return;
        }
        let write = |wanted: &Wanted<'_>| (self.writers.changelog)(old, wanted, &policy.debian);
        let written = match write(&wanted) {
            // Released with others, or by the user's decision alone.
            Err(EntryError::Empty(_)) => write(&Wanted {
                opening: Some(NOTHING),
                ..wanted
            }),
            other => other,
        };
        match written {
            Ok(new) => self.put(path, new, format!("the entry of {}", next.debian_version)),
            Err(error) => {
                let fix = "correct the newest entry, or ask for another version or distribution";
                self.refuse("changelog-entry", path, with_causes(&error), fix);
            }
        }
    }

    fn changes_file(
        &mut self,
        path: &str,
        policy: &Policy,
        package: &PackagePlan,
        next: &Next,
        means: &Means<'_>,
    ) {
        let old = match self.text(path) {
            Some(old) => old,
            None if self.now.contains_key(path) || self.tree.no_files.contains_key(path) => return,
            None => String::new(),
        };
        let source = notes::Source {
            package: package.name.as_str(),
            version: Some(&next.version),
            tag: next.tag.as_ref(),
            previous_tag: package.since.as_ref().map(|release| &release.tag),
            kind: notes::ReleaseKind::of(&next.version, package.since.as_ref()),
            date: means.date,
            changes: &package.changes,
        };
        let notes = notes::notes(&source, &policy.notes);
        match (self.writers.changes_file)(&old, &notes) {
            Ok(new) => self.put(
                path,
                new.into_bytes(),
                format!("the notes of {}", next.version),
            ),
            Err(error) => {
                let fix = "remove or rename that section, or ask for another version";
                self.refuse("changes-file", path, with_causes(&error), fix);
            }
        }
    }

    /// Reads all that was edited again: every version file must hold its
    /// package's version, every changelog its entry.
    pub(super) fn verify(&mut self, release: &ReleasePlan, policy: &Policy) {
        if !self.findings.is_empty() {
            return;
        }
        for (package, next) in release.releases().filter(|(_, next)| !next.binary_only) {
            let unit = &policy.units[package.unit];
            if let Some(number) = &next.number {
                for file in &unit.version_files {
                    let file = self.source(file);
                    self.verify_file(&file, number, package);
                }
            }
            for (file, version) in &next.requirements {
                // A requirement may name no version at all (`*`).
                if self
                    .text(&file.path)
                    .is_some_and(|text| file.version_in(&text).is_ok())
                {
                    self.verify_file(file, version, package);
                }
            }
            if let Some(path) = unit.changelog_path() {
                self.verify_changelog(path, package, next);
            }
        }
    }

    fn verify_file(&mut self, file: &VersionFile, version: &str, package: &PackagePlan) {
        let Some(text) = self.text(&file.path) else {
            return;
        };
        let found = match file.version_in(&text) {
            Ok(found) if found == version => return,
            Ok(found) => format!(
                "it would say {found}, but {} needs {version} there",
                package.name
            ),
            Err(error) => with_causes(&error),
        };
        let fix = "packages that share a version file must be released as one version";
        self.refuse("version-file-mismatch", &file.path, found, fix);
    }

    fn verify_changelog(&mut self, path: &str, package: &PackagePlan, next: &Next) {
        let content = self.now.get(path).map_or(&[][..], Vec::as_slice);
        let found = match Entry::newest(content) {
            Ok(newest) if is_that_release(&newest, package, next) => return,
            Ok(newest) => format!(
                "its newest entry would be {} {}, but the release is {} {}",
                newest.source, newest.version, package.name, next.debian_version
            ),
            Err(error) => with_causes(&error),
        };
        let fix = "each package needs a changelog of its own";
        self.refuse("changelog-version", path, found, fix);
    }

    /// Returns the files that change, by path, and what stands against it.
    pub(super) fn finish(self) -> (Vec<FileEdit>, Vec<Finding>) {
        let mut files = Vec::new();
        for (path, after) in self.now {
            let before = self.tree.files.get(&path);
            if before.is_some_and(|(before, _)| *before == after) {
                continue;
            }
            files.push(FileEdit {
                sha256: Sha256::of(&after),
                executable: before.is_some_and(|(_, executable)| *executable),
                before: before.map(|(before, _)| before.clone()),
                what: self
                    .what
                    .get(&path)
                    .map_or(String::new(), |what| what.join(", ")),
                after,
                path,
            });
        }
        (files, self.findings)
    }
}

pub(super) fn is_that_release(entry: &Entry, package: &PackagePlan, next: &Next) -> bool {
    entry.version == next.debian_version && entry.source == package.name && !entry.is_unreleased()
}
