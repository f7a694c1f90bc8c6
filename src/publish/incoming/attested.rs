//! The attestations that lie beside what is offered: whose word there is for
//! which bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::{Incoming, refused};
use crate::archive::candidate::Candidate;
use crate::archive::proofs::{ATTESTATIONS, ProofFile};
use crate::format::version::Version;
use crate::keys::attestation::{self, VerifyAttestationError};
use crate::model::finding::with_causes;
use crate::model::{Finding, PackageName, Sha256};
use crate::sys::files::{self, FileError};
use crate::sys::openpgp::{Keyring, VerifyError};

type Upload = (PackageName, Version);

/// Reads the attestations in the directories that candidates came from, as far
/// as they are about these candidates.
pub(super) fn read(keyring: &Keyring, incoming: &mut Incoming) -> Result<(), FileError> {
    let (mut offered, mut directories) = (BTreeMap::new(), BTreeSet::new());
    for candidate in &incoming.candidates {
        let (origin, upload, digests) = match candidate {
            Candidate::Binary(binary) => {
                let control = &binary.control;
                let upload = (control.source.clone(), control.version.clone());
                (&binary.origin, upload, vec![binary.sha256])
            }
            Candidate::Source(source) => {
                let upload = (source.dsc.source.clone(), source.dsc.version.clone());
                let files = source.files.iter().map(|file| file.sha256);
                let digests = [source.digests.sha256].into_iter().chain(files);
                (&source.origin, upload, digests.collect())
            }
        };
        directories.extend(origin.parent().map(Path::to_owned));
        offered.extend(digests.into_iter().map(|digest| (digest, upload.clone())));
    }
    for directory in directories {
        for path in attestations_in(&directory)? {
            one(&path, keyring, &offered, incoming)?;
        }
    }
    Ok(())
}

/// Lists the files of attestations in a directory, in order.
fn attestations_in(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    let list = || -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        // The directory of a bare file name is the one we work in.
        let usual = if directory.as_os_str().is_empty() {
            Path::new(".")
        } else {
            directory
        };
        for entry in std::fs::read_dir(usual)? {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(ATTESTATIONS) && path.is_file() {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    };
    list().map_err(files::failed("list", directory))
}

fn one(
    path: &Path,
    keyring: &Keyring,
    offered: &BTreeMap<Sha256, Upload>,
    incoming: &mut Incoming,
) -> Result<(), FileError> {
    let bytes = files::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut about = None;
    for line in attestation::verify_all(&text, keyring) {
        let subjects = line.says.iter().flat_map(|says| &says.subjects);
        let own: Vec<_> = subjects
            .filter_map(|subject| Some((subject.sha256, offered.get(&subject.sha256)?)))
            .collect();
        let Some((_, upload)) = own.first() else {
            continue;
        };
        about.get_or_insert_with(|| (*upload).clone());
        match line.attested {
            Ok(attested) => {
                for (digest, _) in own {
                    incoming
                        .evidence
                        .add(digest, attested.by.fingerprint.clone());
                }
            }
            Err(error @ VerifyAttestationError::Signature(VerifyError::Bad { .. })) => {
                let message = format!("line {}: {}", line.number, with_causes(&error));
                incoming
                    .findings
                    .push(refused("bad-attestation", path, &message));
            }
            Err(error) => {
                let message = format!(
                    "its attestation in line {} does not count: {}",
                    line.number,
                    with_causes(&error)
                );
                let subject = path.display().to_string();
                incoming.uncounted.push(Finding::warning(
                    "attestation-not-counted",
                    subject,
                    message,
                ));
            }
        }
    }
    if let Some((source, version)) = about {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file = ProofFile::new(source, version, name.into_owned(), bytes);
        incoming.proofs.push(file);
    }
    Ok(())
}
