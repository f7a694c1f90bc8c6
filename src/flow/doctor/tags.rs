//! Release tags whose tree holds another version than their name says: the
//! trace of a tool that tags before it commits.

use crate::flow::FlowError;
use crate::format::changelog::Entry;
use crate::model::{Checkup, Finding, TagName, Timestamp};
use crate::release::observe::Known;
use crate::release::policy::{DebianKind, Unit};
use crate::release::tag_pattern;
use crate::release::upstream::is_release_of;
use crate::release::{self, Facts, Policy, TagPattern};
use crate::sys::git::{ObjectId, Objects, Repository};

/// How many of a package's newest tags are looked at: enough to see a habit.
const NEWEST: usize = 20;
/// How many of them a line tells.
const SHOWN: usize = 3;

/// A package's newest release tags, the newest version first.
#[derive(Debug, Clone, Default)]
pub(super) struct UnitTags {
    pub(super) tags: Vec<Looked>,
}

/// A release tag with what its tree says.
#[derive(Debug, Clone)]
pub(super) struct Looked {
    pub(super) name: TagName,
    pub(super) made: Timestamp,
    /// The version in its name.
    version: String,
    pattern: TagPattern,
    /// File and version, of the files that the tree has.
    said: Vec<(String, Said)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    /// A version file's text.
    Version(String),
    /// The newest changelog entry's version.
    Entry(crate::format::version::Version),
    /// The newest changelog entry is one that is still written.
    Unreleased,
}

/// Reads the trees of the newest tags of every package.
pub(super) fn observe(
    repository: &Repository,
    facts: &Facts,
    policy: &Policy,
) -> Result<Vec<UnitTags>, FlowError> {
    let mut found = Vec::new();
    let objects = repository.objects()?;
    let known = release::observe::known_releases(&policy.units, &facts.tags);
    for (unit, own) in policy.units.iter().zip(known) {
        let mut tags = Vec::new();
        for Known {
            tag: name,
            version,
            commit,
            ..
        } in own.into_iter().take(NEWEST)
        {
            let mut patterns = unit.tags.iter();
            let pattern = patterns
                .find(|pattern| pattern.version_in(name.as_str()).as_ref() == Some(&version));
            let Some(pattern) = pattern.cloned() else {
                continue;
            };
            tags.push(Looked {
                made: repository.tag_date(&name)?,
                said: said(&objects, unit, &commit)?,
                name,
                version,
                pattern,
            });
        }
        found.push(UnitTags { tags });
    }
    Ok(found)
}

/// Reads what a tagged tree says. What it does not have or does not say, says
/// nothing: the configuration is today's, the tree is not.
fn said(
    objects: &Objects<'_>,
    unit: &Unit,
    commit: &str,
) -> Result<Vec<(String, Said)>, FlowError> {
    let mut found = Vec::new();
    let Some(tree) = ObjectId::from_hex(commit).and_then(|id| objects.commit(id).ok()) else {
        return Ok(found);
    };
    let read = |path: &str| -> Result<Option<Vec<u8>>, FlowError> {
        let item = objects.entry(tree.tree, path)?;
        let file = item.filter(|item| item.mode & 0o170_000 == 0o100_000);
        Ok(file.map(|item| objects.content(item.id)).transpose()?)
    };
    for file in &unit.version_files {
        if let Some(bytes) = read(&file.path)?
            && let Ok(version) = file.version_in(&String::from_utf8_lossy(&bytes))
        {
            found.push((file.path.clone(), Said::Version(version)));
        }
    }
    let changelog = match &unit.debian {
        DebianKind::Changelog { path } => Some(path),
        DebianKind::Declared { changelog, .. } => changelog.as_ref(),
    };
    if let Some(path) = changelog
        && let Some(bytes) = read(path)?
        && let Ok(entry) = Entry::newest(&bytes)
    {
        let said = match entry.is_unreleased() {
            true => Said::Unreleased,
            false => Said::Entry(entry.version),
        };
        found.push((path.clone(), said));
    }
    Ok(found)
}

/// Judges every package's tags.
pub(super) fn judge(policy: &Policy, tags: &[UnitTags]) -> Checkup {
    let mut checkup = Checkup::default();
    for (unit, own) in policy.units.iter().zip(tags) {
        let count = own.tags.len();
        let wrong: Vec<String> = own.tags.iter().filter_map(disagreement).collect();
        let name = unit.name.as_str();
        if wrong.is_empty() {
            if count > 0 {
                let why = format!("the newest {count} hold the version of their name");
                checkup.pass("tagged-versions", name, why);
            }
            continue;
        }
        let mut all = wrong[..wrong.len().min(SHOWN)].join("; ");
        if wrong.len() > SHOWN {
            all += &format!("; and {} more", wrong.len() - SHOWN);
        }
        let why = format!("{} of the newest {count} tags: {all}", wrong.len());
        let finding = Finding::warning("tagged-versions", name, why);
        checkup.find(finding.fix(
            "debcut prepare commits the version before debcut tag tags it; a tag that is out stays",
        ));
    }
    checkup
}

/// Says in what a tag's tree differs from its name.
fn disagreement(tag: &Looked) -> Option<String> {
    let wrong = tag.said.iter().find_map(|(path, said)| match said {
        Said::Version(text) => (!holds(text, tag)).then(|| format!("{text} ({path})")),
        Said::Entry(version) => (!tag_pattern::names(&tag.version, version, &tag.pattern))
            .then(|| format!("{version} ({path})")),
        Said::Unreleased => Some(format!("an UNRELEASED entry ({path})")),
    });
    wrong.map(|what| format!("{} holds {what}", tag.name))
}

/// Tells whether a version file's text is the version that a tag's name says:
/// of a Debian tag its upstream part.
fn holds(text: &str, tag: &Looked) -> bool {
    text == tag.version
        || crate::format::version::Version::new(tag.version.as_str())
            .is_ok_and(|version| is_release_of(text, &version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::version::Version;

    #[test]
    fn trees_are_compared_with_names() {
        let entry = |text: &str| Said::Entry(Version::new(text).expect(text));
        let version = |text: &str| Said::Version(text.to_owned());
        let cases = [
            ("v{version}", "v1.2.0", version("1.2.0"), None),
            (
                "v{version}",
                "v1.2.0",
                version("1.1.0"),
                Some("holds 1.1.0"),
            ),
            ("v{version}", "v1.2.0-rc.1", version("1.2.0-rc.1"), None),
            ("v{version}", "v1.2.0", entry("1.2.0-1"), None),
            ("v{version}", "v1.2.0", entry("1.1.0-1"), Some("1.1.0-1")),
            ("debian/{version}", "debian/1%1.2-3", entry("1:1.2-3"), None),
            (
                "debian/{version}",
                "debian/1.2-3",
                entry("1.2-2"),
                Some("1.2-2"),
            ),
            ("debian/{version}", "debian/1.2-3", version("1.2"), None),
            (
                "debian/{version}",
                "debian/1.2-3",
                version("1.1"),
                Some("1.1"),
            ),
            ("v{version}", "v1.2.0", Said::Unreleased, Some("UNRELEASED")),
        ];
        for (pattern, name, said, want) in cases {
            let pattern = TagPattern::new(pattern).expect(pattern);
            let tag = Looked {
                name: TagName::new(name).expect(name),
                made: Timestamp::from_unix(0),
                version: pattern.version_in(name).expect(name),
                pattern,
                said: vec![("file".into(), said)],
            };
            let found = disagreement(&tag);
            match (&found, want) {
                (Some(found), Some(want)) => assert!(found.contains(want), "{found}"),
                _ => assert_eq!(found.is_some(), want.is_some(), "{tag:?}: {found:?}"),
            }
        }
    }
}
