//! A directory for uploads: what dput puts there is published, moved aside or
//! waits; again after a crash; for ever with --watch.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::archive::packages::{changes, deb};
use crate::publishing::gates::sign;
use crate::world::{Ran, World, tool};

impl World {
    /// Returns the directory for uploads, made.
    fn tray(&self) -> PathBuf {
        let tray = self.path("incoming");
        std::fs::create_dir_all(&tray).expect("a directory");
        tray
    }

    /// Makes an upload of one package in a directory of its own; returns its
    /// `.changes`, which is named for the package.
    fn upload(&self, name: &str, version: &str, distribution: &str) -> PathBuf {
        let below = format!("built-{name}-{version}");
        let package = deb(name, version).make(self, &below);
        let made = changes(distribution, &[&package]);
        let path = made.with_file_name(format!("{name}_{version}_all.changes"));
        std::fs::rename(made, &path).expect("it was made");
        path
    }

    /// Uploads with dput, as a user would.
    fn dput(&self, changes: &Path) -> Ran {
        let configuration = self.path("dput.cf");
        let text = format!(
            "[here]\nmethod = local\nincoming = {}\nallow_unsigned_uploads = 1\n\
             run_dinstall = 0\npost_upload_command =\n",
            self.tray().display()
        );
        std::fs::write(&configuration, text).expect("a file");
        let mut dput = tool("dput", "dput");
        dput.arg("--config")
            .arg(&configuration)
            .args(["--unchecked", "here"])
            .arg(changes);
        self.judge(dput)
    }

    fn incoming(&self, more: &[&str]) -> Ran {
        let tray = self.tray();
        let words = ["incoming", tray.to_str().expect("text")];
        self.archive(words.into_iter().chain(more.iter().copied()))
    }
}

/// Returns what became of each upload.
fn states(ran: &Ran) -> Vec<(String, String)> {
    let document = ran.document("debcut/archive-incoming/1");
    let rows = document["uploads"].as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    rows.iter()
        .map(|row| (text(&row["upload"]), text(&row["state"])))
        .collect()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("it is there");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry
            .expect("listed")
            .file_name()
            .to_string_lossy()
            .into_owned()
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

fn copy_into(tray: &Path, changes: &Path) {
    for entry in std::fs::read_dir(changes.parent().expect("below")).expect("listed") {
        let path = entry.expect("listed").path();
        // Not dput's own log.
        if path.extension().is_some_and(|ending| ending != "upload") {
            std::fs::copy(&path, tray.join(path.file_name().expect("a name"))).expect("a file");
        }
    }
}

#[test]
fn what_dput_sends_is_published_refused_or_waits_each_by_itself() {
    let world = World::with_archive();
    let tray = world.tray();
    world
        .add(&[deb("apple", "2.0").make(&world, "debs")], &[])
        .code(0);
    for (name, version) in [("apple", "1.0"), ("banana", "1.0")] {
        world.dput(&world.upload(name, version, "unstable")).code(0);
    }
    // One that lacks a file, one whose file differs, one that is none.
    let cherry = world.upload("cherry", "1.0", "stable");
    std::fs::copy(&cherry, tray.join("cherry_1.0_all.changes")).expect("a file");
    world.dput(&world.upload("damson", "1.0", "stable")).code(0);
    let spoiled = tray.join("damson_1.0_all.deb");
    let mut bytes = std::fs::read(&spoiled).expect("it is there");
    *bytes.last_mut().expect("a byte") ^= 1;
    std::fs::write(&spoiled, bytes).expect("a file");
    std::fs::write(tray.join("elder_1.changes"), "nothing\n").expect("a file");
    world.dput(&world.upload("fig", "1.0", "elsewhere")).code(0);

    let before = (world.archive_listing(), names(&tray));
    let dry = world
        .incoming(&["--map", "unstable=stable", "--json", "--dry-run"])
        .code(1);
    let planned = states(&dry);
    assert!(
        planned.contains(&("banana_1.0_all.changes".into(), "planned".into())),
        "{planned:?}"
    );
    assert_eq!(
        (world.archive_listing(), names(&tray)),
        before,
        "a dry run moves nothing"
    );

    let ran = world
        .incoming(&["--map", "unstable=stable", "--json"])
        .code(1);
    let mut found = states(&ran);
    found.sort();
    let want = [
        ("apple_1.0_all.changes", "rejected"),
        ("banana_1.0_all.changes", "published"),
        ("cherry_1.0_all.changes", "waiting"),
        ("damson_1.0_all.changes", "rejected"),
        ("elder_1.changes", "rejected"),
        ("fig_1.0_all.changes", "rejected"),
    ];
    assert_eq!(
        found,
        want.map(|(name, state)| (name.to_owned(), state.to_owned()))
    );
    assert_eq!(world.packages_of("stable"), ["apple 2.0", "banana 1.0"]);
    let document = ran.document("debcut/archive-incoming/1");
    let findings = document["findings"].as_array().expect("a list");
    let waits = findings
        .iter()
        .any(|f| f["message"] == "it waits for cherry_1.0_all.deb");
    assert!(waits, "{findings:?}");
    // What is not as listed may be another upload's, on its way.
    assert_eq!(
        names(&tray),
        ["cherry_1.0_all.changes", "damson_1.0_all.deb", "rejected"]
    );
    std::fs::remove_file(&spoiled).expect("it stayed");
    let rejected = tray.join("rejected");
    assert_eq!(
        names(&rejected),
        ["apple_1.0_all", "damson_1.0_all", "elder_1", "fig_1.0_all"]
    );
    let aside = names(&rejected.join("apple_1.0_all"));
    assert_eq!(
        aside,
        ["REASON", "apple_1.0_all.changes", "apple_1.0_all.deb"]
    );
    for (name, says) in [
        (
            "apple_1.0_all",
            &["[older-version]", "stable has 2.0", "fix: "][..],
        ),
        ("damson_1.0_all", &["[upload-differs]", "sha256"]),
        ("elder_1", &["[invalid-changes]"]),
        ("fig_1.0_all", &["[no-such-suite] elsewhere"]),
    ] {
        let reason = std::fs::read_to_string(rejected.join(name).join("REASON")).expect("a file");
        for part in says {
            assert!(reason.contains(part), "{part:?} in {reason}");
        }
    }
    // The rest comes; the same name is refused a second time.
    std::fs::copy(
        cherry.with_file_name("cherry_1.0_all.deb"),
        tray.join("cherry_1.0_all.deb"),
    )
    .expect("a file");
    copy_into(&tray, &world.path("built-apple-1.0/apple_1.0_all.changes"));
    let ran = world.incoming(&["--map", "unstable=stable"]).code(1);
    assert!(
        ran.stdout
            .contains("cherry_1.0_all.changes: published in stable@"),
        "{}",
        ran.stdout
    );
    assert!(rejected.join("apple_1.0_all.2/REASON").is_file());
    assert_eq!(names(&tray), ["rejected"]);
    let empty = world.incoming(&[]).code(0);
    assert!(empty.stdout.contains("nothing to do"), "{}", empty.stdout);
    assert!(world.deep_check(0).is_empty());
}

#[test]
fn one_upload_neither_takes_nor_stops_those_of_others() {
    let world = World::with_archive();
    let tray = world.tray();
    let apple = world.upload("apple", "1.0", "stable");
    copy_into(&tray, &apple);
    // Half there; its .changes comes later.
    std::fs::write(tray.join("banana_1.0_all.deb"), "half of it").expect("a file");
    std::fs::create_dir(tray.join("rejected")).expect("a directory");
    let built = world.path("evil");
    std::fs::create_dir(&built).expect("a directory");
    let listed = [
        "apple_1.0_all.changes",
        "banana_1.0_all.deb",
        "fig_1.0_all.deb",
        "rejected",
    ];
    let listed = listed.map(|name| built.join(name));
    for path in &listed {
        std::fs::write(path, "x").expect("a file");
    }
    let paths: Vec<&Path> = listed.iter().map(PathBuf::as_path).collect();
    let evil = tray.join("evil_1_all.changes");
    std::fs::rename(changes("stable", &paths), &evil).expect("it was made");
    let mut touch = tool("touch", "coreutils");
    touch.args(["--date", "2025-05-01T00:00:00Z"]).arg(&evil);
    world.judge(touch).code(0);
    let ran = world.incoming(&["--json"]).code(1);
    assert_eq!(
        states(&ran),
        [
            ("evil_1_all.changes".to_owned(), "rejected".to_owned()),
            ("apple_1.0_all.changes".to_owned(), "published".to_owned()),
        ]
    );
    assert_eq!(names(&tray), ["banana_1.0_all.deb", "rejected"]);
    let aside = names(&tray.join("rejected/evil_1_all"));
    assert_eq!(aside, ["REASON", "evil_1_all.changes"]);
    world.incoming(&[]).code(0);
}

#[test]
fn a_run_that_was_killed_is_completed_by_the_next() {
    let world = World::with_archive();
    let tray = world.tray();
    let place = |name: &str| tray.join(name);
    // Published, and killed before anything was removed.
    let apple = world.upload("apple", "1.0", "stable");
    world.add(&[&apple], &[]).code(0);
    copy_into(&tray, &apple);
    // Killed after the mark, one file gone already; while moving aside.
    let banana = world.upload("banana", "1.0", "stable");
    std::fs::copy(&banana, place(".banana_1.0_all.changes.done")).expect("a file");
    std::fs::copy(
        banana.with_file_name("banana_1.0_all.deb"),
        place("banana_1.0_all.deb"),
    )
    .expect("a file");
    let cherry = world.upload("cherry", "1.0", "stable");
    let part = place("rejected/.cherry_1.0_all.part");
    std::fs::create_dir_all(&part).expect("a directory");
    std::fs::write(part.join("REASON"), "because\n").expect("a file");
    std::fs::copy(&cherry, part.join("cherry_1.0_all.changes")).expect("a file");
    std::fs::copy(
        cherry.with_file_name("cherry_1.0_all.deb"),
        place("cherry_1.0_all.deb"),
    )
    .expect("a file");
    let ran = world.incoming(&["--json"]).code(0);
    assert_eq!(
        states(&ran),
        [("apple_1.0_all.changes".to_owned(), "unchanged".to_owned())]
    );
    assert_eq!(names(&tray), ["rejected"]);
    assert_eq!(names(&place("rejected")), ["cherry_1.0_all"]);
    let aside = names(&place("rejected/cherry_1.0_all"));
    assert_eq!(
        aside,
        ["REASON", "cherry_1.0_all.changes", "cherry_1.0_all.deb"]
    );
    assert_eq!(world.packages_of("stable"), ["apple 1.0"]);
    // What stays is told when it is late, and kept files are kept.
    let fig = world.upload("fig", "1.0", "stable");
    copy_into(&tray, &fig);
    world.incoming(&["--keep"]).code(0);
    assert_eq!(
        names(&tray),
        ["fig_1.0_all.changes", "fig_1.0_all.deb", "rejected"]
    );
    let stray = place("stray_1.0_all.deb");
    std::fs::write(&stray, "half").expect("a file");
    std::fs::remove_file(place("fig_1.0_all.deb")).expect("it was kept");
    for path in [&stray, &place("fig_1.0_all.changes")] {
        let mut touch = tool("touch", "coreutils");
        touch.args(["--date", "2025-05-01T00:00:00Z"]).arg(path);
        world.judge(touch).code(0);
    }
    let late = world
        .incoming(&["--json"])
        .code(0)
        .document("debcut/archive-incoming/1");
    let findings = late["findings"].as_array().expect("a list");
    let told: Vec<_> = findings
        .iter()
        .map(|f| f["subject"].as_str().expect("text"))
        .collect();
    assert_eq!(
        told,
        ["fig_1.0_all.changes", "stray_1.0_all.deb"],
        "{findings:?}"
    );
}

#[test]
fn watching_takes_signed_uploads_until_it_is_told_to_stop() {
    let world = World::with_archive();
    let tray = world.tray();
    let key = {
        let list = world.run(["key", "list", "--json"]).code(0).stdout;
        let list: Value = serde_json::from_str(&list).expect("a document");
        list["keys"][0]["fingerprint"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    world
        .archive(["init", "--suite", "stable", "--uploader", &key])
        .code(0);
    let words = [
        "incoming",
        tray.to_str().expect("text"),
        "--watch",
        "--interval",
        "1",
        "--json",
    ];
    let mut child = world.archive_call(words).start();
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = || -> Value {
        let line = lines.next().expect("it goes on").expect("a line");
        serde_json::from_str(&line).expect("one document a line")
    };
    for (name, is_signed, state) in [("apple", false, "rejected"), ("banana", true, "published")] {
        let changes = world.upload(name, "1.0", "stable");
        if is_signed {
            sign(&world, &changes, &key);
        }
        world.dput(&changes).code(0);
        let document = next();
        assert_eq!(document["schema"], "debcut/archive-incoming/1");
        assert_eq!(document["uploads"][0]["state"], state, "{document}");
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    let since = Instant::now();
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(since.elapsed() < Duration::from_secs(5));
    assert_eq!(world.packages_of("stable"), ["banana 1.0"]);
    let reason = std::fs::read_to_string(tray.join("rejected/apple_1.0_all/REASON"));
    assert!(reason.expect("a file").contains("[upload-not-signed]"));
}
