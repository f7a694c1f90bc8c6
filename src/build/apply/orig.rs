//! Upstream tarballs: a given file as it is, made again by pristine-tar(1), or
//! made of a tag's tree.
//!
//! A tarball that is made of a tree depends on the tree, its attributes, the
//! commit and its time alone: not on git's tar, `tar.umask`, the user's own
//! attributes or the compressor's version (liblzma's output has not changed
//! since 5.2; the gzip is zlib's own).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Bench, BuildError, listed, name_of};
use crate::build::orig::signature::{check, judged, signing_keys};
use crate::build::upstream::{Exported, Orig, Origin, Tarball};
use crate::format::compress::{Compression, Encoder, Settings};
use crate::format::export_subst;
use crate::format::tar::{self, Modes, Owners, Style, Symlinks};
use crate::model::Finding;
use crate::sys::files::{self, Access};
use crate::sys::git::{ExportChanges, GitError, Repository};
use crate::sys::openpgp::Keyring;
use crate::sys::tree;

impl Bench<'_> {
    /// Puts every upstream tarball into `directory`, with its signature.
    pub(super) fn origs(&mut self, orig: &Orig, directory: &Path) -> Result<(), BuildError> {
        for tarball in orig.tarballs() {
            let path = self.tarball(tarball, directory)?;
            self.check_signature(tarball, &path)?;
        }
        Ok(())
    }

    fn tarball(&mut self, tarball: &Tarball, directory: &Path) -> Result<PathBuf, BuildError> {
        let to = directory.join(&tarball.name);
        match &tarball.origin {
            Origin::Given { path, sha256 } => {
                files::copy_to_new(files::open(path)?, &to)?;
                if listed(&to)?.digests.sha256 != *sha256 {
                    return Err(BuildError::OrigChanged { path: path.clone() });
                }
            }
            Origin::PristineTar { commit, sha256, .. } => {
                let repository = self.work().join("pristine-tar");
                let branch = [("refs/heads/pristine-tar", commit.as_str())];
                self.workshop
                    .repository
                    .lend_objects(&repository, &branch)?;
                let tool = self.tool("pristine-tar", &repository);
                let tool = tool.arg("checkout").arg(&to);
                self.run("making the upstream tarball again of", tool)?;
                files::remove_tree(&repository)?;
                let found = listed(&to)?.digests.sha256;
                if let Some(wanted) = sha256.filter(|wanted| *wanted != found) {
                    let why = format!(
                        "pristine-tar made a file with the digest {}, and its branch promises {}",
                        found.hex(),
                        wanted.hex()
                    );
                    let finding = Finding::error("pristine-tar", tarball.name.as_str(), why);
                    let fix = "give the published tarball with --orig, and commit it again with \
                               pristine-tar commit";
                    let findings = vec![finding.fix(fix)];
                    return Err(BuildError::Refused { findings });
                }
            }
            Origin::Tag {
                tag,
                commit,
                tree: id,
                committed,
                attributes,
            } => {
                self.workshop
                    .listener
                    .begin(format!("packing the upstream tree of {tag}"));
                let exported = self.work().join("upstream-of-tag");
                let repository = self.workshop.repository;
                let changes = changes(repository, id, commit, attributes)?;
                let left = repository.export_changed(id, &exported, *committed, &changes)?;
                for submodule in left.submodules {
                    self.workshop.listener.warn(format!(
                        "the submodule {submodule} of {tag} is left out: an empty directory"
                    ));
                }
                let style = Style {
                    prefix: format!("{}/", self.plan.directory_name()).into_bytes(),
                    symlinks: Symlinks::InPlace,
                    owners: Owners::Root,
                    modes: Modes::Kept,
                    latest: *committed,
                };
                pack(&tree::read(&exported)?, &style, &to)?;
                files::remove_tree(&exported)?;
            }
        }
        Ok(to)
    }

    /// Puts upstream's signature beside a tarball. One that is not true is
    /// never passed on.
    fn check_signature(&self, tarball: &Tarball, path: &Path) -> Result<(), BuildError> {
        let Some(signature) = &tarball.signature else {
            return Ok(());
        };
        let mut beside = path.as_os_str().to_owned();
        beside.push(".asc");
        files::replace(Path::new(&beside), &signature.armour, Access::Public)?;
        let tree = self.package_tree()?;
        let Some((_, keys)) = signing_keys(self.workshop.repository, &tree)? else {
            return Ok(());
        };
        let checked = Keyring::parse(&keys)
            .map_err(|error| error.to_string())
            .map(|keyring| (keyring, files::read(path)));
        let refuse = |finding| {
            let findings = vec![finding];
            Err(BuildError::Refused { findings })
        };
        match checked {
            Ok((keyring, bytes)) => match check(&keyring, &bytes?, signature) {
                Ok(_) => Ok(()),
                Err(why) => match judged(&tarball.name, &why) {
                    finding if !finding.is_error() => {
                        // A given file's was remarked on in the plan.
                        if matches!(tarball.origin, Origin::PristineTar { .. }) {
                            let Finding { message, .. } = finding;
                            let said = format!("{}: {message}", tarball.name);
                            self.workshop.listener.warn(said);
                        }
                        Ok(())
                    }
                    finding => refuse(finding),
                },
            },
            Err(why) => refuse(Finding::error(
                "upstream-signature",
                tarball.name.as_str(),
                why,
            )),
        }
    }

    /// Returns the tree of the package's directory.
    pub(super) fn package_tree(&self) -> Result<String, BuildError> {
        let plan = self.plan;
        let tree = self.workshop.repository.subtree(&plan.tree, &plan.path)?;
        Ok(tree.expect("observe() found the package's directory in the tree"))
    }
}

/// Says what attributes change of a tree that is written.
pub(super) fn changes(
    repository: &Repository,
    tree: &str,
    commit: &str,
    attributes: &Exported,
) -> Result<ExportChanges, GitError> {
    let mut instead = BTreeMap::new();
    if !attributes.filled.is_empty() {
        let facts = repository.commit_facts(commit)?;
        for path in &attributes.filled {
            let text = repository.file(tree, path)?.unwrap_or_default();
            if let Ok(text) = export_subst::substitute(&text, &facts) {
                instead.insert(path.clone(), text);
            }
        }
    }
    let without: BTreeSet<_> = attributes.left_out.clone();
    Ok(ExportChanges { without, instead })
}

fn pack(tree: &tar::Tree, style: &Style, to: &Path) -> Result<(), BuildError> {
    let packing = |source: Box<dyn std::error::Error + Send + Sync>| BuildError::Pack {
        file: name_of(to),
        source,
    };
    let file = File::create_new(to).map_err(files::failed("write", to))?;
    let compression = match to.extension().is_some_and(|ending| ending == "gz") {
        true => Compression::Gzip,
        false => Compression::Xz,
    };
    let settings = Settings::new(compression);
    let encoder = Encoder::new(settings, BufWriter::new(file));
    let mut encoder = encoder.map_err(|error| packing(error.into()))?;
    tar::write(tree, style, &mut encoder).map_err(|error| packing(error.into()))?;
    let written = encoder.finish().and_then(|mut file| file.flush());
    Ok(written.map_err(files::failed("write", to))?)
}
