//! What is built: a package as the project describes it, checked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::license::License;
use super::upstream::{Follow, Layout};
use crate::format::compress::Compression;
use crate::format::control::{MultiArch, RelationField};
use crate::model::{Architecture, PackageName};
use crate::release::{TagPattern, VersionFile};

/// A package of the project.
#[derive(Debug, Clone)]
pub struct Package {
    /// The source package's name; of a declared package, the binary's too.
    pub name: PackageName,
    /// Its directory from the repository's top, with `/`; empty for the top.
    pub path: String,
    /// Which tags are releases of it, the first being the one in use.
    pub tags: Vec<TagPattern>,
    /// Files that must hold the release's version.
    pub version_files: Vec<VersionFile>,
    /// How it is built.
    pub kind: Kind,
}

/// How a package is built.
#[derive(Debug, Clone)]
pub enum Kind {
    /// From a `debian/` directory, by dpkg's own tools.
    Debian(Debian),
    /// From a description in `debcut.toml`, by our own writer.
    Declared(Box<Declared>),
}

/// What is chosen for a package with a `debian/` directory.
#[derive(Debug, Clone, Default)]
pub struct Debian {
    /// Which tags hold the upstream release that a Debian revision is made of.
    pub upstream_tags: Vec<TagPattern>,
    /// The upstream tarball, or a directory that holds it.
    pub orig: Option<PathBuf>,
    /// Upstream tarballs beside the main one.
    pub components: Vec<ComponentPolicy>,
    /// Whether tarballs come from the branch `pristine-tar`.
    pub pristine_tar: UsePristineTar,
    /// Whether `export-ignore` and `export-subst` count; without a word they do
    /// in upstream's tree and not in a native package's.
    pub follow: Option<Follow>,
    /// What the tree is; without a word it is tried out.
    pub layout: Option<Layout>,
    /// Patterns of files that only the upstream tarball has.
    pub orig_only: Vec<String>,
}

/// An upstream tarball beside the main one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentPolicy {
    /// The component's name.
    pub name: String,
    /// The tag that holds it, where `{version}` stands for upstream's; without
    /// one it is the directory of its name in the upstream tag's tree.
    pub tag: Option<String>,
}

/// Whether tarballs come from the branch `pristine-tar`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UsePristineTar {
    /// When the branch has the version.
    #[default]
    WhereThere,
    /// Always; a version that it lacks is an error.
    Always,
    /// Never.
    Never,
}

/// A package described in `debcut.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// `Name <address>`.
    pub maintainer: String,
    /// The synopsis: the first line of the description.
    pub summary: String,
    /// The rest of the description; paragraphs separated by empty lines.
    pub description: String,
    /// The section, such as `utils`.
    pub section: String,
    /// The priority, `optional` unless said otherwise.
    pub priority: String,
    /// `all`, or the architecture it is built for; `any` is this machine's.
    pub architecture: Architecture,
    /// The project's home page.
    pub homepage: Option<String>,
    /// Relations to other packages, each as one field's text.
    pub relations: BTreeMap<RelationField, String>,
    /// Whether it can be installed for several architectures, or serve others.
    pub multi_arch: Option<MultiArch>,
    /// The Debian revision; without one the package is native.
    pub revision: Option<String>,
    /// The distribution that the changelog entry and `.changes` name.
    pub distribution: String,
    /// A shell command run in the exported tree before files are collected.
    pub command: Option<String>,
    /// Where the copyright file's text comes from, in the tree.
    pub copyright: CopyrightSource,
    /// A file in Debian's changelog format, in the tree; else one is made.
    pub changelog: Option<String>,
    /// Files, directories and links, in the order in which they are written.
    pub contents: Vec<Content>,
    /// Maintainer scripts: `preinst`, `postinst`, `prerm`, `postrm`, `config`
    /// and the file of the tree that each one is.
    pub scripts: Vec<(String, String)>,
    /// How members are compressed.
    pub compression: Compression,
    /// What is done with programs and libraries.
    pub programs: Programs,
    /// Systemd units that are not treated as usual.
    pub units: Vec<Unit>,
    /// Names that this package offers a program for, update-alternatives(1).
    pub alternatives: Vec<Alternative>,
    /// Lines of the `triggers` file, deb-triggers(5).
    pub triggers: Vec<String>,
}

/// What is done with a declared package's programs and shared libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Programs {
    /// Whether symbols that running does not need are taken out of them.
    pub strip: bool,
    /// Whether what is taken out becomes a package of its own, `NAME-dbgsym`.
    pub debug_symbols: bool,
    /// Whether the packages of the libraries that they need are looked up and
    /// become `Depends`.
    pub detect_depends: bool,
}

/// How a systemd unit of a declared package is treated, as the options of
/// dh_installsystemd(1) have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unit {
    /// The unit file's name, such as `tally.service`.
    pub name: String,
    /// Whose manager reads it.
    pub scope: UnitScope,
    /// How it is treated.
    pub treatment: UnitTreatment,
}

/// Whose manager reads a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UnitScope {
    /// The system's.
    System,
    /// Each user's.
    User,
}

/// What is done with a unit when its package comes, changes and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UnitTreatment {
    /// Whether it is enabled when it comes.
    pub enable: bool,
    /// Whether it is started when it comes.
    pub start: bool,
    /// What happens to it when it is replaced.
    pub on_upgrade: OnUpgrade,
}

/// What happens to a running unit when its package is upgraded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUpgrade {
    /// It is restarted when the new files are there.
    Restart,
    /// It is stopped before the files are replaced and started after.
    Stop,
    /// It goes on running.
    Keep,
}

impl Default for UnitTreatment {
    fn default() -> Self {
        Self {
            enable: true,
            start: true,
            on_upgrade: OnUpgrade::Restart,
        }
    }
}

/// A generic name that a package offers a program for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// The generic name, such as `editor`.
    pub name: String,
    /// Where it is called, such as `/usr/bin/editor`.
    pub link: String,
    /// The file that the package offers for it.
    pub path: String,
    /// The highest one is taken without a word from the administrator.
    pub priority: i32,
    /// What changes with it, such as its manual page.
    pub dependents: Vec<Dependent>,
}

/// A link that goes with an alternative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dependent {
    /// Its generic name.
    pub name: String,
    /// Where it is.
    pub link: String,
    /// The file that the package offers for it.
    pub path: String,
}

/// Where a declared package's copyright file comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CopyrightSource {
    /// A file of the tree, as it is.
    File(String),
    /// A licence by its name; its text is known.
    License(License),
}

/// One thing that a declared package installs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Content {
    /// Files of the tree: one, or all that match a pattern.
    File {
        /// A path or pattern (`*`, `**`, `?`) from the package's directory.
        source: String,
        /// Where it goes; a directory if it ends in `/` or a pattern matches.
        target: String,
        /// Permission bits; without them 0755 or 0644 as git says.
        mode: Option<u32>,
        /// Owner and group by name.
        owner: Owner,
        /// Whether dpkg keeps the administrator's changes; without a word,
        /// files below `/etc` are conffiles (Debian Policy 10.7.1).
        conffile: Option<bool>,
    },
    /// An empty directory.
    Directory {
        /// Its path.
        target: String,
        /// Permission bits.
        mode: u32,
        /// Owner and group by name.
        owner: Owner,
    },
    /// A symbolic link.
    Symlink {
        /// Where the link is.
        target: String,
        /// What it points at.
        to: String,
    },
}

impl Declared {
    /// Returns every path and pattern of the tree that the description names.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        let contents = self.contents.iter().filter_map(|content| match content {
            Content::File { source, .. } => Some(source.as_str()),
            Content::Directory { .. } | Content::Symlink { .. } => None,
        });
        let copyright = match &self.copyright {
            CopyrightSource::File(file) => Some(file.as_str()),
            CopyrightSource::License(_) => None,
        };
        let scripts = self.scripts.iter().map(|(_, file)| file.as_str());
        contents
            .chain(copyright)
            .chain(self.changelog.as_deref())
            .chain(scripts)
    }
}

/// Tells whether a `source` is a pattern, not the name of one file or directory.
pub fn is_pattern(source: &str) -> bool {
    source.contains(['*', '?', '['])
}

/// The owner and group of an installed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// The user's name.
    pub user: String,
    /// The group's name.
    pub group: String,
}

impl Default for Owner {
    fn default() -> Self {
        Self {
            user: "root".into(),
            group: "root".into(),
        }
    }
}

impl Package {
    /// Returns the path of a file of the package from the repository's top.
    pub fn file(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.path)
        }
    }
}
