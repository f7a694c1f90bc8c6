//! Publishing as a whole, on stores that fail and beside others.

mod apt;
mod check;
mod faults;
mod generations;
mod histories;
mod selecting;
mod world;

use super::*;
use crate::archive::query;
use crate::sys::store::MemoryStore;
use world::World;

#[test]
fn a_new_suite_is_empty_and_signed() {
    let (world, store) = (World::new(), MemoryStore::default());
    let published = world.create(&store).expect("created").expect("a change");
    assert_eq!((published.generation.number, published.parent), (1, None));
    assert!(world.reader(&store).is_empty());
    let files = store.files();
    for path in [
        "dists/stable/InRelease",
        "dists/stable/Release",
        "dists/stable/Release.gpg",
        "dists/stable/main/binary-amd64/Packages.xz",
        "dists/stable/main/binary-arm64/Packages.gz",
        "dists/stable/main/source/Sources.xz",
        "dists/stable/contrib/source/Sources.gz",
    ] {
        assert!(files.keys().any(|p| p.as_str() == path), "{path}");
    }
    let found = suites(&store).expect("readable");
    assert_eq!(found, std::slice::from_ref(&world.suite));
    let again = world.create(&store).expect("works");
    assert_eq!(again, None, "nothing to do the second time");
    assert_eq!(store.files(), files);
}

#[test]
fn what_is_added_is_read_and_what_is_removed_is_not() {
    let (world, store) = (World::new(), MemoryStore::default());
    world.create(&store).expect("created");
    let hello = world.deb("hello", "1.0", "amd64");
    let docs = world.deb("hello-doc", "1.0", "all");
    let both = [hello.clone(), docs];
    let added = world.add(&store, &both).expect("added").expect("a change");
    assert_eq!(added.generation.number, 2);
    let names: Vec<_> = added.added.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["hello 1.0 amd64", "hello-doc 1.0 all"]);
    let want = [
        "main/binary-amd64/Packages hello 1.0",
        "main/binary-amd64/Packages hello-doc 1.0",
        "main/binary-arm64/Packages hello-doc 1.0",
    ];
    assert_eq!(world.reader(&store), want);
    assert_eq!(world.add(&store, &both).expect("works"), None);

    let removed = world.remove(&store, "hello").expect("removed");
    assert_eq!(removed.expect("a change").generation.number, 3);
    assert_eq!(world.reader(&store), want[1..]);
    assert_eq!(world.remove(&store, "hello").expect("works"), None);

    let older = observe_generation(&store, &world.suite, 2, Question::Whole);
    let older = older.expect("readable").expect("is there");
    assert_eq!(query::list(&older).expect("observed").len(), 2);
    let none = observe_generation(&store, &world.suite, 4, Question::Whole);
    assert_eq!(none.expect("readable"), None);
}

#[test]
fn dates_never_go_back_nor_ahead_of_the_clock() {
    let (mut world, store) = (World::new(), MemoryStore::default());
    let first = world.create(&store).expect("created").expect("a change");
    world.now = world.now.plus_seconds(-3600);
    let hello = [world.deb("hello", "1.0", "amd64")];
    let second = world.add(&store, &hello).expect("added").expect("a change");
    assert_eq!(second.date, first.date);
    assert_eq!(world.warnings().len(), 1, "{:?}", world.warnings());

    // Many in the same second are nothing to speak of.
    world.now = second.date;
    for version in 1..20 {
        let hello = [world.deb("hello", &format!("1.{version}"), "amd64")];
        let next = world.add(&store, &hello).expect("added").expect("a change");
        assert_eq!(next.date, world.now);
    }
    assert_eq!(world.warnings().len(), 1, "{:?}", world.warnings());
}

#[test]
fn a_plan_is_ordered_and_names_its_base() {
    let (world, store) = (World::new(), MemoryStore::default());
    world.create(&store).expect("created");
    let hello = [world.deb("hello", "1.0", "amd64")];
    let plan = world
        .plan_add(&store, &hello)
        .expect("admitted")
        .expect("a change");
    let phases: Vec<_> = plan.writes().iter().map(|write| write.phase).collect();
    assert!(phases.is_sorted(), "{phases:?}");
    for phase in [Phase::Head, Phase::Switch] {
        assert_eq!(
            phases.iter().filter(|p| **p == phase).count(),
            1,
            "{phase:?}"
        );
    }
    let json = serde_json::to_value(&plan).expect("a value");
    assert_eq!(json["base"]["number"], 1);
    assert_eq!(json["added"][0]["version"], "1.0");
    assert_eq!(json["writes"][0]["phase"], "pool");

    let same = world
        .plan_add(&store, &hello)
        .expect("admitted")
        .expect("a change");
    assert_eq!(plan.digest(), same.digest());
    let other = [world.deb("hello", "1.1", "amd64")];
    let other_plan = world
        .plan_add(&store, &other)
        .expect("admitted")
        .expect("a change");
    assert_ne!(plan.digest(), other_plan.digest());

    // Approved, but somebody moves the suite before it runs.
    world.add(&store, &other).expect("added");
    let error = world.run(&store, &plan).expect_err("the base has moved");
    assert!(matches!(error, PublishError::LostRace { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "stable is at generation 2, expected generation 1"
    );
}

#[test]
fn a_package_that_changes_on_its_way_is_not_published() {
    let (world, store) = (World::new(), MemoryStore::default());
    world.create(&store).expect("created");
    let before = store.files();
    let hello = [world.deb("hello", "1.0", "amd64")];
    let plan = world
        .plan_add(&store, &hello)
        .expect("admitted")
        .expect("a change");
    std::fs::write(&plan.next().pool[0].origin, "something else").expect("writes");
    let error = world.run(&store, &plan).expect_err("changed");
    assert!(
        error.to_string().contains("has changed: expected sha256"),
        "{error}"
    );
    assert_eq!(store.files(), before);
}

#[test]
fn another_programs_suite_is_left_alone() {
    for name in ["InRelease", "Release", "Release.gpg"] {
        let (world, store) = (World::new(), MemoryStore::default());
        let path = format!("dists/stable/{name}");
        world.write(&store, &path, b"of another program");
        let before = store.files();
        // Already a look refuses it, and so does whoever has not looked.
        let looked = world.plan_create(&store).map(|plan| plan.is_some());
        let recovered = recover(&store, &world.suite).map(|there| there.is_some());
        for result in [looked, recovered] {
            let error = result.expect_err("not ours");
            let foreign = matches!(error, PublishError::Foreign { .. });
            assert!(foreign && error.to_string().contains(&path), "{error}");
        }
        assert_eq!(store.files(), before);
    }
}

#[test]
fn garbage_under_a_digest_is_replaced_and_in_the_pool_refused() {
    let (world, store) = (World::new(), MemoryStore::default());
    world.create(&store).expect("created");
    let before = store.files();
    let hello = [world.deb("hello", "1.0", "amd64")];
    world.add(&store, &hello).expect("added");
    let after = store.files();
    for path in after.keys().filter(|path| !before.contains_key(*path)) {
        let store = MemoryStore::with_files(before.clone());
        let plan = world
            .plan_add(&store, &hello)
            .expect("admitted")
            .expect("a change");
        world.write(&store, path.as_str(), b"garbage");
        match world.run(&store, &plan) {
            Ok(_) => assert_eq!(store.files(), after, "{path}"),
            Err(error) => {
                assert!(path.as_str().starts_with("pool/"), "{path}: {error}");
                assert!(error.is_lost_race(), "{error}");
                assert_eq!(world.reader(&store).len(), 0);
            }
        }
    }
}

#[test]
fn damaged_state_is_never_signed() {
    let (world, store) = (World::new(), MemoryStore::default());
    world.create(&store).expect("created");
    world
        .add(&store, &[world.deb("aa", "1", "amd64")])
        .expect("added");
    let clean = store.files();
    // A chunk, its pieces, the manifest: every object, one after the other.
    for path in clean.keys().filter(|p| p.as_str().contains("/objects/")) {
        let store = MemoryStore::with_files(clean.clone());
        world.write(&store, path.as_str(), b"damaged");
        let result = world.add(&store, &[world.deb("ab", "1", "amd64")]);
        match result {
            Err(error) => assert!(error.to_string().contains("is damaged"), "{error}"),
            // Objects of generation 1 are read no more.
            Ok(_) => assert_eq!(world.reader(&store).len(), 2, "{path}"),
        }
    }
}

#[test]
fn a_far_archive_gets_the_same_files_with_few_reads() {
    let world = World::new();
    let (near, far) = (MemoryStore::default(), MemoryStore::far());
    let many: Vec<_> = (0..60)
        .map(|n| world.deb(&format!("package{n}"), "1.0", "amd64"))
        .collect();
    let one = [world.deb("package7", "2.0", "amd64")];
    let mut reads = 0;
    for store in [&near, &far] {
        world.create(store).expect("created");
        world.add(store, &many).expect("added");
        reads = far.reads_answered();
        world.add(store, &one).expect("added");
    }
    assert!(near.files() == far.files());
    // Three encodings of a dozen chunks would be more than that.
    let reads = far.reads_answered() - reads;
    assert!(reads <= 20, "{reads} reads");
}
