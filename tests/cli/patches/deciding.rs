//! `patch approve`, `hold`, `reject`, `answer`, `withdraw`, `supersede`, `log`,
//! `show`, `sync`: what people say, and what others see of it.

use serde_json::Value;

use super::asking::WHOLE;
use super::{fix, project};
use crate::world::{World, tool};

fn picked(world: &World, what: &str) -> String {
    let words = ["patch", "pick", what, "--onto", "release-1.0", "--json"];
    let made = world.run(words).code(0).document("debcut/patch-pick/1");
    made["id"].as_str().expect("a name").to_owned()
}

fn state(world: &World, id: &str) -> Value {
    let words = ["patch", "show", id, "--json"];
    let shown = world.run(words).code(0).document("debcut/patch-show/1");
    shown["request"]["state"].clone()
}

#[test]
fn decisions_are_written_once_with_reason_and_name() {
    let world = project();
    fix(&world, "two", "2", WHOLE);
    let id = picked(&world, "HEAD");
    let short = &id[..5];
    world.run(["patch", "approve", short]).code(2);
    world
        .run(["patch", "approve", short, "--reason", " "])
        .code(2);
    let approve = [
        "patch",
        "approve",
        short,
        "--reason",
        "it crashes",
        "--json",
    ];
    let dry = world.run(approve.iter().chain(&["--dry-run"])).code(0);
    assert_eq!(dry.document("debcut/patch-approve/1")["dry_run"], true);
    assert_eq!(state(&world, &id), "new");
    let first = world
        .run(approve)
        .code(0)
        .document("debcut/patch-approve/1");
    assert_eq!(first["changed"], true);
    assert_eq!(first["requests"][0]["state"], "approved");
    let again = world
        .run(approve)
        .code(0)
        .document("debcut/patch-approve/1");
    assert_eq!(again["changed"], false);
    world
        .run(["patch", "hold", short, "--reason", "wait"])
        .code(0);
    assert_eq!(state(&world, &id), "held");
    world
        .run(["patch", "reject", short, "--reason", "never"])
        .code(0);
    assert_eq!(state(&world, &id), "rejected");
    let again = ["patch", "pick", "HEAD", "--onto", "release-1.0"];
    let refused = world.run(again).code(1);
    assert!(
        refused.stdout.contains("rejected-before"),
        "{}",
        refused.stdout
    );
    let log = world.run(["patch", "log", short]).code(0).stdout;
    let log = log.replace(&id, "<name>      ");
    let commit = world.git(&["rev-parse", "--short=12", "HEAD"]);
    insta::assert_snapshot!(log.replace(&commit, "<commit>"));
}

#[test]
fn another_reason_is_written_and_the_same_one_is_not() {
    let world = project();
    fix(&world, "two", "2", WHOLE);
    let id = picked(&world, "HEAD");
    let short = &id[..5];
    world
        .run(["patch", "approve", short, "--reason", "it crashes"])
        .code(0);
    let anew = [
        "patch",
        "approve",
        short,
        "--reason",
        "everywhere",
        "--json",
    ];
    for changed in [true, false] {
        let said = world.run(anew).code(0).document("debcut/patch-approve/1");
        assert_eq!(said["changed"], changed);
        assert_eq!(said["requests"][0]["approvals"], 1);
    }
    let log = world.run(["patch", "log", &id]).code(0).stdout;
    assert!(
        log.contains("it crashes") && log.contains("everywhere"),
        "{log}"
    );
}

#[test]
fn only_approvers_decide() {
    let world = project();
    fix(&world, "two", "2", WHOLE);
    let id = picked(&world, "HEAD");
    world.write(
        "debcut.toml",
        "[patch]\napprovers = [\"rita@example.org\"]\n",
    );
    let approve = ["patch", "approve", &id, "--reason", "so"];
    let refused = world.run(approve).code(1);
    assert!(
        refused.stdout.contains("ask rita@example.org"),
        "{}",
        refused.stdout
    );
    assert_eq!(state(&world, &id), "new");
    let by_rita = world.debcut(approve).env("DEBEMAIL", "Rita@example.org");
    by_rita.run().code(0);
    assert_eq!(state(&world, &id), "approved");
}

#[test]
fn questions_are_answered_later() {
    let world = project();
    fix(&world, "two", "2", "fix: two");
    let id = picked(&world, "HEAD");
    assert_eq!(state(&world, &id), "needs-info");
    world
        .run(["patch", "answer", &id])
        .code(2)
        .says(&["--bug TEXT"]);
    let all = ["--bug", "#1", "--affected", "all", "--severity", "high"];
    let answer = ["patch", "answer", &id];
    world.run(answer.iter().chain(&all)).code(0);
    assert_eq!(state(&world, &id), "needs-info");
    let last = ["patch", "answer", &id, "--verified", "by hand", "--json"];
    world.run(last).code(0);
    assert_eq!(state(&world, &id), "new");
    let again = world.run(last).code(0).document("debcut/patch-answer/1");
    assert_eq!(again["changed"], false);
    world.write("debcut.toml", "[patch]\nquestions = []\n");
    fix(&world, "four", "4", "fix: four");
    assert_eq!(state(&world, &picked(&world, "HEAD")), "new");
}

#[test]
fn requests_are_withdrawn_and_replaced() {
    let world = project();
    fix(&world, "two", "2", WHOLE);
    let one = picked(&world, "HEAD");
    fix(&world, "six", "6", WHOLE);
    let two = picked(&world, "HEAD");
    world
        .run(["patch", "supersede", &one, "--by", &two])
        .code(0);
    assert_eq!(state(&world, &one), "superseded");
    let circle = world
        .run(["patch", "supersede", &two, "--by", &one])
        .code(1);
    assert!(circle.stdout.contains("circular"), "{}", circle.stdout);
    world
        .run(["patch", "withdraw", &two, "--reason", "not needed"])
        .code(0);
    assert_eq!(state(&world, &two), "withdrawn");
    let over = ["patch", "approve", &two, "--reason", "so"];
    assert!(
        world
            .run(over)
            .code(1)
            .stdout
            .contains("not asked for any more")
    );
    // Asked anew, it is another request.
    assert_ne!(picked(&world, "HEAD"), two);
}

#[test]
fn only_who_may_takes_an_approved_request_out() {
    let world = project();
    world.write(
        "debcut.toml",
        "[patch]\napprovers = [\"rita@example.org\"]\n",
    );
    world.commit("chore: rules");
    let by = |email: &str, words: &[&str]| {
        let call = world.debcut(words);
        call.env("DEBEMAIL", email).run()
    };
    let (author, asker, rita) = ("ada@example.org", "ben@example.org", "rita@example.org");
    let asked = |from: &str, to: &str| {
        fix(&world, from, to, WHOLE);
        let words = ["patch", "pick", "HEAD", "--onto", "release-1.0", "--json"];
        let made = by(asker, &words).code(0).document("debcut/patch-pick/1");
        made["id"].as_str().expect("a name").to_owned()
    };
    let (one, two, other) = (asked("two", "2"), asked("six", "6"), asked("eight", "8"));
    let says = |words: &[&str], email: &str, rule: &str| {
        let ran = by(email, words).code(1);
        assert!(ran.stdout.contains(rule), "{rule} in {}", ran.stdout);
    };
    by(rita, &["patch", "approve", &one, "--reason", "so"]).code(0);
    let withdraw = ["patch", "withdraw", &one, "--reason", "no"];
    says(&withdraw, author, "not-yours");
    let supersede = ["patch", "supersede", &one, "--by", &two];
    says(&supersede, asker, "not-an-approver");
    assert_eq!(state(&world, &one), "approved");
    by(rita, &supersede).code(0);
    assert_eq!(state(&world, &one), "superseded");
    // Whoever wrote it takes it back while nobody has approved it; what it was to
    // replace is named.
    let withdraw = ["patch", "withdraw", &two, "--reason", "no", "--json"];
    let ran = by(author, &withdraw).code(0);
    for part in ["left-alone", &one] {
        assert!(ran.stdout.contains(part), "{part} in {}", ran.stdout);
    }
    // It cannot replace anything any more, and what it replaced is taken up again.
    says(
        &["patch", "supersede", &other, "--by", &two],
        rita,
        "it is withdrawn itself",
    );
    says(
        &["patch", "approve", &one, "--reason", "so"],
        asker,
        "not-an-approver",
    );
    by(rita, &["patch", "approve", &one, "--reason", "so"]).code(0);
    assert_eq!(state(&world, &one), "approved");
    let log = world.run(["patch", "log", &one]).code(0).stdout;
    assert_eq!(log.matches("approves").count(), 2, "{log}");
}

#[test]
fn two_clones_decide_at_once() {
    let world = project();
    fix(&world, "two", "2", WHOLE);
    world.git(&["init", "--quiet", "--bare", "../remote.git"]);
    world.git(&["remote", "add", "origin", "../remote.git"]);
    world.git(&["push", "--quiet", "origin", "main", "release-1.0"]);
    let id = picked(&world, "HEAD");
    let sync = world.run(["patch", "sync", "--json"]).code(0);
    assert_eq!(sync.document("debcut/patch-sync/1")["sent"], 1);
    let other = world.path("other");
    let place = other.to_str().expect("text");
    world.git(&["clone", "--quiet", "../remote.git", place]);
    let there = |words: &[&str]| {
        let call = world.debcut(["-C", place].iter().chain(words));
        call.env("DEBFULLNAME", "Rita")
            .env("DEBEMAIL", "rita@example.org")
            .run()
    };
    there(&["patch", "sync"]).code(0);
    there(&["patch", "reject", &id, "--reason", "no"]).code(0);
    world
        .run(["patch", "approve", &id, "--reason", "yes"])
        .code(0);
    there(&["patch", "sync"]).code(0);
    world.run(["patch", "sync"]).code(0);
    there(&["patch", "sync"]).code(0);
    assert_eq!(state(&world, &id), "rejected");
    let log = world.run(["patch", "log", &id]).code(0).stdout;
    assert_eq!(log.matches("made at the same time").count(), 2, "{log}");
    // Who knows both settles it; and shares it at once.
    let settle = [
        "patch",
        "approve",
        &id,
        "--reason",
        "talked about it",
        "--sync",
    ];
    world.run(settle).code(0);
    there(&["patch", "sync"]).code(0);
    let seen = there(&["patch", "list", "--json"]).code(0);
    let seen = seen.document("debcut/patch-list/1");
    assert_eq!(seen["requests"][0]["state"], "approved");
    let done = world.run(["patch", "sync", "--json"]).code(0);
    assert_eq!(done.document("debcut/patch-sync/1")["changed"], false);
    let gone = ["patch", "sync", "--remote", "nowhere"];
    world
        .run(gone)
        .code(2)
        .says(&["there is no remote “nowhere”"]);
}

#[test]
fn questions_are_asked_in_an_editor_on_a_terminal() {
    let world = project();
    fix(&world, "two", "2", "fix: two\n\nSeverity: high");
    let edit = world.path("edit");
    let change = "#!/bin/sh\nsed -i 's/^bug:.*/bug: #7/; s/^affected:.*/affected: all/' \"$1\"\n";
    std::fs::write(&edit, change).expect("a file");
    let debcut = env!("CARGO_BIN_EXE_debcut");
    let on_terminal = |variables: &str, words: &str| {
        let edit = edit.display();
        let command = format!("cd project && {variables} EDITOR='sh {edit}' '{debcut}' {words}");
        let mut script = tool("script", "bsdutils");
        script.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
        script.current_dir(world.path("."));
        world.judge(script).code(0);
    };
    let asked = |title: &str| {
        let ran = world.run(["patch", "list", "--json"]).code(0);
        let list = ran.document("debcut/patch-list/1");
        let all = list["requests"].as_array().expect("a list").clone();
        let found = all.into_iter().find(|one| one["title"] == title);
        found.expect("it was asked for")
    };
    // A pipeline is never asked, whatever terminal it has.
    on_terminal("CI=1", "patch pick HEAD --onto release-1.0");
    assert_eq!(asked("fix: two")["answers"]["bug"], "");
    let id = asked("fix: two")["id"].as_str().expect("a name").to_owned();
    on_terminal("", &format!("patch answer {id}"));
    let answers = asked("fix: two")["answers"].clone();
    assert_eq!(answers["bug"], "#7");
    assert_eq!(answers["severity"], "high");
    world.write(
        "debcut.toml",
        "[patch]\ntemplate = \"bug:\\nverified: of course\\n\"\n",
    );
    fix(&world, "four", "4", "fix: four");
    on_terminal("", "patch pick HEAD --onto release-1.0");
    assert_eq!(asked("fix: four")["answers"]["verified"], "of course");
}

#[test]
fn nobody_forges_a_line_of_the_log() {
    let world = project();
    fix(&world, "two", "2", WHOLE);
    let title = "fix: it\n2025-06-01 12:00  0123456789  Rita Boss approves";
    let words = ["patch", "pick", "HEAD", "--onto", "release-1.0", "--json"];
    let made = world.run(words.iter().chain(&["--title", title])).code(0);
    let id = made.document("debcut/patch-pick/1")["id"].clone();
    let id = id.as_str().expect("a name").to_owned();
    let reason = format!(
        "not yet\n2025-06-01 12:00  {id}  Rita Boss approves\n                    why: I checked it"
    );
    world
        .run(["patch", "hold", &id, "--reason", &reason])
        .code(0);
    for words in [
        &["patch", "log"][..],
        &["patch", "list"],
        &["patch", "show", &id],
    ] {
        let said = world.run(words).code(0).stdout;
        let forged = said.lines().filter(|line| {
            line.starts_with("2025-06-01 12:00") && line.contains("Rita Boss approves")
        });
        // In the log the title stands in the line of who asked.
        let own = forged.filter(|line| !line.contains(" asks for "));
        assert_eq!(own.count(), 0, "{said}");
    }
    let log = world.run(["patch", "log"]).code(0).stdout;
    let second = format!("{:25}2025-06-01 12:00  {id}  Rita Boss approves", "");
    assert!(log.contains(&second), "{log}");
    let third = format!("{:45}why: I checked it", "");
    assert!(log.contains(&third), "{log}");
}
