//! The parts of a release that lie side by side in one directory: what each
//! architecture's build has made, and rebuilds. Each has a provenance of its
//! own; the list of digests is of all of them.

use std::path::Path;

use super::FlowError;
use crate::build::plan::{BuildPlan, Scope};
use crate::format::checksums::FileName;
use crate::format::statement::{Envelope, Statement};
use crate::keys::attestation;
use crate::model::{FileDigests, Sha256};
use crate::sys::files;

/// What one build has put there.
#[derive(Debug)]
pub struct Part {
    /// The name of its provenance.
    pub name: FileName,
    /// What that says, where it can be read.
    pub stated: Option<(Envelope, Statement)>,
    /// Its files, the provenance among them.
    pub files: Vec<FileName>,
}

impl Part {
    /// Tells whether a file is of it.
    pub fn has(&self, name: &FileName) -> bool {
        self.files.contains(name)
    }

    /// Says why a plan's files cannot lie beside this part's; none: they are
    /// another part of the same release.
    pub fn conflict(&self, plan: &BuildPlan) -> Option<String> {
        let Some((_, statement)) = &self.stated else {
            return Some(format!("its {} is missing or damaged", self.name));
        };
        let definition = &statement.provenance.build_definition;
        let outer = |name: &str| definition.external_parameters.get(name)?.as_str();
        let planned = definition.internal_parameters.get("plan");
        let architecture = planned.and_then(|plan| plan.get("architecture")?.as_str());
        let entry = planned.and_then(|plan| plan.get("entry"));
        let is_rebuild = |entry: &&serde_json::Value| entry["place"] == "binaries";
        let source = entry.filter(is_rebuild);
        let source = source.and_then(|entry| entry["source_version"].as_str());
        let same_source = source.or(outer("version")) == Some(plan.source_version().as_str());
        if outer("package") != Some(plan.package.as_str()) || !same_source {
            return Some("it is of another release".to_owned());
        }
        if outer("version") != Some(plan.version.as_str()) {
            // A rebuild beside what it is of.
            return None;
        }
        let scopes = [
            Scope::Full,
            Scope::Source,
            Scope::Binary,
            Scope::Any,
            Scope::All,
        ];
        let scope = scopes.iter().find(|s| Some(s.word()) == outer("scope"));
        let both = |has: fn(Scope) -> bool| scope.is_none_or(|s| has(*s)) && has(plan.scope);
        let same_architecture = architecture == Some(plan.architecture.as_str());
        let same_files = both(Scope::has_source)
            || both(Scope::has_all)
            || both(Scope::has_any) && same_architecture;
        same_files.then(|| format!("its {} is of files that this build makes, too", self.name))
    }
}

/// Reads which parts a list of files is made of. Files that no provenance
/// names are of all of them.
pub fn read(out: &Path, listed: &[(FileName, Sha256)]) -> Result<Vec<Part>, FlowError> {
    let is_provenance = |name: &FileName| name.as_str().ends_with(".intoto.jsonl");
    let mut found = Vec::new();
    for (name, _) in listed.iter().filter(|(name, _)| is_provenance(name)) {
        let line = files::read_if_there(&out.join(name))?.unwrap_or_default();
        let envelope = Envelope::parse(attestation::first(&String::from_utf8_lossy(&line))).ok();
        let stated = envelope.and_then(|envelope| {
            let statement = envelope.statement().ok()?;
            Some((envelope, statement))
        });
        let subjects = stated.iter().flat_map(|(_, statement)| &statement.subjects);
        let names = subjects.filter_map(|subject| FileName::new(&subject.name).ok());
        found.push(Part {
            files: names.chain([name.clone()]).collect(),
            name: name.clone(),
            stated,
        });
    }
    let nobodys = listed.iter().map(|(name, _)| name);
    let nobodys = nobodys.filter(|name| !found.iter().any(|part| part.has(name)));
    let nobodys: Vec<FileName> = nobodys.cloned().collect();
    for part in &mut found {
        part.files.extend(nobodys.iter().cloned());
    }
    Ok(found)
}

/// Says in what a file is not what a list says of it; none: it is.
pub fn change(
    out: &Path,
    name: &FileName,
    listed: &[(FileName, Sha256)],
) -> Result<Option<String>, FlowError> {
    let Some((_, sha256)) = listed.iter().find(|(known, _)| known == name) else {
        return Ok(Some(format!("its {name} is in no list")));
    };
    let path = out.join(name);
    let Ok(file) = std::fs::File::open(&path) else {
        return Ok(Some(format!("its {name} is missing")));
    };
    let digests = FileDigests::of_reader(file).map_err(files::failed("read", &path))?;
    Ok((digests.sha256 != *sha256).then(|| format!("its {name} was changed")))
}
