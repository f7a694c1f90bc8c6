//! A system to install into and throw away: a clean one, or this machine's own
//! below a layer in memory. What is installed in it runs as its root, sees no
//! network, and reaches nothing of the machine.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::RehearsalError;
use crate::build::root::Cache;
use crate::build::root::cache::Staged;
use crate::sys::environment::Environment;
use crate::sys::files;
use crate::sys::process::Tool;
use crate::sys::sandbox::{
    Account, Bind, Description, Limits, Manner, Network, PATH, Room, Root, Upper, Who,
};

/// How long one step may take: longer than any maintainer script that a host
/// is to bear.
const STEP: Duration = Duration::from_secs(1800);
/// Where our own packages are seen inside.
pub(super) const OWN: &str = "/debcut-archive";

/// What it stands on.
#[derive(Debug, Clone)]
pub(super) enum Ground {
    /// This tree, of a clean system.
    Clean(PathBuf),
    /// The machine's own system.
    Host,
}

/// A system that is gone when this is dropped.
pub(super) struct Place<'a> {
    inside: Inside<'a>,
    repository: PathBuf,
    // Last: what is open in it is closed first.
    _staged: Staged,
}

enum Inside<'a> {
    Clean {
        description: Box<Description>,
        program: &'a Path,
        room: Option<(Network, Box<Room>)>,
    },
    Host(Holder),
}

/// What a script left.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) is_good: bool,
    /// Output and errors, in order.
    pub(super) said: String,
}

impl<'a> Place<'a> {
    pub(super) fn open(
        ground: &Ground,
        environment: &Environment,
        program: &'a Path,
    ) -> Result<Self, RehearsalError> {
        let cache = Cache::of(environment).map_err(RehearsalError::cache)?;
        let parent = cache.roots();
        files::create_dir(&parent)?;
        let staged = Staged::within(&parent)?;
        let at = |name: &str| -> Result<PathBuf, RehearsalError> {
            let path = staged.path().join(name);
            files::create_dir(&path)?;
            Ok(path)
        };
        let repository = at("own")?;
        let inside = match ground {
            Ground::Clean(tree) => {
                let upper = Upper {
                    changes: at("changes")?,
                    work: at("work")?,
                };
                Inside::Clean {
                    description: Box::new(description(tree, upper, &repository)),
                    program,
                    room: None,
                }
            }
            Ground::Host => Inside::Host(Holder::start(&at("host")?, &repository)?),
        };
        Ok(Self {
            inside,
            repository,
            _staged: staged,
        })
    }

    /// Returns the directory that is seen inside as [`OWN`].
    pub(super) fn repository(&self) -> &Path {
        &self.repository
    }

    /// Runs a shell script as root.
    pub(super) fn run(
        &mut self,
        network: Network,
        script: &str,
        words: &[String],
    ) -> Result<Ran, RehearsalError> {
        let tool = Tool::new("sh")
            .args(["-c", "exec 2>&1; set -eu; eval \"$0\"", script])
            .args(words)
            .dir(Path::new("/"))
            .env("PATH", PATH)
            .env("HOME", "/root")
            .env("LC_ALL", "C.UTF-8")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .limit(STEP);
        let (status, output) = match &mut self.inside {
            Inside::Clean {
                description,
                program,
                room,
            } => {
                if room.as_ref().is_none_or(|(there, _)| *there != network) {
                    // One at a time: both write to the same layer.
                    *room = None;
                    let description = Description {
                        network,
                        ..(**description).clone()
                    };
                    let opened = Room::open(&description, program)?;
                    *room = Some((network, Box::new(opened)));
                }
                let (_, room) = room.as_ref().expect("it was opened");
                let manner = Manner {
                    who: Who::Root,
                    umask: 0o022,
                    processors: None,
                    old_kernel_name: false,
                };
                let ended = room.enter(tool, &manner).finish();
                // Whoever a script left behind is ended.
                room.sightings()?;
                ended?
            }
            Inside::Host(holder) => tool.through(holder.words(network)).finish()?,
        };
        Ok(Ran {
            is_good: status.success(),
            said: String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr),
        })
    }
}

fn description(tree: &Path, upper: Upper, repository: &Path) -> Description {
    Description {
        root: Root::Layers {
            lower: vec![tree.to_owned()],
            upper: Some(upper),
        },
        binds: vec![Bind {
            from: repository.to_owned(),
            to: OWN.into(),
            writable: false,
        }],
        files: Default::default(),
        host_name: "rehearsal".to_owned(),
        network: Network::None,
        build_path: "/build".into(),
        account: Account {
            name: "builder".to_owned(),
            uid: 1000,
            home: "/builder".into(),
        },
        limits: Limits {
            processes: 4096,
            memory_bytes: 1 << 40,
            space_bytes: 4 << 30,
        },
        forbidden: Vec::new(),
    }
}

/// Lays a layer in memory over the machine's system, which is read-only from
/// then on, and waits. Nothing of `/dev`, `/run`, `/sys` and `/tmp` is the
/// machine's: no service can be reached, started or stopped.
const LAY: &str = "\
set -eu
top=$1 own=$2
mount -t tmpfs -o mode=755 debcut \"$top\"
mkdir \"$top/changes\" \"$top/work\" \"$top/root\"
mount -t overlay -o \"lowerdir=/,upperdir=$top/changes,workdir=$top/work\" debcut \"$top/root\"
cd \"$top/root\"
mkdir -p debcut-archive
mount --bind \"$own\" debcut-archive
mount -o remount,bind,ro debcut-archive
mount -t proc -o nosuid,nodev,noexec proc proc
for kept in sys sysrq-trigger bus fs irq; do
  [ -e proc/$kept ] || continue
  mount --bind proc/$kept proc/$kept
  mount -o remount,bind,ro proc/$kept
done
for empty in run dev sys; do mount -t tmpfs -o mode=755,nosuid debcut $empty; done
for open in tmp var/tmp; do mount -t tmpfs -o mode=1777,nosuid,nodev debcut $open; done
for name in null zero full random urandom tty; do
  : >dev/$name; mount --bind /dev/$name dev/$name
done
ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
mkdir -p dev/shm dev/pts run/lock
mount -o remount,bind,ro /
hostname rehearsal
echo ready
exec cat";

/// What its root may not do: everything that could reach the machine, or leave.
const DENIED: &str = "--bounding-set=-sys_admin,-sys_chroot,-sys_ptrace,-sys_module,-sys_rawio,\
    -sys_boot,-sys_time,-sys_resource,-net_admin,-net_raw,-syslog,-mknod,-linux_immutable,\
    -mac_admin,-mac_override,-audit_control,-wake_alarm,-block_suspend,-bpf,-perfmon";

/// The process that keeps the machine's system with its layer.
struct Holder {
    child: Child,
    root: PathBuf,
}

impl Holder {
    fn start(top: &Path, own: &Path) -> Result<Self, RehearsalError> {
        if !rustix::process::geteuid().is_root() {
            return Err(RehearsalError::NotRoot);
        }
        let failed = |why: String| RehearsalError::Host { why };
        let mut command = Command::new("setpriv");
        command
            .env_clear()
            .env("PATH", PATH)
            .env("LC_ALL", "C.UTF-8");
        // It ends with this process, however that ends.
        command.args([
            "--pdeathsig=KILL",
            "--",
            "unshare",
            "--mount",
            "--propagation=private",
        ]);
        command.args([
            "--pid",
            "--uts",
            "--ipc",
            "--net",
            "--cgroup",
            "--fork",
            "--kill-child",
        ]);
        command
            .args(["--", "sh", "-c", LAY, "sh"])
            .arg(top)
            .arg(own);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let mut holder = Self {
            child,
            root: top.join("root"),
        };
        let mut said = [0; 6];
        let stdout = holder.child.stdout.as_mut().expect("it is piped");
        if stdout.read_exact(&mut said).is_err() {
            let mut why = String::new();
            if let Some(stderr) = &mut holder.child.stderr {
                let _ = stderr.read_to_string(&mut why);
            }
            return Err(failed(why.trim().replace('\n', "; ")));
        }
        Ok(holder)
    }

    /// Returns the words that run others in it; they have no search path.
    fn words(&self, network: Network) -> Vec<OsString> {
        let process = self.child.id();
        let mut words: Vec<OsString> = vec!["/usr/bin/nsenter".into()];
        for (option, file) in [("mount", "mnt"), ("uts", "uts"), ("ipc", "ipc")] {
            words.push(format!("--{option}=/proc/{process}/ns/{file}").into());
        }
        words.push(format!("--pid=/proc/{process}/ns/pid_for_children").into());
        if network == Network::None {
            words.push(format!("--net=/proc/{process}/ns/net").into());
        }
        // This process may itself be in a directory that is not its mounts' top.
        words.push(format!("--root=/proc/{process}/root").into());
        words.extend([
            "--".into(),
            "/usr/sbin/chroot".into(),
            self.root.clone().into(),
        ]);
        // apt and dpkg close every file that they could have open.
        words.extend(["/usr/bin/prlimit".into(), "--nofile=1024:".into()]);
        words.extend(["/usr/bin/setpriv".into(), DENIED.into(), "--".into()]);
        words
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // The end of its input ends it, and with it everybody inside.
        if let Some(mut stdin) = self.child.stdin.take() {
            let _ = stdin.flush();
        }
        let _ = self.child.wait();
    }
}
