//! The library that is loaded into the programs of a varied build.

use super::conditions::{Conditions, Order};

/// A library to compile: its source is the same for every build, what it does
/// is compiled in. So a build under usual conditions can load one, too, and
/// the two see the same environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preload {
    definitions: Vec<String>,
}

impl Preload {
    /// The library's source, in C.
    pub const SOURCE: &'static str = include_str!("../../../templates/vary.c");

    /// Describes the library that these conditions need; none, if they need
    /// none.
    pub fn for_conditions(conditions: &Conditions) -> Option<Self> {
        let mut definitions = Vec::new();
        if conditions.ahead_seconds != 0 {
            definitions.push(format!("-DAHEAD_SECONDS={}", conditions.ahead_seconds));
        }
        if conditions.order == Order::Reversed {
            definitions.push("-DREVERSED".to_owned());
        }
        (!definitions.is_empty()).then_some(Self { definitions })
    }

    /// Returns the compiler's arguments: `cc` with these, in a directory that
    /// holds the source.
    pub fn arguments(&self, source: &str, library: &str) -> Vec<String> {
        let mut arguments: Vec<String> = ["-shared", "-fPIC", "-O1", "-o", library, source]
            .map(str::to_owned)
            .into();
        arguments.extend(self.definitions.iter().cloned());
        arguments.extend(["-ldl", "-lpthread"].map(str::to_owned));
        arguments
    }
}
