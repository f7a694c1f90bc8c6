//! One package: a `.deb` or a `.dsc`, read to its end.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use sha2::Digest;

use super::{Part, Reader, SectionAndPriority, refused};
use crate::archive::candidate::{Binary, Candidate, Source, SourceFile};
use crate::archive::gate::uploads::{Form, Signed, Upload};
use crate::format::checksums::ListedFile;
use crate::format::control::BinaryControl;
use crate::format::deb::{self, Deb, Limits, Oddity, ReadError};
use crate::format::dsc::Dsc;
use crate::format::index::contents::FileList;
use crate::format::tar::TreePath;
use crate::model::finding::with_causes;
use crate::model::{FileDigests, Finding, Sha256};
use crate::sys::files::{self, FileError};
use crate::sys::openpgp::{SignedBy, VerifyError, text_of};

/// Up to this size a package is read in one call and hashed in one piece; what
/// is longer passes through as a stream, so that no package has to fit into the
/// memory. Most packages of Debian are shorter than 1 MiB.
const AT_ONCE: u64 = 1 << 20;

impl Reader<'_> {
    pub(super) fn deb(&self, path: &Path) -> Result<Part, FileError> {
        let (size, sha256, read) = read_hashing(path)?;
        let (deb, files) = match read {
            Ok(found) => found,
            Err(error) => {
                return Ok(refused("unreadable-package", path, &with_causes(&error)).into());
            }
        };
        for oddity in &deb.oddities {
            if let Oddity::Pax { .. } | Oddity::ControlCompression(_) = oddity {
                let message = "dpkg refuses to install it: it holds PAX headers or is compressed in a way dpkg does not read";
                return Ok(refused("uninstallable-package", path, message).into());
            }
        }
        let control = match BinaryControl::parse(deb.control.paragraph()) {
            Ok(control) => control,
            Err(error) => {
                return Ok(refused("invalid-control", path, &with_causes(&error)).into());
            }
        };
        Ok(Part::of(Candidate::Binary(Box::new(Binary {
            origin: path.to_owned(),
            size,
            sha256,
            control,
            files,
            component: self.component.cloned(),
        }))))
    }

    /// Reads a source package, and hashes those of its files that are there.
    pub(super) fn dsc(
        &self,
        path: &Path,
        listed: Option<SectionAndPriority>,
    ) -> Result<Part, FileError> {
        let bytes = files::read(path)?;
        let (text, mut findings) = self.plain(path, &bytes);
        let Some((text, signed)) = text else {
            return Ok(Part {
                findings,
                ..Part::default()
            });
        };
        let dsc = match Dsc::parse(text.as_bytes()) {
            Ok(dsc) => dsc,
            Err(error) => {
                findings.push(refused("invalid-source", path, &with_causes(&error)));
                return Ok(Part {
                    findings,
                    ..Part::default()
                });
            }
        };
        let own = [Sha256::of(&bytes)].into_iter();
        let upload = Upload {
            name: path.display().to_string(),
            form: Form::Source,
            signed,
            covers: own
                .chain(dsc.files.iter().map(|f| f.digests.sha256))
                .collect(),
        };
        let mut found = Vec::new();
        for ListedFile { name, .. } in &dsc.files {
            let origin = path.with_file_name(name.as_str());
            let Ok(file) = File::open(&origin) else {
                continue;
            };
            let digests = FileDigests::of_reader(file).map_err(files::failed("read", &origin))?;
            let (size, sha256) = (digests.size, digests.sha256);
            found.push(SourceFile {
                origin,
                name: name.clone(),
                size,
                sha256,
            });
        }
        let (section, priority) = listed.unzip();
        let source = Candidate::Source(Box::new(Source {
            origin: path.to_owned(),
            digests: FileDigests::of(&bytes),
            dsc,
            files: found,
            section,
            priority,
            component: self.component.cloned(),
        }));
        Ok(Part {
            findings,
            upload: Some(upload),
            ..Part::of(source)
        })
    }

    /// Takes a signature off. A true one or none is fine, as is one whose key
    /// nobody here knows; a false one is not.
    pub(super) fn plain(
        &self,
        path: &Path,
        bytes: &[u8],
    ) -> (Option<(String, Signed)>, Vec<Finding>) {
        let Ok(text) = std::str::from_utf8(bytes) else {
            let finding = refused("invalid-text", path, "it is not UTF-8");
            return (None, vec![finding]);
        };
        if !text.starts_with("-----BEGIN PGP") {
            return (Some((text.to_owned(), Signed::Nobody)), Vec::new());
        }
        match self.keyring.verify_clear(text) {
            Ok(verified) => {
                let signed = self.signed(&verified.by);
                (Some((verified.plain, signed)), Vec::new())
            }
            Err(error @ VerifyError::UnknownKey { .. }) => {
                let subject = path.display().to_string();
                let finding = Finding::warning("unknown-signer", subject, with_causes(&error));
                let signed = Signed::Unknown(with_causes(&error));
                (text_of(text).ok().map(|text| (text, signed)), vec![finding])
            }
            Err(error) => {
                let finding = refused("bad-signature", path, &with_causes(&error));
                (None, vec![finding])
            }
        }
    }
}

impl Reader<'_> {
    /// Tells whose a true signature is, as far as it counts now.
    fn signed(&self, by: &SignedBy) -> Signed {
        if let Err(error) = by.check_clock(self.now) {
            return Signed::NotCounted(with_causes(&error));
        }
        let owner = self.keyring.owner(&by.signing_key);
        let still = owner.map(|(certificate, key)| certificate.credit(key, self.now));
        match still {
            Some(Err(error)) => Signed::NotCounted(format!(
                "its key is not valid any more: {}",
                with_causes(&error)
            )),
            _ => Signed::By {
                certificate: by.fingerprint.clone(),
                key: by.signing_key.clone(),
            },
        }
    }
}
/// A package and the files it brings, or why it is refused.
type Unpacked = Result<(Deb, FileList), ReadError>;

/// Reads a package to its end; returns also its size and digest, which mean
/// nothing when it is refused.
fn read_hashing(path: &Path) -> Result<(u64, Sha256, Unpacked), FileError> {
    let mut file = files::open(path)?;
    let limits = Limits::default();
    let size = file.metadata().map_err(files::failed("read", path))?.len();
    let mut start = Vec::with_capacity(size.min(AT_ONCE) as usize);
    if let Err(source) = (&mut file).take(AT_ONCE).read_to_end(&mut start) {
        let refused = ReadError::Source { offset: 0, source };
        return Ok((0, Sha256::of(b""), Err(refused)));
    }
    if (start.len() as u64) < AT_ONCE {
        let found = listed(start.as_slice(), &limits);
        return Ok((start.len() as u64, Sha256::of(&start), found));
    }
    let mut hashing = Hashing {
        from: start
            .as_slice()
            .chain(BufReader::with_capacity(256 * 1024, file)),
        hasher: sha2::Sha256::new(),
        size: 0,
    };
    let found = listed(&mut hashing, &limits);
    Ok((hashing.size, Sha256::from_hasher(hashing.hasher), found))
}

/// Reads a package, and lists the files that it brings.
fn listed(from: impl Read, limits: &Limits) -> Unpacked {
    let mut files = Vec::new();
    let deb = deb::read(from, limits, |entry, _| {
        files.extend(entry.path_of_file().cloned());
        Ok(())
    })?;
    let list = FileList::new(files.iter().map(TreePath::as_bytes));
    Ok((deb, list))
}

/// Hashes and counts what is read through it.
struct Hashing<R> {
    from: R,
    hasher: sha2::Sha256,
    size: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.size += read as u64;
        Ok(read)
    }
}
