//! Building again: what is the same, what differs, and why.

mod causes;
mod records;

use std::path::Path;

use serde_json::Value;

use crate::world::{Ran, World};

/// Makes a project of a directory of `fixtures/unreproducible/`, tagged v1.0.
pub fn odd(name: &str) -> World {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/unreproducible");
    let world = World::new();
    let configuration = std::fs::read(fixtures.join("debcut.toml")).expect("the fixture");
    world.write("debcut.toml", configuration);
    let source = fixtures.join(name);
    for entry in walkdir::WalkDir::new(&source) {
        let entry = entry.expect("listed");
        if entry.file_type().is_file() {
            let below = entry.path().strip_prefix(&source).expect("it is below");
            let text = std::fs::read(entry.path()).expect("readable");
            world.write(below.to_str().expect("text"), text);
        }
    }
    world.commit("feat: be odd");
    world.tag("v1.0");
    world
}

/// Runs `reproduce` without diffoscope, which takes seconds, and in a room
/// unless the words say otherwise.
pub fn reproduce(world: &World, words: &[&str]) -> Ran {
    let own: &[&str] = match words.contains(&"--isolation") {
        true => &["reproduce", "--no-diffoscope"],
        false => &["reproduce", "--no-diffoscope", "--isolation", "namespace"],
    };
    world.run([own, words].concat())
}

/// Finds the differences of packages, but for those that only follow.
pub fn differences(document: &Value) -> Vec<&Value> {
    let artifacts = document["artifacts"].as_array().expect("artifacts");
    let packages = artifacts.iter().filter(|artifact| {
        artifact["name"]
            .as_str()
            .is_some_and(|n| n.ends_with(".deb"))
    });
    let all =
        packages.flat_map(|artifact| artifact["differences"].as_array().into_iter().flatten());
    all.filter(|one| one["why"]["cause"] != "follows").collect()
}

#[test]
fn a_tag_that_is_reproducible_is_equal_under_all_variations() {
    for world in [odd("none"), World::declared()] {
        let tag = world.git(&["tag", "--list"]);
        let before = world.listing();
        let ran = reproduce(&world, &[&tag, "--path", "--json"]).code(0);
        let document = ran.document("debcut/reproduce/1");
        assert_eq!(document["equal"], true);
        assert_eq!(document["builds"], 2);
        assert_eq!(document["reference"]["kind"], "first-build");
        assert_eq!(document["isolation"], "namespace");
        let variations = document["variations"].as_array().expect("variations");
        assert_eq!(variations.len(), 11, "each is varied or says why not");
        for variation in variations {
            let told = match variation["state"].as_str() {
                Some("varied") => variation["means"].as_str(),
                _ => variation["why"].as_str(),
            };
            assert!(told.is_some_and(|text| text.len() > 10), "{variation}");
        }
        // The project is as it was; only logs are new.
        let mut after = world.listing();
        after.retain(|path, _| !path.starts_with("data/debcut"));
        let mut before = before;
        before.retain(|path, _| !path.starts_with("data/debcut"));
        assert_eq!(after, before);
    }
}

#[test]
fn a_build_in_its_usual_place_is_the_reference() {
    let world = odd("host-name");
    world.key();
    world
        .run(["build", "v1.0", "--isolation", "namespace"])
        .code(0);
    let ran = reproduce(&world, &["v1.0", "--no-vary", "host-name", "--json"]).code(0);
    let document = ran.document("debcut/reproduce/1");
    assert_eq!(document["reference"]["kind"], "artifacts");
    assert_eq!(document["builds"], 1, "the first is there");
    let ran = reproduce(&world, &["v1.0", "--vary", "host-name", "--json"]).code(1);
    let document = ran.document("debcut/reproduce/1");
    assert_eq!(differences(&document)[0]["why"]["cause"], "host-name");
    // Somebody else's files are compared as they are, if they are whole.
    let dist = world.project().join("dist/v1.0");
    let deb = dist.join("odd_1.0_all.deb");
    std::fs::write(&deb, "something else").expect("writable");
    let against = ["v1.0", "--against", "dist/v1.0"];
    reproduce(&world, &against)
        .code(2)
        .says(&["is not what SHA256SUMS says"]);
    std::fs::remove_file(dist.join("SHA256SUMS")).expect("it was there");
    reproduce(&world, &against).code(1);
}

#[test]
fn the_report_is_a_page_by_itself() {
    let world = odd("several");
    let words = ["reproduce", "v1.0", "--isolation", "namespace"];
    let words = [
        &words[..],
        &["--vary", "time,host-name", "--html", "report.html"],
    ]
    .concat();
    let ran = world.run(words).code(1);
    assert!(ran.stdout.contains("report.html"), "{}", ran.stdout);
    let page = std::fs::read_to_string(world.project().join("report.html")).expect("a page");
    for word in [
        "<!DOCTYPE html>",
        "odd&#x2f;year",
        "SOURCE_DATE_EPOCH",
        "varied-host",
    ] {
        assert!(page.contains(word), "{word} in {page}");
    }
    // Without diffoscope it says so.
    assert!(page.contains("diffoscope: <code>odd_1.0_all.deb"), "{page}");
    for elsewhere in ["<script", "http:", "https:", " src="] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
}

#[test]
fn wrong_requests_are_refused() {
    let world = odd("none");
    let cases: [(&[&str], &[&str]); 4] = [
        (&["v9"], &["v9"]),
        (&["v1.0", "--vary", "weather"], &["weather", "host-name"]),
        (&["nowhere.buildinfo"], &["nowhere.buildinfo"]),
        (&["v1.0", "--against", "nowhere"], &["nowhere"]),
    ];
    for (words, says) in cases {
        let ran = reproduce(&world, words);
        let code = if words == ["nowhere.buildinfo"] {
            ran.code
        } else {
            2
        };
        assert!(ran.code != 0 && ran.code != 1, "{words:?}: {ran:?}");
        ran.code(code).says(says);
    }
}
