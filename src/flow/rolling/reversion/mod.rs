//! The way back of hosts that update themselves: the old content under a higher
//! version, through the normal build.
//!
//! apt never goes down by itself, so a suite that loses a version takes nothing
//! from a host that has it. What does is a release: `2.0+really1.9` sorts above
//! 2.0 and has what 1.9 had. It is made of one commit that puts the old tag's
//! files back, and of the release that follows it like any other: prepared,
//! built, tagged, signed, published where versions enter. A rollout by the
//! emergency profile brings it to the rings of the one that it takes back.
//!
//! Nothing is remembered: the commit names the rollout in a trailer, and every
//! step is found again by what it made. So running it again goes on where it
//! was stopped.

mod apply;
mod observe;
mod put_back;

use crate::format::version::Version;
use crate::model::{Finding, PackageName, Sha256, Suite, TagName};
use crate::release::Request;
use crate::release::debian_version::{self, Basis, Upload};
use crate::release::policy::DebianKind;
use crate::release::upstream::release_of;
use crate::rollout::state::RolloutId;

pub use apply::{Ended, Means, apply};
pub use observe::{Facts, observe};

/// The trailer of the commit that puts the old files back: the rollout that it
/// is the way back of.
pub const TRAILER: &str = "Debcut-Reversion";

/// A release that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// Its Debian version.
    pub version: Version,
    /// Its version as the project writes it.
    pub own: String,
    /// Its tag.
    pub tag: TagName,
    /// The commit.
    pub commit: String,
}

/// What is still to be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Todo {
    /// A commit that puts so many files back.
    PutBack {
        /// How many are put, replaced or removed.
        files: usize,
    },
    /// Prepare, build, tag and publish.
    Release,
    /// Build the tag that is there, and publish it.
    Publish {
        /// The tag.
        tag: TagName,
    },
    /// Start the rollout of it.
    Start,
}

/// The way back by a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The rollout that is taken back.
    pub of: RolloutId,
    /// The source package.
    pub source: PackageName,
    /// What its rollout brought.
    pub bad: Tagged,
    /// What comes back.
    pub old: Tagged,
    /// The version that brings it.
    pub next: Version,
    /// Where it enters.
    pub suite: Suite,
    /// What is still to be done.
    pub todo: Vec<Todo>,
}

impl Plan {
    /// Returns the digest of what would be done.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(format!("{self:?}").as_bytes())
    }
}

/// Tells whether a version brings older content back.
pub fn is_reversion(version: &Version) -> bool {
    version.upstream().contains("+really")
}

/// Plans the way back by a release.
pub fn plan(facts: &Facts) -> Result<Plan, Vec<Finding>> {
    let source = facts.unit.name.as_str();
    let next = match &facts.made {
        Some(made) => made.version.clone(),
        None => next(facts).map_err(|finding| vec![finding])?,
    };
    if next.compare(&facts.bad.version).is_le() {
        let message = format!(
            "{next} would not be higher than {}, which hosts have",
            facts.bad.version
        );
        let finding = Finding::error("version-goes-back", source, message).fix(format!(
            "git checkout {} -- . puts the old files back by hand; then debcut release \
                 --set-version, with a version above",
            facts.old.tag
        ));
        return Err(vec![finding]);
    }
    if let Some(pending) = &facts.pending {
        let message = format!("{pending} is prepared and not tagged");
        let finding = Finding::error("release-pending", source, message)
            .fix("debcut release --to SUITE finishes it, git revert takes its commit back");
        return Err(vec![finding]);
    }
    let mut todo = Vec::new();
    match &facts.made {
        Some(_) if facts.is_published => {}
        Some(made) => todo.push(Todo::Publish {
            tag: made.tag.clone(),
        }),
        None => {
            let files = facts.changes.len();
            // What somebody committed behind it is not to come along.
            let is_due = facts.put_back.is_none() || files > 0;
            todo.extend((is_due && !facts.is_prepared).then_some(Todo::PutBack { files }));
            todo.push(Todo::Release);
        }
    }
    if facts.rollout.is_none() {
        todo.push(Todo::Start);
    }
    Ok(Plan {
        of: facts.of.clone(),
        source: facts.unit.name.clone(),
        bad: facts.bad.clone(),
        old: facts.old.clone(),
        next,
        suite: facts.suite.clone(),
        todo,
    })
}

/// Returns the version that brings the old content back.
fn next(facts: &Facts) -> Result<Version, Finding> {
    let refused = |why: String| Finding::error("no-version", facts.unit.name.as_str(), why);
    match &facts.unit.debian {
        DebianKind::Changelog { .. } => {
            let written = facts.written.as_ref().unwrap_or(&facts.bad.version);
            let basis = Basis {
                current: Some(written),
                upstream: None,
                revision: None,
            };
            let upload = Upload::Really(facts.old.version.to_string());
            let next = debian_version::next(&basis, &upload);
            next.map_err(|error| refused(crate::model::finding::with_causes(&error)))
        }
        DebianKind::Declared { revision, .. } => {
            let mut text = declared(facts);
            if let Some(revision) = revision {
                text = format!("{text}-{revision}");
            }
            Version::new(text).map_err(|error| refused(error.to_string()))
        }
    }
}

/// Returns the version of a package without a changelog as the project writes
/// it: what hosts have is in front, and above.
fn declared(facts: &Facts) -> String {
    let (bad, old) = (&facts.bad.own, release_of(&facts.old.version));
    let front = bad.split("+really").next().unwrap_or(bad);
    format!("{front}+really{old}")
}

/// Says how the release is asked for.
fn request(facts: &Facts) -> Request {
    let mut request = Request {
        packages: vec![facts.unit.name.clone()],
        ..Request::everything()
    };
    match &facts.unit.debian {
        DebianKind::Changelog { .. } => {
            request.upload = Upload::Really(facts.old.version.to_string());
        }
        DebianKind::Declared { .. } => request.set_version = Some(declared(facts)),
    }
    request
}
