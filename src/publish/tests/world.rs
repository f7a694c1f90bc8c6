//! A small world to publish in: packages, a signer, a clock, and a reader who
//! looks at an archive as apt does.

use std::cell::RefCell;
use std::fs;
use std::sync::Mutex;

use tempfile::TempDir;

use crate::archive::candidate::Binary;
use crate::archive::chunk::ChunkRule;
use crate::archive::{
    Admission, Candidate, Generation, Older, Record, Removal, Settings, admit, remove, settle,
};
use crate::format::control::BinaryControl;
use crate::format::index::piece::Encoding;
use crate::format::index::{self, Kind};
use crate::format::release::{IndexFile, Release};
use crate::model::{
    Architecture, ArchivePath, Component, Event, Finding, Listener, PackageName, Sha256, Suite,
    Timestamp,
};
use crate::publish::*;
use crate::sys::store::{Condition, Content, Store};

pub(super) struct World {
    pub(super) suite: Suite,
    pub(super) now: Timestamp,
    folder: TempDir,
    heard: Mutex<RefCell<Vec<String>>>,
}

/// Wraps a text so that a reader can check it, and nothing else.
pub(super) struct Wax;

impl Seal for Wax {
    fn clear_sign(&self, text: &str) -> Result<String, SealError> {
        Ok(format!("{text}sealed {}\n", Sha256::of(text.as_bytes())))
    }

    fn detach_sign(&self, bytes: &[u8]) -> Result<String, SealError> {
        Ok(format!("sealed {}\n", Sha256::of(bytes)))
    }
}

impl Listener for World {
    fn hear(&self, event: Event) {
        if let Event::Warning(text) = event {
            self.heard.lock().expect("free").borrow_mut().push(text);
        }
    }
}

pub(super) type Outcome = Result<Option<Published>, PublishError>;

impl World {
    pub(super) fn new() -> Self {
        Self {
            suite: Suite::new("stable").expect("a name"),
            now: Timestamp::from_unix(1_795_253_400),
            folder: tempfile::tempdir().expect("a folder"),
            heard: Mutex::default(),
        }
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        self.heard.lock().expect("free").borrow().clone()
    }

    pub(super) fn settings(&self) -> Settings {
        let component = |name| Component::new(name).expect("a name");
        let architecture = |name| Architecture::new(name).expect("a name");
        Settings {
            // Many chunks of few packages.
            chunks: ChunkRule {
                boundary_bits: 1,
                max_bytes: 600,
            },
            ..Settings::new(
                vec![component("main"), component("contrib")],
                vec![architecture("amd64"), architecture("arm64")],
            )
        }
    }

    /// Makes a file with the content a package of this name always has.
    pub(super) fn deb(&self, name: &str, version: &str, architecture: &str) -> Candidate {
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n\
             Maintainer: A <a@example.org>\nDescription: a package\n"
        );
        self.deb_of(
            &control,
            format!("{name} {version} {architecture}").as_bytes(),
        )
    }

    /// Makes a file of these bytes, with this control file as if it were in it.
    pub(super) fn deb_of(&self, control: &str, bytes: &[u8]) -> Candidate {
        let sha256 = Sha256::of(bytes);
        let origin = self.folder.path().join(format!("{sha256}.deb"));
        fs::write(&origin, bytes).expect("writes");
        Candidate::Binary(Box::new(Binary {
            origin,
            size: bytes.len() as u64,
            sha256,
            control: BinaryControl::parse(control.as_bytes()).expect("a control file"),
            component: None,
        }))
    }

    pub(super) fn create(&self, store: &dyn Store) -> Outcome {
        let current = observe(store, &self.suite, Question::Whole)?;
        let admission = settle(&current, &self.settings());
        self.publish(store, current, admission)
    }

    pub(super) fn add(&self, store: &dyn Store, candidates: &[Candidate]) -> Outcome {
        recover(store, &self.suite)?;
        match self.plan_add(store, candidates)? {
            Some(plan) => self.run(store, &plan).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn remove(&self, store: &dyn Store, name: &str) -> Outcome {
        let name = PackageName::new(name).expect("a name");
        let current = observe(
            store,
            &self.suite,
            Question::Packages(std::slice::from_ref(&name)),
        )?;
        let admission = remove(
            &current,
            &[Removal {
                name,
                version: None,
            }],
        );
        self.publish(store, current, admission)
    }

    pub(super) fn plan_add(
        &self,
        store: &dyn Store,
        candidates: &[Candidate],
    ) -> Result<Option<PublishPlan>, PublishError> {
        let current = observe(store, &self.suite, Question::Candidates(candidates))?;
        let admission = admit(&current, candidates, Older::Refuse).expect("admitted");
        Ok(Generation::next(&current, &admission, self.record())?.map(plan))
    }

    fn publish(
        &self,
        store: &dyn Store,
        current: crate::archive::Current,
        admission: Result<Admission, Vec<Finding>>,
    ) -> Outcome {
        let admission = admission.expect("admitted");
        match Generation::next(&current, &admission, self.record())? {
            Some(next) => self.run(store, &plan(next)).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn run(
        &self,
        store: &dyn Store,
        plan: &PublishPlan,
    ) -> Result<Published, PublishError> {
        apply(store, plan, &Wax, self.now, self)
    }

    fn record(&self) -> Record {
        Record {
            who: "tester".to_owned(),
            command: "test".to_owned(),
            ..Record::default()
        }
    }

    pub(super) fn write(&self, store: &dyn Store, path: &str, bytes: &[u8]) {
        let path = ArchivePath::new(path).expect(path);
        let write = store.write(&path, Content::Bytes(bytes), &Condition::Always);
        write.expect("writes");
    }

    /// Reads an archive as a client that knows by-hash does, and demands that
    /// everything which is promised is there; returns `INDEX NAME VERSION`s.
    pub(super) fn reader(&self, store: &dyn Store) -> Vec<String> {
        let read = |path: &str| {
            let path = ArchivePath::new(path).expect(path);
            let bytes = store.read(&path).expect("readable");
            bytes.unwrap_or_else(|| panic!("{path} is promised and missing"))
        };
        let suite = &self.suite;
        let in_release = String::from_utf8(read(&format!("dists/{suite}/InRelease")));
        let in_release = in_release.expect("text");
        let (text, seal) = in_release.rsplit_once("sealed ").expect("sealed");
        assert_eq!(seal.trim(), Sha256::of(text.as_bytes()).hex(), "the seal");
        let digests = Release::parse(text.as_bytes()).expect("a Release").files;
        let mut found = Vec::new();
        for (path, plain) in digests.iter().filter(|(path, _)| !path.contains('.')) {
            let (directory, _) = path.rsplit_once('/').expect("a directory");
            for encoding in Encoding::ALL {
                let IndexFile { sha256, size } = digests[&format!("{path}.{encoding}")];
                let bytes = read(&format!(
                    "dists/{suite}/{directory}/by-hash/SHA256/{sha256}"
                ));
                assert_eq!(Sha256::of(&bytes), sha256, "{path}.{encoding}");
                assert_eq!(bytes.len() as u64, size, "{path}.{encoding}");
                let raw = encoding.decompress(&bytes, 1 << 20).expect("valid");
                assert_eq!(Sha256::of(&raw), plain.sha256, "{path} in {encoding}");
                if encoding == Encoding::Xz && path.ends_with("/Packages") {
                    for stanza in index::parse(&raw, Kind::Packages).expect("stanzas") {
                        let fields = stanza.paragraph();
                        let file = read(fields.get("Filename").expect("a field"));
                        let sha256 = fields.get("SHA256").expect("a field");
                        assert_eq!(Sha256::of(&file).hex(), sha256, "{}", stanza.name());
                        found.push(format!("{path} {} {}", stanza.name(), stanza.version()));
                    }
                }
            }
        }
        found
    }

    /// Reads an archive by its plain names too: nothing is left half-switched.
    pub(super) fn settled_reader(&self, store: &dyn Store) -> Vec<String> {
        let there = recover(store, &self.suite)
            .expect("readable")
            .expect("a suite");
        let manifest = there.head.manifest(store).expect("a manifest");
        for (path, listed) in manifest.release().files {
            let file = ArchivePath::new(format!("dists/{}/{path}", self.suite)).expect("a path");
            if path.contains('.') {
                let found = store.digest(&file).expect("readable");
                assert_eq!(found, Some((listed.size, listed.sha256)), "{file}");
            }
        }
        self.reader(store)
    }
}
