//! An archive as its clients read it: from `InRelease` over an index to a file
//! of the pool.

use crate::archive::{layout, proofs};
use crate::flow::FlowError;
use crate::format::deb::Contents;
use crate::format::index::piece::Encoding;
use crate::format::index::{self, Kind as IndexKind, PoolFile};
use crate::format::version::Version;
use crate::model::{ArchivePath, FileDigests, PackageName, Sha256, Suite, Timestamp};
use crate::publish;
use crate::sys::store::Store;
use crate::verify::chain::{Archived, Control, Package, Text, read_package};
use crate::verify::{Claim, Content, Kind, Listed, Reader};

use super::texts;

/// A suite whose `InRelease` was read.
pub(super) struct Opened<'a> {
    store: &'a dyn Store,
    suite: Suite,
    claim: Claim,
    outdated: Option<Timestamp>,
}

/// The proofs that an archive keeps of a source.
pub(super) enum Published {
    /// No archive is part of the walk.
    NotAsked,
    /// These.
    Kept(Vec<Text>),
}

/// A package that the way through the archive leads to, or where it ends.
pub(super) type Found = Result<PoolFile, String>;

impl<'a> Opened<'a> {
    /// Reads a suite's `InRelease`.
    pub(super) fn open(
        store: &'a dyn Store,
        suite: Option<&Suite>,
        reader: &Reader<'_>,
    ) -> Result<Self, FlowError> {
        let suite = match suite {
            Some(suite) => suite.clone(),
            None => match publish::suites(store)?.as_slice() {
                [suite] => suite.clone(),
                [] => {
                    return Err(FlowError::NoArchive {
                        place: store.place(),
                    });
                }
                several => {
                    return Err(FlowError::WhichSuite {
                        place: store.place(),
                        known: several.iter().map(ToString::to_string).collect(),
                    });
                }
            },
        };
        let Some(bytes) = store.read(&layout::in_release(&suite))? else {
            let known = publish::suites(store)?;
            return Err(FlowError::NoSuite {
                place: store.place(),
                wanted: suite.to_string(),
                known: known.iter().map(ToString::to_string).collect(),
            });
        };
        let claim = reader.read(Kind::InRelease, &bytes, None);
        let until = claim.content.as_ref().ok().and_then(|c| c.valid_until);
        Ok(Self {
            store,
            suite,
            claim,
            outdated: until.filter(|until| *until < reader.now),
        })
    }

    /// Finds the newest version of a package, or this one.
    pub(super) fn find(
        &self,
        name: &str,
        version: Option<&str>,
        architecture: Option<&str>,
    ) -> Result<Found, FlowError> {
        let content = match &self.claim.content {
            Ok(content) => content,
            Err(why) => return Ok(Err(format!("InRelease cannot be read: {why}"))),
        };
        let mut best: Option<(Version, PoolFile)> = None;
        for listed in &content.listed {
            let Some(own) = architecture_of(&listed.name) else {
                continue;
            };
            // What is for all architectures is in the index of each.
            let wanted = architecture.is_none_or(|a| a == "all" || a == own);
            if !wanted {
                continue;
            }
            let text = match self.index(content, listed)? {
                Ok(text) => text,
                Err(why) => return Ok(Err(why)),
            };
            let stanzas = match index::parse(&text, IndexKind::Packages) {
                Ok(stanzas) => stanzas,
                Err(error) => return Ok(Err(format!("{}: {error}", listed.name))),
            };
            for stanza in stanzas.iter().filter(|s| s.name().as_str() == name) {
                let exact = version.is_none_or(|v| v == stanza.version().as_str());
                let newer = best
                    .as_ref()
                    .is_none_or(|(best, _)| best < stanza.version());
                if let (true, true, Ok(files)) = (exact, newer, index::files(stanza))
                    && let [file] = &files[..]
                {
                    best = Some((stanza.version().clone(), file.clone()));
                }
            }
        }
        Ok(match best {
            Some((_, file)) => Ok(file),
            None => Err(match version {
                Some(version) => format!("it does not list {name} {version}"),
                None => format!("it does not list {name}"),
            }),
        })
    }

    /// Reads an index, and makes sure that it is the one that is signed.
    fn index(
        &self,
        content: &Content,
        plain: &Listed,
    ) -> Result<Result<Vec<u8>, String>, FlowError> {
        for encoding in Encoding::ALL {
            let name = format!("{}.{encoding}", plain.name);
            let Some(listed) = content.listed.iter().find(|l| l.name == name) else {
                continue;
            };
            let path = ArchivePath::new(format!("dists/{}/{name}", self.suite));
            let Some(bytes) = path.ok().map(|path| self.store.read(&path)).transpose()? else {
                continue;
            };
            let Some(bytes) = bytes else {
                continue;
            };
            let found = Sha256::of(&bytes);
            if found != listed.sha256 {
                return Ok(Err(format!(
                    "{name} has SHA-256 {found}, but InRelease says {}",
                    listed.sha256
                )));
            }
            let text = encoding.decompress(&bytes, plain.size.unwrap_or_default());
            return Ok(text.map_err(|error| format!("{name} cannot be decompressed: {error}")));
        }
        Ok(Err(format!(
            "{} is not there in any compression",
            plain.name
        )))
    }

    /// Says what came of looking for a package.
    pub(super) fn archived(&self, found: &Found) -> Archived {
        let place = match found {
            Ok(file) => format!("{} of {}: {}", self.suite, self.store.place(), file.path),
            Err(_) => format!("{} of {}", self.suite, self.store.place()),
        };
        Archived {
            place,
            signature: self.claim.signature.clone(),
            outdated: self.outdated,
            listed: found
                .as_ref()
                .map_err(Clone::clone)
                .map(|f| (f.sha256, f.size)),
        }
    }

    /// Reads a package from the pool.
    pub(super) fn package(
        &self,
        file: &PoolFile,
    ) -> Result<Option<(Package, Option<Contents>)>, FlowError> {
        let Some(bytes) = self.store.open(&file.path)? else {
            return Ok(None);
        };
        let place = file.path.to_string();
        let path = std::path::Path::new(&place);
        let digests = FileDigests::of_reader(bytes);
        let digests = digests.map_err(crate::sys::files::failed("read", path))?;
        let Some(bytes) = self.store.open(&file.path)? else {
            return Ok(None);
        };
        let source = std::io::BufReader::new(bytes);
        Ok(Some(read_package(place, digests, source)))
    }

    /// Reads the proofs that the archive keeps of a package's source. Nobody has
    /// to trust what is read here: each proof is signed, and judged by that.
    pub(super) fn proofs(
        &self,
        control: &Control,
        reader: &Reader<'_>,
    ) -> Result<Published, FlowError> {
        let mut kept = Vec::new();
        let source = PackageName::new(control.source.as_str());
        let (Ok(content), Ok(source)) = (&self.claim.content, source) else {
            return Ok(Published::Kept(kept));
        };
        let name = layout::shelf_name(&proofs::shelf(&source));
        let Some(listed) = content.listed.iter().find(|l| l.name == name) else {
            return Ok(Published::Kept(kept));
        };
        let list = self
            .store
            .read(&layout::proof(&self.suite, &listed.sha256))?;
        let list = list.and_then(|bytes| proofs::from_bytes(&bytes).ok());
        for proof in list.unwrap_or_default() {
            let own = proof.version.as_str();
            let fits = own == control.version || own == control.source_version;
            if proof.source != source || !fits {
                continue;
            }
            let path = layout::proof(&self.suite, &proof.sha256);
            if let Some(bytes) = self.store.read(&path)? {
                let place = format!("{} in {}", proof.name, self.store.place());
                kept.push(texts::text(&proof.name, place, &bytes, reader));
            }
        }
        Ok(Published::Kept(kept))
    }
}

/// Returns the architecture of an index by its plain name.
fn architecture_of(name: &str) -> Option<&str> {
    let (_, directory) = name.strip_suffix("/Packages")?.rsplit_once('/')?;
    directory.strip_prefix("binary-")
}
