//! `tag`.

use clap::Args;

use super::build::KeyArguments;
use super::context::Context;
use super::failure::Failure;
use super::request::RequestArguments;
use super::{Said, passphrase};
use crate::flow::project::Workspace;
use crate::flow::signing::KeyWanted;
use crate::flow::tagging::{self, Outcome, Signing, Wanted};
use crate::release::tag::plan::NewTag;
use crate::report::{Answer, TagDocument, TagLine};

/// Arguments of `tag`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct TagArguments {
    #[command(flatten)]
    request: RequestArguments,
    #[command(flatten)]
    signing: TagSigning,
    /// Push the branch and the tags, in one atomic push
    #[arg(long)]
    push: bool,
    /// Print the tags that would be made and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Who signs tags.
#[derive(Debug, Clone, Args)]
pub struct TagSigning {
    #[command(flatten)]
    key: KeyArguments,
    /// Sign as git is configured (user.signingKey, gpg.format)
    #[arg(long, conflicts_with = "key")]
    git_sign: bool,
    /// Sign nothing
    #[arg(long, conflicts_with_all = ["key", "git_sign"])]
    no_sign: bool,
}

const EXAMPLES: &str = "\
Examples:
  debcut tag                    what is prepared, each on its release commit
  debcut tag --push             and branch and tags to the remote, all or none
  debcut tag libfoo --git-sign  signed by git's own configuration
  debcut tag --dry-run --json

The tag goes on the release commit, also when HEAD has moved on or the commit
was merged or squashed; its tree, its changelog and the tag agree, or it is not
made. Without a word about keys, git's configuration signs where it names a
key, else the key of debcut's.";

impl TagSigning {
    /// Returns who signs.
    pub fn wanted(&self) -> Signing {
        match self.key.wanted() {
            _ if self.no_sign => Signing::Nobody,
            _ if self.git_sign => Signing::Git,
            KeyWanted::Usual => Signing::Usual,
            named => Signing::Key(named),
        }
    }

    /// Returns which key signs artifacts.
    pub fn key(&self) -> KeyWanted {
        self.key.wanted()
    }
}

/// Makes the tags.
pub fn run(arguments: TagArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = Workspace::open(&context.directory, context.config.as_deref())?;
    let wanted = Wanted {
        request: arguments.request.of_source()?,
        signing: arguments.signing.wanted(),
        push: arguments.push,
        dry_run: arguments.dry_run,
        author: context.person()?,
        date: context.now(),
    };
    let outcome = tagging::tag(
        &workspace,
        &wanted,
        &context.environment,
        &mut passphrase::asker(context),
        context.listener(),
    )?;
    Ok(answer(outcome).into())
}

fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Refused { findings, dry_run } => {
            let answer = Answer::new(TagDocument::default()).findings(findings);
            match dry_run {
                true => answer.no_plan(),
                false => answer.changed(false),
            }
        }
        Outcome::Planned(planned) => {
            let tags = lines(&planned.plan.new, &planned.plan.there, &planned.signed_by);
            let digest = planned.plan.digest();
            let document = TagDocument {
                tags,
                ..TagDocument::default()
            };
            Answer::new(document)
                .dry_run(digest)
                .findings(planned.findings)
        }
        Outcome::Done(done) => {
            let first = done
                .made
                .first()
                .map(|tag| format!("debcut build {}", tag.name));
            let document = TagDocument {
                tags: lines(&done.made, &done.there, &done.signed_by),
                pushed: done.pushed,
                next_step: first,
            };
            let changed = !done.made.is_empty() || done.pushed;
            Answer::new(document)
                .changed(changed)
                .findings(done.findings)
        }
    }
}

fn lines(made: &[NewTag], there: &[NewTag], signed_by: &str) -> Vec<TagLine> {
    let line = |tag: &NewTag, existed: bool| TagLine {
        package: tag.package.to_string(),
        version: tag.version.clone(),
        name: tag.name.to_string(),
        commit: tag.commit.clone(),
        signed_by: signed_by.to_owned(),
        existed,
    };
    let there = there.iter().map(|tag| line(tag, true));
    made.iter()
        .map(|tag| line(tag, false))
        .chain(there)
        .collect()
}
