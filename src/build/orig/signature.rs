//! Upstream's signatures of its tarballs, and whose count.

use super::Found;
use crate::build::observe::ObserveError;
use crate::build::upstream::{Origin, Tarball, UpstreamSignature};
use crate::model::{Finding, Fingerprint, Sha256};
use crate::sys::files;
use crate::sys::git::{GitError, Repository};
use crate::sys::openpgp::{Keyring, SignedBy, VerifyError};

/// Where the certificates are whose signatures of tarballs count
/// (dpkg-source(1), uscan(1)), the usual first.
const SIGNING_KEYS: [&str; 3] = [
    "debian/upstream/signing-key.asc",
    "debian/upstream/signing-key.pgp",
    "debian/upstream-signing-key.pgp",
];

/// Checks the signatures of what was given, and notes whose count.
pub(super) fn judge(
    repository: &Repository,
    tree: &str,
    found: &mut Found,
) -> Result<(), ObserveError> {
    let keys = signing_keys(repository, tree)?;
    let keyring = match &keys {
        None => None,
        Some((path, bytes)) => match Keyring::parse(bytes) {
            Ok(keyring) => Some(keyring),
            Err(error) => {
                let finding = Finding::error("upstream-signature", *path, error.to_string());
                found.findings.push(finding);
                return Ok(());
            }
        },
    };
    let components = found.components.iter_mut().map(|found| &mut found.tarball);
    for tarball in [&mut found.tarball].into_iter().chain(components) {
        let Tarball {
            name,
            origin,
            signature,
        } = tarball;
        match (signature, &keyring) {
            (Some(signature), Some(keyring)) => {
                let certificates = keyring.certificates().iter();
                signature.keys = certificates.map(|c| c.fingerprint().clone()).collect();
                if let Origin::Given { path, .. } = origin {
                    let checked = check(keyring, &files::read(path)?, signature);
                    found
                        .findings
                        .extend(checked.err().map(|why| judged(name, &why)));
                }
            }
            (Some(_), None) => {
                let why = "its signature cannot be checked: there is no \
                               debian/upstream/signing-key.asc";
                let finding = Finding::warning("upstream-signature", name.as_str(), why);
                let fix = "put upstream's certificate there (gpg --armor --export KEY)";
                found.findings.push(finding.fix(fix));
            }
            (None, Some(_)) if !matches!(origin, Origin::Tag { .. }) => {
                let why = "debian/upstream/signing-key.asc is there, and no signature of it";
                let finding = Finding::warning("upstream-signature", name.as_str(), why);
                found
                    .findings
                    .push(finding.fix(format!("put {name}.asc beside it")));
            }
            (None, _) => {}
        }
    }
    Ok(())
}

/// Reads the certificates whose signatures of tarballs count, and where they
/// are.
pub(in crate::build) fn signing_keys(
    repository: &Repository,
    tree: &str,
) -> Result<Option<(&'static str, Vec<u8>)>, GitError> {
    for path in SIGNING_KEYS {
        if let Some(bytes) = repository.file(tree, path)? {
            return Ok(Some((path, bytes)));
        }
    }
    Ok(None)
}

/// Checks upstream's signature of a tarball.
pub(in crate::build) fn check(
    keyring: &Keyring,
    tarball: &[u8],
    signature: &UpstreamSignature,
) -> Result<SignedBy, VerifyError> {
    keyring.verify_detached(tarball, &signature.armour)
}

/// Says that upstream's signature does not hold. One that is true, by a key
/// that had expired, is only remarked on: the certificate in the tree is often
/// an old copy, and gpgv takes such a signature, too.
pub(in crate::build) fn judged(name: &str, why: &VerifyError) -> Finding {
    if let VerifyError::KeyExpired { .. } = why {
        let found = format!("upstream's signature of it is true, but {why}");
        let finding = Finding::warning("upstream-signature", name, found);
        return finding
            .fix("put upstream's renewed certificate into debian/upstream/signing-key.asc");
    }
    let found = format!("upstream's signature of it is not accepted: {why}");
    let finding = Finding::error("upstream-signature", name, found);
    finding.fix(format!(
        "get the tarball again; if the certificate in debian/upstream/signing-key.asc is old, \
         replace it; to pack it without a signature, remove {name}.asc"
    ))
}

/// Takes a signature that nobody has looked at.
pub(super) fn unchecked(armour: Vec<u8>) -> UpstreamSignature {
    UpstreamSignature {
        sha256: Sha256::of(&armour),
        armour,
        keys: Vec::<Fingerprint>::new(),
    }
}
