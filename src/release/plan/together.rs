//! Packages that belong together, and packages that follow others.

use super::draft::{Draft, Wanted, Wish};
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
    let ahead = group
        .units
        .iter()
        .filter_map(|at| drafts[*at].line.last.clone())
        .max();
    let number = match ahead.filter(|ahead| *ahead >= highest) {
        Some(ahead) => ahead.raised(bump.max(Bump::Patch)),
        None => highest,
    };
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
        let released = wanted(on)?;
        let step = match edge.follow {
            Follow::Patch => Bump::Patch,
            Follow::Same => released.bump.max(Bump::Patch),
            Follow::Ignore => return None,
        };
        Some((step, on.unit.name.clone(), released.number.clone()?))
    });
    let Some((step, name, version)) = steps.max_by_key(|(step, ..)| *step) else {
        return false;
    };
    let Some(last) = draft.line.last.clone() else {
        return false;
    };
    let number: Number = last.raised(step);
    let draft = &mut drafts[index];
    match &mut draft.wish {
        Wish::Nothing(_) => {
            let reason = format!("follows {name} {version}");
            draft.wish = Wish::Release(Wanted {
                bump: step,
                number: Some(number),
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

fn wanted<'a>(draft: &'a Draft<'_>) -> Option<&'a Wanted> {
    match &draft.wish {
        Wish::Release(wanted) => Some(wanted),
        _ => None,
    }
}
