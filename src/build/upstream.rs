//! What upstream released: tarballs, where each comes from, and how the
//! package's own changes lie on top of them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use crate::model::{Fingerprint, Sha256, TagName, Timestamp};

/// The upstream release that a Debian revision is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Orig {
    /// `NAME_VERSION.orig.tar.*`.
    #[serde(flatten)]
    pub tarball: Tarball,
    /// `NAME_VERSION.orig-COMPONENT.tar.*`, by component.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// How the tree and its patches lie on top of it.
    pub packing: Packing,
}

/// An additional upstream tarball; dpkg-source unpacks it into a directory of
/// its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Component {
    /// The component's name.
    pub component: String,
    /// Its tarball.
    #[serde(flatten)]
    pub tarball: Tarball,
}

/// One upstream tarball.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tarball {
    /// The name it has in the source package.
    pub name: String,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
    /// Upstream's signature of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<UpstreamSignature>,
}

/// Where an upstream tarball comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub enum Origin {
    /// A file that was given.
    Given {
        /// Its path, which is nobody else's affair.
        #[serde(skip)]
        path: PathBuf,
        /// Its digest.
        sha256: Sha256,
    },
    /// Made again by pristine-tar(1) from what its branch keeps.
    PristineTar {
        /// The branch's commit.
        commit: String,
        /// The digest that the branch keeps of the tarball; old branches keep
        /// none.
        sha256: Option<Sha256>,
        /// The delta's object, which decides the bytes with the tree.
        delta: String,
        /// The tree that the delta is about, as the branch names it.
        tree: String,
    },
    /// Made of the upstream tag's tree.
    Tag {
        /// The tag.
        tag: TagName,
        /// The commit it leads to.
        commit: String,
        /// The tree that is packed: that commit's, or a directory of it.
        tree: String,
        /// The commit's time: that of every file in the tarball.
        committed: Timestamp,
        /// What the tree's attributes change.
        attributes: Exported,
    },
}

/// What `.gitattributes` change of a tree that is packed (gitattributes(5),
/// “Creating an archive”).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Whether attributes count.
    pub follow: Follow,
    /// `export-ignore`: files and directories that are left out.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub left_out: BTreeSet<String>,
    /// `export-subst`: files whose placeholders are filled.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub filled: BTreeSet<String>,
}

/// Whether `export-ignore` and `export-subst` count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Follow {
    /// They count: upstreams publish what git-archive(1) or a forge packs, and
    /// both follow them.
    #[default]
    Attributes,
    /// The tree is packed as it is.
    Nothing,
}

/// A detached signature beside an upstream tarball.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpstreamSignature {
    /// The armoured text.
    #[serde(skip)]
    pub armour: Vec<u8>,
    /// Its digest.
    pub sha256: Sha256,
    /// Whose signatures count: the certificates of
    /// `debian/upstream/signing-key.asc`; none where there is no such file.
    pub keys: Vec<Fingerprint>,
}

/// How a quilt package's tree becomes a source package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Packing {
    /// What the tree is.
    pub layout: Layout,
    /// Patches that are made of the history, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<PlannedPatch>,
    /// Patterns of files that the upstream tarball may have and the tree lacks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub orig_only: Vec<String>,
    /// Expressions of `debian/source/options`: files whose changes are passed
    /// over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diff_ignore: Vec<String>,
}

/// What a quilt package's tree is, outside of `debian/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Upstream's tree; `debian/patches` change it in a build.
    Unapplied,
    /// Upstream's tree with all of `debian/patches` applied.
    Applied,
    /// Upstream's tree with the package's commits on top, and patches are made
    /// of them.
    Commits,
    /// The same, with one patch for all of them.
    Single,
    /// Nothing: upstream's files are in the tarball alone.
    Overlay,
    /// Upstream's tree with changes, which dpkg-source writes into the
    /// `.diff.gz` of format 1.0.
    Diff,
    /// Whatever dpkg-source makes of it, because `debian/source/options` says
    /// `single-debian-patch` or `auto-commit`.
    Automatic,
}

/// A patch that is made of commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedPatch {
    /// Its name below `debian/patches/`.
    pub name: String,
    /// The commit; none when it stands for several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The tree before.
    pub before: String,
    /// The tree after.
    pub after: String,
    /// Its header in DEP-3's form.
    #[serde(skip)]
    pub header: String,
}

impl Layout {
    /// Tells whether dpkg-source packs the tree itself, and finds the changes
    /// of upstream's files in it.
    pub fn is_packed_as_it_is(self) -> bool {
        matches!(self, Self::Diff | Self::Automatic)
    }

    /// Tells whether unpacking without patches gives the tree back.
    pub fn is_unapplied(self) -> bool {
        matches!(self, Self::Unapplied | Self::Overlay)
    }
}

impl Orig {
    /// Returns every tarball, the main one first.
    pub fn tarballs(&self) -> impl Iterator<Item = &Tarball> {
        let components = self.components.iter().map(|found| &found.tarball);
        [&self.tarball].into_iter().chain(components)
    }

    /// Returns what decides the source package's bytes beside the tree: not
    /// where a tarball lies, nor what else its branch holds.
    pub fn identity(&self) -> serde_json::Value {
        let tarball = |tarball: &Tarball| {
            let origin = match &tarball.origin {
                Origin::Given { sha256, .. }
                | Origin::PristineTar {
                    sha256: Some(sha256),
                    ..
                } => serde_json::json!(sha256),
                Origin::PristineTar { delta, tree, .. } => serde_json::json!([delta, tree]),
                Origin::Tag {
                    tree,
                    committed,
                    attributes,
                    commit,
                    ..
                } => serde_json::json!([tree, committed, commit, attributes]),
            };
            let signature = tarball.signature.as_ref().map(|found| found.sha256);
            serde_json::json!([tarball.name, origin, signature])
        };
        let tarballs: Vec<_> = self.tarballs().map(tarball).collect();
        serde_json::json!([tarballs, self.packing])
    }

    /// Returns the main tarball's name in the source package.
    pub fn name(&self) -> &str {
        &self.tarball.name
    }

    /// Says in a few words where it comes from.
    pub fn shown(&self) -> String {
        let from = match &self.tarball.origin {
            Origin::Given { path, .. } => path.display().to_string(),
            Origin::PristineTar { .. } => format!("{} of pristine-tar", self.tarball.name),
            Origin::Tag { tag, .. } => format!("tag {tag}"),
        };
        let components = self.components.iter().map(|c| c.component.as_str());
        let components: Vec<_> = components.collect();
        match components.is_empty() {
            true => from,
            false => format!("{from} with {}", components.join(", ")),
        }
    }
}
