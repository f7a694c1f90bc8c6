//! The way of a commit: taken apart, judged, and read as one change or more.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use super::forge::{self, Titled};
use super::revert::{self, Fate};
use super::squash::{self, Title};
use super::{Change, Changes, Ignored, Reason, UNCONVENTIONAL, origin, said};
use crate::format::conventional::{Header, unix_lines};
use crate::release::commit::Commit;
use crate::release::policy::{Merges, Policy, Unconventional};
use crate::release::trailer;

/// The types that are conventional everywhere, in lower case; a policy may
/// name more.
pub const KNOWN_TYPES: [&str; 11] = [
    "feat", "fix", "perf", "revert", "chore", "docs", "style", "refactor", "test", "build", "ci",
];

pub(super) fn changes(commits: &[&Commit], policy: &Policy) -> Changes {
    let types = types(policy);
    let texts: Vec<Cow<'_, str>> = (commits.iter())
        .map(|commit| unix_lines(&commit.message))
        .collect();
    let titled: Vec<Titled<'_>> = texts.iter().map(|text| forge::titled(text)).collect();
    let judged: Vec<Option<Reason>> = (commits.iter().zip(&texts))
        .map(|(commit, text)| left_out(commit, text, policy.merges, &types))
        .collect();
    let fates = fates(commits, &titled, &judged);

    let mut result = Changes::default();
    let ids = |at: usize| commits[at].id.clone();
    for (at, commit) in commits.iter().enumerate() {
        let reason = judged[at].clone().or_else(|| match fates[at] {
            Fate::TakenBack(by) => Some(Reason::Reverted(ids(by))),
            Fate::TakesBack(target) => Some(Reason::RevertOf(ids(target))),
            Fate::Stands | Fate::TakesBackOlder(_) => without_paths(commit),
        });
        let mut found = match reason {
            Some(reason) => Err(reason),
            None => match said(commit, &titled[at], &types) {
                // Release commits alone, indented as some forges squash them.
                changes if changes.is_empty() => Err(Reason::Release),
                changes => Ok(origin::completed(changes, commit, &types)),
            },
        };
        if let Ok(changes) = &mut found {
            if let (Fate::TakesBackOlder(what), Some(first)) = (&fates[at], changes.first_mut()) {
                first.reverts = Some(what.clone());
            }
            let unconventional = changes.iter().all(|change| change.kind.is_none());
            if unconventional && policy.bumps.unconventional != Unconventional::Patch {
                found = Err(Reason::Policy(UNCONVENTIONAL.into()));
            }
        }
        match found {
            Ok(changes) => result.changes.extend(changes),
            Err(reason) => result.ignored.push(Ignored {
                commit: commit.id.clone(),
                subject: commit.subject().to_owned(),
                reason,
            }),
        }
    }
    result
}

fn types(policy: &Policy) -> BTreeSet<String> {
    let named = policy.bumps.types.keys();
    let named = named.filter_map(|name| name.split('(').next());
    KNOWN_TYPES
        .into_iter()
        .chain(named)
        .map(str::to_lowercase)
        .collect()
}

/// Tells whether a commit is one that makes releases and nothing else.
pub fn is_release(commit: &Commit, policy: &Policy) -> bool {
    only_releases(commit, &unix_lines(&commit.message), &types(policy))
}

/// Tells whether a commit names releases and says no change of its own: one
/// that was squashed with work does.
fn only_releases(commit: &Commit, text: &str, types: &BTreeSet<String>) -> bool {
    // Nearly no message has the trailer, so others are not taken apart to see.
    trailer::released(text).next().is_some() && said(commit, &forge::titled(text), types).is_empty()
}

/// Judges what a commit is by itself, whatever it says.
fn left_out(
    commit: &Commit,
    text: &str,
    merges: Merges,
    types: &BTreeSet<String>,
) -> Option<Reason> {
    let fixup = ["fixup! ", "squash! ", "amend! "];
    if only_releases(commit, text, types) || trailer::is_synced(text) {
        Some(Reason::Release)
    } else if fixup.iter().any(|it| text.trim_start().starts_with(it)) {
        Some(Reason::Fixup)
    } else if commit.is_merge() && merges == Merges::AllCommits {
        Some(Reason::Merge)
    } else {
        None
    }
}

/// Judges a commit by the paths that it touches. Those of a merge may not have
/// been asked for.
fn without_paths(commit: &Commit) -> Option<Reason> {
    if !commit.touches.is_empty() {
        return None;
    }
    match &commit.unowned {
        Some((_, path)) => Some(Reason::Unowned(path.clone())),
        None if commit.is_merge() => None,
        None => Some(Reason::Empty),
    }
}

fn fates(commits: &[&Commit], titled: &[Titled<'_>], judged: &[Option<Reason>]) -> Vec<Fate> {
    // A merge whose commits are read one by one brings nothing of its own: its
    // revert takes back what cannot be told from here, and stays a change.
    let is_merge = |at: usize| judged[at] == Some(Reason::Merge);
    let claims: Vec<_> = (titled.iter().enumerate())
        .filter(|(at, _)| !is_merge(*at))
        .filter_map(|(at, titled)| Some((at, revert::claim(titled)?)))
        .collect();
    let titles: Vec<_> = (titled.iter().enumerate())
        .map(|(at, titled)| (!is_merge(at)).then_some(*titled))
        .collect();
    let ids: Vec<_> = commits.iter().map(|commit| commit.id.as_str()).collect();
    let picked: Vec<_> = (commits.iter().enumerate())
        .filter(|(at, _)| !is_merge(*at))
        .flat_map(|(at, commit)| commit.origins.iter().map(move |it| (it.id.as_str(), at)))
        .collect();
    revert::fates(&ids, &titles, &claims, &picked)
}

/// Reads a commit as changes: one at least, unless it is a release commit.
pub(super) fn said(commit: &Commit, titled: &Titled<'_>, types: &BTreeSet<String>) -> Vec<Change> {
    let kind = match Header::parse(titled.title) {
        Some(header) if types.contains(header.kind.as_ref()) => Title::Conventional,
        _ => Title::Plain,
    };
    let Some(squash) = squash::squashed(titled.rest, kind, types) else {
        let rest = squash::without_release(titled.rest);
        let own = match (rest, kind) {
            (Some(rest), _) if rest.len() == titled.rest.len() => rest,
            // Beside a release, words that are not conventional name it.
            (Some(rest), Title::Conventional) => rest,
            _ => return Vec::new(),
        };
        let mut change = whole(commit, titled, own, types);
        reverting(&mut change, types);
        return vec![change];
    };
    let is_release = |text: &str| text.lines().any(|line| trailer::named(line).is_some());
    if is_release(squash.trailers) || is_release(squash.intro) {
        return Vec::new();
    }
    let trailers = said::change(commit, "", squash.trailers, types);
    let mut of_all = trailers.clone();
    of_all.pull_request = titled.pull_request;
    let title = whole(commit, titled, squash.intro, types);

    let (mut changes, mut known) = (Vec::new(), HashMap::new());
    let mut releases = Vec::new();
    for item in &squash.items {
        let (subject, rest) = item.split_once('\n').unwrap_or((item, ""));
        let Some(rest) = squash::without_release(rest) else {
            releases.push(words(&said::change(commit, subject, "", types)));
            continue;
        };
        let change = said::change(commit, subject, rest, types);
        of_all.authors.clone_from(&change.authors);
        match known.entry(words(&change)) {
            Entry::Occupied(at) => said::absorb(&mut changes[*at.get()], &change),
            Entry::Vacant(new) => {
                new.insert(changes.len());
                changes.push(change);
            }
        }
    }
    match known.get(&words(&title)) {
        Some(at) => said::absorb(&mut changes[*at], &title),
        // A title that a forge took from the release commit.
        None if releases.contains(&words(&title)) => {}
        None if kind == Title::Conventional => changes.insert(0, title),
        None => {
            let Some(first) = changes.first_mut() else {
                return changes;
            };
            said::absorb(first, &title);
            first.body = [title.body.as_str(), &first.body]
                .join("\n\n")
                .trim()
                .to_owned();
        }
    }
    // What trailers of the whole say is said once, with the first change; only
    // authors and pull request are those of every change. Forges put the
    // co-authors of all bullets behind the last one, some without a ruler.
    let Some(first) = changes.first_mut() else {
        return changes;
    };
    said::absorb(first, &trailers);
    said::share(&mut of_all, &trailers);
    for change in &mut changes {
        said::share(change, &of_all);
    }
    changes
}

/// Reads a commit's title, with `rest` behind it.
fn whole(commit: &Commit, titled: &Titled<'_>, rest: &str, types: &BTreeSet<String>) -> Change {
    let mut change = said::change(commit, titled.title, rest, types);
    change.pull_request = change.pull_request.or(titled.pull_request);
    change
}

/// Returns that by which two changes say the same.
pub(super) fn words(change: &Change) -> (Option<String>, String) {
    let text = change.description.trim_end_matches('.');
    (change.kind.clone(), text.to_lowercase())
}

/// Gives a revert that git worded its type: `Revert "…"` is one, and what
/// `Reapply "feat: …"` or a revert of a revert brings back is what it was.
fn reverting(change: &mut Change, types: &BTreeSet<String>) {
    if change.kind.is_some() {
        return;
    }
    let Some(title) = revert::quoted(&change.description) else {
        return;
    };
    let mut reverts = true;
    let mut inner: &str = &title;
    while let Some(deeper) = (inner.strip_prefix("Revert \"")).and_then(|it| it.strip_suffix('"')) {
        reverts = !reverts;
        inner = deeper;
    }
    if reverts {
        change.kind = Some("revert".into());
    } else if let Some(header) = Header::parse(inner)
        && types.contains(header.kind.as_ref())
    {
        let (description, _) = forge::without_number(header.description);
        change.kind = Some(header.kind.to_string());
        change.scopes = header.scopes.iter().map(|scope| (*scope).into()).collect();
        change.description = description.to_owned();
    }
}
