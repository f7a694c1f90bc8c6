//! `release sync`: what main and others get of a cut; git and dpkg are the
//! judges.

use std::process::Command;

use serde_json::Value;

use crate::world::{Ran, World, tool};

/// `VERSION`, CHANGELOG.md and debian/changelog, released as 1.0.0; branches
/// `release-1.0` and `main` have gone on.
fn project() -> World {
    let world = World::new();
    world.write(
        "debcut.toml",
        "[[package]]\nname = \"hello\"\nbuild = \"debian\"\ntag = \"v{version}\"\n\
         version-files = [\"VERSION\"]\n",
    );
    world.write("VERSION", "1.0.0\n");
    world.write(
        "CHANGELOG.md",
        "# Changelog\n\n## 1.0.0 - 2025-01-01\n\n- One.\n",
    );
    world.write("debian/changelog", entry("1.0.0", "unstable"));
    world.write(
        "debian/control",
        "Source: hello\nMaintainer: Ada Example <ada@example.org>\n\nPackage: hello\n\
         Architecture: all\nDescription: says hello\n",
    );
    world.write("code", "one\ntwo\nthree\nfour\nfive\nsix\nseven\n");
    world.commit("feat: begin");
    world.tag("v1.0.0");
    world.git(&["branch", "release-1.0"]);
    world
}

fn entry(version: &str, suite: &str) -> String {
    format!(
        "hello ({version}) {suite}; urgency=medium\n\n  * Change of {version}.\n\n \
         -- Ada Example <ada@example.org>  Wed, 01 Jan 2025 00:00:00 +0000\n"
    )
}

/// Cuts a release of the branch that is checked out, as `prepare` and `tag` do.
fn cut(world: &World, version: &str) {
    world.write("VERSION", format!("{version}\n"));
    for (file, new) in [
        ("debian/changelog", entry(version, "unstable") + "\n"),
        (
            "CHANGELOG.md",
            format!("# Changelog\n\n## {version} - 2025-02-01\n\n- Patch {version}.\n\n"),
        ),
    ] {
        let path = world.project().join(file);
        let old = std::fs::read_to_string(path).expect("it is there");
        let old = old
            .strip_prefix("# Changelog\n\n")
            .unwrap_or(&old)
            .to_owned();
        world.write(file, new + &old);
    }
    let message = format!("chore(release): hello {version}\n\nDebcut-Release: hello {version}\n");
    world.commit(&message);
    world.tag(&format!("v{version}"));
}

fn patched(world: &World, version: &str, line: &str) {
    world.git(&["switch", "--quiet", "release-1.0"]);
    world.edit("code", &format!("{line}\n"), &format!("{line}, mended\n"));
    world.commit("fix: mend it");
    cut(world, version);
}

fn sync(world: &World, more: &[&str]) -> Ran {
    world.run(["release", "sync", "--json"].iter().chain(more))
}

fn document(ran: &Ran) -> Value {
    ran.document("debcut/release-sync/1")
}

fn versions(world: &World, branch: &str) -> Vec<String> {
    let text = world.git(&["show", &format!("{branch}:debian/changelog")]);
    let path = world.path("changelog");
    std::fs::write(&path, format!("{text}\n")).expect("a file");
    // Debian's own reader agrees, and warns of nothing.
    let mut dpkg: Command = tool("dpkg-parsechangelog", "dpkg-dev");
    dpkg.arg("-l").arg(&path).args(["--all", "-S", "Version"]);
    let mut all: Command = tool("dpkg-parsechangelog", "dpkg-dev");
    all.arg("-l")
        .arg(&path)
        .args(["--all", "--format", "rfc822"]);
    let newest = world.judge(dpkg).code(0);
    let read = world.judge(all).code(0);
    assert_eq!((newest.stderr.as_str(), read.stderr.as_str()), ("", ""));
    let own = text.lines().filter(|line| line.starts_with("hello ("));
    let own: Vec<String> = own
        .filter_map(|line| Some(line.split(['(', ')']).nth(1)?.to_owned()))
        .collect();
    assert_eq!(
        read.stdout.matches("Version: ").count(),
        own.len(),
        "{text}"
    );
    assert!(
        newest
            .stdout
            .starts_with(own.first().map_or("", String::as_str))
    );
    own
}

/// What of a file of a branch begins with a mark.
fn marked(world: &World, branch: &str, file: &str, mark: &str) -> Vec<String> {
    let text = world.git(&["show", &format!("{branch}:{file}")]);
    let own = text.lines().filter(|line| line.starts_with(mark));
    own.map(str::to_owned).collect()
}

#[test]
fn a_cut_comes_to_main_by_either_way_and_once() {
    for way in ["pick", "merge"] {
        let world = project();
        world.edit("code", "seven", "seven of main");
        world.commit("fix: on main");
        patched(&world, "1.0.1", "two");
        world.git(&["switch", "--quiet", "main"]);
        let before = world.git(&["rev-parse", "main"]);
        let dry = document(&sync(&world, &["--by", way, "--dry-run"]).code(0));
        assert_eq!(
            (&dry["dry_run"], dry["targets"].as_array().map(Vec::len)),
            (&true.into(), Some(1))
        );
        assert_eq!(world.git(&["rev-parse", "main"]), before);
        let done = document(&sync(&world, &["--by", way]).code(0));
        assert_eq!(done["changed"], true, "{way}");
        // The work tree that has main went with it.
        assert_eq!(world.git(&["status", "--porcelain"]), "", "{way}");
        assert_eq!(versions(&world, "main"), ["1.0.1", "1.0.0"], "{way}");
        assert_eq!(world.git(&["show", "main:VERSION"]), "1.0.1");
        assert_eq!(
            marked(&world, "main", "CHANGELOG.md", "## "),
            ["## 1.0.1 - 2025-02-01", "## 1.0.0 - 2025-01-01"],
            "{way}"
        );
        let code = world.git(&["show", "main:code"]);
        assert!(code.contains("seven of main"), "{way}");
        assert_eq!(code.contains("two, mended"), way == "merge");
        let again = document(&sync(&world, &["--by", way]).code(0));
        assert_eq!(again["changed"], false, "{way}");
        world.git(&["fsck", "--strict", "--no-dangling"]);
        // main goes on beside the line that release-1.0 has.
        let plan = world.run(["plan", "--json"]).code(0);
        let plan = plan.document("debcut/plan/1");
        let next = &plan["packages"][0];
        assert_eq!(next["next"], "1.1.0", "{way}: {next}");
        let reason = next["reason"].as_str().expect("text");
        assert!(
            reason.contains("1.0 numbers are those of release-1.0"),
            "{reason}"
        );
        // Without that branch, only what is in use is left out.
        world.git(&["branch", "--quiet", "-D", "release-1.0"]);
        let plan = world.run(["plan", "--json"]).code(0);
        let next = plan.document("debcut/plan/1")["packages"][0]["next"].clone();
        assert_eq!(next, "1.0.2", "{way}");
    }
}

#[test]
fn versions_never_go_back_and_entries_keep_their_order() {
    for way in ["pick", "merge"] {
        let world = project();
        world.edit("code", "seven", "seven of main");
        world.commit("feat: on main");
        cut(&world, "1.1.0");
        let open = entry("1.2.0", "UNRELEASED") + "\n";
        let old = world.git(&["show", "main:debian/changelog"]);
        world.write("debian/changelog", format!("{open}{old}\n"));
        world.commit("chore: open 1.2.0");
        patched(&world, "1.0.1", "two");
        patched(&world, "1.0.2", "four");
        sync(&world, &["--by", way]).code(0);
        assert_eq!(world.git(&["show", "main:VERSION"]), "1.1.0", "{way}");
        assert_eq!(
            versions(&world, "main"),
            ["1.2.0", "1.1.0", "1.0.2", "1.0.1", "1.0.0"],
            "{way}"
        );
        assert_eq!(
            marked(&world, "main", "CHANGELOG.md", "- "),
            [
                "- Patch 1.1.0.",
                "- Patch 1.0.2.",
                "- Patch 1.0.1.",
                "- One."
            ],
            "{way}"
        );
        let again = document(&sync(&world, &["--by", way]).code(0));
        assert_eq!(again["changed"], false, "{way}");
    }
}

#[test]
fn main_development_and_hotfix_branches_get_it() {
    let world = project();
    world.write(
        "debcut.toml",
        std::fs::read_to_string(world.project().join("debcut.toml")).expect("it is there")
            + "\n[patch]\nback-merge = \"merge\"\nback-merge-into = [\"main\", \"development\"]\n",
    );
    world.commit("chore: say where releases go");
    world.git(&["branch", "development"]);
    world.git(&["switch", "--quiet", "release-1.0"]);
    world.git(&["checkout", "--quiet", "main", "--", "debcut.toml"]);
    world.commit("chore: say where releases go");
    patched(&world, "1.0.1", "two");
    // A hotfix of it.
    world.git(&["switch", "--quiet", "--create", "release-1.0.1"]);
    world.edit("code", "four", "four, at once");
    world.commit("fix: at once");
    cut(&world, "1.0.1.1");
    world.git(&["switch", "--quiet", "main"]);
    let done = document(&sync(&world, &[]).code(0));
    assert_eq!(done["changed"], true);
    let hotfix = world.git(&["rev-parse", "v1.0.1.1^{commit}"]);
    for branch in ["main", "development", "release-1.0"] {
        assert_eq!(
            versions(&world, branch),
            ["1.0.1.1", "1.0.1", "1.0.0"],
            "{branch}"
        );
        assert_eq!(
            world.git(&["show", &format!("{branch}:VERSION")]),
            "1.0.1.1"
        );
        world.git(&["merge-base", "--is-ancestor", &hotfix, branch]);
    }
    let again = document(&sync(&world, &[]).code(0));
    assert_eq!(again["changed"], false);
}

#[test]
fn what_stands_in_the_way_is_said_and_nothing_moves() {
    let world = project();
    world.edit("code", "two", "two of main");
    world.commit("fix: on main");
    patched(&world, "1.0.1", "two");
    let before = world.git(&["rev-parse", "main"]);
    // A conflict in the code.
    let refused = document(&sync(&world, &["--by", "merge"]).code(1));
    assert_eq!(
        refused["findings"][0]["rule"], "back-merge-conflict",
        "{refused}"
    );
    let fix = refused["findings"][0]["fix"].as_str().expect("text");
    assert!(
        fix.contains("git merge v1.0.1") && fix.contains("--by pick"),
        "{fix}"
    );
    assert_eq!(refused["targets"][0]["left_out"][0]["tag"], "v1.0.1");
    let text = world.run(["release", "sync", "--by", "merge"]).code(1);
    assert!(!text.stdout.contains("has all of it"), "{}", text.stdout);
    // A file of the user's that would be written over, where main is checked out.
    world.git(&["worktree", "add", "--quiet", "../main", "main"]);
    std::fs::write(world.path("main/VERSION"), "mine\n").expect("written");
    // Another branch that could move waits for it.
    world.git(&["branch", "development", &before]);
    let both = ["--into", "development", "--into", "main"];
    for more in [&[][..], &["--dry-run"][..]] {
        let ran = sync(&world, &[&both[..], more].concat()).code(1);
        let finding = &document(&ran)["findings"][0];
        assert_eq!(finding["rule"], "dirty-work-tree", "{}", ran.stdout);
        assert!(
            finding["message"]
                .as_str()
                .is_some_and(|it| it.contains("VERSION"))
        );
    }
    assert_eq!(world.git(&["rev-parse", "development"]), before);
    assert_eq!(world.git(&["rev-parse", "main"]), before);
    let kept = std::fs::read_to_string(world.path("main/VERSION")).expect("there");
    assert_eq!(kept, "mine\n");
    // Clean again, that work tree follows.
    world.git(&["-C", "../main", "checkout", "--quiet", "VERSION"]);
    std::fs::write(world.path("main/own"), "untracked\n").expect("written");
    sync(&world, &["--into", "main"]).code(0);
    assert_eq!(
        world.git(&["-C", "../main", "status", "--porcelain"]),
        "?? own"
    );
    let read = std::fs::read_to_string(world.path("main/VERSION")).expect("there");
    assert_eq!(read, "1.0.1\n");
    let nowhere = sync(&world, &["--into", "nowhere"]).code(1);
    assert_eq!(document(&nowhere)["findings"][0]["rule"], "no-branch");
}

#[test]
fn what_comes_back_is_pushed() {
    let world = project();
    world.git(&["init", "--quiet", "--bare", "../origin.git"]);
    world.git(&["remote", "add", "origin", "../origin.git"]);
    world.git(&[
        "push",
        "--quiet",
        "--set-upstream",
        "origin",
        "main",
        "release-1.0",
    ]);
    world.edit("code", "seven", "seven of main");
    world.commit("fix: on main");
    world.git(&["push", "--quiet", "origin", "main"]);
    patched(&world, "1.0.1", "two");
    let theirs = || world.git(&["--git-dir", "../origin.git", "rev-parse", "main"]);
    let before = theirs();
    sync(&world, &["--push", "--dry-run"]).code(0);
    assert_eq!(theirs(), before);
    // Killed between the branch and the push, the next run pushes.
    let made = document(&sync(&world, &[]).code(0));
    assert_eq!(made["next"], serde_json::json!(["git push origin main"]));
    assert_eq!(theirs(), before);
    let done = document(&sync(&world, &["--push"]).code(0));
    assert_eq!(done["changed"], true, "{done}");
    assert_eq!(theirs(), world.git(&["rev-parse", "main"]));
    let again = document(&sync(&world, &["--push"]).code(0));
    assert_eq!(again["changed"], false);
    // Behind the remote nothing is made.
    world.git(&["update-ref", "refs/heads/main", &before]);
    let behind = document(&sync(&world, &[]).code(1));
    assert_eq!(behind["findings"][0]["rule"], "behind-remote", "{behind}");
}

#[test]
fn a_package_with_nothing_but_a_debian_version() {
    let world = World::quilt();
    world.git(&["branch", "release-1.0"]);
    world.write("stamp.in", "main's\n");
    world.commit("fix: on main");
    world.git(&["switch", "--quiet", "release-1.0"]);
    let old = world.git(&["show", "HEAD:debian/changelog"]);
    let new = entry("1:1.0-1.1", "stable").replacen("hello", "stamp", 1);
    world.write("debian/changelog", format!("{new}\n{old}\n"));
    world.commit("chore(release): stamp\n\nDebcut-Release: stamp 1:1.0-1.1\n");
    world.tag("debian/1%1.0-1.1");
    world.git(&["switch", "--quiet", "main"]);
    sync(&world, &["--from", "release-1.0", "--into", "main"]).code(0);
    let heads = marked(&world, "main", "debian/changelog", "stamp (");
    let heads: Vec<&str> = heads
        .iter()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert_eq!(heads, ["(1:1.0-1.1)", "(1:1.0-1)"]);
    let plan = world.run(["plan", "--json"]).code(0);
    let next = plan.document("debcut/plan/1")["packages"][0]["next"].clone();
    assert_eq!(next, "1:1.0-2");
}
