use std::collections::BTreeSet;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::model::event::Silent;
use crate::model::{BranchName, Timestamp};
use crate::patch::{Answers, Ask, Decision, Event, Queue};
use crate::release::commit::Person;
use crate::sys::git::scratch::Scratch;

/// Clones of one remote, with a person each.
struct Team {
    scratch: Scratch,
    clones: usize,
    /// The names of all entries that anybody ever wrote.
    said: BTreeSet<String>,
    clock: i64,
}

impl Team {
    fn new(clones: usize) -> Self {
        let scratch = Scratch::new();
        scratch.write("a", "a\n");
        scratch.commit("begin");
        scratch.at(scratch.dir(), "clone -q --bare project remote.git");
        for number in 0..clones {
            scratch.at(scratch.dir(), &format!("clone -q remote.git clone{number}"));
        }
        Self {
            scratch,
            clones,
            said: BTreeSet::new(),
            clock: 0,
        }
    }

    fn place(&self, clone: usize) -> PathBuf {
        self.scratch.dir().join(format!("clone{clone}"))
    }

    fn workspace(&self, clone: usize) -> Workspace {
        Workspace::open(&self.place(clone), None).expect("opens")
    }

    fn git(&self, clone: usize, words: &str) -> String {
        self.scratch.at(&self.place(clone), words)
    }

    fn ask(&self) -> Event {
        Event::Asked(Ask {
            onto: BranchName::new("release-1.0").expect("a name"),
            commits: vec![format!("{:040}", self.clock)],
            title: format!("fix: {}", self.clock),
            authors: Vec::new(),
            answers: Answers::default(),
            pull_request: None,
        })
    }

    /// Asks for something, or decides what is asked for.
    fn write(&mut self, clone: usize, what: u8) {
        self.clock += 1;
        let workspace = self.workspace(clone);
        let environment = self.scratch.environment();
        let mut ledger = Ledger::read(&workspace.repository, &environment).expect("reads");
        let all: Vec<_> = ledger.queue.requests.keys().cloned().collect();
        let event = match all.get(usize::from(what) % (all.len() + 1)) {
            None => self.ask(),
            Some(id) => Event::Decided {
                request: id.clone(),
                decision: [Decision::Approve, Decision::Hold, Decision::Reject]
                    [usize::from(what) % 3],
                reason: "so".into(),
                page: None,
            },
        };
        let by = Person {
            name: format!("Clone {clone}"),
            email: format!("{clone}@example.org"),
        };
        let at = Timestamp::from_unix(self.clock);
        let said = ledger.say(vec![event], &by, at, "say").expect("writes");
        self.said.extend(said.iter().map(|id| id.hex()));
    }

    fn sync(&self, clone: usize) -> Shared {
        let workspace = self.workspace(clone);
        sync(&workspace, &self.scratch.environment(), "origin", &Silent).expect("shares")
    }

    fn head(&self, clone: usize) -> String {
        self.git(clone, &format!("rev-parse --verify -q {REF}"))
    }

    fn queue(&self, clone: usize) -> (Queue, BTreeSet<String>) {
        let workspace = self.workspace(clone);
        let environment = self.scratch.environment();
        let ledger = Ledger::read(&workspace.repository, &environment).expect("reads");
        assert_eq!(ledger.findings, []);
        let names = names(&ledger);
        (ledger.queue, names)
    }

    /// Shares until nobody has anything new, and checks that all are the same
    /// and nothing is lost.
    fn agree(&self) {
        for _ in 0..2 {
            for clone in 0..self.clones {
                self.sync(clone);
            }
        }
        let (queue, names) = self.queue(0);
        assert_eq!(names, self.said);
        for clone in 1..self.clones {
            assert_eq!(self.queue(clone), (queue.clone(), names.clone()));
            if !self.said.is_empty() {
                assert_eq!(self.head(clone), self.head(0));
            }
        }
        for clone in 0..self.clones {
            let again = self.sync(clone);
            assert_eq!((again.taken, again.sent), (0, 0));
        }
    }
}

/// Who does what: write something, or share.
fn acts(clones: usize) -> impl Strategy<Value = Vec<(usize, Option<u8>)>> {
    let act = prop_oneof![2 => any::<u8>().prop_map(Some), 1 => Just(None)];
    prop::collection::vec((0..clones, act), 1..10)
}

proptest! {
    // Each case is some hundred runs of git.
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn two_and_three_clones_agree_and_lose_nothing(
        (clones, acts) in (2usize..4).prop_flat_map(|clones| (Just(clones), acts(clones)))
    ) {
        let mut team = Team::new(clones);
        for (clone, act) in acts {
            match act {
                Some(what) => team.write(clone, what),
                None => drop(team.sync(clone)),
            }
        }
        team.agree();
    }

    #[test]
    fn joining_in_either_order_makes_the_same_commit(
        one in prop::collection::vec(any::<u8>(), 1..4),
        other in prop::collection::vec(any::<u8>(), 1..4),
    ) {
        let mut team = Team::new(2);
        team.write(0, 0);
        team.sync(0);
        team.sync(1);
        one.iter().for_each(|what| team.write(0, *what));
        other.iter().for_each(|what| team.write(1, *what));
        for (own, from) in [(0, 1), (1, 0)] {
            team.git(own, &format!("fetch -q ../clone{from} {REF}:refs/from"));
        }
        for clone in [0, 1] {
            let workspace = team.workspace(clone);
            let environment = team.scratch.environment();
            let other = workspace.repository.ref_target("refs/from").expect("reads");
            let user = UserGit::new(&workspace.repository, &environment);
            user.join_ledgers(REF, &other.expect("fetched")).expect("joins");
        }
        prop_assert_eq!(team.head(0), team.head(1));
        prop_assert_eq!(team.queue(0), team.queue(1));
        let (_, names) = team.queue(0);
        prop_assert_eq!(&names, &team.said);
    }
}

#[test]
fn a_remote_without_a_ledger_gets_one() {
    let mut team = Team::new(2);
    assert_eq!((team.sync(0).taken, team.sync(0).sent), (0, 0));
    team.write(0, 0);
    assert_eq!(team.sync(0).sent, 1);
    assert_eq!(team.sync(1).taken, 1);
    team.agree();
}

#[test]
fn a_rewritten_remote_gets_back_what_it_lost() {
    let mut team = Team::new(2);
    team.write(0, 0);
    team.sync(0);
    let first = team.head(0);
    team.write(0, 0);
    team.sync(0);
    team.git(1, &format!("fetch -q origin {REF}"));
    team.git(1, &format!("push -q -f origin {first}:{REF}"));
    let found = team.sync(0);
    assert_eq!(found.findings[0].rule, "ledger-rewritten");
    assert_eq!(found.sent, 1);
    team.agree();
    team.git(1, &format!("push -q origin :{REF}"));
    assert_eq!(team.sync(0).findings[0].rule, "ledger-removed");
    team.agree();
}

#[test]
fn what_was_taken_out_here_counts_and_comes_back() {
    let mut team = Team::new(2);
    team.write(0, 0);
    let first = team.head(0);
    team.write(0, 0);
    team.git(0, &format!("update-ref {REF} {first}"));
    let environment = team.scratch.environment();
    let workspace = team.workspace(0);
    let ledger = Ledger::read(&workspace.repository, &environment).expect("reads");
    assert_eq!(names(&ledger), team.said);
    assert_eq!(ledger.findings[0].rule, "ledger-rewritten");
    // The next word puts it right.
    team.write(0, 0);
    team.agree();
    team.git(0, &format!("update-ref -d {REF}"));
    team.agree();
}

#[test]
fn changed_bytes_are_found_and_not_taken() {
    let mut team = Team::new(2);
    team.write(0, 0);
    team.write(0, 0);
    team.sync(0);
    // Somebody rewrites an entry in a clone of their own, and pushes.
    team.git(1, &format!("fetch -q origin {REF}"));
    team.git(1, "checkout -q FETCH_HEAD");
    let files = team.git(1, "ls-files");
    let file = team.place(1).join(files.lines().next().expect("an entry"));
    let text = std::fs::read_to_string(&file).expect("reads");
    std::fs::write(&file, text.replace("Clone", "Clown")).expect("writes");
    team.git(1, "-c user.name=E -c user.email=e@x commit -q -a -m e");
    team.git(1, &format!("push -q origin HEAD:{REF}"));
    team.git(1, "checkout -q main");
    // Who has the entry whole puts it right.
    let found = team.sync(0);
    assert_eq!(found.findings[0].rule, "ledger-damaged");
    assert!(found.findings[0].is_error());
    let (_, names) = team.queue(0);
    assert_eq!(names, team.said);
    team.agree();
}

impl Team {
    fn hook(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let hook = self.scratch.dir().join("remote.git/hooks").join(name);
        std::fs::create_dir_all(hook.parent().expect("a directory")).expect("makes");
        std::fs::write(&hook, format!("#!/bin/sh\n{script}\n")).expect("writes");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&hook, mode).expect("may");
    }
}

/// A transaction that the remote's git gives up, as it does for a lock that
/// somebody else has: twice it is tried again, for ever it is not.
#[test]
fn a_transaction_that_the_remote_gave_up_is_tried_again() {
    let mut team = Team::new(2);
    team.write(0, 0);
    let lock = "mkdir -p refs/debcut && : > refs/debcut/patches.lock";
    let twice = format!(
        "echo x >> count\nrm -f refs/debcut/patches.lock\n[ $(wc -l < count) -gt 2 ] || {{ {lock}; }}"
    );
    team.hook("pre-receive", &twice);
    assert_eq!(team.sync(0).sent, 1);
    team.hook("pre-receive", lock);
    team.write(0, 0);
    let workspace = team.workspace(0);
    let environment = team.scratch.environment();
    let ended = sync(&workspace, &environment, "origin", &Silent);
    let said = ended.expect_err("others are always faster").to_string();
    let want = "origin was written to by others each time that it was tried (10)";
    assert_eq!(said, want);
}

#[test]
fn a_refused_push_says_why() {
    let mut team = Team::new(1);
    team.write(0, 0);
    team.hook("pre-receive", "echo no ledger here\nexit 1");
    let workspace = team.workspace(0);
    let environment = team.scratch.environment();
    let ended = sync(&workspace, &environment, "origin", &Silent);
    let said = ended.expect_err("it is refused").to_string();
    assert!(said.contains("pre-receive hook declined"), "{said}");
    let ended = sync(&workspace, &environment, "nowhere", &Silent);
    let said = ended.expect_err("there is none").to_string();
    assert_eq!(said, "there is no remote “nowhere”");
}

/// Two people write and share as fast as they can, each in a clone and through
/// one remote: what loses a race is tried again, and nothing is lost.
#[test]
fn two_clones_that_push_at_once_lose_nothing() {
    const ENTRIES: usize = 50;
    let team = Team::new(2);
    let write = |clone: usize| {
        let environment = team.scratch.environment();
        let workspace = team.workspace(clone);
        let by = Person {
            name: format!("Clone {clone}"),
            email: format!("{clone}@example.org"),
        };
        let (mut said, mut sent, mut again) = (BTreeSet::new(), 0, 0);
        for number in 0..ENTRIES {
            let event = Event::Asked(Ask {
                onto: BranchName::new("release-1.0").expect("a name"),
                commits: vec![format!("{clone:020}{number:020}")],
                title: format!("fix: {clone} {number}"),
                authors: Vec::new(),
                answers: Answers::default(),
                pull_request: None,
            });
            let mut ledger = Ledger::read(&workspace.repository, &environment).expect("reads");
            let at = Timestamp::from_unix(number as i64);
            let ids = ledger.say(vec![event], &by, at, "say").expect("says");
            said.extend(ids.iter().map(|id| id.hex()));
            if number % 5 == 4 {
                let shared = sync(&workspace, &environment, "origin", &Silent).expect("shares");
                assert_eq!(shared.findings, []);
                sent += shared.sent;
                again += usize::from(shared.taken > 0);
            }
        }
        (said, sent, again)
    };
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| write(0));
        let other = scope.spawn(|| write(1));
        (one.join().expect("ends"), other.join().expect("ends"))
    });
    assert_eq!((one.1, other.1), (ENTRIES, ENTRIES), "sent by each");
    assert!(one.2 + other.2 > 0, "they met");
    team.sync(0);
    team.sync(1);
    let all: BTreeSet<String> = one.0.union(&other.0).cloned().collect();
    assert_eq!(all.len(), 2 * ENTRIES);
    let (first, second) = (team.queue(0), team.queue(1));
    assert_eq!(first, second);
    assert_eq!(first.1, all);
    assert_eq!(team.head(0), team.head(1));
}
