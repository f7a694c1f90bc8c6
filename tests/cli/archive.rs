//! An archive to publish in; and what `archive init`, `list`, `show` and
//! `check` say of it.

pub mod packages;

use std::path::{Path, PathBuf};

use debcut::model::Architecture;
use serde_json::Value;

use crate::world::{Call, Listing, Ran, World, listing};
use packages::deb;

impl World {
    /// Makes a world with a key and an archive that has the suite stable.
    pub fn with_archive() -> Self {
        let world = Self::new();
        world.key();
        world
            .archive(["init", "--suite", "stable", "--component", "main,contrib"])
            .code(0);
        world
    }

    /// Returns where the archive is.
    pub fn archive_at(&self) -> PathBuf {
        self.path("archive")
    }

    /// Prepares a run of a verb of `archive`, for this world's archive.
    pub fn archive_call<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Call<'_> {
        let call = self.debcut(["archive"].into_iter().chain(words));
        call.env("DEBCUT_ARCHIVE", self.archive_at())
    }

    /// Runs a verb of `archive` to its end.
    #[track_caller]
    pub fn archive<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Ran {
        self.archive_call(words).run()
    }

    /// Prepares `archive add --to stable` of these files.
    pub fn add_call(&self, files: &[impl AsRef<Path>], more: &[&str]) -> Call<'_> {
        let files = files
            .iter()
            .map(|file| file.as_ref().to_str().expect("text"));
        let words = ["add", "--to", "stable"].into_iter().chain(files);
        self.archive_call(words.chain(more.iter().copied()))
    }

    /// Adds files to stable.
    #[track_caller]
    pub fn add(&self, files: &[impl AsRef<Path>], more: &[&str]) -> Ran {
        self.add_call(files, more).run()
    }

    /// Lists the packages of a suite, as `NAME VERSION`.
    #[track_caller]
    pub fn packages_of(&self, suite: &str) -> Vec<String> {
        let document = self.archive(["list", suite, "--json"]).code(0);
        let document = document.document("debcut/archive-list/1");
        let packages = document["suites"][0]["packages"].as_array();
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let row = |row: &Value| format!("{} {}", text(&row["name"]), text(&row["version"]));
        packages.expect("a list").iter().map(row).collect()
    }

    /// Checks the archive deeply; returns the findings.
    #[track_caller]
    pub fn deep_check(&self, code: i32) -> Vec<Value> {
        let ran = self.archive(["check", "--deep", "--json"]).code(code);
        let document = ran.document("debcut/archive-check/1");
        assert_eq!(document["whole"], code == 0, "{document}");
        document["findings"].as_array().expect("a list").clone()
    }

    /// Lists the archive, but who held its lock last.
    pub fn archive_listing(&self) -> Listing {
        let mut found = listing(&self.archive_at());
        found.remove(Path::new(".debcut/lock"));
        found
    }
}

fn release(world: &World, suite: &str, field: &str) -> Option<String> {
    let path = world.archive_at().join("dists").join(suite).join("Release");
    let text = std::fs::read_to_string(path).expect("it is published");
    let value = |line: &str| Some(line.strip_prefix(field)?.strip_prefix(": ")?.to_owned());
    text.lines().find_map(value)
}

#[test]
fn init_creates_and_adds_what_is_missing() {
    let world = World::new();
    world.key();
    let first = world.archive([
        "init",
        "--suite",
        "stable",
        "--suite",
        "canary,edge",
        "--architecture",
        "amd64",
        "--origin",
        "Acme",
        "--label",
        "Ours",
        "--not-automatic",
        "--json",
    ]);
    let document = first.code(0).document("debcut/archive-init/1");
    assert_eq!(document["changed"], true);
    let names = |document: &Value| {
        let rows = document["suites"].as_array().expect("a list").clone();
        rows.iter()
            .map(|row| {
                format!(
                    "{}@{}",
                    row["suite"].as_str().expect("text"),
                    row["generation"]
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&document), ["stable@1", "canary@1", "edge@1"]);
    for (field, want) in [
        ("Origin", Some("Acme")),
        ("Label", Some("Ours")),
        ("Codename", Some("stable")),
        ("NotAutomatic", Some("yes")),
        ("Architectures", Some("all amd64")),
        ("Components", Some("main")),
        ("Acquire-By-Hash", Some("yes")),
        ("Date", Some("Sun, 01 Jun 2025 12:00:00 UTC")),
        ("Valid-Until", None),
    ] {
        assert_eq!(release(&world, "stable", field).as_deref(), want, "{field}");
    }
    let again = world
        .archive(["init", "--suite", "stable", "--json"])
        .code(0);
    assert_eq!(again.document("debcut/archive-init/1")["changed"], false);
    let more = world.archive([
        "init",
        "--suite",
        "stable,next",
        "--architecture",
        "arm64",
        "--component",
        "contrib",
        "--valid-for",
        "7d",
        "--json",
    ]);
    let document = more.code(0).document("debcut/archive-init/1");
    assert_eq!(names(&document), ["stable@2", "next@1"]);
    assert_eq!(
        release(&world, "stable", "Architectures").as_deref(),
        Some("all amd64 arm64")
    );
    assert_eq!(
        release(&world, "stable", "Components").as_deref(),
        Some("main contrib")
    );
    assert_eq!(
        release(&world, "stable", "Origin").as_deref(),
        Some("Acme"),
        "who it is stays"
    );
    // The clock of these tests stands still.
    let until = release(&world, "stable", "Valid-Until");
    assert_eq!(until.as_deref(), Some("Sun, 08 Jun 2025 12:00:00 UTC"));
    assert!(world.deep_check(0).is_empty());
    let late = world
        .archive_call(["check", "--json"])
        .env("DEBCUT_NOW", "2025-06-09T00:00:00Z");
    let findings = late.run().code(1).document("debcut/archive-check/1")["findings"].clone();
    assert_eq!(findings[0]["rule"], "expired-release", "{findings}");
}

#[test]
fn generations_are_listed_each_as_it_was() {
    let world = World::with_archive();
    let here = Architecture::of_this_machine();
    let old = deb("apple", "1.0").make(&world, "debs");
    let new = deb("apple", "1.1").make(&world, "debs");
    let document = world
        .add(&[old], &["--json"])
        .code(0)
        .document("debcut/archive-add/1");
    assert_eq!(document["suite"], "stable");
    assert_eq!(
        (&document["generation"], &document["parent"]),
        (&2.into(), &1.into())
    );
    assert_eq!(document["changed"], true);
    let want = serde_json::json!([
        {"name": "apple", "version": "1.0", "architecture": "all", "component": "main"}
    ]);
    assert_eq!(document["added"], want);
    assert_eq!(document["removed"], serde_json::json!([]));
    let before = world.archive_listing();
    let planned = world.add(&[&new], &["--dry-run", "--json"]).code(0);
    let document = planned.document("debcut/archive-add/1");
    assert_eq!(document["dry_run"], true);
    assert_eq!(document["plan_digest"].as_str().map(str::len), Some(64));
    assert_eq!(document["generation"], 3);
    assert_eq!(world.archive_listing(), before, "a dry run writes nothing");
    let epoch = world
        .add_call(&[new], &[])
        .env("SOURCE_DATE_EPOCH", "1750000000");
    epoch.run().code(0);
    let date = release(&world, "stable", "Date");
    assert_eq!(date.as_deref(), Some("Sun, 15 Jun 2025 15:06:40 UTC"));
    for (suite, want) in [
        ("stable@1", &[][..]),
        ("stable@2", &["apple 1.0"]),
        ("stable@3", &["apple 1.0", "apple 1.1"]),
        ("stable", &["apple 1.0", "apple 1.1"]),
    ] {
        assert_eq!(world.packages_of(suite), want, "{suite}");
    }
    world
        .archive(["list", "stable@4"])
        .code(2)
        .says(&["stable has no generation 4; kept are 3 to 1"]);
    for none in ["stable@x", "stable@0"] {
        let listed = world.archive(["list", none]).code(2);
        listed.says(&[none, "SUITE@NUMBER"]);
    }
    let shown = world.archive(["show", "apple", "--json"]).code(0);
    let document = shown.document("debcut/archive-show/1");
    let stanzas = document["stanzas"].as_array().expect("a list");
    assert_eq!(stanzas.len(), 2, "{document}");
    assert_eq!(
        stanzas[0]["index"],
        format!("main/binary-{here}/Packages").as_str()
    );
    let text = stanzas[0]["text"].as_str().expect("text");
    assert!(
        text.contains("\nFilename: pool/main/a/apple/apple_1.0_all.deb\n"),
        "{text}"
    );
    world
        .archive(["show", "pear"])
        .code(2)
        .says(&["pear", "archive list"]);
}

#[test]
fn dry_run_of_init_writes_nothing() {
    let world = World::new();
    world.key();
    let ran = world
        .archive(["init", "--suite", "stable", "--dry-run", "--json"])
        .code(0);
    assert_eq!(ran.document("debcut/archive-init/1")["dry_run"], true);
    assert!(!world.archive_at().exists());
}

#[test]
fn suite_without_its_head_is_neither_taken_nor_called_whole() {
    let world = World::with_archive();
    let init = ["init", "--suite", "canary"];
    world.archive(init).code(0);
    let head = world.archive_at().join(".debcut/suites/canary/head");
    std::fs::remove_file(head).expect("removes");
    let before = world.archive_listing();
    for more in [&[][..], &["--dry-run"]] {
        world
            .archive(init.iter().chain(more).copied())
            .code(2)
            .says(&[
                "dists/canary/InRelease",
                ".debcut/suites/canary/head",
                "archive check --rebuild",
            ]);
    }
    assert_eq!(world.archive_listing(), before);
    let findings = world.deep_check(1);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0]["rule"], "lost-head");
    assert_eq!(findings[0]["subject"], "dists/canary/InRelease");

    // Also where no head is left at all.
    let head = world.archive_at().join(".debcut/suites/stable/head");
    std::fs::remove_file(head).expect("removes");
    assert_eq!(world.deep_check(1).len(), 2);
}

#[test]
fn promoted_is_in_the_other_suite_with_the_same_files() {
    let world = World::with_archive();
    world
        .archive(["init", "--suite", "next", "--component", "main,contrib"])
        .code(0);
    let paths = [("apple", "1.0"), ("apple", "1.1"), ("banana", "1.0")]
        .map(|(name, version)| packages::deb(name, version).make(&world, "debs"));
    world.add(&paths, &[]).code(0);
    let promote = |words: &[&str]| {
        let call = ["promote", "--from", "stable", "--to", "next"].into_iter();
        world.archive(call.chain(words.iter().copied()))
    };
    let before = world.archive_listing();
    let planned = promote(&["--all", "--dry-run", "--json"]).code(0);
    assert_eq!(
        planned.document("debcut/archive-promote/1")["dry_run"],
        true
    );
    assert_eq!(world.archive_listing(), before);
    promote(&["apple"]).code(0);
    assert_eq!(world.packages_of("next"), ["apple 1.1"]);
    let cases: [(&[&str], i32, &str); 5] = [
        (&["cherry"], 1, "it is not in stable"),
        (&["apple=2.0"], 1, "it is not in stable"),
        (&["apple=1.0"], 1, "which is newer"),
        (&[], 2, "required"),
        (&["apple", "--all"], 2, "cannot be used"),
    ];
    for (words, code, says) in cases {
        let ran = promote(words).code(code);
        let said = ran.stdout + &ran.stderr;
        assert!(said.contains(says), "{words:?}: {said}");
    }
    promote(&["apple=1.0", "--allow-older"]).code(0);
    promote(&["--all"]).code(0);
    assert_eq!(
        world.packages_of("next"),
        ["apple 1.0", "apple 1.1", "banana 1.0"]
    );
    let again = promote(&["--all", "--json"]).code(0);
    assert_eq!(again.document("debcut/archive-promote/1")["changed"], false);
    world.archive(["check", "--deep"]).code(0);
}
