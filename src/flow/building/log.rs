//! Where what a build says is kept: one file for each build that runs.

use std::path::{Path, PathBuf};

use crate::build::plan::BuildPlan;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::sys::environment::Environment;
use crate::sys::files::{self, Lock};

/// Finds a place for the log: beside git's own files, else in the user's data.
/// One that another build is writing is not written into.
pub(super) fn log_file(
    workspace: &Workspace,
    plan: &BuildPlan,
    environment: &Environment,
) -> Result<(PathBuf, Lock), FlowError> {
    let own = workspace.repository.own_dir().join("logs");
    if files::create_dir(&own).is_ok() && files::is_writable(&own) {
        return free_log(&own, &plan.file_stem());
    }
    let data = environment.data_home().ok_or(FlowError::NoDataHome)?;
    let logs = data.join("debcut/logs");
    files::create_dir(&logs)?;
    free_log(&logs, &plan.file_stem())
}

/// Returns the first log of this name that nobody writes, for as long as the
/// lock is held: `NAME.log`, `NAME-2.log`.
fn free_log(directory: &Path, name: &str) -> Result<(PathBuf, Lock), FlowError> {
    for number in 1.. {
        let file = match number {
            1 => format!("{name}.log"),
            _ => format!("{name}-{number}.log"),
        };
        let path = directory.join(file);
        if let Some(lock) = files::try_lock(&path)? {
            return Ok((path, lock));
        }
    }
    unreachable!("some number is free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_builds_write_one_log() {
        let place = tempfile::tempdir().expect("a directory");
        let free = || free_log(place.path(), "tally_1.0.0").expect("a log");
        let name = |log: &(PathBuf, Lock)| {
            let name = log.0.file_name().expect("a name");
            name.to_string_lossy().into_owned()
        };
        let (first, second) = (free(), free());
        assert_eq!(name(&first), "tally_1.0.0.log");
        assert_eq!(name(&second), "tally_1.0.0-2.log");
        drop(first);
        assert_eq!(name(&free()), "tally_1.0.0.log");
    }
}
