//! Where everything is in an archive.
//!
//! Clients' part follows the Debian repository format: `dists/SUITE/…` with
//! `by-hash/SHA256/`, and `pool/COMPONENT/PREFIX/SOURCE/FILE`. Our own part is
//! below `.debcut/` and never needed by clients:
//!
//! | path | holds |
//! |---|---|
//! | `README` | how to read all this without debcut |
//! | `suites/SUITE/head` | which generation is current, and its signed texts |
//! | `objects/XX/DIGEST…` | manifests, chunks and compressed pieces, each named by its SHA-256 |
//! | `files/XX/DIGEST.zst` | the paths in a `.deb`, one a line, by the SHA-256 of the `.deb` |
//! | `suites/SUITE/pins/NAME` | a generation that is kept whatever the retention says |
//! | `condemned` | the files that nothing needs any more, since when, and whether they are being deleted |
//! | `purged/DIGEST.json` | what was destroyed, by whom and why; its bytes never come back |
//! | `keys/FINGERPRINT.asc` | the certificates that suites were signed with |
//! | `mirrors/NAME.json` | which mirror got which generation when |
//!
//! Objects are single files, not packs, and a chunk's plain text is kept beside
//! its compressed pieces. At 50,000 packages (44 MB in 216 chunks) one more
//! package takes 0.15 s in a directory with all 650 reads, even unoptimised;
//! getting the plain text back from its .xz would add 0.4 s to that.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::archive::pdiff::Patch;
use crate::archive::pins::PinName;
use crate::format::checksums::FileName;
use crate::format::index::Kind;
use crate::format::index::piece::Encoding;
use crate::model::{
    Architecture, ArchivePath, Component, Fingerprint, Freshness, PackageName, Sha256, Suite,
};

/// An index of a suite, displayed as its path below `dists/SUITE/`
/// (`main/binary-amd64/Packages`, `main/source/Sources`, `main/Contents-amd64`,
/// `main/i18n/Translation-en`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexName {
    /// What can be installed on one architecture, `all` included.
    Packages {
        /// The component.
        component: Component,
        /// The architecture, never `all`.
        architecture: Architecture,
    },
    /// The source packages.
    Sources {
        /// The component.
        component: Component,
    },
    /// Which package brings which file, on one architecture.
    Contents {
        /// The component.
        component: Component,
        /// The architecture, never `all`.
        architecture: Architecture,
    },
    /// The long descriptions.
    Translation {
        /// The component.
        component: Component,
    },
}

impl IndexName {
    /// Returns what its stanzas are; `None` for an index that lists no packages
    /// but says more of them.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Packages { .. } => Some(Kind::Packages),
            Self::Sources { .. } => Some(Kind::Sources),
            Self::Contents { .. } | Self::Translation { .. } => None,
        }
    }

    /// Tells whether hosts of this architecture read it.
    pub fn is_for(&self, host: &Architecture) -> bool {
        match self {
            Self::Packages { architecture, .. } | Self::Contents { architecture, .. } => {
                architecture == host
            }
            Self::Sources { .. } => false,
            Self::Translation { .. } => true,
        }
    }

    /// Returns its component.
    pub fn component(&self) -> &Component {
        match self {
            Self::Packages { component, .. }
            | Self::Sources { component }
            | Self::Contents { component, .. }
            | Self::Translation { component } => component,
        }
    }

    /// Returns the path below `dists/SUITE/` of a file in the directory of its
    /// patches: `Index`, which lists them, or a patch.
    pub fn patches(&self, file: &str) -> String {
        format!("{self}.diff/{file}")
    }

    /// Returns the path below `dists/SUITE/` of one of its files; without an
    /// encoding, of the plain one, which `Release` lists but nobody serves.
    pub fn file(&self, encoding: Option<Encoding>) -> String {
        match encoding {
            Some(encoding) => format!("{self}.{encoding}"),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for IndexName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Packages {
                component,
                architecture,
            } => write!(f, "{component}/binary-{architecture}/Packages"),
            Self::Sources { component } => write!(f, "{component}/source/Sources"),
            Self::Contents {
                component,
                architecture,
            } => write!(f, "{component}/Contents-{architecture}"),
            Self::Translation { component } => write!(f, "{component}/i18n/Translation-en"),
        }
    }
}

/// Says that a text is not the path of an index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{0}” is not COMPONENT/binary-ARCHITECTURE/Packages, COMPONENT/source/Sources, \
     COMPONENT/Contents-ARCHITECTURE or COMPONENT/i18n/Translation-en"
)]
pub struct IndexNameError(pub String);

impl FromStr for IndexName {
    type Err = IndexNameError;
    fn from_str(text: &str) -> Result<Self, IndexNameError> {
        let refuse = || IndexNameError(text.to_owned());
        let (component, rest) = text.split_once('/').ok_or_else(refuse)?;
        let component = Component::new(component).map_err(|_| refuse())?;
        if rest == "source/Sources" {
            return Ok(Self::Sources { component });
        }
        if rest == "i18n/Translation-en" {
            return Ok(Self::Translation { component });
        }
        if let Some(name) = rest.strip_prefix("Contents-") {
            let architecture = Architecture::new(name).map_err(|_| refuse())?;
            return Ok(Self::Contents {
                component,
                architecture,
            });
        }
        let name = rest.strip_prefix("binary-");
        let name = name.and_then(|rest| rest.strip_suffix("/Packages"));
        let architecture = Architecture::new(name.ok_or_else(refuse)?).map_err(|_| refuse())?;
        Ok(Self::Packages {
            component,
            architecture,
        })
    }
}

impl Serialize for IndexName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IndexName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// What an object is, for whoever looks into `.debcut/objects/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A generation's manifest.
    Manifest,
    /// The plain text of a chunk.
    Chunk,
    /// A chunk, compressed.
    Piece(Encoding),
}

/// Returns where an object is; its digest is that of its own bytes.
pub fn object(kind: ObjectKind, sha256: &Sha256) -> ArchivePath {
    let hex = sha256.hex();
    let suffix = match kind {
        ObjectKind::Manifest => ".json",
        ObjectKind::Chunk => "",
        ObjectKind::Piece(Encoding::Xz) => ".xz",
        ObjectKind::Piece(Encoding::Gz) => ".gz",
        ObjectKind::Piece(Encoding::Zst) => ".zst",
    };
    made(format!(".debcut/objects/{}/{hex}{suffix}", &hex[..2]))
}

/// Returns where the list of a `.deb`'s files is, by the digest of the `.deb`.
///
/// It can be read from the package again: losing it costs time only.
pub fn file_list(deb: &Sha256) -> ArchivePath {
    let hex = deb.hex();
    made(format!(".debcut/files/{}/{hex}.zst", &hex[..2]))
}

/// What whoever finds our part of an archive without us has to know.
pub const EXPLANATION: &str = include_str!("../../templates/archive/state.txt");

/// Returns where [`EXPLANATION`] is.
pub fn explanation() -> ArchivePath {
    made(".debcut/README".to_owned())
}

/// Returns the note of an archive that is private for embargoes.
pub fn private_note() -> ArchivePath {
    made(".debcut/private.json".to_owned())
}

/// Returns the directory of the certificates that suites were signed with.
pub fn certificates() -> ArchivePath {
    made(".debcut/keys".to_owned())
}

/// Returns where the archive keeps a certificate, armoured.
pub fn certificate(fingerprint: &Fingerprint) -> ArchivePath {
    made(format!(".debcut/keys/{fingerprint}.asc"))
}

/// Returns the directory that has one directory a suite.
pub fn suites() -> ArchivePath {
    made(".debcut/suites".to_owned())
}

/// Returns where a suite's head is.
///
/// A suite's slash becomes a colon, which no suite name has: `a` and `a/b` are
/// two suites, and one must not lie inside the other.
pub fn head(suite: &Suite) -> ArchivePath {
    let name = suite.as_str().replace('/', ":");
    made(format!(".debcut/suites/{name}/head"))
}

/// Returns the suite whose head is at `path`.
pub fn suite_of_head(path: &ArchivePath) -> Option<Suite> {
    let name = path.as_str().strip_prefix(".debcut/suites/")?;
    let name = name.strip_suffix("/head")?;
    // Pins may be called head, too.
    let is_one = !name.contains('/');
    is_one.then(|| Suite::new(name.replace(':', "/")).ok())?
}

/// Returns the directory of a suite's pins.
pub fn pins(suite: &Suite) -> ArchivePath {
    let name = suite.as_str().replace('/', ":");
    made(format!(".debcut/suites/{name}/pins"))
}

/// Returns where a suite's pin is.
pub fn pin(suite: &Suite, name: &PinName) -> ArchivePath {
    made(format!("{}/{name}", pins(suite)))
}

/// Returns the list of the files that nothing needs and that are to go.
pub fn condemned() -> ArchivePath {
    made(".debcut/condemned".to_owned())
}

/// Returns the directory of the records of what was purged.
pub fn purged() -> ArchivePath {
    made(".debcut/purged".to_owned())
}

/// Returns where it is recorded that content was purged, by its digest.
pub fn purged_record(sha256: &Sha256) -> ArchivePath {
    made(format!(".debcut/purged/{sha256}.json"))
}

/// Returns the directory of all objects.
pub fn objects() -> ArchivePath {
    made(".debcut/objects".to_owned())
}

/// Returns the directory of all lists of files.
pub fn file_lists() -> ArchivePath {
    made(".debcut/files".to_owned())
}

/// Returns the directory of all packages.
pub fn pool() -> ArchivePath {
    made("pool".to_owned())
}

/// Returns the directory of what clients read of a suite.
pub fn suite(suite: &Suite) -> ArchivePath {
    made(format!("dists/{suite}"))
}

/// Returns where a suite has the file that its `Release` lists under `name`.
pub fn listed(suite: &Suite, name: &str) -> ArchivePath {
    in_suite(suite, name)
}

/// Returns the by-hash name of a file that a suite's `Release` lists.
pub fn listed_by_hash(suite: &Suite, name: &str, sha256: &Sha256) -> ArchivePath {
    let directory = name
        .rsplit_once('/')
        .map_or(String::new(), |(d, _)| format!("{d}/"));
    in_suite(suite, &format!("{directory}by-hash/SHA256/{sha256}"))
}

/// Returns the directory that has what clients read of all suites.
pub fn published() -> ArchivePath {
    made("dists".to_owned())
}

/// Returns the suite whose `InRelease` or `Release.gpg` is at `path`.
pub fn suite_of_signature(path: &ArchivePath) -> Option<Suite> {
    let (suite, name) = path.as_str().strip_prefix("dists/")?.rsplit_once('/')?;
    match name {
        "InRelease" | "Release.gpg" => Suite::new(suite).ok(),
        _ => None,
    }
}

/// Returns a suite's signed `InRelease`: what clients read first.
pub fn in_release(suite: &Suite) -> ArchivePath {
    in_suite(suite, "InRelease")
}

/// Returns a suite's `Release`.
pub fn release(suite: &Suite) -> ArchivePath {
    in_suite(suite, "Release")
}

/// Returns a suite's `Release.gpg`.
pub fn release_gpg(suite: &Suite) -> ArchivePath {
    in_suite(suite, "Release.gpg")
}

/// Returns the plain name of an index's file.
pub fn index_file(suite: &Suite, index: &IndexName, encoding: Encoding) -> ArchivePath {
    in_suite(suite, &index.file(Some(encoding)))
}

/// Returns the name by which clients that know by-hash fetch an index's file.
pub fn by_hash(suite: &Suite, index: &IndexName, sha256: &Sha256) -> ArchivePath {
    let index = index.to_string();
    let (directory, _) = index.rsplit_once('/').expect("an index is in a directory");
    in_suite(suite, &format!("{directory}/by-hash/SHA256/{sha256}"))
}

/// Returns the plain name of the file that lists an index's patches.
pub fn patch_index(suite: &Suite, index: &IndexName) -> ArchivePath {
    in_suite(suite, &index.patches("Index"))
}

/// Returns the name by digest of the file that lists an index's patches.
pub fn patch_index_by_hash(suite: &Suite, index: &IndexName, sha256: &Sha256) -> ArchivePath {
    in_suite(suite, &index.patches(&format!("by-hash/SHA256/{sha256}")))
}

/// Returns where a patch of an index is; its name says what it is applied to.
pub fn patch(suite: &Suite, index: &IndexName, patch: &Patch) -> ArchivePath {
    in_suite(suite, &index.patches(&format!("{}.gz", patch.name())))
}

fn in_suite(suite: &Suite, path: &str) -> ArchivePath {
    made(format!("dists/{suite}/{path}"))
}

/// Returns the name under which a suite's `Release` lists a shelf of proofs.
pub fn shelf_name(shelf: &str) -> String {
    format!("proofs/{shelf}.json")
}

/// Returns the digits of the shelf that a `Release` lists under `name`.
pub fn shelf_of_name(name: &str) -> Option<&str> {
    name.strip_prefix("proofs/")?.strip_suffix(".json")
}

/// Returns where a suite keeps a proof, or a list of proofs: by its digest, as
/// indices are, so that what is there never changes.
pub fn proof(suite: &Suite, sha256: &Sha256) -> ArchivePath {
    in_suite(suite, &format!("proofs/by-hash/SHA256/{sha256}"))
}

/// Where the files of a suite's packages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool<'a> {
    /// In the one pool of the archive.
    Shared,
    /// In the pool of this suite: `pool/SUITE/…`. No component's prefix is as
    /// long as a component's name, so it meets no path of the shared pool.
    Of(&'a Suite),
}

impl Pool<'_> {
    /// Returns the directory of a source package's files and of its binaries.
    pub fn directory(self, component: &Component, source: &PackageName) -> ArchivePath {
        let prefix = source.pool_prefix();
        match self {
            Self::Shared => made(format!("pool/{component}/{prefix}/{source}")),
            Self::Of(suite) => made(format!("pool/{suite}/{component}/{prefix}/{source}")),
        }
    }
}

/// Returns the directory of a source package in the shared pool.
pub fn pool_directory(component: &Component, source: &PackageName) -> ArchivePath {
    Pool::Shared.directory(component, source)
}

/// Returns the path of a file in a directory of the pool.
pub fn pool_file(directory: &ArchivePath, file: &FileName) -> ArchivePath {
    made(format!("{directory}/{file}"))
}

/// Tells for how long whoever keeps a copy of a file may use it without asking.
///
/// A file of the pool, and what is named by its digest, is never another one.
/// The rest that clients read changes with every publish; and our own state is
/// what the next publish is decided by.
pub fn freshness(path: &ArchivePath) -> Freshness {
    let path = path.as_str();
    if path.starts_with("pool/")
        || path.starts_with(".debcut/objects/")
        || path.starts_with(".debcut/files/")
        || path.contains("/by-hash/")
    {
        Freshness::Lasting
    } else if path.starts_with(".debcut/") && !path.starts_with(".debcut/keys/") {
        Freshness::Never
    } else {
        Freshness::Brief
    }
}

fn made(path: String) -> ArchivePath {
    ArchivePath::new(path).expect("made from names that are valid in paths")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_debians() {
        let suite = Suite::new("bookworm/updates").expect("a suite");
        let main = Component::new("main").expect("a component");
        let index: IndexName = "main/binary-amd64/Packages".parse().expect("an index");
        let digest = Sha256::of(b"");
        let source = PackageName::new("libfoo").expect("a name");
        let directory = pool_directory(&main, &source);
        let file = FileName::new("libfoo_1.0~a+b_amd64.deb").expect("a file name");
        let cases = [
            (
                index_file(&suite, &index, Encoding::Xz),
                "dists/bookworm/updates/main/binary-amd64/Packages.xz".to_owned(),
            ),
            (
                by_hash(&suite, &index, &digest),
                format!("dists/bookworm/updates/main/binary-amd64/by-hash/SHA256/{digest}"),
            ),
            (
                in_release(&suite),
                "dists/bookworm/updates/InRelease".into(),
            ),
            (
                pool_file(&directory, &file),
                "pool/main/libf/libfoo/libfoo_1.0~a+b_amd64.deb".into(),
            ),
            (head(&suite), ".debcut/suites/bookworm:updates/head".into()),
        ];
        for (found, want) in cases {
            assert_eq!(found.as_str(), want);
        }
        assert_eq!(suite_of_head(&head(&suite)), Some(suite));
    }

    #[test]
    fn only_what_never_changes_is_kept() {
        let (suite, digest) = (Suite::new("stable").expect("a suite"), Sha256::of(b""));
        let index: IndexName = "main/binary-amd64/Packages".parse().expect("an index");
        let key = Fingerprint::new("0".repeat(40)).expect("a fingerprint");
        let pool = ArchivePath::new("pool/main/a/a/a_1_all.deb").expect("a path");
        for (path, want) in [
            (pool, Freshness::Lasting),
            (by_hash(&suite, &index, &digest), Freshness::Lasting),
            (proof(&suite, &digest), Freshness::Lasting),
            (object(ObjectKind::Chunk, &digest), Freshness::Lasting),
            (file_list(&digest), Freshness::Lasting),
            (index_file(&suite, &index, Encoding::Xz), Freshness::Brief),
            (in_release(&suite), Freshness::Brief),
            (release_gpg(&suite), Freshness::Brief),
            (certificate(&key), Freshness::Brief),
            (head(&suite), Freshness::Never),
        ] {
            assert_eq!(freshness(&path), want, "{path}");
        }
    }

    #[test]
    fn index_names_are_read_as_written() {
        for text in [
            "main/binary-amd64/Packages",
            "contrib/source/Sources",
            "main/Contents-amd64",
            "main/i18n/Translation-en",
        ] {
            let name: IndexName = text.parse().expect(text);
            assert_eq!(name.to_string(), text);
        }
        for text in [
            "",
            "main",
            "main/source/Packages",
            "main/binary-/Packages",
            "../source/Sources",
        ] {
            assert!(text.parse::<IndexName>().is_err(), "{text:?}");
        }
    }
}
