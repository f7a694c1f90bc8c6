//! `patch override`.

use std::collections::BTreeSet;

use clap::Args;

use super::{WriteArguments, why};
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::hotfixing::missed;
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::{PatchingError, branches};
use crate::model::{BranchName, Finding, Sha256};
use crate::patch::rules::{self, Rule};
use crate::patch::{Event, Policy};
use crate::release::commit::Person;
use crate::report::Answer;
use crate::report::patch::OverrideDocument;

/// Arguments of `patch override`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch override 1a2b3c4d5e no-release-note --reason \"internal, told nobody\"
  debcut patch override 1a2b3c4d5e frozen --reason \"the cut waits for it\"
  debcut patch override 5d1f00c hotfix-lacking --onto release-1.12 --reason \"not affected\"
  debcut patch override 5d1f00c not-picked --onto release-1.12.3 --reason \"made there\"
  debcut patch override HEAD not-green --onto release-1.12 --reason \"the runner is broken\"

Rules of a request: not-head, not-green, frozen, not-approved, parent-not-merged,
kind-not-allowed, no-release-note; picked-elsewhere, to pick anew what somebody has
picked in another clone and never pushed (a later pick is not meant). Rules of a
commit (--onto): not-picked, for one that came onto a hotfix branch by hand; not-green,
for the head that is cut; hotfix-lacking, for a hotfix's commit that --onto BRANCH goes
without. Approvers and owners may set one aside, kinds only owners where there are
some; who did it, and why, stays in the ledger.")]
pub struct OverrideArguments {
    /// The request; with --onto a commit of that branch
    #[arg(value_name = "REQUEST|COMMIT")]
    request: String,
    /// The rule
    #[arg(value_name = "RULE")]
    rule: Rule,
    /// The branch whose commit is meant
    #[arg(long, value_name = "BRANCH", value_parser = super::branch)]
    onto: Option<BranchName>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = why)]
    reason: String,
    #[command(flatten)]
    write: WriteArguments,
}

/// Sets a rule aside for a commit of a branch.
fn for_commit(
    arguments: &OverrideArguments,
    onto: &BranchName,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let policy = &workspace.project.patch;
    let first = super::before(&arguments.write, &workspace, context)?;
    let mut ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let (rule, by) = (arguments.rule, context.person()?);
    let line = branches::line(&workspace, onto)?;
    let commit = workspace.repository.commit(&arguments.request)?.id;
    let message = workspace.repository.parents_and_message(&commit)?.1;
    let mut document = OverrideDocument {
        id: commit.clone(),
        onto: onto.clone(),
        title: message.lines().next().unwrap_or_default().to_owned(),
        rule: rule.name(),
        reason: None,
        by: None,
    };
    let subject = &commit[..commit.len().min(12)];
    let refused = if rule == Rule::HotfixLacking {
        let hotfixes = missed::hotfixes(&workspace, &ledger)?;
        let missed = missed::missed(&workspace, &ledger, onto, &hotfixes)?;
        match missed.iter().any(|one| one.fix.commit == commit) {
            true => not_allowed(rule, &by, policy, subject),
            false => {
                let why = format!("it is nothing that a hotfix has released and {onto} lacks");
                let fix = "debcut patch hotfix TAG --check lists what branches lack";
                Some(Finding::error("nothing-lacking", subject, why).fix(fix))
            }
        }
    } else if !matches!(rule, Rule::NotPicked | Rule::NotGreen) {
        let why = format!("{rule} is a rule of requests, not of commits");
        let fix = format!("debcut patch override REQUEST {rule} --reason TEXT");
        Some(Finding::error("other-rule", subject, why).fix(fix))
    } else if !workspace
        .repository
        .is_ancestor(&commit, &line.head.to_string())?
    {
        let why = format!("it is not on {onto}");
        Some(Finding::error("not-on-branch", subject, why).fix("git log names its commits"))
    } else {
        not_allowed(rule, &by, policy, subject)
    };
    if let Some(finding) = refused {
        let answer = Answer::new(document).findings([finding]);
        return Ok(match arguments.write.dry_run {
            true => answer.no_plan(),
            false => answer.changed(false),
        }
        .into());
    }
    let place = (onto, commit.as_str());
    let known = rules::excused(&ledger.queue, place, rule, policy);
    let known = known.filter(|said| said.reason.what == arguments.reason);
    document.reason = Some(arguments.reason.clone());
    document.by = Some(known.map_or(by.clone(), |said| said.reason.by.clone()));
    let is_known = known.is_some();
    let event = Event::Excused {
        branch: onto.clone(),
        commit: commit.clone(),
        rule: rule.name().to_owned(),
        reason: arguments.reason.clone(),
    };
    let answer = Answer::new(document);
    if arguments.write.dry_run {
        let plan = serde_json::to_vec(&event).expect("an event is plain values");
        return Ok(answer.dry_run(Sha256::of(&plan)).into());
    }
    if is_known {
        return super::after(first, answer.changed(false), &workspace, context);
    }
    let summary = format!("override {rule} for {subject} of {onto}");
    ledger.say(vec![event], &by, context.now(), &summary)?;
    super::after(first, answer.changed(true), &workspace, context)
}

/// Says that a person may not set a rule aside; none: they may.
fn not_allowed(rule: Rule, by: &Person, policy: &Policy, subject: &str) -> Option<Finding> {
    if rules::may_override(rule, by, policy) {
        return None;
    }
    let message = format!("{} <{}> may not set {rule} aside", by.name, by.email);
    let owners = rule == Rule::KindNotAllowed && !policy.owners.is_empty();
    let mut who = match owners {
        true => policy.owners.clone(),
        false => [policy.approvers.clone(), policy.owners.clone()].concat(),
    };
    let mut named = BTreeSet::new();
    who.retain(|one| named.insert(one.to_ascii_lowercase()));
    let finding = Finding::error("not-allowed", subject, message);
    Some(finding.fix(format!("ask one of {}", who.join(", "))))
}

/// Sets a rule aside for a request.
pub fn run(arguments: &OverrideArguments, context: &Context<'_>) -> Result<Said, Failure> {
    if let Some(onto) = &arguments.onto {
        return for_commit(arguments, onto, context);
    }
    let workspace = super::workspace(context)?;
    let policy = &workspace.project.patch;
    let first = super::before(&arguments.write, &workspace, context)?;
    let mut ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let found = ledger.queue.find(&arguments.request);
    let request = found.map_err(PatchingError::from)?.clone();
    let (rule, by) = (arguments.rule, context.person()?);
    let document = |said: Option<(&str, &Person)>| OverrideDocument {
        id: request.id.to_string(),
        onto: request.ask.what.onto.clone(),
        title: request.ask.what.title.clone(),
        rule: rule.name(),
        reason: said.map(|(reason, _)| reason.to_owned()),
        by: said.map(|(_, by)| by.clone()),
    };
    let refused = match rule {
        Rule::NotPicked | Rule::HotfixLacking => {
            let why = "it is a rule of commits on a hotfix branch";
            let fix = format!("debcut patch override COMMIT {rule} --onto BRANCH --reason TEXT");
            Some(Finding::error("other-rule", request.id.as_str(), why).fix(fix))
        }
        rule => not_allowed(rule, &by, policy, request.id.as_str()),
    };
    if let Some(finding) = refused {
        let answer = Answer::new(document(None)).findings([finding]);
        return Ok(super::refused(answer, &arguments.write));
    }
    if let Some(said) = rules::overridden(&request, rule, policy)
        && said.what.1 == arguments.reason
    {
        let answer = Answer::new(document(Some((&said.what.1, &said.by))));
        return Ok(match arguments.write.dry_run {
            true => answer.dry_run(Sha256::of(b"")),
            false => answer.changed(false),
        }
        .into());
    }
    let event = Event::Overridden {
        request: request.id.clone(),
        rule: rule.name().to_owned(),
        reason: arguments.reason.clone(),
    };
    let answer = Answer::new(document(Some((&arguments.reason, &by))));
    if arguments.write.dry_run {
        return Ok(super::planned(answer, &event));
    }
    let summary = format!("Override {rule} for {}", request.id);
    ledger.say(vec![event], &by, context.now(), &summary)?;
    super::after(first, answer.changed(true), &workspace, context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_approver_and_owner_is_named_once() {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let policy = Policy {
            approvers: list(&["alice@example.org", "bob@example.org"]),
            owners: list(&["Alice@example.org"]),
            ..Policy::default()
        };
        let by = Person {
            name: "Nina".to_owned(),
            email: "nina@example.org".to_owned(),
        };
        let found = not_allowed(Rule::NotGreen, &by, &policy, "x").expect("she may not");
        assert_eq!(found.fix, "ask one of alice@example.org, bob@example.org");
    }
}
