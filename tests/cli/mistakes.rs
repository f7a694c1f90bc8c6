//! The mistakes of the tools of today, one test for each: that debcut does not
//! make them.

use crate::steps::{changes, left_out, package, text};
use crate::world::World;

impl World {
    /// A package with a changelog in Debian's format and a CHANGELOG.md.
    pub fn recorded() -> Self {
        let world = Self::counted("1.2.3");
        world.edit(
            "debcut.toml",
            "license = \"MIT\"\n",
            "license = \"MIT\"\nchangelog = \"pkg/changelog\"\n",
        );
        world.write("CHANGELOG.md", "# Changelog\n");
        world.write(
            "pkg/changelog",
            "tally (1.2.3) stable; urgency=medium\n\n  * First release,by hand.\n      odd  blanks\n\n \
             -- Ada Example <ada@example.org>  Thu, 01 May 2025 10:00:00 +0000\n",
        );
        world.commit("chore: keep records");
        world.git(&["tag", "--force", "v1.2.3"]);
        world
    }
}

/// 1. A retry "succeeds" having done nothing.
#[test]
fn done_and_nothing_to_do_are_told_apart() {
    let world = World::counted("1.2.3");
    world.change("f", "feat: x");
    assert_eq!(world.refused("tag", &["--no-sign"]), ["not-prepared"]);
    assert_eq!(world.prepare(&[])["changed"], true);
    let again = world.prepare(&[]);
    assert_eq!(
        (&again["changed"], &again["next_step"]),
        (&false.into(), &"debcut tag".into())
    );
    assert_eq!(world.plan(&[])["packages"][0]["state"], "prepared");
    assert_eq!(world.tags(&[])["changed"], true);
    assert_eq!(world.tags(&[])["changed"], false);
    let said = world.run(["prepare"]).code(0).stdout;
    assert!(said.contains("nothing to do"), "{said}");
    world.assert_settled();
}

/// 2. The tag is made before the version commit.
#[test]
fn tree_tag_changelog_and_package_have_one_version() {
    let world = World::recorded();
    world.change("f", "feat: x");
    world.cut(&[]);
    assert_eq!(world.show("v1.3.0", "VERSION"), "1.3.0");
    assert!(
        world
            .show("v1.3.0", "pkg/changelog")
            .starts_with("tally (1.3.0) ")
    );
    assert!(
        world
            .show("v1.3.0", "CHANGELOG.md")
            .contains("\n## 1.3.0 - 2025-06-01\n")
    );
    let built = world
        .step("build", &["v1.3.0", "--no-sign", "--dry-run"])
        .code(0);
    assert_eq!(built.document("debcut/build/1")["version"], "1.3.0");
    // A release commit that somebody amended is not what it says.
    world.change("f", "fix: y");
    world.prepare(&[]);
    world.write(
        "pkg/changelog",
        world.show("v1.3.0", "pkg/changelog") + "\n",
    );
    world.git(&["add", "--all"]);
    world.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    let rules = world.refused("tag", &["--no-sign"]);
    assert!(rules.contains(&"changelog-version".to_owned()), "{rules:?}");
    assert_eq!(world.git(&["tag", "--list", "v1.3.1"]), "");
}

/// 2. Version files that disagree are not made to agree in silence.
#[test]
fn version_files_that_disagree_are_refused() {
    let world = World::counted("1.2.3");
    world.edit(
        "debcut.toml",
        "[\"VERSION\"]",
        "[\"VERSION\", { path = \"m.py\", pattern = \"__version__ = '{version}'\" }]",
    );
    world.write("m.py", "__version__ = '1.2.2'\n");
    world.commit("feat: tell the version");
    for verb in ["plan", "prepare"] {
        assert_eq!(world.refused(verb, &[]), ["version-files-disagree"]);
    }
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    world.edit("m.py", "1.2.2", "1.2.3");
    world.commit("fix: tell the right one");
    world.cut(&[]);
    assert_eq!(world.show("v1.3.0", "m.py"), "__version__ = '1.3.0'");
}

/// 3. The tag is put on whatever HEAD is after a pull.
#[test]
fn the_tag_is_on_the_release_commit() {
    let world = World::counted("1.2.3");
    world.change("f", "feat: x");
    let release = text(&world.prepare(&[])["commit"]);
    world.change("f", "fix: meanwhile");
    let plan = world.planned(&[]);
    assert_eq!(
        (&plan["state"], &plan["release_commit"]),
        (&"prepared".into(), &release.clone().into())
    );
    world.tags(&[]);
    assert_eq!(world.tagged("v1.3.0"), release);
    assert_eq!(changes(&world.planned(&[])), ["fix: meanwhile"]);
    // By pull request, squashed, with main ahead of it.
    world.prepare(&["--branch", "release/1.3.1"]);
    world.change("f", "docs: meanwhile, too");
    world.git(&["merge", "--quiet", "--squash", "release/1.3.1"]);
    let body = world.git(&["log", "-1", "--format=%B", "release/1.3.1"]);
    world.git(&[
        "commit",
        "--quiet",
        "--message",
        &format!("Release 1.3.1 (#5)\n\n{body}"),
    ]);
    let squashed = world.head();
    world.change("f", "feat: later");
    world.tags(&[]);
    assert_eq!(world.tagged("v1.3.1"), squashed);
    assert_eq!(changes(&world.planned(&[])), ["feat: later"]);
    // By a merge: the release commit itself.
    let release = text(&world.prepare(&["--branch", "release/1.4.0"])["commit"]);
    world.change("g", "docs: meanwhile, once more");
    world.git(&[
        "merge",
        "--quiet",
        "--no-ff",
        "--message",
        "Merge it",
        "release/1.4.0",
    ]);
    world.tags(&[]);
    assert_eq!(world.tagged("v1.4.0"), release);
    assert_eq!(changes(&world.planned(&[])), ["docs: meanwhile, once more"]);
}

/// 4. Squashed bodies are ignored, merges' titles told twice.
#[test]
fn squashed_commits_are_read_and_merges_told_once() {
    let world = World::counted("1.2.3");
    let squash = "Count words (#7)\n\n* feat: count words\n\n* fix: count none\n\n* fixup! feat: count words";
    let id = world.change("f", squash);
    world.git(&["checkout", "--quiet", "-b", "topic", "HEAD^"]);
    world.change("g", "fix: count bytes");
    world.git(&["checkout", "--quiet", "main"]);
    world.git(&[
        "merge",
        "--quiet",
        "--no-ff",
        "--message",
        "fix: count bytes",
        "topic",
    ]);
    world.git(&[
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        "feat: nothing at all",
    ]);
    let plan = world.plan(&[]);
    let package = &plan["packages"][0];
    let mut told = changes(package);
    told.sort();
    assert_eq!(
        told,
        ["feat: count words", "fix: count bytes", "fix: count none"],
        "{package}"
    );
    let from = package["commits"].as_array().expect("a list");
    assert_eq!(
        from.iter()
            .filter(|commit| commit["id"] == id.as_str())
            .count(),
        2
    );
    let want = [
        ("fix: count bytes", "merge"),
        ("feat: nothing at all", "empty"),
    ];
    let left = left_out(&plan["ignored"]);
    assert_eq!(left, want.map(|(a, b)| (a.to_owned(), b.to_owned())));
}

/// 5. What is taken back is announced all the same.
#[test]
fn reverts_cancel_what_they_take_back() {
    let world = World::counted("1.2.3");
    world.change("f", "feat!: x");
    world.git(&["revert", "--no-edit", "HEAD"]);
    world.change("f", "feat: by its title");
    world.edit("f", "feat: by its title\n", "");
    world.commit("Revert \"feat: by its title\"");
    let package = world.planned(&[]);
    assert_eq!(package["skip"], true, "{package}");
    let why: Vec<_> = left_out(&package["commits"])
        .into_iter()
        .map(|(_, why)| why)
        .collect();
    assert_eq!(why, ["reverted", "revert-of", "reverted", "revert-of"]);
    // What was announced is told of when it is taken back.
    world.change("g", "feat: y");
    world.cut(&[]);
    world.git(&["revert", "--no-edit", "HEAD^"]);
    let package = world.planned(&[]);
    assert_eq!(package["next"], "1.3.1");
    assert_eq!(changes(&package), ["revert: Revert \"feat: y\""]);
    // A revert of a revert brings it back.
    world.git(&["revert", "--no-edit", "HEAD"]);
    let package = world.planned(&[]);
    assert!(changes(&package).is_empty(), "{package}");
}

/// 6. 0.x becomes 1.0.0 by surprise.
#[test]
fn one_dot_zero_is_a_decision() {
    let world = World::counted("0.9.9");
    world.change("f", "feat!: x");
    assert_eq!(world.next(&[]), "0.10.0");
    assert_eq!(world.next(&["--set-version", "1.0.0"]), "1.0.0");
    world.change("f", "chore: stable\n\nRelease-As: 1.0.0");
    assert_eq!(world.next(&["--pre", "rc"]), "1.0.0-rc.1");
    assert_eq!(world.cut(&[]), ["v1.0.0"]);
    world.change("f", "feat!: y");
    assert_eq!(world.next(&[]), "2.0.0");
}

/// 7. The root package gets everyone's commits, or nobody does.
#[test]
fn the_deepest_owner_of_a_path_has_it() {
    let tables = [
        package(
            "top",
            "",
            "tag = \"top-v{version}\"\nexclude = [\"doc/**\"]",
        ),
        package("aa", "lib/aa", "include = [\"shared/*.h\"]"),
        package("inner", "lib/aa/inner", ""),
    ];
    let world = World::new();
    world.write("debcut.toml", tables.concat());
    for path in ["VERSION", "lib/aa/VERSION", "lib/aa/inner/VERSION"] {
        world.write(path, "1.0.0\n");
    }
    for path in ["doc/x", "shared/x.h"] {
        world.write(path, "x\n");
    }
    world.commit("feat: begin");
    for tag in ["top-v1.0.0", "aa-v1.0.0", "inner-v1.0.0"] {
        world.tag(tag);
    }
    for (path, owners) in [
        ("src/x", &["top"][..]),
        ("lib/x", &["top"]),
        ("lib/aa/x", &["aa"]),
        ("lib/aab/x", &["top"]),
        ("lib/aa/inner/deep/x", &["inner"]),
        ("shared/y.h", &["aa"]),
        ("shared/y.c", &["top"]),
        ("doc/x", &[]),
    ] {
        world.git(&["checkout", "--quiet", "-B", "try", "main"]);
        world.change(path, "fix: x");
        let plan = world.plan(&[]);
        let packages = plan["packages"].as_array().expect("a list");
        let released = packages.iter().filter(|package| package["skip"] == false);
        let released: Vec<_> = released.map(|package| text(&package["name"])).collect();
        assert_eq!(released, owners, "{path}: {plan}");
        let left = left_out(&plan["ignored"]);
        let nobodys: Vec<_> = left.iter().map(|(_, why)| why.as_str()).collect();
        let want = if owners.is_empty() {
            &["unowned"][..]
        } else {
            &[]
        };
        assert_eq!(nobodys, want, "{path}: {plan}");
    }
    // One commit may be of several.
    world.git(&["checkout", "--quiet", "main"]);
    world.write("lib/aa/x", "x");
    world.write("src/x", "x");
    world.commit("feat: both");
    let plan = world.plan(&[]);
    let next = |at: usize| text(&plan["packages"][at]["next"]);
    assert_eq!([next(0), next(1), next(2)], ["1.1.0", "1.1.0", ""]);
}

/// 7. A pattern that matches nothing does so in silence.
#[test]
fn a_pattern_that_matches_nothing_is_an_error() {
    let world = World::counted("1.2.3");
    world.edit(
        "debcut.toml",
        "tag =",
        "exclude = [\"tally/doc/**\"]\ntag =",
    );
    world.change("f", "fix: x");
    assert_eq!(world.refused("plan", &[]), ["dead-pattern"]);
    let said = world.run(["plan"]).code(1).stdout;
    assert!(
        said.contains("“tally/doc/**” (exclude) matches nothing"),
        "{said}"
    );
    assert_eq!(world.refused("prepare", &[]), ["dead-pattern"]);
    world.edit("debcut.toml", "tally/doc/**", "doc");
    world.commit("build: correct it");
    world.change("doc/x", "docs: x");
    world.change("f", "fix: y");
    assert_eq!(left_out(&world.plan(&[])["ignored"]).len(), 1);
}

/// 8. The final release forgets what its candidates brought.
#[test]
fn a_final_release_tells_everything_since_the_last_one() {
    let world = World::recorded();
    let born = world.change("f", "feat: count words");
    assert_eq!(world.cut(&["--pre", "rc"]), ["v1.3.0-rc.1"]);
    world.change(
        "g",
        &format!("fix: count no word twice\n\nFixes: {}", &born[..12]),
    );
    world.change("h", "fix: count empty lines");
    world.change("i", "feat: a mistake");
    assert_eq!(world.cut(&["--pre", "rc"]), ["v1.3.0-rc.2"]);
    world.git(&["revert", "--no-edit", "HEAD^"]);
    assert_eq!(world.cut(&[]), ["v1.3.0"]);
    let notes = world.show("v1.3.0", "CHANGELOG.md");
    let (new, _) = notes.split_once("\n## 1.3.0-rc.2").unwrap_or((&notes, ""));
    for (text, want) in [
        ("Count words", true),
        ("Count empty lines", true),
        ("Count no word twice", false),
        ("mistake", false),
    ] {
        assert_eq!(new.contains(text), want, "{text}: {new}");
        let tag = world.git(&["cat-file", "tag", "v1.3.0"]);
        assert_eq!(tag.contains(text), want, "{text}: {tag}");
    }
    world.assert_settled();
}

/// 9. Hand edits of changelogs are wiped.
#[test]
fn old_entries_and_hand_written_ones_stay() {
    let world = World::recorded();
    world.write("CHANGELOG.md", "# Changelog\r\n\r\nOur  own words.\r\n\r\n## 1.2.3\r\n\r\n* by hand\r\n\r\n\r\n<!-- end -->");
    world.commit("docs: tell");
    let before = ["pkg/changelog", "CHANGELOG.md"]
        .map(|path| std::fs::read_to_string(world.project().join(path)).expect("there"));
    world.change("f", "fix: x");
    world.prepare(&[]);
    let after = ["pkg/changelog", "CHANGELOG.md"]
        .map(|path| std::fs::read_to_string(world.project().join(path)).expect("there"));
    assert!(
        after[0].ends_with(&before[0]) && after[0] != before[0],
        "{}",
        after[0]
    );
    let kept = before[1].split_once("## 1.2.3").expect("an old section");
    assert!(after[1].starts_with(kept.0), "{:?}", after[1]);
    assert!(
        after[1].ends_with(&format!("## 1.2.3{}", kept.1)),
        "{:?}",
        after[1]
    );
    assert_eq!(
        after[1].matches('\n').count(),
        after[1].matches("\r\n").count(),
        "{:?}",
        after[1]
    );
    // An edited draft of the next release is kept: the commit is amended.
    world.edit("pkg/changelog", "  * x\n", "  * x, as Ada would say it\n");
    world.git(&["commit", "--quiet", "--all", "--amend", "--no-edit"]);
    world.tags(&[]);
    world.change("f", "fix: y");
    world.cut(&[]);
    let entries = world.show("HEAD", "pkg/changelog");
    assert!(
        entries.contains("  * x, as Ada would say it\n"),
        "{entries}"
    );
}

/// 9. The lines of an UNRELEASED entry are completed, not doubled.
#[test]
fn an_unreleased_entry_is_completed() {
    let world = World::native();
    let old = std::fs::read_to_string(world.project().join("debian/changelog")).expect("there");
    let entry = "stamp (1.1) UNRELEASED; urgency=low\n\n  * Tell it by hand.\n  * Count words.\n\n \
                 -- Ada Example <ada@example.org>  Fri, 02 May 2025 10:00:00 +0000\n\n";
    world.write("debian/changelog", format!("{entry}{old}"));
    world.commit("fix: count words");
    world.change("stamp.in", "fix: count bytes");
    assert_eq!(world.next(&[]), "1.1");
    world.prepare(&[]);
    let new = world.show("HEAD", "debian/changelog");
    let (entry, _) = new.split_once(" -- ").expect("a trailer");
    assert!(
        entry.starts_with("stamp (1.1) stable; urgency=medium\n\n  * Tell it by hand.\n"),
        "{entry}"
    );
    assert_eq!(
        entry.to_lowercase().matches("count words").count(),
        1,
        "{entry}"
    );
    assert_eq!(entry.matches("ount bytes").count(), 1, "{entry}");
    assert_eq!(new.matches("stamp (").count(), 2, "{new}");
}

/// 10. Shallow clones give "no bump"; detached heads confuse.
#[test]
fn a_shallow_clone_is_refused_with_the_fix() {
    let world = World::counted("1.2.3");
    for n in 0..4 {
        world.change("f", &format!("fix: {n}"));
    }
    let shallow = |depth: &str| {
        let _ = std::fs::remove_dir_all(world.path("shallow"));
        let from = format!("file://{}", world.project().display());
        world.git(&["clone", "--quiet", "--depth", depth, &from, "../shallow"]);
        world.run(["-C", "../shallow", "plan", "--json"])
    };
    let document = shallow("2").code(2).document("debcut/error/1");
    assert_eq!(document["kind"], "shallow-clone", "{document}");
    assert!(
        text(&document["hints"][0]).contains("--unshallow"),
        "{document}"
    );
    // One that ends below the last release says enough.
    let document = shallow("5").code(0).document("debcut/plan/1");
    assert_eq!(document["packages"][0]["next"], "1.2.4", "{document}");
}

/// 11. Old maintenance lines move "latest".
#[test]
fn a_range_comes_from_the_branchs_own_tags() {
    let world = World::counted("1.2.3");
    world.git(&["branch", "release-1.2"]);
    world.change("f", "feat!: x");
    world.cut(&[]);
    world.git(&["checkout", "--quiet", "release-1.2"]);
    world.change("g", "fix: y");
    assert_eq!(world.cut(&[]), ["v1.2.4"]);
    world.change("g", "fix: z");
    let package = world.planned(&[]);
    assert_eq!(
        (&package["current"], &package["next"]),
        (&"1.2.4".into(), &"1.2.5".into())
    );
    world.git(&["checkout", "--quiet", "main"]);
    world.change("f", "fix: w");
    let package = world.planned(&[]);
    assert_eq!(
        (&package["current"], &package["next"]),
        (&"2.0.0".into(), &"2.0.1".into())
    );
    assert_eq!(changes(&package), ["fix: w"]);
    // The fix comes over; the line it was made on does not.
    world.git(&[
        "merge",
        "--quiet",
        "--no-ff",
        "--strategy",
        "ours",
        "--message",
        "Merge",
        "release-1.2",
    ]);
    let package = world.planned(&[]);
    assert_eq!(
        (&package["current"], &package["next"]),
        (&"2.0.0".into(), &"2.0.1".into())
    );
}

/// 12. 1.0-rc1 sorts after 1.0.
#[test]
fn candidates_sort_before_their_release() {
    let world = World::recorded();
    world.change("f", "feat: x");
    let mut versions = vec!["1.2.3".to_owned()];
    for pre in [
        &["--pre", "alpha"][..],
        &["--pre", "beta"],
        &["--pre", "rc"],
        &["--pre", "rc"],
        &[],
    ] {
        world.change("f", "fix: x");
        versions.push(text(&world.planned(pre)["debian_version"]));
        world.cut(pre);
    }
    assert_eq!(
        versions,
        [
            "1.2.3",
            "1.3.0~alpha1",
            "1.3.0~beta1",
            "1.3.0~rc1",
            "1.3.0~rc2",
            "1.3.0"
        ]
    );
    for pair in versions.windows(2) {
        world.assert_higher(&pair[1], &pair[0]);
    }
}

/// 13. Dates from the wall clock, broken URLs, no wrapping, lost bodies.
#[test]
fn an_entry_is_dated_wrapped_and_whole() {
    let world = World::recorded();
    let url = format!("https://example.org/{}", "x".repeat(90));
    world.change(
        "f",
        &format!("fix: {} {url} end of it", "word ".repeat(20).trim()),
    );
    world.change(
        "g",
        "feat!: y\n\nBREAKING CHANGE: the option --old is gone; use --new,\nwhich takes a number",
    );
    world.prepare(&[]);
    let changelog = world.show("HEAD", "pkg/changelog");
    let (entry, _) = changelog
        .split_once("\ntally (1.2.3)")
        .expect("the old one");
    assert!(entry.contains(&url), "{entry}");
    assert!(entry.contains("--old is gone"), "{entry}");
    assert!(
        entry.contains("  Sun, 01 Jun 2025 12:00:00 +0000"),
        "{entry}"
    );
    for line in entry.lines().filter(|line| !line.contains("https://")) {
        assert!(line.len() <= 80, "{line}");
    }
    let mut parse = crate::world::tool("dpkg-parsechangelog", "dpkg-dev");
    parse
        .arg("--all")
        .arg("--file")
        .arg(world.project().join("pkg/changelog"));
    let said = world.judge(parse).code(0);
    assert_eq!(said.stderr, "", "{}", said.stdout);
}
