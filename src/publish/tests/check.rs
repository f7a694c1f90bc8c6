//! One thing is broken, and the check names it.

use super::world::{Wax, World};
use super::*;
use crate::archive::layout::{self, ObjectKind};
use crate::model::{ArchivePath, Finding, Silent, Timestamp};
use crate::sys::store::{Fault, FaultyStore, MemoryStore, Moment, Store};

struct Scene {
    world: World,
    store: MemoryStore,
}

impl Scene {
    fn new() -> Self {
        let (world, store) = (World::new(), MemoryStore::default());
        world.create(&store).expect("created");
        let source = world.source("hello", "1", &[("hello_1.tar.xz", b"tar")]);
        let packages = [
            world.deb("hello", "1", "amd64"),
            world.deb("docs", "1", "all"),
            source,
        ];
        world.add(&store, &packages).expect("added");
        Self { world, store }
    }

    fn check(&self, store: &dyn Store, depth: Depth) -> Vec<Finding> {
        let suites = [self.world.suite.clone()];
        let now = self.world.now.plus_seconds(10);
        check(store, &suites, depth, &Wax, now, &Silent).expect("readable")
    }
}

#[test]
fn a_whole_archive_has_no_findings() {
    let scene = Scene::new();
    for depth in [Depth::References, Depth::Everything] {
        assert_eq!(scene.check(&scene.store, depth), [], "{depth:?}");
    }
}

/// Tells whether a file belongs to the current generation; others only the
/// history needs.
fn is_current(scene: &Scene, path: &ArchivePath) -> bool {
    let there = recover(&scene.store, &scene.world.suite).expect("readable");
    let head = there.expect("a suite").head;
    let mut paths = vec![layout::object(
        ObjectKind::Manifest,
        &head.generation.manifest,
    )];
    for index in head.manifest(&scene.store).expect("a manifest").indices {
        let chunks = index.chunks.iter();
        paths.extend(chunks.map(|c| layout::object(ObjectKind::Chunk, &c.sha256)));
        for file in &index.files {
            paths.push(layout::by_hash(&head.suite, &index.name, &file.sha256));
            let kind = ObjectKind::Piece(file.encoding);
            let pieces = file.pieces.iter();
            paths.extend(pieces.map(|p| layout::object(kind, &p.sha256)));
        }
    }
    // A list of files that is lost or damaged is made again from its package.
    if path.as_str().starts_with(".debcut/files/") {
        return false;
    }
    let named_by_digest = ["/objects/", "/by-hash/"];
    let other = !named_by_digest
        .iter()
        .any(|part| path.as_str().contains(part));
    other || paths.contains(path)
}

#[test]
fn every_file_is_missed_and_every_change_is_seen() {
    let scene = Scene::new();
    let clean = scene.store.files();
    let mut rules = std::collections::BTreeSet::new();
    for path in clean.keys().filter(|path| is_current(&scene, path)) {
        for damage in [Damage::Remove, Damage::Flip] {
            let store = MemoryStore::with_files(clean.clone());
            match damage {
                Damage::Remove => store.delete(path).expect("deletes"),
                Damage::Flip => {
                    let mut bytes = clean[path].clone();
                    *bytes.last_mut().expect("not empty") ^= 1;
                    scene.world.write(&store, path.as_str(), &bytes);
                }
            }
            let findings = scene.check(&store, Depth::Everything);
            assert!(!findings.is_empty(), "{damage:?} {path}");
            for finding in &findings {
                assert!(
                    !finding.fix.is_empty() || finding.rule == "no-such-suite",
                    "{finding:?}"
                );
                rules.insert(finding.rule);
            }
        }
    }
    let rules: Vec<_> = rules.into_iter().collect();
    let want = [
        "bad-signature",
        "damaged-index",
        "damaged-package",
        "damaged-state",
        "missing-index",
        "missing-package",
        "missing-release",
        "no-such-suite",
        "unfinished-publish",
    ];
    assert_eq!(rules, want);
}

#[test]
fn signature_of_another_time_is_seen_although_it_counts() {
    let scene = Scene::new();
    let path = layout::release_gpg(&scene.world.suite);
    let before = scene.store.read(&path).expect("readable").expect("there");
    let signed_again = [&before[..], b"\n"].concat();
    scene
        .world
        .write(&scene.store, path.as_str(), &signed_again);
    let findings = check(
        &scene.store,
        std::slice::from_ref(&scene.world.suite),
        Depth::References,
        &Lenient,
        scene.world.now,
        &Silent,
    );
    let findings = findings.expect("readable");
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(
        (findings[0].rule, findings[0].subject.as_str()),
        ("unfinished-publish", path.as_str())
    );
}

/// Accepts every detached signature.
struct Lenient;

impl Verify for Lenient {
    fn verify_clear(&self, framed: &str, now: Timestamp) -> Result<String, SealError> {
        Wax.verify_clear(framed, now)
    }

    fn verify_detached(&self, _: &[u8], _: &str, _: Timestamp) -> Result<(), SealError> {
        Ok(())
    }
}

#[derive(Debug, Clone, Copy)]
enum Damage {
    Remove,
    Flip,
}

#[test]
fn a_quick_check_sees_sizes_and_a_deep_one_contents() {
    let scene = Scene::new();
    let path = "pool/main/d/docs/docs_1_all.deb";
    scene.world.write(&scene.store, path, b"docs 2 all");
    assert_eq!(scene.check(&scene.store, Depth::References), []);
    let findings = scene.check(&scene.store, Depth::Everything);
    // Once, although two indices list it.
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(
        (findings[0].rule, findings[0].subject.as_str()),
        ("damaged-package", path)
    );
    scene.world.write(&scene.store, path, b"longer than before");
    assert_eq!(scene.check(&scene.store, Depth::References).len(), 1);
}

#[test]
fn an_unfinished_publish_is_named_and_goes_away() {
    let scene = Scene::new();
    let hello = [scene.world.deb("hello", "2", "amd64")];
    let counting = FaultyStore::new(&scene.store);
    let copy = MemoryStore::with_files(scene.store.files());
    scene.world.add(&counting, &hello).expect("added");
    let last = counting.changes() - 1;
    let faulty = FaultyStore::new(&copy).with(Fault::Dead(last, Moment::Before));
    scene.world.add(&faulty, &hello).expect_err("killed");
    let findings = scene.check(&copy, Depth::References);
    assert!(
        findings.iter().all(|f| f.rule == "unfinished-publish"),
        "{findings:?}"
    );
    assert!(!findings.is_empty());
    recover(&copy, &scene.world.suite).expect("completes");
    assert_eq!(scene.check(&copy, Depth::Everything), []);
}
