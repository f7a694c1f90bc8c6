//! One release for several distributions: a version, an upload and a directory
//! each; and the same builds as jobs for a CI service.

use serde_json::Value;

use crate::world::World;

fn text(world: &World, below: &str) -> String {
    let path = world.project().join(below);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{below}: {error}"))
}

#[test]
fn each_distribution_has_a_version_and_a_directory() {
    let world = World::quilt();
    world.key();
    let here = debcut::model::Architecture::of_this_machine();
    let head = world.git(&["rev-parse", "HEAD"]);
    let words = [
        "build",
        "debian/1%1.0-1",
        "--for",
        "bookworm,trixie",
        "--json",
    ];
    let document = world.run(words).code(0).document("debcut/build/1");
    let versions: Vec<_> = document["builds"]
        .as_array()
        .expect("builds")
        .iter()
        .map(|build| build["version"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(versions, ["1:1.0-1~deb12u1", "1:1.0-1~deb13u1"]);
    assert_eq!(
        world.run(words).code(0).document("debcut/build/1")["changed"],
        false
    );
    assert_eq!(world.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(world.git(&["status", "--porcelain", "--", "debian"]), "");
    let dist = "dist/debian/1%1.0-1";
    let mut origs = Vec::new();
    for (suite, version) in [("bookworm", "1.0-1~deb12u1"), ("trixie", "1.0-1~deb13u1")] {
        let at = format!("{dist}/{suite}/stamp_{version}_{here}.changes");
        let changes = text(&world, &at);
        assert!(
            changes.contains(&format!("\nDistribution: {suite}\n")),
            "{changes}"
        );
        assert!(
            changes.contains(&format!("\nVersion: 1:{version}\n")),
            "{changes}"
        );
        let orig = format!("{dist}/{suite}/stamp_1.0.orig.tar.xz");
        origs.push(std::fs::read(world.project().join(orig)).expect("the tarball"));
    }
    assert!(origs[0] == origs[1], "the same upstream tarball");

    // One archive takes both, each into its suite.
    let archive = world.path("archive").display().to_string();
    world
        .run([
            "archive",
            "init",
            &archive,
            "--suite",
            "bookworm,trixie,sid",
        ])
        .code(0);
    for suite in ["bookworm", "trixie"] {
        world
            .run(["publish", "--to", suite, "--archive", &archive])
            .code(0);
    }
    world
        .run(["publish", "--to", "sid", "--archive", &archive])
        .code(2)
        .says(&["none of them sid"]);
    let listed = world
        .run(["archive", "list", "--archive", &archive])
        .code(0)
        .stdout;
    for version in ["1:1.0-1~deb12u1", "1:1.0-1~deb13u1"] {
        assert!(listed.contains(version), "{listed}");
    }

    // The release's own build goes beside them, and finds itself.
    world.run(["build", "debian/1%1.0-1"]).code(0);
    let again = world.run(["build", "debian/1%1.0-1", "--json"]).code(0);
    assert_eq!(again.document("debcut/build/1")["changed"], false);
    assert_eq!(
        world.run(words).code(0).document("debcut/build/1")["changed"],
        false
    );
}

#[test]
fn the_configuration_says_how_versions_end() {
    let world = World::native();
    world.write(
        "debcut.toml",
        "[build]\nsuffix = { bookworm = \"~bpo12+1\", lab = \"+lab1\" }\n",
    );
    for (suite, want) in [
        ("bookworm", "1.0~bpo12+1"),
        ("lab", "1.0+lab1"),
        ("trixie-backports", "1.0~bpo13+1"),
        ("sid", "1.0"),
    ] {
        let words = [
            "build",
            "debian/1.0",
            "--for",
            suite,
            "--dry-run",
            "--no-sign",
            "--json",
        ];
        let document = world.run(words).code(0).document("debcut/build/1");
        assert_eq!(document["builds"][0]["version"], want, "{suite}");
    }
    world.write("debcut.toml", "[build]\nsuffix = { bookworm = \"_1\" }\n");
    world
        .run(["build", "debian/1.0"])
        .code(2)
        .says(&["debcut.toml:2", "ends no version"]);
}

#[test]
fn a_declared_package_is_built_for_each_as_well() {
    let world = World::declared();
    world
        .run(["build", "v1.2.0", "--for", "bookworm,jammy", "--no-sign"])
        .code(0);
    for (suite, version) in [("bookworm", "1.2.0~deb12u1"), ("jammy", "1.2.0~jammy1")] {
        let at = format!("dist/v1.2.0/{suite}/tally_{version}_all.changes");
        let changes = text(&world, &at);
        assert!(
            changes.contains(&format!("\nDistribution: {suite}\n")),
            "{changes}"
        );
    }
}

#[test]
fn builds_are_jobs_for_a_service() {
    let world = World::declared();
    let here = debcut::model::Architecture::of_this_machine();
    let words = [
        "build",
        "--matrix",
        "--for",
        "bookworm,trixie",
        "--arch",
        "amd64,arm64",
    ];
    let ran = world.run(words).code(0);
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
    let matrix: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    // All of it is for every architecture: one job for each suite.
    let args: Vec<_> = matrix["include"]
        .as_array()
        .expect("jobs")
        .iter()
        .map(|job| job["args"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(
        args,
        [
            "v1.2.0 --package tally --for bookworm --arch amd64 --isolation none",
            "v1.2.0 --package tally --for trixie --arch amd64 --isolation none",
        ]
    );
    let document = world.run([&words[..], &["--json"]].concat()).code(0);
    assert_eq!(
        document.document("debcut/build-matrix/1")["include"][1]["suite"],
        "trixie"
    );
    let gitlab = world.run(["build", "--matrix=gitlab"]).code(0).stdout;
    let jobs: Value = serde_json::from_str(&gitlab).expect("JSON");
    assert_eq!(jobs[0]["ARCHITECTURE"][0], here.as_str());
    // What it says is what build takes.
    let line = matrix["include"][0]["args"].as_str().expect("words");
    let line = line.replace("amd64", here.as_str());
    let words = ["build"].into_iter().chain(line.split(' '));
    world.run(words.chain(["--dry-run", "--no-sign"])).code(0);
}
