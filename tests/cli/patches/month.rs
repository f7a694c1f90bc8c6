//! A release manager's month: twelve requests, a freeze, a mock, a cut, a
//! hotfix and an embargoed release, played with the real program and judged by
//! git, dpkg and apt.
//!
//! What everybody ran and was told is one transcript, in
//! `snapshots/cli__patches__month__*.snap`: read it as one reads a story.
//! `INSTA_UPDATE=always cargo nextest run --test cli patches::month` writes it
//! anew; then it is read again.

mod embargo;
mod judging;
mod project;
mod stage;

use std::collections::BTreeMap;

use embargo::embargoed;
use judging::judged;
use project::{ADA, BEN, OLGA, Wanted};
use stage::{Stage, Who};

/// The names of requests, by what the play calls them.
type Requests = BTreeMap<&'static str, String>;

#[test]
fn a_month_of_a_release_manager() {
    let (mut stage, wanted) = project::project();
    stage.silently("2025-05-02");
    for words in [
        &["key", "new", "--no-passphrase", "--expire", "never"][..],
        &["archive", "init", "../apt", "--suite", "stable"],
    ] {
        stage.unseen(ADA, words).code(0);
    }
    let mut requests = Requests::new();
    asked(&mut stage, &wanted, &mut requests);
    decided(&mut stage, &requests);
    applied(&mut stage, &requests);
    frozen(&mut stage, &mut requests);
    mocked(&mut stage, &requests);
    cut(&mut stage);
    hotfixed(&mut stage);
    embargoed(&mut stage, &mut requests);
    judged(&mut stage, &wanted);
    insta::assert_snapshot!(stage.transcript());
}

/// Finds the request that is the newest one.
fn newest(stage: &mut Stage, who: Who, onto: &str) -> String {
    let words = ["patch", "log", "--json", "--onto", onto];
    let log = stage.unseen(who, &words).code(0);
    let log = log.document("debcut/patch-log/1");
    let entries = log["entries"].as_array().expect("a list").clone();
    let asked = entries.iter().rfind(|entry| entry["is"] == "asked");
    let id = asked.map(|entry| entry["request"].as_str().expect("a name").to_owned());
    id.expect("somebody asked")
}

/// Asks for a commit and remembers what the request is called.
fn pick(
    stage: &mut Stage,
    (who, onto): (Who, &str),
    (name, commit): (&'static str, &str),
    requests: &mut Requests,
) {
    let words = ["patch", "pick", &commit[..12], "--onto", onto];
    stage.unseen(who, &words).code(0);
    requests.insert(name, newest(stage, who, onto));
}

const LINE: &str = "release-1.12";

fn asked(stage: &mut Stage, wanted: &Wanted, requests: &mut Requests) {
    stage.day("2025-05-05", "what wants in");
    stage
        .debcut(ADA, &["patch", "suggest", "--onto", LINE])
        .code(0);
    // What is there already is asked for by nobody.
    let copyright = &wanted.copyright[..12];
    stage
        .debcut(ADA, &["patch", "pick", copyright, "--onto", LINE])
        .code(1);
    stage
        .unseen(ADA, &["patch", "pick", "topic", "--onto", LINE])
        .code(0);
    requests.insert("manual", newest(stage, ADA, LINE));
    for asked in [
        ("last line", &wanted.last_line),
        ("bytes", &wanted.bytes),
        ("usage", &wanted.usage),
        ("words", &wanted.words),
        ("refuse", &wanted.refuse),
        ("news", &wanted.news),
        ("bump", &wanted.bump),
        ("longest", &wanted.longest),
    ] {
        pick(stage, (ADA, LINE), (asked.0, asked.1), requests);
    }
    stage.unseen(ADA, &["patch", "sync"]).code(0);
    let own = project::bens(stage);
    stage.silently("2025-05-06");
    stage.unseen(BEN, &["patch", "sync"]).code(0);
    pick(stage, (BEN, LINE), ("fail", &own), requests);
    stage.unseen(BEN, &["patch", "sync"]).code(0);
}

fn decided(stage: &mut Stage, requests: &Requests) {
    let id = |name: &str| requests[name].as_str();
    stage.day("2025-05-06", "who decides what");
    stage.git(ADA, &["pull", "--quiet", "origin", "main"]);
    stage.debcut(ADA, &["patch", "sync"]).code(0);
    stage.debcut(ADA, &["patch", "list"]).code(0);
    let reason = ["--reason", "wrong results"];
    stage
        .debcut(
            BEN,
            &[&["patch", "approve", id("fail")], &reason[..]].concat(),
        )
        .code(1);
    let good = [
        "last line",
        "bytes",
        "refuse",
        "manual",
        "bump",
        "longest",
        "fail",
    ]
    .map(id);
    stage
        .debcut(ADA, &[&["patch", "approve"], &good[..], &reason].concat())
        .code(0);
    let answer = [
        "patch",
        "answer",
        id("news"),
        "--bug",
        "#106",
        "--affected",
        "packagers",
    ];
    let more = ["--severity", "low", "--verified", "by hand on main"];
    stage.unseen(ADA, &[&answer[..], &more].concat()).code(0);
    for (word, name, reason) in [
        ("approve", "news", "packagers wait for it"),
        ("reject", "usage", "scripts read that text"),
        ("hold", "words", "is it measured?"),
    ] {
        stage
            .unseen(ADA, &["patch", word, id(name), "--reason", reason])
            .code(0);
    }
}

fn applied(stage: &mut Stage, requests: &Requests) {
    let id = |name: &str| requests[name].as_str();
    stage.day("2025-05-07", "onto the branch");
    let apply = ["patch", "apply", "--onto", LINE];
    stage
        .debcut(
            ADA,
            &[&apply[..], &["--resolve-in", "../conflict"]].concat(),
        )
        .code(4);
    let file = stage.world.path("conflict/tally.sh");
    let text = std::fs::read_to_string(&file).expect("it is there");
    let ours = text.find("<<<<<<<").zip(text.find(">>>>>>>"));
    let (from, to) = ours.expect("git's markers");
    let to = to + text[to..].find('\n').expect("a line") + 1;
    let resolved =
        "parse() { case \"$1\" in lines|words|bytes) \"$1\";; *) usage >&2; exit 2;; esac; }\n";
    let text = [&text[..from], resolved, &text[to..]].concat();
    std::fs::write(&file, text).expect("written");
    stage.git(ADA, &["-C", "../conflict", "add", "tally.sh"]);
    stage.debcut(ADA, &["patch", "apply", "--continue"]).code(0);
    // Its parent is merged, and the note is set aside.
    stage.git(ADA, &["merge", "--quiet", "--no-edit", "topic"]);
    stage.git(ADA, &["push", "--quiet", "origin", "main"]);
    let reason = ["--reason", "the file itself is the note"];
    let aside = ["patch", "override", id("news"), "no-release-note"];
    stage.unseen(ADA, &[&aside[..], &reason].concat()).code(0);
    let approve = [
        "patch",
        "approve",
        id("words"),
        "--reason",
        "a third faster",
    ];
    stage.unseen(ADA, &approve).code(0);
    stage.unseen(ADA, &apply).code(0);
    stage.debcut(ADA, &["patch", "log", id("words")]).code(0);
    stage.git(ADA, &["push", "--quiet", "origin", LINE]);
    stage.unseen(ADA, &["patch", "sync"]).code(0);
}

fn frozen(stage: &mut Stage, requests: &mut Requests) {
    let late = project::late(stage);
    stage.day("2025-05-12", "the freeze");
    pick(stage, (ADA, LINE), ("late", &late), requests);
    let id = |name: &str| requests[name].as_str();
    let approve = ["patch", "approve", id("late"), "--reason", "harmless"];
    stage.unseen(ADA, &approve).code(0);
    let freeze = ["patch", "freeze", LINE, "--until", "2025-05-15"];
    let but = [
        "--except",
        id("longest"),
        "--reason",
        "the cut is on Thursday",
    ];
    stage.debcut(ADA, &[&freeze[..], &but].concat()).code(0);
    stage.show("told");
    let status = stage.unseen(ADA, &["status"]).code(0);
    assert!(status.stdout.contains("it is frozen until 2025-05-15"));
    stage.debcut(ADA, &["patch", "plan", LINE]).code(0);
}

fn mocked(stage: &mut Stage, requests: &Requests) {
    let id = |name: &str| requests[name].as_str();
    stage.day("2025-05-13", "a mock, and one more request");
    stage.git(ADA, &["switch", "--quiet", LINE]);
    let release = ["release", "--to", "stable"];
    let mock = [&release[..], &["--mock"]].concat();
    stage
        .debcut(ADA, &[&release[..], &["--dry-run"]].concat())
        .code(0);
    stage.debcut(ADA, &mock).code(0);
    let approve = [
        "patch",
        "approve",
        id("longest"),
        "--reason",
        "asked for by many",
    ];
    stage.debcut(OLGA, &approve).code(0);
    stage
        .unseen(ADA, &["patch", "apply", "--onto", LINE])
        .code(0);

    stage.day("2025-05-14", "the day before");
    stage
        .debcut(ADA, &[&release[..], &["--dry-run"]].concat())
        .code(0);
    std::fs::write(stage.world.path("red"), "a test fails\n").expect("written");
    stage.debcut(ADA, &mock).code(1);
    std::fs::remove_file(stage.world.path("red")).expect("removed");
    stage.unseen(ADA, &mock).code(0);
    stage.git(ADA, &["push", "--quiet", "origin", LINE]);
}

fn cut(stage: &mut Stage) {
    stage.day("2025-05-15", "the cut");
    stage
        .debcut(ADA, &["release", "--to", "stable", "--push"])
        .code(0);
    let thaw = ["patch", "thaw", LINE, "--reason", "1.12.1 is out"];
    stage.debcut(ADA, &thaw).code(0);
    stage.debcut(ADA, &["announce", "--send"]).code(0);
    stage.debcut(ADA, &["release", "sync", "--push"]).code(0);
    stage
        .unseen(ADA, &["release", "--to", "stable", "--push"])
        .code(0);
    stage
        .unseen(ADA, &["patch", "apply", "--onto", LINE])
        .code(0);
    stage.git(ADA, &["push", "--quiet", "origin", LINE]);
    stage.unseen(ADA, &["patch", "sync"]).code(0);
}

fn hotfixed(stage: &mut Stage) {
    let hotfix = "release-1.12.1";
    stage.git(ADA, &["switch", "--quiet", "main"]);
    let urgent = project::urgent(stage);
    stage.day("2025-05-20", "a hotfix");
    stage.debcut(ADA, &["patch", "hotfix", "v1.12.1"]).code(0);
    let mut own = Requests::new();
    pick(stage, (ADA, hotfix), ("urgent", &urgent), &mut own);
    let approve = [
        "patch",
        "approve",
        &own["urgent"],
        "--reason",
        "it fails for many",
    ];
    stage.unseen(ADA, &approve).code(0);
    stage
        .unseen(ADA, &["patch", "apply", "--onto", hotfix])
        .code(0);
    stage.git(ADA, &["switch", "--quiet", hotfix]);
    stage
        .unseen(ADA, &["release", "--to", "stable", "--mock"])
        .code(0);
    stage
        .debcut(ADA, &["release", "--to", "stable", "--push"])
        .code(0);
    stage.debcut(ADA, &["announce"]).code(0);
    stage
        .debcut(ADA, &["patch", "hotfix", "v1.12.1", "--offer"])
        .code(0);
    // The next release of the line would lose it.
    let offered = newest(stage, ADA, LINE);
    let approve = ["patch", "approve", &offered, "--reason", "1.12.2 needs it"];
    stage.unseen(ADA, &approve).code(0);
    stage
        .unseen(ADA, &["patch", "apply", "--onto", LINE, &offered])
        .code(0);
    stage.unseen(ADA, &["release", "sync", "--push"]).code(0);
    stage.unseen(ADA, &["patch", "sync"]).code(0);
    stage.git(ADA, &["switch", "--quiet", "main"]);
}
