//! A lift that is killed: wherever that is, running it again ends where a lift
//! ends that nobody killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::seen::seen;
use super::{EMBARGO, SECRET, fix, git, prepared, run};
use crate::world::{Ran, World, listing};

/// Kills debcut in the push that the number in `kill-push` says; there is one
/// for trying, the one to everybody, one for the queue, and one that takes the
/// mark from the private remote.
const PRE_PUSH: &str = "#!/bin/sh\ntest -e ../kill-push || exit 0\n\
    left=$(($(cat ../kill-push) - 1))\necho $left > ../kill-push\n\
    test $left = 0 || exit 0\nrm ../kill-push\nkill -9 $(ps -o ppid= $PPID)\nexit 1\n";

/// The parts of a world that a lift changes.
const PARTS: [&str; 5] = ["project", "public.git", "private.git", "apt", "sec"];

fn copied(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    let mut cp = Command::new("cp");
    cp.arg("--archive").arg(from).arg(to);
    assert!(cp.status().expect("cp runs").success());
}

/// Where a lift ends: what is public, and what is left here.
fn end_of(world: &World) -> BTreeMap<String, String> {
    let mut end = BTreeMap::new();
    for (name, words) in [
        ("public", "--git-dir ../public.git for-each-ref"),
        ("private", "--git-dir ../private.git for-each-ref"),
        ("own", "for-each-ref"),
        ("settings", "config --local --list"),
    ] {
        end.insert(name.to_owned(), git(world, words).code(0).stdout);
    }
    for name in ["mail", "wall", "hook"] {
        let text = std::fs::read_to_string(world.path(name)).expect("it was told");
        end.insert(name.to_owned(), text);
    }
    for place in ["apt/pool", "apt/dists"] {
        for (path, what) in listing(&world.path(place)) {
            let name = path.display().to_string();
            // A signature differs each time.
            if !name.ends_with("InRelease") && !name.ends_with("Release.gpg") {
                end.insert(format!("{place}/{name}"), what);
            }
        }
    }
    let left = ["embargo.json", "embargo-products", "hooks", "hooks-due"];
    let own = world.project().join(".git/debcut");
    let full = |path: &Path| {
        std::fs::read_dir(path).map_or(path.exists(), |mut entries| entries.next().is_some())
    };
    let left: Vec<_> = left.iter().filter(|name| full(&own.join(name))).collect();
    end.insert("left".to_owned(), format!("{left:?}"));
    end
}

#[test]
fn a_killed_lift_ends_where_another_one_does() {
    let world = prepared("");
    run(&world, &format!("{EMBARGO} --branch main --suite stable")).code(0);
    fix(&world);
    run(&world, "release --to stable --archive ../sec").code(0);
    let onto = "--bug b --affected a --severity s --verified v";
    world.git(&["branch", "release-1.2", "v1.2.0"]);
    run(
        &world,
        &format!("patch pick HEAD~1 --onto release-1.2 {onto}"),
    )
    .code(0);
    let hook = world.project().join(".git/hooks/pre-push");
    std::fs::create_dir_all(hook.parent().expect("it is below")).expect("a directory");
    std::fs::write(&hook, PRE_PUSH).expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).expect("it was written");
    for part in PARTS {
        copied(&world.path(part), &world.path(&format!("kept-{part}")));
    }
    let lift = || -> Ran { run(&world, "patch lift --yes") };
    lift().code(0);
    let want = end_of(&world);
    assert!(want["public"].contains("refs/debcut/patches"), "{want:?}");
    for (file, number) in [
        ("kill-push", "1"),
        ("kill-push", "2"),
        ("kill-push", "3"),
        ("kill-push", "4"),
        ("kill-hook", ""),
        ("kill-mail", ""),
        ("kill-wall", ""),
    ] {
        for part in PARTS {
            copied(&world.path(&format!("kept-{part}")), &world.path(part));
        }
        for name in ["mail", "wall", "hook"] {
            std::fs::remove_file(world.path(name)).expect("it was told");
        }
        std::fs::write(world.path(file), number).expect("written");
        let ran = lift();
        let shown = format!("{file} {number}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, 128 + 9, "{shown}");
        if number == "1" {
            assert_eq!(seen(&world, SECRET, &[]), Vec::<String>::new(), "{shown}");
        }
        let ran = lift().code(0);
        assert_eq!(end_of(&world), want, "{shown}\n{}", ran.stdout);
    }
}
