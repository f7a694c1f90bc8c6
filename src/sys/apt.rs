//! The real apt and dpkg, in a root of their own: nothing of this machine is
//! read but their programs, nothing of it is changed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::environment::Environment;
use super::files::{self, Access, FileError};
use super::process::{Tool, ToolError};

/// A private root for apt and dpkg.
#[derive(Debug)]
pub struct AptRoot {
    root: PathBuf,
    path: String,
}

/// Why apt or dpkg did not do it.
#[derive(Debug, thiserror::Error)]
pub enum AptError {
    /// The root cannot be prepared.
    #[error(transparent)]
    File(#[from] FileError),
    /// The tool is missing or says no.
    #[error(transparent)]
    Tool(#[from] ToolError),
}

impl AptRoot {
    /// Makes a root for one `.sources` text and one architecture.
    pub fn create(
        root: &Path,
        sources: &str,
        architecture: &str,
        environment: &Environment,
    ) -> Result<Self, AptError> {
        for directory in [
            "etc/apt/apt.conf.d",
            "etc/apt/preferences.d",
            "etc/apt/sources.list.d",
            "etc/apt/trusted.gpg.d",
            "var/lib/apt/lists/partial",
            "var/cache/apt/archives/partial",
            "var/log/apt",
            "var/lib/dpkg/info",
            "var/lib/dpkg/updates",
            "var/lib/dpkg/triggers",
        ] {
            files::create_dir(&root.join(directory))?;
        }
        for empty in ["var/lib/dpkg/status", "var/lib/dpkg/available"] {
            files::replace(&root.join(empty), b"", Access::Public)?;
        }
        let list = root.join("etc/apt/sources.list.d/archive.sources");
        files::replace(&list, sources.as_bytes(), Access::Public)?;
        let shown = root.display();
        // apt as root would fetch as another user, who cannot write here.
        let configuration = format!(
            "Dir \"{shown}/\";\nDir::State::status \"{shown}/var/lib/dpkg/status\";\n\
             APT::Architecture \"{architecture}\";\nAPT::Architectures {{ \"{architecture}\"; }};\n\
             APT::Sandbox::User \"\";\nAPT::Update::Error-Mode \"any\";\n\
             Acquire::Languages \"none\";\nAPT::Get::Assume-Yes \"true\";\n"
        );
        files::replace(
            &root.join("apt.conf"),
            configuration.as_bytes(),
            Access::Public,
        )?;
        Ok(Self {
            root: root.to_owned(),
            path: environment.search_path(),
        })
    }

    /// Fetches the indices and verifies them.
    pub fn update(&self) -> Result<(), AptError> {
        self.apt_get(&["update"])
    }

    /// Fetches a package and verifies it; returns the files that came.
    pub fn download(&self, package: &str) -> Result<Vec<PathBuf>, AptError> {
        self.apt_get(&[
            "install",
            "--download-only",
            "--no-install-recommends",
            package,
        ])?;
        let archives = self.root.join("var/cache/apt/archives");
        let listing = std::fs::read_dir(&archives).map_err(files::failed("list", &archives))?;
        let mut found: Vec<PathBuf> = listing.flatten().map(|entry| entry.path()).collect();
        found.retain(|path| path.extension().is_some_and(|ending| ending == "deb"));
        found.sort();
        Ok(found)
    }

    /// Installs package files into the root, without running their scripts in
    /// a chroot, which only root could enter.
    pub fn install(&self, packages: &[PathBuf]) -> Result<(), AptError> {
        let force = "--force-not-root,script-chrootless,bad-path,depends";
        let tool = self
            .tool("dpkg")
            .arg(format!("--root={}", self.root.display()))
            .arg(force);
        let log = self.root.join("var/log/dpkg.log");
        let tool = tool
            .arg(format!("--log={}", log.display()))
            .arg("--install")
            .args(packages);
        tool.output()?;
        Ok(())
    }

    /// Returns where a file of the installed system is.
    pub fn file(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    fn apt_get(&self, arguments: &[&str]) -> Result<(), AptError> {
        self.tool("apt-get")
            .arg("--quiet")
            .args(arguments.iter().copied())
            .output()?;
        Ok(())
    }

    fn tool(&self, program: &str) -> Tool {
        Tool::new(program)
            .env("PATH", &self.path)
            .env("HOME", &self.root)
            .env("LC_ALL", "C.UTF-8")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("APT_CONFIG", self.root.join("apt.conf"))
            .limit(Duration::from_secs(300))
    }
}
