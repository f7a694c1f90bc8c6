//! `debian/changelog`: the entry of a release, written in the package's own
//! habits, in front of old entries that stay as they are, byte for byte.
//!
//! Follows deb-changelog(5), Policy 4.4 and the Developer's Reference 6.3. An
//! entry is what dch would write, with its faults left out: changes stand in
//! the order of their commits, oldest first, under `[ Name ]` from the second
//! author on, wrapped, with `(Closes: #1, #2)` as dpkg parses it. Where the
//! package's newest entries do otherwise (bullets, empty lines, capitals, full
//! stops, how bugs are named), so does the new one.
//!
//! An UNRELEASED entry at the top is completed: what was written by hand stays
//! in its place, changes that it tells already are not told again.

mod complete;
mod distribution;
mod edit;
mod habits;
mod item;
mod join;
mod layout;
mod order;
mod wording;

use std::cmp::Ordering;
use std::collections::HashMap;

use self::habits::Habits;
use self::item::items;
use self::layout::{Layout, Sections, Told, is_opened};
use self::wording::{Named, Wording, section_name};
use super::change::Change;
use super::commit::Person;
use super::policy::{DebianPolicy, UrgencyRules};
use crate::format::changelog::{ChangelogError, File, Head, RawEntry, Upload, Urgency, entry_text};
use crate::format::version::Version;
use crate::model::{PackageName, Suite, Timestamp};

pub use edit::{newest_text_of, replace_newest};
pub use join::{Joined, joined};

/// The entry that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The source package.
    pub source: &'a PackageName,
    /// Its new version.
    pub version: &'a Version,
    /// Where it goes; none: by the policy, else as the entry before.
    pub distribution: Option<&'a Suite>,
    /// How urgent; none: by the policy and the changes.
    pub urgency: Option<Urgency>,
    /// Whether it is a binary-only version.
    pub binary_only: bool,
    /// A line before the changes (`New upstream release.`, `Non-maintainer
    /// upload.`).
    pub opening: Option<&'a str>,
    /// The changes, newest first.
    pub changes: &'a [Change],
    /// Who releases.
    pub maintainer: &'a Person,
    /// When.
    pub date: Timestamp,
}

/// Why no entry was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The newest entry that is there cannot be read.
    #[error("the newest entry cannot be read")]
    Newest(#[source] ChangelogError),
    /// There is something, but no entry.
    #[error("line 1: there is no entry in the changelog that is there")]
    NoEntry,
    /// What was written does not read back.
    #[error("the new entry would not be valid")]
    Written(#[source] ChangelogError),
    /// The version is not higher than the entry before.
    #[error("{new} is not higher than {old}, the version of the entry before")]
    NotHigher {
        /// The new version.
        new: Version,
        /// That of the newest released entry.
        old: Version,
    },
    /// The entry that is being written has a higher version than is wanted.
    #[error("the UNRELEASED entry is {written}, which is higher than {wanted}")]
    UnreleasedHigher {
        /// The version that is wanted.
        wanted: Version,
        /// That of the UNRELEASED entry.
        written: Version,
    },
    /// There is a released entry of the version, and it tells something else.
    #[error("{version} has an entry already, which {difference}")]
    Different {
        /// The version.
        version: Version,
        /// What differs, as a clause without its subject.
        difference: String,
    },
    /// The distribution is not one.
    #[error("“{name}” is no distribution of Debian's, of Ubuntu's or of debcut.toml's{}", suggestion(.nearest))]
    UnknownDistribution {
        /// What was found.
        name: String,
        /// The most similar that is one.
        nearest: Option<String>,
    },
    /// There is nothing to write.
    #[error("an entry for {0} would be empty: there is no change to mention")]
    Empty(Version),
    /// An edited text is not one entry.
    #[error("expected one entry, found {found}")]
    NotOne {
        /// How many entries there are.
        found: usize,
    },
    /// An edited text is of another package or version.
    #[error("expected the entry of {expected}, found that of {found}")]
    OtherRelease {
        /// Package and version that were planned.
        expected: String,
        /// Those that were found.
        found: String,
    },
}

fn suggestion(nearest: &Option<String>) -> String {
    let nearest = nearest.as_ref();
    nearest.map_or(String::new(), |name| format!(" (“{name}” is)"))
}

/// Writes the whole new file: the entry, then `old` as it is. An UNRELEASED
/// entry at the top of `old` is completed instead: its hand-written lines stay.
///
/// Where the newest entry is the wanted one already, released, and tells all
/// that is wanted, `old` is returned as it is, whatever its date; if it tells
/// less, that is an error, for a released entry is not changed.
pub fn write(
    old: &[u8],
    wanted: &Wanted<'_>,
    policy: &DebianPolicy,
) -> Result<Vec<u8>, EntryError> {
    let file = File::parse(old);
    Ok(match entry(&file, wanted, policy)? {
        New::Same => old.to_vec(),
        New::Above(text) => {
            let gap: &[u8] = match old.first() {
                None | Some(b'\n') => b"",
                Some(_) => b"\n",
            };
            [text.as_bytes(), gap, old].concat()
        }
        New::InsteadOfNewest(text) => edit::with_newest(&file, &text),
    })
}

/// Writes the text of the new entry alone, for people to look at or edit.
pub fn preview(
    old: &[u8],
    wanted: &Wanted<'_>,
    policy: &DebianPolicy,
) -> Result<String, EntryError> {
    let file = File::parse(old);
    Ok(match entry(&file, wanted, policy)? {
        New::Same => edit::newest_text(&file),
        New::Above(text) | New::InsteadOfNewest(text) => text,
    })
}

/// What becomes of the file.
enum New {
    /// It has the entry.
    Same,
    /// This entry stands above all others.
    Above(String),
    /// This entry stands where the UNRELEASED one was.
    InsteadOfNewest(String),
}

fn entry(file: &File<'_>, wanted: &Wanted<'_>, policy: &DebianPolicy) -> Result<New, EntryError> {
    if file.entries.is_empty() && !file.to_bytes().trim_ascii().is_empty() {
        return Err(EntryError::NoEntry);
    }
    let (open, released) = match file.entries.split_first() {
        Some((newest, older)) if newest.is_unreleased() => (Some(newest), older),
        _ => (None, &file.entries[..]),
    };
    let habits = Habits::of(match released {
        [] => &file.entries,
        _ => released,
    });
    let opening = wanted.opening.filter(|text| !text.trim().is_empty());
    let wordings = wordings(wanted, &habits);
    if let Some(newest) = released.first().filter(|_| open.is_none())
        && newest.version().as_ref() == Some(wanted.version)
    {
        return same(newest, wanted, opening, &wordings, &habits);
    }
    let upload = match wanted.binary_only {
        true => Upload::BinaryOnly,
        false => Upload::Source,
    };
    let versions: Vec<_> = released.iter().filter_map(RawEntry::version).collect();
    order::check(wanted.version, &versions, upload)?;
    let layout = Layout {
        habits: &habits,
        width: policy.width,
        sections: match policy.multi_maintainer {
            true => Sections::ByAuthor,
            false => Sections::Never,
        },
    };
    let mut head = Head {
        source: wanted.source,
        version: wanted.version,
        distributions: &distribution::choose(wanted.distribution, policy, &file.entries)?,
        urgency: wanted
            .urgency
            .unwrap_or_else(|| urgency(wanted.changes, &policy.urgency)),
        upload,
        fields: &[],
    };
    let fields;
    let lines = match open {
        None => layout.entry(opening, &wordings),
        Some(open) => {
            complete::refuse_unreadable(open)?;
            if let Some(written) = open
                .version()
                .filter(|written| written.compare(wanted.version) == Ordering::Greater)
                .filter(|written| !leads_to(wanted.version, written))
            {
                let wanted = wanted.version.clone();
                return Err(EntryError::UnreleasedHigher { wanted, written });
            }
            let urgency = open.urgency().and_then(|word| word.parse().ok());
            head.urgency = head.urgency.max(urgency.unwrap_or(head.urgency));
            fields = complete::own_fields(open);
            head.fields = &fields;
            complete::lines(open, wanted, opening, &wordings, &layout)
        }
    };
    if lines.is_empty() {
        return Err(EntryError::Empty(wanted.version.clone()));
    }
    let Person { name, email } = wanted.maintainer;
    let maintainer = format!("{name} <{email}>");
    let text = entry_text(&head, &lines, &maintainer, wanted.date).map_err(EntryError::Written)?;
    Ok(match open {
        None => New::Above(text),
        Some(_) => New::InsteadOfNewest(text),
    })
}

/// Tells whether a version is a candidate of another: `1.1~rc1-1` of `1.1-1`.
fn leads_to(candidate: &Version, version: &Version) -> bool {
    let behind = candidate.upstream().strip_prefix(version.upstream());
    candidate.epoch() == version.epoch() && behind.is_some_and(|text| text.starts_with('~'))
}

/// Words the changes, oldest first; what is told twice is told once, with the
/// bugs and thanks of both.
fn wordings(wanted: &Wanted<'_>, habits: &Habits) -> Vec<Wording> {
    let mut changes: Vec<Change> = Vec::new();
    // Looked up, not searched: a long range has thousands of changes.
    let mut places = HashMap::new();
    for change in wanted.changes.iter().rev() {
        let words = wording::spaced(&change.description).to_lowercase();
        let telling = (&change.scopes, change.gbp_dch, words);
        let Some(known) = places.get(&telling).map(|at: &usize| &mut changes[*at]) else {
            places.insert(telling, changes.len());
            changes.push(change.clone());
            continue;
        };
        known.closes.extend(&change.closes);
        known.launchpad.extend(&change.launchpad);
        let holes = change.cves.iter().filter(|hole| !known.cves.contains(hole));
        let holes: Vec<_> = holes.cloned().collect();
        known.cves.extend(holes);
        let others = change.authors.iter();
        let others = others.filter(|person| !known.authors.contains(person));
        let others: Vec<_> = others.cloned().collect();
        known.authors.extend(others);
        known.breaking = known.breaking.take().or_else(|| change.breaking.clone());
        let action = || change.action_required.clone();
        known.action_required = known.action_required.take().or_else(action);
    }
    let releaser = section_name(&wanted.maintainer.name, &wanted.maintainer.email);
    let word = |change| Wording::of(change, habits, wanted.source, &releaser);
    changes.iter().filter_map(word).collect()
}

/// The urgency of the most urgent change, mentioned or not.
fn urgency(changes: &[Change], rules: &UrgencyRules) -> Urgency {
    let each = changes.iter().map(|change| match change {
        Change {
            exploited: true, ..
        } => rules.exploited,
        Change { cves, .. } if !cves.is_empty() => rules.security,
        _ => rules.usual,
    });
    each.max().unwrap_or(rules.usual).max(rules.usual)
}

/// Tells whether the released entry of this version is the wanted one.
fn same(
    newest: &RawEntry<'_>,
    wanted: &Wanted<'_>,
    opening: Option<&str>,
    wordings: &[Wording],
    habits: &Habits,
) -> Result<New, EntryError> {
    let different = |difference: String| {
        let version = wanted.version.clone();
        Err(EntryError::Different {
            version,
            difference,
        })
    };
    let distributions = newest.distributions().join(" ");
    if let Some(suite) = wanted
        .distribution
        .filter(|suite| suite.as_str() != distributions)
    {
        return different(format!("goes to {distributions} and not to {suite}"));
    }
    let lines = newest.lines();
    let found = items(&lines);
    if let Some(opening) = opening.filter(|opening| !is_opened(&found, opening)) {
        return different(format!("does not say “{opening}”"));
    }
    let told = Told::by(&found);
    let named = Named::in_text(&lines.join("\n"));
    for wording in wordings {
        if told.telling(wording).is_none() || !wording.bugs_beside(&named, habits).is_empty() {
            return different(format!("does not tell “{}”", wording.text));
        }
    }
    Ok(New::Same)
}

#[cfg(test)]
mod tests;
