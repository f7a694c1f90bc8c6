use super::*;
use crate::model::{BranchName, Timestamp};
use crate::patch::{Answers, Ask, Decision, Queue};
use crate::release::commit::Person;

/// A ledger that grows.
#[derive(Default)]
struct Said {
    entries: Vec<(EntryId, Entry)>,
}

impl Said {
    fn say(&mut self, event: Event) -> EntryId {
        let queue = Queue::of(self.entries.iter().cloned());
        let by = Person {
            name: "Ada".to_owned(),
            email: "ada@example.org".to_owned(),
        };
        let at = Timestamp::from_unix(i64::try_from(self.entries.len()).expect("few"));
        let entry = queue.next(at, by, event);
        let id = entry.id();
        self.entries.push((id, entry));
        id
    }

    fn ask(&mut self, title: &str) -> EntryId {
        self.say(Event::Asked(Ask {
            onto: BranchName::new("release-1.0").expect("a name"),
            commits: vec!["0".repeat(40)],
            title: title.to_owned(),
            authors: Vec::new(),
            answers: Answers::default(),
            pull_request: None,
        }))
    }

    fn approve(&mut self, request: &EntryId) -> EntryId {
        self.say(Event::Decided {
            request: RequestId::of(request),
            decision: Decision::Approve,
            page: None,
            reason: "so".to_owned(),
        })
    }

    fn keep(&mut self, entries: Vec<EntryId>) -> EntryId {
        self.say(Event::Kept {
            embargo: "ORCHID".to_owned(),
            private: vec!["host/sec".to_owned()],
            entries,
        })
    }

    /// Finds what does not go to a remote that has some entries.
    fn withheld(&self, has: &[EntryId], place: &str) -> Withheld {
        let has = has.iter().map(EntryId::hex).collect();
        let places = &[place.to_owned()][..];
        let has = &has;
        withheld(&self.entries, There { has, places })
    }
}

fn set(ids: &[EntryId]) -> BTreeSet<EntryId> {
    ids.iter().copied().collect()
}

#[test]
fn what_is_kept_stays_until_it_is_let_out() {
    let mut said = Said::default();
    let public = said.ask("fix: typo");
    let secret = said.ask("fix: the hole");
    let yes = said.approve(&secret);
    let has = [public.hex()].into();
    assert_eq!(to_keep(&said.entries, &has), [secret, yes]);
    let kept = said.keep(vec![secret, yes]);
    // What is said later of it is kept, of others it is not.
    let later = said.approve(&secret);
    let other = said.approve(&public);
    let got = said.withheld(&[public], "host/pub");
    assert_eq!(got.entries, set(&[secret, yes, kept, later]));
    assert_eq!(got.of, [("ORCHID".to_owned(), 3)].into());
    assert_eq!(to_keep(&said.entries, &has), [other]);
    // A private place gets all, by its name or by what it has.
    assert_eq!(said.withheld(&[public], "host/sec"), Withheld::default());
    let by_name = said.withheld(&[public, kept], "elsewhere/sec");
    assert_eq!(by_name, Withheld::default());
    // What is out is out.
    let got = said.withheld(&[public, secret, yes], "host/pub");
    assert_eq!(got.entries, set(&[kept]));
    // Somebody lets it out; who kept it where is nobody else's.
    assert_eq!(keeping(&said.entries, "ORCHID"), [kept]);
    let out = said.say(Event::LetOut {
        embargo: "ORCHID".to_owned(),
        reason: "the fix is public".to_owned(),
        kept: vec![kept],
    });
    assert_eq!(keeping(&said.entries, "ORCHID"), []);
    let got = said.withheld(&[public], "host/pub");
    assert_eq!((got.entries, got.of.len()), (set(&[kept, out]), 0));
    assert_eq!(said.withheld(&[kept], "host/pub"), Withheld::default());
}

#[test]
fn what_puts_one_that_is_kept_in_anothers_place_is_kept() {
    let mut said = Said::default();
    let public = said.ask("fix: typo");
    let secret = said.ask("fix: the hole");
    let kept = said.keep(vec![secret]);
    let (request, by) = (RequestId::of(&public), RequestId::of(&secret));
    let word = said.say(Event::Superseded { request, by });
    let got = said.withheld(&[public], "host/pub");
    assert_eq!(got.entries, set(&[secret, kept, word]));
}

#[test]
fn another_embargo_keeps_its_own() {
    let mut said = Said::default();
    let first = said.ask("fix: one");
    let one = said.keep(vec![first]);
    let out = said.say(Event::LetOut {
        embargo: "ORCHID".to_owned(),
        reason: "so".to_owned(),
        kept: vec![one],
    });
    let second = said.ask("fix: two");
    let two = said.keep(vec![second]);
    let got = said.withheld(&[], "host/pub");
    assert_eq!(got.entries, set(&[one, out, second, two]));
    // A word that never came here keeps nothing that is not here.
    let lone = vec![said.entries.pop().expect("the word")];
    let has = &BTreeSet::new();
    let got = withheld(&lone, There { has, places: &[] });
    assert_eq!((got.entries, got.of.len()), (set(&[two]), 0));
}
