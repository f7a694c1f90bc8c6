//! `rollout rollback --reversion`: the old content under a higher version.

use std::time::Duration;

use super::back::RollbackArguments;
use super::control::{Lines, by, go, open_desk};
use super::rules;
use crate::cli::confirm::confirmed;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::{Said, passphrase};
use crate::config::rollout::EMERGENCY;
use crate::flow::archiving::Desk;
use crate::flow::project::Workspace;
use crate::flow::rolling::advancing::Until;
use crate::flow::rolling::opening::Wanted;
use crate::flow::rolling::planning::Said as Words;
use crate::flow::rolling::reversion::{self, Plan, Todo, is_reversion};
use crate::flow::rolling::shelf::{Among, Means, Shelf};
use crate::flow::rolling::starting::{self, Start};
use crate::flow::rolling::taking_back;
use crate::flow::signing::KeyWanted;
use crate::flow::tagging::Signing;
use crate::format::version::Version;
use crate::model::Finding;
use crate::report::rolling::words;
use crate::report::rollout::{Reversion, ReversionDocument, pulled};
use crate::report::{Answer, StepLine};
use crate::rollout::event::{Entry, Event};
use crate::rollout::policy::RingSuite;
use crate::rollout::state::Blocked;
use crate::rollout::{Phase, Rollout, RolloutId};

/// Takes a rollout back, releases what was there before it under a higher
/// version, and starts the rollout of that.
pub fn revert(
    arguments: &RollbackArguments,
    old: Option<&Version>,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    let shelf = arguments.control.shelf(context)?;
    let id = reverted(arguments, &shelf)?;
    let Some((rollout, entries)) = shelf.look(&id)? else {
        return Err(Failure::request(
            "no-rollout",
            format!("{id} was not started to its end"),
        ));
    };
    let reason = reason(arguments, &entries)?;
    let workspace = workspace(&id, context)?;
    let means = arguments.control.means(&shelf, &id, context)?;
    let wait = Duration::from_secs(arguments.control.wait);
    let desk = open_desk(&means.archive, wait, context)?;
    // What cannot be built is known before anything is taken back.
    let observed = reversion::observe(&workspace, &desk, &shelf, &rollout, old)?;
    let planned = observed.and_then(|facts| reversion::plan(&facts).map(|plan| (facts, plan)));
    let (_, plan) = match planned {
        Ok(planned) => planned,
        Err(findings) => return Ok(refused(&id, findings, arguments.dry_run)),
    };
    if arguments.dry_run {
        let document = ReversionDocument::new(&id, Some(shown(&plan, &rollout)));
        return Ok(Answer::new(document).dry_run(plan.digest()).into());
    }
    // A rollout that is blocked, but for its suites, has done what it can.
    let is_back = match &rollout.phase {
        Phase::Blocked { why } => !matches!(why, Blocked::Withdrawal { .. }),
        Phase::RolledBack | Phase::Superseded => true,
        _ => false,
    };
    if !is_back && let Some(finding) = taking_back::against(&shelf, &rollout)? {
        return Ok(refused(&id, vec![finding], false));
    }
    let is_done = is_back && plan.todo.is_empty();
    if !arguments.yes && !is_done {
        let (next, old) = (&plan.next, &plan.old.version);
        let question = format!(
            "{id}: its suites lose the version, and {next} is built, tagged and published with \
             what {old} had. Go on? [y/N] "
        );
        confirmed(context, &question)?;
    }
    let mut changed = false;
    if !is_back {
        if let Some(stopped) = back(arguments, &shelf, &id, &reason, context)? {
            return Ok(stopped);
        }
        changed = true;
    }
    // What the way back took out of the suites is gone from them by now.
    let (rollout, _) = shelf.look(&id)?.expect("it was there");
    let (facts, plan) =
        match reversion::observe(&workspace, &desk, &shelf, &rollout, Some(&plan.old.version))?
            .and_then(|facts| reversion::plan(&facts).map(|plan| (facts, plan)))
        {
            Ok(planned) => planned,
            Err(findings) => return Ok(refused(&id, findings, false)),
        };
    let key = arguments.control.key.wanted();
    let with = reversion::Means {
        reason: reason.clone(),
        push: arguments.push,
        signing: match &key {
            KeyWanted::Usual => Signing::Usual,
            named => Signing::Key(named.clone()),
        },
        key,
        how: arguments.how.how(),
        author: context.person()?,
        date: context.now(),
    };
    let mut ask = passphrase::asker(context);
    let starts = plan.todo.contains(&Todo::Start);
    let about = (facts, &plan);
    let ended = reversion::apply(&workspace, &desk, &shelf, &rollout, about, &with, &mut ask)?;
    let mut findings = ended.findings.clone();
    changed |= ended.changed;
    let mut started = None;
    if starts && findings.is_empty() {
        let found = start(&shelf, &desk, &rollout, &plan, means, reason, context)?;
        started = found.started;
        changed |= started.is_some();
        findings.extend(found.findings);
    }
    let steps = ended.steps.iter().map(|step| StepLine {
        step: step.step,
        what: step.what.clone(),
        changed: step.changed,
    });
    let document = ReversionDocument::new(
        &id,
        Some(Reversion {
            todo: Vec::new(),
            steps: steps.collect(),
            tag: ended.tag.as_ref().map(ToString::to_string),
            generation: ended.generation,
            rollout: started.as_ref().map(ToString::to_string),
            ..shown(&plan, &rollout)
        }),
    );
    Ok(Answer::new(document)
        .findings(findings)
        .changed(changed)
        .into())
}

fn shown(plan: &Plan, rollout: &Rollout) -> Reversion {
    let todo = plan.todo.iter().map(|todo| match todo {
        Todo::PutBack { files } => format!(
            "commit {} as in {}",
            words::count(*files, "file", "files"),
            plan.old.tag
        ),
        Todo::Release => format!(
            "prepare, build, tag and publish {} in {}",
            plan.next, plan.suite
        ),
        Todo::Publish { tag } => format!("build {tag} and publish it in {}", plan.suite),
        Todo::Start => format!(
            "start the rollout of {} by the profile {EMERGENCY}",
            plan.next
        ),
    });
    Reversion {
        source: plan.source.to_string(),
        bad_version: plan.bad.version.to_string(),
        old_version: plan.old.version.to_string(),
        old_tag: plan.old.tag.to_string(),
        version: plan.next.to_string(),
        tag: None,
        suite: plan.suite.to_string(),
        generation: None,
        hosts_with_it: pulled(rollout),
        todo: todo.collect(),
        steps: Vec::new(),
        rollout: None,
    }
}

/// Finds the rollout that is taken back: without its whole name never one that
/// is a way back itself, so that the same command goes on with the same one.
fn reverted(arguments: &RollbackArguments, shelf: &Shelf) -> Result<RolloutId, Failure> {
    let word = arguments.control.which.rollout.as_deref();
    if let Some(id) = shelf
        .ids()?
        .into_iter()
        .find(|id| word == Some(&*id.to_string()))
    {
        return Ok(id);
    }
    let brings_back = |rollout: &Rollout| {
        let versions = &rollout.target.versions;
        versions
            .iter()
            .any(|meant| is_reversion(&meant.source_version))
    };
    let known = shelf.all()?.into_iter().map(|(rollout, _)| rollout);
    let is_meant =
        |rollout: &Rollout| word.is_none_or(|word| rollout.target.source.as_str() == word);
    let own: Vec<_> = known.filter(is_meant).collect();
    let mut sources: Vec<_> = own.iter().map(|rollout| &rollout.target.source).collect();
    sources.sort();
    sources.dedup();
    match own.iter().find(|rollout| !brings_back(rollout)) {
        Some(newest) if sources.len() == 1 => Ok(newest.id.clone()),
        _ => Ok(arguments.control.find(shelf, Among::All)?),
    }
}

fn reason(arguments: &RollbackArguments, entries: &[Entry]) -> Result<String, Failure> {
    let said = entries.iter().rev().find_map(|entry| match &entry.event {
        Event::RollbackBegun { reason } => reason.clone(),
        _ => None,
    });
    arguments.reason.clone().or(said).ok_or_else(|| {
        let why = "the way back by a release is written into the changelog: it needs a reason";
        Failure::request("no-reason", why).hint("--reason 'errors doubled'")
    })
}

fn workspace(id: &RolloutId, context: &Context<'_>) -> Result<Workspace, Failure> {
    Workspace::open(&context.directory, context.config.as_deref()).map_err(|error| {
        let source = &id.source;
        Failure::from(error)
            .hint(format!(
                "whoever releases {source} runs it in its git repository, on the branch that \
                 released it, with --archive and --state of this rollout"
            ))
            .hint(format!(
                "debcut rollout rollback {id} withdraws the version meanwhile: hosts that have it \
                 keep it"
            ))
    })
}

fn refused(id: &RolloutId, mut findings: Vec<Finding>, dry_run: bool) -> Said {
    let meanwhile =
        format!("debcut rollout rollback {id} without --reversion withdraws it meanwhile");
    let nothing = "nothing was released: the way back by a release cannot be made";
    findings.push(Finding::info("not-released", id.to_string(), nothing).fix(meanwhile));
    let answer = Answer::new(ReversionDocument::new(id, None)).findings(findings);
    match dry_run {
        true => answer.no_plan().into(),
        false => answer.changed(false).into(),
    }
}

/// Takes the version out of the suites and hosts back; `Some` where it was
/// stopped.
fn back(
    arguments: &RollbackArguments,
    shelf: &Shelf,
    id: &RolloutId,
    reason: &str,
    context: &Context<'_>,
) -> Result<Option<Said>, Failure> {
    arguments.control.control(shelf, id, context, |controlled| {
        super::back::begin(controlled, Some(reason.to_owned()), context)?;
        let schema = "debcut/rollout-rollback/1";
        Ok(
            match go(controlled, Until::Settled, schema, Lines::One, context)? {
                said @ Said::Judged(_, Exit::Stopped) => Some(said),
                _ => None,
            },
        )
    })
}

/// What came of the start.
struct Started {
    started: Option<RolloutId>,
    findings: Vec<Finding>,
}

/// Starts the rollout of what was published, to the rings of the other one.
fn start(
    shelf: &Shelf,
    desk: &Desk<'_>,
    rollout: &Rollout,
    plan: &Plan,
    means: Means,
    reason: String,
    context: &Context<'_>,
) -> Result<Started, Failure> {
    let rules = rules(means.rings.as_ref(), context)?;
    let from = rollout.target.versions.iter().map(|meant| RingSuite {
        release: meant.release.clone(),
        suite: meant.from.clone(),
    });
    let start = Start {
        shelf,
        rules: &rules,
        said: Words {
            profile: Some(EMERGENCY.to_owned()),
            reason: Some(reason),
            ..Words::default()
        },
        wanted: Wanted {
            source: plan.source.clone(),
            version: Some(plan.next.clone()),
            from: from.collect(),
        },
        named: Vec::new(),
        supersede: None,
        again: false,
        means,
        by: by(context),
        now: context.now(),
    };
    let _alone = shelf.alone()?;
    let draft = starting::draft_after(desk, &start, rollout)?;
    if draft.same.is_some() || draft.findings.iter().any(Finding::is_error) {
        return Ok(Started {
            started: None,
            findings: draft.findings,
        });
    }
    let refused = starting::begin(desk, &start, &draft)?;
    let mut findings = draft.findings;
    Ok(match refused {
        None => Started {
            started: Some(draft.rollout.id),
            findings,
        },
        Some(refused) => {
            findings.push(refused);
            Started {
                started: None,
                findings,
            }
        }
    })
}
