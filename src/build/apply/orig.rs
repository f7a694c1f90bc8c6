//! The upstream tarball: a given file as it is, or made of a tag's tree.
//!
//! A tarball that is made depends on the tree and the commit's time alone:
//! not on git's tar, `tar.umask`, export attributes or the compressor's
//! version (liblzma's output has not changed since 5.2).

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Bench, BuildError, listed, name_of};
use crate::build::source::Orig;
use crate::format::compress::{Compression, Encoder, Settings};
use crate::format::tar::{self, Modes, Owners, Style, Symlinks};
use crate::sys::files;
use crate::sys::tree;

impl Bench<'_> {
    /// Puts the tarball into `directory` under its name.
    pub(super) fn orig(&mut self, orig: &Orig, directory: &Path) -> Result<PathBuf, BuildError> {
        let to = directory.join(orig.name());
        match orig {
            Orig::Given { path, sha256, .. } => {
                files::copy_to_new(files::open(path)?, &to)?;
                if listed(&to)?.digests.sha256 != *sha256 {
                    return Err(BuildError::OrigChanged { path: path.clone() });
                }
            }
            Orig::Tag {
                tag,
                tree: id,
                committed,
                ..
            } => {
                self.workshop
                    .listener
                    .begin(format!("packing the upstream tree of {tag}"));
                let exported = self.work().join("upstream");
                self.workshop.repository.export(id, &exported, *committed)?;
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
}

fn pack(tree: &tar::Tree, style: &Style, to: &Path) -> Result<(), BuildError> {
    let packing = |source: Box<dyn std::error::Error + Send + Sync>| BuildError::Pack {
        file: name_of(to),
        source,
    };
    let file = File::create_new(to).map_err(files::failed("write", to))?;
    let settings = Settings::new(Compression::Xz);
    let encoder = Encoder::new(settings, BufWriter::new(file));
    let mut encoder = encoder.map_err(|error| packing(error.into()))?;
    tar::write(tree, style, &mut encoder).map_err(|error| packing(error.into()))?;
    let written = encoder.finish().and_then(|mut file| file.flush());
    Ok(written.map_err(files::failed("write", to))?)
}
