//! `rollout rollback --reversion`: old content under a higher version, judged
//! by git, dpkg and a host that runs `apt-get upgrade`.

use std::cmp::Ordering;

use debcut::format::version::Version;

use crate::apt::client::Client;
use crate::world::{Ran, World, tool};

const CONTROL: &str = "Source: tick\nSection: misc\nPriority: optional\n\
    Maintainer: Ada Example <ada@example.org>\nBuild-Depends: debhelper-compat (= 13)\n\
    Standards-Version: 4.6.2\nRules-Requires-Root: no\n\nPackage: tick\nArchitecture: all\n\
    Description: ticks\n It does nothing else.\n";
const RULES: &str = "#!/usr/bin/make -f\n%:\n\tdh $@\n\noverride_dh_auto_install:\n\
    \tinstall -D -m755 tick debian/tick/usr/bin/tick\n";
const RINGS: &str = "from = 'incoming'\n[[ring]]\nname = 'everyone'\nsuite = 'stable'\n\
    soak = '1h'\npull = { observe = 'cat counted', every = '1m' }\n";

impl World {
    /// A native package of which 1.0 was everywhere and 1.1, with one file more
    /// and one less, is being offered to everyone.
    fn offered() -> Self {
        let world = Self::new();
        world.write("debian/control", CONTROL);
        world.write("debian/rules", RULES);
        world.write("debian/source/format", "3.0 (native)\n");
        let rules = world.project().join("debian/rules");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(rules, mode).expect("it was written");
        world.write(
            "debian/changelog",
            "tick (1.0) stable; urgency=medium\n\n  * First release.\n\n \
             -- Ada Example <ada@example.org>  Thu, 01 May 2025 10:00:00 +0000\n",
        );
        world.write("tick", "#!/bin/sh\necho one\n");
        world.write("only-old", "old\n");
        world.write(".gitignore", "dist/\n");
        world.write("debcut.toml", "");
        world.commit("feat: tick");
        world.tag("debian/1.0");
        world.key();
        let init = ["archive", "init", "../apt", "--suite", "incoming,stable"];
        world.run(init).code(0);
        world.released(&[]);
        let to = [
            "archive", "promote", "tick", "--from", "incoming", "--to", "stable",
        ];
        world.run(to.iter().chain(&["--archive", "../apt"])).code(0);
        world.git(&["rm", "--quiet", "only-old"]);
        world.write("only-new", "new\n");
        world.write("tick", "#!/bin/sh\necho two\n");
        world.commit("feat: say two");
        world.released(&[]);
        std::fs::write(world.path("rings.toml"), RINGS).expect("a file");
        std::fs::write(world.path("counted"), "a 1.1\nb 1.0\n").expect("a file");
        world.rollout(&[
            "start",
            "tick=1.1",
            "--rings=../rings.toml",
            "--archive=../apt",
            "--skip-rehearsal=no scripts",
        ]);
        world.rollout(&["advance", "tick"]);
        world
    }

    fn released(&self, more: &[&str]) {
        let words = ["release", "tick", "--to=incoming", "--archive=../apt"];
        self.run(words.iter().chain(more)).code(0);
    }

    #[track_caller]
    fn rollout(&self, words: &[&str]) -> Ran {
        self.roll(words).code(0)
    }

    fn roll(&self, words: &[&str]) -> Ran {
        let words = ["rollout"].iter().chain(words);
        let call = self.debcut(words).env("DEBCUT_STATE", self.path("state"));
        call.run()
    }

    fn log(&self) -> Vec<String> {
        let log = self.git(&["log", "--format=%s", "--reverse", "debian/1.1..HEAD"]);
        log.lines().map(str::to_owned).collect()
    }
}

/// Demands words of the answer or of what was said beside it.
#[track_caller]
fn mentions(ran: &Ran, parts: &[&str]) {
    let all = format!("{}{}", ran.stdout, ran.stderr);
    for part in parts {
        assert!(all.contains(part), "{part:?} in\n{all}");
    }
}

const BACK: [&str; 5] = [
    "rollback",
    "--reversion",
    "--yes",
    "--reason",
    "errors doubled",
];

/// A host that reads `stable` and has tick installed; returns what it runs.
fn upgraded(client: &Client<'_>, root: &std::path::Path, words: &[&str]) -> String {
    client.update().code(0);
    let option = |text: String| ["-o".to_owned(), format!("DPkg::Options::={text}")];
    let options: Vec<String> = [
        format!("--root={}", root.display()),
        "--force-not-root".to_owned(),
        "--force-bad-path".to_owned(),
        "--force-script-chrootless".to_owned(),
    ]
    .into_iter()
    .flat_map(option)
    .collect();
    let options = options.iter().map(String::as_str);
    let words: Vec<&str> = options.chain(words.iter().copied()).collect();
    client.apt("apt-get", &words).code(0);
    std::fs::read_to_string(root.join("usr/bin/tick")).expect("it is installed")
}

#[test]
fn a_host_of_a_pull_ring_comes_back_by_a_plain_upgrade() {
    let world = World::offered();
    let text = world
        .run(["archive", "sources", "stable", "--archive", "../apt"])
        .code(0)
        .stdout;
    let client = Client::new(&world, "client", ("a.sources", &text));
    let root = world.path("client");
    for below in ["updates", "info", "triggers"] {
        let path = root.join("var/lib/dpkg").join(below);
        std::fs::create_dir_all(path).expect("a directory");
    }
    std::fs::write(root.join("var/lib/dpkg/available"), "").expect("a file");
    assert!(upgraded(&client, &root, &["install", "tick"]).contains("two"));

    let before = world.listing();
    let dry: Vec<_> = BACK
        .iter()
        .copied()
        .chain(["--dry-run", "--json"])
        .collect();
    let plan = world.rollout(&dry).document("debcut/rollout-reversion/1");
    assert_eq!(world.listing(), before, "a dry run writes nothing");
    let reversion = &plan["reversion"];
    assert_eq!(reversion["version"], "1.1+really1.0");
    assert_eq!(reversion["old_version"], "1.0");
    assert_eq!(reversion["hosts_with_it"], 1);
    assert_eq!(
        reversion["todo"].as_array().map(Vec::len),
        Some(3),
        "{plan:#}"
    );

    let mut json = BACK.to_vec();
    json.push("--json");
    let done = world.rollout(&json).document("debcut/rollout-reversion/1");
    assert_eq!(done["reversion"]["tag"], "debian/1.1+really1.0");
    assert_eq!(done["reversion"]["rollout"], "tick_1.1+really1.0");
    // The old tree, but for what happened.
    assert_eq!(
        world.git(&["diff", "--name-only", "debian/1.0", "debian/1.1+really1.0"]),
        "debian/changelog"
    );
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    let parsed = |field: &str| {
        let mut parse = tool("dpkg-parsechangelog", "dpkg-dev");
        parse.current_dir(world.project()).arg(format!("-S{field}"));
        world.judge(parse).code(0).stdout
    };
    assert_eq!(parsed("Version").trim(), "1.1+really1.0");
    let changes = parsed("Changes");
    assert!(
        changes.contains("take 1.1 back, with what 1.0 had: errors doubled"),
        "{changes}"
    );
    assert!(
        std::fs::read_to_string(world.project().join("debian/changelog"))
            .is_ok_and(|text| text.contains("tick (1.1) "))
    );
    let mut verify = tool("git", "git");
    verify.current_dir(world.project());
    verify.args(["cat-file", "tag", "debian/1.1+really1.0"]);
    let tag = world.judge(verify).code(0).stdout;
    assert!(tag.contains("BEGIN PGP SIGNATURE"), "{tag}");
    let status = world.rollout(&["status", "tick_1.1+really1.0", "--json"]);
    let status = status.document("debcut/rollout-status/1");
    assert_eq!(status["rollouts"][0]["profile"], "emergency");

    // Withdrawn, it takes nothing from the host; the release does.
    let upgrade = ["upgrade"];
    assert!(upgraded(&client, &root, &upgrade).contains("two"));
    world.rollout(&["advance", "tick_1.1+really1.0"]);
    assert!(upgraded(&client, &root, &upgrade).contains("one"));

    // Again is nothing, and not the way back of the way back.
    let again = world.rollout(&json).document("debcut/rollout-reversion/1");
    assert_eq!(again["changed"], false, "{again:#}");
    assert_eq!(again["id"], "tick_1.1");
    assert_eq!(world.log().len(), 2, "{:?}", world.log());
}

#[test]
fn it_goes_on_where_it_was_stopped() {
    let world = World::offered();
    // Files of somebody's in the way.
    world.write("tick", "mine\n");
    mentions(&world.roll(&BACK).code(1), &["tick", "git stash"]);
    assert_eq!(world.log().len(), 0);
    world.git(&["checkout", "--", "tick"]);
    // The archive loses the version all the same, at once.
    let stable = world
        .run(["archive", "list", "stable", "--archive", "../apt"])
        .code(0);
    assert!(!stable.stdout.contains("1.1"), "{}", stable.stdout);
    // Stopped before the tag: files are back, and somebody goes on meanwhile.
    let hook = "[hooks]\nbefore-tag = 'test -e ../tag'\nbefore-publish = 'test -e ../publish'\n";
    world.write("debcut.toml", hook);
    world.commit("build: hooks");
    mentions(&world.roll(&BACK).code(1), &["before-tag"]);
    let log = world.log();
    assert_eq!(log.len(), 3, "{log:?}");
    // Stopped after the tag.
    std::fs::write(world.path("tag"), "").expect("a file");
    mentions(&world.roll(&BACK).code(1), &["before-publish"]);
    assert_eq!(world.log(), log);
    world.write("later", "of the next release\n");
    world.commit("feat: later");
    std::fs::write(world.path("publish"), "").expect("a file");
    world.rollout(&BACK);
    let tags = world.git(&["tag", "--list", "*really*"]);
    assert_eq!(tags, "debian/1.1+really1.0");
    let tree = world.git(&["ls-tree", "--name-only", "debian/1.1+really1.0"]);
    assert!(
        !tree.contains("later") && !tree.contains("only-new"),
        "{tree}"
    );
    world.rollout(&["status", "tick_1.1+really1.0"]);
    let mut json = BACK.to_vec();
    json.push("--json");
    let again = world.rollout(&json).document("debcut/rollout-reversion/1");
    assert_eq!(again["changed"], false, "{again:#}");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_taken_back() {
    let world = World::offered();
    let whole = |ran: Ran, parts: &[&str]| {
        mentions(&ran, parts);
        let list = ["archive", "list", "stable", "--archive", "../apt"];
        let stable = world.run(list).code(0).stdout;
        assert!(stable.contains("1.1"), "{stable}");
    };
    let no_reason = world.roll(&["rollback", "--reversion", "--yes"]);
    whole(no_reason.code(2), &["reason"]);
    let elsewhere = [&["-C", "../home", "rollout"], &BACK[..]].concat();
    let call = world.debcut(elsewhere);
    let ran = call.env("DEBCUT_STATE", world.path("state")).run();
    whole(
        ran.code(2),
        &[
            "git repository",
            "whoever releases tick",
            "hosts that have it keep it",
        ],
    );
    let named = |version: &str| {
        let option = format!("--reversion={version}");
        world
            .roll(&["rollback", &option, "--yes", "--reason", "x"])
            .code(1)
    };
    whole(named("0.9"), &["no tag", "0.9"]);
    whole(named("1.2"), &["not before 1.1"]);
    world.git(&["switch", "--quiet", "--create", "old", "debian/1.0"]);
    whole(world.roll(&BACK).code(1), &["not on old", "git switch"]);
}

#[test]
fn a_package_without_a_changelog_goes_back_too() {
    let world = World::declared();
    world.write(".git/info/exclude", "dist/\n");
    world.key();
    let init = ["archive", "init", "../apt", "--suite", "stable"];
    world.run(init).code(0);
    let release = ["release", "--to=stable", "--archive=../apt"];
    world.run(release).code(0);
    world.edit("tally.1", "Counts lines.", "Counts lines, wrongly.");
    world.commit("feat: count wrongly");
    world.run(release).code(0);
    let start = |version: &str| {
        let what = format!("tally={version}");
        let hosts = "--hosts=127.0.0.1";
        world.rollout(&[
            "start",
            &what,
            hosts,
            "--archive=../apt",
            "--skip-rehearsal=x",
        ]);
    };
    start("1.3.0");
    world.rollout(&BACK);
    let names = ["diff", "--name-only", "v1.2.0", "HEAD"];
    assert_eq!(world.git(&names), "VERSION");
    let sorts = |a: &str, b: &str| {
        let version = |text: &str| Version::new(text).expect("a version");
        let mut judge = tool("dpkg", "dpkg");
        judge.args(["--compare-versions", a, "gt", b]);
        world.judge(judge).code(0);
        assert_eq!(version(a).compare(&version(b)), Ordering::Greater);
    };
    let first = world.git(&["show", "HEAD:VERSION"]);
    assert_eq!(first, "1.3.0+really1.2.0");
    sorts(&first, "1.3.0");
    // A second step back would not sort above: a number of the project's own is
    // somebody's decision.
    let again = [
        "rollback",
        "tally_1.3.0+really1.2.0",
        "--reversion=1.2.0",
        "--yes",
        "--reason=worse",
    ];
    mentions(
        &world.roll(&again).code(1),
        &["would not be higher", "--set-version"],
    );
    assert_eq!(world.git(&["show", "HEAD:VERSION"]), first);
}
