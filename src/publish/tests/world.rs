//! A small world to publish in: packages, a signer, a clock, and a reader who
//! looks at an archive as apt does.

use std::cell::RefCell;
use std::fs;
use std::sync::Mutex;

use tempfile::TempDir;

use crate::archive::candidate::{Binary, Source, SourceFile};
use crate::archive::chunk::ChunkRule;
use crate::archive::layout;
use crate::archive::{
    Admission, Candidate, Current, Older, Record, Removal, Settings, admit, remove, settle,
};
use crate::format::checksums::FileName;
use crate::format::control::BinaryControl;
use crate::format::dsc::Dsc;
use crate::format::index::contents::FileList;
use crate::format::index::piece::Encoding;
use crate::format::index::{self, Kind};
use crate::format::release::{IndexFile, Release};
use crate::model::{
    Architecture, ArchivePath, Component, Event, FileDigests, Finding, Listener, PackageName,
    Sha256, Suite, Timestamp,
};
use crate::publish::*;
use crate::sys::store::{Condition, Content, Store};

pub(super) struct World {
    pub(super) suite: Suite,
    pub(super) now: Timestamp,
    pub(super) rule: ChunkRule,
    folder: TempDir,
    heard: Mutex<RefCell<Vec<String>>>,
}

/// Wraps a text so that a reader can check it, and nothing else.
pub(super) struct Wax;

impl Seal for Wax {
    fn clear_sign(&self, text: &str, _: Timestamp) -> Result<String, SealError> {
        Ok(format!("{text}sealed {}\n", Sha256::of(text.as_bytes())))
    }

    fn detach_sign(&self, bytes: &[u8], _: Timestamp) -> Result<String, SealError> {
        Ok(format!("sealed {}\n", Sha256::of(bytes)))
    }
}

impl Verify for Wax {
    fn verify_clear(&self, framed: &str, _: Timestamp) -> Result<String, SealError> {
        let (text, _) = framed.rsplit_once("sealed ").ok_or("there is no seal")?;
        match self.clear_sign(text, Timestamp::from_unix(0))? == framed {
            true => Ok(text.to_owned()),
            false => Err("the seal is broken".into()),
        }
    }

    fn verify_detached(
        &self,
        bytes: &[u8],
        signature: &str,
        _: Timestamp,
    ) -> Result<(), SealError> {
        match self.detach_sign(bytes, Timestamp::from_unix(0))? == signature {
            true => Ok(()),
            false => Err("the seal is broken".into()),
        }
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
            // Many chunks of few packages.
            rule: ChunkRule {
                boundary_bits: 1,
                max_bytes: 600,
            },
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
            chunks: self.rule,
            encodings: Encoding::ALL.to_vec(),
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
            files: FileList::new([
                format!("./usr/share/doc/{sha256}").as_bytes(),
                b"usr/share/common",
            ]),
            component: None,
        }))
    }

    /// Makes a source package of these files beside a `.dsc` that lists them.
    pub(super) fn source(&self, name: &str, version: &str, files: &[(&str, &[u8])]) -> Candidate {
        let mut sums = String::new();
        let mut md5 = String::new();
        let mut found = Vec::new();
        for (name, bytes) in files {
            let digests = FileDigests::of(bytes);
            let (size, sha256) = (digests.size, digests.sha256);
            sums += &format!(" {sha256} {size} {name}\n");
            md5 += &format!(" {} {size} {name}\n", digests.md5);
            let origin = self.folder.path().join(name);
            fs::write(&origin, bytes).expect("writes");
            found.push(SourceFile {
                origin,
                name: FileName::new(*name).expect("a file name"),
                size,
                sha256,
            });
        }
        let text = format!(
            "Format: 3.0 (quilt)\nSource: {name}\nBinary: {name}\nArchitecture: any\n\
             Version: {version}\nMaintainer: A <a@example.org>\n\
             Checksums-Sha256:\n{sums}Files:\n{md5}"
        );
        let origin = self.folder.path().join(format!("{name}_{version}.dsc"));
        fs::write(&origin, &text).expect("writes");
        Candidate::Source(Box::new(Source {
            origin,
            digests: FileDigests::of(text.as_bytes()),
            dsc: Dsc::parse(text.as_bytes()).expect("a .dsc"),
            files: found,
            section: None,
            priority: None,
            component: None,
        }))
    }

    pub(super) fn create(&self, store: &dyn Store) -> Outcome {
        match self.plan_create(store)? {
            Some(plan) => self.run(store, &plan).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn plan_create(
        &self,
        store: &dyn Store,
    ) -> Result<Option<PublishPlan>, PublishError> {
        let current = observe(store, &self.suite, Question::Whole)?;
        self.plan(store, &current, settle(&current, &self.settings()))
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
        match self.plan(store, &current, admission)? {
            Some(plan) => self.run(store, &plan).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn plan_add(
        &self,
        store: &dyn Store,
        candidates: &[Candidate],
    ) -> Result<Option<PublishPlan>, PublishError> {
        let current = observe(store, &self.suite, Question::Candidates(candidates))?;
        self.plan(store, &current, admit(&current, candidates, Older::Refuse))
    }

    fn plan(
        &self,
        store: &dyn Store,
        current: &Current,
        admission: Result<Admission, Vec<Finding>>,
    ) -> Result<Option<PublishPlan>, PublishError> {
        let admission = admission.expect("admitted");
        Ok(next(store, current, admission, &[], self.record())?.map(plan))
    }

    pub(super) fn run(
        &self,
        store: &dyn Store,
        plan: &PublishPlan,
    ) -> Result<Published, PublishError> {
        apply(store, plan, &Wax, Dating::of(self.now), self)
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
        let text = Wax.verify_clear(&in_release, self.now).expect("sealed");
        let digests = Release::parse(text.as_bytes()).expect("a Release").files;
        let mut found = Vec::new();
        for (path, plain) in digests.iter().filter(|(path, _)| !path.contains('.')) {
            let (directory, _) = path.rsplit_once('/').expect("a directory");
            for encoding in Encoding::ALL {
                let Some(listed) = digests.get(&format!("{path}.{encoding}")) else {
                    continue;
                };
                let IndexFile { sha256, size } = *listed;
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
        let read = |path| store.read(&path).expect("readable").expect("is there");
        let path = layout::head(&self.suite);
        let head = Head::from_bytes(&path, &self.suite, &read(path.clone())).expect("a head");
        let in_release = read(layout::in_release(&self.suite));
        assert!(
            in_release == head.in_release.as_bytes(),
            "InRelease is not the head's"
        );
        let manifest = head.manifest(store).expect("a manifest");
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
