//! `notes`: the history → what users are told of its releases.

use std::collections::BTreeMap;

use super::FlowError;
use super::patching::parents;
use super::planning;
use super::project::Workspace;
use crate::format::changelog::Entry;
use crate::format::version::Version;
use crate::model::{Finding, PackageName, TagName, Timestamp};
use crate::patch;
use crate::release::change::{self, Ignored};
use crate::release::commit::{Commit, Person};
use crate::release::notes::lint::Written;
use crate::release::notes::render::{Format, render_all};
use crate::release::notes::{self, DebianHeading, Notes, ReleaseKind, Source};
use crate::release::observe::past::{PastRelease, PastReleases, of_tag, past};
use crate::release::observe::{between, observe};
use crate::release::plan::{Decision, ReleasePlan, Request, hotfix};
use crate::release::policy::{DebianKind, Policy, Unit};
use crate::release::prepare::observe::templates;
use crate::release::upstream::{debian_upstream, is_release_of};

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of which commits.
    pub what: What,
    /// Of this package alone.
    pub package: Option<PackageName>,
    /// Who releases, where entries of Debian's `NEWS` are wanted.
    pub news_by: Option<Person>,
    /// The date of what is not released.
    pub date: Timestamp,
}

/// Of which commits notes are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Those that HEAD has and no release.
    Unreleased,
    /// Those of one release.
    Release(TagName),
    /// Those that `to` has and `from` does not; none: all that it has.
    Range {
        /// The older end, itself outside.
        from: Option<String>,
        /// The newer end.
        to: String,
    },
    /// All, release by release.
    All,
}

/// The notes, newest release first.
#[derive(Debug, Default)]
pub struct Noted {
    /// The releases.
    pub releases: Vec<ReleaseNotes>,
    /// What is wrong with them from a user's point of view.
    pub findings: Vec<Finding>,
    /// The project's own templates, by their format's name.
    pub templates: BTreeMap<String, String>,
}

/// The notes of one release.
#[derive(Debug)]
pub struct ReleaseNotes {
    /// What users are told.
    pub notes: Notes,
    /// The commits that bring no change, with the reason.
    pub ignored: Vec<Ignored>,
}

impl Noted {
    /// Writes the notes in a form.
    pub fn rendered(&self, format: Format) -> Result<String, FlowError> {
        let all = self.releases.iter().map(|told| &told.notes);
        Ok(render_all(all, format, &self.templates)?)
    }
}

/// Makes notes. Writes nothing.
pub fn noted(workspace: &Workspace, wanted: &Wanted) -> Result<Noted, FlowError> {
    let repository = &workspace.repository;
    let policy = workspace.policy("HEAD")?;
    let alone = match &wanted.package {
        None => None,
        Some(name) => Some(place_of(name, &policy)?),
    };
    let mut told = match &wanted.what {
        What::Unreleased => unreleased(workspace, &policy, alone)?,
        What::Release(tag) => of_tag(repository, tag, &policy)?,
        What::Range { from, to } => range(workspace, &policy, from.as_deref(), to)?,
        What::All => past(repository, "HEAD", &policy)?,
    };
    if let What::Release(tag) = &wanted.what
        && told.releases.is_empty()
    {
        return Err(no_release(tag, &policy));
    }
    parents::complete(workspace, &mut told.commits)?;
    told.releases
        .retain(|past| alone.is_none_or(|unit| past.unit == unit));
    let mut noted = Noted {
        templates: templates(repository, "HEAD", &policy)?,
        ..Noted::default()
    };
    let writer = Writer {
        workspace,
        policy: &policy,
        wanted,
        maintains: maintains(workspace, &policy)?,
        planned: match &wanted.news_by {
            Some(_) => planned(workspace)?,
            None => None,
        },
    };
    for past in &told.releases {
        let commits: Vec<&Commit> = past.commits.iter().map(|&at| &told.commits[at]).collect();
        writer.write(past, &commits, &mut noted)?;
    }
    Ok(noted)
}

fn place_of(name: &PackageName, policy: &Policy) -> Result<usize, FlowError> {
    let place = policy.units.iter().position(|unit| unit.name == *name);
    place.ok_or_else(|| FlowError::UnknownPackage {
        revision: "HEAD".to_owned(),
        wanted: name.to_string(),
        known: policy.units.iter().map(|u| u.name.to_string()).collect(),
    })
}

fn no_release(tag: &TagName, policy: &Policy) -> FlowError {
    let patterns = policy.units.iter().map(|unit| {
        let patterns: Vec<_> = unit.tags.iter().map(ToString::to_string).collect();
        format!("{} ({})", unit.name, patterns.join(", "))
    });
    FlowError::UnknownTagStyle {
        tag: tag.to_string(),
        patterns: patterns.collect(),
    }
}

/// Takes what each package has since its last final release. Of several
/// packages those without a commit are left out.
fn unreleased(
    workspace: &Workspace,
    policy: &Policy,
    alone: Option<usize>,
) -> Result<PastReleases, FlowError> {
    let facts = observe(&workspace.repository, "HEAD", policy)?;
    let single = policy.units.len() == 1;
    let units = facts.units.into_iter().enumerate();
    let releases = units.map(|(unit, known)| PastRelease {
        unit,
        release: None,
        previous: known.last_final,
        commits: known.since_final,
    });
    let is_told =
        |past: &PastRelease| single || alone == Some(past.unit) || !past.commits.is_empty();
    Ok(PastReleases {
        releases: releases.filter(is_told).collect(),
        commits: facts.commits,
    })
}

/// Takes the commits of a range, by package. An end that is a release's tag
/// names that release.
fn range(
    workspace: &Workspace,
    policy: &Policy,
    from: Option<&str>,
    to: &str,
) -> Result<PastReleases, FlowError> {
    let repository = &workspace.repository;
    let commits = between(repository, from, to, policy)?;
    let mut releases = Vec::new();
    for (unit, package) in policy.units.iter().enumerate() {
        let all = commits.iter().enumerate();
        let own = all.filter(|(_, commit)| commit.touches.contains(&unit));
        let own: Vec<usize> = own.map(|(at, _)| at).collect();
        if own.is_empty() && policy.units.len() > 1 {
            continue;
        }
        let named = |end: &str| release_named(workspace, package, end);
        releases.push(PastRelease {
            unit,
            release: named(to)?,
            previous: from.map_or(Ok(None), named)?,
            commits: own,
        });
    }
    Ok(PastReleases { commits, releases })
}

fn release_named(
    workspace: &Workspace,
    unit: &Unit,
    end: &str,
) -> Result<Option<crate::release::commit::Release>, FlowError> {
    let Ok(tag) = TagName::new(end) else {
        return Ok(None);
    };
    let mut patterns = unit.tags.iter();
    let Some(version) = patterns.find_map(|pattern| pattern.version_in(end)) else {
        return Ok(None);
    };
    let commit = workspace.repository.commit(end)?;
    Ok(Some(crate::release::commit::Release {
        tag,
        version,
        committed: commit.committed,
        commit: commit.id,
    }))
}

/// Plans, for the versions that entries of `NEWS` need before their release.
fn planned(workspace: &Workspace) -> Result<Option<ReleasePlan>, FlowError> {
    let request = Request {
        packages: Vec::new(),
        set_version: None,
        pre: None,
        upload: crate::release::debian_version::Upload::Release,
        force: false,
        again: false,
    };
    Ok(match planning::plan(workspace, "HEAD", &request)? {
        planning::Outcome::Planned(planned) => Some(planned.plan),
        planning::Outcome::Refused(_) => None,
    })
}

/// Tells whether what is not released yet goes onto a maintenance branch.
fn maintains(workspace: &Workspace, policy: &Policy) -> Result<bool, FlowError> {
    let branch = workspace.repository.branch_of_head()?;
    Ok(branch.is_some_and(|name| {
        let patterns = &policy.maintenance;
        hotfix::line_of(&name, patterns).is_some() || hotfix::branch_of(&name, patterns).is_some()
    }))
}

/// Makes the notes of each release.
struct Writer<'a> {
    workspace: &'a Workspace,
    policy: &'a Policy,
    wanted: &'a Wanted,
    planned: Option<ReleasePlan>,
    /// Whether HEAD is a maintenance branch.
    maintains: bool,
}

impl Writer<'_> {
    fn write(
        &self,
        past: &PastRelease,
        commits: &[&Commit],
        into: &mut Noted,
    ) -> Result<(), FlowError> {
        let unit = &self.policy.units[past.unit];
        let read = change::changes(commits, self.policy);
        let source = Source {
            package: unit.name.as_str(),
            version: past.release.as_ref().map(|r| r.version.as_str()),
            tag: past.release.as_ref().map(|r| &r.tag),
            previous_tag: past.previous.as_ref().map(|r| &r.tag),
            kind: match &past.release {
                Some(release) => ReleaseKind::of(&release.version, past.previous.as_ref()),
                None if self.maintains => ReleaseKind::Patch,
                None => ReleaseKind::Other,
            },
            date: past
                .release
                .as_ref()
                .map_or(self.wanted.date, |r| r.committed),
            changes: &read.changes,
        };
        let mut notes = notes::notes(&source, &self.policy.notes);
        if let Some(by) = &self.wanted.news_by {
            notes.debian = self.heading(past, by)?;
            // Of what has no Debian version there can be no entry.
            if notes.debian.is_none() {
                return Ok(());
            }
        }
        let written = match (source.kind, self.workspace.project.patch.note) {
            (ReleaseKind::Patch, patch::policy::Note::Required) => Written::DemandedOfPicks,
            _ => Written::Wanted,
        };
        let found = notes::lint::lint_as(&read.changes, written);
        into.findings.extend(found);
        into.releases.push(ReleaseNotes {
            notes,
            ignored: read.ignored,
        });
        Ok(())
    }

    /// Frames an entry of `NEWS` as the changelog's entry of the same release
    /// is; without one, by the tag or by what is planned.
    fn heading(&self, past: &PastRelease, by: &Person) -> Result<Option<DebianHeading>, FlowError> {
        let unit = &self.policy.units[past.unit];
        if let Some(release) = &past.release
            && let Some(entry) = self.entry(unit, &release.commit)?
            && is_release_of(&release.version, &entry.version)
        {
            let suites = entry.distributions.iter().map(ToString::to_string);
            return Ok(Some(DebianHeading {
                source: entry.source.to_string(),
                version: entry.version.to_string(),
                distribution: suites.collect::<Vec<_>>().join(" "),
                urgency: entry.urgency.to_string(),
                maintainer: entry.maintainer.clone(),
                date: entry.date.rfc2822(),
            }));
        }
        let (version, distribution, date) = match &past.release {
            Some(release) => {
                let written = match &unit.debian {
                    DebianKind::Changelog { .. } => release.version.clone(),
                    DebianKind::Declared { revision, .. } => {
                        let upstream = debian_upstream(&release.version);
                        let revision = revision.as_ref().map(|r| format!("-{r}"));
                        upstream + &revision.unwrap_or_default()
                    }
                };
                let distribution = match &unit.debian {
                    DebianKind::Changelog { .. } => "unstable",
                    DebianKind::Declared { distribution, .. } => distribution,
                };
                let version = Version::new(&written).ok();
                (version, distribution, release.committed)
            }
            None => (self.next(past.unit), "UNRELEASED", self.wanted.date),
        };
        Ok(version.map(|version| DebianHeading {
            source: unit.name.to_string(),
            version: version.to_string(),
            distribution: distribution.to_owned(),
            urgency: self.policy.debian.urgency.usual.to_string(),
            maintainer: match &unit.debian {
                DebianKind::Declared { maintainer, .. } => maintainer.clone(),
                DebianKind::Changelog { .. } => format!("{} <{}>", by.name, by.email),
            },
            date: date.rfc2822(),
        }))
    }

    fn entry(&self, unit: &Unit, commit: &str) -> Result<Option<Entry>, FlowError> {
        let Some(path) = unit.changelog_path() else {
            return Ok(None);
        };
        let repository = &self.workspace.repository;
        let tree = repository.commit(commit)?.tree;
        let text = repository.file(&tree, path)?;
        Ok(text.and_then(|text| Entry::newest(&text).ok()))
    }

    fn next(&self, unit: usize) -> Option<Version> {
        let plan = self.planned.as_ref()?;
        match &plan.packages[unit].decision {
            Decision::Release(next) => Some(next.debian_version.clone()),
            Decision::Prepared { debian_version, .. } => Some(debian_version.clone()),
            Decision::Skip { .. } => None,
        }
    }
}
