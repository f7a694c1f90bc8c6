//! A tree with `debian/` → source package and binaries, by dpkg's own tools.
//!
//! Binaries are built from the extracted source package, never from the
//! export, so that what is published as source is what was built.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::floor::{Links, one};
use super::source_package::source_package;
use super::{Bench, BuildError, files_with_ending, name_of};
use crate::build::plan::{Builder, Scope};
use crate::build::source::Orig;
use crate::format::buildinfo::Buildinfo;
use crate::format::changes::Changes;
use crate::sys::files::{self, Access};

/// Builds and returns every file that the `.changes` names, and itself.
pub(super) fn build(
    bench: &mut Bench<'_>,
    orig: Option<&Orig>,
) -> Result<Vec<PathBuf>, BuildError> {
    let work = bench.work();
    let dsc = source_package(bench, orig, &work)?;
    let proven = bench.proven(&dsc)?;
    bench.open()?;
    let ground = bench.ground();
    let sources = files_with_ending(&work, "")?;
    bench.carry_in("carrying in the source of", &sources)?;
    let tree = ground.join(bench.plan.directory_name());
    let unpack = bench.on_floor("dpkg-source", &ground);
    let unpack = unpack
        .args(["--no-check", "--no-copy", "--extract"])
        .arg(name_of(&dsc))
        .arg(&tree);
    bench.run("unpacking the source package of", unpack)?;
    bench.enter_into_binaries(&tree)?;
    let scope = format!("--build={}", bench.plan.scope.word());
    let host = bench.plan.target.host_architecture();
    // What dpkg-buildpackage would tell those that it calls.
    let variables = host.map(|host| ("DEB_HOST_ARCH".to_owned(), host.to_string()));
    let binaries = match bench.plan.scope {
        Scope::Source => None,
        Scope::Full | Scope::Binary => Some("--build=binary"),
        Scope::Any => Some("--build=any"),
        Scope::All => Some("--build=all"),
    };
    match (bench.plan.scope, &bench.plan.builder) {
        // It records its own build.
        (Scope::Full, Builder::Sbuild { .. }) => super::sbuild::build(bench, &dsc, &tree)?,
        _ => {
            if let Some(binaries) = binaries {
                let mut build = bench.on_floor("dpkg-buildpackage", &tree);
                if let Some(host) = host {
                    build = build.args(["--host-arch", host.as_str()]);
                }
                let build = build.args([binaries, "--no-sign"]);
                // It would put a varied umask right; the environment is clean
                // anyway.
                let build = match bench.plan.environment.umask {
                    0o022 => build.arg("--sanitize-env"),
                    _ => build,
                };
                bench.run("building", build)?;
            }
            let buildinfo = bench.on_floor("dpkg-genbuildinfo", &tree).arg(&scope);
            let buildinfo = buildinfo.args(bench.papers()?).envs(variables.clone());
            bench.run("recording the build of", buildinfo)?;
        }
    }
    let made = bench.listed_files(&tree)?;
    bench.check_names(&made, &sources)?;
    bench.carry_out(&ground, &made, &work, Links::Refused)?;
    bench.check_binaries(&proven, &made)?;
    let buildinfo = work.join(one(&made, ".buildinfo", &ground)?);
    let found = bench.parsed(&buildinfo, Buildinfo::parse(&files::read(&buildinfo)?))?;
    bench.check_source(&buildinfo, &proven, (&found.source, &found.source_version))?;
    bench.check_listed(&buildinfo, &found.files)?;
    bench.sign(&buildinfo)?;
    bench.carry_in(
        "carrying in the signed record of",
        std::slice::from_ref(&buildinfo),
    )?;
    // Only now: the upload hashes the signed record.
    let upload = bench.on_floor("dpkg-genchanges", &tree);
    let upload = upload.arg(&scope).args(bench.plan.upload.arguments());
    let upload = upload.args(bench.papers()?).envs(variables);
    let upload = bench.said("listing the upload of", upload)?;
    let changes = work.join(name_of(&buildinfo).replace(".buildinfo", ".changes"));
    files::replace(&changes, &upload, Access::Public)?;
    let found = bench.parsed(&changes, Changes::parse(&upload))?;
    bench.check_source(&changes, &proven, (&found.source, &found.source_version))?;
    let named: Vec<_> = found.files.into_iter().map(|listed| listed.file).collect();
    bench.check_listed(&changes, &named)?;
    bench.sign(&changes)?;
    let named = named.into_iter().map(|file| work.join(file.name));
    let mut files: BTreeSet<PathBuf> = named.collect();
    if bench.plan.scope.has_source() {
        // A .dsc is of no use without the tarball that an upload may leave out.
        files.extend(sources.into_iter().filter(|path| path.is_file()));
    }
    files.insert(changes);
    Ok(files.into_iter().collect())
}
