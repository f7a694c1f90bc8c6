//! Several builds side by side, within one budget of jobs.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};

use super::FlowError;
use super::building::{self, Outcome, Request};
use super::project::Workspace;
use crate::build::apply::BuildError;
use crate::keys::{Ask, KeyDescription};
use crate::model::{Lane, Listener};
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;
use crate::sys::interrupt;
use crate::sys::machine;
use crate::sys::openpgp::Passphrase;

/// A question that a build has for the user, and where the answer goes.
struct Question {
    key: KeyDescription,
    answer: Sender<std::io::Result<Option<Passphrase>>>,
}

/// Builds everything that is asked for and returns what came of each, in the
/// order of the requests. `jobs` is the budget of all together; none: one for
/// each processor.
///
/// The first failure keeps builds from beginning, not from ending: what is
/// finished need not be built again.
pub fn side_by_side(
    workspace: &Workspace,
    requests: Vec<Request>,
    jobs: Option<u32>,
    environment: &Environment,
    clock: Clock,
    ask: &mut Ask<'_>,
    listener: &dyn Listener,
) -> Result<Vec<Result<Outcome, FlowError>>, FlowError> {
    let budget = jobs.unwrap_or_else(|| machine::facts().processors).max(1);
    let (lanes, share) = shares(requests.len(), budget);
    let many = lanes > 1;
    let mut workspaces = Vec::new();
    for _ in 0..lanes {
        // A repository belongs to one thread.
        workspaces.push(workspace.again()?);
    }
    let total = requests.len();
    let waiting = Mutex::new(requests.into_iter().enumerate());
    let done: Mutex<BTreeMap<usize, Result<Outcome, FlowError>>> = Mutex::default();
    let (questions, asked) = mpsc::channel::<Question>();
    std::thread::scope(|scope| {
        for workspace in workspaces {
            let questions = questions.clone();
            let (waiting, done) = (&waiting, &done);
            scope.spawn(move || {
                let mut ask = |key: &KeyDescription| {
                    let (answer, answered) = mpsc::channel();
                    let key = key.clone();
                    // Who asks lives as long as this scope.
                    let _ = questions.send(Question { key, answer });
                    answered.recv().unwrap_or(Ok(None))
                };
                loop {
                    let next = waiting.lock().ok().and_then(|mut all| all.next());
                    let Some((at, mut request)) = next else { break };
                    if many {
                        request.how.jobs = Some(share);
                    }
                    let subject = request.package.as_ref().map(ToString::to_string);
                    let lane = Lane::of(subject.filter(|_| many), listener);
                    let outcome =
                        building::build(&workspace, &request, environment, clock, &mut ask, &lane);
                    let bad = is_bad(&outcome);
                    if let Ok(mut done) = done.lock() {
                        done.insert(at, outcome);
                    }
                    if bad || interrupt::asked() {
                        // Nobody takes another one.
                        if let Ok(mut all) = waiting.lock() {
                            all.by_ref().for_each(drop);
                        }
                    }
                }
            });
        }
        drop(questions);
        for Question { key, answer } in asked {
            // A build that has ended meanwhile wants no answer.
            let _ = answer.send(ask(&key));
        }
    });
    Ok(told(done.into_inner().unwrap_or_default(), total, is_bad)?)
}

fn is_bad(outcome: &Result<Outcome, FlowError>) -> bool {
    !matches!(outcome, Ok(Outcome::Built { .. } | Outcome::Planned(_)))
}

/// Returns what came of the builds. Where some never began, one that failed says
/// why; when none did, the user asked to stop, and that must not look like an
/// end.
fn told<T>(
    done: BTreeMap<usize, T>,
    total: usize,
    is_bad: fn(&T) -> bool,
) -> Result<Vec<T>, BuildError> {
    if done.len() < total && !done.values().any(is_bad) {
        let step = "building the next package";
        return Err(BuildError::Interrupted { step });
    }
    Ok(done.into_values().collect())
}

/// Divides a budget: how many builds at a time, and how many jobs for each.
/// More builds at a time rather than more jobs each: links and configure
/// scripts have one job anyway.
fn shares(builds: usize, budget: u32) -> (usize, u32) {
    let lanes = builds.clamp(1, budget as usize);
    (lanes, (budget / lanes as u32).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_that_never_began_are_no_success() {
        let is_bad = |outcome: &i32| *outcome < 0;
        // (what ended, of how many, what is told; none: interrupted)
        type Case<'a> = (&'a [i32], usize, Option<&'a [i32]>);
        let cases: [Case<'_>; 4] = [
            (&[1, 2], 2, Some(&[1, 2])),
            (&[1], 2, None),
            (&[], 2, None),
            (&[1, -1], 3, Some(&[1, -1])),
        ];
        for (ended, total, want) in cases {
            let done = ended.iter().copied().enumerate().collect();
            let told = told(done, total, is_bad).ok();
            assert_eq!(told.as_deref(), want, "{ended:?} of {total}");
        }
    }

    #[test]
    fn a_budget_is_never_exceeded() {
        for builds in 0..20 {
            for budget in 1..20 {
                let (lanes, share) = shares(builds, budget);
                assert!(lanes >= 1 && share >= 1, "{builds} {budget}");
                assert!(lanes as u32 * share <= budget, "{builds} {budget}");
                assert!(lanes <= builds.max(1), "{builds} {budget}");
            }
        }
        assert_eq!(shares(3, 8), (3, 2));
        assert_eq!(shares(5, 2), (2, 1));
    }
}
