//! [`RootWanted`] → the sources that apt takes packages from:
//! sources.list(5), and the digest that names a system.

use serde::Serialize;

use super::wanted::{Place, RootWanted};
use crate::model::Sha256;

/// One source of packages, as sources.list(5) has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The URI that `dists/` is below.
    pub uri: String,
    /// The suite.
    pub suite: String,
    /// The components.
    pub components: Vec<String>,
    /// The keys: a file's absolute path; none: those that the system trusts.
    pub signed_by: Option<String>,
    /// Whether the release file may be past its date: it is a snapshot's.
    pub dated: Dated,
}

/// Whether a release file's `Valid-Until` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Dated {
    /// It does.
    Now,
    /// It is a moment of the past.
    Then,
}

/// Where a directory with packages is seen while they are installed, by number.
pub const BOUND: &str = "/run/debcut-archive-";
/// Where the keys of extra archives are while packages are installed, by number.
pub const KEYS: &str = "/etc/apt/keyrings/debcut-";

/// Changes when systems are made in another way, so that none from before is
/// taken.
const LAYOUT: u32 = 2;

/// Returns the sources that the bare system is made from.
pub fn base_sources(wanted: &RootWanted) -> Vec<Source> {
    let components: Vec<String> = wanted.components.iter().map(ToString::to_string).collect();
    let keyring = wanted.mirror.keyring.as_ref();
    let keyring = keyring.map(|path| path.display().to_string());
    let source = |uri: &str, suite: &str, dated| Source {
        uri: uri.trim_end_matches('/').to_owned(),
        suite: suite.to_owned(),
        components: components.clone(),
        signed_by: keyring.clone(),
        dated,
    };
    let suites = &wanted.suites;
    let own = std::iter::once(&suites.base).chain(&suites.further);
    let (uri, security, dated) = match &wanted.snapshot {
        None => (
            wanted.mirror.uri.clone(),
            wanted.mirror.security.clone(),
            Dated::Now,
        ),
        Some(snapshot) => {
            let uri = snapshot.uri.replace("@SNAPSHOTID@", &snapshot.id);
            // The service keeps the archives of security updates beside.
            let security = uri
                .contains("/debian/")
                .then(|| uri.replace("/debian/", "/debian-security/"));
            (uri, security, Dated::Then)
        }
    };
    let mut sources: Vec<Source> = own
        .map(|suite| source(&uri, suite.as_str(), dated))
        .collect();
    if let (Some(uri), Some(suite)) = (security, &suites.security) {
        sources.push(source(&uri, suite.as_str(), dated));
    }
    sources
}

/// Returns the sources of the extra archives, as they are seen while packages
/// are installed.
pub fn extra_sources(wanted: &RootWanted) -> Vec<Source> {
    let mut sources = Vec::new();
    for (at, archive) in wanted.archives.iter().enumerate() {
        let uri = match &archive.place {
            // Copied: what is only used in its place cannot be installed
            // without fetching.
            Place::Directory(_) => format!("copy:{BOUND}{at}"),
            Place::Uri(uri) => uri.trim_end_matches('/').to_owned(),
        };
        let signed_by = archive.keys.as_ref().map(|_| format!("{KEYS}{at}.asc"));
        sources.extend(archive.suites.iter().map(|suite| Source {
            uri: uri.clone(),
            suite: suite.clone(),
            components: archive.components.clone(),
            signed_by: signed_by.clone(),
            dated: Dated::Now,
        }));
    }
    sources
}

impl Source {
    /// Writes it on one line, in the form that every apt reads.
    pub fn line(&self) -> String {
        let mut options = Vec::new();
        if let Some(keys) = &self.signed_by {
            options.push(format!("signed-by={keys}"));
        }
        if self.dated == Dated::Then {
            options.push("check-valid-until=no".to_owned());
        }
        let options = match options.is_empty() {
            true => String::new(),
            false => format!("[{}] ", options.join(" ")),
        };
        let components = self.components.join(" ");
        format!("deb {options}{} {} {components}", self.uri, self.suite)
    }
}

/// Returns the digest of what decides a bare system, but for the day it is made.
pub fn key(wanted: &RootWanted) -> Sha256 {
    let what = serde_json::json!([LAYOUT, wanted.architecture, base_sources(wanted)]);
    Sha256::of(what.to_string().as_bytes())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::build::root::suite::{Of, suites, usual_series};
    use crate::build::root::wanted::{ExtraArchive, Mirror, Snapshot};
    use crate::model::{Architecture, Component};

    pub(in super::super) fn wanted(distribution: &str) -> RootWanted {
        let series = usual_series();
        RootWanted {
            suites: suites(distribution, None, Of::Debian(&series)).expect("a suite"),
            architecture: Architecture::new("amd64").expect("one"),
            mirror: Mirror {
                uri: "http://deb.debian.org/debian/".to_owned(),
                security: Some("http://deb.debian.org/debian-security".to_owned()),
                keyring: None,
            },
            snapshot: None,
            components: vec![Component::new("main").expect("one")],
            archives: Vec::new(),
            dependencies: None,
            exact: None,
        }
    }

    fn lines(sources: &[Source]) -> String {
        sources.iter().map(|source| source.line() + "\n").collect()
    }

    #[test]
    fn a_release_is_taken_with_its_updates() {
        let mut wanted = wanted("bookworm-backports");
        assert_eq!(
            lines(&base_sources(&wanted)),
            "deb http://deb.debian.org/debian bookworm main\n\
             deb http://deb.debian.org/debian bookworm-updates main\n\
             deb http://deb.debian.org/debian bookworm-backports main\n\
             deb http://deb.debian.org/debian-security bookworm-security main\n"
        );
        wanted.mirror.security = None;
        wanted.mirror.keyring = Some("/k.gpg".into());
        assert_eq!(
            lines(&base_sources(&wanted)),
            "deb [signed-by=/k.gpg] http://deb.debian.org/debian bookworm main\n\
             deb [signed-by=/k.gpg] http://deb.debian.org/debian bookworm-updates main\n\
             deb [signed-by=/k.gpg] http://deb.debian.org/debian bookworm-backports main\n"
        );
    }

    #[test]
    fn a_snapshot_may_be_old() {
        let mut wanted = wanted("bookworm");
        wanted.snapshot = Some(Snapshot {
            id: "20250520T000000Z".to_owned(),
            uri: "http://snapshot.debian.org/archive/debian/@SNAPSHOTID@/".to_owned(),
        });
        let at = "http://snapshot.debian.org/archive";
        let id = "20250520T000000Z";
        let options = "deb [check-valid-until=no]";
        assert_eq!(
            lines(&base_sources(&wanted)),
            format!(
                "{options} {at}/debian/{id} bookworm main\n\
                 {options} {at}/debian/{id} bookworm-updates main\n\
                 {options} {at}/debian-security/{id} bookworm-security main\n"
            )
        );
    }

    #[test]
    fn archives_of_ones_own_are_seen_in_their_place() {
        let mut wanted = wanted("unstable");
        let archive = |place, keys: Option<&str>| ExtraArchive {
            name: "own".to_owned(),
            place,
            suites: vec!["stable".to_owned()],
            components: vec!["main".to_owned(), "contrib".to_owned()],
            keys: keys.map(str::to_owned),
        };
        let key = key(&wanted);
        wanted.archives = vec![
            archive(Place::Directory("/srv/archive".into()), Some("armoured")),
            archive(Place::Uri("http://a.example/debian/".to_owned()), None),
        ];
        assert_eq!(
            lines(&extra_sources(&wanted)),
            "deb [signed-by=/etc/apt/keyrings/debcut-0.asc] copy:/run/debcut-archive-0 stable \
             main contrib\n\
             deb http://a.example/debian stable main contrib\n"
        );
        assert_eq!(super::key(&wanted), key, "the bare system is the same");
    }

    #[test]
    fn the_key_is_of_what_decides() {
        let plain = wanted("bookworm");
        type Change = fn(&mut RootWanted);
        let changes: [Change; 5] = [
            |w| w.architecture = Architecture::new("arm64").expect("one"),
            |w| w.mirror.uri = "http://other.example/debian".to_owned(),
            |w| w.components = vec![Component::new("contrib").expect("one")],
            |w| w.suites.further.clear(),
            |w| {
                w.snapshot = Some(Snapshot {
                    id: "x".to_owned(),
                    uri: "http://s/@SNAPSHOTID@".to_owned(),
                });
            },
        ];
        let mut keys = vec![key(&plain).hex()];
        for change in changes {
            let mut changed = plain.clone();
            change(&mut changed);
            keys.push(key(&changed).hex());
        }
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count);
        assert_eq!(key(&wanted("bookworm-security")), key(&plain));
    }
}
