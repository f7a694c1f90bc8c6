//! `notes`: of what is to come, of a release, of a range, of all.

use serde_json::Value;

use crate::world::{World, tool};

impl World {
    /// Two releases, and changes behind them.
    fn noted() -> Self {
        let world = Self::declared();
        world.edit("tally.1", "Counts lines.", "Counts lines and words.");
        world.commit("feat: count words (#7)");
        world.write("VERSION", "1.3.0\n");
        world.commit("chore: let it be 1.3.0");
        world.tag("v1.3.0");
        world.edit("tally.conf", "how", "what");
        world.commit("fix!: read tally.conf first\n\nBREAKING CHANGE: move ~/.tally to tally.conf");
        world.git(&["commit", "--allow-empty", "--quiet", "-m", "docs: nothing"]);
        world
    }
}

fn versions(document: &Value) -> Vec<(&str, &str)> {
    let releases = document["releases"].as_array().expect("a list");
    let each = releases.iter().map(|release| {
        let text = |key: &str| release[key].as_str().unwrap_or("-");
        (text("version"), text("previous_tag"))
    });
    each.collect()
}

#[test]
fn notes_tell_what_is_to_come_and_what_was() {
    let world = World::noted();
    let to_come = world.run(["notes"]).code(0).stdout;
    let want = "## tally (unreleased)\n\n### Breaking\n\n\
                - Read tally.conf first. Move ~/.tally to tally.conf\n\n\
                Contributors: Ada Example\n";
    assert_eq!(to_come, want);
    let old = world.run(["notes", "v1.3.0"]).code(0).stdout;
    let want = "## tally 1.3.0 (2025-05-01)\n\n### Added\n\n- Count words (#7)\n\n\
                ### Other\n\n- Let it be 1.3.0\n\nContributors: Ada Example\n";
    assert_eq!(old, want);
    // The same range by hand names the same release.
    let range = world.run(["notes", "v1.2.0..v1.3.0"]).code(0).stdout;
    assert_eq!(range, old);
    let whole = world.run(["notes", "--all"]).code(0).stdout;
    let first = world.run(["notes", "v1.2.0"]).code(0).stdout;
    assert_eq!(whole, [to_come, old, first].join("\n"));
    let document = world.run(["notes", "--all", "--json"]).code(0);
    let document = document.document("debcut/notes/1");
    let want = [("-", "v1.3.0"), ("1.3.0", "v1.2.0"), ("1.2.0", "-")];
    assert_eq!(versions(&document), want);
    let ignored = &document["releases"][0]["ignored"];
    assert_eq!(ignored, &Value::Array(Vec::new()));
    world.tag("v2.0.0");
    let nothing = world.run(["notes"]).code(0).stdout;
    assert!(nothing.contains("No changes that users see."), "{nothing}");
}

#[test]
fn every_form_tells_the_same() {
    let world = World::noted();
    let asked = |form: &str| {
        let ran = world.run(["notes", "--format", form]).code(0);
        ran.stdout
    };
    for form in ["md", "text", "html", "news", "forge", "json"] {
        let text = asked(form);
        let said = "ove ~/.tally to tally.conf";
        assert!(text.contains(said), "{form}: {text}");
        let path = world.path(form);
        let out = path.to_str().expect("text");
        let words = ["notes", "--format", form, "--out", out, "--json"];
        let planned = world.run(words.iter().chain(&["--dry-run"])).code(0);
        assert_eq!(planned.document("debcut/notes/1")["dry_run"], true);
        assert!(!path.exists(), "{form}");
        for changed in [true, false] {
            let document = world.run(words).code(0).document("debcut/notes/1");
            assert_eq!(document["changed"], changed, "{form}");
            assert_eq!(document["out"], out);
        }
        let written = std::fs::read_to_string(path).expect("it was written");
        match form {
            "json" => {
                let same = |text: &str| -> Value {
                    let document: Value = serde_json::from_str(text).expect("JSON");
                    document["releases"].clone()
                };
                assert_eq!(same(&written), same(&text));
            }
            _ => assert_eq!(written, text, "{form}"),
        }
    }
    // NEWS has the changelog's form, and dpkg reads it.
    world.write(
        "NEWS",
        world.run(["notes", "--format", "news", "--all"]).stdout,
    );
    let mut dpkg = tool("dpkg-parsechangelog", "dpkg-dev");
    dpkg.args(["--all", "-l"]).arg(world.project().join("NEWS"));
    let read = world.judge(dpkg).code(0).stdout;
    assert!(read.contains("Version: 2.0.0\n"), "{read}");
}

#[test]
fn notes_that_users_cannot_read_are_found() {
    let world = World::noted();
    let good = world.run(["notes", "--lint", "--strict"]).code(0);
    assert_eq!(good.stdout, "");
    world.edit("tally.conf", "what", "that");
    world.commit("fix: call tally::count() twice");
    let found = world.run(["notes", "--lint"]).code(0);
    assert!(found.stdout.contains("[note-of-code]"), "{}", found.stdout);
    let strict = world.run(["notes", "--lint", "--strict", "--json"]).code(1);
    let document = strict.document("debcut/notes/1");
    assert_eq!(document["findings"][0]["severity"], "error");
    assert_eq!(document["releases"][0]["package"], "tally");
}

#[test]
fn what_is_no_release_is_told() {
    let world = World::noted();
    world.tag("nightly");
    for (asked, kind) in [
        ("v9.9.9", "no-tag"),
        ("nightly", "tag-style"),
        ("v9.9.9..HEAD", "no-commit"),
    ] {
        let ran = world.run(["notes", asked, "--format", "json"]).code(2);
        let document = ran.document("debcut/error/1");
        assert_eq!(document["kind"], kind, "{asked}");
    }
    let ran = world.run(["notes", "--package", "taly", "--json"]).code(2);
    assert_eq!(ran.document("debcut/error/1")["kind"], "no-package");
    // An own template may not be one.
    world.edit(
        "debcut.toml",
        "[[package]]",
        "[release.notes.templates]\nmd = \"notes.j2\"\n\n[[package]]",
    );
    world.write("notes.j2", "{% if %}\n");
    world.commit("docs: own notes");
    let ran = world.run(["notes", "--json"]).code(0);
    ran.document("debcut/notes/1");
    let ran = world.run(["notes"]).code(2);
    assert!(
        ran.stderr
            .contains("the template md cannot be used, line 1"),
        "{}",
        ran.stderr
    );
}
