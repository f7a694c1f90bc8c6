//! A path inside a tree, which cannot point out of it.

use std::cmp::Ordering;
use std::fmt;

/// A path relative to a tree's root: bytes, parts divided by single `/`,
/// without `.`, `..` and NUL. The root itself is the empty path.
///
/// Ordered as GNU tar and dpkg-deb walk: a directory before what is in it, and
/// names by bytes within each directory, so `a/x` comes before `a-b`.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct TreePath(Vec<u8>);

/// Says why bytes are not a path inside a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path “{}” {rule}", .path.escape_ascii())]
pub struct PathError {
    /// The path as it was found.
    pub path: Vec<u8>,
    /// What is wrong with it.
    pub rule: &'static str,
}

impl TreePath {
    /// Returns the root.
    pub fn root() -> Self {
        Self::default()
    }

    /// Checks `path`, which has neither `./` in front nor `/` at the end.
    pub fn new(path: impl Into<Vec<u8>>) -> Result<Self, PathError> {
        let path = path.into();
        let rule = if path.is_empty() {
            return Ok(Self(path));
        } else if path.starts_with(b"/") {
            "is absolute"
        } else if path.contains(&0) {
            "contains a NUL byte"
        } else {
            let wrong = path.split(|b| *b == b'/').find_map(|part| match part {
                b"" => Some("contains an empty part"),
                b"." => Some("contains a “.” part"),
                b".." => Some("leads out through “..”"),
                _ => None,
            });
            match wrong {
                None => return Ok(Self(path)),
                Some(rule) => rule,
            }
        };
        Err(PathError { path, rule })
    }

    /// Checks a name as it stands in an archive: one leading `./` and one
    /// closing `/` are only a manner of writing; `.` and `./` are the root.
    pub fn from_member(name: &[u8]) -> Result<Self, PathError> {
        let plain = match name {
            b"" => Err("is empty"),
            b"." | b"./" => Ok(&name[..0]),
            b"/" => Err("is absolute"),
            _ => {
                let plain = name.strip_prefix(b"./").unwrap_or(name);
                Ok(plain.strip_suffix(b"/").unwrap_or(plain))
            }
        };
        let refuse = |rule| PathError {
            path: name.to_vec(),
            rule,
        };
        match Self::new(plain.map_err(refuse)?) {
            Ok(path) if path.is_root() && name.len() > 2 => Err(refuse("contains an empty part")),
            Ok(path) => Ok(path),
            Err(error) => Err(refuse(error.rule)),
        }
    }

    /// Returns the bytes; empty for the root.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Tells whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the last part; empty for the root.
    pub fn file_name(&self) -> &[u8] {
        let start = self.0.iter().rposition(|b| *b == b'/').map_or(0, |i| i + 1);
        &self.0[start..]
    }

    /// Returns the directory it is in; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let end = self.0.iter().rposition(|b| *b == b'/').unwrap_or(0);
        Some(Self(self.0[..end].to_vec()))
    }

    /// Tells whether this is somewhere in `directory`, which is not in itself.
    pub fn is_inside(&self, directory: &Self) -> bool {
        if directory.is_root() {
            return !self.is_root();
        }
        let rest = self.0.strip_prefix(directory.as_bytes());
        rest.is_some_and(|rest| rest.starts_with(b"/"))
    }

    /// Returns the path seen from `directory`; `None` when it is not in there.
    pub fn below(&self, directory: &Self) -> Option<Self> {
        if directory.is_root() {
            return Some(self.clone());
        }
        let rest = self.0.strip_prefix(directory.as_bytes())?;
        match rest.strip_prefix(b"/") {
            Some(rest) => Some(Self(rest.to_vec())),
            None => rest.is_empty().then(Self::root),
        }
    }
}

impl Ord for TreePath {
    fn cmp(&self, other: &Self) -> Ordering {
        // No path holds a NUL, so as a divider it sorts before every name.
        let divider_first = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
        let differs = self.0.iter().zip(&other.0).find(|(a, b)| a != b);
        differs.map_or_else(
            || self.0.len().cmp(&other.0.len()),
            |(a, b)| divider_first(a).cmp(&divider_first(b)),
        )
    }
}

impl PartialOrd for TreePath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.pad(".");
        }
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c.is_control() || c == '\\' {
                    write!(f, "{}", c.escape_default())?;
                } else {
                    write!(f, "{c}")?;
                }
            }
            write!(f, "{}", chunk.invalid().escape_ascii())?;
        }
        Ok(())
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "“{self}”")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_members_become_paths() {
        for (name, want) in [
            ("./", Ok("")),
            (".", Ok("")),
            ("./usr/", Ok("usr")),
            ("usr/bin/x", Ok("usr/bin/x")),
            ("./..x/...", Ok("..x/...")),
            ("", Err("is empty")),
            ("/", Err("is absolute")),
            ("/etc/passwd", Err("is absolute")),
            (".//etc/passwd", Err("is absolute")),
            ("../x", Err("leads out through “..”")),
            ("./a/../b", Err("leads out through “..”")),
            ("./a/..", Err("leads out through “..”")),
            ("./../", Err("leads out through “..”")),
            ("a//b", Err("contains an empty part")),
            ("a//", Err("contains an empty part")),
            (".//", Err("contains an empty part")),
            ("././a", Err("contains a “.” part")),
            ("a/.", Err("contains a “.” part")),
            ("a\0b", Err("contains a NUL byte")),
        ] {
            let found = TreePath::from_member(name.as_bytes());
            let found = found.map(|p| p.as_bytes().to_vec()).map_err(|e| e.rule);
            assert_eq!(found, want.map(|p| p.as_bytes().to_vec()), "{name:?}");
        }
    }

    #[test]
    fn order_is_a_walk() {
        let walk = ["", "a", "a/x", "a/x/y", "a-b", "a.c", "ab", "b"];
        let mut paths = walk.map(|p| TreePath::new(p).expect(p));
        paths.reverse();
        paths.sort();
        assert_eq!(
            paths.each_ref().map(TreePath::as_bytes),
            walk.map(str::as_bytes)
        );
    }

    #[test]
    fn parts_are_found() {
        for (path, parent, name) in [("a", "", "a"), ("a/b", "a", "b"), ("a/b/c", "a/b", "c")] {
            let path = TreePath::new(path).expect(path);
            let parent = TreePath::new(parent).expect(parent);
            assert_eq!(path.parent(), Some(parent.clone()));
            assert_eq!(path.file_name(), name.as_bytes());
            assert_eq!(path.below(&parent), TreePath::new(name).ok());
            assert!(path.is_inside(&parent) && !parent.is_inside(&path));
            assert!(!path.is_inside(&path), "{path}");
        }
        assert_eq!(TreePath::root().parent(), None);
        let ab = TreePath::new("ab").expect("plain");
        let a = TreePath::new("a").expect("plain");
        assert_eq!(ab.below(&a), None);
        assert!(!ab.is_inside(&a));
    }

    proptest! {
        #[test]
        fn order_is_that_of_the_parts(a in "[ab/.-]{1,6}", b in "[ab/.-]{1,6}") {
            let (Ok(a), Ok(b)) = (TreePath::new(a), TreePath::new(b)) else {
                return Ok(());
            };
            let parts = |p: &TreePath| -> Vec<Vec<u8>> {
                p.as_bytes().split(|c| *c == b'/').map(<[u8]>::to_vec).collect()
            };
            prop_assert_eq!(a.cmp(&b), parts(&a).cmp(&parts(&b)));
        }
    }
}
