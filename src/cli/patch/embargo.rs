//! `patch embargo`, and the hook that it sets.

use clap::Args;

use super::{why, workspace};
use crate::cli::Said;
use crate::cli::confirm::confirmed;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::FlowError;
use crate::flow::embargoing::{self, Look, Marks, Outcome, Wanted, hook};
use crate::flow::project::Workspace;
use crate::model::finding::Severity;
use crate::model::{BranchName, Finding, Sha256, Suite, Timestamp};
use crate::patch::embargo::{Embargo, OnDate, check_name};
use crate::report::Answer;
use crate::report::patch::{CarriedMark, EmbargoDocument, Opens};
use crate::sys::outward::{Destination, carried_into, remote_place};

/// Arguments of `patch embargo`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch embargo                           how it stands
  debcut patch embargo ORCHID --branch release-1.12 --private-remote sec \\
      --private-archive /srv/sec --archive /srv/apt --suite stable --until 2026-12-01T14:00:00Z
  debcut patch embargo ORCHID --branch release-1.11 --suite release-1.11=oldstable
  debcut patch embargo ORCHID --private-command 'make check'
  debcut patch embargo ORCHID                    in another clone of the private remote
  debcut patch embargo ORCHID --drop --reason 'no hole after all' --dry-run

Work in a private clone: from here on pushes, publishes, announcements and
notifications that go to anything not marked private are refused, by debcut and
by a hook for your own git push. The name is seen in messages: a code word, not
what it is about. debcut patch lift releases everything at once.

Other clones of a private remote get the mark with their next fetch, as a branch.
From then on debcut is closed there too, and the first debcut command in one sets
the hook for git push; where core.hooksPath is set in that repository it says how
instead. Until a debcut command has run there, git push is not guarded. Name the main branch as well: the lift refuses to
release what main would lack. git push --no-verify asks no hook, submodules are
repositories of their own, and what your build, your tests and your own hooks
send nobody sees: those are yours to keep in mind.

--drop opens everything that the embargo closed and releases nothing. It is for
the clone where the embargo was set, and for who set it or decides. It says what
becomes pushable, asks, and takes the mark from the private remotes; another
clone ends it when they have the mark no more. (Where the first clone is lost,
who may delete the branch debcut-embargo/NAME there does that.) What the queue
says of it stays private: debcut patch sync leaves it out, until --publish-kept
NAME lets it out.")]
pub struct EmbargoArguments {
    /// A code word for it [default: show the one there is]
    #[arg(value_name = "NAME", value_parser = name)]
    name: Option<String>,
    /// A branch that it is about (repeat for more)
    #[arg(long, value_name = "BRANCH", requires = "name")]
    branch: Vec<BranchName>,
    /// A git remote, by name or address, that is private
    #[arg(long, value_name = "REMOTE", requires = "name")]
    private_remote: Vec<String>,
    /// An archive that is private
    #[arg(long, value_name = "NAME|DIR|URL", requires = "name")]
    private_archive: Vec<String>,
    /// An address, https:… or mailto:…, that may be told
    #[arg(long, value_name = "URL", requires = "name")]
    private_address: Vec<String>,
    /// A hook or notification command, to the letter, that may be told
    #[arg(long, value_name = "COMMAND", requires = "name")]
    private_command: Vec<String>,
    /// The remote that gets everything in the end [default: the one releases are pushed to]
    #[arg(long, value_name = "REMOTE", requires = "name")]
    public_remote: Option<String>,
    /// The archive that gets the packages in the end
    #[arg(long, value_name = "NAME|DIR|URL", requires = "name")]
    archive: Option<String>,
    /// The suite there, or that of one branch (repeat for more)
    #[arg(long, value_name = "[BRANCH=]SUITE", requires = "name", value_parser = for_branch)]
    suite: Vec<(Option<BranchName>, Suite)>,
    /// The moment that was agreed on (RFC 3339)
    #[arg(long, value_name = "DATE", requires = "name")]
    until: Option<Timestamp>,
    /// Let patch lift --if-due lift it on that date, without a question
    #[arg(long, requires = "name")]
    lift_on_date: bool,
    /// Why a private remote that looks like a fork of the public one is none
    #[arg(long, value_name = "REASON", requires = "name", value_parser = why)]
    no_fork: Option<String>,
    /// End it and release nothing: what it kept may go anywhere then
    #[arg(long, requires_all = ["name", "reason"])]
    drop: bool,
    /// Why it is dropped
    #[arg(long, value_name = "TEXT", requires = "drop", value_parser = why)]
    reason: Option<String>,
    /// Do not ask before it is dropped
    #[arg(long, requires = "drop")]
    yes: bool,
    /// Print what would be set, or what a drop would open, and write nothing
    #[arg(long, requires = "name")]
    dry_run: bool,
}

fn name(text: &str) -> Result<String, String> {
    check_name(text).map_err(str::to_owned)?;
    Ok(text.to_owned())
}

/// Takes a suite, with the branch that it is for.
fn for_branch(text: &str) -> Result<(Option<BranchName>, Suite), String> {
    let (branch, suite) = match text.rsplit_once('=') {
        Some((branch, suite)) => (Some(branch), suite),
        None => (None, text),
    };
    let branch = branch.map(|name| BranchName::new(name.to_owned()).map_err(|e| e.to_string()));
    let suite = suite.parse::<Suite>().map_err(|error| error.to_string())?;
    Ok((branch.transpose()?, suite))
}

/// Sets an embargo, or shows how it stands.
pub fn run(arguments: EmbargoArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = workspace(context)?;
    let environment = &context.environment;
    let repository = &workspace.repository;
    let document = |embargo: Option<Embargo>| -> Result<EmbargoDocument, Failure> {
        let stands = hook::standing(repository, environment)? == hook::Standing::There;
        let own = embargo.as_ref().map(|embargo| &embargo.mark);
        let carried = carried_into(&repository.own_dir(), own).map_err(FlowError::from)?;
        let carried = carried.into_iter().map(|one| CarriedMark {
            name: one.mark.name,
            from: one.name,
            private_remotes: one.mark.private.remotes,
        });
        let carried: Vec<_> = carried.collect();
        Ok(EmbargoDocument {
            hook: (embargo.is_some() || !carried.is_empty()).then_some(stands),
            embargo,
            carried,
            ended: embargoing::ended(repository)?.pop(),
            opens: None,
        })
    };
    let Some(name) = arguments.name else {
        let there = embargoing::read(repository)?;
        let over = embargoing::over_elsewhere(repository, there.as_ref(), Look::Here, environment)?;
        let over = over.map(|finding| finding.weighing(Severity::Warning));
        return Ok(Answer::new(document(there)?).findings(over).into());
    };
    if let Some(reason) = arguments.reason.filter(|_| arguments.drop) {
        let ways = (arguments.dry_run, arguments.yes);
        return dropped(&workspace, &name, &reason, ways, &document, context);
    }
    let wanted = Wanted {
        name,
        branches: arguments.branch,
        private: Marks {
            remotes: arguments.private_remote,
            archives: arguments.private_archive,
            addresses: arguments.private_address,
            commands: arguments.private_command,
        },
        remote: arguments.public_remote,
        archive: arguments.archive,
        suites: arguments.suite,
        until: arguments.until,
        on_date: arguments.lift_on_date.then_some(OnDate::Lift),
        no_fork: arguments.no_fork,
        dry_run: arguments.dry_run,
        by: context.person()?,
        now: context.now(),
    };
    let answer = match embargoing::set(&workspace, &context.directory, &wanted, environment)? {
        Outcome::Refused(findings) => {
            let answer = Answer::new(document(embargoing::read(repository)?)?).findings(findings);
            match wanted.dry_run {
                true => answer.no_plan(),
                false => answer.changed(false),
            }
        }
        Outcome::Planned(embargo, findings) => {
            let digest = Sha256::of(embargo.text().as_bytes());
            Answer::new(document(Some(*embargo))?)
                .dry_run(digest)
                .findings(findings)
        }
        Outcome::Set {
            embargo,
            changed,
            findings,
        } => Answer::new(document(Some(*embargo))?)
            .changed(changed)
            .findings(findings),
    };
    Ok(answer.into())
}

/// Shows what a drop opens.
fn opens(planned: &embargoing::Drop) -> Opens {
    let embargo = &planned.embargo;
    Opens {
        name: embargo.mark.name.clone(),
        remote: embargo.target.remote.clone(),
        branches: planned.branches.clone(),
        tags: planned.tags.clone(),
        archives: embargo.mark.private.archives.clone(),
        kept: planned.kept,
    }
}

/// Drops an embargo, after saying what that opens.
fn dropped(
    workspace: &Workspace,
    name: &str,
    reason: &str,
    (dry_run, yes): (bool, bool),
    document: &dyn Fn(Option<Embargo>) -> Result<EmbargoDocument, Failure>,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    let environment = &context.environment;
    let there = embargoing::read(&workspace.repository)?;
    if there.as_ref().is_some_and(|there| there.mark.name != name) {
        let message = format!("{name} is not the embargo of this repository");
        return Err(Failure::request("no-embargo", message));
    }
    let said = (&context.person()?, context.now());
    let planned = match embargoing::to_drop(workspace, name, said, environment)? {
        Ok(Some(planned)) => planned,
        nothing => {
            let findings = nothing.err().unwrap_or_default();
            let answer = Answer::new(document(there)?).findings(findings);
            let answer = match dry_run {
                true if !answer.is_no() => answer.dry_run(Sha256::of(b"")),
                true => answer.no_plan(),
                false => answer.changed(false),
            };
            return Ok(answer.into());
        }
    };
    let opens = opens(&planned);
    if dry_run {
        let plan = serde_json::to_vec(&opens).expect("what it opens is plain values");
        let shown = EmbargoDocument {
            opens: Some(opens),
            ..document(there)?
        };
        let answer = Answer::new(shown).dry_run(Sha256::of(&plan));
        return Ok(answer.findings(planned.findings).into());
    }
    if !yes {
        for line in opens.lines() {
            context.listener().note(line);
        }
        for finding in &planned.findings {
            let Finding { message, fix, .. } = finding;
            context.listener().note(format!("{message}: {fix}"));
        }
        confirmed(
            context,
            &format!("{name} ends, and nothing is released. Go on? [y/N] "),
        )?;
    }
    let findings = embargoing::drop(workspace, &planned, said, reason, environment)?;
    let shown = EmbargoDocument {
        opens: Some(opens),
        ..document(None)?
    };
    let answer = Answer::new(shown).changed(true);
    Ok(answer.findings(planned.findings).findings(findings).into())
}

/// Arguments of `patch pre-push`.
#[derive(Debug, Args)]
pub struct PrePushArguments {
    /// The remote's name
    remote: String,
    /// Its address, as git is about to use it
    address: String,
}

/// Answers git's hook: a push may go there, or it ends with an error.
pub fn pre_push(arguments: &PrePushArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = workspace(context)?;
    let place = remote_place(&arguments.address, workspace.repository.top());
    let gate = context.environment.gate();
    gate.permit(Destination::Remote(place))
        .map_err(|error| Failure::from(error).hint(format!("{} is public", arguments.remote)))?;
    Ok(Said::Whole)
}
