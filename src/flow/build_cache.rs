//! Finished builds by what they were made of: unchanged inputs are not built
//! twice, wherever the artifacts went.
//!
//! An entry is a build's whole directory, verified like any other build before
//! it is used: every digest, the plan it states, the signature of the key that
//! this build would be signed with. A broken entry is thrown away.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::FlowError;
use super::earlier_build::{self, Earlier};
use crate::build::plan::BuildPlan;
use crate::build::product::Built;
use crate::build::root::cache::size;
use crate::model::Sha256;
use crate::sys::environment::Environment;
use crate::sys::files::{self, StagedDir};
use crate::sys::openpgp::Keyring;

/// How long an entry that nobody asks for is kept: a release cycle.
const KEPT: Duration = Duration::from_secs(60 * 24 * 60 * 60);
/// How many entries are kept: of large packages they are gigabytes.
const MOST: usize = 64;
/// How much they may take, the ones wanted last staying.
const MOST_BYTES: u64 = 8 << 30;

/// The user's cache of builds.
pub struct BuildCache {
    directory: PathBuf,
}

impl BuildCache {
    /// Opens it; none where the user has no home.
    pub fn of_user(environment: &Environment) -> Option<Self> {
        let directory = crate::build::root::Cache::of(environment).ok()?.builds();
        Some(Self { directory })
    }

    /// Takes a build out of it, into `out`, where it is there and whole.
    /// `system` identifies what of the machine takes part.
    pub fn take(
        &self,
        plan: &BuildPlan,
        system: &Sha256,
        out: &Path,
        keyring: &Keyring,
    ) -> Result<Option<Built>, FlowError> {
        let entry = self.entry(plan, system);
        if !entry.is_dir() {
            return Ok(None);
        }
        let found = earlier_build::look(plan, &entry, keyring).map(|found| found.earlier);
        let Ok(Earlier::Same(found)) = found else {
            files::remove_tree(&entry)?;
            return Ok(None);
        };
        let staged = StagedDir::beside(out)?;
        for artifact in &found.artifacts {
            let from = files::open(&entry.join(&artifact.name))?;
            files::copy_to_new(from, &staged.path().join(&artifact.name))?;
        }
        let directory = staged.publish()?;
        // Its time says when it was wanted last.
        let _ = fs::File::open(&entry).and_then(|entry| entry.set_modified(SystemTime::now()));
        Ok(Some(Built { directory, ..found }))
    }

    /// Puts a finished build into it. That this cannot be done is no failure of
    /// the build; the reason is returned.
    pub fn put(&self, plan: &BuildPlan, system: &Sha256, built: &Built) -> Result<(), FlowError> {
        files::create_dir(&self.directory)?;
        let staged = StagedDir::beside(&self.entry(plan, system))?;
        for artifact in &built.artifacts {
            let from = files::open(&built.directory.join(&artifact.name))?;
            files::copy_to_new(from, &staged.path().join(&artifact.name))?;
        }
        staged.publish()?;
        self.prune();
        Ok(())
    }

    fn entry(&self, plan: &BuildPlan, system: &Sha256) -> PathBuf {
        let key = serde_json::json!([
            plan.digest(),
            plan.signing_key,
            plan.environment.tools,
            plan.environment.build_path,
            plan.host_environment,
            plan.builder_version,
            system,
        ]);
        let key = Sha256::of(key.to_string().as_bytes());
        self.directory.join(key.hex())
    }

    /// Removes what nobody asked for in a long time. What cannot be removed
    /// is in nobody's way.
    fn prune(&self) {
        self.drop_unused(KEPT);
    }

    /// Removes the builds that nobody asked for in so long, and those above
    /// the limit.
    pub fn drop_unused(&self, time: Duration) {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        let mut found: Vec<(SystemTime, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .filter(|(_, path)| path.is_dir() && is_entry(path))
            .collect();
        found.sort();
        let surplus = found.len().saturating_sub(MOST);
        let mut total: u64 = found.iter().map(|(_, path)| size(path)).sum();
        for (at, (used, path)) in found.iter().enumerate() {
            let old = used.elapsed().is_ok_and(|age| age > time);
            if at < surplus || old || total > MOST_BYTES {
                total -= size(path).min(total);
                let _ = fs::remove_dir_all(path);
            }
        }
    }
}

/// Tells whether something in the cache's directory is a finished entry; others
/// put theirs together beside them.
fn is_entry(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.parse::<Sha256>().is_ok())
}

/// Identifies what of the machine's system takes part in a build that happens
/// around it: the packages that are installed, what stands beside them, and the
/// user's toolchains. None where nobody can tell, which is a build that sees
/// paths of its project's choice: it is never taken from the cache.
pub fn system(plan: &BuildPlan, toolchains: &[PathBuf]) -> Result<Option<Sha256>, FlowError> {
    if !plan.allowance.host_paths.is_empty() {
        return Ok(None);
    }
    let status = files::read_if_there(Path::new("/var/lib/dpkg/status"))?;
    let mut seen = vec![format!("{:?}", status.map(|bytes| Sha256::of(&bytes)))];
    let cargo = plan.host_environment.get("CARGO_HOME").map(Path::new);
    for place in ["/etc", "/opt", "/usr/local"] {
        // Cargo keeps books there at every run, wherever the user has it; what
        // a build needs of it is among the toolchains.
        list(Path::new(place), cargo, &mut seen);
    }
    for place in toolchains {
        list(place, None, &mut seen);
    }
    Ok(Some(Sha256::of(seen.join("\n").as_bytes())))
}

/// Lists what is beneath a place: whatever is written or replaced there has
/// another time of change, which nobody can set back.
fn list(place: &Path, but: Option<&Path>, seen: &mut Vec<String>) {
    let entries = walkdir::WalkDir::new(place).sort_by_file_name();
    let entries = entries
        .into_iter()
        .filter_entry(|entry| Some(entry.path()) != but);
    for entry in entries.flatten() {
        let Ok(found) = entry.metadata() else {
            continue;
        };
        let (path, size) = (entry.path().display(), found.size());
        let changed = (found.ctime(), found.ctime_nsec());
        seen.push(match found.is_dir() {
            // Of a directory, its entries tell.
            true => format!("{path}"),
            false => format!("{path} {size} {changed:?}"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finished_entries_are_pruned() {
        let place = tempfile::tempdir().expect("a directory");
        let cache = BuildCache {
            directory: place.path().to_owned(),
        };
        let staging = place.path().join(".abc.debcut-x");
        let old = place.path().join("0".repeat(64));
        let long_ago = SystemTime::now() - KEPT - KEPT;
        for path in [&staging, &old] {
            fs::create_dir(path).expect("made");
            let file = fs::File::open(path).expect("opens");
            file.set_modified(long_ago).expect("set");
        }
        cache.prune();
        assert!(staging.is_dir() && !old.exists());
    }

    #[test]
    fn what_is_deep_in_a_toolchain_counts() {
        let place = tempfile::tempdir().expect("a directory");
        let deep = place.path().join("a/b/c/d/e");
        fs::create_dir_all(&deep).expect("made");
        let tool = deep.join("rustc");
        let listed = || {
            let mut seen = Vec::new();
            list(place.path(), None, &mut seen);
            seen
        };
        fs::write(&tool, "1").expect("written");
        let time = fs::metadata(&tool)
            .and_then(|m| m.modified())
            .expect("known");
        let before = listed();
        assert_eq!(before, listed());
        fs::write(&tool, "2").expect("written");
        let file = fs::File::options().write(true).open(&tool).expect("opens");
        file.set_modified(time).expect("set");
        assert_ne!(before, listed(), "its time was set back");
    }
}
