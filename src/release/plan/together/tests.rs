//! Packages that depend on each other, with what became of the others before.

use crate::model::{PackageName, TagName, Timestamp};
use crate::release::commit::{Commit, Person, Release};
use crate::release::facts::{Behind, Facts, Pending, PendingBy, UnitFacts};
use crate::release::number::PreKind;
use crate::release::plan::{Decision, Request, plan};
use crate::release::policy::{DebianKind, Edge, Follow, Group, GroupKind, Policy, Unit};
use crate::release::tag_pattern::TagPattern;

fn unit(name: &str) -> Unit {
    Unit {
        name: PackageName::new(name).expect(name),
        path: name.into(),
        include: Vec::new(),
        exclude: Vec::new(),
        former_paths: Vec::new(),
        tags: vec![TagPattern::new(&format!("{name}-v{{version}}")).expect(name)],
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

fn release(name: &str, version: &str) -> Release {
    Release {
        tag: TagName::new(format!("{name}-v{version}")).expect(version),
        version: version.into(),
        commit: "1".repeat(40),
        committed: Timestamp::from_unix(0),
    }
}

/// `lib` and `app`, both at 1.0.0, with a fix in one of them.
fn project(fixed: Option<usize>) -> (Facts, Policy) {
    let policy = Policy::usual(vec![unit("lib"), unit("app")]);
    let last = |name: &str| UnitFacts {
        last_final: Some(release(name, "1.0.0")),
        ..UnitFacts::default()
    };
    let mut facts = Facts {
        head: "2".repeat(40),
        units: vec![last("lib"), last("app")],
        ..Facts::default()
    };
    if let Some(unit) = fixed {
        facts.commits.push(Commit {
            id: "3".repeat(40),
            parents: vec!["1".repeat(40)],
            author: Person {
                name: "Ada".into(),
                email: "ada@example.org".into(),
            },
            committed: Timestamp::from_unix(1),
            message: "fix: it".into(),
            touches: vec![unit],
            unowned: None,
            origins: Vec::new(),
        });
        facts.units[unit].since_final = vec![0];
        facts.units[unit].since_pre = vec![0];
    }
    (facts, policy)
}

fn depends(policy: &mut Policy, follow: Follow) {
    policy.units[1].depends_on = vec![Edge {
        on: 0,
        follow,
        requirements: Vec::new(),
    }];
}

fn prepared(facts: &mut Facts, version: &str) {
    facts.units[0].pending = Some(Pending {
        version: version.into(),
        commit: "2".repeat(40),
        by: PendingBy::Trailer,
        later: Vec::new(),
    });
}

fn gets(facts: &Facts, policy: &Policy, pre: Option<PreKind>) -> Vec<String> {
    let request = Request {
        pre,
        ..Request::everything()
    };
    let (plan, _) = plan(facts, policy, &request).expect("a plan");
    let decided = plan.packages.iter().map(|package| match &package.decision {
        Decision::Release(next) => next.version.clone(),
        Decision::Prepared { version, .. } => format!("tag {version}"),
        Decision::Skip { .. } => "-".into(),
    });
    decided.collect()
}

#[test]
fn a_dependent_keeps_what_its_candidates_promise() {
    let (mut facts, mut policy) = project(Some(0));
    depends(&mut policy, Follow::Patch);
    for (at, name) in ["lib", "app"].iter().enumerate() {
        facts.units[at].pre_releases = vec![release(name, "1.1.0-rc.1")];
    }
    let rc = Some(PreKind::Rc);
    assert_eq!(gets(&facts, &policy, rc), ["1.1.0-rc.2", "1.1.0-rc.2"]);
    assert_eq!(gets(&facts, &policy, None), ["1.1.0", "1.1.0"]);
}

#[test]
fn a_group_keeps_what_a_sister_s_candidate_promises() {
    let (mut facts, mut policy) = project(Some(1));
    policy.groups = vec![Group {
        name: "all".into(),
        kind: GroupKind::SameVersion,
        units: vec![0, 1],
    }];
    facts.units[0].pre_releases = vec![release("lib", "1.1.0-rc.1")];
    let rc = Some(PreKind::Rc);
    assert_eq!(gets(&facts, &policy, rc), ["-", "1.1.0-rc.1"]);
    facts.units[0].pre_releases.clear();
    prepared(&mut facts, "1.1.0-rc.1");
    assert_eq!(gets(&facts, &policy, rc), ["tag 1.1.0-rc.1", "1.1.0-rc.1"]);
}

#[test]
fn a_prepared_sister_is_ahead() {
    let (mut facts, mut policy) = project(Some(1));
    policy.groups = vec![Group {
        name: "all".into(),
        kind: GroupKind::SameVersion,
        units: vec![0, 1],
    }];
    prepared(&mut facts, "1.1.0");
    assert_eq!(gets(&facts, &policy, None), ["tag 1.1.0", "1.1.1"]);
}

#[test]
fn a_release_that_was_missed_is_followed_later() {
    let newest = |version: &str, before: Option<&str>| Behind {
        on: 0,
        version: version.into(),
        before: before.map(Into::into),
    };
    for (follow, behind, want) in [
        (Follow::Patch, newest("1.1.0", Some("1.0.0")), "1.0.1"),
        (Follow::Same, newest("1.1.0", Some("1.0.0")), "1.1.0"),
        (Follow::Same, newest("1.1.2", Some("1.0.0")), "1.1.0"),
        (Follow::Same, newest("1.1.2", Some("1.1.1")), "1.0.1"),
        (Follow::Same, newest("1.1.2", None), "1.0.1"),
        (Follow::Same, newest("1.1.2", Some("1.1.2")), "-"),
        (Follow::Ignore, newest("1.1.0", Some("1.0.0")), "-"),
    ] {
        let (mut facts, mut policy) = project(None);
        depends(&mut policy, follow);
        assert_eq!(gets(&facts, &policy, None), ["-", "-"]);
        facts.units[1].behind = vec![behind.clone()];
        assert_eq!(gets(&facts, &policy, None), ["-", want], "{behind:?}");
        prepared(&mut facts, &behind.version);
        let tag = format!("tag {}", behind.version);
        assert_eq!(gets(&facts, &policy, None), [&tag, want], "{behind:?}");
    }
}
