//! `rollout approve`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, passphrase};
use crate::flow::rolling::changing::{self, Changed};
use crate::flow::rolling::requesting::{self, Seen};
use crate::flow::rolling::shelf::{self, Among, Shelf};
use crate::model::finding::with_causes;
use crate::model::{Finding, Sha256};
use crate::report::{Answer, ApproveDocument};
use crate::rollout::Rollout;
use crate::rollout::approval::ApprovalError;
use crate::rollout::event::Event;
use crate::rollout::policy::Approval;
use crate::rollout::state::RolloutId;
use crate::sys::files::{self, Access};
use crate::sys::openpgp::Keyring;

/// Arguments of `rollout approve`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Approve {
    /// The rollout, or its package [default: the only open one]
    #[arg(value_name = "ROLLOUT")]
    rollout: Option<String>,
    /// The key that approves: a fingerprint, its end, or gpg:FINGERPRINT
    #[arg(long, value_name = "KEY", env = "DEBCUT_KEY", hide_env = true)]
    key: Option<String>,
    /// The request as it was sent, where the rollout is on another machine: the
    /// statement is written, and nothing else
    #[arg(
        long,
        value_name = "FILE",
        requires = "rollout",
        conflicts_with = "statement"
    )]
    request: Option<PathBuf>,
    /// Where the statement goes [default: standard output]
    #[arg(long, value_name = "FILE", requires = "request")]
    out: Option<PathBuf>,
    /// A statement that was made elsewhere
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    statement: Option<PathBuf>,
    /// Where journals are [default: $XDG_STATE_HOME/debcut/rollouts]
    #[arg(long, value_name = "DIR", env = "DEBCUT_STATE", hide_env = true)]
    state: Option<PathBuf>,
    /// Say what would be approved, and sign nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  debcut rollout approve hello_1.2-1 --key 0123ABCD…
  debcut rollout approve hello_1.2-1 --request request.md --key gpg:FINGERPRINT \\
    --out approval.asc                  on the machine of who approves
  debcut rollout approve hello_1.2-1 --statement approval.asc
                                        where the rollout is

An approval is a signed statement about one request of one rollout: its digest, the
rollout's name, and the time. Whose word counts, and how many of them, is approvals in
[rollout]. Exit code 1: the statement does not count, and why.";

/// Approves a rollout.
pub fn run(arguments: &Approve, context: &Context<'_>) -> Result<Said, Failure> {
    if let (Some(request), Some(id)) = (&arguments.request, &arguments.rollout) {
        return elsewhere(arguments, id, &context.path(request), context);
    }
    let state = arguments.state.as_ref().map(|path| context.path(path));
    let shelf = Shelf::of(state, &context.environment).map_err(crate::flow::FlowError::from)?;
    let id = shelf.find(arguments.rollout.as_deref(), Among::Open)?;
    let Some((rollout, _)) = shelf.look(&id)? else {
        return Err(Failure::request(
            "no-rollout",
            format!("{id} has not been planned"),
        ));
    };
    let kept = shelf.directory.join(id.to_string());
    let seen = match requesting::seen(&rollout, &kept)? {
        Ok(seen) => seen,
        Err(finding) => {
            let document = ApproveDocument::refused(&id, rollout.request.as_deref());
            return Ok(Answer::new(document).findings([finding]).into());
        }
    };
    if arguments.dry_run {
        let document = ApproveDocument::planned(&id, &seen.digest, &seen.kept);
        let digest = Sha256::of(format!("{id} {}", seen.digest).as_bytes()).hex();
        return Ok(Answer::new(document).dry_run(digest).into());
    }
    let now = context.now();
    let statement = match &arguments.statement {
        Some(path) => String::from_utf8_lossy(&files::read(&context.path(path))?).into_owned(),
        None => requesting::approve(
            &context.environment,
            arguments.key.as_deref(),
            &id.to_string(),
            &seen.digest,
            now,
            &mut passphrase::asker(context),
        )?,
    };
    let keyring = requesting::approvers(&context.environment, &rollout.policy.approval)?;
    let event = match requesting::admitted(&statement, &keyring, &rollout, now) {
        Ok(event) => event,
        Err(error) => {
            let finding = Finding::error("approval", id.to_string(), with_causes(&error))
                .fix(remedy(&error, &rollout, &keyring));
            let document = ApproveDocument::refused(&id, rollout.request.as_deref());
            return Ok(Answer::new(document).findings([finding]).into());
        }
    };
    let changed = write(&shelf, &id, event.clone(), context)?;
    let document = ApproveDocument::new(&rollout, &seen.digest, &seen.kept, event.as_ref());
    Ok(Answer::new(document).changed(changed).into())
}

/// Signs a statement for a rollout on another machine.
fn elsewhere(
    arguments: &Approve,
    id: &str,
    request: &std::path::Path,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    let id: RolloutId = id
        .parse()
        .map_err(|error| Failure::request("no-rollout", format!("{error}")))?;
    let text = files::read(request)?;
    let seen = Seen {
        digest: Sha256::of(&text).hex(),
        kept: request.to_owned(),
    };
    let text = String::from_utf8_lossy(&text);
    if let Some(finding) = not_its_request(arguments, &id, &text, &seen, context)? {
        let document = ApproveDocument::refused(&id, Some(&seen.digest));
        return Ok(Answer::new(document).findings([finding]).into());
    }
    // What is signed is shown, not only where it lies.
    let title = text.lines().find(|line| !line.trim().is_empty());
    let title = title.unwrap_or_default().trim_start_matches(['#', ' ']);
    let digest = &seen.digest;
    let shown = format!("what is approved: {id}: {title}; SHA-256 {digest}");
    context.listener().note(shown);
    if arguments.dry_run {
        let digest = Sha256::of(format!("{id} {}", seen.digest).as_bytes()).hex();
        return Ok(
            Answer::new(ApproveDocument::planned(&id, &seen.digest, &seen.kept))
                .dry_run(digest)
                .into(),
        );
    }
    let statement = requesting::approve(
        &context.environment,
        arguments.key.as_deref(),
        &id.to_string(),
        &seen.digest,
        context.now(),
        &mut passphrase::asker(context),
    )?;
    let out = arguments.out.as_ref().map(|path| context.path(path));
    if let Some(path) = &out {
        files::replace(path, statement.as_bytes(), Access::Public)?;
    }
    let document =
        ApproveDocument::stated(&id, &seen.digest, &seen.kept, statement, out.as_deref());
    Ok(Answer::new(document).into())
}

/// Refuses a text that is the request of another rollout, or not the one that
/// was made, as far as this machine knows.
fn not_its_request(
    arguments: &Approve,
    id: &RolloutId,
    text: &str,
    seen: &Seen,
    context: &Context<'_>,
) -> Result<Option<Finding>, Failure> {
    let shown = seen.kept.display().to_string();
    let no = |message: String, fix: String| {
        Ok(Some(Finding::error("approval", &shown, message).fix(fix)))
    };
    match requesting::rollout_of(text) {
        Some(found) if found != id.to_string() => {
            return no(
                format!("it is the request of {found}, not of {id}"),
                format!("read it; then debcut rollout approve {found} --request {shown}"),
            );
        }
        Some(_) => {}
        None => context.listener().warn(format!(
            "{shown} does not say which rollout it is of: what is signed says {id}"
        )),
    }
    let state = arguments.state.as_ref().map(|path| context.path(path));
    let shelf = Shelf::of(state, &context.environment).map_err(crate::flow::FlowError::from)?;
    let known = match shelf.ids()?.contains(id) {
        true => shelf.look(id)?.and_then(|(rollout, _)| rollout.request),
        false => None,
    };
    match known {
        Some(made) if made != seen.digest => no(
            format!(
                "it is not the request that was made: its SHA-256 is {}, and {made} was recorded",
                seen.digest
            ),
            format!(
                "debcut rollout approve {id}, without --request, approves the one that was made"
            ),
        ),
        _ => Ok(None),
    }
}

/// Says what to do about a statement that does not count.
fn remedy(error: &ApprovalError, rollout: &Rollout, keyring: &Keyring) -> String {
    let usual = "somebody whose key is in approvals of [rollout] approves this request";
    let (ApprovalError::Signature(_), Approval::Needed { keys, .. }) =
        (error, &rollout.policy.approval)
    else {
        return usual.to_owned();
    };
    let unknown = keys.iter().filter(|key| keyring.owner(key).is_none());
    let unknown: Vec<_> = unknown.map(ToString::to_string).collect();
    match (unknown.as_slice(), keys.is_empty()) {
        ([], false) => usual.to_owned(),
        ([], true) => "debcut key import FILE, with the public key of who approved".to_owned(),
        (several, _) => format!(
            "debcut key import FILE, with the public key {} of approvals: it is not known here",
            several.join(" or ")
        ),
    }
}

fn write(
    shelf: &Shelf,
    id: &RolloutId,
    event: Option<Event>,
    context: &Context<'_>,
) -> Result<bool, Failure> {
    let Some(event) = event else {
        return Ok(false);
    };
    let asked = shelf::Asked {
        at: context.now(),
        by: context.who(),
        event,
    };
    match changing::change(shelf, id, asked)? {
        Changed::Already => Ok(false),
        Changed::Written | Changed::Taken => Ok(true),
        Changed::Left { holder } => {
            let note = format!("{holder} controls it, and takes the approval before its next step");
            context.listener().note(note);
            Ok(true)
        }
    }
}
