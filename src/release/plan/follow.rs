//! Requirements on packages of the same repository: raised with a release.

use super::{Decision, PackagePlan};
use crate::release::change::{Change, GbpDch, Note};
use crate::release::policy::Policy;

/// Notes for every release which requirements it raises, and tells of those
/// that are raised by this plan as a change of its own, which no commit brings.
pub(super) fn requirements(packages: &mut [PackagePlan], policy: &Policy) {
    let versions: Vec<_> = packages.iter().map(newest).collect();
    for package in packages {
        let Decision::Release(next) = &mut package.decision else {
            continue;
        };
        for edge in &policy.units[package.unit].depends_on {
            let Some((version, is_new)) = &versions[edge.on] else {
                continue;
            };
            let files = edge.requirements.iter();
            next.requirements
                .extend(files.map(|file| (file.clone(), version.clone())));
            if *is_new && (!edge.requirements.is_empty() || package.changes.is_empty()) {
                let on = &policy.units[edge.on].name;
                package.changes.push(raised(on.as_str(), version));
            }
        }
    }
}

/// The version that others are to require, and whether this plan brings it.
fn newest(package: &PackagePlan) -> Option<(String, bool)> {
    match &package.decision {
        Decision::Release(next) => Some((next.version.clone(), true)),
        Decision::Prepared { version, .. } => Some((version.clone(), false)),
        Decision::Skip { .. } => {
            let current = package.current.as_ref()?;
            Some((current.version.clone(), false))
        }
    }
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
        remarks: Vec::new(),
    }
}
