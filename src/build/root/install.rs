//! A layer on top of a bare system: what a build needs, installed by apt inside
//! a room with network, by nobody's hands.
//!
//! Services that a package would start are told not to (`policy-rc.d`,
//! invoke-rc.d(8)); questions get their default answers; there is no terminal.
//! What only the installing needs (sources, keys, indices, packages as they
//! came) is taken away again, so that it is in no build.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::cache::{Cache, Cached, Staged};
use super::sources::{BOUND, KEYS, Source, extra_sources};
use super::wanted::{Dependencies, Parts, Place, RootWanted};
use super::{Means, RootError, exact, ids, said};
use crate::sys::files::{self, Access, FileError};
use crate::sys::process::{Tool, ToolError};
use crate::sys::sandbox::{
    Account, Bind, Description, Limits, Manner, Network, Room, Root, Upper, Who,
};

/// How long one run of apt may take.
const LIMIT: Duration = Duration::from_secs(3600);
/// More than any package's scripts need, and less than would harm the machine.
const LIMITS: Limits = Limits {
    processes: 4096,
    memory_bytes: 1 << 40,
    space_bytes: 4 << 30,
};
/// Where `debian/control` is while its dependencies are installed: in memory.
const SOURCE: &str = "/tmp/debcut-source";
/// Files that only the installing needs.
const LIST: &str = "etc/apt/sources.list.d/debcut.list";
const CONFIGURATION: &str = "etc/apt/apt.conf.d/99debcut";
const PREFERENCES: &str = "etc/apt/preferences.d/99debcut";
const POLICY: &str = "usr/sbin/policy-rc.d";
/// How often apt is asked again with further packages from the suites that it
/// takes nothing from by itself: as deep as such dependencies go.
const ROUNDS: usize = 12;

/// Installs what is wanted on top of `root` and returns the staged directory,
/// whose `tree/` is the layer.
pub(super) fn install(
    wanted: &RootWanted,
    root: &Cached,
    cache: &Cache,
    means: &mut Means<'_>,
) -> Result<Staged, RootError> {
    let layers = root.directory.join("layers");
    files::create_dir(&layers)?;
    super::cache::sweep(&layers);
    let staged = Staged::within(&layers)?;
    let (changes, work) = (staged.path().join("tree"), staged.path().join("work"));
    for directory in [&changes, &work] {
        public_dir(directory)?;
    }
    let keyring = prepare(wanted, root, &changes, means)?;
    link_debs(&cache.debs(), &changes.join("var/cache/apt/archives"))?;
    ids::give_tree(staged.path())?;
    let description = description(wanted, root.tree(), &changes, &work);
    let room = Room::open(&description, means.program).map_err(RootError::Sandbox)?;
    let mut phase = Phase {
        room: &room,
        wanted,
        keyring,
        means,
    };
    let done = phase.run();
    drop(description);
    if done.is_ok() {
        let debs = cache.debs();
        files::create_dir(&debs)?;
        // A cache that cannot be written makes the next system slower.
        let _ = link_debs(&changes.join("var/cache/apt/archives"), &debs);
        phase.settle()?;
    }
    drop(room);
    done?;
    ids::remove(&work)?;
    Ok(staged)
}

fn description(wanted: &RootWanted, tree: PathBuf, changes: &Path, work: &Path) -> Description {
    let binds = wanted.archives.iter().enumerate();
    let binds = binds.filter_map(|(at, archive)| match &archive.place {
        Place::Directory(from) => Some(Bind {
            from: from.clone(),
            to: format!("{BOUND}{at}").into(),
            writable: false,
        }),
        Place::Uri(_) => None,
    });
    Description {
        root: Root::Layers {
            lower: vec![tree],
            upper: Some(Upper {
                changes: changes.to_owned(),
                work: work.to_owned(),
            }),
        },
        binds: binds.collect(),
        files: std::collections::BTreeMap::new(),
        host_name: "debcut".to_owned(),
        network: Network::Host,
        build_path: "/build".into(),
        account: Account {
            name: "builder".to_owned(),
            uid: 1000,
            home: "/builder".into(),
        },
        limits: LIMITS,
        forbidden: Vec::new(),
    }
}

/// Writes what apt needs into the layer; returns the mirror's keys, where the
/// system below does not bring them.
fn prepare(
    wanted: &RootWanted,
    root: &Cached,
    changes: &Path,
    means: &Means<'_>,
) -> Result<Option<PathBuf>, RootError> {
    let put = |path: &str, text: &[u8], mode: u32| -> Result<(), RootError> {
        let path = Path::new(path);
        let path = changes.join(path.strip_prefix("/").unwrap_or(path));
        parents(changes, &path)?;
        files::replace(&path, text, Access::Public)?;
        let mode = fs::set_permissions(&path, fs::Permissions::from_mode(mode));
        Ok(mode.map_err(files::failed("write", &path))?)
    };
    let lines = |sources: &[Source]| -> String {
        sources.iter().map(|source| source.line() + "\n").collect()
    };
    put(LIST, lines(&extra_sources(wanted)).as_bytes(), 0o644)?;
    for (at, archive) in wanted.archives.iter().enumerate() {
        if let Some(keys) = &archive.keys {
            put(&format!("{KEYS}{at}.asc"), keys.as_bytes(), 0o644)?;
        }
    }
    let below = |path: &PathBuf| root.tree().join(path.strip_prefix("/").unwrap_or(path));
    let keyring = wanted.mirror.keyring.clone();
    let keyring = keyring.filter(|path| !below(path).exists());
    if let Some(keyring) = &keyring {
        put(
            &keyring.display().to_string(),
            &files::read(keyring)?,
            0o644,
        )?;
    }
    put(POLICY, b"#!/bin/sh\nexit 101\n", 0o755)?;
    let mut configuration = "APT::Sandbox::User \"root\";\nAPT::Install-Recommends \"false\";\n\
        APT::Get::Assume-Yes \"true\";\nAPT::Keep-Downloaded-Packages \"true\";\n\
        APT::Update::Error-Mode \"any\";\nAcquire::Languages \"none\";\n\
        DPkg::Use-Pty \"false\";\nDPkg::Options { \"--force-unsafe-io\"; \"--force-confnew\"; };\n\
        quiet \"1\";\n"
        .to_owned();
    for option in &means.acquire.options {
        configuration.push_str(option);
        configuration.push('\n');
    }
    put(CONFIGURATION, configuration.as_bytes(), 0o644)?;
    put(PREFERENCES, b"", 0o644)?;
    Ok(keyring)
}

/// Makes the directories above a path of the layer, as open as a system's are.
fn parents(top: &Path, path: &Path) -> Result<(), FileError> {
    let below = path.strip_prefix(top).expect("it is in the layer");
    let mut at = top.to_owned();
    for part in below.parent().into_iter().flat_map(Path::components) {
        at.push(part);
        if !at.is_dir() {
            public_dir(&at)?;
        }
    }
    Ok(())
}

fn public_dir(path: &Path) -> Result<(), FileError> {
    let made = fs::create_dir(path)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o755)));
    made.map_err(files::failed("create", path))
}

/// Links packages from one directory into another on the same file system.
fn link_debs(from: &Path, to: &Path) -> Result<(), FileError> {
    let link = || -> io::Result<()> {
        if !to.is_dir() {
            fs::create_dir_all(to)?;
            for directory in to.ancestors().take(4) {
                fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
            }
        }
        let entries = match fs::read_dir(from) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            let (Some(name), Some(ending)) = (path.file_name(), path.extension()) else {
                continue;
            };
            if ending != "deb" {
                continue;
            }
            match fs::hard_link(&path, to.join(name)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                linked => linked?,
            }
        }
        Ok(())
    };
    link().map_err(files::failed("link packages into", to))
}

/// The installing, in an open room.
struct Phase<'a, 'm> {
    room: &'a Room,
    wanted: &'a RootWanted,
    /// The mirror's keys, where only the layer has them.
    keyring: Option<PathBuf>,
    means: &'a mut Means<'m>,
}

impl Phase<'_, '_> {
    fn run(&mut self) -> Result<(), RootError> {
        for architecture in self.foreign() {
            self.logged(Tool::new("dpkg").args(["--add-architecture", &architecture]))?;
        }
        self.means.listener.begin("reading the archives' indices");
        self.logged(Tool::new("apt-get").arg("update"))?;
        match (&self.wanted.exact, &self.wanted.dependencies) {
            (Some(packages), _) => {
                let packages = packages.clone();
                self.exactly(&packages)
            }
            (None, Some(dependencies)) => {
                let dependencies = dependencies.clone();
                self.dependencies(&dependencies)
            }
            (None, None) => Ok(()),
        }
    }

    /// Architectures of packages beside the system's own.
    fn foreign(&self) -> Vec<String> {
        let host = self.wanted.dependencies.as_ref();
        let host = host.and_then(|dependencies| dependencies.host_architecture.as_ref());
        let exact = self.wanted.exact.iter().flatten();
        let all = host
            .into_iter()
            .chain(exact.filter_map(|package| package.architecture.as_ref()));
        let mut all: Vec<String> = all
            .filter(|architecture| **architecture != self.wanted.architecture)
            .map(ToString::to_string)
            .collect();
        all.sort();
        all.dedup();
        all
    }

    fn exactly(
        &mut self,
        packages: &[crate::format::buildinfo::Installed],
    ) -> Result<(), RootError> {
        let names = packages.iter().map(|package| package.package.to_string());
        let there = self.versions(names.collect())?;
        let status = self.quiet(Tool::new("cat").arg("/var/lib/dpkg/status"))?;
        let installed = super::packages::installed(status.as_bytes(), &self.wanted.architecture);
        let installed = installed.map_err(RootError::Status)?;
        let missing = exact::missing(packages, &installed, &there);
        if !missing.is_empty() {
            return Err(RootError::NotFound { packages: missing });
        }
        let wanted = exact::to_install(packages, &installed);
        if wanted.is_empty() {
            return Ok(());
        }
        self.means.listener.begin(format!(
            "installing {} packages in exact versions",
            wanted.len()
        ));
        let install = Tool::new("apt-get").args(["install", "--allow-downgrades"]);
        let install = install
            .arg("--allow-change-held-packages")
            .arg("--allow-remove-essential");
        self.logged(install.args(wanted))
    }

    fn dependencies(&mut self, dependencies: &Dependencies) -> Result<(), RootError> {
        self.means.listener.begin("installing build dependencies");
        let script = format!("mkdir -p {SOURCE}/debian && cat >{SOURCE}/debian/control");
        let script = Tool::new("sh").args(["-c", &script]);
        self.quiet(script.input(dependencies.control.as_bytes()))?;
        let mut pinned: Vec<String> = Vec::new();
        for _ in 0..ROUNDS {
            let said = match self.build_dep(dependencies) {
                Ok(()) => return self.judge(dependencies),
                Err((said, source)) => match said::unmet(&said) {
                    unmet if unmet.is_empty() => return Err(self.failed(source, &said)),
                    unmet => unmet,
                },
            };
            let unmet = self.explained(said)?;
            // Suites such as backports and experimental give nothing unless
            // asked: what is lacking is asked of them by name.
            let further = self.wanted.suites.further.iter().map(ToString::to_string);
            let further: Vec<String> = further.filter(|suite| is_shy(suite)).collect();
            let before = pinned.len();
            for package in &unmet {
                let there = |place: &String| {
                    further
                        .iter()
                        .any(|suite| place.contains(&format!(" {suite}/")))
                };
                let name = package.package().to_owned();
                if package.there.iter().any(there) && !pinned.contains(&name) {
                    pinned.push(name);
                }
            }
            if pinned.len() == before {
                return Err(RootError::Unmet { unmet });
            }
            self.pin(&pinned, &further)?;
        }
        let unmet = Vec::new();
        Err(RootError::Unmet { unmet })
    }

    fn build_dep(&mut self, dependencies: &Dependencies) -> Result<(), (String, RootError)> {
        let mut tool = Tool::new("apt-get").arg("build-dep");
        tool = match dependencies.parts {
            Parts::All => tool,
            Parts::Arch => tool.arg("--arch-only"),
            Parts::Indep => tool.arg("--indep-only"),
        };
        if !dependencies.profiles.is_empty() {
            tool = tool.arg(format!(
                "--build-profiles={}",
                dependencies.profiles.join(",")
            ));
        }
        if let Some(host) = self.cross(dependencies) {
            let cross = format!("crossbuild-essential-{host}");
            if let Err(error) = self.logged(Tool::new("apt-get").args(["install", &cross])) {
                return Err((String::new(), error));
            }
            tool = tool.arg(format!("--host-architecture={host}"));
        }
        let mut kept = Vec::new();
        self.teed(tool.arg(SOURCE), &mut kept)
            .map_err(|source| (String::from_utf8_lossy(&kept).into_owned(), source))
    }

    fn cross(&self, dependencies: &Dependencies) -> Option<String> {
        let host = dependencies.host_architecture.as_ref()?;
        (*host != self.wanted.architecture).then(|| host.to_string())
    }

    /// Lets dpkg say that a build can begin.
    fn judge(&mut self, dependencies: &Dependencies) -> Result<(), RootError> {
        let mut tool = Tool::new("dpkg-checkbuilddeps");
        tool = match dependencies.parts {
            Parts::All => tool,
            Parts::Arch => tool.arg("-B"),
            Parts::Indep => tool.arg("-A"),
        };
        // Without profiles it would take those of the environment, which has none.
        if !dependencies.profiles.is_empty() {
            tool = tool.arg(format!("-P{}", dependencies.profiles.join(",")));
        }
        if let Some(host) = self.cross(dependencies) {
            tool = tool.arg(format!("-a{host}"));
        }
        self.logged(tool.arg(format!("{SOURCE}/debian/control")))
    }

    /// Adds to each unmet dependency which versions are where.
    fn explained(&mut self, unmet: Vec<said::Unmet>) -> Result<Vec<said::Unmet>, RootError> {
        let names = unmet.iter().map(|unmet| unmet.package().to_owned());
        let there = self.versions(names.collect())?;
        let names: Vec<(String, &str)> = self
            .wanted
            .archives
            .iter()
            .enumerate()
            .map(|(at, archive)| (format!("file:{BOUND}{at}"), archive.name.as_str()))
            .collect();
        let shown = |(version, place): &(String, String)| {
            let mut place = place.clone();
            for (uri, name) in &names {
                place = place.replace(uri, name);
            }
            format!("{version} ({place})")
        };
        let explained = unmet.into_iter().map(|mut unmet| {
            let versions = there.get(unmet.package());
            unmet.there = versions.into_iter().flatten().map(shown).collect();
            unmet
        });
        Ok(explained.collect())
    }

    fn versions(
        &mut self,
        mut names: Vec<String>,
    ) -> Result<std::collections::BTreeMap<String, Vec<(String, String)>>, RootError> {
        names.sort();
        names.dedup();
        if names.is_empty() {
            return Ok(std::collections::BTreeMap::new());
        }
        // Packages that nobody knows are errors to it, and answers to us.
        let script = "apt-cache madison \"$@\" 2>/dev/null || true";
        let tool = Tool::new("sh").args(["-c", script, "sh"]).args(names);
        Ok(said::madison(&self.quiet(tool)?))
    }

    fn pin(&mut self, names: &[String], suites: &[String]) -> Result<(), RootError> {
        let names = names.join(" ");
        let pins = suites.iter().flat_map(|suite| {
            // A suite is known by its code name or by its own.
            ["n", "a"].map(|by| {
                format!("Package: {names}\nPin: release {by}={suite}\nPin-Priority: 500\n\n")
            })
        });
        let script = format!("cat >/{PREFERENCES}");
        let tool = Tool::new("sh").args(["-c", &script]);
        self.quiet(tool.input(pins.collect::<String>())).map(drop)
    }

    /// Takes away what only the installing needed. Every path is the layer's
    /// own: the system below has none of them.
    fn settle(&mut self) -> Result<(), RootError> {
        let script = format!(
            "rm -f /{LIST} /{CONFIGURATION} /{PREFERENCES} /{POLICY} {KEYS}* \
             /var/cache/apt/*.bin /var/cache/apt/archives/*.deb; \
             find /var/lib/apt/lists -maxdepth 1 -type f ! -name lock -delete; \
             rm -rf {SOURCE}; [ -z \"$1\" ] || rm -f \"$1\""
        );
        let keyring = self.keyring.clone().unwrap_or_default();
        let tool = Tool::new("sh").args(["-c", &script, "sh"]);
        self.quiet(tool.arg(keyring)).map(drop)
    }

    fn enter(&self, tool: Tool) -> Tool {
        let manner = Manner {
            who: Who::Root,
            umask: 0o022,
            processors: None,
            old_kernel_name: false,
        };
        let tool = tool
            .env("PATH", crate::sys::sandbox::PATH)
            .env("HOME", "/root")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("DEBCONF_NONINTERACTIVE_SEEN", "true")
            .envs(
                self.means
                    .acquire
                    .variables
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .dir(Path::new("/"))
            .limit(LIMIT);
        self.room.enter(tool, &manner)
    }

    fn quiet(&mut self, tool: Tool) -> Result<String, RootError> {
        let output = self.enter(tool).output().map_err(stopped)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn logged(&mut self, tool: Tool) -> Result<(), RootError> {
        let mut kept = Vec::new();
        let done = self.teed(tool, &mut kept);
        done.map_err(|source| self.failed(source, &String::from_utf8_lossy(&kept)))
    }

    fn teed(&mut self, tool: Tool, kept: &mut Vec<u8>) -> Result<(), RootError> {
        let tool = self.enter(tool);
        let mut tee = Tee {
            log: self.means.log,
            kept,
        };
        tool.logged(&mut tee, self.means.listener).map_err(stopped)
    }

    /// Says whose fault a failure of apt's is.
    fn failed(&self, error: RootError, said: &str) -> RootError {
        let RootError::Tool(source) = error else {
            return error;
        };
        let at = said
            .lines()
            .find(|line| line.contains("Err:") || line.starts_with("E:"));
        let mirror = at.unwrap_or(&self.wanted.mirror.uri).trim().to_owned();
        match said::trouble(said) {
            Some(said::Trouble::Unreachable) => RootError::Unreachable { mirror, source },
            Some(said::Trouble::NoSuite) => RootError::Archive {
                name: "an archive".to_owned(),
                why: mirror,
            },
            None => RootError::Install { source },
        }
    }
}

/// Tells suites that apt installs nothing from unless it is asked
/// (`NotAutomatic`).
fn is_shy(suite: &str) -> bool {
    suite.contains("-backports") || suite == "experimental"
}

fn stopped(error: ToolError) -> RootError {
    match error {
        ToolError::Interrupted { .. } => RootError::Interrupted,
        error => RootError::Tool(error),
    }
}

/// Writes to the log and keeps what was written.
struct Tee<'a> {
    log: &'a mut dyn Write,
    kept: &'a mut Vec<u8>,
}

impl Write for Tee<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.kept.extend_from_slice(bytes);
        self.log.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.log.flush()
    }
}
