//! A minimal Debian as packages, from the machine's own mirror, kept for the
//! next run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use debcut::model::Architecture;

use crate::world::{finished, tool};

/// What a bootstrap asks for beside all that is essential or required. Of the
/// two that merge `/usr`, debootstrap takes one and apt the other.
const MORE: [&str; 4] = ["apt", "usr-is-merged", "usrmerge", "hello"];

/// Names this machine's release, as its mirror does.
pub fn codename() -> String {
    let release = fs::read_to_string("/etc/os-release").expect("Debian has it");
    let name = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    name.expect("a release has a name").to_owned()
}

/// Returns where the machine's mirror is.
pub fn mirror() -> Result<String, String> {
    let mut get = tool("apt-get", "apt");
    get.args(["indextargets", "--format", "$(REPO_URI)"]);
    get.args(["Created-By: Packages", "Component: main"]);
    get.arg(format!("Codename: {}", codename()));
    let ran = finished(get.output().expect("it runs"));
    let first = ran.stdout.lines().next().map(str::to_owned);
    first.ok_or_else(|| "apt has no lists of this release: apt-get update".to_owned())
}

/// Gets the packages, which depend on nothing else; or says why not.
pub fn packages() -> Result<Vec<PathBuf>, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let cache = target.expect("it is below target/").join("debian-minimal");
    fs::create_dir_all(&cache).expect("target/ is writable");
    let lock = File::create(cache.join("lock")).expect("target/ is writable");
    lock.lock().expect("the lock");
    let directory = cache.join(codename());
    if !directory.is_dir() {
        let new = tempfile::tempdir_in(&cache).expect("target/ is writable");
        download(new.path())?;
        fs::rename(new.path().join("archives"), &directory).expect("it is not there yet");
    }
    let entries = fs::read_dir(&directory).expect("it is there");
    let paths = entries.map(|entry| entry.expect("listed").path());
    let mut packages: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "deb"))
        .collect();
    packages.sort();
    Ok(packages)
}

/// Lets apt fetch what it would install where nothing is installed.
fn download(into: &Path) -> Result<(), String> {
    fs::create_dir_all(into.join("archives/partial")).expect("it is there");
    fs::write(into.join("status"), "").expect("it is there");
    let here = Architecture::of_this_machine();
    let mut get = tool("apt-get", "apt");
    for option in [
        format!("Dir::State::status={}", into.join("status").display()),
        format!("Dir::Cache={}", into.display()),
        "APT::Sandbox::User=root".to_owned(),
        "APT::Install-Recommends=false".to_owned(),
        "Debug::NoLocking=true".to_owned(),
    ] {
        get.arg("--option").arg(option);
    }
    get.args(["--quiet", "--yes", "--download-only", "install"]);
    get.arg(format!("?and(?architecture({here}),?essential)"));
    get.arg(format!("?and(?architecture({here}),?priority(required))"));
    let ran = finished(get.args(MORE).output().expect("it runs"));
    let last = ran.stderr.lines().last().unwrap_or("apt-get says nothing");
    match ran.code {
        0 => Ok(()),
        _ => Err(format!("no packages from the mirror: {last}")),
    }
}
