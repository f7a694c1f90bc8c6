//! What a client needs to use an archive: sources.list(5) in deb822 form.

use std::path::{Path, PathBuf};

use crate::model::{Architecture, Component, Suite};
use crate::sys::openpgp::Certificate;

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
    /// The certificates that sign.
    pub keys: Vec<Certificate>,
    /// The file that holds them; without it, or where its path is none that the
    /// text can hold, they stand in the text.
    pub key_file: Option<PathBuf>,
}

impl ClientSources {
    /// Returns the certificates for a file whose name ends in `.asc`: armoured.
    pub fn armored(&self) -> String {
        self.keys.iter().map(Certificate::armored).collect()
    }

    /// Returns the certificates for a file of any other name, which apt takes
    /// to be binary.
    pub fn binary(&self) -> Vec<u8> {
        self.keys.iter().flat_map(Certificate::binary).collect()
    }

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
            Some(path) if can_be_named(path) => format!(" {}", path.display()),
            _ => {
                // In a field, an empty line is written as a lone dot.
                let armored = self.armored();
                let lines = armored.trim_end().lines();
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

/// Writes the path of an archive's directory as a `file:` URI (RFC 8089), which
/// apt decodes; blanks end a URI in the text of a `.sources` file.
pub fn file_uri(path: &str) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.bytes() {
        // RFC 3986's unreserved characters, and those of its path segments
        // that apt leaves alone.
        if byte.is_ascii_alphanumeric() || b"/-._~+:@,=".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// Tells whether `Signed-By` can hold a path: apt splits it at blanks and
/// commas, and knows no quotes.
fn can_be_named(path: &Path) -> bool {
    let path = path.to_string_lossy();
    !path.contains(|c: char| c.is_whitespace() || c.is_control() || c == ',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uri_holds_no_character_that_ends_it() {
        let cases = [
            ("/srv/apt", "file:/srv/apt"),
            ("/srv/my apt", "file:/srv/my%20apt"),
            ("/a%20b/[c]#?", "file:/a%2520b/%5Bc%5D%23%3F"),
            ("/ä\n", "file:/%C3%A4%0A"),
        ];
        for (path, want) in cases {
            assert_eq!(file_uri(path), want, "{path}");
        }
    }

    #[test]
    fn key_file_is_named_where_its_path_can_be() {
        let cases = [
            (
                "/etc/apt/keyrings/acme.pgp",
                "\nSigned-By: /etc/apt/keyrings/acme.pgp\n",
            ),
            ("/my keys/acme.pgp", "\nSigned-By:\n"),
            ("/keys/a,b.pgp", "\nSigned-By:\n"),
        ];
        for (path, want) in cases {
            let sources = ClientSources {
                uri: "file:/x".to_owned(),
                suites: Vec::new(),
                components: Vec::new(),
                architectures: Vec::new(),
                has_sources: false,
                keys: Vec::new(),
                key_file: Some(path.into()),
            };
            assert!(sources.text().contains(want), "{path}");
        }
    }
}
