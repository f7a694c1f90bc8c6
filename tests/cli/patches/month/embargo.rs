//! The embargoed release: what nobody may know of, and the lift.

use super::project::{self, ADA};
use super::stage::{Stage, Who};
use super::{LINE, Requests, pick};

/// Ada, where nobody looks.
const PRIVATE: Who = Who {
    name: "Ada Example",
    clone: "private",
};
/// What nobody may read before the lift.
const SECRET: &str = "zanzibar";

/// Prepares a security release in private, and lifts it.
pub fn embargoed(stage: &mut Stage, requests: &mut Requests) {
    let private = stage.world.path("private").display().to_string();
    stage.silently("2025-05-27");
    for words in [
        &["init", "--quiet", "--bare", "../private.git"][..],
        &["clone", "--quiet", "../origin.git", &private],
    ] {
        stage.git(ADA, words);
    }
    stage.git(PRIVATE, &["remote", "add", "private", "../private.git"]);
    stage.git(PRIVATE, &["switch", "--quiet", LINE]);
    for words in [
        &["archive", "init", "../sec", "--suite", "stable"][..],
        &["patch", "sync"],
    ] {
        stage.unseen(PRIVATE, words).code(0);
    }
    stage.day("2025-05-27", "what nobody may know of");
    let embargo = ["patch", "embargo", "ORCHID", "--branch", LINE];
    let places = [
        "--branch",
        "main",
        "--until",
        "2025-06-03T14:00:00Z",
        "--private-remote",
        "private",
    ];
    let more = [
        "--private-archive",
        "../sec",
        "--archive",
        "../apt",
        "--suite",
        "stable",
    ];
    let green = ["--private-command", project::GREEN];
    stage
        .debcut(PRIVATE, &[&embargo[..], &places, &more, &green].concat())
        .code(0);
    stage.git(PRIVATE, &["switch", "--quiet", "main"]);
    let secret = project::secret(stage, PRIVATE, SECRET);
    pick(stage, (PRIVATE, LINE), ("secret", &secret), requests);
    let id = requests["secret"].clone();
    stage
        .unseen(PRIVATE, &["patch", "approve", &id, "--reason", "a hole"])
        .code(0);
    stage
        .unseen(PRIVATE, &["patch", "apply", "--onto", LINE, &id])
        .code(0);
    stage.git(PRIVATE, &["switch", "--quiet", LINE]);
    stage
        .unseen(
            PRIVATE,
            &["release", "--to", "stable", "--archive", "../sec", "--mock"],
        )
        .code(0);
    stage
        .debcut(PRIVATE, &["release", "--to", "stable"])
        .code(1);
    stage
        .debcut(
            PRIVATE,
            &["release", "--to", "stable", "--archive", "../sec"],
        )
        .code(0);
    stage.unseen(PRIVATE, &["announce", "--send"]).code(2);
    stage.unseen(PRIVATE, &["patch", "sync"]).code(2);
    stage.debcut(PRIVATE, &["patch", "lift", "--yes"]).code(1);
    assert_eq!(told(stage), Vec::<&str>::new(), "before the lift");

    stage.day("2025-06-03", "the lift");
    stage.hour(14);
    stage.debcut(PRIVATE, &["patch", "lift", "--yes"]).code(0);
    assert_eq!(told(stage), ["commits", "mail", "packages"]);
    stage.git(ADA, &["fetch", "--quiet", "origin"]);
    stage.unseen(ADA, &["patch", "sync"]).code(0);
    stage.debcut(ADA, &["archive", "list", "stable"]).code(0);
    // Everything that was ever said is still there, the embargoed part too.
    let log = stage.unseen(ADA, &["patch", "log", "--json"]).code(0);
    let log = log.document("debcut/patch-log/1");
    let entries = log["entries"].as_array().expect("a list");
    let count = |is: &str| entries.iter().filter(|entry| entry["is"] == is).count();
    let counts = ["asked", "mocked", "cut", "frozen", "thawed"].map(count);
    assert_eq!(counts, [14, 5, 3, 1, 1], "{log}");
}

/// Finds the secret in what others see.
fn told(stage: &mut Stage) -> Vec<&'static str> {
    let mut found = Vec::new();
    let log = ["--git-dir", "../origin.git", "log", "--all", "--patch"];
    if stage.git(ADA, &log).contains(SECRET) {
        found.push("commits");
    }
    let ran = stage.unseen(ADA, &["archive", "list", "stable"]).code(0);
    let mut packages = ran.stdout.contains("1.12.2");
    for place in [
        "origin.git",
        "apt",
        "project",
        "ben",
        "home",
        "data",
        "tmp",
        "told",
    ] {
        let place = stage.world.path(place).display().to_string();
        let words = [
            "--recursive",
            "--files-with-matches",
            "--text",
            SECRET,
            &place,
        ];
        let ran = stage.tool(ADA, "grep", &words);
        packages |= !ran.stdout.is_empty();
        assert_ne!(ran.code, 2, "{}", ran.stderr);
    }
    let mail = std::fs::read_to_string(stage.world.path("mail")).unwrap_or_default();
    found.extend(mail.contains(SECRET).then_some("mail"));
    found.extend(packages.then_some("packages"));
    found
}
