//! A user with a home, keys and a repository, all in one directory that goes
//! away; and debcut as that user runs it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use debcut::model::Sha256;
use serde_json::Value;

/// The moment that every run takes for now. It is past everywhere, so that
/// other programs do not find signatures from the future.
pub const NOW: &str = "2025-06-01T12:00:00Z";
/// When every commit is made.
const COMMITTED: &str = "2025-05-01T10:00:00Z";
/// The user who owns nothing.
pub const NOBODY: u32 = 65534;

/// A user's corner of a machine.
pub struct World {
    dir: tempfile::TempDir,
}

/// What a program left when it ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code, or 128 and the signal that ended it.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Ran {
    /// Checks the exit code; shows everything when it is another.
    #[track_caller]
    pub fn code(self, want: i32) -> Self {
        assert_eq!(self.code, want, "\n{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Checks that standard error says all of this.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} in\n{}", self.stderr);
        }
        self
    }

    /// Reads the one JSON document on standard output, its schema first.
    #[track_caller]
    pub fn document(&self, schema: &str) -> Value {
        let head = format!("{{\n  \"schema\": \"{schema}\"");
        assert!(self.stdout.starts_with(&head), "{}", self.stdout);
        serde_json::from_str(&self.stdout).expect("one JSON document")
    }
}

/// A file's kind, mode and content, to see whether anything changed.
pub type Listing = BTreeMap<PathBuf, String>;

impl World {
    /// Makes one with an empty repository in `project`.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("debcut-test-").tempdir();
        let world = Self {
            dir: dir.expect("a directory"),
        };
        for below in ["home", "data", "tmp", "project"] {
            std::fs::create_dir(world.path(below)).expect("a directory");
        }
        world.git(&["init", "--quiet", "--initial-branch=main"]);
        world
    }

    /// Returns a path in it.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Returns the repository.
    pub fn project(&self) -> PathBuf {
        self.path("project")
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.project().join(name);
        let parent = path.parent().expect("it is in the project");
        std::fs::create_dir_all(parent).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    /// Changes a text in a file of the project.
    #[track_caller]
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.project().join(name)).expect("it is there");
        assert!(text.contains(from), "{from:?} in {name}:\n{text}");
        self.write(name, text.replace(from, to));
    }

    /// Commits everything.
    pub fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// Runs git in the project and returns what it says.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.current_dir(self.project()).args(arguments);
        self.surround(&mut git);
        let ran = finished(git.output().expect("git runs"));
        assert_eq!(ran.code, 0, "git {arguments:?}: {}", ran.stderr);
        ran.stdout.trim_end().to_owned()
    }

    /// Gives a program this world's environment and nothing else.
    pub fn surround(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path);
        command.env("HOME", self.path("home"));
        command.env("XDG_DATA_HOME", self.path("data"));
        command.env("LC_ALL", "C.UTF-8").env("DEBCUT_NOW", NOW);
        // What is not about isolation needs no Debian of its own.
        command.env("DEBCUT_ISOLATION", "none");
        // What is built twice is built twice.
        command.env("DEBCUT_NO_CACHE", "1");
        // Some judges leave files behind.
        command.env("TMPDIR", self.path("tmp"));
        for (who, name) in [("AUTHOR", "Ada Example"), ("COMMITTER", "Ada Example")] {
            command.env(format!("GIT_{who}_NAME"), name);
            command.env(format!("GIT_{who}_EMAIL"), "ada@example.org");
            command.env(format!("GIT_{who}_DATE"), COMMITTED);
        }
        command.env("DEBFULLNAME", "Ada Example");
        command.env("DEBEMAIL", "ada@example.org");
        command.env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.env("GIT_CONFIG_NOSYSTEM", "1");
    }

    /// Prepares a run of debcut in the project.
    pub fn debcut<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Call<'_> {
        let mut words: Vec<OsString> = vec![env!("CARGO_BIN_EXE_debcut").into()];
        words.extend(arguments.into_iter().map(|word| word.as_ref().to_owned()));
        Call {
            world: self,
            words,
            environment: Vec::new(),
        }
    }

    /// Runs debcut in the project to its end.
    #[track_caller]
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        self.debcut(arguments).run()
    }

    /// Makes a key without a passphrase; returns its fingerprint.
    pub fn key(&self) -> String {
        let ran = self.run([
            "key",
            "new",
            "--no-passphrase",
            "--expire",
            "never",
            "--json",
        ]);
        let document = ran.code(0).document("debcut/key-new/1");
        let fingerprint = document["fingerprint"].as_str();
        fingerprint.expect("a fingerprint").to_owned()
    }

    /// Exports the public keys for gpgv and its friends.
    pub fn keyring(&self) -> PathBuf {
        let armoured = self.path("keyring.asc");
        let out = armoured.to_str().expect("text");
        self.run(["key", "export", "--out", out]).code(0);
        let binary = self.path("keyring.gpg");
        let mut gpg = tool("gpg", "gnupg");
        gpg.args(["--batch", "--yes", "--dearmor", "--output"]);
        gpg.arg(&binary).arg(&armoured);
        self.judge(gpg).code(0);
        binary
    }

    /// Runs another program in this world.
    pub fn judge(&self, mut command: Command) -> Ran {
        self.surround(&mut command);
        finished(command.output().expect("it is installed"))
    }

    /// Lists everything in this world, but git's note of what it last looked at.
    pub fn listing(&self) -> Listing {
        let mut found = listing(self.dir.path());
        found.remove(Path::new("project/.git/index"));
        found
    }

    /// Gives everything to another user; for root alone.
    pub fn give_to(&self, user: u32) {
        for entry in walkdir::WalkDir::new(self.dir.path()) {
            let path = entry.expect("listed").into_path();
            std::os::unix::fs::lchown(path, Some(user), Some(user)).expect("root may");
        }
    }
}

/// A run of debcut about to be.
pub struct Call<'a> {
    world: &'a World,
    words: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

impl Call<'_> {
    /// Adds a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.into(), value.as_ref().into()));
        self
    }

    /// Lets another program start it.
    pub fn under<A: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = A>) -> Self {
        let words = words.into_iter().map(|word| word.as_ref().to_owned());
        self.words.splice(0..0, words);
        self
    }

    /// Sets the umask.
    pub fn umask(self, umask: &str) -> Self {
        let script = format!("umask {umask}; exec \"$@\"");
        self.under(["sh", "-c", &script, "sh"])
    }

    /// Runs it as a user who is not root; root alone can, others are one.
    pub fn by_nobody(mut self) -> Self {
        if !is_root() {
            return self;
        }
        // The program may lie where only root can reach it. Not copied by this
        // process: what another thread starts meanwhile would hold the copy
        // open for writing, and the system runs no such file.
        let copy = self.world.path("debcut");
        let mut cp = tool("cp", "coreutils");
        cp.arg(&self.words[0]).arg(&copy);
        self.world.judge(cp).code(0);
        self.words[0] = copy.into();
        self.world.give_to(NOBODY);
        let (uid, gid) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
        self.under(["setpriv", &uid, &gid, "--clear-groups"])
    }

    /// Starts it; its output can be read when it ends.
    pub fn start(self) -> Child {
        self.command().spawn().expect("it starts")
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Ran {
        finished(self.command().output().expect("it runs"))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.words[0]);
        self.world.surround(&mut command);
        command.args(&self.words[1..]);
        command.envs(self.environment.iter().cloned());
        command.current_dir(self.world.project());
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// Tells whether the tests run as root, who may do what others must not.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Names a program of a package, or says what to install.
#[track_caller]
pub fn tool(program: &str, package: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path);
    let found = places.any(|place| place.join(program).is_file());
    assert!(
        found,
        "{program} is not installed: apt-get install {package}"
    );
    Command::new(program)
}

/// Takes what a program left.
pub fn finished(output: std::process::Output) -> Ran {
    let code = output.status.code();
    let signal = output.status.signal().unwrap_or_default();
    Ran {
        code: code.unwrap_or(128 + signal),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Lists a directory with all below it: kind, mode, and the content's digest.
pub fn listing(top: &Path) -> Listing {
    let mut found = Listing::new();
    for entry in walkdir::WalkDir::new(top).min_depth(1) {
        let entry = entry.expect("listed");
        let metadata = entry.metadata().expect("there");
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
        let content = match metadata.is_file() {
            true => Sha256::of(&std::fs::read(entry.path()).expect("readable")).hex(),
            false => String::new(),
        };
        let below = entry.path().strip_prefix(top).expect("it is below");
        found.insert(below.to_owned(), format!("{mode:o} {content}"));
    }
    found
}
