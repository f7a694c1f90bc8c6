//! `prepare`: what it writes, where, and what it leaves alone.

use crate::steps::text;
use crate::world::{World, listing, tool};

#[test]
fn a_dry_run_shows_what_a_run_does() {
    let world = World::recorded();
    world.change("f", "feat: x");
    let before = world.listing();
    let dry = world.prepare(&["--dry-run"]);
    assert_eq!(world.listing(), before);
    assert_eq!(dry["dry_run"], true);
    assert_eq!(dry["plan_digest"], world.plan(&[])["digest"]);
    let done = world.prepare(&[]);
    for key in ["files", "message", "branch", "parent", "packages"] {
        assert_eq!(dry[key], done[key], "{key}");
    }
    for file in done["files"].as_array().expect("a list") {
        let bytes = std::fs::read(world.project().join(text(&file["path"]))).expect("written");
        assert_eq!(file["sha256"], debcut::model::Sha256::of(&bytes).hex());
    }
    assert_eq!(text(&done["commit"]), world.head());
}

#[test]
fn the_commit_is_the_users_own() {
    let world = World::counted("1.2.3");
    world.edit(
        "debcut.toml",
        "[[package]]",
        "[release]\nmessage = \"Release {{ packages[0].version }} of {{ branch }}\\n\\nSigned-off-by: A <a@b.org>\"\n\n[[package]]",
    );
    world.commit("feat: x");
    world.prepare(&[]);
    let message = world.git(&["log", "-1", "--format=%B"]);
    assert!(
        message.starts_with(
            "Release 1.3.0 of main\n\nSigned-off-by: A <a@b.org>\nDebcut-Release: tally 1.3.0\n"
        ),
        "{message}"
    );
    assert_eq!(
        world.git(&["log", "-1", "--format=%an %ae %cn"]),
        "Ada Example ada@example.org Ada Example"
    );
    let trailers = world.git(&["log", "-1", "--format=%(trailers:only,unfold)"]);
    assert_eq!(trailers.lines().count(), 3, "{trailers}");
}

#[test]
fn files_alone_are_left_to_be_committed() {
    let world = World::counted("1.2.3");
    world.change("f", "feat: x");
    let head = world.head();
    let done = world.prepare(&["--no-commit"]);
    assert_eq!(
        (&done["changed"], &done["commit"]),
        (&true.into(), &serde_json::Value::Null)
    );
    assert_eq!(world.head(), head);
    assert_eq!(world.git(&["status", "--porcelain"]), " M VERSION");
    // Committed in the user's own words, the release is known.
    world.git(&["commit", "--quiet", "--all", "--message", "Release it"]);
    assert_eq!(text(&world.tags(&[])["tags"][0]["name"]), "v1.3.0");
    assert_eq!(world.tagged("v1.3.0"), world.head());
    world.assert_settled();
}

#[test]
fn a_branch_of_its_own_leaves_the_current_one_alone() {
    let world = World::counted("1.2.3");
    world.change("f", "feat: x");
    let before = (world.head(), world.git(&["status", "--porcelain"]));
    let done = world.prepare(&["--branch", "release/1.3.0"]);
    assert_eq!(done["branch"], "release/1.3.0");
    assert_eq!(
        (world.head(), world.git(&["status", "--porcelain"])),
        before
    );
    assert_eq!(world.show("release/1.3.0", "VERSION"), "1.3.0");
    assert_eq!(world.show("main", "VERSION"), "1.2.3");
    assert_eq!(
        world.prepare(&["--branch", "release/1.3.0"])["changed"],
        false,
        "again"
    );
    // Nothing of it is on main, so there is nothing to tag yet.
    assert_eq!(world.refused("tag", &["--no-sign"]), ["not-prepared"]);
    world.git(&["merge", "--quiet", "--ff-only", "release/1.3.0"]);
    world.tags(&[]);
    world.assert_settled();
    for name in ["a..b", "-x", "", "x.lock", "refs/heads/y z"] {
        world.change("f", &format!("fix: {name:?}"));
        let branch = format!("--branch={name}");
        world.step("prepare", &[&branch]).code(2);
    }
}

#[test]
fn pushes_and_says_how_to_ask_for_a_merge() {
    let world = World::counted("1.2.3");
    let remote = world.path("remote");
    world.git(&["init", "--quiet", "--bare", &remote.display().to_string()]);
    world.git(&["remote", "add", "origin", &remote.display().to_string()]);
    world.git(&["push", "--quiet", "origin", "main", "v1.2.3"]);
    world.change("f", "feat: x");
    let done = world.prepare(&["--branch", "release/1.3.0", "--push"]);
    assert_eq!(done["pushed"], true);
    let there = world.git(&["ls-remote", "origin", "refs/heads/release/1.3.0"]);
    assert!(there.starts_with(&text(&done["commit"])), "{there}");
    world.git(&["merge", "--quiet", "--ff-only", "release/1.3.0"]);
    assert_eq!(world.tags(&["--push"])["pushed"], true);
    let there = world.git(&[
        "ls-remote",
        "origin",
        "refs/heads/main",
        "refs/tags/v1.3.0^{}",
    ]);
    let ids: Vec<_> = there
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();
    assert_eq!(ids, [world.head(), world.head()], "{there}");
    // Somebody was first: nothing of ours arrives, neither branch nor tag.
    world.git(&[
        "clone",
        "--quiet",
        &remote.display().to_string(),
        "../other",
    ]);
    world.git(&[
        "-C",
        "../other",
        "checkout",
        "--quiet",
        "-B",
        "main",
        "origin/main",
    ]);
    world.git(&[
        "-C",
        "../other",
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        "fix: first",
    ]);
    world.git(&["-C", "../other", "push", "--quiet", "origin", "main"]);
    world.change("f", "fix: y");
    world.prepare(&[]);
    let ran = world.step("tag", &["--no-sign", "--push"]).code(3);
    assert_eq!(ran.document("debcut/error/1")["kind"], "push-rejected");
    assert_eq!(world.git(&["ls-remote", "origin", "refs/tags/v1.3.1"]), "");
}

#[test]
fn an_editor_has_the_last_word() {
    let world = World::recorded();
    world.change("f", "feat: x");
    let editor = world.path("editor");
    let script = |body: &str| {
        std::fs::write(&editor, format!("#!/bin/sh\n{body}\n")).expect("written");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&editor, mode).expect("ours");
    };
    let edit = || {
        world
            .debcut(["prepare", "--edit", "--json"])
            .env("EDITOR", &editor)
            .run()
    };
    let before = (world.head(), listing(&world.project().join("pkg")));
    for broken in [
        "exit 1",
        "echo nonsense > \"$1\"",
        "sed -i 's/1.3.0/9.9.9/' \"$1\"",
    ] {
        script(broken);
        let ran = edit();
        assert!(
            (1..=3).contains(&ran.code),
            "{broken}: {} {}",
            ran.code,
            ran.stdout
        );
        assert_eq!(
            (world.head(), listing(&world.project().join("pkg"))),
            before,
            "{broken}"
        );
        assert_eq!(world.git(&["status", "--porcelain"]), "", "{broken}");
    }
    script("sed -i 's/  \\* .*/  * As Ada says it./' \"$1\"");
    edit().code(0);
    let entry = world.show("HEAD", "pkg/changelog");
    assert!(
        entry.starts_with("tally (1.3.0) stable; urgency=medium\n\n  * As Ada says it.\n\n -- "),
        "{entry}"
    );
    world.tags(&[]);
    world.assert_settled();
}

#[test]
fn hooks_of_the_repository_are_left_out_and_ours_are_run() {
    let world = World::counted("1.2.3");
    let toml = std::fs::read_to_string(world.project().join("debcut.toml")).expect("there");
    let flag = world.path("flag");
    let hooks = format!(
        "[hooks]\nbefore-prepare = \"test -e {0}\"\nafter-prepare = \"test -e {0}2\"\n",
        flag.display()
    );
    world.write("debcut.toml", toml + &hooks);
    world.commit("feat: x");
    let hook = world.project().join(".git/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().expect("a directory")).expect("made");
    std::fs::write(&hook, "#!/bin/sh\nexit 1\n").expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).expect("ours");
    let head = world.head();
    assert_eq!(world.refused("prepare", &[]), ["hook"]);
    assert_eq!(world.head(), head);
    std::fs::write(&flag, "").expect("written");
    let ran = world.step("prepare", &[]).code(4);
    assert_eq!(ran.document("debcut/error/1")["kind"], "hook");
    assert_eq!(world.show("HEAD", "VERSION"), "1.3.0");
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}

#[test]
fn another_debcut_or_git_at_work_is_waited_for() {
    let world = World::counted("1.2.3");
    world.change("f", "feat: x");
    world.write(".git/index.lock", "");
    let ran = world.step("prepare", &[]).code(3);
    let document = ran.document("debcut/error/1");
    assert_eq!(document["kind"], "locked", "{document}");
    assert!(
        document["hints"].to_string().contains("index.lock"),
        "{document}"
    );
    std::fs::remove_file(world.project().join(".git/index.lock")).expect("there");
    // Two at once: one does it, the other finds it done or is told to wait.
    let children: Vec<_> = (0..4)
        .map(|_| world.debcut(["prepare", "--json"]).start())
        .collect();
    for child in children {
        let ran = crate::world::finished(child.wait_with_output().expect("it ends"));
        assert!(
            [0, 3].contains(&ran.code),
            "{} {} {}",
            ran.code,
            ran.stdout,
            ran.stderr
        );
    }
    world.prepare(&[]);
    assert_eq!(world.git(&["rev-list", "--count", "v1.2.3..HEAD"]), "2");
    let children: Vec<_> = (0..4)
        .map(|_| world.debcut(["tag", "--no-sign"]).start())
        .collect();
    for child in children {
        let ran = crate::world::finished(child.wait_with_output().expect("it ends"));
        assert!(
            [0, 3].contains(&ran.code),
            "{} {} {}",
            ran.code,
            ran.stdout,
            ran.stderr
        );
    }
    world.tags(&[]);
    world.assert_settled();
}

#[test]
fn a_lock_file_says_the_version_too() {
    let world = World::counted("1.2.3");
    world.write(
        "Cargo.toml",
        "[package]\nname = \"tally\"\nversion = \"1.2.3\"\nedition = \"2021\"\n",
    );
    world.write("src/main.rs", "fn main() {}\n");
    let mut cargo = tool("cargo", "cargo");
    cargo
        .args(["generate-lockfile", "--offline"])
        .current_dir(world.project());
    if let Some(home) = std::env::var_os("RUSTUP_HOME") {
        cargo.env("RUSTUP_HOME", home);
    }
    let made = cargo.output().expect("it runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    world.edit(
        "debcut.toml",
        "[\"VERSION\"]",
        "[\"VERSION\", \"Cargo.toml\"]",
    );
    world.commit("feat: x");
    world.cut(&[]);
    assert!(
        world
            .show("v1.3.0", "Cargo.lock")
            .contains("name = \"tally\"\nversion = \"1.3.0\"")
    );
    let mut cargo = tool("cargo", "cargo");
    cargo.args(["metadata", "--locked", "--offline", "--format-version=1"]);
    let judged = cargo
        .current_dir(world.project())
        .output()
        .expect("it runs");
    assert!(
        judged.status.success(),
        "{}",
        String::from_utf8_lossy(&judged.stderr)
    );
}
