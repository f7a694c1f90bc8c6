//! Files that somebody wants to publish → candidates, read once and hashed
//! while they are read. What is wrong with one is a finding; all are told.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::Digest;

mod attested;

use crate::archive::candidate::{Binary, Candidate, Source, SourceFile};
use crate::archive::gate::uploads::{Signed, Upload};
use crate::archive::{Evidence, ProofFile};
use crate::format::changes::Changes;
use crate::format::checksums::ListedFile;
use crate::format::control::BinaryControl;
use crate::format::deb::{self, Limits, Oddity};
use crate::format::dsc::Dsc;
use crate::format::index::contents::FileList;
use crate::format::tar::TreePath;
use crate::model::finding::with_causes;
use crate::model::{Component, FileDigests, Finding, Listener, Sha256, Timestamp};
use crate::sys::files::{self, FileError};
use crate::sys::openpgp::{Keyring, SignedBy, VerifyError, text_of};

/// What was offered.
#[derive(Debug, Default)]
pub struct Incoming {
    /// The packages.
    pub candidates: Vec<Candidate>,
    /// What keeps some of them out, and what is worth knowing.
    pub findings: Vec<Finding>,
    /// The distributions that uploads are meant for.
    pub distributions: Vec<String>,
    /// The uploads, `.buildinfo` and attestations that came along.
    pub proofs: Vec<ProofFile>,
    /// Whose attestations speak for what came.
    pub evidence: Evidence,
    /// Why some attestations do not count; worth telling where they are missed.
    pub uncounted: Vec<Finding>,
    /// Who signed what came.
    pub uploads: Vec<Upload>,
}

/// What reading may use.
pub struct Reader<'a> {
    /// Whose signatures on uploads can be checked.
    pub keyring: &'a Keyring,
    /// The component that everything must go to.
    pub component: Option<&'a Component>,
    /// When this is: a key that has expired since signs nothing any more.
    pub now: Timestamp,
    /// Who hears of progress.
    pub listener: &'a dyn Listener,
}

/// Reads `.deb`, `.dsc` and `.changes` files, and all below directories.
pub fn read(paths: &[PathBuf], reader: &Reader<'_>) -> Result<Incoming, FileError> {
    let mut incoming = Incoming::default();
    let mut wanted = Vec::new();
    for path in paths {
        let metadata = path.metadata().map_err(files::failed("read", path))?;
        if !metadata.is_dir() {
            wanted.push(path.clone());
            continue;
        }
        let found = below(path, reader.listener)?;
        if found.is_empty() {
            let message = "there is no .deb, .dsc or .changes in it";
            let finding = Finding::error("nothing-to-publish", path.display().to_string(), message);
            incoming.findings.push(finding);
        }
        wanted.extend(found);
    }
    // Uploads first: they know the sections of their source packages.
    wanted.sort_by_key(|path| kind_of(path) != Some(Kind::Changes));
    let mut seen = BTreeSet::new();
    for path in wanted {
        reader.one(&path, &mut incoming, &mut seen)?;
    }
    attested::read(reader.keyring, &mut incoming)?;
    Ok(incoming)
}

/// Finds what can be read below a directory, in order of the names. Links to
/// files are followed, links to directories are not.
fn below(directory: &Path, listener: &dyn Listener) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(directory).sort_by_file_name() {
        let entry =
            entry.map_err(|error| {
                files::failed("list", directory)(error.into_io_error().unwrap_or_else(|| {
                    io::Error::other("a link leads back to a directory above it")
                }))
            })?;
        let path = entry.path();
        // Links that lead nowhere are found too: reading one says so.
        if entry.file_type().is_dir() || path.is_dir() {
            continue;
        }
        if is_left_out(path) {
            let path = path.display();
            listener.note(format!("{path} is left out: indices have no such packages"));
        } else if kind_of(path).is_some() {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Deb,
    Dsc,
    Changes,
}

fn kind_of(path: &Path) -> Option<Kind> {
    match path.extension()?.to_str()? {
        "deb" => Some(Kind::Deb),
        "dsc" => Some(Kind::Dsc),
        "changes" => Some(Kind::Changes),
        _ => None,
    }
}

/// Tells whether a file is a package for Debian's installer or of debugging
/// symbols as Ubuntu names them, which belong in indices of their own.
fn is_left_out(path: &Path) -> bool {
    (path.extension()).is_some_and(|ending| ending == "udeb" || ending == "ddeb")
}

type Seen = BTreeSet<PathBuf>;

impl Reader<'_> {
    fn one(&self, path: &Path, into: &mut Incoming, seen: &mut Seen) -> Result<(), FileError> {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if !seen.insert(absolute) {
            return Ok(());
        }
        self.listener.begin(format!("reading {}", path.display()));
        match kind_of(path) {
            Some(Kind::Deb) => self.deb(path, into),
            Some(Kind::Dsc) => self.dsc(path, None, into),
            Some(Kind::Changes) => self.changes(path, into, seen),
            None => {
                let message = "it is no .deb, .dsc or .changes, and no directory";
                into.refuse("unknown-file", path, message);
                Ok(())
            }
        }
    }

    fn deb(&self, path: &Path, into: &mut Incoming) -> Result<(), FileError> {
        let file = files::open(path)?;
        let mut hashing = Hashing {
            from: BufReader::new(file),
            hasher: sha2::Sha256::new(),
            size: 0,
        };
        let mut files = Vec::new();
        let read = deb::read(&mut hashing, &Limits::default(), |entry, _| {
            files.extend(entry.path_of_file().cloned());
            Ok(())
        });
        let deb = match read {
            Ok(deb) => deb,
            Err(error) => {
                into.refuse("unreadable-package", path, &with_causes(&error));
                return Ok(());
            }
        };
        for oddity in &deb.oddities {
            if let Oddity::Pax { .. } | Oddity::ControlCompression(_) = oddity {
                into.refuse("uninstallable-package", path, "dpkg refuses to install it: it holds PAX headers or is compressed in a way dpkg does not read");
                return Ok(());
            }
        }
        let control = match BinaryControl::parse(deb.control.paragraph()) {
            Ok(control) => control,
            Err(error) => {
                into.refuse("invalid-control", path, &with_causes(&error));
                return Ok(());
            }
        };
        into.candidates.push(Candidate::Binary(Box::new(Binary {
            origin: path.to_owned(),
            size: hashing.size,
            sha256: Sha256::from_hasher(hashing.hasher),
            control,
            files: FileList::new(files.iter().map(TreePath::as_bytes)),
            component: self.component.cloned(),
        })));
        Ok(())
    }

    fn dsc(
        &self,
        path: &Path,
        listed: Option<(&str, &str)>,
        into: &mut Incoming,
    ) -> Result<(), FileError> {
        let bytes = files::read(path)?;
        let Some((text, signed)) = self.plain(path, &bytes, into) else {
            return Ok(());
        };
        let dsc = match Dsc::parse(text.as_bytes()) {
            Ok(dsc) => dsc,
            Err(error) => {
                into.refuse("invalid-source", path, &with_causes(&error));
                return Ok(());
            }
        };
        let own = [Sha256::of(&bytes)].into_iter();
        into.uploads.push(Upload {
            name: path.display().to_string(),
            signed,
            covers: own
                .chain(dsc.files.iter().map(|f| f.digests.sha256))
                .collect(),
        });
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
        into.candidates.push(Candidate::Source(Box::new(Source {
            origin: path.to_owned(),
            digests: FileDigests::of(&bytes),
            dsc,
            files: found,
            section: listed.map(|(section, _)| section.to_owned()),
            priority: listed.map(|(_, priority)| priority.to_owned()),
            component: self.component.cloned(),
        })));
        Ok(())
    }

    /// Reads an upload: its own files, and only when each is what it says.
    fn changes(&self, path: &Path, into: &mut Incoming, seen: &mut Seen) -> Result<(), FileError> {
        let bytes = files::read(path)?;
        let Some((text, signed)) = self.plain(path, &bytes, into) else {
            return Ok(());
        };
        let changes = match Changes::parse(text.as_bytes()) {
            Ok(changes) => changes,
            Err(error) => {
                into.refuse("invalid-changes", path, &with_causes(&error));
                return Ok(());
            }
        };
        into.uploads.push(Upload {
            name: path.display().to_string(),
            signed,
            covers: changes
                .files
                .iter()
                .map(|f| f.file.digests.sha256)
                .collect(),
        });
        let distributions = changes.distributions.iter().map(ToString::to_string);
        into.distributions.extend(distributions);
        if changes
            .distributions
            .iter()
            .any(|suite| suite.as_str() == "UNRELEASED")
        {
            let message = "its Distribution is UNRELEASED: the changelog entry is not finished";
            let finding = Finding::error("unreleased", path.display().to_string(), message);
            into.findings.push(
                finding.fix("name a distribution in debian/changelog, commit, tag and build"),
            );
            return Ok(());
        }
        let proof = |name: &str, bytes: Vec<u8>| {
            let (source, version) = (changes.source.clone(), changes.version.clone());
            ProofFile::new(source, version, name.to_owned(), bytes)
        };
        let own = path.file_name().unwrap_or_default().to_string_lossy();
        into.proofs.push(proof(&own, bytes.clone()));
        for listed in &changes.files {
            let name = listed.file.name.as_str();
            let origin = path.with_file_name(name);
            if is_left_out(&origin) {
                let message = format!("it lists {name}, and .udeb and .ddeb cannot be published");
                let subject = path.display().to_string();
                into.findings.push(
                    Finding::error("unsupported-package", subject, message)
                        .fix("name the .deb and .dsc files of the upload instead"),
                );
                continue;
            }
            let Ok(file) = File::open(&origin) else {
                into.refuse(
                    "upload-incomplete",
                    path,
                    &format!("it lists {name}, which is not beside it"),
                );
                continue;
            };
            let found = FileDigests::of_reader(file).map_err(files::failed("read", &origin))?;
            if let Some((what, found, wanted)) = differs(&found, &listed.file.digests) {
                let path_shown = path.display();
                let message = format!("{name} has {what} {found}, and {path_shown} says {wanted}");
                into.refuse("upload-differs", path, &message);
                continue;
            }
            let absolute = std::path::absolute(&origin).unwrap_or_else(|_| origin.clone());
            if name.ends_with(".buildinfo") {
                let bytes = files::read(&origin)?;
                into.proofs.push(proof(name, bytes));
            }
            if kind_of(&origin).is_none() || !seen.insert(absolute) {
                continue;
            }
            match kind_of(&origin) {
                Some(Kind::Deb) => self.deb(&origin, into)?,
                Some(Kind::Dsc) => {
                    self.dsc(&origin, Some((&listed.section, &listed.priority)), into)?;
                }
                Some(Kind::Changes) | None => {}
            }
        }
        Ok(())
    }

    /// Takes a signature off. A true one or none is fine, as is one whose key
    /// nobody here knows; a false one is not.
    fn plain(&self, path: &Path, bytes: &[u8], into: &mut Incoming) -> Option<(String, Signed)> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            into.refuse("invalid-text", path, "it is not UTF-8");
            return None;
        };
        if !text.starts_with("-----BEGIN PGP") {
            return Some((text.to_owned(), Signed::Nobody));
        }
        match self.keyring.verify_clear(text) {
            Ok(verified) => Some((verified.plain, self.signed(&verified.by))),
            Err(error @ VerifyError::UnknownKey { .. }) => {
                let subject = path.display().to_string();
                into.findings.push(Finding::warning(
                    "unknown-signer",
                    subject,
                    with_causes(&error),
                ));
                let why = with_causes(&error);
                Some((text_of(text).ok()?, Signed::NotCounted(why)))
            }
            Err(error) => {
                into.refuse("bad-signature", path, &with_causes(&error));
                None
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

/// Finds what of a file is not as an upload says: size, SHA-256, and where they
/// are listed SHA-1 and MD5 (deb-changes(5)).
fn differs(found: &FileDigests, wanted: &FileDigests) -> Option<(&'static str, String, String)> {
    let pairs = [
        ("size", found.size.to_string(), wanted.size.to_string()),
        ("sha256", found.sha256.hex(), wanted.sha256.hex()),
        ("sha1", found.sha1.clone(), wanted.sha1.clone()),
        ("md5", found.md5.clone(), wanted.md5.clone()),
    ];
    let listed = pairs
        .into_iter()
        .filter(|(_, _, wanted)| !wanted.is_empty());
    listed
        .into_iter()
        .find(|(_, found, wanted)| found != wanted)
}

impl Incoming {
    fn refuse(&mut self, rule: &'static str, path: &Path, message: &str) {
        self.findings
            .push(Finding::error(rule, path.display().to_string(), message));
    }
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
