//! What dpkg's database says of a package, and its files as they are now
//! (dpkg(1), dpkg-divert(1), dpkg.cfg).

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use crate::flow::FlowError;
use crate::format::deb822::{self, Syntax};
use crate::model::Sha256;
use crate::sys::files;

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
}

impl View {
    /// Reads diversions away from a package and what dpkg leaves out.
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
        Ok(Self {
            root: root.to_owned(),
            diverted: diverted(&diversions, package),
            rules,
        })
    }

    /// Hashes an installed file; none where there is none.
    pub(super) fn digest(&self, path: &Path) -> io::Result<Option<Sha256>> {
        let shown = path.to_string_lossy();
        let path = match self.diverted.get(shown.as_ref()) {
            Some(to) => Path::new(to),
            None => path,
        };
        let below = path.strip_prefix("/").unwrap_or(path);
        let mut file = match File::open(self.root.join(below)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut hasher = sha2::Sha256::new();
        io::copy(&mut file, &mut hasher)?;
        Ok(Some(Sha256::from_hasher(hasher)))
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

#[cfg(test)]
mod tests {
    use super::*;

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
        };
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
