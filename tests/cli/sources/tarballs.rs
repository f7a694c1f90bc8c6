//! Where upstream's tarballs come from, and what is promised of their bytes.

use std::path::{Path, PathBuf};

use super::{Project, findings, members, text};
use crate::world::{World, tool};

const FILES: [(&str, &str); 2] = [("stamp.in", "upstream's\n"), ("src/a.c", "int a;\n")];

/// Makes a tarball of a directory of files.
fn tarball(world: &World, name: &str, compression: &str, files: &[(&str, &str)]) -> PathBuf {
    let top = world.path("packed/top");
    if top.exists() {
        std::fs::remove_dir_all(&top).expect("ours");
    }
    for (path, text) in files {
        let path = top.join(path);
        std::fs::create_dir_all(path.parent().expect("below")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }
    let to = world.path(name);
    let mut tar = tool("tar", "tar");
    tar.arg(compression).arg("--create").arg("--file").arg(&to);
    tar.arg("--directory").arg(world.path("packed")).arg("top");
    world.judge(tar).code(0);
    to
}

#[test]
fn attributes_of_upstreams_tree_count_and_are_recorded() {
    let files = [
        FILES[0],
        (
            ".gitattributes",
            "/ci export-ignore\nid export-subst\n*.bak export-ignore\n",
        ),
        ("ci/run", "x\n"),
        ("a.bak", "x\n"),
        ("id", "commit $Format:%H$ of $Format:%an, %ai$\n"),
    ];
    let project = Project::upstream(&files).packaged("1.0-1", "3.0 (quilt)");
    let world = &project.world;
    // One machine's own attributes are nobody's affair.
    world.write(".git/info/attributes", "stamp.in export-ignore\n");
    let tag = project.tagged("1.0-1");
    let plan = project.plan(&tag);
    let attributes = &plan["orig"]["attributes"];
    assert_eq!(attributes["follow"], "attributes");
    assert_eq!(attributes["left_out"], serde_json::json!(["a.bak", "ci"]));
    assert_eq!(attributes["filled"], serde_json::json!(["id"]));
    project.build(&tag, &[]).code(0).says(&["ci/run"]);
    let orig = project.out("stamp_1.0.orig.tar.xz");
    // git-archive packs the same files with the same text.
    std::fs::remove_file(world.project().join(".git/info/attributes")).expect("it was there");
    let theirs = world.path("theirs.tar");
    let out = format!("--output={}", theirs.display());
    world.git(&["archive", &out, "--prefix=stamp-1.0/", "upstream/1.0"]);
    let files = |tarball: &Path| {
        let mut found = members(world, tarball);
        found.retain(|name| !name.ends_with('/'));
        found
    };
    assert_eq!(files(&orig), files(&theirs));
    let id = |tarball: &Path| {
        let mut tar = tool("tar", "tar");
        tar.args(["--extract", "--to-stdout", "--file"]);
        tar.arg(tarball).arg("stamp-1.0/id");
        world.judge(tar).code(0).stdout
    };
    assert_eq!(id(&orig), id(&theirs));
    assert!(id(&orig).contains("Ada Example, 2025-05-01 10:00:00 +0000"));
}

#[test]
fn unstable_placeholders_are_refused_and_can_be_left_alone() {
    let files = [
        FILES[0],
        (".gitattributes", "id export-subst\n/ci export-ignore\n"),
        ("id", "one\ntwo $Format:%d$\n"),
        ("ci", "x\n"),
    ];
    let project = Project::upstream(&files).packaged("1.0-1", "3.0 (quilt)");
    let tag = project.tagged("1.0-1");
    let found = findings(project.build(&tag, &["--json"]).code(1)).join("\n");
    for part in [
        "export-subst | id",
        "line 2",
        "%d",
        "export-attributes = false",
    ] {
        assert!(found.contains(part), "{part:?} in\n{found}");
    }
    let text = "[[package]]\nname = \"stamp\"\nexport-attributes = false\n";
    project.world.write("debcut.toml", text);
    project.world.git(&["tag", "-d", &tag]);
    let tag = project.tagged("1.0-1");
    project.build(&tag, &[]).code(0);
    let names = members(&project.world, &project.out("stamp_1.0.orig.tar.xz"));
    assert!(names.contains(&"stamp-1.0/ci".to_owned()), "{names:?}");
}

#[test]
fn pointers_of_git_lfs_are_refused() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n";
    let files = [
        FILES[0],
        (".gitattributes", "*.big filter=lfs\n*.txt eol=crlf\n"),
        ("a.big", pointer),
        ("a.txt", "a\n"),
    ];
    let project = Project::upstream(&[FILES[0]]);
    project.world.git(&["config", "filter.lfs.clean", "cat"]);
    project.world.git(&["tag", "-d", "upstream/1.0"]);
    for (path, text) in files {
        project.world.write(path, text);
    }
    project.world.commit("all");
    project.world.tag("upstream/1.0");
    let project = project.packaged("1.0-1", "3.0 (quilt)");
    let tag = project.tagged("1.0-1");
    let ran = project.build(&tag, &["--json"]).code(1);
    assert!(ran.stdout.contains("eol=crlf"), "{}", ran.stdout);
    let found = findings(ran).join("\n");
    for part in ["git-lfs | a.big", "git lfs migrate export"] {
        assert!(found.contains(part), "{part:?} in\n{found}");
    }
}

#[test]
fn a_given_tarball_may_lack_what_is_not_exported_and_have_what_is_generated() {
    let files = [
        FILES[0],
        (".gitattributes", "/ci export-ignore\nid export-subst\n"),
        ("ci/run", "x\n"),
        ("id", "is $Format:%d$\n"),
    ];
    let project = Project::upstream(&files).packaged("1.0-1", "3.0 (quilt)");
    let world = &project.world;
    let given = [
        FILES[0],
        (".gitattributes", "/ci export-ignore\nid export-subst\n"),
        ("id", "is  (tag: 1.0)\n"),
        ("configure", "#!/bin/sh\n"),
    ];
    tarball(world, "stamp_1.0.orig.tar.bz2", "--bzip2", &given);
    let tag = project.tagged("1.0-1");
    let found = findings(project.build(&tag, &["--orig", "..", "--json"]).code(1)).join("\n");
    assert!(found.contains("lacks them: configure"), "{found}");
    let text = "[[package]]\nname = \"stamp\"\norig = \"..\"\norig-only = [\"/configure\"]\n";
    world.write("debcut.toml", text);
    world.git(&["tag", "-d", &tag]);
    let tag = project.tagged("1.0-1");
    project.build(&tag, &[]).code(0);
    assert!(project.out("stamp_1.0.orig.tar.bz2").is_file());
}

#[test]
fn components_are_given_or_made_of_tags_and_directories() {
    let project = Project::upstream(&[FILES[0], ("inner/i", "i\n")]);
    let world = &project.world;
    world.git(&["checkout", "-q", "--orphan", "other"]);
    world.git(&["rm", "-qrf", "."]);
    world.write("o", "o\n");
    world.commit("other");
    world.tag("other-7");
    world.git(&["checkout", "-q", "main"]);
    world.write("other/o", "o\n");
    world.write(
        "debcut.toml",
        "[[package]]\nname = \"stamp\"\ncomponents = [\"inner\", \
         { name = \"other\", tag = \"other-7\" }]\n",
    );
    let project = project.packaged("1.0-1", "3.0 (quilt)");
    let tag = project.tagged("1.0-1");
    project.build(&tag, &[]).code(0);
    let names = members(&project.world, &project.out("stamp_1.0.orig.tar.xz"));
    assert!(
        !names.iter().any(|name| name.contains("inner")),
        "{names:?}"
    );
    for component in ["inner", "other"] {
        let name = format!("stamp_1.0.orig-{component}.tar.xz");
        assert!(project.out(&name).is_file(), "{name}");
        let dsc = text(&project.out("stamp_1.0-1.dsc"));
        assert!(dsc.contains(&name), "{dsc}");
    }
    let unpacked = project.unpacked("stamp_1.0-1.dsc");
    assert_eq!(text(&unpacked.join("inner/i")), "i\n");
    assert_eq!(text(&unpacked.join("other/o")), "o\n");
    // The same, from files.
    let kept = project.world.path("kept");
    std::fs::rename(project.out(""), &kept).expect("it is there");
    let given = kept.to_str().expect("text");
    project.build(&tag, &["--orig", given]).code(0);
    let bytes = |path: PathBuf| std::fs::read(path).expect("readable");
    for name in ["stamp_1.0.orig-other.tar.xz", "stamp_1.0-1.debian.tar.xz"] {
        assert!(bytes(project.out(name)) == bytes(kept.join(name)), "{name}");
    }
    // And one that is nowhere.
    project.world.edit("debcut.toml", "other-7", "other-8");
    project.world.git(&["tag", "-d", &tag]);
    let tag = project.tagged("1.0-1");
    let ran = project.build(&tag, &[]);
    ran.code(2)
        .says(&["stamp_1.0.orig-other.tar.*", "components = "]);
}

/// Makes a package whose tarball is on the branch pristine-tar, with upstream's
/// signature; returns the tarball.
fn pristine(project: &Project) -> PathBuf {
    let world = &project.world;
    let key = upstream_key(world);
    let path = tarball(world, "stamp_1.0.orig.tar.gz", "--gzip", &FILES);
    sign(world, &path);
    world.write("debian/upstream/signing-key.asc", key);
    let mut pristine = tool("pristine-tar", "pristine-tar");
    pristine.current_dir(world.project());
    pristine.arg("commit").arg("--signature-file");
    pristine.arg(world.path("stamp_1.0.orig.tar.gz.asc"));
    pristine.arg(&path).arg("upstream/1.0");
    world.judge(pristine).code(0);
    path
}

fn gpg(world: &World) -> std::process::Command {
    let mut gpg = tool("gpg", "gnupg");
    let home = world.path("upstream-home");
    std::fs::create_dir_all(&home).expect("a directory");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&home, mode).expect("ours");
    gpg.arg("--homedir").arg(&home);
    gpg.args([
        "--batch",
        "--yes",
        "--pinentry-mode",
        "loopback",
        "--passphrase",
        "",
    ]);
    gpg.args(["--faked-system-time", "20250301T000000!"]);
    gpg
}

fn upstream_key(world: &World) -> String {
    let mut make = gpg(world);
    make.args([
        "--quick-gen-key",
        "Up Stream <up@example.org>",
        "ed25519",
        "sign",
        "never",
    ]);
    world.judge(make).code(0);
    let mut export = gpg(world);
    export.args(["--armor", "--export"]);
    world.judge(export).code(0).stdout
}

fn sign(world: &World, path: &Path) {
    let mut sign = gpg(world);
    sign.args(["--armor", "--detach-sign"]).arg(path);
    world.judge(sign).code(0);
}

#[test]
fn pristine_tar_makes_the_published_tarball_with_its_signature() {
    let project = Project::upstream(&FILES).packaged("1.0-1", "3.0 (quilt)");
    let path = pristine(&project);
    let published = std::fs::read(&path).expect("readable");
    let tag = project.tagged("1.0-1");
    let plan = project.plan(&tag);
    assert_eq!(plan["orig"]["from"], "pristine-tar");
    let digest = debcut::model::Sha256::of(&published).hex();
    assert_eq!(plan["orig"]["sha256"], digest.as_str());
    // Found on the branch, not beside the repository.
    std::fs::remove_file(&path).expect("it was there");
    std::fs::remove_file(project.world.path("stamp_1.0.orig.tar.gz.asc")).expect("there");
    let refs = project.world.git(&["show-ref"]);
    project.build(&tag, &[]).code(0);
    assert_eq!(project.world.git(&["show-ref"]), refs);
    let made = std::fs::read(project.out("stamp_1.0.orig.tar.gz")).expect("readable");
    assert!(made == published);
    let dsc = text(&project.out("stamp_1.0-1.dsc"));
    assert!(dsc.contains("stamp_1.0.orig.tar.gz.asc"), "{dsc}");
    // dpkg-source finds upstream's signature good.
    let mut check = tool("dpkg-source", "dpkg-dev");
    check.args(["--no-copy", "--extract"]);
    check.arg(project.out("stamp_1.0-1.dsc"));
    check.arg(project.world.path("checked"));
    project.world.judge(check).code(0);
    // Not asked for, the tag's tree is packed.
    project.world.write(
        "debcut.toml",
        "[[package]]\nname = \"stamp\"\npristine-tar = false\n",
    );
    project.world.git(&["tag", "-d", &tag]);
    let tag = project.tagged("1.0-1");
    assert_eq!(project.plan(&tag)["orig"]["from"], "tag");
}

#[test]
fn upstreams_false_signature_is_refused() {
    let project = Project::upstream(&FILES).packaged("1.0-1", "3.0 (quilt)");
    let world = &project.world;
    world.write("debian/upstream/signing-key.asc", upstream_key(world));
    let path = tarball(world, "stamp_1.0.orig.tar.gz", "--gzip", &FILES);
    sign(world, &path);
    let tag = project.tagged("1.0-1");
    project.build(&tag, &["--orig", ".."]).code(0);
    assert!(project.out("stamp_1.0.orig.tar.gz.asc").is_file());
    let ours = [FILES[0], ("src/a.c", "int a; /* not theirs */\n")];
    tarball(world, "stamp_1.0.orig.tar.gz", "--gzip", &ours);
    let ran = project.build(&tag, &["--orig", "..", "--json"]);
    let found = findings(ran.code(1)).join("\n");
    for part in ["upstream-signature | stamp_1.0.orig.tar.gz", "not accepted"] {
        assert!(found.contains(part), "{part:?} in\n{found}");
    }
    std::fs::remove_file(world.path("stamp_1.0.orig.tar.gz.asc")).expect("there");
    tarball(world, "stamp_1.0.orig.tar.gz", "--gzip", &FILES);
    let ran = project.build(&tag, &["--orig", "..", "--json"]).code(0);
    assert!(
        ran.stdout
            .contains("put stamp_1.0.orig.tar.gz.asc beside it"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_broken_promise_of_pristine_tar_is_refused() {
    let project = Project::upstream(&FILES).packaged("1.0-1", "3.0 (quilt)");
    pristine(&project);
    let tag = project.tagged("1.0-1");
    let world = &project.world;
    // Another tarball's delta under this one's name.
    world.git(&["checkout", "-q", "pristine-tar"]);
    let delta = "stamp_1.0.orig.tar.gz.delta";
    let script = format!(
        "set -e; mkdir ../d; tar -xzf {delta} -C ../d; \
         echo {} > ../d/sha256sum; tar -czf {delta} -C ../d .",
        "0".repeat(64)
    );
    let mut sh = tool("sh", "dash");
    sh.args(["-c", &script]).current_dir(world.project());
    world.judge(sh).code(0);
    world.git(&["commit", "-qam", "other"]);
    world.git(&["checkout", "-q", "main"]);
    let ran = project.build(&tag, &["--json"]);
    assert_ne!(ran.code, 0);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("pristine-tar"), "{said}");
    assert!(!project.out("").exists());
}
