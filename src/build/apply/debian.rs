//! A tree with `debian/` → source package and binaries, by dpkg's own tools.
//!
//! Binaries are built from the extracted source package, never from the
//! export, so that what is published as source is what was built.

use std::path::{Path, PathBuf};

use super::source_package::source_package;
use super::{Bench, BuildError, check_buildinfo, name_of, only};
use crate::build::plan::{Builder, Scope};
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
        Scope::Full => "--build=full",
    };
    match (bench.plan.scope, &bench.plan.builder) {
        // It records its own build.
        (Scope::Full, Builder::Sbuild { .. }) => super::sbuild::build(bench, &dsc, &tree)?,
        (wanted, _) => {
            if wanted == Scope::Full {
                let build = bench.tool("dpkg-buildpackage", &tree);
                let build = build.args(["--build=binary", "--no-sign", "--sanitize-env"]);
                bench.run("building", build)?;
            }
            let buildinfo = bench.tool("dpkg-genbuildinfo", &tree).arg(scope);
            bench.run("recording the build of", buildinfo)?;
        }
    }
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
