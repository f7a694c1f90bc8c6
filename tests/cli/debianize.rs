//! `init --debian`: a directory that dpkg builds from and lintian has little to
//! say about.

use crate::world::{World, tool};

/// What lintian says of a package that was never in Debian: its first entry
/// closes no bug there, and its programs' manual pages and the test that
/// dh-nodejs runs are the project's to write.
const KNOWN: [&str; 3] = [
    "initial-upload-closes-no-bugs",
    "no-manual-page",
    "pkg-js-tools-test-is-missing",
];

fn project() -> World {
    let world = World::new();
    world.write("bin/greet", "#!/bin/sh\necho hi\n");
    let program = world.project().join("bin/greet");
    let mut permissions = std::fs::metadata(&program).expect("is there").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    std::fs::set_permissions(&program, permissions).expect("sets");
    world.write("VERSION", "1.0\n");
    world.write("LICENSE", "Do what you like.\n");
    world.commit("feat: greet");
    world
}

fn text(world: &World, path: &str) -> String {
    std::fs::read_to_string(world.project().join(path)).expect(path)
}

#[test]
fn a_project_is_debianized_built_and_judged() {
    let world = project();
    world.run(["init", "--debian"]).code(0);
    let config = text(&world, "debcut.toml");
    assert!(config.contains("build = \"debian\"\n"), "{config}");
    assert!(
        config.contains("version-files = [\"VERSION\"]\n"),
        "{config}"
    );
    // As a release does.
    world.edit("debian/changelog", "UNRELEASED", "unstable");
    world.commit("build: package it");
    world.tag("v1.0");
    let built = world.run(["build", "v1.0", "--no-sign", "--json"]).code(0);
    let document = built.document("debcut/build/1");
    let findings = document["findings"].as_array().expect("a list");
    assert!(findings.is_empty(), "{findings:?}");
    let out = world.project().join("dist/v1.0");
    let mut contents = tool("dpkg-deb", "dpkg");
    contents
        .arg("--contents")
        .arg(out.join("project_1.0_all.deb"));
    let listed = world.judge(contents).code(0).stdout;
    assert!(
        listed.contains("-rwxr-xr-x") && listed.contains("./usr/bin/greet"),
        "{listed}"
    );
    for file in ["project_1.0.dsc", "project_1.0_all.deb"] {
        let mut lintian = tool("lintian", "lintian");
        lintian
            .args(["--allow-root", "--fail-on", "none"])
            .arg(out.join(file));
        let said = world.judge(lintian).code(0).stdout;
        let unknown: Vec<_> = said
            .lines()
            .filter(|line| line.starts_with("E:") || line.starts_with("W:"))
            .filter(|line| !KNOWN.iter().any(|known| line.contains(known)))
            .collect();
        assert!(unknown.is_empty(), "{unknown:#?}");
    }
}

#[test]
fn source_packages_of_every_toolkit_are_judged() {
    let cargo =
        "[package]\nname = \"greet\"\nversion = \"1.0.0\"\nlicense = \"MIT OR Apache-2.0\"\n";
    let python = "[project]\nname = \"greet\"\nversion = \"1.0.0\"\nlicense = \"MIT\"\n";
    let node = "{\"name\": \"greet\", \"version\": \"1.0.0\", \"license\": \"MIT\"}\n";
    for (file, text) in [
        ("Cargo.toml", cargo),
        ("pyproject.toml", python),
        ("package.json", node),
    ] {
        let world = World::new();
        world.write(file, text);
        world.write("src/main.rs", "fn main() {}\n");
        let remote = "https://github.com/o/greet.git";
        world.git(&["remote", "add", "origin", remote]);
        world.run(["init", "--debian"]).code(0);
        world.edit("debian/changelog", "UNRELEASED", "unstable");
        let mut pack = tool("dpkg-source", "dpkg-dev");
        pack.arg("--build").arg(world.project());
        pack.current_dir(world.path("tmp"));
        world.judge(pack).code(0);
        let mut lintian = tool("lintian", "lintian");
        lintian.args(["--allow-root", "--fail-on", "error,warning"]);
        lintian.arg("--suppress-tags").arg(KNOWN.join(","));
        lintian.arg(world.path("tmp/greet_1.0.0.dsc"));
        let ran = world.judge(lintian);
        assert_eq!(ran.code, 0, "{file}: {}", ran.stdout);
    }
}

#[test]
fn nothing_of_a_debian_directory_is_overwritten() {
    let world = project();
    world.write("debian/rules", "# mine\n");
    world.run(["init", "--debian"]).code(0);
    assert_eq!(text(&world, "debian/rules"), "# mine\n");
    let before = world.listing();
    let refused = world.run(["init", "--debian", "--force"]).code(2);
    refused.says(&["every package has its debian/ directory already"]);
    assert_eq!(world.listing(), before);
}

#[test]
fn a_dry_run_shows_each_file_and_writes_none() {
    let world = project();
    let before = world.listing();
    let ran = world.run(["init", "--debian", "--ci", "github", "--dry-run", "--json"]);
    let document = ran.code(0).document("debcut/init/1");
    assert_eq!(world.listing(), before);
    let others = document["others"].as_array().expect("a list");
    let names: Vec<_> = others
        .iter()
        .map(|other| other["file"].as_str().expect("a path"))
        .map(|path| path.rsplit("project/").next().expect("a name"))
        .collect();
    let want = [
        "debian/source/format",
        "debian/changelog",
        "debian/copyright",
        "debian/rules",
        "debian/install",
        "debian/control",
        ".github/workflows/debcut.yml",
    ];
    assert_eq!(names, want);
    assert!(
        document["text"]
            .as_str()
            .expect("a text")
            .contains("[[package]]")
    );
}

#[test]
fn one_of_several_packages_is_named() {
    let world = World::new();
    for name in ["aa", "bb"] {
        let cargo =
            format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nlicense = \"MIT\"\n");
        world.write(&format!("{name}/Cargo.toml"), cargo);
        world.write(&format!("{name}/src/main.rs"), "fn main() {}\n");
    }
    let refused = world.run(["init", "--debian"]).code(2);
    refused.says(&["several packages have no debian/: aa, bb", "--package aa"]);
    world.run(["init", "--debian", "--package", "bb"]).code(0);
    assert!(text(&world, "bb/debian/control").contains("Source: bb\n"));
    let config = text(&world, "debcut.toml");
    assert!(
        config.contains("name = \"bb\"\npath = \"bb\"\nbuild = \"debian\"\n"),
        "{config}"
    );
    let unknown = world.run(["init", "--debian", "--package", "cc"]).code(2);
    unknown.says(&["there is no package cc without a debian/ directory"]);
}
