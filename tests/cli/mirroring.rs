//! Copies of an archive elsewhere: whole for their readers at every moment,
//! whatever stops a push.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::apt::client::Client;
use crate::archive::packages::deb;
use crate::world::{Ran, World, listing, tool};

/// An archive with one package.
fn filled() -> World {
    let world = World::new();
    world.key();
    world.archive(["init", "--suite", "stable"]).code(0);
    add(&world, "1.0");
    world
}

fn add(world: &World, version: &str) {
    let apple = deb("apple", version).make(world, "debs");
    world.add(&[apple], &[]).code(0);
}

fn mirror_at(world: &World) -> PathBuf {
    world.path("mirror")
}

fn text(path: &Path) -> String {
    path.to_str().expect("text").to_owned()
}

fn mirror(world: &World, words: &[&str]) -> Ran {
    let at = text(&mirror_at(world));
    let words = ["mirror", &at, "--json"]
        .into_iter()
        .chain(words.iter().copied());
    world.archive(words)
}

fn document(ran: &Ran) -> Value {
    ran.document("debcut/archive-mirror/1")
}

/// Pushes, and says whether anything was written.
fn pushed(world: &World, words: &[&str]) -> bool {
    document(&mirror(world, words).code(0))["changed"] == true
}

/// The `.sources` of a mirror.
fn list(world: &World, at: &Path) -> String {
    let uri = format!("file:{}", at.display());
    world.archive(["sources", "--uri", &uri]).code(0).stdout
}

#[track_caller]
fn offers(world: &World, at: &Path, versions: &[&str]) {
    let client = Client::new(world, "client", ("m.sources", &list(world, at)));
    client.update().code(0);
    assert_eq!(client.versions("apple"), versions);
    let words = ["download", "--quiet", "apple"];
    client.apt("apt-get", &words).code(0);
}

fn standing(world: &World) -> (Value, Value) {
    let document = document(&mirror(world, &["--status"]).code(0));
    let suite = &document["mirrors"][0]["suites"][0];
    (suite["state"].clone(), suite["behind"].clone())
}

#[test]
fn a_mirror_follows_and_is_repaired() {
    let world = filled();
    let at = mirror_at(&world);
    assert_eq!(standing(&world).0, "absent");
    let planned = document(&mirror(&world, &["--dry-run"]).code(0));
    assert!(
        planned["mirrors"][0]["files"].as_u64() > Some(5),
        "{planned}"
    );
    assert!(!at.exists());
    assert!(pushed(&world, &[]));
    assert!(!at.join(".debcut").exists(), "a plain apt archive");
    assert!(!pushed(&world, &[]));
    offers(&world, &at, &["1.0"]);

    add(&world, "1.1");
    add(&world, "1.2");
    assert_eq!(standing(&world), ("behind".into(), 2.into()));
    assert!(pushed(&world, &[]));
    assert_eq!(standing(&world), ("current".into(), 0.into()));
    offers(&world, &at, &["1.2", "1.1", "1.0"]);
    let words = ["dists", "pool"].map(|top| (listing(&at.join(top)), top));
    for (mirrored, top) in words {
        let own = listing(&world.archive_at().join(top));
        let lacks = own.iter().find(|(path, _)| {
            !mirrored.contains_key(*path) && !path.display().to_string().contains("by-hash")
        });
        assert_eq!(lacks, None, "{top}");
    }

    // What is cut short is sent again; what has other bytes, with --deep.
    let deb = at.join("pool/main/a/apple/apple_1.2_all.deb");
    let whole = std::fs::read(&deb).expect("it is there");
    std::fs::remove_file(&deb).expect("it is there");
    std::fs::write(&deb, &whole[1..]).expect("written");
    assert!(pushed(&world, &[]));
    assert!(std::fs::read(&deb).expect("it is there") == whole);
    std::fs::remove_file(&deb).expect("it is there");
    std::fs::write(&deb, vec![0; whole.len()]).expect("written");
    assert!(!pushed(&world, &[]));
    assert!(pushed(&world, &["--deep"]));
    assert!(std::fs::read(&deb).expect("it is there") == whole);

    // An earlier generation elsewhere, signed again.
    let old = text(&world.path("old-mirror"));
    let words = ["mirror", &old, "--suite", "stable", "--generation", "2"];
    world.archive(words).code(0);
    offers(&world, Path::new(&old), &["1.0"]);
    let words = ["mirror", &old, "--suite", "stable", "--generation", "99"];
    world.archive(words).code(2);
    // With state, it is an archive that goes on by itself.
    let second = text(&world.path("second"));
    world.archive(["mirror", &second, "--with-state"]).code(0);
    world
        .run(["archive", "check", "--deep", "--archive", &second])
        .code(0);
}

#[test]
fn what_readers_may_need_stays_for_a_time() {
    let world = filled();
    let at = mirror_at(&world);
    assert!(pushed(&world, &[]));
    world
        .archive(["remove", "apple", "--from", "stable"])
        .code(0);
    add(&world, "2.0");
    assert!(pushed(&world, &[]));
    let old = at.join("pool/main/a/apple/apple_1.0_all.deb");
    let push = |now: &str, words: &[&str]| {
        let place = text(&at);
        let words = ["mirror", &place, "--json"]
            .into_iter()
            .chain(words.iter().copied());
        let ran = world
            .archive_call(words)
            .env("DEBCUT_NOW", now)
            .run()
            .code(0);
        document(&ran)["mirrors"][0]["pruned"]
            .as_array()
            .map_or(0, Vec::len)
    };
    assert_eq!(push("2025-06-02T12:00:00Z", &["--prune"]), 0);
    assert!(old.exists());
    assert!(push("2025-06-04T12:00:00Z", &["--prune", "--dry-run"]) > 0);
    assert!(old.exists());
    let by_hash = |at: &Path| {
        let all = listing(&at.join("dists")).into_keys();
        all.filter(|path| path.display().to_string().contains("by-hash/SHA256/"))
            .count()
    };
    let before = by_hash(&at);
    assert!(push("2025-06-04T12:00:00Z", &["--prune"]) > 0);
    assert!(!old.exists() && by_hash(&at) < before);
    assert_eq!(push("2025-06-04T12:00:00Z", &["--prune"]), 0);
    offers(&world, &at, &["2.0"]);

    // What was destroyed on purpose goes at once.
    world
        .archive(["remove", "apple", "--from", "stable"])
        .code(0);
    add(&world, "3.0");
    let leaked = "pool/main/a/apple/apple_2.0_all.deb";
    world
        .archive(["purge", leaked, "--reason", "leaked"])
        .code(0);
    assert!(push("2025-06-04T12:00:00Z", &[]) > 0);
    assert!(!at.join(leaked).exists());
    offers(&world, &at, &["3.0"]);
}

#[test]
fn another_archive_is_not_written_over() {
    let world = filled();
    let other = text(&mirror_at(&world));
    world
        .run(["archive", "init", &other, "--suite", "stable"])
        .code(0);
    let before = listing(&mirror_at(&world));
    for more in [&[][..], &["--dry-run"], &["--with-state"]] {
        world
            .archive(["mirror", &other].iter().chain(more).copied())
            .code(2)
            .says(&["is no mirror of this archive"]);
    }
    assert_eq!(listing(&mirror_at(&world)), before);
}

#[test]
fn state_follows_and_a_stores_own_files_do_not() {
    let world = filled();
    add(&world, "1.1");
    let (own, at) = (world.archive_at(), mirror_at(&world));
    for name in ["object-store", "lease", "condemned"] {
        std::fs::write(own.join(".debcut").join(name), "{}").expect("written");
    }
    let pins = own.join(".debcut/suites/stable/pins");
    std::fs::create_dir_all(&pins).expect("a directory");
    for content in ["one", "two"] {
        std::fs::write(pins.join("p"), content).expect("written");
        assert!(pushed(&world, &["--with-state"]));
        let there = std::fs::read_to_string(at.join(".debcut/suites/stable/pins/p"));
        assert_eq!(there.expect("it is there"), content);
    }
    assert!(!pushed(&world, &["--with-state"]));
    for name in ["object-store", "lease", "condemned"] {
        assert!(!at.join(".debcut").join(name).exists(), "{name}");
    }
    // It took over: what it published stays.
    let apple = deb("apple", "9").make(&world, "debs");
    let (apple, place) = (text(&apple), text(&at));
    let pin = at.join(".debcut/suites/stable/pins/p");
    std::fs::remove_file(pin).expect("it is there");
    std::fs::remove_file(pins.join("p")).expect("it is there");
    let words = ["archive", "add", &apple, "--to", "stable", "--archive"];
    world.run(words.into_iter().chain([place.as_str()])).code(0);
    mirror(&world, &[]).code(2);
}

#[test]
fn suites_beside_and_inside_are_pushed_by_themselves() {
    let world = filled();
    let more = ["init", "--suite", "next,stable/updates"];
    world.archive(more).code(0);
    for to in ["next", "stable/updates"] {
        let words = ["promote", "--all", "--from", "stable", "--to", to];
        world.archive(words).code(0);
    }
    let counts = |words: &[&str]| {
        let document = document(&mirror(&world, words).code(0));
        let line = &document["mirrors"][0];
        (line["files"].clone(), line["bytes"].clone())
    };
    assert!(pushed(&world, &["--suite", "stable"]));
    let at = mirror_at(&world);
    assert!(!at.join("dists/stable/updates").exists());
    std::fs::remove_dir_all(&at).expect("it is there");
    let planned = counts(&["--dry-run"]);
    assert_eq!(counts(&[]), planned);
}

#[test]
fn readers_see_whole_generations_whatever_kills_a_push() {
    let world = filled();
    let at = mirror_at(&world);
    assert!(pushed(&world, &[]));
    let list = list(&world, &at);
    let (done, runs) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let client = Client::new(&world, "reader", ("m.sources", &list));
            while !done.load(Ordering::Relaxed) {
                client.update().code(0);
                assert!(!client.versions("apple").is_empty());
                runs.fetch_add(1, Ordering::Relaxed);
            }
        });
        for number in 1..=6_u32 {
            add(&world, &format!("1.{number}"));
            let place = text(&at);
            let mut push = world.archive_call(["mirror", &place]).start();
            std::thread::sleep(Duration::from_millis(u64::from(number * number) * 4));
            let pid = Pid::from_raw(push.id() as i32).expect("it runs");
            let _ = kill_process(pid, Signal::KILL);
            push.wait().expect("it ends");
            mirror(&world, &[]).code(0);
            assert_eq!(standing(&world).0, "current");
        }
        done.store(true, Ordering::Relaxed);
        reader.join().expect("every update went well");
    });
    assert!(runs.into_inner() > 2, "the reader read");
    offers(
        &world,
        &at,
        &["1.6", "1.5", "1.4", "1.3", "1.2", "1.1", "1.0"],
    );
    assert!(!at.join(".debcut").exists());
}

#[test]
fn rsync_brings_it_to_another_host() {
    if crate::importing::lacks("rsync", "rsync") {
        return;
    }
    let world = filled();
    // A shell that goes to no other host.
    let shell = world.path("shell");
    std::fs::write(&shell, "#!/bin/sh\nshift\nexec \"$@\"\n").expect("written");
    std::fs::set_permissions(&shell, PermissionsExt::from_mode(0o755)).expect("its owner may");
    let at = mirror_at(&world);
    let place = format!("elsewhere:{}", at.display());
    let push = |words: &[&str], now: &str| {
        let words = ["mirror", &place, "--json"]
            .into_iter()
            .chain(words.iter().copied());
        let call = world.archive_call(words).env("RSYNC_RSH", &shell);
        document(&call.env("DEBCUT_NOW", now).run().code(0))
    };
    let now = crate::world::NOW;
    assert_eq!(
        push(&["--status"], now)["mirrors"][0]["suites"][0]["state"],
        "absent"
    );
    assert_eq!(push(&[], now)["changed"], true);
    assert_eq!(push(&[], now)["changed"], false);
    offers(&world, &at, &["1.0"]);
    world
        .archive(["remove", "apple", "--from", "stable"])
        .code(0);
    add(&world, "1.1");
    assert_eq!(
        push(&["--status"], now)["mirrors"][0]["suites"][0]["behind"],
        2
    );
    push(&[], now);
    offers(&world, &at, &["1.1"]);
    push(&["--prune"], "2025-06-09T12:00:00Z");
    assert!(!at.join("pool/main/a/apple/apple_1.0_all.deb").exists());
    offers(&world, &at, &["1.1"]);
    let mut find = tool("find", "findutils");
    find.arg(&at).args(["-not", "-perm", "-a+r"]);
    assert_eq!(world.judge(find).stdout, "", "everybody may read it");
}

#[test]
fn mirrors_are_configured() {
    let world = filled();
    world.archive(["mirror"]).code(2).says(&["mirrors = "]);
    let toml =
        "[archive.main]\nlocation = \"../archive\"\nmirrors = [\"../mirror\", \"../more\"]\n";
    world.write("debcut.toml", toml);
    let ran = world
        .run(["archive", "mirror", "--archive", "main", "--json"])
        .code(0);
    assert_eq!(document(&ran)["mirrors"].as_array().map(Vec::len), Some(2));
    offers(&world, &world.path("more"), &["1.0"]);
    let shown = world.run(["archive", "mirror", "--status"]).code(0).stdout;
    assert_eq!(shown.matches("current").count(), 2, "{shown}");
}
