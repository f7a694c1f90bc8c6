//! `status`: a project's way from its tag to a suite.

use serde_json::{Value, json};

use crate::world::World;

/// Makes the declared project with an archive and a key.
pub fn world() -> World {
    let world = World::declared();
    world.key();
    let place = world.path("apt");
    let place = place.to_str().expect("text");
    world
        .run(["archive", "init", place, "--suite", "stable,staging"])
        .code(0);
    let file = world.project().join("debcut.toml");
    let text = std::fs::read_to_string(file).expect("read");
    let archive = "\n[archive.house]\nlocation = \"../apt\"\n";
    world.write("debcut.toml", text + archive);
    world.write(".gitignore", "/dist/\n");
    world.git(&["add", "--all"]);
    world.git(&["commit", "--quiet", "--message", "chore: archive"]);
    world
}

fn status(world: &World) -> Value {
    world
        .run(["status", "--json"])
        .code(0)
        .document("debcut/status/1")
}

/// Returns the one step that is waited for, with its command.
fn wait(document: &Value) -> (String, String) {
    let waits = document["waits"].as_array().expect("a list");
    let [wait] = waits.as_slice() else {
        panic!("one step in {document:#}");
    };
    let text = |name: &str| wait[name].as_str().expect("text").to_owned();
    (text("awaits"), text("command"))
}

fn of(step: &str, command: &str) -> (String, String) {
    (step.to_owned(), command.to_owned())
}

#[test]
fn a_release_is_followed_to_its_suite() {
    let world = world();
    let before = world.listing();
    assert_eq!(wait(&status(&world)), of("build", "debcut build v1.2.0"));
    assert_eq!(world.listing(), before);
    world.run(["build", "v1.2.0"]).code(0);
    assert_eq!(
        wait(&status(&world)),
        of("publish", "debcut publish --to SUITE")
    );
    // Of what is built, publish takes the last build by itself, else it is told.
    let note = world.project().join(".git/debcut/last-build.json");
    let text = std::fs::read(&note).expect("read");
    std::fs::remove_file(&note).expect("removed");
    let told = of("publish", "debcut publish dist/v1.2.0 --to SUITE");
    assert_eq!(wait(&status(&world)), told);
    world
        .run(["publish", "dist/v1.2.0", "--to", "stable"])
        .code(0);
    std::fs::write(&note, text).expect("written");
    let document = status(&world);
    assert_eq!(document["waits"], json!([]));
    let package = &document["packages"][0];
    assert_eq!(package["name"], "tally");
    assert_eq!(package["current"], "1.2.0");
    assert_eq!(package["current_tag"], "v1.2.0");
    assert_eq!(package["changes"], 1, "{document:#}");
    assert_eq!(
        (&package["next"], &package["bump"]),
        (&json!("1.2.1"), &json!("patch"))
    );
    let held = json!([{
        "archive": "house", "suite": "stable", "generation": 2, "version": "1.2.0",
        "architectures": ["all"],
    }]);
    assert_eq!(package["suites"], held);
    let suites: Vec<_> = document["suites"]
        .as_array()
        .expect("a list")
        .iter()
        .collect();
    assert_eq!(suites.len(), 2);
    assert_eq!(
        (&suites[1]["suite"], &suites[1]["generation"]),
        (&json!("staging"), &json!(1))
    );

    world.write("tally.conf", "# how to count more\n");
    world.commit("feat: count more");
    let package = status(&world)["packages"][0].clone();
    assert_eq!(
        (&package["next"], &package["bump"]),
        (&json!("1.3.0"), &json!("minor"))
    );
    world.run(["prepare"]).code(0);
    assert_eq!(wait(&status(&world)), of("tag", "debcut tag tally"));
    let text = world.run(["status"]).code(0).stdout;
    assert!(
        text.contains("tally 1.3.0 awaits: debcut tag tally\n"),
        "{text}"
    );
    assert!(
        text.contains("house stable@2   tally    1.2.0    all\n"),
        "{text}"
    );
    assert!(text.contains("house staging@1  –"), "{text}");
    world.run(["tag"]).code(0);
    assert_eq!(wait(&status(&world)), of("build", "debcut build v1.3.0"));
}

#[test]
fn what_stands_badly_is_an_answer() {
    let world = world();
    world.write("tally.conf", "x\n");
    world.commit("whatever");
    world.edit(
        "debcut.toml",
        "[archive.house]",
        "[release]\nunconventional = \"error\"\n[archive.house]",
    );
    std::fs::write(world.path("apt/.debcut/suites/stable/head"), "{}").expect("written");
    let document = status(&world);
    let findings = document["findings"].as_array().expect("a list");
    let shown: Vec<_> = findings
        .iter()
        .map(|f| (&f["rule"], &f["severity"]))
        .collect();
    let (refused, archive) = (json!("unconventional-commit"), json!("archive"));
    let warning = json!("warning");
    assert_eq!(
        shown,
        [(&refused, &warning), (&archive, &warning)],
        "{document:#}"
    );
    let package = &document["packages"][0];
    assert_eq!(
        (&package["current"], &package["next"]),
        (&json!("1.2.0"), &Value::Null)
    );
    // Whether a suite holds it, nobody knows.
    assert_eq!(document["waits"], json!([]));
}

#[test]
fn a_debian_package_is_found_by_its_binaries() {
    let world = World::native();
    world.key();
    let place = world.path("apt");
    let place = place.to_str().expect("text");
    world
        .run(["archive", "init", place, "--suite", "stable"])
        .code(0);
    world.write(
        "debcut.toml",
        "[[package]]\nname = \"stamp\"\n[archive.a]\nlocation = \"../apt\"\n",
    );
    world.edit("debian/control", "Package: stamp", "Package: stamp-data");
    world.write("debian/rules", "#!/usr/bin/make -f\n%:\n\tdh $@\n");
    world.edit("debian/changelog", "stamp (1.0)", "stamp (1.1)");
    world.commit("feat: rename it");
    world.tag("debian/1.1");
    world.run(["build", "debian/1.1"]).code(0);
    let deb = world
        .project()
        .join("dist/debian/1.1/stamp-data_1.1_all.deb");
    let deb = deb.to_str().expect("text");
    world
        .run(["archive", "add", deb, "--to", "stable", "--archive", place])
        .code(0);
    let document = status(&world);
    assert_eq!(document["waits"], json!([]), "{document:#}");
    let held = &document["packages"][0]["suites"][0];
    assert_eq!(
        (&held["version"], &held["architectures"]),
        (&json!("1.1"), &json!(["all"]))
    );
}
