//! `rollout pause`, `resume`, `skip-soak`, `exclude`, `include` and `abort`: a person's word
//! about a rollout, which reaches a running controller too.

use clap::Args;

use super::WhichArguments;
use super::closing;
use super::control::by;
use crate::cli::Said;
use crate::cli::confirm::confirmed;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::rolling::RollingError;
use crate::flow::rolling::changing::{self, Changed};
use crate::flow::rolling::opening;
use crate::flow::rolling::shelf::{Among, Asked, Shelf, has_ended};
use crate::model::HostName;
use crate::report::Answer;
use crate::report::rolling::{Next, words};
use crate::report::rollout::{ChangeDocument, Word};
use crate::rollout::event::Event;
use crate::rollout::plan::{self, Step};
use crate::rollout::{Phase, Rollout, RolloutId};

/// A word about a rollout, and why where somebody says so.
#[derive(Debug, Args)]
struct ToldArguments {
    #[command(flatten)]
    which: WhichArguments,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = super::why)]
    reason: Option<String>,
    /// Print what would be written down and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// A word about a rollout that nobody may say without a reason.
#[derive(Debug, Args)]
struct ToldWhyArguments {
    #[command(flatten)]
    which: WhichArguments,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = super::why)]
    reason: String,
    /// Print what would be written down and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Arguments of `rollout pause`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut rollout pause                 the only open rollout
  debcut rollout pause hello --reason 'wait for the database'

It never asks. Soaks go on: their deadlines are moments. A ring whose hosts update themselves is
closed by the next debcut rollout advance. debcut rollout resume goes on.")]
pub struct PauseArguments {
    #[command(flatten)]
    told: ToldArguments,
}

/// Arguments of `rollout resume`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut rollout resume --yes          after a pause or a halt, without a question
  debcut rollout resume hello --reason 'the mirror is back'

After a halt, hosts that failed are tried again, and their failures are forgiven.")]
pub struct ResumeArguments {
    #[command(flatten)]
    told: ToldArguments,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// Arguments of `rollout skip-soak`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut rollout skip-soak --reason 'the canary had all of yesterday'")]
pub struct SkipSoakArguments {
    #[command(flatten)]
    told: ToldWhyArguments,
}

/// Arguments of `rollout exclude`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut rollout exclude web3 --reason 'its disk is replaced today'
  debcut rollout exclude web3 hello --reason broken   of hello's rollout")]
pub struct ExcludeArguments {
    /// The host
    host: HostName,
    #[command(flatten)]
    told: ToldWhyArguments,
}

/// Arguments of `rollout include`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut rollout include web3          takes back debcut rollout exclude web3
  debcut rollout include web3 hello --reason 'its disk is new'

It is one of its ring's hosts again, and gets what they got by the next debcut rollout advance, or,
where its ring has passed, by debcut rollout converge.")]
pub struct IncludeArguments {
    /// The host
    host: HostName,
    #[command(flatten)]
    told: ToldArguments,
}

/// Arguments of `rollout abort`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut rollout abort --reason 'superseded by 1.3'

It never asks. Hosts and suites stay as they are; debcut rollout rollback brings them back.")]
pub struct AbortArguments {
    #[command(flatten)]
    told: ToldArguments,
}

/// A word about a rollout.
struct Spoken<'a> {
    word: Word,
    which: &'a WhichArguments,
    dry_run: bool,
    so: String,
}

/// Pauses.
pub fn pause(arguments: &PauseArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let reason = arguments.told.reason.clone();
    let spoken = Spoken {
        word: Word::Pause,
        which: &arguments.told.which,
        dry_run: arguments.told.dry_run,
        so: "is paused: nothing new is begun".to_owned(),
    };
    say(&spoken, context, |_| {
        Ok(Event::Paused {
            reason: reason.clone(),
        })
    })
}

/// Resumes.
pub fn resume(arguments: &ResumeArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let spoken = Spoken {
        word: Word::Resume,
        which: &arguments.told.which,
        dry_run: arguments.told.dry_run,
        so: "goes on".to_owned(),
    };
    say(&spoken, context, |rollout| {
        let stands = matches!(rollout.phase, Phase::Halted { .. } | Phase::Blocked { .. });
        if (rollout.paused.is_some() || stands) && !arguments.yes && !arguments.told.dry_run {
            let why = match (&rollout.phase, &rollout.paused) {
                (Phase::Halted { why, .. }, _) => format!("halted: {}", words::halt(why)),
                (Phase::Blocked { why }, _) => format!("blocked: {}", words::blocked(why)),
                (_, Some(why)) if !why.is_empty() => format!("paused: {why}"),
                _ => "paused".to_owned(),
            };
            confirmed(context, &format!("{} is {why}. Go on? [y/N] ", rollout.id))?;
        }
        Ok(Event::Resumed {
            reason: arguments.told.reason.clone(),
        })
    })
}

/// Lets a soak go.
pub fn skip_soak(arguments: &SkipSoakArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let spoken = Spoken {
        word: Word::SkipSoak,
        which: &arguments.told.which,
        dry_run: arguments.told.dry_run,
        so: "soaks no longer: the ring passes when its checks hold".to_owned(),
    };
    say(&spoken, context, |rollout| {
        let Some(ring) = changing::soaking(rollout) else {
            let id = rollout.id.to_string();
            let (why, fix) = match has_ended(&rollout.phase) {
                true => (
                    "has ended, so nothing of it soaks any more".to_owned(),
                    format!("debcut rollout status {id} says how"),
                ),
                false => (
                    "does not soak now".to_owned(),
                    format!("debcut rollout status {id} says what it waits for"),
                ),
            };
            return Err(RollingError::NotNow { id, why, fix }.into());
        };
        Ok(Event::SoakSkipped {
            ring: ring.name.clone(),
            reason: arguments.told.reason.clone(),
        })
    })
}

/// Leaves a host out.
pub fn exclude(arguments: &ExcludeArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let host = &arguments.host;
    let spoken = Spoken {
        word: Word::Exclude,
        which: &arguments.told.which,
        dry_run: arguments.told.dry_run,
        so: format!("leaves {host} out"),
    };
    say(&spoken, context, |_| {
        Ok(Event::Excluded {
            host: host.clone(),
            reason: arguments.told.reason.clone(),
        })
    })
}

/// Takes a host in again that was left out.
pub fn include(arguments: &IncludeArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let host = &arguments.host;
    let spoken = Spoken {
        word: Word::Include,
        which: &arguments.told.which,
        dry_run: arguments.told.dry_run,
        so: format!("takes {host} in again"),
    };
    say(&spoken, context, |_| {
        Ok(Event::Included {
            host: host.clone(),
            reason: arguments.told.reason.clone(),
        })
    })
}

/// Ends a rollout where it is.
pub fn abort(arguments: &AbortArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let spoken = Spoken {
        word: Word::Abort,
        which: &arguments.told.which,
        dry_run: arguments.told.dry_run,
        so: "has ended where it was".to_owned(),
    };
    let reason = arguments.told.reason.clone();
    say(&spoken, context, |_| {
        Ok(Event::Aborted {
            reason: reason.clone(),
        })
    })
}

fn say(
    spoken: &Spoken<'_>,
    context: &Context<'_>,
    event: impl Fn(&Rollout) -> Result<Event, Failure>,
) -> Result<Said, Failure> {
    let shelf = spoken.which.state.shelf(context)?;
    let among = match spoken.word {
        // Run again, it has ended already.
        Word::Abort => Among::All,
        _ => Among::Open,
    };
    let id = shelf.find(spoken.which.rollout.as_deref(), among)?;
    let (rollout, _) = read(&shelf, &id)?;
    let event = event(&rollout)?;
    if spoken.dry_run {
        let text = format!("would be told: {}", spoken.so);
        let document = ChangeDocument::new(spoken.word, &id.to_string(), &text, None);
        let digest = serde_json::to_vec(&(&event, rollout.entries)).expect("events are plain");
        let digest = crate::model::Sha256::of(&digest);
        return Ok(Answer::new(document).dry_run(digest).into());
    }
    let asked = Asked {
        at: context.now(),
        by: by(context),
        event,
    };
    let changed = changing::change(&shelf, &id, asked)?;
    let (rollout, _) = read(&shelf, &id)?;
    let next = plan::next(&rollout, context.now());
    let mut findings = Vec::new();
    if rollout.paused.is_some() && matches!(next, Step::Withdraw { .. }) {
        findings.extend(match changed {
            Changed::Written | Changed::Already => {
                closing::close(spoken.which, &shelf, &id, &next, context)
            }
            Changed::Taken | Changed::Left { .. } => closing::is_left(&shelf, &id, context)?,
        });
    }
    let (rollout, _) = read(&shelf, &id)?;
    let next = plan::next(&rollout, context.now());
    let next = Next::of(&rollout, &next, context.now());
    let name = id.to_string();
    let so = match &changed {
        Changed::Left { .. } => "was asked; it is not yet so",
        _ => &spoken.so,
    };
    let document = ChangeDocument::new(spoken.word, &name, so, Some(next));
    let document = match &changed {
        Changed::Left { holder } => document.left_for(holder),
        _ => document,
    };
    if rollout.phase == Phase::Aborted && matches!(changed, Changed::Written) {
        unpin(&shelf, &rollout, context);
    }
    let is_changed = !matches!(changed, Changed::Already);
    Ok(Answer::new(document)
        .findings(findings)
        .changed(is_changed)
        .into())
}

fn read(
    shelf: &Shelf,
    id: &RolloutId,
) -> Result<(Rollout, Vec<crate::rollout::event::Entry>), Failure> {
    shelf.look(id)?.ok_or_else(|| {
        Failure::request("no-rollout", format!("{id} was not started to its end"))
            .hint("start it once more")
    })
}

/// Lets the way back go where the archive can be reached; else it stays kept,
/// which costs only room.
fn unpin(shelf: &Shelf, rollout: &Rollout, context: &Context<'_>) {
    let id = rollout.id.to_string();
    let unpinned = || -> Result<(), Failure> {
        let Some(means) = shelf.means(&rollout.id)? else {
            return Ok(());
        };
        let desk =
            crate::cli::archive::desk(&means.archive, crate::cli::archive::DEFAULT_WAIT, context)?;
        Ok(opening::unpin_way_back(&desk, rollout, &id)?)
    };
    if let Err(failure) = unpinned() {
        let why = format!(
            "the pins of {id} are still in the archive: {}",
            failure.message
        );
        context.listener().warn(why);
    }
}
