//! Repositories of every kind that people release from: each works, or is
//! refused with the fix.

use std::path::Path;
use std::process::Command;

use crate::steps::{changes, package, text};
use crate::world::{World, is_root, listing};

#[test]
fn an_unborn_branch_is_refused_with_the_fix() {
    let world = World::new();
    world.write("debcut.toml", package("tally", "", ""));
    world.write("VERSION", "1.0.0\n");
    for verb in ["plan", "prepare", "tag"] {
        assert_eq!(world.wrong(verb, &[]), "no-commit", "{verb}");
    }
    world.commit("feat: begin");
    let plan = world.planned(&[]);
    assert_eq!(
        (&plan["next"], &plan["current"]),
        (&"1.0.0".into(), &serde_json::Value::Null)
    );
    assert_eq!(world.cut(&[]), ["v1.0.0"]);
    world.assert_settled();
}

#[test]
fn no_repository_and_no_package_are_told_apart() {
    let world = World::new();
    world.write("f", "x");
    world.commit("feat: x");
    assert_eq!(world.wrong("plan", &[]), "no-package");
    let ran = world.run(["-C", "../home", "plan", "--json"]).code(2);
    let kind = text(&ran.document("debcut/error/1")["kind"]);
    assert_ne!(kind, "no-package");
}

#[test]
fn a_detached_head_is_released_from() {
    let world = World::counted("1.2.3");
    world.change("f", "feat: x");
    world.git(&["checkout", "--quiet", "--detach"]);
    let plan = world.plan(&[]);
    assert_eq!(
        (&plan["branch"], &plan["packages"][0]["next"]),
        (&serde_json::Value::Null, &"1.3.0".into())
    );
    assert_eq!(world.cut(&[]), ["v1.3.0"]);
    assert_eq!(world.tagged("v1.3.0"), world.head());
    assert_ne!(world.git(&["rev-parse", "main"]), world.head());
    world.assert_settled();
}

#[test]
fn a_work_tree_of_its_own_is_released_from() {
    let world = World::counted("1.2.3");
    world.git(&["worktree", "add", "--quiet", "-b", "release", "../beside"]);
    let beside = |words: &[&str]| {
        let words = ["-C", "../beside"].iter().chain(words);
        world.run(words).code(0)
    };
    std::fs::write(world.path("beside/f"), "x").expect("written");
    world.git(&["-C", "../beside", "add", "f"]);
    world.git(&[
        "-C",
        "../beside",
        "commit",
        "--quiet",
        "--message",
        "feat: x",
    ]);
    beside(&["prepare"]);
    beside(&["tag", "--no-sign"]);
    assert_eq!(world.git(&["-C", "../beside", "status", "--porcelain"]), "");
    assert_eq!(world.tagged("v1.3.0"), world.git(&["rev-parse", "release"]));
    // What another work tree has checked out is not pulled from under it.
    world.change("g", "fix: y");
    assert_eq!(
        world.refused("prepare", &["--branch", "release"]),
        ["branch-checked-out"]
    );
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_submodule_is_a_repository_and_a_change() {
    let world = World::counted("1.2.3");
    let lib = world.path("lib");
    std::fs::create_dir(&lib).expect("a directory");
    world.git(&["-C", "../lib", "init", "--quiet", "--initial-branch=main"]);
    std::fs::write(
        lib.join("debcut.toml"),
        package("lib", "", "tag = \"v{version}\""),
    )
    .expect("written");
    std::fs::write(lib.join("VERSION"), "0.1.0\n").expect("written");
    world.git(&["-C", "../lib", "add", "--all"]);
    world.git(&[
        "-C",
        "../lib",
        "commit",
        "--quiet",
        "--message",
        "feat: begin",
    ]);
    let from = lib.display().to_string();
    world.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &from,
        "lib",
    ]);
    world.commit("feat: use lib");
    assert_eq!(changes(&world.planned(&[])), ["feat: use lib"]);
    // Of the submodule, where it is checked out.
    let ran = world.run(["-C", "lib", "plan", "--json"]).code(0);
    let document = ran.document("debcut/plan/1");
    assert_eq!(document["packages"][0]["name"], "lib");
    world.run(["-C", "lib", "prepare"]).code(0);
    world.run(["-C", "lib", "tag", "--no-sign"]).code(0);
    assert_eq!(world.git(&["-C", "lib", "tag"]), "v0.1.0");
    world.cut(&[]);
    assert_eq!(
        world.git(&["status", "--porcelain", "--ignore-submodules=all"]),
        ""
    );
}

#[test]
fn a_bare_repository_is_planned_and_released_from() {
    let world = World::counted("1.2.3");
    world.change("f", "feat: x");
    let bare = world.path("bare");
    let from = world.project().display().to_string();
    world.git(&[
        "clone",
        "--quiet",
        "--bare",
        &from,
        &bare.display().to_string(),
    ]);
    let run = |words: &[&str]| world.run(["-C", "../bare"].iter().chain(words));
    let plan = run(&["plan", "--json", "--config", "../project/debcut.toml"]);
    assert_eq!(
        plan.code(0).document("debcut/plan/1")["packages"][0]["next"],
        "1.3.0"
    );
    // The tree has the configuration, too.
    let ran = run(&["plan", "--json"]);
    assert!([0, 2].contains(&ran.code), "{}", ran.stderr);
}

#[test]
fn sha256_works_or_is_refused_with_the_fix() {
    let world = World::counted("1.2.3");
    world.git(&[
        "init",
        "--quiet",
        "--object-format=sha256",
        "--initial-branch=main",
        "../long",
    ]);
    for name in ["debcut.toml", "VERSION"] {
        std::fs::copy(world.project().join(name), world.path("long").join(name)).expect("a copy");
    }
    world.git(&["-C", "../long", "add", "--all"]);
    world.git(&["-C", "../long", "commit", "--quiet", "--message", "feat: x"]);
    let ran = world.run(["-C", "../long", "plan", "--json"]);
    if ran.code != 0 {
        let document = ran.code(2).document("debcut/error/1");
        assert!(
            !document["hints"].as_array().expect("a list").is_empty(),
            "{document}"
        );
    }
}

#[test]
fn a_path_with_blanks_and_letters_of_all_kinds() {
    let world = World::new();
    let path = "an ödd “päth” $(x) 'y'/pkg";
    let name = "tally";
    world.write(
        "debcut.toml",
        package(name, path, "tag = \"v{version}\"\nchanges-file = true"),
    );
    world.write(&format!("{path}/VERSION"), "1.0.0\n");
    world.commit("feat: begin");
    world.tag("v1.0.0");
    world.change(&format!("{path}/a file\twith a tab"), "feat: x");
    world.change("elsewhere", "feat: y");
    let moved = world.path("a place with blanks");
    std::fs::rename(world.project(), &moved).expect("moved");
    std::fs::create_dir(world.project()).expect("a directory");
    let run = |words: &[&str]| {
        let at = ["-C", "../a place with blanks"];
        world.run(at.iter().chain(words)).code(0)
    };
    let plan = run(&["plan", "--json"]).document("debcut/plan/1");
    assert_eq!(changes(&plan["packages"][0]), ["feat: x"]);
    run(&["prepare"]);
    run(&["tag", "--no-sign"]);
    let at = "../a place with blanks";
    assert_eq!(world.git(&["-C", at, "status", "--porcelain"]), "");
    assert_eq!(
        world.git(&["-C", at, "show", &format!("v1.1.0:{path}/VERSION")]),
        "1.1.0"
    );
}

#[test]
fn line_ends_stay_as_they_are() {
    let world = World::counted("1.2.3");
    world.write("VERSION", "1.2.3\r\n");
    world.write(
        "Cargo.toml",
        "[package]\r\nname = \"tally\"\r\nversion = \"1.2.3\"\r\n",
    );
    world.edit(
        "debcut.toml",
        "[\"VERSION\"]",
        "[\"VERSION\", \"Cargo.toml\"]",
    );
    let toml = std::fs::read_to_string(world.project().join("debcut.toml")).expect("there");
    world.write("debcut.toml", toml.replace('\n', "\r\n"));
    world.commit("feat: x\r\n\r\nA body.\r\n");
    world.cut(&[]);
    let read = |name: &str| std::fs::read_to_string(world.project().join(name)).expect("there");
    assert_eq!(read("VERSION"), "1.3.0\r\n");
    assert_eq!(
        read("Cargo.toml"),
        "[package]\r\nname = \"tally\"\r\nversion = \"1.3.0\"\r\n"
    );
    world.assert_settled();
    // Where git converts them, the work tree and the repository each have theirs.
    let world = World::counted("1.2.3");
    world.write(".gitattributes", "* text eol=crlf\n");
    world.commit("feat: x");
    std::fs::remove_file(world.project().join("VERSION")).expect("there");
    world.git(&["checkout", "--quiet", "VERSION"]);
    world.cut(&[]);
    let read = |name: &str| std::fs::read_to_string(world.project().join(name)).expect("there");
    assert_eq!(read("VERSION"), "1.3.0\r\n");
    assert_eq!(world.show("HEAD", "VERSION"), "1.3.0");
    world.assert_settled();
}

#[test]
fn a_moved_package_keeps_its_history() {
    for former in ["", "former-paths = [\"old\"]"] {
        let world = World::new();
        world.write(
            "debcut.toml",
            package("tally", "old", "tag = \"v{version}\""),
        );
        world.write("old/VERSION", "1.0.0\n");
        world.write("old/a", "1\n2\n3\n4\n5\n");
        world.commit("feat: begin");
        world.tag("v1.0.0");
        world.change("old/a", "feat: before the move");
        world.git(&["mv", "old", "new"]);
        let table = package("tally", "new", &format!("tag = \"v{{version}}\"\n{former}"));
        world.write("debcut.toml", table);
        world.commit("refactor: move it");
        world.change("new/a", "fix: behind it");
        let package = world.planned(&[]);
        assert_eq!(package["next"], "1.1.0", "{former}: {package}");
        let want = [
            "feat: before the move",
            "refactor: move it",
            "fix: behind it",
        ];
        assert_eq!(changes(&package), want, "{former}");
        assert_eq!(world.cut(&[]), ["v1.1.0"]);
        world.assert_settled();
    }
}

#[test]
fn another_users_repository_is_refused_with_the_fix() {
    if !is_root() {
        return;
    }
    let world = World::counted("1.2.3");
    world.change("f", "feat: x");
    let before = listing(&world.project());
    let owner = |user: u32| {
        for entry in walkdir::WalkDir::new(world.project()) {
            let path = entry.expect("listed").into_path();
            std::os::unix::fs::lchown(path, Some(user), Some(user)).expect("root may");
        }
    };
    owner(12345);
    for verb in ["plan", "prepare", "tag"] {
        let document = world.step(verb, &[]).code(2).document("debcut/error/1");
        let hints = document["hints"].to_string();
        assert!(hints.contains("safe.directory"), "{verb}: {document}");
    }
    owner(0);
    assert_eq!(listing(&world.project()), before);
}

#[test]
fn a_dirty_release_file_stops_it_and_others_do_not() {
    let world = World::counted("1.2.3");
    world.write("g", "as it was\n");
    world.change("f", "feat: x");
    world.write("VERSION", "1.2.3 \n");
    let before = listing(&world.project());
    assert_eq!(world.refused("prepare", &[]), ["dirty-release-file"]);
    let mut after = listing(&world.project());
    let mut before = before;
    for of in [&mut before, &mut after] {
        of.retain(|path, _| !path.starts_with(".git"));
    }
    assert_eq!(after, before);
    world.write("VERSION", "1.2.3\n");
    // Work in progress of all kinds: changed, staged, staged and changed again,
    // new, removed.
    world.write("staged", "1\n");
    world.git(&["add", "staged"]);
    world.write("staged", "2\n");
    world.write("f", "changed\n");
    world.write("new", "new\n");
    std::fs::remove_file(world.project().join("g")).expect("there");
    let status = world.git(&["status", "--porcelain"]);
    let staged = world.git(&["diff", "--cached", "--stat"]);
    world.cut(&[]);
    assert_eq!(world.git(&["status", "--porcelain"]), status);
    assert_eq!(world.git(&["diff", "--cached", "--stat"]), staged);
    assert_eq!(
        world.git(&["show", "--format=", "--name-only", "HEAD"]),
        "VERSION"
    );
    assert_eq!(world.git(&["show", ":staged"]), "1");
}

#[test]
fn a_staged_release_file_is_not_swept_away() {
    let world = World::counted("1.2.3");
    world.change("f", "feat: x");
    world.write("VERSION", "1.2.3\n# mine\n");
    world.git(&["add", "VERSION"]);
    world.write("VERSION", "1.2.3\n");
    assert_eq!(world.refused("prepare", &[]), ["dirty-release-file"]);
    assert_eq!(world.git(&["show", ":VERSION"]), "1.2.3\n# mine");
}

#[test]
fn somebody_elses_commit_between_plan_and_prepare() {
    let world = World::counted("1.2.3");
    world.change("f", "feat: x");
    let digest = text(&world.plan(&[])["digest"]);
    world.change("f", "fix: meanwhile");
    assert_eq!(
        world.refused("prepare", &["--plan", &digest]),
        ["plan-moved"]
    );
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    let digest = text(&world.plan(&[])["digest"]);
    // What does not change the release is no move.
    world.git(&[
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        "fixup! fix: meanwhile",
    ]);
    assert_eq!(world.prepare(&["--plan", &digest])["changed"], true);
    assert_eq!(world.prepare(&["--plan", &digest])["changed"], false);
    world.tags(&[]);
    world.assert_settled();
    assert_eq!(world.prepare(&["--plan", &digest])["changed"], false);
    world.change("f", "feat: nobody has approved this");
    assert_eq!(world.prepare(&["--plan", &digest])["changed"], false);
    // A digest that is none is a mistake of the caller.
    world.step("prepare", &["--plan", "x"]).code(2);
}

#[test]
fn a_link_in_the_place_of_a_release_file_is_refused() {
    let world = World::counted("1.2.3");
    std::fs::remove_file(world.project().join("VERSION")).expect("there");
    std::os::unix::fs::symlink("/etc/hostname", world.project().join("VERSION")).expect("a link");
    world.commit("feat: x");
    let ran = world.step("prepare", &[]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(world.project().join("VERSION").is_symlink());
    // A directory that became a link out of the repository is not followed.
    let world = World::new();
    world.write(
        "debcut.toml",
        package("tally", "pkg", "tag = \"v{version}\""),
    );
    world.write("pkg/VERSION", "1.0.0\n");
    world.commit("feat: begin");
    world.tag("v1.0.0");
    world.change("pkg/f", "feat: x");
    std::fs::rename(world.project().join("pkg"), world.path("outside")).expect("moved");
    std::os::unix::fs::symlink("../outside", world.project().join("pkg")).expect("a link");
    let ran = world.step("prepare", &[]);
    assert_ne!(ran.code, 0, "{}", ran.stdout);
    let outside = std::fs::read_to_string(world.path("outside/VERSION")).expect("there");
    assert_eq!(outside, "1.0.0\n");
}

#[test]
fn a_file_that_cannot_be_written_leaves_all_as_it_was() {
    let world = World::counted("1.2.3");
    world.change("f", "feat: x");
    let head = world.head();
    let project = world.project();
    let read_only = |mode: u32| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(Path::new(&project), mode).expect("ours");
    };
    read_only(0o555);
    let ran = world.debcut(["prepare", "--json"]).by_nobody();
    read_only(0o555);
    let ran = ran.run();
    assert!([2, 3, 4].contains(&ran.code), "{} {}", ran.code, ran.stdout);
    read_only(0o755);
    let mut chown = Command::new("chown");
    chown.args(["--recursive", "0:0"]).arg(world.project());
    if is_root() {
        assert!(chown.status().expect("chown runs").success());
    }
    world.run(["prepare"]).code(0);
    world.run(["tag", "--no-sign"]).code(0);
    assert_eq!(world.git(&["rev-parse", "HEAD^"]), head);
    world.assert_settled();
}
