//! What dpkg's database says of a package, and its files as they are now
//! (dpkg(1), dpkg-divert(1), dpkg.cfg).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::flow::FlowError;
use crate::format::deb822::{self, Syntax};
use crate::format::tar::Entry;
use crate::model::Sha256;
use crate::sys::files;
use crate::verify::chain::{There, ThereKind, Wanted};

/// A package of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Its version.
    pub version: String,
    /// Its architecture.
    pub architecture: String,
}

/// Finds an installed package.
pub(super) fn find(
    root: &Path,
    name: &str,
    architecture: Option<&str>,
) -> Result<Option<Row>, FlowError> {
    let status = files::read_if_there(&root.join("var/lib/dpkg/status"))?.unwrap_or_default();
    Ok(find_in(
        &String::from_utf8_lossy(&status),
        name,
        architecture,
    ))
}

fn find_in(status: &str, name: &str, architecture: Option<&str>) -> Option<Row> {
    let wanted = format!("Package: {name}");
    let mut paragraphs = status.split("\n\n");
    paragraphs.find_map(|text| {
        if !text.lines().any(|line| line.trim_end() == wanted) {
            return None;
        }
        let text = text.trim_start_matches('\n');
        let fields = deb822::paragraph(text.as_bytes(), Syntax::Generated).ok()?;
        let row = Row {
            version: fields.get("Version")?.to_owned(),
            architecture: fields.get("Architecture")?.to_owned(),
        };
        let here = fields.get("Status")?.ends_with(" installed");
        let own = architecture.is_none_or(|wanted| wanted == row.architecture);
        (here && own).then_some(row)
    })
}

/// The files below a root, as dpkg was told to put them there.
pub(super) struct View {
    root: PathBuf,
    diverted: BTreeMap<String, String>,
    rules: Vec<(bool, String)>,
    overrides: BTreeMap<String, Override>,
    users: BTreeMap<String, u64>,
    groups: BTreeMap<String, u64>,
    /// Who installs where that is not root, and is the owner of everything.
    installer: Option<u64>,
}

/// A line of dpkg-statoverride(1).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Override {
    user: String,
    group: String,
    mode: u32,
}

impl View {
    /// Reads diversions away from a package, what dpkg leaves out, and what it
    /// gives another mode or owner.
    pub(super) fn of(root: &Path, package: &str) -> Result<Self, FlowError> {
        let read = |path: &Path| -> Result<String, FlowError> {
            let bytes = files::read_if_there(path)?.unwrap_or_default();
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let diversions = read(&root.join("var/lib/dpkg/diversions"))?;
        let mut paths = vec![root.join("etc/dpkg/dpkg.cfg")];
        if let Ok(entries) = std::fs::read_dir(root.join("etc/dpkg/dpkg.cfg.d")) {
            let mut more: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
            more.sort();
            paths.extend(more);
        }
        let mut rules = Vec::new();
        for path in paths.iter().filter(|path| path.is_file()) {
            rules.extend(read(path)?.lines().filter_map(rule));
        }
        let database = root.join("var/lib/dpkg");
        let owner = fs::symlink_metadata(&database).map_err(files::failed("read", &database))?;
        Ok(Self {
            root: root.to_owned(),
            diverted: diverted(&diversions, package),
            rules,
            overrides: overrides(&read(&root.join("var/lib/dpkg/statoverride"))?),
            users: numbers(&read(&root.join("etc/passwd"))?),
            groups: numbers(&read(&root.join("etc/group"))?),
            installer: Some(owner.uid().into()).filter(|uid| *uid != 0),
        })
    }

    /// Looks at an installed path; none where nothing is.
    pub(super) fn look(&self, path: &Path) -> io::Result<Option<There>> {
        let shown = path.to_string_lossy();
        let path = match self.diverted.get(shown.as_ref()) {
            Some(to) => Path::new(to),
            None => path,
        };
        let path = self.root.join(path.strip_prefix("/").unwrap_or(path));
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let kind = if metadata.is_symlink() {
            ThereKind::Symlink(fs::read_link(&path)?.into_os_string().into_vec())
        } else if metadata.is_dir() {
            ThereKind::Directory
        } else if metadata.is_file() {
            ThereKind::File(Sha256::of_reader(File::open(&path)?)?)
        } else {
            ThereKind::Other
        };
        Ok(Some(There {
            kind,
            mode: metadata.mode() & 0o7777,
            uid: metadata.uid().into(),
            gid: metadata.gid().into(),
        }))
    }

    /// Says what mode and owner an entry has to have here, and whether that is
    /// the administrator's word. A name that is not known here has the number
    /// of the package, and so it may where it is: dpkg --root asks the machine.
    pub(super) fn wanted(&self, path: &str, entry: &Entry) -> (Wanted, bool) {
        let number = |known: &BTreeMap<String, u64>, name: &str| {
            let number = name.strip_prefix('#').and_then(|n| n.parse().ok());
            number.or_else(|| known.get(name).copied())
        };
        let (mode, mut uids, mut gids) = match self.overrides.get(path) {
            Some(said) => (
                said.mode,
                Vec::from_iter(number(&self.users, &said.user)),
                Vec::from_iter(number(&self.groups, &said.group)),
            ),
            None => {
                let owner = &entry.owner;
                let user = String::from_utf8_lossy(&owner.user);
                let group = String::from_utf8_lossy(&owner.group);
                let mut uids = Vec::from_iter(number(&self.users, &user));
                let mut gids = Vec::from_iter(number(&self.groups, &group));
                uids.push(owner.uid);
                gids.push(owner.gid);
                (entry.mode, uids, gids)
            }
        };
        if let Some(installer) = self.installer {
            uids = vec![installer];
            gids.clear();
        }
        let wanted = Wanted { mode, uids, gids };
        (wanted, self.overrides.contains_key(path))
    }

    /// Reads what dpkg keeps of a package's control member, by the names that
    /// it has there. Of a package of several architectures at once, dpkg names
    /// the architecture (dpkg's infodb, format 1).
    pub(super) fn kept(
        &self,
        name: &str,
        architecture: Option<&str>,
    ) -> Result<BTreeMap<String, Vec<u8>>, FlowError> {
        let place = self.root.join("var/lib/dpkg/info");
        let with = architecture.map(|architecture| format!("{name}:{architecture}."));
        let plain = format!("{name}.");
        let prefix = with.unwrap_or(plain);
        let mut kept = BTreeMap::new();
        for entry in fs::read_dir(&place).map_err(files::failed("list", &place))? {
            let entry = entry.map_err(files::failed("list", &place))?;
            let file = entry.file_name().to_string_lossy().into_owned();
            // A dot further on is of another package's name: foo.bar.list.
            if let Some(own) = file.strip_prefix(&prefix).filter(|own| !own.contains('.')) {
                kept.insert(own.to_owned(), files::read(&entry.path())?);
            }
        }
        Ok(kept)
    }

    /// Tells whether dpkg was told to leave a path out; the last rule that fits
    /// decides.
    pub(super) fn is_left_out(&self, path: &str) -> bool {
        let mut rules = self.rules.iter().rev();
        let decides = rules.find(|(_, pattern)| fits(pattern.as_bytes(), path.as_bytes()));
        decides.is_some_and(|(excludes, _)| *excludes)
    }
}

/// Reads a line of dpkg's configuration: whether it excludes, and what.
fn rule(line: &str) -> Option<(bool, String)> {
    let line = line.trim();
    let words = [("path-exclude", true), ("path-include", false)];
    words.into_iter().find_map(|(word, excludes)| {
        let rest = line.strip_prefix(word)?.trim_start();
        let pattern = rest.strip_prefix('=').unwrap_or(rest).trim();
        Some((excludes, pattern.to_owned()))
    })
}

/// Matches as fnmatch(3) does without flags: `*` and `?` stand for slashes too.
fn fits(pattern: &[u8], path: &[u8]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=path.len()).any(|at| fits(rest, &path[at..])),
        (Some((b'?', rest)), Some((_, path))) => fits(rest, path),
        (Some((a, rest)), Some((b, path))) => a == b && fits(rest, path),
        _ => false,
    }
}

/// Reads which paths of a package are elsewhere: three lines a diversion, from
/// where, to where, by whom.
fn diverted(text: &str, package: &str) -> BTreeMap<String, String> {
    let lines: Vec<&str> = text.lines().collect();
    let others = lines.chunks_exact(3).filter(|lines| lines[2] != package);
    let pair = |lines: &[&str]| (lines[0].to_owned(), lines[1].to_owned());
    others.map(pair).collect()
}

/// Tells whether nothing is there: a file on the way to it is nothing either.
fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
}

/// Reads dpkg's statoverride: user, group, mode in octal, path.
fn overrides(text: &str) -> BTreeMap<String, Override> {
    let row = |line: &str| {
        let mut words = line.splitn(4, ' ');
        let (user, group) = (words.next()?, words.next()?);
        let mode = u32::from_str_radix(words.next()?, 8).ok()?;
        let said = Override {
            user: user.to_owned(),
            group: group.to_owned(),
            mode,
        };
        Some((words.next()?.to_owned(), said))
    };
    text.lines().filter_map(row).collect()
}

/// Reads the numbers of passwd(5) or group(5).
fn numbers(text: &str) -> BTreeMap<String, u64> {
    let row = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        Some((name.to_owned(), fields.nth(1)?.parse().ok()?))
    };
    text.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tar::{EntryKind, Owner, TreePath};

    #[test]
    fn dpkgs_database_is_read() {
        let status = "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n\
                      Package: b\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 2\n\n\
                      Package: c\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3\n\n\
                      Package: c\nStatus: hold ok installed\nArchitecture: i386\nVersion: 4\n";
        let cases = [
            ("a", None, Some("1")),
            ("b", None, None),
            ("c", None, Some("3")),
            ("c", Some("i386"), Some("4")),
            ("c", Some("arm64"), None),
            ("d", None, None),
        ];
        for (name, architecture, want) in cases {
            let found = find_in(status, name, architecture).map(|row| row.version);
            assert_eq!(found.as_deref(), want, "{name} {architecture:?}");
        }
    }

    #[test]
    fn what_dpkg_leaves_out_and_diverts_is_known() {
        let lines = [
            "path-exclude=/usr/share/doc/*",
            "path-include /usr/share/doc/*/copyright",
        ];
        let view = View {
            root: PathBuf::from("/"),
            diverted: BTreeMap::new(),
            rules: lines.into_iter().filter_map(rule).collect(),
            overrides: overrides("root mail 2755 /usr/bin/mail\n#5 #6 0640 /etc/a b\n"),
            users: numbers("root:x:0:0:root:/root:/bin/sh\n"),
            groups: numbers("root:x:0:\nmail:x:8:ada\n"),
            installer: None,
        };
        let entry = Entry {
            path: TreePath::root(),
            kind: EntryKind::Fifo,
            mode: 0o755,
            owner: Owner::root(),
            mtime: 0,
            pax: false,
        };
        for (path, mode, uid, gid, overridden) in [
            ("/usr/bin/mail", 0o2755, 0, 8, true),
            ("/etc/a b", 0o640, 5, 6, true),
            ("/usr/bin/other", 0o755, 0, 0, false),
        ] {
            let (wanted, said) = view.wanted(path, &entry);
            let found = (wanted.mode, wanted.uids[0], wanted.gids[0], said);
            assert_eq!(found, (mode, uid, gid, overridden), "{path}");
        }
        for (path, want) in [
            ("/usr/share/doc/a/changelog.gz", true),
            ("/usr/share/doc/a/copyright", false),
            ("/usr/bin/a", false),
        ] {
            assert_eq!(view.is_left_out(path), want, "{path}");
        }
        let text = "/bin/sh\n/bin/sh.distrib\ndash\n/bin/x\n/bin/x.real\nother\n";
        let found = diverted(text, "dash");
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [("/bin/x".into(), "/bin/x.real".into())]
        );
    }
}
