//! A tag's tree → source package, by dpkg-source(1).

use std::fs;
use std::path::{Path, PathBuf};

use super::{Bench, BuildError, files_with_ending, name_of, only};
use crate::build::source::Orig;
use crate::sys::files;

/// Exports the tag's tree and packs it; returns the signed `.dsc`.
pub(super) fn source_package(
    bench: &mut Bench<'_>,
    orig: Option<&Orig>,
    work: &Path,
) -> Result<PathBuf, BuildError> {
    let export = work.join("export");
    files::create_dir(&export)?;
    if let Some(orig) = orig {
        bench.orig(orig, &export)?;
    }
    let directory = bench.plan.directory_name();
    bench
        .workshop
        .listener
        .begin(format!("exporting {}", bench.plan.revision.shown()));
    let plan = bench.plan;
    let tree = bench.workshop.repository.subtree(&plan.tree, &plan.path)?;
    let tree = tree.expect("observe() found the package's directory in the tree");
    bench.export(&tree, &export.join(&directory))?;
    bench.enter_into_source(&export.join(&directory))?;
    let mut pack = bench.tool("dpkg-source", &export);
    // dpkg-source leaves out what it takes for litter (*.so, *.a, .gitignore);
    // in a tag it is there on purpose. No file matches this name.
    pack = pack.arg("--tar-ignore=//");
    pack = match orig {
        None => pack.arg("--diff-ignore=^\\0$"),
        // Our own configuration is the packaging's, and no change of upstream's.
        Some(_) => pack.arg("--extend-diff-ignore=^debcut\\.toml$"),
    };
    bench.run("packing the source of", pack.arg("--build").arg(&directory))?;
    files::remove_tree(&export.join(&directory))?;
    let dsc = only(&export, ".dsc")?;
    bench.sign(&dsc)?;
    for file in files_with_ending(&export, "")? {
        let to = work.join(name_of(&file));
        fs::rename(&file, &to).map_err(files::failed("move", &file))?;
    }
    Ok(work.join(name_of(&dsc)))
}
