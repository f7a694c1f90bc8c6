//! `rollout rollback --reversion`: the old content under a higher version.

use serde::Serialize;

use crate::report::rolling::words;
use crate::report::{Document, Page, StepLine};
use crate::rollout::policy::Members;
use crate::rollout::{Rollout, RolloutId};

/// What `rollout rollback --reversion` answers.
#[derive(Debug, Serialize)]
pub struct ReversionDocument {
    /// The rollout that is taken back.
    id: String,
    /// What is released instead; nothing where that is refused.
    reversion: Option<Reversion>,
}

/// The release that brings the old content back.
#[derive(Debug, Serialize)]
pub struct Reversion {
    /// The source package.
    pub source: String,
    /// What the rollout brought.
    pub bad_version: String,
    /// Whose content comes back.
    pub old_version: String,
    /// Its tag.
    pub old_tag: String,
    /// What brings it.
    pub version: String,
    /// The tag of that.
    pub tag: Option<String>,
    /// Where it enters.
    pub suite: String,
    /// The suite's generation that has it.
    pub generation: Option<u64>,
    /// How many hosts of pull rings the last count found with the bad version.
    pub hosts_with_it: Option<u64>,
    /// What is still to be done.
    pub todo: Vec<String>,
    /// What was done.
    pub steps: Vec<StepLine>,
    /// The rollout of it, where it was started now.
    pub rollout: Option<String>,
}

impl ReversionDocument {
    /// Shows what is released, or says that nothing is.
    pub fn new(id: &RolloutId, reversion: Option<Reversion>) -> Self {
        Self {
            id: id.to_string(),
            reversion,
        }
    }
}

/// Counts the hosts of pull rings that had the version when they were last
/// counted; `None`: they never were.
pub fn pulled(rollout: &Rollout) -> Option<u64> {
    let rings = rollout.rings.iter().zip(&rollout.policy.rings);
    let pulled = rings.filter(|(_, ring)| matches!(ring.members, Members::Pull(_)));
    let counted = pulled.filter_map(|(state, _)| Some(state.counted?.there));
    counted.reduce(|a, b| a + b)
}

impl Document for ReversionDocument {
    const SCHEMA: &'static str = "debcut/rollout-reversion/1";

    fn text(&self, page: &mut Page) {
        let Some(released) = &self.reversion else {
            page.line(format!(
                "{} has no way back by a release",
                page.bold(&self.id)
            ));
            return;
        };
        page.line(format!(
            "{} goes back by a release: {} has what {} had",
            page.bold(&self.id),
            released.version,
            released.old_version
        ));
        if let Some(hosts) = released.hosts_with_it {
            page.line(format!(
                "  {} keep {} until then",
                words::count(hosts as usize, "host", "hosts"),
                released.bad_version
            ));
        }
        for todo in &released.todo {
            page.line(format!("  to do: {todo}"));
        }
        for step in &released.steps {
            page.line(format!("  {:<12} {}", step.step, step.what));
        }
        if let Some(rollout) = &released.rollout {
            page.line(format!("next: debcut rollout advance {rollout} [--watch]"));
        }
    }

    fn ending(&self, _: &mut Page) {}
}
