//! `patch forge`, and the forge that `pick`, `suggest` and `apply` ask: against
//! one on this machine that answers with the forges' own answers.

mod approvals;
mod fake;
mod forks;
mod refusals;

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::asking::WHOLE;
use super::{fix, project};
use crate::world::{Call, Ran, World};
use fake::{Fake, Pull, Speaks, TOKEN};

const PEOPLE: &str = "people = { ida-gh = \"Ida Example <ida@example.org>\", ben-gh = \"Ben Example <ben@example.org>\" }\n";

/// Makes a project with a remote, whose forge this is.
fn at(fake: &Fake, more: &str) -> World {
    let world = project();
    let origin = world.path("origin.git");
    let origin = origin.to_str().expect("text");
    world.git(&["init", "--quiet", "--bare", origin]);
    world.git(&["remote", "add", "origin", origin]);
    let text = format!(
        "[patch]\napprovers = [\"ida@example.org\", \"ada@example.org\"]\n{more}\n{}{PEOPLE}",
        fake.table()
    );
    world.write("debcut.toml", text);
    world.commit("chore: configure");
    world
}

fn push(world: &World) {
    world.git(&["push", "--quiet", "origin", "main", "release-1.0"]);
    world.git(&["fetch", "--quiet", "origin"]);
}

/// Configures it anew, for everybody: the rules are those that the remote has.
fn configure(world: &World, text: &str) {
    world.write("debcut.toml", text);
    world.commit("chore: configure anew");
    world.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
}

fn call<'w>(world: &'w World, words: &[&str]) -> Call<'w> {
    world.debcut(words).env("DEBCUT_FORGE_TOKEN", TOKEN)
}

/// Runs debcut with a token; it never shows it.
#[track_caller]
fn run(world: &World, words: &[&str]) -> Ran {
    let ran = call(world, words).run();
    assert!(
        !format!("{}{}", ran.stdout, ran.stderr).contains(TOKEN),
        "{ran:?}"
    );
    ran
}

/// Makes a request for a fix that is on main; returns its name.
#[track_caller]
fn asked_for(world: &World) -> String {
    let commit = fix(world, "two", "2", WHOLE);
    push(world);
    pick(world, &commit)
}

#[track_caller]
fn pick(world: &World, what: &str) -> String {
    let words = ["patch", "pick", what, "--onto", "release-1.0", "--json"];
    let document = run(world, &words).code(0).document("debcut/patch-pick/1");
    document["id"].as_str().expect("a name").to_owned()
}

#[track_caller]
fn sync(world: &World, more: &[&str]) -> Value {
    let words = ["patch", "forge", "sync", "--json"];
    let words: Vec<&str> = words.iter().chain(more).copied().collect();
    run(world, &words)
        .code(0)
        .document("debcut/patch-forge-sync/1")
}

#[track_caller]
fn state(world: &World, id: &str) -> Value {
    let ran = run(world, &["patch", "show", id, "--json"]).code(0);
    let shown: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    shown["request"].clone()
}

fn ledger(world: &World) -> String {
    world.git(&[
        "for-each-ref",
        "--format=%(objectname)",
        "refs/debcut/patches",
    ])
}

fn acts(document: &Value) -> Vec<&str> {
    let requests = document["requests"].as_array().expect("a list").iter();
    let acts = requests.flat_map(|one| one["acts"].as_array().expect("a list"));
    acts.filter_map(|act| act["act"].as_str()).collect()
}

fn a_request_goes_there_and_back(fake: &Fake) {
    let world = at(fake, "");
    let commit = fix(&world, "two", "2", WHOLE);
    push(&world);
    // Hooks need no token.
    let hook = world.project().join(".git/hooks/pre-push");
    let seen = world.path("seen");
    std::fs::create_dir_all(hook.parent().expect("hooks")).expect("a directory");
    let script = format!("#!/bin/sh\nenv > {}\n", seen.display());
    std::fs::write(&hook, script).expect("a hook");
    std::fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).expect("a mode");
    let id = pick(&world, &commit);
    let branch = format!("debcut/patch/{id}");

    let before = ledger(&world);
    let dry = sync(&world, &["--dry-run"]);
    assert_eq!(acts(&dry), ["push", "open", "label", "link"]);
    assert!(fake.changes().is_empty() && ledger(&world) == before);

    let first = sync(&world, &[]);
    assert_eq!(first["changed"], true);
    let seen = std::fs::read_to_string(&seen).expect("the hook ran");
    assert!(!seen.contains(TOKEN), "{seen}");
    let pull = fake.pull(100);
    assert_eq!(pull.head, branch);
    assert_eq!(
        (pull.base.as_str(), pull.labels),
        ("release-1.0", vec!["debcut/new".into()])
    );
    assert_eq!(pull.title, "[release-1.0] fix: keep the second line");
    assert!(
        pull.body.contains("```severity\nhigh\n```"),
        "{}",
        pull.body
    );
    // As git would pick it.
    let origin = world.path("origin.git");
    let origin = origin.to_str().expect("text");
    let there = |format: &str| {
        let format = format!("--format={format}");
        world.git(&["--git-dir", origin, "log", "-1", &format, &branch])
    };
    assert_eq!(there("%P"), world.git(&["rev-parse", "release-1.0"]));
    assert!(there("%B").ends_with(&format!("(cherry picked from commit {commit})")));
    let page = first["requests"][0]["url"]
        .as_str()
        .expect("a page")
        .to_owned();
    assert_eq!(state(&world, &id)["links"], json!([page]));

    fake.changes();
    let before = ledger(&world);
    assert_eq!(sync(&world, &[])["changed"], false);
    assert!(fake.changes().is_empty() && ledger(&world) == before);

    {
        let mut memory = fake.memory();
        let label = |who: &str, label: &str, at: &str| (who.into(), label.into(), at.into());
        memory.pulls[0].label_events = vec![
            // Nobody knows who that is; nobody asked Ben; debcut's own says nothing.
            label("stranger", "hold-patch", "2025-05-20T10:00:00Z"),
            label("ben-gh", "reject-patch", "2025-05-20T10:01:00Z"),
            label("ida-gh", "debcut/approved", "2025-05-20T10:02:00Z"),
            label("ida-gh", "approve-patch", "2025-06-01T12:30:00Z"),
        ];
        memory.pulls[0].labels.push("approve-patch".into());
    }
    let second = sync(&world, &[]);
    let decision = &second["decisions"][0];
    assert_eq!(second["decisions"].as_array().map(Vec::len), Some(1));
    assert_eq!(decision["by"]["email"], "ida@example.org");
    assert_eq!(decision["at"], "2025-06-01T12:30:00Z");
    let reason = decision["reason"].as_str().expect("a text");
    assert_eq!(reason, format!("label approve-patch ({page})"));
    let rules: Vec<&Value> = (second["findings"].as_array().expect("a list").iter())
        .map(|finding| &finding["rule"])
        .collect();
    assert_eq!(rules, ["unknown-login", "not-an-approver"]);
    assert_eq!(state(&world, &id)["state"], "approved");
    assert_eq!(fake.pull(100).labels, ["approve-patch", "debcut/approved"]);
    let before = ledger(&world);
    assert_eq!(sync(&world, &[])["changed"], false);
    assert_eq!(ledger(&world), before);

    run(&world, &["patch", "apply", "--onto", "release-1.0"]).code(0);
    let third = sync(&world, &[]);
    assert_eq!(acts(&third), ["label", "close", "delete"]);
    let pull = fake.pull(100);
    assert_eq!(pull.state, "closed");
    assert_eq!(pull.labels, ["approve-patch", "debcut/picked"]);
    let refs = world.git(&["ls-remote", "origin"]);
    assert!(!refs.contains("debcut/patch"), "{refs}");
    assert_eq!(sync(&world, &[])["changed"], false);
}

#[test]
fn a_request_goes_to_github_and_back() {
    a_request_goes_there_and_back(&Fake::new(Speaks::GitHub));
}

#[test]
fn a_request_goes_to_gitlab_and_back() {
    a_request_goes_there_and_back(&Fake::new(Speaks::GitLab));
}

#[test]
fn an_approval_on_the_forge_does_not_undo_what_came_after_it() {
    let fake = Fake::new(Speaks::GitHub);
    let world = at(&fake, "");
    let commit = fix(&world, "two", "2", WHOLE);
    push(&world);
    let id = pick(&world, &commit);
    sync(&world, &[]);
    // Held at twelve, approved there an hour before the hold, and before the
    // request was even asked for here.
    run(
        &world,
        &[
            "patch",
            "hold",
            &id,
            "--reason",
            "wait for the fix of the fix",
        ],
    )
    .code(0);
    fake.memory().pulls[0].reviews = vec![(
        "ida-gh".into(),
        true,
        "2025-06-01T11:00:00Z".into(),
        "Looks good.\nReally.".into(),
    )];
    let heard = sync(&world, &[]);
    let reason = heard["decisions"][0]["reason"].as_str().expect("a text");
    assert!(reason.starts_with("Looks good. (https://"), "{reason}");
    assert_eq!(state(&world, &id)["state"], "held");
    assert_eq!(state(&world, &id)["contradicted"], true);
    assert_eq!(fake.pull(100).labels, ["debcut/held"]);
    // Approved in knowledge of the hold it goes on.
    fake.memory().pulls[0].reviews.push((
        "ida-gh".into(),
        true,
        "2025-06-01T13:00:00Z".into(),
        String::new(),
    ));
    sync(&world, &[]);
    assert_eq!(state(&world, &id)["state"], "approved");
    // A review that asks for changes holds.
    fake.memory().pulls[0].reviews.push((
        "ida-gh".into(),
        false,
        "2025-06-01T14:00:00Z".into(),
        "Not like this.".into(),
    ));
    sync(&world, &[]);
    assert_eq!(state(&world, &id)["state"], "held");
}

#[test]
fn a_pull_request_is_picked_as_it_was_merged() {
    let fake = Fake::new(Speaks::GitHub);
    let world = at(&fake, "");
    let squashed = fix(&world, "two", "2", "fix: squashed\n\nRelease-Note: NONE");
    let first = fix(&world, "four", "4", "fix: one of two");
    let second = fix(&world, "five", "5", "test: two of two");
    push(&world);
    world.git(&["checkout", "--quiet", "-b", "topic"]);
    let open = fix(&world, "seven", "7", "fix: open");
    world.git(&["push", "--quiet", "origin", "HEAD:refs/pull/9/head"]);
    world.git(&["checkout", "--quiet", "main"]);
    world.git(&["branch", "--quiet", "-D", "topic"]);
    world.git(&["reflog", "expire", "--expire=now", "--all"]);
    world.git(&["gc", "--quiet", "--prune=now"]);
    let pull = |number: u64, title: &str, newest: &str| Pull {
        number,
        title: title.into(),
        state: "merged".into(),
        base: "main".into(),
        merge_commit: Some(newest.into()),
        ..Pull::default()
    };
    let own = |id: &str, subject: &str| (id.into(), "ada@example.org".into(), subject.into());
    let body = "It crashes.\n\nSeverity: high\n\n```affected\nAll.\n```\n";
    fake.memory().pulls = vec![
        Pull {
            body: body.replace('\n', "\r\n"),
            commits: vec![own("aa", "wip"), own("bb", "fix: squashed")],
            ..pull(7, "Keep the second line", &squashed)
        },
        Pull {
            commits: vec![own("cc", "fix: one of two"), own("dd", "test: two of two")],
            ..pull(8, "Both", &second)
        },
        Pull {
            state: "open".into(),
            merge_commit: None,
            head_commit: open.clone(),
            ..pull(9, "Open", "")
        },
    ];
    let asked = |what: &str| {
        let words = ["patch", "pick", what, "--onto", "release-1.0", "--json"];
        run(&world, &words).code(0).document("debcut/patch-pick/1")
    };
    let one = asked("#7");
    assert_eq!(one["commits"], json!([squashed]));
    assert_eq!(one["title"], "Keep the second line");
    assert_eq!(one["answers"]["affected"], "All.");
    assert_eq!(one["answers"]["severity"], "high");
    let both = asked("https://github.example.org/octo/cat/pull/8");
    assert_eq!(both["commits"], json!([first, second]));
    // An open one is fetched, and not merged.
    let open_one = asked("#9");
    assert_eq!(open_one["commits"], json!([open]));
    assert_eq!(open_one["findings"][0]["rule"], "not-merged");
    assert_eq!(open_one["request"]["merged"], false);
    let missing = ["patch", "pick", "#99", "--onto", "release-1.0"];
    run(&world, &missing)
        .code(2)
        .says(&["octo/cat has no pull request #99"]);
}

#[test]
fn without_a_forge_it_says_what_is_missing() {
    let world = project();
    let ran = run(&world, &["patch", "forge", "sync"]).code(2);
    ran.says(&[
        "no forge is configured",
        "[patch.forge]",
        "kind",
        "url",
        "project",
    ]);
    world.write("debcut.toml", "[patch.forge]\n");
    let ran = run(&world, &["patch", "forge", "push", "--json"]).code(2);
    assert_eq!(ran.document("debcut/error/1")["kind"], "no-forge");
    let fake = Fake::new(Speaks::GitHub);
    let world = at(&fake, "");
    let commit = fix(&world, "two", "2", WHOLE);
    push(&world);
    pick(&world, &commit);
    let before = ledger(&world);
    let ran = world.run(["patch", "forge", "push"]).code(2);
    ran.says(&["refuses", "401", "set DEBCUT_FORGE_TOKEN"]);
    let wrong = call(&world, &["patch", "forge", "push"]).env("DEBCUT_FORGE_TOKEN", "another");
    let wrong = wrong.run().code(2);
    assert!(!wrong.stderr.contains("another"), "{}", wrong.stderr);
    assert_eq!(ledger(&world), before);
}

#[test]
fn a_forge_that_goes_away_leaves_nothing_half_done() {
    let fake = Fake::new(Speaks::GitHub);
    let world = at(&fake, "");
    let one = fix(&world, "two", "2", WHOLE);
    let two = fix(&world, "seven", "7", "fix: keep the seventh line");
    push(&world);
    let (one, two) = (pick(&world, &one), pick(&world, &two));
    fake.memory().lasts = Some(3);
    // Opened, labelled, opened; then it fails.
    let stopped = run(&world, &["patch", "forge", "push"]).code(4);
    stopped.says(&["it was not done to the end", "run the same command again"]);
    assert_eq!(fake.memory().pulls.len(), 2);
    let links = [&one, &two].map(|id| state(&world, id)["links"].as_array().map(Vec::len));
    assert_eq!(links.into_iter().flatten().sum::<usize>(), 1);
    fake.memory().lasts = None;
    let document = run(&world, &["patch", "forge", "push", "--json"]).code(0);
    let document = document.document("debcut/patch-forge-push/1");
    assert_eq!(acts(&document), ["link", "label"]);
    assert_eq!(fake.memory().pulls.len(), 2);
    let again = run(&world, &["patch", "forge", "push", "--json"]).code(0);
    assert_eq!(
        again.document("debcut/patch-forge-push/1")["changed"],
        false
    );
    // Nobody answers: 3, and what git knows is enough to pick by.
    let text = std::fs::read_to_string(world.project().join("debcut.toml")).expect("text");
    let address = text
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    let address = address.expect("an address").to_owned();
    drop(fake);
    configure(&world, &text.replace(&address, "127.0.0.1:9"));
    fix(&world, "four", "4", "fix: by number (#12)");
    let before = ledger(&world);
    let ran = run(&world, &["patch", "forge", "sync"]).code(3);
    ran.says(&[
        "127.0.0.1:9 cannot be reached",
        "run the same command again later",
    ]);
    assert_eq!(ledger(&world), before);
    let picked = run(&world, &["patch", "pick", "#12", "--onto", "release-1.0"]).code(0);
    picked.says(&[
        "127.0.0.1:9 cannot be reached",
        "what git says of it is taken",
    ]);
    run(&world, &["patch", "pick", "#13", "--onto", "release-1.0"]).code(3);
}

#[test]
fn the_forge_s_checks_say_whether_a_branch_is_green() {
    let fake = Fake::new(Speaks::GitHub);
    let world = at(&fake, "require-green = \"@forge\"\n");
    let commit = fix(&world, "two", "2", WHOLE);
    push(&world);
    let id = pick(&world, &commit);
    run(&world, &["patch", "approve", &id, "--reason", "it crashes"]).code(0);
    let words = ["patch", "apply", "--onto", "release-1.0", &id];
    for (check, said) in [
        (None, "has no check of"),
        (Some("in_progress"), "mighty_readme (in_progress)"),
        (Some("failure"), "is not green: mighty_readme (failure)"),
    ] {
        fake.memory().check = check.map(str::to_owned);
        let ran = run(&world, &words).code(1);
        assert!(
            ran.stdout.contains("not-green") && ran.stdout.contains(said),
            "{}",
            ran.stdout
        );
    }
    fake.memory().check = Some("success".to_owned());
    run(&world, &words).code(0);
}

#[test]
fn labels_of_merged_pull_requests_suggest_their_commits() {
    let fake = Fake::new(Speaks::GitHub);
    let world = at(&fake, "");
    let wanted = fix(&world, "two", "2", "feat: a label asks for it");
    fix(&world, "seven", "7", "feat: nothing asks for it");
    fake.memory().pulls = vec![Pull {
        number: 5,
        state: "merged".into(),
        base: "main".into(),
        merge_commit: Some(wanted.clone()),
        labels: vec!["backport/1.0".into()],
        ..Pull::default()
    }];
    let words = ["patch", "suggest", "--onto", "release-1.0", "--json"];
    let document = run(&world, &words)
        .code(0)
        .document("debcut/patch-suggest/1");
    let found = document["suggestions"].as_array().expect("a list");
    assert_eq!(found.len(), 1, "{document}");
    assert_eq!(found[0]["commit"], wanted);
    assert_eq!(found[0]["reasons"][0]["why"], "label");
    assert_eq!(
        found[0]["reasons"][0]["text"],
        "#5 has the label backport/1.0"
    );
}

#[test]
fn without_pull_requests_of_their_own_only_labels_are_set() {
    let fake = Fake::new(Speaks::GitHub);
    let world = at(&fake, "");
    let text = std::fs::read_to_string(world.project().join("debcut.toml")).expect("text");
    world.write("debcut.toml", format!("{text}open-pull-requests = false\n"));
    let commit = fix(&world, "two", "2", "fix: it (#5)\n\nRelease-Note: NONE");
    push(&world);
    fake.memory().pulls = vec![Pull {
        number: 5,
        title: "fix: it".into(),
        state: "merged".into(),
        base: "main".into(),
        merge_commit: Some(commit),
        labels: vec!["bug".into()],
        // What was said of the main branch is no decision about this one.
        reviews: vec![(
            "ida-gh".into(),
            true,
            "2025-06-01T11:00:00Z".into(),
            String::new(),
        )],
        ..Pull::default()
    }];
    pick(&world, "#5");
    let synced = sync(&world, &[]);
    assert_eq!(
        (acts(&synced), &synced["decisions"]),
        (vec!["label"], &json!([]))
    );
    assert_eq!(
        fake.pull(5).labels,
        ["bug", "debcut/release-1.0/needs-info"]
    );
    let refs = world.git(&["ls-remote", "origin"]);
    assert!(!refs.contains("debcut/patch"), "{refs}");
}
