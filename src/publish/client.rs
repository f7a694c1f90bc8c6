//! What a client needs to use an archive: sources.list(5) in deb822 form.

use std::path::PathBuf;

use crate::model::{Architecture, Component, Fingerprint, Suite};

/// The facts of a `.sources` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSources {
    /// Where the archive is, for a client.
    pub uri: String,
    /// The suites, which have the same components.
    pub suites: Vec<Suite>,
    /// The components.
    pub components: Vec<Component>,
    /// The architectures.
    pub architectures: Vec<Architecture>,
    /// Whether there are source packages to fetch.
    pub has_sources: bool,
    /// The certificates that sign, by fingerprint.
    pub keys: Vec<Fingerprint>,
    /// The certificates themselves, armoured.
    pub armored: String,
    /// The file that holds them; without it they stand in the text.
    pub key_file: Option<PathBuf>,
}

impl ClientSources {
    /// Writes the text of the `.sources` file.
    pub fn text(&self) -> String {
        let words = |names: Vec<String>| names.join(" ");
        let all = |names: &[Suite]| words(names.iter().map(ToString::to_string).collect());
        let types = if self.has_sources {
            "deb deb-src"
        } else {
            "deb"
        };
        let components = words(self.components.iter().map(ToString::to_string).collect());
        let architectures = words(self.architectures.iter().map(ToString::to_string).collect());
        let signed_by = match &self.key_file {
            Some(path) => format!(" {}", path.display()),
            None => {
                // In a field, an empty line is written as a lone dot.
                let lines = self.armored.trim_end().lines();
                let lines = lines.map(|line| if line.is_empty() { "." } else { line });
                lines.map(|line| format!("\n {line}")).collect()
            }
        };
        format!(
            "Types: {types}\nURIs: {}\nSuites: {}\nComponents: {components}\n\
             Architectures: {architectures}\nSigned-By:{signed_by}\n",
            self.uri,
            all(&self.suites),
        )
    }
}
