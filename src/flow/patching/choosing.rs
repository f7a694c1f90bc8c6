//! Which commits a commit, a range or a pull request means.

use super::PatchingError;
use super::branches::{self, Line};
use super::forging::looking::{Commits, Pull};
use super::picking::{Chosen, Merge, Wanted, object, short};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::format::export_subst::CommitFacts;
use crate::model::Finding;
use crate::patch::reference::Reference;
use crate::release::change;
use crate::sys::forge::PullState;
use crate::sys::git::{ObjectId, Repository};

/// Finds the commits that are meant, in the order of picking.
pub(super) fn chosen(
    workspace: &Workspace,
    wanted: &Wanted,
    onto: &Line,
) -> Result<Chosen, FlowError> {
    let repository = &workspace.repository;
    match &wanted.reference {
        Reference::Revision(text) => {
            let commit = repository.commit(text)?;
            let facts = repository.commit_facts(&commit.id)?;
            if let Some(number) = pull_ref(text) {
                let commits = own_commits(workspace, &commit.id, onto)?;
                let mut chosen = several(commits, text)?;
                chosen.pull_request = Some(format!("#{number}"));
                return Ok(chosen);
            }
            one(repository, facts, wanted.merge)
        }
        Reference::Range { from, to } => {
            let (from, to) = (repository.commit(from)?, repository.commit(to)?);
            let commits = repository.commits_between(&from.id, &to.id)?;
            several(commits, &wanted.reference.to_string())
        }
        Reference::PullRequest { number, written } => {
            let mut chosen = match &wanted.pull {
                Some(pull) => of_forge(workspace, pull, written, wanted.merge, onto)?,
                None => pull_request(workspace, *number, written, wanted.merge, onto)?,
            };
            chosen.pull_request = Some(written.clone());
            Ok(chosen)
        }
    }
}

/// Takes the commits that the forge says a pull request became, or has.
fn of_forge(
    workspace: &Workspace,
    pull: &Pull,
    written: &str,
    merge: Merge,
    onto: &Line,
) -> Result<Chosen, FlowError> {
    let repository = &workspace.repository;
    match &pull.commits {
        Commits::Merge(id) => one(repository, repository.commit_facts(id)?, merge),
        Commits::Landed(ids) => {
            let facts = ids.iter().map(|id| repository.commit_facts(id));
            several(facts.collect::<Result<_, _>>()?, written)
        }
        Commits::Head(head) => {
            let mut chosen = several(own_commits(workspace, head, onto)?, written)?;
            let why = match pull.state {
                PullState::Closed => "it was closed, and not merged",
                _ => "it is not merged yet: its commits may still change",
            };
            let finding = Finding::warning("not-merged", written, why);
            chosen
                .findings
                .push(finding.fix("pick it when it is merged"));
            Ok(chosen)
        }
    }
}

/// Takes a commit; a merge as the commits that it brought, or whole.
fn one(repository: &Repository, commit: CommitFacts, merge: Merge) -> Result<Chosen, FlowError> {
    let plain = |commits, merge| Chosen {
        commits,
        merge,
        pull_request: None,
        findings: Vec::new(),
    };
    let Some((first, others @ [_, ..])) = commit.parents.split_first() else {
        return Ok(plain(vec![commit], None));
    };
    if merge == Merge::Whole {
        return Ok(plain(vec![commit], None));
    }
    // Of several branches merged at once, one after the other.
    let mut brought: Vec<CommitFacts> = Vec::new();
    for other in others {
        let more = repository.commits_between(first, other)?;
        let more = more.into_iter().filter(|one| one.parents.len() < 2);
        let new: Vec<CommitFacts> = more.filter(|one| !brought.contains(one)).collect();
        brought.extend(new);
    }
    if brought.is_empty() {
        return Ok(plain(vec![commit], None));
    }
    let message = format!(
        "it is a merge; its {} are picked one by one",
        match brought.len() {
            1 => "one commit".to_owned(),
            number => format!("{number} commits"),
        }
    );
    let finding = Finding::info("merge-taken-apart", short(&commit.id), message);
    let mut chosen = plain(brought, Some(commit));
    chosen
        .findings
        .push(finding.fix("-m 1 takes it whole, as one change"));
    Ok(chosen)
}

/// Takes all of some commits but merges.
fn several(commits: Vec<CommitFacts>, named: &str) -> Result<Chosen, FlowError> {
    let (merges, commits): (Vec<CommitFacts>, Vec<CommitFacts>) =
        commits.into_iter().partition(|one| one.parents.len() > 1);
    if commits.is_empty() {
        return Err(PatchingError::NoCommits(named.to_owned()).into());
    }
    let merge = |one: &CommitFacts| {
        let message = "it is a merge, and left out: what it brought is in the range";
        Finding::info("merge-left-out", short(&one.id), message)
    };
    Ok(Chosen {
        findings: merges.iter().map(merge).collect(),
        commits,
        merge: None,
        pull_request: None,
    })
}

/// Lists what a commit has that neither the main branch nor the maintenance
/// branch has, parents first.
fn own_commits(
    workspace: &Workspace,
    head: &str,
    onto: &Line,
) -> Result<Vec<CommitFacts>, FlowError> {
    let repository = &workspace.repository;
    let mut others = onto.heads.clone();
    others.extend(
        branches::main_line(workspace)?
            .into_iter()
            .flat_map(|main| main.heads),
    );
    let ids = repository.commits_only_in(object(head)?, &others)?;
    let ids = ids.iter().rev().map(ObjectId::to_string);
    let facts = ids.map(|id| repository.commit_facts(&id));
    Ok(facts.collect::<Result<_, _>>()?)
}

/// Reads the number of a ref that a forge keeps for a pull request.
fn pull_ref(text: &str) -> Option<u64> {
    let mut parts = text.split('/');
    parts.find(|part| ["pull", "pulls", "pr", "merge-requests"].contains(part))?;
    parts.next()?.parse().ok()
}

/// Finds a pull request: on the main branch by what its commits or its merge
/// say, else among the refs that were fetched.
fn pull_request(
    workspace: &Workspace,
    number: u64,
    written: &str,
    merge: Merge,
    onto: &Line,
) -> Result<Chosen, FlowError> {
    let repository = &workspace.repository;
    let main = branches::main_line(workspace)?;
    if let Some(main) = &main {
        let ids = repository.commits_only_in(main.head, &onto.heads)?;
        let named = naming(repository, &ids, number)?;
        if !named.is_empty() {
            return spoken_for(repository, named, written, merge);
        }
    }
    let remote = &workspace.project.release.remote;
    for name in [
        format!("refs/pull/{number}/head"),
        format!("refs/merge-requests/{number}/head"),
        format!("refs/remotes/{remote}/pull/{number}/head"),
        format!("refs/remotes/{remote}/pull/{number}"),
        format!("refs/remotes/{remote}/pr/{number}"),
        format!("refs/remotes/{remote}/merge-requests/{number}/head"),
        format!("refs/remotes/{remote}/merge-requests/{number}"),
    ] {
        if repository.ref_target(&name)?.is_some() {
            let head = repository.commit(&name)?.id;
            let commits = own_commits(workspace, &head, onto)?;
            if !commits.is_empty() {
                return several(commits, written);
            }
        }
    }
    // What the branch has cannot be asked for; but to say so is an answer.
    let ids = repository.commits_only_in(onto.head, &[])?;
    let named = naming(repository, &ids, number)?;
    if !named.is_empty() {
        return spoken_for(repository, named, written, merge);
    }
    Err(PatchingError::NoPullRequest {
        written: written.to_owned(),
        number,
        main: main.map(|main| main.name),
        remote: remote.clone(),
    }
    .into())
}

/// Finds those of some commits that name a pull request as their own.
fn naming(
    repository: &Repository,
    ids: &[ObjectId],
    number: u64,
) -> Result<Vec<CommitFacts>, FlowError> {
    let objects = repository.objects()?;
    let mut named = Vec::new();
    for id in ids {
        let commit = objects.commit(*id)?;
        let said = change::pull_request(&commit.message());
        if said.is_some_and(|(said, _)| said == number) {
            named.push(id.to_string());
        }
    }
    drop(objects);
    let facts = named.iter().map(|id| repository.commit_facts(id));
    Ok(facts.collect::<Result<_, _>>()?)
}

/// Takes the commits that name a pull request, the newest first. A merge speaks
/// for its commits, which may name the number as well.
fn spoken_for(
    repository: &Repository,
    mut named: Vec<CommitFacts>,
    written: &str,
    merge: Merge,
) -> Result<Chosen, FlowError> {
    let merged = named.iter().position(|one| one.parents.len() > 1);
    if let Some(at) = merged {
        return one(repository, named.swap_remove(at), merge);
    }
    named.reverse();
    let ids: Vec<&str> = named.iter().map(|one| short(&one.id)).collect();
    let message = format!("{} all name it, and are picked together", ids.join(", "));
    let together = (ids.len() > 1).then(|| Finding::info("several-commits", written, message));
    let mut chosen = several(named, written)?;
    let fix = "debcut patch pick COMMIT picks one of them alone";
    chosen.findings.extend(together.map(|one| one.fix(fix)));
    Ok(chosen)
}
