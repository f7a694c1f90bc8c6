//! The environment of the process, captured once and passed in.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::outward::Gate;

/// Environment variables and the working directory, as a value.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
    working_directory: PathBuf,
    program: PathBuf,
    gate: Gate,
}

impl Environment {
    /// Captures what this process was started with.
    pub fn of_this_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .collect();
        Self {
            variables,
            working_directory: std::env::current_dir().unwrap_or_default(),
            program: std::env::current_exe().unwrap_or_default(),
            gate: Gate::default(),
        }
    }

    /// Makes an environment of exactly these variables.
    pub fn new<N: Into<String>, V: Into<OsString>>(
        working_directory: impl Into<PathBuf>,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables
            .into_iter()
            .map(|(n, v)| (n.into(), v.into()))
            .collect();
        Self {
            variables,
            working_directory: working_directory.into(),
            program: PathBuf::new(),
            gate: Gate::default(),
        }
    }

    /// Returns what decides where things may go: everything that is sent is
    /// sent with an environment.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Returns the environment with another gate.
    #[must_use]
    pub fn behind(&self, gate: Gate) -> Self {
        let mut behind = self.clone();
        behind.gate = gate;
        behind
    }

    /// Returns the environment with a variable set.
    #[must_use]
    pub fn with(&self, name: &str, value: impl Into<OsString>) -> Self {
        let mut with = self.clone();
        with.variables.insert(name.to_owned(), value.into());
        with
    }

    /// Returns the environment without the secrets of signing and of forges, for
    /// programs that sign nothing.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let secrets = [
            "DEBCUT_SIGNING_KEY",
            "DEBCUT_SIGNING_PASSPHRASE",
            "DEBCUT_FORGE_TOKEN",
        ];
        secrets
            .iter()
            .fold(self.clone(), |own, name| own.without(name))
    }

    /// Returns the environment without a variable.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut without = self.clone();
        without.variables.remove(name);
        without
    }

    /// Returns all variables, by name.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &OsStr)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_os_str()))
    }

    /// Returns a variable that is set, valid UTF-8 and not empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)?
            .to_str()
            .filter(|text| !text.is_empty())
    }

    /// Returns a variable that is set and not empty as a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables
            .get(name)
            .filter(|text| !text.is_empty())
            .map(PathBuf::from)
    }

    /// Returns the file of this program; empty where it is not known.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Returns the directory the process was started in.
    pub fn working_directory(&self) -> &Path {
        &self.working_directory
    }

    /// Returns the user's home directory, if one is named.
    pub fn home(&self) -> Option<PathBuf> {
        self.path("HOME")
    }

    /// Returns where user data lives (XDG Base Directory Specification):
    /// `$XDG_DATA_HOME`, where it is absolute, else `$HOME/.local/share`.
    pub fn data_home(&self) -> Option<PathBuf> {
        self.path("XDG_DATA_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| Some(self.home()?.join(".local/share")))
    }

    /// Returns where what can be made again lives (XDG Base Directory
    /// Specification): `$XDG_CACHE_HOME`, where it is absolute, else
    /// `$HOME/.cache`.
    pub fn cache_home(&self) -> Option<PathBuf> {
        self.path("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| Some(self.home()?.join(".cache")))
    }

    /// Returns where what should outlive a run lives, but is worth no backup
    /// (XDG Base Directory Specification): `$XDG_STATE_HOME`, where it is
    /// absolute, else `$HOME/.local/state`.
    pub fn state_home(&self) -> Option<PathBuf> {
        self.path("XDG_STATE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| Some(self.home()?.join(".local/state")))
    }

    /// Returns where temporary files go: `TMPDIR`, else `/tmp`.
    pub fn temporary_directory(&self) -> PathBuf {
        self.path("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp"))
    }

    /// Returns the search path for programs, `PATH`.
    ///
    /// Debian keeps some tools in `sbin`, which a user's path lacks; they are
    /// appended.
    pub fn search_path(&self) -> String {
        let own = self.var("PATH").unwrap_or("/usr/local/bin:/usr/bin:/bin");
        let mut parts: Vec<&str> = own.split(':').filter(|part| !part.is_empty()).collect();
        for part in ["/usr/sbin", "/sbin"] {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts.join(":")
    }

    /// Finds a program on the search path.
    pub fn find_program(&self, name: &str) -> Option<PathBuf> {
        let path = self.search_path();
        path.split(':')
            .map(|part| Path::new(part).join(name))
            .find(|file| file.is_file())
    }
}
