//! Source package → binaries by sbuild(1), as its user has set it up: the kind
//! of chroot and what it runs besides are `~/.sbuildrc`'s.
//!
//! sbuild says which files it made; they are moved beside the source, and
//! `debian/files` names them for dpkg-genchanges(1), as a build here would have
//! left it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Bench, BuildError, name_of, only};
use crate::format::changes::Changes;
use crate::sys::files::{self, Access};

/// Builds the binaries of a source package that is unpacked at `tree`.
pub(super) fn build(bench: &mut Bench<'_>, dsc: &Path, tree: &Path) -> Result<(), BuildError> {
    let work = bench.work();
    let result = work.join("sbuild");
    files::create_dir(&result)?;
    let distribution = bench
        .tool("dpkg-parsechangelog", tree)
        .arg("-SDistribution");
    let distribution = distribution.output()?.stdout;
    let distribution = String::from_utf8_lossy(&distribution);
    let distribution = match distribution.split_whitespace().next() {
        None | Some("UNRELEASED") => "unstable",
        Some(named) => named,
    };
    let mut tool = bench.tool("sbuild", &result);
    // Its user's own: without them it finds neither configuration nor chroots.
    for (name, value) in bench.plan.builder.environment() {
        tool = tool.env(name, value);
    }
    let tool = tool
        .arg(format!("--dist={distribution}"))
        .arg(format!("--arch={}", bench.plan.architecture))
        .arg(format!("--build-dir={}", result.display()))
        .args(["--arch-all", "--verbose", "--no-run-lintian"])
        .arg(dsc);
    bench.run("building with sbuild", tool)?;
    let changes = only(&result, ".changes")?;
    let listed = Changes::parse(&files::read(&changes)?);
    let listed = listed.map_err(|source| BuildError::Product {
        file: name_of(&changes),
        source,
    })?;
    let mut made = String::new();
    for listed in &listed.files {
        let name = &listed.file.name;
        let (from, to) = (result.join(name), work.join(name));
        move_to(&from, &to)?;
        let _ = writeln!(made, "{name} {} {}", listed.section, listed.priority);
    }
    Ok(files::replace(
        &tree.join("debian/files"),
        made.as_bytes(),
        Access::Public,
    )?)
}

fn move_to(from: &Path, to: &PathBuf) -> Result<(), BuildError> {
    Ok(fs::rename(from, to).map_err(files::failed("move", from))?)
}
