//! Finished builds by what they were made of: unchanged inputs are not built
//! twice, wherever the artifacts went.
//!
//! An entry is a build's whole directory, verified like any other build before
//! it is used: every digest, the plan it states, the signature of the key that
//! this build would be signed with. A broken entry is thrown away.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::FlowError;
use super::earlier_build::{self, Earlier};
use crate::build::plan::BuildPlan;
use crate::build::product::Built;
use crate::model::Sha256;
use crate::sys::environment::Environment;
use crate::sys::files::{self, StagedDir};

/// How long an entry that nobody asks for is kept: a release cycle.
const KEPT: Duration = Duration::from_secs(60 * 24 * 60 * 60);
/// How many entries are kept: of large packages they are gigabytes.
const MOST: usize = 64;

/// The user's cache of builds.
pub struct BuildCache {
    directory: PathBuf,
}

impl BuildCache {
    /// Opens it; none where the user has no home.
    pub fn of_user(environment: &Environment) -> Option<Self> {
        let directory = environment.cache_home()?.join("debcut/builds");
        Some(Self { directory })
    }

    /// Takes a build out of it, into `out`, where it is there and whole.
    /// `system` identifies what of the machine takes part.
    pub fn take(
        &self,
        plan: &BuildPlan,
        system: &Sha256,
        out: &Path,
    ) -> Result<Option<Built>, FlowError> {
        let entry = self.entry(plan, system);
        if !entry.is_dir() {
            return Ok(None);
        }
        let found = earlier_build::look(plan, &entry).map(|found| found.earlier);
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
            plan.builder_version,
            system,
        ]);
        let key = Sha256::of(key.to_string().as_bytes());
        self.directory.join(key.hex())
    }

    /// Removes what nobody asked for in a long time. What cannot be removed
    /// is in nobody's way.
    fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        let mut found: Vec<(SystemTime, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .filter(|(_, path)| path.is_dir())
            .collect();
        found.sort();
        let surplus = found.len().saturating_sub(MOST);
        for (at, (used, path)) in found.iter().enumerate() {
            let old = used.elapsed().is_ok_and(|age| age > KEPT);
            if at < surplus || old {
                let _ = fs::remove_dir_all(path);
            }
        }
    }
}

/// Identifies what of the machine's system takes part in a build that happens
/// around it: the packages that are installed, and the user's toolchains.
pub fn system(toolchains: &[PathBuf]) -> Result<Sha256, FlowError> {
    let status = files::read_if_there(Path::new("/var/lib/dpkg/status"))?;
    let mut seen = vec![format!("{:?}", status.map(|bytes| Sha256::of(&bytes)))];
    for place in toolchains {
        // Names and times of the upper levels: a toolchain that is updated is
        // put there anew.
        for entry in walkdir::WalkDir::new(place)
            .max_depth(3)
            .sort_by_file_name()
        {
            let Ok(entry) = entry else { continue };
            let modified = entry.metadata().ok().and_then(|m| m.modified().ok());
            seen.push(format!("{} {modified:?}", entry.path().display()));
        }
    }
    Ok(Sha256::of(seen.join("\n").as_bytes()))
}
