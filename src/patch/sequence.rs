//! Requests put onto a branch one after another, as far as they go.
//!
//! Works on trees alone: what a pick comes to is asked of whoever calls, so it
//! can be tried without a work tree, and again with a commit more or less.

use super::entry::RequestId;
use crate::sys::git::Grafted;

/// A request that is to go onto the branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The request.
    pub request: RequestId,
    /// Its commits, in the order of picking.
    pub commits: Vec<Source>,
}

/// A commit that is to be picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The commit.
    pub commit: String,
    /// The commit whose change is taken instead: a resolution of a conflict.
    pub stand_in: Option<String>,
    /// What it is on the branch, where it is there already.
    pub landed: Option<String>,
}

/// What a commit comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// It is on the branch already, as this commit.
    Landed(String),
    /// It gives this tree.
    Tree(String),
    /// It changes nothing: what it does is there already.
    Nothing,
}

/// A request that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The request.
    pub request: RequestId,
    /// Its commits with what they come to.
    pub commits: Vec<(String, Became)>,
}

/// A request that does not go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The request, with those of its commits that went before.
    pub begun: Gone,
    /// The commit that does not apply.
    pub commit: String,
    /// The paths that both sides changed, sorted.
    pub paths: Vec<String>,
    /// The tree that it does not apply to.
    pub tree: String,
}

/// How far requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Those that go, in order.
    pub gone: Vec<Gone>,
    /// Those that were left out because they do not.
    pub left_out: Vec<Stop>,
    /// Where it ends before its end.
    pub stop: Option<Stop>,
    /// The tree after all that go.
    pub tree: String,
}

/// What becomes of a request that does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// It ends the sequence.
    Stop,
    /// It is left out, all of it, and the next one is tried.
    LeaveOut,
}

/// Puts requests onto a tree, in their order. A request goes whole or not at
/// all. `graft` puts what a commit changes on a tree.
pub fn sequence<E>(
    parts: &[Part],
    tree: &str,
    on_conflict: OnConflict,
    graft: &mut dyn FnMut(&str, &str) -> Result<Grafted, E>,
) -> Result<Sequence, E> {
    let mut found = Sequence {
        gone: Vec::new(),
        left_out: Vec::new(),
        stop: None,
        tree: tree.to_owned(),
    };
    for part in parts {
        match one(part, &found.tree, graft)? {
            Ok((gone, tree)) => {
                found.gone.push(gone);
                found.tree = tree;
            }
            Err(stop) if on_conflict == OnConflict::LeaveOut => found.left_out.push(stop),
            Err(stop) => {
                found.stop = Some(stop);
                break;
            }
        }
    }
    Ok(found)
}

/// Puts one request onto a tree.
fn one<E>(
    part: &Part,
    tree: &str,
    graft: &mut dyn FnMut(&str, &str) -> Result<Grafted, E>,
) -> Result<Result<(Gone, String), Stop>, E> {
    let mut tree = tree.to_owned();
    let mut gone = Gone {
        request: part.request.clone(),
        commits: Vec::new(),
    };
    for source in &part.commits {
        let commit = source.commit.clone();
        if let Some(landed) = &source.landed {
            gone.commits.push((commit, Became::Landed(landed.clone())));
            continue;
        }
        let change = source.stand_in.as_ref().unwrap_or(&commit);
        let became = match graft(change, &tree)? {
            Grafted::Tree(next) => {
                tree.clone_from(&next);
                Became::Tree(next)
            }
            Grafted::Nothing => Became::Nothing,
            Grafted::Conflicts(paths) => {
                return Ok(Err(Stop {
                    begun: gone,
                    commit,
                    paths: paths.into_iter().collect(),
                    tree,
                }));
            }
        };
        gone.commits.push((commit, became));
    }
    Ok(Ok((gone, tree)))
}

/// Finds the fewest of some commits, oldest first, that make another one apply:
/// one alone if that will do, the nearest first; else as few as can be found
/// by leaving out one after another of all that apply; empty: none do.
pub fn prerequisites<E>(
    candidates: &[String],
    commit: &str,
    tree: &str,
    graft: &mut dyn FnMut(&str, &str) -> Result<Grafted, E>,
) -> Result<Vec<String>, E> {
    for one in candidates.iter().rev() {
        if applies(std::slice::from_ref(one), commit, tree, graft)? {
            return Ok(vec![one.clone()]);
        }
    }
    // Together, without those that do not even apply behind the others.
    let (mut kept, mut with): (Vec<String>, String) = (Vec::new(), tree.to_owned());
    for one in candidates {
        match graft(one, &with)? {
            Grafted::Tree(next) => {
                with = next;
                kept.push(one.clone());
            }
            Grafted::Nothing | Grafted::Conflicts(_) => {}
        }
    }
    if kept.len() < 2 || !applies(&kept, commit, tree, graft)? {
        return Ok(Vec::new());
    }
    let mut at = 0;
    while at < kept.len() {
        let mut fewer = kept.clone();
        fewer.remove(at);
        match applies(&fewer, commit, tree, graft)? {
            true => kept = fewer,
            false => at += 1,
        }
    }
    Ok(kept)
}

/// Tells whether a commit applies behind some others, all of which must.
fn applies<E>(
    before: &[String],
    commit: &str,
    tree: &str,
    graft: &mut dyn FnMut(&str, &str) -> Result<Grafted, E>,
) -> Result<bool, E> {
    let mut tree = tree.to_owned();
    for one in before.iter().map(String::as_str).chain([commit]) {
        match graft(one, &tree)? {
            Grafted::Tree(next) => tree = next,
            Grafted::Nothing => {}
            Grafted::Conflicts(_) => return Ok(false),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
