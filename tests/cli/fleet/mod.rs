//! A fleet of hosts on this one machine: network, process tree and mounts of
//! their own, systemd, sshd, apt and dpkg as they are; an archive that debcut
//! publishes and serves. `scripts/fleet.d` makes it, for people as for tests.

mod controllers;
mod doors;
mod drill;
mod engines;
mod ground;
mod links;
mod packages;
mod restarts;
mod rolling;
mod scripts;
mod states;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::world::{Call, Ran, World};
pub use packages::Package;

/// Where the controller serves the archive.
const SERVED: &str = "http://10.77.0.1";
/// Where hosts have what they know of it.
const SOURCES: &str = "/etc/apt/sources.list.d/fleet.sources";

/// Hosts that live as long as this value, and not a moment longer.
pub struct Fleet {
    /// The controller's user: the archive, the keys, the state.
    pub world: World,
    keeper: Child,
    dir: PathBuf,
    inside: String,
    served: Option<Child>,
}

/// Says aloud why a fleet is not there.
#[expect(clippy::print_stderr, reason = "who skips says why")]
fn skip(why: &str) {
    eprintln!("SKIPPED, not passed: {why}");
}

impl Fleet {
    /// Starts hosts with nothing on them; says aloud why where that cannot be.
    pub fn start(hosts: &[&str]) -> Option<Self> {
        Self::start_in(World::new(), hosts)
    }

    /// The same for a world that has something already.
    pub fn start_in(world: World, hosts: &[&str]) -> Option<Self> {
        let dir = world.path("fleet");
        std::fs::create_dir(&dir).expect("a directory");
        let mut keep = Command::new(script("keep"));
        world.surround(keep.arg(&dir));
        keep.stdin(Stdio::piped()).stdout(Stdio::piped());
        // Who ends this process and its group leaves it time to tidy up.
        std::os::unix::process::CommandExt::process_group(&mut keep, 0);
        let mut keeper = keep.spawn().expect("it starts");
        let mut said = BufReader::new(keeper.stdout.as_mut().expect("it is a pipe"));
        let (mut line, mut inside) = (String::new(), String::new());
        while said.read_line(&mut line).expect("it is text") > 0 {
            match line.trim_end().split_once(' ') {
                Some(("keeper", pid)) => pid.clone_into(&mut inside),
                Some(("no:", why)) => {
                    skip(why);
                    keeper.wait().expect("it ends");
                    return None;
                }
                _ => break,
            }
            line.clear();
        }
        assert_eq!(line.trim_end(), "ready", "no fleet");
        let fleet = Self {
            world,
            keeper,
            dir,
            inside,
            served: None,
        };
        fleet.act("up", hosts).code(0);
        Some(fleet)
    }

    /// The words before a command that is to run on the controller.
    pub fn entrance(&self) -> Vec<String> {
        let space = |kind, name| format!("--{kind}=/proc/{}/ns/{name}", self.inside);
        let chdir = format!("--chdir={}", self.world.project().display());
        let mut words = vec![
            "nsenter".to_owned(),
            space("net", "net"),
            space("mount", "mnt"),
            space("pid", "pid_for_children"),
            "env".to_owned(),
            chdir,
        ];
        // Whoever ends nsenter ends what it started.
        words.extend(["setpriv", "--pdeathsig=KILL"].map(str::to_owned));
        words
    }

    /// Prepares a run of debcut on the controller.
    pub fn debcut<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Call<'_> {
        let call = self.world.debcut(words).under(self.entrance());
        call.env("DEBCUT_ARCHIVE", self.world.archive_at())
            .env("XDG_STATE_HOME", self.world.path("state"))
    }

    /// Names the directory that only those inside see.
    pub fn dir(&self) -> &std::path::Path {
        &self.dir
    }

    /// Runs another program on the controller.
    pub fn here<W: AsRef<std::ffi::OsStr>>(&self, words: &[W]) -> Ran {
        let entrance = self.entrance();
        let mut command = Command::new(&entrance[0]);
        command.args(&entrance[1..]).args(words);
        self.world.judge(command)
    }

    /// Lets something happen to hosts: see `scripts/fleet.d/act`.
    pub fn act(&self, verb: &str, words: &[&str]) -> Ran {
        let (act, dir) = (script("act"), self.dir.display().to_string());
        let act = act.to_str().expect("text");
        self.here(&[&[act, &dir, verb], words].concat())
    }

    /// The same to one host, which must succeed.
    #[track_caller]
    pub fn does(&self, verb: &str, host: &str) {
        self.act(verb, &[host]).code(0);
    }

    /// Runs a script on a host, without ssh; returns what it prints.
    #[track_caller]
    pub fn on(&self, host: &str, script: &str) -> String {
        let ran = self.act("in", &[host, "sh", "-euc", script]).code(0);
        ran.stdout.trim_end().to_owned()
    }

    /// Writes a file on a host.
    pub fn write(&self, host: &str, path: &str, bytes: &[u8]) {
        let entrance = self.entrance();
        let mut command = Command::new(&entrance[0]);
        let act = script("act");
        command.args(&entrance[1..]).arg(act).arg(&self.dir);
        command.args(["in", host, "dd", "status=none", &format!("of={path}")]);
        self.world.surround(&mut command);
        let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("it is a pipe");
        stdin.write_all(bytes).expect("it reads");
        drop(stdin);
        assert!(child.wait().expect("it ends").success(), "{path} on {host}");
    }

    /// What dpkg knows of a package on a host: its version and state.
    pub fn dpkg(&self, host: &str, package: &str) -> String {
        let show = "${Version} ${db:Status-Status}";
        self.on(
            host,
            &format!("dpkg-query --show --showformat='{show}' {package} 2>/dev/null || echo none"),
        )
    }

    /// Serves the archive to the fleet, as long as it is not [`Self::unserve`]d.
    pub fn serve(&mut self) {
        let words = ["archive", "serve", "--listen", "10.77.0.1:80", "--quiet"];
        let mut process = self.debcut(words).start();
        let mut line = String::new();
        let stdout = process.stdout.as_mut().expect("it is a pipe");
        let read = BufReader::new(stdout).read_line(&mut line);
        if read.expect("text") == 0 {
            let mut said = String::new();
            let stderr = process.stderr.as_mut().expect("it is a pipe");
            stderr.read_to_string(&mut said).expect("text");
            panic!("not served: {said}");
        }
        self.served = Some(process);
    }

    /// Takes the archive away.
    pub fn unserve(&mut self) {
        let mut process = self.served.take().expect("it is served");
        process.kill().expect("it runs");
        process.wait().expect("it ends");
    }

    /// Lets hosts read suites, each from a file of the archive's own sources.
    pub fn read(&self, hosts: &[&str], suites: &[&str]) {
        let words = ["sources"].iter().chain(suites).copied();
        let words = words.chain(["--uri", SERVED]);
        let text = self.world.archive(words).code(0).stdout;
        for host in hosts {
            self.write(host, SOURCES, text.as_bytes());
        }
    }

    /// Installs packages as a host's administrator would.
    #[track_caller]
    pub fn install(&self, host: &str, packages: &str) {
        self.on(
            host,
            &format!(
                "export DEBIAN_FRONTEND=noninteractive\n\
                 apt-get -qq -o APT::Update::Error-Mode=any update >&2\n\
                 apt-get -qq -y install {packages} </dev/null >&2"
            ),
        );
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        if let Some(mut process) = self.served.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        // Its standard input ends, and so does everything in the fleet.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Names one of the fleet's own scripts.
fn script(name: &str) -> PathBuf {
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/fleet.d");
    PathBuf::from(scripts).join(name)
}
