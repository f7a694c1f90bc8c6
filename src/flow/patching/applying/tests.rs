//! Kills at every step, and histories made at random; git's cherry-pick judges.

use proptest::prelude::*;

use super::*;
use crate::flow::patching::ledger::Ledger;
use crate::model::{Silent, Timestamp};
use crate::patch::rules::Rule;
use crate::patch::sequence::OnConflict;
use crate::patch::{Answers, Ask, Event, RequestId};
use crate::release::commit::Person;
use crate::sys::git::scratch::Scratch;

const BRANCH: &str = "release-1.0";
/// How many files there are, and how many lines each has that are changed;
/// between them stand lines that nobody touches.
const FILES: usize = 2;
const LINES: usize = 3;

fn content(lines: &[usize; LINES]) -> String {
    let line = |(at, text): (usize, &usize)| format!("{at}={text}\n.\n.\n.\n.\n");
    lines.iter().enumerate().map(line).collect()
}

struct Project {
    scratch: Scratch,
    /// The commits of main since the branch, oldest first.
    commits: Vec<String>,
}

impl Project {
    /// Makes a history: each commit changes one line of one file.
    fn new(edits: &[(usize, usize)]) -> Self {
        let scratch = Scratch::new();
        let mut files = [[0; LINES]; FILES];
        let write = |files: &[[usize; LINES]; FILES]| {
            for (at, lines) in files.iter().enumerate() {
                scratch.write(&format!("file{at}"), &content(lines));
            }
        };
        write(&files);
        scratch.commit("base");
        scratch.git(&format!("branch {BRANCH}"));
        let mut commits = Vec::new();
        for (number, (file, line)) in edits.iter().enumerate() {
            files[*file][*line] = number + 1;
            write(&files);
            commits.push(scratch.commit(&format!("fix:+{number}")));
        }
        Self { scratch, commits }
    }

    /// Asks for some commits and lets everything go; in that order.
    fn ask(&self, which: &[usize]) {
        let repository = self.scratch.repository();
        let environment = self.scratch.environment();
        let mut ledger = Ledger::read(&repository, &environment).expect("a ledger");
        for at in which {
            let ask = Ask {
                onto: BranchName::new(BRANCH).expect("a branch"),
                commits: vec![self.commits[*at].clone()],
                title: format!("fix: {at}"),
                authors: vec![una()],
                answers: Answers::default(),
                pull_request: None,
            };
            let said = ledger.say(vec![Event::Asked(ask)], &una(), now(), "Ask");
            let request = RequestId::of(&said.expect("said")[0]);
            for rule in [Rule::NotApproved, Rule::NoReleaseNote] {
                let event = Event::Overridden {
                    request: request.clone(),
                    rule: rule.name().to_owned(),
                    reason: "for the test".to_owned(),
                };
                ledger
                    .say(vec![event], &una(), now(), "Override")
                    .expect("said");
            }
        }
    }

    fn shop<T>(&self, act: impl FnOnce(&Shop<'_>) -> T) -> T {
        let workspace = Workspace::open(&self.scratch.top(), None).expect("a workspace");
        let environment = self.scratch.environment();
        act(&Shop {
            workspace: &workspace,
            environment: &environment,
            listener: &Silent,
        })
    }

    /// Applies, killed behind a step where one is named.
    fn apply(&self, kill: Option<Step>, on_conflict: OnConflict) -> Result<Outcome, FlowError> {
        let mut steps = |step| match Some(step) == kill {
            true => Err(ApplyError::Killed),
            false => Ok(()),
        };
        self.shop(|shop| begin_in_steps(shop, &wanted(on_conflict), &mut steps))
    }

    /// Lists the requests with what they became, `from to` a line.
    fn applied(&self) -> Vec<(String, Option<String>)> {
        let repository = self.scratch.repository();
        let environment = self.scratch.environment();
        let ledger = Ledger::read(&repository, &environment).expect("a ledger");
        let mut found = Vec::new();
        let mut times = std::collections::BTreeMap::new();
        for (_, entry) in &ledger.entries {
            if let Event::Applied { request, commits } = &entry.event {
                *times.entry(request.clone()).or_insert(0) += 1;
                found.extend(commits.iter().map(|one| (one.from.clone(), one.to.clone())));
            }
        }
        assert!(times.values().all(|times| *times == 1), "{times:?}");
        found
    }

    fn head(&self) -> String {
        self.scratch.git(&format!("rev-parse {BRANCH}"))
    }
}

fn una() -> Person {
    Person {
        name: "Una".to_owned(),
        email: "una@example.org".to_owned(),
    }
}

/// When the scratch repository's git commits.
fn now() -> Timestamp {
    Timestamp::from_unix(1_700_000_000)
}

fn wanted(on_conflict: OnConflict) -> Wanted {
    Wanted {
        onto: BranchName::new(BRANCH).expect("a branch"),
        requests: Vec::new(),
        require_green: None,
        on_conflict,
        resolve_in: None,
        extent: Extent::Write,
        by: una(),
        at: now(),
    }
}

/// Picks the same with git, in the same order, leaving out what conflicts.
fn picked_by_git(project: &Project, which: &[usize]) -> String {
    let scratch = &project.scratch;
    scratch.git(&format!("worktree add -q --detach ../judge {BRANCH}"));
    let mut sorted = which.to_vec();
    sorted.sort_unstable();
    for at in sorted {
        let commit = &project.commits[at];
        if scratch
            .try_git(&format!("-C ../judge cherry-pick -x {commit}"))
            .is_err()
        {
            scratch.git("-C ../judge cherry-pick --abort");
        }
    }
    scratch.git("-C ../judge rev-parse HEAD")
}

const STEPS: [Step; 5] = [
    Step::Commits,
    Step::Journal,
    Step::Refs,
    Step::WorkTree,
    Step::Notes,
];

#[test]
fn what_a_kill_leaves_is_completed_by_the_next_run() {
    for step in STEPS {
        let project = Project::new(&[(0, 0), (1, 1), (0, 2)]);
        let scratch = &project.scratch;
        scratch.git(&format!("notes add -m reviewed {}", project.commits[0]));
        scratch.git(&format!("checkout -q {BRANCH}"));
        scratch.write("mine", "untracked\n");
        project.ask(&[2, 0]);
        let judge = picked_by_git(&project, &[2, 0]);
        let before = project.head();
        let killed = project.apply(Some(step), OnConflict::Stop);
        assert!(killed.is_err(), "{step:?}");
        let moved = matches!(step, Step::Refs | Step::WorkTree | Step::Notes);
        let head = if moved { &judge } else { &before };
        assert_eq!(project.head(), *head, "{step:?}");
        // Branch and ledger are never apart.
        assert_eq!(
            project.applied().len(),
            if moved { 2 } else { 0 },
            "{step:?}"
        );
        project.apply(None, OnConflict::Stop).expect("it goes on");
        assert_eq!(project.head(), judge, "{step:?}");
        assert_eq!(project.applied().len(), 2, "{step:?}");
        assert_eq!(scratch.git("status --porcelain"), "?? mine", "{step:?}");
        let note = scratch.git(&format!("notes show {BRANCH}~1"));
        assert_eq!(note, "reviewed", "{step:?}");
        assert!(!journal::path(&scratch.repository()).exists(), "{step:?}");
        scratch.git("fsck --strict --no-dangling");
    }
}

#[test]
fn a_conflict_survives_a_kill() {
    let project = Project::new(&[(0, 0), (0, 0), (1, 0)]);
    project.ask(&[2, 1]);
    let before = project.head();
    project
        .apply(Some(Step::Stopped), OnConflict::Stop)
        .expect_err("killed");
    let outcome = project.apply(None, OnConflict::Stop).expect("an answer");
    assert_eq!(outcome.ending, Ending::Stopped);
    let stop = outcome.stop.expect("it waits");
    assert_eq!(stop.commit, project.commits[1]);
    assert_eq!(project.head(), before);
    // What is approved while it waits does not join.
    let skip = |kill: Option<Step>| {
        let mut steps = |step| match Some(step) == kill {
            true => Err(ApplyError::Killed),
            false => Ok(()),
        };
        let wanted = wanted(OnConflict::Stop);
        project.shop(|shop| go_on_in_steps(shop, &Way::Skip, &wanted, &mut steps))
    };
    skip(Some(Step::Journal)).expect_err("killed");
    let outcome = project
        .shop(|shop| go_on(shop, &Way::Continue(None), &wanted(OnConflict::Stop)))
        .expect("it goes on");
    assert_eq!(outcome.ending, Ending::Done);
    assert_eq!(project.applied().len(), 1);
    let subject = project.scratch.git(&format!("log -1 --format=%s {BRANCH}"));
    assert_eq!(subject, "fix: 2");
}

#[test]
fn a_decision_that_is_made_meanwhile_counts() {
    let project = Project::new(&[(0, 0), (1, 1)]);
    project.ask(&[0]);
    // Between computing and moving, somebody asks for one more: the ledger has
    // moved, and all of it is computed again.
    let mut once = true;
    let mut steps = |step| {
        if step == Step::Journal && std::mem::take(&mut once) {
            project.ask(&[1]);
        }
        Ok(())
    };
    let outcome = project.shop(|shop| {
        let wanted = wanted(OnConflict::Stop);
        begin_in_steps(shop, &wanted, &mut steps)
    });
    assert_eq!(outcome.expect("it goes on").ending, Ending::Done);
    assert_eq!(project.applied().len(), 1);
    project.apply(None, OnConflict::Stop).expect("again");
    assert_eq!(project.applied().len(), 2);
}

proptest! {
    // Each case runs a good fifty times git.
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn any_history_ends_as_git_would_pick_it(
        edits in prop::collection::vec((0..FILES, 0..LINES), 2..6),
        order in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(),
        kept in prop::collection::vec(any::<bool>(), 6),
        kill in prop::option::of(prop::sample::select(STEPS.to_vec())),
    ) {
        let project = Project::new(&edits);
        let which: Vec<usize> = order
            .into_iter()
            .filter(|at| *at < edits.len() && kept[*at])
            .collect();
        project.ask(&which);
        let judge = picked_by_git(&project, &which);
        let _ = project.apply(kill, OnConflict::LeaveOut);
        project.apply(None, OnConflict::LeaveOut).expect("it goes on");
        prop_assert_eq!(project.head(), judge);
        let picked = project.scratch.git(&format!("rev-list --count main..{BRANCH}"));
        let applied = project.applied();
        let made = applied.iter().filter(|(_, to)| to.is_some()).count();
        prop_assert_eq!(made.to_string(), picked);
    }
}
