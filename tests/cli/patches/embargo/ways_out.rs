//! Ways out that are easy to forget.

use super::{EMBARGO, git, prepared, run, tells};
use crate::world::World;

fn embargoed(more: &str) -> World {
    let world = prepared(more);
    run(&world, &format!("{EMBARGO} --branch main --suite stable")).code(0);
    super::fix(&world);
    world
}

#[test]
fn other_work_trees_are_closed_as_well() {
    let world = embargoed("");
    world.git(&["worktree", "add", "--quiet", "../tree"]);
    let ran = git(&world, "-C ../tree push public HEAD:refs/heads/x");
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("ORCHID"), "{}", ran.stderr);
    let ran = run(&world, "-C ../tree status").code(0);
    tells(&ran, &["ORCHID: nothing leaves"]);
}

#[test]
fn a_command_that_asks_about_commits_is_refused() {
    let world = prepared("[patch]\nrequire-green = 'cat > ../asked'\n");
    let set = run(&world, &format!("{EMBARGO} --branch main --suite stable")).code(0);
    tells(&set, &["require-green"]);
    super::fix(&world);
    world.git(&["switch", "--quiet", "--create", "release-1.2"]);
    run(&world, "release --to stable --archive ../sec")
        .code(2)
        .says(&["refuses the command `cat > ../asked`", "--private-command"]);
    let doctor = run(&world, "doctor");
    assert!(doctor.stdout.contains("ORCHID"), "{}", doctor.stdout);
    assert!(!world.path("asked").exists());
}

#[test]
fn a_plan_for_a_directory_is_told() {
    let world = embargoed("");
    run(&world, "release --to stable --archive ../sec").code(0);
    // From elsewhere, out of the private archive.
    let (apt, sec) = (world.path("apt"), world.path("sec"));
    let pool = sec.join("pool/main/t/tally/tally_1.2.1_all.deb");
    let place = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    for words in [
        format!("-C / archive add {} --to stable", place(&pool)),
        format!("-C / archive import {}", place(&sec)),
        format!(
            "-C / archive merge --from {} --from-suite stable --to stable",
            place(&sec)
        ),
    ] {
        let words = format!("{words} --archive {}", place(&apt));
        let ran = world.debcut(words.split_whitespace());
        // As on a machine that knows of no embargo.
        let ran = ran.env("XDG_STATE_HOME", "/nonexistent").run().code(2);
        ran.says(&["is the private archive of an embargo (ORCHID)"]);
    }
    let pages = format!(
        "-C / archive pages --archive {} --out {}/www",
        place(&sec),
        place(&apt)
    );
    run(&world, &pages).code(2).says(&["(ORCHID)"]);
    let words = "publish --to stable --archive ../apt";
    run(&world, words).code(2);
    let ran = run(&world, &format!("{words} --dry-run")).code(0);
    assert!(ran.stdout.contains("tally"), "{}", ran.stdout);
    ran.says(&["the embargo ORCHID refuses", "this is only a plan"]);
    run(&world, "archive check --archive ../apt").code(0);
}
