//! Notes of patch releases: what the parents of picks tell, in every place
//! where notes are.

use serde_json::Value;

use crate::world::World;

/// A project with the tag v1.2.0, its branch `release-1.2`, and a main branch
/// that has gone on by merged pull requests.
fn project() -> World {
    let world = World::declared();
    world.git(&[
        "remote",
        "add",
        "origin",
        "https://github.com/example/tally",
    ]);
    world.git(&["branch", "release-1.2"]);
    world
}

/// Commits a change of a file of its own on main; returns its id.
fn change(world: &World, file: &str, message: &str) -> String {
    world.write(&format!("notes/{file}"), message);
    world.commit(message);
    world.git(&["rev-parse", "HEAD"])
}

fn picked(world: &World, commits: &[&str]) {
    world.git(&["switch", "--quiet", "release-1.2"]);
    for commit in commits {
        world.git(&["cherry-pick", "-x", commit]);
    }
}

fn notes(world: &World) -> Value {
    let ran = world.run(["notes", "--json"]).code(0);
    let document = ran.document("debcut/notes/1");
    document["releases"][0].clone()
}

/// `Section: component: text` of every note.
fn outline(notes: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for section in notes["sections"].as_array().expect("a list") {
        for note in section["notes"].as_array().expect("a list") {
            let text = |of: &Value| of.as_str().unwrap_or("-").to_owned();
            lines.push(format!(
                "{}: {}: {}",
                text(&section["title"]),
                text(&note["component"]),
                text(&note["text"])
            ));
        }
    }
    lines
}

#[test]
fn picks_tell_what_their_parents_told_with_links_to_them() {
    let world = project();
    let squashed = change(
        &world,
        "a",
        "fix(count): long lines (#11)\n\nRelease-Note: Lines over 4 KiB are counted once.",
    );
    // A pull request of two commits, merged.
    world.git(&["switch", "--quiet", "--create", "topic"]);
    let one = change(&world, "b", "fix(read): wait for input");
    let two = change(&world, "c", "test(read): wait for input");
    world.git(&["switch", "--quiet", "main"]);
    change(&world, "d", "feat: meanwhile");
    let merge = "Merge pull request #12 from ida/topic\n\nfix(read): Pipes that stall are read to their end";
    world.git(&["merge", "--quiet", "--no-ff", "-m", merge, "topic"]);
    let moved = change(
        &world,
        "e",
        "fix(cli): read /etc\n\nAction-Required: Move tally.conf to /etc.",
    );
    picked(&world, &[&squashed, &one, &two, &moved]);
    let found = notes(&world);
    assert_eq!(
        outline(&found),
        [
            "Action required: cli: Read /etc.",
            "Fixed: count: Lines over 4 KiB are counted once.",
            "Fixed: read: Pipes that stall are read to their end",
        ]
    );
    let text = world.run(["notes"]).code(0).stdout;
    let page = "https://github.com/example/tally";
    for link in [
        format!("([#11]({page}/pull/11), picked as ["),
        format!("([#12]({page}/pull/12), picked as ["),
        format!("([{}]({page}/commit/{moved}), picked as [", &moved[..7]),
    ] {
        assert!(text.contains(&link), "{link} in {text}");
    }
    assert!(!text.contains("wait for input"), "{text}");
    // The same in the changelog and tag that a release makes of them.
    let plan = world.run(["plan", "--json"]).code(0);
    let plan = plan.document("debcut/plan/1");
    assert_eq!(plan["packages"][0]["next"], "1.2.1");
}

#[test]
fn a_note_that_is_said_later_in_the_queue_counts() {
    let world = project();
    let silent = change(&world, "a", "fix: stop in time");
    let pick = ["patch", "pick", "HEAD", "--onto", "release-1.2", "--json"];
    let asked = world.run(pick).code(0).document("debcut/patch-pick/1");
    let id = asked["id"].as_str().expect("a name");
    let release_note = |world: &World| {
        let shown = world.run(["patch", "list", "--json"]).code(0);
        shown.document("debcut/patch-list/1")["requests"][0]["release_note"].clone()
    };
    assert_eq!(release_note(&world), "missing");
    picked(&world, &[&silent]);
    let lint = ["notes", "--lint", "--strict", "--json"];
    let found = world.run(lint).code(1).document("debcut/notes/1");
    assert_eq!(found["findings"][0]["rule"], "note-missing", "{found}");
    let plan = world.run(["patch", "plan", "release-1.2"]).code(0).stdout;
    assert!(plan.contains("no note for users was written"), "{plan}");

    let words = [
        "patch",
        "answer",
        id,
        "--note",
        "It stops when asked to.",
        "--json",
    ];
    let said = world.run(words).code(0).document("debcut/patch-answer/1");
    assert_eq!(said["changed"], true);
    let again = world.run(words).code(0).document("debcut/patch-answer/1");
    assert_eq!(again["changed"], false);
    assert_eq!(release_note(&world), "written");
    assert_eq!(
        outline(&notes(&world)),
        ["Fixed: -: It stops when asked to."]
    );
    world.run(lint).code(0);
    let log = world.run(["patch", "log"]).code(0).stdout;
    assert!(log.contains("note: It stops when asked to."), "{log}");
}

#[test]
fn parents_that_are_not_here_are_named_and_nothing_fails() {
    let world = project();
    let gone = "0123456789abcdef0123456789abcdef01234567";
    world.git(&["switch", "--quiet", "release-1.2"]);
    change(
        &world,
        "a",
        &format!("net: wake up\n\n[ Upstream commit {gone} ]\n\nIt slept."),
    );
    // The way from main over another branch: the original counts.
    world.git(&["switch", "--quiet", "main"]);
    let first = change(&world, "b", "fix: b");
    world.git(&["switch", "--quiet", "--create", "other", "v1.2.0"]);
    world.git(&["cherry-pick", "-x", &first]);
    let second = world.git(&["rev-parse", "HEAD"]);
    picked(&world, &[&second]);
    let found = notes(&world);
    let mut parents = Vec::new();
    for section in found["sections"].as_array().expect("a list") {
        for note in section["notes"].as_array().expect("a list") {
            for parent in note["parents"].as_array().expect("a list") {
                let id = parent["commit"].as_str().expect("an id").to_owned();
                parents.push((id, parent["author"].is_null()));
            }
        }
    }
    parents.sort();
    let mut want = [(gone.to_owned(), true), (first, false)];
    want.sort();
    assert_eq!(parents, want);
    let text = world.run(["notes", "--format", "text"]).code(0).stdout;
    assert!(text.contains("(0123456, picked as "), "{text}");
}

#[test]
fn an_announcement_needs_no_tag_to_be_looked_at() {
    let world = project();
    let ran = world.run(["announce"]).code(0);
    assert!(ran.stdout.contains("tally 1.2.0"), "{}", ran.stdout);
    change(&world, "a", "fix: a");
    let ran = world.run(["announce"]).code(0).says(&["v1.2.0"]);
    assert!(ran.stdout.contains("tally 1.2.0"), "{}", ran.stdout);
    world
        .run(["announce", "--send"])
        .code(2)
        .says(&["debcut announce v1.2.0 --send"]);
    world.git(&["tag", "--delete", "v1.2.0"]);
    world
        .run(["announce"])
        .code(2)
        .says(&["debcut announce TAG"]);
}

#[test]
fn what_one_clone_announced_another_does_not() {
    let world = project();
    let edit = |world: &World| {
        let text = std::fs::read_to_string(world.project().join("debcut.toml")).expect("text");
        let channels = "[[announce.channel]]\nname = 'wall'\ncommand = 'cat >> ../wall'\n\
             [[announce.channel]]\nname = 'cut'\ncommand = 'cat >> ../cut; [ -e ../ok ] || kill -9 $PPID'\n";
        world.write("debcut.toml", format!("{text}\n{channels}"));
        world.commit("chore: channels");
    };
    edit(&world);
    let top = world.project();
    let remote = world.path("remote.git").display().to_string();
    world.git(&["init", "--quiet", "--bare", &remote]);
    let told = |file: &str| {
        let text = std::fs::read_to_string(world.path(file)).unwrap_or_default();
        text.matches("tally 1.2.0").count()
    };
    let announce = |place: &std::path::Path, words: &str, code: i32| {
        let place = place.to_str().expect("text");
        let words = words.split(' ');
        let all = ["-C", place, "announce", "v1.2.0", "--json"];
        let ran = world.run(all.into_iter().chain(words)).code(code);
        ran.document("debcut/announce/1")
    };
    let document = announce(&top, "--to wall --send", 0);
    assert_eq!(document["channels"][0]["state"], "sent");
    let once = told("wall");
    assert!(once > 0);
    let log = world.run(["patch", "log"]).code(0).stdout;
    assert!(log.contains("announces v1.2.0 to wall"), "{log}");
    // The ledger knows it where the clone's own record is lost, and elsewhere.
    std::fs::remove_file(top.join(".git/debcut/announced.json")).expect("it is there");
    let sync = ["patch", "sync", "--remote", &remote];
    world.run(sync).code(0);
    world.git(&["clone", "--quiet", ".", "../other"]);
    let other = world.path("other");
    let elsewhere = ["-C", other.to_str().expect("text")];
    world.run(elsewhere.into_iter().chain(sync)).code(0);
    for place in [&top, &other] {
        let document = announce(place, "--to wall --send", 0);
        assert_eq!(document["channels"][0]["state"], "sent-before");
        assert_eq!(document["changed"], false);
    }
    assert_eq!(told("wall"), once);
    let document = announce(&top, "--to wall --send --again --dry-run", 0);
    assert_eq!(document["channels"][0]["state"], "waits");
    assert!(document["channels"][0]["sent"].is_string(), "{document}");
    assert_eq!(told("wall"), once);

    // Killed while it was sending: nobody knows, and nothing goes twice unasked.
    let killed = world.run(["announce", "v1.2.0", "--to", "cut", "--send"]);
    assert_ne!(killed.code, 0, "{}", killed.stdout);
    let once = told("cut");
    assert!(once > 0);
    let document = announce(&top, "--to cut --send", 1);
    assert_eq!(document["channels"][0]["state"], "perhaps-sent");
    let finding = &document["findings"][0];
    assert_eq!(finding["rule"], "perhaps-sent", "{document}");
    let fix = finding["fix"].as_str().expect("text");
    assert!(fix.contains("--to cut --send --again"), "{fix}");
    assert_eq!(told("cut"), once);
    std::fs::write(world.path("ok"), "").expect("writes");
    announce(&top, "--to cut --send --again", 0);
    assert_eq!(told("cut"), 2 * once);
    let document = announce(&top, "--to cut --send", 0);
    assert_eq!(document["channels"][0]["state"], "sent-before");

    world
        .run(["announce", "v1.2.0", "--to", "nosuch", "--send"])
        .code(2)
        .says(&["there is no channel “nosuch”", "debcut.toml has wall, cut"]);
}

/// Who was told of two releases in one text was told of each, and of one of them
/// before is told of the other alone.
#[test]
fn a_channel_is_told_of_a_release_once_in_whatever_text() {
    let world = project();
    let text = std::fs::read_to_string(world.project().join("debcut.toml")).expect("text");
    let channels = "[[announce.channel]]\nname = 'wall'\ncommand = 'cat >> ../wall'\n\
         [[announce.channel]]\nname = 'hall'\ncommand = 'cat >> ../hall'\n";
    world.write("debcut.toml", format!("{text}\n{channels}"));
    world.commit("chore: channels");
    world.write("VERSION", "1.2.1\n");
    world.commit("chore: release 1.2.1");
    world.tag("v1.2.1");
    let told = |file: &str, version: &str| {
        let text = std::fs::read_to_string(world.path(file)).unwrap_or_default();
        text.matches(&format!("tally {version}")).count()
    };
    let announce = |words: &str| {
        let words = format!("announce {words} --send --json");
        let ran = world.run(words.split_whitespace()).code(0);
        let document = ran.document("debcut/announce/1");
        document["channels"][0]["state"]
            .as_str()
            .expect("a state")
            .to_owned()
    };
    assert_eq!(announce("v1.2.0 v1.2.1 --to wall"), "sent");
    let once = (told("wall", "1.2.0"), told("wall", "1.2.1"));
    assert!(once.0 > 0 && once.1 > 0, "{once:?}");
    let again = || {
        for tags in ["v1.2.0", "v1.2.1", "v1.2.1 v1.2.0"] {
            assert_eq!(
                announce(&format!("{tags} --to wall")),
                "sent-before",
                "{tags}"
            );
        }
        assert_eq!((told("wall", "1.2.0"), told("wall", "1.2.1")), once);
    };
    again();
    // By the ledger alone, as in another clone.
    std::fs::remove_file(world.project().join(".git/debcut/announced.json")).expect("there");
    again();
    assert_eq!(announce("v1.2.0 --to hall"), "sent");
    let before = told("hall", "1.2.0");
    assert_eq!(announce("v1.2.0 v1.2.1 --to hall"), "sent");
    assert_eq!(told("hall", "1.2.0"), before);
    assert!(told("hall", "1.2.1") > 0);
}
