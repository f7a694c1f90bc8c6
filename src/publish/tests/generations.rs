//! Collecting garbage and destroying content: with every change failing once,
//! and with somebody else at work at every moment.

use std::num::NonZeroU32;
use std::sync::Mutex;

use super::world::{Wax, World};
use super::*;
use crate::archive::purge::Purge;
use crate::archive::restore::restore;
use crate::archive::settings::Retention;
use crate::archive::{Candidate, Older, Pin, PinName, Record, admit, layout};
use crate::model::{Sha256, Silent};
use crate::sys::store::{Fault, FaultyStore, MemoryStore, Moment, Store};

const HOUR: i64 = 3600;

/// A suite whose first generations are long past: aa came and went, bb stays.
struct Scene {
    world: World,
    store: MemoryStore,
    aa: Vec<Candidate>,
}

impl Scene {
    fn new() -> Self {
        let (mut world, store) = (World::new(), MemoryStore::default());
        let aa = vec![world.deb("aa", "1", "amd64")];
        let bb = vec![world.deb("bb", "1", "all")];
        world.create(&store).expect("created");
        world.add(&store, &aa).expect("added");
        world.now = world.now.plus_seconds(HOUR);
        world.add(&store, &bb).expect("added");
        world.now = world.now.plus_seconds(HOUR);
        world.remove(&store, "aa").expect("removed");
        world.now = world.now.plus_seconds(3 * HOUR);
        Self { world, store, aa }
    }

    /// Condemns, and lets the grace time pass.
    fn condemned() -> Self {
        let mut scene = Self::new();
        let collected = scene.collect(&scene.store).expect("collects");
        assert!(collected.deleted.is_empty() && !collected.waiting.is_empty());
        scene.world.now = scene.world.now.plus_seconds(2 * HOUR);
        scene
    }

    fn copy(&self) -> MemoryStore {
        MemoryStore::with_files(self.store.files())
    }

    fn collect(&self, store: &dyn Store) -> Result<Collected, PublishError> {
        let policy = Policy {
            retention: Some(Retention {
                count: NonZeroU32::new(1),
                seconds: None,
            }),
            grace_seconds: HOUR as u64,
        };
        collect(store, &policy, self.world.now, &Silent)
    }

    fn findings(&self, store: &dyn Store) -> Vec<crate::model::Finding> {
        let suites = [self.world.suite.clone()];
        let now = self.world.now.plus_seconds(10);
        check(store, &suites, Depth::Everything, &Wax, now, &Silent).expect("readable")
    }

    /// Demands that the archive is whole and that all it says it keeps is there.
    fn is_whole(&self, store: &dyn Store, shown: &str) -> Vec<String> {
        assert_eq!(self.findings(store), [], "{shown}");
        for (base, _) in generations(store, &self.world.suite).expect("readable") {
            let seen = observe_generation(store, &self.world.suite, base.number, Question::Whole);
            seen.unwrap_or_else(|error| panic!("{shown}: generation {}: {error}", base.number));
        }
        self.world.settled_reader(store)
    }
}

fn numbers(store: &dyn Store, world: &World) -> Vec<u64> {
    let kept = generations(store, &world.suite).expect("readable");
    kept.into_iter().map(|(base, _)| base.number).collect()
}

#[test]
fn what_nothing_needs_is_condemned_and_then_deleted() {
    let scene = Scene::condemned();
    let store = scene.copy();
    assert_eq!(numbers(&store, &scene.world), [4, 3, 2, 1]);
    let collected = scene.collect(&store).expect("collects");
    assert!(collected.waiting.is_empty());
    assert_eq!(numbers(&store, &scene.world), [4]);
    scene.is_whole(&store, "collected");
    let files = store.files();
    let has = |text: &str| files.keys().any(|path| path.as_str().contains(text));
    assert!(has("pool/main/b/bb/") && !has("pool/main/a/aa/"));
    let again = scene.collect(&store).expect("collects");
    assert!(again.deleted.is_empty() && !again.condemned_anew);
    assert_eq!(store.files(), files, "nothing to do the second time");
    // Everything that is left but our own records is needed or was never ours.
    let publish = scene.world.add(&store, &scene.aa).expect("added");
    assert_eq!(publish.expect("a change").generation.number, 5);
    scene.is_whole(&store, "published again");
}

#[test]
fn a_reader_of_a_recent_generation_finds_all_it_promises() {
    let mut scene = Scene::new();
    let old = scene.world.reader(&scene.store);
    let path = layout::in_release(&scene.world.suite);
    let in_release = scene.store.read(&path).expect("readable").expect("there");
    scene.world.remove(&scene.store, "bb").expect("removed");
    for minutes in [0, 29, 29] {
        scene.world.now = scene.world.now.plus_seconds(minutes * 60);
        scene.collect(&scene.store).expect("collects");
        let mut files = scene.store.files();
        files.insert(path.clone(), in_release.clone());
        assert_eq!(scene.world.reader(&MemoryStore::with_files(files)), old);
    }
}

#[test]
fn a_pinned_generation_stays_beyond_the_gap() {
    let mut scene = Scene::new();
    let (base, _) = generation(&scene.store, &scene.world.suite, 2)
        .expect("readable")
        .expect("kept");
    let name = PinName::new("good").expect("a name");
    let said = ("tester".to_owned(), None);
    let suite = scene.world.suite.clone();
    let own = Pin::new(suite.clone(), name.clone(), base, said, scene.world.now);
    pin(&scene.store, &own).expect("pinned");
    for _ in 0..2 {
        scene.collect(&scene.store).expect("collects");
        scene.world.now = scene.world.now.plus_seconds(2 * HOUR);
    }
    assert_eq!(numbers(&scene.store, &scene.world), [4, 2]);
    scene.is_whole(&scene.store, "pinned");
    // Its indices are put together again from their pieces, its package is there.
    let current = observe(&scene.store, &suite, Question::Manifest).expect("readable");
    let (_, then) = generation(&scene.store, &suite, 2)
        .expect("readable")
        .expect("kept");
    let next = restore(&current, &then, Vec::new(), Record::default()).expect("a change");
    scene
        .world
        .run(&scene.store, &plan(next))
        .expect("published");
    let seen = scene.is_whole(&scene.store, "rolled back");
    assert!(seen.iter().any(|line| line.ends_with("aa 1")), "{seen:?}");
    let current = observe(&scene.store, &suite, Question::Manifest).expect("readable");
    assert_eq!(
        restore(&current, &then, Vec::new(), Record::default()),
        None
    );

    unpin(&scene.store, &suite, &name).expect("unpinned");
    assert_eq!(pins(&scene.store, &suite).expect("readable"), []);
}

#[test]
fn a_collection_that_stops_anywhere_is_resumed() {
    let scene = Scene::condemned();
    let want = scene.copy();
    let counting = FaultyStore::new(&want);
    scene.collect(&counting).expect("collects");
    let changes = counting.changes();
    drop(counting);
    assert!(changes > 10, "{changes}");
    for at in 0..changes {
        for moment in [Moment::Before, Moment::After] {
            let store = scene.copy();
            let shown = format!("{at} {moment:?}");
            let faulty = FaultyStore::new(&store).with(Fault::Dead(at, moment));
            scene.collect(&faulty).expect_err("killed");
            drop(faulty);
            scene.is_whole(&store, &shown);
            // Without a lock nobody knows yet that it is dead.
            let sweeping = store.read(&layout::condemned()).expect("readable");
            let sweeping = String::from_utf8(sweeping.expect("there")).expect("text");
            if !sweeping.contains("\"sweeping\":null") {
                let refused = scene.world.add(&store, &scene.aa).expect_err("collecting");
                assert!(
                    matches!(refused, PublishError::Collecting { .. }),
                    "{refused}"
                );
            }
            abandon(&store).expect("whoever has a lock knows");
            scene.collect(&store).expect("collects");
            assert_eq!(store.files(), want.files(), "{shown}");
        }
    }
}

#[test]
fn a_publisher_beside_a_collection_loses_nothing() {
    let scene = Scene::condemned();
    let counted = scene.copy();
    let counting = FaultyStore::new(&counted);
    scene.collect(&counting).expect("collects");
    let changes = counting.changes();
    for at in 0..changes {
        let store = scene.copy();
        let result = Mutex::new(None);
        let publish = || {
            // What is condemned or half deleted is wanted again.
            *result.lock().expect("free") = Some(scene.world.add(&store, &scene.aa));
        };
        let mine = FaultyStore::new(&store).interrupted(at, publish);
        let collected = scene.collect(&mine);
        drop(mine);
        let published = result.into_inner().expect("free").expect("it ran");
        match (collected, &published) {
            // The publisher was first: the collector begins anew.
            (Err(error), Ok(_)) => assert!(error.is_lost_race(), "{at}: {error}"),
            // The collector was first: the publisher is told to try again.
            (Ok(_), Err(error)) => {
                assert!(
                    matches!(error, PublishError::Collecting { .. }),
                    "{at}: {error}"
                );
                scene.world.add(&store, &scene.aa).expect("added");
            }
            (Ok(_), Ok(_)) => {}
            (Err(error), Err(other)) => panic!("{at}: both lost: {error}, {other}"),
        }
        let seen = scene.is_whole(&store, &at.to_string());
        assert!(
            seen.iter().any(|line| line.ends_with("aa 1")),
            "{at}: {seen:?}"
        );
        scene.collect(&store).expect("collects");
        scene.is_whole(&store, &format!("{at}, collected again"));
    }
}

#[test]
fn a_collection_beside_a_publisher_loses_nothing() {
    let scene = Scene::condemned();
    let counted = scene.copy();
    let counting = FaultyStore::new(&counted);
    scene.world.add(&counting, &scene.aa).expect("added");
    let changes = counting.changes();
    let mut lost = 0;
    for at in 0..changes {
        let store = scene.copy();
        let collect = || {
            scene.collect(&store).expect("collects");
        };
        let mine = FaultyStore::new(&store).interrupted(at, collect);
        let published = scene.world.add(&mine, &scene.aa);
        drop(mine);
        if let Err(error) = published {
            assert!(error.is_lost_race(), "{at}: {error}");
            lost += 1;
            scene.world.add(&store, &scene.aa).expect("added");
        }
        let seen = scene.is_whole(&store, &at.to_string());
        assert!(
            seen.iter().any(|line| line.ends_with("aa 1")),
            "{at}: {seen:?}"
        );
    }
    assert!(lost <= 1, "only before the list is changed: {lost}");
}

/// Destroys content as the program does.
fn destroy(scene: &Scene, store: &dyn Store, sha256: &Sha256) -> Result<(), PublishError> {
    let found = survey(store, sha256)?;
    let before = purge_record(store, sha256)?;
    let mut paths = found.paths.clone();
    paths.extend(
        before
            .iter()
            .flat_map(|record| record.paths.iter().cloned()),
    );
    let said = ("tester".to_owned(), "leaked".to_owned());
    let listed = paths.iter().cloned().collect();
    let mut record = Purge::new(*sha256, listed, said, "purge".to_owned(), scene.world.now);
    spare_all(store, scene.world.now)?;
    record_purge(store, &record)?;
    let state = state_of_all(store)?;
    recover(store, &scene.world.suite)?;
    let (_, next) = rewrite(store, &scene.world.suite, sha256, &found)?;
    if let Some(next) = next {
        scene.world.run(store, &plan(next))?;
    }
    record.removed = erase(store, sha256, &paths, &state)?;
    record.finished = true;
    record_purge(store, &record)
}

/// Finds the files in which a text is, compressed or not.
fn naming(store: &MemoryStore, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (path, bytes) in store.files() {
        let mut forms = vec![bytes.clone()];
        for encoding in crate::format::index::piece::Encoding::ALL {
            forms.extend(encoding.decompress(&bytes, 1 << 24));
        }
        let holds = |form: &Vec<u8>| String::from_utf8_lossy(form).contains(text);
        if path.as_str().contains(text) || forms.iter().any(holds) {
            found.push(path.to_string());
        }
    }
    found
}

#[test]
fn what_is_purged_is_nowhere_and_never_comes_back() {
    let mut scene = Scene::new();
    scene.world.add(&scene.store, &scene.aa).expect("added");
    let Candidate::Binary(aa) = &scene.aa[0] else {
        unreachable!("it is a .deb")
    };
    let sha256 = aa.sha256;
    let base = generation(&scene.store, &scene.world.suite, 3).expect("readable");
    let name = PinName::new("with-it").expect("a name");
    let said = ("tester".to_owned(), None);
    let (base, suite) = (base.expect("kept").0, scene.world.suite.clone());
    pin(
        &scene.store,
        &Pin::new(suite, name, base, said, scene.world.now),
    )
    .expect("pinned");
    scene.world.now = scene.world.now.plus_seconds(10);

    let whole = scene.copy();
    let counting = FaultyStore::new(&whole);
    destroy(&scene, &counting, &sha256).expect("destroyed");
    let changes = counting.changes();
    drop(counting);
    let clean = |store: &MemoryStore, shown: &str| {
        let seen = scene.is_whole(store, shown);
        assert!(
            seen.iter().all(|line| !line.contains("aa")),
            "{shown}: {seen:?}"
        );
        let record = layout::purged_record(&sha256).to_string();
        assert_eq!(naming(store, &sha256.hex()), [record], "{shown}");
        assert_eq!(naming(store, "aa 1 amd64"), [""; 0], "{shown}");
        assert_eq!(numbers(store, &scene.world), [6, 5, 4, 3, 2, 1], "{shown}");
        let pins = pins(store, &scene.world.suite).expect("readable");
        let kept = generations(store, &scene.world.suite).expect("readable");
        assert!(
            kept.iter().any(|(base, _)| *base == pins[0].generation),
            "{shown}"
        );
        let question = Question::Candidates(&scene.aa);
        let current = observe(store, &scene.world.suite, question).expect("readable");
        let admission = admit(&current, &scene.aa, Older::Refuse).expect("admitted");
        let refused = purged(&purge_records(store).expect("readable"), &admission);
        assert_eq!(refused[0].rule, "purged", "{shown}");
    };
    clean(&whole, "undisturbed");
    // Killed anywhere, the same purge goes on.
    for at in (0..changes).step_by(3) {
        let store = scene.copy();
        let faulty = FaultyStore::new(&store).with(Fault::Dead(at, Moment::After));
        destroy(&scene, &faulty, &sha256).expect_err("killed");
        drop(faulty);
        scene.world.reader(&store);
        destroy(&scene, &store, &sha256).expect("destroyed");
        clean(&store, &at.to_string());
    }
}

#[test]
fn what_only_speaks_of_destroyed_content_stays() {
    let scene = Scene::new();
    scene.world.add(&scene.store, &scene.aa).expect("added");
    let Candidate::Binary(aa) = &scene.aa[0] else {
        unreachable!("it is a .deb")
    };
    let control = format!(
        "Package: zz\nVersion: 1\nArchitecture: all\n\
         Maintainer: A <a@example.org>\nDescription: not {}\n",
        aa.sha256
    );
    let zz = [scene.world.deb_of(&control, b"zz")];
    scene.world.add(&scene.store, &zz).expect("added");
    destroy(&scene, &scene.store, &aa.sha256).expect("destroyed");
    let seen = scene.is_whole(&scene.store, "destroyed");
    assert!(seen.iter().any(|line| line.ends_with("zz 1")), "{seen:?}");
    assert!(!seen.iter().any(|line| line.contains("aa")), "{seen:?}");
}

#[test]
fn a_name_that_another_file_has_by_now_is_left_to_it() {
    let scene = Scene::new();
    let suite = scene.world.suite.clone();
    let path = "pool/main/b/bb/bb_1_all.deb";
    let path = crate::model::ArchivePath::new(path).expect("a path");
    let before = scene.store.read(&path).expect("readable");
    assert!(before.is_some(), "{suite} has it");
    let other = Sha256::of(b"what was there before");
    let state = state_of_all(&scene.store).expect("readable");
    let paths = [path.clone()].into();
    let erased = erase(&scene.store, &other, &paths, &state).expect("erased");
    assert_eq!(erased, []);
    assert_eq!(scene.store.read(&path).expect("readable"), before);
}

#[test]
fn a_purge_that_stopped_leaves_its_pins_what_they_keep() {
    let mut scene = Scene::new();
    scene.world.add(&scene.store, &scene.aa).expect("added");
    let Candidate::Binary(aa) = &scene.aa[0] else {
        unreachable!("it is a .deb")
    };
    let suite = scene.world.suite.clone();
    let base = generation(&scene.store, &suite, 3).expect("readable");
    let said = ("tester".to_owned(), None);
    let name = PinName::new("good").expect("a name");
    let own = Pin::new(
        suite.clone(),
        name,
        base.expect("kept").0,
        said,
        scene.world.now,
    );
    pin(&scene.store, &own).expect("pinned");
    let found = survey(&scene.store, &aa.sha256).expect("readable");
    let (_, next) = rewrite(&scene.store, &suite, &aa.sha256, &found).expect("rewritten");
    let next = plan(next.expect("a change"));
    scene.world.run(&scene.store, &next).expect("published");
    for _ in 0..3 {
        scene.world.now = scene.world.now.plus_seconds(2 * HOUR);
        scene.collect(&scene.store).expect("collects");
    }
    assert_eq!(numbers(&scene.store, &scene.world), [6, 3]);
    scene.is_whole(&scene.store, "collected");
}

#[test]
fn who_died_while_deleting_is_believed_for_an_hour() {
    let scene = Scene::condemned();
    let now = scene.world.now;
    sweep(&scene.store, now).expect("nobody else does");
    let refused = spare_all(&scene.store, now.plus_seconds(HOUR - 1)).expect_err("it deletes");
    assert!(
        matches!(refused, PublishError::Collecting { .. }),
        "{refused}"
    );
    spare_all(&scene.store, now.plus_seconds(HOUR)).expect("it is dead");
    scene.world.add(&scene.store, &scene.aa).expect("added");
}

#[test]
fn an_upstream_tarball_that_was_collected_is_missed() {
    let (mut world, store) = (World::new(), MemoryStore::default());
    let orig = ("foo_1.orig.tar.xz", &b"upstream"[..]);
    let first = world.source("foo", "1-1", &[orig, ("foo_1-1.debian.tar.xz", b"one")]);
    let second = world.source("foo", "1-2", &[orig, ("foo_1-2.debian.tar.xz", b"two")]);
    let Candidate::Source(mut second) = second else {
        unreachable!("it is a source package")
    };
    second.files.retain(|file| file.name.as_str() != orig.0);
    let second = [Candidate::Source(second)];
    world.create(&store).expect("created");
    world.add(&store, &[first]).expect("added");
    world.now = world.now.plus_seconds(HOUR);
    world.remove(&store, "foo").expect("removed");
    world.now = world.now.plus_seconds(3 * HOUR);
    let mut scene = Scene {
        world,
        store,
        aa: Vec::new(),
    };
    scene.collect(&scene.store).expect("collects");
    scene.world.now = scene.world.now.plus_seconds(2 * HOUR);
    let judged = scene.world.plan_add(&scene.store, &second);
    let judged = judged.expect("admitted").expect("a change");
    // Who was first keeps it.
    let store = scene.copy();
    scene.world.run(&store, &judged).expect("published");
    scene.collect(&store).expect("collects");
    scene.is_whole(&store, "published first");
    scene.collect(&scene.store).expect("collects");
    let error = scene.world.run(&scene.store, &judged).expect_err("it went");
    assert!(error.is_lost_race(), "{error}");
}
