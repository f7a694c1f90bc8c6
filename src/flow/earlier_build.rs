//! What is already where a build would go: the same build, another one, or
//! something that is none of our business.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::FlowError;
use super::parts::{self, Part};
use crate::build::gates::Gate;
use crate::build::plan::BuildPlan;
use crate::build::product::{self, Artifact, Built, PLAN_DIGEST, PRODUCT_DIGEST, SUMS};
use crate::format::checksums::{FileName, parse_sums};
use crate::format::statement::{Envelope, Statement};
use crate::keys::attestation::{self, VerifyAttestationError};
use crate::model::finding::with_causes;
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
    /// Also what is stated of it.
    Unchecked(Built, Box<Statement>),
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
    /// What others have attested of this build: as long as it is remade with
    /// the same digests, their words stay true.
    pub words: Vec<String>,
}

/// Looks at the directory. One that holds anything that no build has put there
/// is refused: replacing it would destroy it. What was signed counts as it was
/// signed, by whoever signs this plan.
pub fn look(plan: &BuildPlan, out: &Path, keyring: &Keyring) -> Result<Found, FlowError> {
    let nothing = |beside| {
        let earlier = Earlier::Nothing;
        let words = Vec::new();
        Ok(Found {
            earlier,
            beside,
            words,
        })
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
            let words = Vec::new();
            return Ok(Found {
                earlier,
                beside,
                words,
            });
        }
        beside.push(out.join(name));
    }
    let earlier = match met.as_slice() {
        [] => Earlier::Nothing,
        [part] if part.name == own => compare(plan, out, &sums, part, &listed, keyring)?,
        [part, ..] => Earlier::Other(part.conflict(plan).unwrap_or_default()),
    };
    let own = files::read_if_there(&out.join(&own))?.unwrap_or_default();
    let own = String::from_utf8_lossy(&own);
    let words = attestation::envelopes(&own).into_iter().skip(1);
    Ok(Found {
        earlier,
        beside,
        words: words.map(str::to_owned).collect(),
    })
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

/// Finds the artifacts of a candidate that are what this plan would make, and
/// what was stated of them: under the signature of the key that this plan signs
/// with, every file having the digest that was signed.
pub fn proven(
    plan: &BuildPlan,
    candidate: &Path,
    keyring: &Keyring,
) -> Result<Option<(Built, Statement)>, FlowError> {
    let name = product::provenance_name(plan);
    let Some(line) = files::read_if_there(&candidate.join(&name))? else {
        return Ok(None);
    };
    // What nobody signed proves nothing, whatever this build is signed with.
    let (Some(_), Ok(statement)) = (
        &plan.signing_key,
        stated(plan, &String::from_utf8_lossy(&line), keyring),
    ) else {
        return Ok(None);
    };
    if parameter(&statement, PRODUCT_DIGEST) != Some(&plan.product_digest().hex()) {
        return Ok(None);
    }
    Ok(subjects(candidate, &statement)?.ok().map(|artifacts| {
        let built = Built {
            directory: candidate.to_owned(),
            artifacts,
            findings: Vec::new(),
        };
        (built, statement)
    }))
}

/// Reads what the builder states in a file of attestations, or says why it is
/// not the word of whoever signs this plan. Further lines are what others say;
/// whose build it is, the first tells.
fn stated(plan: &BuildPlan, text: &str, keyring: &Keyring) -> Result<Statement, String> {
    let first = attestation::first(text);
    let Some(key) = &plan.signing_key else {
        let envelope = Envelope::parse(first).and_then(|envelope| envelope.statement());
        return envelope.map_err(|error| with_causes(&error));
    };
    match attestation::verify(first, keyring) {
        Ok(attested) if attested.by.fingerprint == *key => Ok(attested.statement),
        Ok(attested) => Err(format!("it is signed by {}", attested.by.fingerprint)),
        Err(VerifyAttestationError::Unsigned) => Err("it is not signed".to_owned()),
        Err(error) => Err(with_causes(&error)),
    }
}

fn parameter<'s>(statement: &'s Statement, name: &str) -> Option<&'s str> {
    let definition = &statement.provenance.build_definition;
    definition.internal_parameters.get(name)?.as_str()
}

/// Reads the files that a statement is about, or says which is not as stated.
fn subjects(
    directory: &Path,
    statement: &Statement,
) -> Result<Result<Vec<Artifact>, String>, FlowError> {
    let mut artifacts = Vec::new();
    for subject in &statement.subjects {
        let name = &subject.name;
        let file = FileName::new(name).map(|name| directory.join(&name));
        let Ok(found) = file.map(std::fs::File::open) else {
            return Ok(Err(format!("“{name}” is no file name")));
        };
        let Ok(file) = found else {
            return Ok(Err(format!("its {name} is missing")));
        };
        let digests = FileDigests::of_reader(file);
        let digests = digests.map_err(files::failed("read", &directory.join(name)))?;
        if digests.sha256 != subject.sha256 {
            return Ok(Err(format!("its {name} was changed")));
        }
        artifacts.push(Artifact {
            name: name.clone(),
            size: digests.size,
            sha256: digests.sha256,
        });
    }
    Ok(Ok(artifacts))
}

/// Says in which of the fields that decide a build it differs from what is
/// planned, the first of them.
fn difference(stated: Option<&Value>, plan: &BuildPlan) -> String {
    const TOLD: usize = 3;
    let planned = serde_json::to_value(plan).expect("a plan has string keys");
    let mut found = Vec::new();
    let stated = stated.unwrap_or(&Value::Null);
    for pointer in [
        "/commit",
        "/version",
        "/package",
        "/path",
        "/scope",
        "/architecture",
        "/isolation",
        "/environment/profiles",
        "/environment/options",
        "/environment/variables",
        "/target",
        "/entry",
        "/upload",
        "/recipe",
        "/builder",
        "/epoch",
        "/revision",
        "/tree",
    ] {
        let at = |plan: &Value| plan.pointer(pointer).cloned().unwrap_or(Value::Null);
        let name = pointer.trim_start_matches('/').replace('/', ".");
        leaves(&name, &at(stated), &at(&planned), &mut found);
    }
    let left = found.len().saturating_sub(TOLD);
    found.truncate(TOLD);
    match (found.is_empty(), left) {
        (true, _) => "it was built from something else".to_owned(),
        (false, 0) => found.join("; "),
        (false, left) => format!("{}; and {left} more", found.join("; ")),
    }
}

/// Collects what differs below a name, down to the values themselves.
fn leaves(name: &str, was: &Value, is: &Value, found: &mut Vec<String>) {
    match (was, is) {
        _ if was == is => {}
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let at = |map: &serde_json::Map<String, Value>| map.get(key).cloned();
                let (was, is) = (at(a).unwrap_or_default(), at(b).unwrap_or_default());
                leaves(&format!("{name}.{key}"), &was, &is, found);
            }
        }
        _ => found.push(format!("{name} was {}, is {}", shown(was), shown(is))),
    }
}

fn shown(value: &Value) -> String {
    const LONGEST: usize = 40;
    let text = match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn compare(
    plan: &BuildPlan,
    out: &Path,
    sums: &[u8],
    part: &Part,
    listed: &[(FileName, Sha256)],
    keyring: &Keyring,
) -> Result<Earlier, FlowError> {
    let Some((envelope, statement)) = &part.stated else {
        let why = format!("its {} is missing or damaged", part.name);
        return Ok(Earlier::Other(why));
    };
    if parameter(statement, PLAN_DIGEST) != Some(&plan.digest().hex()) {
        let definition = &statement.provenance.build_definition;
        let stated = definition.internal_parameters.get("plan");
        return Ok(Earlier::Other(difference(stated, plan)));
    }
    let incomplete = |why: String| Ok(Earlier::Incomplete(why));
    // The list of digests is signed by nobody: what is stated counts.
    if let Err(why) = stated(plan, &envelope.to_line(), keyring) {
        return incomplete(why);
    }
    let mut artifacts = match subjects(out, statement)? {
        Ok(artifacts) => artifacts,
        Err(why) => return incomplete(why),
    };
    let (size, sha256) = {
        let bytes = files::read(&out.join(&part.name))?;
        (bytes.len() as u64, Sha256::of(&bytes))
    };
    let name = part.name.to_string();
    artifacts.push(Artifact { name, size, sha256 });
    for name in &part.files {
        let Some(artifact) = artifacts.iter().find(|a| a.name == name.as_str()) else {
            return incomplete(format!("its {name} is of no build"));
        };
        match listed.iter().find(|(known, _)| known == name) {
            Some((_, sha256)) if *sha256 == artifact.sha256 => {}
            Some(_) => return incomplete(format!("its {SUMS} has another {name}")),
            None => return incomplete(format!("its {name} is in no list")),
        }
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
        false => Earlier::Unchecked(built, Box::new(statement.clone())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_differs_is_named_to_its_leaf() {
        let mut found = Vec::new();
        let was = json!({"kind": "chroot", "suites": ["bookworm"], "same": 1});
        let is = json!({"kind": "chroot", "suites": ["trixie"], "same": 1});
        leaves("isolation", &was, &is, &mut found);
        leaves("commit", &json!("ab"), &json!("cd"), &mut found);
        leaves("entry", &json!(null), &json!("x".repeat(60)), &mut found);
        let long = format!("entry was nothing, is {}…", "x".repeat(40));
        let want = [
            "isolation.suites was [\"bookworm\"], is [\"trixie\"]",
            "commit was ab, is cd",
            &long,
        ];
        assert_eq!(found, want);
    }
}
