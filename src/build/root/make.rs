//! A bare system, made by mmdebstrap(1): the packages of its `buildd` variant.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use super::cache::{Cache, Cached, Record, Staged};
use super::debs::recorded;
use super::packages::{identity, installed};
use super::sources::{base_sources, key};
use super::wanted::RootWanted;
use super::{Means, RootError, ids, said};
use crate::sys::files;
use crate::sys::process::{Tool, ToolError};

/// How long it may take: half a minute where the mirror is near, and many
/// where it is far.
const LIMIT: Duration = Duration::from_secs(3600);

/// The archives' records of its packages, while it is made.
const RECORDS: &str = "records";

/// Makes a system and puts it into the cache. Killed half-way, it leaves
/// nothing but a directory that the next run removes.
pub(super) fn make(
    wanted: &RootWanted,
    cache: &Cache,
    means: &mut Means<'_>,
) -> Result<Cached, RootError> {
    if !ids::has("mmdebstrap") {
        let (program, package) = ("mmdebstrap", "mmdebstrap");
        return Err(RootError::MissingProgram { program, package });
    }
    let base = wanted.suites.base.as_str();
    means.listener.begin(format!(
        "making a clean {base} system for {}",
        wanted.architecture
    ));
    let staged = cache.stage()?;
    let tool = mmdebstrap(wanted, &staged, means);
    match tool.logged(means.log, means.listener) {
        Ok(()) => {}
        Err(ToolError::Interrupted { .. }) => return Err(RootError::Interrupted),
        Err(source) => return Err(failed(wanted, source)),
    }
    let tree = staged.path().join("tree");
    settle(&tree)?;
    let status = files::read(&tree.join("var/lib/dpkg/status"))?;
    let packages = installed(&status, &wanted.architecture).map_err(RootError::Status)?;
    let records = staged.path().join(RECORDS);
    let debs = recorded(&files::read(&records)?).map_err(RootError::Status)?;
    fs::remove_file(&records).map_err(files::failed("remove", &records))?;
    ids::give_tree(&tree)?;
    ids::remove(&staged.path().join("tmp"))?;
    let record = Record {
        suites: super::suites_of(wanted),
        architecture: wanted.architecture.clone(),
        key: key(wanted),
        made_unix: means.now.unix(),
        snapshot: wanted.snapshot.as_ref().map(|snapshot| snapshot.id.clone()),
        sources: base_sources(wanted)
            .iter()
            .map(super::sources::Source::line)
            .collect(),
        identity: identity(&packages, &debs),
        packages: packages.len(),
        debs,
    };
    Ok(cache.publish(staged, record)?)
}

fn mmdebstrap(wanted: &RootWanted, staged: &Staged, means: &Means<'_>) -> Tool {
    let temporary = staged.path().join("tmp");
    // It makes nothing there that outlives it; a failure shows when it starts.
    let _ = fs::create_dir(&temporary);
    let mut tool = ids::as_root_of_rooms("mmdebstrap")
        // Root of a user namespace, or the real one: never mmdebstrap's own
        // choice, whose numbers of users would be others.
        .args(["--mode=root", "--variant=buildd", "--format=directory"])
        // For packages whose rules require root, which no builder is.
        .args(["--include=fakeroot"])
        .arg(format!("--architectures={}", wanted.architecture))
        .arg("--skip=check/qemu")
        // Nothing is taken that an earlier run has fetched: apt would look at
        // its size only.
        .arg(format!(
            "--customize-hook=chroot \"$1\" dpkg-query --show \
             --showformat='${{Package}}:${{Architecture}}=${{Version}}\\n' | \
             xargs chroot \"$1\" apt-cache show >{}",
            quoted(&staged.path().join(RECORDS))
        ))
        // A crash leaves no system anyway; waiting for the disk at every file
        // takes longer than everything else.
        .arg("--dpkgopt=force-unsafe-io")
        .arg("--aptopt=APT::Sandbox::User \"root\"")
        .arg("--aptopt=Acquire::Languages \"none\"");
    for option in &means.acquire.options {
        tool = tool.arg(format!("--aptopt={}", option.trim_end_matches(';')));
    }
    tool = tool
        .arg(wanted.suites.base.as_str())
        .arg(staged.path().join("tree"));
    tool.args(
        base_sources(wanted)
            .iter()
            .map(super::sources::Source::line),
    )
    .env("TMPDIR", &temporary)
    .env("HOME", &temporary)
    .envs(
        means
            .acquire
            .variables
            .iter()
            .map(|(name, value)| (name, value)),
    )
    .dir(staged.path())
    .limit(LIMIT)
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

/// Takes away what only the making needed.
fn settle(tree: &Path) -> Result<(), RootError> {
    for file in [
        "etc/apt/apt.conf.d/99mmdebstrap",
        "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
    ] {
        files::remove(&tree.join(file))?;
    }
    // The machine's own; a room brings its own.
    for file in ["etc/hostname", "etc/resolv.conf"] {
        let path = tree.join(file);
        if fs::remove_file(&path).is_ok() {
            let mut empty = fs::File::create(&path).map_err(files::failed("write", &path))?;
            empty.flush().map_err(files::failed("write", &path))?;
        }
    }
    Ok(())
}

fn failed(wanted: &RootWanted, source: ToolError) -> RootError {
    let base = wanted.suites.base.to_string();
    let text = source.to_string();
    let mirror = base_sources(wanted)
        .first()
        .map(|source| source.uri.clone());
    let mirror = mirror.unwrap_or_default();
    match said::trouble(&text) {
        Some(said::Trouble::NoSuite) => RootError::NoSuiteThere {
            suite: base,
            mirror,
            source,
        },
        Some(said::Trouble::Unreachable) => RootError::Unreachable { mirror, source },
        None => RootError::Make {
            suite: base,
            source,
        },
    }
}
