//! Of what kind commits are, and which kinds a branch takes.

use crate::patch::entry::Decision;
use crate::patch::policy::{Policy, Unconventional};
use crate::patch::state::Listed;

/// What a commit calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// The commit.
    pub commit: String,
    /// Its type, else that of the request's title; none: neither says one.
    pub name: Option<String>,
    /// Whether it says that something breaks.
    pub breaks: Breaks,
}

/// Whether a commit says that something breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaks {
    /// It does.
    Said,
    /// It does not.
    Unsaid,
}

/// Says of what kind a request's commits are that is not allowed, and how to
/// go on; none: they are all allowed, or an owner has approved them.
pub(super) fn foreign_kind(
    listed: &Listed,
    kinds: &[Kind],
    policy: &Policy,
) -> Option<(String, String)> {
    let foreign = kinds.iter().find_map(|kind| {
        let short = &kind.commit[..kind.commit.len().min(12)];
        if kind.breaks == Breaks::Said {
            return Some(format!("{short} breaks something"));
        }
        let name = kind.name.as_ref()?;
        let allowed = policy.kinds.iter().any(|one| one == name);
        (!allowed).then(|| format!("{short} is “{name}”"))
    });
    let unknown = || {
        let refused = policy.unconventional == Unconventional::Refuse;
        let kind = kinds.iter().find(|kind| kind.name.is_none())?;
        let short = &kind.commit[..kind.commit.len().min(12)];
        refused.then(|| format!("{short} does not say of what kind it is"))
    };
    let (foreign, is_known) = match foreign {
        Some(foreign) => (foreign, true),
        None => (unknown()?, false),
    };
    let owner = (listed.standing.decisions.iter())
        .any(|one| one.what.0 == Decision::Approve && policy.is_owner(&one.by));
    if owner {
        return None;
    }
    let mut fix = match policy.owners.is_empty() {
        true => "name [patch] owners in debcut.toml: one of them must approve it".to_owned(),
        false => format!("an owner must approve it: {}", policy.owners.join(", ")),
    };
    if !is_known {
        let id = &listed.request.id;
        let first = policy.kinds.first().map_or("fix", String::as_str);
        let say = format!("debcut patch answer {id} --title '{first}: TEXT' says it");
        fix = match policy.owners.is_empty() {
            true => say,
            false => format!("{say}; else {fix}"),
        };
    }
    let kinds = policy.kinds.join(", ");
    Some((format!("{foreign}, and only {kinds} are allowed"), fix))
}
