//! What a quilt package's tree is: found by looking and by trying. Writes
//! nothing but a scratch directory of its own.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use regex::Regex;

use super::observe::{Means, ObserveError, TOOL_PATH};
use super::orig::Base;
use super::package::Debian;
use super::patches::Range;
use super::upstream::{Exported, Layout, Packing};
use crate::model::Finding;
use crate::sys::files::{self, Access};
use crate::sys::git::{ExportChanges, GitError, Repository};
use crate::sys::process::Tool;

/// What dpkg-source takes for no change of upstream's (dpkg-source(1),
/// `--diff-ignore`; its own default).
const DIFF_IGNORE: &str = concat!(
    r"(?:^|/).*~$|(?:^|/)\.#.*$|(?:^|/)\..*\.sw.$|(?:^|/),,.*(?:$|/.*$)|",
    r"(?:^|/)(?:DEADJOE|\.arch-inventory|\.(?:bzr|cvs|hg|git|mtn-)ignore)$|",
    r"(?:^|/)(?:CVS|RCS|\.deps|\{arch\}|\.arch-ids|\.svn|\.hg(?:tags|sigs)?|_darcs|",
    r"\.git(?:attributes|modules|review)?|\.mailmap|\.shelf|_MTN|\.be|",
    r"\.bzr(?:\.backup|tags)?)(?:$|/.*$)",
);

/// The configuration of debcut, which is the packaging's and upstream's never.
pub(super) const OWN_FILE: &str = "debcut.toml";

/// What in a tree is no change of upstream's files.
#[derive(Debug)]
pub(super) struct Ignored {
    /// Files and directories at the top.
    pub own: BTreeSet<String>,
    patterns: Vec<Regex>,
    changes: ExportChanges,
}

impl Ignored {
    /// Takes the components' names, expressions of `debian/source/options` and
    /// what attributes leave out.
    pub(super) fn new<'a>(
        components: impl IntoIterator<Item = &'a str>,
        diff_ignore: &[String],
        exported: &Exported,
    ) -> Self {
        let own = ["debian", OWN_FILE].into_iter().chain(components);
        let patterns = diff_ignore.iter().map(String::as_str).chain([DIFF_IGNORE]);
        Self {
            own: own.map(str::to_owned).collect(),
            patterns: patterns.filter_map(|text| Regex::new(text).ok()).collect(),
            changes: ExportChanges {
                without: exported.left_out.clone(),
                ..ExportChanges::default()
            },
        }
    }

    /// Tells whether dpkg-source passes over a file that is changed.
    pub(super) fn is_litter(&self, path: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.is_match(path))
    }

    /// Tells whether attributes leave a file out.
    pub(super) fn is_left_out(&self, path: &str) -> bool {
        self.changes.leave_out(path)
    }

    /// Tells whether a file is no part of a change of upstream's.
    pub(super) fn is_no_change(&self, path: &str) -> bool {
        let top = path.split('/').next().unwrap_or(path);
        self.own.contains(top) || self.is_litter(path) || self.is_left_out(path)
    }
}

/// What the answer depends on.
pub(super) struct Question<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// The package's commit.
    pub commit: &'a str,
    /// The tree of its directory.
    pub tree: &'a str,
    /// That directory.
    pub path: &'a str,
    /// What is chosen.
    pub policy: &'a Debian,
    /// Upstream's tag, where there is one.
    pub base: Option<&'a Base>,
    /// The components' names.
    pub components: &'a [&'a str],
    /// What attributes leave out of the tree.
    pub exported: &'a Exported,
    /// Who keeps the package.
    pub maintainer: &'a str,
    /// Everything else.
    pub means: &'a Means<'a>,
}

impl Question<'_> {
    /// Says how the tree is packed.
    pub(super) fn settle(&self) -> Result<(Packing, Vec<Finding>), ObserveError> {
        let options = Options::read(self.repository, self.tree)?;
        let mut findings = Vec::new();
        for text in &options.diff_ignore {
            if let Err(error) = Regex::new(text) {
                let found = format!("“{text}” is not understood: {error}");
                findings.push(Finding::warning(
                    "source-options",
                    "debian/source/options",
                    found,
                ));
            }
        }
        let ignored = Ignored::new(
            self.components.iter().copied(),
            &options.diff_ignore,
            self.exported,
        );
        let series = series(self.repository, self.tree)?;
        let mut packing = Packing {
            layout: Layout::Unapplied,
            patches: Vec::new(),
            orig_only: self.policy.orig_only.clone(),
            diff_ignore: options.diff_ignore.clone(),
        };
        let layout = match self.policy.layout {
            Some(Layout::Commits) if !series.is_empty() => Layout::Applied,
            Some(layout) => layout,
            None if options.is_automatic => Layout::Automatic,
            None if self.is_overlay(&ignored)? => Layout::Overlay,
            None if !series.is_empty() => self.tried(&series)?,
            None => Layout::Commits,
        };
        packing.layout = layout;
        if matches!(layout, Layout::Commits | Layout::Single) {
            if !series.is_empty() {
                let why = "one patch for all changes is asked for, and there are patches";
                let finding = Finding::error("patches", "debian/patches/series", why);
                findings.push(finding.fix("remove them, or say patches = \"applied\""));
                return Ok((packing, findings));
            }
            packing.layout = self.made_of_commits(&ignored, &mut packing, &mut findings)?;
        }
        Ok((packing, findings))
    }

    fn made_of_commits(
        &self,
        ignored: &Ignored,
        packing: &mut Packing,
        findings: &mut Vec<Finding>,
    ) -> Result<Layout, ObserveError> {
        let Some(base) = self.base else {
            if self.policy.layout.is_some() {
                let why = "patches are to be made of the commits since the upstream tag, and \
                           there is no such tag";
                let finding = Finding::error("patches", "debian/patches", why);
                findings.push(finding.fix("upstream-tag = \"…{version}\" in debcut.toml names it"));
            }
            return Ok(Layout::Unapplied);
        };
        let leave_out = |path: &str| ignored.is_no_change(path);
        let range = Range {
            repository: self.repository,
            base,
            head: self.commit,
            tree: self.tree,
            path: self.path,
            own: &ignored.own,
            leave_out: &leave_out,
            maintainer: self.maintainer,
        };
        if range.is_empty()? {
            return Ok(Layout::Unapplied);
        }
        let planned = range.plan(packing.layout)?;
        findings.extend(planned.findings);
        packing.patches = planned.patches;
        Ok(planned.layout)
    }

    /// Tells whether the tree holds nothing of upstream's.
    fn is_overlay(&self, ignored: &Ignored) -> Result<bool, GitError> {
        let entries = self.repository.directory(self.tree)?;
        Ok(entries
            .iter()
            .all(|entry| ignored.is_no_change(&String::from_utf8_lossy(&entry.path))))
    }

    /// Tries whether the patches can be applied, or taken back, and all of
    /// them: the same way as dpkg-source will.
    fn tried(&self, series: &[String]) -> Result<Layout, ObserveError> {
        let mut patches = Vec::new();
        for name in series {
            let path = format!("debian/patches/{name}");
            match self.repository.file(self.tree, &path)? {
                Some(text) => patches.push(text),
                // dpkg-source will say so in its own words.
                None => return Ok(Layout::Unapplied),
            }
        }
        if self.try_all(patches.iter(), "--forward")? {
            return Ok(Layout::Unapplied);
        }
        Ok(match self.try_all(patches.iter().rev(), "--reverse")? {
            true => Layout::Applied,
            false => Layout::Unapplied,
        })
    }

    fn try_all<'p>(
        &self,
        patches: impl Iterator<Item = &'p Vec<u8>> + Clone,
        direction: &str,
    ) -> Result<bool, ObserveError> {
        let above = self.means.environment.temporary_directory();
        let scratch = tempfile::Builder::new()
            .prefix("debcut-")
            .tempdir_in(&above);
        let scratch = scratch.map_err(files::failed("make a directory in", &above))?;
        for path in patches.clone().flat_map(|text| touched(text)) {
            let Some(content) = self.repository.file(self.tree, &path)? else {
                continue;
            };
            let to = scratch.path().join(&path);
            files::create_dir(to.parent().unwrap_or(Path::new("/")))?;
            files::replace(&to, &content, Access::Public)?;
        }
        for text in patches {
            let patch = Tool::new("patch")
                .env("PATH", TOOL_PATH)
                .env("LC_ALL", "C.UTF-8")
                .args(["--strip=1", "--fuzz=0", "--batch", "--unified", "--silent"])
                .args(["--no-backup-if-mismatch", "--reject-file=-", direction])
                .dir(scratch.path())
                .limit(Duration::from_secs(60))
                .input(text.as_slice());
            let (status, _) = patch.finish()?;
            if !status.success() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Names the files that a patch changes, by its `---` and `+++` lines.
fn touched(patch: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(patch);
    let named = text.lines().filter_map(|line| {
        let rest = line.strip_prefix("--- ").or(line.strip_prefix("+++ "))?;
        let name = rest.split('\t').next().unwrap_or(rest).trim_end();
        let (_, below) = name.split_once('/')?;
        let parts = below.split('/');
        let is_inside = !parts.clone().any(|part| matches!(part, "" | "." | ".."));
        (name != "/dev/null" && is_inside).then(|| below.to_owned())
    });
    named.collect()
}

/// Reads the names in `debian/patches/series`, Debian's own list first
/// (dpkg-source(1), “VENDOR.series”).
fn series(repository: &Repository, tree: &str) -> Result<Vec<String>, GitError> {
    for name in ["debian.series", "series"] {
        let path = format!("debian/patches/{name}");
        if let Some(text) = repository.file(tree, &path)? {
            let text = String::from_utf8_lossy(&text).into_owned();
            let name = |line: &str| {
                let line = line.split(" #").next().unwrap_or(line).trim();
                let name = line.split_whitespace().next()?;
                (!name.starts_with('#')).then(|| name.to_owned())
            };
            return Ok(text.lines().filter_map(name).collect());
        }
    }
    Ok(Vec::new())
}

/// What `debian/source/options` say that matters here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    /// dpkg-source itself makes a patch of what is changed.
    is_automatic: bool,
    diff_ignore: Vec<String>,
}

impl Options {
    fn read(repository: &Repository, tree: &str) -> Result<Self, GitError> {
        let text = repository.file(tree, "debian/source/options")?;
        Ok(Self::parse(&String::from_utf8_lossy(
            &text.unwrap_or_default(),
        )))
    }

    fn parse(text: &str) -> Self {
        let mut options = Self::default();
        for line in text.lines().map(str::trim) {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            let value = value.trim();
            let quoted = value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'));
            match name.trim() {
                "single-debian-patch" | "auto-commit" => options.is_automatic = true,
                "extend-diff-ignore" | "diff-ignore" if !value.is_empty() => {
                    let value = quoted.unwrap_or(value).to_owned();
                    options.diff_ignore.push(value);
                }
                _ => {}
            }
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let text = "# a comment\nsingle-debian-patch\nextend-diff-ignore = \"^a$\"\n\
                    compression = xz\nextend-diff-ignore=b\n";
        let found = Options::parse(text);
        assert!(found.is_automatic);
        assert_eq!(found.diff_ignore, ["^a$", "b"]);
        assert_eq!(Options::parse("#auto-commit\n"), Options::default());
    }

    #[test]
    fn patches_name_files() {
        let text = "Subject: x\n--- a/src/a.c\t2020\n+++ b/src/a.c\n--- /dev/null\n\
                    +++ hello-1.0/new\n--- a/../x\n+++ b//etc/passwd\n";
        assert_eq!(touched(text.as_bytes()), ["src/a.c", "src/a.c", "new"]);
    }

    #[test]
    fn what_dpkg_passes_over_is_no_change() {
        let ignored = Ignored::new(["part"], &["^gen/".to_owned()], &Exported::default());
        for (path, want) in [
            (".gitignore", true),
            ("a/.gitattributes", true),
            ("a~", true),
            ("gen/x", true),
            ("debian/rules", true),
            ("part/x", true),
            ("debcut.toml", true),
            ("src/debcut.toml", false),
            ("src/git", false),
            ("a.c", false),
        ] {
            assert_eq!(ignored.is_no_change(path), want, "{path}");
        }
    }
}
