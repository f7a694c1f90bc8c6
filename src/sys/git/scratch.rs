//! A repository of its own for a test, made by the `git` command with a home,
//! an environment and dates of its own.

use std::fs;
use std::path::{Path, PathBuf};

use super::Repository;
use crate::sys::environment::Environment;
use crate::sys::process::{Output, Tool};

/// A directory with a home and, in `project`, a repository on branch `main`.
pub(crate) struct Scratch {
    dir: tempfile::TempDir,
}

impl Scratch {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("dir");
        fs::create_dir(dir.path().join("home")).expect("dir");
        let made = Self { dir };
        made.at(made.dir.path(), "init -q -b main project");
        made.git("config user.name Una");
        made.git("config user.email una@example.org");
        made
    }

    /// The directory that holds it all.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn top(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    pub fn environment(&self) -> Environment {
        let path = std::ffi::OsString::from("/usr/bin:/bin:/usr/sbin:/sbin");
        Environment::new(
            self.dir.path(),
            [
                ("HOME", self.dir.path().join("home").into_os_string()),
                ("GNUPGHOME", self.dir.path().join("home").into_os_string()),
                ("GIT_CONFIG_NOSYSTEM", "1".into()),
                ("PATH", path),
            ],
        )
    }

    pub fn repository(&self) -> Repository {
        Repository::discover(&self.top()).expect("a repository")
    }

    /// Runs git at the repository's top, with words divided by blanks (`+` is
    /// one inside a word); it must succeed. Returns what it wrote.
    pub fn git(&self, words: &str) -> String {
        self.at(&self.top(), words)
    }

    pub fn at(&self, directory: &Path, words: &str) -> String {
        self.try_at(directory, words)
            .unwrap_or_else(|said| panic!("git {words}: {said}"))
    }

    pub fn try_git(&self, words: &str) -> Result<String, String> {
        self.try_at(&self.top(), words)
    }

    fn try_at(&self, directory: &Path, words: &str) -> Result<String, String> {
        let environment = self.environment();
        let tool = Tool::new("git")
            .envs(environment.variables())
            .env("GIT_AUTHOR_DATE", "1700000000 +0000")
            .env("GIT_COMMITTER_DATE", "1700000000 +0000")
            .args(words.split(' ').map(|word| word.replace('+', " ")))
            .dir(directory);
        let (status, Output { stdout, stderr }) = tool.finish().expect("git runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if status.success() {
            Ok(text(&stdout))
        } else {
            Err(text(&[stdout, stderr].concat()))
        }
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.top().join(path);
        fs::create_dir_all(path.parent().expect("below the top")).expect("dir");
        fs::write(path, text).expect("writes");
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.top().join(path)).expect(path)
    }

    /// Commits the whole work tree; returns the commit's id.
    pub fn commit(&self, subject: &str) -> String {
        self.git("add -A");
        self.git(&format!("commit -q -m {subject}"));
        self.head()
    }

    pub fn head(&self) -> String {
        self.git("rev-parse HEAD")
    }

    /// Makes an SSH key and has git sign with it.
    pub fn sign_with_ssh(&self) {
        let key = self.dir().join("home/key");
        let made = Tool::new("ssh-keygen")
            .env("PATH", "/usr/bin:/bin")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "una", "-f"])
            .arg(&key)
            .output();
        made.unwrap_or_else(|e| panic!("this test needs openssh-client: {e}"));
        let public = fs::read_to_string(key.with_extension("pub")).expect("public key");
        let signers = self.dir().join("home/signers");
        fs::write(&signers, format!("una@example.org {public}")).expect("writes");
        self.git("config gpg.format ssh");
        self.git(&format!("config user.signingKey {}", key.display()));
        let allowed = signers.display();
        self.git(&format!("config gpg.ssh.allowedSignersFile {allowed}"));
    }
}
