//! What a lift releases: found out when it begins, and kept in the mark.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Wanted;
use super::When;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::format::changes::Changes;
use crate::model::{Finding, Sha256, TagName};
use crate::patch::embargo::{Embargo, Lift, Upload};
use crate::sys::environment::Environment;
use crate::sys::files;
use crate::sys::git::UserGit;
use crate::sys::openpgp::text_of;

/// What would be released.
#[derive(Debug)]
pub struct Planned {
    /// What.
    pub lift: Lift,
    /// What is worth a warning.
    pub findings: Vec<Finding>,
}

/// Plans a lift. One that has begun releases what was planned then, with the
/// branches where they are now.
pub(super) fn plan(
    workspace: &Workspace,
    embargo: &Embargo,
    wanted: &Wanted,
    environment: &Environment,
) -> Result<Result<Planned, Vec<Finding>>, FlowError> {
    let repository = &workspace.repository;
    let mut errors = Vec::new();
    let mut findings = Vec::new();
    let mut branches = BTreeMap::new();
    for branch in &embargo.branches {
        match repository.ref_target(&format!("refs/heads/{branch}"))? {
            Some(head) => {
                branches.insert(branch.clone(), head);
            }
            None => errors.push(Finding::error("no-branch", branch.as_str(), "it is gone")),
        }
    }
    if let Some(lift) = &embargo.lift {
        let lift = Lift {
            branches,
            ..lift.clone()
        };
        return Ok(match errors.is_empty() {
            true => Ok(Planned { lift, findings }),
            false => Err(errors),
        });
    }
    let remote = &embargo.target.remote;
    let there = UserGit::new(repository, environment).remote_refs(remote)?;
    let mut tags: Vec<TagName> = Vec::new();
    for (branch, head) in &branches {
        let tip = there.get(&format!("refs/heads/{branch}"));
        let known = tip.filter(|tip| repository.has_object(tip));
        let follows = match known {
            Some(tip) => repository.is_ancestor(tip, head)?,
            None => tip.is_none(),
        };
        if !follows {
            let message = format!("{remote} has commits on it that it lacks");
            let finding = Finding::error("moved", branch.as_str(), message);
            errors.push(finding.fix(format!("git fetch {remote}, and merge {remote}/{branch}")));
            continue;
        }
        let mut newest = None;
        for tag in repository.tag_names()? {
            let Ok(commit) = repository.tag(tag.as_str()).map(|tag| tag.commit.id) else {
                continue;
            };
            let is_old = match known {
                Some(tip) => repository.is_ancestor(&commit, tip)?,
                None => there.contains_key(&format!("refs/tags/{tag}")),
            };
            if is_old || !repository.is_ancestor(&commit, head)? {
                continue;
            }
            if there.contains_key(&format!("refs/tags/{tag}")) {
                let message = format!("{remote} has a tag of this name already");
                errors.push(Finding::error("tag-taken", tag.as_str(), message));
            }
            if commit == *head {
                newest = Some(());
            }
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        if newest.is_none() {
            let message = "it has commits behind its last tag, which go out as well";
            findings.push(Finding::warning("untagged", branch.as_str(), message));
        }
    }
    if tags.is_empty() && errors.is_empty() {
        let message = "nothing was released under it: no branch has a tag that is not out yet";
        let finding = Finding::error("not-released", &embargo.mark.name, message);
        let fix = "debcut release --to SUITE --archive PRIVATE, then lift it; or --drop";
        errors.push(finding.fix(fix));
    }
    let mut uploads = Vec::new();
    if embargo.target.archive.is_some() {
        for tag in &tags {
            let found = uploads_of(workspace, tag)?;
            if found.is_empty() {
                let place = workspace.repository.top().join("dist").join(tag.as_str());
                let message = format!("there is no .changes in {}", place.display());
                let finding = Finding::error("not-built", tag.as_str(), message);
                errors.push(finding.fix(format!("debcut build {tag}")));
            }
            uploads.extend(found);
        }
    }
    if !errors.is_empty() {
        return Ok(Err(errors));
    }
    let channels = workspace.project.announce.channels.iter();
    let lift = Lift {
        at: wanted.now,
        by: wanted.by.clone(),
        reason: match &wanted.when {
            When::Early(reason) => Some(reason.clone()),
            When::Due | When::Unattended => None,
        },
        branches,
        tags,
        uploads,
        channels: match wanted.quiet {
            true => Vec::new(),
            false => channels.map(|channel| channel.name.clone()).collect(),
        },
    };
    Ok(Ok(Planned { lift, findings }))
}

/// Finds the uploads of a tag, where `release` and `build` put them.
fn uploads_of(workspace: &Workspace, tag: &TagName) -> Result<Vec<Upload>, FlowError> {
    let place = workspace.repository.top().join("dist").join(tag.as_str());
    let mut found = Vec::new();
    for path in changes_below(&place) {
        let bytes = files::read(&path)?;
        let framed = String::from_utf8_lossy(&bytes);
        let text = text_of(&framed).unwrap_or(framed.clone().into_owned());
        let Ok(changes) = Changes::parse(text.as_bytes()) else {
            continue;
        };
        found.push(Upload {
            tag: tag.clone(),
            source: changes.source.to_string(),
            version: changes.version.to_string(),
            sha256: Sha256::of(&bytes),
            changes: path,
        });
    }
    Ok(found)
}

/// Lists the `.changes` of a directory and of those in it, by path.
fn changes_below(place: &Path) -> Vec<PathBuf> {
    let list = |place: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let mut all = list(place);
    let below: Vec<_> = all.iter().filter(|path| path.is_dir()).cloned().collect();
    all.extend(below.iter().flat_map(|path| list(path)));
    all.retain(|path| path.extension().is_some_and(|ending| ending == "changes"));
    all.sort();
    all
}
