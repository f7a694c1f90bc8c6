//! What is so already: in the repository, in the archive, among the rollouts.

use super::put_back::{self, kept};
use super::{TRAILER, Tagged, is_reversion};
use crate::flow::FlowError;
use crate::flow::archiving::Desk;
use crate::flow::planning;
use crate::flow::project::Workspace;
use crate::flow::releasing::target::of_tag;
use crate::flow::rolling::opening::choosing;
use crate::flow::rolling::shelf::Shelf;
use crate::format::changelog::Entry;
use crate::format::version::Version;
use crate::model::{Finding, Suite, TagName};
use crate::publish::{Question, observe_source};
use crate::release::Request;
use crate::release::plan::Decision;
use crate::release::policy::Unit;
use crate::release::tag_pattern::names;
use crate::release::trailer::released;
use crate::rollout::Rollout;
use crate::rollout::state::RolloutId;
use crate::sys::git::TreeChange;

/// What the way back by a release depends on.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The rollout that is taken back.
    pub of: RolloutId,
    /// The package.
    pub unit: Unit,
    /// What the rollout brought.
    pub bad: Tagged,
    /// What comes back.
    pub old: Tagged,
    /// Where versions enter.
    pub suite: Suite,
    /// The newest released entry of the changelog, before the way back.
    pub written: Option<Version>,
    /// Where HEAD is.
    pub head: String,
    /// What is to change for HEAD to have the old files.
    pub changes: Vec<TreeChange>,
    /// That commit, once it is made.
    pub put_back: Option<String>,
    /// Whether the release commit of the way back is made.
    pub is_prepared: bool,
    /// The release of the way back, once it is tagged.
    pub made: Option<Tagged>,
    /// Another release that is prepared and awaits its tag.
    pub pending: Option<String>,
    /// Whether the suite has it.
    pub is_published: bool,
    /// The rollout of it.
    pub rollout: Option<RolloutId>,
}

/// Looks at everything. `old` is the version that somebody wants back; none:
/// what hosts had, as far as the archive knows.
pub fn observe(
    workspace: &Workspace,
    desk: &Desk<'_>,
    shelf: &Shelf,
    rollout: &Rollout,
    old: Option<&Version>,
) -> Result<Result<Facts, Vec<Finding>>, FlowError> {
    let source = &rollout.target.source;
    let refused = |rule, message: String, fix: String| {
        let finding = Finding::error(rule, rollout.id.to_string(), message);
        Ok(Err(vec![finding.fix(fix)]))
    };
    let [meant] = rollout.target.versions.as_slice() else {
        let versions = rollout.target.versions.iter();
        let versions: Vec<_> = versions.map(|one| one.source_version.to_string()).collect();
        return refused(
            "several-versions",
            format!("it brings {}, one for each release", versions.join(", ")),
            "build the way back of each by hand: put the old files back, then debcut release \
             --really OLD --to SUITE"
                .to_owned(),
        );
    };
    let request = Request {
        packages: vec![source.clone()],
        ..Request::everything()
    };
    let planned = match planning::plan(workspace, "HEAD", &request) {
        Ok(planning::Outcome::Planned(planned)) => planned,
        Ok(planning::Outcome::Refused(findings)) => return Ok(Err(findings)),
        Err(error) => return Err(error),
    };
    let found = planned.policy.units.iter().position(|u| u.name == *source);
    let index = found.expect("planning knows the package");
    let unit = &planned.policy.units[index];
    let (tags, head) = (&planned.facts.tags, &planned.facts.head);
    let repository = &workspace.repository;
    let look = |version: &Version| -> Result<Option<Tagged>, FlowError> {
        for (tag, commit) in tags {
            let Some(own) = named(unit, tag, version) else {
                continue;
            };
            let target = of_tag(workspace, unit, &own, (tag, commit))?;
            if target.is_some_and(|target| target.debian_version == *version) {
                return Ok(Some(Tagged {
                    version: version.clone(),
                    own,
                    tag: tag.clone(),
                    commit: commit.clone(),
                }));
            }
        }
        Ok(None)
    };
    let here = || repository.top().display().to_string();
    let bad = &meant.source_version;
    let Some(bad) = look(bad)? else {
        return refused(
            "no-tag",
            format!("no tag in {} is the release {bad} of {source}", here()),
            format!("git fetch --tags, or run it in the repository that released {source} {bad}"),
        );
    };
    if !repository.is_ancestor(&bad.commit, head)? {
        let branch = planned.facts.branch.as_deref().unwrap_or("HEAD");
        return refused(
            "other-branch",
            format!("{} is not on {branch}", bad.tag),
            format!(
                "git switch to the branch that released {source} {}",
                bad.version
            ),
        );
    }
    let wanted = match old {
        Some(old) => Some(old.clone()),
        None => before(desk, rollout, &bad.version)?,
    };
    let Some(wanted) = wanted else {
        return refused(
            "no-version-before",
            format!(
                "the archive has no version of {source} before {}",
                bad.version
            ),
            "--reversion=VERSION names the one that comes back".to_owned(),
        );
    };
    if wanted.compare(&bad.version).is_ge() {
        return refused(
            "no-version-before",
            format!("{wanted} is not before {}", bad.version),
            "--reversion=VERSION names the one that comes back".to_owned(),
        );
    }
    let Some(old) = look(&wanted)? else {
        return refused(
            "no-tag",
            format!("no tag in {} is the release {wanted} of {source}", here()),
            "git fetch --tags, or --reversion=VERSION names another one".to_owned(),
        );
    };
    let after = repository.commits_between(&bad.commit, head)?;
    let line = format!("{TRAILER}: {}", rollout.id);
    let at = after
        .iter()
        .position(|commit| commit.message.lines().skip(1).any(|text| text == line));
    let put_back = at.map(|at| after[at].id.clone());
    // The release commit of the way back is the first behind it.
    let mut made = None;
    let mut is_prepared = false;
    for commit in at.map_or(&[][..], |at| &after[at + 1..]) {
        let mut own = released(&commit.message).filter(|(name, _)| *name == source.as_str());
        let Some((_, version)) = own.next() else {
            continue;
        };
        is_prepared = true;
        for (tag, _) in tags.iter().filter(|(_, on)| **on == commit.id) {
            let Some(target) = of_tag(workspace, unit, version, (tag, &commit.id))? else {
                continue;
            };
            if made.is_none() && named(unit, tag, &target.debian_version).is_some() {
                made = Some(Tagged {
                    version: target.debian_version,
                    own: version.to_owned(),
                    tag: tag.clone(),
                    commit: commit.id.clone(),
                });
            }
        }
        break;
    }
    let pending = match &planned.plan.packages[index].decision {
        Decision::Prepared { version, .. } if !is_prepared => Some(version.clone()),
        _ => None,
    };
    let before = put_back.as_deref().unwrap_or(head);
    let written = match unit.changelog_path() {
        Some(path) => repository.file(&repository.commit(before)?.tree, path)?,
        None => None,
    };
    let written = written.and_then(|text| newest_released(&text));
    let kept = kept(unit);
    let now = repository.commit(head)?.tree;
    let old_tree = repository.commit(&old.commit)?.tree;
    let changes = put_back::changes(
        repository,
        &planned.policy.units,
        index,
        &kept,
        (&now, &old_tree),
    )?;
    let is_published = match &made {
        Some(made) => has(desk, &meant.from, rollout, &made.version)?,
        None => false,
    };
    let mut own = None;
    if let Some(made) = &made {
        let all = shelf.all()?.into_iter().map(|(known, _)| known);
        let mut brings = all.filter(|known| {
            let versions = &known.target.versions;
            let same = |version: &Version| *version == made.version;
            known.target.source == *source && versions.iter().any(|m| same(&m.source_version))
        });
        own = brings.next().map(|known| known.id);
    }
    Ok(Ok(Facts {
        of: rollout.id.clone(),
        unit: unit.clone(),
        bad,
        old,
        suite: meant.from.clone(),
        written,
        head: head.clone(),
        changes,
        put_back,
        is_prepared,
        made,
        pending,
        is_published,
        rollout: own,
    }))
}

/// Reads what a tag calls a version, where it names it.
fn named(unit: &Unit, tag: &TagName, version: &Version) -> Option<String> {
    if tag.as_str() == format!("debian/{}", version.to_dep14()) {
        return Some(version.to_string());
    }
    unit.tags.iter().find_map(|pattern| {
        let own = pattern.version_in(tag.as_str())?;
        names(&own, version, pattern).then_some(own)
    })
}

/// Returns the newest version of a changelog that was released.
fn newest_released(text: &[u8]) -> Option<Version> {
    let entries = Entry::newest(text).ok()?;
    match entries
        .distributions
        .iter()
        .any(|suite| suite.as_str() == "UNRELEASED")
    {
        true => None,
        false => Some(entries.version),
    }
}

/// Finds what hosts had before: the newest version below the bad one in the
/// suite of the last ring, which most hosts read; else in the others, and where
/// versions enter.
fn before(desk: &Desk<'_>, rollout: &Rollout, bad: &Version) -> Result<Option<Version>, FlowError> {
    let rings = rollout.policy.rings.iter().rev();
    let suites = rings.flat_map(|ring| ring.suites.iter().map(|own| &own.suite));
    let from = rollout.target.versions.iter().map(|meant| &meant.from);
    for suite in suites.chain(from) {
        let mut current = desk.look(suite, None, Question::Manifest)?;
        observe_source(desk.store.as_ref(), &mut current, &rollout.target.source)?;
        let offers = choosing::offers(&current, &rollout.target.source);
        let fits = |offer: &&choosing::Offer| {
            !offer.binaries.is_empty()
                && !is_reversion(&offer.version)
                && offer.version.compare(bad).is_lt()
        };
        if let Some(offer) = offers.iter().rfind(fits) {
            return Ok(Some(offer.version.clone()));
        }
    }
    Ok(None)
}

fn has(
    desk: &Desk<'_>,
    suite: &Suite,
    rollout: &Rollout,
    version: &Version,
) -> Result<bool, FlowError> {
    let mut current = desk.look(suite, None, Question::Manifest)?;
    observe_source(desk.store.as_ref(), &mut current, &rollout.target.source)?;
    let offers = choosing::offers(&current, &rollout.target.source);
    Ok(offers.iter().any(|offer| offer.version == *version))
}
