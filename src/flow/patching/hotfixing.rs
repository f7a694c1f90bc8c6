//! `patch hotfix`: the branch of one release, for what cannot wait.

use super::ledger::Ledger;
use super::{PatchingError, branches, maintained};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, TagName, Timestamp};
use crate::patch::{Answers, Ask, Event};
use crate::release::commit::Person;
use crate::release::plan::hotfix;
use crate::release::trailer;
use crate::sys::environment::Environment;
use crate::sys::git::{Missing, ObjectId, RefUpdate, UserGit};

/// The branch of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hotfix {
    /// The branch.
    pub branch: BranchName,
    /// The release it begins at.
    pub from: TagName,
    /// That release's commit.
    pub commit: String,
    /// The branch whose other fixes wait.
    pub normal: BranchName,
    /// Whether the branch is there.
    pub exists: bool,
}

/// A change that is on one branch and not on another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The commit.
    pub commit: String,
    /// Its subject.
    pub subject: String,
}

/// Finds the branch that a release's hotfixes are made on, or says why there
/// can be none.
pub fn planned(workspace: &Workspace, tag: &TagName) -> Result<Result<Hotfix, Finding>, FlowError> {
    let repository = &workspace.repository;
    let commit = repository.tag(tag.as_str())?.commit.id;
    let policy = workspace.policy(&commit)?;
    let patterns = policy.units.iter().flat_map(|unit| &unit.tags);
    let versions: Vec<String> = patterns
        .filter_map(|pattern| pattern.version_in(tag.as_str()))
        .collect();
    let refused = |why: String, fix: &str| {
        let finding = Finding::error("no-hotfix", tag.as_str(), why);
        Ok(Err(finding.fix(fix)))
    };
    let Some(version) = versions.iter().min_by_key(|version| version.len()) else {
        let why = "it is the tag of no release".to_owned();
        return refused(why, "name a release: git tag --list");
    };
    let version = version.rsplit(':').next().unwrap_or(version);
    let kept = maintained(workspace, &policy)?;
    let upstream = version.split(['-', '+']).next().unwrap_or_default();
    if version.contains("+hotfix.") || upstream.split('.').count() > 3 {
        let why = format!("{version} is a hotfix already");
        return refused(why, "go on with the branch of that release");
    }
    let line = kept.values().filter_map(|one| {
        let line = hotfix::line_of(one.name.as_str(), &policy.maintenance)?;
        let inside = version.starts_with(&format!("{line}."));
        inside.then(|| (line.len(), one.name.clone()))
    });
    let normal = match line.max() {
        Some((_, normal)) => normal,
        None => match branches::main_line(workspace)? {
            Some(main) => main.name,
            None => {
                let why = "neither its line's branch nor a main branch is here".to_owned();
                return refused(why, "git fetch");
            }
        },
    };
    let pattern = policy.maintenance.iter().find(|pattern| {
        let one = std::slice::from_ref(*pattern);
        hotfix::line_of(normal.as_str(), one).is_some()
    });
    let Some(pattern) = pattern.or(policy.maintenance.first()) else {
        let why = "maintenance-branches names no pattern".to_owned();
        return refused(why, "[release] maintenance-branches in debcut.toml");
    };
    let name = pattern.replace("{version}", version);
    if hotfix::branch_of(&name, &policy.maintenance).is_none() {
        let why = format!("{version} has fewer than three numbers");
        return refused(why, "its own line's branch is the one for fixes of it");
    }
    let Ok(branch) = BranchName::new(name.clone()) else {
        let why = format!("{name} is no name of a branch");
        return refused(why, "[release] maintenance-branches in debcut.toml");
    };
    let at = repository.ref_target(&format!("refs/heads/{branch}"))?;
    if let Some(at) = &at
        && !repository.is_ancestor(&commit, at)?
    {
        let why = format!("{branch} is there and does not begin at it");
        return refused(why, "rename or remove that branch");
    }
    Ok(Ok(Hotfix {
        branch,
        from: tag.clone(),
        commit,
        normal,
        exists: at.is_some(),
    }))
}

/// Makes the branch and writes it down; false: both was done before.
pub fn open(
    workspace: &Workspace,
    hotfix: &Hotfix,
    (by, at): (&Person, Timestamp),
    environment: &Environment,
) -> Result<bool, FlowError> {
    let repository = &workspace.repository;
    if !hotfix.exists {
        // What others have made of it already is where it begins here.
        let remote = &workspace.project.release.remote;
        let theirs = repository.ref_target(&format!("refs/remotes/{remote}/{}", hotfix.branch))?;
        let update = RefUpdate {
            name: format!("refs/heads/{}", hotfix.branch),
            from: None,
            to: theirs.unwrap_or_else(|| hotfix.commit.clone()),
        };
        UserGit::new(repository, environment)
            .update_refs(&[update], "debcut: patch hotfix")
            .map_err(PatchingError::Refs)?;
    }
    let mut ledger = Ledger::read(repository, environment)?;
    if ledger.queue.hotfixes.contains_key(&hotfix.branch) {
        return Ok(!hotfix.exists);
    }
    let event = Event::HotfixOpened {
        branch: hotfix.branch.clone(),
        from: hotfix.from.clone(),
        normal: hotfix.normal.clone(),
    };
    let summary = format!("open {} for hotfixes", hotfix.branch);
    ledger.say(vec![event], by, at, &summary)?;
    Ok(true)
}

/// Lists what one branch has and another lacks, the newest first: neither the
/// commit nor one that makes the same change, and no release commits.
pub fn lacking(
    workspace: &Workspace,
    from: ObjectId,
    into: &[ObjectId],
) -> Result<Vec<Elsewhere>, FlowError> {
    let objects = workspace.repository.objects()?;
    let missing = workspace.repository.unpicked(&objects, from, into)?;
    let matters = |one: &&Missing| {
        trailer::released(&one.message).next().is_none() && !trailer::is_synced(&one.message)
    };
    let missing = missing.unwrap_or_default();
    let found = missing.iter().filter(matters).map(|one| Elsewhere {
        commit: one.id.to_string(),
        subject: one.message.lines().next().unwrap_or_default().to_owned(),
    });
    Ok(found.collect())
}

/// Lists what the normal branch has and a hotfix leaves out: what an
/// announcement of it has to say.
pub fn excluded(workspace: &Workspace, hotfix: &Hotfix) -> Result<Vec<Elsewhere>, FlowError> {
    let normal = branches::line(workspace, &hotfix.normal)?;
    let own = match branches::line(workspace, &hotfix.branch) {
        Ok(line) => line.heads,
        Err(_) => ObjectId::from_hex(&hotfix.commit).into_iter().collect(),
    };
    lacking(workspace, normal.head, &own)
}

/// Lists what a hotfix branch has and its normal branch, or main, lacks.
pub fn unreturned(
    workspace: &Workspace,
    hotfix: &Hotfix,
) -> Result<Vec<(BranchName, Vec<Elsewhere>)>, FlowError> {
    let own = branches::line(workspace, &hotfix.branch)?;
    let mut others = vec![branches::line(workspace, &hotfix.normal)?];
    if let Some(main) = branches::main_line(workspace)?
        && main.name != hotfix.normal
    {
        others.push(main);
    }
    let mut found = Vec::new();
    for other in others {
        found.push((other.name, lacking(workspace, own.head, &other.heads)?));
    }
    Ok(found)
}

/// Makes the requests for what is lacking, but for what is asked for already.
pub fn offers(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    lacking: &[(BranchName, Vec<Elsewhere>)],
) -> Result<Vec<Event>, FlowError> {
    let objects = workspace.repository.objects()?;
    let mut events = Vec::new();
    for (onto, commits) in lacking {
        for one in commits.iter().rev() {
            let asked = ledger.queue.requests.values().any(|request| {
                let ask = &request.ask.what;
                ask.onto == *onto && ask.commits.contains(&one.commit)
            });
            if asked {
                continue;
            }
            let Some(id) = ObjectId::from_hex(&one.commit) else {
                continue;
            };
            let (name, email) = objects.commit(id)?.author();
            events.push(Event::Asked(Ask {
                onto: onto.clone(),
                commits: vec![one.commit.clone()],
                title: one.subject.clone(),
                authors: vec![Person { name, email }],
                answers: Answers::default(),
                pull_request: None,
            }));
        }
    }
    Ok(events)
}

/// Finds the hotfix branch that a branch is, as the ledger knows it.
pub fn known(ledger: &Ledger<'_>, branch: &BranchName) -> Option<Hotfix> {
    let found = ledger.queue.hotfixes.get(branch)?;
    Some(Hotfix {
        branch: branch.clone(),
        from: found.from.what.clone(),
        commit: String::new(),
        normal: found.normal.clone(),
        exists: true,
    })
}
