//! What a client needs to use an archive: sources.list(5) in deb822 form.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::model::{Component, Suite};
use crate::sys::openpgp::{Certificate, armored_certificates};

/// The facts of a `.sources` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSources {
    /// Where the archive is, for a client.
    pub uri: String,
    /// The file that holds the keys; without it, or where its path is none that
    /// the text can hold, they stand in the text.
    pub key_file: Option<PathBuf>,
    stanzas: Vec<ClientStanza>,
}

/// Suites that a client treats alike: apt offers each component of a stanza in
/// each of its suites, and trusts each of its keys for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ClientStanza {
    suites: Vec<Suite>,
    components: Vec<Component>,
    has_sources: bool,
    keys: Vec<Certificate>,
}

impl ClientSources {
    /// Starts without any suite.
    pub fn new(uri: String) -> Self {
        Self {
            uri,
            key_file: None,
            stanzas: Vec::new(),
        }
    }

    /// Adds a suite with its components, whether it has source packages to
    /// fetch, and the keys that sign it. One that is there already is not added
    /// again.
    pub fn add(
        &mut self,
        suite: Suite,
        components: &[Component],
        has_sources: bool,
        keys: &[Certificate],
    ) {
        if self.suites().contains(&suite) {
            return;
        }
        let mut stanzas = self.stanzas.iter_mut();
        let alike = |stanza: &&mut ClientStanza| {
            stanza.components == components && names(&stanza.keys) == names(keys)
        };
        match stanzas.find(alike) {
            Some(stanza) => {
                stanza.suites.push(suite);
                stanza.has_sources |= has_sources;
            }
            None => self.stanzas.push(ClientStanza {
                suites: vec![suite],
                components: components.to_vec(),
                has_sources,
                keys: keys.to_vec(),
            }),
        }
    }

    /// Returns the suites.
    pub fn suites(&self) -> Vec<Suite> {
        let suites = self.stanzas.iter().flat_map(|stanza| &stanza.suites);
        suites.cloned().collect()
    }

    /// Returns the certificates that sign, each once.
    pub fn keys(&self) -> Vec<&Certificate> {
        let mut found: Vec<&Certificate> = Vec::new();
        for key in self.stanzas.iter().flat_map(|stanza| &stanza.keys) {
            if found.iter().all(|k| k.fingerprint() != key.fingerprint()) {
                found.push(key);
            }
        }
        found
    }

    /// Returns the certificates for a file whose name ends in `.asc`: armoured.
    pub fn armored(&self) -> String {
        armored_certificates(&self.keys())
    }

    /// Tells whether every suite is signed with the same keys, so that one file
    /// of them trusts none with more than it should.
    pub fn keys_are_alike(&self) -> bool {
        let sets = self.stanzas.iter().map(|stanza| names(&stanza.keys));
        sets.collect::<BTreeSet<_>>().len() <= 1
    }

    /// Returns the certificates for a file of any other name, which apt takes
    /// to be binary.
    pub fn binary(&self) -> Vec<u8> {
        let keys = self.keys().into_iter();
        keys.flat_map(Certificate::binary).collect()
    }

    /// Writes the text of the `.sources` file. It names no architectures: each
    /// host fetches its own.
    pub fn text(&self) -> String {
        // A file of keys that are not alike would let each sign for all suites.
        let key_file = match self.keys_are_alike() {
            true => self.key_file.as_deref().filter(|path| can_be_named(path)),
            false => None,
        };
        let stanzas: Vec<_> = (self.stanzas.iter())
            .map(|stanza| stanza.text(&self.uri, key_file))
            .collect();
        stanzas.join("\n")
    }
}

impl ClientStanza {
    fn text(&self, uri: &str, key_file: Option<&Path>) -> String {
        let types = match self.has_sources {
            true => "deb deb-src",
            false => "deb",
        };
        let signed_by = match key_file {
            Some(path) => format!(" {}", path.display()),
            None => {
                // In a field, an empty line is written as a lone dot.
                let keys: Vec<&Certificate> = self.keys.iter().collect();
                let armored = armored_certificates(&keys);
                let lines = armored.trim_end().lines();
                let lines = lines.map(|line| if line.is_empty() { "." } else { line });
                lines.map(|line| format!("\n {line}")).collect()
            }
        };
        format!(
            "Types: {types}\nURIs: {uri}\nSuites: {}\nComponents: {}\nSigned-By:{signed_by}\n",
            words(&self.suites),
            words(&self.components),
        )
    }
}

/// Names keys in an order of its own.
fn names(keys: &[Certificate]) -> BTreeSet<&str> {
    keys.iter().map(|key| key.fingerprint().as_str()).collect()
}

fn words<T: ToString>(names: &[T]) -> String {
    let names: Vec<_> = names.iter().map(T::to_string).collect();
    names.join(" ")
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

/// Says why there is no entry of auth.conf for an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Nobody asks for a password there.
    #[error("{uri} asks for no password: only http and https archives do")]
    Scheme {
        /// Where the archive is.
        uri: String,
    },
    /// The format has no way to write it.
    #[error("{what} is empty or has a blank or a control character in it")]
    Blank {
        /// What cannot be written; never the thing itself.
        what: &'static str,
    },
}

/// Writes the entry of apt_auth.conf(5) for an archive.
pub fn auth_entry(uri: &str, user: &str, password: &str) -> Result<String, AuthError> {
    let (scheme, rest) = uri.split_once("://").unwrap_or(("", uri));
    let machine = match scheme {
        // Without a protocol, apt sends it over encrypted connections only.
        "https" => rest,
        "http" => uri,
        _ => {
            return Err(AuthError::Scheme {
                uri: uri.to_owned(),
            });
        }
    };
    for (what, text) in [("the user", user), ("the password", password)] {
        if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(AuthError::Blank { what });
        }
    }
    let machine = machine.trim_end_matches('/');
    Ok(format!(
        "machine {machine}\nlogin {user}\npassword {password}\n"
    ))
}

/// Tells whether `Signed-By` can hold a path: apt splits it at blanks and
/// commas, and knows no quotes.
fn can_be_named(path: &Path) -> bool {
    let path = path.to_string_lossy();
    !path.contains(|c: char| c.is_whitespace() || c.is_control() || c == ',')
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::model::Timestamp;
    use crate::sys::openpgp::{NewKey, SecretCertificate};

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

    fn certificate(seed: u64) -> Certificate {
        let new = NewKey {
            name: "Ada".to_owned(),
            email: "ada@example.org".to_owned(),
            lifetime_seconds: None,
            passphrase: None,
        };
        let at = Timestamp::from_unix(1_700_000_000);
        let key = SecretCertificate::create(&new, at, StdRng::seed_from_u64(seed));
        key.expect("makes").certificate().clone()
    }

    fn sources(suites: &[(&str, &[&str], &Certificate)]) -> ClientSources {
        let mut sources = ClientSources::new("file:/x".to_owned());
        for (suite, components, key) in suites {
            let component = |name: &&str| Component::new(*name).expect("a component");
            let components: Vec<_> = components.iter().map(component).collect();
            sources.add(
                Suite::new(*suite).expect("a suite"),
                &components,
                false,
                std::slice::from_ref(key),
            );
        }
        sources
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
        let key = certificate(1);
        let mut sources = sources(&[("stable", &["main"], &key)]);
        for (path, want) in cases {
            sources.key_file = Some(path.into());
            assert!(sources.text().contains(want), "{path}");
        }
    }

    #[test]
    fn passwords_are_written_as_apt_reads_them() {
        let entry = |machine: &str| format!("machine {machine}\nlogin ada\npassword s3cret\n");
        let cases = [
            (
                "https://apt.example.org/x/",
                "s3cret",
                Some(entry("apt.example.org/x")),
            ),
            (
                "http://127.0.0.1:80",
                "s3cret",
                Some(entry("http://127.0.0.1:80")),
            ),
            ("file:/srv/apt", "s3cret", None),
            ("https://apt.example.org", "s3 cret", None),
            ("https://apt.example.org", "", None),
        ];
        for (uri, password, want) in cases {
            let found = auth_entry(uri, "ada", password);
            let told = format!("{found:?}");
            assert_eq!(found.ok(), want, "{uri}");
            assert!(want.is_some() || !told.contains("cret"), "{told}");
        }
    }

    #[test]
    fn only_suites_that_are_alike_share_a_stanza() {
        let (ours, theirs) = (certificate(1), certificate(2));
        let mut sources = sources(&[
            ("stable", &["main"], &ours),
            ("canary", &["main"], &theirs),
            ("next", &["main"], &ours),
            ("extra", &["main", "contrib"], &ours),
            ("stable", &["main"], &ours),
        ]);
        sources.key_file = Some("/keys/acme.pgp".into());
        let text = sources.text();
        let stanzas: Vec<_> = text.split("\n\n").collect();
        let want = [
            ("stable next", "main", &ours),
            ("canary", "main", &theirs),
            ("extra", "main contrib", &ours),
        ];
        assert_eq!(stanzas.len(), want.len(), "{text}");
        for (stanza, (suites, components, key)) in stanzas.iter().zip(want) {
            let head = format!(
                "Types: deb\nURIs: file:/x\nSuites: {suites}\nComponents: {components}\n\
                 Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
            );
            assert!(stanza.starts_with(&head), "{head}in\n{stanza}");
            let armored = key.armored();
            let lines = armored.lines().filter(|line| !line.is_empty());
            for line in lines {
                assert!(stanza.contains(line), "{line:?} in\n{stanza}");
            }
        }
        assert_eq!(sources.keys(), [&ours, &theirs]);
    }
}
