//! Whether a commit that somebody names can be the resolution of a conflict: it
//! changes what is in conflict, and nothing that is none of the pick's business.

use std::collections::BTreeSet;

/// What a named commit changes, against what it is to resolve.
#[derive(Debug, Clone, Copy)]
pub struct Offered<'a> {
    /// The paths that it changes.
    pub paths: &'a [String],
    /// The paths that conflict.
    pub conflicts: &'a [String],
    /// The paths that the commit changes that does not apply.
    pub picked: &'a [String],
}

/// Why a commit is no resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// It changes none of the paths in conflict; these it does.
    Elsewhere(Vec<String>),
    /// It changes these, which neither the pick nor its conflict touches.
    Beyond(Vec<String>),
}

/// Finds why a commit is no resolution; none: it can be one.
pub fn unfit(offered: &Offered<'_>) -> Option<Unfit> {
    let Offered {
        paths,
        conflicts,
        picked,
    } = offered;
    if !paths.iter().any(|path| conflicts.contains(path)) {
        return Some(Unfit::Elsewhere(paths.to_vec()));
    }
    let known: BTreeSet<&String> = conflicts.iter().chain(*picked).collect();
    let beyond = paths.iter().filter(|path| !known.contains(path));
    let beyond: Vec<String> = beyond.cloned().collect();
    (!beyond.is_empty()).then_some(Unfit::Beyond(beyond))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolution_changes_what_conflicts_and_nothing_else() {
        let list =
            |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        for (paths, conflicts, picked, want) in [
            ("a", "a", "a b", None),
            ("a b", "a", "a b", None),
            // The branch calls it otherwise than the pick does.
            ("new", "new", "old", None),
            ("c", "a", "a", Some(Unfit::Elsewhere(list("c")))),
            // It brings what the pick has, and leaves the conflict.
            ("b", "a", "a b", Some(Unfit::Elsewhere(list("b")))),
            ("", "a", "a", Some(Unfit::Elsewhere(Vec::new()))),
            ("a c d", "a", "a", Some(Unfit::Beyond(list("c d")))),
        ] {
            let (paths, conflicts, picked) = (list(paths), list(conflicts), list(picked));
            let offered = Offered {
                paths: &paths,
                conflicts: &conflicts,
                picked: &picked,
            };
            assert_eq!(unfit(&offered), want, "{offered:?}");
        }
    }
}
