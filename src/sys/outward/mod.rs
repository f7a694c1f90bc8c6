//! The one gate that everything passes which leaves this machine, or is put
//! where others see it: pushes, archives, messages, commands that are told
//! texts, hosts.
//!
//! A repository that is under embargo has a mark beside its refs ([`Mark`]).
//! While it is there, only what it names as private is a way out. The gate reads
//! the mark each time it is asked, so a run that began before an embargo is
//! stopped by it as well; a mark that cannot be read stops everything.
//!
//! [`Permit`] can be had from the gate alone, for one destination: functions
//! that send something take it in place of the destination.

mod carried;
mod mark;
mod place;
mod products;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use carried::{BRANCHES, Carried, carried};
pub use mark::{Ended, Mark, Phase, Places};
pub use place::{archive_place, is_inside, is_same_server, remote_name, remote_place};
use products::note_products;
pub use products::{PRODUCTS_FILE, Products};

use crate::model::Sha256;
use crate::sys::environment::Environment;
use crate::sys::files::FileError;
use crate::sys::process::Tool;

/// Returns where the embargoes of this machine are listed: one file each, with
/// the directory of debcut's notes in its repository.
pub fn registry(environment: &Environment) -> Option<PathBuf> {
    Some(environment.state_home()?.join("debcut/embargoes"))
}

/// Where something is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A git repository that is pushed to, as [`remote_place`] names it.
    Remote(String),
    /// An archive, or another tree of files, that is written to, as
    /// [`archive_place`] names it.
    Archive(String),
    /// An address that takes messages; shown by its host alone.
    Address(String),
    /// A command of the project's that is told what happened.
    Command(String),
    /// Hosts that packages are installed on.
    Hosts,
    /// Whoever reaches a port of this machine.
    Listeners(SocketAddr),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote(place) => write!(f, "a push to {place}"),
            Self::Archive(place) => write!(f, "writing to {place}"),
            Self::Address(url) => write!(f, "a message to {}", place::host_of(url)),
            Self::Command(command) => write!(f, "the command `{command}`"),
            Self::Hosts => f.write_str("reaching hosts"),
            Self::Listeners(address) => write!(f, "serving on {address}"),
        }
    }
}

/// Says that nothing may go there.
#[derive(Debug, thiserror::Error)]
pub enum OutwardError {
    /// An embargo does not name it as private.
    #[error("the embargo {name} refuses {to}: it is not marked private")]
    Embargoed {
        /// The embargo.
        name: String,
        /// Where it was to go.
        to: Box<Destination>,
    },
    /// It was built under an embargo that does not name the place as private.
    #[error("the embargo {name} refuses {to}: what comes was built under it")]
    Product {
        /// The embargo.
        name: String,
        /// Where it was to go.
        to: Box<Destination>,
    },
    /// What comes is of an archive that is private for an embargo.
    #[error("{from} is the private archive of an embargo ({name}), which refuses {to}")]
    PrivateArchive {
        /// The archive.
        from: String,
        /// The embargo.
        name: String,
        /// Where it was to go.
        to: Box<Destination>,
    },
    /// A mark that came along does not name it as private.
    #[error("the embargo {name} refuses {to}: {from} says that this clone has what it keeps")]
    Carried {
        /// The embargo.
        name: String,
        /// The ref that says so.
        from: String,
        /// Where it was to go.
        to: Box<Destination>,
    },
    /// Nobody can tell whether a mark came along.
    #[error("the refs of {} cannot be read, so nothing leaves", path.display())]
    Repository {
        /// The repository.
        path: PathBuf,
        /// What is wrong with it.
        source: git2::Error,
    },
    /// There is a mark that nobody can read.
    #[error("{} is no mark of an embargo that this debcut can read, so nothing leaves", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The mark could not be looked at.
    #[error("nobody can tell whether this is under embargo, so nothing leaves")]
    File(#[from] FileError),
}

/// The right to send something to one destination. Only a [`Gate`] gives it.
#[derive(Debug)]
pub struct Permit {
    to: Destination,
}

impl Permit {
    /// Returns where it leads.
    pub fn to(&self) -> &Destination {
        &self.to
    }

    /// Returns the address that it is for; empty where it is for none.
    pub fn address(&self) -> &str {
        match &self.to {
            Destination::Address(url) => url,
            _ => "",
        }
    }

    /// Returns the port that it is for; none where it is for something else.
    pub fn listeners(&self) -> Option<SocketAddr> {
        match self.to {
            Destination::Listeners(address) => Some(address),
            _ => None,
        }
    }

    /// Returns the command that it is for; one that does nothing where it is
    /// for something else.
    pub fn command(&self) -> &str {
        match &self.to {
            Destination::Command(command) => command,
            _ => ":",
        }
    }

    /// Prepares the mail program that brings a mail to the address it is for.
    pub fn mailer(&self, program: &str) -> Tool {
        Tool::new("sh").args(["-c", program])
    }

    /// Prepares a shell for the command that it is for.
    pub fn shell(&self) -> Tool {
        Tool::new("sh").args(["-c", self.command()])
    }
}

/// What decides where things may go. The usual one knows no repository and
/// refuses nothing.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    /// The notes of the repositories that are worked in.
    repositories: Vec<PathBuf>,
    /// Where the embargoes of this machine are listed.
    registry: Option<PathBuf>,
    /// Places of this run's own, which go away with it.
    own: Vec<String>,
}

impl Gate {
    /// Also asks the mark of a repository, by the directory of debcut's notes
    /// in it.
    #[must_use]
    pub fn of(mut self, notes: impl Into<PathBuf>) -> Self {
        let notes = notes.into();
        if !self.repositories.contains(&notes) {
            self.repositories.push(notes);
        }
        self
    }

    /// Also knows what was built under the embargoes that a directory lists.
    #[must_use]
    pub fn with_registry(mut self, registry: Option<PathBuf>) -> Self {
        self.registry = registry;
        self
    }

    /// Also lets this run write below a place of its own.
    #[must_use]
    pub fn with_own(mut self, place: &Path) -> Self {
        let place = archive_place(&place.display().to_string(), Path::new("/"));
        self.own.push(place);
        self
    }

    /// Returns the marks that count here: each repository's own, and those that
    /// came along. Its own says more than the same one that came along, and one
    /// that was ended here counts no more.
    pub fn marks(&self) -> Result<Vec<Mark>, OutwardError> {
        Ok(self.found()?.into_iter().map(|(mark, _)| mark).collect())
    }

    /// Returns the marks, each with the ref that brought it.
    fn found(&self) -> Result<Vec<(Mark, Option<String>)>, OutwardError> {
        let mut marks = Vec::new();
        for notes in &self.repositories {
            let own = Mark::read(notes)?;
            marks.extend(
                carried_into(notes, own.as_ref())?
                    .into_iter()
                    .map(|carried| {
                        let Carried { name, mark, .. } = carried;
                        (mark, Some(name))
                    }),
            );
            marks.extend(own.map(|own| (own, None)));
        }
        Ok(marks)
    }

    /// Gives the right to send something, unless an embargo stands against it.
    pub fn permit(&self, to: Destination) -> Result<Permit, OutwardError> {
        if !self.is_own(&to) {
            for (mark, from) in self.found()? {
                if mark.allows(&to) {
                    continue;
                }
                let (name, to) = (mark.name, Box::new(to));
                return Err(match from {
                    Some(from) => OutwardError::Carried { name, from, to },
                    None => OutwardError::Embargoed { name, to },
                });
            }
        }
        Ok(Permit { to })
    }

    /// Notes what was built where an embargo counts, before anybody else can
    /// see it.
    pub fn note_products(&self, digests: &[Sha256]) -> Result<(), OutwardError> {
        for notes in &self.repositories {
            if Mark::read(notes)?.is_some() {
                note_products(notes, digests)?;
            }
        }
        Ok(())
    }

    /// Returns what was built under embargoes of this machine, this
    /// repository's and others'.
    pub fn products(&self) -> Result<Products, OutwardError> {
        Products::of(&self.repositories, self.registry.as_deref())
    }

    fn is_own(&self, to: &Destination) -> bool {
        match to {
            Destination::Archive(place) => self.own.iter().any(|own| is_inside(place, own)),
            _ => false,
        }
    }
}

/// Lists the marks that came along and count in a repository with a mark of its
/// own, or none.
pub fn carried_into(notes: &Path, own: Option<&Mark>) -> Result<Vec<Carried>, OutwardError> {
    let mut all = carried(notes)?;
    if !all.is_empty() {
        let ended = Ended::all(notes)?;
        let is_over = |one: &Carried| {
            let (name, since) = (&one.mark.name, one.since());
            ended.iter().any(|ended| ended.is_of(name, since))
        };
        all.retain(|one| own.is_none_or(|own| own.name != one.mark.name) && !is_over(one));
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
