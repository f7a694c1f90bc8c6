//! A suite's `Release` file: Debian wiki “DebianRepository/Format”,
//! apt-secure(8), and the form in which apt-ftparchive(1) writes it.
//!
//! Holds what the file says. Knows nothing of signatures: the text is what is
//! signed, so no line of it ends in blanks. SHA-256 is the only digest: no apt
//! still in use needs another.

use std::collections::BTreeMap;
use std::error::Error;

use serde::{Deserialize, Serialize};

use super::checksums::decimal;
use super::deb822::{
    Deb822Error, Field, Paragraph, ParagraphWriter, Syntax, WriteError, paragraph,
};
use crate::model::{Architecture, Component, Sha256, Suite, Timestamp};

/// What a `Release` file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Who publishes the archive.
    pub origin: Option<String>,
    /// What the archive is called.
    pub label: Option<String>,
    /// The suite's name, mostly its path below `dists/`; other programs may
    /// leave it out, or call the suite by another name than its path.
    pub suite: Option<Suite>,
    /// Its other name.
    pub codename: Option<String>,
    /// The version of the distribution.
    pub version: Option<String>,
    /// When the file was made. apt ignores a file older than the one it has,
    /// and refuses one more than ten seconds in the future.
    pub date: Timestamp,
    /// Until when apt trusts it.
    pub valid_until: Option<Timestamp>,
    /// Whether hosts upgrade to this suite by themselves.
    pub upgrades: Upgrades,
    /// Whether indices are also published under their digests.
    pub acquire_by_hash: bool,
    /// Whether every architecture's `Packages` has the packages for `all` too,
    /// so that clients need no `binary-all` index
    /// (`No-Support-for-Architecture-all: Packages`).
    pub all_in_every_architecture: bool,
    /// The architectures, in order.
    pub architectures: Vec<Architecture>,
    /// The components, in order.
    pub components: Vec<Component>,
    /// What the suite is for, in one line.
    pub description: Option<String>,
    /// Where snapshots are: a URL with `@SNAPSHOTID@` (apt's `--snapshot`).
    pub snapshots: Option<String>,
    /// The indices by their path from the `Release` file's directory.
    pub files: BTreeMap<String, IndexFile>,
}

/// Whether hosts that know a suite install from it without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Upgrades {
    /// As from any suite.
    Automatic,
    /// Only what was asked for (`NotAutomatic`: priority 1).
    OnlyAsked,
    /// Only what was asked for, and newer versions of that
    /// (`ButAutomaticUpgrades` too: priority 100).
    OfWhatWasAsked,
}

/// The size and digest of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexFile {
    /// The size in bytes.
    pub size: u64,
    /// The digest.
    pub sha256: Sha256,
}

/// Says what is wrong with a line of the list of indices.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexLineError {
    /// The line is not digest, size and path.
    #[error("expected a SHA-256 digest, a size and a path")]
    Form,
    /// The path would leave the suite's directory.
    #[error("expected a path below the suite's directory")]
    Path,
    /// The path is there a second time.
    #[error("the file is listed twice")]
    Twice,
}

impl Release {
    /// Tells whether it is of the suite at a path, as apt asks: that is its
    /// `Suite` or its `Codename`, or neither is said. Of `bookworm/updates` the
    /// last part is none of the name.
    pub fn is_of(&self, path: &Suite) -> bool {
        let suite = self.suite.as_ref().map(Suite::as_str);
        let mut said = [suite, self.codename.as_deref()]
            .into_iter()
            .flatten()
            .peekable();
        let bare = path.as_str().strip_suffix("/updates");
        said.peek().is_none() || said.any(|name| name == path.as_str() || Some(name) == bare)
    }

    /// Reads the bytes of a `Release` file, or of an `InRelease` without its
    /// signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, Deb822Error> {
        let found = paragraph(bytes, Syntax::Generated)?;
        // One line each: where a file breaks one, it is read as apt shows it.
        let text = |name| {
            let words: Vec<&str> = found.get(name)?.split_whitespace().collect();
            Some(words.join(" "))
        };
        let date = |field: &Field<'_>| {
            Timestamp::parse_rfc2822(field.value())
                .map_err(|error| field.invalid(field.line(), field.value(), error))
        };
        Ok(Self {
            origin: text("Origin"),
            label: text("Label"),
            suite: found.parse_optional("Suite")?,
            codename: text("Codename"),
            version: text("Version"),
            date: date(found.require("Date")?)?,
            valid_until: found.field("Valid-Until").map(date).transpose()?,
            upgrades: match (
                yes(&found, "NotAutomatic")?,
                yes(&found, "ButAutomaticUpgrades")?,
            ) {
                (false, _) => Upgrades::Automatic,
                (true, false) => Upgrades::OnlyAsked,
                (true, true) => Upgrades::OfWhatWasAsked,
            },
            acquire_by_hash: yes(&found, "Acquire-By-Hash")?,
            all_in_every_architecture: found
                .get("No-Support-for-Architecture-all")
                .is_some_and(|value| value == "Packages"),
            architectures: found.parse_words("Architectures")?,
            components: found.parse_words("Components")?,
            description: text("Description"),
            snapshots: text("Snapshots"),
            files: index_files(&found)?,
        })
    }

    /// Writes the text of the file, its indices ordered by path.
    pub fn text(&self) -> Result<String, WriteError> {
        let words = |words: Vec<&str>| (!words.is_empty()).then(|| words.join(" "));
        let yes = |said: bool| said.then_some("yes");
        let architectures = self
            .architectures
            .iter()
            .map(Architecture::as_str)
            .collect();
        let components = self.components.iter().map(Component::as_str).collect();
        let valid_until = self.valid_until.map(Timestamp::release_date);
        let (architectures, components) = (words(architectures), words(components));

        let mut to = ParagraphWriter::default();
        for (name, value) in [
            ("Origin", self.origin.as_deref()),
            ("Label", self.label.as_deref()),
            ("Suite", self.suite.as_ref().map(Suite::as_str)),
            ("Version", self.version.as_deref()),
            ("Codename", self.codename.as_deref()),
            ("Date", Some(self.date.release_date().as_str())),
            ("Valid-Until", valid_until.as_deref()),
            ("NotAutomatic", yes(self.upgrades != Upgrades::Automatic)),
            (
                "ButAutomaticUpgrades",
                yes(self.upgrades == Upgrades::OfWhatWasAsked),
            ),
            ("Acquire-By-Hash", yes(self.acquire_by_hash)),
            (
                "No-Support-for-Architecture-all",
                self.all_in_every_architecture.then_some("Packages"),
            ),
            ("Architectures", architectures.as_deref()),
            ("Components", components.as_deref()),
            ("Description", self.description.as_deref()),
            ("Snapshots", self.snapshots.as_deref()),
        ] {
            to.optional(name, value)?;
        }
        let mut list = String::new();
        for (path, file) in &self.files {
            if !is_below(path) {
                return Err(WriteError::Value {
                    field: "SHA256".to_owned(),
                    found: path.clone(),
                    rule: "an index has a path below the suite's directory",
                });
            }
            let IndexFile { size, sha256 } = file;
            list.push_str(&format!("\n {sha256} {size:>16} {path}"));
        }
        to.field("SHA256", &list)?;
        Ok(to.finish())
    }
}

fn yes(found: &Paragraph<'_>, name: &str) -> Result<bool, Deb822Error> {
    match found.field(name) {
        None => Ok(false),
        Some(field) => match field.value() {
            "yes" => Ok(true),
            "no" => Ok(false),
            other => Err(field.invalid(field.line(), other, "expected yes or no")),
        },
    }
}

fn index_files(found: &Paragraph<'_>) -> Result<BTreeMap<String, IndexFile>, Deb822Error> {
    let missing = Deb822Error::Missing {
        line: found.line(),
        field: "SHA256",
    };
    let field = found.field("SHA256").ok_or(missing)?;
    let mut files = BTreeMap::new();
    for (number, line) in field.lines().filter(|(_, line)| !line.is_empty()) {
        let refuse = |error: IndexLineError| -> Deb822Error {
            let error: Box<dyn Error + Send + Sync> = error.into();
            field.invalid(number, line, error)
        };
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        let [digest, size, path] = words[..] else {
            return Err(refuse(IndexLineError::Form));
        };
        let (Ok(sha256), Some(size)) = (digest.parse(), decimal(size)) else {
            return Err(refuse(IndexLineError::Form));
        };
        if !is_below(path) {
            return Err(refuse(IndexLineError::Path));
        }
        let file = IndexFile { size, sha256 };
        if files.insert(path.to_owned(), file).is_some() {
            return Err(refuse(IndexLineError::Twice));
        }
    }
    Ok(files)
}

fn is_below(path: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') && path.split('/').all(plain)
}

#[cfg(test)]
mod tests;
