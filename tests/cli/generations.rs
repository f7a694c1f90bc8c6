//! Suites as states: gone back to, frozen, copied, taken from elsewhere, kept,
//! collected, purged and rebuilt; apt and `archive check --deep` judge.

use std::path::{Path, PathBuf};

use debcut::model::Sha256;
use serde_json::Value;

use crate::apt::client::Client;
use crate::archive::packages::{deb, source};
use crate::world::World;

/// Runs a verb of `archive` with `--json` and reads its document.
#[track_caller]
fn document(world: &World, words: &[&str], code: i32) -> Value {
    let verb = format!("debcut/archive-{}/1", words[0]);
    let call = words.iter().copied().chain(["--json"]);
    world.archive(call).code(code).document(&verb)
}

/// stable@2 has apple 1.0, stable@3 banana too, stable@4 apple 1.1 instead.
fn grown() -> (World, Vec<PathBuf>) {
    let world = World::with_archive();
    let paths = [("apple", "1.0"), ("banana", "1.0"), ("apple", "1.1")]
        .map(|(name, version)| deb(name, version).make(&world, "debs"));
    for path in &paths {
        world.add(&[path], &[]).code(0);
    }
    world
        .archive(["remove", "apple=1.0", "--from", "stable"])
        .code(0);
    (world, paths.to_vec())
}

/// Makes apt read a suite over file:; returns the versions of a package.
fn apt_versions(world: &World, suite: &str, package: &str) -> Vec<String> {
    let key = world.path("archive.pgp");
    let out = key.to_str().expect("text");
    let text = world
        .archive(["sources", suite, "--key-out", out])
        .code(0)
        .stdout;
    let client = Client::new(world, "client", ("a.sources", &text));
    client.update().code(0);
    client.versions(package)
}

fn field(world: &World, suite: &str, field: &str) -> Option<String> {
    let path = world.archive_at().join("dists").join(suite).join("Release");
    let text = std::fs::read_to_string(path).expect("it is published");
    let value = |line: &str| Some(line.strip_prefix(field)?.strip_prefix(": ")?.to_owned());
    text.lines().find_map(value)
}

#[test]
fn a_suite_goes_back_as_a_new_generation() {
    let (world, _) = grown();
    world
        .archive(["init", "--suite", "stable", "--valid-for", "5000d"])
        .code(0);
    let before = world.archive_listing();
    let planned = document(&world, &["rollback", "stable", "--to", "3", "--dry-run"], 0);
    assert_eq!(planned["dry_run"], true);
    assert_eq!(world.archive_listing(), before, "a dry run writes nothing");
    let words = ["rollback", "stable", "--to", "3", "--reason", "it breaks"];
    let done = document(&world, &words, 0);
    assert_eq!(
        (&done["generation"], &done["parent"]),
        (&7.into(), &6.into())
    );
    assert_eq!(done["added"][0]["version"], "1.0");
    assert_eq!(done["removed"][0]["version"], "1.1");
    assert_eq!(world.packages_of("stable"), ["apple 1.0", "banana 1.0"]);
    assert!(
        field(&world, "stable", "Valid-Until").is_some(),
        "a policy of today stays"
    );
    assert!(world.deep_check(0).is_empty());
    let again = document(&world, &words, 0);
    assert_eq!(again["changed"], false, "nothing to do the second time");
    assert_eq!(apt_versions(&world, "stable", "apple"), ["1.0"]);
    // And forth again, by a name.
    document(&world, &["pin", "stable@5", "--name", "later"], 0);
    document(&world, &["rollback", "stable", "--to", "later"], 0);
    assert_eq!(apt_versions(&world, "stable", "apple"), ["1.1"]);
    for unknown in ["99", "nothing"] {
        let ran = world.archive(["rollback", "stable", "--to", unknown]);
        ran.code(2)
            .says(&["has no generation", unknown, "kept are", "later"]);
    }
    // What is gone from the pool cannot come back.
    let file = world
        .archive_at()
        .join("pool/main/a/apple/apple_1.0_all.deb");
    std::fs::remove_file(file).expect("it was there");
    let refused = document(&world, &["rollback", "stable", "--to", "2"], 1);
    assert_eq!(
        refused["findings"][0]["rule"], "missing-package",
        "{refused}"
    );
}

#[test]
fn a_snapshot_never_changes_and_a_copy_does() {
    let (world, paths) = grown();
    let snapshot = ["snapshot", "stable@3", "june", "--reason", "as shipped"];
    document(&world, &[&snapshot[..], &["--dry-run"]].concat(), 0);
    assert!(!world.archive_at().join("dists/june").exists());
    assert_eq!(document(&world, &snapshot, 0)["changed"], true);
    assert_eq!(document(&world, &snapshot, 0)["changed"], false);
    assert_eq!(
        document(&world, &["copy", "stable", "next"], 0)["changed"],
        true
    );
    assert_eq!(
        document(&world, &["copy", "stable", "next"], 0)["changed"],
        false
    );
    assert_eq!(world.packages_of("june"), ["apple 1.0", "banana 1.0"]);
    assert_eq!(apt_versions(&world, "june", "apple"), ["1.0"]);
    assert_eq!(field(&world, "june", "Codename").as_deref(), Some("june"));
    let frozen = world.listing();
    for words in [
        &["add", paths[2].to_str().expect("text"), "--to", "june"][..],
        &["remove", "apple", "--from", "june"],
        &["promote", "apple", "--from", "stable", "--to", "june"],
        &["rollback", "stable", "--to", "2", "--dry-run"],
    ] {
        let code = if words[0] == "rollback" { 0 } else { 1 };
        let refused = document(&world, words, code);
        if code == 1 {
            assert_eq!(refused["findings"][0]["rule"], "snapshot", "{refused}");
        }
    }
    assert_eq!(
        world.listing().keys().collect::<Vec<_>>(),
        frozen.keys().collect::<Vec<_>>()
    );
    let taken = document(&world, &["snapshot", "stable", "june"], 1);
    assert_eq!(taken["findings"][0]["rule"], "suite-taken");
    world
        .archive(["snapshot", "stable@99", "x"])
        .code(2)
        .says(&["kept are"]);
    world.archive(["snapshot", "stable", "../x"]).code(2);
    // The copy goes its own way.
    world
        .archive(["remove", "banana", "--from", "next"])
        .code(0);
    assert_eq!(world.packages_of("next"), ["apple 1.1"]);
    assert_eq!(world.packages_of("stable"), ["apple 1.1", "banana 1.0"]);
    // A suite goes back to a snapshot of it by its name.
    document(&world, &["rollback", "stable", "--to", "june"], 0);
    assert_eq!(world.packages_of("stable"), ["apple 1.0", "banana 1.0"]);
    let promoted = ["promote", "apple", "--from", "stable@5", "--to", "stable"];
    document(&world, &promoted, 0);
    assert_eq!(apt_versions(&world, "stable", "apple"), ["1.1", "1.0"]);
    assert!(world.deep_check(0).is_empty());
}

#[test]
fn a_source_takes_its_binaries_along_and_nothing_else() {
    let world = World::with_archive();
    world.archive(["init", "--suite", "next"]).code(0);
    let plum = source(&world);
    let dbgsym = deb("plum-dbgsym", "1.0-1").make(&world, "debs");
    let binary = deb("plum", "1.0-1").make(&world, "debs");
    let other = deb("pear", "1.0").make(&world, "debs");
    world.add(&[plum, dbgsym, binary, other], &[]).code(0);
    document(
        &world,
        &["promote", "plum", "--from", "stable", "--to", "next"],
        0,
    );
    let names = world.packages_of("next");
    assert_eq!(names, ["plum 1.0-1", "plum 1.0-1"], "source and binary");
}

#[test]
fn packages_of_another_archive_come_with_their_files_or_not_at_all() {
    let (world, _) = grown();
    let theirs = world.archive_at();
    let ours = world.path("ours");
    let merge = |words: &[&str], code: i32| {
        let from = theirs.to_str().expect("text");
        let fixed = [
            "archive",
            "merge",
            "--from",
            from,
            "--from-suite",
            "stable",
            "--to",
            "main",
        ];
        let call = world.debcut(fixed.iter().chain(words).chain(&["--json"]));
        let ran = call.env("DEBCUT_ARCHIVE", &ours).run().code(code);
        ran.document("debcut/archive-merge/1")
    };
    let in_ours = |words: &[&str]| {
        let call = world.debcut(["archive"].iter().chain(words));
        call.env("DEBCUT_ARCHIVE", &ours).run()
    };
    in_ours(&["init", "--suite", "main"]).code(0);
    assert_eq!(
        merge(&["--package", "apple", "--dry-run"], 0)["dry_run"],
        true
    );
    assert!(!ours.join("pool").exists());
    let refused = merge(&["--package", "cherry"], 1);
    assert_eq!(refused["findings"][0]["rule"], "not-in-suite");
    let done = merge(&["--package", "apple", "--reason", "vendor's"], 0);
    assert_eq!(done["added"][0]["version"], "1.1", "{done}");
    assert_eq!(merge(&["--package", "apple"], 0)["changed"], false);
    assert_eq!(merge(&[], 0)["added"][0]["name"], "banana");
    in_ours(&["check", "--deep"]).code(0);
    // One byte of a package that is not there yet, then of what is signed.
    let cherry = deb("cherry", "1.0").make(&world, "debs");
    world.add(&[&cherry], &[]).code(0);
    let damage = |path: PathBuf| {
        let whole = std::fs::read(&path).expect("it is there");
        let mut bytes = whole.clone();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).expect("writes");
        (path, whole)
    };
    for (path, rule) in [
        ("pool/main/c/cherry/cherry_1.0_all.deb", "damaged-package"),
        ("dists/stable/InRelease", "bad-signature"),
    ] {
        let (path, whole) = damage(theirs.join(path));
        let refused = merge(&[], 1);
        assert_eq!(refused["findings"][0]["rule"], rule, "{refused}");
        std::fs::write(path, whole).expect("writes");
    }
    assert_eq!(merge(&[], 0)["added"][0]["name"], "cherry");
    // Another suite's Release, truly signed, is not the one that is asked for.
    let dists = theirs.join("dists");
    std::fs::rename(dists.join("stable"), dists.join("other")).expect("renames");
    let from = theirs.to_str().expect("text");
    let ran = in_ours(&[
        "merge",
        "--from",
        from,
        "--from-suite",
        "other",
        "--to",
        "main",
        "--json",
    ]);
    let refused = ran.code(1).document("debcut/archive-merge/1");
    assert_eq!(refused["findings"][0]["rule"], "other-suite", "{refused}");
}

#[test]
fn garbage_goes_after_its_grace_and_readers_never_notice() {
    let (world, _) = grown();
    let at = |time: &str, words: &[&str]| {
        let call = world.archive_call(words.iter().copied().chain(["--json"]));
        // What dates a generation measures no time.
        let call = call.env("SOURCE_DATE_EPOCH", "1577836800");
        let ran = call.env("DEBCUT_NOW", time).run().code(0);
        ran.document("debcut/archive-gc/1")
    };
    document(
        &world,
        &[
            "pin",
            "stable@2",
            "--name",
            "first",
            "--reason",
            "the way back",
        ],
        0,
    );
    let pins = document(&world, &["pins"], 0);
    assert_eq!(pins["pins"][0]["generation"], 2);
    assert_eq!(pins["pins"][0]["why"], "the way back");
    let before = world.archive_listing();
    let planned = at("2025-06-03T12:00:00Z", &["gc", "--keep", "1", "--dry-run"]);
    assert_eq!(
        planned["suites"][0]["dropped"],
        serde_json::json!([4, 3, 1])
    );
    assert_eq!(world.archive_listing(), before);
    // Within the grace nothing is even condemned.
    let early = at("2025-06-01T13:00:00Z", &["gc", "--keep", "1"]);
    assert_eq!(
        early["suites"][0]["dropped"],
        serde_json::json!([]),
        "{early}"
    );
    let first = at("2025-06-03T12:00:00Z", &["gc", "--keep", "1"]);
    assert_eq!(
        (&first["removed_bytes"], &first["changed"]),
        (&0.into(), &true.into())
    );
    assert!(first["condemned_bytes"].as_u64().expect("a number") > 0);
    let second = at("2025-06-04T12:00:01Z", &["gc", "--keep", "1"]);
    assert!(
        second["removed"]["chunks"]["files"]
            .as_u64()
            .expect("a number")
            > 0,
        "{second}"
    );
    let again = at("2025-06-04T12:00:02Z", &["gc", "--keep", "1"]);
    assert_eq!(again["changed"], false);
    assert_eq!(apt_versions(&world, "stable", "apple"), ["1.1"]);
    world
        .archive(["list", "stable@3"])
        .code(2)
        .says(&["stable has no generation 3; kept are 5, 2, first"]);
    let history = document(&world, &["history", "stable"], 0);
    let row = |at: usize| history["generations"][at].clone();
    assert_eq!(
        (&row(0)["number"], &row(1)["number"]),
        (&5.into(), &2.into())
    );
    assert_eq!(row(1)["pins"], serde_json::json!(["first"]));
    assert_eq!(
        (&row(0)["added"], &row(1)["added"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(history["whole"], false);
    let text = world.archive(["history", "stable"]).code(0).stdout;
    assert!(
        text.contains("\n3 to 4 are no longer kept\nstable@2"),
        "{text}"
    );
    document(&world, &["rollback", "stable", "--to", "first"], 0);
    assert_eq!(apt_versions(&world, "stable", "apple"), ["1.0"]);
    assert!(world.deep_check(0).is_empty());
    let unknown = world
        .archive(["unpin", "stable", "--name", "frist"])
        .code(0);
    let text = unknown.stdout;
    assert!(
        text.starts_with("stable has no pin frist; it has\n") && text.contains("first"),
        "{text}"
    );
    let done = world
        .archive(["unpin", "stable", "--name", "first"])
        .code(0);
    assert_eq!(done.stdout, "removed the pin first of stable@2\n");
    let unpinned = document(&world, &["unpin", "stable", "--name", "first"], 0);
    assert_eq!(unpinned["changed"], false);
    // Without any retention every generation stays.
    let unsaid = at("2025-06-09T12:00:00Z", &["gc"]);
    assert_eq!(unsaid["suites"][0]["dropped"], serde_json::json!([]));
    // At once, when nobody can be reading.
    at(
        "2025-06-09T12:00:00Z",
        &["gc", "--keep", "1", "--grace", "0"],
    );
    assert!(world.deep_check(0).is_empty());
    let pool = world.archive_at().join("pool/main/a/apple");
    let left: Vec<_> = std::fs::read_dir(pool).expect("listed").collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// Finds the files in which a text is, compressed or not.
fn naming(top: &Path, text: &str) -> Vec<PathBuf> {
    let script = "grep -rlF -e \"$0\" . ; grep -rlF . . | while read -r f; do \
        { xz -dc \"$f\" || gzip -dc \"$f\" || zstd -dcq \"$f\"; } 2>/dev/null | \
        grep -qF -e \"$0\" && echo \"$f\"; done; true";
    let mut sh = crate::world::tool("sh", "dash");
    let output = sh.current_dir(top).args(["-c", script, text]).output();
    let output = String::from_utf8(output.expect("it runs").stdout).expect("text");
    let mut found: Vec<PathBuf> = output.lines().map(PathBuf::from).collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn what_leaked_is_destroyed_everywhere_and_stays_away() {
    let (world, paths) = grown();
    world.archive(["copy", "stable@3", "other"]).code(0);
    let sha256 = Sha256::of(&std::fs::read(&paths[0]).expect("it was made")).hex();
    world
        .archive(["purge", &sha256])
        .code(2)
        .says(&["--reason"]);
    let words = ["purge", sha256.as_str(), "--reason", "it holds a key"];
    let before = world.archive_listing();
    let planned = document(&world, &[&words[..], &["--dry-run"]].concat(), 0);
    assert_eq!(
        planned["generations"],
        serde_json::json!(["other@1", "stable@4", "stable@3", "stable@2"])
    );
    assert_eq!(world.archive_listing(), before, "a dry run writes nothing");
    let done = document(&world, &words, 0);
    assert_eq!(
        done["packages"],
        serde_json::json!(["apple 1.0 all"]),
        "{done}"
    );
    assert!(world.deep_check(0).is_empty());
    let record = PathBuf::from(format!("./.debcut/purged/{sha256}.json"));
    assert_eq!(naming(&world.archive_at(), &sha256), [record]);
    assert_eq!(world.packages_of("other"), ["banana 1.0"]);
    assert_eq!(world.packages_of("stable@3"), ["banana 1.0"]);
    assert_eq!(apt_versions(&world, "stable", "apple"), ["1.1"]);
    let history = document(&world, &["history", "stable"], 0);
    let newest = &history["generations"][0];
    assert_eq!(newest["purged"], done["packages"], "{history}");
    let text = world.archive(["history", "stable"]).code(0).stdout;
    assert!(
        !text
            .lines()
            .next()
            .is_some_and(|line| line.contains("no package")),
        "{text}"
    );
    assert_eq!(document(&world, &words, 0)["changed"], false);
    let refused = world
        .add(&[&paths[0]], &["--allow-older", "--json"])
        .code(1);
    let refused = refused.document("debcut/archive-add/1");
    assert_eq!(refused["findings"][0]["rule"], "purged", "{refused}");
    for unknown in [&"0".repeat(64), "pool/main/x/x/x_1_all.deb"] {
        let ran = world.archive(["purge", unknown, "--reason", "x"]);
        ran.code(2).says(&["neither lists nor keeps"]);
    }
}

#[test]
fn a_lost_state_is_rebuilt_from_what_clients_read() {
    let world = World::new();
    world.key();
    let formats = [
        "init",
        "--suite",
        "stable",
        "--compress",
        "xz,gz,zst",
        "--translations",
    ];
    world.archive(formats).code(0);
    let apple = deb("apple", "1.0").make(&world, "debs");
    world.add(&[source(&world), apple], &[]).code(0);
    let published = crate::world::listing(&world.archive_at().join("dists"));
    // A part of it, then all.
    let objects = world.archive_at().join(".debcut/objects");
    std::fs::remove_dir_all(objects.join("..").join("files")).expect("removes");
    let some = walkdir::WalkDir::new(&objects).into_iter().flatten();
    for entry in some.filter(|e| e.file_type().is_file()).take(6) {
        if !entry.path().to_string_lossy().ends_with(".json") {
            std::fs::remove_file(entry.path()).expect("removes");
        }
    }
    assert!(!world.deep_check(1).is_empty());
    world.archive(["check", "--rebuild", "--deep"]).code(0);
    assert!(world.deep_check(0).is_empty());
    std::fs::remove_dir_all(world.archive_at().join(".debcut")).expect("removes");
    let planned = world.archive(["check", "--rebuild", "--dry-run", "--json"]);
    let planned = planned.code(0).document("debcut/archive-check/1");
    assert!(planned["plan_digest"].is_string(), "{planned}");
    assert!(!world.archive_at().join(".debcut").exists());
    world
        .archive(["check", "--rebuild", "--deep"])
        .code(0)
        .says(&["generation 1"]);
    let again = world.archive(["check", "--rebuild", "--json"]).code(0);
    let again = again.document("debcut/archive-check/1");
    assert_eq!(again["changed"], false, "{again}");
    assert!(world.deep_check(0).is_empty());
    assert_eq!(
        crate::world::listing(&world.archive_at().join("dists")),
        published
    );
    let banana = deb("banana", "1.0").make(&world, "debs");
    world.add(&[banana], &[]).code(0);
    assert_eq!(apt_versions(&world, "stable", "banana"), ["1.0"]);
    assert_eq!(apt_versions(&world, "stable", "apple"), ["1.0"]);
    assert!(world.deep_check(0).is_empty());
    // Nobody's word but a known key's counts.
    std::fs::remove_dir_all(world.archive_at().join(".debcut")).expect("removes");
    let call = world.archive_call(["check", "--rebuild", "--json"]);
    let elsewhere = world.path("elsewhere");
    let ran = call.env("XDG_DATA_HOME", elsewhere).run().code(1);
    let refused = ran.document("debcut/archive-check/1");
    assert_eq!(refused["findings"][0]["rule"], "bad-signature", "{refused}");
}

#[test]
fn a_pool_of_its_own_is_seen_by_a_rebuild() {
    let world = World::new();
    world.key();
    let init = ["init", "--suite", "stable", "--own-pool"];
    world.archive(init).code(0);
    let apple = deb("apple", "1.0").make(&world, "debs");
    world.add(&[apple], &[]).code(0);
    std::fs::remove_dir_all(world.archive_at().join(".debcut")).expect("removes");
    let ran = world.archive(["check", "--rebuild", "--json"]).code(0);
    let document = ran.document("debcut/archive-check/1");
    assert_eq!(document["changed"], true, "{document}");
    assert_eq!(document["findings"][0]["rule"], "settings-lost");
    let banana = deb("banana", "1.0").make(&world, "debs");
    world.add(&[banana], &[]).code(0);
    let pool = world.archive_at().join("pool");
    assert!(pool.join("stable/main/b/banana").is_dir());
    assert!(!pool.join("main").exists());
}

#[test]
fn garbage_stays_where_an_unsigned_suite_is_somebody_elses() {
    let world = World::with_archive();
    let other = world.archive_at().join("dists/other");
    std::fs::create_dir_all(&other).expect("a directory");
    std::fs::write(other.join("Release"), "Suite: other\n").expect("written");
    let ran = world.archive(["gc", "--json"]).code(1);
    assert!(ran.stdout.contains("dists/other/Release"), "{}", ran.stdout);
}

#[test]
fn a_suite_that_is_there_is_not_told_to_become_what_it_cannot() {
    let world = World::with_archive();
    let init = |words: &[&'static str]| {
        let fixed = ["init", "--suite", "stable"].into_iter();
        world.archive(fixed.chain(words.iter().copied()))
    };
    for (words, why) in [
        (&["--origin", "Other"][..], "a suite whose Origin changes"),
        (&["--label", "Other"], "a suite whose Label changes"),
        (&["--own-pool"], "cannot move to another one"),
    ] {
        init(words).code(2).says(&["stable", why]);
    }
    let new = ["init", "--suite", "own", "--own-pool", "--origin", "Mine"];
    world.archive(new).code(0);
    let again = world.archive(new).code(0).stdout;
    assert!(again.contains("nothing to do"), "{again}");
    init(&["--not-automatic"]).code(0);
    assert_eq!(
        field(&world, "stable", "NotAutomatic").as_deref(),
        Some("yes")
    );
}
