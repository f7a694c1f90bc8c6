//! A GnuPG home of its own for tests, and the other judges of our signatures.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::model::{Fingerprint, Timestamp};
use crate::sys::environment::Environment;
use crate::sys::process::{Output, Tool};

/// A directory with a GnuPG home in it; its agents end with it.
pub(crate) struct Gnupg {
    dir: tempfile::TempDir,
}

impl Gnupg {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("dir");
        fs::create_dir(dir.path().join("home")).expect("dir");
        let private = fs::Permissions::from_mode(0o700);
        fs::set_permissions(dir.path().join("home"), private).expect("mode");
        // Left alone, gpg-agent makes guessing a passphrase cost what it may.
        fs::write(dir.path().join("home/gpg-agent.conf"), "s2k-count 65536\n").expect("writes");
        Self { dir }
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file beside the home.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, content).expect("writes");
        path
    }

    pub fn environment(&self) -> Environment {
        let home = self.dir.path().join("home");
        Environment::new(
            self.dir.path(),
            [
                ("HOME", self.dir.path().as_os_str().to_owned()),
                ("GNUPGHOME", home.into_os_string()),
                ("PATH", OsString::from("/usr/bin:/bin")),
            ],
        )
    }

    /// Runs a judge; `Err` holds what it said.
    pub fn run<A: Into<OsString>>(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = A>,
        input: &[u8],
    ) -> Result<Vec<u8>, String> {
        let package = match program {
            "gpg" | "gpgconf" => "gnupg",
            "dscverify" => "devscripts",
            other => other,
        };
        let mut tool = Tool::new(program)
            .env("LC_ALL", "C.UTF-8")
            .dir(self.dir.path());
        for name in ["HOME", "GNUPGHOME", "PATH"] {
            tool = tool.env(name, self.environment().path(name).expect("set"));
        }
        let finished = tool.args(arguments).input(input).finish();
        let (status, Output { stdout, stderr }) = finished.unwrap_or_else(|error| {
            panic!("this test needs {program} (apt-get install {package}): {error}")
        });
        if status.success() {
            Ok(stdout)
        } else {
            Err(String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
        }
    }

    /// Runs gpg; it must succeed.
    pub fn gpg(&self, arguments: &str, input: &[u8]) -> Vec<u8> {
        self.try_gpg(arguments, input)
            .unwrap_or_else(|said| panic!("gpg {arguments}: {said}"))
    }

    pub fn try_gpg(&self, arguments: &str, input: &[u8]) -> Result<Vec<u8>, String> {
        let common = "--batch --pinentry-mode loopback --passphrase-file passphrase";
        let passphrase = self.dir.path().join("passphrase");
        if !passphrase.exists() {
            self.file("passphrase", "");
        }
        let all = common.split(' ').chain(arguments.split(' '));
        self.run("gpg", all.map(|argument| argument.replace('+', " ")), input)
    }

    /// Lets gpg make a key for `Gina <gina@example.org>`; returns its name.
    pub fn make_key(&self, algorithm: &str, expires: &str, at: Timestamp) -> Fingerprint {
        let at = at.unix();
        self.gpg(
            &format!(
                "--faked-system-time {at}! --quick-generate-key \
                 Gina+<gina@example.org> {algorithm} default {expires}"
            ),
            b"",
        );
        let list = self.gpg("--with-colons --list-secret-keys", b"");
        let list = String::from_utf8(list).expect("UTF-8");
        let last = list.rfind("sec:").expect("listed");
        let mut fingerprints = list[last..].lines().filter_map(|l| l.strip_prefix("fpr:"));
        let first = fingerprints.next().expect("listed").trim_matches(':');
        Fingerprint::new(first).expect("fingerprint")
    }
}

impl Drop for Gnupg {
    fn drop(&mut self) {
        // Without gpgconf no agent was started either.
        let _ = self.run("gpgconf", ["--kill", "all"], b"");
    }
}
