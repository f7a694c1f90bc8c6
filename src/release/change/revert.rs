//! Which commits take back which, and what is left when they have.
//!
//! A commit is named by its id (`This reverts commit ID.`, or the trailers
//! `Refs:` of a `revert: …`), else by its title, else by its pull request. A
//! title means the nearest older commit that has it: after a revert the same
//! title often comes again. Ids mean their commit wherever it stands.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::forge::{Titled, without_number};
use crate::format::conventional::{Header, Message};

/// What a commit says that it takes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim<'a> {
    /// How its subject says so.
    pub shape: Shape,
    ids: Vec<&'a str>,
    title: Option<(Cow<'a, str>, Option<u64>)>,
    pull_requests: Vec<u64>,
}

/// How a commit says that it takes another one back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Its subject is a revert: it does nothing else.
    Subject,
    /// Only its body says so: it may do more, and stays a change.
    Body,
}

/// What becomes of a commit by the reverts among all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stands.
    Stands,
    /// It stands, and takes back what is not among the commits: this.
    TakesBackOlder(String),
    /// It was taken back by the commit with this index.
    TakenBack(usize),
    /// It did nothing but take back the commit with this index.
    TakesBack(usize),
}

/// Reads what a commit takes back, if anything.
pub(super) fn claim<'a>(titled: &Titled<'a>) -> Option<Claim<'a>> {
    let title = quoted(titled.title).or_else(|| conventional(titled.title));
    let mut ids = Vec::new();
    if titled.rest.contains("This reverts commit") {
        named_ids(titled.rest, &mut ids);
    }
    let Some(title) = title else {
        return (!ids.is_empty()).then_some(Claim {
            shape: Shape::Body,
            ids,
            title: None,
            pull_requests: Vec::new(),
        });
    };
    if ids.is_empty() && Header::parse(titled.title).is_some() {
        referenced_ids(titled.rest, &mut ids);
    }
    Some(Claim {
        shape: Shape::Subject,
        ids,
        title: Some(match title {
            Cow::Borrowed(text) => {
                let (bare, number) = without_number(text);
                (Cow::Borrowed(bare), number)
            }
            owned => (owned, None),
        }),
        pull_requests: named_pull_requests(titled.rest),
    })
}

impl Claim<'_> {
    /// Returns what it takes back, as it names it.
    fn words(&self) -> String {
        if self.ids.is_empty() {
            (self.title.as_ref()).map_or(String::new(), |(title, _)| title.to_string())
        } else {
            self.ids.join(", ")
        }
    }
}

/// Reads `Revert "title"`, and `Reapply "title"`, by which git (since 2.43)
/// reverts `Revert "title"`.
pub(super) fn quoted(subject: &str) -> Option<Cow<'_, str>> {
    let inside = |word: &str| {
        let quoted = subject.strip_prefix(word)?.strip_prefix(" \"")?;
        quoted.strip_suffix('"')
    };
    match inside("Reapply") {
        Some(title) => Some(Cow::Owned(format!("Revert \"{title}\""))),
        None => inside("Revert").map(Cow::Borrowed),
    }
}

/// Reads `revert: title`, `revert(scope): title`.
fn conventional(subject: &str) -> Option<Cow<'_, str>> {
    if !subject.get(..6)?.eq_ignore_ascii_case("revert") {
        return None;
    }
    let header = Header::parse(subject)?;
    let title = header.description.trim_matches('"');
    (header.kind == "revert").then_some(Cow::Borrowed(title))
}

fn is_id(word: &str) -> bool {
    (7..=64).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Reads `This reverts commit ID.` at lines' starts, and `commits ID, ID and
/// ID`. What `reversing changes made to ID` names is not taken back.
fn named_ids<'a>(text: &'a str, ids: &mut Vec<&'a str>) {
    const START: &str = "This reverts commit";
    for (at, _) in text.match_indices(START) {
        if !text[..at].trim_end_matches([' ', '\t']).ends_with('\n') && at > 0 {
            continue;
        }
        let words = text[at + START.len()..].split_whitespace();
        for word in words.skip_while(|word| *word == "s") {
            let id = word.trim_end_matches([',', ';', '.']);
            if is_id(id) {
                ids.push(id);
            } else if word != "and" {
                break;
            }
            if word.ends_with('.') {
                break;
            }
        }
    }
}

/// Reads the ids of `Refs: 676104e, a215868`, the specification's example.
fn referenced_ids<'a>(rest: &'a str, ids: &mut Vec<&'a str>) {
    for trailer in Message::of("", rest).trailers {
        if trailer.is("Refs") || trailer.is("Reverts") {
            // The value is the message's own text, but unfolded: found again
            // there, it may be borrowed.
            for word in trailer.value.split([' ', ',', '\n']) {
                if is_id(word)
                    && let Some(at) = rest.find(word)
                {
                    ids.push(&rest[at..at + word.len()]);
                }
            }
        }
    }
}

/// Reads GitHub's `Reverts owner/project#12` and GitLab's `This reverts merge
/// request !12`.
fn named_pull_requests(rest: &str) -> Vec<u64> {
    let number = |line: &str| {
        let line = line.trim();
        let name = (line.strip_prefix("Reverts "))
            .or_else(|| line.strip_prefix("This reverts merge request "))?;
        let (owner, digits) = name.rsplit_once(['#', '!'])?;
        (!owner.contains(' ')).then(|| digits.trim_end_matches('.').parse().ok())?
    };
    rest.lines().filter_map(number).collect()
}

/// Finds every commit's fate. `ids` and `titles` are those of the commits,
/// newest first; a commit that cannot be taken back, as a merge whose commits
/// are read one by one, has no title. `picked` says what some were picked from:
/// the revert of a commit takes back its pick.
///
/// A revert that is itself taken back takes nothing back. Where claims go
/// round in a circle, which only a forged message can do, none of them counts.
pub(super) fn fates(
    ids: &[&str],
    titles: &[Option<Titled<'_>>],
    claims: &[(usize, Claim<'_>)],
    picked: &[(&str, usize)],
) -> Vec<Fate> {
    let mut fates = vec![Fate::Stands; ids.len()];
    if claims.is_empty() {
        return fates;
    }
    let mut names = Names::of(ids, titles, claims);
    names.add_picked(picked);
    let mut takes: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut older: HashMap<usize, String> = HashMap::new();
    let mut taken_by: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, claim) in claims {
        let (targets, missing) = names.targets(*at, claim);
        for target in &targets {
            taken_by.entry(*target).or_default().push(*at);
        }
        takes.insert(*at, targets);
        if !missing.is_empty() {
            older.insert(*at, missing);
        }
    }

    let stands = standing(ids.len(), &takes, &taken_by);
    for (target, by) in &taken_by {
        let by = by.iter().filter(|at| stands[**at] == Some(true)).min();
        if let Some(by) = by {
            fates[*target] = Fate::TakenBack(*by);
        }
    }
    for (at, claim) in claims {
        if fates[*at] != Fate::Stands {
            continue;
        }
        if let Some(older) = older.remove(at) {
            fates[*at] = Fate::TakesBackOlder(older);
        } else if claim.shape == Shape::Subject
            && stands[*at] == Some(true)
            && let Some(target) = takes[at].first()
        {
            fates[*at] = Fate::TakesBack(*target);
        }
    }
    fates
}

/// Tells of each commit whether it stands; nothing for those in a circle.
/// Each is looked at once its reverts are settled, so in linear time.
fn standing(
    count: usize,
    takes: &HashMap<usize, Vec<usize>>,
    taken_by: &HashMap<usize, Vec<usize>>,
) -> Vec<Option<bool>> {
    let mut open: Vec<usize> = (0..count)
        .map(|at| taken_by.get(&at).map_or(0, Vec::len))
        .collect();
    let mut stands = vec![None; count];
    let mut settled: Vec<usize> = (0..count).filter(|at| open[*at] == 0).collect();
    for at in &settled {
        stands[*at] = Some(true);
    }
    while let Some(at) = settled.pop() {
        for target in takes.get(&at).into_iter().flatten() {
            open[*target] -= 1;
            if stands[*target].is_some() {
                continue;
            }
            if stands[at] == Some(true) {
                stands[*target] = Some(false);
                settled.push(*target);
            } else if open[*target] == 0 {
                stands[*target] = Some(true);
                settled.push(*target);
            }
        }
    }
    stands
}

/// The commits by what reverts name them by. Only names that are asked for are
/// kept, for most commits are never taken back.
struct Names<'a> {
    by_id: Vec<(&'a str, usize)>,
    by_title: HashMap<&'a str, Vec<usize>>,
    by_numbered_title: HashMap<(&'a str, Option<u64>), Vec<usize>>,
    by_pull_request: HashMap<u64, Vec<usize>>,
}

impl<'a> Names<'a> {
    fn of(ids: &[&'a str], titles: &[Option<Titled<'a>>], claims: &[(usize, Claim<'_>)]) -> Self {
        let wanted: HashSet<&str> = (claims.iter())
            .filter_map(|(_, claim)| claim.title.as_ref())
            .map(|(title, _)| title.as_ref())
            .collect();
        let mut names = Self {
            by_id: Vec::new(),
            by_title: HashMap::new(),
            by_numbered_title: HashMap::new(),
            by_pull_request: HashMap::new(),
        };
        for (at, (id, titled)) in ids.iter().zip(titles).enumerate() {
            let Some(titled) = titled else { continue };
            names.by_id.push((*id, at));
            if wanted.contains(titled.title) {
                let numbered = (titled.title, titled.pull_request);
                names.by_title.entry(titled.title).or_default().push(at);
                names
                    .by_numbered_title
                    .entry(numbered)
                    .or_default()
                    .push(at);
            }
            if let Some(number) = titled.pull_request {
                names.by_pull_request.entry(number).or_default().push(at);
            }
        }
        names.by_id.sort_unstable();
        names
    }

    /// Lets commits be known by what they were picked from, where that is not
    /// among them itself.
    fn add_picked(&mut self, picked: &[(&'a str, usize)]) {
        let is_own = |id: &str| self.by_id.binary_search_by(|(it, _)| (*it).cmp(id)).is_ok();
        let more: Vec<_> = picked
            .iter()
            .filter(|(id, _)| !is_own(id))
            .copied()
            .collect();
        self.by_id.extend(more);
        self.by_id.sort_unstable();
    }

    /// Finds what a commit takes back among the commits, and the names of what
    /// is not there.
    fn targets(&self, at: usize, claim: &Claim<'_>) -> (Vec<usize>, String) {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for id in &claim.ids {
            match self.with_id(id) {
                Some(target) if target == at => {}
                Some(target) if found.contains(&target) => {}
                Some(target) => found.push(target),
                None => missing.push(*id),
            }
        }
        if found.is_empty() {
            let named = (claim.title.as_ref())
                .and_then(|(title, number)| self.with_title(at, title, *number))
                .or_else(|| {
                    let numbers = claim.pull_requests.iter();
                    numbers
                        .filter_map(|number| nearest(self.by_pull_request.get(number), at))
                        .next()
                });
            return match named {
                Some(target) => (vec![target], String::new()),
                None => (found, claim.words()),
            };
        }
        (found, missing.join(", "))
    }

    /// Finds the commit with an id, which may be abbreviated if it means one
    /// commit only.
    fn with_id(&self, id: &str) -> Option<usize> {
        let id = id.to_ascii_lowercase();
        let from = self.by_id.partition_point(|(it, _)| *it < id.as_str());
        let mut with = (self.by_id[from..].iter()).take_while(|(it, _)| it.starts_with(&id));
        match (with.next(), with.next()) {
            (Some((_, at)), None) => Some(*at),
            _ => None,
        }
    }

    /// Finds the nearest commit older than `at` with a title. A pull request's
    /// number, where both have one, must agree.
    fn with_title(&self, at: usize, title: &str, number: Option<u64>) -> Option<usize> {
        if number.is_none() {
            return nearest(self.by_title.get(title), at);
        }
        [number, None]
            .into_iter()
            .filter_map(|number| nearest(self.by_numbered_title.get(&(title, number)), at))
            .next()
    }
}

/// Returns the first index behind `at`; the list ascends.
fn nearest(list: Option<&Vec<usize>>, at: usize) -> Option<usize> {
    let list = list?;
    list.get(list.partition_point(|it| *it <= at)).copied()
}
