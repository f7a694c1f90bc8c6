//! Changes → the step of the version that they ask for, and the change that
//! decides it.
//!
//! Conventional Commits 1.0.0 for what breaks and what is a feature; what each
//! type asks for is the policy's.

use std::fmt;

use super::change::Change;
use super::policy::{Bump, BumpRules, Unconventional};

/// Returns the step that one change asks for; `below_one`: the version that is
/// raised starts with 0.
///
/// A breaking change asks for its step whatever its type is configured to, even
/// where that is none. Of several scopes the highest step counts, as the change
/// is one to each of them; a scope without a rule of its own has its type's.
/// Below 1.0.0 a rule's major step is what `breaking_below_one` says, its minor
/// step what `feature_below_one` says. Under [`Unconventional::Error`] an
/// unconventional message asks for nothing: the plan stops anyway.
pub fn bump_of(change: &Change, rules: &BumpRules, below_one: bool) -> Bump {
    let step = match &change.kind {
        _ if change.breaking.is_some() => Bump::Major,
        Some(kind) => step_of_type(kind, &change.scopes, rules),
        None => match rules.unconventional {
            Unconventional::Patch => Bump::Patch,
            Unconventional::Ignore | Unconventional::Error => Bump::None,
        },
    };
    match step {
        Bump::Major if below_one => rules.breaking_below_one,
        Bump::Minor if below_one => rules.feature_below_one,
        step => step,
    }
}

fn step_of_type(kind: &str, scopes: &[String], rules: &BumpRules) -> Bump {
    let kind = kind.to_lowercase();
    let usual = rules.types.get(&kind).copied().unwrap_or(rules.other);
    let of_scope = |scope: &String| {
        let scope = scope.trim().to_lowercase();
        let own = rules.types.get(&format!("{kind}({scope})"));
        own.copied().unwrap_or(usual)
    };
    scopes.iter().map(of_scope).max().unwrap_or(usual)
}

/// The step that changes ask for together, with the change that decides it.
#[derive(Debug, Clone, Copy)]
pub struct Explained<'a> {
    /// The highest step.
    pub bump: Bump,
    /// The change that asks for it: of several a breaking one, else the newest.
    /// None: there are no changes, or none asks for a release.
    pub because: Option<&'a Change>,
    below_one: bool,
    limited: bool,
}

/// Returns the highest step that the changes ask for; none of no changes.
pub fn highest(changes: &[Change], rules: &BumpRules, below_one: bool) -> Bump {
    explained(changes, rules, below_one).bump
}

/// Returns the highest step that the changes, newest first, ask for, with the
/// change that decides it.
pub fn explained<'a>(changes: &'a [Change], rules: &BumpRules, below_one: bool) -> Explained<'a> {
    explained_within(changes, rules, below_one, &|_| Bump::Major)
}

/// Returns the same where a change asks for no more than its limit: what was
/// let onto a maintenance branch is part of a patch release, whatever it is.
pub fn explained_within<'a>(
    changes: &'a [Change],
    rules: &BumpRules,
    below_one: bool,
    limit: &dyn Fn(&Change) -> Bump,
) -> Explained<'a> {
    let asked = changes.iter().map(|change| {
        let own = bump_of(change, rules, below_one);
        (own.min(limit(change)), change)
    });
    // The last of equals is the largest: from the oldest on, that is the newest.
    let deciding = asked
        .rev()
        .max_by_key(|(bump, change)| (*bump, change.breaking.is_some()));
    let (bump, change) = deciding.map_or((Bump::None, None), |(bump, c)| (bump, Some(c)));
    let because = change.filter(|_| bump > Bump::None);
    Explained {
        bump,
        because,
        below_one,
        limited: because.is_some_and(|change| bump_of(change, rules, below_one) > bump),
    }
}

impl fmt::Display for Explained<'_> {
    /// One clause: `minor for “feat(api): add x” (0123456789ab)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(change) = self.because else {
            return f.write_str("no change asks for a release");
        };
        let step = match self.bump {
            Bump::Major => "major",
            Bump::Minor => "minor",
            Bump::Patch | Bump::None => "patch",
        };
        let id = &change.commit[..change.commit.len().min(12)];
        write!(f, "{step} for “{}” ({id}", Title(change))?;
        if self.limited {
            return f.write_str(", picked onto the branch)");
        }
        match (change.breaking.is_some(), self.below_one) {
            (true, true) => f.write_str(", which breaks, below 1.0.0)"),
            (true, false) => f.write_str(", which breaks)"),
            (false, _) if change.kind.is_none() => f.write_str(", no conventional commit)"),
            (false, _) => f.write_str(")"),
        }
    }
}

/// A change's title as a conventional commit has it.
struct Title<'a>(&'a Change);

impl fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let change = self.0;
        let Some(kind) = &change.kind else {
            return f.write_str(&change.description);
        };
        f.write_str(kind)?;
        if !change.scopes.is_empty() {
            write!(f, "({})", change.scopes.join(","))?;
        }
        let mark = if change.breaking.is_some() { "!" } else { "" };
        write!(f, "{mark}: {}", change.description)
    }
}

#[cfg(test)]
mod tests;
