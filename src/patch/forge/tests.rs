use super::*;
use crate::patch::answers;
use crate::patch::{Answers, Event, Queue};

fn name(text: &str) -> BranchName {
    BranchName::new(text).expect("a name")
}

fn request(answers: Answers) -> Request {
    let by = Person {
        name: "Ida".into(),
        email: "ida@example.org".into(),
    };
    let ask = Ask {
        onto: name("release-1.12"),
        commits: vec!["ab".repeat(20)],
        title: "fix: a".into(),
        authors: vec![by.clone()],
        answers,
        pull_request: Some("#7".into()),
    };
    let at = crate::model::Timestamp::from_unix(0);
    let entry = Queue::default().next(at, by, Event::Asked(ask));
    let queue = Queue::of([(entry.id(), entry)]);
    queue.requests.into_values().next().expect("one")
}

#[test]
fn labels_are_filled_in_for_the_branch() {
    let own = Settings::usual(Pages::Own);
    let origin = Settings::usual(Pages::Origin);
    for (branch, want) in [
        (
            "release-1.12",
            vec!["backport/1.12", "backport/release-1.12"],
        ),
        ("stable/v2", vec!["backport/2", "backport/stable/v2"]),
        ("lts", vec!["backport/lts"]),
    ] {
        assert_eq!(own.backport_labels(&name(branch)), want, "{branch}");
    }
    let onto = name("release-1.12");
    for (settings, label, want) in [
        (&own, "approve-patch", Some(Decision::Approve)),
        (&own, "Hold-Patch", Some(Decision::Hold)),
        (&own, "debcut/approved", None),
        (&origin, "approve-patch", None),
        (&origin, "release-1.12/reject-patch", Some(Decision::Reject)),
        (&origin, "release-1.11/reject-patch", None),
    ] {
        assert_eq!(settings.decision(label, &onto), want, "{label}");
    }
    let all = own.own_labels(&onto);
    assert_eq!(all.len(), 12);
    assert!(all.contains(&"debcut/needs-info".to_owned()), "{all:?}");
    // What debcut sets is never what people decide by.
    for label in own
        .own_labels(&onto)
        .iter()
        .chain(&origin.own_labels(&onto))
    {
        assert_eq!(own.decision(label, &onto), None, "{label}");
        assert_eq!(origin.decision(label, &onto), None, "{label}");
    }
}

#[test]
fn a_page_asks_the_four_questions_and_gives_the_answers_back() {
    let said = Answers {
        bug: "#12".into(),
        severity: "high:\n```\nit crashes\n```".into(),
        ..Answers::default()
    };
    let request = request(said.clone());
    let settings = Settings::usual(Pages::Own);
    let text = body(&settings, &request).expect("renders");
    insta::assert_snapshot!(text.replace(request.id.as_str(), "<name>    "));
    assert_eq!(answers::of_message(&text), said);
    let wrong = Settings {
        body: Some("{{ nonsense }}".into()),
        ..settings
    };
    assert!(body(&wrong, &request).is_err());
}

#[test]
fn what_people_write_around_debcut_s_part_stays() {
    let settings = Settings::usual(Pages::Own);
    let before = body(&settings, &request(Answers::default())).expect("renders");
    let bug = Answers {
        bug: "#12".into(),
        ..Answers::default()
    };
    let after = body(&settings, &request(bug)).expect("renders");
    let page = format!("Mine.\r\n{}\r\nAlso mine.", before.replace('\n', "\r\n"));
    let new = placed(&page, &after).expect("it changes");
    assert_eq!(new, format!("Mine.\n{after}\nAlso mine."));
    assert_eq!(placed(&new, &after), None);
    assert_eq!(placed("All mine.", &after), None);
}
