//! `release`: the whole chain, stopped and resumed, tried out, and with the
//! project's own commands around it.

use std::time::Duration;

use serde_json::Value;

use crate::world::{Listing, Ran, World, finished};

impl World {
    /// A declared project with its first release tagged, changes behind it, a
    /// key and an archive.
    fn releasable() -> Self {
        let world = Self::declared();
        world.write(
            "CHANGELOG.md",
            "# Changelog\n\n## 1.2.0 - 2025-05-01\n\n- First.\n",
        );
        world.write(".gitignore", "dist/\n");
        world.commit("docs: keep a changelog");
        world.edit("tally.1", "Counts lines.", "Counts lines, quickly.");
        world.commit("feat: count quickly");
        world.key();
        world
            .run(["archive", "init", "../apt", "--suite", "stable,next"])
            .code(0);
        world
    }

    fn release(&self, more: &[&str]) -> Ran {
        let words = ["release", "--to", "stable", "--archive", "../apt"];
        self.run(words.iter().chain(more))
    }

    fn in_suite(&self, suite: &str) -> Vec<String> {
        let list = self.run(["archive", "list", suite, "--archive", "../apt", "--json"]);
        let document = list.code(0).document("debcut/archive-list/1");
        let packages = document["suites"][0]["packages"]
            .as_array()
            .expect("a list")
            .clone();
        let named =
            |package: &Value| format!("{} {}", text(&package["name"]), text(&package["version"]));
        packages.iter().map(named).collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn release_goes_all_the_way_and_twice_is_nothing_to_do() {
    let world = World::releasable();
    let document = world
        .release(&["--json"])
        .code(0)
        .document("debcut/release/1");
    assert_eq!(document["changed"], true);
    assert_eq!(document["packages"][0]["version"], "1.3.0");
    assert_eq!(document["packages"][0]["tag"], "v1.3.0");
    assert_eq!(world.in_suite("stable"), ["tally 1.3.0"]);
    assert_eq!(world.git(&["show", "v1.3.0:VERSION"]), "1.3.0");
    assert_eq!(
        world.git(&["rev-parse", "v1.3.0^{commit}"]),
        world.git(&["rev-parse", "HEAD"])
    );
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    let changes = world.git(&["show", "v1.3.0:CHANGELOG.md"]);
    assert!(
        changes.contains("1.3.0") && changes.ends_with("- First."),
        "{changes}"
    );
    // What was built before the tag is what the tag has.
    assert!(
        !world
            .project()
            .join(".git/debcut/candidates")
            .join("x")
            .exists()
    );
    world.run(["verify", "dist/v1.3.0"]).code(0);
    // Who looks holds the lock meanwhile, and is named in it.
    let listing = || {
        let mut found = world.listing();
        found.remove(std::path::Path::new("apt/.debcut/lock"));
        found
    };
    let before = listing();
    let again = world
        .release(&["--json"])
        .code(0)
        .document("debcut/release/1");
    assert_eq!(again["changed"], false);
    assert_eq!(listing(), before);
}

#[test]
fn a_changed_build_is_never_nothing_to_do() {
    let world = World::declared();
    world.key();
    world.run(["build", "--no-cache"]).code(0);
    let out = world.project().join("dist/v1.2.0");
    let deb = out.join("tally_1.2.0_all.deb");
    let good = std::fs::read(&deb).expect("built");
    std::fs::write(&deb, "another").expect("writes");
    // The list of digests is signed by nobody: whoever changes one changes both.
    let sums = out.join("SHA256SUMS");
    let listed = std::fs::read_to_string(&sums).expect("built");
    let line = |line: &str| match line.ends_with("_all.deb") {
        true => format!(
            "{}  tally_1.2.0_all.deb\n",
            debcut::model::Sha256::of(b"another")
        ),
        false => format!("{line}\n"),
    };
    let listed: String = listed.lines().map(line).collect();
    std::fs::write(&sums, listed).expect("writes");
    world
        .run(["build", "--no-cache"])
        .code(0)
        .says(&["is built again", "was changed"]);
    assert!(std::fs::read(&deb).expect("built again") == good);
    world.run(["verify", "dist/v1.2.0"]).code(0);
}

#[test]
fn publish_takes_no_candidate_untold() {
    let world = World::releasable();
    world.run(["build", "v1.2.0"]).code(0);
    world.edit("VERSION", "1.2.0", "1.3.0");
    world.commit("chore: release 1.3.0");
    world.run(["build", "--commit", "HEAD"]).code(0);
    let publish = ["publish", "--to", "stable", "--archive", "../apt"];
    world.run(publish).code(0);
    assert_eq!(world.in_suite("stable"), ["tally 1.2.0"]);
}

#[test]
fn what_is_released_goes_to_another_suite_without_another_build() {
    let world = World::releasable();
    world.release(&[]).code(0);
    let deb = world.project().join("dist/v1.3.0/tally_1.3.0_all.deb");
    let made = |deb: &std::path::Path| {
        std::fs::metadata(deb)
            .expect("built")
            .modified()
            .expect("known")
    };
    let before = made(&deb);
    let ran = world
        .run(["release", "--to", "next", "--archive", "../apt"])
        .code(0);
    assert!(
        ran.stderr.contains("is tagged and not in next"),
        "{}",
        ran.stderr
    );
    assert_eq!(world.in_suite("next"), ["tally 1.3.0"]);
    assert_eq!(made(&deb), before);
}

#[test]
fn dry_run_and_mock_leave_nothing() {
    let world = World::releasable();
    let before = world.listing();
    let document = world
        .release(&["--dry-run", "--json"])
        .code(0)
        .document("debcut/release/1");
    assert_eq!(document["dry_run"], true);
    assert_eq!(document["packages"][0]["version"], "1.3.0");
    assert_eq!(world.listing(), before);
    let mock = world
        .run(["release", "--to", "stable", "--mock", "--json"])
        .code(0);
    let document = mock.document("debcut/release/1");
    assert_eq!(document["mock"], true);
    assert_eq!(document["packages"][0]["version"], "1.3.0");
    assert_eq!(world.listing(), before);
}

#[test]
fn a_failed_build_leaves_no_tag_and_is_made_good() {
    let world = World::releasable();
    world.edit("debcut.toml", "command = \"sed", "command = \"false && sed");
    world.commit("build: break it");
    let ran = world.release(&["--json"]).code(1);
    let document = ran.document("debcut/release/1");
    assert!(
        document["findings"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|f| f["rule"] == "build-failed")
    );
    assert_eq!(world.git(&["tag", "--list", "v1.3.0"]), "");
    assert!(world.in_suite("stable").is_empty());
    // The release commit is there; the repaired one takes its place.
    world.edit("debcut.toml", "command = \"false && sed", "command = \"sed");
    world.commit("build: repair it");
    world.release(&["--again"]).code(0);
    assert_eq!(world.in_suite("stable"), ["tally 1.3.0"]);
    assert_eq!(
        world.git(&["rev-parse", "v1.3.0^{commit}"]),
        world.git(&["rev-parse", "HEAD"])
    );
}

#[test]
fn an_approved_plan_is_kept_to() {
    let world = World::releasable();
    let plan = world
        .run(["plan", "--json"])
        .code(0)
        .document("debcut/plan/1");
    let digest = text(&plan["digest"]);
    world.write("tally.conf", "# other\n");
    world.commit("fix: more");
    let ran = world.release(&["--plan", &digest, "--json"]).code(1);
    assert_eq!(
        ran.document("debcut/release/1")["findings"][0]["rule"],
        "plan-moved"
    );
    let plan = world
        .run(["plan", "--json"])
        .code(0)
        .document("debcut/plan/1");
    let digest = text(&plan["digest"]);
    // What changes nothing about the release is not a move.
    world.git(&[
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        "fixup! fix: more",
    ]);
    world.release(&["--plan", &digest]).code(0);
    let again = world.release(&["--plan", &digest, "--json"]).code(0);
    assert_eq!(again.document("debcut/release/1")["changed"], false);
}

/// Everything that a release leaves but what no second run can repeat: the
/// journals of git, and the order in which files were packed.
fn result(world: &World) -> (Vec<String>, Vec<String>, Listing) {
    let refs = world.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
    let head = world.git(&["rev-parse", "HEAD"]);
    let mut listing = world.listing();
    listing.retain(|path, _| {
        let path = path.to_string_lossy();
        path.starts_with("apt/pool")
            || path.starts_with("apt/dists")
            || path.starts_with("project/dist")
            || (path.starts_with("project/") && !path.starts_with("project/.git/"))
    });
    let refs = refs.lines().map(str::to_owned).chain([head]).collect();
    (refs, world.in_suite("stable"), listing)
}

#[test]
fn killed_anywhere_it_ends_in_the_same_state() {
    let undisturbed = World::releasable();
    // Both worlds have the same keys, so that signatures are the same.
    let copy = |from: &World| {
        let to = World::new();
        for part in ["project", "apt", "data"] {
            let _ = std::fs::remove_dir_all(to.path(part));
            let mut cp = std::process::Command::new("cp");
            cp.arg("--archive").arg(from.path(part)).arg(to.path(part));
            assert!(cp.status().expect("cp runs").success());
        }
        to
    };
    let worlds: Vec<_> = (0..9).map(|_| copy(&undisturbed)).collect();
    undisturbed.release(&[]).code(0);
    let want = result(&undisturbed);
    for (at, world) in worlds.iter().enumerate() {
        let call = ["release", "--to", "stable", "--archive", "../apt"];
        let mut child = world.debcut(call).start();
        std::thread::sleep(Duration::from_millis(60 * at as u64));
        // One that has ended already is as good.
        let _ = child.kill();
        let _ = finished(child.wait_with_output().expect("it ended"));
        world.release(&[]).code(0);
        let got = result(world);
        assert_eq!(
            (&got.0, &got.1),
            (&want.0, &want.1),
            "killed after {} ms",
            60 * at
        );
        let differ = |(path, content): (&std::path::PathBuf, &String)| {
            let other = if got.2.get(path) == Some(content) {
                &want.2
            } else {
                &got.2
            };
            (other.get(path) != Some(content)).then(|| path.clone())
        };
        let differing: Vec<_> = got.2.iter().chain(&want.2).filter_map(differ).collect();
        assert!(
            differing.is_empty(),
            "killed after {} ms: {differing:?}",
            60 * at
        );
    }
}

#[test]
fn hooks_are_told_of_steps_and_stop_them() {
    let world = World::releasable();
    let log = world.path("hooks.log");
    let hooks = format!(
        "\n[hooks]\nbefore-tag = \"test -e {0}.ok\"\n\
         after-publish = [\"cat >> {0}; echo >> {0}\", \"test -e {0}.late\"]\n",
        log.display()
    );
    let before = std::fs::read_to_string(world.project().join("debcut.toml")).expect("there");
    world.write("debcut.toml", before + &hooks);
    world.commit("build: hooks");
    let ran = world.release(&["--json"]).code(1);
    let document = ran.document("debcut/release/1");
    let findings = document["findings"].as_array().expect("a list");
    assert!(
        findings.iter().any(|finding| finding["rule"] == "hook"),
        "{document}"
    );
    assert_eq!(world.git(&["tag", "--list", "v1.3.0"]), "");
    std::fs::write(world.path("hooks.log.ok"), "").expect("written");
    let ran = world.release(&["--json"]).code(4);
    assert_eq!(ran.document("debcut/error/1")["kind"], "hook");
    assert_eq!(world.in_suite("stable"), ["tally 1.3.0"]);
    let left = std::fs::read_dir(world.project().join(".git/debcut/hooks-due"));
    assert_eq!(left.expect("a directory").count(), 1, "what failed is left");
    std::fs::write(world.path("hooks.log.late"), "").expect("written");
    world.release(&[]).code(0);
    let left = std::fs::read_dir(world.project().join(".git/debcut/hooks-due"));
    assert_eq!(left.expect("a directory").count(), 0, "it was run");
    world.release(&[]).code(0);
    // The one that succeeded was run once.
    let told = std::fs::read_to_string(&log).expect("it was told");
    let lines: Vec<_> = told.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 1, "{told}");
    let told: Value = serde_json::from_str(lines[0]).expect("one document");
    assert_eq!(told["schema"], "debcut/hook/1");
    assert_eq!(
        (&told["step"], &told["when"]),
        (&"publish".into(), &"after".into())
    );
    assert_eq!(told["suite"], "stable");
    assert_eq!(told["packages"][0]["tag"], "v1.3.0");
    let artifacts = told["packages"][0]["artifacts"].as_array().expect("a list");
    assert!(
        artifacts
            .iter()
            .any(|path| text(path).ends_with("tally_1.3.0_all.deb"))
    );
}

#[test]
fn a_package_that_is_tagged_alone_is_published_too() {
    let world = World::releasable();
    world.run(["prepare"]).code(0);
    world.run(["tag"]).code(0);
    let document = world
        .release(&["--json"])
        .code(0)
        .document("debcut/release/1");
    assert_eq!(document["changed"], true);
    assert_eq!(world.in_suite("stable"), ["tally 1.3.0"]);
}

#[test]
fn a_suite_that_is_not_there_changes_nothing() {
    let world = World::releasable();
    let before = world.listing();
    world
        .run(["release", "--to", "nowhere", "--archive", "../apt"])
        .code(2)
        .says(&["has no suite nowhere"]);
    world.release(&["--push"]).code(2).says(&["no remote"]);
    assert_eq!(world.listing(), before);
}

#[test]
fn a_mock_runs_no_hooks_and_knows_no_secrets() {
    let world = World::releasable();
    let before = std::fs::read_to_string(world.project().join("debcut.toml")).expect("there");
    let told = world.path("told");
    let hooks = format!("\n[hooks]\nafter-publish = \"touch {}\"\n", told.display());
    world.write("debcut.toml", before + &hooks);
    world.commit("build: hooks");
    world.release(&["--mock"]).code(0);
    assert!(!told.exists());
    world.release(&[]).code(0);
    assert!(told.exists());
}

#[test]
fn what_was_removed_stays_out_until_it_is_named() {
    let world = World::releasable();
    world.release(&[]).code(0);
    world
        .run([
            "archive",
            "remove",
            "tally",
            "--from",
            "stable",
            "--archive",
            "../apt",
        ])
        .code(0);
    world
        .release(&[])
        .code(0)
        .says(&["was removed from stable and stays out"]);
    assert!(world.in_suite("stable").is_empty());
    world.release(&["tally"]).code(0);
    assert_eq!(world.in_suite("stable"), ["tally 1.3.0"]);
}

#[test]
fn a_push_that_failed_is_made_good() {
    let world = World::releasable();
    world.git(&["init", "--quiet", "--bare", "../remote.git"]);
    world.git(&["remote", "add", "origin", "../nowhere.git"]);
    world.run(["prepare", "--push"]).code(3);
    world.git(&["remote", "set-url", "origin", "../remote.git"]);
    let pushed = world.run(["prepare", "--push", "--json"]).code(0);
    assert_eq!(pushed.document("debcut/prepare/1")["changed"], true);
    world.git(&["remote", "set-url", "origin", "../nowhere.git"]);
    world.run(["tag", "--push"]).code(3);
    world.git(&["remote", "set-url", "origin", "../remote.git"]);
    let pushed = world.run(["tag", "--push", "--json"]).code(0);
    assert_eq!(pushed.document("debcut/tag/1")["changed"], true);
    let there = world.git(&["ls-remote", "origin"]);
    assert!(
        there.contains("refs/tags/v1.3.0") && there.contains("refs/heads/main"),
        "{there}"
    );
    let again = world.run(["tag", "--push", "--json"]).code(0);
    assert_eq!(again.document("debcut/tag/1")["changed"], false);
}

#[test]
fn files_without_a_commit_are_written_once() {
    let world = World::releasable();
    let files = |more: &[&str]| {
        let words = ["prepare", "--no-commit", "--json"];
        let ran = world.run(words.iter().chain(more));
        ran.code(0).document("debcut/prepare/1")
    };
    assert_eq!(files(&[])["changed"], true);
    let written = world.git(&["diff"]);
    let again = files(&[]);
    assert_eq!(again["changed"], false);
    let next_step = text(&again["next_step"]);
    assert!(next_step.contains("commit them"), "{next_step}");
    assert_eq!(files(&["--dry-run"])["files"], serde_json::json!([]));
    assert_eq!(world.git(&["diff"]), written);
    // A run that was killed between two files is completed.
    world.git(&["checkout", "--", "VERSION"]);
    assert_eq!(files(&[])["changed"], true);
    assert_eq!(world.git(&["diff"]), written);
    world.edit("VERSION", "1.3.0", "mine");
    let refused = world.run(["prepare", "--no-commit", "--json"]).code(1);
    let refused = refused.document("debcut/prepare/1");
    assert_eq!(refused["findings"][0]["rule"], "dirty-release-file");
}

#[test]
fn a_tag_beside_its_release_commit_is_told() {
    let world = World::releasable();
    world.run(["prepare"]).code(0);
    world.git(&["tag", "v1.3.0", "HEAD~1"]);
    for verb in ["plan", "tag", "prepare"] {
        let ran = world.run([verb, "--json"]).code(1);
        let document = ran.document(&format!("debcut/{verb}/1"));
        assert_eq!(document["findings"][0]["rule"], "tag-taken", "{verb}");
        let message = text(&document["findings"][0]["message"]);
        for revision in ["HEAD", "HEAD~1"] {
            let id = world.git(&["rev-parse", "--short=12", revision]);
            assert!(message.contains(&id), "{message}");
        }
    }
}
