//! What is where in a room: mounts, and the change to its root.
//!
//! The old root stays at `/old` while the new one is made at `/new`; both are
//! directories of the room's tmpfs, which everything writable is in.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Component, Path, PathBuf};

use rustix::fs::CWD;
use rustix::mount::{
    MountFlags, MoveMountFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive,
    mount_remount, move_mount, unmount,
};
use rustix::process::pivot_root;

use super::super::description::{Account, Bind, Description, Root};
use super::super::wire::{Accounts, Decoy, Order};
use super::decoys::Decoys;
use super::{Doing, Failed, system};

/// Where the machine's system is while the room is made.
pub(super) const OLD: &str = "/old";
/// Where the room's system is made.
pub(super) const NEW: &str = "/new";
/// Where everything writable is: directories of one tmpfs.
const SPACE: &str = "/space";

/// What a path is, as far as places for it differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
}

/// The machine's trees, by path.
#[derive(Debug)]
pub(super) struct Sources {
    sent: Vec<(PathBuf, OwnedFd)>,
}

impl Sources {
    pub(super) fn new(sent: Vec<(PathBuf, OwnedFd)>) -> Self {
        Self { sent }
    }

    /// Looks at what a path of the machine's is, wherever it can be reached.
    pub(super) fn kind(&self, from: &Path) -> Result<Kind, Failed> {
        let act = || format!("look at {}", from.display());
        let is_directory = match self.sent.iter().find(|(path, _)| path == from) {
            Some((_, tree)) => {
                let found = rustix::fs::fstat(tree).doing(act)?;
                rustix::fs::FileType::from_raw_mode(found.st_mode).is_dir()
            }
            None => fs::metadata(old(from)).doing(act)?.is_dir(),
        };
        Ok(if is_directory {
            Kind::Directory
        } else {
            Kind::File
        })
    }

    /// Shows a tree of the machine's at a place that is there.
    pub(super) fn place(&mut self, from: &Path, to: &Path) -> Result<(), Failed> {
        let act = || format!("show {} at {}", from.display(), to.display());
        if let Some(at) = self.sent.iter().position(|(path, _)| path == from) {
            let (_, tree) = self.sent.swap_remove(at);
            let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
            return move_mount(tree.as_fd(), "", CWD, to, flags).doing(act);
        }
        mount_bind_recursive(old(from), to).doing(act)
    }
}

/// Returns where a path of the machine's is now.
pub(super) fn old(path: &Path) -> PathBuf {
    Path::new(OLD).join(path.strip_prefix("/").unwrap_or(path))
}

/// Makes the room's system and changes to it.
pub(super) fn set_up(order: &Order, mut sources: Sources) -> Result<Decoys, Failed> {
    let description = &order.description;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    // /tmp is on every system; the room's tmpfs leaves it again at once.
    tmpfs(
        "/tmp",
        flags,
        &format!("mode=755,size={}", description.limits.space_bytes),
    )?;
    for below in ["old", "new", "space", "skeleton", "layers", "up"] {
        directory(&Path::new("/tmp").join(below), 0o755)?;
    }
    pivot_root("/tmp", "/tmp/old").doing(|| "pivot_root".to_owned())?;
    rustix::process::chdir("/").doing(|| "chdir".to_owned())?;

    match &description.root {
        Root::Host => system::of_the_machine(order, &mut sources)?,
        Root::Layers { lower, upper } => {
            system::of_layers(order, lower, upper.as_ref(), &mut sources)?;
        }
    }
    writable(order)?;
    devices(order.accounts)?;
    proc()?;
    let mut open = Vec::new();
    let mut decoys = Decoys::new()?;
    let binds = description.binds.iter();
    let binds = binds.map(|bind| (bind.to.as_path(), Laid::Bind(bind)));
    let baits = order.decoys.iter();
    let baits = baits.map(|decoy| (decoy.path.as_path(), Laid::Decoy(decoy)));
    // Outer ones first: a toolchain in a forbidden home is shown, and in it a
    // forbidden file is not. What is shown on purpose covers a decoy.
    let mut all: Vec<(&Path, Laid<'_>)> = baits.chain(binds).collect();
    all.sort_by_key(|(path, _)| path.components().count());
    for (_, one) in all {
        match one {
            Laid::Bind(bind) => open.extend(show(bind, order, &mut sources)?),
            Laid::Decoy(decoy) => decoys.add(decoy)?,
        }
    }
    close(description, &open)?;

    rustix::process::chdir(NEW).doing(|| "chdir".to_owned())?;
    pivot_root(".", ".").doing(|| "pivot_root".to_owned())?;
    unmount(".", UnmountFlags::DETACH).doing(|| "unmount the machine's system".to_owned())?;
    rustix::process::chdir("/").doing(|| "chdir".to_owned())?;
    Ok(decoys)
}

/// What is laid over the system.
enum Laid<'a> {
    Bind(&'a Bind),
    Decoy(&'a Decoy),
}

/// Makes the directories that may be written to.
fn writable(order: &Order) -> Result<(), Failed> {
    let description = &order.description;
    let mut places: Vec<(&str, &Path, u32)> = vec![
        ("tmp", Path::new("/tmp"), 0o1777),
        ("var-tmp", Path::new("/var/tmp"), 0o1777),
        ("run", Path::new("/run"), 0o755),
    ];
    let account = &description.account;
    places.push(("home", &account.home, 0o755));
    places.push(("build", &description.build_path, 0o755));
    // Outer ones first: the build may be at home, or in /tmp.
    places.sort_by_key(|(_, path, _)| path.components().count());
    for (name, path, mode) in places {
        let from = Path::new(SPACE).join(name);
        directory(&from, mode)?;
        if path == account.home || path == description.build_path {
            own(&from, account, order.accounts)?;
        }
        let to = within(path)?;
        make_directory(&to)?;
        mount_bind(&from, &to).doing(|| format!("mount {}", path.display()))?;
    }
    let lock = within(Path::new("/run/lock"))?;
    directory(&lock, 0o1777)?;
    Ok(())
}

/// Makes a directory the account's.
fn own(path: &Path, account: &Account, accounts: Accounts) -> Result<(), Failed> {
    match accounts {
        Accounts::Many => {
            let id = account.uid;
            std::os::unix::fs::chown(path, Some(id), Some(id))
                .doing(|| format!("give {} to {}", path.display(), account.name))
        }
        // There is one number, whatever it is called.
        Accounts::One => Ok(()),
    }
}

fn devices(accounts: Accounts) -> Result<(), Failed> {
    let dev = within(Path::new("/dev"))?;
    make_directory(&dev)?;
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    tmpfs(&dev, flags, "mode=755,size=64k")?;
    for name in ["null", "zero", "full", "random", "urandom"] {
        let node = dev.join(name);
        file(&node, "")?;
        let from = Path::new(OLD).join("dev").join(name);
        mount_bind(&from, &node).doing(|| format!("show /dev/{name}"))?;
    }
    // The machine's would be the terminal that this build was started from.
    // Opening a socket says what opening it says without a terminal: ENXIO.
    drop(UnixListener::bind(dev.join("tty")).doing(|| "make /dev/tty".to_owned())?);
    directory(&dev.join("pts"), 0o755)?;
    // tty(4) belongs to group tty, which is 5 in Debian, where there are groups.
    let options = match accounts {
        Accounts::Many => c"newinstance,ptmxmode=0666,mode=620,gid=5",
        Accounts::One => c"newinstance,ptmxmode=0666,mode=620",
    };
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    mount("devpts", dev.join("pts"), "devpts", flags, options)
        .doing(|| "mount /dev/pts".to_owned())?;
    let links = [
        ("ptmx", "pts/ptmx"),
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ];
    for (name, target) in links {
        symlink(target, dev.join(name)).doing(|| format!("make /dev/{name}"))?;
    }
    let shared = Path::new(SPACE).join("shm");
    directory(&shared, 0o1777)?;
    directory(&dev.join("shm"), 0o755)?;
    mount_bind(&shared, dev.join("shm")).doing(|| "mount /dev/shm".to_owned())
}

fn proc() -> Result<(), Failed> {
    let to = within(Path::new("/proc"))?;
    make_directory(&to)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", &to, "proc", flags, None).doing(|| "mount /proc".to_owned())?;
    make_directory(&within(Path::new("/sys"))?)
}

/// Shows a further tree; returns its place when it may be written to.
fn show(bind: &Bind, order: &Order, sources: &mut Sources) -> Result<Option<PathBuf>, Failed> {
    let to = within(&bind.to)?;
    let is_file = sources.kind(&bind.from)? == Kind::File;
    if !to.exists() {
        if is_file {
            if let Some(parent) = to.parent() {
                make_directory(parent)?;
            }
            file(&to, "")?;
        } else {
            make_directory(&to)?;
        }
    }
    sources.place(&bind.from, &to)?;
    if bind.writable {
        let account = &order.description.account;
        let owner = fs::metadata(&to).doing(|| format!("look at {}", bind.to.display()))?;
        // One that is nobody's in the room was given away outside, if at all.
        if !is_file && owner.uid() == 0 {
            own(&to, account, order.accounts)?;
        }
    }
    Ok(bind.writable.then_some(to))
}

/// Makes everything read-only but what may be written to, recursively: each
/// mount below has a flag of its own, and keeps those it has (the kernel
/// refuses to take them away in a user namespace, mount_namespaces(7)).
fn close(description: &Description, open: &[PathBuf]) -> Result<(), Failed> {
    let mounts = fs::read_to_string(Path::new(OLD).join("proc/self/mountinfo"))
        .doing(|| "read the list of mounts".to_owned())?;
    let mut writable: Vec<PathBuf> = open.to_vec();
    let account = &description.account;
    let own = ["/tmp", "/var/tmp", "/run"].map(PathBuf::from);
    let own = own.iter().chain([&account.home, &description.build_path]);
    for path in own {
        writable.push(within(path)?);
    }
    for below in ["/proc", "/dev/pts", "/dev/shm"] {
        writable.push(Path::new(NEW).join(&below[1..]));
    }
    let system_is_writable = matches!(&description.root, Root::Layers { upper: Some(_), .. });
    for (place, flags) in mounts.lines().filter_map(mount_of) {
        let Ok(below) = place.strip_prefix(NEW) else {
            continue;
        };
        let root_itself = below.as_os_str().is_empty();
        let device = place.starts_with(Path::new(NEW).join("dev"));
        let mut flags = flags | MountFlags::BIND | MountFlags::NOSUID;
        if !device {
            flags |= MountFlags::NODEV;
        }
        let stays = writable.contains(&place) || (root_itself && system_is_writable);
        let node = device && place != Path::new(NEW).join("dev");
        if root_itself && system_is_writable {
            // Packages bring programs that change their user.
            flags -= MountFlags::NOSUID;
        }
        if !stays && !node {
            flags |= MountFlags::RDONLY;
        }
        match mount_remount(&place, flags, c"") {
            Ok(()) => {}
            // A mount below one that the room's root may not enter: nobody
            // else inside may either.
            Err(rustix::io::Errno::ACCESS) => {}
            Err(error) => {
                return Err(error).doing(|| format!("close /{}", below.display()));
            }
        }
    }
    Ok(())
}

/// Reads a line of `mountinfo` (proc_pid_mountinfo(5)): the place and what the
/// mount itself forbids.
fn mount_of(line: &str) -> Option<(PathBuf, MountFlags)> {
    let mut fields = line.split(' ').skip(4);
    let (place, options) = (fields.next()?, fields.next()?);
    let mut flags = MountFlags::empty();
    for option in options.split(',') {
        flags |= match option {
            "ro" => MountFlags::RDONLY,
            "nosuid" => MountFlags::NOSUID,
            "nodev" => MountFlags::NODEV,
            "noexec" => MountFlags::NOEXEC,
            "noatime" => MountFlags::NOATIME,
            "nodiratime" => MountFlags::NODIRATIME,
            "relatime" => MountFlags::RELATIME,
            _ => MountFlags::empty(),
        };
    }
    Some((PathBuf::from(unescaped(place)), flags))
}

/// Undoes the octal escapes of `mountinfo`: blank, tab, line feed, backslash.
fn unescaped(place: &str) -> String {
    let mut text = place.to_owned();
    for (escape, plain) in [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ] {
        text = text.replace(escape, plain);
    }
    text
}

/// Finds where a path of the room's is while the room is made: symbolic links
/// lead to places in the room, not to the machine's.
pub(super) fn within(path: &Path) -> Result<PathBuf, Failed> {
    resolved(Path::new(NEW), path).doing(|| format!("find {}", path.display()))
}

/// How many symbolic links a path may have, as for the kernel.
const LINKS: usize = 40;

fn resolved(root: &Path, path: &Path) -> io::Result<PathBuf> {
    let mut waiting: Vec<PathBuf> = vec![path.to_owned()];
    let mut found = root.to_owned();
    let mut links = 0;
    while let Some(path) = waiting.pop() {
        let mut components = path.components();
        let Some(component) = components.next() else {
            continue;
        };
        waiting.push(components.as_path().to_owned());
        match component {
            Component::RootDir => found = root.to_owned(),
            Component::CurDir | Component::Prefix(_) => {}
            Component::ParentDir => {
                if found != root {
                    found.pop();
                }
            }
            Component::Normal(name) => {
                found.push(name);
                if let Ok(target) = fs::read_link(&found) {
                    links += 1;
                    if links > LINKS {
                        return Err(rustix::io::Errno::LOOP.into());
                    }
                    found.pop();
                    waiting.push(target);
                }
            }
        }
    }
    Ok(found)
}

/// Mounts a tmpfs.
pub(super) fn tmpfs(at: impl AsRef<Path>, flags: MountFlags, options: &str) -> Result<(), Failed> {
    let at = at.as_ref();
    let act = || format!("mount a tmpfs at {}", at.display());
    let options = CString::new(options).map_err(io::Error::other).doing(act)?;
    mount("tmpfs", at, "tmpfs", flags, options.as_c_str()).doing(act)
}

/// Makes a directory with this mode.
pub(super) fn directory(path: &Path, mode: u32) -> Result<(), Failed> {
    let act = || format!("make {}", path.display());
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode))),
    }
    .doing(act)
}

/// Makes a directory and those above it, where they are not there.
pub(super) fn make_directory(path: &Path) -> Result<(), Failed> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_directory(parent)?;
    }
    directory(path, 0o755)
}

/// Writes a file that everybody may read.
pub(super) fn file(path: &Path, text: &str) -> Result<(), Failed> {
    fs::write(path, text)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o644)))
        .doing(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_of_mounts_is_read() {
        let line = "36 35 98:0 /mnt1 /new/with\\040blank ro,nosuid,noatime master:1 - ext3 /d rw";
        let flags = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NOATIME;
        assert_eq!(
            mount_of(line),
            Some((PathBuf::from("/new/with blank"), flags))
        );
        assert_eq!(mount_of("36 35"), None);
    }

    #[test]
    fn links_lead_to_places_in_the_room() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path();
        fs::create_dir_all(root.join("a/b")).expect("a directory");
        symlink("/a/b", root.join("absolute")).expect("a link");
        symlink("../../../../etc", root.join("a/up")).expect("a link");
        symlink("loop", root.join("loop")).expect("a link");
        let cases = [
            ("/a/b", "a/b"),
            ("/absolute/c", "a/b/c"),
            ("/a/up/passwd", "etc/passwd"),
            ("/../x", "x"),
            ("/", ""),
        ];
        for (path, want) in cases {
            let found = resolved(root, Path::new(path)).expect("it is found");
            assert_eq!(found, root.join(want), "{path}");
        }
        assert!(resolved(root, Path::new("/loop")).is_err());
    }
}
