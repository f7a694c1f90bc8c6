//! `patch override`.

use clap::Args;

use super::{WriteArguments, why};
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::PatchingError;
use crate::flow::patching::ledger::Ledger;
use crate::model::{Finding, Sha256};
use crate::patch::Event;
use crate::patch::rules::{self, Rule};
use crate::report::Answer;
use crate::report::patch::OverrideDocument;

/// Arguments of `patch override`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch override 1a2b3c4d5e no-release-note --reason \"internal, told nobody\"
  debcut patch override 1a2b3c4d5e frozen --reason \"the cut waits for it\"

Rules: not-head, not-green, frozen, not-approved, parent-not-merged,
kind-not-allowed, no-release-note. Approvers and owners may set one aside, kinds
only owners where there are some; who did it, and why, stays in the ledger.")]
pub struct OverrideArguments {
    /// The request
    #[arg(value_name = "REQUEST")]
    request: String,
    /// The rule
    #[arg(value_name = "RULE")]
    rule: Rule,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = why)]
    reason: String,
    #[command(flatten)]
    write: WriteArguments,
}

/// Sets a rule aside for a request.
pub fn run(arguments: &OverrideArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let policy = &workspace.project.patch;
    let first = super::before(&arguments.write, &workspace, context)?;
    let mut ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let found = ledger.queue.find(&arguments.request);
    let request = found.map_err(PatchingError::from)?.clone();
    let (rule, by) = (arguments.rule, context.person()?);
    let document = |said: Option<(&str, &crate::release::commit::Person)>| OverrideDocument {
        id: request.id.clone(),
        onto: request.ask.what.onto.clone(),
        title: request.ask.what.title.clone(),
        rule: rule.name(),
        reason: said.map(|(reason, _)| reason.to_owned()),
        by: said.map(|(_, by)| by.clone()),
    };
    if !rules::may_override(rule, &by, policy) {
        let message = format!("{} <{}> may not set {rule} aside", by.name, by.email);
        let owners = rule == Rule::KindNotAllowed && !policy.owners.is_empty();
        let who = match owners {
            true => policy.owners.clone(),
            false => [policy.approvers.clone(), policy.owners.clone()].concat(),
        };
        let finding = Finding::error("not-allowed", request.id.as_str(), message);
        let finding = finding.fix(format!("ask one of {}", who.join(", ")));
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
