//! `announce`.

use clap::Args;

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::flow::FlowError;
use crate::flow::announcing::{self, Again, Announced, How, State, Wanted};
use crate::flow::project::Workspace;
use crate::model::{Sha256, TagName};
use crate::report::{AnnounceDocument, AnnounceLine, Answer};

/// Arguments of `announce`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct AnnounceArguments {
    /// The releases, told together [default: the tag at HEAD; to look at, the
    /// newest one]
    #[arg(value_name = "TAG")]
    tags: Vec<TagName>,
    /// This channel alone (repeat for more) [default: all of them]
    #[arg(long, value_name = "CHANNEL")]
    to: Vec<String>,
    /// Send it
    #[arg(long)]
    send: bool,
    /// Send it once more where it was sent, or perhaps sent
    #[arg(long, requires = "send")]
    again: bool,
    /// Say what would be sent and send nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  debcut announce v1.12.4                  what each channel would be told
  debcut announce v1.12.4 --send           tell them, each once
  debcut announce v1.12.4 --to list --send
  debcut announce libfoo/1.2 libbar/3.4    two releases in one text

Channels are [[announce.channel]] in debcut.toml: a name and one of mail, command,
webhook and file; template = \"text\", \"md\", \"json\", \"slack\" or a file of your own.
What was sent where is written into the queue: after debcut patch sync other clones
do not send it again. The text is made of the release's notes. Of a hotfix it lists what is left out
although the normal branch has it. A mail goes to [announce] sendmail, which finds
its recipients in the headers.";

/// Shows or sends an announcement.
pub fn run(arguments: AnnounceArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = context.workspace()?;
    let sends = arguments.send && !arguments.dry_run;
    known(&arguments.to, &workspace)?;
    let tags = match arguments.tags.is_empty() {
        true => proposed(&workspace, sends, context)?,
        false => arguments.tags,
    };
    let wanted = Wanted {
        tags,
        to: arguments.to,
        how: match sends {
            true => How::Send,
            false => How::Preview,
        },
        again: match arguments.again {
            true => Again::Always,
            false => Again::Never,
        },
        by: context.person()?,
        now: context.now(),
    };
    let environment = &context.environment;
    let told = announcing::announce(&workspace, &wanted, environment, context.listener())?;
    let changed = told
        .channels
        .iter()
        .any(|channel| channel.state == State::Sent);
    let (document, findings) = document(told, sends);
    let digest = Sha256::of(document.plan().as_bytes());
    let answer = Answer::new(document).findings(findings);
    Ok(match (arguments.dry_run, sends) {
        (true, _) => answer.dry_run(digest),
        (_, true) => answer.changed(changed),
        _ => answer,
    }
    .into())
}

/// Refuses a channel that is not configured.
fn known(to: &[String], workspace: &Workspace) -> Result<(), Failure> {
    let channels = &workspace.project.announce.channels;
    let names: Vec<&str> = channels.iter().map(|one| one.name.as_str()).collect();
    let Some(wrong) = to.iter().find(|one| !names.contains(&one.as_str())) else {
        return Ok(());
    };
    let failure = Failure::request("no-channel", format!("there is no channel “{wrong}”"));
    Err(match names.is_empty() {
        true => failure.hint("[[announce.channel]] in debcut.toml makes one"),
        false => failure.hint(format!("debcut.toml has {}", names.join(", "))),
    })
}

/// Finds the releases that are meant where none is named: those at HEAD, else
/// the newest one that HEAD descends from. That is shown; sent it is by name.
fn proposed(
    workspace: &Workspace,
    sends: bool,
    context: &Context<'_>,
) -> Result<Vec<TagName>, Failure> {
    match workspace.tag_at_head(None) {
        Ok(tag) => return Ok(vec![tag]),
        Err(FlowError::NoTagAtHead { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let newest = announcing::newest(workspace)?;
    let named: Vec<&str> = newest.iter().map(TagName::as_str).collect();
    let named = named.join(" ");
    if newest.is_empty() {
        let failure = Failure::request("no-tag", "no release that could be announced leads here");
        return Err(failure.hint("debcut announce TAG; git fetch --tags brings those of others"));
    }
    if sends {
        let failure = Failure::request("no-tag", "HEAD is not a release: which one is sent?");
        return Err(failure.hint(format!(
            "the newest one is sent by debcut announce {named} --send"
        )));
    }
    let note = format!("of {named}, the newest release; of another one: debcut announce TAG");
    context.listener().note(&note);
    Ok(newest)
}

/// Puts what became of an announcement into its document.
fn document(told: Announced, sends: bool) -> (AnnounceDocument, Vec<crate::model::Finding>) {
    let channels = told.channels.into_iter().map(|channel| {
        let (state, sent) = match channel.state {
            State::Waits => ("waits", None),
            State::Sent => ("sent", None),
            State::WaitsAgain(at) => ("waits", Some(at.to_string())),
            State::PerhapsSent(at) => ("perhaps-sent", Some(at.to_string())),
            State::SentBefore(at) => ("sent-before", Some(at.to_string())),
            State::Failed => ("failed", None),
        };
        AnnounceLine {
            name: channel.name,
            to: channel.to,
            state,
            sent,
            text: channel.text,
        }
    });
    let document = AnnounceDocument {
        title: told.title,
        tags: told.tags.iter().map(ToString::to_string).collect(),
        text: told.text,
        channels: channels.collect(),
        sends,
    };
    (document, told.findings)
}
