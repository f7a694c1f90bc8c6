//! What was built last: what `publish` takes when it is told nothing.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::build::plan::BuildPlan;
use crate::build::product::Built;
use crate::build::source::Revision;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::finding::with_causes;
use crate::model::{Listener, Suite};
use crate::sys::files::{self, Access};

/// What `publish` takes when it is told nothing: the last build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBuild {
    /// Where its artifacts are.
    pub directory: PathBuf,
    /// Its `.changes`.
    pub changes: PathBuf,
    /// Those of the builds that were made together with it.
    #[serde(default)]
    pub together: Vec<Together>,
}

/// One of several builds that were made together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Together {
    /// Its `.changes`.
    pub changes: PathBuf,
    /// The distribution that it is for, where each is for one.
    pub distribution: Option<Suite>,
}

const LAST_BUILD: &str = "last-build.json";

/// Reads what the last build of a repository left.
pub fn last_build(workspace: &Workspace) -> Result<Option<LastBuild>, FlowError> {
    let bytes = files::read_if_there(&workspace.repository.own_dir().join(LAST_BUILD))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// Notes what was built last. A build is no failure because that cannot be
/// written: `publish` can be told what to take. A candidate is never what it
/// takes untold.
pub(super) fn record(
    workspace: &Workspace,
    plan: &BuildPlan,
    built: &Built,
    listener: &dyn Listener,
) {
    let (Revision::Tag { .. }, Some(changes)) = (&plan.revision, built.changes()) else {
        return;
    };
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let last = LastBuild {
        directory: absolute(&built.directory),
        changes: absolute(&changes),
        together: Vec::new(),
    };
    write_last(workspace, &last, listener);
}

/// Notes that the last builds were made together: `publish` takes them so.
pub fn record_together(workspace: &Workspace, builds: Vec<Together>, listener: &dyn Listener) {
    if let Ok(Some(last)) = last_build(workspace) {
        let together = builds;
        write_last(workspace, &LastBuild { together, ..last }, listener);
    }
}

fn write_last(workspace: &Workspace, last: &LastBuild, listener: &dyn Listener) {
    let own = workspace.repository.own_dir();
    let text = serde_json::to_vec_pretty(last).expect("paths are text");
    let written = files::create_dir(&own)
        .and_then(|()| files::replace(&own.join(LAST_BUILD), &text, Access::Public));
    if let Err(error) = written {
        listener.warn(format!(
            "{}: publish will have to be told what to take",
            with_causes(&error)
        ));
    }
}
