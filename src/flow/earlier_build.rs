//! What is already where a build would go: the same build, another one, or
//! something that is none of our business.

use std::collections::BTreeSet;
use std::path::Path;

use super::FlowError;
use crate::build::plan::BuildPlan;
use crate::build::product::{self, Artifact, Built, PLAN_DIGEST, PRODUCT_DIGEST, SUMS};
use crate::format::checksums::{FileName, parse_sums};
use crate::format::statement::Envelope;
use crate::keys::attestation;
use crate::model::{FileDigests, Sha256};
use crate::sys::files;
use crate::sys::openpgp::Keyring;

/// What was found.
#[derive(Debug)]
pub enum Earlier {
    /// Nothing, or an empty directory.
    Nothing,
    /// This very build, whole.
    Same(Built),
    /// This very build, but not as it should be, and why; made again, it loses
    /// nothing.
    Incomplete(String),
    /// Another build of debcut's, and nothing else; why it is not this one.
    Other(String),
}

/// Looks at the directory. One that holds anything that no build has put there
/// is refused: replacing it would destroy it.
pub fn look(plan: &BuildPlan, out: &Path) -> Result<Earlier, FlowError> {
    let taken = || FlowError::OutTaken {
        path: out.to_owned(),
    };
    if !out.is_dir() {
        let there = out.symlink_metadata().is_ok();
        return if there {
            Err(taken())
        } else {
            Ok(Earlier::Nothing)
        };
    }
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(out).map_err(files::failed("list", out))? {
        let entry = entry.map_err(files::failed("list", out))?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let name = entry.file_name().into_string().ok().filter(|_| is_file);
        names.insert(name.ok_or_else(taken)?);
    }
    if names.is_empty() {
        return Ok(Earlier::Nothing);
    }
    let sums = files::read_if_there(&out.join(SUMS))?.ok_or_else(taken)?;
    let listed = parse_sums(&String::from_utf8_lossy(&sums)).map_err(|_| taken())?;
    let known = |name: &String| name == SUMS || listed.iter().any(|(n, _)| n.as_str() == name);
    let has_provenance = listed
        .iter()
        .any(|(name, _)| name.as_str().ends_with(".intoto.jsonl"));
    if !has_provenance || !names.iter().all(known) {
        return Err(taken());
    }
    compare(plan, out, &sums, listed)
}

/// Finds the artifacts of a candidate that are what this plan would make: stated
/// so under the signature of the key that this plan signs with, every file
/// having the digest that was signed.
pub fn proven(
    plan: &BuildPlan,
    candidate: &Path,
    keyring: &Keyring,
) -> Result<Option<Built>, FlowError> {
    let name = product::provenance_name(plan);
    let Some(line) = files::read_if_there(&candidate.join(&name))? else {
        return Ok(None);
    };
    // Further lines are what others say; whose build it is, the first tells.
    let text = String::from_utf8_lossy(&line);
    let Ok(attested) = attestation::verify(attestation::first(&text), keyring) else {
        return Ok(None);
    };
    let definition = &attested.statement.provenance.build_definition;
    let product = definition.internal_parameters.get(PRODUCT_DIGEST);
    let same = product.and_then(|digest| digest.as_str()) == Some(&plan.product_digest().hex());
    if !same || plan.signing_key.as_ref() != Some(&attested.by.fingerprint) {
        return Ok(None);
    }
    let mut artifacts = Vec::new();
    for subject in &attested.statement.subjects {
        let path = candidate.join(&subject.name);
        let Ok(file) = std::fs::File::open(&path) else {
            return Ok(None);
        };
        let digests = FileDigests::of_reader(file).map_err(files::failed("read", &path))?;
        if digests.sha256 != subject.sha256 {
            return Ok(None);
        }
        artifacts.push(Artifact {
            name: subject.name.clone(),
            size: digests.size,
            sha256: digests.sha256,
        });
    }
    Ok(Some(Built {
        directory: candidate.to_owned(),
        artifacts,
        findings: Vec::new(),
    }))
}

fn compare(
    plan: &BuildPlan,
    out: &Path,
    sums: &[u8],
    listed: Vec<(FileName, Sha256)>,
) -> Result<Earlier, FlowError> {
    let other = |why: String| Ok(Earlier::Other(why));
    let provenance = product::provenance_name(plan);
    let Some(line) = files::read_if_there(&out.join(&provenance))? else {
        return other(format!("it has no {provenance}"));
    };
    let envelope = Envelope::parse(attestation::first(&String::from_utf8_lossy(&line))).ok();
    let statement = envelope
        .as_ref()
        .and_then(|envelope| envelope.statement().ok());
    let (Some(envelope), Some(statement)) = (envelope, statement) else {
        return other(format!("its {provenance} is damaged"));
    };
    let definition = &statement.provenance.build_definition;
    let digest = definition
        .internal_parameters
        .get(PLAN_DIGEST)
        .and_then(|d| d.as_str());
    if digest != Some(&plan.digest().hex()) {
        return other("it was built from something else".to_owned());
    }
    let incomplete = |why: String| Ok(Earlier::Incomplete(why));
    if envelope.signatures.is_empty() && plan.signing_key.is_some() {
        return incomplete("it is not signed".to_owned());
    }
    let mut artifacts = Vec::new();
    for (name, sha256) in listed {
        let path = out.join(&name);
        let Ok(file) = std::fs::File::open(&path) else {
            return incomplete(format!("its {name} is missing"));
        };
        let digests = FileDigests::of_reader(file).map_err(files::failed("read", &path))?;
        if digests.sha256 != sha256 {
            return incomplete(format!("its {name} was changed"));
        }
        let (name, size) = (name.to_string(), digests.size);
        artifacts.push(Artifact { name, size, sha256 });
    }
    let FileDigests { size, sha256, .. } = FileDigests::of(sums);
    artifacts.push(Artifact {
        name: SUMS.to_owned(),
        size,
        sha256,
    });
    let directory = out.to_owned();
    Ok(Earlier::Same(Built {
        directory,
        artifacts,
        findings: Vec::new(),
    }))
}
