//! A tree with `debian/` → source package and binaries, by dpkg's own tools.
//!
//! Binaries are built from the extracted source package, never from the
//! export, so that what is published as source is what was built.

use std::path::{Path, PathBuf};

use super::floor::{listed_in, one};
use super::source_package::source_package;
use super::{Bench, BuildError, check_buildinfo, files_with_ending, name_of};
use crate::build::plan::{Builder, Scope};
use crate::build::source::Orig;
use crate::format::changes::Changes;
use crate::sys::files::{self, Access};

/// Builds and returns every file that the `.changes` names, and itself.
pub(super) fn build(
    bench: &mut Bench<'_>,
    orig: Option<&Orig>,
) -> Result<Vec<PathBuf>, BuildError> {
    let work = bench.work();
    let dsc = source_package(bench, orig, &work)?;
    bench.open()?;
    let ground = bench.ground();
    let sources = files_with_ending(&work, "")?;
    bench.carry_in(&sources)?;
    let tree = ground.join(bench.plan.directory_name());
    let unpack = bench.on_floor("dpkg-source", &ground);
    let unpack = unpack
        .args(["--no-check", "--no-copy", "--extract"])
        .arg(name_of(&dsc))
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
                let build = bench.on_floor("dpkg-buildpackage", &tree);
                let build = build.args(["--build=binary", "--no-sign"]);
                // It would put a varied umask right; the environment is clean
                // anyway.
                let build = match bench.plan.environment.umask {
                    0o022 => build.arg("--sanitize-env"),
                    _ => build,
                };
                bench.run("building", build)?;
            }
            let buildinfo = bench.on_floor("dpkg-genbuildinfo", &tree).arg(scope);
            bench.run("recording the build of", buildinfo)?;
        }
    }
    let list = bench.on_floor("cat", &tree).arg("debian/files");
    let made = listed_in(&bench.said("reading what was made of", list)?);
    bench.carry_out(&ground, &made, &work)?;
    let buildinfo = work.join(one(&made, ".buildinfo", &ground)?);
    check_buildinfo(&buildinfo)?;
    bench.sign(&buildinfo)?;
    bench.carry_in(std::slice::from_ref(&buildinfo))?;
    // Only now: the upload hashes the signed record.
    let upload = bench.on_floor("dpkg-genchanges", &tree);
    let upload = bench.said("listing the upload of", upload.args([scope, "-sa"]))?;
    let changes = work.join(name_of(&buildinfo).replace(".buildinfo", ".changes"));
    files::replace(&changes, &upload, Access::Public)?;
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
