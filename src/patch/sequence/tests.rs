use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use super::*;

/// A tree is the list of what was put on it; a commit needs others before it,
/// or does nothing.
struct World(BTreeMap<&'static str, Vec<&'static str>>);

impl World {
    fn graft(&self, commit: &str, tree: &str) -> Result<Grafted, Infallible> {
        let there: BTreeSet<&str> = tree.split('+').collect();
        if commit.starts_with("empty") || there.contains(commit) {
            return Ok(Grafted::Nothing);
        }
        let needed = self.0.get(commit).map_or(&[][..], Vec::as_slice);
        if needed.iter().all(|one| there.contains(one)) {
            return Ok(Grafted::Tree(format!("{tree}+{commit}")));
        }
        Ok(Grafted::Conflicts(BTreeSet::from(["file".to_owned()])))
    }
}

fn part(number: u8, commits: &[&str]) -> Part {
    let source = |commit: &&str| Source {
        commit: (*commit).to_owned(),
        stand_in: None,
        landed: None,
    };
    Part {
        request: format!("{number:010}").parse().expect("a name"),
        commits: commits.iter().map(source).collect(),
    }
}

#[test]
fn a_request_goes_whole_or_not_at_all() {
    let world = World(BTreeMap::from([("c", vec!["x"]), ("d", vec!["b"])]));
    let parts = [
        part(1, &["a"]),
        part(2, &["b", "c"]),
        part(3, &["empty", "e"]),
    ];
    let mut graft = |commit: &str, tree: &str| world.graft(commit, tree);
    let Ok(stopped) = sequence(&parts, "0", OnConflict::Stop, &mut graft);
    assert_eq!(stopped.tree, "0+a");
    assert_eq!(stopped.gone.len(), 1);
    let stop = stopped.stop.expect("it stops");
    assert_eq!((stop.commit.as_str(), stop.tree.as_str()), ("c", "0+a+b"));
    assert_eq!(stop.begun.commits.len(), 1);
    let Ok(without) = sequence(&parts, "0", OnConflict::LeaveOut, &mut graft);
    assert_eq!(without.tree, "0+a+e");
    assert_eq!((without.gone.len(), without.left_out.len()), (2, 1));
    assert_eq!(without.gone[1].commits[0].1, Became::Nothing);
    // What stands in for a commit, or is there already.
    let mut mended = parts.to_vec();
    mended[1].commits[1].stand_in = Some("d".into());
    mended[0].commits[0].landed = Some("a'".into());
    let Ok(whole) = sequence(&mended, "0", OnConflict::Stop, &mut graft);
    assert_eq!(whole.tree, "0+b+d+e");
    assert_eq!(whole.stop, None);
    assert_eq!(whole.gone[0].commits[0].1, Became::Landed("a'".into()));
}

#[test]
fn the_smallest_answer_comes_first() {
    let candidates = ["p", "q", "r", "s", "t"].map(str::to_owned);
    let cases: &[(&[&'static str], &[&'static str], &str)] = &[
        // What the commit needs, what `r` needs, the answer.
        (&["q"], &[], "q"),
        (&["q", "s"], &[], "q s"),
        (&["r"], &["p"], "p r"),
        (&["nothing here"], &[], ""),
        (&[], &[], "t"),
    ];
    for (needed, of_r, want) in cases {
        let world = World(BTreeMap::from([
            ("wanted", needed.to_vec()),
            ("r", of_r.to_vec()),
        ]));
        let mut graft = |commit: &str, tree: &str| world.graft(commit, tree);
        let Ok(found) = prerequisites(&candidates, "wanted", "0", &mut graft);
        assert_eq!(found.join(" "), *want, "{needed:?} {of_r:?}");
    }
}
