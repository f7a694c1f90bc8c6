//! The mark for others: a branch with nothing but the mark's file, which goes to
//! the private remotes and comes to every clone of them with what it is about
//! (`sys::outward::carried`).

use crate::flow::FlowError;
use crate::model::finding::with_causes;
use crate::model::{Finding, Silent};
use crate::patch::embargo::Embargo;
use crate::sys::environment::Environment;
use crate::sys::git::{Author, Repository, UserGit, push, push_places};
use crate::sys::outward::{BRANCHES, Mark, OutwardError, Phase, Places, carried};

fn branch(name: &str) -> String {
    format!("refs/heads/{BRANCHES}/{name}")
}

/// Puts the branch here and on the private remotes; says which of them do not
/// have it.
pub(super) fn share(
    repository: &Repository,
    embargo: &Embargo,
    named: &[String],
    environment: &Environment,
) -> Result<Vec<Finding>, FlowError> {
    let mut told = Embargo {
        hooks_path: None,
        lift: None,
        ..embargo.clone()
    };
    told.mark.phase = Phase::Sealed;
    told.mark.public = Places::default();
    let author = Author {
        name: &embargo.by.name,
        email: &embargo.by.email,
        date: embargo.since,
    };
    let message = format!("embargo {}\n", embargo.mark.name);
    let text = told.text();
    let commit = repository.write_lone_file(Mark::FILE, text.as_bytes(), author, &message)?;
    let name = branch(&embargo.mark.name);
    if repository.ref_target(&name)?.as_deref() != Some(&commit) {
        UserGit::new(repository, environment)
            .set_ref(&name, &commit)
            .map_err(crate::flow::patching::PatchingError::Refs)?;
    }
    let mut findings = Vec::new();
    for remote in private_remotes(repository, embargo, named, environment)? {
        let specs = [format!("+{commit}:{name}")];
        if let Err(error) = push(repository, environment, &remote, &specs, &Silent) {
            let why = format!("it does not have the mark: {}", with_causes(&error));
            let finding = Finding::warning("mark-not-shared", &remote, why);
            findings.push(finding.fix("its other clones are open; run the same command again"));
        }
    }
    Ok(findings)
}

/// Takes the branch away, here and from the private remotes; says which of them
/// still have it.
pub(super) fn unshare(
    repository: &Repository,
    embargo: &Embargo,
    environment: &Environment,
) -> Result<Vec<Finding>, FlowError> {
    let name = branch(&embargo.mark.name);
    let git = UserGit::new(repository, environment);
    let mut findings = Vec::new();
    for remote in private_remotes(repository, embargo, &[], environment)? {
        let away = || -> Result<(), FlowError> {
            if git.remote_refs(&remote)?.contains_key(&name) {
                push(
                    repository,
                    environment,
                    &remote,
                    &[format!(":{name}")],
                    &Silent,
                )?;
            }
            Ok(())
        };
        if let Err(error) = away() {
            let why = format!("it still has the mark: {}", with_causes(&error));
            let finding = Finding::warning("mark-stays", &remote, why);
            let short = name.trim_start_matches("refs/heads/");
            findings.push(finding.fix(format!("git push {remote} --delete {short}")));
        }
    }
    let own = format!("/{BRANCHES}/{}", embargo.mark.name);
    repository.delete_refs(|name| name.ends_with(&own) && !name.starts_with("refs/tags/"))?;
    Ok(findings)
}

/// Lists the remotes all of whose places are private, by their names, and those
/// that were named by their addresses.
fn private_remotes(
    repository: &Repository,
    embargo: &Embargo,
    named: &[String],
    environment: &Environment,
) -> Result<Vec<String>, FlowError> {
    let mut names = repository.remote_names()?;
    let by_address = named.iter().filter(|one| one.contains(['/', ':']));
    names.extend(by_address.cloned());
    let mut private = Vec::new();
    for name in names {
        let places = push_places(repository, environment, &name)?;
        let known = &embargo.mark.private.remotes;
        if !places.is_empty() && places.iter().all(|place| known.contains(place)) {
            private.push(name);
        }
    }
    Ok(private)
}

/// Finds the embargo of a name that came along; none: none did.
pub fn came_along(repository: &Repository, name: &str) -> Result<Option<Embargo>, FlowError> {
    let all = carried(&repository.own_dir())?;
    let Some(one) = all.into_iter().find(|one| one.mark.name == name) else {
        return Ok(None);
    };
    let path = repository.own_dir().join(&one.name);
    let embargo = serde_json::from_slice(&one.text);
    let embargo = embargo.map_err(|source| OutwardError::Unreadable { path, source })?;
    Ok(Some(embargo))
}
