//! `patch lift`.

use std::collections::BTreeMap;

use clap::Args;

use super::{why, workspace};
use crate::cli::archive::ArchiveArgument;
use crate::cli::build::KeyArguments;
use crate::cli::confirm::confirmed;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::{Said, passphrase};
use crate::flow::embargoing;
use crate::flow::lifting::{self, Outcome, Step, Wanted, When};
use crate::keys::KeyDescription;
use crate::model::{Finding, Sha256};
use crate::report::Answer;
use crate::report::patch::{LiftDocument, LiftStep};
use crate::sys::openpgp::Passphrase;

/// Arguments of `patch lift`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch lift --dry-run                    what would go out, and where
  debcut patch lift --yes
  debcut patch lift --if-due                     from cron: on its date, if so set
  debcut patch lift --abort                      it was begun, and nothing is out yet
  debcut patch lift --early --reason 'disclosed elsewhere' --yes

Packages are published, then branches and tags are pushed in one atomic push,
then everybody is told, then the queue is shared as far as it tells of what is
out. What can be tried is tried before anything is out: the push, the archive's
rules, the key, and whether the main branch gets the fix and a private archive
had the packages. Stopped half-way (exit 4), it is finished by running it again;
nothing goes out twice.

Nobody lifts by itself: for a date, set it with patch embargo --until DATE
--lift-on-date, and let cron or a systemd timer run it every minute:
  * * * * *  cd /srv/sec/tool && debcut -q patch lift --if-due
The key must open without a question then (DEBCUT_SIGNING_PASSPHRASE, an agent).")]
pub struct LiftArguments {
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Only when its date has come and it was set with --lift-on-date; asks nobody
    #[arg(long, conflicts_with = "early")]
    if_due: bool,
    /// Before its date
    #[arg(long, requires = "reason")]
    early: bool,
    /// Why before its date
    #[arg(long, value_name = "TEXT", requires = "early", value_parser = why)]
    reason: Option<String>,
    /// Tell nobody; debcut announce does it later
    #[arg(long)]
    no_announce: bool,
    /// Why a branch may release what the main branch will not have
    #[arg(long, value_name = "REASON", value_parser = why)]
    not_on_main: Option<String>,
    /// Take back a lift that was begun and of which nothing is out
    #[arg(long, conflicts_with_all = ["if_due", "early", "no_announce", "not_on_main"])]
    abort: bool,
    #[command(flatten)]
    key: KeyArguments,
    /// Print what would go out and let nothing out
    #[arg(long)]
    dry_run: bool,
}

/// Lifts an embargo.
pub fn run(arguments: LiftArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = workspace(context)?;
    if arguments.abort {
        if arguments.dry_run {
            return Ok(to_abort(lifting::to_abort(&workspace)?));
        }
        return Ok(aborted(lifting::abort(&workspace)?));
    }
    let there = embargoing::read(&workspace.repository)?;
    let wanted = Wanted {
        when: match (arguments.reason, arguments.if_due) {
            (Some(reason), _) => When::Early(reason),
            (None, true) => When::Unattended,
            (None, false) => When::Due,
        },
        dry_run: arguments.dry_run,
        quiet: arguments.no_announce,
        not_on_main: arguments.not_on_main,
        key: arguments.key.wanted(),
        by: context.person()?,
        now: context.now(),
    };
    let asks = !arguments.yes && !arguments.if_due && !arguments.dry_run;
    if let Some(embargo) = there.as_ref().filter(|one| asks && one.lift.is_none()) {
        let name = &embargo.mark.name;
        confirmed(context, &format!("{name} becomes public. Go on? [y/N] "))?;
    }
    let place = there.and_then(|embargo| embargo.target.archive);
    let desk = place.map(|place| ArchiveArgument::called(&place).desk_to_change(context));
    let desk = desk.transpose()?;
    // It is opened twice: to try it, and to sign.
    let mut asker = passphrase::asker(context);
    let mut known: BTreeMap<String, Passphrase> = BTreeMap::new();
    let mut ask = |key: &KeyDescription| {
        let name = key.fingerprint.to_string();
        if let Some(known) = known.get(&name) {
            return Ok(Some(known.clone()));
        }
        let given = asker(key)?;
        known.extend(given.clone().map(|given| (name, given)));
        Ok(given)
    };
    let surroundings: (_, &mut crate::keys::Ask<'_>, _) =
        (&context.environment, &mut ask, context.listener());
    let outcome = lifting::lift(&workspace, &wanted, desk.as_ref(), surroundings)?;
    Ok(said(outcome, &wanted))
}

/// Answers what became of a lift that was to be taken back.
fn aborted(outcome: Outcome) -> Said {
    match outcome {
        Outcome::Aborted(embargo, changed) => {
            let document = LiftDocument::of(&embargo, "aborted");
            Answer::new(document).changed(changed).into()
        }
        Outcome::Stopped(embargo, _, findings) => {
            let answer = Answer::new(LiftDocument::of(&embargo, "stopped"));
            Said::Judged(answer.changed(false).findings(findings), Exit::Stopped)
        }
        _ => Answer::new(none(None)).changed(false).into(),
    }
}

/// Says what taking back a lift would come to.
fn to_abort(outcome: Outcome) -> Said {
    match outcome {
        Outcome::Aborted(embargo, begun) => {
            let state = match begun {
                true => "would-abort",
                false => "aborted",
            };
            let document = LiftDocument::of(&embargo, state);
            Answer::new(document)
                .dry_run(Sha256::of(state.as_bytes()))
                .into()
        }
        Outcome::Stopped(embargo, _, findings) => {
            let answer = Answer::new(LiftDocument::of(&embargo, "stopped"));
            answer.no_plan().findings(findings).into()
        }
        _ => Answer::new(none(None)).dry_run(Sha256::of(b"")).into(),
    }
}

/// Says that there is no embargo.
fn none(name: Option<String>) -> LiftDocument {
    LiftDocument {
        name,
        state: "none",
        ..LiftDocument::default()
    }
}

fn said(outcome: Outcome, wanted: &Wanted) -> Said {
    let with = |document: LiftDocument, steps: Vec<Step>| {
        let steps = steps.into_iter().map(|step| LiftStep {
            step: step.step,
            what: step.what,
            changed: step.changed,
        });
        Answer::new(LiftDocument {
            steps: steps.collect(),
            ..document
        })
    };
    let unchanged = |answer: Answer| match wanted.dry_run {
        true => answer.no_plan(),
        false => answer.changed(false),
    };
    let answer = match outcome {
        Outcome::Aborted(..) => return aborted(outcome),
        Outcome::None(ended) => {
            let answer = Answer::new(none(ended.map(|ended| ended.name)));
            match wanted.dry_run {
                true => answer.dry_run(Sha256::of(b"")),
                false => answer.changed(false),
            }
        }
        Outcome::NotDue(embargo, due) => {
            let document = LiftDocument {
                due: Some(due),
                ..LiftDocument::of(&embargo, "not-due")
            };
            let answer = unchanged(Answer::new(document));
            match wanted.when {
                When::Unattended => answer,
                _ => {
                    let message = format!("it is agreed on until {due}");
                    let finding = Finding::error("not-due", &embargo.mark.name, message);
                    answer.findings([finding.fix("wait, or --early --reason TEXT")])
                }
            }
        }
        Outcome::Refused(embargo, findings) => {
            unchanged(Answer::new(LiftDocument::of(&embargo, "refused")).findings(findings))
        }
        Outcome::Stopped(embargo, steps, findings) if wanted.dry_run => {
            with(LiftDocument::of(&embargo, "stopped"), steps)
                .no_plan()
                .findings(findings)
        }
        Outcome::Planned(embargo, planned) => {
            let text = serde_json::to_vec(&planned.lift).expect("a lift is plain values");
            let document = LiftDocument {
                lift: Some(planned.lift),
                commits: planned.commits,
                ..LiftDocument::of(&embargo, "planned")
            };
            Answer::new(document)
                .dry_run(Sha256::of(&text))
                .findings(planned.findings)
        }
        Outcome::Stopped(embargo, steps, findings) => {
            let answer = with(LiftDocument::of(&embargo, "stopped"), steps);
            return Said::Judged(answer.changed(true).findings(findings), Exit::Stopped);
        }
        Outcome::Lifted(embargo, steps, findings) => {
            with(LiftDocument::of(&embargo, "lifted"), steps)
                .changed(true)
                .findings(findings)
        }
    };
    answer.into()
}
