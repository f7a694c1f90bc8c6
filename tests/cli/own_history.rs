//! This project's own history: planned, told and prepared by the program that
//! it makes.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::world::{World, tool};

/// Clones this project into a world, or says why there is nothing to clone.
#[expect(clippy::print_stderr, reason = "who skips says why")]
fn cloned() -> Option<World> {
    let world = World::new();
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shallow = [
        "-C",
        env!("CARGO_MANIFEST_DIR"),
        "rev-parse",
        "--is-shallow-repository",
    ];
    let mut git = Command::new("git");
    git.args(shallow);
    let asked = world.judge(git);
    let why = match asked.stdout.trim() {
        "false" if top.join(".git").exists() => None,
        "true" => Some("this clone is shallow"),
        _ => Some("this is no git checkout"),
    };
    if let Some(why) = why {
        eprintln!("skipped: {why}, so that there is no history to plan");
        return None;
    }
    std::fs::remove_dir_all(world.project()).expect("it was made");
    let mut git = Command::new("git");
    git.args(["clone", "--quiet"]).arg(top).arg(world.project());
    world.judge(git).code(0);
    // Wherever this checkout is, the clone is on a branch.
    world.git(&["checkout", "--quiet", "-B", "main"]);
    Some(world)
}

fn ids(commits: &Value) -> impl Iterator<Item = String> {
    let commits = commits.as_array().expect("a list").iter();
    commits.map(|commit| commit["id"].as_str().expect("an id").to_owned())
}

#[test]
fn every_commit_of_this_project_is_told_or_left_out_with_a_reason() {
    let Some(world) = cloned() else { return };
    let plan = world.run(["plan", "--json"]).code(0);
    let plan = plan.document("debcut/plan/1");
    let package = &plan["packages"][0];
    assert_eq!(package["name"], "debcut");
    if package["state"] == "prepared" {
        // What is behind the release commit is of the next release.
        return;
    }
    let told: BTreeSet<String> = ids(&package["commits"])
        .chain(ids(&plan["ignored"]))
        .collect();
    let range = match package["current_tag"].as_str() {
        Some(tag) => format!("{tag}..HEAD"),
        None => "HEAD".to_owned(),
    };
    let commits = world.git(&["rev-list", &range]);
    let commits: BTreeSet<String> = commits.lines().map(str::to_owned).collect();
    assert_eq!(told, commits);
    let notes = world.run(["notes", "--json"]).code(0);
    let notes = notes.document("debcut/notes/1");
    assert_eq!(notes["releases"][0]["previous_tag"], package["current_tag"]);
}

#[test]
fn this_project_can_be_prepared_by_itself() {
    let Some(world) = cloned() else { return };
    world
        .run(["prepare", "--again", "--set-version", "99.0.0"])
        .code(0);
    let changed = world.git(&["show", "--format=", "--name-only", "HEAD"]);
    let changed: Vec<&str> = changed.lines().collect();
    let want = [
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "debian/changelog",
    ];
    assert_eq!(changed, want);
    let mut dpkg = tool("dpkg-parsechangelog", "dpkg-dev");
    dpkg.current_dir(world.project()).args(["-S", "Version"]);
    assert_eq!(world.judge(dpkg).code(0).stdout, "99.0.0\n");
    let lock = world.git(&["show", "HEAD:Cargo.lock"]);
    assert!(lock.contains("name = \"debcut\"\nversion = \"99.0.0\"\n"));
    let plan = world.run(["plan", "--json"]).code(0);
    let plan = plan.document("debcut/plan/1");
    assert_eq!(plan["packages"][0]["state"], "prepared");
    assert_eq!(plan["packages"][0]["tag"], "v99.0.0");
    // A build of the tag would find everything that debcut.toml names.
    let words = [
        "build",
        "--commit",
        "HEAD",
        "--no-sign",
        "--dry-run",
        "--json",
    ];
    let build = world.run(words).code(0).document("debcut/build/1");
    assert_eq!(build["version"], "99.0.0");
}
