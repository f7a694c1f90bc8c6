//! Packages of another archive, taken into a suite of ours.
//!
//! What counts is the signature of the other archive's `Release`: by it every
//! index and every file is verified before it is looked at. Then the files go
//! the way of everything that is added: all rules are asked, and all of them
//! come or none.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::FlowError;
use super::archiving::{Act, Desk, Outcome};
use crate::archive::layout::{self, IndexName};
use crate::archive::{Older, Selection, foreign, promote};
use crate::format::index::piece::Encoding;
use crate::format::index::{self, PoolFile, Stanza};
use crate::format::release::{IndexFile, Release};
use crate::model::finding::with_causes;
use crate::model::{Component, Finding, PackageName, Sha256, Suite};
use crate::publish::Question;
use crate::sys::files;
use crate::sys::openpgp::Keyring;
use crate::sys::store::Store;

/// A `Release` is longer than this only in order to harm.
const RELEASE_LIMIT: usize = 64 << 20;

/// The suite of another archive, and whose signature counts there.
pub struct Vendor<'a> {
    /// The archive.
    pub store: &'a dyn Store,
    /// Its suite.
    pub suite: &'a Suite,
    /// The keys that count.
    pub keyring: &'a Keyring,
}

impl Desk<'_> {
    /// Takes packages of another archive's suite into one of ours.
    pub fn merge(
        &self,
        vendor: &Vendor<'_>,
        selection: &Selection,
        to: &Suite,
        older: Older,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        let target = self.look(to, None, Question::Manifest)?;
        let settings = &target.manifest().expect("it is there").settings;
        let release = match self.release(vendor)? {
            Ok(release) => release,
            Err(finding) => return Ok(Outcome::Refused(vec![finding])),
        };
        let mut indices = Vec::new();
        for component in &release.components {
            let mut names = vec![IndexName::Sources {
                component: component.clone(),
            }];
            let mut architectures = settings.architectures.clone();
            architectures.push(crate::model::Architecture::all());
            names.extend(
                architectures
                    .into_iter()
                    .map(|architecture| IndexName::Packages {
                        component: component.clone(),
                        architecture,
                    }),
            );
            for name in names {
                match self.index(vendor, &release, &name)? {
                    Ok(Some(stanzas)) => indices.push((name, stanzas)),
                    Ok(None) => {}
                    Err(finding) => return Ok(Outcome::Refused(vec![finding])),
                }
            }
        }
        let theirs = foreign::current(vendor.suite, release.date, indices);
        let chosen = match promote::selected(&theirs, selection) {
            Ok(chosen) => chosen,
            Err(findings) => return Ok(Outcome::Refused(findings)),
        };
        let names: Vec<PackageName> = chosen.iter().map(|(_, s)| s.name().clone()).collect();
        let ours = self.look(to, None, Question::Packages(&names))?;
        let lacking: Vec<_> = chosen
            .into_iter()
            .filter(|(_, stanza)| !foreign::lists(&ours, stanza))
            .collect();
        if lacking.is_empty() {
            return Ok(Outcome::Unchanged(Box::new(ours), Vec::new()));
        }
        // Where all come from one component that we have, that is where they go.
        let mut components: Vec<&Component> = lacking.iter().map(|(c, _)| *c).collect();
        components.dedup();
        let component = match components[..] {
            [only] if settings.components.contains(only) => Some(only.clone()),
            _ => None,
        };
        let kept = tempfile::Builder::new().prefix("debcut-merge-").tempdir();
        let kept = kept.map_err(files::failed("make a directory for", Path::new("merge")))?;
        let mut paths = Vec::new();
        self.listener
            .begin(format!("fetching from {}", vendor.store.place()));
        for (at, (_, stanza)) in lacking.iter().enumerate() {
            let below = kept.path().join(at.to_string());
            match fetched(vendor.store, stanza, &below)? {
                Ok(path) => paths.push(path),
                Err(finding) => return Ok(Outcome::Refused(vec![finding])),
            }
        }
        self.add(&paths, to, component.as_ref(), older, act)
    }

    /// Reads what the other archive promises, if a key that counts signed it.
    fn release(&self, vendor: &Vendor<'_>) -> Result<Result<Release, Finding>, FlowError> {
        let path = layout::in_release(vendor.suite);
        let refuse = |rule, message: String, fix: &str| {
            let subject = format!("{} {}", vendor.store.place(), vendor.suite);
            Err(Finding::error(rule, subject, message).fix(fix))
        };
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let limited = |bytes: &Vec<u8>| bytes.len() <= RELEASE_LIMIT;
        let framed = vendor.store.read(&path)?.filter(limited).map(text);
        let (keys, now) = (vendor.keyring, self.clock.now());
        let verified = match framed {
            Some(framed) => keys.verify_clear_at(&framed, now).map(|found| found.plain),
            None => {
                let release = vendor.store.read(&layout::release(vendor.suite))?.map(text);
                let seal = vendor
                    .store
                    .read(&layout::release_gpg(vendor.suite))?
                    .map(text);
                let (Some(release), Some(seal)) = (release, seal) else {
                    let message =
                        "it has neither InRelease nor Release with Release.gpg".to_owned();
                    let fix = "check the location and the suite's name";
                    return Ok(refuse("missing-release", message, fix));
                };
                let by = keys.verify_detached_at(release.as_bytes(), seal.as_bytes(), now);
                by.map(|_| release)
            }
        };
        let text = match verified {
            Ok(text) => text,
            Err(error) => {
                let message = format!("its signature does not count: {}", with_causes(&error));
                let fix = "--keyring FILE names the keys of that archive";
                return Ok(refuse("bad-signature", message, fix));
            }
        };
        let release = match Release::parse(text.as_bytes()) {
            Ok(release) => release,
            Err(error) => return Ok(refuse("invalid-release", error.to_string(), "")),
        };
        if !release.is_of(vendor.suite) {
            let suite = release.suite.as_ref().map(Suite::as_str);
            let said: Vec<_> = suite
                .into_iter()
                .chain(release.codename.as_deref())
                .collect();
            let message = format!("its Release is the one of {}", said.join(" or "));
            let fix = "name the suite as its Release does; else somebody served another one";
            return Ok(refuse("other-suite", message, fix));
        }
        if let Some(until) = release.valid_until.filter(|until| *until < now) {
            let message = format!("it was valid until {until}");
            let fix = "fetch it from where it is kept up to date";
            return Ok(refuse("expired-release", message, fix));
        }
        Ok(Ok(release))
    }

    /// Reads one of its indices, in the best compression that it lists.
    fn index(
        &self,
        vendor: &Vendor<'_>,
        release: &Release,
        name: &IndexName,
    ) -> Result<Result<Option<Vec<Stanza>>, Finding>, FlowError> {
        let plain = release.files.get(&name.file(None));
        let compressed = Encoding::ALL.into_iter().map(Some);
        let forms = compressed.chain([None]);
        let refuse = |what: &str, message: String| {
            let subject = format!("{} {}", vendor.store.place(), what);
            Finding::error("damaged-index", subject, message)
                .fix("try again; else tell whoever publishes it")
        };
        for form in forms {
            let file = name.file(form);
            let Some(IndexFile { size, sha256 }) = release.files.get(&file) else {
                continue;
            };
            let places = [
                layout::listed_by_hash(vendor.suite, &file, sha256),
                layout::listed(vendor.suite, &file),
            ];
            let from = if release.acquire_by_hash { 0 } else { 1 };
            let mut bytes = None;
            for place in &places[from..] {
                bytes = bytes.or(vendor.store.read(place)?);
            }
            let Some(bytes) = bytes else {
                continue;
            };
            if Sha256::of(&bytes) != *sha256 || bytes.len() as u64 != *size {
                return Ok(Err(refuse(
                    &file,
                    "it is not what its Release lists".into(),
                )));
            }
            let limit = plain.map_or(4 << 30, |plain| plain.size);
            let text = match form {
                None => Ok(bytes),
                Some(encoding) => encoding.decompress(&bytes, limit),
            };
            let kind = name.kind().expect("it lists packages");
            let stanzas = text.map_err(|error| error.to_string());
            let stanzas = stanzas.and_then(|t| index::parse(&t, kind).map_err(|e| e.to_string()));
            return Ok(stanzas.map(Some).map_err(|error| refuse(&file, error)));
        }
        Ok(Ok(None))
    }
}

/// Fetches a package's files into a directory; returns the one that names it.
fn fetched(
    store: &dyn Store,
    stanza: &Stanza,
    below: &Path,
) -> Result<Result<PathBuf, Finding>, FlowError> {
    let subject = format!("{} {}", stanza.name(), stanza.version());
    let refuse = |rule, message: String| {
        Err(Finding::error(rule, subject.as_str(), message)
            .fix("try again; else tell whoever publishes it"))
    };
    let list = match index::files(stanza) {
        Ok(list) => list,
        Err(error) => return Ok(refuse("damaged-index", error.to_string())),
    };
    std::fs::create_dir_all(below).map_err(files::failed("make", below))?;
    let mut found = BTreeMap::new();
    for PoolFile { path, size, sha256 } in list {
        let name = path
            .as_str()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        let to = below.join(&name);
        let Some(from) = store.open(&path)? else {
            return Ok(refuse(
                "missing-package",
                format!("{path} is listed, but missing"),
            ));
        };
        let mut file = File::create(&to).map_err(files::failed("write", &to))?;
        // One byte more than promised is enough to know.
        let mut limited = io::Read::take(from, size.saturating_add(1));
        io::copy(&mut limited, &mut file).map_err(files::failed("write", &to))?;
        let there = files::read(&to)?;
        if there.len() as u64 != size || Sha256::of(&there) != sha256 {
            let message = format!("{path} is not what the index lists");
            return Ok(refuse("damaged-package", message));
        }
        found.insert(name, to);
    }
    let named = |name: &&String| name.ends_with(".dsc") || found.len() == 1;
    match found.keys().find(named) {
        Some(name) => Ok(Ok(found[name].clone())),
        None => Ok(refuse("damaged-index", "its stanza lists no .dsc".into())),
    }
}
