//! The way back by a release, step by step.

use super::put_back::put_back;
use super::{Facts, Plan, Todo, observe, request};
use crate::archive::Older;
use crate::flow::FlowError;
use crate::flow::archiving::Desk;
use crate::flow::building;
use crate::flow::project::Workspace;
use crate::flow::releasing::target::of_tag;
use crate::flow::releasing::{self, Outcome, StepDone};
use crate::flow::rolling::shelf::Shelf;
use crate::flow::signing::KeyWanted;
use crate::flow::tagging::Signing;
use crate::keys::Ask;
use crate::model::{Finding, TagName, Timestamp};
use crate::release::commit::Person;
use crate::rollout::Rollout;
use crate::sys::git::push;

/// What it is made with.
pub struct Means {
    /// Why, for the commit and the changelog.
    pub reason: String,
    /// Whether branch and tag are pushed before anything is published.
    pub push: bool,
    /// Who signs artifacts and the archive.
    pub key: KeyWanted,
    /// Who signs the tag.
    pub signing: Signing,
    /// How it is built.
    pub how: building::How,
    /// Who releases.
    pub author: Person,
    /// When.
    pub date: Timestamp,
}

/// How far it came.
#[derive(Debug, Default)]
pub struct Ended {
    /// The steps that were done now, or were not needed.
    pub steps: Vec<StepDone>,
    /// The tag.
    pub tag: Option<TagName>,
    /// The generation of the suite that has it.
    pub generation: Option<u64>,
    /// Whether anything was changed.
    pub changed: bool,
    /// What stands against it: it is not published.
    pub findings: Vec<Finding>,
}

impl Ended {
    fn done(&mut self, step: &'static str, what: String) {
        self.changed = true;
        self.steps.push(StepDone {
            step,
            what,
            changed: true,
        });
    }
}

/// Does what a plan still has to do, but for the start of the rollout.
pub fn apply(
    workspace: &Workspace,
    desk: &Desk<'_>,
    shelf: &Shelf,
    rollout: &Rollout,
    (facts, plan): (Facts, &Plan),
    means: &Means,
    ask: &mut Ask<'_>,
) -> Result<Ended, FlowError> {
    let mut ended = Ended {
        tag: facts.made.as_ref().map(|made| made.tag.clone()),
        ..Ended::default()
    };
    let mut facts = facts;
    for todo in &plan.todo {
        match todo {
            Todo::PutBack { files } => {
                let (reason, who) = (&means.reason, (&means.author, means.date));
                match put_back(workspace, desk.environment, &facts, reason, who)? {
                    Err(finding) => {
                        ended.findings.push(finding);
                        return Ok(ended);
                    }
                    Ok(commit) => {
                        let what = format!("{files} files as in {}: {commit:.12}", facts.old.tag);
                        ended.done("put-back", what);
                    }
                }
                let old = Some(&plan.old.version);
                facts = match observe(workspace, desk, shelf, rollout, old)? {
                    Ok(facts) => facts,
                    Err(findings) => {
                        ended.findings.extend(findings);
                        return Ok(ended);
                    }
                };
            }
            Todo::Release => {
                let wanted = wanted(&facts, plan, means);
                let outcome = releasing::release(workspace, &wanted, desk, ask)?;
                if take(&mut ended, outcome) {
                    return Ok(ended);
                }
            }
            Todo::Publish { tag } => {
                let Some(made) = &facts.made else { continue };
                if means.push {
                    pushed(workspace, desk, tag)?;
                }
                let named = (&made.tag, made.commit.as_str());
                let target = of_tag(workspace, &facts.unit, &made.own, named)?;
                let target = target.expect("its version was read before");
                let wanted = wanted(&facts, plan, means);
                let outcome = releasing::publish_tagged(workspace, &wanted, desk, ask, target)?;
                if take(&mut ended, outcome) {
                    return Ok(ended);
                }
            }
            Todo::Start => {}
        }
    }
    Ok(ended)
}

fn wanted(facts: &Facts, plan: &Plan, means: &Means) -> releasing::Wanted {
    releasing::Wanted {
        request: request(facts),
        expected: None,
        to: plan.suite.clone(),
        push: means.push,
        key: means.key.clone(),
        signing: means.signing.clone(),
        how: means.how.clone(),
        orig: None,
        older: Older::Refuse,
        tagged: releasing::Tagged::Published,
        dry_run: false,
        author: means.author.clone(),
        date: means.date,
    }
}

/// Notes what came of a release; tells whether it said no.
fn take(ended: &mut Ended, outcome: Outcome) -> bool {
    let (released, findings) = match outcome {
        Outcome::Refused { released, findings } => (released, findings),
        Outcome::Done(released) => (released, Vec::new()),
        Outcome::Planned { .. } => unreachable!("no dry run was asked for"),
    };
    ended.changed |= released.changed;
    ended.generation = released.generation.or(ended.generation);
    let tag = released.targets.first().map(|target| target.tag.clone());
    ended.tag = tag.or(ended.tag.take());
    ended.steps.extend(released.steps);
    let says_no = !findings.is_empty();
    ended.findings.extend(findings);
    says_no
}

/// Pushes a tag whose branch has gone on since.
fn pushed(workspace: &Workspace, desk: &Desk<'_>, tag: &TagName) -> Result<(), FlowError> {
    let repository = &workspace.repository;
    let name = format!("refs/tags/{tag}");
    let mut specs = vec![format!("{name}:{name}")];
    if let Some(branch) = repository.branch_of_head()? {
        let name = format!("refs/heads/{branch}");
        specs.push(format!("{name}:{name}"));
    }
    let remote = &workspace.project.release.remote;
    push(repository, desk.environment, remote, &specs, desk.listener)?;
    Ok(())
}
