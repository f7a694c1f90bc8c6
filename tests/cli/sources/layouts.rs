//! Formats, and the ways in which patches and trees lie together.

use super::{Project, findings, text};
use crate::world::tool;

const FILES: [(&str, &str); 2] = [("stamp.in", "upstream's\n"), ("src/a.c", "int a;\n")];
const PATCH: &str = "Description: be ours\n--- a/stamp.in\n+++ b/stamp.in\n@@ -1 +1 @@\n\
                     -upstream's\n+ours\n";

fn patched(project: &Project) {
    let world = &project.world;
    world.write("debian/patches/ours.patch", PATCH);
    world.write("debian/patches/series", "# one\nours.patch\n");
}

#[test]
fn trees_with_and_without_patches_applied_give_the_same_source() {
    let mut made = Vec::new();
    for (applied, layout) in [(false, "unapplied"), (true, "applied")] {
        let project = Project::upstream(&FILES).packaged("1.0-1", "3.0 (quilt)");
        patched(&project);
        if applied {
            project.world.write("stamp.in", "ours\n");
        }
        let tag = project.tagged("1.0-1");
        assert_eq!(project.plan(&tag)["orig"]["packing"]["layout"], layout);
        project.build(&tag, &[]).code(0);
        let unpacked = project.unpacked("stamp_1.0-1.dsc");
        assert_eq!(text(&unpacked.join("stamp.in")), "ours\n");
        let bytes = |name: &str| std::fs::read(project.out(name)).expect(name);
        made.push([
            bytes("stamp_1.0-1.debian.tar.xz"),
            bytes("stamp_1.0.orig.tar.xz"),
        ]);
    }
    assert!(made[0] == made[1], "the tree's shape is not the package's");
}

#[test]
fn commits_become_patches() {
    let project = Project::upstream(&FILES).packaged("1.0-1", "3.0 (quilt)");
    let world = &project.world;
    world.commit("build: package it");
    world.write("stamp.in", "ours\n");
    world.write("debian/changelog.note", "both\n");
    world.commit("Be ours!\n\nIt is better so.\n\nBug-Debian: https://bugs.debian.org/1");
    world.write("src/b.c", "int b;\n");
    world.write(".gitignore", "*.o\n");
    world.commit("Add b\n\nGbp-Pq: Name add-b.patch\nGbp-Pq: Topic new");
    world.edit("debian/control", "Section: misc", "Section: utils");
    let tag = project.tagged("1.0-1");
    let plan = project.plan(&tag);
    assert_eq!(plan["orig"]["packing"]["layout"], "commits");
    project.build(&tag, &[]).code(0).says(&[".gitignore"]);
    let unpacked = project.unpacked("stamp_1.0-1.dsc");
    let series = text(&unpacked.join("debian/patches/series"));
    assert_eq!(series, "0001-Be-ours.patch\nnew/add-b.patch\n");
    assert_eq!(text(&unpacked.join("stamp.in")), "ours\n");
    assert_eq!(text(&unpacked.join("src/b.c")), "int b;\n");
    let patch = text(&unpacked.join("debian/patches/0001-Be-ours.patch"));
    for part in [
        "From: Ada Example <ada@example.org>\n",
        "Subject: Be ours!\nBug-Debian: https://bugs.debian.org/1\n\nIt is better so.\n",
        "--- a/stamp.in\n+++ b/stamp.in\n",
    ] {
        assert!(patch.contains(part), "{part:?} in\n{patch}");
    }
    assert!(!patch.contains("changelog.note"), "{patch}");
    // gbp reads what we wrote, as it reads its own.
    let check = "import sys\nfrom gbp.patch_series import PatchSeries\n\
                 for p in PatchSeries.read_series_file(sys.argv[1]):\n    \
                 print(p.author, '|', p.subject, '|', p.topic)\n";
    let _installed = tool("gbp", "git-buildpackage");
    // Debian's own, whatever comes first on the path.
    let mut gbp = tool("/usr/bin/python3", "python3");
    gbp.args(["-c", check]);
    gbp.arg(unpacked.join("debian/patches/series"));
    let said = world.judge(gbp).code(0).stdout;
    assert_eq!(
        said,
        "Ada Example | Be ours! | None\nAda Example | Add b | new\n"
    );
}

#[test]
fn commits_in_no_row_become_one_patch_aloud() {
    let project = Project::upstream(&FILES).packaged("1.0-1", "3.0 (quilt)");
    let world = &project.world;
    world.commit("build: package it");
    world.git(&["checkout", "-q", "-b", "side"]);
    world.write("src/a.c", "int side;\n");
    world.commit("change a");
    world.git(&["checkout", "-q", "main"]);
    world.write("stamp.in", "ours\n");
    world.commit("be ours");
    world.git(&["merge", "-q", "--no-edit", "side"]);
    world.tag("debian/1.0-1");
    let ran = project.build("debian/1.0-1", &[]).code(0);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("are in no row"), "{said}");
    let unpacked = project.unpacked("stamp_1.0-1.dsc");
    assert_eq!(
        text(&unpacked.join("debian/patches/series")),
        "debian-changes\n"
    );
    let patch = text(&unpacked.join("debian/patches/debian-changes"));
    assert!(
        patch.contains("change a") && patch.contains("be ours"),
        "{patch}"
    );
    assert_eq!(text(&unpacked.join("src/a.c")), "int side;\n");
}

#[test]
fn a_tree_of_debian_alone_is_laid_over_the_tarball() {
    let project = Project::upstream(&FILES).packaged("1.0-1", "3.0 (quilt)");
    patched(&project);
    project.world.git(&["rm", "-qr", "src", "stamp.in"]);
    let tag = project.tagged("1.0-1");
    assert_eq!(project.plan(&tag)["orig"]["packing"]["layout"], "overlay");
    project.build(&tag, &[]).code(0);
    let unpacked = project.unpacked("stamp_1.0-1.dsc");
    assert_eq!(text(&unpacked.join("stamp.in")), "ours\n");
    assert_eq!(text(&unpacked.join("src/a.c")), "int a;\n");
}

#[test]
fn format_1_with_a_diff_and_without() {
    for format in ["1.0", ""] {
        let project = Project::upstream(&FILES).packaged("1.0-1", format);
        project.world.write("stamp.in", "ours\n");
        let tag = project.tagged("1.0-1");
        project.build(&tag, &[]).code(0);
        assert!(project.out("stamp_1.0-1.diff.gz").is_file());
        let orig = project.out("stamp_1.0.orig.tar.gz");
        let names = super::members(&project.world, &orig);
        assert!(names.contains(&"stamp-1.0/src/a.c".to_owned()), "{names:?}");
        let dsc = text(&project.out("stamp_1.0-1.dsc"));
        assert!(dsc.contains("Format: 1.0\n"), "{dsc}");
        let unpacked = project.unpacked("stamp_1.0-1.dsc");
        assert_eq!(text(&unpacked.join("stamp.in")), "ours\n");
        let project = Project::upstream(&FILES).packaged("1.0", format);
        project.world.write(".gitignore", "*.o\n");
        let tag = project.tagged("1.0");
        project.build(&tag, &[]).code(0);
        assert!(project.out("stamp_1.0.tar.gz").is_file());
        let unpacked = project.unpacked("stamp_1.0.dsc");
        assert_eq!(text(&unpacked.join(".gitignore")), "*.o\n");
    }
}

#[test]
fn what_dpkg_source_makes_of_a_tree_is_proven_too() {
    let project = Project::upstream(&FILES).packaged("1.0-1", "3.0 (quilt)");
    let world = &project.world;
    world.write("debian/source/options", "single-debian-patch\n");
    world.write("stamp.in", "ours\n");
    let tag = project.tagged("1.0-1");
    assert_eq!(project.plan(&tag)["orig"]["packing"]["layout"], "automatic");
    project.build(&tag, &[]).code(0);
    let unpacked = project.unpacked("stamp_1.0-1.dsc");
    assert_eq!(text(&unpacked.join("stamp.in")), "ours\n");
}

/// A change to the project, and what the refusal must say.
type Case = (&'static str, fn(&Project), &'static [&'static str]);

#[test]
fn a_source_that_is_not_the_tags_tree_is_refused() {
    let cases: [Case; 5] = [
        (
            "a change beside the patches",
            |project| {
                patched(project);
                project.world.write("src/a.c", "int other;\n");
            },
            &[
                "source-differs | stamp_1.0-1.dsc",
                "otherwise",
                "src/a.c",
                "patches = ",
            ],
        ),
        (
            "a file without a patch",
            |project| {
                patched(project);
                project.world.write("new.c", "int n;\n");
            },
            &["source-differs", "does not give", "new.c"],
        ),
        (
            "a file that is gone",
            |project| {
                patched(project);
                project.world.git(&["rm", "-q", "src/a.c"]);
            },
            &[
                "source-differs",
                "the tag's tree lacks them",
                "src/a.c",
                "orig-only",
            ],
        ),
        (
            "a binary file",
            |project| project.world.write("new.bin", "\0\u{1}"),
            &["patch-cannot-hold", "a binary file", "new.bin"],
        ),
        (
            "an executable bit",
            |project| {
                let path = project.world.project().join("stamp.in");
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                std::fs::set_permissions(path, mode).expect("it is ours");
            },
            &["patch-cannot-hold", "an executable bit", "stamp.in"],
        ),
    ];
    for (name, change, want) in cases {
        let project = Project::upstream(&FILES).packaged("1.0-1", "3.0 (quilt)");
        change(&project);
        let tag = project.tagged("1.0-1");
        let ran = project.build(&tag, &["--json"]).code(1);
        let found = findings(ran).join("\n");
        for part in want {
            assert!(found.contains(part), "{name}: {part:?} in\n{found}");
        }
        assert!(!project.out("").exists(), "{name}: nothing is left");
    }
}
