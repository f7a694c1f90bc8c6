//! `doctor`: one broken world for each check, and one in which all is well.

use serde_json::Value;

use crate::publishing::small_disk::SmallDisk;
use crate::world::{Ran, World, tool};

/// Makes a project that could be released at once.
fn healthy() -> World {
    let world = World::declared();
    world.key();
    world
}

fn document(ran: &Ran) -> Value {
    ran.document("debcut/doctor/1")
}

/// Finds the findings of a rule.
fn of<'a>(document: &'a Value, rule: &str) -> Vec<&'a Value> {
    let found = document["findings"].as_array().expect("a list");
    found.iter().filter(|one| one["rule"] == rule).collect()
}

/// Checks that a run finds one thing by this rule, as severe as it is said, and
/// says what to do; returns its subject and message.
#[track_caller]
fn finds(ran: Ran, severity: &str, rule: &str) -> String {
    let document = document(&ran);
    let found = of(&document, rule);
    let [one] = found.as_slice() else {
        panic!("one finding of {rule} in\n{document:#}");
    };
    assert_eq!(one["severity"], severity, "{document:#}");
    assert_ne!(one["fix"], "", "{document:#}");
    let is_no = document["problems"] != 0;
    assert_eq!(ran.code, i32::from(is_no), "{document:#}");
    assert!(severity != "error" || is_no, "{document:#}");
    format!("{} {}", one["subject"], one["message"])
}

fn examine(world: &World) -> Ran {
    world.run(["doctor", "--json"])
}

/// Commits a change of a file.
fn change(world: &World, file: &str, text: &str, message: &str) {
    world.write(file, text);
    world.commit(message);
}

#[test]
fn a_project_that_is_ready_is_told_so_and_left_alone() {
    let world = healthy();
    let before = world.listing();
    let ran = world.run(["doctor"]).code(0);
    assert_eq!(world.listing(), before);
    let last = ran.stdout.lines().last().expect("a verdict");
    assert!(last.starts_with("ready: "), "{}", ran.stdout);
    assert!(
        last.ends_with("0 warning(s), 0 problem(s), 0 not checked"),
        "{last}"
    );
    for line in ran.stdout.lines().rev().skip(1) {
        assert!(line.starts_with("ok: "), "{line}");
    }
    let document = document(&examine(&world).code(0));
    let passed = document["passed"].as_array().expect("a list").len();
    assert_eq!(document["ok"], passed);
    assert_eq!(document["findings"], serde_json::json!([]));
}

#[test]
fn without_a_repository_there_is_nothing_to_check() {
    let world = World::new();
    std::fs::remove_dir_all(world.project().join(".git")).expect("removed");
    let ran = examine(&world).code(2);
    assert_eq!(ran.document("debcut/error/1")["kind"], "no-repository");
}

#[test]
fn the_work_tree_is_looked_at() {
    let world = healthy();
    world.write("VERSION", "1.9.0\n");
    let said = finds(examine(&world), "error", "dirty-release-file");
    assert!(said.contains("VERSION"), "{said}");

    let world = healthy();
    world.write("note.txt", "x");
    let said = finds(examine(&world), "warning", "dirty-work-tree");
    assert!(said.contains("note.txt"), "{said}");
    // What builds leave is nobody's change.
    std::fs::remove_file(world.project().join("note.txt")).expect("removed");
    world.write("dist/v1/x.deb", "x");
    examine(&world).code(0);
    assert_eq!(of(&document(&examine(&world)), "dirty-work-tree").len(), 0);
}

#[test]
fn heads_without_a_branch_or_a_commit_are_told() {
    let world = healthy();
    world.git(&["checkout", "--quiet", "--detach"]);
    finds(examine(&world), "warning", "detached-head");

    let world = World::new();
    world.write("debcut.toml", "");
    finds(examine(&world), "error", "no-commit");
}

#[test]
fn what_git_has_begun_is_told() {
    let world = healthy();
    world.git(&["switch", "--quiet", "--create", "topic"]);
    change(&world, "tally.conf", "topic\n", "fix: topic");
    world.git(&["switch", "--quiet", "main"]);
    change(&world, "tally.conf", "main\n", "fix: main");
    let mut merge = tool("git", "git");
    merge.current_dir(world.project()).args(["merge", "topic"]);
    assert_ne!(world.judge(merge).code, 0, "it conflicts");
    world.write(".git/debcut/prepare.json", "{}");
    finds(examine(&world), "warning", "prepare-interrupted");
    let said = finds(examine(&world), "error", "git-underway");
    assert!(said.contains("git merge"), "{said}");
}

#[test]
fn clones_are_compared_with_what_they_were_made_of() {
    let world = healthy();
    change(&world, "tally.conf", "2\n", "fix: two");
    let from = format!("file://{}", world.project().display());
    let clone = |name: &str, more: &[&str]| {
        let to = world.path(name);
        let to = to.to_str().expect("text");
        world.git(&[&["clone", "--quiet"], more, &[from.as_str(), to]].concat());
        to.to_owned()
    };
    let shallow = clone("shallow", &["--depth", "1"]);
    let ran = world.run(["doctor", "--json", "-C", &shallow]);
    finds(ran, "warning", "shallow-clone");

    let other = clone("other", &[]);
    let ran = world.run(["doctor", "--json", "-C", &other]).code(0);
    let found = document(&ran);
    let skipped = of(&found, "local-tags");
    assert_eq!(skipped.len(), 1, "tags of a remote cannot be known");
    assert_eq!(skipped[0]["severity"], "info");
    assert_eq!(found["skipped"], 1);
    change(&world, "tally.conf", "3\n", "fix: three");
    world.git(&["-C", &other, "fetch", "--quiet"]);
    let ran = world.run(["doctor", "--json", "-C", &other]);
    let said = finds(ran, "error", "behind-upstream");
    assert!(said.contains("lacks 1 commit(s) of origin/main"), "{said}");
}

#[test]
fn nobody_releases_anonymously() {
    let world = healthy();
    let run = |name: &str, email: &str| {
        let call = world.debcut(["doctor", "--json"]);
        call.env("DEBFULLNAME", name).env("DEBEMAIL", email).run()
    };
    let said = finds(run("", "ada@example.org"), "error", "debian-identity");
    assert!(said.contains("no name"), "{said}");
    let said = finds(run("Ada", "ada@box"), "warning", "debian-identity");
    assert!(said.contains("nobody can write"), "{said}");
}

#[test]
fn keys_are_there_and_good_for_a_while() {
    let world = World::declared();
    let said = finds(examine(&world), "error", "signing-key");
    assert!(said.contains("no key to sign with"), "{said}");
    let new = ["key", "new", "--no-passphrase", "--expire", "40d"];
    world.run(new).code(0);
    examine(&world).code(0);
    let at = |moment: &str| {
        world
            .debcut(["doctor", "--json"])
            .env("DEBCUT_NOW", moment)
            .run()
    };
    let said = finds(at("2025-06-20T12:00:00Z"), "warning", "signing-key");
    assert!(said.contains("in 21 day(s)"), "{said}");
    let said = finds(at("2025-08-01T12:00:00Z"), "error", "signing-key");
    assert!(said.contains("expired on 2025-07-11"), "{said}");
    world.run(new).code(0);
    let said = finds(examine(&world), "error", "signing-key");
    assert!(said.contains("2 keys"), "{said}");

    let world = healthy();
    let stranger = "0123456789ABCDEF0123456789ABCDEF01234567";
    let text = format!("[signing]\ntag-keys = [\"{stranger}\"]\n");
    let old = std::fs::read_to_string(world.project().join("debcut.toml")).expect("read");
    change(
        &world,
        "debcut.toml",
        &format!("{text}\n{old}"),
        "chore: keys",
    );
    let said = finds(examine(&world), "error", "tag-key");
    assert!(said.contains(stranger), "{said}");
}

#[test]
fn gits_own_signing_is_tried_out() {
    let world = healthy();
    world.git(&["config", "gpg.format", "ssh"]);
    world.git(&["config", "user.signingkey", "~/key.pub"]);
    let said = finds(examine(&world), "error", "git-signing");
    assert!(said.contains("no such file"), "{said}");
    let mut keygen = tool("ssh-keygen", "openssh-client");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]);
    keygen.arg(world.path("home/key"));
    world.judge(keygen).code(0);
    examine(&world).code(0);
    assert_eq!(of(&document(&examine(&world)), "git-signing").len(), 0);

    tool("gpg", "gnupg");
    world.git(&["config", "gpg.format", "openpgp"]);
    world.git(&["config", "user.signingkey", "nobody@example.org"]);
    let said = finds(examine(&world), "error", "git-signing");
    assert!(said.contains("no secret key"), "{said}");
}

#[test]
fn programs_are_looked_for_where_they_are_needed() {
    let world = healthy();
    let bin = world.path("bin");
    std::fs::create_dir(&bin).expect("a directory");
    std::os::unix::fs::symlink("/usr/bin/git", bin.join("git")).expect("a link");
    let run = || world.debcut(["doctor", "--json"]).env("PATH", &bin).run();
    // Nothing is pushed by ssh, so ssh may lack.
    assert_eq!(of(&document(&run()), "missing-tool").len(), 0);
    world.git(&["remote", "add", "origin", "git@forge.example:ada/tally.git"]);
    let document = document(&run().code(1));
    let found = of(&document, "missing-tool");
    assert_eq!(found.len(), 1, "{document:#}");
    assert_eq!(found[0]["subject"], "ssh");
    assert_eq!(found[0]["fix"], "apt-get install openssh-client");
}

#[test]
fn build_dependencies_are_met() {
    tool("dpkg-checkbuilddeps", "dpkg-dev");
    let world = World::native();
    world.key();
    assert_eq!(
        of(&document(&examine(&world)), "build-dependencies").len(),
        0
    );
    world.edit("debian/control", "(= 13)", "(= 13), no-such-thing (>= 2)");
    world.commit("build: need it");
    let document = document(&examine(&world).code(1));
    let found = of(&document, "build-dependencies");
    assert_eq!(found.len(), 1, "{document:#}");
    assert_eq!(found[0]["fix"], "apt-get install no-such-thing");
}

/// Configures an archive and commits that.
fn with_archive(location: &str) -> World {
    let world = healthy();
    let text = format!("\n[archive.house]\nlocation = \"{location}\"\n");
    let old = std::fs::read_to_string(world.project().join("debcut.toml")).expect("read");
    change(&world, "debcut.toml", &(old + &text), "chore: archive");
    world
}

#[test]
fn archives_are_there_and_can_be_written() {
    let world = with_archive("../apt");
    let said = finds(examine(&world), "warning", "archive");
    assert!(said.contains("no archive yet"), "{said}");
    let place = world.path("apt");
    let place = place.to_str().expect("text");
    world
        .run(["archive", "init", place, "--suite", "stable"])
        .code(0);
    let found = document(&examine(&world).code(0));
    let passed = found["passed"].to_string();
    assert!(passed.contains("stable@1"), "{passed}");
    std::fs::remove_dir_all(world.path("data/debcut/keys")).expect("removed");
    world.key();
    finds(examine(&world), "warning", "archive-key");

    let head = world.path("apt/.debcut/suites/stable/head");
    let text = std::fs::read(&head).expect("read");
    std::fs::write(&head, "{}").expect("written");
    finds(examine(&world), "error", "archive");
    std::fs::write(&head, text).expect("written");

    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o555);
    std::fs::set_permissions(place, mode).expect("changed");
    let ran = world.debcut(["doctor", "--json"]).by_nobody().run();
    let said = finds(ran, "error", "archive-read-only");
    assert!(said.contains("apt cannot be written to"), "{said}");
}

#[test]
fn an_object_store_without_a_key_is_told_with_what_opens_it() {
    let world = with_archive("s3://bucket/prefix");
    let ran = examine(&world);
    let fix = of(&document(&ran), "archive")[0]["fix"].to_string();
    assert!(fix.contains("AWS_ACCESS_KEY_ID"), "{fix}");
    let said = finds(ran, "error", "archive");
    assert!(said.contains("s3://bucket/prefix"), "{said}");
}

#[test]
fn the_clock_is_behind_no_commit() {
    let world = healthy();
    let call = world.debcut(["doctor", "--json"]);
    let ran = call.env("DEBCUT_NOW", "2025-04-30T12:00:00Z").run();
    let said = finds(ran, "error", "clock");
    assert!(said.contains("2025-05-01T10:00:00Z"), "{said}");
}

#[test]
fn a_full_disk_is_told_before_a_build_fills_it() {
    let world = healthy();
    let disk = SmallDisk::mount(&world);
    // Whoever enters it starts at the top of everything.
    let project = world.project();
    let words = ["doctor", "--json", "-C", project.to_str().expect("text")];
    let call = world.debcut(words).under(disk.entrance());
    let said = finds(call.env("TMPDIR", disk.place()).run(), "error", "disk");
    assert!(said.contains("TMPDIR"), "{said}");
}

#[test]
fn the_configuration_is_read_and_fits_the_tree() {
    let world = healthy();
    world.edit("debcut.toml", "version-files", "version-fiels");
    let ran = examine(&world);
    let document = document(&ran);
    assert!(
        of(&document, "configuration")[0]["fix"]
            .to_string()
            .contains("version-files")
    );
    assert_eq!(of(&document, "packages")[0]["severity"], "info");
    // The rest is checked all the same.
    assert!(
        document["passed"].to_string().contains("disk"),
        "{document:#}"
    );

    let world = healthy();
    world.edit("debcut.toml", "tag =", "include = [\"lib/*.sh\"]\ntag =");
    world.commit("chore: include");
    let said = finds(examine(&world), "error", "dead-pattern");
    assert!(said.contains("lib/*.sh"), "{said}");
}

#[test]
fn a_template_that_describes_nothing_yet_is_not_called_well() {
    let world = World::new();
    world.write("debcut.toml", "# [[package]]\n");
    world.commit("chore: begin");
    let document = document(&examine(&world).code(1));
    let found = of(&document, "configuration");
    assert_eq!(found.len(), 1, "{document:#}");
    let fix = found[0]["fix"].to_string();
    assert!(fix.contains("uncomment [[package]]"), "{fix}");
    let passed = document["passed"].to_string();
    assert!(!passed.contains("no package is described"), "{passed}");
}

const TWO: &str = "[[package]]\nname = \"aa\"\npath = \"crates/aa\"\ntag = \"aa-v{version}\"\n\
    version-files = [\"crates/aa/VERSION\"]\n\
    [[package]]\nname = \"bb\"\npath = \"crates/bb\"\ntag = \"bb-v{version}\"\n";

#[test]
fn what_is_nobodys_is_told() {
    let world = World::new();
    world.key();
    world.write("debcut.toml", TWO);
    for file in ["aa/VERSION", "bb/VERSION", "cc/VERSION"] {
        world.write(&format!("crates/{file}"), "1.0.0\n");
    }
    world.write("docs/deep/x.md", "x");
    world.write(".github/x.yml", "x");
    world.commit("feat: all");
    let said = finds(examine(&world), "warning", "unowned-files");
    assert!(said.contains("\"crates/cc, docs\""), "{said}");
    assert_eq!(of(&document(&examine(&world)), "tag-pattern").len(), 0);
    world.tag("aa-v1.0.0");
    world.tag("bb-release-1.0.0");
    let said = finds(examine(&world), "warning", "tag-pattern");
    assert!(
        said.contains("bb-v{version}") && said.contains("bb-release-1.0.0"),
        "{said}"
    );
}

#[test]
fn versions_agree_with_each_other_and_with_the_tags() {
    let world = healthy();
    world.edit(
        "debcut.toml",
        "[\"VERSION\"]",
        "[\"VERSION\", \"lib/VERSION\"]",
    );
    change(&world, "lib/VERSION", "1.1.0\n", "chore: two files");
    let said = finds(examine(&world), "error", "version-files-disagree");
    assert!(said.contains("lib/VERSION says 1.1.0"), "{said}");

    let world = healthy();
    change(&world, "VERSION", "1.1.0\n", "chore: go back");
    let said = finds(examine(&world), "warning", "version-behind-tag");
    assert!(said.contains("v1.2.0"), "{said}");

    let world = healthy();
    change(&world, "tally.conf", "x\n", "fix: x");
    world.tag("v1.2.1");
    let said = finds(examine(&world), "warning", "tagged-versions");
    assert!(said.contains("v1.2.1 holds 1.2.0 (VERSION)"), "{said}");
    assert!(said.contains("1 of the newest 2 tags"), "{said}");
}

#[test]
fn a_release_that_was_begun_is_told() {
    let world = healthy();
    let message = "chore(release): tally 1.3.0\n\nDebcut-Release: tally 1.3.0";
    change(&world, "VERSION", "1.3.0\n", message);
    let said = finds(examine(&world), "warning", "prepared-untagged");
    assert!(said.contains("1.3.0"), "{said}");
    world.tag("v1.3.0");
    assert_eq!(
        of(&document(&examine(&world)), "prepared-untagged").len(),
        0
    );
}

#[test]
fn fixes_that_never_reached_the_main_branch_are_told() {
    let rule = "unsynchronised-branch";
    let world = healthy();
    world.git(&["switch", "--quiet", "--create", "release-1.2"]);
    change(&world, "tally.conf", "# fixed\n", "fix: the count");
    let message = "chore(release): tally 1.2.1\n\nDebcut-Release: tally 1.2.1";
    change(&world, "VERSION", "1.2.1\n", message);
    world.tag("v1.2.1");
    world.git(&["switch", "--quiet", "main"]);
    let said = finds(examine(&world), "warning", rule);
    assert!(said.contains("release-1.2"), "{said}");
    assert!(
        said.contains("1 commit(s)") && said.contains("fix: the count"),
        "{said}"
    );

    // The same change under another name, after another one.
    change(&world, "tally.in", "#!/bin/sh\nwc\n", "feat: other");
    world.git(&["cherry-pick", "release-1.2~1"]);
    let amend = [
        "commit",
        "--quiet",
        "--amend",
        "--message",
        "fix(conf): say it",
    ];
    world.git(&amend);
    examine(&world).code(0);
    assert_eq!(of(&document(&examine(&world)), rule).len(), 0);

    // Something else under another name, that says what it was picked from.
    let id = world.git(&["rev-parse", "release-1.2~1"]);
    change(&world, "tally.conf", "# fixed otherwise\n", "x");
    let text = format!("fix: resolved\n\n(cherry picked from commit {id})");
    world.git(&["reset", "--quiet", "--soft", "HEAD~2"]);
    world.git(&["commit", "--quiet", "--message", &text]);
    assert_eq!(of(&document(&examine(&world)), rule).len(), 0);
}

#[test]
fn a_like_commit_is_no_picked_one() {
    let world = healthy();
    world.git(&["switch", "--quiet", "--create", "release-1.2"]);
    change(&world, "tally.conf", "# fixed\n", "fix: the count");
    world.git(&["switch", "--quiet", "main"]);
    // The same file, and something else in it.
    change(&world, "tally.conf", "# other\n", "feat: another count");
    let said = finds(examine(&world), "warning", "unsynchronised-branch");
    assert!(said.contains("fix: the count"), "{said}");
    // Merged for good, whatever became of it.
    world.git(&[
        "merge",
        "--quiet",
        "--strategy=ours",
        "--message",
        "merge",
        "release-1.2",
    ]);
    examine(&world).code(0);
    assert_eq!(
        of(&document(&examine(&world)), "unsynchronised-branch").len(),
        0
    );
    // A branch of the remote counts as well.
    world.git(&["switch", "--quiet", "release-1.2"]);
    change(&world, "tally.conf", "# twice\n", "fix: count twice");
    world.git(&["switch", "--quiet", "main"]);
    let to = world.path("clone");
    let to = to.to_str().expect("text");
    world.git(&["clone", "--quiet", ".", to]);
    let ran = world.run(["doctor", "--json", "-C", to]);
    let said = finds(ran, "warning", "unsynchronised-branch");
    assert!(said.contains("origin/release-1.2"), "{said}");
    assert!(
        said.contains("1 commit(s)") && said.contains("count twice"),
        "{said}"
    );
}
