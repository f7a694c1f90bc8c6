//! Our own packages as apt finds them in a rehearsal: the stanzas of what hosts
//! read and of what is meant for them, and those files that apt asks for.

use std::collections::BTreeMap;
use std::path::Path;

use super::place::OWN;
use crate::archive::Current;
use crate::flow::FlowError;
use crate::flow::rolling::opening::choosing;
use crate::format::index::{self, Kind, PoolFile, Stanza};
use crate::publish::{self, PublishError, Question};
use crate::rollout::target::Meant;
use crate::sys::files::{self, Access};
use crate::sys::store::Store;

/// What of the archive a host would see.
pub(super) struct Own<'a> {
    store: &'a dyn Store,
    stanzas: Vec<Stanza>,
    /// By the paths that apt names.
    files: BTreeMap<String, PoolFile>,
}

impl<'a> Own<'a> {
    /// Takes what suites have, which were observed whole, and what is meant.
    pub(super) fn new(
        store: &'a dyn Store,
        suites: &[Current],
        meant: &Meant,
    ) -> Result<Self, FlowError> {
        let names: Vec<_> = meant.binaries.iter().map(|b| b.package.clone()).collect();
        let from = publish::observe(store, &meant.from, Question::Packages(&names))?;
        let is_meant = |stanza: &&Stanza| {
            meant.binaries.iter().any(|binary| {
                (&binary.package, &binary.version, &binary.architecture)
                    == (stanza.name(), stanza.version(), stanza.architecture())
            })
        };
        let binary = |stanza: &&Stanza| stanza.kind() == Kind::Packages;
        let there = suites.iter().flat_map(choosing::stanzas);
        let comes = choosing::stanzas(&from).filter(is_meant);
        let all = there.chain(comes).filter(binary);
        // What is phased is offered to whoever asks for it by its version.
        let mut stanzas: Vec<Stanza> = all.map(|stanza| stanza.phased(None)).collect();
        stanzas.sort();
        stanzas.dedup();
        let mut own = BTreeMap::new();
        for stanza in &stanzas {
            for file in index::files(stanza).unwrap_or_default() {
                own.insert(file.path.to_string(), file);
            }
        }
        Ok(Self {
            store,
            stanzas,
            files: own,
        })
    }

    /// Writes the list that apt reads.
    pub(super) fn list(&self, directory: &Path) -> Result<(), FlowError> {
        let mut text = String::new();
        for stanza in &self.stanzas {
            stanza.append_to(&mut text);
        }
        let path = directory.join("Packages");
        files::replace(&path, text.as_bytes(), Access::Public)?;
        Ok(())
    }

    /// Brings the files that `apt-get --print-uris` names.
    pub(super) fn bring(&self, said: &str, directory: &Path) -> Result<(), FlowError> {
        let start = format!("'file:{OWN}/");
        for line in said.lines() {
            let Some((path, _)) = line.strip_prefix(&start).and_then(|l| l.split_once('\'')) else {
                continue;
            };
            let path = decoded(path);
            let path = path.trim_start_matches("./");
            let to = directory.join(path);
            if let Some(file) = self.files.get(path)
                && !to.exists()
            {
                let bytes = self.store.read(&file.path)?;
                let bytes = bytes.ok_or_else(|| PublishError::Missing {
                    path: file.path.clone(),
                })?;
                if let Some(parent) = to.parent() {
                    files::create_dir(parent)?;
                }
                files::replace(&to, &bytes, Access::Public)?;
            }
        }
        Ok(())
    }
}

/// Reads what apt writes as `%2b`.
fn decoded(text: &str) -> String {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(code) => {
                found.push(code);
                at += 3;
            }
            None => {
                found.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&found).into_owned()
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn what_apt_encodes_is_read_again() {
        for (text, want) in [
            (
                "pool/h/hello_1%2bb1%7e2_all.deb",
                "pool/h/hello_1+b1~2_all.deb",
            ),
            ("a%zz%2", "a%zz%2"),
            ("plain", "plain"),
        ] {
            assert_eq!(decoded(text), want, "{text}");
        }
    }
}
