//! A `Release` that another program wrote: whatever can be understood of it.

use std::collections::BTreeMap;

use crate::archive::Settings;
use crate::archive::layout::IndexName;
use crate::archive::settings::StatedSuite;
use crate::format::deb822::{Deb822Error, Paragraph, Syntax, paragraph};
use crate::format::index::piece::Encoding;
use crate::format::release::Upgrades;
use crate::model::{Architecture, Component, FileDigests, Sha256, Suite, Timestamp};

/// A digest of the strongest kind that is there. Old archives have nothing but
/// MD5, which tells damage, though not malice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-1, in hexadecimal.
    Sha1(String),
    /// MD5, in hexadecimal.
    Md5(String),
}

impl Digest {
    /// Tells whether it is that of these bytes.
    pub fn is_of(&self, found: &FileDigests) -> bool {
        match self {
            Self::Sha256(digest) => *digest == found.sha256,
            Self::Sha1(digest) => *digest == found.sha1,
            Self::Md5(digest) => *digest == found.md5,
        }
    }

    /// Reads a digest by the number of its digits.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let hexadecimal = text.bytes().all(|b| b.is_ascii_hexdigit());
        match text.len() {
            64 => text.parse().ok().map(Self::Sha256),
            40 if hexadecimal => Some(Self::Sha1(text)),
            32 if hexadecimal => Some(Self::Md5(text)),
            _ => None,
        }
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sha256(digest) => write!(f, "sha256 {digest}"),
            Self::Sha1(digest) => write!(f, "sha1 {digest}"),
            Self::Md5(digest) => write!(f, "md5 {digest}"),
        }
    }
}

/// What a file must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub digest: Digest,
}

/// What another program's `Release` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForeignRelease {
    /// `Origin`.
    pub origin: Option<String>,
    /// `Label`.
    pub label: Option<String>,
    /// `Suite`.
    pub suite: Option<String>,
    /// `Codename`.
    pub codename: Option<String>,
    /// `Version`.
    pub version: Option<String>,
    /// `Description`.
    pub description: Option<String>,
    /// `Date`; none where there is no `Release`.
    pub date: Option<Timestamp>,
    /// `Valid-Until`.
    pub valid_until: Option<Timestamp>,
    /// `NotAutomatic` and `ButAutomaticUpgrades`.
    pub upgrades: Option<Upgrades>,
    /// `Architectures`, those that a host can have.
    pub architectures: Vec<Architecture>,
    /// `Components`.
    pub components: Vec<Component>,
    /// The files it lists, by their path below the suite's directory.
    pub files: BTreeMap<String, Listed>,
}

impl ForeignRelease {
    /// Reads the text of a `Release`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Deb822Error> {
        let found = paragraph(bytes, Syntax::Generated)?;
        let text = |name| {
            let words: Vec<&str> = found.get(name)?.split_whitespace().collect();
            (!words.is_empty()).then(|| words.join(" "))
        };
        let date = |name| Timestamp::parse_rfc2822(found.get(name)?).ok();
        let yes = |name| {
            found
                .get(name)
                .is_some_and(|v| v.eq_ignore_ascii_case("yes"))
        };
        let mut architectures: Vec<Architecture> = words(&found, "Architectures");
        architectures.retain(|a| !a.is_all() && a.as_str() != "source");
        Ok(Self {
            origin: text("Origin"),
            label: text("Label"),
            suite: text("Suite"),
            codename: text("Codename"),
            version: text("Version"),
            description: text("Description"),
            date: date("Date"),
            valid_until: date("Valid-Until"),
            upgrades: Some(match (yes("NotAutomatic"), yes("ButAutomaticUpgrades")) {
                (false, _) => Upgrades::Automatic,
                (true, false) => Upgrades::OnlyAsked,
                (true, true) => Upgrades::OfWhatWasAsked,
            }),
            architectures,
            components: words(&found, "Components"),
            files: files(&found),
        })
    }

    /// Returns the indices of packages among the files it lists, each once.
    /// `binary-all` is one of them where the archive has it.
    pub fn indices(&self) -> Vec<IndexName> {
        let mut names: Vec<_> = self
            .files
            .keys()
            .filter_map(|path| index_of(path))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Returns the settings that a suite at this path has to have so that its
    /// clients find what they know.
    pub fn settings(&self, path: &Suite, indices: &[IndexName]) -> Settings {
        let mut components = self.components.clone();
        let mut architectures = self.architectures.clone();
        for index in indices {
            if !components.contains(index.component()) {
                components.push(index.component().clone());
            }
            if let IndexName::Packages { architecture, .. } = index
                && !architecture.is_all()
                && !architectures.contains(architecture)
            {
                architectures.push(architecture.clone());
            }
        }
        if components.is_empty() {
            components.push(Component::new("main").expect("a component"));
        }
        if architectures.is_empty() {
            architectures.push(Architecture::of_this_machine());
        }
        architectures.sort();
        architectures.dedup();
        let lasts = self
            .valid_until
            .zip(self.date)
            .map(|(until, date)| until.unix() - date.unix());
        let mut settings = Settings::new(components, architectures);
        settings.origin = self.origin.clone();
        settings.label = self.label.clone();
        settings.codename = self.codename.clone();
        settings.version = self.version.clone();
        settings.description = self.description.clone();
        settings.upgrades = self.upgrades.unwrap_or(Upgrades::Automatic);
        settings.valid_for_seconds = lasts.and_then(|seconds| u32::try_from(seconds).ok());
        settings.stated = match self.suite.as_deref().map(Suite::new) {
            Some(Ok(suite)) if suite == *path => StatedSuite::OfPath,
            Some(Ok(suite)) => StatedSuite::As(suite),
            Some(Err(_)) | None => StatedSuite::Nothing,
        };
        settings
    }
}

/// Returns which index of packages a file is, compressed or not.
pub(super) fn index_of(path: &str) -> Option<IndexName> {
    let bare = Encoding::ALL
        .iter()
        .find_map(|e| path.strip_suffix(e.suffix())?.strip_suffix('.'))
        .unwrap_or(path);
    let index: IndexName = bare.parse().ok()?;
    index.kind().is_some().then_some(index)
}

fn words<T: std::str::FromStr>(found: &Paragraph<'_>, name: &str) -> Vec<T> {
    let value = found.get(name).unwrap_or_default();
    let words = value.split_whitespace();
    // Debian's own security archive wrote `updates/main`, which means `main`.
    let words = words.map(|word| word.rsplit('/').next().unwrap_or(word));
    words.filter_map(|word| word.parse().ok()).collect()
}

/// Reads the lists of files, the weakest first, so that a stronger digest
/// replaces it.
fn files(found: &Paragraph<'_>) -> BTreeMap<String, Listed> {
    let mut files = BTreeMap::new();
    for name in ["MD5Sum", "SHA1", "SHA256"] {
        let Some(field) = found.field(name) else {
            continue;
        };
        for (_, line) in field.lines() {
            let words: Vec<_> = line.split_ascii_whitespace().collect();
            let [digest, size, path] = words[..] else {
                continue;
            };
            if let (Some(digest), Ok(size)) = (Digest::parse(digest), size.parse()) {
                let path = path.trim_start_matches("./").to_owned();
                files.insert(path, Listed { size, digest });
            }
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "Origin: Acme\nCodename: bookworm\nDate: Sun, 01 Jun 2025 12:00:00 UTC\n\
        Valid-Until: Sun, 08 Jun 2025 12:00:00 UTC\nArchitectures: all amd64 source\n\
        Components: updates/main\nNotAutomatic: yes\nMD5Sum:\n \
        d41d8cd98f00b204e9800998ecf8427e 0 main/binary-amd64/Packages.gz\n \
        d41d8cd98f00b204e9800998ecf8427e 0 main/binary-amd64/Release\n";

    #[test]
    fn what_old_archives_say_is_understood() {
        let release = ForeignRelease::parse(OLD.as_bytes()).expect("readable");
        let path = Suite::new("bookworm").expect("a suite");
        let indices = release.indices();
        assert_eq!(indices.len(), 1);
        let settings = release.settings(&path, &indices);
        assert_eq!(settings.stated, StatedSuite::Nothing);
        assert_eq!(settings.valid_for_seconds, Some(7 * 86_400));
        assert_eq!(settings.upgrades, Upgrades::OnlyAsked);
        assert_eq!(settings.components[0].as_str(), "main");
        assert_eq!(settings.architectures.len(), 1);
        let digest = &release.files["main/binary-amd64/Packages.gz"].digest;
        assert!(digest.is_of(&FileDigests::of(b"")), "{digest}");
        assert!(!digest.is_of(&FileDigests::of(b"x")), "{digest}");
        let named = OLD.replace("Codename", "Suite: stable\nCodename");
        let release = ForeignRelease::parse(named.as_bytes()).expect("readable");
        let stated = release.settings(&path, &[]).stated;
        assert_eq!(stated.suite(&path).expect("a name").as_str(), "stable");
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_read_panics(at in 0..OLD.len(), with in "[ -~\n]{0,9}") {
            let text = format!("{}{with}{}", &OLD[..at], &OLD[at..]);
            let path = Suite::new("x").expect("a suite");
            if let Ok(found) = ForeignRelease::parse(text.as_bytes()) {
                let settings = found.settings(&path, &found.indices());
                assert!(!settings.components.is_empty());
            }
        }
    }
}
