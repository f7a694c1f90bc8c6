//! Packages that belong together, and packages that follow others.

use super::draft::{Draft, Wanted, Wish};
use super::line::Raises;
use crate::format::version::Version;
use crate::release::facts::Behind;
use crate::release::number::Number;
use crate::release::policy::{Bump, Follow, Group, GroupKind, Policy};

/// Lets groups and dependencies have their say, until nothing changes any more.
/// Each round can only add a release or raise one, and versions are bounded by
/// the highest step of all: it ends.
pub(super) fn spread(drafts: &mut [Draft<'_>], policy: &Policy) {
    loop {
        let mut changed = false;
        for group in &policy.groups {
            changed |= together(drafts, group);
        }
        for index in 0..drafts.len() {
            changed |= follow(drafts, index);
        }
        if !changed {
            return;
        }
    }
}

/// Gives a group's releases one number.
fn together(drafts: &mut [Draft<'_>], group: &Group) -> bool {
    let wanted: Vec<_> = group
        .units
        .iter()
        .filter_map(|at| wanted(&drafts[*at]))
        .collect();
    let Some(highest) = wanted.iter().filter_map(|w| w.number.clone()).max() else {
        return false;
    };
    let bump = wanted
        .iter()
        .map(|wanted| wanted.bump)
        .max()
        .unwrap_or(Bump::None);
    // Its sisters may be ahead of those that have changes.
    let sisters = || group.units.iter().map(|at| &drafts[*at]);
    let ahead = sisters().filter_map(released).max();
    let number = match ahead.filter(|ahead| *ahead >= highest) {
        Some(ahead) => ahead.raised(bump.max(Bump::Patch)),
        None => highest,
    };
    let number = sisters().filter_map(promised).fold(number, Number::max);
    let mut changed = false;
    for at in &group.units {
        let draft = &mut drafts[*at];
        let step = draft
            .line
            .last
            .as_ref()
            .map_or(Bump::None, |last| number.step_from(last));
        match &mut draft.wish {
            Wish::Release(own) if own.number.as_ref().is_some_and(|own| *own < number) => {
                own.reason = format!("{}; the version of the group {}", own.reason, group.name);
                own.number = Some(number.clone());
                own.bump = step;
                changed = true;
            }
            Wish::Nothing(_) if group.kind == GroupKind::Together => {
                draft.wish = Wish::Release(Wanted {
                    number: Some(number.clone()),
                    bump: step,
                    reason: format!("released together with the group {}", group.name),
                });
                changed = true;
            }
            _ => {}
        }
    }
    changed
}

/// Lets a package follow what it depends on.
fn follow(drafts: &mut [Draft<'_>], index: usize) -> bool {
    let draft = &drafts[index];
    if !draft.selected {
        return false;
    }
    let steps = draft.unit.depends_on.iter().filter_map(|edge| {
        let on = &drafts[edge.on];
        let (bump, version) = match wanted(on) {
            Some(released) => (released.bump, released.number.as_ref()?.to_string()),
            None => {
                let mut behind = draft.facts.behind.iter();
                let behind = behind.find(|behind| behind.on == edge.on)?;
                (missed(behind, on)?, behind.version.clone())
            }
        };
        let step = match edge.follow {
            Follow::Patch => Bump::Patch,
            Follow::Same => bump.max(Bump::Patch),
            Follow::Ignore => return None,
        };
        Some((step, on.unit.name.clone(), version))
    });
    let Some((step, name, version)) = steps.max_by_key(|(step, ..)| *step) else {
        return false;
    };
    let Some(last) = draft.line.last.clone() else {
        return false;
    };
    // What its own candidates have promised is not taken back.
    let number = last.raised(step);
    let number = promised(draft).map_or(number.clone(), |promised| promised.max(number));
    let step = number.step_from(&last);
    let draft = &mut drafts[index];
    match &mut draft.wish {
        Wish::Nothing(_) => {
            let reason = format!("follows {name} {version}");
            draft.wish = Wish::Release(Wanted {
                bump: step,
                // Where the revision is raised, the number is upstream's.
                number: (draft.line.raises == Raises::Number).then_some(number),
                reason,
            });
            true
        }
        Wish::Release(own) if own.number.as_ref().is_some_and(|own| *own < number) => {
            own.reason = format!("{}; follows {name} {version}", own.reason);
            own.bump = step;
            own.number = Some(number);
            true
        }
        _ => false,
    }
}

/// The step between the release of a dependency that a package has and the one
/// that it has not; none where only the Debian revision differs.
fn missed(behind: &Behind, on: &Draft<'_>) -> Option<Bump> {
    let before = behind.before.as_deref().and_then(|text| number(on, text));
    let newest = number(on, &behind.version);
    match before.zip(newest) {
        Some((before, newest)) if before == newest => None,
        Some((before, newest)) => Some(newest.step_from(&before)),
        None => Some(Bump::Patch),
    }
}

/// The number of the newest final release, tagged or awaiting its tag.
fn released(draft: &Draft<'_>) -> Option<Number> {
    let pending = pending(draft).filter(|number| !number.is_pre_release());
    pending.max(draft.line.last.clone())
}

/// The number of the final release that the newest candidate leads to.
fn promised(draft: &Draft<'_>) -> Option<Number> {
    let candidate = draft.facts.pre_releases.last();
    let candidate = candidate.and_then(|release| number(draft, &release.version));
    let pending = pending(draft).filter(Number::is_pre_release);
    pending.max(candidate).map(|number| number.released())
}

fn pending(draft: &Draft<'_>) -> Option<Number> {
    number(draft, &draft.pending?.version)
}

/// Reads the project's number of a version that a tag names.
fn number(draft: &Draft<'_>, version: &str) -> Option<Number> {
    let debian = draft
        .line
        .pattern
        .is_debian()
        .then(|| Version::new(version).ok());
    let upstream = debian
        .flatten()
        .map(|version| version.upstream().to_owned());
    Number::parse(upstream.as_deref().unwrap_or(version)).ok()
}

fn wanted<'a>(draft: &'a Draft<'_>) -> Option<&'a Wanted> {
    match &draft.wish {
        Wish::Release(wanted) => Some(wanted),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
