use super::*;
use crate::model::{BranchName, Timestamp};
use crate::patch::entry::{Answers, Ask, Entry, Event, Picked, RequestId};
use crate::patch::facts::{Merged, NoteFact, Picks};
use crate::release::commit::Person;

fn person(name: &str) -> Person {
    Person {
        name: name.to_owned(),
        email: format!("{}@example.org", name.to_lowercase()),
    }
}

fn branch() -> BranchName {
    BranchName::new("release-1.0").expect("a name")
}

/// A ledger that several people write, each seeing what they were shown.
struct Book {
    entries: Vec<(EntryId, Entry)>,
    id: RequestId,
}

impl Book {
    fn new(answers: Answers) -> Self {
        let ask = Ask {
            onto: branch(),
            commits: vec!["ab".repeat(20)],
            title: "fix: a".into(),
            authors: vec![person("Ida")],
            answers,
            pull_request: None,
        };
        let empty = Queue::default();
        let entry = empty.next(Timestamp::from_unix(0), person("Ida"), Event::Asked(ask));
        let id = RequestId::of(&entry.id());
        let entries = vec![(entry.id(), entry)];
        Self { entries, id }
    }

    /// Somebody who knows the first `knows` entries says something.
    fn say(&mut self, knows: usize, by: &str, event: Event) {
        let seen = Queue::of(self.entries[..knows].iter().cloned());
        let at = Timestamp::from_unix(self.entries.len() as i64);
        let entry = seen.next(at, person(by), event);
        self.entries.push((entry.id(), entry));
    }

    fn decide(&mut self, knows: usize, by: &str, decision: Decision) {
        let event = Event::Decided {
            request: self.id.clone(),
            decision,
            reason: "so".into(),
            page: None,
        };
        self.say(knows, by, event);
    }

    fn queue(&self) -> Queue {
        Queue::of(self.entries.iter().cloned())
    }

    fn standing(&self, facts: &Facts, policy: &Policy) -> Standing {
        let queue = self.queue();
        standing(&queue.requests[&self.id], facts, &queue, policy)
    }
}

fn whole() -> Answers {
    Answers {
        bug: "#1".into(),
        affected: "all".into(),
        severity: "high".into(),
        verified: "yes".into(),
        note: String::new(),
    }
}

fn clean() -> Facts {
    Facts {
        moves: Vec::new(),
        merged: Merged::All,
        note: NoteFact::Written,
        applies: Applies::Cleanly,
        landed: None,
        picks: Picks::There,
    }
}

fn conflict() -> Facts {
    Facts {
        applies: Applies::Conflicts {
            commit: "ab".repeat(20),
            paths: vec!["a".into()],
        },
        ..clean()
    }
}

#[test]
fn what_is_taken_back_counts_as_if_it_had_not_been_said() {
    use Decision::{Approve, Hold};
    use State::{Approved, Held, New};
    // Which decision is taken back, by its place.
    for (said, back, want) in [
        (&[("Ada", Approve)][..], 0, New),
        (&[("Ada", Approve), ("Bob", Approve)], 0, Approved),
        // Her own, made here before, stands; and so does the hold.
        (&[("Bob", Hold), ("Ada", Approve)], 1, Held),
        (&[("Ada", Approve), ("Bob", Hold)], 0, Held),
    ] {
        let mut book = Book::new(whole());
        for (at, (by, decision)) in said.iter().enumerate() {
            book.decide(at + 1, by, *decision);
        }
        let event = Event::TakenBack {
            request: book.id.clone(),
            decision: book.entries[back + 1].0,
            reason: "dismissed".into(),
        };
        // Twice, by two who did not know of each other.
        book.say(said.len() + 1, "Cem", event.clone());
        book.say(said.len() + 1, "Dan", event);
        let standing = book.standing(&clean(), &Policy::default());
        assert_eq!(standing.state, want, "{said:?}");
    }
}

#[test]
fn decisions_are_weighed_by_what_their_makers_knew() {
    use Decision::{Approve, Hold, Reject};
    use State::{Approved, Held, New, Rejected};
    // Who says what, knowing how many entries; the state with one approval
    // needed and with two; whether it is contradicted.
    type Case = (
        &'static [(usize, &'static str, Decision)],
        State,
        State,
        bool,
    );
    let cases: &[Case] = &[
        (&[], New, New, false),
        (&[(1, "Ada", Approve)], Approved, New, false),
        (
            &[(1, "Ada", Approve), (2, "Bob", Approve)],
            Approved,
            Approved,
            false,
        ),
        (
            &[(1, "Ada", Approve), (1, "Bob", Approve)],
            Approved,
            Approved,
            false,
        ),
        (
            &[(1, "Ada", Approve), (2, "Ada", Approve)],
            Approved,
            New,
            false,
        ),
        (&[(1, "Ada", Approve), (2, "Bob", Hold)], Held, Held, false),
        (
            &[(1, "Ada", Hold), (2, "Bob", Approve)],
            Approved,
            New,
            false,
        ),
        // A hold takes the approvals with it that it knew of.
        (
            &[(1, "Ada", Approve), (2, "Bob", Hold), (3, "Cem", Approve)],
            Approved,
            New,
            false,
        ),
        // At the same time: the more careful one, whichever came first.
        (&[(1, "Ada", Approve), (1, "Bob", Hold)], Held, Held, true),
        (&[(1, "Ada", Hold), (1, "Bob", Approve)], Held, Held, true),
        (
            &[(1, "Ada", Hold), (1, "Bob", Reject)],
            Rejected,
            Rejected,
            true,
        ),
        // Somebody who knew one of both settles nothing.
        (
            &[(1, "Ada", Approve), (1, "Bob", Reject), (2, "Cem", Approve)],
            Rejected,
            Rejected,
            true,
        ),
        // Somebody who knew both does.
        (
            &[(1, "Ada", Approve), (1, "Bob", Reject), (3, "Cem", Approve)],
            Approved,
            Approved,
            false,
        ),
        (
            &[(1, "Ada", Approve), (1, "Bob", Hold), (3, "Cem", Reject)],
            Rejected,
            Rejected,
            false,
        ),
        (
            &[(1, "Ada", Reject), (2, "Ada", Approve)],
            Approved,
            New,
            false,
        ),
    ];
    for (said, one, two, contradicted) in cases {
        let mut book = Book::new(whole());
        for (knows, by, decision) in *said {
            book.decide(*knows, by, *decision);
        }
        for (approvals, want) in [(1, one), (2, two)] {
            let policy = Policy {
                approvals,
                ..Policy::default()
            };
            let found = book.standing(&clean(), &policy);
            assert_eq!(found.state, *want, "{said:?}, {approvals} needed");
            assert_eq!(found.is_contradicted(), *contradicted, "{said:?}");
        }
    }
}

#[test]
fn states_follow_from_words_and_facts() {
    let open = Answers {
        bug: "#1".into(),
        ..Answers::default()
    };
    let picked = || {
        vec![Picked {
            from: "ab".repeat(20),
            to: Some("cd".repeat(20)),
        }]
    };
    let landed = Facts {
        landed: Some(picked()),
        ..clean()
    };
    type Act = Box<dyn Fn(&mut Book)>;
    let approve: fn() -> Act = || Box::new(|book| book.decide(1, "Ada", Decision::Approve));
    let approve_knowing =
        || -> Act { Box::new(|book| book.decide(book.entries.len(), "Ada", Decision::Approve)) };
    let event = |make: fn(RequestId) -> Event| -> Act {
        Box::new(move |book| {
            let event = make(book.id.clone());
            book.say(book.entries.len(), "Ada", event);
        })
    };
    let withdraw = || {
        event(|request| Event::Withdrawn {
            request,
            reason: "so".into(),
        })
    };
    let freeze = || {
        event(|_| Event::Frozen {
            branch: branch(),
            until: None,
            except: Vec::new(),
            reason: "so".into(),
            waiting: Vec::new(),
        })
    };
    let thaw = || {
        event(|_| Event::Thawed {
            branch: branch(),
            reason: "so".into(),
            released: Vec::new(),
        })
    };
    let apply = || {
        event(|request| Event::Applied {
            request,
            commits: Vec::new(),
        })
    };
    let supersede = || {
        event(|request| Event::Superseded {
            by: request.clone(),
            request,
        })
    };
    let answer = || {
        event(|request| Event::Answered {
            request,
            answers: Answers {
                bug: String::new(),
                ..whole()
            },
        })
    };
    let cases: Vec<(&str, Answers, Vec<Act>, Facts, State)> = vec![
        ("nothing was said", whole(), vec![], clean(), State::New),
        (
            "questions are open",
            open.clone(),
            vec![],
            clean(),
            State::NeedsInfo,
        ),
        (
            "answered later",
            open.clone(),
            vec![answer()],
            clean(),
            State::New,
        ),
        (
            "it does not apply",
            whole(),
            vec![],
            conflict(),
            State::Conflicts,
        ),
        (
            "questions first",
            open.clone(),
            vec![],
            conflict(),
            State::NeedsInfo,
        ),
        (
            "approved all the same",
            open,
            vec![approve()],
            clean(),
            State::Approved,
        ),
        (
            "approved and conflicting",
            whole(),
            vec![approve()],
            conflict(),
            State::Conflicts,
        ),
        (
            "frozen",
            whole(),
            vec![approve(), freeze()],
            clean(),
            State::Held,
        ),
        (
            "approved in a freeze",
            whole(),
            vec![freeze(), approve()],
            clean(),
            State::Held,
        ),
        (
            "new in a freeze",
            whole(),
            vec![freeze()],
            clean(),
            State::New,
        ),
        (
            "thawed",
            whole(),
            vec![approve(), freeze(), thaw()],
            clean(),
            State::Approved,
        ),
        (
            "picked",
            whole(),
            vec![approve(), apply()],
            conflict(),
            State::Picked,
        ),
        (
            "picked by hand",
            whole(),
            vec![],
            landed.clone(),
            State::Picked,
        ),
        (
            "withdrawn",
            whole(),
            vec![approve(), withdraw()],
            clean(),
            State::Withdrawn,
        ),
        (
            "withdrawn and there",
            whole(),
            vec![withdraw()],
            landed,
            State::Picked,
        ),
        (
            "superseded",
            whole(),
            vec![supersede()],
            clean(),
            State::Superseded,
        ),
        (
            "superseded, and approved all the same",
            whole(),
            vec![supersede(), approve_knowing()],
            clean(),
            State::Approved,
        ),
        (
            "superseded, and approved by somebody who had not seen it",
            whole(),
            vec![supersede(), approve()],
            clean(),
            State::Superseded,
        ),
        (
            "approved, and superseded",
            whole(),
            vec![approve(), supersede()],
            clean(),
            State::Superseded,
        ),
    ];
    for (what, answers, acts, facts, want) in cases {
        let mut book = Book::new(answers);
        for act in acts {
            act(&mut book);
        }
        assert_eq!(
            book.standing(&facts, &Policy::default()).state,
            want,
            "{what}"
        );
    }
}

#[test]
fn a_thaw_ends_the_freezes_that_its_maker_knew() {
    let freeze = |except: Vec<RequestId>| Event::Frozen {
        branch: branch(),
        until: None,
        except,
        reason: "so".into(),
        waiting: Vec::new(),
    };
    let thaw = || Event::Thawed {
        branch: branch(),
        reason: "so".into(),
        released: Vec::new(),
    };
    // How many entries each knows; whether the branch is frozen at the end.
    type Case = (&'static [(usize, char)], bool);
    let cases: &[Case] = &[
        (&[(1, 'f')], true),
        (&[(1, 'f'), (2, 't')], false),
        (&[(1, 'f'), (2, 'f'), (3, 't')], false),
        (&[(1, 'f'), (2, 't'), (3, 'f')], true),
        // Frozen anew at the same time as it was thawed.
        (&[(1, 'f'), (2, 't'), (2, 'f')], true),
        (&[(1, 'f'), (2, 'f'), (2, 't')], true),
        (&[(1, 'f'), (2, 'f'), (2, 't'), (4, 't')], false),
        (&[(1, 't')], false),
    ];
    for (said, want) in cases {
        let mut book = Book::new(whole());
        for (knows, word) in *said {
            let event = match word {
                'f' => freeze(Vec::new()),
                _ => thaw(),
            };
            book.say(*knows, "Ada", event);
        }
        assert_eq!(!book.queue().frozen.is_empty(), *want, "{said:?}");
    }
    // Two freezes at once let through what both let through.
    let mut book = Book::new(whole());
    let id = book.id.clone();
    book.say(1, "Ada", freeze(vec![id.clone()]));
    assert!(book.queue().frozen[&branch()].except.contains(&id));
    book.say(1, "Bob", freeze(Vec::new()));
    assert!(book.queue().frozen[&branch()].except.is_empty());
}

#[test]
fn only_approvers_count() {
    let policy = Policy {
        approvers: vec!["Ada".into(), "BOB@example.org".into()],
        ..Policy::default()
    };
    for (by, want) in [
        ("Ada", State::Approved),
        ("Bob", State::Approved),
        ("Cem", State::New),
    ] {
        let mut book = Book::new(whole());
        book.decide(1, by, Decision::Approve);
        assert_eq!(book.standing(&clean(), &policy).state, want, "{by}");
    }
    let nobody = Policy {
        approvals: 0,
        ..Policy::default()
    };
    let book = Book::new(whole());
    assert_eq!(book.standing(&clean(), &nobody).state, State::Approved);
}

#[test]
fn requests_are_found_by_the_beginning_of_their_names() {
    let queue = Book::new(whole()).queue();
    let id = queue.requests.keys().next().expect("one").clone();
    assert_eq!(queue.find(&id.as_str()[..4]).expect("found").id, id);
    assert_eq!(
        queue.find(&id.as_str().to_uppercase()).expect("found").id,
        id
    );
    assert!(queue.find("").is_err());
    assert!(queue.find("zz").is_err());
}

#[test]
fn freezes_at_the_same_time_are_told_as_one() {
    let mut queue = Queue::default();
    let mut entries = Vec::new();
    let waiting = |names: &[&str]| -> Vec<RequestId> {
        names
            .iter()
            .map(|name| name.parse().expect("a name"))
            .collect()
    };
    // Two people freeze without knowing of each other.
    for (at, waits) in [(1, &["aaaaaaaaaa"][..]), (2, &["bbbbbbbbbb"][..])] {
        let event = Event::Frozen {
            branch: branch(),
            until: None,
            except: Vec::new(),
            reason: "so".into(),
            waiting: waiting(waits),
        };
        let entry = Queue::default().next(Timestamp::from_unix(at), person("Rita"), event);
        entries.push((entry.id(), entry));
    }
    queue.clone_from(&Queue::of(entries.iter().cloned()));
    let freeze = &queue.frozen[&branch()];
    assert_eq!(freeze.entries.len(), 2);
    assert_eq!(
        freeze.waiting,
        waiting(&["aaaaaaaaaa", "bbbbbbbbbb"]).into_iter().collect()
    );
    let thaw = Event::Thawed {
        branch: branch(),
        reason: "so".into(),
        released: waiting(&["aaaaaaaaaa"]),
    };
    let entry = queue.next(Timestamp::from_unix(3), person("Rita"), thaw);
    let id = entry.id();
    entries.push((id, entry));
    let queue = Queue::of(entries);
    assert!(queue.frozen.is_empty());
    assert_eq!(queue.thawed[&branch()].said.entry, id);
    assert_eq!(queue.thawed[&branch()].released.len(), 1);
}
