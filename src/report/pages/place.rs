//! Where the pages of an archive are.
//!
//! | path | holds |
//! |---|---|
//! | `index.html` | the archive: its suites, how to install from them, the keys |
//! | `pages/style.css` | what all pages look like |
//! | `pages/suites/SUITE/index.html` | a suite; a slash in its name is a colon here |
//! | `pages/suites/SUITE/history.html` | its generations |
//! | `pages/suites/SUITE/apt.sources` | what a client needs of it |
//! | `pages/suites/SUITE/list/FIRST.html` | its packages from this one on; `_first` is the first list |
//! | `pages/packages/PREFIX/NAME.html` | a package, source and binary, in all suites |
//! | `pages/changelogs/PREFIX/SOURCE_VERSION.txt` | a changelog |
//! | `pages/keys/FINGERPRINT.asc` | a key that signs |
//! | `pages/names.txt` | the names of all packages that have pages |
//! | `pages/state.json` | what the pages show, for whoever brings them up to date |
//!
//! Nothing of it is below `dists/` or `pool/`, so no client ever meets it.

use crate::format::version::Version;
use crate::model::{ArchivePath, Fingerprint, PackageName, Suite};

fn made(path: String) -> ArchivePath {
    ArchivePath::new(path).expect("made from names that are valid in paths")
}

/// The archive's first page.
pub fn front() -> ArchivePath {
    made("index.html".to_owned())
}

/// What is below `pages/`.
pub fn shared(name: &str) -> ArchivePath {
    made(format!("pages/{name}"))
}

/// The directory of all pages but the first.
pub fn top() -> ArchivePath {
    made("pages".to_owned())
}

/// A file of a suite's directory.
pub fn of_suite(suite: &Suite, name: &str) -> ArchivePath {
    made(format!("pages/suites/{}/{name}", flat(suite)))
}

/// A suite's name as one part of a path.
pub fn flat(suite: &Suite) -> String {
    suite.as_str().replace('/', ":")
}

/// The file name of the list that starts at a package; of the first list where
/// that is empty.
pub fn list_name(first: &str) -> String {
    match first {
        "" => "_first.html".to_owned(),
        first => format!("{first}.html"),
    }
}

/// A package's page.
pub fn package(name: &PackageName) -> ArchivePath {
    made(format!("pages/packages/{}/{name}.html", name.pool_prefix()))
}

/// A version's changelog.
pub fn changelog(source: &PackageName, version: &Version) -> ArchivePath {
    let prefix = source.pool_prefix();
    made(format!("pages/changelogs/{prefix}/{source}_{version}.txt"))
}

/// A key.
pub fn key(fingerprint: &Fingerprint) -> ArchivePath {
    made(format!("pages/keys/{fingerprint}.asc"))
}

/// Writes a path of the archive as a reference from a page: `root` leads from
/// there to the archive's root (RFC 3986, 3.3 and 4.2).
pub fn href(root: &str, path: &str) -> String {
    let mut text = root.to_owned();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_hold_no_character_with_a_meaning() {
        let cases = [
            (
                "pool/main/g/g++/g++_1%3a2_all.deb",
                "../pool/main/g/g%2B%2B/g%2B%2B_1%253a2_all.deb",
            ),
            (
                "pages/suites/a:b/index.html",
                "../pages/suites/a%3Ab/index.html",
            ),
            ("a b\"<", "../a%20b%22%3C"),
        ];
        for (path, want) in cases {
            assert_eq!(href("../", path), want);
        }
    }
}
