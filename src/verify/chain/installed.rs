//! What a `.deb` says, against what is installed of it: each file with its kind,
//! mode and owner, and what dpkg keeps of the control member, which runs as
//! root (dpkg(1), dpkg-statoverride(1), Debian Policy 10.9).

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::format::deb::Contents;
use crate::format::tar::{Entry, EntryKind};
use crate::model::Sha256;

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct There {
    /// What it is.
    pub kind: ThereKind,
    /// The permission bits, set-id and sticky bits (07777).
    pub mode: u32,
    /// The user.
    pub uid: u64,
    /// The group.
    pub gid: u64,
}

/// What something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThereKind {
    /// A regular file with this content.
    File(Sha256),
    /// A directory.
    Directory,
    /// A symbolic link to these bytes.
    Symlink(Vec<u8>),
    /// Anything else.
    Other,
}

impl ThereKind {
    fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "a file",
            Self::Directory => "a directory",
            Self::Symlink(_) => "a symbolic link",
            Self::Other => "no file",
        }
    }
}

/// The mode and owner that something has to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The mode.
    pub mode: u32,
    /// The users that it may belong to: a name may have another number here.
    pub uids: Vec<u64>,
    /// The groups; empty: any.
    pub gids: Vec<u64>,
}

/// What is installed, as the caller reads it.
pub struct Sight<'a> {
    /// Reads what is at an absolute path, after diversions; none where nothing
    /// is.
    pub look: &'a dyn Fn(&Path) -> io::Result<Option<There>>,
    /// Tells whether dpkg was told to leave a path out.
    pub left_out: &'a dyn Fn(&str) -> bool,
    /// Says what mode and owner an entry has to have here, and whether the
    /// administrator said so.
    pub wanted: &'a dyn Fn(&str, &Entry) -> (Wanted, bool),
    /// What dpkg keeps of the control member, by the names that it has there.
    pub kept: &'a BTreeMap<String, Vec<u8>>,
}

/// What comparing found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// How many files were compared.
    pub count: usize,
    /// Files that are not the package's.
    pub differing: Vec<String>,
    /// What dpkg keeps of the package and is not the package's.
    pub scripts: Vec<String>,
    /// What differs and may.
    pub allowed: Vec<String>,
}

/// Compares what is installed with what the package has. Conffiles are the
/// administrator's to change; of a directory, which other packages share, only
/// its kind and whether everybody may write there.
pub fn compare_installed(contents: &Contents, sight: &Sight<'_>) -> io::Result<Compared> {
    let conffiles = contents.deb.control_files.get("conffiles");
    let conffiles: BTreeSet<String> = conffiles
        .map(|file| String::from_utf8_lossy(&file.bytes).into_owned())
        .unwrap_or_default()
        .lines()
        .map(|line| line.trim().to_owned())
        .collect();
    let mut known = BTreeMap::new();
    let mut found = Compared::default();
    for listed in &contents.files {
        let entry = &listed.entry;
        let sha256 = match &entry.kind {
            EntryKind::HardLink { target } => known.get(target.as_bytes()).copied(),
            _ => listed.sha256,
        };
        if let Some(sha256) = sha256 {
            known.insert(entry.path.as_bytes().to_vec(), sha256);
        }
        let absolute = [b"/", entry.path.as_bytes()].concat();
        let absolute = PathBuf::from(OsStr::from_bytes(&absolute));
        let shown = absolute.display().to_string();
        found.count += 1;
        let there = (sight.look)(&absolute)?;
        let (wanted, overridden) = (sight.wanted)(&shown, entry);
        let differences = match &there {
            None => vec!["is missing".to_owned()],
            Some(there) => differences(there, entry, sha256, &wanted),
        };
        if differences.is_empty() {
            if overridden {
                let remark = format!("dpkg-statoverride decides on {shown}");
                found.allowed.push(remark);
            }
        } else if conffiles.contains(&shown) {
            let what = if there.is_none() {
                "removed"
            } else {
                "changed"
            };
            let remark = format!("the conffile {shown} was {what} here");
            found.allowed.push(remark);
        } else if there.is_none() && (sight.left_out)(&shown) {
            let remark = format!("dpkg was told to leave out {shown}");
            found.allowed.push(remark);
        } else {
            let all = differences.join(" and ");
            found.differing.push(format!("{shown} {all}"));
        }
    }
    found.scripts = scripts(contents, sight.kept);
    Ok(found)
}

/// Says in which ways something is not an entry.
fn differences(
    there: &There,
    entry: &Entry,
    sha256: Option<Sha256>,
    wanted: &Wanted,
) -> Vec<String> {
    let mut found = Vec::new();
    match (&entry.kind, &there.kind) {
        (EntryKind::File { .. } | EntryKind::HardLink { .. }, ThereKind::File(is)) => {
            if let Some(want) = sha256.filter(|want| want != is) {
                found.push(format!("has SHA-256 {is}, not {want}"));
            }
        }
        (EntryKind::Symlink { target }, ThereKind::Symlink(is)) => {
            if target != is {
                found.push(format!(
                    "leads to {}, not to {}",
                    String::from_utf8_lossy(is),
                    String::from_utf8_lossy(target)
                ));
            }
            // A link has no mode, and its owner decides nothing.
            return found;
        }
        (EntryKind::Directory, ThereKind::Directory) => {
            let everybodys = |mode: u32| mode & 0o1002 == 0o0002;
            if everybodys(there.mode) && !everybodys(wanted.mode) {
                found.push(format!("has mode {:04o}: all may write there", there.mode));
            }
            return found;
        }
        // dpkg leaves a link in a directory's place, such as /lib's, alone.
        (EntryKind::Directory, ThereKind::Symlink(_)) => return found,
        (EntryKind::Fifo | EntryKind::CharDevice(_) | EntryKind::BlockDevice(_), is)
            if *is == ThereKind::Other => {}
        (want, is) => {
            found.push(format!("is {}, not a {}", is.name(), want.name()));
            return found;
        }
    }
    if there.mode != wanted.mode {
        found.push(format!(
            "has mode {:04o}, not {:04o}",
            there.mode, wanted.mode
        ));
    }
    for (what, is, may) in [
        ("user", there.uid, &wanted.uids),
        ("group", there.gid, &wanted.gids),
    ] {
        if let [first, ..] = may[..]
            && !may.contains(&is)
        {
            found.push(format!("belongs to {what} {is}, not {first}"));
        }
    }
    found
}

/// Compares what dpkg keeps with the control member.
fn scripts(contents: &Contents, kept: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut found = Vec::new();
    let files = &contents.deb.control_files;
    // The control file itself is in the status, with what dpkg adds.
    for (name, file) in files.iter().filter(|(name, _)| *name != "control") {
        match kept.get(name) {
            Some(bytes) if *bytes == file.bytes => {}
            Some(_) => found.push(format!("its {name} was changed")),
            None => found.push(format!("its {name} is missing")),
        }
    }
    // These are dpkg's own, where the package has none.
    let own = ["list", "md5sums"];
    for name in kept.keys() {
        if !files.contains_key(name) && !own.contains(&name.as_str()) {
            found.push(format!("it has no {name} of its own"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tar::{Owner, TreePath};

    #[test]
    fn what_is_there_is_compared_whole() {
        let sha256 = Sha256::of(b"a");
        let file = EntryKind::File { size: 1 };
        let link = EntryKind::Symlink {
            target: b"tally".to_vec(),
        };
        let there = |kind, mode, uid| There {
            kind,
            mode,
            uid,
            gid: 0,
        };
        let same = ThereKind::File(sha256);
        let cases = [
            (&file, there(same.clone(), 0o755, 0), ""),
            (
                &file,
                there(same.clone(), 0o4777, 0),
                "has mode 4777, not 0755",
            ),
            (
                &file,
                there(same, 0o755, 1000),
                "belongs to user 1000, not 0",
            ),
            (
                &file,
                there(ThereKind::Symlink(b"/tmp/x".to_vec()), 0o777, 0),
                "is a symbolic link, not a file",
            ),
            (
                &link,
                there(ThereKind::Symlink(b"tally".to_vec()), 0o777, 0),
                "",
            ),
            (
                &link,
                there(ThereKind::Symlink(b"/tmp/x".to_vec()), 0o777, 0),
                "leads to /tmp/x, not to tally",
            ),
            (
                &EntryKind::Directory,
                there(ThereKind::Directory, 0o700, 5),
                "",
            ),
            (
                &EntryKind::Directory,
                there(ThereKind::Symlink(b"usr/lib".to_vec()), 0o777, 0),
                "",
            ),
            (
                &EntryKind::Directory,
                there(ThereKind::Directory, 0o777, 0),
                "has mode 0777: all may write there",
            ),
        ];
        for (kind, there, want) in cases {
            let entry = Entry {
                path: TreePath::new("usr/bin/x").expect("a path"),
                kind: kind.clone(),
                mode: 0o755,
                owner: Owner::root(),
                mtime: 0,
                pax: false,
            };
            let wanted = Wanted {
                mode: 0o755,
                uids: vec![0],
                gids: vec![0],
            };
            let found = differences(&there, &entry, Some(sha256), &wanted);
            assert_eq!(found.join("; "), want, "{there:?}");
        }
    }
}
