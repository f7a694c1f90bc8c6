//! What it takes to control a rollout: its journal, the archive, a key, the way
//! to hosts.

use std::path::Path;
use std::time::Duration;

use clap::Args;

use super::{RingsArgument, WhichArguments, rules};
use crate::cli::archive::{
    ArchiveArgument, DEFAULT_WAIT, configured_key, desk, rules as publish_rules,
};
use crate::cli::build::KeyArguments;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::{Said, passphrase};
use crate::config::rollout::{RehearsalBase, Rights};
use crate::config::{Project, RolloutRules};
use crate::flow::archiving::{Act, Desk};
use crate::flow::embargoing::archives::refuse_leak;
use crate::flow::rolling::advancing::{Controlled, Ending, Until};
use crate::flow::rolling::controller::{Controller, Ground, Ticking};
use crate::flow::rolling::rehearsing::Base;
use crate::flow::rolling::requesting::{self, Asking};
use crate::flow::rolling::shelf::{Among, Means, Shelf};
use crate::keys::Ask;
use crate::model::Finding;
use crate::report::Answer;
use crate::report::rolling::{is_news, words};
use crate::report::rollout::{AdvanceDocument, Picture, findings};
use crate::rollout::event::Entry;
use crate::rollout::journal::Journal;
use crate::rollout::plan;
use crate::rollout::policy::{Approval, Engine};
use crate::rollout::telling::Form;
use crate::rollout::{Rollout, RolloutId};
use crate::sys::git::Repository;
use crate::sys::host::Hosts;
use crate::sys::host::ansible::Ansible;
use crate::sys::host::ssh::{Become, Ssh};
use crate::sys::outward::{Destination, Gate};
use crate::sys::store::Store;

/// What every verb takes that does a rollout's steps.
#[derive(Debug, Clone, Args)]
pub(super) struct ControlArguments {
    #[command(flatten)]
    pub(super) which: WhichArguments,
    #[command(flatten)]
    archive: ArchiveArgument,
    #[command(flatten)]
    rings: RingsArgument,
    #[command(flatten)]
    pub(super) key: KeyArguments,
    /// How long to wait for another publisher, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_WAIT.as_secs())]
    pub(super) wait: u64,
}

/// Opens the archive for changes by a rollout.
pub(super) fn open_desk<'a>(
    location: &str,
    wait: Duration,
    context: &'a Context<'_>,
) -> Result<Desk<'a>, Failure> {
    let mut desk = desk(location, wait, context)?;
    desk.configured_key = configured_key(context)?;
    desk.rules = publish_rules(location, context)?;
    Ok(desk)
}

/// Takes a place as a later run finds it, wherever it is started.
pub(super) fn lasting(location: String, context: &Context<'_>) -> String {
    match location.contains("://") || location.starts_with("file:") {
        true => location,
        false => context.path(Path::new(&location)).display().to_string(),
    }
}

/// Says who controls, for the journal: user, host.
pub(super) fn by(context: &Context<'_>) -> String {
    let host = rustix::system::uname();
    format!("{} on {}", context.who(), host.nodename().to_string_lossy())
}

impl ControlArguments {
    /// Controls what is meant as it was started: for words that have to be acted
    /// on at once.
    pub(super) fn usual(which: &WhichArguments, archive: &str) -> Self {
        Self {
            which: which.clone(),
            archive: ArchiveArgument::called(archive),
            rings: RingsArgument { rings: None },
            key: KeyArguments::usual(),
            wait: DEFAULT_WAIT.as_secs(),
        }
    }

    pub(super) fn shelf(&self, context: &Context<'_>) -> Result<Shelf, Failure> {
        self.which.state.shelf(context)
    }

    /// Finds the rollout that is meant.
    pub(super) fn find(&self, shelf: &Shelf, among: Among) -> Result<RolloutId, Failure> {
        Ok(shelf.find(self.which.rollout.as_deref(), among)?)
    }

    /// Reads how this rollout's controller reaches things: what the command line
    /// says, else what it was started with.
    pub(super) fn means(
        &self,
        shelf: &Shelf,
        id: &RolloutId,
        context: &Context<'_>,
    ) -> Result<Means, Failure> {
        let known = shelf.means(id)?;
        let named = self.archive.is_named();
        let mut means = match known {
            Some(means) => means,
            None => Means {
                archive: String::new(),
                directory: context.directory.clone(),
                rings: None,
                config: context.config.clone(),
                ssh_options: Vec::new(),
                rights: Rights::OfUser,
                inventory: None,
            },
        };
        if named || means.archive.is_empty() {
            means.archive = lasting(self.archive.location(context)?, context);
        }
        if let Some(rings) = &self.rings.rings {
            means.rings = Some(context.path(rings));
        }
        Ok(means)
    }

    /// Takes control of a rollout and does what is wanted with it.
    pub(super) fn control<T>(
        &self,
        shelf: &Shelf,
        id: &RolloutId,
        context: &Context<'_>,
        act: impl FnOnce(&mut Controlled<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let means = self.means(shelf, id, context)?;
        let by = by(context);
        let journal =
            Journal::open(&shelf.directory, id, &by).map_err(crate::flow::FlowError::from)?;
        let rollout =
            Rollout::from_entries(journal.entries()).map_err(crate::flow::FlowError::from)?;
        let desk = open_desk(&means.archive, Duration::from_secs(self.wait), context)?;
        let mut ask = passphrase::asker(context);
        let ask: &mut Ask<'_> = &mut ask;
        let project = told(&means, context);
        let rules = project.rollout;
        let controller = Controller {
            hosts: hosts(&rollout, &means, desk.store.as_ref(), context)?,
            act: Act {
                key: self.key.wanted(),
                ask,
                dry_run: false,
                reason: rollout.reason.clone(),
            },
            environment: &context.environment,
            directory: means.directory.clone(),
            place: shelf.directory.join(id.to_string()),
            ground: Ground {
                base: match rules.rehearsal_base {
                    RehearsalBase::Clean => Base::Clean,
                    RehearsalBase::Host => Base::Host,
                },
                choices: project.root,
                archives: project.archives,
            },
            asking: asking(&rules, &rollout),
            entries: Vec::new(),
            clock: Ticking::new(context.clock),
            listener: context.listener(),
            desk,
        };
        let mut controlled = Controlled {
            shelf,
            journal,
            rollout,
            controller,
            channels: rules.channels,
        };
        controlled.check_approvals(context)?;
        act(&mut controlled)
    }
}

impl Controlled<'_> {
    /// Refuses to go on with approvals that do not count any more.
    fn check_approvals(&self, context: &Context<'_>) -> Result<(), Failure> {
        let policy = &self.rollout.policy.approval;
        if *policy == Approval::NotNeeded || self.rollout.approved.is_empty() {
            return Ok(());
        }
        let keyring = requesting::approvers(&context.environment, policy)?;
        let doubts = requesting::doubts(&keyring, &self.rollout, context.now());
        match doubts.first() {
            None => Ok(()),
            Some(doubt) => {
                Err(Failure::request("approval", doubt.message.clone()).hint(doubt.fix.clone()))
            }
        }
    }
}

/// Reads who is told and how approval is asked for. A configuration that cannot
/// be read must not keep a rollout from going back.
fn told(means: &Means, context: &Context<'_>) -> Project {
    let nothing = || Project::parse("", "").expect("silence is right");
    let read = || -> Result<Project, Failure> {
        let path = means.config.clone();
        let path = path.unwrap_or_else(|| means.directory.join(crate::config::FILE_NAME));
        let mut project = match path.is_file() {
            false => nothing(),
            true => {
                let text = crate::sys::files::read(&path)?;
                let text = String::from_utf8_lossy(&text);
                Project::parse(&path.display().to_string(), &text)?
            }
        };
        if let Some(rings) = &means.rings {
            project.rollout = rules(Some(rings), context)?;
        }
        Ok(project)
    };
    read().unwrap_or_else(|failure| {
        let why = format!("nobody is told: {}", failure.message);
        context.listener().warn(why);
        nothing()
    })
}

fn asking(rules: &RolloutRules, rollout: &Rollout) -> Asking {
    Asking {
        form: rules.request.form.clone().unwrap_or(Form::Markdown),
        to: rules.request.to.clone(),
        notes: rollout.reason.clone(),
        changes: None,
    }
}

fn hosts(
    rollout: &Rollout,
    means: &Means,
    store: &dyn Store,
    context: &Context<'_>,
) -> Result<Box<dyn Hosts>, Failure> {
    let become_root = match means.rights {
        Rights::OfUser => Become::Nothing,
        Rights::Sudo => Become::Sudo,
    };
    let environment = &context.environment;
    // What a rollout brings is of the place it was begun in, wherever it goes on.
    let own = Repository::own_dir_at(&means.directory).into_iter();
    let gate = own.fold(environment.gate().clone(), Gate::of);
    let permit = gate.permit(Destination::Hosts)?;
    refuse_leak(store, Destination::Hosts, None, environment)?;
    Ok(match rollout.policy.engine {
        Engine::Ssh => Box::new(
            Ssh::new(&permit, environment)
                .options(means.ssh_options.iter().cloned())
                .become_root(become_root),
        ),
        Engine::Ansible => Box::new(
            Ansible::new(&permit, environment)
                .inventory(means.inventory.clone())
                .become_root(become_root),
        ),
    })
}

/// How many documents a verb answers with under `--json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    /// One, at the end.
    One,
    /// One a line, whenever something has changed, and one at the end.
    Many,
}

/// Goes on with a rollout and says how far it came.
pub(super) fn go(
    controlled: &mut Controlled<'_>,
    until: Until,
    schema: &'static str,
    lines: Lines,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    let before = controlled.journal.entries().len();
    let known = findings(&controlled.rollout);
    let listener = context.listener();
    let mut all = match lines == Lines::Many && context.json {
        true => controlled.journal.entries().to_vec(),
        false => Vec::new(),
    };
    let mut watch = |rollout: &Rollout, entries: &[Entry]| {
        if lines == Lines::Many && context.json {
            all.extend_from_slice(entries);
            // A fixed clock goes on while a controller waits.
            let now = context.now().max(rollout.newest);
            let picture = Picture::new(rollout, &all, &plan::next(rollout, now), now);
            let document = AdvanceDocument::new(schema, "running", entries, picture);
            let answer = Answer::new(document).findings(findings(rollout));
            context.terminal().show_anew(&answer.changed(true));
        }
        for entry in entries {
            listener.hear(crate::model::Event::Note(words::event(entry)));
        }
    };
    let ending = controlled.advance(until, &mut watch)?;
    let now = controlled.controller.clock.now();
    let rollout = &controlled.rollout;
    let next = plan::next(rollout, now);
    let entries = controlled.journal.entries();
    let picture = Picture::new(rollout, entries, &next, now);
    let document = |word| AdvanceDocument::new(schema, word, &entries[before..], picture);
    let document = match &ending {
        Ending::Progressed => document("progressed"),
        Ending::Waiting { why, until } => document("waiting").waiting(why, rollout.way, *until),
        Ending::Behind(id) => document("waiting").behind(&id.to_string()),
        Ending::Over => document("over"),
        Ending::Stopped => document("stopped"),
    };
    let changed = entries.len() > before;
    let found = findings(rollout);
    // For cron(8): what has not changed was told before; who is needed is told
    // until he comes.
    let is_told = found == known && !entries[before..].iter().any(is_news);
    let is_well = !found.iter().any(Finding::is_error);
    if context.quiet && !context.json && is_told && is_well && ending != Ending::Stopped {
        return Ok(Said::Whole);
    }
    let answer = Answer::new(document).findings(found);
    let answer = match &ending {
        // What it waits for says more than that there is nothing to do.
        Ending::Waiting { .. } | Ending::Behind(_) if !changed => answer,
        _ => answer.changed(changed),
    };
    if lines == Lines::Many && context.json {
        context.terminal().show_anew(&answer);
        return Ok(Said::Ended(match ending {
            Ending::Stopped => Exit::Stopped,
            _ if answer.is_no() => Exit::No,
            _ => Exit::Done,
        }));
    }
    Ok(match ending {
        Ending::Stopped => {
            let id = rollout.id.to_string();
            listener.warn(format!(
                "stopped; debcut rollout advance {id} goes on from here"
            ));
            Said::Judged(answer, Exit::Stopped)
        }
        _ => answer.into(),
    })
}
