//! Where the tools of a build run: on the machine, or in a room of their own.
//!
//! The build place's directory stays on the machine, where the source package
//! is made and everything is signed. A room has its own: what a build needs is
//! carried in, what it made is carried out, and nothing else passes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Bench, BuildError, name_of};
use crate::build::isolation::{Allowance, Isolation};
use crate::build::plan::BuildPlan;
use crate::model::{Event, Finding};
use crate::sys::files::{self, FileError};
use crate::sys::process::{Tool, ToolError};
use crate::sys::sandbox::{
    Account, Bind, Description, Limits, Manner, Network, Room, Root, Sightings, Who,
    first_processors,
};

/// Where a room sees the build place's directory.
pub(super) const INBOX: &str = "/run/debcut/in";

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
        /// Whether its first process still answers.
        watched: Watched,
    },
}

/// Whether a room's first process still answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watched {
    Yes,
    /// It is gone, and everybody with it: what they did last, nobody saw.
    NoMore,
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
            // What can be done about it; the machine's reasons are for -v.
            let (short, why) = limit.split_once('\n').unwrap_or((limit, ""));
            self.workshop.listener.note(short.to_owned());
            if !why.is_empty() {
                self.workshop.listener.hear(Event::Output(why.to_owned()));
            }
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
            watched: Watched::Yes,
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

    /// Returns where the floor sees a file of the build place, to read it.
    pub(super) fn seen_on_floor(&self, path: &Path) -> PathBuf {
        match (&self.floor, path.strip_prefix(self.work())) {
            (Floor::Room { .. }, Ok(below)) => Path::new(INBOX).join(below),
            _ => path.to_owned(),
        }
    }

    /// Carries files and directories of the build place to the ground.
    pub(super) fn carry_in(
        &mut self,
        step: &'static str,
        paths: &[PathBuf],
    ) -> Result<(), BuildError> {
        if matches!(self.floor, Floor::Machine) || paths.is_empty() {
            return Ok(());
        }
        let seen: Vec<_> = paths.iter().map(|path| self.seen_on_floor(path)).collect();
        let ground = self.ground();
        let copy = self.on_floor("cp", &ground);
        let copy = copy.args(["--archive", "--no-preserve=ownership", "--"]);
        let copy = copy.args(seen).arg(&ground);
        self.run(step, copy)
    }

    /// Reads the names that `debian/files` lists.
    pub(super) fn listed_files(&mut self, tree: &Path) -> Result<BTreeSet<PathBuf>, BuildError> {
        /// Debian's longest, of the kernel, has some 200 KiB.
        const MOST_BYTES: u64 = 4 * 1024 * 1024;
        // Not what a link leads to: a device has no end.
        const READ: &str = "cd -P debian && test ! -L files && test -f files || \
            { echo 'debian/files is no regular file' >&2; exit 1; }; exec cat files";
        let read = self.on_floor("sh", tree).args(["-c", READ]);
        let said = self.said("listing the results of", read.at_most(MOST_BYTES))?;
        Ok(listed_in(&said))
    }

    /// Carries regular files below a directory of the floor out, into a
    /// directory of the machine's, under the same names.
    ///
    /// What leaves a room was made by strangers: names that nobody asked for or
    /// that are taken, devices, and more than the room has space for are
    /// refused. Links are made as they are and never followed, where they are
    /// wanted at all.
    pub(super) fn carry_out(
        &mut self,
        from: &Path,
        names: &BTreeSet<PathBuf>,
        into: &Path,
        links: Links,
    ) -> Result<(), BuildError> {
        if matches!(self.floor, Floor::Machine) || names.is_empty() {
            return Ok(());
        }
        const STEP: &str = "carrying out the results of";
        let packed = self.place.carried();
        let mut list = Vec::new();
        for name in names {
            list.extend(name.as_os_str().as_encoded_bytes());
            list.push(0);
        }
        let tar = self.on_floor("tar", from).input(list).args([
            "--create",
            "--file=-",
            "--hard-dereference",
            "--null",
            "--verbatim-files-from",
            "--no-recursion",
            "--files-from=-",
        ]);
        let space = self.plan.allowance.space_bytes;
        let file = File::create(&packed).map_err(files::failed("write", &packed))?;
        self.begin(STEP)?;
        match tar
            .at_most(space.saturating_add(HEADERS_BYTES))
            .write_to(file)
        {
            Ok(()) => {}
            Err(ToolError::TooMuch { .. }) => {
                let what = format!(
                    "what it made is larger than the space that it has ({} MiB): a file with \
                     holes counts as if it had none",
                    space >> 20
                );
                let finding = Finding::error("limit", self.plan.package.as_str(), what);
                let finding = finding.fix("space in [build] sets the limit");
                return Err(BuildError::Refused {
                    findings: vec![finding],
                });
            }
            Err(error) => return Err(self.failed(STEP, error)),
        }
        let unpacked = unpack(&packed, names, into, links);
        std::fs::remove_file(&packed).map_err(files::failed("remove", &packed))?;
        match unpacked? {
            Ok(()) => Ok(()),
            Err(Unwanted { file, why }) => {
                let what = format!("it does not come out of the build's room: {why}");
                let finding = Finding::error("unfit-result", file.display().to_string(), what);
                Err(BuildError::Refused {
                    findings: vec![finding.fix(self.whole_output())],
                })
            }
        }
    }
}

/// What tar's headers may add to the files' own size.
const HEADERS_BYTES: u64 = 64 * 1024 * 1024;

/// Whether symbolic links may leave a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    /// Whoever reads what was carried out would follow them.
    Refused,
    /// They are packed as they are.
    Kept,
}

/// A thing that is not to leave a room.
#[derive(Debug, PartialEq, Eq)]
struct Unwanted {
    file: PathBuf,
    why: &'static str,
}

/// Unpacks what was asked for, and nothing else.
fn unpack(
    packed: &Path,
    names: &BTreeSet<PathBuf>,
    into: &Path,
    links: Links,
) -> Result<Result<(), Unwanted>, FileError> {
    let unpack = || -> io::Result<Result<(), Unwanted>> {
        let mut left = BTreeMap::new();
        let mut archive = tar::Archive::new(File::open(packed)?);
        for entry in archive.entries()? {
            let mut entry = entry?;
            let file = entry.path()?.into_owned();
            let refuse = |why| {
                Ok(Err(Unwanted {
                    file: file.clone(),
                    why,
                }))
            };
            let plain = file.components().all(|c| matches!(c, Component::Normal(_)));
            if !plain || !names.contains(&file) {
                return refuse("nobody asked for it");
            }
            match entry.header().entry_type() {
                tar::EntryType::Regular => {
                    let to = into.join(&file);
                    create_dir_above(&to)?;
                    // Never through what is there, a link least of all.
                    let mut made = match File::options().write(true).create_new(true).open(&to) {
                        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                            return refuse("something of this name is there already");
                        }
                        made => made?,
                    };
                    io::copy(&mut entry, &mut made)?;
                    let mode = entry.header().mode()? & 0o777;
                    made.set_permissions(Permissions::from_mode(mode))?;
                    let seconds = Duration::from_secs(entry.header().mtime()?);
                    made.set_modified(SystemTime::UNIX_EPOCH + seconds)?;
                }
                tar::EntryType::Symlink if links == Links::Kept => {
                    let Some(target) = entry.link_name()? else {
                        return refuse("its link leads nowhere");
                    };
                    left.insert(file, target.into_owned());
                }
                _ => return refuse("it is no regular file"),
            }
        }
        // When all files are there, and the deepest first: no link leads
        // anything astray.
        for (file, target) in left.into_iter().rev() {
            let to = into.join(&file);
            create_dir_above(&to)?;
            if to.symlink_metadata().is_ok() {
                let why = "something of this name is there already";
                return Ok(Err(Unwanted { file, why }));
            }
            symlink(target, &to)?;
        }
        Ok(Ok(()))
    };
    unpack().map_err(files::failed("unpack", packed))
}

fn create_dir_above(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)
}

/// Reads the names that `debian/files` lists: what was built, but for the
/// records.
fn listed_in(debian_files: &[u8]) -> BTreeSet<PathBuf> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use tar::EntryType;

    /// Unpacks an archive of one entry a word: `KIND NAME TARGET`.
    fn unpacked(entries: &[(EntryType, &str, &str)], links: Links) -> (tempfile::TempDir, String) {
        let place = tempfile::tempdir().expect("a directory");
        let packed = place.path().join("packed");
        let mut builder = tar::Builder::new(File::create(&packed).expect("a file"));
        let mut names = BTreeSet::new();
        for (kind, name, target) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(0o755);
            header.set_size(0);
            let name_field = &mut header.as_old_mut().name;
            name_field[..name.len()].copy_from_slice(name.as_bytes());
            let link_field = &mut header.as_old_mut().linkname;
            link_field[..target.len()].copy_from_slice(target.as_bytes());
            header.set_cksum();
            builder.append(&header, io::empty()).expect("memory");
            if *target != "unasked" {
                names.insert(PathBuf::from(name));
            }
        }
        builder.into_inner().expect("memory");
        let into = place.path().join("into");
        std::fs::create_dir(&into).expect("a directory");
        std::fs::write(into.join("proven.dsc"), "proven").expect("a file");
        let said = match unpack(&packed, &names, &into, links) {
            Ok(Ok(())) => String::new(),
            Ok(Err(unwanted)) => unwanted.why.to_owned(),
            Err(error) => format!("{error}"),
        };
        (place, said)
    }

    #[test]
    fn only_files_that_were_asked_for_leave_a_room() {
        use EntryType::{Directory, Fifo, Link, Regular, Symlink};
        let there = "something of this name is there already";
        let no_file = "it is no regular file";
        type Case<'a> = (&'a str, &'a [(EntryType, &'a str, &'a str)], Links, &'a str);
        let cases: [Case<'_>; 10] = [
            ("files", &[(Regular, "a/b", "")], Links::Refused, ""),
            ("links", &[(Symlink, "a", "/etc")], Links::Kept, ""),
            (
                "unwanted links",
                &[(Symlink, "a", "/etc")],
                Links::Refused,
                no_file,
            ),
            (
                "a hard link to a link",
                &[(Symlink, "a", "/etc/passwd"), (Link, "b", "a")],
                Links::Kept,
                no_file,
            ),
            ("a pipe", &[(Fifo, "a", "")], Links::Kept, no_file),
            ("a directory", &[(Directory, "a", "")], Links::Kept, no_file),
            (
                "a taken name",
                &[(Regular, "proven.dsc", "")],
                Links::Refused,
                there,
            ),
            (
                "a link of a taken name",
                &[(Symlink, "proven.dsc", "/x")],
                Links::Kept,
                there,
            ),
            (
                "a way out",
                &[(Regular, "../a", "")],
                Links::Kept,
                "nobody asked for it",
            ),
            (
                "what nobody wants",
                &[(Regular, "a", "unasked")],
                Links::Kept,
                "nobody asked for it",
            ),
        ];
        for (case, entries, links, want) in cases {
            let (place, said) = unpacked(entries, links);
            assert_eq!(said, want, "{case}");
            let proven = std::fs::read(place.path().join("into/proven.dsc"));
            assert_eq!(proven.expect("it is there"), b"proven", "{case}");
            assert!(!place.path().join("a").exists(), "{case}");
        }
    }

    #[test]
    fn links_lead_nothing_astray() {
        use EntryType::{Regular, Symlink};
        let (place, said) = unpacked(
            &[
                (Symlink, "d", ".."),
                (Regular, "d/file", ""),
                (Symlink, "d/link", "x"),
            ],
            Links::Kept,
        );
        assert_eq!(said, "something of this name is there already");
        assert!(!place.path().join("file").exists());
        assert!(place.path().join("link").symlink_metadata().is_err());
    }
}
