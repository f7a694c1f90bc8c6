//! A security release of two maintenance branches and main, and what a lift
//! refuses before anything is out.

use std::path::Path;

use super::seen::seen;
use super::{EMBARGO, SECRET, git, prepared, run, tells};
use crate::world::World;

/// Two maintenance branches that begin at v1.2.0 and at v1.3.0.
fn maintained() -> World {
    let world = prepared("");
    world.git(&["branch", "release-1.2"]);
    world.write("tally.conf", "# how to count, and what\n");
    world.commit("feat: count words");
    world.write("VERSION", "1.3.0\n");
    world.commit("chore: release 1.3.0");
    world.tag("v1.3.0");
    world.git(&["branch", "release-1.3"]);
    world.write("tally.conf", "# how to count, and what else\n");
    world.commit("feat: count letters");
    world.git(&["push", "--quiet", "public", "--all"]);
    world.git(&["push", "--quiet", "public", "--tags"]);
    world
}

#[track_caller]
fn rules(world: &World, words: &str, code: i32) -> String {
    let ran = run(world, &format!("{words} --json")).code(code);
    ran.document("debcut/patch-lift/1")["findings"].to_string()
}

/// Somebody else puts a commit on the public main branch.
fn main_goes_on(world: &World) {
    world.git(&[
        "clone",
        "--quiet",
        "--branch=main",
        "../public.git",
        "../other",
    ]);
    for words in [
        "-C ../other commit --quiet --allow-empty --message docs:x",
        "-C ../other push --quiet origin main",
    ] {
        assert_eq!(git(world, words).code, 0, "{words}");
    }
}

/// Writes a hook of git's, a line of shell.
fn write_hook(hook: &Path, line: &str) {
    std::fs::create_dir_all(hook.parent().expect("it is below")).expect("a directory");
    std::fs::write(hook, format!("#!/bin/sh\n{line}\n")).expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(hook, mode).expect("it was written");
}

#[test]
fn two_branches_and_main_go_out_at_once() {
    let world = maintained();
    let words = "--branch release-1.2 --branch release-1.3 \
                 --suite stable --suite release-1.2=oldstable";
    let ran = run(&world, &format!("{EMBARGO} {words}")).code(0);
    tells(&ran, &["main-left-out"]);
    // The fix on main; picked to both, and released there.
    super::fix(&world);
    let fixed = world.git(&["rev-parse", "HEAD"]);
    for (branch, suite) in [("release-1.2", "oldstable"), ("release-1.3", "stable")] {
        world.git(&["switch", "--quiet", branch]);
        world.git(&["cherry-pick", "-x", &fixed]);
        run(&world, &format!("release --to {suite} --archive ../sec")).code(0);
    }
    world.git(&["switch", "--quiet", "main"]);
    // Main would bring the hole back with its next release.
    let found = rules(&world, "patch lift --yes", 1);
    assert!(found.contains("not-on-main"), "{found}");
    assert!(!found.contains(SECRET), "{found}");
    let all = run(&world, "patch lift --dry-run --not-on-main decided").code(0);
    assert!(all.stdout.contains("to oldstable"), "{}", all.stdout);
    run(&world, "patch embargo ORCHID --branch main").code(0);
    // Nobody could have tried what no private archive has.
    run(
        &world,
        "archive remove tally=1.2.1 --from oldstable --archive ../sec",
    )
    .code(0);
    let found = rules(&world, "patch lift --yes", 1);
    assert!(found.contains("not-in-private"), "{found}");
    run(
        &world,
        "publish dist/v1.2.1 --to oldstable --archive ../sec",
    )
    .code(0);
    // Main went on meanwhile.
    main_goes_on(&world);
    let found = rules(&world, "patch lift --yes", 1);
    assert!(found.contains("moved"), "{found}");
    assert_eq!(seen(&world, SECRET, &[]), Vec::<String>::new());
    world.git(&["fetch", "--quiet", "public"]);
    world.git(&["merge", "--quiet", "--no-edit", "public/main"]);
    // The remote says no when packages are out: that is half-way, and told so.
    let hook = world.path("public.git/hooks/pre-receive");
    write_hook(&hook, "echo frozen; exit 1");
    let ran = run(&world, "patch lift --yes").code(4);
    assert!(ran.stdout.contains("stopped half-way"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("publish tally 1.2.1 to oldstable"),
        "{}",
        ran.stdout
    );
    tells(
        &ran,
        &["pre-receive hook declined", "debcut patch lift finishes it"],
    );
    run(&world, "patch lift --abort").code(4);
    tells(&run(&world, "doctor").code(1), &["embargo-lifting"]);
    std::fs::remove_file(&hook).expect("removed");
    run(&world, "patch lift --yes").code(0);
    for (suite, version) in [("oldstable", "1.2.1"), ("stable", "1.3.1")] {
        let list = run(&world, &format!("archive list {suite} --archive ../apt"));
        let list = list.code(0).stdout;
        assert!(list.contains(version), "{suite}: {list}");
    }
    for name in ["main", "release-1.2", "release-1.3"] {
        let log = git(&world, &format!("--git-dir ../public.git log {name}"));
        assert!(log.code(0).stdout.contains(SECRET), "{name}");
    }
    let wall = std::fs::read_to_string(world.path("wall")).expect("it was told");
    assert!(wall.contains("1.2.1") && wall.contains("1.3.1"), "{wall}");
}

#[test]
fn a_lift_of_which_nothing_is_out_can_go_back() {
    let world = prepared("");
    run(&world, &format!("{EMBARGO} --branch main --suite stable")).code(0);
    super::fix(&world);
    run(&world, "release --to stable --archive ../sec").code(0);
    let aborted = run(&world, "patch lift --abort").code(0);
    assert!(
        aborted.stdout.contains("nothing to do"),
        "{}",
        aborted.stdout
    );
    // Killed while it tried; then main moves.
    let hook = world.project().join(".git/hooks/pre-push");
    write_hook(&hook, "kill -9 $(ps -o ppid= $PPID)");
    assert_eq!(run(&world, "patch lift --yes").code, 128 + 9);
    std::fs::remove_file(&hook).expect("removed");
    tells(&run(&world, "doctor").code(1), &["embargo-lifting"]);
    main_goes_on(&world);
    // It finds that, and is closed again.
    let found = rules(&world, "patch lift --yes", 1);
    assert!(found.contains("moved"), "{found}");
    assert_ne!(git(&world, "push public main:refs/heads/x").code, 0);
    let mark = world.project().join(".git/debcut/embargo.json");
    let mark = std::fs::read_to_string(mark).expect("it is there");
    assert!(mark.contains("\"sealed\""), "{mark}");
    assert_eq!(seen(&world, SECRET, &[]), Vec::<String>::new());
}

#[test]
fn what_a_remote_refuses_is_said_in_its_own_words() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = prepared("");
    run(&world, &format!("{EMBARGO} --branch main --suite stable")).code(0);
    super::fix(&world);
    run(&world, "release --to stable --archive ../sec").code(0);
    let hook = world.path("public.git/hooks/pre-receive");
    let script = "#!/bin/sh\necho 'main takes pull requests alone'\nexit 1\n";
    std::fs::create_dir_all(hook.parent().expect("a directory")).expect("made");
    std::fs::write(&hook, script).expect("written");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).expect("it was written");
    let plan = run(&world, "patch lift --dry-run").code(0);
    tells(&plan, &["not-asked", "this account may push main, v1.2.1"]);
    let ran = run(&world, "patch lift --yes").code(4);
    let own = "main takes pull requests alone";
    tells(&ran, &[own, "let this account push there once"]);
    // Taking it back is tried in vain, and so is looking whether it could be.
    run(&world, "patch lift --abort --dry-run").code(1);
    std::fs::remove_file(&hook).expect("it was there");
    run(&world, "patch lift --yes").code(0);
}

#[test]
fn every_plan_of_a_lift_says_that_it_is_one() {
    let world = prepared("");
    let plan = |words: &str| {
        let ran = run(&world, &format!("{words} --dry-run --json")).code(0);
        let document = ran.document("debcut/patch-lift/1");
        assert_eq!(document["dry_run"], true, "{document}");
        assert!(document["plan_digest"].is_string(), "{document}");
        document
    };
    for words in ["patch lift", "patch lift --abort"] {
        assert_eq!(plan(words)["state"], "none", "{words}");
    }
    run(&world, &format!("{EMBARGO} --branch main --suite stable")).code(0);
    assert_eq!(plan("patch lift --abort")["state"], "aborted");
}
