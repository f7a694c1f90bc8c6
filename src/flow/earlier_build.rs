//! What is already where a build would go: the same build, another one, or
//! something that is none of our business.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::FlowError;
use super::parts::{self, Part};
use crate::build::gates::Gate;
use crate::build::plan::BuildPlan;
use crate::build::product::{self, Artifact, Built, PLAN_DIGEST, PRODUCT_DIGEST, SUMS};
use crate::format::checksums::{FileName, parse_sums};
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
    /// This very build, whole, but not every check of the plan was made of it.
    Unchecked(Built),
    /// This very build, but not as it should be, and why; made again, it loses
    /// nothing.
    Incomplete(String),
    /// Another build of debcut's, and nothing else; why it is not this one.
    Other(String),
}

/// What was found, and what of it stays whatever becomes of this build.
#[derive(Debug)]
pub struct Found {
    /// What this build meets.
    pub earlier: Earlier,
    /// Files and directories of other parts of the release, and of builds for
    /// other distributions, which go beside this one.
    pub beside: Vec<PathBuf>,
}

/// Looks at the directory. One that holds anything that no build has put there
/// is refused: replacing it would destroy it.
pub fn look(plan: &BuildPlan, out: &Path) -> Result<Found, FlowError> {
    let nothing = |beside| {
        let earlier = Earlier::Nothing;
        Ok(Found { earlier, beside })
    };
    let taken = || FlowError::OutTaken {
        path: out.to_owned(),
    };
    if !out.is_dir() {
        let there = out.symlink_metadata().is_ok();
        return if there {
            Err(taken())
        } else {
            nothing(Vec::new())
        };
    }
    let mut names = BTreeSet::new();
    let mut beside = Vec::new();
    for entry in std::fs::read_dir(out).map_err(files::failed("list", out))? {
        let entry = entry.map_err(files::failed("list", out))?;
        if is_build(&entry.path()) {
            beside.push(entry.path());
            continue;
        }
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let name = entry.file_name().into_string().ok().filter(|_| is_file);
        names.insert(name.ok_or_else(taken)?);
    }
    if names.is_empty() {
        return nothing(beside);
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
    let parts = parts::read(out, &listed)?;
    let own = product::provenance_name(plan);
    let (met, others): (Vec<_>, Vec<_>) = parts
        .into_iter()
        .partition(|part| part.name == own || part.conflict(plan).is_some());
    for name in others.iter().flat_map(|part| &part.files) {
        // What is not as it was must not get into a new list as if it were.
        if let Some(why) = parts::change(out, name, &listed)? {
            let earlier = Earlier::Other(why);
            return Ok(Found { earlier, beside });
        }
        beside.push(out.join(name));
    }
    let earlier = match met.as_slice() {
        [] => Earlier::Nothing,
        [part] if part.name == own => compare(plan, out, &sums, part, &listed)?,
        [part, ..] => Earlier::Other(part.conflict(plan).unwrap_or_default()),
    };
    Ok(Found { earlier, beside })
}

/// Tells whether a directory holds a build and nothing else.
fn is_build(directory: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(directory.join(SUMS)) else {
        return false;
    };
    let listed = parse_sums(&text).unwrap_or_default();
    let known = |name: &str| name == SUMS || listed.iter().any(|(n, _)| n.as_str() == name);
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    let all_known = entries.flatten().all(|entry| {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        is_file && known(&entry.file_name().to_string_lossy())
    });
    let is_provenance = |(name, _): &(FileName, _)| name.as_str().ends_with(".intoto.jsonl");
    all_known && listed.iter().any(is_provenance)
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
    part: &Part,
    listed: &[(FileName, Sha256)],
) -> Result<Earlier, FlowError> {
    let other = |why: String| Ok(Earlier::Other(why));
    let Some((envelope, statement)) = &part.stated else {
        return other(format!("its {} is missing or damaged", part.name));
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
    for (name, sha256) in listed.iter().filter(|(name, _)| part.has(name)) {
        if let Some(why) = parts::change(out, name, listed)? {
            return incomplete(why);
        }
        let path = out.join(name);
        let size = path.metadata().map_err(files::failed("read", &path))?.len();
        let (name, sha256) = (name.to_string(), *sha256);
        artifacts.push(Artifact { name, size, sha256 });
    }
    let lacking = part
        .files
        .iter()
        .find(|name| !listed.iter().any(|(n, _)| n == *name));
    if let Some(name) = lacking {
        return incomplete(format!("its {name} is in no list"));
    }
    let FileDigests { size, sha256, .. } = FileDigests::of(sums);
    artifacts.push(Artifact {
        name: SUMS.to_owned(),
        size,
        sha256,
    });
    let directory = out.to_owned();
    let built = Built {
        directory,
        artifacts,
        findings: Vec::new(),
    };
    let stated = product::stated_gates(statement);
    let passed = |gate: &Gate| {
        let wanted = serde_json::to_value(gate).expect("a check has string keys");
        let wanted = wanted.as_object().cloned().unwrap_or_default();
        let all = |there: &serde_json::Value| wanted.iter().all(|(k, v)| there.get(k) == Some(v));
        stated.iter().any(all)
    };
    Ok(match plan.gates.iter().all(passed) {
        true => Earlier::Same(built),
        false => Earlier::Unchecked(built),
    })
}
