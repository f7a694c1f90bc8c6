//! Which packages of a suite somebody wants to see.

use glob::{MatchOptions, Pattern};

use crate::archive::layout::IndexName;
use crate::archive::query::relatives::source_of;
use crate::format::index::{Kind, Stanza};
use crate::model::{Architecture, Component, PackageName};

/// Which packages are listed; without a condition, all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those of these architectures: packages for all are `all`, source
    /// packages `source`.
    pub architectures: Vec<Architecture>,
    /// Only those in these components.
    pub components: Vec<Component>,
    /// Only those with a name like one of these.
    pub names: Vec<Pattern>,
    /// Only those built from these sources, and the sources themselves.
    pub sources: Vec<PackageName>,
}

impl Filter {
    /// Tells whether an index can hold something that is wanted.
    pub fn takes_index(&self, index: &IndexName) -> bool {
        let component = self.components.is_empty() || self.components.contains(index.component());
        component
            && match index.kind() {
                Some(Kind::Sources) => {
                    let source = |name: &Architecture| name.as_str() == "source";
                    self.architectures.is_empty() || self.architectures.iter().any(source)
                }
                _ => true,
            }
    }

    /// Tells whether a package is wanted; it is in an index that is taken.
    pub fn takes(&self, stanza: &Stanza) -> bool {
        let options = MatchOptions::new();
        let name = stanza.name().as_str();
        let like = |pattern: &Pattern| pattern.matches_with(name, options);
        (self.architectures.is_empty() || self.architectures.contains(stanza.architecture()))
            && (self.names.is_empty() || self.names.iter().any(like))
            && (self.sources.is_empty()
                || source_of(stanza).is_some_and(|(source, _)| self.sources.contains(&source)))
    }

    /// Returns the names that are wanted where all are written out: then only
    /// their chunks need to be read.
    pub fn exact_names(&self) -> Option<Vec<PackageName>> {
        if self.names.is_empty() {
            return None;
        }
        let exact = |pattern: &Pattern| match pattern.as_str().contains(['*', '?', '[']) {
            true => None,
            false => PackageName::new(pattern.as_str()).ok(),
        };
        self.names.iter().map(exact).collect()
    }
}
