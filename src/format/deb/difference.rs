//! Two packages → where they differ: member by member, field by field, file
//! by file.
//!
//! Knows nothing of why they differ and whether they may.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::format::tar::{EntryKind, TreePath};
use crate::model::{Sha256, Timestamp};

use super::{Contents, ControlFile, Listed, Member};

mod bytes;
mod located;

pub use bytes::{ByteDifference, Excerpt, Span};
pub use located::{LocateError, Side, locate};

/// One thing in which the second package differs from the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What kind of thing.
    pub part: Part,
    /// Which one; empty for the package itself.
    pub name: String,
    /// How it differs.
    #[serde(flatten)]
    pub change: Change,
    /// Which bytes differ, where two contents do: of control files always, of
    /// files once [`locate`] has looked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<ByteDifference>,
}

/// What kind of thing differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The package as a whole.
    Package,
    /// An ar member.
    Member,
    /// A field of the control file.
    Field,
    /// A control file.
    ControlFile,
    /// An entry of the data member.
    File,
}

/// How a thing differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// Only the second package has it.
    Added {
        /// What it is.
        is: Facts,
    },
    /// Only the first package has it.
    Removed {
        /// What it was.
        was: Facts,
    },
    /// Both have it.
    Changed {
        /// In which respect it differs.
        aspect: Aspect,
        /// What the first package says.
        from: String,
        /// What the second says.
        to: String,
    },
}

/// What is said of a thing.
pub type Facts = BTreeMap<Aspect, String>;

/// A respect in which things may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// What it is: file, directory, symlink, …
    Type,
    /// Permission bits, in octal.
    Mode,
    /// User and group, by name and number.
    Owner,
    /// A size in bytes.
    Size,
    /// A device's number.
    Device,
    /// Where a link points.
    Target,
    /// A time, RFC 3339 in UTC.
    Time,
    /// The SHA-256 of the contents.
    Content,
    /// A field's value.
    Value,
    /// How a member is compressed.
    Compression,
    /// A member's size in bytes unpacked.
    Unpacked,
    /// How many entries a member has.
    Entries,
    /// Which of the entries that both have comes first out of turn.
    Order,
    /// The version of the package's format.
    Format,
    /// The SHA-256 of the whole package, where nothing else differs.
    Bytes,
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The control file's own name.
const CONTROL: &str = "control";

/// Finds everything in which `b` differs from `a`; nothing if and only if they
/// are the same bytes.
pub fn differences(a: &Contents, b: &Contents) -> Vec<Difference> {
    if a.sha256 == b.sha256 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let format = |of: &Contents| Facts::from([(Aspect::Format, of.deb.format.clone())]);
    let package = |facts| BTreeMap::from([(String::new(), facts)]);
    compare(
        Part::Package,
        package(format(a)),
        package(format(b)),
        &mut found,
    );
    compare(Part::Member, members(a), members(b), &mut found);
    if let Some((from, to)) = first_out_of_turn(&a.files, &b.files) {
        found.push(changed(Part::Member, "data.tar", (Aspect::Order, from, to)));
    }
    let before_fields = found.len();
    compare(Part::Field, fields(a), fields(b), &mut found);
    let digests = |of: &Contents| Sha256::of(of.deb.control.bytes());
    if found.len() == before_fields && digests(a) != digests(b) {
        let (from, to) = (digests(a).to_string(), digests(b).to_string());
        found.push(changed(
            Part::ControlFile,
            CONTROL,
            (Aspect::Content, from, to),
        ));
    }
    compare(
        Part::ControlFile,
        control_files(a),
        control_files(b),
        &mut found,
    );
    located::in_control_files(&mut found, a, b);
    compare(Part::File, files(a), files(b), &mut found);
    if found.is_empty() {
        let (from, to) = (a.sha256.to_string(), b.sha256.to_string());
        found.push(changed(Part::Package, "", (Aspect::Bytes, from, to)));
    }
    found
}

fn changed(part: Part, name: &str, (aspect, from, to): (Aspect, String, String)) -> Difference {
    Difference {
        part,
        name: name.to_owned(),
        change: Change::Changed { aspect, from, to },
        bytes: None,
    }
}

fn compare<K: Ord + ToString>(
    part: Part,
    a: BTreeMap<K, Facts>,
    mut b: BTreeMap<K, Facts>,
    found: &mut Vec<Difference>,
) {
    let mut all: BTreeMap<K, (Option<Facts>, Option<Facts>)> = BTreeMap::new();
    for (name, was) in a {
        let is = b.remove(&name);
        all.insert(name, (Some(was), is));
    }
    all.extend(b.into_iter().map(|(name, is)| (name, (None, Some(is)))));
    for (name, both) in all {
        let name = name.to_string();
        let change = match both {
            (None, Some(is)) => Change::Added { is },
            (Some(was), None) => Change::Removed { was },
            (was, is) => {
                let (was, is) = (was.unwrap_or_default(), is.unwrap_or_default());
                // What only one has belongs to another type of file, which is
                // told by itself.
                let both = was
                    .into_iter()
                    .filter_map(|(aspect, from)| Some((aspect, from, is.get(&aspect)?.clone())));
                let differing = both.filter(|(_, from, to)| from != to);
                found.extend(differing.map(|facts| changed(part, &name, facts)));
                continue;
            }
        };
        let bytes = None;
        found.push(Difference {
            part,
            name,
            change,
            bytes,
        });
    }
}

/// Members by name without the compression's ending; dpkg ignores all but
/// three, so a package may have several of one name.
fn members(of: &Contents) -> BTreeMap<String, Facts> {
    let mut named = BTreeMap::new();
    for member in &of.deb.members {
        let ending = member.tar.map_or("", |tar| tar.compression.extension());
        let stem = member.name.strip_suffix(ending).unwrap_or(&member.name);
        let mut name = stem.to_owned();
        let mut times = 1;
        while named.contains_key(&name) {
            times += 1;
            name = format!("{stem} ({times})");
        }
        named.insert(name, member_facts(member));
    }
    named
}

fn member_facts(member: &Member) -> Facts {
    let mut facts = Facts::from([
        (Aspect::Size, member.size.to_string()),
        (Aspect::Time, time(member.mtime)),
    ]);
    if let Some(tar) = member.tar {
        facts.extend([
            (Aspect::Compression, tar.compression.to_string()),
            (Aspect::Unpacked, tar.unpacked.to_string()),
            (Aspect::Entries, tar.entries.to_string()),
        ]);
    }
    facts
}

fn fields(of: &Contents) -> BTreeMap<String, Facts> {
    let named = of.deb.control.fields().map(|field| {
        let value = String::from_utf8_lossy(field.value).into_owned();
        (
            capitalised(field.name),
            Facts::from([(Aspect::Value, value)]),
        )
    });
    named.collect()
}

fn control_files(of: &Contents) -> BTreeMap<String, Facts> {
    let facts = |file: &ControlFile| {
        Facts::from([
            (Aspect::Mode, mode(file.mode)),
            (Aspect::Size, file.bytes.len().to_string()),
            (Aspect::Content, Sha256::of(&file.bytes).to_string()),
        ])
    };
    let named = of.deb.control_files.iter();
    named
        .map(|(name, file)| (name.clone(), facts(file)))
        .collect()
}

fn files(of: &Contents) -> BTreeMap<TreePath, Facts> {
    let named = of.files.iter();
    named
        .map(|listed| (listed.entry.path.clone(), listed.facts()))
        .collect()
}

impl Listed {
    /// Returns what is said of the entry, ready to be read.
    pub fn facts(&self) -> Facts {
        let entry = &self.entry;
        let owner = &entry.owner;
        let names = [&owner.user, &owner.group].map(|name| String::from_utf8_lossy(name));
        let mut facts = Facts::from([
            (Aspect::Type, entry.kind.name().to_owned()),
            (Aspect::Mode, mode(entry.mode)),
            (
                Aspect::Owner,
                format!("{}/{} ({}/{})", names[0], names[1], owner.uid, owner.gid),
            ),
            (Aspect::Time, time(entry.mtime)),
        ]);
        let kind = match &entry.kind {
            EntryKind::File { size } => Some((Aspect::Size, size.to_string())),
            EntryKind::Symlink { target } => {
                Some((Aspect::Target, String::from_utf8_lossy(target).into_owned()))
            }
            EntryKind::HardLink { target } => Some((Aspect::Target, target.to_string())),
            EntryKind::CharDevice(device) | EntryKind::BlockDevice(device) => {
                let number = format!("{}, {}", device.major, device.minor);
                Some((Aspect::Device, number))
            }
            EntryKind::Directory | EntryKind::Fifo => None,
        };
        facts.extend(kind);
        facts.extend(
            self.sha256
                .map(|digest| (Aspect::Content, digest.to_string())),
        );
        facts
    }
}

fn mode(bits: u32) -> String {
    format!("{bits:04o}")
}

fn time(seconds: i64) -> String {
    Timestamp::from_unix(seconds).to_string()
}

/// Finds the first place where the entries that both have come in another
/// order.
fn first_out_of_turn(a: &[Listed], b: &[Listed]) -> Option<(String, String)> {
    let paths = |files: &[Listed]| -> BTreeSet<TreePath> {
        files
            .iter()
            .map(|listed| listed.entry.path.clone())
            .collect()
    };
    let (in_a, in_b) = (paths(a), paths(b));
    let shared_a = a.iter().map(|l| &l.entry.path).filter(|p| in_b.contains(p));
    let shared_b = b.iter().map(|l| &l.entry.path).filter(|p| in_a.contains(p));
    shared_a
        .zip(shared_b)
        .find(|(a, b)| a != b)
        .map(|(a, b)| (a.to_string(), b.to_string()))
}

/// Writes a field's name as dpkg does, `Installed-Size`: case does not matter.
fn capitalised(name: &str) -> String {
    let mut start = true;
    let letters = name.chars().map(|letter| {
        let first = std::mem::replace(&mut start, letter == '-');
        if first {
            letter.to_ascii_uppercase()
        } else {
            letter.to_ascii_lowercase()
        }
    });
    letters.collect()
}

#[cfg(test)]
mod tests;
