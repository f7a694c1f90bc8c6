//! Proofs on their way into a suite: joined with those that are there, and
//! weighed by whose word counts here.

use crate::archive::proofs::shelf;
use crate::archive::{Current, Demand, Evidence, ProofFile, Selection, Shelves, promote};
use crate::config::Project;
use crate::keys::attestation;
use crate::model::{Finding, Fingerprint, PackageName, Suite};
use crate::publish::{self, PublishError};
use crate::sys::openpgp::{Certificate, Keyring};
use crate::sys::store::Store;

/// What the project's configuration demands of a publish.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// How many builders, and which.
    pub demand: Demand,
    /// Which keys may sign a suite; empty: any.
    pub publish_keys: Vec<Fingerprint>,
    /// Whose signatures count, on uploads and bases, beside those that are known
    /// here.
    pub keyring: Vec<Certificate>,
}

impl Rules {
    /// Takes the rules of a configuration for one of its archives.
    pub fn of(project: &Project, archive: Option<&str>) -> Self {
        let attestations = archive.and_then(|name| project.attestations.get(name));
        Self {
            demand: Demand {
                attestations: attestations.copied(),
                builders: project.build_keys.clone(),
            },
            publish_keys: project.publish_keys.clone(),
            keyring: Vec::new(),
        }
    }

    /// Refuses a key that must not sign a suite.
    pub(super) fn publisher(&self, suite: &Suite, key: &Fingerprint) -> Option<Finding> {
        if self.publish_keys.is_empty() || self.publish_keys.contains(key) {
            return None;
        }
        let message = format!("signing.publish-keys does not allow {key} to publish");
        Some(
            Finding::error("publisher-not-allowed", suite.as_str(), message)
                .fix("name an allowed key with --key, or add this one to publish-keys"),
        )
    }
}

/// Reads the shelves that proofs go to, and joins attestations that are offered
/// with those that are there: what somebody once attested stays.
pub(super) fn joined(
    store: &dyn Store,
    current: &Current,
    mut offered: Vec<ProofFile>,
) -> Result<(Shelves, Vec<ProofFile>), PublishError> {
    let Some(manifest) = current.manifest() else {
        return Ok((Shelves::new(), offered));
    };
    let sources = offered.iter().map(|file| &file.proof.source);
    let there = publish::shelves(store, manifest, sources)?;
    for file in &mut offered {
        let own = &file.proof;
        let list = there.get(&shelf(&own.source)).into_iter().flatten();
        let mut same = list.filter(|proof| {
            let names = proof.name == own.name && proof.source == own.source;
            names && proof.version == own.version && own.is_attestations()
        });
        if let Some(before) = same.next() {
            let before = publish::proof(store, &manifest.suite, before)?;
            let mut text = String::from_utf8_lossy(&before).into_owned();
            for line in attestation::envelopes(&String::from_utf8_lossy(&file.bytes)) {
                text = attestation::append(&text, line);
            }
            let (source, version) = (own.source.clone(), own.version.clone());
            *file = ProofFile::new(source, version, own.name.clone(), text.into_bytes());
        }
    }
    Ok((there, offered))
}

/// Finds the proofs of what is promoted, and who attests it.
pub(super) fn of_promotion(
    store: &dyn Store,
    from: &Current,
    selection: &Selection,
    keyring: &Keyring,
) -> Result<(Vec<ProofFile>, Evidence), PublishError> {
    let (mut found, mut evidence) = (Vec::new(), Evidence::default());
    let (Some(manifest), Ok(sources)) = (from.manifest(), promote::sources(from, selection)) else {
        return Ok((found, evidence));
    };
    let shelves = publish::shelves(store, manifest, sources.iter().map(|(name, _)| name))?;
    for proof in shelves.into_values().flatten() {
        let is = |(name, versions): &(PackageName, Vec<String>)| {
            *name == proof.source && versions.iter().any(|v| v == proof.version.as_str())
        };
        if !sources.iter().any(is) {
            continue;
        }
        let bytes = publish::proof(store, &manifest.suite, &proof)?;
        if proof.is_attestations() {
            for line in attestation::verify_all(&String::from_utf8_lossy(&bytes), keyring) {
                if let Ok(attested) = line.attested {
                    for subject in attested.statement.subjects {
                        evidence.add(subject.sha256, attested.by.fingerprint.clone());
                    }
                }
            }
        }
        found.push(ProofFile { proof, bytes });
    }
    Ok((found, evidence))
}
