//! Where the tools of a build run: on the machine, or in a room of their own.
//!
//! The build place's directory stays on the machine, where the source package
//! is made and everything is signed. A room has its own: what a build needs is
//! carried in, what it made is carried out, and nothing else passes.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{Bench, BuildError, name_of};
use crate::build::isolation::{Allowance, Isolation};
use crate::build::plan::BuildPlan;
use crate::sys::files;
use crate::sys::process::Tool;
use crate::sys::sandbox::{
    Account, Bind, Description, Limits, Manner, Network, Room, Root, Sightings, Who,
    first_processors,
};

/// Where a room sees the build place's directory.
const INBOX: &str = "/run/debcut/in";

/// Where the tools of a build run.
#[derive(Debug)]
pub(super) enum Floor {
    /// On the machine, in the build place's directory.
    Machine,
    /// In a room.
    Room {
        room: Box<Room>,
        manner: Manner,
        /// What was seen in it so far.
        seen: Sightings,
    },
}

/// A system that a room is made around.
pub(super) fn description(
    plan: &BuildPlan,
    root: Root,
    inbox: &Path,
    toolchains: &[PathBuf],
) -> Description {
    let Allowance {
        processes,
        memory_bytes,
        space_bytes,
        ref host_paths,
        ref forbidden,
        ..
    } = plan.allowance;
    let own = toolchains.iter().chain(host_paths);
    let own = own.filter(|path| path.exists()).map(|path| Bind {
        from: path.clone(),
        to: path.clone(),
        writable: false,
    });
    let inbox = Bind {
        from: inbox.to_owned(),
        to: PathBuf::from(INBOX),
        writable: false,
    };
    let environment = &plan.environment;
    Description {
        root,
        binds: own.chain([inbox]).collect(),
        files: Default::default(),
        host_name: environment.host_name.clone(),
        network: Network::None,
        build_path: PathBuf::from(&environment.build_path),
        account: Account {
            name: environment.user.name.clone(),
            uid: environment.user.uid,
            home: PathBuf::from(&environment.home),
        },
        limits: Limits {
            processes,
            memory_bytes,
            space_bytes,
        },
        forbidden: forbidden.clone(),
    }
}

impl Bench<'_> {
    /// Opens the floor that the plan asks for, with what varies the build; what
    /// needs none was done before.
    pub(super) fn open(&mut self) -> Result<(), BuildError> {
        self.open_floor()?;
        self.preload()
    }

    /// Opens the floor that the plan asks for.
    pub(super) fn open_floor(&mut self) -> Result<(), BuildError> {
        let root = match &self.plan.isolation {
            Isolation::None => return Ok(()),
            Isolation::Namespace => Root::Host,
            Isolation::Chroot(_) => {
                let system = self.workshop.root;
                let system = system.expect("who plans a chroot provides it");
                Root::Layers {
                    lower: system.layers.clone(),
                    upper: None,
                }
            }
        };
        let toolchains = self.workshop.toolchains;
        let description = description(self.plan, root, &self.work(), toolchains);
        let room = Room::open(&description, self.workshop.program)?;
        for limit in room.unapplied() {
            self.workshop.listener.warn(limit.clone());
        }
        self.floor = Floor::Room {
            room: Box::new(room),
            manner: Manner {
                who: Who::Account,
                umask: self.plan.environment.umask,
                processors: Some(self.plan.environment.processors),
                old_kernel_name: self.plan.environment.kernel.starts_with("2.6."),
            },
            seen: Sightings::default(),
        };
        Ok(())
    }

    /// Returns the directory that source trees are in, as the floor knows it.
    pub(super) fn ground(&self) -> PathBuf {
        match self.floor {
            Floor::Machine => self.work(),
            Floor::Room { .. } => PathBuf::from(&self.plan.environment.build_path),
        }
    }

    /// Prepares a tool that runs on the floor, in a directory of it.
    pub(super) fn on_floor(&self, program: &str, directory: &Path) -> Tool {
        let preloaded = |tool: Tool| match &self.preloaded {
            Some(library) => tool.env("LD_PRELOAD", library),
            None => tool,
        };
        match &self.floor {
            Floor::Machine => {
                // The user's umask must not reach what is made.
                let umask = format!("umask {:03o}; exec \"$@\"", self.plan.environment.umask);
                let shell = self.tool("sh", directory).called(program);
                let shell = shell.args(["-c", &umask, "sh"]);
                preloaded(shell.args(self.starters()).arg(program))
            }
            Floor::Room { room, manner, .. } => {
                let tool = self.tool(program, directory);
                let tool = tool.env("HOME", &self.plan.environment.home);
                room.enter(preloaded(tool), manner)
            }
        }
    }

    /// Returns the programs that start a tool where nothing isolates it, so
    /// that it meets another kernel's name or fewer processors.
    fn starters(&self) -> Vec<String> {
        let environment = &self.plan.environment;
        let mut words: Vec<String> = Vec::new();
        let mut say = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
        let there = std::thread::available_parallelism().map_or(1, |n| n.get());
        if (environment.processors as usize) < there {
            let some = first_processors(environment.processors);
            say(&["taskset", "--cpu-list", &some]);
        }
        if environment.kernel.starts_with("2.6.") {
            say(&["setarch", "--uname-2.6", "--"]);
        }
        words
    }

    /// Carries files and directories of the build place to the ground.
    pub(super) fn carry_in(&mut self, paths: &[PathBuf]) -> Result<(), BuildError> {
        if matches!(self.floor, Floor::Machine) || paths.is_empty() {
            return Ok(());
        }
        let work = self.work();
        let seen = paths.iter().map(|path| {
            let below = path.strip_prefix(&work).unwrap_or(path);
            Path::new(INBOX).join(below)
        });
        let ground = self.ground();
        let copy = self.on_floor("cp", &ground);
        let copy = copy.args(["--archive", "--no-preserve=ownership", "--"]);
        let copy = copy.args(seen).arg(&ground);
        self.run("carrying in the source of", copy)
    }

    /// Carries regular files and links below a directory of the floor out, into
    /// a directory of the machine's, under the same names.
    ///
    /// What leaves a room was made by strangers: names that lead elsewhere,
    /// devices and links to leave by are refused.
    pub(super) fn carry_out(
        &mut self,
        from: &Path,
        names: &BTreeSet<PathBuf>,
        into: &Path,
    ) -> Result<(), BuildError> {
        if matches!(self.floor, Floor::Machine) || names.is_empty() {
            return Ok(());
        }
        let packed = self.place.carried();
        let mut list = Vec::new();
        for name in names {
            list.extend(name.as_os_str().as_encoded_bytes());
            list.push(0);
        }
        let tar = self.on_floor("tar", from).input(list).args([
            "--create",
            "--file=-",
            "--null",
            "--verbatim-files-from",
            "--no-recursion",
            "--files-from=-",
        ]);
        let file = File::create(&packed).map_err(files::failed("write", &packed))?;
        tar.write_to(file)?;
        let unpacked = unpack(&packed, names, into);
        std::fs::remove_file(&packed).map_err(files::failed("remove", &packed))?;
        unpacked
    }
}

/// Unpacks what was asked for, and nothing else.
fn unpack(packed: &Path, names: &BTreeSet<PathBuf>, into: &Path) -> Result<(), BuildError> {
    let read = files::failed("unpack", packed);
    let refuse = |path: &Path, why: &str| BuildError::Carried {
        file: path.display().to_string(),
        why: why.to_owned(),
    };
    let unpack = || -> io::Result<Result<(), BuildError>> {
        let mut archive = tar::Archive::new(File::open(packed)?);
        for entry in archive.entries()? {
            let mut entry = entry?;
            let path = entry.path()?.into_owned();
            let plain = path.components().all(|c| matches!(c, Component::Normal(_)));
            if !plain || !names.contains(&path) {
                return Ok(Err(refuse(&path, "nobody asked for it")));
            }
            let to = into.join(&path);
            if let Some(above) = to.parent() {
                std::fs::create_dir_all(above)?;
                // A link that an earlier entry made must not lead away.
                if !above.canonicalize()?.starts_with(into.canonicalize()?) {
                    return Ok(Err(refuse(&path, "a link leads it out of the tree")));
                }
            }
            match entry.header().entry_type() {
                tar::EntryType::Regular | tar::EntryType::Symlink | tar::EntryType::GNUSparse => {
                    let _ = std::fs::remove_file(&to);
                    entry.set_preserve_permissions(false);
                    entry.unpack(&to)?;
                }
                tar::EntryType::Directory => std::fs::create_dir_all(&to)?,
                tar::EntryType::Link => {
                    let Some(target) = entry.link_name()? else {
                        return Ok(Err(refuse(&path, "its link leads nowhere")));
                    };
                    if !names.contains(target.as_ref()) {
                        return Ok(Err(refuse(&path, "its link leads elsewhere")));
                    }
                    std::fs::copy(into.join(&target), &to)?;
                }
                _ => return Ok(Err(refuse(&path, "it is no file"))),
            }
        }
        Ok(Ok(()))
    };
    unpack().map_err(read)?
}

/// Reads the names that `debian/files` lists: what was built, but for the
/// records.
pub(super) fn listed_in(debian_files: &[u8]) -> BTreeSet<PathBuf> {
    let text = String::from_utf8_lossy(debian_files);
    let names = text.lines().filter_map(|line| line.split(' ').next());
    names
        .filter(|name| !name.is_empty() && !name.contains('/'))
        .map(PathBuf::from)
        .collect()
}

/// Finds the one file whose name ends so.
pub(super) fn one<'a>(
    names: &'a BTreeSet<PathBuf>,
    ending: &str,
    place: &Path,
) -> Result<&'a Path, BuildError> {
    let mut found = names.iter().filter(|name| name_of(name).ends_with(ending));
    match (found.next(), found.next()) {
        (Some(name), None) => Ok(name),
        _ => {
            let why = io::Error::other(format!("not exactly one file ends in {ending}"));
            Err(files::failed("find the build's result in", place)(why).into())
        }
    }
}
