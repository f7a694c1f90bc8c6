//! Repositories made by the real git, the same each time.

use std::cell::Cell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::release::facts::Facts;
use crate::release::observe::{ObserveError, observe};
use crate::release::policy::{DebianKind, Policy, Unit};
use crate::release::tag_pattern::TagPattern;
use crate::release::version_file::VersionFile;
use crate::sys::git::Repository;

pub(super) struct World {
    home: TempDir,
    pub(super) top: PathBuf,
    clock: Cell<i64>,
}

impl World {
    pub(super) fn new() -> Self {
        let world = Self::empty();
        world.git(&["init", "--quiet", "--initial-branch=main", "."]);
        world
    }

    pub(super) fn empty() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let top = home.path().join("work");
        std::fs::create_dir(&top).expect("a directory");
        let clock = Cell::new(1_700_000_000);
        Self { home, top, clock }
    }

    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(super) fn command(&self, directory: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        let date = format!("{} +0000", self.clock.get());
        command
            .current_dir(directory)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.home.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.org")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.org")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .env("GIT_ALLOW_PROTOCOL", "file");
        command
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.top, arguments)
    }

    pub(super) fn git_in(&self, directory: &Path, arguments: &[&str]) -> String {
        let output = self.command(directory, arguments).output();
        let output = output.expect("git runs: install the package git");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    pub(super) fn import(&self, stream: &[u8]) {
        let mut command = self.command(&self.top, &["fast-import", "--quiet", "--force"]);
        let mut child = command.stdin(Stdio::piped()).spawn().expect("git runs");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(stream).expect("git reads");
        drop(input);
        assert!(child.wait().expect("git ends").success());
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.top.join(path);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    /// Commits all that is there, a minute later.
    pub(super) fn commit(&self, message: &str) -> String {
        self.clock.set(self.clock.get() + 60);
        self.git(&["add", "--all"]);
        let arguments = ["commit", "--quiet", "--allow-empty", "-m", message];
        self.git(&arguments);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Changes a file and commits.
    pub(super) fn change(&self, path: &str, message: &str) -> String {
        self.write(path, &format!("{message} at {}\n", self.clock.get()));
        self.commit(message)
    }

    pub(super) fn tag(&self, name: &str) {
        self.git(&["tag", "--annotate", "--message", "x", name]);
    }

    pub(super) fn later(&self) {
        self.clock.set(self.clock.get() + 60);
    }

    pub(super) fn facts(&self, policy: &Policy) -> Facts {
        self.try_facts(&self.top, policy).expect("facts")
    }

    pub(super) fn try_facts(
        &self,
        directory: &Path,
        policy: &Policy,
    ) -> Result<Facts, ObserveError> {
        let repository = Repository::discover(directory)?;
        observe(&repository, "HEAD", policy)
    }
}

pub(super) fn unit(name: &str, path: &str, tags: &[&str]) -> Unit {
    let pattern = |text: &&str| TagPattern::new(text).expect("a pattern");
    Unit {
        name: name.parse().expect("a name"),
        path: path.to_owned(),
        include: Vec::new(),
        exclude: Vec::new(),
        former_paths: Vec::new(),
        tags: tags.iter().map(pattern).collect(),
        upstream_tags: Vec::new(),
        version_files: Vec::new(),
        debian: DebianKind::Declared {
            revision: Some("1".to_owned()),
            changelog: None,
            distribution: "unstable".to_owned(),
            maintainer: "Ada <ada@example.org>".to_owned(),
        },
        depends_on: Vec::new(),
        changes_file: None,
    }
}

pub(super) fn with_file(mut unit: Unit, path: &str) -> Unit {
    unit.version_files.push(VersionFile::new(path));
    unit
}

pub(super) fn policy(units: Vec<Unit>) -> Policy {
    Policy::usual(units)
}

/// The subjects of a package's commits since its last final release.
pub(super) fn since_final(facts: &Facts, unit: usize) -> Vec<&str> {
    let places = facts.units[unit].since_final.iter();
    places.map(|&at| facts.commits[at].subject()).collect()
}

pub(super) fn since_pre(facts: &Facts, unit: usize) -> Vec<&str> {
    let places = facts.units[unit].since_pre.iter();
    places.map(|&at| facts.commits[at].subject()).collect()
}

pub(super) fn last_final(facts: &Facts, unit: usize) -> Option<&str> {
    let last = facts.units[unit].last_final.as_ref();
    last.map(|last| last.version.as_str())
}
