//! Facts and policy → what would be released, as which version, and why.

mod decide;
mod draft;
mod follow;
mod free;
pub mod hotfix;
mod judge;
mod line;
mod together;

use serde::Serialize;

use draft::Draft;

use super::change::{self, Change, Ignored};
use super::commit::Release;
use super::debian_version::Upload;
use super::facts::{self, Facts};
use super::number::PreKind;
use super::policy::{Bump, Policy};
use super::version_file::VersionFile;
use crate::format::version::Version;
use crate::model::{Finding, PackageName, Sha256, TagName};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The packages; none: all that have changes.
    pub packages: Vec<PackageName>,
    /// This version and no other, as the project writes it.
    pub set_version: Option<String>,
    /// A pre-release of this kind.
    pub pre: Option<PreKind>,
    /// What kind of upload the Debian version is for.
    pub upload: Upload,
    /// More than the maintenance branch's policy allows.
    pub force: bool,
    /// A release that is prepared and not tagged, once more: with the commits
    /// behind it.
    pub again: bool,
}

impl Request {
    /// Asks for the ordinary release of all that has changes.
    pub fn everything() -> Self {
        Self {
            packages: Vec::new(),
            set_version: None,
            pre: None,
            upload: Upload::Release,
            force: false,
            again: false,
        }
    }
}

/// What would be released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleasePlan {
    /// The commit that it is planned for.
    pub head: String,
    /// Its branch.
    pub branch: Option<String>,
    /// Every package of the project, in the configuration's order.
    pub packages: Vec<PackagePlan>,
    /// Commits that are of no package, with the reason.
    pub ignored: Vec<Ignored>,
    /// The digest of what the policy says about how the releases are written.
    #[serde(skip)]
    pub writing: Sha256,
}

/// What becomes of one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackagePlan {
    /// Its index in the policy's units.
    #[serde(skip)]
    pub unit: usize,
    /// Its name.
    pub name: PackageName,
    /// Its directory from the repository's top.
    pub path: String,
    /// Its newest release on this branch's line, pre-releases included.
    pub current: Option<Release>,
    /// The release that its changes are counted from.
    #[serde(skip)]
    pub since: Option<Release>,
    /// What is to be done.
    pub decision: Decision,
    /// The changes, newest first.
    pub changes: Vec<Change>,
    /// Commits that touch it and bring it no change, newest first.
    pub ignored: Vec<Ignored>,
}

/// What is to be done with a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "decision")]
pub enum Decision {
    /// Release it.
    Release(Next),
    /// It is released already as far as the tree goes, and awaits its tag.
    Prepared {
        /// The version, as the project writes it.
        version: String,
        /// The Debian version.
        debian_version: Version,
        /// The tag that it awaits.
        tag: TagName,
        /// The release commit.
        commit: String,
        /// How many commits behind it will be of the next release.
        later: usize,
    },
    /// Nothing.
    Skip {
        /// Why.
        reason: String,
    },
}

/// The release that a package gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Next {
    /// The version, as the project writes it; a Debian one where its tags are
    /// Debian's.
    pub version: String,
    /// The project's own version, for its version files and for requirements
    /// on it; none: they stay, for only the Debian version rises.
    pub number: Option<String>,
    /// The Debian version.
    pub debian_version: Version,
    /// The tag; none for a binary-only rebuild.
    pub tag: Option<TagName>,
    /// The step.
    pub bump: Bump,
    /// Why this version, as one clause.
    pub reason: String,
    /// Whether it is a binary-only version: a changelog entry and nothing else.
    pub binary_only: bool,
    /// The line that opens its `debian/changelog` entry, where the kind of
    /// upload has one.
    pub opening: Option<String>,
    /// The distribution that the kind of upload goes to, where it says one.
    pub distribution: Option<String>,
    /// The release commit of this version that is not tagged and made again.
    #[serde(skip)]
    pub again: Option<String>,
    /// Requirements on packages of this repository, to be set to a version.
    #[serde(skip)]
    pub requirements: Vec<(VersionFile, String)>,
}

impl ReleasePlan {
    /// Returns the packages that are released, with what they get.
    pub fn releases(&self) -> impl Iterator<Item = (&PackagePlan, &Next)> {
        self.packages
            .iter()
            .filter_map(|package| match &package.decision {
                Decision::Release(next) => Some((package, next)),
                _ => None,
            })
    }

    /// Returns the plan without the releases that are not to be kept.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&PackagePlan) -> bool) -> Self {
        let mut plan = self.clone();
        for package in &mut plan.packages {
            if matches!(package.decision, Decision::Release(_)) && !keep(package) {
                package.decision = Decision::Skip {
                    reason: "not prepared".to_owned(),
                };
            }
        }
        plan
    }

    /// Tells whether no package is released or awaits its tag.
    pub fn is_empty(&self) -> bool {
        let skipped = |decision: &Decision| matches!(decision, Decision::Skip { .. });
        self.packages
            .iter()
            .all(|package| skipped(&package.decision))
    }

    /// Returns the digest of what would be released: of every package's
    /// decision and changes, of the release that they are counted from, of the
    /// requirements that follow, and of how the policy says it is written; not
    /// of the commit that it was planned for. So a commit that changes nothing
    /// about the release does not change it.
    pub fn digest(&self) -> Sha256 {
        let decided: Vec<_> = self
            .packages
            .iter()
            .map(|package| {
                let unseen = match &package.decision {
                    Decision::Release(next) => Some((&next.again, &next.requirements)),
                    _ => None,
                };
                let PackagePlan { name, changes, .. } = package;
                let since = package.since.as_ref().map(|since| &since.tag);
                (name, &package.decision, changes, since, unseen)
            })
            .collect();
        let whole = (decided, self.writing.hex());
        Sha256::of(&serde_json::to_vec(&whole).expect("a plan has string keys"))
    }
}

/// Returns the digest of which files the releases change, and how. What would
/// not change them, as the rules of steps and the hooks, is not in it.
fn writing(packages: &[PackagePlan], policy: &Policy) -> Sha256 {
    let released = |package: &&PackagePlan| matches!(package.decision, Decision::Release(_));
    let units: Vec<_> = packages
        .iter()
        .filter(released)
        .map(|package| {
            let unit = &policy.units[package.unit];
            (&unit.version_files, &unit.debian, &unit.changes_file)
        })
        .collect();
    // Nobody reads this text but the digest.
    let text = format!(
        "{:?}",
        (units, &policy.notes, &policy.debian, &policy.message)
    );
    Sha256::of(text.as_bytes())
}

/// Plans a release: the plan with what is worth a warning, or all that forbids
/// it.
pub fn plan(
    facts: &Facts,
    policy: &Policy,
    request: &Request,
) -> Result<(ReleasePlan, Vec<Finding>), Vec<Finding>> {
    let mut findings = Vec::new();
    let mut drafts: Vec<_> = (0..policy.units.len())
        .map(|index| Draft::of(index, facts, policy, request, &mut findings))
        .collect();
    let ordinary = request.upload == Upload::Release;
    if ordinary {
        together::spread(&mut drafts, policy);
    }
    for draft in &drafts {
        findings.extend(judge::messages(draft, policy));
        findings.extend(judge::version_files(draft));
    }
    let decisions: Vec<_> = drafts
        .iter()
        .map(
            |draft| match ordinary || !draft.selected || draft.pending.is_some() {
                true => decide::decide(draft, facts, policy, request, &mut findings),
                false => decide::upload(draft, facts, &request.upload, &mut findings),
            },
        )
        .collect();
    let newest: Vec<_> = std::iter::zip(&drafts, &decisions)
        .map(|(draft, decision)| follow::Releases::of(draft, decision))
        .collect();
    let mut packages: Vec<_> = std::iter::zip(drafts, decisions).map(package).collect();
    follow::requirements(&mut packages, &newest, policy);
    findings.extend(judge::lost_requests(facts, policy));
    findings.extend(judge::dead_patterns(facts, policy));
    findings.extend(facts::passed_over(facts, policy));
    findings.extend(judge::shared_tags(&packages));
    let nobodys: Vec<_> = facts
        .commits
        .iter()
        .filter(|commit| commit.touches.is_empty())
        .collect();
    let plan = ReleasePlan {
        writing: writing(&packages, policy),
        head: facts.head.clone(),
        branch: facts.branch.clone(),
        packages,
        ignored: change::changes(&nobodys, policy).ignored,
    };
    match findings.iter().any(Finding::is_error) {
        true => Err(findings),
        false => Ok((plan, findings)),
    }
}

fn package((draft, decision): (Draft<'_>, Decision)) -> PackagePlan {
    PackagePlan {
        unit: draft.index,
        name: draft.unit.name.clone(),
        path: draft.unit.path.clone(),
        current: draft.line.current.cloned(),
        since: draft.since.cloned(),
        decision,
        changes: draft.changes.changes,
        ignored: draft.changes.ignored,
    }
}

#[cfg(test)]
mod tests;
