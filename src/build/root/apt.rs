//! apt in an open room: what is to be installed is decided and fetched in one
//! that has network, and installed in one that has none.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use super::debs::{self, Debs, FETCHED};
use super::install::{CONFIGURATION, FETCHING, LIST, POLICY, PREFERENCES};
use super::sources::{BOUND, KEYS};
use super::wanted::{Dependencies, Parts, RootWanted};
use super::{Means, RootError, exact, said};
use crate::format::buildinfo::Installed;
use crate::sys::process::{Tool, ToolError};
use crate::sys::sandbox::{Manner, PATH, Room, Who};

/// How long one run of apt may take.
const LIMIT: Duration = Duration::from_secs(3600);
/// Where `debian/control` is while its dependencies are installed: in memory.
const SOURCE: &str = "/tmp/debcut-source";
/// Where the packages that are kept are seen while others are fetched.
pub(super) const KEPT: &str = "/run/debcut-debs";
/// How often apt is asked again with further packages from the suites that it
/// takes nothing from by itself: as deep as such dependencies go.
const ROUNDS: usize = 12;

/// What apt-get is asked for: the words after its own options.
pub(super) type Call = Vec<String>;

/// apt, in an open room.
pub(super) struct Apt<'a, 'm> {
    room: &'a Room,
    wanted: &'a RootWanted,
    means: &'a mut Means<'m>,
    /// How mirrors are reached; a package's scripts need not know.
    variables: Vec<(String, String)>,
}

impl<'a, 'm> Apt<'a, 'm> {
    pub(super) fn with_network(
        room: &'a Room,
        wanted: &'a RootWanted,
        means: &'a mut Means<'m>,
    ) -> Self {
        let variables = means.acquire.variables.clone();
        Self {
            variables,
            ..Self::without_network(room, wanted, means)
        }
    }

    pub(super) fn without_network(
        room: &'a Room,
        wanted: &'a RootWanted,
        means: &'a mut Means<'m>,
    ) -> Self {
        Self {
            room,
            wanted,
            means,
            variables: Vec::new(),
        }
    }
}

impl Apt<'_, '_> {
    /// Decides what to install and fetches it; runs no package's scripts.
    pub(super) fn fetch(&mut self) -> Result<(Vec<Call>, Debs), RootError> {
        for architecture in self.foreign() {
            self.logged(Tool::new("dpkg").args(["--add-architecture", &architecture]))?;
        }
        self.means.listener.begin("reading the archives' indices");
        self.logged(Tool::new("apt-get").arg("update"))?;
        self.put_control()?;
        let (calls, debs) = match (&self.wanted.exact, &self.wanted.dependencies) {
            (Some(packages), _) => self.exactly(packages)?,
            (None, Some(dependencies)) => self.dependencies(dependencies)?,
            (None, None) => Default::default(),
        };
        self.take(&debs)?;
        self.means
            .listener
            .begin(format!("fetching {} packages", debs.len()));
        for call in &calls {
            self.logged(Tool::new("apt-get").arg("--download-only").args(call))?;
        }
        self.quiet(Tool::new("rm").args(["-f", &format!("/{FETCHING}")]))?;
        Ok((calls, debs))
    }

    /// Installs what was fetched.
    pub(super) fn install(&mut self, calls: &[Call]) -> Result<(), RootError> {
        self.put_control()?;
        self.means.listener.begin("installing what the build needs");
        for call in calls {
            self.logged(Tool::new("apt-get").arg("--no-download").args(call))?;
        }
        match (&self.wanted.exact, &self.wanted.dependencies) {
            (None, Some(dependencies)) => self.judge(dependencies),
            _ => Ok(()),
        }
    }

    fn put_control(&mut self) -> Result<(), RootError> {
        let Some(dependencies) = &self.wanted.dependencies else {
            return Ok(());
        };
        let control = dependencies.control.as_bytes();
        let script = format!("mkdir -p {SOURCE}/debian && cat >{SOURCE}/debian/control");
        let script = Tool::new("sh").args(["-c", &script]);
        self.quiet(script.input(control)).map(drop)
    }

    /// Takes what is kept and is what the indices name: apt looks at the sizes
    /// only of what lies there already.
    fn take(&mut self, debs: &Debs) -> Result<(), RootError> {
        let script = format!(
            "cd /{FETCHED} && while read -r digest name; do \
             [ -f {KEPT}/\"$name\" ] && cp {KEPT}/\"$name\" . || continue; \
             echo \"$digest  $name\" | sha256sum --check --status || rm -f \"$name\"; done"
        );
        let lines = debs
            .iter()
            .map(|(name, digest)| format!("{digest} {name}\n"));
        let tool = Tool::new("sh").args(["-c", &script]);
        self.quiet(tool.input(lines.collect::<String>())).map(drop)
    }

    /// Asks what calls would install; with an error comes what apt said.
    fn asked(&mut self, calls: &[Call]) -> Result<Debs, (RootError, String)> {
        let mut found = Debs::new();
        for call in calls {
            let tool = Tool::new("apt-get").args(["--print-uris", "--option"]);
            let tool = tool.arg("Acquire::ForceHash=SHA256").args(call);
            let mut kept = Vec::new();
            let done = self.teed(tool, &mut kept);
            let said = String::from_utf8_lossy(&kept).into_owned();
            match done.and_then(|()| debs::asked(&said)) {
                Ok(debs) => found.extend(debs),
                Err(error) => return Err((error, said)),
            }
        }
        Ok(found)
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

    fn exactly(&mut self, packages: &[Installed]) -> Result<(Vec<Call>, Debs), RootError> {
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
            return Ok(Default::default());
        }
        let words = [
            "install",
            "--allow-downgrades",
            "--allow-change-held-packages",
            "--allow-remove-essential",
        ];
        let words = words.into_iter().map(str::to_owned);
        let calls = vec![words.chain(wanted).collect()];
        match self.asked(&calls) {
            Ok(debs) => Ok((calls, debs)),
            Err((error, said)) => Err(self.failed(error, &said)),
        }
    }

    /// Finds the calls that install dependencies, and what they fetch.
    fn dependencies(
        &mut self,
        dependencies: &Dependencies,
    ) -> Result<(Vec<Call>, Debs), RootError> {
        let calls = self.calls(dependencies);
        // Suites such as backports and experimental give nothing unless asked:
        // what is lacking is asked of them by name.
        let further = self.wanted.suites.further.iter().map(ToString::to_string);
        let further: Vec<String> = further.filter(|suite| is_shy(suite)).collect();
        let mut pinned: Vec<String> = Vec::new();
        let mut round = 1;
        loop {
            let (error, said) = match self.asked(&calls) {
                Ok(debs) => return Ok((calls, debs)),
                Err(failed) => failed,
            };
            let unmet = said::unmet(&said);
            if unmet.is_empty() {
                return Err(self.failed(error, &said));
            }
            let unmet = self.explained(unmet)?;
            let more = said::to_pin(&unmet, &further, &pinned);
            if more.is_empty() || round == ROUNDS {
                return Err(RootError::Unmet { unmet });
            }
            pinned.extend(more);
            self.pin(&pinned, &further)?;
            round += 1;
        }
    }

    fn calls(&self, dependencies: &Dependencies) -> Vec<Call> {
        let mut calls = Vec::new();
        let mut call = vec!["build-dep".to_owned()];
        match dependencies.parts {
            Parts::All => {}
            Parts::Arch => call.push("--arch-only".to_owned()),
            Parts::Indep => call.push("--indep-only".to_owned()),
        }
        if !dependencies.profiles.is_empty() {
            let profiles = dependencies.profiles.join(",");
            call.push(format!("--build-profiles={profiles}"));
        }
        if let Some(host) = self.cross(dependencies) {
            calls.push(vec![
                "install".to_owned(),
                format!("crossbuild-essential-{host}"),
            ]);
            call.push(format!("--host-architecture={host}"));
        }
        call.push(SOURCE.to_owned());
        calls.push(call);
        calls
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
            .map(|(at, archive)| (format!("copy:{BOUND}{at}"), archive.name.as_str()))
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
    ) -> Result<BTreeMap<String, Vec<(String, String)>>, RootError> {
        names.sort();
        names.dedup();
        if names.is_empty() {
            return Ok(BTreeMap::new());
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
    pub(super) fn settle(&mut self, keyring: Option<&Path>) -> Result<(), RootError> {
        let script = format!(
            "rm -f /{LIST} /{CONFIGURATION} /{PREFERENCES} /{POLICY} {KEYS}* \
             /var/cache/apt/*.bin /{FETCHED}/*.deb; \
             find /var/lib/apt/lists -maxdepth 1 -type f ! -name lock -delete; \
             rm -rf {SOURCE}; [ -z \"$1\" ] || rm -f \"$1\""
        );
        let tool = Tool::new("sh").args(["-c", &script, "sh"]);
        self.quiet(tool.arg(keyring.unwrap_or(Path::new(""))))
            .map(drop)
    }

    fn enter(&self, tool: Tool) -> Tool {
        let manner = Manner {
            who: Who::Root,
            umask: 0o022,
            processors: None,
            old_kernel_name: false,
        };
        let tool = tool
            .env("PATH", PATH)
            .env("HOME", "/root")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("DEBCONF_NONINTERACTIVE_SEEN", "true")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
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
