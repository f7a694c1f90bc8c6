//! Publishing: again, at the same time, behind somebody else, killed, on a full
//! disk, from the last build.

mod admission;
pub mod gates;
pub mod small_disk;

use std::fs::OpenOptions;
use std::io::Write;
use std::time::{Duration, Instant};

use crate::apt::client::Client;
use crate::archive::packages::{Deb, changes, deb, source};
use crate::world::{Ran, World, finished};
use small_disk::SmallDisk;

#[test]
fn added_twice_is_nothing_to_do() {
    let world = World::with_archive();
    let package = deb("apple", "1.0").make(&world, "debs");
    world.add(&[&package], &[]).code(0);
    let before = world.archive_listing();
    let again = world.add(&[&package], &["--json"]).code(0);
    let document = again.document("debcut/archive-add/1");
    assert_eq!(document["changed"], false);
    assert_eq!(document["generation"], 2);
    let text = world.add(&[package], &[]).code(0).stdout;
    assert!(text.contains("nothing to do"), "{text}");
    assert_eq!(world.archive_listing(), before);
}

#[test]
fn removed_is_gone_from_the_suite_and_twice_is_nothing_to_do() {
    let world = World::with_archive();
    let packages = [("apple", "1.0"), ("apple", "1.1"), ("banana", "1.0")]
        .map(|(name, version)| deb(name, version).make(&world, "debs"));
    world.add(&packages, &[]).code(0);
    let remove = |words: &[&str]| {
        let call = ["remove", "--from", "stable"].into_iter();
        world.archive(call.chain(words.iter().copied()))
    };
    let before = world.archive_listing();
    let planned = remove(&["apple", "--dry-run", "--json"]).code(0);
    let document = planned.document("debcut/archive-remove/1");
    assert_eq!(document["dry_run"], true);
    assert_eq!(document["removed"].as_array().map(Vec::len), Some(2));
    assert_eq!(world.archive_listing(), before, "a dry run writes nothing");
    let done = remove(&["apple=1.0", "banana", "--json"]).code(0);
    let document = done.document("debcut/archive-remove/1");
    assert_eq!(document["changed"], true);
    assert_eq!(
        (&document["generation"], &document["parent"]),
        (&3.into(), &2.into())
    );
    assert_eq!(document["added"], serde_json::json!([]));
    assert_eq!(
        document["removed"],
        serde_json::json!([
            {"name": "apple", "version": "1.0", "architecture": "all", "component": "main"},
            {"name": "banana", "version": "1.0", "architecture": "all", "component": "main"},
        ])
    );
    assert_eq!(world.packages_of("stable"), ["apple 1.1"]);
    assert_eq!(
        world.packages_of("stable@2").len(),
        3,
        "history keeps its files"
    );
    assert!(world.deep_check(0).is_empty());
    let before = world.archive_listing();
    let again = remove(&["apple=1.0", "banana", "--json"]).code(0);
    let document = again.document("debcut/archive-remove/1");
    assert_eq!(document["changed"], false);
    assert_eq!(document["findings"][0]["rule"], "not-in-suite");
    assert_eq!(document["findings"][0]["subject"], "apple=1.0");
    let text = remove(&["banana"]).code(0).stdout;
    assert!(text.contains("nothing to do"), "{text}");
    assert_eq!(world.archive_listing(), before);
    remove(&["apple="]).code(2).says(&["apple="]);
    let elsewhere = world.archive(["remove", "apple", "--from", "canary"]);
    elsewhere.code(2).says(&["canary", "stable"]);
}

#[test]
fn key_of_one_suite_is_not_trusted_for_another() {
    let world = World::with_archive();
    world
        .add(&[deb("apple", "1.0").make(&world, "debs")], &[])
        .code(0);
    let other = world.key();
    let init = ["init", "--suite", "canary", "--key", &other];
    world.archive(init).code(0);
    let text = world.archive(["sources"]).code(0).stdout;
    assert_eq!(text.matches("Types: deb\n").count(), 2, "{text}");
    let client = Client::new(&world, "client", ("a.sources", &text));
    client.update().code(0);
    assert_eq!(client.versions("apple"), ["1.0"]);
    // The keys of the two stanzas, the other way round.
    let (one, two) = text.split_once("\n\nTypes: ").expect("two stanzas");
    let ((head, key), (other_head, other_key)) = (
        one.split_once("Signed-By:").expect("a key"),
        two.split_once("Signed-By:").expect("a key"),
    );
    let wrong = format!("{head}Signed-By:{other_key}\n\nTypes: {other_head}Signed-By:{key}\n");
    let client = Client::new(&world, "mistaken", ("a.sources", &wrong));
    assert_ne!(client.update().code, 0);
    let out = world.path("keys.pgp");
    let words = ["sources", "--key-out", out.to_str().expect("text")];
    world.archive(words).code(2).says(&["different keys"]);
    assert!(!out.exists());
}

#[test]
fn folders_with_links_and_installer_packages_are_read() {
    let world = World::with_archive();
    let apple = deb("apple", "1.0").make(&world, "elsewhere");
    let folder = world.path("offer");
    std::fs::create_dir(&folder).expect("a directory");
    std::os::unix::fs::symlink(&apple, folder.join("apple.deb")).expect("a link");
    std::fs::copy(&apple, folder.join("apple_1.0_all.udeb")).expect("a file");
    let ran = world.add(&[&folder], &[]).code(0);
    ran.says(&["apple_1.0_all.udeb is left out"]);
    assert_eq!(world.packages_of("stable"), ["apple 1.0"]);
    let upload = changes("stable", &[&folder.join("apple_1.0_all.udeb")]);
    let document = world.add(&[upload], &["--json"]).code(1);
    let document = document.document("debcut/archive-add/1");
    assert_eq!(document["findings"][0]["rule"], "unsupported-package");
}

#[test]
fn upload_and_its_source_package_are_one_in_any_order() {
    let world = World::with_archive();
    let dsc = source(&world);
    let files = ["plum_1.0.orig.tar.gz", "plum_1.0-1.debian.tar.xz"];
    let files = files.map(|name| dsc.with_file_name(name));
    let upload = changes("stable", &[&dsc, &files[0], &files[1]]);
    world.add(&[&dsc, &upload], &[]).code(0);
    assert_eq!(world.packages_of("stable"), ["plum 1.0-1"]);
    let again = world.add(&[&dsc], &["--json"]).code(0);
    let document = again.document("debcut/archive-add/1");
    assert_eq!(document["changed"], false);
}

#[test]
fn lost_file_is_put_back_by_adding_it_again() {
    let world = World::with_archive();
    let apple = deb("apple", "1.0").make(&world, "debs");
    world.add(&[&apple], &[]).code(0);
    let place = world.archive_at().join("pool/main/a/apple");
    let place = place.join("apple_1.0_all.deb");
    std::fs::remove_file(&place).expect("it was published");
    let again = world.add(&[&apple], &["--json"]).code(0);
    let document = again.document("debcut/archive-add/1");
    assert_eq!(document["changed"], true);
    assert_eq!(document["findings"][0]["rule"], "pool-file-missing");
    assert_eq!(
        std::fs::read(place).expect("it is back"),
        std::fs::read(apple).expect("it was made")
    );
    assert!(world.deep_check(0).is_empty());
}

#[test]
fn last_build_is_published_without_naming_it() {
    let world = World::declared();
    world.key();
    world.archive(["init", "--suite", "stable"]).code(0);
    let publish = |more: &[&str]| {
        let call = world.debcut(["publish", "--to", "stable", "--json"].iter().chain(more));
        call.env("DEBCUT_ARCHIVE", world.archive_at()).run()
    };
    publish(&[])
        .code(2)
        .says(&["nothing was built here yet", "debcut build TAG"]);
    world.run(["build", "--out", "../somewhere"]).code(0);
    let document = publish(&[]).code(0).document("debcut/publish/1");
    assert_eq!(document["changed"], true);
    assert_eq!(document["added"][0]["name"], "tally");
    assert_eq!(
        publish(&[]).code(0).document("debcut/publish/1")["changed"],
        false
    );
    assert_eq!(world.packages_of("stable"), ["tally 1.2.0"]);
}

#[test]
fn publishers_at_once_all_get_in() {
    let world = World::with_archive();
    let names = ["apple", "banana", "cherry"];
    let packages = names.map(|name| deb(name, "1.0").make(&world, "debs"));
    let started = packages.map(|package| world.add_call(&[package], &["--json"]).start());
    let mut generations = started.map(|process| {
        let ran = finished(process.wait_with_output().expect("it ends")).code(0);
        let document = ran.document("debcut/archive-add/1");
        assert_eq!(document["changed"], true);
        document["generation"].as_u64().expect("a number")
    });
    generations.sort_unstable();
    assert_eq!(generations, [2, 3, 4], "one after the other");
    assert_eq!(
        world.packages_of("stable"),
        ["apple 1.0", "banana 1.0", "cherry 1.0"]
    );
    assert!(world.deep_check(0).is_empty());
}

#[test]
fn who_holds_the_lock_is_named_and_waited_for() {
    let world = World::with_archive();
    let package = deb("apple", "1.0").make(&world, "debs");
    let lock = world.archive_at().join(".debcut/lock");
    let mut lock = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(lock)
        .expect("it is there");
    lock.lock().expect("nobody else has it");
    let holder = r#"{"pid": 4711, "host": "elsewhere", "since": "2025-06-01T11:59:00Z", "command": "debcut archive add slow.deb"}"#;
    lock.write_all(holder.as_bytes()).expect("writes");
    let before = world.archive_listing();
    let asked = Instant::now();
    let ran = world.add(&[&package], &["--wait", "1", "--json"]).code(3);
    assert!(asked.elapsed() >= Duration::from_secs(1));
    assert_eq!(ran.document("debcut/error/1")["kind"], "locked");
    ran.says(&[
        "debcut archive add slow.deb",
        "4711",
        "elsewhere",
        "2025-06-01T11:59:00Z",
    ]);
    assert_eq!(world.archive_listing(), before);
    let waiting = world.add_call(&[package], &["--wait", "60"]).start();
    std::thread::sleep(Duration::from_millis(300));
    drop(lock);
    finished(waiting.wait_with_output().expect("it ends")).code(0);
    assert_eq!(world.packages_of("stable"), ["apple 1.0"]);
}

#[test]
fn killed_at_any_moment_clients_read_a_whole_generation() {
    const KILLS: u32 = 20;
    let world = World::with_archive();
    let versions: Vec<_> = (0..=KILLS).map(|number| format!("1.{number}")).collect();
    let packages =
        |version: &str| ["apple", "banana"].map(|name| deb(name, version).make(&world, "debs"));
    let begun = Instant::now();
    world.add(&packages(&versions[0]), &[]).code(0);
    let usual = begun.elapsed();
    let sources = world.archive(["sources"]).code(0).stdout;
    let mut ended = Vec::new();
    for (number, version) in (1..).zip(&versions[1..]) {
        let files = packages(version);
        let mut process = world.add_call(&files, &[]).start();
        // Spread over a whole run; where exactly, the machine's load decides.
        std::thread::sleep(usual * number / KILLS);
        process.kill().expect("it was started");
        let done = process.wait().expect("it ends").success();
        let client = Client::new(&world, "client", ("a.sources", &sources));
        let ran = client.update();
        assert_eq!(ran.code, 0, "after {version}: {}", ran.stderr);
        let seen = ["apple", "banana"].map(|name| client.versions(name).len() as u32);
        assert_eq!(seen[0], seen[1], "half of {version}");
        assert!(
            seen[0] == number || seen[0] == number + 1,
            "{version}: {seen:?}"
        );
        if done {
            assert_eq!(seen[0], number + 1, "{version} was published");
        }
        ended.push(done);
        world.add(&files, &[]).code(0);
        assert_eq!(world.packages_of("stable").len() as u32, 2 * (number + 1));
    }
    assert!(ended.contains(&false), "no publish was killed: {ended:?}");
    // With a clock that stands, each Release is a second ahead of the one before.
    let check = world.archive_call(["check", "--deep"]);
    check
        .env("DEBCUT_NOW", "2025-06-01T12:01:00Z")
        .run()
        .code(0);
}

/// More than a small disk has room for, and nothing that compresses.
fn noise() -> Vec<u8> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..600_000).map(next).collect()
}

#[test]
fn full_disk_leaves_the_archive_whole() {
    let world = World::new();
    world.key();
    let noise = noise();
    let disk = SmallDisk::mount(&world);
    let large = Deb {
        content: &noise,
        ..deb("large", "1.0")
    }
    .make(&world, "debs");
    let small = deb("apple", "1.0").make(&world, "debs");
    let (place, entrance) = (disk.place().join("archive"), disk.entrance());
    let run = |words: &[&str]| -> Ran {
        let project = world.project();
        let call = world.debcut(
            ["-C", project.to_str().expect("text"), "archive"]
                .iter()
                .chain(words),
        );
        call.env("DEBCUT_ARCHIVE", &place).under(&entrance).run()
    };
    run(&["init", "--suite", "stable"]).code(0);
    let add = |file: &std::path::Path| {
        run(&[
            "add",
            file.to_str().expect("text"),
            "--to",
            "stable",
            "--json",
        ])
    };
    add(&small).code(0);
    let ran = add(&large).code(3).says(&["No space left", "make room"]);
    assert_eq!(ran.document("debcut/error/1")["kind"], "no-space");
    run(&["check", "--deep"]).code(0);
    let sources = run(&["sources"]).code(0).stdout;
    let client = Client::new(&world, "client", ("a.sources", &sources));
    let client = client.under(disk.entrance());
    client.update().code(0);
    assert_eq!(
        (
            client.versions("apple").len(),
            client.versions("large").len()
        ),
        (1, 0)
    );
    disk.make_room(&world);
    let document = add(&large).code(0).document("debcut/archive-add/1");
    assert_eq!(document["changed"], true);
    client.update().code(0);
    assert_eq!(client.versions("large"), ["1.0"]);
    run(&["check", "--deep"]).code(0);
}
