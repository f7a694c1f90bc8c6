//! `plan`: every row of the bump table on both lines, and what stands beside
//! the table: groups, dependents, maintenance branches, explicit versions.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use crate::steps::{changes, left_out, package, text};
use crate::world::{World, finished, tool};

/// Message, next version from 1.2.3, next version from 0.2.3; none: nothing.
const TABLE: &[(&str, &str, &str)] = &[
    ("feat!: x", "2.0.0", "0.3.0"),
    ("feat(x)!: y", "2.0.0", "0.3.0"),
    ("chore!: x", "2.0.0", "0.3.0"),
    ("docs(readme)!: x", "2.0.0", "0.3.0"),
    ("fix: x\n\nBREAKING CHANGE: y", "2.0.0", "0.3.0"),
    ("fix: x\n\nBREAKING-CHANGE: y", "2.0.0", "0.3.0"),
    (
        "fix: x\n\nWhy.\n\nBREAKING CHANGE: y\nSigned-off-by: A <a@b.org>",
        "2.0.0",
        "0.3.0",
    ),
    ("fix: x\n\nbreaking change: y", "1.2.4", "0.2.4"),
    ("fix: x\n\nBreaking-Change: y", "1.2.4", "0.2.4"),
    (
        "fix: x\n\nThis is no BREAKING CHANGE: it only says so.\n\nSigned-off-by: A <a@b.org>",
        "1.2.4",
        "0.2.4",
    ),
    ("feat: x", "1.3.0", "0.3.0"),
    ("feat(a,b): x", "1.3.0", "0.3.0"),
    ("FEAT: x", "1.3.0", "0.3.0"),
    ("Feat(A): x", "1.3.0", "0.3.0"),
    ("feat:no-space", "1.3.0", "0.3.0"),
    ("fix: x", "1.2.4", "0.2.4"),
    ("perf: x", "1.2.4", "0.2.4"),
    ("revert: x", "1.2.4", "0.2.4"),
    ("chore: x", "1.2.4", "0.2.4"),
    ("docs: x", "1.2.4", "0.2.4"),
    ("style: x", "1.2.4", "0.2.4"),
    ("refactor: x", "1.2.4", "0.2.4"),
    ("test: x", "1.2.4", "0.2.4"),
    ("build: x", "1.2.4", "0.2.4"),
    ("ci: x", "1.2.4", "0.2.4"),
    ("Count empty lines too", "1.2.4", "0.2.4"),
    ("feature complete: x", "1.2.4", "0.2.4"),
    ("fixup! feat: x", "", ""),
    ("squash! feat: x", "", ""),
    ("amend! feat: x", "", ""),
    ("chore(release): tally 9\n\nDebcut-Release: tally 9", "", ""),
    ("fix: x\n\nRelease-As: 9.9.9", "9.9.9", "9.9.9"),
    ("feat: x\r\n\r\nBody.\r\n", "1.3.0", "0.3.0"),
    ("feat: x\r\n\r\nBREAKING CHANGE: y\r\n", "2.0.0", "0.3.0"),
    ("fix!: x\r\n", "2.0.0", "0.3.0"),
];

/// Gives a repository a branch for each message, on the release of a line;
/// git writes messages as they are in no other way at this speed.
fn branches(world: &World, line: &str, base: &str) {
    let mut stream = String::new();
    for (at, (message, ..)) in TABLE.iter().enumerate() {
        let content = format!("{at}\n");
        let _ = write!(
            stream,
            "commit refs/heads/{line}-{at}\n\
             committer Ada Example <ada@example.org> 1746093700 +0000\n\
             data {}\n{message}\nfrom {base}\nM 100644 inline changed\ndata {}\n{content}\n",
            message.len(),
            content.len()
        );
    }
    let mut import = tool("git", "git");
    import
        .args(["fast-import", "--quiet"])
        .current_dir(world.project());
    world.surround(&mut import);
    let mut import = import.stdin(Stdio::piped()).spawn().expect("git runs");
    let mut to = import.stdin.take().expect("it is piped");
    to.write_all(stream.as_bytes()).expect("git reads");
    drop(to);
    finished(import.wait_with_output().expect("it ends")).code(0);
}

#[test]
fn every_row_of_the_bump_table_on_both_lines() {
    for (line, version) in [("one", "1.2.3"), ("zero", "0.2.3")] {
        let world = World::counted(version);
        branches(&world, line, &world.head());
        for (at, (message, one, zero)) in TABLE.iter().enumerate() {
            let want = if line == "one" { one } else { zero };
            let package = world.planned(&["--at", &format!("{line}-{at}")]);
            let found = text(&package["next"]);
            assert_eq!(found, *want, "{message:?} from {version}: {package}");
            let listed = package["commits"].as_array().map(Vec::len);
            assert_eq!(listed, Some(1), "{message:?}: {package}");
        }
    }
}

#[test]
fn the_highest_of_all_commits_counts_and_is_named() {
    let world = World::counted("1.2.3");
    world.change("f", "fix: one");
    let feature = world.change("f", "feat: two");
    world.change("f", "docs: three");
    let package = world.planned(&[]);
    assert_eq!(
        (&package["next"], &package["bump"]),
        (&"1.3.0".into(), &"minor".into())
    );
    assert!(
        text(&package["reason"]).contains(&feature[..12]),
        "{package}"
    );
    assert_eq!(changes(&package), ["fix: one", "feat: two", "docs: three"]);
}

#[test]
fn the_table_is_the_projects_to_change() {
    let world = World::counted("0.2.3");
    let rules = "[release]\nunconventional = \"ignore\"\nfeature-below-one = \"patch\"\n\
                 breaking-below-one = \"major\"\n[release.types]\ndocs = \"none\"\n\
                 \"fix(api)\" = \"minor\"\n";
    let before = std::fs::read_to_string(world.project().join("debcut.toml")).expect("there");
    world.write("debcut.toml", before + rules);
    world.commit("docs: state the rules");
    for (message, want) in [
        ("docs: x", ""),
        ("words", ""),
        ("feat: x", "0.2.4"),
        ("fix(api): x", "0.2.4"),
        ("fix(cli): x", "0.2.4"),
        ("feat(x)!: x", "1.0.0"),
    ] {
        world.git(&["checkout", "--quiet", "-B", "try", "main"]);
        world.change("f", message);
        assert_eq!(world.next(&[]), want, "{message}");
    }
    world.git(&["checkout", "--quiet", "main"]);
    world.edit("debcut.toml", "\"ignore\"", "\"error\"");
    world.change("f", "words");
    assert_eq!(world.refused("plan", &[]), ["unconventional-commit"]);
}

#[test]
fn a_step_back_is_refused_and_a_decision_is_taken() {
    let world = World::counted("1.2.3");
    world.change("f", "fix: x");
    assert_eq!(world.next(&["--set-version", "3.0.0"]), "3.0.0");
    let same = world.planned(&["--set-version", "1.2.3"]);
    assert_eq!(same["reason"], "v1.2.3 is that version already");
    for lower in ["1.2.2", "1.2.3-rc.1", "0.9"] {
        let rules = world.refused("plan", &["--set-version", lower]);
        assert!(
            rules
                .iter()
                .all(|rule| rule == "version-goes-back" || rule == "tag-taken"),
            "{lower}: {rules:?}"
        );
    }
    for nonsense in ["", "x", "1.2.3.4.5.6-", "1..2", "-1"] {
        let set = format!("--set-version={nonsense}");
        let ran = world.step("plan", &[&set]);
        assert!([1, 2].contains(&ran.code), "{nonsense:?}: {}", ran.stdout);
    }
    world.git(&["tag", "v1.2.4", "main"]);
    world.change("f", "fix: y");
    world.git(&["tag", "--delete", "v1.2.4"]);
    world.git(&["checkout", "--quiet", "--orphan", "elsewhere"]);
    world.commit("feat: another line");
    world.git(&["tag", "v1.2.4"]);
    world.git(&["checkout", "--quiet", "main"]);
    assert_eq!(world.refused("plan", &[]), ["tag-taken"]);
}

#[test]
fn a_maintenance_branch_has_patch_releases_only() {
    let world = World::counted("1.2.3");
    world.git(&["checkout", "--quiet", "-b", "release-1.2"]);
    world.change("f", "fix: x");
    assert_eq!(world.next(&[]), "1.2.4");
    world.change("f", "feat: y");
    assert_eq!(world.refused("plan", &[]), ["maintenance-branch"]);
    assert_eq!(world.next(&["--force"]), "1.3.0");
    // The branch of one release is no line.
    world.git(&["checkout", "--quiet", "-b", "release/1.3.0"]);
    assert_eq!(world.next(&[]), "1.3.0");
}

#[test]
fn candidates_lead_to_the_final_release() {
    let world = World::counted("1.2.3");
    world.change("f", "feat: x");
    let candidate = world.planned(&["--pre", "rc"]);
    assert_eq!(candidate["next"], "1.3.0-rc.1");
    assert_eq!(candidate["debian_version"], "1.3.0~rc1");
    assert_eq!(world.cut(&["--pre", "alpha"]), ["v1.3.0-alpha.1"]);
    assert_eq!(world.next(&["--pre", "alpha"]), "", "nothing new");
    world.change("f", "fix: y");
    assert_eq!(world.next(&["--pre", "alpha"]), "1.3.0-alpha.2");
    assert_eq!(world.cut(&["--pre", "rc"]), ["v1.3.0-rc.1"]);
    assert_eq!(world.tags(&[])["changed"], false, "the final is for later");
    world.change("f", "fix: z");
    assert_eq!(world.refused("tag", &["--no-sign"]), ["not-prepared"]);
    assert_eq!(
        world.refused("plan", &["--pre", "beta"]),
        ["version-goes-back"]
    );
    assert_eq!(world.cut(&["--pre", "rc"]), ["v1.3.0-rc.2"]);
    world.change("f", "feat!: w");
    assert_eq!(world.next(&["--pre", "rc"]), "2.0.0-rc.1");
    world.git(&["reset", "--quiet", "--hard", "HEAD^"]);
    assert_eq!(world.cut(&[]), ["v1.3.0"]);
    world.assert_settled();
}

#[test]
fn groups_share_a_version() {
    for (kind, want) in [
        ("same-version", ["2.0.0", ""]),
        ("together", ["2.0.0", "2.0.0"]),
    ] {
        let group = format!(
            "[[release.group]]\nname = \"g\"\npackages = [\"aa\", \"bb\"]\nkind = \"{kind}\"\n"
        );
        let tables = [package("aa", "aa", ""), package("bb", "bb", ""), group];
        let world = World::several(&tables, &["aa", "bb"]);
        world.change("aa/f", "feat!: x");
        let plan = world.plan(&[]);
        let found = [0, 1].map(|at| text(&plan["packages"][at]["next"]));
        assert_eq!(found, want, "{kind}");
        world.cut(&[]);
        world.change("bb/f", "fix: y");
        let plan = world.plan(&[]);
        // Behind its sister, it catches up and goes on.
        assert_eq!(plan["packages"][1]["next"], "2.0.1", "{kind}: {plan}");
        world.cut(&[]);
        world.assert_settled();
    }
}

#[test]
fn dependents_follow_by_the_policy_of_each_edge() {
    for (follow, want) in [("patch", "1.0.1"), ("same", "1.1.0"), ("ignore", "")] {
        let edge = format!(
            "depends-on = [{{ package = \"aa\", follow = \"{follow}\", requirements = [{{ path = \
             \"bb/needs\", pattern = \"aa = {{version}}\" }}] }}]"
        );
        let tables = [package("aa", "aa", ""), package("bb", "bb", &edge)];
        let world = World::several(&tables, &["aa", "bb"]);
        world.write("bb/needs", "# not 1.0.0\naa = 1.0.0\n");
        world.commit("chore: need it");
        world.git(&["tag", "--force", "bb-v1.0.0"]);
        world.change("aa/f", "feat: x");
        let plan = world.plan(&[]);
        assert_eq!(
            plan["packages"][1]["next"].as_str().unwrap_or_default(),
            want,
            "{follow}"
        );
        world.cut(&[]);
        let needs = if want.is_empty() { "1.0.0" } else { "1.1.0" };
        assert_eq!(
            world.show("HEAD", "bb/needs"),
            format!("# not 1.0.0\naa = {needs}")
        );
        world.assert_settled();
        world.change("bb/f", "fix: y");
        world.cut(&[]);
        // A requirement that nobody raised is raised with the next release.
        assert_eq!(world.show("HEAD", "bb/needs"), "# not 1.0.0\naa = 1.1.0");
    }
}

#[test]
fn one_package_is_released_and_the_others_wait() {
    let tables = [package("aa", "aa", ""), package("bb", "bb", "")];
    let world = World::several(&tables, &["aa", "bb"]);
    world.change("aa/f", "feat: x");
    world.change("bb/f", "fix: y");
    let plan = world.plan(&["bb"]);
    assert_eq!(plan["packages"][0]["skip"], true);
    world.prepare(&["bb"]);
    assert_eq!(text(&world.tags(&["bb"])["tags"][0]["name"]), "bb-v1.0.1");
    assert_eq!(world.tags(&[])["changed"], false);
    assert_eq!(world.refused("tag", &["--no-sign", "aa"]), ["not-prepared"]);
    assert_eq!(world.show("HEAD", "aa/VERSION"), "1.0.0");
    let plan = world.plan(&[]);
    assert_eq!(plan["packages"][0]["next"], "1.1.0");
    assert_eq!(plan["packages"][1]["skip"], true);
    assert_eq!(world.wrong("plan", &["cc"]), "no-package");
    assert_eq!(
        world.wrong("plan", &["--set-version", "4.0.0"]),
        "several-packages"
    );
}

#[test]
fn first_parents_speak_by_pull_requests_titles() {
    let world = World::counted("1.2.3");
    let before = std::fs::read_to_string(world.project().join("debcut.toml")).expect("there");
    world.write(
        "debcut.toml",
        before + "[release]\nmerges = \"first-parent\"\n",
    );
    world.commit("docs: state the rules");
    world.git(&["checkout", "--quiet", "-b", "topic"]);
    world.change("f", "feat!: a step on the way");
    world.change("f", "fix: another step");
    world.git(&["checkout", "--quiet", "main"]);
    let message = "Merge pull request #7 from ada/topic\n\nfeat: count words";
    world.git(&["merge", "--quiet", "--no-ff", "--message", message, "topic"]);
    let package = world.planned(&[]);
    assert_eq!(package["next"], "1.3.0", "{package}");
    assert_eq!(
        changes(&package),
        ["docs: state the rules", "feat: count words"]
    );
    world.edit("debcut.toml", "first-parent", "all-commits");
    world.commit("docs: other rules");
    let plan = world.plan(&[]);
    assert_eq!(plan["packages"][0]["next"], "2.0.0");
    let left = left_out(&plan["ignored"]);
    assert_eq!(
        left.iter().map(|(_, why)| why.as_str()).collect::<Vec<_>>(),
        ["merge"]
    );
}

#[test]
fn markdown_obeys_nobody_who_writes_commits() {
    let world = World::counted("1.2.3");
    world.change("f", "feat: a | b <img src=x> `c` @everyone [d](e)");
    let ran = world.run(["plan", "--format", "md"]).code(0);
    for hostile in ["<img", " @everyone", " [d](e)"] {
        assert!(!ran.stdout.contains(hostile), "{hostile} in {}", ran.stdout);
    }
    assert!(
        ran.stdout.contains("| tally | 1.2.3 | **1.3.0** |"),
        "{}",
        ran.stdout
    );
    let text = world.run(["plan"]).code(0).stdout;
    assert!(!text.contains('\u{1b}'), "{text}");
}
