//! A library that is loaded into the programs of a build before all others, to
//! vary what they see of the machine.

use serde::Serialize;

/// A library to compile where the build happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preload {
    /// Its source, in C.
    #[serde(skip)]
    pub source: &'static str,
    /// What is compiled in (`-DNAME=VALUE`).
    pub definitions: Vec<String>,
}

impl Preload {
    /// Returns the arguments of `cc`, which reads the source from its standard
    /// input.
    pub fn arguments(&self, library: &str) -> Vec<String> {
        let before = ["-x", "c", "-shared", "-fPIC", "-O1", "-w"];
        let after = ["-o", library, "-", "-ldl", "-lpthread"];
        let words = before.into_iter().map(str::to_owned);
        let words = words.chain(self.definitions.iter().cloned());
        words.chain(after.map(str::to_owned)).collect()
    }
}
