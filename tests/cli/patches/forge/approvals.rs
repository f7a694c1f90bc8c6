//! Approvals that are taken back on the forge.

use serde_json::Value;

use super::asked_for;
use super::fake::{Fake, Speaks};
use super::{at, call, run, state, sync};

const NOON: &str = "2025-06-01T11:00:00Z";
const LATER: &str = "2025-06-01T13:00:00Z";

fn review(login: &str, approves: bool, at: &str) -> (String, bool, String, String) {
    (login.into(), approves, at.into(), String::new())
}

/// Returns the reasons of what is taken back.
fn taken_back(document: &Value) -> Vec<&str> {
    let all = document["taken_back"].as_array().expect("a list").iter();
    all.filter_map(|one| one["reason"].as_str()).collect()
}

#[test]
fn a_dismissed_review_does_not_count_any_more() {
    let fake = Fake::new(Speaks::GitHub);
    let world = at(&fake, "approvals = 2\n");
    let id = asked_for(&world);
    sync(&world, &[]);
    fake.memory().pulls[0].reviews = vec![review("ida-gh", true, NOON)];
    sync(&world, &[]);
    // Ada's own, made with debcut.
    call(&world, &["patch", "approve", &id, "--reason", "it crashes"])
        .env("DEBFULLNAME", "Ada Example")
        .env("DEBEMAIL", "ada@example.org")
        .run()
        .code(0);
    assert_eq!(state(&world, &id)["state"], "approved");
    fake.memory().pulls[0].dismissed = vec![(
        "ben-gh".into(),
        "ida-gh".into(),
        LATER.into(),
        "Pushed anew.".into(),
    )];
    let dry = sync(&world, &["--dry-run"]);
    assert_eq!(taken_back(&dry).len(), 1);
    assert_eq!(state(&world, &id)["state"], "approved");
    let gone = sync(&world, &[]);
    let reason = taken_back(&gone)[0];
    assert!(
        reason.starts_with("ben-gh dismissed the review: Pushed anew. (https://"),
        "{reason}"
    );
    assert_eq!(gone["taken_back"][0]["of"]["email"], "ida@example.org");
    assert_eq!(gone["taken_back"][0]["by"]["email"], "ben@example.org");
    assert_eq!(gone["taken_back"][0]["at"], LATER);
    // What Ada said stands, and it is no hold.
    let now = state(&world, &id);
    assert_eq!(
        (&now["state"], &now["approvals"]),
        (&"new".into(), &1.into())
    );
    let log = run(&world, &["patch", "log"]).code(0);
    for said in [
        "takes a decision back",
        "ben-gh dismissed the review: Pushed anew.",
        "does not count: it is not said on the forge any more",
    ] {
        assert!(log.stdout.contains(said), "{}", log.stdout);
    }
    let again = sync(&world, &[]);
    assert_eq!(
        (&again["changed"], taken_back(&again).len()),
        (&false.into(), 0)
    );
    // A new review is heard.
    fake.memory().pulls[0].dismissed.clear();
    fake.memory().pulls[0].reviews = vec![review("ida-gh", true, "2025-06-01T14:00:00Z")];
    sync(&world, &[]);
    assert_eq!(state(&world, &id)["state"], "approved");
}

#[test]
fn an_approval_that_is_gone_from_gitlab_is_taken_back_and_heard_again() {
    let fake = Fake::new(Speaks::GitLab);
    let world = at(&fake, "");
    let id = asked_for(&world);
    sync(&world, &[]);
    for _ in 0..2 {
        fake.memory().pulls[0].reviews = vec![review("ida-gh", true, NOON)];
        assert_eq!(
            sync(&world, &[])["decisions"].as_array().map(Vec::len),
            Some(1)
        );
        assert_eq!(state(&world, &id)["state"], "approved");
        fake.memory().pulls[0].reviews.clear();
        let gone = sync(&world, &[]);
        let reason = taken_back(&gone)[0];
        assert!(
            reason.starts_with("it is not approved there any more (https://"),
            "{reason}"
        );
        assert_eq!(state(&world, &id)["state"], "new");
        assert_eq!(sync(&world, &[])["changed"], false);
    }
}

#[test]
fn a_label_that_is_taken_away_approves_no_more_and_a_hold_stays() {
    let fake = Fake::new(Speaks::GitHub);
    let world = at(&fake, "");
    let id = asked_for(&world);
    sync(&world, &[]);
    let set = |label: &str, at: &str| ("ida-gh".into(), label.into(), at.into());
    {
        let mut memory = fake.memory();
        memory.pulls[0].label_events = vec![set("approve-patch", NOON)];
        memory.pulls[0].labels.push("approve-patch".into());
    }
    sync(&world, &[]);
    assert_eq!(state(&world, &id)["state"], "approved");
    {
        let mut memory = fake.memory();
        memory.pulls[0].unlabelled = vec![set("approve-patch", LATER)];
        memory.pulls[0]
            .labels
            .retain(|label| label != "approve-patch");
    }
    let gone = sync(&world, &[]);
    let reason = taken_back(&gone)[0];
    assert!(
        reason.starts_with("ida-gh took the label approve-patch away"),
        "{reason}"
    );
    assert_eq!(state(&world, &id)["state"], "new");
    // Held there, and the label is gone: somebody has to say that it goes on.
    {
        let mut memory = fake.memory();
        memory.pulls[0].label_events.push(set("hold-patch", LATER));
        memory.pulls[0].labels.push("hold-patch".into());
    }
    sync(&world, &[]);
    assert_eq!(state(&world, &id)["state"], "held");
    {
        let mut memory = fake.memory();
        let away = set("hold-patch", "2025-06-01T13:30:00Z");
        memory.pulls[0].unlabelled.push(away);
        memory.pulls[0].labels.retain(|label| label != "hold-patch");
    }
    let gone = sync(&world, &[]);
    assert!(taken_back(&gone).is_empty(), "{gone}");
    assert_eq!(gone["findings"][0]["rule"], "gone-on-forge");
    assert_eq!(state(&world, &id)["state"], "held");
}
