//! Many calls at once, bounded: threads make them, answers come to the calling
//! thread.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, mpsc};

use super::{Call, Said};
use crate::model::HostName;
use crate::sys::interrupt;

/// Makes calls, so many at once. A call without an answer (the user asked to
/// stop) is not handed over: nothing is known of its host. When `each` says no,
/// nothing new is begun; what runs is waited for and not handed over.
pub(super) fn out(
    calls: Vec<Call>,
    at_once: usize,
    make: impl Fn(&Call) -> Option<Said> + Sync,
    each: &mut dyn FnMut(&HostName, Said) -> ControlFlow<()>,
) {
    let threads = at_once.clamp(1, calls.len().max(1));
    let waiting = Mutex::new(calls.into_iter());
    let enough = AtomicBool::new(false);
    let next = || {
        if enough.load(Ordering::Relaxed) || interrupt::asked() {
            return None;
        }
        waiting.lock().ok()?.next()
    };
    std::thread::scope(|scope| {
        let (answers, come) = mpsc::channel();
        for _ in 0..threads {
            let (answers, next, make) = (answers.clone(), &next, &make);
            scope.spawn(move || {
                while let Some(call) = next() {
                    let Some(said) = make(&call) else { break };
                    if answers.send((call.host, said)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(answers);
        for (host, said) in come {
            if each(&host, said).is_break() {
                enough.store(true, Ordering::Relaxed);
                break;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use super::*;
    use crate::sys::host::Script;

    fn calls(count: usize) -> Vec<Call> {
        let call = |number| Call {
            host: format!("h{number}").parse().expect("a host"),
            script: Script {
                name: "probe",
                arguments: Vec::new(),
                body: "",
            },
            limit: Duration::from_secs(1),
        };
        (0..count).map(call).collect()
    }

    #[test]
    fn there_are_never_more_at_once_and_each_is_called_once() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let mut seen = Vec::new();
        let make = |call: &Call| {
            most.fetch_max(1 + running.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(2));
            running.fetch_sub(1, Ordering::SeqCst);
            let why = call.host.to_string();
            Some(Said::Silent { why })
        };
        out(calls(60), 7, make, &mut |host, said| {
            assert_eq!(
                said,
                Said::Silent {
                    why: host.to_string()
                }
            );
            seen.push(host.to_string());
            ControlFlow::Continue(())
        });
        let most = most.into_inner();
        assert!((2..=7).contains(&most), "{most} at once");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 60);
    }

    #[test]
    fn after_a_no_nothing_new_is_begun() {
        let made = AtomicUsize::new(0);
        let make = |_: &Call| {
            made.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(5));
            Some(Said::Silent { why: String::new() })
        };
        let mut heard = 0;
        out(calls(100), 4, make, &mut |_, _| {
            heard += 1;
            ControlFlow::Break(())
        });
        assert_eq!(heard, 1);
        assert!(made.into_inner() <= 9);
        out(Vec::new(), 4, |_| None, &mut |_, _| unreachable!());
    }
}
