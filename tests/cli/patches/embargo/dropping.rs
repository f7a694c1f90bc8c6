//! An embargo that is dropped: by who may, where it was set, with what it opens
//! said before; and what the queue says of it stays private.

use super::clones::joined;
use super::seen::holding;
use super::{EMBARGO, SECRET, fix, git, prepared, run, tells};
use crate::world::World;

const LEAK: &str = "-C ../other push pub HEAD:refs/heads/leak";

fn marks(world: &World) -> String {
    let refs = "--git-dir ../private.git for-each-ref refs/heads/debcut-embargo";
    git(world, refs).code(0).stdout
}

#[test]
fn another_clone_drops_nothing_before_it_is_over() {
    let world = joined();
    fix(&world);
    assert_eq!(git(&world, "push --quiet private main").code, 0);
    assert_eq!(git(&world, "-C ../other pull --quiet").code, 0);
    let drop = "-C ../other patch embargo ORCHID --drop --reason x --yes";
    // One that it came along to, and one that takes part.
    for join in [false, true] {
        if join {
            run(&world, "-C ../other patch embargo ORCHID").code(0);
        }
        let ran = run(&world, drop).code(1);
        tells(&ran, &["not-set-here", "has set it: ask there"]);
        assert!(marks(&world).contains("ORCHID"));
        let pushed = git(&world, LEAK);
        assert_ne!(pushed.code, 0, "{}", pushed.stderr);
        // No refusal proposes it.
        assert!(!pushed.stderr.contains("--drop"), "{}", pushed.stderr);
    }
    // A remote that does not answer says nothing.
    let away = world.path("away.git");
    std::fs::rename(world.path("private.git"), &away).expect("moved");
    tells(&run(&world, drop).code(1), &["not-set-here"]);
    std::fs::rename(&away, world.path("private.git")).expect("moved");
    // Where it was set it says what it opens first.
    let plan = run(
        &world,
        "patch embargo ORCHID --drop --reason x --dry-run --json",
    );
    let plan = plan.code(0).document("debcut/patch-embargo/1");
    assert_eq!(plan["opens"]["branches"]["main"], 1, "{plan}");
    assert_eq!(plan["dry_run"], true, "{plan}");
    assert!(marks(&world).contains("ORCHID"));
    let ended = run(&world, "patch embargo ORCHID --drop --reason x --yes").code(0);
    tells(
        &ended,
        &["may be pushed to public then: main (1 commit)", "others"],
    );
    assert_eq!(marks(&world), "");
    let again = run(&world, "patch embargo ORCHID --drop --reason x --yes").code(0);
    tells(&again, &["nothing to do"]);
    // Now it is over there as well, for who says so.
    assert_ne!(git(&world, LEAK).code, 0);
    run(&world, drop).code(0);
    assert_eq!(git(&world, LEAK).code, 0);
}

#[test]
fn only_who_set_it_or_decides_drops_it() {
    let world = prepared("[patch]\napprovers = ['ruth@example.org']\n");
    run(&world, &format!("{EMBARGO} --branch main --suite stable")).code(0);
    let drop = |who: &str| {
        let words = "patch embargo ORCHID --drop --reason x --yes";
        let call = world.debcut(words.split_whitespace());
        call.env("DEBEMAIL", who).run()
    };
    let ran = drop("nina@example.org").code(1);
    tells(&ran, &["not-an-approver", "who set it"]);
    assert!(marks(&world).contains("ORCHID"));
    drop("ruth@example.org").code(0);
}

#[test]
fn a_lift_that_was_begun_is_not_dropped() {
    let world = prepared("");
    run(&world, &format!("{EMBARGO} --branch main --suite stable")).code(0);
    fix(&world);
    run(&world, "release --to stable --archive ../sec").code(0);
    std::fs::write(world.path("kill-hook"), "").expect("written");
    assert_ne!(run(&world, "patch lift --yes").code, 0);
    let drop = "patch embargo ORCHID --drop --reason x --yes";
    tells(&run(&world, drop).code(1), &["it is being lifted"]);
    run(&world, "patch lift --yes").code(0);
}

/// Lists what the public queue has.
fn public(world: &World) -> usize {
    let tree = "--git-dir ../public.git ls-tree -r refs/debcut/patches";
    git(world, tree).stdout.lines().count()
}

#[test]
fn what_the_queue_says_stays_private_until_it_is_let_out() {
    let world = prepared("");
    world.git(&["branch", "release-1.2", "v1.2.0"]);
    run(&world, &format!("{EMBARGO} --branch main --suite stable")).code(0);
    fix(&world);
    let pick = "patch pick HEAD --onto release-1.2 --bug b --affected a --severity s --verified v";
    let asked = run(&world, &format!("{pick} --json")).code(0);
    let asked = asked.document("debcut/patch-pick/1");
    let id = asked["id"].as_str().expect("a name").to_owned();
    let approve = |reason: &str| {
        world
            .run(["patch", "approve", &id, "--reason", reason])
            .code(0);
    };
    approve(&format!("about {SECRET}"));
    run(&world, "patch sync --remote private").code(0);
    let ended = run(&world, "patch embargo ORCHID --drop --reason x --yes").code(0);
    tells(&ended, &["2 entries of the queue", "stay private"]);
    // What is said later of it stays as well; of something else it goes.
    run(&world, &format!("patch hold {id} --reason {SECRET}")).code(0);
    world.write("tally.conf", "# how to count, and what\n");
    world.commit("fix: count twice");
    run(&world, pick).code(0);
    let first = run(&world, "patch sync --json").code(0);
    let first = first.document("debcut/patch-sync/1");
    assert_eq!(first["sent"], 1, "{first}");
    assert_eq!(first["findings"][0]["rule"], "kept-back", "{first}");
    let said = first["findings"][0]["message"].as_str().expect("text");
    assert!(said.starts_with("3 entries"), "{said}");
    let again = run(&world, "patch sync").code(0);
    tells(&again, &["0 came, 0 went", "nothing to do"]);
    run(&world, "patch sync --dry-run").code(0);
    // Whoever has what is kept has that it is kept.
    world.git(&["clone", "--quiet", "../private.git", "../fresh"]);
    world.git(&["-C", "../fresh", "remote", "add", "pub", "../public.git"]);
    for remote in ["origin", "pub"] {
        run(&world, &format!("-C ../fresh patch sync --remote {remote}")).code(0);
    }
    let public_place = world.path("public.git");
    assert_eq!(holding(&public_place, SECRET), Vec::<String>::new());
    assert_eq!(holding(&public_place, "ORCHID"), Vec::<String>::new());
    assert_eq!(public(&world), 1);
    // Another embargo's lift lets out nothing of it.
    let other = EMBARGO.replace("ORCHID", "LILY");
    run(
        &world,
        &format!("{other} --branch release-1.2 --suite stable"),
    )
    .code(0);
    run(&world, "patch embargo LILY --drop --reason x --yes").code(0);
    run(&world, "patch sync").code(0);
    assert_eq!(public(&world), 1);
    // In so many words.
    let out = "patch sync --publish-kept ORCHID --reason fixed";
    let plan = run(&world, &format!("{out} --dry-run")).code(0);
    tells(&plan, &["3 entries"]);
    assert_eq!(public(&world), 1);
    run(&world, &format!("{out} --yes")).code(0);
    assert_eq!(public(&world), 4);
    assert!(!holding(&public_place, SECRET).is_empty());
    assert_eq!(holding(&public_place, "ORCHID"), Vec::<String>::new());
    tells(
        &run(&world, "patch log").code(0),
        &["lets out what was kept"],
    );
    tells(
        &run(&world, &format!("{out} --yes")).code(0),
        &["nothing to do"],
    );
}
