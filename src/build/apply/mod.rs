//! [`BuildPlan`] → [`Built`]: does what the plan says and decides nothing.
//!
//! Everything is made in the user's build place and in a directory beside the
//! result's, which appears whole or not at all. Signatures are made in the
//! order in which the files hash each other: `.dsc`, `.buildinfo`, `.changes`.

mod autopkgtest;
mod command;
mod debian;
mod declared;
mod entry;
mod floor;
mod gates;
mod given_back;
mod ground;
mod orig;
mod piuparts;
mod preload;
mod proof;
pub mod rebuild;
mod sbuild;
mod source_package;
mod throwaway;

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, LineWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use self::floor::Floor;
use super::gates::Passed;
use super::isolation::Isolation;
use super::place::{BuildPlace, PlaceError};
use super::plan::{BuildPlan, RecipePlan};
use super::product::{self, Artifact, Built, SUMS, provenance_name};
use super::root::Provided;
use crate::format::changelog::ChangelogError;
use crate::format::checksums::{FileName, FileNameError, ListedFile, write_sums};
use crate::format::deb822::{Deb822Error, WriteError};
use crate::format::statement::{Envelope, PAYLOAD_TYPE, Statement};
use crate::keys::attestation::{self, AttestError};
use crate::model::{FileDigests, Finding, Listener, Timestamp};
use crate::sys::clock::Clock;
use crate::sys::files::{self, Access, FileError, StagedDir};
use crate::sys::git::{GitError, Repository};
use crate::sys::interrupt;
use crate::sys::openpgp::{SignError, Signer};
use crate::sys::process::{Tool, ToolError};
use crate::sys::sandbox::SandboxError;
use crate::sys::tree::TreeReadError;

/// What a build works with beside its plan.
pub struct Workshop<'a> {
    /// Where the plan's objects are.
    pub repository: &'a Repository,
    /// Who signs; none: nothing is signed.
    pub signer: Option<&'a Signer>,
    /// When signatures are made.
    pub clock: Clock,
    /// Where the artifacts go.
    pub out: &'a Path,
    /// Where the tools' output goes, whole.
    pub log: &'a Path,
    /// Who hears of progress.
    pub listener: &'a dyn Listener,
    /// The file of this program, whose hidden verb is the first process of
    /// every room.
    pub program: &'a Path,
    /// The system that a room is made around, where it is not the machine's.
    pub root: Option<&'a Provided>,
    /// Where this machine keeps toolchains that a declared build command may
    /// need, beside its system.
    pub toolchains: &'a [PathBuf],
    /// Files and directories where the artifacts go that stay beside them:
    /// other parts of the same release. What is not among them goes.
    pub keep: &'a [PathBuf],
}

/// Why a build did not finish.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no place to build in.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The repository gave no answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A tool is missing, was stopped or took too long.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// There is no room to build in.
    #[error("cannot isolate the build")]
    Sandbox(#[from] SandboxError),
    /// The library that varies what a build sees cannot be made.
    #[error("cannot make the library that varies time and order")]
    Preload(#[source] ToolError),
    /// A check cannot be made here.
    #[error("{gate} cannot be run: {why}")]
    Ungated {
        /// The check.
        gate: &'static str,
        /// Why not.
        why: String,
        /// What makes it possible.
        remedy: String,
    },
    /// A tool of the build said no; its whole output is in the log.
    #[error("{step} failed: {source}")]
    Failed {
        /// What was going on.
        step: &'static str,
        /// Where everything is that was said.
        log: PathBuf,
        /// What the tool said last.
        source: ToolError,
        /// What was seen in the build's room that may be why.
        findings: Vec<Finding>,
    },
    /// The build ran out of room.
    #[error("no space left in {} while {step} it", place.display())]
    NoSpace {
        /// What was going on.
        step: &'static str,
        /// Where the build works.
        place: PathBuf,
        /// What the tool said last.
        source: ToolError,
    },
    /// What was made, or how, is not what it should be: an answer, not a
    /// failure.
    #[error("{}", findings.iter().map(|found| format!("{}: {}", found.subject, found.message)).collect::<Vec<_>>().join("; "))]
    Refused {
        /// Everything that speaks against it.
        findings: Vec<Finding>,
    },
    /// The user asked to stop.
    #[error("stopped before {step}")]
    Interrupted {
        /// What would have come next.
        step: &'static str,
    },
    /// A text that is to be signed is in another encoding (Debian Policy 5.1).
    #[error("{file} is not UTF-8")]
    NotUtf8 {
        /// The file.
        file: String,
    },
    /// The upstream tarball is not the one that was planned with.
    #[error("{} changed since the build was planned", path.display())]
    OrigChanged {
        /// The file.
        path: PathBuf,
    },
    /// A signature cannot be made.
    #[error("cannot sign {file}")]
    Sign {
        /// What was to be signed.
        file: String,
        /// Why not.
        source: SignError,
    },
    /// The provenance cannot be signed.
    #[error("cannot sign the provenance")]
    Attest(#[source] AttestError),
    /// A tool left a file that is not what its format says.
    #[error("{file} is not what it should be: {source}")]
    Product {
        /// The file.
        file: String,
        /// What is wrong.
        source: Deb822Error,
    },
    /// A file has a name that no package's file may have.
    #[error(transparent)]
    Name(#[from] FileNameError),
    /// The changelog that was made or given is not one.
    #[error("the changelog: {0}")]
    Changelog(#[source] ChangelogError),
    /// A value would break out of its field.
    #[error("cannot write {file}")]
    Write {
        /// The file.
        file: &'static str,
        /// Why not.
        source: WriteError,
    },
    /// A tree cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeReadError),
    /// A declared package's description does not fit what the tree holds.
    #[error("package {package}: {message}")]
    Declared {
        /// The package.
        package: String,
        /// What does not fit.
        message: String,
    },
    /// A package or tarball cannot be written.
    #[error("cannot write {file}")]
    Pack {
        /// The file.
        file: String,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// How large a build's log may become, whatever space the build has. The
/// largest logs of Debian's own builds have some hundred megabytes; the log is
/// on the machine's disk, which no build may fill.
const LOG_BYTES: u64 = 1 << 30;

/// Builds what the plan says.
pub fn apply(plan: &BuildPlan, workshop: &Workshop<'_>) -> Result<Built, BuildError> {
    let began = workshop.clock.now();
    let staged = StagedDir::beside(workshop.out)?;
    let mut bench = Bench::take(plan, workshop)?;
    let made = match &plan.recipe {
        RecipePlan::Debian { orig, .. } => debian::build(&mut bench, orig.as_deref()),
        RecipePlan::Declared {
            declared,
            changelog,
        } => declared::build(&mut bench, declared, changelog),
    };
    let made = made.map_err(|error| bench.explained(error))?;
    let mut findings = bench.judged()?;
    let gates = bench.gates(&made)?;
    findings.extend(gates.findings);
    let origin = BuildOrigin::Now(began);
    let built = finish(&made, plan, workshop, staged, origin, &gates.passed)?;
    Ok(Built { findings, ..built })
}

/// Takes the artifacts of a candidate that was built of the same commit, or of
/// a build that did not have to pass the same checks, and states of them that
/// they are this plan's, made when and by what `stated` says of them. The caller
/// has checked that they are, and whose word that is.
pub fn adopt(
    candidate: &Built,
    stated: &Statement,
    plan: &BuildPlan,
    workshop: &Workshop<'_>,
) -> Result<Built, BuildError> {
    let own = [provenance_name(plan).to_string(), SUMS.to_owned()];
    let names = candidate.artifacts.iter().map(|artifact| &artifact.name);
    let names = names.filter(|name| !own.contains(name));
    let made: Vec<_> = names.map(|name| candidate.directory.join(name)).collect();
    let staged = StagedDir::beside(workshop.out)?;
    let mut bench = Bench::take(plan, workshop)?;
    let gates = bench.gates(&made)?;
    let origin = BuildOrigin::Adopted(stated);
    let built = finish(&made, plan, workshop, staged, origin, &gates.passed)?;
    Ok(Built {
        findings: gates.findings,
        ..built
    })
}

/// When and by what finished files were made.
#[derive(Clone, Copy)]
enum BuildOrigin<'a> {
    /// In this run, which began then.
    Now(Timestamp),
    /// Earlier, as was stated of them.
    Adopted(&'a Statement),
}

/// Puts finished files into the result's directory, with their provenance and
/// digests.
fn finish(
    made: &[PathBuf],
    plan: &BuildPlan,
    workshop: &Workshop<'_>,
    staged: StagedDir,
    origin: BuildOrigin<'_>,
    passed: &[Passed],
) -> Result<Built, BuildError> {
    let mut listed = Vec::new();
    for path in made {
        listed.push(copy(path, staged.path())?);
    }
    listed.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
    let provenance = provenance(plan, workshop, origin, passed, &listed, staged.path())?;
    listed.push(provenance);
    let kept = keep(workshop.keep, staged.path())?;
    listed.push(sums(&listed, &kept, staged.path())?);
    stop_if_asked("putting the artifacts in place")?;
    let directory = staged.publish()?;
    Ok(Built {
        directory,
        artifacts: listed.iter().map(Artifact::of).collect(),
        findings: Vec::new(),
    })
}

/// The bench that one build works on.
struct Bench<'a> {
    plan: &'a BuildPlan,
    workshop: &'a Workshop<'a>,
    place: BuildPlace,
    log: LineWriter<File>,
    floor: Floor,
    /// A library that the tools on the floor load.
    preloaded: Option<PathBuf>,
    /// The step that was announced last.
    step: Cell<&'static str>,
}

impl<'a> Bench<'a> {
    /// Takes the user's build place and begins the log.
    fn take(plan: &'a BuildPlan, workshop: &'a Workshop<'a>) -> Result<Self, BuildError> {
        let place = match plan.isolation {
            Isolation::None => BuildPlace::take(workshop.listener)?,
            Isolation::Namespace | Isolation::Chroot(_) => BuildPlace::beside()?,
        };
        // Only now: another build of this version may have written its log so
        // far.
        let log = File::create(workshop.log).map_err(files::failed("write", workshop.log))?;
        Ok(Self {
            plan,
            workshop,
            place,
            log: LineWriter::new(log),
            floor: Floor::Machine,
            preloaded: None,
            step: Cell::new(""),
        })
    }

    /// Writes into the log what a tool said that is no step of the build.
    fn note(&mut self, said: &[u8]) -> Result<(), BuildError> {
        let written = self.log.write_all(said);
        Ok(written.map_err(files::failed("write", self.workshop.log))?)
    }
}

impl Bench<'_> {
    /// Writes a tree into a new directory.
    fn export(&self, tree: &str, directory: &Path) -> Result<(), BuildError> {
        let Workshop {
            repository,
            listener,
            ..
        } = self.workshop;
        let exported = repository.export(tree, directory, self.plan.epoch)?;
        for submodule in exported.submodules {
            listener.warn(format!(
                "the submodule {submodule} is left out: an empty directory"
            ));
        }
        Ok(())
    }

    /// Prepares a tool of the machine with the plan's environment and nothing
    /// else.
    fn tool(&self, program: &str, directory: &Path) -> Tool {
        Tool::new(program)
            .envs(&self.plan.host_environment)
            .envs(&self.plan.environment.all_variables())
            .env("HOME", self.place.home())
            .dir(directory)
            .limit(Duration::from_secs(self.plan.limit_seconds))
    }

    /// Runs a tool of the build; its failure is the build's.
    fn run(&mut self, step: &'static str, tool: Tool) -> Result<(), BuildError> {
        self.begin(step)?;
        let tool = tool.at_most(self.log_room());
        let ended = tool.logged(&mut self.log, self.workshop.listener);
        self.ended(step, ended)
    }

    /// Runs a tool of the build and returns what it says.
    fn said(&mut self, step: &'static str, tool: Tool) -> Result<Vec<u8>, BuildError> {
        self.begin(step)?;
        let output = match tool.at_most(self.log_room()).output() {
            Ok(output) => output,
            Err(error) => return Err(self.failed(step, error)),
        };
        let logged = self.log.write_all(&output.stderr);
        logged.map_err(files::failed("write", self.workshop.log))?;
        self.look();
        Ok(output.stdout)
    }

    /// Returns how much may still be said: what fits into the log.
    fn log_room(&self) -> u64 {
        let written = self.log.get_ref().metadata();
        let written = written.map_or(0, |metadata| metadata.len());
        LOG_BYTES
            .min(self.plan.allowance.space_bytes)
            .saturating_sub(written)
    }

    fn begin(&self, step: &'static str) -> Result<(), BuildError> {
        // A step may take several tools, or the same one for each program.
        if self.step.replace(step) != step {
            let what = format!("{step} {}", self.plan.package);
            self.workshop.listener.begin(what);
        }
        stop_if_asked(step)
    }

    fn ended(&mut self, step: &'static str, how: Result<(), ToolError>) -> Result<(), BuildError> {
        self.look();
        how.map_err(|error| self.failed(step, error))
    }

    fn failed(&mut self, step: &'static str, error: ToolError) -> BuildError {
        match error {
            ToolError::TimedOut { .. } => self.note_limit("time"),
            ToolError::TooMuch { .. } => self.note_limit("output"),
            _ => {}
        }
        match error {
            // Tools say it in many ways, and some not at all.
            source @ (ToolError::Failed { .. } | ToolError::TimedOut { .. }) if self.is_full() => {
                BuildError::NoSpace {
                    step,
                    place: self.work(),
                    source,
                }
            }
            source @ (ToolError::Failed { .. }
            | ToolError::TimedOut { .. }
            | ToolError::TooMuch { .. }) => {
                self.look();
                BuildError::Failed {
                    step,
                    log: self.workshop.log.to_owned(),
                    source,
                    findings: self.findings(),
                }
            }
            other => other.into(),
        }
    }

    /// Tells whether next to no room is left where the build works.
    fn is_full(&self) -> bool {
        const NEXT_TO_NOTHING_BYTES: u64 = 64 * 1024;
        let room = rustix::fs::statvfs(self.work());
        room.is_ok_and(|room| room.f_bavail.saturating_mul(room.f_frsize) < NEXT_TO_NOTHING_BYTES)
    }

    /// Signs a text file in clear, in its place.
    fn sign(&self, path: &Path) -> Result<(), BuildError> {
        let Some(signer) = self.workshop.signer else {
            return Ok(());
        };
        let file = name_of(path);
        // Another encoding would be signed as something else than it is.
        let text = String::from_utf8(files::read(path)?);
        let text = text.map_err(|_| BuildError::NotUtf8 { file: file.clone() })?;
        let signed = signer.clear_sign(&text, self.workshop.clock.now());
        let signed = signed.map_err(|source| BuildError::Sign { file, source })?;
        Ok(files::replace(path, signed.as_bytes(), Access::Public)?)
    }

    /// Returns the build place's directory.
    fn work(&self) -> PathBuf {
        self.place.work()
    }
}

fn stop_if_asked(step: &'static str) -> Result<(), BuildError> {
    if interrupt::asked() {
        Err(BuildError::Interrupted { step })
    } else {
        Ok(())
    }
}

/// Writes the provenance of the artifacts; its name ends in `.jsonl`.
fn provenance(
    plan: &BuildPlan,
    workshop: &Workshop<'_>,
    origin: BuildOrigin<'_>,
    passed: &[Passed],
    listed: &[ListedFile],
    into: &Path,
) -> Result<ListedFile, BuildError> {
    let now = workshop.clock.now();
    let mut statement = match origin {
        BuildOrigin::Now(began) => product::statement(plan, listed, began, now, workshop.root),
        BuildOrigin::Adopted(stated) => {
            let mut statement = product::statement(plan, listed, now, now, None);
            product::state_circumstances(&mut statement, stated);
            statement
        }
    };
    product::state_gates(&mut statement, passed);
    let line = match workshop.signer {
        Some(signer) => attestation::attest(signer, &statement, now).map_err(BuildError::Attest)?,
        None => Envelope {
            payload_type: PAYLOAD_TYPE.to_owned(),
            payload: statement.to_json().into_bytes(),
            signatures: Vec::new(),
        }
        .to_line(),
    };
    write(provenance_name(plan), line.as_bytes(), into)
}

/// Takes over what stays; returns the files among it.
fn keep(paths: &[PathBuf], into: &Path) -> Result<Vec<ListedFile>, BuildError> {
    let mut kept = Vec::new();
    for path in paths {
        if path.is_dir() {
            // Builds for other distributions, each with its own list.
            let to = into.join(name_of(path));
            files::create_dir(&to)?;
            for file in files_with_ending(path, "")? {
                copy(&file, &to)?;
            }
        } else {
            kept.push(copy(path, into)?);
        }
    }
    Ok(kept)
}

/// Writes the list of digests: the build's own files first, then what stays.
fn sums(listed: &[ListedFile], kept: &[ListedFile], into: &Path) -> Result<ListedFile, BuildError> {
    let all = listed.iter().chain(kept);
    let text = write_sums(all.map(|file| (&file.name, &file.digests.sha256)));
    write(FileName::new(SUMS)?, text.as_bytes(), into)
}

fn write(name: FileName, bytes: &[u8], into: &Path) -> Result<ListedFile, BuildError> {
    files::replace(&into.join(&name), bytes, Access::Public)?;
    Ok(ListedFile {
        name,
        digests: FileDigests::of(bytes),
    })
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Reads a file's name and digests.
fn listed(path: &Path) -> Result<ListedFile, BuildError> {
    let digests = FileDigests::of_reader(files::open(path)?);
    let digests = digests.map_err(files::failed("read", path))?;
    Ok(ListedFile {
        name: FileName::new(name_of(path))?,
        digests,
    })
}

/// Copies a finished file and returns what was copied. Where nothing isolates
/// a build, what it made may be anything; a link would show what it leads to.
fn copy(path: &Path, into: &Path) -> Result<ListedFile, BuildError> {
    let to = into.join(name_of(path));
    let Some(file) = files::open_regular(path)? else {
        let what = "the build lists it among what it made, and it is no regular file";
        return Err(BuildError::Refused {
            findings: vec![Finding::error("no-file", name_of(path), what)],
        });
    };
    files::copy_to_new(file, &to)?;
    listed(&to)
}

/// Finds the files in a directory whose names end so, by name.
fn files_with_ending(directory: &Path, ending: &str) -> Result<Vec<PathBuf>, BuildError> {
    let list = || -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if name_of(&path).ends_with(ending) {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    };
    Ok(list().map_err(files::failed("list", directory))?)
}

/// Returns the one file of this kind that the tools have left.
fn only(directory: &Path, ending: &'static str) -> Result<PathBuf, BuildError> {
    let found = files_with_ending(directory, ending)?;
    let [path] = found.as_slice() else {
        let why = std::io::Error::other(format!("{} files end in {ending}, not one", found.len()));
        return Err(files::failed("find the build's result in", directory)(why).into());
    };
    Ok(path.clone())
}
