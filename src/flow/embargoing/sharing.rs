//! The mark for others: a branch with nothing but the mark's file, which goes to
//! the private remotes and comes to every clone of them with what it is about
//! (`sys::outward::carried`).

use crate::flow::FlowError;
use crate::flow::authoring::authored;
use crate::model::finding::with_causes;
use crate::model::{Finding, Silent};
use crate::patch::embargo::{Embargo, Part};
use crate::sys::environment::Environment;
use crate::sys::git::{Repository, UserGit, push, push_address, push_places};
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
        part: Part::Joined,
        hooks_path: None,
        lift: None,
        ..embargo.clone()
    };
    // Another clone may call it by another name.
    if let Some(address) = push_address(repository, environment, &embargo.target.remote)? {
        told.target.remote = address;
    }
    told.mark.phase = Phase::Sealed;
    told.mark.public = Places::default();
    let author = authored(&embargo.by, embargo.since);
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

/// What becomes of the mark at the private remotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theirs {
    /// It is taken away.
    Withdrawn,
    /// It is not ours to touch.
    Left,
}

/// Takes the branch away, here and, where it is ours to do so, from the private
/// remotes; says which of them still have it.
pub(super) fn unshare(
    repository: &Repository,
    embargo: &Embargo,
    theirs: Theirs,
    environment: &Environment,
) -> Result<Vec<Finding>, FlowError> {
    let findings = match theirs {
        Theirs::Withdrawn => withdraw(repository, embargo, environment)?,
        Theirs::Left => Vec::new(),
    };
    forget(repository, &embargo.mark.name)?;
    Ok(findings)
}

/// Takes the branch away here, with what is known of it at remotes.
pub(super) fn forget(repository: &Repository, name: &str) -> Result<(), FlowError> {
    let own = format!("/{BRANCHES}/{name}");
    repository.delete_refs(|name| name.ends_with(&own) && !name.starts_with("refs/tags/"))?;
    Ok(())
}

fn withdraw(
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
    Ok(findings)
}

/// Lists the remotes all of whose places are private, by their names, and those
/// that were named by their addresses.
pub(super) fn private_remotes(
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
    let embargo: Embargo = embargo.map_err(|source| OutwardError::Unreadable { path, source })?;
    let part = Part::Joined;
    Ok(Some(Embargo { part, ..embargo }))
}

/// Finds the embargo of a name that came along, with the remote where everything
/// goes as this clone calls it; none: none did.
pub(super) fn came_along_here(
    repository: &Repository,
    name: &str,
    environment: &Environment,
) -> Result<Option<Embargo>, FlowError> {
    let Some(mut embargo) = came_along(repository, name)? else {
        return Ok(None);
    };
    let mut remotes = Vec::new();
    for remote in repository.remote_names()? {
        let places = push_places(repository, environment, &remote)?;
        remotes.push((remote, places));
    }
    let told = &embargo.target.remote;
    let place = push_places(repository, environment, told)?;
    let private = &embargo.mark.private.remotes;
    embargo.target.remote = target_here(told, &place, &remotes, private);
    Ok(Some(embargo))
}

/// Returns what a clone calls the remote where everything goes: the remote of
/// the same place; where the mark says no more than another clone's name for it,
/// which is private here, the only remote that is not; else as it was told.
fn target_here(
    told: &str,
    place: &[String],
    remotes: &[(String, Vec<String>)],
    private: &[String],
) -> String {
    let is_private = |places: &[String]| places.iter().all(|place| private.contains(place));
    if let Some((known, _)) = remotes.iter().find(|(_, places)| places == place)
        && !is_private(place)
    {
        return known.clone();
    }
    let is_address = told.contains(['/', ':']);
    let mut public = remotes.iter().filter(|(_, places)| !is_private(places));
    match (public.next(), public.next()) {
        (Some((only, _)), None) if !is_address => only.clone(),
        _ => told.to_owned(),
    }
}

/// Where a mark is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// In what was fetched last.
    Here,
    /// At the remotes.
    There,
}

/// Tells which private remote has an embargo's mark no more, where none of them
/// has it: somebody else has lifted or dropped it. None: one has it, or nobody
/// can tell.
pub fn withdrawn(
    repository: &Repository,
    embargo: &Embargo,
    look: Look,
    environment: &Environment,
) -> Result<Option<String>, FlowError> {
    let git = UserGit::new(repository, environment);
    let short = format!("{BRANCHES}/{}", embargo.mark.name);
    let mut gone = None;
    for remote in private_remotes(repository, embargo, &[], environment)? {
        let (is_known, has_it) = match look {
            Look::Here => {
                let below = format!("refs/remotes/{remote}/");
                (
                    repository.has_ref_below(&below)?,
                    repository.ref_target(&format!("{below}{short}"))?.is_some(),
                )
            }
            Look::There => match git.remote_refs(&remote) {
                Ok(refs) => (true, refs.contains_key(&format!("refs/heads/{short}"))),
                // It is asked again when something goes there.
                Err(_) => (false, false),
            },
        };
        if has_it {
            return Ok(None);
        }
        if is_known && gone.is_none() {
            gone = Some(remote);
        }
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::target_here;

    #[test]
    fn a_clone_calls_the_public_remote_by_its_own_name() {
        let place = |name: &str| vec![format!("host/{name}")];
        let remote = |name: &str, at: &str| (name.to_owned(), place(at));
        let private = place("sec");
        let cloned = [remote("origin", "sec"), remote("pub", "tool")];
        for (told, at, remotes, want) in [
            ("https://host/tool", "tool", &cloned[..], "pub"),
            (
                "https://host/tool",
                "tool",
                &cloned[..1],
                "https://host/tool",
            ),
            (
                "https://host/other",
                "other",
                &cloned[..],
                "https://host/other",
            ),
            // Only another clone's name is known.
            ("origin", "sec", &cloned[..], "pub"),
            ("origin", "sec", &cloned[..1], "origin"),
            ("pub", "tool", &cloned[..], "pub"),
        ] {
            let here = target_here(told, &place(at), remotes, &private);
            assert_eq!(here, want, "{told} among {}", remotes.len());
        }
    }
}
