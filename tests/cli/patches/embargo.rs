//! An embargo: nothing leaves before the lift, everything at once with it, also
//! when it is killed on its way.

use std::path::Path;
use std::process::Command;

use crate::world::{Ran, World, finished};

/// A word that only what is embargoed has.
const SECRET: &str = "zanzibar";

/// A project under embargo with a public and a private remote and archive.
fn embargoed() -> World {
    let world = World::declared();
    let config = std::fs::read_to_string(world.project().join("debcut.toml")).expect("it is there");
    let more = "\n[announce]\nsendmail = 'cat >> ../mail'\n\
        [[announce.channel]]\nname = 'list'\nmail = 'users@example.org'\n\
        [[announce.channel]]\nname = 'wall'\n\
        command = 'test -e ../k3 || { touch ../k3; kill -9 $PPID; exit 1; }; cat >> ../wall'\n\
        [hooks]\nafter-publish = 'test -e ../k2 || { touch ../k2; kill -9 $PPID; exit 1; }; cat >> ../hook'\n";
    world.write("debcut.toml", config + more);
    world.write(".gitignore", "dist/\n");
    world.commit("chore: tell people");
    for name in ["public", "private"] {
        let bare = format!("../{name}.git");
        world.git(&["init", "--quiet", "--bare", &bare]);
        world.git(&["remote", "add", name, &bare]);
    }
    world.git(&["push", "--quiet", "public", "main", "--tags"]);
    world.key();
    for place in ["../apt", "../sec"] {
        world
            .run(["archive", "init", place, "--suite", "stable"])
            .code(0);
    }
    let words = "patch embargo ORCHID --branch main --private-remote private \
        --private-archive ../sec --public-remote public --archive ../apt --suite stable \
        --until 2025-06-02T00:00:00Z --lift-on-date";
    world.run(words.split_whitespace()).code(0);
    let again = world.run(words.split_whitespace()).code(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    world.edit("tally.1", "Counts lines.", &format!("Counts {SECRET}."));
    world.commit(&format!("fix: stop {SECRET} from reading along"));
    world
}

/// Runs git in the project and returns how it ended.
fn git(world: &World, words: &str) -> Ran {
    let mut git = Command::new("git");
    git.current_dir(world.project())
        .args(words.split_whitespace());
    world.surround(&mut git);
    finished(git.output().expect("git runs"))
}

/// Finds the word in every file below a directory.
fn holds(directory: &Path) -> Vec<String> {
    let mut grep = Command::new("grep");
    grep.args(["--recursive", "--files-with-matches", "--text", SECRET])
        .arg(directory);
    let said = grep.output().expect("grep runs").stdout;
    let said = String::from_utf8_lossy(&said);
    said.lines().map(str::to_owned).collect()
}

/// Everything that others see.
fn public(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    for place in [
        "public.git",
        "apt",
        "mail",
        "wall",
        "hook",
        "home",
        "data",
        "tmp",
    ] {
        let path = world.path(place);
        if path.exists() {
            found.extend(holds(&path));
        }
    }
    // Objects and packages are compressed.
    let words = "--git-dir ../public.git log --all --patch";
    if git(world, words).code(0).stdout.contains(SECRET) {
        found.push("commits".to_owned());
    }
    let list = ["archive", "list", "stable", "--archive", "../apt"];
    if world.run(list).code(0).stdout.contains("tally") {
        found.push("packages".to_owned());
    }
    found
}

#[test]
fn nothing_leaves_before_the_lift_and_everything_with_it() {
    let world = embargoed();
    // The user's own push, debcut's, and every other way out.
    for words in ["push public main", "push ../public.git main"] {
        let ran = git(&world, words);
        assert_ne!(ran.code, 0, "{words}");
        assert!(ran.stderr.contains("ORCHID"), "{words}: {}", ran.stderr);
    }
    assert_eq!(git(&world, "push private main").code, 0);
    let refused = |words: &str| {
        let ran = world.run(words.split_whitespace()).code(2);
        ran.says(&["the embargo ORCHID refuses"]);
    };
    refused("release --to stable --archive ../apt");
    world
        .run("release --to stable --archive ../sec".split_whitespace())
        .code(0);
    refused("publish --to stable --archive ../apt");
    refused("announce --send");
    refused("archive serve --archive ../apt --listen 0.0.0.0:0");
    let mirror = "archive mirror ../mirror --archive ../sec";
    world
        .run(mirror.split_whitespace())
        .code(2)
        .says(&["the private archive of an embargo (ORCHID), which refuses"]);
    // From elsewhere, what was built here is known again.
    let package = std::fs::read_dir(world.project().join("dist/v1.2.1")).expect("a build");
    let package = package.flatten().map(|entry| entry.path());
    let package = package
        .into_iter()
        .find(|path| path.extension().is_some_and(|e| e == "deb"));
    let copy = world.path("copy.deb");
    std::fs::copy(package.expect("a package"), &copy).expect("copied");
    let place = world.path("apt");
    let add = ["-C", "/", "archive", "add", copy.to_str().expect("text")];
    let more = ["--to", "stable", "--archive", place.to_str().expect("text")];
    let ran = world.run(add.iter().chain(&more)).code(2);
    ran.says(&["built under it"]);
    std::fs::remove_file(&copy).expect("removed");
    assert_eq!(public(&world), Vec::<String>::new());
    world.run(["patch", "lift", "--yes"]).code(1);
    let due = |world: &World| {
        let lift = world.debcut(["patch", "lift", "--if-due"]);
        lift.env("DEBCUT_NOW", "2025-06-03T00:00:00Z").run()
    };
    assert!(
        world
            .run(["patch", "lift", "--if-due"])
            .code(0)
            .stdout
            .contains("not before")
    );
    assert_eq!(public(&world), Vec::<String>::new());
    // The user's own hook kills the push that follows the one for trying.
    let hook = world.project().join(".git/hooks/pre-push");
    std::fs::create_dir_all(hook.parent().expect("it is below")).expect("a directory");
    let script = "#!/bin/sh\necho >> ../tries\n\
        test $(wc -l < ../tries) = 2 && kill -9 $(ps -o ppid= $PPID)\nexit 0\n";
    std::fs::write(&hook, script).expect("written");
    let mut executable = Command::new("chmod");
    executable.arg("+x").arg(&hook);
    assert!(executable.status().expect("it runs").success());
    for killed in 1..=3 {
        let ran = due(&world);
        let said = format!("{killed}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, 128 + 9, "{said}");
    }
    let lifted = due(&world).code(0);
    assert!(lifted.stdout.contains("lifted"), "{}", lifted.stdout);
    let found = public(&world).join("\n");
    for want in ["mail", "wall", "commits", "packages"] {
        assert!(found.contains(want), "{want} in {found}");
    }
    // Each once.
    let read = |name: &str| std::fs::read_to_string(world.path(name)).expect("it is there");
    assert_eq!(read("mail").matches("Message-ID:").count(), 1);
    assert_eq!(read("wall").matches("tally 1.2.1").count(), 1);
    assert!(
        git(&world, "--git-dir ../public.git tag")
            .stdout
            .contains("v1.2.1")
    );
    assert!(due(&world).code(0).stdout.contains("nothing to do"));
    assert_eq!(git(&world, "push public main").code, 0);
    assert_eq!(git(&world, "config --local core.hooksPath").code, 1);
}

#[test]
fn a_private_place_that_is_none_is_refused() {
    let world = super::project();
    world.git(&["init", "--quiet", "--bare", "../public.git"]);
    world.git(&["remote", "add", "origin", "../public.git"]);
    world.git(&["remote", "add", "fork", "https://forge.example/me/tool"]);
    for (words, rule) in [
        ("--private-remote ../public.git", "public-remote"),
        ("--private-remote nowhere", "no-remote"),
        (
            "--private-remote fork --public-remote https://forge.example/us/tool",
            "fork",
        ),
        ("--private-archive ../none", "no-archive"),
        ("--branch release-9.9", "no-branch"),
        ("--until 2020-01-01T00:00:00Z", "date"),
    ] {
        let all = format!("patch embargo ORCHID --branch release-1.0 {words} --json");
        let ran = world.run(all.split_whitespace()).code(1);
        let document = ran.document("debcut/patch-embargo/1");
        let rules = document["findings"].to_string();
        assert!(rules.contains(&format!("\"{rule}\"")), "{words}: {rules}");
        assert!(!world.project().join(".git/debcut/embargo.json").exists());
    }
}
