//! `init`, and builds whose configuration, tag and tree do not fit together.

use crate::world::{Ran, World, tool};

const DECLARED: &str = "[[package]]\nname = \"tally\"\ntag = \"v{version}\"\n\n\
    [package.declared]\nmaintainer = \"Ada Example <ada@example.org>\"\n\
    summary = \"counts the lines on its standard input\"\n";

/// Makes a project that debcut.toml describes so, with the tag v1.0.
fn project(rest: &str) -> World {
    let world = World::new();
    world.write("debcut.toml", format!("{DECLARED}{rest}"));
    world.write("tally", "#!/bin/sh\nwc -l\n");
    world
}

fn build(world: &World, more: &[&str]) -> Ran {
    world.commit("feat: count lines");
    world.tag("v1.0");
    let mut arguments = vec!["build", "v1.0", "--no-sign"];
    arguments.extend(more);
    world.run(arguments)
}

#[test]
fn a_plan_is_for_what_can_be_built() {
    let world = project(
        "copyright = \"COPYING\"\nfiles = [\n  { source = \"tally\", target = \"/usr/bin/\" },\n  \
         { source = \"tally.1\", target = \"/usr/share/man/man1/\" },\n  \
         { source = \"doc/*\", target = \"/usr/share/doc/tally/\" },\n]\n\
         scripts = { postinst = \"packaging/postinst\" }\n",
    );
    let wants = [
        "package tally: the tree of v1.0 has no ",
        "tally.1 (files)",
        "doc/* (files)",
        "COPYING (copyright)",
        "packaging/postinst (scripts.postinst)",
    ];
    let ran = build(&world, &["--dry-run"]).code(2).says(&wants);
    assert!(!ran.stderr.contains("tally (files)"), "{}", ran.stderr);
}

#[test]
fn a_path_that_is_not_there_is_the_requests_fault() {
    let world = project("license = \"MIT\"\n");
    world.edit("debcut.toml", "tag =", "path = \"packages/tally\"\ntag =");
    let ran = build(&world, &["--dry-run"]).code(2);
    ran.says(&["the tree of v1.0 has no directory packages/tally (path)"]);
}

#[test]
fn links_lead_no_file_of_the_machine_into_a_package() {
    for (link, to, more) in [
        (
            "etc",
            "/etc",
            "license = \"MIT\"\nfiles = [{ source = \"etc/hos*\", target = \"/usr/share/tally/\" }]\n",
        ),
        ("COPYING", "/etc/hostname", "copyright = \"COPYING\"\n"),
        (
            "postinst",
            "/etc/hostname",
            "license = \"MIT\"\nscripts = { postinst = \"postinst\" }\n",
        ),
    ] {
        let world = project(more);
        std::os::unix::fs::symlink(to, world.project().join(link)).expect(link);
        let ran = build(&world, &[]).code(2);
        ran.says(&["package tally: ", link, "leads out of the tree, to /etc"]);
        assert!(!world.project().join("dist/v1.0").exists(), "{link}");
    }
}

#[test]
fn every_licence_stands_in_the_copyright_file() {
    let world = project("license = \"MIT OR Apache-2.0\"\n");
    build(&world, &[]).code(0);
    let deb = world.project().join("dist/v1.0/tally_1.0_all.deb");
    let mut unpack = tool("dpkg-deb", "dpkg");
    unpack
        .arg("--extract")
        .arg(&deb)
        .arg(world.path("unpacked"));
    world.judge(unpack).code(0);
    let copyright = world.path("unpacked/usr/share/doc/tally/copyright");
    let copyright = std::fs::read_to_string(copyright).expect("is there");
    for want in [
        "\nLicense: Expat or Apache-2.0\n\nLicense: Expat\n Permission is",
        "\n\nLicense: Apache-2.0\n On Debian systems",
        "/usr/share/common-licenses/Apache-2.0.\n",
    ] {
        assert!(copyright.contains(want), "{want:?} in\n{copyright}");
    }
}

#[test]
fn an_unknown_licence_names_its_line() {
    let world = project("license = \"unknown\"\n");
    let ran = build(&world, &["--dry-run"]).code(2);
    ran.says(&["debcut.toml:8: ", "“unknown”", "copyright = "]);
}

#[test]
fn a_debian_tag_names_the_revision() {
    let world = project("license = \"MIT\"\nrevision = \"1\"\n");
    world.edit("debcut.toml", "v{version}", "debian/{version}");
    world.commit("feat: count lines");
    world.tag("debian/1.2.0-1");
    world.tag("debian/1.2.0-2");
    let built = world.run([
        "build",
        "debian/1.2.0-1",
        "--no-sign",
        "--dry-run",
        "--json",
    ]);
    let document = built.code(0).document("debcut/build/1");
    assert_eq!(document["version"], "1.2.0-1");
    let refused = world.run(["build", "debian/1.2.0-2", "--no-sign", "--dry-run"]);
    let refused = refused.code(1);
    assert!(
        refused
            .stdout
            .contains("the revision 2, but debcut.toml says the revision 1"),
        "{}",
        refused.stdout
    );
}

#[test]
fn a_foreign_architecture_is_not_built_by_a_command() {
    let foreign = match std::env::consts::ARCH {
        "aarch64" => "amd64",
        _ => "arm64",
    };
    let rest = format!("license = \"MIT\"\narchitecture = \"{foreign}\"\ncommand = \"true\"\n");
    let ran = build(&project(&rest), &["--dry-run"]).code(1);
    assert!(ran.stdout.contains("[cross-build]"), "{}", ran.stdout);
}

#[test]
fn a_quilt_package_in_a_directory_has_its_part_of_the_upstream_tag() {
    let flat = World::quilt();
    // The same history, one directory deeper.
    let world = World::new();
    let show = |revision: &str, file: &str| flat.git(&["show", &format!("{revision}:{file}")]);
    world.write("sub/stamp.in", show("upstream/1.0", "stamp.in") + "\n");
    world.write("other", "another package's\n");
    world.commit("feat: tell the time of the build");
    world.tag("upstream/1.0");
    let head = "debian/1%1.0-1";
    let files = flat.git(&["ls-tree", "-r", "--name-only", head, "debian/"]);
    for file in files.lines() {
        world.write(&format!("sub/{file}"), show(head, file) + "\n");
    }
    world.write(
        "debcut.toml",
        "[[package]]\nname = \"stamp\"\npath = \"sub\"\nbuild = \"debian\"\n",
    );
    world.commit("build: package it");
    world.tag(head);
    let ran = world
        .run(["build", head, "--no-sign", "--source-only"])
        .code(0);
    let out = world.project().join("dist").join(head);
    let mut list = tool("tar", "tar");
    list.arg("--list")
        .arg("--file")
        .arg(out.join("stamp_1.0.orig.tar.xz"));
    let listed = world.judge(list).code(0).stdout;
    assert!(
        listed.contains("stamp-1.0/stamp.in\n"),
        "{listed}\n{}",
        ran.stderr
    );
    assert!(
        !listed.contains("other") && !listed.contains("sub/"),
        "{listed}"
    );
}

#[test]
fn a_workspace_gets_tags_of_its_own_and_the_shared_version() {
    let world = World::new();
    let workspace =
        "[workspace]\nmembers = [\"aa\", \"bb\"]\n[workspace.package]\nversion = \"1.2.0\"\n";
    world.write("Cargo.toml", workspace);
    for name in ["aa", "bb"] {
        let cargo = format!("[package]\nname = \"{name}\"\nversion.workspace = true\n");
        world.write(&format!("{name}/Cargo.toml"), cargo);
        world.write(&format!("{name}/src/main.rs"), "fn main() {}\n");
        world.write(&format!("{name}/LICENSE"), "Do as you like.\n");
    }
    world.run(["init"]).code(0);
    let written = std::fs::read_to_string(world.project().join("debcut.toml")).expect("is there");
    for want in [
        "tag = \"aa-v{version}\"\n",
        "tag = \"bb-v{version}\"\n",
        "version-files = [\"Cargo.toml\"]\n",
        "copyright = \"LICENSE\"",
    ] {
        assert!(written.contains(want), "{want:?} in\n{written}");
    }
    world.commit("feat: two tools");
    world.tag("bb-v1.2.0");
    let planned = world.run(["build", "bb-v1.2.0", "--no-sign", "--dry-run", "--json"]);
    let document = planned.code(0).document("debcut/build/1");
    assert_eq!(
        (&document["package"], &document["version"]),
        (&"bb".into(), &"1.2.0".into())
    );
}

#[test]
fn a_candidate_without_a_version_file_is_called_as_planned() {
    let world = project("license = \"MIT\"\n");
    world.commit("feat: count lines");
    let ran = world
        .run(["build", "--commit", "HEAD", "--no-sign", "--dry-run"])
        .code(0);
    assert!(ran.stdout.starts_with("tally 0.1.0\n"), "{}", ran.stdout);
}

#[test]
fn a_project_without_metadata_is_described_by_init() {
    let world = World::new();
    world.key();
    world.write("bin/greet", "#!/bin/sh\necho hi\n");
    world.write("VERSION", "1.0\n");
    world.write("LICENSE", "Do what you like.\n");
    let said = world.run(["init"]).code(0).stdout;
    assert!(said.contains("project (declared)"), "{said}");
    world.commit("feat: greet");
    world.git(&["tag", "v1.0"]);
    let ran = world.run(["build", "--json"]).code(0);
    let document = ran.document("debcut/build/1");
    assert_eq!(document["package"], "project");
    assert_eq!(
        document["findings"].as_array().map(Vec::len),
        Some(0),
        "{document}"
    );
}

#[test]
fn rules_of_releases_are_checked_with_everything_else() {
    for (rest, wants) in [
        (
            "[release]\nmerge = \"first-parent\"\n",
            [
                "debcut.toml:10: unknown key “merge”",
                "did you mean “merges”?",
            ],
        ),
        (
            "[[package]]\nname = \"other\"\npath = \"o\"\ndepends-on = [{ package = \"taly\" }]\n",
            [
                "debcut.toml:12: there is no package taly",
                "did you mean tally?",
            ],
        ),
    ] {
        let world = project(&format!("license = \"MIT\"\n{rest}"));
        build(&world, &["--dry-run"]).code(2).says(&wants);
    }
}

#[test]
fn a_workspace_with_one_version_is_released_together() {
    let world = World::new();
    let workspace = "[workspace]\nmembers = [\"aa\", \"bb\", \"base\"]\n[workspace.package]\nversion = \"1.2.0\"\n";
    world.write("Cargo.toml", workspace);
    for (name, needs) in [
        ("aa", "bb = { path = \"../bb\", version = \"1.2.0\" }"),
        ("bb", "base = { path = \"../base\" }"),
        ("base", ""),
    ] {
        let cargo = format!(
            "[package]\nname = \"{name}\"\nversion.workspace = true\nlicense = \"MIT\"\n\
             [dependencies]\n{needs}\n"
        );
        world.write(&format!("{name}/Cargo.toml"), cargo);
        let root = if name == "base" { "lib.rs" } else { "main.rs" };
        world.write(&format!("{name}/src/{root}"), "");
    }
    world.commit("feat: two tools");
    world.tag("v1.2.0");
    let said = world.run(["init"]).code(0).stdout;
    assert!(said.contains("released together: aa, bb\n"), "{said}");
    let written = std::fs::read_to_string(world.project().join("debcut.toml")).expect("is there");
    for want in [
        "depends-on = [{ package = \"bb\", requirements = [\"aa/Cargo.toml\"] }]\n",
        "include = [\"base\"]",
        "packages = [\"aa\", \"bb\"]\nkind = \"together\"",
    ] {
        assert!(written.contains(want), "{want:?} in\n{written}");
    }
    assert_eq!(
        written.matches("\ntag = \"v{version}\"\n").count(),
        2,
        "{written}"
    );
    world.commit("build: package them");
    world.git(&["tag", "v1.3.0"]);
    let ran = world
        .run(["build", "v1.3.0", "--no-sign", "--dry-run"])
        .code(2);
    ran.says(&["--package NAME"]);
}
