//! `lead-time`: from commits by tags to the suites' generations.

use std::process::Command;

use serde_json::{Value, json};

use crate::status::world;
use crate::world::World;

/// Runs git with another date.
fn dated(world: &World, date: &str, arguments: &[&str]) {
    let mut git = Command::new("git");
    world.surround(&mut git);
    git.env("GIT_AUTHOR_DATE", date)
        .env("GIT_COMMITTER_DATE", date);
    git.current_dir(world.project()).args(arguments);
    let output = git.output().expect("git runs");
    assert!(output.status.success(), "{output:?}");
}

fn dated_commit(world: &World, date: &str, text: &str, message: &str) {
    world.write("tally.conf", text);
    dated(
        world,
        date,
        &["commit", "--quiet", "--all", "--message", message],
    );
}

#[test]
fn lead_times_go_from_commit_to_suite() {
    let world = world();
    dated_commit(&world, "2025-05-02T10:00:00Z", "a\n", "feat: a");
    dated_commit(&world, "2025-05-04T10:00:00Z", "b\n", "fix: b");
    world.write("VERSION", "1.3.0\n");
    let message = "chore(release): tally 1.3.0\n\nDebcut-Release: tally 1.3.0";
    dated(
        &world,
        "2025-05-05T09:00:00Z",
        &["commit", "--quiet", "--all", "--message", message],
    );
    let tag = ["tag", "--annotate", "--message", "x", "v1.3.0"];
    dated(&world, "2025-05-05T10:00:00Z", &tag);
    world.run(["build", "v1.3.0"]).code(0);
    for (suite, moment) in [
        ("staging", "2025-06-02T12:00:00Z"),
        ("stable", "2025-06-09T12:00:00Z"),
    ] {
        let call = world.debcut(["publish", "--to", suite]);
        call.env("DEBCUT_NOW", moment).run().code(0);
    }
    // A later generation that still has it tells nothing.
    let add = [
        "archive",
        "init",
        "../apt",
        "--suite",
        "stable",
        "--component",
        "contrib",
    ];
    let call = world.debcut(add).env("DEBCUT_NOW", "2025-06-20T12:00:00Z");
    call.run().code(0);
    let before = world.listing();
    let ran = world.run(["lead-time", "--json"]).code(0);
    assert_eq!(world.listing(), before);
    let document = ran.document("debcut/lead-time/1");
    let want = json!({
        "package": "tally", "version": "1.3.0", "tag": "v1.3.0", "commits": 3,
        "oldest_commit": "2025-05-01T10:00:00Z",
        "median_seconds": 3 * 86_400, "tagged": "2025-05-05T10:00:00Z",
        "suites": [
            {"archive": "house", "suite": "stable", "generation": 2,
             "at": "2025-06-09T12:00:00Z", "known": "exactly"},
            {"archive": "house", "suite": "staging", "generation": 2,
             "at": "2025-06-02T12:00:00Z", "known": "exactly"},
        ],
        "canary": null, "everyone": null, "taken_back": null,
    });
    assert_eq!(document["releases"][0], want, "{document:#}");
    let spans = document["spans"].as_array().expect("spans");
    let steps: Vec<_> = spans.iter().map(|span| &span["steps"]).collect();
    assert_eq!(steps, ["commit-tag", "tag-archive"], "{document:#}");
    assert_eq!(spans[1]["worst_seconds"], 28 * 86_400 + 2 * 3_600);
    let first = &document["releases"][1];
    assert_eq!(
        (&first["version"], &first["suites"]),
        (&json!("1.2.0"), &json!([]))
    );
    let text = world.run(["lead-time", "--limit", "1"]).code(0).stdout;
    assert!(
        text.contains("house stable +35 d 2 h, house staging +28 d 2 h"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 2, "{text}");

    // The manifest of the generation that brought it is gone.
    let (mut removed, objects) = (0, world.path("apt/.debcut/objects"));
    for entry in walkdir::WalkDir::new(objects) {
        let path = entry.expect("listed").into_path();
        let is_manifest = path.extension().is_some_and(|ending| ending == "json");
        if is_manifest {
            let text = std::fs::read_to_string(&path).expect("read");
            let manifest: Value = serde_json::from_str(&text).expect("JSON");
            if manifest["suite"] == "stable" && manifest["number"] == 2 {
                std::fs::remove_file(path).expect("removed");
                removed += 1;
            }
        }
    }
    assert_eq!(removed, 1);
    let document = world.run(["lead-time", "--json"]).code(0);
    let document = document.document("debcut/lead-time/1");
    let arrival = &document["releases"][0]["suites"][0];
    assert_eq!(
        (&arrival["generation"], &arrival["known"]),
        (&json!(3), &json!("at-latest"))
    );

    let ran = world.run(["lead-time", "other", "--json"]).code(2);
    assert_eq!(ran.document("debcut/error/1")["kind"], "no-package");
}

#[test]
fn a_rollout_ends_the_way_of_a_release() {
    let world = world();
    let at = |moment: &str, words: &[&str], code: i32| {
        let call = world.debcut(words).env("DEBCUT_STATE", world.path("state"));
        call.env("DEBCUT_NOW", moment).run().code(code)
    };
    world.run(["build", "v1.2.0"]).code(0);
    at("2025-06-02T12:00:00Z", &["publish", "--to", "staging"], 0);
    let suites = ["archive", "init", "../apt", "--suite", "canary,everyone"];
    at("2025-06-02T12:00:00Z", &suites, 0);
    world.write(
        "../rings.toml",
        "from = 'staging'\n\
         [[ring]]\nname = 'canary'\nsuite = 'canary'\nsoak = '2h'\n\
         pull = { observe = 'cat count', every = '1m' }\n\
         [[ring]]\nname = 'everyone'\nsuite = 'everyone'\nsoak = '1h'\n\
         pull = { observe = 'cat count', every = '1m' }\n",
    );
    let changes = world.run(["archive", "list", "staging", "--json"]).code(0);
    let listed: Value = serde_json::from_str(&changes.stdout).expect("JSON");
    let version = &listed["suites"][0]["packages"][0]["version"];
    let version = version.as_str().expect("a version");
    world.write("../count", format!("a {version}\n"));
    let start = [
        "rollout",
        "start",
        "tally",
        "--rings",
        "../rings.toml",
        "--archive",
        "../apt",
        "--skip-rehearsal=no scripts",
    ];
    at("2025-06-02T13:00:00Z", &start, 0);
    let advance = ["rollout", "advance"];
    at("2025-06-02T13:00:00Z", &advance, 0);
    // The project's own screen tells where it is.
    let status = at("2025-06-02T13:30:00Z", &["status", "--json"], 0);
    let status = status.document("debcut/status/1");
    let rollout = &status["rollouts"][0];
    assert_eq!(rollout["state"], "soaking", "{status:#}");
    assert_eq!(rollout["rings"][0]["soak_left_seconds"], 5_400);
    assert_eq!(rollout["next_at"], "2025-06-02T15:00:00Z");
    let text = at("2025-06-02T13:30:00Z", &["status"], 0).stdout;
    assert!(text.contains("then ring everyone opens"), "{text}");
    for moment in ["15:00:00", "15:01:00", "16:01:00", "16:02:00", "16:03:00"] {
        at(&format!("2025-06-02T{moment}Z"), &advance, 0);
    }
    let release = || {
        let ran = at("2025-06-03T12:00:00Z", &["lead-time", "--json"], 0);
        ran.document("debcut/lead-time/1")
    };
    let document = release();
    let own = &document["releases"][0];
    assert_eq!(own["canary"], "2025-06-02T13:00:00Z", "{document:#}");
    assert_eq!(own["everyone"], "2025-06-02T16:01:00Z", "{document:#}");
    let steps = |document: &Value| -> Vec<String> {
        let spans = document["spans"].as_array().expect("spans");
        let steps = spans.iter().filter_map(|span| span["steps"].as_str());
        steps.map(str::to_owned).collect()
    };
    assert!(steps(&document).contains(&"canary-everyone".to_owned()));
    let status = at("2025-06-03T12:00:00Z", &["status", "--json"], 0);
    let status = status.document("debcut/status/1");
    assert_eq!(status["rings"][1]["ring"], "everyone", "{status:#}");
    assert_eq!(status["rollouts"], json!([]));
    // Taken back, it is listed as such and counts for no median.
    let back = ["rollout", "rollback", "tally", "--yes", "--reason", "slow"];
    let call = world.debcut(back).env("DEBCUT_STATE", world.path("state"));
    call.env("DEBCUT_NOW", "2025-06-03T13:00:00Z").run();
    let document = release();
    let own = &document["releases"][0];
    assert_eq!(own["taken_back"], "2025-06-03T13:00:00Z", "{document:#}");
    assert_eq!(steps(&document), Vec::<String>::new(), "{document:#}");
    let text = at("2025-06-03T14:00:00Z", &["lead-time"], 0).stdout;
    assert!(text.contains("taken back 2025-06-03"), "{text}");
    let status = at("2025-06-03T14:00:00Z", &["status", "--json"], 0);
    assert_eq!(status.document("debcut/status/1")["rings"], json!([]));
}
