//! `archive list`, `show`, `diff`, `history` and `status`: what users and
//! monitoring programs are told.

use serde_json::Value;

use crate::archive::packages::{Deb, deb, source};
use crate::world::{World, tool};

/// Generations 2 to 4 of stable: two packages, one of them newer, one removed.
fn lived() -> World {
    let world = World::with_archive();
    let apple = deb("apple", "1.0").make(&world, "debs");
    let pear = deb("pear", "1.0").make(&world, "debs");
    world.add(&[apple, pear], &[]).code(0);
    let newer = deb("apple", "1.1").make(&world, "debs");
    world.add(&[newer], &[]).code(0);
    world
        .archive(["remove", "pear", "apple=1.0", "--from", "stable"])
        .code(0);
    world
}

fn names(list: &Value) -> Vec<String> {
    let text = |row: &Value, key: &str| row[key].as_str().expect("text").to_owned();
    let rows = list.as_array().expect("a list").iter();
    rows.map(|row| format!("{} {}", text(row, "name"), text(row, "version")))
        .collect()
}

#[test]
fn generations_are_compared_and_their_history_told() {
    let world = lived();
    let diff = |words: &[&'static str], code| {
        let words = ["diff"].into_iter().chain(words.iter().copied());
        let ran = world.archive(words.chain(["--json"])).code(code);
        ran.document("debcut/archive-diff/1")
    };
    let found = diff(&["stable@2", "stable"], 0);
    assert_eq!(found["a"], "stable@2");
    assert_eq!(found["b"], "stable@4");
    assert_eq!(names(&found["removed"]), ["pear 1.0"]);
    assert_eq!(names(&found["added"]), [""; 0]);
    let change = &found["changed"][0];
    let want = [
        ("name", "apple"),
        ("architecture", "all"),
        ("from", "1.0"),
        ("to", "1.1"),
        ("how", "upgraded"),
    ];
    for (key, want) in want {
        assert_eq!(change[key], want, "{key}");
    }
    let back = diff(&["stable", "stable@2"], 0);
    assert_eq!(back["changed"][0]["how"], "downgraded");
    assert_eq!(names(&back["added"]), ["pear 1.0"]);
    diff(&["stable", "stable", "--exit-code"], 0);
    let differs = diff(&["stable@1", "stable", "--exit-code"], 1);
    assert_eq!(differs["findings"][0]["rule"], "differs");
    let said = world.archive(["diff", "stable@3", "stable"]).code(0).stdout;
    assert_eq!(
        said,
        "stable@3 → stable@4\n  - apple 1.0 all in main: removed\n  \
         - pear 1.0 all in main: removed\n0 added, 2 removed, 0 changed\n"
    );
    world.archive(["diff", "stable@9", "stable"]).code(2);

    let history = world.archive(["history", "stable", "--json"]).code(0);
    let history = history.document("debcut/archive-history/1");
    let rows = history["generations"].as_array().expect("a list");
    let counts: Vec<_> = rows
        .iter()
        .map(|row| ["number", "parent", "added", "removed", "changed"].map(|key| row[key].as_u64()))
        .collect();
    let want = [
        [Some(4), Some(3), Some(0), Some(2), Some(0)],
        [Some(3), Some(2), Some(1), Some(0), Some(0)],
        [Some(2), Some(1), Some(2), Some(0), Some(0)],
        [Some(1), None, Some(0), Some(0), Some(0)],
    ];
    assert_eq!(counts, want);
    assert_eq!(history["whole"], true);
    assert_eq!(rows[0]["who"], "Ada Example <ada@example.org>");
    let command = rows[0]["command"].as_str().expect("text");
    assert!(command.starts_with("debcut archive remove"), "{command}");
    assert_eq!(rows[0]["key"].as_str().map(str::len), Some(40));
    let last = world.archive(["history", "stable", "--limit", "1", "--json"]);
    let last = last.document("debcut/archive-history/1");
    assert_eq!(last["whole"], false);
    assert_eq!(last["generations"].as_array().map(Vec::len), Some(1));
    assert_eq!(last["generations"][0]["removed"], 2);
    let text = world.archive(["history", "stable"]).code(0).stdout;
    assert!(
        text.starts_with("stable@4  2025-06-01T12:00:00Z  -2\n"),
        "{text}"
    );
}

#[test]
fn packages_are_listed_by_conditions_and_shown_with_their_relatives() {
    let world = World::with_archive();
    let own = Deb {
        architecture: None,
        ..deb("cherry", "2.0")
    };
    let plum = deb("plum", "1.0-1").make(&world, "debs");
    let files = [
        deb("apple", "1.0").make(&world, "debs"),
        own.make(&world, "debs"),
        plum,
    ];
    world.add(&files, &[]).code(0);
    world.add(&[source(&world)], &[]).code(0);
    let elsewhere = Deb {
        section: "contrib/misc",
        ..deb("apricot", "3.0")
    };
    world.add(&[elsewhere.make(&world, "debs")], &[]).code(0);
    let here = debcut::model::Architecture::of_this_machine();
    let cases: [(&[&str], &[&str]); 8] = [
        (&["--name", "ap*"], &["apple 1.0", "apricot 3.0"]),
        (&["--name", "apple"], &["apple 1.0"]),
        (
            &["--name", "apple", "--name", "?lum"],
            &["apple 1.0", "plum 1.0-1", "plum 1.0-1"],
        ),
        (&["--component", "contrib"], &["apricot 3.0"]),
        (&["--architecture", here.as_str()], &["cherry 2.0"]),
        (&["--architecture", "source"], &["plum 1.0-1"]),
        (&["--source", "plum"], &["plum 1.0-1", "plum 1.0-1"]),
        (&["--name", "ap*", "--component", "main"], &["apple 1.0"]),
    ];
    for (words, want) in cases {
        let words = ["list", "stable", "--json"]
            .into_iter()
            .chain(words.iter().copied());
        let words: Vec<&str> = words.collect();
        let document = world.archive(words.clone()).code(0);
        let document = document.document("debcut/archive-list/1");
        assert_eq!(names(&document["suites"][0]["packages"]), want, "{words:?}");
    }
    let table = world.archive(["show", "plum"]).code(0).stdout;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "plum");
    assert_eq!(lines.len(), 4, "{table}");
    assert!(
        table.contains("  stable  plum     1.0-1    source  main"),
        "{table}"
    );
    let whole = world.archive(["show", "plum", "--stanza"]).code(0).stdout;
    for line in [
        "# stable main/source/Sources",
        "Package: plum",
        "Binary: plum",
    ] {
        assert!(whole.lines().any(|found| found == line), "{whole}");
    }
    let then = world.archive(["show", "plum=1.0-1", "--suite", "stable@2", "--json"]);
    let then = then.code(0).document("debcut/archive-show/1");
    let stanzas = then["stanzas"].as_array().expect("a list");
    assert_eq!(stanzas.len(), 1, "the source came later");
    assert_eq!(stanzas[0]["generation"], 2);
    assert_eq!(stanzas[0]["source"], "plum");
    world
        .archive(["show", "plum=2.0"])
        .code(2)
        .says(&["has no package plum=2.0"]);
}

#[test]
fn monitors_are_told_in_their_own_words() {
    let world = World::new();
    world.key();
    let init = ["init", "--suite", "stable", "--valid-for", "30d"];
    world.archive(init).code(0);
    let apple = deb("apple", "1.0").make(&world, "debs");
    world.add(&[apple], &[]).code(0);
    let check = |now: &str, more: &[&'static str]| {
        let words = ["status", "--check"]
            .into_iter()
            .chain(more.iter().copied());
        world.archive_call(words).env("DEBCUT_NOW", now).run()
    };
    let cases: [(&str, &[&str], i32, &str); 6] = [
        (
            "2025-06-02T12:00:00Z",
            &[],
            0,
            "DEBCUT OK - stable@2 valid for 29 d|",
        ),
        (
            "2025-06-25T12:00:00Z",
            &[],
            1,
            "DEBCUT WARNING - stable: clients refuse it",
        ),
        (
            "2025-06-30T12:00:00Z",
            &[],
            2,
            "DEBCUT CRITICAL - stable: clients refuse it",
        ),
        (
            "2025-07-02T12:00:00Z",
            &[],
            2,
            "DEBCUT CRITICAL - stable: clients have refused",
        ),
        (
            "2025-06-02T12:00:00Z",
            &["--warn", "29d"],
            1,
            "DEBCUT WARNING",
        ),
        (
            "2025-06-02T12:00:00Z",
            &["--critical", "30d"],
            2,
            "DEBCUT CRITICAL",
        ),
    ];
    for (now, more, code, want) in cases {
        let ran = check(now, more).code(code);
        assert!(ran.stdout.starts_with(want), "{now}: {}", ran.stdout);
        assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
        let (_, measured) = ran.stdout.split_once('|').expect("measured values");
        assert!(measured.contains("'stable_valid'="), "{measured}");
    }
    // A person is not told by an exit code.
    let late = world.archive_call(["status", "--json"]);
    let late = late.env("DEBCUT_NOW", "2025-06-30T12:00:00Z").run();
    let document = late.document("debcut/archive-status/1");
    assert_eq!(document["state"], "critical");
    assert_eq!(document["findings"][0]["rule"], "archive-expired");
    let suite = &document["suites"][0];
    for (key, want) in [("generation", 2), ("packages", 1), ("sources", 0)] {
        assert_eq!(suite[key], want, "{key}");
    }
    assert!(suite["pool_bytes"].as_u64() > Some(300), "{suite}");
    assert_eq!(suite["pending"], false);
    // A publish that was stopped before clients could see it.
    let in_release = world.archive_at().join("dists/stable/InRelease");
    std::fs::write(&in_release, "older").expect("writes");
    let ran = check("2025-06-02T12:00:00Z", &[]).code(1);
    assert!(
        ran.stdout.contains("do not read generation 2 yet"),
        "{}",
        ran.stdout
    );
    // Nothing is known of an archive that cannot be read.
    std::fs::remove_dir_all(world.archive_at().join(".debcut/suites")).expect("removes");
    let ran = check("2025-06-02T12:00:00Z", &[]).code(3);
    assert!(
        ran.stdout.starts_with("DEBCUT UNKNOWN - "),
        "{}",
        ran.stdout
    );
}

#[test]
fn keys_that_end_are_told_of_everywhere() {
    let world = World::declared();
    let key = ["key", "new", "--no-passphrase", "--expire", "90d"];
    world.run(key).code(0);
    world.archive(["init", "--suite", "stable"]).code(0);
    let configured = std::fs::read_to_string(world.project().join("debcut.toml"));
    let at = world.archive_at().display().to_string();
    let configured = configured.expect("it is declared");
    world.write(
        "debcut.toml",
        format!("{configured}\n[archive.house]\nlocation = {at:?}\n"),
    );
    world.commit("configure");
    let cases = [
        ("2025-07-01T12:00:00Z", 0, ""),
        ("2025-08-10T12:00:00Z", 1, "archive-key-expires"),
        ("2025-08-29T12:00:00Z", 2, "archive-key-expires"),
        ("2025-09-10T12:00:00Z", 2, "archive-key-expired"),
    ];
    for (now, code, rule) in cases {
        let check = world.archive_call(["status", "--check", "--json"]);
        let check = check.env("DEBCUT_NOW", now).run().code(code);
        let mut documents = vec![check.document("debcut/archive-status/1")];
        for verb in ["status", "doctor"] {
            let ran = world.debcut([verb, "--json"]).env("DEBCUT_NOW", now).run();
            documents.push(ran.document(&format!("debcut/{verb}/1")));
        }
        for document in documents {
            let findings = document["findings"].as_array().expect("a list").iter();
            let found: Vec<_> = findings
                .filter_map(|finding| finding["rule"].as_str())
                .filter(|rule| rule.starts_with("archive-key"))
                .collect();
            let want: &[&str] = if rule.is_empty() { &[] } else { &[rule] };
            assert_eq!(found, want, "{now}: {document}");
        }
    }
}

#[test]
fn metrics_are_read_by_prometheus_own_parser() {
    let world = World::new();
    world.key();
    let init = [
        "init",
        "--suite",
        "stable,bookworm/updates",
        "--valid-for",
        "7d",
    ];
    world.archive(init).code(0);
    let apple = deb("apple", "1.0").make(&world, "debs");
    world.add(&[apple], &[]).code(0);
    let metrics = world.archive(["status", "--format", "prometheus"]).code(0);
    let file = world.path("metrics.prom");
    std::fs::write(&file, &metrics.stdout).expect("writes");
    let script = "import sys\n\
        from prometheus_client.parser import text_string_to_metric_families as parse\n\
        for family in parse(open(sys.argv[1]).read()):\n\
        \x20   for s in family.samples:\n\
        \x20       print(family.type, s.name, s.labels['suite'], int(s.value))\n";
    let mut python = tool("/usr/bin/python3", "python3-prometheus-client");
    python.args(["-c", script]).arg(&file);
    let parsed = world.judge(python).code(0).stdout;
    for line in [
        "gauge debcut_suite_generation stable 2",
        "gauge debcut_suite_generation bookworm/updates 1",
        // 2025-06-08T12:00:00Z
        "gauge debcut_suite_valid_until_seconds stable 1749384000",
        "gauge debcut_suite_packages stable 1",
        "gauge debcut_suite_packages bookworm/updates 0",
        "gauge debcut_suite_publish_pending stable 0",
    ] {
        assert!(
            parsed.lines().any(|found| found == line),
            "{line} in\n{parsed}"
        );
    }
}
