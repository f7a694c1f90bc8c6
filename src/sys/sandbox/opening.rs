//! The steps of opening a room, on the outside.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::CWD;
use rustix::mount::{OpenTreeFlags, open_tree};
use serde::Serialize;

use super::description::{Description, Network, Root, Upper};
use super::ids::{self, Ids};
use super::room::SandboxError;
use super::wire::{self, Accounts, Decoy, DecoyKind, Word};
use super::{PATH, refusal};

/// How long setting up a room may take; it takes some hundredths of a second.
const SET_UP: Duration = Duration::from_secs(60);
/// How long the end of a room is waited for: the kernel ends everybody first.
const END: Duration = Duration::from_secs(10);

/// Returns the room with the machine's paths free of symbolic links, which
/// would lead elsewhere once the root is another one.
pub(super) fn looked_up(description: &Description) -> Result<Description, SandboxError> {
    let mut found = description.clone();
    let look = |path: &mut PathBuf| {
        let real = path.canonicalize();
        *path = real.map_err(|source| SandboxError::Source {
            path: path.clone(),
            source,
        })?;
        Ok(())
    };
    for bind in &mut found.binds {
        look(&mut bind.from)?;
    }
    if let Root::Layers { lower, upper } = &mut found.root {
        lower.iter_mut().try_for_each(look)?;
        if let Some(Upper { changes, work }) = upper {
            look(changes)?;
            look(work)?;
        }
    }
    Ok(found)
}

/// The process that keeps a new user namespace until the room has its own.
#[derive(Debug)]
pub(super) struct Holder(Child);

impl Holder {
    pub(super) fn start() -> Result<Self, SandboxError> {
        let mut command = tool("unshare");
        // The line says that the namespace is there; the end of input ends it.
        let wait = ["--user", "--", "/bin/sh", "-c", "echo; exec cat"];
        command.args(wait).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|source| run("unshare", source))?;
        let mut holder = Self(child);
        let mut line = [0];
        let stdout = holder.0.stdout.as_mut().expect("it is piped");
        match stdout.read_exact(&mut line) {
            Ok(()) => Ok(holder),
            Err(_) => Err(refusal::of_namespaces(&last_words(&mut holder.0))),
        }
    }

    pub(super) fn give_numbers(&self) -> Result<Ids, SandboxError> {
        ids::give(self.0.id()).map_err(|error| {
            refusal::of_namespaces(&format!("the numbers of its accounts: {error}"))
        })
    }
}

impl Holder {
    /// Starts the words that run others as the root of this namespace.
    fn entered(&self, ids: &Ids) -> Command {
        let mut command = tool("nsenter");
        command.arg(format!("--user=/proc/{}/ns/user", self.0.id()));
        match ids.accounts {
            Accounts::Many => command.args(["--setuid=0", "--setgid=0"]),
            // Groups cannot be left without privilege.
            Accounts::One => command.arg("--preserve-credentials"),
        };
        command.arg("--");
        command
    }

    /// Removes a tree as the root of this namespace; whoever asks looks.
    pub(super) fn remove(&self, ids: &Ids, path: &Path) -> Result<(), SandboxError> {
        let mut command = self.entered(ids);
        command.args(["rm", "-rf", "--one-file-system", "--"]);
        command.arg(path).stdin(Stdio::null());
        let ended = command.output();
        ended.map(|_| ()).map_err(|source| run("nsenter", source))
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The room's first process, seen from outside. Dropped, it ends, and with it
/// everybody in the room.
#[derive(Debug)]
pub(super) struct First {
    child: Child,
    socket: UnixStream,
    lines: BufReader<UnixStream>,
}

impl First {
    pub(super) fn start(
        holder: &Holder,
        ids: &Ids,
        description: &Description,
        program: &Path,
    ) -> Result<Self, SandboxError> {
        let (socket, inside) = UnixStream::pair().map_err(broken)?;
        socket.set_read_timeout(Some(SET_UP)).map_err(broken)?;
        let lines = BufReader::new(socket.try_clone().map_err(broken)?);
        let myself = File::open(program).map_err(|source| SandboxError::Source {
            path: program.to_owned(),
            source,
        })?;
        let mut command = holder.entered(ids);
        command.args(["unshare", "--fork", "--kill-child", "--pid", "--mount"]);
        command.args(["--uts", "--ipc", "--cgroup"]);
        if description.network == Network::None {
            command.arg("--net");
        }
        // By descriptor: the directory it lies in may be closed to the room's
        // root. Standard output is the way both speak, so that no descriptor
        // has to be inherited that others could inherit too.
        command.args(["--", "/proc/self/fd/0", "sandbox", "init"]);
        command.stdin(myself);
        command.stdout(OwnedFd::from(inside)).stderr(Stdio::piped());
        let child = command.spawn().map_err(|source| run("nsenter", source))?;
        Ok(Self {
            child,
            socket,
            lines,
        })
    }

    /// Sends trees, before anything is said.
    pub(super) fn send(&mut self, trees: &[OwnedFd]) -> Result<(), SandboxError> {
        wire::send_trees(&self.socket, trees).map_err(broken)
    }

    /// Says one thing.
    pub(super) fn say(&mut self, word: &impl Serialize) -> Result<(), SandboxError> {
        let mut line = serde_json::to_vec(word).map_err(io::Error::other);
        if let Ok(line) = &mut line {
            line.push(b'\n');
        }
        let said = line.and_then(|line| self.socket.write_all(&line));
        said.map_err(broken)
    }

    /// Hears one thing.
    pub(super) fn hear(&mut self) -> Result<Word, SandboxError> {
        let mut line = String::new();
        match self.lines.read_line(&mut line) {
            Ok(0) => Err(refusal::of_namespaces(&last_words(&mut self.child))),
            Ok(_) => serde_json::from_str(&line).map_err(|error| broken(error.into())),
            Err(error) => Err(broken(error)),
        }
    }

    /// Waits for its answers as long as they take, from now on.
    pub(super) fn trust(&self) -> Result<(), SandboxError> {
        self.socket.set_read_timeout(None).map_err(broken)
    }
}

impl Drop for First {
    fn drop(&mut self) {
        // Both ends of ours: the first process ends when it hears nobody.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        let until = Instant::now() + END;
        while Instant::now() < until {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(2)),
                _ => return,
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Opens a room's namespaces: names for `nsenter`, and files that stay this
/// room's even if its first process ends and another gets its number.
pub(super) fn namespaces(
    process: u32,
    network: Network,
) -> Result<Vec<(&'static str, File)>, SandboxError> {
    let mut names = vec![
        ("user", "user"),
        ("mount", "mnt"),
        ("pid", "pid"),
        ("uts", "uts"),
        ("ipc", "ipc"),
        ("cgroup", "cgroup"),
    ];
    if network == Network::None {
        names.push(("net", "net"));
    }
    let open = |(name, file): (&'static str, &str)| {
        // The process's own are `pid`; those of its children are the same.
        let path = PathBuf::from(format!("/proc/{process}/ns/{file}"));
        match File::open(&path) {
            Ok(file) => Ok((name, file)),
            Err(source) => Err(SandboxError::Source { path, source }),
        }
    };
    names.into_iter().map(open).collect()
}

/// Gives what may be written to to those who write: the room's own root cannot
/// take what belongs to nobody in the room.
pub(super) fn hand_over(description: &Description, ids: &Ids) -> Result<(), SandboxError> {
    if ids.accounts == Accounts::One || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let give = |path: &Path, to: u32| {
        let given = std::os::unix::fs::chown(path, Some(to), Some(to));
        given.map_err(|source| SandboxError::Source {
            path: path.to_owned(),
            source,
        })
    };
    let ours = |path: &Path| std::fs::metadata(path).is_ok_and(|found| found.uid() == 0);
    for bind in &description.binds {
        if bind.writable && bind.from.is_dir() && ours(&bind.from) {
            give(&bind.from, ids.base + description.account.uid)?;
        }
    }
    if let Root::Layers {
        upper: Some(upper), ..
    } = &description.root
    {
        for path in [&upper.changes, &upper.work] {
            if ours(path) {
                give(path, ids.base)?;
            }
        }
    }
    Ok(())
}

/// Takes hold of what is to be seen inside, where this process may: the room's
/// root could not reach it through directories that are root's alone. Whatever
/// is not here the room finds by its path.
pub(super) fn trees(description: &Description) -> (Vec<PathBuf>, Vec<OwnedFd>) {
    let mut paths: Vec<PathBuf> = Vec::new();
    if rustix::process::geteuid().is_root() {
        paths.extend(description.binds.iter().map(|bind| bind.from.clone()));
        if let Root::Layers { lower, upper } = &description.root {
            paths.extend(lower.iter().cloned());
            paths.extend(upper.as_ref().map(Upper::common));
        }
    }
    let taken = |path: PathBuf| {
        let flags = OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_RECURSIVE;
        let tree = open_tree(CWD, &path, flags).ok()?;
        Some((path, tree))
    };
    paths.into_iter().filter_map(taken).unzip()
}

/// Finds out what decoys look like; what is not there needs none.
pub(super) fn decoys(description: &Description) -> Vec<Decoy> {
    let own = [&description.build_path, &description.account.home];
    let own = own.into_iter().map(PathBuf::as_path);
    let own: Vec<&Path> = own.chain(NEEDED.map(Path::new)).collect();

    let seen = |path: &Path| {
        let kind = std::fs::metadata(path).ok()?.file_type();
        let kind = match () {
            () if kind.is_dir() => DecoyKind::Directory,
            () if kind.is_socket() => DecoyKind::Socket,
            () => DecoyKind::File,
        };
        let path = path.to_owned();
        Some(Decoy { path, kind })
    };
    let mut found: Vec<Decoy> = Vec::new();
    for path in &description.forbidden {
        let below = BAIT.iter().map(|name| path.join(name));
        for decoy in [path.clone()].into_iter().chain(below) {
            // What the room needs is not a decoy, whoever's home it is.
            let needed = own.iter().any(|path| path.starts_with(&decoy));
            if !needed && found.iter().all(|known| known.path != decoy) {
                found.extend(seen(&decoy));
            }
        }
    }
    found
}

/// What a room is made of.
const NEEDED: [&str; 10] = [
    "/bin", "/dev", "/etc", "/lib", "/proc", "/run", "/sys", "/tmp", "/usr", "/var/tmp",
];

/// What lies in homes and is worth stealing. A decoy of a home is empty but
/// for those of these that the home has: looking for a file that is not there
/// cannot be seen.
const BAIT: [&str; 17] = [
    ".aws/credentials",
    ".bash_history",
    ".bashrc",
    ".cargo/credentials.toml",
    ".config/gh/hosts.yml",
    ".docker/config.json",
    ".git-credentials",
    ".gitconfig",
    ".gnupg",
    ".netrc",
    ".npmrc",
    ".profile",
    ".pypirc",
    ".ssh",
    ".ssh/id_ed25519",
    ".ssh/id_rsa",
    ".ssh/known_hosts",
];

fn tool(program: &str) -> Command {
    let mut command = Command::new(program);
    // A group of its own: Ctrl-C is ours to hear.
    command.env_clear().env("PATH", PATH).process_group(0);
    command
}

fn last_words(child: &mut Child) -> String {
    let _ = child.kill();
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        let _ = stderr.read_to_string(&mut said);
    }
    said.trim().to_owned()
}

fn run(program: &'static str, source: io::Error) -> SandboxError {
    SandboxError::Run { program, source }
}

fn broken(source: io::Error) -> SandboxError {
    SandboxError::Broken { source }
}
