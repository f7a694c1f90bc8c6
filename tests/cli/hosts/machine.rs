//! A throw-away system: this machine's programs under a layer of its own, with
//! dpkg and apt that know nothing but our packages, without a network.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use crate::world::{Ran, finished, is_root, tool};

/// Lays it out and waits; what others leave behind is reaped, as an init does.
const KEEPER: &str = r#"set -e
d=$1
mount -t tmpfs -o size=192m,mode=755 lab "$d"
mkdir "$d/upper" "$d/work" "$d/root"
mount -t overlay -o "lowerdir=/,upperdir=$d/upper,workdir=$d/work" lab "$d/root"
cd "$d/root"
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount --rbind /dev dev
exec chroot . sh -c '
set -e
cd /
rm -rf /var/lib/dpkg /var/lib/apt /var/cache/apt /etc/apt /var/lib/debcut /srv/archive
mkdir -p /var/lib/dpkg/info /var/lib/dpkg/updates /var/lib/dpkg/triggers
: >/var/lib/dpkg/status
mkdir -p /var/lib/apt/lists/partial /var/cache/apt/archives/partial /var/log/apt
mkdir -p /etc/apt/apt.conf.d /etc/apt/preferences.d /etc/apt/sources.list.d /etc/apt/trusted.gpg.d
echo "APT::Sandbox::User \"root\";" >/etc/apt/apt.conf.d/lab
echo 0123456789abcdef0123456789abcdef >/etc/machine-id
echo ready
while :; do sleep 3600 & wait "$!" || :; done
'
"#;

/// The system; it goes with its keeper.
pub struct Machine {
    keeper: Child,
    init: String,
    _place: tempfile::TempDir,
}

impl Machine {
    /// Makes one with our packages in an archive and installed as named, or
    /// says why none can be made.
    #[expect(clippy::print_stderr, reason = "who skips says why")]
    pub fn with(packages: &str, installed: &[&str]) -> Option<Self> {
        if !is_root() {
            eprintln!("skipped: only root lays systems over each other");
            return None;
        }
        let place = tempfile::tempdir().expect("a directory");
        let mut unshare = tool("setpriv", "util-linux");
        unshare.args([
            "--pdeathsig",
            "KILL",
            "unshare",
            "--mount",
            "--pid",
            "--fork",
        ]);
        unshare.args([
            "--kill-child",
            "--uts",
            "--ipc",
            "--net",
            "sh",
            "-c",
            KEEPER,
            "sh",
        ]);
        unshare.arg(place.path()).env_clear().env("PATH", PATH);
        unshare.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut keeper = unshare.spawn().expect("it is installed");
        let mut lines = BufReader::new(keeper.stdout.take().expect("a pipe")).lines();
        let first = lines.next().and_then(Result::ok);
        assert_eq!(first.as_deref(), Some("ready"), "a system over this one");
        let number = keeper.id();
        let children = format!("/proc/{number}/task/{number}/children");
        let init = std::fs::read_to_string(children).expect("its first process");
        let machine = Self {
            keeper,
            init: init.trim().to_owned(),
            _place: place,
        };
        machine.ok(packages);
        let list = installed.join(" ");
        machine.ok(&format!("cd /srv/archive && dpkg -i {list}"));
        Some(machine)
    }

    /// Runs a shell script in it as a login over ssh would.
    pub fn run(&self, script: &str) -> Ran {
        let mut enter = Command::new("nsenter");
        enter.args([
            "-t", &self.init, "-m", "-p", "-u", "-i", "-n", "-r", "-w", "sh",
        ]);
        enter.env_clear().env("PATH", PATH).env("LANG", "C.UTF-8");
        enter.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = enter.stderr(Stdio::piped()).spawn().expect("it runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        let text = script.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        let ran = finished(child.wait_with_output().expect("it ends"));
        writer.join().expect("it ends").expect("sh reads all");
        ran
    }

    /// Runs a shell script that must succeed; returns what it printed.
    #[track_caller]
    pub fn ok(&self, script: &str) -> String {
        let ran = self.run(script);
        assert_eq!(ran.code, 0, "{script}: {}{}", ran.stdout, ran.stderr);
        ran.stdout
    }
}

const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}
