//! How a repository's embargo stands, for who looks at something else.

use super::hook;
use super::sharing::{Look, withdrawn};
use crate::flow::FlowError;
use crate::model::finding::Severity;
use crate::model::{Finding, Timestamp};
use crate::patch::embargo::{Due, Embargo, OnDate};
use crate::sys::environment::Environment;
use crate::sys::git::Repository;
use crate::sys::outward::{Phase, carried_into};

/// How it stands.
#[derive(Debug)]
pub struct Standing {
    /// The embargo, as one line; none: there is none.
    pub embargo: Option<Finding>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// Looks at it. Asks no remote.
pub fn standing(
    repository: &Repository,
    environment: &Environment,
    now: Timestamp,
) -> Result<Standing, FlowError> {
    let there = super::read(repository)?;
    let mut findings = Vec::new();
    if let Some(embargo) = &there {
        if hook::standing(repository, environment)? == hook::Standing::Elsewhere {
            let why = "git does not run its hook: your own git push is not looked at";
            let finding = Finding::error("embargo-hook", &embargo.mark.name, why);
            let fix = format!("debcut patch embargo {} sets it again", embargo.mark.name);
            findings.push(finding.fix(fix));
        }
        findings.extend(lifting(embargo));
        let over = over_elsewhere(repository, Some(embargo), Look::Here, environment)?;
        findings.extend(over.map(|finding| finding.weighing(Severity::Warning)));
    }
    let guarded = hook::standing(repository, environment)? == hook::Standing::There;
    let own = there.as_ref().map(|embargo| &embargo.mark);
    for one in carried_into(&repository.own_dir(), own)? {
        let name = one.mark.name;
        let why = format!(
            "{} says that this clone has what it keeps: nothing leaves{}",
            one.name,
            match guarded {
                true => "",
                false => " by debcut, and your own git push is NOT guarded",
            }
        );
        let finding = Finding::warning("embargo-carried", &name, why);
        findings.push(finding.fix(format!(
            "debcut patch embargo {name} takes part in it, with a hook for your own git push; \
             after its lift git fetch --prune"
        )));
    }
    Ok(Standing {
        embargo: there.map(|embargo| line(&embargo, now)),
        findings,
    })
}

/// Finds that none of the private remotes has an embargo's mark any more.
pub fn over_elsewhere(
    repository: &Repository,
    embargo: Option<&Embargo>,
    look: Look,
    environment: &Environment,
) -> Result<Option<Finding>, FlowError> {
    let Some(embargo) = embargo else {
        return Ok(None);
    };
    let Some(remote) = withdrawn(repository, embargo, look, environment)? else {
        return Ok(None);
    };
    let name = &embargo.mark.name;
    let why = format!("{remote} has its mark no more: it was lifted or dropped elsewhere");
    let fix = format!(
        "debcut patch embargo {name} --drop --reason 'lifted elsewhere' ends it here; where it is \
         not over, debcut patch embargo {name} puts the mark back"
    );
    Ok(Some(Finding::error("over-elsewhere", name, why).fix(fix)))
}

fn lifting(embargo: &Embargo) -> Option<Finding> {
    let (why, fix) = match (embargo.mark.phase, &embargo.lift) {
        (Phase::Sealed, _) => return None,
        (Phase::Lifting, Some(lift)) if !lift.can_go_back() => (
            "its lift stopped half-way: something may be out",
            "debcut patch lift finishes it",
        ),
        (Phase::Lifting, _) => (
            "its lift was begun, and nothing is out; git push would not be refused now",
            "debcut patch lift goes on, debcut patch lift --abort closes it",
        ),
    };
    Some(Finding::error("embargo-lifting", &embargo.mark.name, why).fix(fix))
}

fn line(embargo: &Embargo, now: Timestamp) -> Finding {
    let name = &embargo.mark.name;
    let lifts = match embargo.on_date {
        OnDate::Wait => "somebody lifts it",
        OnDate::Lift => "patch lift --if-due lifts it",
    };
    let why = match (embargo.until, embargo.due(now)) {
        (None, _) => "nothing leaves but to private places".to_owned(),
        (Some(_), Due::At(until)) => format!("nothing leaves before {until}; then {lifts}"),
        (Some(until), Due::Now) => format!("its date has come ({until}): {lifts}"),
    };
    let fix = "debcut patch embargo shows it, debcut patch lift --dry-run what would go out";
    Finding::warning("embargo", name, why).fix(fix)
}
