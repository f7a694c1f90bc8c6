//! What is known before a release is cut: its number, and what the suite has.

use serde_json::Value;

use super::cutting::{document, findings, line, release, said};

#[test]
fn the_copy_of_a_branch_at_its_remote_is_no_other_line() {
    let world = line();
    world.git(&["init", "--quiet", "--bare", "../origin.git"]);
    world.git(&["remote", "add", "origin", "../origin.git"]);
    // What was picked is not pushed yet.
    let behind = "release-1.2~:refs/heads/release-1.2";
    world.git(&["push", "--quiet", "origin", "main", behind]);
    let next = || {
        let words = ["patch", "plan", "release-1.2", "--json"];
        let plan = world.run(words).code(0).document("debcut/patch-plan/1");
        let branch = &plan["branches"][0];
        assert!(!branch["blocks"].to_string().contains("is more"), "{plan}");
        branch["next"].clone()
    };
    assert_eq!(next(), serde_json::json!(["tally 1.2.1"]));
    // Both have gone on.
    world.git(&["switch", "--quiet", "--detach", "release-1.2~"]);
    world.edit("tally.1", "Counts lines.", "Counts lines well.");
    world.commit("fix: count well");
    let theirs = "refs/remotes/origin/release-1.2";
    world.git(&["update-ref", theirs, "HEAD"]);
    world.git(&["switch", "--quiet", "main"]);
    assert_eq!(next(), serde_json::json!(["tally 1.2.1"]));
}

#[test]
fn a_version_that_the_suite_would_not_take_is_not_prepared() {
    let world = line();
    world.git(&["switch", "--quiet", "main"]);
    release(&world, &[]).code(0);
    world.git(&["switch", "--quiet", "release-1.2"]);
    let head = world.git(&["rev-parse", "HEAD"]);
    for more in [&["--json", "--dry-run"][..], &["--json"]] {
        let ran = release(&world, more).code(1);
        let found = findings(&ran);
        let wanted = "older-version: stable has 1.3.0, which is newer than 1.2.1";
        assert!(found.iter().any(|one| one == wanted), "{more:?} {found:?}");
        assert!(ran.stdout.contains("--allow-older"), "{}", ran.stdout);
        assert_eq!(world.git(&["rev-parse", "HEAD"]), head, "{more:?}");
    }
    release(&world, &["--allow-older", "--dry-run"]).code(0);
    let next = ["release", "--to", "next", "--archive", "../apt"];
    world.run(next).code(0);
    assert_eq!(world.git(&["tag", "--list", "v1.2.1"]), "v1.2.1");
}

#[test]
fn a_mock_of_what_is_released_tries_nothing() {
    let world = line();
    release(&world, &[]).code(0);
    for more in [&[][..], &["--dry-run"]] {
        let words = [&["--mock", "--json"][..], more].concat();
        let ran = release(&world, &words).code(0);
        assert!(!ran.stderr.contains("it goes there, too"), "{}", ran.stderr);
        let mock: Value = document(&ran);
        assert_eq!(mock["packages"], serde_json::json!([]), "{more:?}");
    }
    let ran = release(&world, &["--mock"]).code(0);
    assert!(ran.stdout.contains("nothing to release"), "{}", ran.stdout);
    assert_eq!(said(&world, "mocked").len(), 0);
}
