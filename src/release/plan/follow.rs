//! Requirements on packages of the same repository: raised with a release.

use super::decide::{is_upload, own_of_debian, own_version};
use super::draft::Draft;
use super::{Decision, PackagePlan};
use crate::format::version::Version;
use crate::release::change::{Change, GbpDch, Note};
use crate::release::commit::Release;
use crate::release::policy::Policy;

/// Notes for every release which requirements it raises, and tells of those
/// that are raised by this plan as a change of its own, which no commit brings.
pub(super) fn requirements(packages: &mut [PackagePlan], releases: &[Releases], policy: &Policy) {
    for (package, own) in packages.iter_mut().zip(releases) {
        let Decision::Release(next) = &mut package.decision else {
            continue;
        };
        for edge in &policy.units[package.unit].depends_on {
            let on = &releases[edge.on];
            // A final release may not require what is still being tried.
            let required = match own.newest.as_ref().is_some_and(|own| own.is_pre) {
                true => &on.newest,
                false => &on.last_final,
            };
            let Some(newest) = required else {
                continue;
            };
            let files = edge.requirements.iter();
            next.requirements
                .extend(files.map(|file| (file.clone(), newest.number.clone())));
            let on = policy.units[edge.on].name.as_str();
            match newest.brought {
                Brought::Number if !edge.requirements.is_empty() => {
                    package.changes.push(raised(on, &newest.number));
                }
                Brought::Number | Brought::Revision if package.changes.is_empty() => {
                    package.changes.push(raised(on, &newest.version));
                }
                _ => {}
            }
        }
    }
}

/// The release that others are to require.
#[derive(Debug, Clone)]
pub(super) struct Newest {
    /// The project's own version.
    number: String,
    /// The version, as its tag names it.
    version: String,
    /// What this plan brings of it.
    brought: Brought,
    is_pre: bool,
}

/// The releases of a package that others may require.
#[derive(Debug, Clone)]
pub(super) struct Releases {
    /// The newest one, this plan's included.
    newest: Option<Newest>,
    /// The newest that is no pre-release.
    last_final: Option<Newest>,
}

/// What a plan brings of a release that others require.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Brought {
    /// Nothing: it is there.
    Nothing,
    /// Another Debian revision of the same number.
    Revision,
    /// Its number.
    Number,
}

impl Releases {
    /// Finds what others may require of a package.
    pub fn of(draft: &Draft<'_>, decision: &Decision) -> Self {
        let newest = newest(draft, decision);
        let last = draft.facts.last_final.as_ref();
        Self {
            last_final: newest
                .clone()
                .filter(|newest| !newest.is_pre)
                .or_else(|| Some(released(draft, last?))),
            newest,
        }
    }
}

fn released(draft: &Draft<'_>, release: &Release) -> Newest {
    Newest {
        number: own_version(draft, &release.version),
        version: release.version.clone(),
        brought: Brought::Nothing,
        is_pre: is_pre(draft, &release.version),
    }
}

fn is_pre(draft: &Draft<'_>, version: &str) -> bool {
    let number = draft.line.number(version);
    number.is_some_and(|number| number.is_pre_release())
}

fn newest(draft: &Draft<'_>, decision: &Decision) -> Option<Newest> {
    let of_debian = |debian: &Version| own_of_debian(draft.unit, debian);
    let (version, number, brought) = match decision {
        Decision::Release(next) => match &next.number {
            Some(number) => (&next.version, number.clone(), Brought::Number),
            None => {
                let number = of_debian(&next.debian_version);
                (&next.version, number, Brought::Revision)
            }
        },
        Decision::Prepared {
            version,
            debian_version,
            ..
        } => {
            let number = match is_upload(version, debian_version) {
                true => of_debian(debian_version),
                false => own_version(draft, version),
            };
            (version, number, Brought::Nothing)
        }
        Decision::Skip { .. } => return Some(released(draft, draft.line.current?)),
    };
    Some(Newest {
        is_pre: is_pre(draft, version),
        number,
        version: version.clone(),
        brought,
    })
}

fn raised(name: &str, version: &str) -> Change {
    Change {
        commit: String::new(),
        kind: Some("build".into()),
        scopes: vec!["deps".into()],
        breaking: None,
        description: format!("use {name} {version}"),
        body: String::new(),
        note: Note::Unsaid,
        action_required: None,
        closes: Vec::new(),
        launchpad: Vec::new(),
        cves: Vec::new(),
        exploited: false,
        fixes: Vec::new(),
        release_as: None,
        authors: Vec::new(),
        pull_request: None,
        gbp_dch: GbpDch::Short,
        reverts: None,
        parents: Vec::new(),
        remarks: Vec::new(),
    }
}
