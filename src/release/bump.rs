//! Changes → the step of the version that they ask for.

use super::change::Change;
use super::policy::{Bump, BumpRules};

/// Returns the step that one change asks for; `below_one`: the version that is
/// raised starts with 0.
pub fn bump_of(change: &Change, rules: &BumpRules, below_one: bool) -> Bump {
    let _ = (change, rules, below_one);
    Bump::Patch
}
