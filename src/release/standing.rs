//! Where every package's release stands: what it waits for, and who holds it.

use serde::Serialize;

use super::commit::Release;
use super::facts::{Facts, UnitFacts};
use super::plan::{Decision, PackagePlan, ReleasePlan};
use super::policy::{Bump, Policy, Unit};
use super::tag_pattern;
use crate::format::version::Version;
use crate::model::{Architecture, PackageName, Suite};

/// Where a package stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Its name.
    pub name: PackageName,
    /// Its newest release on this branch's line, pre-releases included.
    pub current: Option<Release>,
    /// How many changes are unreleased; where no plan can be made, commits.
    pub changes: usize,
    /// The step that they ask for.
    pub bump: Option<Bump>,
    /// The version that a release would have, as the project writes it.
    pub next: Option<String>,
    /// The Debian version that a release would have.
    pub next_debian_version: Option<Version>,
    /// The release that was begun and not ended.
    pub open: Option<Open>,
    /// What the suites hold of it.
    pub suites: Vec<Held>,
}

/// A release that was begun and not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Open {
    /// The version, as the project writes it.
    pub version: String,
    /// What comes next.
    pub awaits: Step,
    /// The command that does it.
    pub command: String,
}

/// A step that a release waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// It is prepared, and has no tag.
    Tag,
    /// It is tagged, and nobody has built it here.
    Build,
    /// It is built, and no suite holds it.
    Publish,
}

/// A version of a package that a suite holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Held {
    /// The archive's name in the configuration.
    pub archive: String,
    /// The suite.
    pub suite: Suite,
    /// The suite's generation.
    pub generation: u64,
    /// The source's version.
    pub version: Version,
    /// Of which architectures, `source` among them if the source is there.
    pub architectures: Vec<Architecture>,
}

/// What is known of the archives that a release may be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archives {
    /// None is configured.
    None,
    /// All of them were read.
    Read,
    /// At least one could not be read: that no suite holds a release does not
    /// say that it waits.
    Unsure,
}

/// Where a release was built, as far as this clone knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BuiltAt {
    /// Nowhere.
    #[default]
    Nowhere,
    /// As the last build, which `publish` takes when it is told nothing.
    Last,
    /// In this directory, from the repository's top.
    Directory(String),
}

/// What `flow/` has found around a package.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// Where its newest release was built.
    pub built: BuiltAt,
    /// What the suites hold of it.
    pub suites: Vec<Held>,
}

/// Tells where every package stands; `around` is in the order of the policy's
/// units. Without a plan, what would be next stays open.
pub fn standings(
    facts: &Facts,
    policy: &Policy,
    plan: Option<&ReleasePlan>,
    around: Vec<Around>,
    archives: Archives,
) -> Vec<Standing> {
    let units = policy.units.iter().zip(&facts.units).zip(around);
    let one = |(index, ((unit, found), around)): (usize, ((&Unit, &UnitFacts), Around))| {
        let planned = plan.and_then(|plan| plan.packages.iter().find(|one| one.unit == index));
        standing(unit, found, planned, around, archives)
    };
    units.enumerate().map(one).collect()
}

fn standing(
    unit: &Unit,
    found: &UnitFacts,
    planned: Option<&PackagePlan>,
    around: Around,
    archives: Archives,
) -> Standing {
    let last = found.pre_releases.last().or(found.last_final.as_ref());
    let next = planned.and_then(|planned| match &planned.decision {
        Decision::Release(next) => Some(next),
        Decision::Prepared { .. } | Decision::Skip { .. } => None,
    });
    let open = match planned.map(|planned| &planned.decision) {
        Some(Decision::Prepared { version, .. }) => Some(Open {
            version: version.clone(),
            awaits: Step::Tag,
            command: format!("debcut tag {}", unit.name),
        }),
        _ => last.and_then(|release| behind_tag(unit, release, &around, archives)),
    };
    let changes = match planned {
        Some(planned) => match &planned.decision {
            Decision::Prepared { later, .. } => *later,
            _ => planned.changes.len(),
        },
        None => found.since_pre.len(),
    };
    Standing {
        name: unit.name.clone(),
        current: last.cloned(),
        changes,
        bump: next.map(|next| next.bump),
        next: next.map(|next| next.version.clone()),
        next_debian_version: next.map(|next| next.debian_version.clone()),
        open,
        suites: around.suites,
    }
}

/// Tells what a tagged release waits for, if anything.
fn behind_tag(unit: &Unit, release: &Release, around: &Around, archives: Archives) -> Option<Open> {
    let is_held = around
        .suites
        .iter()
        .any(|held| is_of(unit, release, &held.version));
    if is_held || archives == Archives::Unsure {
        return None;
    }
    let publish = |what: &str| (Step::Publish, format!("debcut publish {what}--to SUITE"));
    let (awaits, command) = match (&around.built, archives) {
        (BuiltAt::Nowhere, _) => (Step::Build, format!("debcut build {}", release.tag)),
        (_, Archives::None) => return None,
        (BuiltAt::Last, _) => publish(""),
        (BuiltAt::Directory(directory), _) => publish(&format!("{directory} ")),
    };
    Some(Open {
        version: release.version.clone(),
        awaits,
        command,
    })
}

/// Tells whether a Debian version is one of a release.
pub fn is_of(unit: &Unit, release: &Release, version: &Version) -> bool {
    unit.tags.iter().any(|pattern| {
        let tagged = pattern.version_in(release.tag.as_str());
        tagged.is_some_and(|tagged| tag_pattern::names(&tagged, version, pattern))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{TagName, Timestamp};
    use crate::release::TagPattern;
    use crate::release::policy::DebianKind;

    fn unit(pattern: &str) -> Unit {
        Unit {
            name: PackageName::new("tally").expect("a name"),
            path: String::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            former_paths: Vec::new(),
            tags: vec![TagPattern::new(pattern).expect(pattern)],
            upstream_tags: Vec::new(),
            version_files: Vec::new(),
            debian: DebianKind::Changelog {
                path: "debian/changelog".into(),
            },
            depends_on: Vec::new(),
            changes_file: None,
        }
    }

    #[test]
    fn a_tagged_release_waits_for_its_next_step() {
        let cases = [
            ("v1.2.0", false, &[][..], Archives::None, Some(Step::Build)),
            ("v1.2.0", true, &[], Archives::None, None),
            ("v1.2.0", false, &[], Archives::Read, Some(Step::Build)),
            ("v1.2.0", true, &[], Archives::Read, Some(Step::Publish)),
            (
                "v1.2.0",
                true,
                &["1.1.0-1"],
                Archives::Read,
                Some(Step::Publish),
            ),
            ("v1.2.0", false, &["1.2.0-1"], Archives::Read, None),
            (
                "v1.2.0",
                false,
                &["1:1.2.0-2~bpo12+1"],
                Archives::Read,
                None,
            ),
            ("v1.2.0", false, &["1.1.0-1", "1.2.0"], Archives::Read, None),
            ("v1.2.0", true, &[], Archives::Unsure, None),
            ("v1.2.0", false, &[], Archives::Unsure, None),
        ];
        for (tag, is_built, versions, archives, want) in cases {
            let unit = unit("v{version}");
            let release = Release {
                tag: TagName::new(tag).expect(tag),
                version: tag[1..].to_owned(),
                commit: "0".repeat(40),
                committed: Timestamp::from_unix(0),
            };
            let held = |version: &&str| Held {
                archive: "house".into(),
                suite: Suite::new("stable").expect("a name"),
                generation: 1,
                version: Version::new(*version).expect("a version"),
                architectures: Vec::new(),
            };
            let around = Around {
                built: match is_built {
                    true => BuiltAt::Directory("dist/v1.2.0".into()),
                    false => BuiltAt::Nowhere,
                },
                suites: versions.iter().map(held).collect(),
            };
            let open = behind_tag(&unit, &release, &around, archives);
            let found = open.map(|open| open.awaits);
            assert_eq!(found, want, "{is_built} {versions:?} {archives:?}");
        }
    }
}
