//! The library that is loaded into the programs of a varied build.

use super::conditions::{Conditions, Order};
use crate::build::preload::Preload;

/// Its source, in C: what it does is compiled in.
const SOURCE: &str = include_str!("../../../templates/vary.c");

/// Describes the library that these conditions need; none, if they need none.
pub(super) fn library(conditions: &Conditions) -> Option<Preload> {
    let mut definitions = Vec::new();
    if conditions.ahead_seconds != 0 {
        definitions.push(format!("-DAHEAD_SECONDS={}", conditions.ahead_seconds));
    }
    if conditions.order == Order::Reversed {
        definitions.push("-DREVERSED".to_owned());
    }
    let source = SOURCE;
    (!definitions.is_empty()).then_some(Preload {
        source,
        definitions,
    })
}

/// Describes the library with all that it can do, to see whether a machine
/// can make it.
pub fn whole_library() -> Preload {
    Preload {
        source: SOURCE,
        definitions: ["-DAHEAD_SECONDS=1", "-DREVERSED"]
            .map(str::to_owned)
            .into(),
    }
}
