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
    run(
        &world,
        "-C ../other patch embargo ORCHID --drop --reason done",
    )
    .code(0);
    // It was the mark for all: the first one says so again.
    run(&world, &format!("{EMBARGO} --branch main --suite stable")).code(0);
    run(&world, "patch lift --yes").code(0);
    assert_eq!(git(&world, "-C ../third fetch --quiet --prune").code, 0);
    let add = "-C ../third archive add ../other/tally.deb --to stable --archive ../apt";
    let ran = run(&world, add).code(0);
    assert!(ran.stdout.contains("nothing to do"), "{}", ran.stdout);
}
