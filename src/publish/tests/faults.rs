//! Every write fails once, every write is the last one, and at every write
//! somebody else publishes.

use super::world::World;
use super::*;
use crate::archive::{Candidate, layout};
use crate::sys::store::{Fault, FaultyStore, MemoryStore, Moment, Store};

/// Two packages in several indices, on top of a suite that has some.
struct Scene {
    world: World,
    before: MemoryStore,
    add: Vec<Candidate>,
}

impl Scene {
    fn new() -> Self {
        let (world, before) = (World::new(), MemoryStore::default());
        world.create(&before).expect("created");
        let some: Vec<_> = ["aa", "cc", "ee", "gg"]
            .map(|name| world.deb(name, "1", "amd64"))
            .to_vec();
        world.add(&before, &some).expect("added");
        let add = vec![world.deb("cc", "2", "amd64"), world.deb("dd", "1", "all")];
        Self { world, before, add }
    }

    fn store(&self) -> MemoryStore {
        MemoryStore::with_files(self.before.files())
    }

    /// Publishes undisturbed; returns how many changes that takes.
    fn undisturbed(&self) -> (MemoryStore, usize) {
        let store = self.store();
        let counting = FaultyStore::new(&store);
        self.world.add(&counting, &self.add).expect("added");
        let changes = counting.changes();
        drop(counting);
        assert!(changes > 20, "{changes} changes are too few for a test");
        (store, changes)
    }
}

#[test]
fn a_rerun_finishes_whatever_failed() {
    let scene = Scene::new();
    let (want, changes) = scene.undisturbed();
    let old = scene.world.reader(&scene.before);
    let new = scene.world.reader(&want);
    for at in 0..changes {
        for fault in [
            Fault::Once(at, Moment::Before),
            Fault::Once(at, Moment::After),
            Fault::Dead(at, Moment::Before),
            Fault::Dead(at, Moment::After),
            Fault::Full(at),
        ] {
            let store = scene.store();
            let faulty = FaultyStore::new(&store).with(fault);
            scene
                .world
                .add(&faulty, &scene.add)
                .expect_err("a write failed");
            let seen = scene.world.reader(&store);
            assert!(seen == old || seen == new, "{fault:?}: {seen:?}");

            scene.world.add(&store, &scene.add).expect("finishes");
            assert_eq!(store.files(), want.files(), "{fault:?}");
        }
    }
}

#[test]
fn clients_see_one_whole_generation_at_every_moment() {
    let scene = Scene::new();
    let (want, changes) = scene.undisturbed();
    let old = scene.world.reader(&scene.before);
    let new = scene.world.reader(&want);
    let mut turned = false;
    for at in 0..changes {
        let store = scene.store();
        let seen = std::sync::Mutex::new(Vec::new());
        let look = || *seen.lock().expect("free") = scene.world.reader(&store);
        let watched = FaultyStore::new(&store).interrupted(at, look);
        scene.world.add(&watched, &scene.add).expect("added");
        drop(watched);
        let seen = seen.into_inner().expect("free");
        turned |= seen == new;
        let want = if turned { &new } else { &old };
        assert_eq!(seen, *want, "at write {at}");
    }
    assert!(!turned, "the switch is the last write");
}

/// Every file that clients read but the packages, one after the other.
fn read_by_clients(scene: &Scene) -> Vec<String> {
    let head = recover(&scene.before, &scene.world.suite).expect("readable");
    let head = head.expect("a suite").head;
    let manifest = head.manifest(&scene.before).expect("a manifest");
    let mut paths = ["InRelease", "Release", "Release.gpg"]
        .map(|name| format!("dists/stable/{name}"))
        .to_vec();
    for index in &manifest.indices {
        for file in &index.files {
            let by_hash = layout::by_hash(&head.suite, &index.name, &file.sha256);
            let plain = layout::index_file(&head.suite, &index.name, file.encoding);
            paths.extend([by_hash, plain].map(|path| path.as_str().to_owned()));
        }
    }
    paths
}

#[test]
fn what_is_missing_or_cut_short_is_put_back() {
    let scene = Scene::new();
    let clean = scene.before.files();
    let paths = read_by_clients(&scene);
    let damage = |store: &MemoryStore, path: &str| scene.world.write(store, path, b"cut");
    for path in &paths {
        let store = scene.store();
        damage(&store, path);
        recover(&store, &scene.world.suite).expect("repairs");
        assert_eq!(store.files(), clean, "{path}");
    }
    // All of them at once: from the head and the pieces alone; and where that
    // fails, the next one goes on.
    let store = scene.store();
    paths.iter().for_each(|path| damage(&store, path));
    let counting = FaultyStore::new(&store);
    recover(&counting, &scene.world.suite).expect("repairs");
    let changes = counting.changes();
    drop(counting);
    assert_eq!(store.files(), clean);
    for at in 0..changes {
        let store = scene.store();
        paths.iter().for_each(|path| damage(&store, path));
        let faulty = FaultyStore::new(&store).with(Fault::Dead(at, Moment::Before));
        recover(&faulty, &scene.world.suite).expect_err("killed");
        recover(&store, &scene.world.suite).expect("repairs");
        assert_eq!(store.files(), clean, "{at}");
    }
}

#[test]
fn who_repairs_never_brings_back_what_somebody_replaced() {
    let scene = Scene::new();
    let broken = scene.store();
    for path in read_by_clients(&scene)
        .iter()
        .filter(|path| !path.ends_with("InRelease"))
    {
        scene.world.write(&broken, path, b"cut");
    }
    let whole = MemoryStore::with_files(broken.files());
    let counting = FaultyStore::new(&whole);
    recover(&counting, &scene.world.suite).expect("repairs");
    for at in 0..counting.changes() {
        let store = MemoryStore::with_files(broken.files());
        let publish = || {
            scene
                .world
                .add(&store, &scene.add)
                .expect("the other one publishes");
        };
        let mine = FaultyStore::new(&store).interrupted(at, publish);
        recover(&mine, &scene.world.suite).expect("repairs");
        drop(mine);
        let seen = scene.world.settled_reader(&store);
        assert!(seen.iter().any(|s| s.ends_with("cc 2")), "{at}: {seen:?}");
        let release = store.read(&layout::release(&scene.world.suite));
        let head = recover(&store, &scene.world.suite)
            .expect("readable")
            .expect("a suite")
            .head;
        assert_eq!(
            release.expect("readable"),
            Some(head.release.into_bytes()),
            "{at}"
        );
    }
}

#[test]
fn two_publishers_never_lose_anything() {
    let scene = Scene::new();
    let (_, changes) = scene.undisturbed();
    let others = [
        // Another chunk, the same chunk, the same package.
        [scene.world.deb("zz", "1", "arm64")],
        [scene.world.deb("cd", "1", "amd64")],
        [scene.world.deb("cc", "3", "amd64")],
    ];
    for other in &others {
        for at in 0..changes {
            let store = scene.store();
            let publish = || {
                scene.world.add(&store, other).expect("the other one wins");
            };
            let mine = FaultyStore::new(&store).interrupted(at, publish);
            let result = scene.world.add(&mine, &scene.add);
            let name = other[0].subject();
            match result {
                Ok(published) => {
                    let number = published.expect("a change").generation.number;
                    assert_eq!(number, 3, "{name} at {at}: mine was first");
                }
                Err(error) => {
                    let lost = matches!(error, PublishError::LostRace { .. });
                    assert!(lost, "{name} at {at}: {error}");
                    let seen = scene.world.settled_reader(&store);
                    assert!(!seen.iter().any(|s| s.contains("dd")), "{seen:?}");
                    if name.starts_with("cc") {
                        continue; // Mine is the older version by now.
                    }
                    scene.world.add(&store, &scene.add).expect("the second try");
                }
            }
            let seen = scene.world.settled_reader(&store);
            for want in ["cc 2", "dd 1"] {
                assert!(seen.iter().any(|s| s.ends_with(want)), "{want} in {seen:?}");
            }
            let want = scene.world.reader(&scene.before).len() + 3 + 1;
            assert_eq!(seen.len(), want, "{name} at {at}: {seen:?}");
        }
    }
}

#[test]
fn a_late_switch_leaves_no_older_plain_names() {
    let scene = Scene::new();
    let (_, changes) = scene.undisturbed();
    // Somebody else publishes just before my last write, which is the switch.
    let store = scene.store();
    let other = [scene.world.deb("zz", "1", "amd64")];
    let publish = || {
        scene.world.add(&store, &other).expect("added");
    };
    let mine = FaultyStore::new(&store).interrupted(changes - 1, publish);
    let published = scene.world.add(&mine, &scene.add).expect("added");
    assert_eq!(published.expect("a change").generation.number, 3);
    let seen = scene.world.settled_reader(&store);
    let there = recover(&store, &scene.world.suite).expect("readable");
    assert_eq!(there.expect("a suite").head.generation.number, 4);
    assert!(seen.iter().any(|s| s.ends_with("zz 1")), "{seen:?}");
    assert!(seen.iter().any(|s| s.ends_with("cc 2")), "{seen:?}");
}

#[test]
fn what_a_stopped_publish_left_harms_nobody() {
    let scene = Scene::new();
    let store = scene.store();
    let faulty = FaultyStore::new(&store).with(Fault::Dead(5, Moment::After));
    scene.world.add(&faulty, &scene.add).expect_err("killed");
    let before = scene.world.reader(&store);
    // Somebody publishes something else and never comes back to it.
    let other = [scene.world.deb("zz", "1", "amd64")];
    scene.world.add(&store, &other).expect("added");
    assert_eq!(scene.world.settled_reader(&store).len(), before.len() + 1);
}
