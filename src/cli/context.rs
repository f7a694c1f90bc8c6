//! What every verb is given: where it runs, when, and who listens.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::arguments::Global;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::config::FILE_NAME;
use crate::flow::embargoing;
use crate::flow::patching::rulebook;
use crate::flow::project::Workspace;
use crate::model::finding::with_causes;
use crate::model::{Listener, Timestamp};
use crate::release::commit::Person;
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;
use crate::sys::git::Repository;
use crate::sys::outward::{self, Gate};

/// The common options, resolved once.
pub struct Context<'a> {
    pub environment: Environment,
    pub clock: Clock,
    pub directory: PathBuf,
    pub config: Option<PathBuf>,
    pub json: bool,
    /// Whether only what is new, or wrong, is wanted.
    pub quiet: bool,
    /// The command as it was given; secrets are never arguments.
    pub command: String,
    verbose: bool,
    terminal: &'a Terminal,
}

/// A person's name and address, as far as they are known.
pub struct Identity {
    pub name: Option<String>,
    pub email: Option<String>,
}

impl Identity {
    /// Writes both in one, as Debian's `Maintainer` does, where both are known.
    pub fn whole(&self) -> Option<String> {
        let (name, email) = (self.name.as_ref()?, self.email.as_ref()?);
        Some(format!("{name} <{email}>"))
    }
}

impl<'a> Context<'a> {
    /// Resolves the common options.
    pub fn new(
        global: &Global,
        argv: &[OsString],
        environment: Environment,
        terminal: &'a Terminal,
    ) -> Result<Self, Failure> {
        let started_in = environment.working_directory().to_owned();
        let directory = match &global.directory {
            Some(directory) => started_in.join(directory),
            None => started_in.clone(),
        };
        if !directory.is_dir() {
            let message = format!("{} is not a directory", directory.display());
            return Err(Failure::request("no-directory", message));
        }
        let config = global.config.as_ref().map(|file| directory.join(file));
        let environment = guarded(environment, &directory, config.as_deref());
        Ok(Self {
            clock: global.now.map_or(Clock::System, Clock::Fixed),
            config,
            json: global.json,
            quiet: global.quiet,
            command: command_line(argv),
            verbose: global.verbose > 0,
            environment,
            directory,
            terminal,
        })
    }

    /// Guards the user's own `git push` where a mark of an embargo came along,
    /// and says so. Whatever keeps it from that keeps no verb from its work.
    pub fn guard(&self) {
        if Repository::own_dir_at(&self.directory).is_none() {
            return;
        }
        let Ok(repository) = Repository::discover(&self.directory) else {
            return;
        };
        match embargoing::guard(&repository, &self.environment) {
            Ok(guarded) => {
                if let Some(text) = embargoing::said(&guarded) {
                    self.listener().warn(text);
                }
            }
            Err(error) => {
                let why = with_causes(&error);
                let text = format!("nobody can tell whether your own git push is guarded: {why}");
                self.listener().warn(text);
            }
        }
    }

    /// Opens the repository with its configuration and the rules of its main
    /// branch, and says so where what is checked out has others.
    pub fn workspace(&self) -> Result<Workspace, Failure> {
        let workspace = rulebook::open(&self.directory, self.config.as_deref())?;
        if let Some(ruled) = workspace.ruled.as_ref().filter(|one| one.otherwise_here) {
            let by = &ruled.by;
            self.listener().warn(format!(
                "the rules are those of {by}; [patch] in {FILE_NAME} here says otherwise, and \
                 counts once {by} has it, or with --config {FILE_NAME}"
            ));
        }
        Ok(workspace)
    }

    /// Returns who hears of progress, notes and warnings.
    pub fn listener(&self) -> &'a dyn Listener {
        self.terminal
    }

    /// Returns the terminal itself, for what must be asked there.
    pub fn terminal(&self) -> &'a Terminal {
        self.terminal
    }

    /// Returns the present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns the clock that dates an archive's generations, and nothing else:
    /// stopped at `SOURCE_DATE_EPOCH` where that is set. What measures time or
    /// judges by it takes the other one.
    pub fn archive_clock(&self) -> Result<Clock, Failure> {
        let Some(text) = self.environment.var("SOURCE_DATE_EPOCH") else {
            return Ok(self.clock);
        };
        let moment = text.parse().map(Timestamp::from_unix);
        moment.map(Clock::Fixed).map_err(|_| {
            let why = format!("SOURCE_DATE_EPOCH is “{text}”, not a number of seconds");
            Failure::request("invalid-environment", why)
        })
    }

    /// Returns who works here: `DEBFULLNAME` and `DEBEMAIL`, else git's user.
    pub fn identity(&self) -> Identity {
        let (name, email) = Repository::user_at(&self.directory);
        let var = |name: &str| self.environment.var(name).map(str::to_owned);
        Identity {
            name: var("DEBFULLNAME").or(name),
            email: var("DEBEMAIL").or(email),
        }
    }

    /// Returns who releases; nobody releases for nobody.
    pub fn person(&self) -> Result<Person, Failure> {
        let Identity { name, email } = self.identity();
        match (name, email) {
            (Some(name), Some(email)) => Ok(Person { name, email }),
            _ => Err(Failure::request(
                "no-identity",
                "neither DEBFULLNAME and DEBEMAIL nor git say who you are",
            )
            .hint("git config user.name \"Your Name\" and user.email you@example.org")),
        }
    }

    /// Returns who works here, for the records: their identity, else the
    /// account.
    pub fn who(&self) -> String {
        let identity = self.identity();
        let whole = identity.whole().or(identity.name).or(identity.email);
        whole.unwrap_or_else(|| {
            let var = |name: &str| self.environment.var(name).map(str::to_owned);
            let uid = || format!("uid {}", rustix::process::getuid().as_raw());
            var("USER").or(var("LOGNAME")).unwrap_or_else(uid)
        })
    }

    /// Tells whether a server's requests are worth telling.
    pub fn tells_requests(&self) -> bool {
        self.verbose
    }

    /// Takes a path as it was given, from the directory of `-C`.
    pub fn path(&self, path: &Path) -> PathBuf {
        without_parents(&self.directory.join(path))
    }
}

/// Puts everything that is sent behind the gate of the repository that is worked
/// in, and of the one that the configuration is of. Nothing can switch it off.
fn guarded(environment: Environment, directory: &Path, config: Option<&Path>) -> Environment {
    let gate = Gate::default().with_registry(outward::registry(&environment));
    let places = [Some(directory), config.and_then(Path::parent)];
    let notes = places.into_iter().flatten();
    let notes = notes.filter_map(Repository::own_dir_at);
    environment.behind(notes.fold(gate, Gate::of))
}

/// Takes `..` out of a path, as the system would follow it: what stands before
/// may be a link.
fn without_parents(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain = plain.canonicalize().unwrap_or(plain);
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// Writes a command line as it was given, for the records.
fn command_line(argv: &[OsString]) -> String {
    let words = argv.iter().enumerate().map(|(at, word)| match at {
        0 => "debcut".into(),
        _ => word.to_string_lossy(),
    });
    words.collect::<Vec<_>>().join(" ")
}
