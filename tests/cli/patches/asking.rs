//! `patch pick` and `patch list`: what is asked for, and how it stands.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use serde_json::{Value, json};

use super::{fix, project};
use crate::world::World;

pub const WHOLE: &str = "fix: keep the second line\n\nRelease-Note: The second line stays.\nCloses: #12\nAffects: all since 1.0\nSeverity: high\nTested-by: Ida <ida@example.org>";

fn pick(world: &World, what: &str, more: &[&str]) -> Value {
    let words = ["patch", "pick", what, "--onto", "release-1.0", "--json"];
    let ran = world.run(words.iter().chain(more)).code(0);
    ran.document("debcut/patch-pick/1")
}

fn list(world: &World, more: &[&str]) -> Vec<Value> {
    let words = ["patch", "list", "--json"];
    let ran = world.run(words.iter().chain(more)).code(0);
    let list = ran.document("debcut/patch-list/1");
    list["requests"].as_array().expect("a list").clone()
}

#[test]
fn a_commit_in_latin_1_is_asked_for_in_utf_8() {
    let world = project();
    world.write("other.txt", "c\n");
    world.git(&["add", "--all"]);
    let message = world.path("message");
    std::fs::write(&message, b"fix: gr\xfc\xdfe\n").expect("written");
    let mut git = Command::new("git");
    git.current_dir(world.project());
    git.args(["-c", "i18n.commitEncoding=ISO-8859-1"]);
    git.args(["commit", "--quiet", "--file"]).arg(&message);
    world.surround(&mut git);
    git.env("GIT_AUTHOR_NAME", OsStr::from_bytes(b"J\xf6rg"));
    assert!(git.status().expect("git runs").success());
    let id = pick(&world, "HEAD", &[])["id"].clone();
    let id = id.as_str().expect("a name");
    for shown in [&["list"][..], &["show", id], &["log"]] {
        let words = [&["patch"][..], shown].concat();
        let text = world.run(words).code(0).stdout;
        assert!(text.contains("fix: grüße"), "{shown:?}: {text}");
    }
    let authors = list(&world, &[])[0]["authors"].to_string();
    assert!(authors.contains("Jörg"), "{authors}");
}

#[test]
fn a_request_is_made_once_and_listed() {
    let world = project();
    let id = fix(&world, "two", "2", WHOLE);
    let before = world.listing();
    let dry = [
        "patch",
        "pick",
        "HEAD",
        "--onto",
        "release-1.0",
        "--dry-run",
    ];
    world.run(dry).code(0);
    assert_eq!(world.listing(), before);
    let first = pick(&world, "HEAD", &[]);
    assert_eq!(first["changed"], true);
    let again = pick(&world, &id, &[]);
    assert_eq!(again["changed"], false);
    assert_eq!(again["id"], first["id"]);
    let before = world.listing();
    let found = list(&world, &[]);
    // Trying whether it applies stores nothing.
    assert_eq!(world.listing(), before);
    assert_eq!(found.len(), 1);
    let one = &found[0];
    assert_eq!(one["id"], first["id"]);
    assert_eq!(one["commits"], json!([id]));
    assert_eq!(one["state"], "new");
    assert_eq!(one["merged"], true);
    assert_eq!(one["release_note"], "written");
    assert_eq!(one["applies"], "cleanly");
    let answers = json!({
        "bug": "#12", "affected": "all since 1.0", "severity": "high",
        "verified": "by Ida <ida@example.org>",
    });
    assert_eq!(one["answers"], answers);
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_list_is_short_enough_to_read() {
    let world = project();
    fix(&world, "two", "2", WHOLE);
    pick(&world, "HEAD", &[]);
    world.write("other.txt", "c\n");
    world.commit("fix: needs what release-1.0 has not\n\nRelease-Note: NONE");
    pick(&world, "HEAD", &["--bug", "#13", "--severity", "low"]);
    let text = world.run(["patch", "list"]).code(0).stdout;
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let mut plain = text;
    for (at, name) in ["release-1.0", "HEAD"].iter().enumerate() {
        let head = world.git(&["rev-parse", "--short=12", name]);
        plain = plain.replace(&head, &format!("<head {at}>"));
    }
    for (at, one) in list(&world, &[]).iter().enumerate() {
        plain = plain.replace(
            one["id"].as_str().expect("a name"),
            &format!("<name {at}>  "),
        );
    }
    insta::assert_snapshot!(plain);
    let conflicts = list(&world, &["--state", "needs-info"]);
    assert_eq!(conflicts[0]["applies"], "conflicts");
    assert_eq!(conflicts[0]["conflicts"], json!(["other.txt"]));
    assert_eq!(conflicts[0]["missing"], json!(["affected", "verified"]));
}

#[test]
fn a_merge_names_its_pull_request_in_its_subject_alone() {
    let world = project();
    world.git(&["checkout", "-q", "-b", "topic"]);
    let commit = fix(&world, "two", "2", WHOLE);
    world.git(&["checkout", "-q", "main"]);
    let subject = "Merge pull request #14 from ida/topic";
    world.git(&["merge", "-q", "--no-ff", "-m", subject, "topic"]);
    let made = pick(&world, "#14", &[]);
    assert_eq!(made["commits"], json!([commit]), "{made}");
    // The merge says no title: the commit does.
    assert_eq!(made["title"], "fix: keep the second line", "{made}");
    assert_eq!(made["pull_request"], "#14", "{made}");
}

#[test]
fn pull_requests_are_found_without_a_forge() {
    let world = project();
    fix(&world, "two", "2", "fix: squashed (#7)");
    world.git(&["checkout", "--quiet", "-b", "topic"]);
    let first = fix(&world, "four", "4", "fix: one");
    let second = fix(&world, "five", "5", "test: two");
    world.git(&["checkout", "--quiet", "main"]);
    let message = "Merge pull request #8 from ida/topic\n\nfix: both\n\nCloses: #3";
    world.git(&["merge", "--quiet", "--no-ff", "-m", message, "topic"]);
    let merge = world.git(&["rev-parse", "HEAD"]);
    world.git(&["checkout", "--quiet", "-b", "open"]);
    let open = fix(&world, "seven", "7", "fix: open");
    world.git(&["update-ref", "refs/pull/9/head", "HEAD"]);
    world.git(&["checkout", "--quiet", "main"]);
    world.git(&["branch", "--quiet", "-D", "open"]);

    let squashed = pick(&world, "#7", &[]);
    assert_eq!(squashed["title"], "fix: squashed (#7)");
    assert_eq!(squashed["request"]["merged"], true);
    let dry = pick(&world, "!8", &["-m", "1", "--dry-run"]);
    assert_eq!(dry["commits"], json!([merge]));
    let merged = pick(&world, "https://forge.example/o/n/pull/8", &[]);
    assert_eq!(merged["commits"], json!([first, second]));
    assert_eq!(merged["title"], "fix: both");
    assert_eq!(merged["answers"]["bug"], "#3");
    assert_eq!(merged["findings"][0]["rule"], "merge-taken-apart");
    let fetched = pick(&world, "refs/pull/9/head", &[]);
    assert_eq!(fetched["commits"], json!([open]));
    assert_eq!(fetched["pull_request"], "#9");
    assert_eq!(fetched["request"]["merged"], false);
    assert_eq!(pick(&world, "#9", &[])["changed"], false);
    let range = pick(&world, "main~2..main", &["--title", "fix: all"]);
    // All of it is asked for, by two requests.
    assert_eq!(range["changed"], false, "{range}");
    assert_eq!(range["findings"][0]["rule"], "asked-already");
    let missing = ["patch", "pick", "#99", "--onto", "release-1.0"];
    world.run(missing).code(2).says(&[
        "nothing here names the pull request #99",
        "refs/pull/99/head",
    ]);
}

#[test]
fn what_is_on_the_branch_is_refused() {
    let world = project();
    let id = fix(&world, "two", "2", WHOLE);
    world.git(&["checkout", "--quiet", "release-1.0"]);
    world.git(&["cherry-pick", "-x", &id]);
    let to = world.git(&["rev-parse", "--short=12", "HEAD"]);
    world.git(&["checkout", "--quiet", "main"]);
    let refused = ["patch", "pick", &id, "--onto", "release-1.0", "--json"];
    let refused = world.run(refused).code(1).document("debcut/patch-pick/1");
    let finding = &refused["findings"][0];
    assert_eq!(finding["rule"], "already-on-branch");
    assert_eq!(finding["message"], format!("release-1.0 has it, as {to}"));
    // By what it changes, too.
    world.git(&["checkout", "--quiet", "release-1.0"]);
    world.git(&[
        "commit",
        "--quiet",
        "--amend",
        "--author",
        "X <x@x>",
        "-m",
        "other words",
    ]);
    world.git(&["checkout", "--quiet", "main"]);
    world
        .run(["patch", "pick", &id, "--onto", "release-1.0"])
        .code(1);
    let own = ["patch", "pick", "release-1.0~1", "--onto", "release-1.0"];
    assert!(
        world
            .run(own)
            .code(1)
            .stdout
            .contains("it is in its history")
    );
}

#[test]
fn the_same_change_under_another_id_is_told() {
    let world = project();
    world.git(&["checkout", "--quiet", "-b", "topic"]);
    fix(&world, "two", "2", "fix: two");
    let first = pick(&world, "topic", &[]);
    world.git(&["checkout", "--quiet", "main"]);
    fix(&world, "two", "2", "fix: two, squashed (#7)");
    let second = pick(&world, "main", &[]);
    assert_eq!(second["changed"], true);
    let finding = &second["findings"][0];
    assert_eq!(finding["rule"], "asked-twice");
    assert_eq!(finding["subject"], first["id"]);
}

#[test]
fn slips_lead_on() {
    let world = project();
    let nearest = ["patch", "pick", "HEAD", "--onto", "release-1.O"];
    world
        .run(nearest)
        .code(2)
        .says(&["did you mean release-1.0?"]);
    let symmetric = ["patch", "pick", "a...b", "--onto", "release-1.0"];
    world.run(symmetric).code(2).says(&["a range is A..B"]);
    let empty = ["patch", "pick", "HEAD..HEAD", "--onto", "release-1.0"];
    world.run(empty).code(2).says(&["has no commit to pick"]);
    let none = ["patch", "pick", "nothing", "--onto", "release-1.0"];
    world.run(none).code(2);
    world.run(["patch", "list", "--onto", "release-2"]).code(2);
    world
        .run(["patch", "show", "12345"])
        .code(2)
        .says(&["there is no request “12345”"]);
    assert!(
        world
            .run(["patch", "list"])
            .code(0)
            .stdout
            .contains("nothing is asked for")
    );
}

#[test]
fn a_bare_repository_has_a_queue() {
    let world = project();
    let id = fix(&world, "two", "2", WHOLE);
    let bare = world.path("bare.git");
    let place = bare.to_str().expect("text");
    world.git(&["clone", "--quiet", "--bare", ".", place]);
    let words = ["-C", place, "patch", "pick", &id, "--onto", "release-1.0"];
    world.run(words).code(0);
    let ran = world.run(["-C", place, "patch", "list", "--json"]).code(0);
    let list = ran.document("debcut/patch-list/1");
    assert_eq!(list["requests"][0]["applies"], "cleanly");
}

#[test]
fn a_list_says_what_is_not_in_it_and_cuts_nothing_in_a_pipe() {
    let world = project();
    let list = |more: &[&str]| {
        let words = ["patch", "list"].iter().chain(more);
        let call = world.debcut(words).env("COLUMNS", "40");
        call.run().code(0).stdout
    };
    assert_eq!(list(&["--state", "held"]), "nothing is asked for\n");
    let long = "fix: keep the second line, which somebody wants to read in a pipe, where nothing is cut off";
    fix(
        &world,
        "two",
        "2",
        &WHOLE.replace("fix: keep the second line", long),
    );
    let pick = ["patch", "pick", "HEAD", "--onto", "release-1.0"];
    world.run(pick).code(0);
    assert!(list(&[]).contains(long), "{}", list(&[]));
    assert_eq!(list(&["--state", "held"]), "the one request is not held\n");
    fix(&world, "six", "6", "fix: another one");
    world.run(pick).code(0);
    let held = list(&["--state", "held,picked"]);
    assert_eq!(held, "none of 2 requests is held or picked\n");
}
