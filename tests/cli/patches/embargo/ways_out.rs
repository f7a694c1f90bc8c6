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
    // And to no host.
    let rings = world.path("rings.toml");
    std::fs::write(&rings, "hosts = ['h.example']\n").expect("written");
    let (rings, state) = (place(&rings), place(&world.path("state")));
    let start = format!("start tally=1.2.1 --from stable --rings {rings}");
    let start = format!(
        "-C / rollout {start} --state {state} --archive {}",
        place(&sec)
    );
    run(&world, &start).code(0);
    run(&world, &format!("-C / rollout advance --state {state}"))
        .code(2)
        .says(&["(ORCHID), which refuses reaching hosts"]);
    let words = "publish --to stable --archive ../apt";
    run(&world, words).code(2);
    let ran = run(&world, &format!("{words} --dry-run")).code(0);
    assert!(ran.stdout.contains("tally"), "{}", ran.stdout);
    ran.says(&["the embargo ORCHID refuses", "this is only a plan"]);
    run(&world, "archive check --archive ../apt").code(0);
}

#[test]
fn a_queue_that_is_shared_at_once_stays_here() {
    let world = embargoed("[patch]\nsync = true\n");
    world.git(&["branch", "release-1.2", "v1.2.0"]);
    let words = "patch pick main --onto release-1.2 --bug b --affected a --severity s --verified v";
    let ran = run(&world, words).code(0);
    let id = ran.stdout.split_whitespace().next();
    let id = id.expect("it begins with its name").to_owned();
    ran.says(&["the embargo ORCHID refuses", "patch sync --remote"]);
    run(&world, "patch sync --remote private").code(0);
    let before = run(&world, "patch log").code(0).stdout;
    let words = format!("patch approve {id} --reason r --sync");
    run(&world, &words)
        .code(0)
        .says(&["private: 0 came, 1 went"]);
    assert_ne!(run(&world, "patch log").code(0).stdout, before);
    // A branch and its queue go where the embargo lets them.
    let pushed = run(&world, "patch apply --onto release-1.2 --push --json").code(0);
    assert_eq!(pushed.document("debcut/patch-apply/1")["pushed"], "private");
    let heads = |place: &str| {
        let words = format!("--git-dir ../{place}.git for-each-ref refs/heads/release-1.2");
        git(&world, &words).code(0).stdout
    };
    assert_eq!(heads("public"), "");
    assert_ne!(heads("private"), "");
    for (place, want) in [("public", ""), ("private", "refs/debcut/patches")] {
        let words = format!("--git-dir ../{place}.git for-each-ref refs/debcut");
        let refs = git(&world, &words).code(0).stdout;
        assert_eq!(refs.contains("refs/debcut"), !want.is_empty(), "{refs}");
    }
    // Where nothing is private nobody else gets it, and it is not said here.
    world.git(&["remote", "remove", "private"]);
    let before = run(&world, "patch log").code(0).stdout;
    let words = format!("patch hold {id} --reason r --sync");
    run(&world, &words).code(2).says(&["nothing was written"]);
    assert_eq!(run(&world, "patch log").code(0).stdout, before);
}

#[test]
fn a_release_asks_for_its_hooks_before_it_makes_anything() {
    let world = prepared("");
    let mut config = std::fs::read_to_string(world.project().join("debcut.toml")).expect("there");
    config.push_str("before-build = 'true'\n");
    world.write("debcut.toml", config);
    world.commit("chore: look before a build");
    run(&world, &format!("{EMBARGO} --branch main --suite stable")).code(0);
    super::fix(&world);
    let head = world.git(&["rev-parse", "HEAD"]);
    let refused = ["refuses the command `true`", "--private-command 'true'"];
    let words = "release --to stable --archive ../sec";
    for more in [" --dry-run", ""] {
        tells(&run(&world, &format!("{words}{more}")).code(1), &refused);
    }
    assert_eq!(world.git(&["rev-parse", "HEAD"]), head);
    run(&world, "patch embargo ORCHID --private-command true").code(0);
    run(&world, &format!("{words} --dry-run")).code(0);
}

#[test]
fn a_release_asks_for_all_its_ways_out_before_it_makes_anything() {
    let world = embargoed("");
    let config = std::fs::read_to_string(world.project().join("debcut.toml")).expect("there");
    let hooks = config.replace("[hooks]\n", "[hooks]\nbefore-tag = 'true'\n");
    world.write("debcut.toml", hooks);
    world.commit("chore: look before a tag");
    let state = || {
        let refs = world.git(&["for-each-ref"]);
        let own = world.project().join(".git/debcut/candidates").exists();
        (refs, own, world.git(&["status", "--porcelain"]))
    };
    let before = state();
    let push = [
        "public: the embargo ORCHID refuses a push to",
        "leave --push out: what is released is pushed to private then",
    ];
    let archive = ["refuses writing to", "sec, which is private"];
    let hook = ["refuses the command `true`", "--private-command 'true'"];
    for (words, wants) in [
        ("--archive ../sec --push", vec![push, hook]),
        ("--archive ../apt", vec![archive, hook]),
        ("--archive ../apt --push", vec![push, archive, hook]),
    ] {
        for more in ["", " --dry-run", " --mock", " --mock --dry-run"] {
            let words = format!("release --to stable {words}{more}");
            let ran = run(&world, &words).code(1);
            tells(&ran, &wants.concat());
            let ran = run(&world, &format!("{words} --json")).code(1);
            let document = ran.document("debcut/release/1");
            let is_dry = more.contains("dry-run");
            assert_eq!(document["dry_run"] == true, is_dry, "{words}");
            assert_eq!(document.get("plan_digest").is_some(), is_dry, "{words}");
            let findings = document["findings"].as_array().expect("findings");
            let rules = findings.iter().filter(|one| one["rule"] == "embargo");
            assert_eq!(rules.count(), wants.len(), "{words}");
        }
    }
    assert_eq!(state(), before);
    run(&world, "patch embargo ORCHID --private-command true").code(0);
    for more in [" --dry-run", " --mock --dry-run", " --mock", ""] {
        run(
            &world,
            &format!("release --to stable --archive ../sec{more}"),
        )
        .code(0);
    }
    // A mock needs no archive, and nothing of it was ever outside.
    let left = std::fs::read_dir(world.path("tmp")).expect("there");
    assert_eq!(left.count(), 0);
}

#[test]
fn a_killed_mock_leaves_nothing_outside_of_its_repository() {
    let world = embargoed("");
    let kill = format!(
        "command = \"kill -9 $(cat {}); sed",
        world.path("pid").display()
    );
    world.edit("debcut.toml", "command = \"sed", &kill);
    world.commit("build: be killed");
    let kill = "echo $$ > ../pid; exec \"$@\"";
    let words = ["release", "--to", "stable", "--archive", "../sec", "--mock"];
    let ran = world.debcut(words).under(["sh", "-c", kill, "sh"]).run();
    assert_eq!(ran.code, 128 + 9, "{}\n{}", ran.stdout, ran.stderr);
    let listed = |place: std::path::PathBuf| -> Vec<String> {
        let found = std::fs::read_dir(place).into_iter().flatten().flatten();
        let names = found.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names
            .filter(|name| name.starts_with("debcut-mock-"))
            .collect()
    };
    assert_eq!(listed(world.path("tmp")), Vec::<String>::new());
    let own = || listed(world.project().join(".git/debcut"));
    assert_eq!(own().len(), 1);
    world.git(&["revert", "--no-edit", "HEAD"]);
    let words = words.join(" ");
    run(&world, &words).code(0);
    assert_eq!(own(), Vec::<String>::new());
}

#[test]
fn what_is_next_names_the_private_remote() {
    let world = embargoed("");
    let fixed = world.git(&["rev-parse", "HEAD"]);
    world.git(&["branch", "release-1.2", "v1.2.0"]);
    let words = format!(
        "patch pick {fixed} --onto release-1.2 --bug b --affected a --severity s --verified v \
         --note NONE"
    );
    let ran = run(&world, &words).code(0);
    let id = ran
        .stdout
        .split_whitespace()
        .next()
        .expect("its name")
        .to_owned();
    run(&world, &format!("patch approve {id} --reason r")).code(0);
    let next = "git push private release-1.2, then debcut patch sync --remote private";
    tells(
        &run(&world, "patch apply --onto release-1.2").code(0),
        &[next],
    );
}

#[test]
fn a_folder_of_a_repository_gives_no_candidates() {
    let world = embargoed("");
    run(&world, "release --to stable --archive ../sec").code(0);
    let kept = world.project().join(".git/debcut/candidates/tally");
    std::fs::create_dir_all(&kept).expect("made");
    let package = world.project().join("dist/v1.2.1/tally_1.2.1_all.deb");
    std::fs::rename(&package, kept.join("tally_1.2.1_all.deb")).expect("moved");
    std::fs::remove_dir_all(world.project().join("dist")).expect("removed");
    let (apt, top) = (world.path("apt"), world.project());
    let plan = |directory: &std::path::Path| {
        let (place, apt) = (directory.display(), apt.display());
        format!("-C / archive add {place} --to stable --archive {apt} --dry-run")
    };
    tells(&run(&world, &plan(&top)).code(1), &["there is no .deb"]);
    // Who names it is told what the embargo says of it.
    run(&world, &plan(&kept))
        .code(0)
        .says(&["the embargo ORCHID refuses"]);
    let away = world.path("away");
    std::fs::create_dir_all(&away).expect("made");
    std::fs::copy(kept.join("tally_1.2.1_all.deb"), away.join("tally.deb")).expect("copied");
    let ran = run(&world, &plan(&away)).code(0);
    tells(
        &ran,
        &[
            "the embargo ORCHID refuses",
            "what comes was built under it",
        ],
    );
}
