//! Control groups: the limits that hold for all of a room together
//! (cgroups(7)). The room's first process is in none of them: it must be able
//! to work when everybody else is at a limit.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::description::Limits;

/// What a room's group is called: this and the number of its first process.
const NAME: &str = "debcut-room-";
/// How long the kernel may take to let go of an ended process.
const PATIENCE: Duration = Duration::from_secs(2);

/// A room's groups, one in each hierarchy. Dropped, they are removed.
#[derive(Debug, Default)]
pub(super) struct Groups {
    made: Vec<PathBuf>,
    memory: Option<Counter>,
    processes: Option<Counter>,
}

/// A count of how often a limit was run into.
#[derive(Debug)]
struct Counter {
    file: PathBuf,
    keys: &'static [&'static str],
    last: u64,
}

/// A hierarchy of groups that this process is in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hierarchy {
    version: Version,
    /// The directory of this process's own group.
    own: PathBuf,
    /// Where the hierarchy is mounted.
    top: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    /// With one controller each.
    One(&'static str),
    /// With all of them.
    Two,
}

impl Groups {
    /// Makes the groups that this process may make, for the room with this
    /// first process, and says which limits they cannot hold.
    pub(super) fn make(limits: &Limits, first: u32) -> (Self, Vec<String>) {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let found = hierarchies(&read("/proc/self/cgroup"), &read("/proc/self/mountinfo"));
        let mut groups = Self::default();
        let mut refused = Vec::new();
        for hierarchy in found {
            if let Err(error) = groups.add(&hierarchy, limits, first) {
                refused.push(format!("{}: {error}", hierarchy.own.display()));
            }
        }
        let why = if refused.is_empty() {
            "no group hierarchy is mounted".to_owned()
        } else {
            refused.join("; ")
        };
        let mut without = Vec::new();
        if groups.memory.is_none() {
            without.push(format!(
                "the memory of all together is not limited, only that of each process: \
                 systemd-run --user --scope -p Delegate=yes debcut … limits it\n({why})"
            ));
        }
        (groups, without)
    }

    fn add(&mut self, hierarchy: &Hierarchy, limits: &Limits, first: u32) -> io::Result<()> {
        let wanted = match hierarchy.version {
            Version::One("memory") | Version::Two if self.memory.is_none() => true,
            Version::One("pids") => self.processes.is_none(),
            _ => false,
        };
        if !wanted {
            return Ok(());
        }
        let parent = hierarchy.parent()?;
        sweep(&parent);
        let group = parent.join(format!("{NAME}{first}"));
        fs::create_dir(&group)?;
        self.made.push(group.clone());
        let set = |file: &str, value: &str| fs::write(group.join(file), value);
        let memory = limits.memory_bytes.to_string();
        let processes = limits.processes.to_string();
        let counter = |file: &str, keys| {
            let mut counter = Counter {
                file: group.join(file),
                keys,
                last: 0,
            };
            counter.more();
            counter
        };
        match hierarchy.version {
            Version::Two => {
                set("pids.max", &processes)?;
                set("memory.max", &memory)?;
                // There is none where there is no swap.
                let _ = set("memory.swap.max", "0");
                self.processes = Some(counter("pids.events", &["max"]));
                self.memory = Some(counter("memory.events", &["oom", "oom_kill"]));
            }
            Version::One("memory") => {
                set("memory.limit_in_bytes", &memory)?;
                // Memory and swap together, where swap is counted.
                let _ = set("memory.memsw.limit_in_bytes", &memory);
                self.memory = Some(counter("memory.oom_control", &["oom_kill"]));
            }
            Version::One(_) => {
                set("pids.max", &processes)?;
                self.processes = Some(counter("pids.events", &["max"]));
            }
        }
        Ok(())
    }

    /// Returns the files that a process writes itself into.
    pub(super) fn processes_files(&self) -> impl Iterator<Item = PathBuf> {
        self.made.iter().map(|group| group.join("cgroup.procs"))
    }

    /// Tells whether memory is limited for all together.
    pub(super) fn limit_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// Names the limits that somebody ran into since the last call.
    pub(super) fn run_into(&mut self) -> Vec<String> {
        let counters = [
            ("processes", &mut self.processes),
            ("memory", &mut self.memory),
        ];
        let more = counters.into_iter().filter_map(|(name, counter)| {
            let more = counter.as_mut()?.more();
            more.then(|| name.to_owned())
        });
        more.collect()
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        for group in &self.made {
            let until = std::time::Instant::now() + PATIENCE;
            // Busy until the kernel has let go of everybody who ended.
            while fs::remove_dir(group).is_err() && group.exists() {
                if std::time::Instant::now() > until {
                    break;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

impl Counter {
    /// Tells whether it counts more than at the last call.
    fn more(&mut self) -> bool {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let now = counted(&text, self.keys);
        let more = now > self.last;
        self.last = now;
        more
    }
}

/// Adds up the values of some keys of a flat file.
fn counted(text: &str, keys: &[&str]) -> u64 {
    let values = text.lines().filter_map(|line| {
        let (key, value) = line.split_once(' ')?;
        keys.contains(&key)
            .then(|| value.trim().parse::<u64>().ok())?
    });
    values.sum()
}

impl Hierarchy {
    /// Returns the group that a room's may be made in.
    fn parent(&self) -> io::Result<PathBuf> {
        if self.version != Version::Two {
            return Ok(self.own.clone());
        }
        let has_both = |group: &Path| {
            let enabled = fs::read_to_string(group.join("cgroup.subtree_control"));
            let enabled = enabled.unwrap_or_default();
            ["memory", "pids"].map(|one| enabled.split_whitespace().any(|known| known == one))
                == [true; 2]
        };
        let enable = |group: &Path| {
            if has_both(group) {
                return Ok(());
            }
            fs::write(group.join("cgroup.subtree_control"), "+memory +pids")
        };
        let mut parent = enable(&self.own);
        // Controllers are for groups without processes of their own. When this
        // is the only one, it can step aside within what was delegated to it.
        if parent.is_err() {
            let alone = fs::read_to_string(self.own.join("cgroup.procs"))
                .is_ok_and(|all| all.trim() == std::process::id().to_string());
            if alone {
                let aside = self.own.join("debcut");
                let moved = match fs::create_dir(&aside) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                    _ => fs::write(aside.join("cgroup.procs"), "0"),
                };
                parent = moved.and_then(|()| enable(&self.own));
            }
        }
        match parent {
            Ok(()) => Ok(self.own.clone()),
            // After stepping aside earlier, the group above is the right one.
            Err(_) if self.own.ends_with("debcut") && self.own.parent().is_some_and(has_both) => {
                Ok(self.own.parent().map(Path::to_owned).unwrap_or_default())
            }
            // The top group of the machine may have processes and children.
            Err(_) if rustix::process::geteuid().is_root() && has_both(&self.top) => {
                Ok(self.top.clone())
            }
            Err(error) => Err(error),
        }
    }
}

/// Removes what rooms left whose owners were killed: they are empty.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(NAME));
        if let Some(number) = number
            && !Path::new("/proc").join(number).exists()
        {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// Finds the hierarchies that limit memory and processes, from
/// `/proc/self/cgroup` and `/proc/self/mountinfo`.
fn hierarchies(own: &str, mounts: &str) -> Vec<Hierarchy> {
    let mounted = |kind: &str, controller: Option<&str>| {
        mounts.lines().find_map(|line| {
            let (before, after) = line.split_once(" - ")?;
            let mut after = after.split(' ');
            let its_kind = after.next()?;
            let options = after.nth(1)?;
            let has = controller.is_none_or(|one| options.split(',').any(|known| known == one));
            let mut before = before.split(' ').skip(3);
            let (root, place) = (before.next()?, before.next()?);
            (its_kind == kind && has).then_some((root, place))
        })
    };
    let place = |group: &str, (root, top): (&str, &str)| {
        // In a container the mount may show a part of the hierarchy only.
        let below = Path::new(group).strip_prefix(root).ok()?;
        let top = PathBuf::from(top);
        Some((top.join(below), top))
    };
    let mut found = Vec::new();
    for line in own.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else {
            continue;
        };
        if controllers.is_empty() {
            let mounted = mounted("cgroup2", None).and_then(|mount| place(group, mount));
            found.extend(mounted.map(|(own, top)| Hierarchy {
                version: Version::Two,
                own,
                top,
            }));
        }
        for controller in ["memory", "pids"] {
            if controllers.split(',').any(|one| one == controller) {
                let mounted = mounted("cgroup", Some(controller));
                let mounted = mounted.and_then(|mount| place(group, mount));
                found.extend(mounted.map(|(own, top)| Hierarchy {
                    version: Version::One(controller),
                    own,
                    top,
                }));
            }
        }
    }
    // Where both are mounted, a controller is in the older.
    found.sort_by_key(|hierarchy| hierarchy.version == Version::Two);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLDER: &str = "\
31 30 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 30 0:28 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
33 30 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    #[test]
    fn own_groups_are_found() {
        let hierarchy = |version, own: &str, top: &str| Hierarchy {
            version,
            own: own.into(),
            top: top.into(),
        };
        assert_eq!(
            hierarchies("8:pids:/\n4:memory:/a/b\n0::/\n", OLDER),
            [
                hierarchy(
                    Version::One("pids"),
                    "/sys/fs/cgroup/pids",
                    "/sys/fs/cgroup/pids"
                ),
                hierarchy(
                    Version::One("memory"),
                    "/sys/fs/cgroup/memory/a/b",
                    "/sys/fs/cgroup/memory"
                ),
                hierarchy(
                    Version::Two,
                    "/sys/fs/cgroup/unified",
                    "/sys/fs/cgroup/unified"
                ),
            ]
        );
        let newer = "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n";
        let own = "/sys/fs/cgroup/user.slice/run-u1.scope";
        assert_eq!(
            hierarchies("0::/user.slice/run-u1.scope\n", newer),
            [hierarchy(Version::Two, own, "/sys/fs/cgroup")]
        );
    }

    #[test]
    fn counts_are_added() {
        let text = "low 0\nhigh 3\nmax 7\noom 1\noom_kill 2\n";
        assert_eq!(counted(text, &["oom", "oom_kill"]), 3);
        assert_eq!(counted(text, &["max"]), 7);
        assert_eq!(counted("", &["max"]), 0);
    }
}
