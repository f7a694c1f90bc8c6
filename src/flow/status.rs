//! `status`: where the project's releases stand, and what the archives hold of
//! them. Writes nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::FlowError;
use super::building;
use super::configured::{self, Configured, ReadError};
use super::doctor::certificates;
use super::embargoing;
use super::patching;
use super::patching::coming::{self, Coming};
use super::patching::freezing::news;
use super::patching::ledger::Ledger;
use super::project::Workspace;
use crate::archive::Current;
use crate::archive::query::relatives::source_of;
use crate::format::changes::Changes;
use crate::format::control::SourceControl;
use crate::format::version::Version;
use crate::model::finding::with_causes;
use crate::model::{Architecture, BranchName, Finding, PackageName, Severity, Suite, Timestamp};
use crate::patch::Today;
use crate::publish::health::{self, Counted, Thresholds};
use crate::publish::{self, PublishError, Question};
use crate::release::commit::Release;
use crate::release::plan::{self, Request};
use crate::release::policy::{DebianKind, Policy, Unit};
use crate::release::standing::{self, Archives, Around, BuiltAt, Held, Standing};
use crate::release::{self, Facts};
use crate::rollout::Rollout;
use crate::rollout::event::Entry;
use crate::sys::environment::Environment;
use crate::sys::files;
use crate::sys::openpgp::text_of;

/// Where everything stands.
#[derive(Debug)]
pub struct Status {
    /// The commit that is looked at.
    pub head: String,
    /// Its branch.
    pub branch: Option<String>,
    /// Every package, in the configuration's order.
    pub standings: Vec<Standing>,
    /// Every suite of every configured archive.
    pub suites: Vec<SuiteSeen>,
    /// Rollouts of the packages, by their names, each with its journal.
    pub rollouts: Vec<(Rollout, Vec<Entry>)>,
    /// What stands against a plan, and what could not be read; none of them an
    /// error: that something stands badly is an answer.
    pub findings: Vec<Finding>,
}

/// A suite of a configured archive.
#[derive(Debug, Clone)]
pub struct SuiteSeen {
    /// The archive's name in the configuration.
    pub archive: String,
    /// The suite.
    pub suite: Suite,
    /// Its generation.
    pub generation: u64,
    /// When that was made.
    pub date: Timestamp,
}

/// Looks at the project, its archives, and the journals of its rollouts (`state`:
/// where those are; `None` for the user's).
pub fn status(
    workspace: &Workspace,
    state: Option<PathBuf>,
    environment: &Environment,
    now: Timestamp,
) -> Result<Status, FlowError> {
    let policy = workspace.policy("HEAD")?;
    let facts = release::observe::observe(&workspace.repository, "HEAD", &policy)?;
    let (plan, mut findings) = match plan::plan(&facts, &policy, &Request::everything()) {
        Ok((plan, findings)) => (Some(plan), findings),
        Err(findings) => (None, findings),
    };
    let mut shelf = Shelf {
        names: names(workspace, &policy)?,
        held: vec![Vec::new(); policy.units.len()],
        suites: Vec::new(),
        endings: Vec::new(),
        now,
    };
    let archives = configured::archives(workspace, environment);
    let mut known = match archives.is_empty() {
        true => Archives::None,
        false => Archives::Read,
    };
    for archive in &archives {
        if let Err(error) = shelf.read(archive, &policy.units) {
            known = Archives::Unsure;
            let why = with_causes(&error);
            findings.push(Finding::warning("archive", archive.shown(), why));
        }
    }
    findings.append(&mut shelf.endings);
    let embargo = embargoing::standing(&workspace.repository, environment, now)?;
    findings.extend(embargo.embargo);
    findings.extend(embargo.findings);
    findings.extend(maintained(workspace, environment, now)?);
    let (mut rollouts, unread) = super::lead_time::rollouts(state, environment);
    let is_own = |source: &PackageName| policy.units.iter().any(|unit| unit.name == *source);
    rollouts.retain(|(rollout, _)| is_own(&rollout.target.source));
    findings.extend(unread);
    for finding in &mut findings {
        finding.severity = finding.severity.min(Severity::Warning);
    }
    let around = shelf.held.into_iter().enumerate().map(|(unit, suites)| {
        let found = &facts.units[unit];
        let last = found.pre_releases.last().or(found.last_final.as_ref());
        let built = last.map(|release| built_at(workspace, &policy.units[unit], release));
        let built = built.unwrap_or_default();
        Around { built, suites }
    });
    let around = around.collect();
    let standings = standing::standings(&facts, &policy, plan.as_ref(), around, known);
    let Facts { head, branch, .. } = facts;
    Ok(Status {
        head,
        branch,
        standings,
        suites: shelf.suites,
        rollouts,
        findings,
    })
}

/// Says what is so of maintenance branches: frozen, due, blocked, and what other
/// branches lack of hotfixes.
fn maintained(
    workspace: &Workspace,
    environment: &Environment,
    now: Timestamp,
) -> Result<Vec<Finding>, FlowError> {
    let ledger = Ledger::read(&workspace.repository, environment)?;
    let mut findings = ledger.findings.clone();
    for (branch, freeze) in &ledger.queue.frozen {
        let why = coming::frozen(workspace, freeze, now);
        let why = format!("{why} ({})", freeze.said.what);
        let fix = format!("debcut patch thaw {branch}");
        findings.push(Finding::warning("frozen", branch.as_str(), why).fix(fix));
        let untold = news::untold(workspace, &ledger, branch)?;
        let untold: Vec<&str> = untold.iter().map(|one| one.channel.name.as_str()).collect();
        if !untold.is_empty() {
            let why = format!(
                "not all that wait were told of the freeze: {}",
                untold.join(", ")
            );
            let fix = "the same debcut patch freeze again tells them";
            findings.push(Finding::warning("not-told", branch.as_str(), why).fix(fix));
        }
    }
    let has_rhythm = workspace.project.patch.rhythm.interval_days.is_some();
    if !has_rhythm && ledger.queue.hotfixes.is_empty() {
        return Ok(findings);
    }
    let policy = workspace.policy("HEAD")?;
    let kept = patching::maintained(workspace, &policy)?.into_values();
    let named: Vec<BranchName> = kept
        .map(|one| one.name)
        .filter(|name| has_rhythm || ledger.queue.hotfixes.contains_key(name))
        .collect();
    if named.is_empty() {
        return Ok(findings);
    }
    for name in named {
        let alone = std::slice::from_ref(&name);
        let found = match coming::coming(workspace, &ledger, alone, now, coming::Health::Leave) {
            Ok(found) => found,
            // One branch that cannot be looked at does not hide the others.
            Err(error) => {
                let why = with_causes(&error);
                findings.push(Finding::warning("not-seen", name.as_str(), why));
                continue;
            }
        };
        for one in found {
            if let Some((hotfix, _)) = &one.hotfix {
                findings.extend(coming::unreturned(hotfix, &one.lacking));
            }
            findings.extend(next_release(&one));
        }
    }
    Ok(findings)
}

/// Says when the next release of a branch is due, what would be in it, and what
/// blocks it; none: there would be nothing in it.
fn next_release(one: &Coming) -> Option<Finding> {
    if one.next.is_empty() && one.approved.is_empty() {
        return None;
    }
    let count = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    };
    let mut held = vec![one.next.join(", ")];
    held.push(match &one.hotfix {
        Some((_, held)) => held.count(),
        None => count(one.commits.len(), "commit"),
    });
    if !one.approved.is_empty() {
        held.push(format!(
            "{} to be picked",
            count(one.approved.len(), "request")
        ));
    }
    held.retain(|part| !part.is_empty());
    let told = |word: &str, what: &[String]| match what {
        [] => String::new(),
        [only] => format!("; {word}: {only}"),
        [first, rest @ ..] => format!("; {word}: {first}, and {} more", rest.len()),
    };
    let blocks = told("blocked", &one.blocks);
    let attention = told("to be looked at", &one.attention);
    let held = format!("{}{blocks}{attention}", held.join(", "));
    let (rule, is_late) = match (&one.due, &one.hotfix) {
        (_, Some(_)) => ("hotfix-due", true),
        (Some(due), None) => ("patch-release-due", due.today == Today::Overdue),
        (None, None) => ("patch-release-due", false),
    };
    let when = match (&one.due, &one.hotfix) {
        (_, Some((hotfix, _))) => format!("a hotfix of {} is not out yet", hotfix.from),
        (Some(due), None) => due.words(),
        (None, None) => "it has no release yet".to_owned(),
    };
    let why = format!("{when}: {held}");
    let finding = match is_late {
        true => Finding::warning(rule, one.branch.as_str(), why),
        false => Finding::info(rule, one.branch.as_str(), why),
    };
    Some(finding.fix(format!("debcut patch plan {}", one.branch)))
}

/// Lists the names under which archives may hold the packages: those of the
/// sources, and those of their binary packages.
pub(super) fn names(workspace: &Workspace, policy: &Policy) -> Result<Vec<PackageName>, FlowError> {
    let tree = workspace.repository.commit("HEAD")?.tree;
    let mut names = Vec::new();
    for unit in &policy.units {
        names.push(unit.name.clone());
        let DebianKind::Changelog { path } = &unit.debian else {
            continue;
        };
        let control = path.replace("debian/changelog", "debian/control");
        let control = workspace.repository.file(&tree, &control)?;
        // One that cannot be read is told by a build.
        let control = control.and_then(|text| SourceControl::parse(&text).ok());
        let binaries = control.into_iter().flat_map(|control| control.binaries);
        names.extend(binaries.map(|binary| binary.package));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// Returns every source version that a generation holds of these packages, with
/// its architectures.
pub(super) fn sources(
    current: &Current,
    names: &[PackageName],
) -> Result<BTreeMap<(PackageName, Version), Vec<Architecture>>, PublishError> {
    let mut found: BTreeMap<_, Vec<Architecture>> = BTreeMap::new();
    for name in names {
        for (_, stanza) in crate::archive::query::show(current, name)? {
            let Some(source) = source_of(stanza) else {
                continue;
            };
            let architectures = found.entry(source).or_default();
            if !architectures.contains(stanza.architecture()) {
                architectures.push(stanza.architecture().clone());
            }
        }
    }
    for architectures in found.values_mut() {
        architectures.sort();
    }
    Ok(found)
}

/// What the archives hold of the project.
struct Shelf {
    names: Vec<PackageName>,
    held: Vec<Vec<Held>>,
    suites: Vec<SuiteSeen>,
    /// What clients will soon refuse, or refuse already.
    endings: Vec<Finding>,
    now: Timestamp,
}

impl Shelf {
    fn read<'a>(&mut self, archive: &'a Configured, units: &[Unit]) -> Result<(), ReadError<'a>> {
        let store = archive.opened()?;
        let certificates = certificates(store);
        for suite in publish::suites(store)? {
            let health = health::health(store, &suite, &certificates, Counted::No, self.now)?;
            for mut finding in health
                .iter()
                .flat_map(|health| health::judge(health, &Thresholds::default(), self.now))
            {
                finding.subject = format!("{} {suite}", archive.name);
                self.endings.push(finding);
            }
            let current = publish::observe(store, &suite, Question::Packages(&self.names))?;
            let Some((base, manifest)) = &current.generation else {
                continue;
            };
            for ((name, version), architectures) in sources(&current, &self.names)? {
                if let Some(unit) = units.iter().position(|unit| unit.name == name) {
                    self.held[unit].push(Held {
                        archive: archive.name.clone(),
                        suite: suite.clone(),
                        generation: base.number,
                        version,
                        architectures,
                    });
                }
            }
            self.suites.push(SuiteSeen {
                archive: archive.name.clone(),
                generation: base.number,
                date: manifest.date,
                suite,
            });
        }
        Ok(())
    }
}

/// Finds where a release was built: as the last build, or into `dist/TAG`.
fn built_at(workspace: &Workspace, unit: &Unit, release: &Release) -> BuiltAt {
    let last = building::last_build(workspace).ok().flatten();
    let changes = last.and_then(|last| files::read(&last.changes).ok());
    let changes = changes.and_then(|bytes| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Changes::parse(text_of(&text).unwrap_or(text).as_bytes()).ok()
    });
    let is_it = |changes: &Changes| {
        changes.source == unit.name && standing::is_of(unit, release, &changes.source_version)
    };
    if changes.as_ref().is_some_and(is_it) {
        return BuiltAt::Last;
    }
    let usual = format!("dist/{}", release.tag);
    let place = workspace.repository.top().join(&usual);
    // It is there with all the others or not at all.
    match place.join(crate::build::product::SUMS).is_file() {
        true => BuiltAt::Directory(usual),
        false => BuiltAt::Nowhere,
    }
}
