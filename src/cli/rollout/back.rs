//! `rollout rollback` and `rollout converge`.

use std::time::Duration;

use clap::Args;

use super::control::{ControlArguments, Lines, by, go, open_desk};
use crate::cli::Said;
use crate::cli::confirm::confirmed;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::how::HowArguments;
use crate::flow::rolling::advancing::{Controlled, Until};
use crate::flow::rolling::changing;
use crate::flow::rolling::opening;
use crate::flow::rolling::shelf::{Among, Asked, Shelf};
use crate::flow::rolling::taking_back;
use crate::format::version::Version;
use crate::model::Finding;
use crate::report::Answer;
use crate::report::rollout::{AdvanceDocument, Picture, StatusDocument, WayBackDocument};
use crate::rollout::event::Event;
use crate::rollout::plan;
use crate::rollout::{Move, Phase, Rollout};

/// Arguments of `rollout rollback`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut rollout rollback --yes        the only open rollout, without a question
  debcut rollout rollback hello --reason 'errors doubled'
  debcut rollout rollback hello --dry-run
  debcut rollout rollback hello --reversion --reason 'errors doubled'   in the project's repository

The version is withdrawn from the suites first, so that nothing installs it again; then every host
that was touched goes back to what it had itself, which the journal knows. Hosts that cannot be
reached go back later: debcut rollout converge.

Hosts that update themselves never go down by themselves: they keep the version. --reversion, in the
git repository and on the branch that released it, brings them back by a release: the old tag's
files with the newer changelog, as 2.0+really1.9-1, built, tagged, published where versions enter,
and rolled out by the profile emergency. Stopped anywhere, the same command goes on.")]
pub struct RollbackArguments {
    #[command(flatten)]
    pub(super) control: ControlArguments,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = super::why)]
    pub(super) reason: Option<String>,
    /// Release what was there before under a higher version, and roll that out
    /// [default: what the archive has below it]
    #[arg(
        long,
        value_name = "VERSION",
        num_args = 0..=1,
        require_equals = true,
        value_parser = version
    )]
    reversion: Option<Option<Version>>,
    /// Push the branch and the tag before anything is published
    #[arg(long, requires = "reversion", help_heading = "How it is built")]
    pub(super) push: bool,
    #[command(flatten)]
    pub(super) how: HowArguments,
    /// Do not ask
    #[arg(short, long)]
    pub(super) yes: bool,
    /// Print who would go back and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

fn version(text: &str) -> Result<Version, String> {
    Version::new(text).map_err(|error| error.to_string())
}

/// Arguments of `rollout converge`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut rollout converge hello        hosts that were away get what the others have

After a rollout that is done they get the version; after one that was rolled back they get back
what they had.")]
pub struct ConvergeArguments {
    #[command(flatten)]
    control: ControlArguments,
    /// Print who would be asked and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Brings everything back.
pub fn rollback(arguments: &RollbackArguments, context: &Context<'_>) -> Result<Said, Failure> {
    if let Some(old) = &arguments.reversion {
        return super::reverting::revert(arguments, old.as_ref(), context);
    }
    let shelf = arguments.control.shelf(context)?;
    let id = arguments.control.find(&shelf, Among::All)?;
    let Some((rollout, entries)) = shelf.look(&id)? else {
        return Err(Failure::request(
            "no-rollout",
            format!("{id} was not started to its end"),
        ));
    };
    if let Some(finding) = taking_back::against(&shelf, &rollout)? {
        let next = plan::next(&rollout, context.now());
        let picture = Picture::new(&rollout, &entries, &next, context.now());
        let answer =
            Answer::new(StatusDocument::new(&shelf.directory, vec![picture])).findings([finding]);
        return Ok(match arguments.dry_run {
            true => answer.no_plan().into(),
            false => answer.changed(false).into(),
        });
    }
    let touched = rollout.hosts.values().filter(|host| host.touched).count();
    let is_back = matches!(rollout.phase, Phase::RollingBack { .. } | Phase::RolledBack);
    if arguments.dry_run {
        let suites = opening::touched(&rollout);
        let digest = crate::model::Sha256::of(format!("{id} {}", rollout.entries).as_bytes());
        let gone = no_way_back(arguments, &shelf, &rollout, context)?;
        let answer = Answer::new(WayBackDocument::new(&rollout, suites)).findings(gone);
        return Ok(answer.dry_run(digest).into());
    }
    if !is_back && !arguments.yes {
        let hosts = match touched {
            1 => "1 host goes".to_owned(),
            count => format!("{count} hosts go"),
        };
        let question = format!("{id}: its suites lose the version, {hosts} back. Go on? [y/N] ");
        confirmed(context, &question)?;
    }
    arguments
        .control
        .control(&shelf, &id, context, |controlled| {
            begin(controlled, arguments.reason.clone(), context)?;
            go(
                controlled,
                Until::Settled,
                "debcut/rollout-rollback/1",
                Lines::One,
                context,
            )
        })
}

/// Names what the archive no longer has of what hosts would go back to.
fn no_way_back(
    arguments: &RollbackArguments,
    shelf: &Shelf,
    rollout: &Rollout,
    context: &Context<'_>,
) -> Result<Option<Finding>, Failure> {
    let id = rollout.id.to_string();
    let means = match arguments.control.means(shelf, &rollout.id, context) {
        Ok(means) => means,
        Err(failure) => {
            let message = format!("whether the archive has it all: {}", failure.message);
            return Ok(Some(Finding::info("not-checked", id, message)));
        }
    };
    let wait = Duration::from_secs(arguments.control.wait);
    let desk = open_desk(&means.archive, wait, context)?;
    let touched = rollout.hosts.values().filter(|host| host.touched);
    let moves = touched.flat_map(|host| &host.moves).map(|made| Move {
        from: made.to.clone(),
        to: made.from.clone(),
        ..made.clone()
    });
    let moves: Vec<Move> = moves.collect();
    let missing = match moves.is_empty() {
        true => Vec::new(),
        false => opening::missing(&desk, rollout, &moves)?,
    };
    if missing.is_empty() {
        return Ok(None);
    }
    let message = format!("the archive no longer has {}", missing.join(", "));
    let finding = Finding::warning("no-way-back", id, message);
    Ok(Some(finding.fix(
        "debcut archive add puts the old packages back into a suite; else those hosts stay",
    )))
}

/// Writes down that it goes back, where it does not yet.
pub(super) fn begin(
    controlled: &mut Controlled<'_>,
    reason: Option<String>,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let phase = &controlled.rollout.phase;
    if matches!(phase, Phase::RollingBack { .. } | Phase::RolledBack) {
        return Ok(());
    }
    let asked = Asked {
        at: context.now(),
        by: by(context),
        event: Event::RollbackBegun { reason },
    };
    changing::write(&mut controlled.rollout, &mut controlled.journal, asked)?;
    Ok(())
}

/// Brings those who were away along.
pub fn converge(arguments: &ConvergeArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let shelf = arguments.control.shelf(context)?;
    let id = arguments.control.find(&shelf, Among::All)?;
    if arguments.dry_run {
        let Some((rollout, entries)) = shelf.look(&id)? else {
            return Err(Failure::request(
                "no-rollout",
                format!("{id} was not started to its end"),
            ));
        };
        let next = plan::next(&rollout, context.now());
        let picture = Picture::new(&rollout, &entries, &next, context.now());
        let digest = crate::model::Sha256::of(format!("{id} {}", rollout.entries).as_bytes());
        let answer = Answer::new(StatusDocument::new(&shelf.directory, vec![picture]));
        return Ok(answer.dry_run(digest).into());
    }
    arguments
        .control
        .control(&shelf, &id, context, |controlled| {
            if matches!(controlled.rollout.phase, Phase::RollingBack { .. }) {
                return Ok(comes_first(controlled, context));
            }
            let begins = !matches!(controlled.rollout.phase, Phase::Converging { .. });
            if begins && is_away(&controlled.rollout) {
                let asked = Asked {
                    at: context.now(),
                    by: by(context),
                    event: Event::Converging,
                };
                changing::write(&mut controlled.rollout, &mut controlled.journal, asked)?;
            }
            go(
                controlled,
                Until::Converged,
                "debcut/rollout-converge/1",
                Lines::One,
                context,
            )
        })
}

/// Refuses to bring anybody along before those that can be reached are back.
fn comes_first(controlled: &Controlled<'_>, context: &Context<'_>) -> Said {
    let (rollout, entries) = (&controlled.rollout, controlled.journal.entries());
    let now = context.now();
    let picture = Picture::new(rollout, entries, &plan::next(rollout, now), now);
    let schema = "debcut/rollout-converge/1";
    let document = AdvanceDocument::new(schema, "waiting", &[], picture);
    let id = rollout.id.to_string();
    let message = "it goes back, and those who were away come after that";
    let fix = format!("debcut rollout advance {id} --watch brings the way back to its end");
    let finding = Finding::error("rolling-back", id, message).fix(fix);
    Answer::new(document).findings([finding]).into()
}

/// Tells whether there is anybody to bring along.
fn is_away(rollout: &Rollout) -> bool {
    use crate::rollout::{HostState, Way};
    let back = rollout.way == Way::Back;
    rollout.hosts.values().any(|host| match host.state {
        HostState::Unreachable { .. } | HostState::Unknown { .. } => true,
        HostState::Failed { .. } => back,
        _ => false,
    })
}
