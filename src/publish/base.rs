//! The archives that hosts have beside a suite: which packages they offer.
//!
//! Follows the Debian repository format: `InRelease`, whose signature must be
//! one of the keyring's, then the `Packages` it lists, by hash where it says
//! so. Of each, a catalogue is kept by the digest of the index, so that a
//! distribution's is read once for each of its updates.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::rc::Rc;

use crate::archive::gate::Names;
use crate::archive::gate::bases::{BaseSuite, BaseSyntaxError};
use crate::archive::gate::offer::{self, Offer};
use crate::format::index::piece::Encoding;
use crate::format::release::Release;
use crate::model::finding::with_causes;
use crate::model::{Architecture, ArchivePath, Component, Sha256, Suite};
use crate::sys::files::{self, Access};
use crate::sys::openpgp::{Verified, VerifyError};
use crate::sys::store::{Store, StoreError};

/// An index is longer than this only in an archive that wants to harm: all of
/// Debian's is 60 MB.
const INDEX_LIMIT: u64 = 1 << 30;

/// Why a base cannot be looked into.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// It is not written as one.
    #[error(transparent)]
    Syntax(#[from] BaseSyntaxError),
    /// There is no archive that could be opened.
    #[error("cannot open {location}")]
    Open {
        /// The archive.
        location: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Its files cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It has not what it should have.
    #[error("{path} is not there")]
    Missing {
        /// The file.
        path: ArchivePath,
    },
    /// Nobody whom we know signed it.
    #[error("cannot trust {path}")]
    Signature {
        /// The file.
        path: ArchivePath,
        /// Why not.
        source: VerifyError,
    },
    /// It is of another suite.
    #[error("{path} is not of {suite}: it says {said}")]
    OtherSuite {
        /// The file.
        path: ArchivePath,
        /// What was asked for.
        suite: Suite,
        /// `Suite` and `Codename`.
        said: String,
    },
    /// It cannot be understood.
    #[error("cannot understand {path}")]
    Content {
        /// The file.
        path: ArchivePath,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// It is not what the archive's `Release` lists.
    #[error("{path} has sha256 {found}, expected {expected}")]
    Differs {
        /// The file.
        path: ArchivePath,
        /// What is listed.
        expected: Sha256,
        /// What is there.
        found: Sha256,
    },
}

/// Opens an archive that is only read.
pub type Open<'a> = dyn Fn(&str) -> Result<Box<dyn Store>, Box<dyn Error + Send + Sync>> + 'a;

/// Verifies a signed text by the keys that count for archives.
pub type Verify<'a> = dyn Fn(&str) -> Result<Verified, VerifyError> + 'a;

/// The bases of a suite. Nothing is read before it is asked for.
pub struct Bases<'a> {
    declared: Vec<String>,
    open: &'a Open<'a>,
    verify: &'a Verify<'a>,
    cache: Option<PathBuf>,
    read: RefCell<BTreeMap<Architecture, Rc<[String]>>>,
    unread: RefCell<BTreeMap<String, String>>,
}

/// A base that was opened and is trusted.
struct Opened {
    store: Box<dyn Store>,
    base: BaseSuite,
    release: Release,
}

impl<'a> Bases<'a> {
    /// Takes bases as a suite declares them. `verify` is asked when one is
    /// looked into.
    pub fn new(
        declared: &[String],
        open: &'a Open<'a>,
        verify: &'a Verify<'a>,
        cache: Option<PathBuf>,
    ) -> Self {
        Self {
            declared: declared.to_vec(),
            open,
            verify,
            cache,
            read: RefCell::default(),
            unread: RefCell::default(),
        }
    }

    /// Returns what they offer for hosts of an architecture under these names.
    pub fn offers(&self, of: &Architecture, names: &Names) -> Vec<Offer> {
        let catalogues = self.catalogues(of);
        let found = catalogues.iter().flat_map(|text| offer::find(text, names));
        found.collect()
    }

    /// Returns those that could not be looked into, with the reason.
    pub fn unread(&self) -> Vec<(String, String)> {
        let unread = self.unread.borrow();
        unread
            .iter()
            .map(|(base, why)| (base.clone(), why.clone()))
            .collect()
    }

    fn catalogues(&self, of: &Architecture) -> Rc<[String]> {
        if let Some(read) = self.read.borrow().get(of) {
            return Rc::clone(read);
        }
        let mut found = Vec::new();
        for declared in &self.declared {
            match self.catalogues_of(declared, of) {
                Ok(texts) => found.extend(texts),
                Err(error) => {
                    let why = with_causes(&error);
                    self.unread.borrow_mut().insert(declared.clone(), why);
                }
            }
        }
        let found: Rc<[String]> = found.into();
        self.read.borrow_mut().insert(of.clone(), Rc::clone(&found));
        found
    }

    fn catalogues_of(&self, declared: &str, of: &Architecture) -> Result<Vec<String>, BaseError> {
        let base: BaseSuite = declared.parse()?;
        let store = (self.open)(&base.location).map_err(|source| BaseError::Open {
            location: base.location.clone(),
            source,
        })?;
        let path = below(&base.suite, "InRelease");
        let bytes = store.read(&path)?;
        let bytes = bytes.ok_or_else(|| BaseError::Missing { path: path.clone() })?;
        let text = String::from_utf8_lossy(&bytes);
        let verified = (self.verify)(&text);
        let verified = verified.map_err(|source| BaseError::Signature {
            path: path.clone(),
            source,
        })?;
        let release = Release::parse(with_plain_components(&verified.plain).as_bytes());
        let release = release.map_err(|source| BaseError::Content {
            path: path.clone(),
            source: Box::new(source),
        })?;
        if !release.is_of(&base.suite) {
            let suite = release.suite.as_ref().map(Suite::as_str);
            let said = suite.into_iter().chain(release.codename.as_deref());
            return Err(BaseError::OtherSuite {
                path,
                said: said.collect::<Vec<_>>().join(" and "),
                suite: base.suite,
            });
        }
        let opened = Opened {
            store,
            base,
            release,
        };
        opened
            .indices(of)
            .into_iter()
            .map(|index| self.catalogue(&opened, &index))
            .collect()
    }

    /// Returns the catalogue of an index: as it was kept, else made of it.
    fn catalogue(&self, opened: &Opened, index: &str) -> Result<String, BaseError> {
        let listed = |encoding: Option<Encoding>| {
            let name = match encoding {
                Some(encoding) => format!("{index}.{encoding}"),
                None => index.to_owned(),
            };
            let file = opened.release.files.get(&name)?;
            Some((encoding, name, file.sha256))
        };
        let forms = [Encoding::Xz, Encoding::Gz, Encoding::Zst].map(Some);
        let found = forms.into_iter().chain([None]).find_map(listed);
        let Some((encoding, name, sha256)) = found else {
            // An architecture that only some components have.
            return Ok(String::new());
        };
        let kept = self
            .cache
            .as_ref()
            .map(|cache| cache.join("bases").join(sha256.hex()));
        if let Some(bytes) = kept
            .as_ref()
            .and_then(|path| files::read_if_there(path).ok()?)
            && let Some(text) = whole(&bytes)
        {
            return Ok(text);
        }
        let (path, bytes) = opened.index(&name, &sha256)?;
        let raw = match encoding {
            Some(encoding) => encoding.decompress(&bytes, INDEX_LIMIT),
            None => Ok(bytes),
        };
        let raw = raw.map_err(|source| BaseError::Content {
            path,
            source: Box::new(source),
        })?;
        let text = offer::catalogue(&String::from_utf8_lossy(&raw));
        if let Some(path) = kept {
            let directory = path.parent().expect("it is in a directory");
            let digest = Sha256::of(text.as_bytes());
            let bytes = Encoding::Zst.compress(format!("{digest}\n{text}").as_bytes());
            // Without it, the next publish makes it again.
            let _ = files::create_dir(directory)
                .and_then(|()| files::replace(&path, &bytes, Access::Private));
        }
        Ok(text)
    }
}

/// Takes the directories before components away, with which Debian's security
/// archive names them (`updates/main`) and which no path of an index has.
fn with_plain_components(release: &str) -> String {
    let plain = |line: &str| match line.strip_prefix("Components:") {
        None => line.to_owned(),
        Some(names) => {
            let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
            let names: Vec<_> = names.split_whitespace().map(last).collect();
            format!("Components: {}", names.join(" "))
        }
    };
    let lines: Vec<_> = release.lines().map(plain).collect();
    lines.join("\n") + "\n"
}

/// Reads a kept catalogue; none when it is damaged.
fn whole(bytes: &[u8]) -> Option<String> {
    let text = Encoding::Zst.decompress(bytes, INDEX_LIMIT).ok()?;
    let text = String::from_utf8(text).ok()?;
    let (digest, text) = text.split_once('\n')?;
    (Sha256::of(text.as_bytes()).hex() == digest).then(|| text.to_owned())
}

impl Opened {
    /// Returns the paths of the `Packages` that hosts of an architecture read.
    fn indices(&self, of: &Architecture) -> Vec<String> {
        let components = match self.base.components.as_slice() {
            [] => &self.release.components,
            some => some,
        };
        let mut architectures = vec![of.as_str()];
        if !self.release.all_in_every_architecture {
            architectures.push("all");
        }
        let index = |component: &Component| {
            let name = component.as_str();
            let paths = architectures
                .iter()
                .map(|of| format!("{name}/binary-{of}/Packages"));
            paths.collect::<Vec<_>>()
        };
        components.iter().flat_map(index).collect()
    }

    /// Reads an index, by its digest where the archive has it under that.
    fn index(&self, name: &str, sha256: &Sha256) -> Result<(ArchivePath, Vec<u8>), BaseError> {
        let (directory, _) = name.rsplit_once('/').unwrap_or_default();
        let by_hash = format!("{directory}/by-hash/SHA256/{sha256}");
        let names = [
            (self.release.acquire_by_hash, by_hash),
            (true, name.to_owned()),
        ];
        let mut missing = below(&self.base.suite, name);
        for (_, name) in names.into_iter().filter(|(is_there, _)| *is_there) {
            let path = below(&self.base.suite, &name);
            let Some(bytes) = self.store.read(&path)? else {
                missing = path;
                continue;
            };
            return match Sha256::of(&bytes) {
                found if found == *sha256 => Ok((path, bytes)),
                found => Err(BaseError::Differs {
                    path,
                    expected: *sha256,
                    found,
                }),
            };
        }
        Err(BaseError::Missing { path: missing })
    }
}

fn below(suite: &Suite, name: &str) -> ArchivePath {
    ArchivePath::new(format!("dists/{suite}/{name}")).expect("made from names valid in paths")
}
