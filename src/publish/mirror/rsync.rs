//! A mirror that rsync(1) reaches: `rsync://HOST/MODULE`, or `USER@HOST:PATH`
//! through ssh.
//!
//! Each phase is one run of rsync, which writes every file aside and renames
//! it. What is sent stands in a directory of links for that run.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::model::{ArchivePath, Listener, Sha256};
use crate::sys::environment::Environment;
use crate::sys::outward::Permit;
use crate::sys::process::{Tool, ToolError};

use super::MirrorFile;
use super::files::Origin;
use super::target::{MirrorError, Target};

/// What rsync and ssh need to know of the user's session.
const VARIABLES: [&str; 5] = [
    "HOME",
    "SSH_AUTH_SOCK",
    "RSYNC_PASSWORD",
    "RSYNC_RSH",
    "USER",
];

/// A mirror that rsync reaches.
pub struct RsyncTarget<'a> {
    /// The archive's directory.
    pub from_root: PathBuf,
    /// Where the mirror is, as rsync is told it.
    pub to: String,
    /// The environment of the process.
    pub environment: &'a Environment,
    /// The right to send anything there.
    pub _permit: Permit,
}

impl RsyncTarget<'_> {
    /// Tells whether a location is one for rsync.
    pub fn is_one(location: &str) -> bool {
        let host = location.split_once(':').map_or("", |(host, _)| host);
        location.starts_with("rsync://")
            || (!host.is_empty()
                && !host.contains('/')
                && !location.contains("://")
                && host != "file")
    }

    fn tool(&self) -> Tool {
        let own = VARIABLES.into_iter();
        let own = own.filter_map(|name| Some((name, self.environment.path(name)?)));
        let shell = self
            .environment
            .var("RSYNC_RSH")
            .unwrap_or("ssh -oBatchMode=yes");
        Tool::new("rsync")
            .env("PATH", self.environment.search_path())
            .env("LC_ALL", "C.UTF-8")
            .envs(own)
            .arg(format!("--rsh={shell}"))
            .args(["--no-motd", "--timeout=300"])
    }

    fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.to.trim_end_matches('/'))
    }

    fn failed(&self, act: &'static str) -> impl FnOnce(ToolError) -> MirrorError {
        let place = self.to.clone();
        move |source| MirrorError::Rsync { act, place, source }
    }

    fn on_the_way(&self, path: &str) -> impl Fn(std::io::Error) -> MirrorError {
        let path =
            ArchivePath::new(path).unwrap_or_else(|_| ArchivePath::new("dists").expect("a path"));
        let place = self.to.clone();
        move |source| MirrorError::OnTheWay {
            path: path.clone(),
            place: place.clone(),
            source,
        }
    }

    fn stage(&self, directory: &Path, file: &MirrorFile) -> std::io::Result<()> {
        let at = directory.join(file.path.as_str());
        fs::create_dir_all(at.parent().expect("a path has at least one part"))?;
        match &file.origin {
            Origin::Bytes(bytes) => fs::write(at, bytes),
            Origin::Store(from) => symlink(self.from_root.join(from.as_str()), at),
        }
    }

    /// Fetches files into a directory; says whether there were any.
    fn fetched(&self, path: &str, into: &Path) -> Result<bool, MirrorError> {
        let tool = self
            .tool()
            .args(["--times", "--copy-links"])
            .arg(self.at(path));
        match tool.arg(into.as_os_str()).output() {
            Ok(_) => Ok(true),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(self.failed("read from")(error)),
        }
    }
}

/// Tells by rsync's words whether what was asked for is not there.
fn is_absence(error: &ToolError) -> bool {
    let said = error.to_string();
    let tail = match error {
        ToolError::Failed { tail, .. } => tail.as_str(),
        _ => "",
    };
    [said.as_str(), tail]
        .iter()
        .any(|said| said.contains("No such file or directory"))
}

impl Target for RsyncTarget<'_> {
    fn place(&self) -> String {
        self.to.clone()
    }

    fn read(&self, path: &ArchivePath) -> Result<Option<Vec<u8>>, MirrorError> {
        let failed = self.on_the_way(path.as_str());
        let directory = tempfile::tempdir().map_err(&failed)?;
        let at = directory.path().join("file");
        match self.fetched(path.as_str(), &at)? {
            true => fs::read(at).map(Some).map_err(failed),
            false => Ok(None),
        }
    }

    fn digest(&self, path: &ArchivePath) -> Result<Option<Sha256>, MirrorError> {
        Ok(self.read(path)?.map(|bytes| Sha256::of(&bytes)))
    }

    fn list(&self, below: &ArchivePath) -> Result<BTreeMap<ArchivePath, u64>, MirrorError> {
        let tool = self
            .tool()
            .args(["--recursive", "--list-only", "--no-human-readable"]);
        let output = match tool.arg(self.at(&format!("{below}/"))).output() {
            Ok(output) => output,
            Err(error) if is_absence(&error) => return Ok(BTreeMap::new()),
            Err(error) => return Err(self.failed("list")(error)),
        };
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text
            .lines()
            .filter_map(|line| listed(below, line))
            .collect())
    }

    fn write(
        &self,
        files: &[MirrorFile],
        _: Option<&[u8]>,
        _: &dyn Listener,
    ) -> Result<(), MirrorError> {
        let failed = self.on_the_way("dists");
        let staged = tempfile::tempdir().map_err(failed)?;
        for file in files {
            let failed = self.on_the_way(file.path.as_str());
            self.stage(staged.path(), file).map_err(failed)?;
        }
        // A mirror that was damaged has files of the right time and size.
        let tool = self.tool().args([
            "--recursive",
            "--times",
            "--copy-links",
            "--ignore-times",
            "--delay-updates",
            "--mkpath",
            "--chmod=D755,F644",
        ]);
        let from = format!("{}/", staged.path().display());
        tool.arg(from)
            .arg(self.at(""))
            .output()
            .map_err(self.failed("write to"))?;
        Ok(())
    }

    fn delete(&self, paths: &[ArchivePath]) -> Result<(), MirrorError> {
        if paths.is_empty() {
            return Ok(());
        }
        let nothing = tempfile::tempdir().map_err(self.on_the_way("dists"))?;
        // rsync wants to see the directories; what lacks in them goes.
        for path in paths {
            let at = nothing.path().join(path.as_str());
            let parent = at.parent().expect("a path has at least one part");
            fs::create_dir_all(parent).map_err(self.on_the_way(path.as_str()))?;
        }
        let names: String = paths.iter().map(|path| format!("{path}\n")).collect();
        let tool = self
            .tool()
            .args(["--recursive", "--delete-missing-args", "--files-from=-"]);
        let from = format!("{}/", nothing.path().display());
        let tool = tool.arg(from).arg(self.at("")).input(names);
        tool.output().map_err(self.failed("delete from"))?;
        Ok(())
    }
}

/// Reads a line of `rsync --list-only`: mode, size, date, time, name.
fn listed(below: &ArchivePath, line: &str) -> Option<(ArchivePath, u64)> {
    let (mode, rest) = line.split_once(' ')?;
    if !mode.starts_with('-') {
        return None;
    }
    let (size, rest) = rest.trim_start().split_once(' ')?;
    let name = rest.splitn(3, ' ').nth(2)?;
    let size = size.replace(',', "").parse().ok()?;
    Some((ArchivePath::new(format!("{below}/{name}")).ok()?, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_for_rsync_are_known() {
        for (location, want) in [
            ("rsync://mirror.example.org/apt", true),
            ("apt@mirror.example.org:/srv/apt", true),
            ("mirror:/srv/apt", true),
            ("/srv/apt", false),
            ("./a:b", false),
            ("s3://bucket/apt", false),
            ("file:/srv/apt", false),
            ("https://apt.example.org", false),
        ] {
            assert_eq!(RsyncTarget::is_one(location), want, "{location}");
        }
    }

    #[test]
    fn listings_are_read() {
        let below = ArchivePath::new("pool").expect("a path");
        let line = "-rw-r--r--          1,234 2025/06/01 12:00:00 main/a/a_1.0~x.deb";
        let (path, size) = listed(&below, line).expect("a file");
        assert_eq!((path.as_str(), size), ("pool/main/a/a_1.0~x.deb", 1234));
        assert!(listed(&below, "drwxr-xr-x  4,096 2025/06/01 12:00:00 main").is_none());
        assert!(listed(&below, "").is_none());
    }
}
