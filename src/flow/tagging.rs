//! `tag`: prepared releases → signed tags on their release commits.

use std::collections::BTreeSet;

use super::FlowError;
use super::hooks::{HookPackage, Hooks, Occasion};
use super::planning;
use super::preparing;
use super::project::Workspace;
use super::signing::{self, KeyWanted};
use crate::keys::{Ask, Choice};
use crate::model::{Finding, Listener, PackageName, Timestamp};
use crate::release::commit::Person;
use crate::release::plan::{PackagePlan, ReleasePlan, Request};
use crate::release::prepare::apply as prepare;
use crate::release::tag::plan::{NewTag, TagPlan};
use crate::release::tag::{apply, observe, plan};
use crate::sys::environment::Environment;
use crate::sys::git::{Pushed, UserGit, push};
use crate::sys::openpgp::Signer;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What is to be released.
    pub request: Request,
    /// Who signs.
    pub signing: Signing,
    /// Whether branch and tags are pushed.
    pub push: bool,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
    /// Who tags.
    pub author: Person,
    /// When.
    pub date: Timestamp,
}

/// Who signs a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signing {
    /// git's own configuration where it names a way to sign, else a key of
    /// debcut's.
    Usual,
    /// A key of debcut's.
    Key(KeyWanted),
    /// git's own configuration.
    Git,
    /// Nobody.
    Nobody,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// Not done, for these reasons.
    Refused {
        /// The reasons.
        findings: Vec<Finding>,
        /// Whether only the plan was wanted.
        dry_run: bool,
    },
    /// These tags would be made.
    Planned(Box<Planned>),
    /// Done, or nothing was left to do.
    Done(Box<Done>),
}

/// Tags that would be made.
#[derive(Debug)]
pub struct Planned {
    /// The tags.
    pub plan: TagPlan,
    /// Who would sign them.
    pub signed_by: String,
    /// What is worth a warning.
    pub findings: Vec<Finding>,
}

/// Tags that are made.
#[derive(Debug)]
pub struct Done {
    /// Those that were made now.
    pub made: Vec<NewTag>,
    /// Those that were there.
    pub there: Vec<NewTag>,
    /// Who signed them.
    pub signed_by: String,
    /// What came of the push; none was asked for otherwise.
    pub pushed: Option<Pushed>,
    /// Packages that have changes and are not prepared.
    pub unprepared: Vec<PackageName>,
    /// What is worth a warning.
    pub findings: Vec<Finding>,
}

/// Tags what is prepared. Run again, it finds the tags there.
pub fn tag(
    workspace: &Workspace,
    wanted: &Wanted,
    environment: &Environment,
    ask: &mut Ask<'_>,
    listener: &dyn Listener,
) -> Result<Outcome, FlowError> {
    let repository = &workspace.repository;
    let hooks = Hooks::new(workspace, environment, listener);
    if !wanted.dry_run {
        prepare::recover(repository, environment)?;
        hooks.run_due()?;
    }
    let refused = |findings| {
        Ok(Outcome::Refused {
            findings,
            dry_run: wanted.dry_run,
        })
    };
    if let Some(finding) = workspace.committed_configuration()? {
        return refused(vec![finding]);
    }
    if wanted.push {
        preparing::remote_is_there(workspace, environment)?;
    }
    let planned = match planning::plan(workspace, "HEAD", &wanted.request)? {
        planning::Outcome::Planned(planned) => planned,
        planning::Outcome::Refused(findings) => return refused(findings),
    };
    let (release, policy) = (&planned.plan, &planned.policy);
    // What is not prepared can be tagged where preparing would write nothing.
    let unprepared = preparing::unwritten(workspace, &planned, &wanted.author, wanted.date)?;
    let prepared = release.only(|package| !unprepared.contains(&package.name));
    // A tagged candidate's final release is not forgotten, it is for later.
    let waits = |package: &&PackagePlan| planned.facts.units[package.unit].is_all_in_pre_releases();
    let forgotten = |package: &&PackagePlan| unprepared.contains(&package.name) && !waits(package);
    // Nor is what waits beside a release that is tagged where we are.
    let on_head = |package: &PackagePlan| {
        let commit = package.current.as_ref().map(|release| &release.commit);
        commit == Some(&planned.facts.head)
    };
    let asked = |package: &&PackagePlan| wanted.request.packages.contains(&package.name);
    let again = wanted.request.packages.is_empty() && release.packages.iter().any(on_head);
    let missed = release.packages.iter().filter(forgotten);
    let missed = missed.filter(|package| asked(package) || (prepared.is_empty() && !again));
    let missed: Vec<_> = missed.map(|package| package.name.to_string()).collect();
    if !missed.is_empty() {
        let message = "its version files, changelog or notes are not written yet";
        let finding = Finding::error("not-prepared", missed.join(", "), message);
        return refused(vec![finding.fix("debcut prepare, then debcut tag")]);
    }
    let facts = observe::observe(repository, &prepared, policy, None)?;
    let plan = match plan::plan(&prepared, policy, &facts, wanted.date) {
        Ok(plan) => plan,
        Err(findings) => return refused(findings),
    };
    let chosen = Chosen::of(workspace, wanted, environment)?;
    let signed_by = chosen.shown();
    let findings = planned.findings.clone();
    if wanted.dry_run {
        return Ok(Outcome::Planned(Box::new(Planned {
            plan,
            signed_by,
            findings,
        })));
    }
    let told = plan.new.iter().map(|tag| HookPackage {
        name: tag.package.to_string(),
        version: tag.version.clone(),
        debian_version: tag.debian_version.to_string(),
        tag: Some(tag.name.to_string()),
        commit: Some(tag.commit.clone()),
        notes_file: None,
        artifacts: Vec::new(),
    });
    let occasion = Occasion::new("tag", told.collect());
    if !plan.new.is_empty() {
        if let Some(finding) = hooks.before(&occasion) {
            return refused(vec![finding]);
        }
        let signer = chosen.unlocked(wanted.date, ask)?;
        apply::apply(
            &plan.new,
            repository,
            environment,
            &signer.signing(),
            &wanted.author,
            wanted.date,
        )?;
    }
    let mut pushed = None;
    if wanted.push {
        let tags = refs_to_push(release, &plan, &wanted.request);
        let specs: Vec<_> = tags.iter().map(|name| format!("{name}:{name}")).collect();
        let remote = &policy.remote;
        pushed = Some(push(repository, environment, remote, &specs, listener)?);
    }
    if !plan.new.is_empty() {
        hooks.after(&occasion)?;
    }
    Ok(Outcome::Done(Box::new(Done {
        made: plan.new,
        there: plan.there,
        signed_by,
        pushed,
        unprepared,
        findings,
    })))
}

/// Lists what a push takes along: the branch, the tags of this release, and of
/// packages that are released already their newest tag, for an earlier push may
/// have failed. What the remote has is no change.
fn refs_to_push(release: &ReleasePlan, plan: &TagPlan, request: &Request) -> BTreeSet<String> {
    let tags = plan.new.iter().chain(&plan.there).map(|tag| &tag.name);
    let asked = |package: &&PackagePlan| {
        request.packages.is_empty() || request.packages.contains(&package.name)
    };
    let released = release.packages.iter().filter(asked);
    let released = released.filter_map(|package| Some(&package.current.as_ref()?.tag));
    let mut refs: BTreeSet<_> = tags
        .chain(released)
        .map(|tag| format!("refs/tags/{tag}"))
        .collect();
    refs.extend(
        release
            .branch
            .iter()
            .map(|branch| format!("refs/heads/{branch}")),
    );
    refs
}

/// Who signs, chosen and not unlocked yet.
#[expect(clippy::large_enum_variant, reason = "there is one")]
enum Chosen {
    Git,
    Key(Choice),
    Nobody,
}

/// Who signs, ready to.
#[expect(clippy::large_enum_variant, reason = "there is one")]
enum Ready {
    Git,
    Key(Signer),
    Nobody,
}

impl Chosen {
    fn of(
        workspace: &Workspace,
        wanted: &Wanted,
        environment: &Environment,
    ) -> Result<Self, FlowError> {
        let usual = workspace.project.key.as_deref();
        let key = |named: &KeyWanted| {
            let choice = signing::chosen(environment, named, usual, wanted.date)?;
            Ok(choice.map_or(Self::Nobody, Self::Key))
        };
        match &wanted.signing {
            Signing::Nobody => Ok(Self::Nobody),
            Signing::Git => Ok(Self::Git),
            Signing::Key(named) => key(named),
            Signing::Usual => {
                let git = UserGit::new(&workspace.repository, environment);
                match git.names_a_signer()? {
                    true => Ok(Self::Git),
                    false => key(&KeyWanted::Usual),
                }
            }
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Git => "git's own configuration".to_owned(),
            Self::Key(choice) => choice.certificate().fingerprint().to_string(),
            Self::Nobody => "nobody".to_owned(),
        }
    }

    fn unlocked(self, now: Timestamp, ask: &mut Ask<'_>) -> Result<Ready, FlowError> {
        Ok(match self {
            Self::Git => Ready::Git,
            Self::Nobody => Ready::Nobody,
            Self::Key(choice) => {
                let signer = signing::unlocked(Some(choice), now, ask)?;
                signer.map_or(Ready::Nobody, Ready::Key)
            }
        })
    }
}

impl Ready {
    fn signing(&self) -> apply::Signing<'_> {
        match self {
            Self::Git => apply::Signing::Git,
            Self::Key(signer) => apply::Signing::Key(signer),
            Self::Nobody => apply::Signing::None,
        }
    }
}
