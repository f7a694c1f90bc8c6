//! A tree with `debian/` → source package and binaries, by dpkg's own tools.
//!
//! Binaries are built from the extracted source package, never from the
//! export, so that what is published as source is what was built.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Bench, BuildError, check_buildinfo, files_with_ending, name_of};
use crate::build::plan::Scope;
use crate::build::source::Orig;
use crate::format::changes::Changes;
use crate::sys::files;

/// Builds and returns every file that the `.changes` names, and itself.
pub(super) fn build(
    bench: &mut Bench<'_>,
    orig: Option<&Orig>,
) -> Result<Vec<PathBuf>, BuildError> {
    let work = bench.work();
    let dsc = source_package(bench, orig, &work)?;
    let tree = work.join(bench.plan.directory_name());
    let unpack = bench.tool("dpkg-source", &work);
    let unpack = unpack
        .args(["--no-check", "--no-copy", "--extract"])
        .arg(&dsc)
        .arg(&tree);
    bench.run("unpacking the source package of", unpack)?;
    let scope = match bench.plan.scope {
        Scope::Source => "--build=source",
        Scope::Full => {
            let build = bench.tool("dpkg-buildpackage", &tree);
            let build = build.args(["--build=binary", "--no-sign", "--sanitize-env"]);
            bench.run("building", build)?;
            "--build=full"
        }
    };
    let buildinfo = bench.tool("dpkg-genbuildinfo", &tree).arg(scope);
    bench.run("recording the build of", buildinfo)?;
    let buildinfo = only(&work, ".buildinfo")?;
    check_buildinfo(&buildinfo)?;
    bench.sign(&buildinfo)?;
    // Only now: the upload hashes the signed record.
    let changes = work.join(name_of(&buildinfo).replace(".buildinfo", ".changes"));
    let upload = bench.tool("dpkg-genchanges", &tree);
    let upload = upload
        .args([scope, "-sa"])
        .arg(format!("-O{}", changes.display()));
    bench.run("listing the upload of", upload)?;
    let named = named_files(&changes)?;
    bench.sign(&changes)?;
    Ok(named
        .into_iter()
        .map(|name| work.join(name))
        .chain([changes])
        .collect())
}

/// Exports the tag's tree and packs it; returns the signed `.dsc`.
fn source_package(
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

/// Returns the one file of this kind that the tools have left.
fn only(directory: &Path, ending: &'static str) -> Result<PathBuf, BuildError> {
    let found = files_with_ending(directory, ending)?;
    let [path] = found.as_slice() else {
        let why = std::io::Error::other(format!("{} files end in {ending}, not one", found.len()));
        return Err(files::failed("find the build's result in", directory)(why).into());
    };
    Ok(path.clone())
}

fn named_files(changes: &Path) -> Result<Vec<String>, BuildError> {
    let parsed = Changes::parse(&files::read(changes)?);
    let parsed = parsed.map_err(|source| BuildError::Product {
        file: name_of(changes),
        source,
    })?;
    Ok(parsed
        .files
        .iter()
        .map(|listed| listed.file.name.to_string())
        .collect())
}
