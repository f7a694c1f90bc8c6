//! `Contents`: which package brings which file.
//!
//! Follows the Debian repository format ("Contents" indices): a line is a path
//! without its leading slash, white space, and the packages that bring it as
//! `[[AREA/]SECTION/]NAME`, separated by commas. Lines are in order of the
//! bytes of their paths, and directories are not listed.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Entry, Stanza};

/// That a package brings a file.
///
/// The path is a part of a text that all lines of a package share: an archive
/// has millions of them.
#[derive(Debug, Clone)]
pub struct Brings {
    text: Arc<str>,
    /// Where in the text the path starts, and how long it is.
    path: (u32, u32),
    package: Arc<str>,
}

impl Brings {
    /// Says that `package`, written as [`location`] does, brings `path`.
    pub fn new(path: &str, package: &Arc<str>) -> Self {
        let text: Arc<str> = path.into();
        Self {
            path: part(&text, &text).expect("a path is short"),
            text,
            package: Arc::clone(package),
        }
    }

    /// Returns the file's path, without its leading slash.
    pub fn path(&self) -> &str {
        let (start, len) = self.path;
        &self.text[start as usize..][..len as usize]
    }

    /// Returns the package as `[[AREA/]SECTION/]NAME`.
    pub fn package(&self) -> &str {
        &self.package
    }
}

/// Returns where in a text a part of it is; `None` when that is too far off.
fn part(text: &str, part: &str) -> Option<(u32, u32)> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    Some((start.try_into().ok()?, part.len().try_into().ok()?))
}

impl PartialEq for Brings {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Brings {}

impl PartialOrd for Brings {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Brings {
    fn cmp(&self, other: &Self) -> Ordering {
        let paths = self.path().cmp(other.path());
        paths.then_with(|| self.package.cmp(&other.package))
    }
}

impl Entry for Brings {
    fn key(&self) -> &str {
        self.path()
    }

    fn append_group(group: &[Self], index: &mut String) {
        for (at, brings) in group.iter().enumerate() {
            index.push_str(if at == 0 { brings.path() } else { "" });
            index.push(if at == 0 { '\t' } else { ',' });
            index.push_str(&brings.package);
        }
        index.push('\n');
    }
}

/// Returns how `Contents` names a package.
pub fn location(stanza: &Stanza) -> Arc<str> {
    let name = stanza.name();
    match stanza.paragraph().get("Section") {
        Some(section) if !section.is_empty() => format!("{section}/{name}").into(),
        _ => name.as_str().into(),
    }
}

/// The files of a package, sorted, each once: what of a `.deb` is needed for
/// `Contents`.
///
/// Kept as one text, because an archive has millions of paths. Bytes that are
/// no UTF-8 are replaced, and control characters by `?`: a line break in a path
/// would forge a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileList(Arc<str>);

impl FileList {
    /// Takes the paths of files and links as an archive member names them.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let clean = |path: &'a [u8]| {
            let text = String::from_utf8_lossy(path);
            let text = text.trim_start_matches("./").trim_start_matches('/');
            text.replace(char::is_control, "?")
        };
        let sorted: BTreeSet<_> = paths.into_iter().map(clean).collect();
        let mut text = String::new();
        for path in sorted.iter().filter(|path| !path.is_empty()) {
            text.push_str(path);
            text.push('\n');
        }
        Self(text.into())
    }

    /// Takes what [`text`](Self::text) returned; `None` when it cannot be that.
    pub fn from_text(text: &str) -> Option<Self> {
        let ended = text.is_empty() || text.ends_with('\n');
        let sorted = text.lines().is_sorted_by(|a, b| a < b);
        (ended && sorted).then(|| Self(text.into()))
    }

    /// Returns them one a line.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Returns the paths in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.lines()
    }

    /// Says of each path that `package`, written as [`location`] does, brings it.
    pub fn brought_by(&self, package: &Arc<str>) -> impl Iterator<Item = Brings> {
        self.paths().map(move |path| match part(&self.0, path) {
            Some(at) => Brings {
                text: Arc::clone(&self.0),
                path: at,
                package: Arc::clone(package),
            },
            None => Brings::new(path, package),
        })
    }
}

/// Says that a line is not one of `Contents`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not a path and the packages that bring it: “{text}”")]
pub struct ContentsError {
    /// The line's number, from 1.
    pub line: usize,
    /// What it is.
    pub text: String,
}

/// Reads the text of a `Contents`, or of a part of one.
pub fn parse(text: &str) -> Result<Vec<Brings>, ContentsError> {
    let mut found = Vec::new();
    let mut known = BTreeSet::<Arc<str>>::new();
    let text: Arc<str> = text.into();
    for (at, line) in text.lines().enumerate() {
        let refuse = || ContentsError {
            line: at + 1,
            text: line.to_owned(),
        };
        // A path may have blanks in it, and end with one; the packages have none.
        let ours = line.rsplit_once('\t');
        let padded = || {
            let (path, packages) = line.rsplit_once(' ')?;
            Some((path.trim_end(), packages))
        };
        let (path, packages) = ours.or_else(padded).ok_or_else(refuse)?;
        if path.is_empty() || packages.is_empty() {
            return Err(refuse());
        }
        for package in packages.split(',') {
            let package = match known.get(package) {
                Some(there) => Arc::clone(there),
                None => {
                    let new: Arc<str> = package.into();
                    known.insert(Arc::clone(&new));
                    new
                }
            };
            found.push(match part(&text, path) {
                Some(path) => Brings {
                    text: Arc::clone(&text),
                    path,
                    package,
                },
                None => Brings::new(path, &package),
            });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_read_as_written() {
        let text = "bin/a b\tutils/one,two\nusr/share/é\tcontrib/net/x\n";
        let entries = parse(text).expect("valid");
        assert_eq!(entries.len(), 3);
        assert_eq!(
            (entries[1].path(), entries[1].package()),
            ("bin/a b", "two")
        );
        let mut written = String::new();
        for group in entries.chunk_by(|a, b| a.key() == b.key()) {
            Brings::append_group(group, &mut written);
        }
        assert_eq!(written, text);
        // As Debian's own are padded.
        let padded = parse("bin/a                    utils/one\n").expect("valid");
        assert_eq!(padded[0].path(), "bin/a");
        for bad in ["a\n", "a\t\n", "\tb\n"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn lists_are_sorted_and_safe() {
        let list = FileList::new([&b"./usr/b"[..], b"usr/a", b"./usr/a", b"./x\ny", b"\xff"]);
        assert_eq!(list.text(), "usr/a\nusr/b\nx?y\n\u{fffd}\n");
        assert_eq!(FileList::from_text(list.text()), Some(list));
        for bad in ["b\na\n", "a\na\n", "a"] {
            assert_eq!(FileList::from_text(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_list_survives_writing(paths in proptest::collection::vec(
            proptest::collection::vec(any::<u8>(), 0..12), 0..20)
        ) {
            let list = FileList::new(paths.iter().map(Vec::as_slice));
            prop_assert_eq!(FileList::from_text(list.text()), Some(list));
        }
    }
}
