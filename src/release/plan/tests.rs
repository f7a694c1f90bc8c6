//! Tables of whole plans, from facts that are written down by hand.

use super::*;
use crate::format::changelog::Entry;
use crate::model::{Suite, Timestamp};
use crate::release::commit::{Commit, Person};
use crate::release::facts::{Pending, PendingBy, UnitFacts};
use crate::release::policy::{DebianKind, Edge, Follow, Group, GroupKind, Unconventional, Unit};
use crate::release::tag_pattern::TagPattern;

/// A project of declared packages with tags `NAME-vVERSION`, or of one with
/// `vVERSION`.
struct Project {
    policy: Policy,
    facts: Facts,
}

fn name(text: &str) -> PackageName {
    PackageName::new(text).expect(text)
}

fn tag(text: &str) -> TagName {
    TagName::new(text).expect(text)
}

fn unit(text: &str, pattern: &str) -> Unit {
    Unit {
        name: name(text),
        path: text.into(),
        include: Vec::new(),
        exclude: Vec::new(),
        former_paths: Vec::new(),
        tags: vec![TagPattern::new(pattern).expect(pattern)],
        upstream_tags: Vec::new(),
        version_files: Vec::new(),
        debian: DebianKind::Declared {
            revision: None,
            changelog: None,
            distribution: "unstable".into(),
            maintainer: "A <a@example.org>".into(),
        },
        depends_on: Vec::new(),
        changes_file: None,
    }
}

fn id(number: usize) -> String {
    format!("{number:040x}")
}

fn release(pattern: &TagPattern, version: &str, at: usize) -> Release {
    Release {
        tag: tag(&pattern.tag(version)),
        version: version.into(),
        commit: id(at),
        committed: Timestamp::from_unix(0),
    }
}

impl Project {
    /// Packages with their last releases; an empty one was never released.
    fn new(packages: &[(&str, &str)]) -> Self {
        let alone = packages.len() == 1;
        let units = packages.iter().map(|(name, _)| match alone {
            true => unit(name, "v{version}"),
            false => unit(name, &format!("{name}-v{{version}}")),
        });
        let policy = Policy::usual(units.collect());
        let mut facts = Facts {
            head: id(9999),
            branch: Some("main".into()),
            units: vec![UnitFacts::default(); packages.len()],
            ..Facts::default()
        };
        for (at, (_, last)) in packages.iter().enumerate() {
            if !last.is_empty() {
                let release = release(&policy.units[at].tags[0], last, 5000 + at);
                facts
                    .tags
                    .insert(release.tag.clone(), release.commit.clone());
                facts.units[at].last_final = Some(release);
            }
        }
        Self { policy, facts }
    }

    /// Adds a commit, newer than all before, that touches these packages.
    fn commit(mut self, touches: &[usize], message: &str) -> Self {
        let number = self.facts.commits.len() + 1;
        for facts in &mut self.facts.units {
            for list in [&mut facts.since_final, &mut facts.since_pre] {
                list.iter_mut().for_each(|at| *at += 1);
            }
        }
        for at in touches {
            self.facts.units[*at].since_final.insert(0, 0);
            self.facts.units[*at].since_pre.insert(0, 0);
        }
        self.facts.commits.insert(
            0,
            Commit {
                id: id(number),
                parents: vec![id(number - 1)],
                author: Person {
                    name: "Ada".into(),
                    email: "ada@example.org".into(),
                },
                committed: Timestamp::from_unix(number as i64),
                message: message.into(),
                touches: touches.to_vec(),
                unowned: touches.is_empty().then(|| (1, "misc".into())),
                origins: Vec::new(),
            },
        );
        self
    }

    /// Says that what was committed so far is in a pre-release.
    fn pre_release(mut self, at: usize, version: &str) -> Self {
        let release = release(&self.policy.units[at].tags[0], version, 6000);
        self.facts
            .tags
            .insert(release.tag.clone(), release.commit.clone());
        self.facts.units[at].pre_releases.push(release);
        self.facts.units[at].since_pre.clear();
        self
    }

    fn debian(mut self, changelog: &str, pattern: &str) -> Self {
        let unit = &mut self.policy.units[0];
        unit.debian = DebianKind::Changelog {
            path: "debian/changelog".into(),
        };
        unit.tags = vec![TagPattern::new(pattern).expect(pattern)];
        let entry = Entry::newest(changelog.as_bytes()).expect(changelog);
        self.facts.units[0].changelog = Some(entry);
        self
    }

    fn plan(&self, request: &Request) -> Result<(ReleasePlan, Vec<Finding>), Vec<Finding>> {
        plan(&self.facts, &self.policy, request)
    }

    /// Returns what the packages get: `1.2.3`, or `-` for nothing.
    #[track_caller]
    fn gets(&self, request: &Request) -> Vec<String> {
        let (plan, _) = self.plan(request).expect("a plan");
        let got = plan.packages.iter().map(|package| match &package.decision {
            Decision::Release(next) => next.version.clone(),
            Decision::Prepared { version, .. } => format!("tag {version}"),
            Decision::Skip { .. } => "-".into(),
        });
        got.collect()
    }

    #[track_caller]
    fn refusals(&self, request: &Request) -> Vec<&'static str> {
        let findings = self.plan(request).expect_err("no plan");
        let errors = findings.iter().filter(|finding| finding.is_error());
        errors.map(|finding| finding.rule).collect()
    }
}

fn all() -> Request {
    Request {
        packages: Vec::new(),
        set_version: None,
        pre: None,
        upload: Upload::Release,
        force: false,
        again: false,
    }
}

fn pre(kind: PreKind) -> Request {
    Request {
        pre: Some(kind),
        ..all()
    }
}

#[test]
fn one_package_gets_what_its_commits_ask_for() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("1.2.3", &[], "-"),
        ("1.2.3", &["fix: a"], "1.2.4"),
        ("1.2.3", &["fix: a", "feat: b", "docs: c"], "1.3.0"),
        ("1.2.3", &["feat!: a", "fix: b"], "2.0.0"),
        ("0.2.3", &["feat!: a"], "0.3.0"),
        ("0.2.3", &["fix: a"], "0.2.4"),
        ("1.2.3", &["no convention"], "1.2.4"),
        ("1.2.3", &["fixup! x"], "-"),
        ("1.2.3", &["fix: a\n\nRelease-As: 9.9.9"], "9.9.9"),
        ("", &["feat: first"], "0.1.0"),
    ];
    for (last, messages, want) in cases {
        let mut project = Project::new(&[("hello", last)]);
        for message in *messages {
            project = project.commit(&[0], message);
        }
        assert_eq!(project.gets(&all()), [*want], "{last} {messages:?}");
    }
}

#[test]
fn a_trailer_names_the_version_where_it_is_higher() {
    let ask = |version: &str| format!("chore: decide\n\nRelease-As: {version}");
    let cases = [
        ("1.2.3", "2.0.0", "2.0.0", 0),
        ("1.2.3", "1.2.4", "1.2.4", 0),
        ("1.2.3", "1.2.3", "1.3.0", 1),
        ("1.2.3", "1.0.0", "1.3.0", 1),
        ("1.2.3", "one", "1.3.0", 1),
        ("", "1.0.0", "1.0.0", 0),
    ];
    for (last, version, want, warnings) in cases {
        let project = Project::new(&[("hello", last)])
            .commit(&[0], "feat: a")
            .commit(&[0], &ask(version));
        assert_eq!(project.gets(&all()), [want], "{last} {version}");
        let (_, findings) = project.plan(&all()).expect("a plan");
        assert_eq!(findings.len(), warnings, "{findings:?}");
    }
    // An empty commit is of no package; alone, it is of the only one.
    let mut alone = Project::new(&[("hello", "1.2.3")]).commit(&[], &ask("2.0.0"));
    alone.facts.commits[0].unowned = None;
    assert_eq!(alone.gets(&all()), ["2.0.0"]);
    let mut two = Project::new(&[("aa", "1.2.3"), ("bb", "1.2.3")]).commit(&[], &ask("2.0.0"));
    two.facts.commits[0].unowned = None;
    assert_eq!(two.gets(&all()), ["-", "-"]);
    let (_, findings) = two.plan(&all()).expect("a plan");
    let rules: Vec<_> = findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["release-as"]);
}

#[test]
fn candidates_lead_to_their_release() {
    let project = Project::new(&[("hello", "1.2.3")]).commit(&[0], "feat: a");
    assert_eq!(project.gets(&pre(PreKind::Rc)), ["1.3.0-rc.1"]);
    let project = project.pre_release(0, "1.3.0-rc.1");
    assert_eq!(project.gets(&pre(PreKind::Rc)), ["-"]);
    assert_eq!(project.gets(&all()), ["1.3.0"]);
    let project = project.commit(&[0], "fix: b");
    assert_eq!(project.gets(&pre(PreKind::Rc)), ["1.3.0-rc.2"]);
    assert_eq!(project.refusals(&pre(PreKind::Beta)), ["version-goes-back"]);
    assert_eq!(project.gets(&all()), ["1.3.0"]);
    // What breaks after a candidate raises what it leads to.
    let project = project.commit(&[0], "feat!: c");
    assert_eq!(project.gets(&pre(PreKind::Rc)), ["2.0.0-rc.1"]);
    // The final's changes are all since the last final, a candidate's only its own.
    let (plan, _) = project.plan(&all()).expect("a plan");
    assert_eq!(plan.packages[0].changes.len(), 3);
    let (plan, _) = project.plan(&pre(PreKind::Rc)).expect("a plan");
    assert_eq!(plan.packages[0].changes.len(), 2);
}

#[test]
fn candidates_have_an_end() {
    let project = Project::new(&[("hello", "1.2.3")])
        .commit(&[0], "feat: a")
        .pre_release(0, &format!("1.3.0-rc.{}", u64::MAX))
        .commit(&[0], "fix: b");
    let refused = project.refusals(&pre(PreKind::Rc));
    assert_eq!(refused, ["version-goes-back"]);
}

#[test]
fn a_candidate_that_is_set_tells_its_own_changes() {
    let project = Project::new(&[("hello", "1.2.3")])
        .commit(&[0], "feat: a")
        .pre_release(0, "1.3.0-rc.1")
        .commit(&[0], "fix: b");
    for (version, want) in [("1.3.0-rc.2", 1), ("1.3.0", 2)] {
        let request = Request {
            set_version: Some(version.into()),
            ..all()
        };
        let (plan, _) = project.plan(&request).expect(version);
        assert_eq!(plan.packages[0].changes.len(), want, "{version}");
    }
}

#[test]
fn versions_that_are_set_are_taken_or_refused() {
    let project = Project::new(&[("hello", "1.2.3")]).commit(&[0], "fix: a");
    let set = |version: &str| Request {
        set_version: Some(version.into()),
        ..all()
    };
    assert_eq!(project.gets(&set("3.0.0")), ["3.0.0"]);
    assert_eq!(project.gets(&set("1.3.0-rc.1")), ["1.3.0-rc.1"]);
    let cases = [("1.0.0", "version-goes-back"), ("one", "invalid-version")];
    for (version, rule) in cases {
        let refused = project.refusals(&set(version));
        assert!(refused.contains(&rule), "{version}: {refused:?}");
    }
    let mut taken = project;
    taken.facts.tags.insert(tag("v3.0.0"), id(77));
    assert_eq!(taken.refusals(&set("3.0.0")), ["tag-taken"]);
}

/// A feature that was picked onto its branch.
const PICKED: &str =
    "feat: a\n\n(cherry picked from commit 1234567890123456789012345678901234567890)";

#[test]
fn maintenance_branches_take_patches() {
    let on = |branch: &str, message: &str| {
        let mut project = Project::new(&[("hello", "1.2.3")]).commit(&[0], message);
        project.facts.branch = Some(branch.into());
        project
    };
    let cases = [
        ("release-1.2", "fix: a", Ok("1.2.4")),
        ("release-1.2", "feat: a", Err("maintenance-branch")),
        ("release/1.2", "feat: a", Err("maintenance-branch")),
        ("release-1.2.x", "feat: a", Err("maintenance-branch")),
        ("release-1", "feat: a", Ok("1.3.0")),
        ("release-1", "feat!: a", Err("maintenance-branch")),
        ("release-1.1", "fix: a", Err("maintenance-branch")),
        // What was picked was let in as it is.
        ("release-1.2", PICKED, Ok("1.2.4")),
        ("release-1", &PICKED.replacen(':', "!:", 1), Ok("1.3.0")),
        ("main", PICKED, Ok("1.3.0")),
        ("release/1.3.0", PICKED, Ok("1.3.0")),
        // The branch of one release, made for a pull request.
        ("release/1.3.0", "feat: a", Ok("1.3.0")),
        ("released", "feat: a", Ok("1.3.0")),
    ];
    for (branch, message, want) in cases {
        let project = on(branch, message);
        match want {
            Ok(version) => assert_eq!(project.gets(&all()), [version], "{branch} {message}"),
            Err(rule) => assert_eq!(project.refusals(&all()), [rule], "{branch} {message}"),
        }
        let forced = Request {
            force: true,
            ..all()
        };
        assert_ne!(project.gets(&forced), ["-"], "{branch} {message}");
    }
}

#[test]
fn branches_of_one_release_take_hotfixes() {
    let cases = [
        ("1.2.3", "release-1.2.3", "fix: a", Ok("1.2.3.1")),
        ("1.2.3.1", "release/1.2.3", "fix: a", Ok("1.2.3.2")),
        ("1.2.3", "release-1.2.3", PICKED, Ok("1.2.3.1")),
        (
            "1.2.3",
            "release-1.2.3",
            "feat: a",
            Err("maintenance-branch"),
        ),
        (
            "1.2.3",
            "release-1.2.3",
            "fix!: a",
            Err("maintenance-branch"),
        ),
        // The branch of another release is made for a pull request.
        ("1.2.4", "release-1.2.3", "fix: a", Ok("1.2.5")),
        // The normal branch goes on as if there had been no hotfix.
        ("1.2.3.1", "release-1.2", "fix: a", Ok("1.2.4")),
        ("1.2.3+hotfix.1", "release-1.2", "fix: a", Ok("1.2.4")),
    ];
    for (current, branch, message, want) in cases {
        let mut project = Project::new(&[("hello", current)]).commit(&[0], message);
        project.facts.branch = Some(branch.into());
        match want {
            Ok(version) => assert_eq!(project.gets(&all()), [version], "{branch} {message}"),
            Err(rule) => assert_eq!(project.refusals(&all()), [rule], "{branch} {message}"),
        }
    }
    let mut semantic = Project::new(&[("hello", "1.2.3")]).commit(&[0], "fix: a");
    semantic.facts.branch = Some("release-1.2.3".into());
    let manifest = crate::release::version_file::VersionFile::new("Cargo.toml");
    semantic.policy.units[0].version_files.push(manifest);
    assert_eq!(semantic.gets(&all()), ["1.2.3+hotfix.1"]);
    let revised = [
        ("1:2.10-3", "release-2.10-3", "1:2.10-3.1"),
        ("2.10-3.1", "release-2.10-3", "2.10-3.2"),
        ("2.10-3", "release-2.10", "2.10-4"),
    ];
    for (current, branch, want) in revised {
        let mut project = packaged(current, "debian/{version}", current).commit(&[0], "fix: a");
        project.facts.branch = Some(branch.into());
        assert_eq!(project.gets(&all()), [want], "{current} {branch}");
    }
}

#[test]
fn groups_have_one_version() {
    let project = |kind| {
        let mut project = Project::new(&[("aa", "1.0.0"), ("bb", "1.4.0"), ("cc", "2.0.0")]);
        let (name, units) = ("pair".to_owned(), vec![0, 1]);
        project.policy.groups.push(Group { name, units, kind });
        project
    };
    let cases: &[(GroupKind, &[_], [&str; 3])] = &[
        (GroupKind::SameVersion, &[], ["-", "-", "-"]),
        (
            GroupKind::SameVersion,
            &[(1, "fix: a")],
            ["-", "1.4.1", "-"],
        ),
        (
            GroupKind::SameVersion,
            &[(0, "fix: a"), (1, "fix: b")],
            ["1.4.1", "1.4.1", "-"],
        ),
        (
            GroupKind::Together,
            &[(1, "fix: a")],
            ["1.4.1", "1.4.1", "-"],
        ),
        (
            GroupKind::Together,
            &[(0, "feat: a")],
            ["1.5.0", "1.5.0", "-"],
        ),
        (GroupKind::Together, &[(2, "feat: a")], ["-", "-", "2.1.0"]),
        (
            GroupKind::Together,
            &[(0, "feat!: a"), (2, "fix: b")],
            ["2.0.0", "2.0.0", "2.0.1"],
        ),
    ];
    for (kind, commits, want) in cases {
        let mut project = project(*kind);
        for (at, message) in *commits {
            project = project.commit(&[*at], message);
        }
        assert_eq!(project.gets(&all()), *want, "{kind:?} {commits:?}");
    }
}

#[test]
fn dependents_follow_by_policy() {
    // cc → bb → aa
    let project = |first: Follow, second: Follow| {
        let mut project = Project::new(&[("aa", "1.0.0"), ("bb", "1.0.0"), ("cc", "1.0.0")]);
        let edge = |on, follow| Edge {
            on,
            follow,
            requirements: Vec::new(),
        };
        project.policy.units[1].depends_on.push(edge(0, first));
        project.policy.units[2].depends_on.push(edge(1, second));
        project.commit(&[0], "feat: a")
    };
    let cases = [
        (Follow::Patch, Follow::Patch, ["1.1.0", "1.0.1", "1.0.1"]),
        (Follow::Same, Follow::Same, ["1.1.0", "1.1.0", "1.1.0"]),
        (Follow::Same, Follow::Patch, ["1.1.0", "1.1.0", "1.0.1"]),
        (Follow::Ignore, Follow::Same, ["1.1.0", "-", "-"]),
        (Follow::Patch, Follow::Ignore, ["1.1.0", "1.0.1", "-"]),
    ];
    for (first, second, want) in cases {
        assert_eq!(
            project(first, second).gets(&all()),
            want,
            "{first:?} {second:?}"
        );
    }
    // Its own changes may ask for more.
    let more = project(Follow::Patch, Follow::Patch).commit(&[1], "feat: b");
    assert_eq!(more.gets(&all()), ["1.1.0", "1.1.0", "1.0.1"]);
    // The release of a package that only follows has something to say.
    let (plan, _) = more.plan(&all()).expect("a plan");
    assert_eq!(plan.packages[2].changes[0].description, "use bb 1.1.0");
}

#[test]
fn what_is_not_asked_for_is_left() {
    let project = Project::new(&[("aa", "1.0.0"), ("bb", "1.0.0")])
        .commit(&[0], "feat: a")
        .commit(&[1], "fix: b");
    let one = Request {
        packages: vec![name("bb")],
        ..all()
    };
    assert_eq!(project.gets(&one), ["-", "1.0.1"]);
}

#[test]
fn every_commit_is_a_change_or_left_out_with_a_reason() {
    let project = Project::new(&[("aa", "1.0.0"), ("bb", "")])
        .commit(&[0, 1], "feat: both")
        .commit(&[], "docs: nobody's")
        .commit(&[0], "fixup! feat: both")
        .commit(&[1], "free words");
    let (plan, _) = project.plan(&all()).expect("a plan");
    for commit in &project.facts.commits {
        let told = |package: &PackagePlan| {
            package.changes.iter().any(|c| c.commit == commit.id)
                || package.ignored.iter().any(|c| c.commit == commit.id)
        };
        let ignored = plan.ignored.iter().any(|c| c.commit == commit.id);
        assert!(
            plan.packages.iter().any(told) || ignored,
            "{}",
            commit.message
        );
    }
}

#[test]
fn messages_may_be_refused() {
    let mut project = Project::new(&[("aa", "1.0.0")])
        .commit(&[0], "feat: a")
        .commit(&[0], "free words");
    project.policy.bumps.unconventional = Unconventional::Error;
    assert_eq!(project.refusals(&all()), ["unconventional-commit"]);
}

#[test]
fn a_prepared_release_awaits_its_tag() {
    let mut project = Project::new(&[("aa", "1.0.0")])
        .commit(&[0], "feat: a")
        .commit(&[0], "chore(release): aa 1.1.0\n\nDebcut-Release: aa 1.1.0")
        .commit(&[0], "fix: later");
    project.facts.units[0].pending = Some(Pending {
        version: "1.1.0".into(),
        commit: id(2),
        by: PendingBy::Trailer,
        later: vec![0],
    });
    assert_eq!(project.gets(&all()), ["tag 1.1.0"]);
    let (plan, _) = project.plan(&all()).expect("a plan");
    let descriptions: Vec<_> = plan.packages[0]
        .changes
        .iter()
        .map(|c| c.description.as_str())
        .collect();
    assert_eq!(descriptions, ["a"]);
    // Prepared again, with the commits behind it.
    let again = Request {
        again: true,
        ..all()
    };
    assert_eq!(project.gets(&again), ["1.1.0"]);
}

const REVISED: &str = "hello (1:2.10-3) unstable; urgency=medium\n\n  * Old.\n\n -- A <a@example.org>  Sat, 21 Nov 2026 09:30:00 +0000\n";

#[test]
fn what_is_prepared_again_keeps_its_debian_version() {
    for (entry, pattern, last, version) in [
        // A native package, then one whose releases raise the revision.
        ("2.10.2", "v{version}", "2.10.1", "2.10.2"),
        ("1:2.10-4", "debian/{version}", "1:2.10-3", "1:2.10-4"),
    ] {
        let changelog = REVISED.replace("1:2.10-3", entry);
        let mut project = Project::new(&[("hello", "1.0")]).debian(&changelog, pattern);
        let released = release(&project.policy.units[0].tags[0], last, 1);
        project.facts.tags = [(released.tag.clone(), released.commit.clone())].into();
        project.facts.units[0].last_final = Some(released);
        let message = format!("chore(release): hello {version}\n\nDebcut-Release: hello {version}");
        let mut project = project
            .commit(&[0], "fix: a")
            .commit(&[0], &message)
            .commit(&[0], "fix: later");
        project.facts.units[0].pending = Some(Pending {
            version: version.into(),
            commit: id(2),
            by: PendingBy::Trailer,
            later: vec![0],
        });
        let again = Request {
            again: true,
            ..all()
        };
        let (plan, _) = project.plan(&again).expect("a plan");
        let found = match &plan.packages[0].decision {
            Decision::Release(next) => next.debian_version.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(found, entry);
    }
}

#[test]
fn debian_packages_get_their_own_versions() {
    let unreleased = REVISED
        .replace("unstable", "UNRELEASED")
        .replace("2.10-3", "2.11-1");
    let native = REVISED.replace("1:2.10-3", "2.10.1");
    let upload = |upload: Upload| Request { upload, ..all() };
    let set = |version: &str| Request {
        set_version: Some(version.into()),
        ..all()
    };
    // changelog, tag pattern, last tag's version, message, request → versions
    type Case<'a> = (
        &'a str,
        &'a str,
        &'a str,
        &'a str,
        Request,
        &'a str,
        &'a str,
    );
    let cases: Vec<Case<'_>> = vec![
        (
            REVISED,
            "debian/{version}",
            "1:2.10-3",
            "fix: a",
            all(),
            "1:2.10-4",
            "debian/1%2.10-4",
        ),
        (
            REVISED,
            "debian/{version}",
            "1:2.10-3",
            "feat: a",
            all(),
            "1:2.10-4",
            "debian/1%2.10-4",
        ),
        (
            &unreleased,
            "debian/{version}",
            "1:2.10-3",
            "fix: a",
            all(),
            "1:2.11-1",
            "debian/1%2.11-1",
        ),
        (
            REVISED,
            "debian/{version}",
            "1:2.10-3",
            "fix: a",
            set("2.12"),
            "1:2.12-1",
            "debian/1%2.12-1",
        ),
        (
            REVISED,
            "v{version}",
            "2.10",
            "feat: a",
            all(),
            "1:2.11-1",
            "v2.11",
        ),
        (
            &native,
            "debian/{version}",
            "2.10.1",
            "fix: a",
            all(),
            "2.10.2",
            "debian/2.10.2",
        ),
        (
            &native,
            "v{version}",
            "2.10.1",
            "feat: a",
            all(),
            "2.11.0",
            "v2.11.0",
        ),
        (
            REVISED,
            "debian/{version}",
            "1:2.10-3",
            "fix: a",
            upload(Upload::Nmu),
            "1:2.10-3.1",
            "debian/1%2.10-3.1",
        ),
        (
            REVISED,
            "debian/{version}",
            "1:2.10-3",
            "fix: a",
            upload(Upload::Backport("bookworm".into())),
            "1:2.10-3~bpo12+1",
            "debian/1%2.10-3_bpo12+1",
        ),
        (
            REVISED,
            "v{version}",
            "2.10",
            "fix: a",
            upload(Upload::StableUpdate("bookworm".into())),
            "1:2.10-3+deb12u1",
            "debian/1%2.10-3+deb12u1",
        ),
    ];
    for (changelog, pattern, last, message, request, version, want) in cases {
        let mut project = Project::new(&[("hello", "1.0")]).debian(changelog, pattern);
        let released = release(&project.policy.units[0].tags[0], last, 1);
        project.facts.tags = [(released.tag.clone(), released.commit.clone())].into();
        project.facts.units[0].last_final = Some(released);
        let project = project.commit(&[0], message);
        let (plan, _) = project.plan(&request).expect(version);
        let Decision::Release(next) = &plan.packages[0].decision else {
            panic!("{version}: {:?}", plan.packages[0].decision);
        };
        assert_eq!(next.debian_version.as_str(), version);
        assert_eq!(next.tag.as_ref().map(TagName::as_str), Some(want));
    }
}

#[test]
fn the_digest_is_of_the_result() {
    let project = Project::new(&[("aa", "1.0.0")]).commit(&[0], "feat: a");
    let digest = |project: &Project| project.plan(&all()).expect("a plan").0.digest();
    let before = digest(&project);
    let mut moved = project.commit(&[], "docs: nobody's");
    moved.facts.head = id(1234);
    assert_eq!(digest(&moved), before);
    let moved = moved.commit(&[0], "fix: b");
    assert_ne!(digest(&moved), before);
}

#[test]
fn the_digest_is_of_all_that_is_written() {
    fn edge(policy: &mut Policy) -> &mut Edge {
        policy.units[1].depends_on.last_mut().expect("an edge")
    }
    let project = || {
        let mut project = Project::new(&[("aa", "1.0.0"), ("bb", "1.0.0"), ("cc", "1.0.0")]);
        project.policy.units[1].depends_on = vec![Edge {
            on: 0,
            follow: Follow::Patch,
            requirements: vec![VersionFile::requirement("bb/Cargo.toml", "aa")],
        }];
        project.commit(&[0], "feat: a")
    };
    let digest = |change: &dyn Fn(&mut Project)| {
        let mut project = project();
        change(&mut project);
        project.plan(&all()).expect("a plan").0.digest()
    };
    let before = digest(&|_| {});
    type Change = fn(&mut Project);
    let other: [(&str, Change); 7] = [
        ("a requirement", |p| {
            edge(&mut p.policy).requirements.clear();
        }),
        ("a version file", |p| {
            p.policy.units[0].version_files = vec![VersionFile::new("aa/VERSION")];
        }),
        ("a changes file", |p| {
            p.policy.units[0].changes_file = Some("aa/NEWS.md".into());
        }),
        ("a changelog", |p| {
            p.policy.units[0].debian = DebianKind::Declared {
                revision: None,
                changelog: Some("aa/changelog".into()),
                distribution: "unstable".into(),
                maintainer: "A <a@example.org>".into(),
            };
        }),
        ("the notes", |p| p.policy.notes.contributors = false),
        ("the message", |p| p.policy.message = "release".into()),
        ("the entry", |p| p.policy.debian.width = 72),
    ];
    for (what, change) in other {
        assert_ne!(digest(&change), before, "{what}");
    }
    let same: [(&str, Change); 3] = [
        ("another package's file", |p| {
            p.policy.units[2].changes_file = Some("cc/NEWS.md".into());
        }),
        ("the remote", |p| p.policy.remote = "fork".into()),
        ("branches", |p| p.policy.maintenance.clear()),
    ];
    for (what, change) in same {
        assert_eq!(digest(&change), before, "{what}");
    }
}

#[test]
fn an_upload_is_made_once() {
    let backport = Request {
        upload: Upload::Backport("bookworm".into()),
        ..all()
    };
    let backported = REVISED.replace("1:2.10-3", "1:2.10-3~bpo12+1");
    for pattern in ["debian/{version}", "v{version}"] {
        let mut project = Project::new(&[("hello", "1.0")]).debian(&backported, pattern);
        let tags = &project.policy.units[0].tags[0];
        project.facts.units[0].last_final = Some(release(tags, "2.10", 1));
        project.facts.units[0].pending = Some(Pending {
            version: "1:2.10-3~bpo12+1".into(),
            commit: id(2),
            by: PendingBy::Trailer,
            later: Vec::new(),
        });
        let (plan, _) = project.plan(&backport).expect(pattern);
        let Decision::Prepared { tag, .. } = &plan.packages[0].decision else {
            panic!("{pattern}: {:?}", plan.packages[0].decision);
        };
        assert_eq!(tag.as_str(), "debian/1%2.10-3_bpo12+1");
        project.facts.units[0].pending = None;
        assert_eq!(project.gets(&backport), ["-"]);
        let changed = project.commit(&[0], "fix: a");
        assert_eq!(changed.gets(&backport), ["1:2.10-3~bpo12+2"]);
    }
}

fn upload(upload: Upload) -> Request {
    Request { upload, ..all() }
}

fn set(version: &str) -> Request {
    Request {
        set_version: Some(version.into()),
        ..all()
    }
}

/// A package with `debian/` whose newest entry has this version, released as
/// `last`.
fn packaged(entry: &str, pattern: &str, last: &str) -> Project {
    let changelog = REVISED.replace("1:2.10-3", entry);
    let mut project = Project::new(&[("hello", "1.0")]).debian(&changelog, pattern);
    let released = release(&project.policy.units[0].tags[0], last, 1);
    project.facts.tags = [(released.tag.clone(), released.commit.clone())].into();
    project.facts.units[0].last_final = Some(released);
    project
}

fn next_of(plan: &ReleasePlan, at: usize) -> &Next {
    match &plan.packages[at].decision {
        Decision::Release(next) => next,
        other => panic!("{other:?}"),
    }
}

#[test]
fn version_files_get_the_projects_own_number() {
    let debian = "debian/{version}";
    // entry, tag pattern, last release, request → version, number
    let cases = [
        ("1.0.0-1", debian, "1.0.0-1", all(), "1.0.0-2", None),
        (
            "1:2.10-3",
            "v{version}",
            "2.10",
            all(),
            "2.11",
            Some("2.11"),
        ),
        (
            "1:2.10-3",
            debian,
            "1:2.10-3",
            set("2.12"),
            "1:2.12-1",
            Some("2.12"),
        ),
        (
            "1:2.10-3",
            debian,
            "1:2.10-3",
            set("2.10"),
            "1:2.10-4",
            None,
        ),
        (
            "2.10+dfsg1-3",
            debian,
            "2.10+dfsg1-3",
            all(),
            "2.10+dfsg1-4",
            None,
        ),
        (
            "1:2.10.1",
            debian,
            "1:2.10.1",
            all(),
            "1:2.11.0",
            Some("2.11.0"),
        ),
        (
            "2.10.1",
            debian,
            "2.10.1",
            pre(PreKind::Rc),
            "2.11.0~rc1",
            Some("2.11.0-rc.1"),
        ),
        (
            "2.10-3",
            debian,
            "2.10-3",
            upload(Upload::Nmu),
            "2.10-3.1",
            None,
        ),
        (
            "2.10",
            debian,
            "2.10",
            upload(Upload::Nmu),
            "2.10+nmu1",
            None,
        ),
        (
            "2.10",
            debian,
            "2.10",
            upload(Upload::Local("wmf".into())),
            "2.10+wmf1",
            Some("2.10+wmf1"),
        ),
        (
            "3.1-1",
            debian,
            "3.1-1",
            upload(Upload::Really("2.0".into())),
            "3.1+really2.0-1",
            Some("2.0"),
        ),
    ];
    for (entry, pattern, last, request, version, number) in cases {
        let project = packaged(entry, pattern, last).commit(&[0], "feat: a");
        let (plan, _) = project.plan(&request).expect(version);
        let next = next_of(&plan, 0);
        let found = (next.version.as_str(), next.number.as_deref());
        assert_eq!(found, (version, number), "{entry} {pattern}");
    }
    // What an UNRELEASED entry brings of upstream is the files' number, too.
    let mut project = packaged("1:2.11~rc1-1", debian, "1:2.10-3").commit(&[0], "fix: a");
    let entry = project.facts.units[0].changelog.as_mut().expect("an entry");
    entry.distributions = vec![Suite::new("UNRELEASED").expect("suite")];
    let (plan, _) = project.plan(&all()).expect("a plan");
    assert_eq!(next_of(&plan, 0).number.as_deref(), Some("2.11-rc.1"));
    // And Python's are written as Python takes them.
    let mut project = packaged("2.10.1", debian, "2.10.1").commit(&[0], "fix: a");
    project.policy.units[0].version_files = vec![VersionFile::new("pyproject.toml")];
    let (plan, _) = project.plan(&pre(PreKind::Rc)).expect("a plan");
    assert_eq!(next_of(&plan, 0).number.as_deref(), Some("2.10.2rc1"));
}

#[test]
fn candidates_with_an_epoch_lead_to_their_release() {
    let project = |message: &str| {
        packaged("1:2.11.0~rc1", "debian/{version}", "1:2.10.1")
            .commit(&[0], "feat: a")
            .pre_release(0, "1:2.11.0~rc1")
            .commit(&[0], message)
    };
    let cases = [
        ("fix: b", pre(PreKind::Rc), "1:2.11.0~rc2"),
        ("fix: b", all(), "1:2.11.0"),
        // Only what is higher than the candidate is taken.
        ("fix: b\n\nRelease-As: 2.11.0-alpha.1", all(), "1:2.11.0"),
        ("feat!: b", pre(PreKind::Rc), "1:3.0.0~rc1"),
    ];
    for (message, request, want) in cases {
        assert_eq!(project(message).gets(&request), [want], "{message}");
    }
    let beta = project("fix: b").refusals(&pre(PreKind::Beta));
    assert_eq!(beta, ["version-goes-back"]);
}

#[test]
fn maintenance_branches_take_revisions_of_an_epoch() {
    let cases = [("release-2.10", Ok("1:2.10-4")), ("release-2.9", Err(()))];
    for (branch, want) in cases {
        let mut project =
            packaged("1:2.10-3", "debian/{version}", "1:2.10-3").commit(&[0], "fix: a");
        project.facts.branch = Some(branch.into());
        match want {
            Ok(version) => assert_eq!(project.gets(&all()), [version], "{branch}"),
            Err(()) => assert_eq!(project.refusals(&all()), ["maintenance-branch"]),
        }
    }
}

#[test]
fn debian_versions_that_are_set_rise_and_keep_their_epoch() {
    let project = packaged("2:1.0.0-1", "debian/{version}", "2:1.0.0-1").commit(&[0], "fix: a");
    let cases = [
        ("1.1-0.1", Ok("2:1.1-0.1")),
        ("2:1.1-2", Ok("2:1.1-2")),
        ("3:0.9-1", Ok("3:0.9-1")),
        ("3:0.9", Ok("3:0.9-1")),
        ("0.9-1", Err("version-goes-back")),
        ("1.0.0-1", Err("version-goes-back")),
        ("1:2.0-1", Err("version-goes-back")),
    ];
    for (version, want) in cases {
        match want {
            Ok(want) => assert_eq!(project.gets(&set(version)), [want], "{version}"),
            Err(rule) => assert_eq!(project.refusals(&set(version)), [rule], "{version}"),
        }
    }
}

#[test]
fn a_revision_has_no_candidates() {
    let project = packaged("1.0.0-1", "debian/{version}", "1.0.0-1").commit(&[0], "feat: a");
    assert_eq!(project.refusals(&pre(PreKind::Rc)), ["no-candidate"]);
}

#[test]
fn uploads_go_to_suites_with_names() {
    let backport = |suite: &str| upload(Upload::Backport(suite.into()));
    let stable = |suite: &str| upload(Upload::StableUpdate(suite.into()));
    let cases = [
        (backport("12"), Ok(("2.10-3~bpo12+1", "bookworm-backports"))),
        (
            backport("bookworm"),
            Ok(("2.10-3~bpo12+1", "bookworm-backports")),
        ),
        (
            backport("bookworm-backports"),
            Ok(("2.10-3~bpo12+1", "bookworm-backports")),
        ),
        (stable("13"), Ok(("2.10-3+deb13u1", "trixie"))),
        (
            stable("bookworm-security"),
            Ok(("2.10-3+deb12u1", "bookworm-security")),
        ),
        (stable("99"), Err("unknown-suite")),
        (backport("99"), Err("unknown-suite")),
        (backport("sid"), Err("unknown-suite")),
    ];
    for (request, want) in cases {
        let project = packaged("2.10-3", "debian/{version}", "2.10-3").commit(&[0], "fix: a");
        let Ok((version, distribution)) = want else {
            let rule = want.expect_err("a refusal");
            assert_eq!(project.refusals(&request), [rule], "{request:?}");
            continue;
        };
        let (plan, _) = project.plan(&request).expect(version);
        let next = next_of(&plan, 0);
        let found = (next.version.as_str(), next.distribution.as_deref());
        assert_eq!(found, (version, Some(distribution)));
    }
}

#[test]
fn what_is_being_written_has_candidates() {
    let project = |entry: &str, released: &str, last: &str| {
        let mut project = packaged(entry, "v{version}", last).commit(&[0], "feat: a");
        let facts = &mut project.facts.units[0];
        let entry = facts.changelog.as_mut().expect("an entry");
        entry.distributions = vec![Suite::new("UNRELEASED").expect("suite")];
        facts.released_entry = Some(Version::new(released).expect("version"));
        project
    };
    let cases = [
        ("1.1.0-1", "1.0.0-1", "1.0.0", "1.1.0~rc1-1"),
        ("2:1.1.0-1", "2:1.0.0-3", "1.0.0", "2:1.1.0~rc1-1"),
        ("1.1.0", "1.0.0", "1.0.0", "1.1.0~rc1"),
    ];
    for (entry, released, last, want) in cases {
        let project = project(entry, released, last);
        let (plan, _) = project.plan(&pre(PreKind::Rc)).expect(want);
        assert_eq!(next_of(&plan, 0).debian_version.as_str(), want);
    }
    // What is released stays below.
    let refused = project("1.1.0-1", "1.1.0~rc2-1", "1.0.0").refusals(&pre(PreKind::Rc));
    assert_eq!(refused, ["version-goes-back"]);
}

/// Two packages; the second requires the first in a file of its own.
fn dependent(first: &str, second: &str) -> Project {
    let mut project = Project::new(&[("lib", first), ("app", second)]);
    project.policy.units[1].depends_on.push(Edge {
        on: 0,
        follow: Follow::Patch,
        requirements: vec![VersionFile::new("app/needs")],
    });
    project
}

#[track_caller]
fn required(project: &Project, request: &Request) -> Vec<String> {
    let (plan, _) = project.plan(request).expect("a plan");
    let requirements = next_of(&plan, 1).requirements.iter();
    requirements.map(|(_, version)| version.clone()).collect()
}

#[test]
fn requirements_name_the_projects_own_number() {
    let project = dependent("1.0.0", "1.0.0").debian(
        &REVISED.replace("1:2.10-3", "1:1.0.0-1"),
        "debian/{version}",
    );
    let mut project = project.commit(&[1], "fix: app");
    let released = release(&project.policy.units[0].tags[0], "1:1.0.0-1", 1);
    project.facts.units[0].last_final = Some(released);
    // Of what is there, of a revision, and of a new number.
    assert_eq!(required(&project, &all()), ["1.0.0"]);
    let project = project.commit(&[0], "feat: lib");
    assert_eq!(required(&project, &all()), ["1.0.0"]);
    assert_eq!(required(&project, &set("1.2.0")), ["1.2.0"]);
}

#[test]
fn a_final_release_requires_final_ones() {
    let project = dependent("1.0.0", "1.0.0")
        .commit(&[0], "feat: lib")
        .pre_release(0, "1.1.0-rc.1")
        .commit(&[1], "fix: app");
    assert_eq!(required(&project, &all()), ["1.1.0"]);
    assert_eq!(required(&project, &pre(PreKind::Rc)), ["1.1.0-rc.1"]);
    let app = Request {
        packages: vec![name("app")],
        ..all()
    };
    assert_eq!(required(&project, &app), ["1.0.0"]);
}

#[test]
fn a_debian_tag_of_a_declared_package_has_its_revision() {
    let mut project = Project::new(&[("hello", "1.0")]).commit(&[0], "feat: a");
    let unit = &mut project.policy.units[0];
    unit.tags = vec![TagPattern::new("debian/{version}").expect("pattern")];
    let DebianKind::Declared { revision, .. } = &mut unit.debian else {
        panic!("{:?}", unit.debian);
    };
    *revision = Some("1".into());
    project.facts.units[0].last_final = Some(release(&unit.tags[0], "1.0-1", 1));
    let (plan, _) = project.plan(&all()).expect("a plan");
    let next = next_of(&plan, 0);
    assert_eq!(
        (&*next.version, next.number.as_deref()),
        ("1.1-1", Some("1.1"))
    );
    project.facts.units[0].pending = Some(Pending {
        version: "1.1-1".into(),
        commit: id(2),
        by: PendingBy::Trailer,
        later: Vec::new(),
    });
    let (plan, _) = project.plan(&all()).expect("a plan");
    let Decision::Prepared {
        debian_version,
        tag,
        ..
    } = &plan.packages[0].decision
    else {
        panic!("{:?}", plan.packages[0].decision);
    };
    assert_eq!(
        (debian_version.as_str(), tag.as_str()),
        ("1.1-1", "debian/1.1-1")
    );
}

#[test]
fn what_is_asked_for_and_prepared_is_told_apart() {
    let mut project = Project::new(&[("aa", "1.0.0"), ("bb", "1.0.0")]).commit(&[0, 1], "feat: a");
    project.facts.units[0].pending = Some(Pending {
        version: "1.1.0".into(),
        commit: id(2),
        by: PendingBy::Trailer,
        later: Vec::new(),
    });
    assert_eq!(project.gets(&all()), ["tag 1.1.0", "1.1.0"]);
    let only = |package: &str, version: Option<&str>| Request {
        packages: vec![name(package)],
        set_version: version.map(str::to_owned),
        ..all()
    };
    assert_eq!(project.gets(&only("bb", None)), ["-", "1.1.0"]);
    assert_eq!(project.gets(&only("aa", Some("1.1.0"))), ["tag 1.1.0", "-"]);
    let refused = project.refusals(&only("aa", Some("3.0.0")));
    assert_eq!(refused, ["prepared-otherwise"]);
    // What is released as that version is so already.
    assert_eq!(
        project.gets(&only("bb", Some("1.0.0"))),
        ["tag 1.1.0", "-"].map(|_| "-")
    );
}

#[test]
fn a_version_that_is_opened_in_the_tree_is_promised() {
    use crate::release::facts::FoundVersion;
    let cases = [
        ("1.0.0", "1.0.1"),
        ("1.2.0", "1.2.0"),
        ("1.2.0-dev", "1.2.0"),
        ("0.9.0", "1.0.1"),
    ];
    for (opened, want) in cases {
        let mut project = Project::new(&[("aa", "1.0.0")]).commit(&[0], "fix: a");
        project.facts.units[0].versions = vec![FoundVersion {
            path: "VERSION".into(),
            version: Ok(opened.into()),
        }];
        assert_eq!(project.gets(&all()), [want], "{opened}");
    }
}
