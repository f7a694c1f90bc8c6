//! Other clones of the private repository: the mark comes to them with what it
//! is about.

use super::{EMBARGO, git, prepared, run, tells};

#[test]
fn a_clone_of_what_is_private_is_closed() {
    let world = prepared("");
    run(&world, &format!("{EMBARGO} --branch main --suite stable")).code(0);
    super::fix(&world);
    run(&world, "release --to stable --archive ../sec").code(0);
    assert_eq!(git(&world, "push private main v1.2.1").code, 0);
    for name in ["other", "third"] {
        let place = format!("../{name}");
        world.git(&[
            "clone",
            "--quiet",
            "--branch=main",
            "../private.git",
            &place,
        ]);
        let remote = format!("-C ../{name} remote add public ../public.git");
        assert_eq!(git(&world, &remote).code, 0);
    }
    let package = world.project().join("dist/v1.2.1/tally_1.2.1_all.deb");
    let copy = world.path("other/tally.deb");
    std::fs::copy(package, &copy).expect("copied");
    let add = "-C ../other archive add tally.deb --to stable --archive ../apt";
    let carried = "refs/remotes/origin/debcut-embargo/ORCHID says that this clone";
    run(&world, add)
        .code(2)
        .says(&[carried, "debcut patch embargo ORCHID takes part"]);
    // That was enough for the user's own push to be guarded.
    let pushed = git(&world, "-C ../other push public main:refs/heads/leak");
    assert_ne!(pushed.code, 0, "{}", pushed.stderr);
    assert!(pushed.stderr.contains("ORCHID"), "{}", pushed.stderr);
    tells(
        &run(&world, "-C ../other status").code(0),
        &["embargo-carried"],
    );
    // What is private is so there as well.
    let add = "-C ../other archive add tally.deb --to oldstable --archive ../sec";
    run(&world, add).code(0);
    // Who takes part has the hook, and knows what is to be released.
    run(&world, "-C ../other patch embargo ORCHID").code(0);
    assert_ne!(git(&world, "-C ../other push public main").code, 0);
    let planned = run(&world, "-C ../other patch embargo").code(0);
    assert!(planned.stdout.contains("stable in"), "{}", planned.stdout);
    run(&world, "patch lift --yes").code(0);
    // Who took part ends it there; who only has the mark loses it.
    let drop = "-C ../other patch embargo ORCHID --drop --reason lifted --yes";
    run(&world, drop).code(0);
    assert_eq!(git(&world, "-C ../third fetch --quiet --prune").code, 0);
    let add = "-C ../third archive add ../other/tally.deb --to stable --archive ../apt";
    let ran = run(&world, add).code(0);
    assert!(ran.stdout.contains("nothing to do"), "{}", ran.stdout);
}

/// A private repository with a branch of its own under embargo, and a clone of
/// it that calls the public one `pub`; nothing of debcut has run there.
pub fn joined() -> crate::world::World {
    let world = prepared("");
    world.git(&["branch", "release-1.2"]);
    let words = "--branch main --branch release-1.2 --suite stable";
    run(&world, &format!("{EMBARGO} {words}")).code(0);
    world.git(&[
        "push",
        "--quiet",
        "private",
        "main",
        "release-1.2",
        "--tags",
    ]);
    world.git(&[
        "clone",
        "--quiet",
        "--branch=main",
        "../private.git",
        "../other",
    ]);
    world.git(&["-C", "../other", "remote", "add", "pub", "../public.git"]);
    world
}

#[test]
fn a_mark_that_came_along_guards_git_push() {
    let world = joined();
    let leak = "-C ../other push pub HEAD:refs/heads/leak";
    // The user's own hook is run as well.
    let hook = world.path("other/.git/hooks/pre-push");
    std::fs::write(&hook, "#!/bin/sh\necho own hook >&2\n").expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).expect("it was written");
    let ran = run(&world, "-C ../other patch embargo").code(0);
    tells(&ran, &["ORCHID", "a hook guards your own git push"]);
    ran.says(&["a hook guards your own git push from here on"]);
    let pushed = git(&world, leak);
    assert_ne!(pushed.code, 0, "{}", pushed.stderr);
    let pushed = git(&world, "-C ../other push origin HEAD:refs/heads/topic").code(0);
    assert!(pushed.stderr.contains("own hook"), "{}", pushed.stderr);
    // Said once.
    let ran = run(&world, "-C ../other status").code(0);
    assert!(!ran.stderr.contains("from here on"), "{}", ran.stderr);
    // When no mark counts any more the hook goes.
    run(&world, "patch embargo ORCHID --drop --reason done --yes").code(0);
    assert_eq!(git(&world, "-C ../other fetch --quiet --prune").code, 0);
    run(&world, "-C ../other status").code(0);
    assert_eq!(
        git(&world, "-C ../other config --local core.hooksPath").code,
        1
    );
    assert_eq!(git(&world, leak).code, 0);
}

#[test]
fn hooks_in_the_way_are_said_not_replaced() {
    let world = joined();
    assert_eq!(
        git(&world, "-C ../other config core.hooksPath .husky").code,
        0
    );
    let ran = run(&world, "-C ../other patch embargo").code(0);
    tells(&ran, &["ORCHID", "your own git push is NOT guarded"]);
    ran.says(&[
        "NOT guarded, because core.hooksPath is .husky",
        "patch embargo ORCHID",
    ]);
    let set = git(&world, "-C ../other config core.hooksPath");
    assert_eq!(set.stdout.trim(), ".husky");
    let ran = run(&world, "-C ../other patch embargo --json").code(0);
    let document = ran.document("debcut/patch-embargo/1");
    assert_eq!(document["hook"], false, "{document}");
    assert_eq!(document["carried"][0]["name"], "ORCHID", "{document}");
    // Who takes part is guarded, and has it back in the end.
    run(&world, "-C ../other patch embargo ORCHID").code(0);
    assert_ne!(
        git(&world, "-C ../other push pub HEAD:refs/heads/leak").code,
        0
    );
    let drop = "patch embargo ORCHID --drop --reason done --yes";
    run(&world, drop).code(0);
    run(&world, &format!("-C ../other {drop}")).code(0);
    let set = git(&world, "-C ../other config core.hooksPath");
    assert_eq!(set.stdout.trim(), ".husky");
}

#[test]
fn who_joins_takes_the_marks_own_data() {
    let world = joined();
    let ran = run(&world, "-C ../other patch embargo ORCHID").code(0);
    tells(&ran, &["ORCHID", "release-1.2", "pub; stable in"]);
    assert_ne!(
        git(&world, "-C ../other push pub HEAD:refs/heads/leak").code,
        0
    );
    // A branch that is at the private remote alone is made when it is lifted.
    let ran = run(&world, "-C ../other patch lift --dry-run").code(1);
    tells(&ran, &["git branch release-1.2 origin/release-1.2"]);
    // A branch that is named here must be somewhere.
    run(
        &world,
        "-C ../other patch embargo ORCHID --branch release-9.9",
    )
    .code(1);
}

#[test]
fn lifted_elsewhere_is_said_and_ended_here() {
    let world = joined();
    run(&world, "-C ../other patch embargo ORCHID").code(0);
    super::fix(&world);
    run(&world, "release --to stable --archive ../sec").code(0);
    run(&world, "patch lift --yes").code(0);
    let found = "origin has its mark no more";
    tells(
        &run(&world, "-C ../other patch lift --yes").code(1),
        &[found],
    );
    let before = run(&world, "-C ../other patch embargo").code(0);
    assert!(!before.stdout.contains(found), "{}", before.stdout);
    assert_eq!(
        git(&world, "-C ../other fetch --quiet --prune origin").code,
        0
    );
    let end = "patch embargo ORCHID --drop --reason 'lifted elsewhere' ends it here";
    tells(
        &run(&world, "-C ../other patch embargo").code(0),
        &[found, end],
    );
    tells(&run(&world, "-C ../other status").code(0), &[found]);
    run(
        &world,
        "-C ../other patch embargo ORCHID --drop --reason lifted --yes",
    )
    .code(0);
    assert_eq!(
        git(&world, "-C ../other push pub HEAD:refs/heads/topic").code,
        0
    );
}
