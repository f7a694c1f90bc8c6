//! A suite of another program's archive, read and checked against its own
//! `Release`.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::layout::{self, IndexName};
use crate::format::index::Kind;
use crate::format::index::piece::Encoding;
use crate::format::index::translation::{self, Translation};
use crate::model::finding::with_causes;
use crate::model::{Architecture, ArchivePath, FileDigests, Finding, Listener, Suite};
use crate::sys::openpgp::{Keyring, VerifyError, text_of};
use crate::sys::store::{Store, StoreError};

use super::release::{ForeignRelease, index_of};
use super::stanza::ForeignStanza;

/// An index longer than this is none: Debian's largest has a thirtieth of it.
const INDEX_LIMIT: u64 = 4 << 30;

/// A suite as another program published it.
#[derive(Debug)]
pub struct ForeignSuite {
    /// Its path below `dists/`, or the name it gets.
    pub suite: Suite,
    /// What its `Release` says.
    pub release: ForeignRelease,
    /// Its indices of packages; what is for all architectures stands where the
    /// archive had it, with `binary-all` joined into every other.
    pub indices: BTreeMap<IndexName, Vec<ForeignStanza>>,
    /// The long descriptions that stand apart from `Packages`.
    pub translations: BTreeSet<Translation>,
    /// Which key signed it, by its fingerprint or key ID.
    pub signer: Option<String>,
    /// What is wrong, and what is worth knowing.
    pub findings: Vec<Finding>,
}

/// What reading needs.
pub struct Reading<'a> {
    /// The archive.
    pub from: &'a dyn Store,
    /// Whose signatures count; without it none is looked at.
    pub keyring: Option<&'a Keyring>,
    /// Who hears of progress.
    pub listener: &'a dyn Listener,
}

/// Finds the suites of an archive that can be listed.
pub fn suites(from: &dyn Store) -> Result<Vec<Suite>, StoreError> {
    let mut found = Vec::new();
    for entry in from.list(&layout::published())? {
        let path = entry.path.as_str();
        let Some((suite, name)) = path
            .strip_prefix("dists/")
            .and_then(|path| path.rsplit_once('/'))
        else {
            continue;
        };
        // `binary-amd64/Release` is about one index, not about a suite.
        let of_index = suite
            .split('/')
            .any(|part| part.starts_with("binary-") || part == "source");
        if ["InRelease", "Release"].contains(&name) && !of_index {
            found.extend(Suite::new(suite).ok());
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Reads a suite.
pub fn read(reading: &Reading<'_>, suite: &Suite) -> Result<ForeignSuite, StoreError> {
    reading.listener.begin(format!("reading {suite}"));
    let mut findings = Vec::new();
    let top = format!("dists/{suite}");
    let release = match reading.release(&top, &mut findings)? {
        Some(release) => release,
        None => {
            let message = "there is neither InRelease nor Release in it";
            findings.push(Finding::error("no-such-suite", top.as_str(), message));
            ForeignRelease::default()
        }
    };
    let mut indices = BTreeMap::new();
    for name in release.indices() {
        let listed = reading.index(&top, &name, &release, &mut findings)?;
        let kind = name.kind().expect("it lists packages");
        let stanzas = stanzas(&listed, kind, "", &format!("{top}/{name}"), &mut findings);
        indices.insert(name, stanzas);
    }
    if indices.is_empty() && findings.is_empty() {
        let message = "its Release lists no Packages and no Sources";
        findings.push(Finding::error("nothing-to-import", top.as_str(), message));
    }
    let translations = reading.translations(&top, &release, &mut findings)?;
    if release
        .files
        .keys()
        .any(|path| path.contains("/debian-installer/"))
    {
        let message = "its indices for Debian's installer are not taken over";
        findings.push(Finding::warning(
            "installer-packages",
            top.as_str(),
            message,
        ));
    }
    spread_all(&mut indices, &release.architectures);
    Ok(ForeignSuite {
        suite: suite.clone(),
        translations,
        signer: reading.signer(&top)?,
        release,
        indices,
        findings,
    })
}

/// Reads a flat repository, `Packages` beside the packages themselves; `None`
/// when `below` is none. Its suite gets a name, because it has none.
pub fn flat(
    reading: &Reading<'_>,
    below: &str,
    suite: &Suite,
) -> Result<Option<ForeignSuite>, StoreError> {
    let below = below.trim_matches('/').trim_start_matches("./");
    let below = if below == "." { "" } else { below };
    let mut findings = Vec::new();
    let release = reading.release(below, &mut findings)?.unwrap_or_default();
    let mut by_index = BTreeMap::<IndexName, Vec<ForeignStanza>>::new();
    let mut is_one = false;
    for (file, kind) in [("Packages", Kind::Packages), ("Sources", Kind::Sources)] {
        let Some(text) = reading.any(below, file, &release, &mut findings)? else {
            continue;
        };
        is_one = true;
        for stanza in stanzas(&text, kind, below, file, &mut findings) {
            by_index
                .entry(flat_index(&stanza, kind))
                .or_default()
                .push(stanza);
        }
    }
    if !is_one {
        return Ok(None);
    }
    spread_all(&mut by_index, &release.architectures);
    Ok(Some(ForeignSuite {
        suite: suite.clone(),
        translations: BTreeSet::new(),
        signer: reading.signer(below)?,
        release,
        indices: by_index,
        findings,
    }))
}

fn flat_index(stanza: &ForeignStanza, kind: Kind) -> IndexName {
    let name = match kind {
        Kind::Sources => "main/source/Sources".to_owned(),
        Kind::Packages => {
            let architecture = stanza.architecture().unwrap_or_else(Architecture::all);
            format!("main/binary-{architecture}/Packages")
        }
    };
    name.parse().expect("made from valid names")
}

/// Joins what `binary-all` lists into the index of every architecture: that is
/// where our suites, and clients that know no `binary-all`, have it.
fn spread_all(
    indices: &mut BTreeMap<IndexName, Vec<ForeignStanza>>,
    architectures: &[Architecture],
) {
    let is_all = |name: &IndexName| matches!(name, IndexName::Packages { architecture, .. } if architecture.is_all());
    let alls: Vec<_> = indices
        .keys()
        .filter(|name| is_all(name))
        .cloned()
        .collect();
    for all in alls {
        let stanzas = indices.remove(&all).unwrap_or_default();
        let mut hosts: Vec<Architecture> = architectures.to_vec();
        for name in indices.keys() {
            if let IndexName::Packages { architecture, .. } = name
                && !hosts.contains(architecture)
            {
                hosts.push(architecture.clone());
            }
        }
        if hosts.is_empty() {
            hosts.push(Architecture::of_this_machine());
        }
        for architecture in hosts {
            let component = all.component().clone();
            let name = IndexName::Packages {
                component,
                architecture,
            };
            indices
                .entry(name)
                .or_default()
                .extend(stanzas.iter().cloned());
        }
    }
}

/// Reads an index's stanzas; one that is wrong is a finding.
fn stanzas(
    text: &[u8],
    kind: Kind,
    below: &str,
    index: &str,
    findings: &mut Vec<Finding>,
) -> Vec<ForeignStanza> {
    let Ok(text) = std::str::from_utf8(text) else {
        findings.push(Finding::error("invalid-index", index, "it is not UTF-8"));
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut line = 1;
    for part in text.split("\n\n") {
        let begins = line + part.bytes().take_while(|byte| *byte == b'\n').count();
        line += part.matches('\n').count() + 2;
        if part.trim().is_empty() {
            continue;
        }
        match ForeignStanza::parse(part.trim_matches('\n'), kind, below) {
            Ok(stanza) => found.push(stanza),
            Err(why) => {
                let message = format!("the paragraph at line {begins}: {why}");
                findings.push(
                    Finding::error("invalid-stanza", index, message)
                        .fix("remove the package from the old archive, or --leave-out-damaged"),
                );
            }
        }
    }
    found
}

impl Reading<'_> {
    fn file(&self, below: &str, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = [below, name].join("/");
        match ArchivePath::new(path.trim_start_matches('/')) {
            Ok(path) => self.from.read(&path),
            Err(_) => Ok(None),
        }
    }

    /// Reads the English long descriptions of every component.
    fn translations(
        &self,
        top: &str,
        release: &ForeignRelease,
        findings: &mut Vec<Finding>,
    ) -> Result<BTreeSet<Translation>, StoreError> {
        let bare = |path: &String| {
            let (component, file) = path.split_once("/i18n/")?;
            let name = file
                .split('.')
                .next()
                .filter(|name| *name == "Translation-en")?;
            Some(format!("{component}/i18n/{name}"))
        };
        let names: BTreeSet<String> = release.files.keys().filter_map(bare).collect();
        let mut found = BTreeSet::new();
        for name in names {
            let path = format!("{top}/{name}");
            let Some(text) = self.any(top, &name, release, findings)? else {
                let message = "it is there in no form that can be read: clients show the short \
                               descriptions where the long ones stand in it alone";
                findings.push(Finding::warning("translations", path, message));
                continue;
            };
            match translation::parse(&text) {
                Ok(more) => found.extend(more),
                Err(error) => {
                    let why = with_causes(&error);
                    findings.push(Finding::error("damaged-index", path, why));
                }
            }
        }
        Ok(found)
    }

    /// Says which key signed a directory's `Release`, whether it is known here
    /// or not.
    fn signer(&self, below: &str) -> Result<Option<String>, StoreError> {
        let nobody = Keyring::default();
        let error = match self.file(below, "InRelease")? {
            Some(bytes) => nobody.verify_clear(&String::from_utf8_lossy(&bytes)).err(),
            None => match self.file(below, "Release.gpg")? {
                Some(signature) => nobody.verify_detached(b"", &signature).err(),
                None => None,
            },
        };
        Ok(match error {
            Some(VerifyError::UnknownKey { key }) => Some(key),
            _ => None,
        })
    }

    /// Reads and verifies what a directory's `Release` says.
    fn release(
        &self,
        below: &str,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<ForeignRelease>, StoreError> {
        let subject = format!("{below}/Release")
            .trim_start_matches('/')
            .to_owned();
        let refuse = |rule, why: String| {
            Finding::error(rule, subject.as_str(), why)
                .fix("check the keyring, and whether the archive is whole")
        };
        let as_text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let text = match self.file(below, "InRelease")? {
            Some(bytes) => {
                let framed = as_text(&bytes);
                let verified = self.keyring.map(|keyring| keyring.verify_clear(&framed));
                match verified {
                    Some(Ok(verified)) => verified.plain,
                    Some(Err(error)) => {
                        findings.push(refuse("bad-signature", with_causes(&error)));
                        text_of(&framed).unwrap_or_default()
                    }
                    None => text_of(&framed).unwrap_or(framed),
                }
            }
            None => {
                let Some(plain) = self.file(below, "Release")? else {
                    return Ok(None);
                };
                if let Some(keyring) = self.keyring {
                    match self.file(below, "Release.gpg")? {
                        None => {
                            let why = "it has no signature".to_owned();
                            findings.push(refuse("bad-signature", why));
                        }
                        Some(signature) => {
                            if let Err(error) = keyring.verify_detached(&plain, &signature) {
                                findings.push(refuse("bad-signature", with_causes(&error)));
                            }
                        }
                    }
                }
                as_text(&plain)
            }
        };
        if self.keyring.is_none() {
            let message = "nobody has verified its signature";
            let finding = Finding::warning("unverified", subject.as_str(), message);
            findings.push(finding.fix("--keyring FILE verifies it with keys that you trust"));
        }
        match ForeignRelease::parse(text.as_bytes()) {
            Ok(release) => Ok(Some(release)),
            Err(error) => {
                findings.push(refuse("invalid-release", with_causes(&error)));
                Ok(None)
            }
        }
    }

    /// Reads an index that a `Release` lists, in whatever form is there.
    fn index(
        &self,
        top: &str,
        name: &IndexName,
        release: &ForeignRelease,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<u8>, StoreError> {
        let before = findings.len();
        if let Some(text) = self.any(top, &name.to_string(), release, findings)? {
            return Ok(text);
        }
        let empty =
            |path: &String| index_of(path).as_ref() == Some(name) && release.files[path].size == 0;
        if findings.len() == before && !release.files.keys().any(empty) {
            let message = "its Release lists it, but it is there in no form that can be read";
            let path = format!("{top}/{name}");
            findings.push(
                Finding::error("missing-index", path, message)
                    .fix("publish the old archive again, with xz, gz, zst or no compression"),
            );
        }
        Ok(Vec::new())
    }

    /// Reads a file in the first of its forms that is there and whole.
    fn any(
        &self,
        below: &str,
        name: &str,
        release: &ForeignRelease,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let forms = [
            None,
            Some(Encoding::Gz),
            Some(Encoding::Zst),
            Some(Encoding::Xz),
        ];
        let mut damage = Vec::new();
        for form in forms {
            let name = form.map_or(name.to_owned(), |form| format!("{name}.{form}"));
            let Some(bytes) = self.file(below, &name)? else {
                continue;
            };
            let path = format!("{below}/{name}").trim_start_matches('/').to_owned();
            if let Some(listed) = release.files.get(&name) {
                let found = FileDigests::of(&bytes);
                if !listed.digest.is_of(&found) {
                    let message = format!(
                        "it has sha256 {}, Release says {}",
                        found.sha256, listed.digest
                    );
                    damage.push(
                        Finding::error("damaged-index", path, message)
                            .fix("publish the old archive again"),
                    );
                    continue;
                }
            } else if !release.files.is_empty() {
                // What its Release does not list is left over from elsewhere.
                continue;
            }
            let plain = match form {
                None => Ok(bytes),
                Some(encoding) => encoding.decompress(&bytes, INDEX_LIMIT),
            };
            match plain {
                Ok(plain) => return Ok(Some(plain)),
                Err(error) => {
                    damage.push(Finding::error("damaged-index", path, error.to_string()));
                }
            }
        }
        findings.extend(damage);
        Ok(None)
    }
}
