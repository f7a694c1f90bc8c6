//! `release --mock` and `release` on a maintenance branch: a mock leaves its
//! report alone, a cut is of the branch's head and written down once.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::{Listing, Ran, World, finished, tool};

/// A package with a maintenance branch, which is checked out and has a fix, a
/// key and an archive.
pub(super) fn line() -> World {
    let world = World::declared();
    world.write(".gitignore", "dist/\n");
    world.commit("build: leave out what is built");
    world.git(&["branch", "release-1.2"]);
    world.edit("tally.conf", "how", "what");
    world.commit("feat: say what to count");
    world.git(&["switch", "--quiet", "release-1.2"]);
    world.edit("tally.1", "Counts lines.", "Counts lines, quickly.");
    world.commit("fix: count quickly");
    world.key();
    world
        .run(["archive", "init", "../apt", "--suite", "stable,next"])
        .code(0);
    world
}

pub(super) fn release(world: &World, more: &[&str]) -> Ran {
    let words = ["release", "--to", "stable", "--archive", "../apt"];
    world.run(words.iter().chain(more))
}

pub(super) fn document(ran: &Ran) -> Value {
    ran.document("debcut/release/1")
}

/// Lists `RULE: MESSAGE` of what a release found.
pub(super) fn findings(ran: &Ran) -> Vec<String> {
    let document = document(ran);
    let all = document["findings"].as_array().expect("findings").clone();
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let all = all.iter();
    all.map(|one| format!("{}: {}", text(one, "rule"), text(one, "message")))
        .filter(|one| !one.starts_with("isolation"))
        .collect()
}

/// Lists what the ledger says of one kind.
pub(super) fn said(world: &World, is: &str) -> Vec<Value> {
    let log = world.run(["patch", "log", "--json"]).code(0);
    let log = log.document("debcut/patch-log/1");
    let entries = log["entries"].as_array().expect("a list").clone();
    let own = entries.into_iter().filter(|entry| entry["is"] == is);
    own.map(|entry| entry["event"].clone()).collect()
}

/// What a plan names as blocking or to be looked at.
fn open(world: &World) -> String {
    let plan = world
        .run(["patch", "plan", "release-1.2", "--json"])
        .code(0);
    let plan = plan.document("debcut/patch-plan/1");
    let one = &plan["branches"][0];
    format!("{}{}", one["blocks"], one["attention"])
}

/// Everything there is, but for the ledger and git's objects of it.
fn state(world: &World) -> (String, Listing) {
    let refs = world.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
    let refs = refs.lines().filter(|line| !line.contains("debcut/"));
    let mut listing = world.listing();
    listing.retain(|path, _| {
        let path = path.to_string_lossy();
        !path.contains(".git/") && path != "apt/.debcut/lock"
    });
    let status = world.git(&["status", "--porcelain", "--branch"]);
    (
        format!("{}\n{status}", refs.collect::<Vec<_>>().join("\n")),
        listing,
    )
}

#[test]
fn a_mock_leaves_its_report_alone() {
    let world = line();
    let before = state(&world);
    let all = world.listing();
    let planned = release(&world, &["--mock", "--dry-run", "--json"]).code(0);
    assert_eq!(document(&planned)["dry_run"], true);
    assert_eq!(document(&planned)["packages"][0]["version"], "1.2.1");
    assert_eq!(world.listing(), all);
    assert_eq!(said(&world, "mocked").len(), 0);

    let ran = release(&world, &["--mock", "--json"]).code(0);
    let mock = document(&ran);
    assert_eq!(
        (&mock["mock"], &mock["branch"]),
        (&true.into(), &"release-1.2".into())
    );
    assert_eq!(mock["packages"][0]["directory"], Value::Null);
    assert_eq!(state(&world), before);
    let told = said(&world, "mocked");
    let head = world.git(&["rev-parse", "HEAD"]);
    assert_eq!(told[0]["head"], head.as_str());
    assert_eq!(told[0]["versions"], serde_json::json!(["tally 1.2.1"]));
    assert_eq!(told[0]["findings"], serde_json::json!([]));
    let built = told[0]["artifacts"].to_string();
    assert!(built.contains("\"tally_1.2.1_all.deb\""), "{built}");
    let log = world.run(["patch", "log"]).code(0).stdout;
    assert!(log.contains("it passed: tally 1.2.1"), "{log}");
    assert!(!open(&world).contains("mock"), "{}", open(&world));
    let plan = world.run(["patch", "plan"]).code(0).stdout;
    assert!(plan.contains("mock passed 2025-06-01"), "{plan}");

    // A trial is tried as often as somebody wants to.
    release(&world, &["--mock"]).code(0);
    assert_eq!(said(&world, "mocked").len(), 2);
    assert_eq!(state(&world), before);
}

#[test]
fn a_cut_warns_of_what_no_mock_has_passed() {
    let world = line();
    let lacks = |want: Option<&str>| {
        let ran = release(&world, &["--dry-run", "--json"]).code(0);
        let found = findings(&ran);
        let found = found.iter().find(|one| one.starts_with("no-mock: "));
        match (found, want) {
            (Some(found), Some(want)) => assert!(found.contains(want), "{want} in {found}"),
            (found, want) => assert_eq!(found.map(String::as_str), want),
        }
    };
    lacks(Some("has passed"));
    let broken = |from: &str, to: &str| {
        world.edit("debcut.toml", from, to);
        world.commit("build: change it");
    };
    broken("command = \"sed", "command = \"false && sed");
    let ran = release(&world, &["--mock", "--json"]).code(1);
    assert!(
        findings(&ran)[0].starts_with("build-failed: "),
        "{:?}",
        findings(&ran)
    );
    let told = said(&world, "mocked");
    let why = told[0]["findings"][0].as_str().expect("a reason");
    assert!(why.contains("[build-failed]"), "{why}");
    lacks(Some("was refused: tally"));
    assert!(open(&world).contains("was refused"), "{}", open(&world));
    let log = world.run(["patch", "log"]).code(0).stdout;
    assert!(
        log.contains("it was refused") && log.contains("[build-failed]"),
        "{log}"
    );
    broken("command = \"false && sed", "command = \"sed");
    lacks(Some("the last one, of 2025-06-01, was of"));
    release(&world, &["--mock"]).code(0);
    lacks(None);
    // What passed once may fail since.
    let config = std::fs::read_to_string(world.project().join("debcut.toml")).expect("there");
    let green = "\n[patch]\nrequire-green = \"test ! -e ../red || { echo no; false; }\"\n";
    for branch in ["main", "release-1.2"] {
        world.git(&["switch", "--quiet", branch]);
        world.write("debcut.toml", format!("{config}{green}"));
        world.commit("ci: ask whether it is green");
    }
    release(&world, &["--mock"]).code(0);
    lacks(None);
    std::fs::write(world.path("red"), "").expect("written");
    let ran = release(&world, &["--mock", "--json"]).code(1);
    assert!(
        findings(&ran)[0].starts_with("not-green: "),
        "{:?}",
        findings(&ran)
    );
    let ran = release(&world, &["--json"]).code(1);
    assert!(
        findings(&ran)[0].starts_with("not-green: "),
        "{:?}",
        findings(&ran)
    );
    assert_eq!(world.git(&["tag", "--list", "v1.2.1"]), "");
    std::fs::remove_file(world.path("red")).expect("removed");
    lacks(Some(
        "was refused: release-1.2: the branch's head is not green",
    ));
    // It is said before anything is done, and goes on.
    let ran = release(&world, &[]).code(0);
    ran.says(&["warning: release-1.2: no mock of", "was refused"]);
    assert_eq!(world.git(&["describe", "--exact-match"]), "v1.2.1");
}

#[test]
fn a_cut_is_of_the_head_and_written_down_once() {
    let world = line();
    world.edit("tally.1", "Counts lines,", "Counts all lines,");
    world.commit("fix: count all of them");
    release(&world, &["--mock"]).code(0);
    let before = state(&world);
    for (at, rule) in [("HEAD~", "not-branch-head"), ("HEAD", "detached-head")] {
        world.git(&["switch", "--quiet", "--detach", at]);
        for more in [
            &["--json"][..],
            &["--json", "--mock"],
            &["--json", "--dry-run"],
        ] {
            let ran = release(&world, more).code(1);
            let found = findings(&ran);
            assert!(found[0].starts_with(rule), "{at} {more:?}: {found:?}");
        }
        world.git(&["switch", "--quiet", "release-1.2"]);
    }
    assert_eq!(state(&world), before);
    // A mock that could not begin is in the ledger, and no good.
    let told = said(&world, "mocked");
    assert_eq!(told.len(), 3);
    assert!(told[2]["findings"][0].to_string().contains("detached-head"));

    world.write("VERSION", "mine\n");
    let ran = release(&world, &["--json"]).code(1);
    assert!(
        findings(&ran)[0].starts_with("dirty-release-file"),
        "{:?}",
        findings(&ran)
    );
    world.git(&["checkout", "--quiet", "VERSION"]);
    world.write("tally.conf", "# mine\n");
    assert_eq!(world.git(&["tag", "--list", "v1.2.1"]), "");
    let ran = release(&world, &["--json"]).code(0);
    assert_eq!(document(&ran)["packages"][0]["version"], "1.2.1");
    // The user's own change is in the work tree, and nowhere else.
    assert_eq!(world.git(&["status", "--porcelain"]), " M tally.conf");
    assert_eq!(world.git(&["show", "v1.2.1:tally.conf"]), "# how to count");
    assert_eq!(
        world.git(&["rev-parse", "v1.2.1^{commit}"]),
        world.git(&["rev-parse", "release-1.2"])
    );
    let cuts = said(&world, "cut");
    assert_eq!((cuts.len(), &cuts[0]["tags"][0]), (1, &"v1.2.1".into()));
    let next = document(&ran)["next"].to_string();
    assert!(
        next.contains("debcut release sync --from release-1.2"),
        "{next}"
    );

    let ledger = world.git(&["rev-parse", "refs/debcut/patches"]);
    let again = document(&release(&world, &["--json"]).code(0));
    assert_eq!(again["changed"], false);
    assert_eq!(again["next"], serde_json::json!([]));
    assert_eq!(world.git(&["rev-parse", "refs/debcut/patches"]), ledger);
    // What is committed is completed from anywhere, as CI has it.
    world.git(&["checkout", "--quiet", "tally.conf"]);
    world.git(&["switch", "--quiet", "--detach", "v1.2.1"]);
    let next = ["release", "--to", "next", "--archive", "../apt"];
    world.run(next).code(0);
    assert_eq!(said(&world, "cut").len(), 1);
}

#[test]
fn a_cut_that_was_killed_is_completed_and_written_down() {
    let world = line();
    let config = std::fs::read_to_string(world.project().join("debcut.toml")).expect("there");
    let kill = |step: &str| format!("test -e ../{step} || {{ touch ../{step}; kill -9 $PPID; }}");
    let hooks = format!(
        "\n[hooks]\nbefore-tag = '{}'\nafter-tag = '{}'\nafter-publish = '{}'\n",
        kill("k1"),
        kill("k2"),
        kill("k3")
    );
    world.write("debcut.toml", config + &hooks);
    world.commit("build: hooks");
    release(&world, &["--mock"]).code(0);
    for step in 1..=3 {
        let ran = release(&world, &[]);
        assert_eq!(ran.code, 128 + 9, "{step}\n{}\n{}", ran.stdout, ran.stderr);
        assert!(world.path(&format!("k{step}")).exists(), "{step}");
        assert_eq!(said(&world, "cut").len(), 0, "{step}");
        assert!(!ran.stderr.contains("no mock of"), "{step}: {}", ran.stderr);
    }
    let done = document(&release(&world, &["--json"]).code(0));
    assert_eq!(done["changed"], true);
    let cuts = said(&world, "cut");
    assert_eq!((cuts.len(), &cuts[0]["tags"][0]), (1, &"v1.2.1".into()));
    assert_eq!(
        cuts[0]["commit"],
        world.git(&["rev-parse", "HEAD"]).as_str()
    );
    let again = document(&release(&world, &["--json"]).code(0));
    assert_eq!(again["changed"], false);
    assert_eq!(said(&world, "cut").len(), 1);
}

#[test]
fn a_release_of_main_says_what_else_may_be_meant() {
    let world = line();
    let of_main = || {
        world.git(&["switch", "--quiet", "main"]);
        let found = findings(&release(&world, &["--dry-run", "--json"]).code(0));
        world.git(&["switch", "--quiet", "release-1.2"]);
        found
    };
    assert_eq!(of_main(), Vec::<String>::new());
    release(&world, &["--mock"]).code(0);
    let found = of_main();
    assert!(found[0].starts_with("mocked-elsewhere: "), "{found:?}");
    release(&world, &[]).code(0);
    assert_eq!(of_main(), Vec::<String>::new());
}

#[test]
fn a_feature_that_was_let_in_is_part_of_a_patch_release() {
    let world = line();
    let feature = world.git(&["rev-parse", "main"]);
    let pick = ["patch", "pick", &feature, "--onto", "release-1.2", "--json"];
    let made = world.run(pick).code(0).document("debcut/patch-pick/1");
    let id = made["id"].as_str().expect("a name");
    for rule in ["not-approved", "kind-not-allowed", "no-release-note"] {
        let aside = [
            "patch",
            "override",
            id,
            rule,
            "--reason",
            "asked for by many",
        ];
        world.run(aside).code(0);
    }
    world
        .run(["patch", "apply", "--onto", "release-1.2"])
        .code(0);
    let ran = release(&world, &["--json"]).code(0);
    assert_eq!(document(&ran)["packages"][0]["version"], "1.2.1");
    // What was committed there is refused, as before.
    world.edit("tally.conf", "what", "how");
    world.commit("feat: say how to count");
    let ran = release(&world, &["--dry-run", "--json"]).code(1);
    assert!(
        findings(&ran)[0].starts_with("maintenance-branch: "),
        "{:?}",
        findings(&ran)
    );
}

#[test]
fn what_came_behind_a_prepared_release_is_not_left_out_silently() {
    let world = line();
    let dry = release(&world, &["--dry-run"]).code(0);
    let head = world.git(&["rev-parse", "--short=12", "HEAD"]);
    let want = format!("v1.2.1, on the release commit that is made on top of {head}");
    assert!(dry.stdout.contains(&want), "{}", dry.stdout);
    world.run(["prepare"]).code(0);
    let prepared = world.git(&["rev-parse", "--short=12", "HEAD"]);
    let dry = release(&world, &["--dry-run"]).code(0);
    let want = format!("v1.2.1, on {prepared}: goes on with this release commit");
    assert!(dry.stdout.contains(&want), "{}", dry.stdout);
    world.edit("tally.conf", "how", "what");
    world.commit("fix: on top");
    for more in [&["--dry-run", "--json"][..], &["--json"]] {
        let found = findings(&release(&world, more).code(1));
        let want = format!("not-head: v1.2.1 would be {prepared}, without ");
        assert!(found[0].starts_with(&want), "{found:?}");
        assert!(found[0].ends_with("fix: on top"), "{found:?}");
    }
    assert_eq!(world.git(&["tag", "--list", "v1.2.1"]), "");
    release(&world, &["--again"]).code(0);
    assert_eq!(world.git(&["show", "v1.2.1:tally.conf"]), "# what to count");
}

#[test]
fn a_push_that_the_remote_would_refuse_is_known_before_the_tag() {
    let world = line();
    world.git(&["init", "--quiet", "--bare", "../origin.git"]);
    world.git(&["remote", "add", "origin", "../origin.git"]);
    world.git(&["push", "--quiet", "origin", "release-1.2", "main"]);
    world.git(&["clone", "--quiet", "../origin.git", "../bob"]);
    world.git(&["-C", "../bob", "switch", "--quiet", "release-1.2"]);
    let fix = ["-C", "../bob", "commit", "--quiet", "--allow-empty", "-m"];
    world.git(&[&fix[..], &["fix: of Bob"]].concat());
    world.git(&["-C", "../bob", "push", "--quiet", "origin", "release-1.2"]);
    let before = state(&world);
    for more in [
        &["--push", "--json"][..],
        &["--push", "--json", "--dry-run"],
    ] {
        let found = findings(&release(&world, more).code(1));
        assert!(found[0].starts_with("behind-remote: "), "{found:?}");
    }
    world.git(&["remote", "set-url", "origin", "../nowhere.git"]);
    release(&world, &["--push"])
        .code(3)
        .says(&["cannot fetch from origin"]);
    assert_eq!(state(&world), before);
    world.git(&["remote", "set-url", "origin", "../origin.git"]);
    world.git(&["pull", "--quiet", "--ff-only", "origin", "release-1.2"]);
    release(&world, &["--push"]).code(0);
    let there = ["--git-dir", "../origin.git", "rev-parse", "release-1.2"];
    assert_eq!(
        world.git(&there),
        world.git(&["rev-parse", "v1.2.1^{commit}"])
    );
}

#[test]
fn a_cut_says_what_is_open_on_its_branch() {
    let world = line();
    let rules = || -> Vec<String> {
        let ran = release(&world, &["--dry-run", "--json"]);
        findings(&ran)
    };
    let told = |rule: &str| {
        let found = rules();
        let found = found.into_iter().find(|one| one.starts_with(rule));
        found.unwrap_or_default()
    };
    let plan = || world.run(["patch", "plan", "release-1.2"]).code(0).stdout;
    // What came by hand is named, unless somebody says why it is there.
    let hand = told("not-picked: ");
    assert!(hand.contains("a commit came by hand"), "{hand}");
    assert!(hand.ends_with("fix: count quickly"), "{hand}");
    let aside = ["--onto", "release-1.2", "--reason", "made there"];
    let words = ["patch", "override", "HEAD", "not-picked"];
    world.run(words.iter().chain(&aside)).code(0);
    assert_eq!(told("not-picked: "), "");
    // A freeze holds requests, not the cut that it is made for.
    let freeze = ["patch", "freeze", "release-1.2", "--reason", "the cut"];
    world.run(freeze).code(0);
    assert!(told("frozen: ").contains("it is frozen"));
    assert!(plan().contains("  it is frozen"), "{}", plan());
    assert!(!plan().contains("blocked: it is frozen"), "{}", plan());
    world.run(["patch", "thaw", "release-1.2"]).code(0);
    assert_eq!(told("frozen: "), "");
    // An apply that waits is over before the cut.
    world.git(&["switch", "--quiet", "main"]);
    world.edit("tally.1", "Counts lines.", "Counts all lines.");
    world.commit("fix: count all");
    let pick = ["patch", "pick", "HEAD", "--onto", "release-1.2", "--json"];
    let made = world.run(pick).code(0).document("debcut/patch-pick/1");
    let id = made["id"].as_str().expect("a name").to_owned();
    for rule in ["not-approved", "no-release-note"] {
        let aside = ["patch", "override", &id, rule, "--reason", "tried"];
        world.run(aside).code(0);
    }
    world.git(&["switch", "--quiet", "release-1.2"]);
    let apply = ["patch", "apply", "--onto", "release-1.2"];
    world.run(apply).code(4);
    assert_eq!(release(&world, &["--json"]).code, 1);
    let why = format!("the apply of {id} waits at a conflict in tally.1");
    assert_eq!(told("apply-stopped: "), format!("apply-stopped: {why}"));
    assert!(plan().contains(&format!("blocked: {why}")), "{}", plan());
    world.run(["patch", "apply", "--abort"]).code(0);
    assert_eq!(told("apply-stopped: "), "");
    // What git picked says so itself.
    world.git(&["cherry-pick", "-x", "--strategy-option=theirs", "main"]);
    assert_eq!(told("not-picked: "), "");
}

#[test]
fn a_debian_package_is_prepared_again() {
    let world = World::native();
    world.edit("stamp.in", "ours", "ours, dated");
    world.commit("fix: say the date");
    world.run(["prepare"]).code(0);
    world.edit("stamp.in", "dated", "dated and signed");
    world.commit("fix: sign it");
    world.run(["prepare", "--again"]).code(0);
    let log = std::fs::read_to_string(world.project().join("debian/changelog")).expect("there");
    let newest = log.split(" -- ").next().expect("an entry");
    for line in ["say the date", "sign it"] {
        assert!(newest.to_lowercase().contains(line), "{line} in {log}");
    }
    let entries = log.lines().filter(|line| line.starts_with("stamp ("));
    assert_eq!(entries.count(), 2, "{log}");
}

#[test]
fn a_killed_mock_is_swept_away_by_the_next_one() {
    let world = line();
    let kill = format!(
        "command = \"kill -9 $(cat {}); sed",
        world.path("pid").display()
    );
    world.edit("debcut.toml", "command = \"sed", &kill);
    world.commit("build: be killed");
    let note = "echo $$ > ../pid; exec \"$@\"";
    let words = ["release", "--to", "stable", "--mock"];
    let mock = || world.debcut(words).under(["sh", "-c", note, "sh"]).run();
    let left = || -> Vec<std::path::PathBuf> {
        let found = std::fs::read_dir(world.path("tmp"))
            .expect("there")
            .flatten();
        let own = found.map(|entry| entry.path());
        own.filter(|path| path.to_string_lossy().contains("debcut-mock-"))
            .collect()
    };
    let ran = mock();
    assert_eq!(ran.code, 128 + 9, "{}\n{}", ran.stdout, ran.stderr);
    let [first] = &left()[..] else {
        panic!("{:?}", left());
    };
    // It has a secret key, which nobody else may read.
    let mode = |path: &std::path::Path| {
        let permissions = path.metadata().expect("there").permissions();
        std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777
    };
    assert_eq!(mode(first), 0o700);
    let keys: Vec<_> = walkdir::WalkDir::new(first.join("data/debcut/keys"))
        .into_iter()
        .map(|entry| entry.expect("listed"))
        .collect();
    let secret = keys.iter().filter(|entry| {
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        text.contains("PRIVATE KEY")
    });
    let modes: Vec<_> = secret.map(|entry| mode(entry.path())).collect();
    assert_eq!(modes, [0o600]);
    // The next one takes it away, and leaves its own; the one behind both.
    assert_eq!(mock().code, 128 + 9);
    assert!(!first.exists());
    assert_eq!(left().len(), 1);
    world.git(&["reset", "--quiet", "--hard", "HEAD~"]);
    world.run(words).code(0);
    assert_eq!(left(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_release_that_reached_nobody_is_named_before_the_next_one() {
    let world = line();
    world.git(&["init", "--quiet", "--bare", "../origin.git"]);
    world.git(&["remote", "add", "origin", "../origin.git"]);
    let branches = ["push", "--quiet", "origin", "release-1.2", "main", "v1.2.0"];
    world.git(&branches);
    let told = |words: &[&str]| {
        let plan = world.run(words).code(0);
        let document: Value = serde_json::from_str(&plan.stdout).expect("a document");
        let findings = document["findings"].as_array().expect("findings").clone();
        let found = findings
            .into_iter()
            .find(|one| one["rule"] == "unpublished-release");
        found.map(|one| format!("{} {}", one["subject"], one["fix"]))
    };
    let release_next = [
        "release",
        "--to",
        "stable",
        "--archive",
        "../apt",
        "--dry-run",
        "--json",
    ];
    assert_eq!(told(&["plan", "--json"]), None);
    // The tag is made, and its push is refused.
    let hook = world.path("origin.git/hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().expect("a directory")).expect("made");
    std::fs::write(&hook, "#!/bin/sh\nexit 1\n").expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).expect("it was written");
    release(&world, &["--push"]).code(3);
    assert_eq!(world.git(&["describe", "--exact-match"]), "v1.2.1");
    std::fs::remove_file(&hook).expect("removed");
    assert_eq!(told(&["plan", "--json"]), None);
    world.edit("tally.1", "Counts lines,", "Counts all lines,");
    world.commit("fix: count all of them");
    for words in [&["plan", "--json"][..], &release_next] {
        let found = told(words).expect("it is named");
        assert!(found.starts_with("\"v1.2.1\""), "{found}");
        for way in [
            "--push takes it along",
            "announce v1.2.1",
            "git tag -d v1.2.1",
        ] {
            assert!(found.contains(way), "{way} in {found}");
        }
    }
    let push = [&release_next[..], &["--push"]].concat();
    let pushed = document(&world.run(&push).code(0))["plan"]["push"]["refs"].to_string();
    assert_eq!(pushed, "[\"release-1.2\",\"v1.2.1\",\"v1.2.2\"]");
    // One of the ways: it was never released, and its changes are of the next.
    world.git(&["tag", "--delete", "v1.2.1"]);
    let again = [&release_next[..], &["--again"]].concat();
    assert_eq!(told(&again), None);
    let planned = document(&world.run(&again).code(0));
    let changes = planned["packages"][0]["plan"]["changes"].to_string();
    assert_eq!(planned["packages"][0]["version"], "1.2.1");
    for change in ["count quickly", "count all of them"] {
        assert!(changes.contains(change), "{change} in {changes}");
    }
    // What the ledger has as cut was published, wherever it was pushed to.
    release(&world, &["--again"]).code(0);
    world.edit("tally.1", "Counts all", "Counts");
    world.commit("fix: count them");
    assert_eq!(told(&["plan", "--json"]), None);
}

/// A line with a remote that Bob pushes to, too; he has a clone with the branch
/// checked out.
fn shared() -> World {
    let world = line();
    world.git(&["init", "--quiet", "--bare", "../origin.git"]);
    world.git(&["remote", "add", "origin", "../origin.git"]);
    world.git(&["push", "--quiet", "origin", "release-1.2", "main", "--tags"]);
    world.git(&["fetch", "--quiet", "origin"]);
    world.git(&["clone", "--quiet", "../origin.git", "../bob"]);
    world.git(&["-C", "../bob", "switch", "--quiet", "release-1.2"]);
    world
}

#[test]
fn a_tag_that_the_remote_has_is_known_before_anything_is_made() {
    let world = shared();
    let bobs = ["-C", "../bob", "tag", "-a", "-m", "of Bob", "v1.2.1"];
    world.git(&bobs);
    world.git(&["-C", "../bob", "push", "--quiet", "origin", "v1.2.1"]);
    let before = state(&world);
    for more in [
        &["--push", "--json"][..],
        &["--push", "--dry-run", "--json"],
        &["--json"],
    ] {
        let found = findings(&release(&world, more).code(1));
        assert!(
            found[0].starts_with("tag-taken: origin has v1.2.1 already, and here it is not"),
            "{found:?}"
        );
    }
    assert_eq!(state(&world), before);
    // One that was made here before: no run can push it.
    world.git(&["tag", "-a", "-m", "of Ada", "v1.2.1"]);
    let found = findings(&release(&world, &["--push", "--json"]).code(1));
    let other = "tag-taken: origin has another v1.2.1 than the one here";
    assert!(found.iter().any(|one| one.starts_with(other)), "{found:?}");
}

#[test]
fn a_cut_without_a_push_asks_for_the_branch_all_the_same() {
    let world = shared();
    let fix = [
        "-C",
        "../bob",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "fix: of Bob",
    ];
    world.git(&fix);
    world.git(&["-C", "../bob", "push", "--quiet", "origin", "release-1.2"]);
    let before = state(&world);
    for more in [&["--json"][..], &["--json", "--dry-run"]] {
        let found = findings(&release(&world, more).code(1));
        assert!(found[0].starts_with("behind-remote: "), "{found:?}");
    }
    assert_eq!(state(&world), before);
    // Who has no network releases all the same.
    world.git(&["remote", "set-url", "origin", "../nowhere.git"]);
    release(&world, &["--dry-run"])
        .code(0)
        .says(&["whether it has more than HEAD is not known"]);
}

#[test]
fn a_push_that_was_stopped_may_have_arrived() {
    let world = shared();
    let hook = world.path("origin.git/hooks/post-receive");
    std::fs::create_dir_all(hook.parent().expect("a directory")).expect("made");
    std::fs::write(&hook, "#!/bin/sh\ntouch arrived\nsleep 20\n").expect("written");
    let mut chmod = tool("chmod", "coreutils");
    chmod.arg("755").arg(&hook);
    world.judge(chmod).code(0);
    let words = ["release", "--to", "stable", "--archive", "../apt", "--push"];
    let child = world.debcut(words).start();
    let until = Instant::now() + Duration::from_secs(120);
    while !world.path("origin.git/arrived").exists() {
        assert!(Instant::now() < until, "nothing was pushed");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut kill = tool("kill", "procps");
    kill.args(["-s", "INT", &child.id().to_string()]);
    world.judge(kill).code(0);
    let ran = finished(child.wait_with_output().expect("it ends"));
    ran.code(4).says(&["it may have been pushed"]);
    let there = ["--git-dir", "../origin.git", "tag", "--list", "v1.2.1"];
    assert_eq!(world.git(&there), "v1.2.1");
    // The next run finds it there, and finishes.
    std::fs::remove_file(&hook).expect("it is there");
    release(&world, &["--push"]).code(0);
}
