use super::*;
use crate::model::{BranchName, Sha256, Timestamp};
use crate::patch::facts::{Applies, Facts, Picks};
use crate::patch::policy::Unconventional;
use crate::patch::queue::Queue;
use crate::patch::state::standing;
use crate::patch::{Answers, Ask, Decision, Event, RequestId};
use crate::release::commit::Person;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn person(name: &str) -> Person {
    Person {
        name: name.to_owned(),
        email: format!("{}@example.org", name.to_lowercase()),
    }
}

fn branch() -> BranchName {
    BranchName::new("release-1.12").expect("a branch")
}

/// A queue with one request, and what was said of it since, by whom.
fn queue(said: &[(&str, &str)]) -> (Queue, RequestId) {
    let answer = || "said".to_owned();
    let ask = Ask {
        onto: branch(),
        commits: vec![COMMIT.into()],
        title: "fix: it".into(),
        authors: vec![person("Ann")],
        answers: Answers {
            bug: answer(),
            affected: answer(),
            severity: answer(),
            verified: answer(),
            note: String::new(),
        },
        pull_request: None,
    };
    let mut entries = Vec::new();
    let mut queue = Queue::default();
    let mut say = |by: &str, event: Event| -> (Queue, Sha256) {
        let at = Timestamp::from_unix(1_700_000_000);
        let entry = queue.next(at, person(by), event);
        let id = entry.id();
        entries.push((id, entry));
        queue = Queue::of(entries.iter().cloned());
        (queue.clone(), id)
    };
    let (mut made, entry) = say("Ann", Event::Asked(ask));
    let id = RequestId::of(&entry);
    for (by, what) in said {
        let (request, reason) = (id.clone(), "because".to_owned());
        let decision = match *what {
            "approve" => Some(Decision::Approve),
            "hold" => Some(Decision::Hold),
            "reject" => Some(Decision::Reject),
            _ => None,
        };
        let event = match (decision, *what) {
            (Some(decision), _) => Event::Decided {
                request,
                decision,
                reason,
                page: None,
            },
            (None, "freeze") => Event::Frozen {
                branch: branch(),
                until: None,
                except: Vec::new(),
                reason,
                waiting: Vec::new(),
            },
            (None, rule) => Event::Overridden {
                request,
                rule: rule.to_owned(),
                reason,
            },
        };
        made = say(by, event).0;
    }
    (made, id)
}

fn facts() -> Facts {
    Facts {
        moves: Vec::new(),
        merged: Merged::All,
        note: NoteFact::Written,
        applies: Applies::Cleanly,
        landed: None,
        picks: Picks::There,
    }
}

fn kind(name: Option<&str>, breaks: Breaks) -> Kind {
    Kind {
        commit: COMMIT.into(),
        name: name.map(str::to_owned),
        breaks,
    }
}

/// One approver, one owner.
fn policy() -> Policy {
    Policy {
        approvers: vec!["Rita".into()],
        owners: vec!["olaf@example.org".into()],
        ..Policy::default()
    }
}

const CALM: Ground = Ground {
    green: Green::Unasked,
    behind: None,
};

fn listed(said: &[(&str, &str)], facts: Facts, policy: &Policy) -> Listed {
    let (queue, id) = queue(said);
    let request = queue.requests[&id].clone();
    let standing = standing(&request, &facts, &queue, policy);
    Listed {
        request,
        facts,
        standing,
    }
}

/// What stands, and in parentheses what is set aside.
fn judged(said: &[(&str, &str)], facts: Facts, kinds: &[Kind], ground: &Ground) -> String {
    let policy = policy();
    let listed = listed(said, facts, &policy);
    if let Some(bar) = bar(&listed) {
        return bar.name.to_owned();
    }
    let id = &listed.request.id;
    let mut words = Vec::new();
    for breach in breaches(&listed, kinds, ground, &policy) {
        let finding = breach.finding(&listed.request);
        assert_eq!(finding.is_error(), breach.stands(), "{finding:?}");
        if breach.stands() {
            let way = format!("debcut patch override {id} {}", breach.rule);
            assert!(finding.fix.contains(&way), "{finding:?}");
            assert!(!breach.fix.is_empty(), "{finding:?}");
        }
        words.push(match breach.stands() {
            true => breach.rule.to_string(),
            false => format!("({})", breach.rule),
        });
    }
    words.join(" ")
}

const APPROVED: (&str, &str) = ("Rita", "approve");

#[test]
fn each_rule_refuses_and_can_be_set_aside() {
    let fix = [kind(Some("fix"), Breaks::Unsaid)];
    for (said, want) in [
        (&[][..], "not-approved"),
        (&[APPROVED], ""),
        // Ann is no approver.
        (&[("Ann", "approve")], "not-approved"),
        (&[("Ann", "not-approved")], "not-approved"),
        (&[("Olaf", "not-approved")], "(not-approved)"),
        (&[APPROVED, ("Rita", "freeze")], "frozen"),
        (
            &[APPROVED, ("Rita", "freeze"), ("Rita", "frozen")],
            "(frozen)",
        ),
        // Decisions are taken back, not set aside.
        (&[APPROVED, ("Rita", "hold")], "held"),
        (&[("Rita", "reject"), ("Rita", "not-approved")], "rejected"),
    ] {
        assert_eq!(judged(said, facts(), &fix, &CALM), want, "{said:?}");
    }
    let without = Merged::Without(vec!["0123456789abcdef".into()]);
    for (merged, said, want) in [
        (without.clone(), &[APPROVED][..], "parent-not-merged"),
        (Merged::Unknown, &[APPROVED], "parent-not-merged"),
        (
            Merged::Unpushed {
                commits: vec!["0123456789abcdef".into()],
                shared: "origin/main".into(),
            },
            &[APPROVED],
            "parent-not-merged",
        ),
        (
            without,
            &[APPROVED, ("Rita", "parent-not-merged")],
            "(parent-not-merged)",
        ),
    ] {
        let facts = Facts { merged, ..facts() };
        assert_eq!(judged(said, facts, &fix, &CALM), want, "{said:?}");
    }
    for (note, want) in [
        (NoteFact::Missing, "no-release-note"),
        (NoteFact::None, ""),
        (NoteFact::Written, ""),
    ] {
        let facts = Facts { note, ..facts() };
        assert_eq!(judged(&[APPROVED], facts, &fix, &CALM), want, "{note:?}");
    }
}

#[test]
fn kinds_take_an_owner() {
    let judged = |said: &[(&str, &str)], kind: Kind| judged(said, facts(), &[kind], &CALM);
    for (name, breaks, want) in [
        (Some("fix"), Breaks::Unsaid, ""),
        (Some("fix"), Breaks::Said, "kind-not-allowed"),
        (Some("feat"), Breaks::Unsaid, "kind-not-allowed"),
        (Some("refactor"), Breaks::Unsaid, "kind-not-allowed"),
        (None, Breaks::Unsaid, "kind-not-allowed"),
        (None, Breaks::Said, "kind-not-allowed"),
    ] {
        let found = judged(&[APPROVED], kind(name, breaks));
        assert_eq!(found, want, "{name:?} {breaks:?}");
    }
    let plain = |policy: &Policy| {
        let listed = listed(&[APPROVED], facts(), policy);
        let found = breaches(&listed, &[kind(None, Breaks::Unsaid)], &CALM, policy);
        found.first().map(|one| one.fix.clone())
    };
    let fix = plain(&policy()).expect("refused");
    assert!(
        fix.contains(" --title 'fix: TEXT' says it; else an owner"),
        "{fix}"
    );
    let allowing = Policy {
        unconventional: Unconventional::Allow,
        ..policy()
    };
    assert_eq!(plain(&allowing), None);
    let feature = || kind(Some("feat"), Breaks::Unsaid);
    let rita = [APPROVED, ("Rita", "kind-not-allowed")];
    assert_eq!(judged(&rita, feature()), "kind-not-allowed");
    let olaf = [APPROVED, ("Olaf", "kind-not-allowed")];
    assert_eq!(judged(&olaf, feature()), "(kind-not-allowed)");
    // The approval of an owner who is an approver, too.
    let policy = Policy {
        approvers: vec!["Rita".into(), "Olaf".into()],
        ..policy()
    };
    let listed = listed(&[("Olaf", "approve")], facts(), &policy);
    assert_eq!(breaches(&listed, &[feature()], &CALM, &policy), []);
}

#[test]
fn branches_must_be_green_and_whole() {
    let fix = [kind(Some("fix"), Breaks::Unsaid)];
    let no = String::new;
    for (green, want) in [
        (Green::Unasked, ""),
        (Green::Yes, ""),
        (Green::NotYet(no()), "not-green"),
        (Green::No(no()), "not-green"),
    ] {
        let ground = Ground {
            green: green.clone(),
            behind: None,
        };
        let found = judged(&[APPROVED], facts(), &fix, &ground);
        assert_eq!(found, want, "{green:?}");
        let refused = cut("release-1.12", &ground);
        let names: Vec<&str> = refused.iter().map(|one| one.rule).collect();
        assert_eq!(names.join(" "), want, "{green:?}");
    }
    let ground = Ground {
        green: Green::No(no()),
        behind: Some(("origin/release-1.12".into(), 2)),
    };
    let all = judged(&[APPROVED], facts(), &fix, &ground);
    assert_eq!(all, "not-head not-green");
    let mending = [APPROVED, ("Rita", "not-green")];
    let some = judged(&mending, facts(), &fix, &ground);
    assert_eq!(some, "not-head (not-green)");
}

#[test]
fn names_are_read_back() {
    for rule in Rule::ALL {
        assert_eq!(rule.name().parse(), Ok(rule));
    }
    let error = "greenish".parse::<Rule>().expect_err("no rule");
    assert!(error.to_string().contains("not-green"), "{error}");
}
