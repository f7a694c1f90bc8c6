//! `patch apply`: git's own cherry-pick is the judge of what it makes.

use serde_json::Value;

use super::{fix, project};
use crate::world::{Ran, World};

const NOTE: &str =
    "\n\nRelease-Note: Users are told.\nBug: #1\nAffects: all\nSeverity: low\nVerified: by hand";

/// Asks for the newest commit and approves it; returns the request's name.
fn approved(world: &World) -> String {
    let id = asked(world);
    approve(world, &id);
    id
}

fn asked(world: &World) -> String {
    let pick = ["patch", "pick", "HEAD", "--onto", "release-1.0", "--json"];
    let document = world.run(pick).code(0).document("debcut/patch-pick/1");
    document["id"].as_str().expect("a request").to_owned()
}

fn approve(world: &World, id: &str) {
    world
        .run([
            "patch",
            "override",
            id,
            "not-approved",
            "--reason",
            "it is good",
        ])
        .code(0);
}

fn apply(world: &World, more: &[&str]) -> Ran {
    let words = ["patch", "apply", "--onto", "release-1.0"];
    world.run(words.iter().chain(more))
}

fn document(ran: &Ran) -> Value {
    ran.document("debcut/patch-apply/1")
}

/// Makes a fix of what another commit, which nobody asks for, has brought: it
/// conflicts on the branch. Returns the fix.
fn in_need_of_another(world: &World) -> String {
    fix(world, "two", "2", "feat: the second line");
    let message = format!("fix: the second line again{NOTE}");
    fix(world, "2", "II", &message)
}

/// Everything of a repository that an apply must not touch.
fn own(world: &World) -> String {
    let words: [&[&str]; 4] = [
        &["rev-parse", "HEAD"],
        &["symbolic-ref", "HEAD"],
        &["status", "--porcelain", "--untracked-files=all"],
        &["ls-files", "--stage"],
    ];
    words.map(|words| world.git(words)).join("\n")
}

#[test]
fn approved_requests_go_in_the_order_of_main_as_git_would_pick_them() {
    let world = project();
    let first = fix(&world, "two", "2", &format!("fix: the second line{NOTE}"));
    world.git(&["notes", "add", "-m", "reviewed by Ida", &first]);
    let one = asked(&world);
    let second = fix(
        &world,
        "seven",
        "7",
        &format!("fix: the seventh line{NOTE}"),
    );
    let other = approved(&world);
    // Decided later, and first all the same.
    approve(&world, &one);
    let waiting = fix(&world, "five", "5", &format!("fix: the fifth line{NOTE}"));
    let left = asked(&world);
    world.write("untracked", "mine");
    let (before, head) = (own(&world), world.git(&["rev-parse", "release-1.0"]));

    let dry = apply(&world, &["--dry-run", "--json"]).code(0);
    assert_eq!(document(&dry)["outcome"], "planned");
    assert_eq!(world.git(&["rev-parse", "release-1.0"]), head);

    let ran = apply(&world, &["--json"]).code(0);
    let done = document(&ran);
    assert_eq!(done["changed"], true);
    let fates: Vec<(&str, &str)> = done["requests"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            (
                one["id"].as_str().expect("text"),
                one["fate"].as_str().expect("text"),
            )
        })
        .collect();
    assert_eq!(
        fates,
        [
            (one.as_str(), "goes"),
            (other.as_str(), "goes"),
            (left.as_str(), "stays")
        ]
    );
    let stays = &done["requests"][2]["findings"][0];
    assert_eq!(stays["rule"], "not-approved");
    assert_eq!(own(&world), before);
    // The same that git makes: tree, author, message, and its note.
    let made = world.git(&["rev-parse", "release-1.0"]);
    world.git(&["worktree", "add", "-q", "--detach", "../judge", &head]);
    for id in [&first, &second] {
        world.git(&["-C", "../judge", "cherry-pick", "-x", id]);
    }
    let shown = |revision: &str| world.git(&["log", "-2", "--format=%T %an %ae %ad %B", revision]);
    let judge = world.git(&["-C", "../judge", "rev-parse", "HEAD"]);
    assert_eq!(shown(&made), shown(&judge));
    assert_eq!(
        world.git(&["notes", "show", "release-1.0~1"]),
        "reviewed by Ida"
    );
    assert!(!shown(&made).contains(&waiting));
    world.git(&["fsck", "--strict", "--no-dangling"]);

    let list = world.run(["patch", "list", "--json"]).code(0);
    let list = list.document("debcut/patch-list/1");
    let picked = list["requests"].as_array().expect("a list").iter();
    let picked = picked.filter(|one| one["state"] == "picked").count();
    assert_eq!(picked, 2);
    let again = apply(&world, &["--json"]).code(0);
    assert_eq!(document(&again)["changed"], false);
    assert_eq!(world.git(&["rev-parse", "release-1.0"]), made);
    // A request that is named must go, or say why not.
    let refused = apply(&world, &[&left, "--json"]).code(1);
    assert_eq!(document(&refused)["findings"][0]["rule"], "not-approved");
}

#[test]
fn a_conflict_stops_and_says_what_would_help() {
    let world = project();
    let first = fix(&world, "two", "2", &format!("fix: the second line{NOTE}"));
    fix(
        &world,
        "2",
        "II",
        &format!("fix: the second line again{NOTE}"),
    );
    let id = approved(&world);
    let head = world.git(&["rev-parse", "release-1.0"]);
    let before = own(&world);
    let dry = apply(&world, &["--dry-run", "--json"]).code(1);
    assert!(
        dry.stdout.contains("\"rule\": \"conflict\""),
        "{}",
        dry.stdout
    );
    let ran = apply(&world, &["--json"]).code(4);
    let stop = document(&ran)["stopped_at"].clone();
    assert_eq!(stop["request"], id);
    assert_eq!(stop["paths"][0], "src/lib.txt");
    assert_eq!(stop["first"][0]["commit"], first);
    assert_eq!(world.git(&["rev-parse", "release-1.0"]), head);
    // Again, and for another branch: it waits.
    apply(&world, &[]).code(4).says(&[]);
    world
        .run(["patch", "apply", "--onto", "main"])
        .code(2)
        .says(&["waits at a conflict"]);
    world.run(["patch", "apply", "--abort"]).code(0);
    world
        .run(["patch", "apply", "--continue"])
        .code(2)
        .says(&["no apply has stopped"]);

    // With the commit that it needs it goes.
    let pick = ["patch", "pick", &first, "--onto", "release-1.0", "--json"];
    let document = world.run(pick).code(0).document("debcut/patch-pick/1");
    approve(&world, document["id"].as_str().expect("a request"));
    apply(&world, &[]).code(0);
    let file = world.git(&["show", "release-1.0:src/lib.txt"]);
    assert!(file.starts_with("one\nII\n"), "{file}");
    assert_eq!(own(&world), before);
}

#[test]
fn a_conflict_is_resolved_in_a_work_tree_of_its_own() {
    let world = project();
    let second = in_need_of_another(&world);
    let id = approved(&world);
    let before = own(&world);
    let ran = apply(&world, &["--resolve-in", "../conflict", "--json"]).code(4);
    assert_eq!(document(&ran)["stopped_at"]["request"], id);
    let place = world.path("conflict");
    let file = place.join("src/lib.txt");
    let marked = std::fs::read_to_string(&file).expect("it is there");
    assert!(marked.contains("<<<<<<<"), "{marked}");
    let open = world
        .run(["patch", "apply", "--continue", "--json"])
        .code(4);
    assert_eq!(document(&open)["findings"][0]["rule"], "unresolved");
    let resolved = "one\nII, resolved\nthree\nfour\nfive\nsix\nseven\neight\n";
    std::fs::write(&file, resolved).expect("written");
    world.git(&["-C", "../conflict", "add", "-A"]);
    world.run(["patch", "apply", "--continue"]).code(0);
    assert_eq!(
        format!("{}\n", world.git(&["show", "release-1.0:src/lib.txt"])),
        resolved
    );
    let message = world.git(&["log", "-1", "--format=%B", "release-1.0"]);
    assert!(
        message.contains(&format!("(cherry picked from commit {second})")),
        "{message}"
    );
    assert!(!place.exists());
    assert_eq!(world.git(&["worktree", "list"]).lines().count(), 1);
    assert_eq!(own(&world), before);
}

#[test]
fn a_resolution_is_of_the_conflict_and_of_nothing_else() {
    let world = project();
    let second = in_need_of_another(&world);
    approved(&world);
    let head = world.git(&["rev-parse", "release-1.0"]);
    world.git(&["worktree", "add", "-q", "-b", "mine", "../mine", &head]);
    let commit = |path: &str, from: &str, to: &str| {
        let place = world.path("mine").join(path);
        let text = std::fs::read_to_string(&place).unwrap_or_default();
        let text = match from {
            "" => to.to_owned(),
            from => text.replace(from, to),
        };
        std::fs::write(&place, text).expect("written");
        world.git(&["-C", "../mine", "add", "-A"]);
        world.git(&["-C", "../mine", "commit", "-qm", "chore: mine"]);
        world.git(&["rev-parse", "mine"])
    };
    let other = commit("unrelated", "", "1\n");
    let mixed = {
        std::fs::write(world.path("mine/more"), "1\n").expect("written");
        commit("src/lib.txt", "two", "II")
    };
    world.git(&["-C", "../mine", "reset", "-q", "--hard", &head]);
    let good = commit("src/lib.txt", "two", "II");
    apply(&world, &[]).code(4);
    let go_on = |more: &[&str], code: i32| -> Value {
        let words = ["patch", "apply", "--continue", "--json", "--resolution"];
        document(&world.run(words.iter().chain(more)).code(code))
    };
    for (id, rule, what) in [
        (
            &other,
            "resolves-nothing",
            "unrelated, and nothing of what conflicts: src/lib.txt",
        ),
        (&mixed, "other-paths", "changes more too"),
        (
            &head,
            "resolves-nothing",
            "changes nothing on the branch: src/lib.txt",
        ),
    ] {
        for (more, code) in [(&[][..], 4), (&["--dry-run"], 1)] {
            let told = go_on(&[&[id.as_str()], more].concat(), code);
            assert_eq!(told["dry_run"] == true, code == 1, "{told}");
            let found = told["findings"][0].clone();
            assert_eq!(found["rule"], rule, "{found}");
            assert!(found["message"].to_string().contains(what), "{found}");
        }
    }
    // What is said explicitly is taken, but for what resolves nothing.
    go_on(&[&head, "--other-paths"], 4);
    let taken = go_on(&[&mixed, "--other-paths", "--dry-run"], 0);
    assert_eq!(taken["requests"][0]["fate"], "goes");
    assert_eq!(world.git(&["rev-parse", "release-1.0"]), head);
    go_on(&[&good], 0);
    let file = world.git(&["show", "release-1.0:src/lib.txt"]);
    assert!(file.starts_with("one\nII\n"), "{file}");
    let message = world.git(&["log", "-1", "--format=%B", "release-1.0"]);
    assert!(message.contains(&second), "{message}");
}

#[test]
fn a_request_that_conflicts_can_be_left_out() {
    for way in ["--skip", "--skip-conflicts"] {
        let world = project();
        in_need_of_another(&world);
        let conflicting = approved(&world);
        fix(
            &world,
            "seven",
            "7",
            &format!("fix: the seventh line{NOTE}"),
        );
        approved(&world);
        if way == "--skip" {
            apply(&world, &[]).code(4);
            world.run(["patch", "apply", "--skip"]).code(0);
        } else {
            let ran = apply(&world, &["--skip-conflicts", "--json"]).code(0);
            let findings = document(&ran)["findings"].to_string();
            assert!(findings.contains(&conflicting), "{findings}");
        }
        let log = world.git(&["log", "--format=%s", "-2", "release-1.0"]);
        assert_eq!(log, "fix: the seventh line\nfeat: begin", "{way}");
    }
}

#[test]
fn somebody_may_pick_it_by_hand_meanwhile() {
    let world = project();
    let second = in_need_of_another(&world);
    approved(&world);
    apply(&world, &[]).code(4);
    world.git(&["worktree", "add", "-q", "../hand", "release-1.0"]);
    let hand = world.path("hand/src/lib.txt");
    std::fs::write(&hand, "one\nII\nthree\nfour\nfive\nsix\nseven\neight\n").expect("written");
    let message = format!("fix: by hand\n\n(cherry picked from commit {second})");
    world.git(&["-C", "../hand", "commit", "-qam", &message]);
    let head = world.git(&["rev-parse", "release-1.0"]);
    let ran = world
        .run(["patch", "apply", "--continue", "--json"])
        .code(0);
    assert_eq!(document(&ran)["requests"][0]["fate"], "found");
    assert_eq!(document(&ran)["requests"][0]["commits"][0]["to"], head);
    assert_eq!(world.git(&["rev-parse", "release-1.0"]), head);
}

#[test]
fn a_work_tree_that_has_the_branch_follows_or_refuses() {
    let world = project();
    fix(&world, "two", "2", &format!("fix: the second line{NOTE}"));
    approved(&world);
    world.git(&["switch", "-q", "release-1.0"]);
    world.edit("src/lib.txt", "eight", "mine");
    let head = world.git(&["rev-parse", "HEAD"]);
    let ran = apply(&world, &["--json"]).code(1);
    assert_eq!(
        document(&ran)["findings"][1]["rule"],
        "dirty-work-tree",
        "{}",
        ran.stdout
    );
    assert_eq!(world.git(&["rev-parse", "HEAD"]), head);
    world.git(&["checkout", "-q", "src/lib.txt"]);
    world.write("mine", "untracked");
    apply(&world, &[]).code(0);
    assert_eq!(world.git(&["status", "--porcelain"]), "?? mine");
    assert_ne!(world.git(&["rev-parse", "HEAD"]), head);
}

#[test]
fn rules_are_told_with_the_way_to_set_them_aside() {
    let world = project();
    world.write(
        "debcut.toml",
        "[patch]\napprovers = [\"Rita\"]\nowners = [\"Ada Example\"]\nrequire-green = \"test ! -e red\"\n",
    );
    world.commit("chore: rules");
    fix(&world, "two", "2", "feat!: the second line");
    let id = asked(&world);
    world.write("red", "");
    let ran = apply(&world, &[&id, "--json"]).code(1);
    let rules = |ran: &Ran| -> Vec<String> {
        let findings = document(ran)["findings"]
            .as_array()
            .expect("a list")
            .clone();
        let errors = findings.iter().filter(|one| one["severity"] == "error");
        errors
            .map(|one| one["rule"].as_str().expect("text").to_owned())
            .collect()
    };
    let list = world.run(["patch", "list", "--json"]).code(0);
    let list = list.document("debcut/patch-list/1");
    let broken = list["requests"][0]["rules"]
        .as_array()
        .expect("a list")
        .len();
    // Whether a branch is green is not asked for a look.
    assert_eq!(broken, 3, "{list}");
    let all = [
        "not-green",
        "not-approved",
        "kind-not-allowed",
        "no-release-note",
    ];
    assert_eq!(rules(&ran), all);
    for rule in all {
        let reason = ["--reason", "it is needed"];
        let words = ["patch", "override", &id, rule];
        world.run(words.iter().chain(&reason)).code(0);
        let again = world
            .run(words.iter().chain(&reason).chain(&["--json"]))
            .code(0);
        assert_eq!(again.document("debcut/patch-override/1")["changed"], false);
    }
    world
        .run(["patch", "override", &id, "no-rule", "--reason", "x"])
        .code(2);
    world
        .run(["patch", "override", &id, "frozen", "--reason", " "])
        .code(2);
    let stranger = world
        .debcut([
            "patch", "override", &id, "frozen", "--reason", "x", "--json",
        ])
        .env("DEBFULLNAME", "Eve")
        .env("DEBEMAIL", "eve@example.org");
    let refused = stranger.run().code(1).document("debcut/patch-override/1");
    assert_eq!(refused["findings"][0]["rule"], "not-allowed");
    let shown = world.run(["patch", "show", &id]).code(0).stdout;
    let aside = "set aside by Ada Example: it is needed";
    assert_eq!(shown.matches(aside).count(), 3, "{shown}");
    let ran = apply(&world, &[&id, "--json"]).code(0);
    assert_eq!(document(&ran)["changed"], true);
    assert_eq!(
        document(&ran)["findings"].as_array().expect("a list").len(),
        4
    );
}
